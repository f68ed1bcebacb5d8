"""Missing values inside sequences, which are NaN: what stands in their place, and the weights of the others."""

import numpy as np

from ._sequences import Sequences

MAX_CORRELATION = 1 - 1e-6


def interpolate(sequences, correlation=None):
    """Return sequences in which values take the place of missing ones, feature by feature.

    Parameters
    ----------
    sequences : Sequences of N sequences (T_i, F)
        With mean 0, and NaN where a value is missing.
    correlation : array of shape (F,), default=None
        Correlations of consecutive timesteps, in [0, 1): a missing value is the expectation of a first-order
        autoregressive process, given the last value before it and the next one after it. None: linear interpolation;
        before the first and after the last value, the nearest one.

    Returns
    -------
    Sequences of N sequences (T_i, F)
        With zeros for a feature without any value.
    """
    values, lengths = sequences.packed, sequences.lengths
    is_observed = ~np.isnan(values)
    if is_observed.all():
        return sequences
    rows = np.arange(len(values))[:, None]
    ends = np.repeat(np.cumsum(lengths), lengths)[:, None]
    starts = ends - np.repeat(lengths, lengths)[:, None]
    before = np.maximum.accumulate(np.where(is_observed, rows, -1), axis=0)
    after = np.minimum.accumulate(np.where(is_observed, rows, len(rows))[::-1], axis=0)[::-1]
    parts = []
    distances = np.where(before >= starts, rows - before, np.inf), np.where(after < ends, after - rows, np.inf)
    for neighbours, near, far in ((before, *distances), (after, *distances[::-1])):
        nearest = np.take_along_axis(values, np.where(np.isfinite(near), neighbours, 0), axis=0)
        parts.append(np.where(np.isfinite(near), nearest, 0.0) * _weight(near, far, correlation))
    return Sequences(np.where(is_observed, values, parts[0] + parts[1]).astype(values.dtype), lengths)


def _weight(near, far, correlation):
    """Return the weight of a value at a distance, where the value on the other side is at another one, at most inf."""
    with np.errstate(invalid="ignore", divide="ignore"):  # at the value itself, which needs no weight
        if correlation is None:
            return np.where(np.isfinite(near), 1 / (1 + near / far), 0.0)
        return correlation**near * (1 - correlation ** (2 * far)) / (1 - correlation ** (2 * (near + far)))


def correlations(sequences):
    """Return the correlation of consecutive timesteps of each feature, with mean 0 and NaN where a value is missing.

    It is at least 0 and below 1; 0 for a feature without two consecutive values.
    """
    values, is_last = sequences.packed, np.zeros(len(sequences.packed), bool)
    is_last[np.cumsum(sequences.lengths)[sequences.lengths > 0] - 1] = True
    first, second = values[:-1][~is_last[:-1]], values[1:][~is_last[:-1]]
    products, squares = np.nansum(first * second, axis=0), np.nansum((first**2 + second**2) / 2, axis=0)
    return np.clip(products / np.maximum(squares, np.finfo(np.float64).tiny), 0.0, MAX_CORRELATION)


def split_observed(target, step_weights=None):
    """Return a target without NaN, and the weights of its values.

    Parameters
    ----------
    target : Sequences of N sequences (T_i, F)
    step_weights : Sequences of N sequences (T_i, 1), default=None
        Weights of the timesteps.

    Returns
    -------
    target : Sequences of N sequences (T_i, F)
        Without NaN.
    weights : Sequences of N sequences (T_i, 1) or (T_i, F), or None
        The weights of the timesteps; of the values, 0 for missing ones, if a value is missing.
    """
    is_missing = np.isnan(target.packed)
    if not is_missing.any():
        return target, step_weights
    weights = (~is_missing).astype(np.float64)
    if step_weights is not None:
        weights *= step_weights.packed
    return interpolate(target), Sequences(weights, target.lengths)
