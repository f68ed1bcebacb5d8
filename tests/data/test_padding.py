"""`pad` and `unpad`."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skseqae.data._check_sequences import check_sequences
from skseqae.data._padding import pad
from skseqae.data._sequences import unpad
from tests.data.sequence_cases import NAN, assert_same, fixed_arrays, packed, padded_by_loop, quick, ragged


@quick
@given(st.data())
def test_pad_equals_a_loop_and_unpad_inverts_it(data):
    arrays = data.draw(ragged())
    rows = data.draw(st.lists(st.integers(0, len(arrays) - 1), min_size=1, max_size=6))
    view, arrays = packed(arrays)[rows], [arrays[row] for row in rows]
    longest = max(map(len, arrays))
    n_timesteps = longest + data.draw(st.integers(0, 3))
    value = data.draw(st.sampled_from([0.0, NAN, -1.5]))
    padded = pad(view, n_timesteps, value)
    assert_array_equal(padded, padded_by_loop(arrays, n_timesteps, value), strict=True)
    assert padded.flags.writeable
    assert pad(view).shape[1] == longest
    assert_same(unpad(padded, view.lengths), arrays)


def test_pad_accepts_sequences_without_timesteps():
    empty = pickle.loads(pickle.dumps(check_sequences([[], [1.0], []])[0][[0, 2]]))
    assert_array_equal(pad(empty, 2, -1.0), np.full((2, 2, 1), -1.0))
    assert pad(empty[:0]).shape == (0, 0, 1)
    assert_same(unpad(np.ones((2, 3, 1)), [0, 0]), [np.empty((0, 1))] * 2)


def test_the_default_value_of_padding_is_zero():
    assert pad(packed([np.ones((1, 1)), np.ones((2, 1))])).tolist() == [[[1.0], [0.0]], [[1.0], [1.0]]]


def test_pad_does_not_truncate_sequences():
    with pytest.raises(ValueError, match="n_timesteps=3 is too short for a sequence of 4 timesteps"):
        pad(packed(fixed_arrays()), 3)
