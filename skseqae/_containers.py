"""How others hold sequences (nests, dataframes, Arrow columns), read as arrays of numbers and made of them."""

import reprlib
from numbers import Complex, Number, Real

import numpy as np

from .runtime._optional_imports import import_optional

NUMERIC_KINDS = "biuf"
AXES = ("timestep", "feature")
EXPECTED = "a list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or Sequences"


def show(value):
    """Return a repr of a line at most, whatever the value: it may be long, nested deeply, or have none."""
    try:
        return " ".join(reprlib.repr(value).split())
    except Exception:  # foreign code
        return f"a {type(value).__name__}"


def as_arrays(X, name="X", axes=AXES, expected=EXPECTED):
    """Return X as one array, or as a list of arrays where its sequences have their own lengths.

    Errors call it by the name, and what is in one of its items by the `axes`.
    """
    if isinstance(X, (list, tuple)):
        arrays = [_as_numeric(item, f"{name}[{i}]", axes, expected) for i, item in enumerate(X)]
        is_nest = not any(hasattr(item, "__array__") and np.ndim(item) for item in X)
        is_rectangular = len({array.shape for array in arrays}) == 1
        return np.stack(arrays) if is_nest and is_rectangular else arrays
    array = as_array(X, name, expected)
    if array.ndim == 1 and array.dtype.kind not in NUMERIC_KINDS:
        return as_arrays(list(array), name, axes, expected)
    return array


def _as_numeric(item, name, axes, expected):
    """Return one element of a list as an array of numbers, of whatever precision."""
    array = as_array(item, name, expected)
    return array if array.dtype.kind in NUMERIC_KINDS else as_floats(array, name, axes)


def as_array(value, name, expected=EXPECTED):
    """Return anything array-like as an array, but for what numpy would misread."""
    if type(value) is np.ndarray:
        return value
    kind = type(value).__name__
    if hasattr(value, "tocsr"):
        raise TypeError(f"{name} is sparse ({kind}), expected a dense array: pass {name}.toarray().")
    if hasattr(value, "to_pylist"):
        raise TypeError(f"{name} is an Arrow {kind}: read a column of lists by Sequences.from_arrow.")
    if hasattr(value, "row_lengths"):
        parts = f"{name}.values.numpy(), {name}.row_lengths().numpy()"
        raise TypeError(f"{name} is a {kind}: pass Sequences.from_packed({parts}).")
    if isinstance(value, (list, tuple)):
        return _nest_as_array(value, name)
    if (hasattr(value, "__array__") and not isinstance(value, type)) or isinstance(value, Number):
        return as_any_array(value, name)
    raise TypeError(f"{name} is of type {kind}, not numbers. Expected {expected}.")


