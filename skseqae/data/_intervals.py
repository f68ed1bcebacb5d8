"""Intervals of timesteps whose score is below a threshold."""

import numpy as np

from ..runtime._optional_imports import import_optional
from ._ids_and_times import ids_or_numbers, times_or_timesteps


def frame_of_intervals(scores, threshold):
    """Return the maximal runs of timesteps of one sequence whose score is below a threshold, as a pandas dataframe.

    Parameters
    ----------
    scores : Sequences of N sequences (T_i, 1)
        Not below any threshold where it is NaN.
    threshold : float

    Returns
    -------
    pandas.DataFrame
        With the columns "sample", "start", "end" and "score": see `SequenceOutlierDetector.outlier_intervals`.
    """
    pandas = import_optional("pandas", "pandas")
    values, lengths = scores.packed[:, 0], scores.lengths
    sample = np.repeat(np.arange(len(lengths)), lengths)
    is_below = values < threshold
    is_continued = is_below[:-1] & is_below[1:] & (sample[:-1] == sample[1:])  # in the next timestep
    first = np.flatnonzero(is_below & ~np.append(False, is_continued))
    last = np.flatnonzero(is_below & ~np.append(is_continued, False))
    above = np.append(np.where(is_below, values, np.inf), np.inf)
    lowest = np.minimum.reduceat(above, first) if len(first) else values[:0]
    times, ids = times_or_timesteps(scores), ids_or_numbers(scores)
    columns = {"sample": ids[sample[first]], "start": times[first], "end": times[last]}
    # as lists, of objects pandas infers their own types
    columns = {name: pandas.Series(list(each) if each.dtype.kind == "O" else each) for name, each in columns.items()}
    return pandas.DataFrame({**columns, "score": lowest})
