"""Targets of the decoders, compared with a loop over the sequences."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import ElasticNet

from skseqae.data._sequences import Sequences
from skseqae.data._targets import (
    TargetLayout,
    check_n_timesteps,
    check_target,
    next_steps,
    reversed_in_time,
    split_future,
)

ESTIMATOR = ElasticNet()  # named in errors

LENGTHS = {
    "equal": [3, 3, 3],
    "ragged": [4, 1, 2],
    "empty first": [0, 0, 3, 2],
    "empty between": [3, 0, 0, 2],
    "empty last": [3, 2, 0, 0],
    "one timestep": [1, 3, 1],
    "one sequence": [5],
}
all_lengths = pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)


def draw(lengths, dtype=np.float32):
    return Sequences.from_packed(np.random.default_rng(0).normal(size=(sum(lengths), 2)).astype(dtype), lengths)


def assert_equals_a_loop(got, arrays):
    assert_array_equal(got.lengths, [len(array) for array in arrays])
    for one, expected in zip(got, arrays, strict=True):
        assert_array_equal(one, expected, strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@all_lengths
def test_sequences_are_reversed_within_their_own_lengths(lengths, dtype):
    x = draw(lengths, dtype)
    assert_equals_a_loop(reversed_in_time(x), [one[::-1] for one in x])


@all_lengths
def test_reversing_twice_returns_the_input(lengths):
    x = draw(lengths)
    assert_array_equal(reversed_in_time(reversed_in_time(x)).packed, x.packed)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@all_lengths
def test_next_steps_drop_the_first_timestep(lengths, dtype):
    x = draw(lengths, dtype)
    assert_equals_a_loop(next_steps(x), [one[1:] for one in x])


@pytest.mark.parametrize("lengths", [[1], [1, 0, 1]])
def test_sequences_of_one_timestep_have_no_next_steps(lengths):
    assert_equals_a_loop(next_steps(draw(lengths)), [one[1:] for one in draw(lengths)])


@pytest.mark.parametrize("function", [reversed_in_time, next_steps])
def test_targets_of_a_view_equal_those_of_its_rows(function):
    x = draw([4, 1, 0, 2, 3])
    rows = np.array([4, 2, 0])
    assert_equals_a_loop(function(x[rows]), [function(x)[i] for i in rows])


@pytest.mark.parametrize("function", [reversed_in_time, next_steps])
def test_the_input_is_not_modified(function):
    x = draw([4, 1, 0, 2])
    before = x.packed.copy()
    function(x)
    assert_array_equal(x.packed, before)


# --- horizon ----------------------------------------------------------------------------------------------------------

LONG_ENOUGH = {"equal": [4, 4, 4], "ragged": [5, 4, 9, 4], "one sequence": [5], "longer by one": [3, 3]}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("horizon", [1, 2])
@pytest.mark.parametrize("lengths", LONG_ENOUGH.values(), ids=LONG_ENOUGH)
def test_split_future_returns_the_earlier_and_the_last_timesteps(lengths, horizon, dtype):
    x = draw(lengths, dtype)
    past, future = split_future(x, horizon)
    assert_equals_a_loop(past, [one[:-horizon] for one in x])
    assert_equals_a_loop(future, [one[-horizon:] for one in x])


@pytest.mark.parametrize(("lengths", "row"), [([3, 2, 4], 1), ([0, 5], 0), ([4, 4, 1, 0], 2)])
def test_a_sequence_shorter_than_horizon_plus_one_raises_an_error(lengths, row):
    message = rf"X\[{row}\] has {lengths[row]} timesteps, but horizon=2 requires at least 3 timesteps: the last 2 are"
    with pytest.raises(ValueError, match=message):
        split_future(draw(lengths), 2)


def test_split_future_of_a_view_equals_that_of_its_rows():
    x, rows = draw([4, 9, 5, 3]), np.array([3, 1])
    for parts_of_view, parts in zip(split_future(x[rows], 2), split_future(x, 2), strict=True):
        assert_equals_a_loop(parts_of_view, [parts[i] for i in rows])


# --- the y of a regressor ---------------------------------------------------------------------------------------------

NUMBERS, VECTORS, ARRAYS = np.arange(3.0), np.arange(6.0).reshape(3, 2), np.arange(24.0).reshape(3, 4, 2)
RAGGED = [VECTORS, VECTORS[:1], VECTORS[:2]]
TARGETS = {
    "numbers": (NUMBERS, "number", NUMBERS.reshape(3, 1, 1)),
    "list of numbers": (NUMBERS.tolist(), "number", NUMBERS.reshape(3, 1, 1)),
    "series": (pd.Series(NUMBERS), "number", NUMBERS.reshape(3, 1, 1)),
    "integers": (np.arange(3), "number", NUMBERS.reshape(3, 1, 1)),
    "vectors": (VECTORS, "vector", VECTORS[:, None]),
    "column": (VECTORS[:, :1], "vector", VECTORS[:, None, :1]),
    "nested list": (VECTORS.tolist(), "vector", VECTORS[:, None]),
    "dataframe": (pd.DataFrame(VECTORS), "vector", VECTORS[:, None]),
    "3-D array": (ARRAYS, "sequences", ARRAYS),
    "list of arrays": (RAGGED, "sequences", RAGGED),
    "list of arrays of one length": (list(ARRAYS), "sequences", ARRAYS),
    "list of 1-D arrays": ([row[:, 0] for row in RAGGED], "sequences", [row[:, :1] for row in RAGGED]),
    "Sequences": (Sequences.from_packed(VECTORS, [1, 0, 2]), "sequences", [VECTORS[:1], VECTORS[:0], VECTORS[1:]]),
}


@pytest.mark.parametrize(("y", "target_type", "rows"), TARGETS.values(), ids=TARGETS)
def test_targets_are_read_as_sequences_and_restored(y, target_type, rows):
    target, layout = check_target(y, ESTIMATOR)
    assert layout.target_type == target_type
    assert_equals_a_loop(target, list(rows))
    restored = layout.restore(target)
    as_lists = (np.asarray(y) if hasattr(y, "columns") else y, restored)
    for one, expected in zip(*as_lists, strict=True):
        assert_array_equal(one, expected)


@pytest.mark.parametrize(("dtype", "expected"), [("f4", "f4"), ("f8", "f8"), ("i8", "f8"), ("bool", "f8")])
@pytest.mark.parametrize("y", [NUMBERS, VECTORS, ARRAYS], ids=["numbers", "vectors", "arrays"])
def test_float32_targets_are_kept_and_other_types_are_converted_to_float64(y, dtype, expected):
    assert check_target(y.astype(dtype), ESTIMATOR)[0].dtype == expected


def test_padding_of_targets_is_removed_and_restored():
    padded = ARRAYS.copy()
    padded[1, 2:], padded[2, 3:] = np.nan, np.nan
    target, layout = check_target(padded, ESTIMATOR)
    assert_array_equal(target.lengths, [4, 2, 3])
    assert_array_equal(layout.restore(target), padded)


def test_targets_are_not_modified():
    before = [np.copy(row) for row in RAGGED]
    target, layout = check_target(RAGGED, ESTIMATOR)
    layout.restore(target)[0][:] = 9
    for row, expected in zip(RAGGED, before, strict=True):
        assert_array_equal(row, expected)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (None, ValueError, "This ElasticNet requires y to be passed, but the target y is None"),
        (np.array([1.0, np.nan]), ValueError, r"y\[1\] has NaN\. Impute it"),
        (np.array([[1.0, np.inf]]), ValueError, r"y\[0\] has inf in column 1"),
        ([RAGGED[0], RAGGED[1] * np.nan], ValueError, r"y\[1\] has NaN at timestep 0"),
        ([RAGGED[0], RAGGED[1][:, :1]], ValueError, r"y\[1\] has 1 features"),
        (np.array([[1.0, {}]], object), TypeError, r"^y\[0\], column 1 is \{\}: each"),
        ("abc", TypeError, "y is of type str"),
        ([{"a": 1}], TypeError, r"y\[0\] is of type dict"),
        (np.zeros((2, 2, 2, 2)), ValueError, "got 4-D of shape"),
        (np.zeros((0, 2)), ValueError, r"0 sample\(s\) \(shape=\(0, 2\)\)"),
    ],
)
def test_invalid_targets_raise_an_error_that_names_them(y, error, message):
    with pytest.raises(error, match=message):
        check_target(y, ESTIMATOR)


# --- lengths of targets -----------------------------------------------------------------------------------------------

LENGTHS_OF_X = np.array([3, 5, 4])
TARGET_LENGTHS = {
    "constant": ([6, 6, 6], [6, 6]),
    "longer by one": ([4, 6, 5], [11, 1]),
    "shorter by two": ([1, 3, 2], [8, 0]),
    "equal": ([3, 5, 4], [10, 0]),
    "irregular": ([3, 5, 5], None),
}


@pytest.mark.parametrize(("lengths", "expected"), TARGET_LENGTHS.values(), ids=TARGET_LENGTHS)
def test_constant_lengths_and_constant_offsets_are_inferred(lengths, expected):
    layout = TargetLayout("sequences").infer_lengths(LENGTHS_OF_X, np.array(lengths))
    if expected is None:
        with pytest.raises(ValueError, match="Cannot infer the length of the predictions.*Pass n_timesteps"):
            layout.lengths_for(np.array([10, 0]))
    else:
        assert_array_equal(layout.lengths_for(np.array([10, 0])), expected)


def test_a_constant_length_has_precedence_over_a_constant_offset():
    layout = TargetLayout("sequences").infer_lengths(np.array([3, 3]), np.array([5, 5]))
    assert_array_equal(layout.lengths_for(np.array([9, 1])), [5, 5])


def test_intersect_keeps_what_both_layouts_share():
    first = TargetLayout("sequences").infer_lengths(np.array([3, 3]), np.array([5, 5]))
    with_offset = first.intersect(TargetLayout("sequences").infer_lengths(np.array([4]), np.array([6])))
    assert_array_equal(with_offset.lengths_for(np.array([9, 1])), [11, 3])
    with_length = first.intersect(TargetLayout("sequences").infer_lengths(np.array([4]), np.array([5])))
    assert_array_equal(with_length.lengths_for(np.array([9, 1])), [5, 5])
    with pytest.raises(ValueError, match="Cannot infer the length"):
        with_offset.intersect(with_length).lengths_for(np.array([9, 1]))


@pytest.mark.parametrize(
    ("n_timesteps", "expected"), [(4, [4, 4]), (0, [0, 0]), ([1, 9], [1, 9]), (np.int8([1, 2]), [1, 2])]
)
def test_n_timesteps_overrides_inferred_lengths(n_timesteps, expected):
    for layout in (
        TargetLayout("sequences"),
        TargetLayout("sequences", length=3),
        TargetLayout("sequences", length_offset=1),
    ):
        assert_array_equal(layout.lengths_for(np.array([7, 8]), n_timesteps), expected)


@pytest.mark.parametrize("n_timesteps", [-1, 1.0, "1", [1], [1, 2, 3], [1, -2], [[1, 2]], True])
def test_invalid_n_timesteps_raises_an_error(n_timesteps):
    with pytest.raises(ValueError, match="n_timesteps must be an int or an array of 2 ints, of at least 0, got"):
        check_n_timesteps(n_timesteps, 2)


@pytest.mark.parametrize("target_type", ["number", "vector"])
def test_n_timesteps_is_not_accepted_for_numbers_and_vectors(target_type):
    layout = TargetLayout(target_type).infer_lengths(np.array([3, 4]), np.array([1, 1]))
    assert_array_equal(layout.lengths_for(np.array([9, 0])), [1, 1])
    with pytest.raises(ValueError, match="n_timesteps=2 does not apply: y had one number or vector for each"):
        layout.lengths_for(np.array([9, 0]), 2)
