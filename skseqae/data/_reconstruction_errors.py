"""Reconstruction errors over real timesteps."""

import numpy as np

from ._arrays import short_repr
from ._sequences import Sequences


def check_reduction(reduction, known):
    """Refuse what is none of the reductions that are known, by name."""
    if not isinstance(reduction, str) or reduction not in known:
        raise ValueError(f"reduction must be one of {', '.join(map(repr, known))}, got {short_repr(reduction)}.")


def squared_errors(sequences, decoded, std):
    """Return the squared differences in units of the training standard deviation.

    Parameters
    ----------
    sequences, decoded : Sequences of N sequences (T_i, F)
        What was asked for and what was said.
    std : array of shape (F,)
        Standard deviation of each feature over the training set, above 0.

    Returns
    -------
    Sequences of N sequences (T_i, F)
    """
    difference = (sequences.packed.astype(np.float64) - decoded.packed) / std
    return Sequences(difference**2, sequences.lengths)


def mean_by_timestep(errors):
    """Average over the features: Sequences of N sequences (T_i, 1)."""
    return Sequences(errors.packed.mean(axis=1, keepdims=True), errors.lengths)


def mean_by_feature(errors):
    """Average over each sequence's timesteps, 0 for an empty one: array of shape (N, F)."""
    lengths = errors.lengths
    sums = np.zeros((len(errors), errors.n_features))
    filled = lengths > 0
    if filled.any():
        starts = (np.cumsum(lengths) - lengths)[filled]
        sums[filled] = np.add.reduceat(errors.packed, starts, axis=0)
    return sums / np.maximum(lengths, 1)[:, None]


def mean_by_sample(errors):
    """Average over each sequence's timesteps and features, 0 for an empty one: array of shape (N,)."""
    return mean_by_feature(errors).mean(axis=1)
