"""Strategies and assertions that the tests of `Sequences` share."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skseqae.data._sequences import Sequences

NAN = np.nan
quick = settings(max_examples=40, deadline=None)


@st.composite
def ragged(draw, shortest=0):
    """A list of (T_i, F) arrays, float32 or float64, with many zeros and at least one timestep."""
    lengths = draw(st.lists(st.integers(shortest, 6), min_size=1, max_size=6).filter(any))
    n_features = draw(st.integers(1, 3))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return [(rng.integers(-2, 3, size=(length, n_features)) / 2).astype(dtype) for length in lengths]


def padded_by_loop(arrays, n_timesteps, value, padding="post"):
    """Return what `pad` should return, computed by a loop."""
    out = np.full((len(arrays), n_timesteps, arrays[0].shape[1]), value, dtype=arrays[0].dtype)
    for i, array in enumerate(arrays):
        start = n_timesteps - len(array) if padding == "pre" else 0
        out[i, start : start + len(array)] = array
    return out


def packed(arrays):
    return Sequences.from_packed(np.concatenate(arrays), [len(array) for array in arrays])


def fixed_arrays(n_samples=7, dtype=np.float64):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(2 + i % 3, 2)).astype(dtype) for i in range(n_samples)]


def assert_same(sequences, arrays):
    assert isinstance(sequences, Sequences)
    assert len(sequences) == len(arrays)
    for got, expected in zip(sequences, arrays, strict=True):
        assert got.dtype == expected.dtype
        assert_array_equal(got, expected, strict=True)
