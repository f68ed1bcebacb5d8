"""Reconstruction errors, compared with a loop over the sequences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skseqae.data._reconstruction_errors import mean_by_feature, mean_by_sample, mean_by_timestep, squared_errors
from skseqae.data._sequences import Sequences

LENGTHS = {
    "equal": [3, 3],
    "ragged": [4, 1, 2],
    "empty first": [0, 0, 3, 2],
    "empty between": [3, 0, 0, 2],
    "empty last": [3, 2, 0, 0],
    "all empty": [0, 0],  # the next steps of sequences of one timestep
}
all_lengths = pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
STD = np.array([1.0, 0.1, 20.0])


def draw(lengths, seed=0):
    return Sequences(np.random.default_rng(seed).normal(size=(sum(lengths), 3)), np.array(lengths))


@all_lengths
def test_errors_are_squared_differences_in_units_of_the_standard_deviation(lengths):
    x, decoded = draw(lengths), draw(lengths, seed=1)
    errors = squared_errors(x, decoded, STD)
    assert_array_equal(errors.lengths, lengths)
    for error, one, output in zip(errors, x, decoded, strict=True):
        assert_allclose(error, ((one - output) / STD) ** 2, rtol=1e-12)


def test_errors_are_computed_in_double_precision():
    x = Sequences.from_packed(np.array([[1e8 + 8]], np.float32), [1])
    decoded = Sequences.from_packed(np.array([[1e8 + 1.0]]), [1])
    errors = squared_errors(x, decoded, np.ones(1)).packed
    assert_array_equal(errors, np.array([[49.0]]), strict=True)


def test_errors_may_exceed_single_precision():
    x, decoded = (Sequences.from_packed(np.array([[value]]), [1]) for value in (1e20, 0.0))
    assert_allclose(squared_errors(x, decoded, np.array([0.01])).packed, [[1e44]])


@all_lengths
def test_timestep_errors_are_means_over_features(lengths):
    errors = draw(lengths)
    by_timestep = mean_by_timestep(errors)
    assert by_timestep.n_features == 1
    for got, error in zip(by_timestep, errors, strict=True):
        assert_allclose(got[:, 0], error.mean(axis=1), rtol=1e-12)


@all_lengths
def test_feature_errors_are_means_over_real_timesteps_and_zero_for_empty_sequences(lengths):
    expected = [error.mean(axis=0) if len(error) else np.zeros(3) for error in draw(lengths)]
    assert_allclose(mean_by_feature(draw(lengths)), expected, rtol=1e-12)


@all_lengths
def test_sample_errors_are_means_over_timesteps_and_features_and_zero_for_empty_sequences(lengths):
    expected = [error.mean() if len(error) else 0.0 for error in draw(lengths)]
    assert_allclose(mean_by_sample(draw(lengths)), expected, rtol=1e-12)


def test_errors_of_a_sample_do_not_depend_on_other_samples():
    errors = draw([4, 0, 1, 2, 30])
    rows = np.array([4, 1, 0])
    assert_allclose(mean_by_feature(errors[rows]), mean_by_feature(errors)[rows], rtol=0)
    assert_allclose(mean_by_sample(errors[rows]), mean_by_sample(errors)[rows], rtol=0)
