"""Guarantees 1 and 3: padding and containers change neither an encoding nor the loss, and real zeros are data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estimators.selections import PLAIN_SEQUENTIAL, SEQUENTIAL_NUMERIC, each, select
from tests.support.combinations import CASES, PLAIN
from tests.support.containers import CONTAINERS, parameters_for
from tests.support.outputs import assert_same_bits, outputs
from tests.support.strategies import draw_sequences, property_settings, seeds

# relu units can be 0 for every input of a small network
WITHOUT_RELU = select(lambda case: case.parameters.get("activation") != "relu", SEQUENTIAL_NUMERIC)


# --- padding and containers -------------------------------------------------------------------------------------------


@each(CASES)
@property_settings(max_examples=3)
@given(st.data())
def test_padding_and_containers_change_neither_encodings_nor_losses(case, data):
    arrays = data.draw(case.sequences())
    from_list = case.fit(arrays)
    expected = outputs(from_list, arrays)
    containers = case.containers
    for name in data.draw(st.lists(st.sampled_from(list(containers)), min_size=3, max_size=3, unique=True)):
        X = containers[name](arrays)
        fitted = case.fit(X, of=arrays, **parameters_for(name))
        assert fitted.history_ == from_list.history_, name
        assert_same_bits(outputs(fitted, X), expected)


@each(CASES)
@property_settings(max_examples=2)
@given(st.data())
def test_methods_accept_other_containers_than_fit(case, data):
    arrays = data.draw(case.sequences())
    fitted = case.fitted()
    expected = outputs(fitted, arrays)
    for name, contain in case.containers.items():
        if not parameters_for(name):
            assert_same_bits(outputs(fitted, contain(arrays)), expected)


@each(PLAIN)
@property_settings(max_examples=12)
@given(st.data(), st.sampled_from(["float16", "float32", "longdouble", "int8", "uint16", "int64", "bool", "object"]))
def test_number_types_change_neither_encodings_nor_losses(case, data, dtype):
    arrays = data.draw(case.sequences())
    if np.dtype(dtype).kind in "iub":
        arrays = [array.round() for array in arrays]
    converted = [array.astype(dtype) for array in arrays]

    as_float64, as_dtype = case.fit(arrays), case.fit(converted, of=arrays)

    assert as_dtype.history_ == as_float64.history_
    np.testing.assert_array_equal(case.encode(as_dtype, converted), case.encode(as_float64, arrays))


# --- real zeros -------------------------------------------------------------------------------------------------------


@each(WITHOUT_RELU)
@property_settings(max_examples=6)
@given(st.data())
def test_inserting_a_zero_timestep_changes_the_encoding(case, data):
    fitted = case.fitted()
    (x,) = case.draw([data.draw(st.integers(1, 12))], data.draw(seeds))
    with_zero = np.insert(x, data.draw(st.integers(0, len(x))), 0.0, axis=0)

    assert not np.array_equal(case.encode(fitted, [with_zero]), case.encode(fitted, [x]))


@each(PLAIN_SEQUENTIAL)
def test_sequences_that_differ_in_zeros_have_different_encodings(case):
    """Keras' `Masking(0.0)` gives both the same encoding."""
    fitted = case.fit(draw_sequences([4, 5, 6, 7], 1, seed=0))
    with_zeros, without = case.encode(fitted, [[1, 0, 2, 0, 3, 4], [1, 2, 3, 4]])
    assert not np.allclose(with_zeros, without)


@each(SEQUENTIAL_NUMERIC)
@property_settings(max_examples=2)
@given(st.data())
def test_trailing_zeros_of_padded_arrays_are_data(case, data):
    arrays = data.draw(case.sequences())
    arrays = [np.concatenate([x[:-1], np.zeros((min(len(x), 1), case.n_features))]) for x in arrays]
    with pytest.warns(UserWarning, match="padding_value"):
        fitted = case.fit(CONTAINERS["padded"](arrays), of=arrays)
    assert fitted.history_ == case.fit(arrays).history_


@each(PLAIN_SEQUENTIAL)
@property_settings(max_examples=8)
@given(st.data())
def test_inner_zeros_are_data_with_a_padding_value_of_zero(case, data):
    arrays = data.draw(case.sequences())
    for x in arrays:
        x[data.draw(st.integers(0, 12)) :] = 0
        x[-1:] = 1
    padded = np.nan_to_num(CONTAINERS["wider"](arrays))
    from_padded, from_list = case.fit(padded, of=arrays, padding_value=0.0), case.fit(arrays)
    assert from_padded.history_ == from_list.history_
    np.testing.assert_array_equal(case.encode(from_padded, padded), case.encode(from_list, arrays))
