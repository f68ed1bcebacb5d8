"""Ids of samples and times of timesteps: validation, storage as arrays, and times from the indexes of dataframes."""

from numbers import Integral

import numpy as np

from ._arrays import NUMERIC_KINDS, is_missing, short_repr
from ._times import sortable_times

TIME_INDEXES = ("DatetimeIndex", "PeriodIndex", "TimedeltaIndex")  # of pandas


def as_labels(items):
    """Return a list of Python objects as an array (N,): integers, dates and durations of NumPy, otherwise objects.

    Objects are kept as they are, because NumPy would convert labels of different types to text, and remove time zones.
    """
    is_integer = all(isinstance(item, Integral) and not isinstance(item, bool | np.bool_) for item in items)
    is_float = all(type(item) is float for item in items)
    is_numpy_time = len({type(item) for item in items}) == 1 and isinstance(items[0], np.datetime64 | np.timedelta64)
    if is_integer or is_float or is_numpy_time:
        array = np.array(items)
        if array.dtype.kind != "O" and (not is_integer or array.dtype.kind in "iu"):  # others overflow
            return array
    return np.fromiter(items, dtype=object, count=len(items))


def check_ids(ids, n_samples):
    """Return ids as an array (N,) of hashable labels without missing ones; None if there are none."""
    if ids is None:
        return None
    array = _as_array(ids, "ids", "one label for each sample")
    if len(array) != n_samples:
        raise ValueError(f"Expected one id for each of {n_samples} samples, got {len(array)} ids.")
    _refuse_missing(array, "ids[{}] is missing ({}): give each sample an id.")
    for i, label in enumerate(array.tolist()):
        try:
            hash(label)
        except TypeError:
            raise TypeError(
                f"ids[{i}] is {short_repr(label)}, which is not hashable: pass strings, numbers or tuples of them."
            ) from None
    return array


def check_times(times, lengths, name="times", item_name="times[{}]"):
    """Return times as an array with one time for each packed timestep; None if there are none.

    Parameters
    ----------
    times : array-like of shape (S,), list of N array-likes of shape (T_i,), or None
    lengths : array of shape (N,)
    name, item_name : str
        Names of the times, and of those of one sequence, in error messages.

    Returns
    -------
    array of shape (S,) or None

    Raises
    ------
    TypeError
        If times have different types, or are text that does not sort as it means.
    ValueError
        If their number is another one than that of the timesteps, one is missing, or they decrease within a sequence.
    """
    if times is None:
        return None
    if isinstance(times, list | tuple) and any(np.iterable(item) and not isinstance(item, str) for item in times):
        return _check_times_by_sequence(times, lengths, item_name)
    array = _as_array(times, name, "one time for each timestep, or a list with those of each sequence")
    if len(array) != lengths.sum():
        raise ValueError(f"Expected one time for each of {lengths.sum()} timesteps, got {len(array)} {name}.")
    _refuse_missing(array, f"{name}[{{}}] is missing ({{}}): give each timestep a time.")
    keys = sortable_times(_plain(times, array), name, name)
    sample = np.repeat(np.arange(len(lengths)), lengths)
    _refuse_decreasing(array, keys, sample, name)
    return array


def _check_times_by_sequence(times, lengths, item_name):
    if len(times) != len(lengths):
        raise ValueError(f"Expected the times of {len(lengths)} sequences, got {len(times)}.")
    names = [item_name.format(i) for i in range(len(lengths))]
    for name, column, length in zip(names, times, lengths, strict=True):
        if np.ndim(column) == 0 or len(column) != length:
            raise ValueError(f"{name} holds {np.size(column)} times, but its sequence has {length} timesteps.")
    arrays = [
        check_times(column if hasattr(column, "dtype") else list(column), lengths[[i]], name)
        for i, (name, column) in enumerate(zip(names, times, strict=True))
    ]
    return join_times(arrays, names)


def check_parts(parts, container):
    """Return parts to concatenate as a list of a container; raise an error if they do not fit one another."""
    if isinstance(parts, container) or not isinstance(parts, list | tuple):
        raise TypeError(f"parts must be a list of Sequences, got {short_repr(parts)}.")
    if not parts:
        raise ValueError("parts is empty, expected at least one Sequences.")
    for i, part in enumerate(parts):
        if not isinstance(part, container):
            raise TypeError(f"parts[{i}] is of type {type(part).__name__}, expected Sequences.")
        for attribute in ("n_features", "feature_names"):
            got, expected = (getattr(each, attribute) for each in (part, parts[0]))
            if got != expected:
                raise ValueError(f"parts[{i}] has {attribute}={got}, but parts[0] has {attribute}={expected}.")
        for attribute in ("ids", "times"):
            has, expected = (getattr(each, attribute) is not None for each in (part, parts[0]))
            if has != expected:
                found = ("has no", "has") if expected else ("has", "has no")
                raise ValueError(
                    f"parts[{i}] {found[0]} {attribute}, but parts[0] {found[1]} {attribute}: either all parts or none "
                    f"must have {attribute}."
                )
    return list(parts)


def join_ids(arrays):
    """Return the ids of several parts as one array, of objects if their types differ."""
    if len({array.dtype.kind for array in arrays}) == 1:
        return np.concatenate(arrays)
    return as_labels([label for array in arrays for label in array])


