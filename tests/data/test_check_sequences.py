"""`check_sequences`: accepted containers, padding, dtypes and warnings."""

from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from numpy.testing import assert_array_equal

from skseqae.data._check_sequences import check_sequences
from skseqae.data._layout import Layout
from skseqae.data._sequences import Sequences
from tests.data.sequence_cases import NAN, fixed_arrays, packed, padded_by_loop, quick, ragged

# --- containers -------------------------------------------------------------------------------------------------------


@quick
@given(ragged())
def test_sequences_are_returned_unchanged(arrays):
    sequences = packed(arrays)
    checked, layout = check_sequences(sequences, padding_value=0.0)
    assert checked is sequences
    assert layout == Layout("sequences")
    assert layout.restore(sequences) is sequences


def test_a_list_of_arrays_of_one_length_is_read_as_a_list():
    X = [np.ones((3, 2)), np.zeros((3, 2))]
    assert check_sequences(X)[1] == Layout("list")
    assert check_sequences([np.ones(3), np.ones(3)])[1] == Layout("list", univariate=True)


@pytest.mark.parametrize(
    ("nest", "layout"),
    [
        ([[1, 2], [3, 4]], Layout("table", 2, univariate=True)),
        (([1, 2, None], (3, 4, 5)), Layout("table", 3, univariate=True)),
        ([[[1, 2], [3, 4], [5, 6]]], Layout("padded", 3)),
        ([[1, 2], [3]], Layout("list", univariate=True)),
        ([[1], [], [True, 2.5]], Layout("list", univariate=True)),
        ([[[1, 2], [3, 4]], [[5, 6]]], Layout("list")),
        ([[[1, 2]], []], Layout("list")),
        ([np.array([1.0, 2.0]), [3.0, 4.0]], Layout("list", univariate=True)),
    ],
)
def test_a_rectangular_nested_list_is_read_as_an_array_and_a_ragged_one_as_a_list(nest, layout):
    sequences, got = check_sequences(nest)
    assert got == layout
    for values, row in zip(sequences, nest, strict=True):
        row = [value for value in row if value is not None]
        assert_array_equal(values, np.array(row, dtype=float).reshape(len(row), sequences.n_features), strict=True)


@pytest.mark.parametrize("make", [pd.DataFrame, lambda X: pl.DataFrame(X, orient="row")])
def test_a_dataframe_is_read_as_univariate_sequences(make):
    X = np.array([[1.0, 2.0, NAN], [3.0, 4.0, 5.0]])
    sequences, layout = check_sequences(make(X))
    assert layout == Layout("table", 3, univariate=True)
    assert sequences.lengths.tolist() == [2, 3]
    assert_array_equal(layout.restore(sequences), X)


def test_missing_values_of_dataframes_and_object_arrays_are_read_as_nan():
    nullable = pd.DataFrame({"a": pd.array([1, 2], dtype="Int64"), "b": pd.array([3.5, None], dtype="Float64")})
    nulls = pl.DataFrame({"a": [1, 2], "b": [3.5, None]})
    objects = np.array([[1, 3.5], [Fraction(2), None]], dtype=object)
    for X in (nullable, nulls, objects, objects[:, :, None]):
        sequences, _ = check_sequences(X)
        assert sequences.dtype == np.float64
        assert [values.tolist() for values in sequences] == [[[1.0], [3.5]], [[2.0]]]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("float32", "float32"),
        (">f4", "float32"),
        ("float64", "float64"),
        (">f8", "float64"),
        ("longdouble", "float64"),
        ("float16", "float64"),
        ("int8", "float64"),
        ("int32", "float64"),
        ("uint64", "float64"),
        ("bool", "float64"),
        ("object", "float64"),
    ],
)
def test_float32_is_kept_and_other_types_are_converted_to_float64(dtype, expected):
    X = np.array([[1, 0, 1], [0, 1, 1]]).astype(dtype)
    containers = [
        check_sequences(X)[0],
        check_sequences(X[:, :, None])[0],
        check_sequences(list(X))[0],
        Sequences.from_packed(X.ravel(), [3, 3]),
    ]
    for sequences in containers:
        assert sequences.dtype == np.dtype(expected)
        assert sequences.dtype.isnative
        assert_array_equal(sequences.packed[:, 0], [1, 0, 1, 0, 1, 1])


def test_an_empty_sequence_has_the_features_and_the_type_of_the_others():
    wide = np.ones((2, 3), dtype=np.float32)
    for empty in ([], np.empty(0), np.empty((0, 3))):
        sequences, layout = check_sequences([empty, wide, empty])
        assert sequences.dtype == np.float32
        assert [values.shape for values in layout.restore(sequences)] == [(0, 3), (2, 3), (0, 3)]
    sequences, layout = check_sequences([np.empty(0), np.ones(2)])
    assert [values.shape for values in layout.restore(sequences)] == [(0,), (2,)]


