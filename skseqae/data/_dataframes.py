"""Conversion between packed values and long dataframes, and names of features."""

from collections.abc import Mapping
from datetime import UTC

import numpy as np

from ..runtime._optional_imports import import_optional
from ..runtime._warnings import warn_user
from ._arrays import as_floats, first_cell, is_missing, is_sequence, short_repr
from ._ids_and_times import TIME_INDEXES, as_labels, as_times, ids_or_numbers, times_or_timesteps
from ._times import looks_like_times, sortable_times

ADVICE_ON_RECORDS = (
    "Make a column of each field first, for example by pandas.json_normalize, or by unnest of a polars dataframe."
)


def pack_frame(frame, sample, time, features):
    """Sort a long dataframe of S rows into packed values (S, F).

    Returns
    -------
    values : array of shape (S, F)
    lengths : array of shape (N,)
    ids : array of shape (N,)
        The label of each sample; if there are several sample columns, tuples.
    times : array of shape (S,) or None
    features : list of F column names
    """
    if not (hasattr(frame, "to_numpy") and hasattr(frame, "columns")):
        advice = " Pass frame.collect()." if hasattr(frame, "collect") else ""
        raise TypeError(f"Expected a pandas or polars dataframe, got {type(frame).__name__}.{advice}")
    samples = sample if isinstance(sample, list) else [sample]
    if not samples:
        raise ValueError("sample must name at least one column, got [].")
    _check_names([*samples, time], "sample and time")
    keys = samples if time is None else [*samples, time]
    levels = getattr(getattr(frame, "index", None), "names", ())  # in pandas, a key may be a level of the index
    levels = [key for key in keys if key in levels and key not in frame.columns]
    frame = frame.reset_index(level=levels) if levels else frame
    if features is None:
        features = [column for column in frame.columns if column not in keys]
    features = _check_names(features, "features")
    if not features:
        raise ValueError(f"Found frame with 0 feature(s) beside {keys} while a minimum of 1 is required.")
    _check_columns(frame, [*keys, *features])
    # By hashing, because labels of different types cannot be sorted.
    code_of, columns = {}, [_check_present(frame[name], name) for name in samples]
    rows = zip(*columns, strict=True) if len(columns) > 1 else columns[0]
    codes = [code_of.setdefault(label, len(code_of)) for label in rows]
    codes, labels = np.array(codes, dtype=np.int64), list(code_of)
    if time is None:
        order, times = np.argsort(codes, kind="stable"), None
    else:
        items = _check_present(frame[time], time)
        keys = sortable_times(frame[time], f"Column {time!r}", f"frame[{time!r}]")
        drop = "drop_duplicates" if hasattr(frame, "drop_duplicates") else "unique"  # in polars
        order = _order_in_time(keys, items, codes, labels, f"frame.{drop}({[*samples, time]})")
        times = as_times(frame[time])[order]
    columns = [_read_feature(frame[column], column, time) for column in features]
    values, lengths = np.stack(columns, axis=1)[order], np.bincount(codes, minlength=len(labels))
    return values, lengths, as_labels(labels), times, features


def _read_feature(column, name, time):
    """Return a column of numbers as floats."""
    values = np.asarray(column)
    if values.dtype.kind == "O" or values.ndim > 1:
        _check_no_nested(column, name)
    is_text = values.dtype.kind in "OUST" and any(isinstance(item, str) for item in values.tolist())
    if not is_text and values.dtype.kind not in "mM":
        return as_floats(values, f"column {name!r}", ("row",))
    found = f"values of type {values.dtype}"
    if is_text:
        row, text = next((i, item) for i, item in enumerate(values.tolist()) if isinstance(item, str))
        found = f"text ({short_repr(text)} in row {row})"
    advice = "Leave it out by features=[...], or encode it as numbers."
    if time is None and looks_like_times(column):
        advice = f"If it is the time of each row, pass time={name!r}. Otherwise, leave it out by features=[...]."
    raise TypeError(f"Column {name!r} holds {found}, but features must be numbers. {advice}")


def _check_no_nested(column, name):
    """Refuse a column whose first cell is a sequence or a record."""
    cell = first_cell(column)
    if is_sequence(cell):
        raise TypeError(
            f"Each cell of column {name!r} is a sequence, but in a long dataframe a row is one timestep. A column of "
            f"sequences is read by Sequences.from_list(frame[{name!r}])."
        )
    if isinstance(cell, Mapping):
        raise TypeError(f"Column {name!r} holds records. {ADVICE_ON_RECORDS}")


def common_feature_names(X, name="X"):
    """Return the column names if X is a list of dataframes, which must have the same columns, otherwise None."""
    if not isinstance(X, list | tuple):
        return None
    columns = {i: list(frame.columns) for i, frame in enumerate(X) if has_columns(frame)}
    if not columns:
        return None
    first, names = next(iter(columns.items()))
    for i, others in columns.items():
        if others != names:
            raise ValueError(
                f"{name}[{i}] has the columns {short_repr(others)}, but {name}[{first}] has {short_repr(names)}. "
                "All dataframes must have the same columns in the same order."
            )
    return names_if_strings(names) if len(columns) == len(X) else None


def has_columns(X):
    """Return whether X is a dataframe, whose columns may have names."""
    return hasattr(X, "__array__") and hasattr(X, "columns")


