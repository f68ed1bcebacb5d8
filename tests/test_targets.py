"""What the network must say back, against a loop over the sequences."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skseqae._sequences import Sequences
from skseqae._targets import next_steps, reversed_in_time

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