# --- padding ----------------------------------------------------------------------------------------------------------


def test_only_timesteps_at_the_padded_end_are_padding():
    row = np.array([0.0, 0.0, 5.0, 0.0, 6.0, 0.0, 0.0])
    for X in (row[None], row[None, :, None]):
        sequences, _ = check_sequences(X, padding_value=0.0)
        assert_array_equal(sequences[0][:, 0], row[:5])
        assert check_sequences(X)[0].lengths.tolist() == [7]
    front = Sequences.from_padded(row[None], padding="pre", padding_value=0.0)
    assert_array_equal(front[0][:, 0], row[2:])


def test_a_timestep_is_padding_only_if_all_its_features_are():
    X = np.array([[[1.0, 2.0], [0.0, 3.0], [0.0, 0.0]]])
    assert check_sequences(X, padding_value=0.0)[0].lengths.tolist() == [2]


def test_padding_value_does_not_affect_lists():
    sequences, layout = check_sequences([np.array([1.0, 0.0]), np.array([0.0])], padding_value=0.0)
    assert sequences.lengths.tolist() == [2, 1]
    assert layout.padding_value is None


def test_a_row_of_padding_is_an_empty_sequence():
    assert check_sequences(np.array([[NAN, NAN], [1.0, NAN]]))[0].lengths.tolist() == [0, 1]
    assert check_sequences(np.array([[0, 0], [1, 0]]), padding_value=0)[0].lengths.tolist() == [0, 1]


# --- warnings about trailing zeros ------------------------------------------------------------------------------------


def zero_ended(n_zero, n_samples=4):
    X = np.ones((n_samples, 5, 2))
    X[:n_zero, 3:] = 0
    return X


def test_trailing_zeros_of_most_samples_cause_one_warning():
    with pytest.warns(UserWarning, match=r"3 of 4 samples .* padding_value=0.0") as caught:
        sequences, _ = check_sequences(zero_ended(3), warn=True)
    assert len(caught) == 1
    assert sequences.lengths.tolist() == [5, 5, 5, 5]


def test_trailing_zeros_of_samples_of_one_timestep_cause_a_warning():
    with pytest.warns(UserWarning, match="3 of 3 samples end in timesteps whose features are all zero"):
        check_sequences(np.zeros((3, 1, 2)), warn=True)


def test_empty_samples_do_not_count_as_ending_in_zeros():
    X = np.full((5, 2, 1), NAN)
    X[0], X[3] = 0.0, [[1.0], [0.0]]
    check_sequences(X, warn=True)


@pytest.mark.parametrize(
    ("X", "options"),
    [
        (zero_ended(2), {"warn": True}),
        (zero_ended(4), {"warn": False}),
        (zero_ended(4), {"warn": True, "padding_value": 0.0}),
        (zero_ended(4), {"warn": True, "padding_value": -1.0}),
        (zero_ended(4)[:, :, 0], {"warn": True}),
        (list(zero_ended(4)), {"warn": True}),
        (Sequences.from_padded(zero_ended(4)), {"warn": True}),
    ],
)
def test_other_zeros_cause_no_warning(X, options):
    check_sequences(X, **options)  # pytest turns warnings into errors


def test_zeros_before_nan_padding_cause_a_warning():
    X = np.concatenate([zero_ended(4), np.full((4, 2, 2), NAN)], axis=1)
    with pytest.warns(UserWarning, match="padding_value"):
        check_sequences(X, warn=True)


# --- X is not modified ------------------------------------------------------------------------------------------------


def inputs_by_container():
    arrays = fixed_arrays()
    X = padded_by_loop(arrays, 5, NAN)
    full = np.arange(24.0).reshape(2, 4, 3)
    objects = np.where(np.isnan(X), None, X)
    return {
        "list": arrays,
        "list of one array": arrays[:1],
        "padded array": X,
        "2-D array": X[:, :, 0],
        "array without padding": full,
        "object array": objects,
    }


@pytest.mark.parametrize("container", inputs_by_container())
def test_x_is_neither_modified_nor_shared(container):
    X = inputs_by_container()[container]
    buffers = X if isinstance(X, list) else [X]
    before = [array.copy() for array in buffers]
    for array in buffers:
        array.flags.writeable = False
    sequences, layout = check_sequences(X)
    layout.restore(sequences)
    expected = sequences.packed.copy()
    for array, copy in zip(buffers, before, strict=True):
        assert_array_equal(array, copy)
        array.flags.writeable = True
        array[...] = 99.0
    assert_array_equal(sequences.packed, expected)
    assert not any(np.shares_memory(sequences.packed, array) for array in buffers)
