"""Windows of series: where they are, and the mean of their values at each timestep."""

from numbers import Integral

import numpy as np

from ..runtime._memory import check_memory
from ._arrays import short_repr


def check_count(value, name, smallest=1):
    """Return an int of at least `smallest`."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, got {short_repr(value)}.")
    if value < smallest:
        raise ValueError(f"{name} must be at least {smallest}, got {value}.")
    return int(value)


def find_windows(lengths, size, step, horizon):
    """Return the series, the first timestep and the length of each window, arrays of shape (n_windows,), int64.

    Parameters
    ----------
    lengths : array of shape (n_series,)
    size, step, horizon : int
        As in `Sequences.windows`.

    Raises
    ------
    ValueError
        If `step` leaves gaps, or there is no window.
    """
    longest = size + horizon
    if step > longest:
        raise ValueError(
            f"step={step} is more than the {longest} timesteps of a window, so that no window would contain the "
            f"timesteps between two windows. Set step to at most size + horizon = {longest}."
        )
    last = lengths - longest  # position of the last window
    counts = np.where(last >= 0, -(-last // step) + 1, lengths > horizon)
    if not counts.any():
        raise ValueError(
            f"There are no windows: no sequence has more than horizon={horizon} timesteps, the longest has "
            f"{lengths.max(initial=0)}."
        )
    series_index = np.repeat(np.arange(len(lengths)), counts)
    numbers = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    positions = np.minimum(numbers * step, np.maximum(last, 0)[series_index])
    return series_index, positions, np.minimum(lengths, longest)[series_index]


def check_lengths_of_values(lengths, window_lengths, horizon):
    """Raise an error unless sequences of values have the lengths of windows, of forecasts, or of next timesteps."""
    if len(lengths) != len(window_lengths):
        raise ValueError(
            f"values has {len(lengths)} sequences, expected one for each of {len(window_lengths)} windows."
        )
    accepted = [window_lengths, np.maximum(window_lengths - 1, 0)]
    accepted += [np.full_like(window_lengths, horizon)] * (horizon > 0)
    if not any(np.array_equal(lengths, each) for each in accepted):
        i = np.flatnonzero(lengths != window_lengths)[0]
        expected = f"{window_lengths[i]}" + (f", or those of its horizon, {horizon}" if horizon else "")
        raise ValueError(f"values[{i}] has {lengths[i]} timesteps, expected those of its window, {expected}.")


def mean_by_row(values, first, n_rows):
    """Return the mean of the values that belong to each row.

    Parameters
    ----------
    values : Sequences of N sequences (T_i, K)
    first : array of shape (N,)
        Row of the first timestep of each sequence.
    n_rows : int

    Returns
    -------
    array of shape (n_rows, K), float32 or float64
        NaN for rows without values. The mean of equal values is exactly that value.
    """
    lengths, packed = values.lengths, values.packed
    check_memory(
        # differences in float64, and the values in the order of the rows; rows, their order and a mask
        len(packed) * (values.n_features * (16 + packed.itemsize) + 24),
        f"Values of {len(packed)} timesteps of windows",
        "Use a larger step, or stitch fewer windows at a time.",
    )
    rows = np.repeat(first - (np.cumsum(lengths) - lengths), lengths) + np.arange(len(packed))
    order = np.argsort(rows, kind="stable")
    rows, packed = rows[order], packed[order]
    means = np.full((n_rows, values.n_features), np.nan, dtype=packed.dtype)
    if not len(rows):
        return means
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    counts = np.diff(starts, append=len(rows))
    chosen = packed[starts].astype(np.float64)
    sums = np.add.reduceat(packed - np.repeat(chosen, counts, axis=0), starts, axis=0)
    # without differences, the value itself: adding 0 would change the sign of -0.0
    means[rows[starts]] = np.where(sums == 0, chosen, chosen + sums / counts[:, None])
    return means