def check_rows_are_sequences(frame):
    """Refuse, or warn of, a dataframe whose rows are probably not sequences, although they are read as such."""
    index, columns, n_rows = getattr(frame, "index", None), list(frame.columns), len(frame)
    if getattr(index, "nlevels", 1) > 1:
        sample, time, *_ = (name or "..." for name in index.names)
        raise TypeError(
            "X is a dataframe with several index levels, of which a row is not a sequence: pass "
            f"Sequences.from_frame(X, sample={sample!r}, time={time!r})."
        )
    are_names = all(isinstance(column, str) and not any(map(str.isdigit, column)) for column in columns)
    has_times = type(index).__name__ in TIME_INDEXES
    if are_names and n_rows > len(columns) and (has_times or len(columns) > 1):
        warn_user(
            f"X is a dataframe whose rows are read as {n_rows} univariate sequences, with the {len(columns)} columns "
            "as timesteps. If the columns are features and the rows are the timesteps of one sequence, pass [X]; of "
            "several sequences, Sequences.from_frame(X, sample=...). If the rows are sequences, pass X.to_numpy()."
        )


def names_if_strings(names):
    """Return column names as a tuple if they are feature names too (different strings), otherwise None."""
    names = tuple(names)
    return names if all(isinstance(name, str) for name in names) and len(set(names)) == len(names) else None


def check_feature_names(names, n_features):
    """Return `n_features` feature names, which must be different strings."""
    names = _check_names(names, "feature_names")
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"feature_names must be strings, got {short_repr(names)}.")
    if len(names) != n_features or len(set(names)) < n_features:
        raise ValueError(f"Expected {n_features} different feature_names, got {short_repr(names)}.")
    return names


def _check_names(names, parameter):
    """Return column names as a list."""
    if isinstance(names, str | bytes | dict) or not np.iterable(names):
        raise TypeError(f"{parameter} must be a list of column names, got {short_repr(names)}.")
    for name in names:
        try:
            hash(name)
        except TypeError:
            raise TypeError(f"{parameter} must be column names, got {short_repr(name)}.") from None
    return list(names)


def _check_columns(frame, names):
    """Raise an error if a named column of a dataframe is missing or duplicated."""
    columns = list(frame.columns)
    for name in names:
        if columns.count(name) != 1:
            raise ValueError(
                f"Expected one column {short_repr(name)}, found {columns.count(name)}. The columns are {columns}."
            )


def _check_present(column, name):
    """Return a column without missing values as a list."""
    items = column.to_list()
    for row, item in enumerate(items):
        if is_missing(item):
            raise ValueError(f"Column {name!r} has a missing value (NaN or null) at row {row}. Drop or impute it.")
    return items


def _order_in_time(times, items, codes, labels, advice):
    """Return the order of rows by sample, and by time within each sample.

    Errors show the items of the column, and code that drops duplicated rows.
    """
    order = np.argsort(times, kind="stable")
    order = order[np.argsort(codes[order], kind="stable")]
    is_duplicate = (np.diff(codes[order]) == 0) & (times[order][1:] == times[order][:-1])
    if is_duplicate.any():
        row = order[:-1][is_duplicate][0]
        raise ValueError(
            f"Sample {labels[codes[row]]!r} has time {items[row]} twice. Drop or combine such rows, for example by "
            f"{advice}; or pass time=None if the rows are in the order of time already, to read "
            "them without times."
        )
    return order


def make_frame(sequences, sample, time, features, library):
    """Return sequences as a long dataframe of a library."""
    if library not in ("pandas", "polars"):
        raise ValueError(f"library must be 'pandas' or 'polars', got {library!r}.")
    frames = import_optional(library, library)
    values, lengths = sequences.packed, sequences.lengths
    features = [f"x{i}" for i in range(values.shape[1])] if features is None else features
    features = _check_names(features, "features")
    samples = sample if isinstance(sample, list) else [sample]
    _check_names([*samples, time], "sample and time")
    if len(features) != values.shape[1]:
        raise ValueError(f"Expected names of {values.shape[1]} features, got {len(features)}: {features}.")
    names = [*samples, time, *features]
    if len(set(names)) < len(names):
        raise ValueError(f"Column names must be unique, got {names}.")
    rows = np.repeat(np.arange(len(lengths)), lengths)
    columns = [*(ids[rows] for ids in _split_ids(sequences, samples)), times_or_timesteps(sequences)]
    columns = [_as_column(column, library) for column in columns]
    return frames.DataFrame(dict(zip(names, [*columns, *values.T], strict=True)))


def _split_ids(sequences, names):
    """Return an array (N,) for each of the sample columns; the parts of ids that are tuples are columns."""
    ids = ids_or_numbers(sequences)
    labels = ids.tolist()
    n_parts = {len(label) if isinstance(label, tuple) else 0 for label in labels}
    if n_parts <= {0} and len(names) == 1:
        return [ids]
    if n_parts == {len(names)}:
        return [as_labels([label[i] for label in labels]) for i in range(len(names))]
    raise ValueError(
        f"The ids, such as {short_repr(labels[0])}, do not fit {len(names)} sample column(s): pass one name for each "
        f"part of the ids, sample=[...], got {short_repr(names)}."
    )


def _as_column(array, library):
    """Return an array as a column from which a library infers its own type: of text, or of times with a time zone."""
    if array.dtype.kind == "O":
        zone = getattr(array[0], "tzinfo", None) if len(array) else None
        zone = getattr(zone, "key", getattr(zone, "zone", None))  # of zoneinfo, or of pytz
        return array.tolist() if library == "pandas" or zone is None else _as_polars_times(array, zone)
    if array.dtype.kind in "mM" and library == "polars" and np.datetime_data(array.dtype)[0] not in ("ms", "us", "ns"):
        return array.astype(f"{array.dtype.kind}8[ms]")
    return array


def _as_polars_times(times, zone):
    """Return times with a time zone as a column of polars, of which some versions would change the zone to UTC."""
    polars = import_optional("polars", "polars")
    in_utc = [time.astimezone(UTC).replace(tzinfo=None) for time in times]
    return polars.Series(np.array(in_utc, "M8[us]")).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
