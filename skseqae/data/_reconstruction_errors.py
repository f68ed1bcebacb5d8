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
    """
    difference = (sequences.packed.astype(np.float64) - decoded.packed) / std
    return replace_values(sequences, difference**2)


def mean_by_timestep(errors):
    """Average over the features: Sequences of N sequences (T_i, 1)."""
    return replace_values(errors, errors.packed.mean(axis=1, keepdims=True))


def mean_by_feature(errors):
    """Average over the timesteps of each sequence, 0 for an empty sequence: array of shape (N, F)."""
    lengths = errors.lengths
    sums = np.zeros((len(errors), errors.n_features))
    filled = lengths > 0
    if filled.any():
        starts = (np.cumsum(lengths) - lengths)[filled]
        sums[filled] = np.add.reduceat(errors.packed, starts, axis=0)
    return sums / np.maximum(lengths, 1)[:, None]


def mean_by_sample(errors):
    """Average over the timesteps and features of each sequence, 0 for an empty sequence: array of shape (N,)."""
    return mean_by_feature(errors).mean(axis=1)