def as_any_array(value, name):
    """Return what numpy makes of a value, or say that it makes nothing of it."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask would be lost: pass {name}.filled(np.nan).")
    try:
        return np.asarray(value)
    except MemoryError:
        raise
    except Exception as error:  # foreign code, and the words of numpy
        raise TypeError(f"{name} is {show(value)}, of which numpy makes no array: {error}") from error


def _nest_as_array(nest, name):
    """Return nested lists as an array, or name the timestep at which they spell none."""
    try:
        array = np.asarray(nest)
    except ValueError:
        raise ValueError(f"{name} {_describe_nest(nest)}") from None
    except RuntimeError as error:
        raise TypeError(f"{name} is {show(nest)}, of which numpy makes no array: {error}") from error
    # Where one string is among numbers, numpy makes strings of all.
    return array if array.dtype.kind in NUMERIC_KINDS else np.asarray(nest, dtype=object)


def _describe_nest(nest):
    """Say why nested lists spell no array."""
    counts = [len(step) if isinstance(step, list | tuple) else np.size(step) for step in nest]
    timestep = next((t for t, count in enumerate(counts) if count != counts[0]), None)
    if timestep is None:
        found = "nests lists too deeply, or has timesteps of different kinds"
    else:
        found = f"has {counts[timestep]} feature(s) at timestep {timestep}, but {counts[0]} at timestep 0"
    return f"{found}. Each timestep must be a number, or a list of as many numbers as the others."


def as_floats(array, name, axes=AXES):
    """Return an array as float32 where it is that, otherwise as float64; errors name the place along `axes`."""
    kind = array.dtype.kind
    if kind in NUMERIC_KINDS:
        is_float32 = kind == "f" and array.dtype.itemsize == 4
        with np.errstate(over="ignore"):  # a long double that becomes inf is refused as inf
            return array.astype(np.float32 if is_float32 else np.float64, copy=False)
    if kind in "mMV":  # as objects, dates would pass for numbers
        raise TypeError(f"{name} is of type {array.dtype}, expected real numbers.")
    floats = np.empty(array.shape)
    for index, value in np.ndenumerate(array.astype(object)):
        try:
            floats[index] = _as_float(value)
        except (TypeError, ValueError) as error:
            place = "".join(f", {axis} {i}" for axis, i in zip(axes, index, strict=False))
            raise type(error)(f"{name}{place} is {show(value)}: {error}") from None
    return floats


def _as_float(value):
    """Return one Python object as a float, and one that stands for no value as NaN."""
    if _is_none(value):
        return np.nan
    if isinstance(value, (Real, np.bool_)):
        try:
            return float(value)
        except OverflowError:
            raise ValueError("it overflows float32. Rescale this feature.") from None
    if isinstance(value, Complex):
        raise ValueError("Complex data not supported. Pass real and imaginary parts as two features.")
    # scikit-learn's check_dtype_object looks for these words.
    raise TypeError("each argument must be real. Turn a string or another object into a number first.")


def _is_none(value):
    return value is None or type(value).__name__ == "NAType"  # the latter is the NA of pandas


def is_missing(value):
    """Tell whether an object stands for no value: None, NA or a NaN."""
    try:
        return _is_none(value) or bool(value != value)
    except Exception:  # what cannot be compared with itself, such as an array, is there
        return False


def pack_frame(frame, sample, time, features):
    """Sort a long dataframe of S rows into packed values (S, F), lengths (N,), the samples' labels and the features."""
    if not (hasattr(frame, "to_numpy") and hasattr(frame, "columns")):
        advice = " Pass frame.collect()." if hasattr(frame, "collect") else ""
        raise TypeError(f"Expected a pandas or polars dataframe, got {type(frame).__name__}.{advice}")
    _check_names([sample, time], "sample and time")
    keys = [sample] if time is None else [sample, time]
    levels = getattr(getattr(frame, "index", None), "names", ())  # pandas may hold a sample's rows together by these
    levels = [key for key in keys if key in levels and key not in frame.columns]
    frame = frame.reset_index(level=levels) if levels else frame
    if features is None:
        features = [column for column in frame.columns if column not in keys]
    features = _check_names(features, "features")
    if not features:
        raise ValueError(f"Found frame with 0 feature(s) beside {keys} while a minimum of 1 is required.")
    _check_columns(frame, [*keys, *features])
    # By hashing, because labels of different kinds cannot be sorted.
    code_of = {}
    codes = [code_of.setdefault(label, len(code_of)) for label in _check_present(frame[sample], sample)]
    codes, labels = np.array(codes, dtype=np.int64), list(code_of)
    if time is None:
        order = np.argsort(codes, kind="stable")
    else:
        _check_present(frame[time], time)
        order = _order_in_time(np.asarray(frame[time]), codes, labels)
    columns = [as_floats(np.asarray(frame[column]), f"column {column!r}", ("row",)) for column in features]
    return np.stack(columns, axis=1)[order], np.bincount(codes, minlength=len(labels)), labels, features


def shared_names(X, name="X"):
    """Return the names of the columns where X is a list of dataframes, which must have the same; otherwise None."""
    if not isinstance(X, list | tuple):
        return None
    columns = {i: list(frame.columns) for i, frame in enumerate(X) if has_columns(frame)}
    if not columns:
        return None
    first, names = next(iter(columns.items()))
    for i, others in columns.items():
        if others != names:
            raise ValueError(
                f"{name}[{i}] has the columns {show(others)}, but {name}[{first}] has {show(names)}. Every dataframe "
                "must have the same columns, in one order."
            )
    return names_if_strings(names) if len(columns) == len(X) else None


def has_columns(X):
    """Tell whether X is a dataframe, whose columns may have names."""
    return hasattr(X, "__array__") and hasattr(X, "columns")


def names_if_strings(names):
    """Return names of columns, a tuple, where they are names of features too: strings, each once."""
    names = tuple(names)
    return names if all(isinstance(name, str) for name in names) and len(set(names)) == len(names) else None


def check_feature_names(names, n_features):
    """Return names of so many features, strings that are all different."""
    names = _check_names(names, "feature_names")
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"feature_names must be strings, got {show(names)}.")
    if len(names) != n_features or len(set(names)) < n_features:
        raise ValueError(f"Expected {n_features} different feature_names, got {show(names)}.")
    return names


def _check_names(names, what):
    """Return names of columns as a list."""
    if isinstance(names, str | bytes | dict) or not np.iterable(names):
        raise TypeError(f"{what} must be a list of names of columns, got {show(names)}.")
    for name in names:
        try:
            hash(name)
        except TypeError:
            raise TypeError(f"{what} must be names of columns, got {show(name)}.") from None
    return list(names)


