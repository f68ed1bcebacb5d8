"""Reconstruction errors over real timesteps."""

import numpy as np

from ._arrays import short_repr
from ._sequences import replace_values


def check_reduction(reduction, valid_names):
    """Raise an error unless `reduction` is one of the valid names."""
    if not isinstance(reduction, str) or reduction not in valid_names:
        raise ValueError(f"reduction must be one of {', '.join(map(repr, valid_names))}, got {short_repr(reduction)}.")


def squared_errors(sequences, decoded, std):
    """Return the squared differences in units of the training standard deviation.

    Parameters
    ----------
    sequences, decoded : Sequences of N sequences (T_i, F)
        The targets and the outputs of a decoder.
    std : array of shape (F,)
        Standard deviation of each feature over the training set, above 0.

    Returns
    -------
    Sequences of N sequences (T_i, F), with the ids and the times of `sequences`
        NaN where the target is missing.
    """
    difference = (sequences.packed.astype(np.float64) - decoded.packed) / std
    return replace_values(sequences, difference**2)


def mean_by_timestep(errors):
    """Average over the observed features, NaN without any: Sequences of N sequences (T_i, 1)."""
    is_observed = ~np.isnan(errors.packed)
    counts = is_observed.sum(axis=1, keepdims=True)
    sums = np.where(is_observed, errors.packed, 0.0).sum(axis=1, keepdims=True)
    return replace_values(errors, np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0))


def mean_by_feature(errors):
    """Average over the observed timesteps of each sequence, 0 without any: array of shape (N, F)."""
    sums, counts = _sums_and_counts(errors)
    return sums / np.maximum(counts, 1)


def mean_by_sample(errors):
    """Average over the observed values of each sequence, 0 without any: array of shape (N,)."""
    sums, counts = _sums_and_counts(errors)
    means, is_complete = sums / np.maximum(counts, 1), (counts == counts[:, :1]).all(axis=1)
    return np.where(is_complete, means.mean(axis=1), sums.sum(axis=1) / np.maximum(counts.sum(axis=1), 1))


def _sums_and_counts(errors):
    """Return the sum and the number of the observed errors of each feature of each sequence: arrays (N, F)."""
    is_observed, lengths = ~np.isnan(errors.packed), errors.lengths
    sums, counts = np.zeros((len(errors), errors.n_features)), np.zeros((len(errors), errors.n_features), int)
    filled = lengths > 0
    if filled.any():
        starts = (np.cumsum(lengths) - lengths)[filled]
        sums[filled] = np.add.reduceat(np.where(is_observed, errors.packed, 0.0), starts, axis=0)
        counts[filled] = np.add.reduceat(is_observed.astype(int), starts, axis=0)
    return sums, counts
