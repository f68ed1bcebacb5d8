"""Weighted moments over real timesteps, and scaling of values of any magnitude."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skseqae.data._scaling import Scaling, weighted_moments
from skseqae.data._sequences import Sequences

LENGTHS = [5, 0, 2, 8]


def draw(mean=0.0, std=1.0, lengths=LENGTHS, n_features=2):
    """Return sequences with exactly this mean and standard deviation."""
    values = np.random.default_rng(0).normal(size=(sum(lengths), n_features))
    return Sequences.from_packed(mean + std * (values - values.mean(axis=0)) / values.std(axis=0), lengths)


def test_moments_are_computed_over_all_real_timesteps():
    x = draw(mean=[3.0, -1.0], std=[2.0, 0.5])
    mean, std = weighted_moments(x, np.ones(4))
    assert_allclose(mean, [3, -1], rtol=1e-12)
    assert_allclose(std, [2, 0.5], rtol=1e-12)


def test_weighted_moments_equal_those_of_repeated_samples():
    x, n_repeats = draw(mean=3.0), np.array([2, 1, 3, 1])
    repeated = x[np.repeat(np.arange(4), n_repeats)]
    for got, expected in zip(
        weighted_moments(x, n_repeats.astype(float)), weighted_moments(repeated, np.ones(7)), strict=True
    ):
        assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("unit", [1e-307, 1e-30, 1e30, 5e307])
def test_moments_do_not_depend_on_the_scale_of_the_weights(unit):
    x, weights = draw(mean=3.0), np.array([2.0, 1.0, 3.0, 1.0])
    for got, expected in zip(weighted_moments(x, unit * weights), weighted_moments(x, weights), strict=True):
        assert_allclose(got, expected, rtol=1e-12)


def test_weight_zero_is_equivalent_to_removing_the_sample():
    x = draw()
    rows = np.array([0, 1, 3])
    for got, expected in zip(
        weighted_moments(x, np.array([1.0, 2.0, 0.0, 3.0])),
        weighted_moments(x[rows], np.array([1.0, 2.0, 3.0])),
        strict=True,
    ):
        assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("n_timesteps", [1, 10, 1000, 100_000])
@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -1e-30, 1e8 + 0.1, 1e30])
def test_a_constant_feature_has_a_standard_deviation_of_one(value, n_timesteps):
    """Also where a long sum of equal numbers has rounding errors."""
    values = np.stack([np.full(n_timesteps, value), np.arange(n_timesteps)], axis=1)
    x = Sequences.from_packed(np.tile(values, (3, 1)), [n_timesteps] * 3)
    mean, std = weighted_moments(x, np.array([0.3, 1.0, 0.7]))
    assert std[0] == 1
    assert_allclose(mean[0], value, rtol=1e-12)
    assert std[1] > 1 or n_timesteps == 1


def test_a_feature_that_varies_only_in_samples_of_weight_zero_is_constant():
    x = Sequences.from_packed([0.1] * 7 + [5.0], [5, 2, 1])
    mean, std = weighted_moments(x, np.array([0.3, 0.6, 0.0]))
    assert_allclose(mean, 0.1)
    assert std == 1


@pytest.mark.parametrize(("mean", "std"), [(1e6, 1e-6), (-1e8, 1e-4), (1e15, 1000.0), (1e-3, 1e-12)])
@pytest.mark.parametrize("lengths", [LENGTHS, [50_000] * 4])
def test_a_small_standard_deviation_around_a_large_mean_is_preserved(mean, std, lengths):
    x = draw(mean, std, lengths)
    got_mean, got_std = weighted_moments(x, np.ones(4))
    assert_allclose(got_std, std, rtol=1e-2)
    scaled = Scaling(got_mean, got_std).apply(x).packed
    assert_allclose(scaled.mean(axis=0, dtype=float), 0, atol=1e-2)
    assert_allclose(scaled.std(axis=0, dtype=float), 1, rtol=1e-2)


@pytest.mark.parametrize("unit", [1e-30, 1e-10, 1.0, 1e10, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_of_any_magnitude_are_scaled_to_unit_variance(unit, dtype):
    values = (draw().packed * unit).astype(dtype)
    x = Sequences.from_packed(values, LENGTHS)
    mean, std = weighted_moments(x, np.ones(4))
    assert_allclose(std, unit, rtol=1e-6)
    scaling = Scaling(mean, std)
    scaled = scaling.apply(x)
    assert scaled.dtype == np.float32
    assert_allclose(scaled.packed, draw().packed, atol=1e-5)
    undone = scaling.undo(scaled, dtype)
    assert undone.dtype == dtype
    assert_allclose(undone.packed, values, atol=1e-6 * unit)
    assert_array_equal(undone.lengths, LENGTHS)


def test_the_mean_is_subtracted_in_double_precision():
    x = draw(1e8, 1e-3)
    scaled = Scaling(*weighted_moments(x, np.ones(4))).apply(x).packed
    assert_allclose(scaled, draw().packed, atol=1e-3)


def test_the_identity_scaling_returns_the_input():
    x, identity = draw(3.0), Scaling.identity(2)
    assert_array_equal(identity.apply(x).packed, x.packed.astype(np.float32), strict=True)
    assert_array_equal(identity.undo(x, np.float64).packed, x.packed, strict=True)


def test_undo_accepts_sequences_without_timesteps():
    empty = Sequences(np.empty((0, 2), np.float32), np.zeros(3, np.int64))
    undone = Scaling.identity(2).undo(empty, np.float64)
    assert_array_equal(undone.lengths, [0, 0, 0])
    assert undone.packed.shape == (0, 2)


def test_the_input_is_not_modified():
    x, weights = draw(3.0), np.array([1.0, 2.0, 0.0, 1.0])
    packed = x.packed.copy()
    scaling = Scaling(*weighted_moments(x, weights))
    scaling.undo(scaling.apply(x), np.float64)
    assert_array_equal(x.packed, packed)
    assert_array_equal(weights, [1, 2, 0, 1])


@pytest.mark.parametrize(("mean", "std"), [(1e6, 0.1), (-3e20, 1e14), (5.0, 4e-6)])
def test_features_that_float32_cannot_represent_are_warned_of(mean, std):
    scaling = Scaling(np.array([0.0, mean]), np.array([2.0, std]))
    x = draw(mean=scaling.mean, std=scaling.std)
    scaling.apply(x)  # of float64, no digits are lost
    rounded = Sequences.from_packed(x.packed.astype(np.float32), x.lengths).with_names(["load", "pressure"])
    with pytest.warns(UserWarning, match=r"y is float32, but feature 'pressure' has a mean of .* subtract a constant"):
        scaling.apply(rounded, "y")


@pytest.mark.parametrize(("mean", "std"), [(1e6, 1.0), (2e6, 2.5), (1e4, 0.1), (0.0, 1e-30)])
def test_other_features_in_float32_are_not_warned_of(mean, std):
    """Among them constant ones, whose standard deviation is 1."""
    values = np.full((15, 1), mean, np.float32)
    Scaling(np.array([mean]), np.array([std])).apply(Sequences.from_packed(values, LENGTHS))