def _check_columns(frame, names):
    """Refuse a dataframe in which a named column is missing or comes twice."""
    columns = list(frame.columns)
    for name in names:
        if columns.count(name) != 1:
            raise ValueError(
                f"Expected one column {show(name)}, found {columns.count(name)}. The columns are {columns}."
            )


def _check_present(column, name):
    """Return a column as a list, none of whose values is missing."""
    items = column.to_list()
    for row, item in enumerate(items):
        if is_missing(item):
            raise ValueError(f"Column {name!r} has no value (NaN or null) at row {row}. Drop such rows or fill them.")
    return items


def _order_in_time(times, codes, labels):
    """Return the order of rows by sample, and by time within each."""
    order = np.argsort(times, kind="stable")
    order = order[np.argsort(codes[order], kind="stable")]
    is_twice = (np.diff(codes[order]) == 0) & (times[order][1:] == times[order][:-1])
    if is_twice.any():
        row = order[:-1][is_twice][0]
        raise ValueError(f"Sample {labels[codes[row]]!r} has time {times[row]} twice. Drop or combine such rows.")
    return order


def pack_arrow(column):
    """Flatten an Arrow column of N lists into packed values (S,) or (S, F), and lengths (N,)."""
    if hasattr(getattr(column, "array", None), "__arrow_array__"):  # as pandas before 3 hands it over
        column = column.array.__arrow_array__()
    if hasattr(column, "__arrow_c_stream__") and not hasattr(column, "combine_chunks"):
        column = import_optional("pyarrow", "arrow").chunked_array(column)
    array = _storage(column.combine_chunks() if hasattr(column, "combine_chunks") else column)
    if not hasattr(array, "value_lengths"):
        advice = " Pass a column of it, such as table['x']." if hasattr(array, "column_names") else ""
        kind = getattr(array, "type", type(array).__name__)
        raise TypeError(f"Expected a pyarrow column of lists, got {kind}.{advice}")
    values, lengths = _flatten_lists(array, "X[{}]".format)
    if not hasattr(values, "value_lengths"):
        return values.to_numpy(zero_copy_only=False), lengths

    def name(row):
        return "X[{}], timestep {}".format(*locate(row, lengths))

    values, widths = _flatten_lists(values, name)
    wrong = np.flatnonzero(widths != widths[:1])
    if wrong.size:
        raise ValueError(f"{name(wrong[0])} has {widths[wrong[0]]} features, but the first timestep has {widths[0]}.")
    shape = (len(widths), widths[0] if widths.size else 1)
    return values.to_numpy(zero_copy_only=False).reshape(shape), lengths


def _flatten_lists(array, name):
    """Return what the lists of an Arrow array hold, one after another, and how much each holds."""
    if array.null_count:
        row = array.is_null().to_pylist().index(True)
        raise ValueError(f"{name(row)} is null. Drop it; an empty sequence is an empty list.")
    return _storage(array.flatten()), array.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)


def _storage(array):
    """Return what an Arrow array of an extension type, such as Awkward Array's, is made of."""
    return getattr(array, "storage", array)


def make_frame(values, lengths, sample, time, features, library):
    """Return packed values (S, F) and lengths (N,) as a long dataframe of a library."""
    if library not in ("pandas", "polars"):
        raise ValueError(f"library must be 'pandas' or 'polars', got {library!r}.")
    frames = import_optional(library, library)
    features = [f"x{i}" for i in range(values.shape[1])] if features is None else features
    features = _check_names(features, "features")
    _check_names([sample, time], "sample and time")
    if len(features) != values.shape[1]:
        raise ValueError(f"Expected names of {values.shape[1]} features, got {len(features)}: {features}.")
    names = [sample, time, *features]
    if len(set(names)) < len(names):
        raise ValueError(f"Expected a name of its own for each column, got {names}.")
    starts = np.cumsum(lengths) - lengths
    rows = [np.repeat(np.arange(len(lengths)), lengths), np.arange(len(values)) - np.repeat(starts, lengths)]
    return frames.DataFrame(dict(zip(names, [*rows, *values.T], strict=True)))


def make_arrow(values, lengths):
    """Return packed values (S, F) and lengths (N,) as an Arrow column of lists."""
    arrow = import_optional("pyarrow", "arrow")
    steps = arrow.array(values.ravel())
    if values.shape[1] > 1:
        steps = arrow.FixedSizeListArray.from_arrays(steps, values.shape[1])
    # large lists, because 32 bits do not count the timesteps of every memory map
    return arrow.LargeListArray.from_arrays(np.append(0, np.cumsum(lengths)), steps)


def locate(row, lengths):
    """Return the sample and the timestep that stand at a row of packed values."""
    ends = np.cumsum(lengths)
    sample = np.searchsorted(ends, row, side="right")
    return sample, row - ends[sample] + lengths[sample]
