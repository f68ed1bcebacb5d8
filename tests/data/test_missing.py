"""Values in place of missing ones, and the weights of observed values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skseqae import Sequences
from skseqae.data._missing import correlations, interpolate, split_observed
from skseqae.data._reconstruction_errors import mean_by_feature, mean_by_sample, mean_by_timestep
from skseqae.data._scaling import Scaling, weighted_moments
from tests.support.strategies import property_settings, seeds

lengths = st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any)


def draw(lengths, n_features, share, seed):
    """Return normal values of which a share is missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(sum(lengths), n_features))
    values[rng.random(values.shape) < share] = np.nan
    return Sequences.from_packed(values, lengths, allow_missing=True)


cases = given(lengths=lengths, n_features=st.integers(1, 3), share=st.sampled_from([0.0, 0.2, 0.6, 1.0]), seed=seeds)


@property_settings(60)
@cases
def test_interpolation_is_that_of_numpy_within_each_sequence(lengths, n_features, share, seed):
    sequences = draw(lengths, n_features, share, seed)
    for before, after in zip(sequences, interpolate(sequences), strict=True):
        for values, filled in zip(before.T, after.T, strict=True):
            steps = np.flatnonzero(~np.isnan(values))
            assert_array_equal(filled[steps], values[steps])
            expected = np.interp(np.arange(len(values)), steps, values[steps]) if len(steps) else np.zeros(len(values))
            assert_allclose(filled, expected, atol=1e-12)


@property_settings(40)
@cases
def test_with_a_correlation_values_are_expectations_of_an_autoregressive_process(lengths, n_features, share, seed):
    sequences, correlation = draw(lengths, n_features, share, seed), np.array([0.3, 0.9, 0.0])[:n_features]
    for before, after in zip(sequences, interpolate(sequences, correlation), strict=True):
        steps = np.arange(len(before))
        for rho, values, filled in zip(correlation, before.T, after.T, strict=True):
            covariance, known = rho ** np.abs(steps[:, None] - steps), ~np.isnan(values)
            weights = covariance[:, known] @ np.linalg.pinv(covariance[np.ix_(known, known)])
            assert_allclose(filled, weights @ values[known], atol=1e-9)


@property_settings(20)
@cases
def test_interpolation_of_a_sequence_does_not_depend_on_the_others(lengths, n_features, share, seed):
    sequences = draw(lengths, n_features, share, seed)
    for correlation in (None, np.full(n_features, 0.7)):
        together = interpolate(sequences, correlation)
        for i in range(len(sequences)):
            assert_array_equal(interpolate(sequences[[i]], correlation)[0], together[i])


def test_correlations_are_those_of_consecutive_observed_values():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 200, 3))
    for t in range(1, 200):
        values[:, t] = np.array([0.0, 0.5, 0.95]) * values[:, t - 1] + values[:, t]
    values[rng.random(values.shape) < 0.3] = np.nan
    sequences = Sequences.from_padded(values, allow_missing=True)
    assert_allclose(correlations(sequences), [0.0, 0.5, 0.95], atol=0.03)
    alternating = Sequences.from_list([np.array([1.0, -1.0, 1.0]), np.array([1.0])])
    assert_array_equal(correlations(alternating), [0.0])
    assert_array_equal(correlations(Sequences.from_list([np.ones(1), np.ones(1)])), [0.0])


@property_settings(40)
@cases
def test_the_weights_are_those_of_observed_values(lengths, n_features, share, seed):
    sequences = draw(lengths, n_features, share, seed)
    is_observed = ~np.isnan(sequences.packed)
    step_weights = Sequences(np.arange(len(is_observed), dtype=float)[:, None], sequences.lengths)
    for weights in (None, step_weights):
        target, split = split_observed(sequences, weights)
        assert_array_equal(target.packed[is_observed], sequences.packed[is_observed])
        assert not np.isnan(target.packed).any()
        if is_observed.all():
            assert split is weights
        else:
            assert_array_equal(split.packed, is_observed * (1.0 if weights is None else weights.packed))


@property_settings(40)
@cases
def test_moments_and_errors_are_those_of_observed_values(lengths, n_features, share, seed):
    sequences, rng = draw(lengths, n_features, share, seed), np.random.default_rng(seed)
    sample_weight = rng.integers(1, 4, size=len(lengths)).astype(float)
    repeated = np.repeat(sequences.packed, np.repeat(sample_weight.astype(int), lengths), axis=0)
    if np.isnan(repeated).all(axis=0).any():
        with pytest.raises(ValueError, match=r"All values of feature . of y are missing \(NaN\)"):
            weighted_moments(sequences, sample_weight, "y")
    else:
        mean, std = weighted_moments(sequences, sample_weight)
        is_constant = np.nanmax(repeated, axis=0) == np.nanmin(repeated, axis=0)
        assert_allclose(mean, np.nanmean(repeated, axis=0), atol=1e-12)
        assert_allclose(std, np.where(is_constant, 1.0, np.nanstd(repeated, axis=0)), atol=1e-12)
    by_sample, by_feature = mean_by_sample(sequences), mean_by_feature(sequences)
    for i, values in enumerate(sequences):
        is_observed = ~np.isnan(values)
        assert_allclose(by_sample[i], values[is_observed].mean() if is_observed.any() else 0.0, atol=1e-12)
        for k in range(n_features):
            known = values[is_observed[:, k], k]
            assert_allclose(by_feature[i, k], known.mean() if len(known) else 0.0, atol=1e-12)
    for values, mean in zip(sequences.packed, mean_by_timestep(sequences).packed[:, 0], strict=True):
        known = values[~np.isnan(values)]
        assert_allclose(mean, known.mean() if len(known) else np.nan, atol=1e-12)


def test_a_value_that_overflows_is_found_beside_missing_ones():
    values = np.array([[np.nan, 1.0], [3e38, np.nan]])
    scaling = Scaling(np.zeros(2), np.full(2, 0.1))
    with pytest.raises(ValueError, match=r"X\[1\] has a value at timestep 0 that overflows float32 after scaling"):
        scaling.apply(Sequences.from_packed(values, [1, 1], allow_missing=True))
