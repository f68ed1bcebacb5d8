"""What the network must say back, against a loop over the sequences."""

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

ESTIMATOR = ElasticNet()  # to be named in errors

LENGTHS = {
    "equal": [3, 3, 3],
    "ragged": [4, 1, 2],
    "empty first": [0, 0, 3, 2],
    "empty between": [3, 0, 0, 2],
    "empty last": [3, 2, 0, 0],
    "of one timestep": [1, 3, 1],
    "alone": [5],
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
def test_each_sequence_is_reversed_within_its_own_length(lengths, dtype):
    x = draw(lengths, dtype)
    assert_equals_a_loop(reversed_in_time(x), [one[::-1] for one in x])


@all_lengths
def test_reversing_twice_changes_nothing(lengths):
    x = draw(lengths)
    assert_array_equal(reversed_in_time(reversed_in_time(x)).packed, x.packed)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@all_lengths
def test_the_next_steps_are_all_but_the_first_in_forward_order(lengths, dtype):
    x = draw(lengths, dtype)
    assert_equals_a_loop(next_steps(x), [one[1:] for one in x])


@pytest.mark.parametrize("lengths", [[1], [1, 0, 1]])
def test_a_sequence_of_one_timestep_has_no_next_ones_even_in_the_company_of_its_like(lengths):
    assert_equals_a_loop(next_steps(draw(lengths)), [one[1:] for one in draw(lengths)])


@pytest.mark.parametrize("say", [reversed_in_time, next_steps])
def test_a_view_has_the_targets_of_its_own_rows(say):
    x = draw([4, 1, 0, 2, 3])
    rows = np.array([4, 2, 0])
    assert_equals_a_loop(say(x[rows]), [say(x)[i] for i in rows])


@pytest.mark.parametrize("say", [reversed_in_time, next_steps])
def test_what_was_read_is_left_as_it_was(say):
    x = draw([4, 1, 0, 2])
    before = x.packed.copy()
    say(x)
    assert_array_equal(x.packed, before)


# --- the future -------------------------------------------------------------------------------------------------------

LONG_ENOUGH = {"equal": [4, 4, 4], "ragged": [5, 4, 9, 4], "alone": [5], "by one": [3, 3]}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("horizon", [1, 2])
@pytest.mark.parametrize("lengths", LONG_ENOUGH.values(), ids=LONG_ENOUGH)
def test_the_future_is_the_end_of_each_sequence_and_the_past_what_is_before(lengths, horizon, dtype):
    x = draw(lengths, dtype)
    past, future = split_future(x, horizon)
    assert_equals_a_loop(past, [one[:-horizon] for one in x])
    assert_equals_a_loop(future, [one[-horizon:] for one in x])


@pytest.mark.parametrize(("lengths", "row"), [([3, 2, 4], 1), ([0, 5], 0), ([4, 4, 1, 0], 2)])
def test_a_sequence_without_a_past_is_refused_and_named(lengths, row):
    message = rf"X\[{row}\] has {lengths[row]} timesteps, but horizon=2 needs more than so many"
    with pytest.raises(ValueError, match=message):
        split_future(draw(lengths), 2)


def test_a_view_has_the_past_and_the_future_of_its_own_rows():
    x, rows = draw([4, 9, 5, 3]), np.array([3, 1])
    for of_rows, of_all in zip(split_future(x[rows], 2), split_future(x, 2), strict=True):
        assert_equals_a_loop(of_rows, [of_all[i] for i in rows])


# --- the y of a regressor ---------------------------------------------------------------------------------------------

NUMBERS, VECTORS, ARRAYS = np.arange(3.0), np.arange(6.0).reshape(3, 2), np.arange(24.0).reshape(3, 4, 2)
RAGGED = [VECTORS, VECTORS[:1], VECTORS[:2]]
TARGETS = {
    "numbers": (NUMBERS, "number", NUMBERS.reshape(3, 1, 1)),
    "list of numbers": (NUMBERS.tolist(), "number", NUMBERS.reshape(3, 1, 1)),
    "series": (pd.Series(NUMBERS), "number", NUMBERS.reshape(3, 1, 1)),
    "integers": (np.arange(3), "number", NUMBERS.reshape(3, 1, 1)),
    "vectors": (VECTORS, "vector", VECTORS[:, None]),
    "a column": (VECTORS[:, :1], "vector", VECTORS[:, None, :1]),
    "nest": (VECTORS.tolist(), "vector", VECTORS[:, None]),
    "frame": (pd.DataFrame(VECTORS), "vector", VECTORS[:, None]),
    "arrays": (ARRAYS, "sequences", ARRAYS),
    "sequences": (RAGGED, "sequences", RAGGED),
    "sequences of one length": (list(ARRAYS), "sequences", ARRAYS),
    "sequences of numbers": ([row[:, 0] for row in RAGGED], "sequences", [row[:, :1] for row in RAGGED]),
    "Sequences": (Sequences.from_packed(VECTORS, [1, 0, 2]), "sequences", [VECTORS[:1], VECTORS[:0], VECTORS[1:]]),
}


@pytest.mark.parametrize(("y", "kind", "rows"), TARGETS.values(), ids=TARGETS)
def test_targets_are_sequences_and_their_layout_gives_them_back(y, kind, rows):
    target, layout = check_target(y, ESTIMATOR)
    assert layout.kind == kind
    assert_equals_a_loop(target, list(rows))
    restored = layout.restore(target)
    as_lists = (np.asarray(y) if hasattr(y, "columns") else y, restored)
    for one, expected in zip(*as_lists, strict=True):
        assert_array_equal(one, expected)


@pytest.mark.parametrize(("given", "kept"), [("f4", "f4"), ("f8", "f8"), ("i8", "f8"), ("bool", "f8")])
@pytest.mark.parametrize("y", [NUMBERS, VECTORS, ARRAYS], ids=["numbers", "vectors", "arrays"])
def test_targets_of_float32_stay_it_and_all_else_becomes_float64(y, given, kept):
    assert check_target(y.astype(given), ESTIMATOR)[0].dtype == kept


def test_padding_of_targets_is_cut_off_and_put_back():
    padded = ARRAYS.copy()
    padded[1, 2:], padded[2, 3:] = np.nan, np.nan
    target, layout = check_target(padded, ESTIMATOR)
    assert_array_equal(target.lengths, [4, 2, 3])
    assert_array_equal(layout.restore(target), padded)


def test_targets_are_left_as_they_were():
    before = [np.copy(row) for row in RAGGED]
    target, layout = check_target(RAGGED, ESTIMATOR)
    layout.restore(target)[0][:] = 9
    for row, expected in zip(RAGGED, before, strict=True):
        assert_array_equal(row, expected)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (None, ValueError, "This ElasticNet requires y to be passed, but the target y is None"),
        (np.array([1.0, np.nan]), ValueError, r"y\[1\] has NaN\. Fill it in"),
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
def test_what_is_no_target_is_refused_and_named(y, error, message):
    with pytest.raises(error, match=message):
        check_target(y, ESTIMATOR)


# --- how long targets are ---------------------------------------------------------------------------------------------

OF_X = np.array([3, 5, 4])
LAYOUTS = {
    "one length": ([6, 6, 6], [6, 6]),
    "longer by one": ([4, 6, 5], [11, 1]),
    "shorter by two": ([1, 3, 2], [8, 0]),
    "as long": ([3, 5, 4], [10, 0]),
    "no rule": ([3, 5, 5], None),
}


@pytest.mark.parametrize(("lengths", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_a_rule_that_all_lengths_obey_gives_those_of_others(lengths, expected):
    layout = TargetLayout("sequences").measured(OF_X, np.array(lengths))
    if expected is None:
        with pytest.raises(ValueError, match="follow no rule.*n_timesteps"):
            layout.lengths_for(np.array([10, 0]))
    else:
        assert_array_equal(layout.lengths_for(np.array([10, 0])), expected)


def test_of_two_rules_the_constant_length_is_the_one():
    layout = TargetLayout("sequences").measured(np.array([3, 3]), np.array([5, 5]))
    assert_array_equal(layout.lengths_for(np.array([9, 1])), [5, 5])


def test_a_rule_is_kept_where_another_call_keeps_it_and_lost_where_not():
    first = TargetLayout("sequences").measured(np.array([3, 3]), np.array([5, 5]))
    longer = first.agreed(TargetLayout("sequences").measured(np.array([4]), np.array([6])))
    assert_array_equal(longer.lengths_for(np.array([9, 1])), [11, 3])
    constant = first.agreed(TargetLayout("sequences").measured(np.array([4]), np.array([5])))
    assert_array_equal(constant.lengths_for(np.array([9, 1])), [5, 5])
    with pytest.raises(ValueError, match="follow no rule"):
        longer.agreed(constant).lengths_for(np.array([9, 1]))


@pytest.mark.parametrize(("asked", "expected"), [(4, [4, 4]), (0, [0, 0]), ([1, 9], [1, 9]), (np.int8([1, 2]), [1, 2])])
def test_lengths_that_are_asked_for_are_given_whatever_the_rule(asked, expected):
    for layout in (
        TargetLayout("sequences"),
        TargetLayout("sequences", length=3),
        TargetLayout("sequences", length_offset=1),
    ):
        assert_array_equal(layout.lengths_for(np.array([7, 8]), asked), expected)


@pytest.mark.parametrize("asked", [-1, 1.0, "1", [1], [1, 2, 3], [1, -2], [[1, 2]], True])
def test_what_are_no_lengths_is_refused(asked):
    with pytest.raises(ValueError, match="n_timesteps must be an int or an array of 2 ints, of at least 0, got"):
        check_n_timesteps(asked, 2)


@pytest.mark.parametrize("kind", ["number", "vector"])
def test_what_is_no_sequence_has_no_length(kind):
    layout = TargetLayout(kind).measured(np.array([3, 4]), np.array([1, 1]))
    assert_array_equal(layout.lengths_for(np.array([9, 0])), [1, 1])
    with pytest.raises(ValueError, match="n_timesteps=2 has no meaning: y had one value or vector for each sample"):
        layout.lengths_for(np.array([9, 0]), 2)
