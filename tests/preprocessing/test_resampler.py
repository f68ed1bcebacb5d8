"""Resampler interpolates sequences to rows of equal length."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae.preprocessing import PerTimestep, Resampler
from tests.preprocessing.steps import lengths
from tests.support.strategies import draw_sequences, property_settings, seeds


@property_settings(20)
@given(lengths=lengths, n_features=st.integers(1, 3), seed=seeds, n_timesteps=st.integers(2, 12))
def test_rows_equal_numpys_interpolation(lengths, n_features, seed, n_timesteps):
    arrays = draw_sequences(lengths, n_features, seed)
    rows = Resampler(n_timesteps).fit_transform(arrays).reshape(len(arrays), n_timesteps, n_features)
    for row, array in zip(rows, arrays, strict=True):
        if len(array):
            points = np.linspace(0, len(array) - 1, n_timesteps)
            expected = [np.interp(points, np.arange(len(array)), feature) for feature in array.T]
            assert_allclose(row, np.transpose(expected), rtol=0, atol=1e-12)
            assert_array_equal(row[[0, -1]], array[[0, -1]])
        else:
            assert_array_equal(row, 0)


def test_points_that_coincide_with_timesteps_are_exact():
    X = np.random.default_rng(0).normal(size=(5, 11, 3))
    assert_array_equal(Resampler(11).fit_transform(X), X.reshape(5, 33))
    assert_array_equal(Resampler(6).fit_transform(X), X[:, ::2].reshape(5, 18))


def test_column_names_contain_the_feature_and_the_timestep():
    X = draw_sequences([4, 6, 5], 2, seed=0)
    resampler = Resampler(2).fit(X)
    assert resampler.get_feature_names_out(["speed", "height"]).tolist() == [
        "speed_t0",
        "height_t0",
        "speed_t1",
        "height_t1",
    ]
    with pytest.raises(ValueError, match="input_features should have length equal to number of features"):
        resampler.get_feature_names_out(["a", "b", "c"])
    days = pd.DataFrame(np.ones((3, 5)), columns=list("abcde"))
    assert Resampler(2).fit(days).get_feature_names_out().tolist() == ["x0_t0", "x0_t1"]


def test_set_output_of_a_pipeline_skips_steps_that_return_sequences():
    X = draw_sequences([4, 6, 5], 2, seed=0)
    pipeline = make_pipeline(PerTimestep(StandardScaler()), Resampler(2)).set_output(transform="pandas")
    frame = pipeline.fit_transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == ["x0_t0", "x1_t0", "x0_t1", "x1_t1"]