def join_times(arrays, names):
    """Return the times of several sequences as one array; raise an error that uses names if their types differ."""
    if any(map(len, arrays)):
        arrays, names = zip(*(pair for pair in zip(arrays, names, strict=True) if len(pair[0])), strict=True)
    for array, name in zip(arrays, names, strict=True):
        if _type_of_times(array) != _type_of_times(arrays[0]):
            raise TypeError(
                f"{name} holds times of type {_type_of_times(array)}, but {names[0]} of type "
                f"{_type_of_times(arrays[0])}. Convert them to one type."
            )
    return np.concatenate(arrays)


def _type_of_times(array):
    if array.dtype.kind == "O":
        return type(array[0]).__name__ if len(array) else "object"
    return {"M": "datetime64", "m": "timedelta64"}.get(array.dtype.kind, "number")


def ids_or_numbers(sequences):
    """Return the ids of the samples (N,), or without ids their numbers."""
    return np.arange(len(sequences)) if sequences.ids is None else sequences.ids


def times_or_timesteps(sequences):
    """Return the times of all timesteps (S,), or without times their numbers within each sequence."""
    if sequences.times is not None:
        return sequences.times
    lengths = sequences.lengths
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def time_differences(times, lengths):
    """Return the time since the timestep before, an array (S,), float64; 0 at the first timestep of each sequence.

    Parameters
    ----------
    times : array of shape (S,) or None
    lengths : array of shape (N,)

    Returns
    -------
    array of shape (S,)
        Differences of dates and durations are in seconds.

    Raises
    ------
    TypeError
        If the times are text, categories or periods.
    ValueError
        If there are no times.
    """
    if times is None:
        raise ValueError("The sequences have no times. Pass times to the constructor, or time to from_frame.")
    starts = (np.cumsum(lengths) - lengths)[lengths > 0]
    try:
        steps = np.diff(times)
        seconds = [each.total_seconds() for each in steps] if steps.dtype.kind == "O" else steps
    except (TypeError, AttributeError):
        raise TypeError(
            f"Times such as {short_repr(times[0])} have no difference in seconds: convert them to numbers or dates "
            "first, for example by pandas.to_datetime."
        ) from None
    seconds = np.asarray(seconds)
    seconds = seconds / np.timedelta64(1, "s") if seconds.dtype.kind == "m" else seconds.astype(np.float64)
    differences = np.append(0.0, seconds)
    differences[starts] = 0.0
    return differences


def as_times(column):
    """Return a column of times as an array that keeps them: numbers, datetime64, timedelta64 or objects.

    Times with a time zone become objects: `pandas.Timestamp` or `datetime.datetime`. So do periods, text, and
    categories, without their order.
    """
    has_zone = getattr(column, "dtype", None) is not None and (
        getattr(column.dtype, "tz", None) or getattr(column.dtype, "time_zone", None)
    )
    array = None if has_zone else np.array(column)  # a copy
    if array is None or array.dtype.kind not in NUMERIC_KINDS + "mM":
        return as_labels(column.to_list() if hasattr(column, "to_list") else np.asarray(column, dtype=object).tolist())
    return array


def times_of_indexes(X):
    """Return the indexes of a list of dataframes, or of columns, if all indexes hold times, otherwise None."""
    if not isinstance(X, list | tuple) or not len(X):
        return None
    indexes = [getattr(x, "index", None) for x in X]
    return indexes if all(type(index).__name__ in TIME_INDEXES for index in indexes) else None


def _as_array(values, name, expected):
    """Return a copy of the values, of one dimension."""
    if isinstance(values, str | bytes | dict) or not np.iterable(values):
        raise TypeError(f"{name} must be an array with {expected}, got {short_repr(values)}.")
    if hasattr(values, "dtype"):
        if np.ndim(values) != 1:
            raise ValueError(f"{name} must have shape (n,): {expected}. Got shape {np.shape(values)}.")
        return as_times(values)
    return as_labels(list(values))


def _plain(times, array):
    """Return the column, whose dtype may order categories, or its array."""
    return times if hasattr(times, "dtype") else array


def _refuse_missing(array, message):
    kind = array.dtype.kind
    if kind in "mM":
        missing = np.isnat(array)
    elif kind == "f":
        missing = np.isnan(array)
    elif kind == "O":
        items = ((item if isinstance(item, tuple) else (item,)) for item in array)
        missing = np.array([any(map(is_missing, parts)) for parts in items], dtype=bool)
    else:
        return
    if missing.any():
        row = int(np.argmax(missing))
        raise ValueError(message.format(row, array[row]))


def _refuse_decreasing(times, keys, sample, name):
    is_decrease = np.asarray(keys[1:] < keys[:-1], dtype=bool) & (sample[1:] == sample[:-1])
    if is_decrease.any():
        row = int(np.argmax(is_decrease)) + 1
        timestep = row - int(np.argmax(sample == sample[row]))
        location = f"sequence {sample[row]}" if sample[-1] else "the sequence"
        raise ValueError(
            f"{name}: the times of {location} decrease at timestep {timestep}, from {times[row - 1]} to {times[row]}. "
            "Sort the timesteps by time, and drop or combine those of the same time."
        )
