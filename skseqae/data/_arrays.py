"""Conversion of array-likes (nested lists, dataframes, columns, object arrays) to arrays of real numbers."""

import reprlib
from decimal import Decimal
from numbers import Complex, Number, Real

import numpy as np

NUMERIC_KINDS = "biuf"
AXES = ("timestep", "feature")
EXPECTED = "a list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or Sequences"


def short_repr(value):
    """Return a repr of at most one line, also of a value whose repr is long, nested deeply or raises an error."""
    try:
        return " ".join(reprlib.repr(value).split())
    except Exception:  # foreign code
        return f"a {type(value).__name__}"


def as_arrays(X, name="X", axes=AXES, expected=EXPECTED):
    """Return X as one array, or as a list of arrays if its sequences have their own lengths.

    Error messages call X `name`, and locate an element of one of its items by indices along `axes`.
    """
    if isinstance(X, (list, tuple)):
        arrays = [as_numeric(item, f"{name}[{i}]", axes, expected) for i, item in enumerate(X)]
        is_nest = not any(hasattr(item, "__array__") and np.ndim(item) for item in X)
        is_rectangular = len({array.shape for array in arrays}) == 1
        return np.stack(arrays) if is_nest and is_rectangular else arrays
    array = as_array(X, name, expected)
    if array.ndim == 1 and array.dtype.kind not in NUMERIC_KINDS:
        return as_arrays(list(array), name, axes, expected)
    return array


def as_numeric(item, name, axes=AXES, expected=EXPECTED):
    """Return one item of a list as an array of numbers, in any precision."""
    array = as_array(item, name, expected)
    if array.dtype == object and array.ndim == 1 and any(isinstance(step, np.ndarray) for step in array):
        array = as_array([step.tolist() for step in array], name, expected)  # a list of lists of Arrow or polars
    return array if array.dtype.kind in NUMERIC_KINDS else as_floats(array, name, axes)


def as_array(value, name, expected=EXPECTED):
    """Return an array-like as an array, except types that NumPy would misread."""
    if type(value) is np.ndarray:
        return value
    type_name = type(value).__name__
    if hasattr(value, "tocsr"):
        raise TypeError(f"{name} is sparse ({type_name}), expected a dense array: pass {name}.toarray().")
    if hasattr(value, "to_pylist"):
        raise TypeError(f"{name} is an Arrow {type_name}: read a column of lists with Sequences.from_arrow.")
    if hasattr(value, "row_lengths"):
        parts = f"{name}.values.numpy(), {name}.row_lengths().numpy()"
        raise TypeError(f"{name} is a {type_name}: pass Sequences.from_packed({parts}).")
    if isinstance(value, (list, tuple)):
        return _nest_as_array(value, name)
    is_array = hasattr(value, "__array__") and not isinstance(value, type) and not hasattr(value, "to_padded")
    if is_array or isinstance(value, Number):
        return as_any_array(value, name)
    raise TypeError(f"{name} is of type {type_name}, not numbers. Expected {expected}.{_advice_on(value, name)}")


def _advice_on(value, name):
    """Return how to convert an object that holds several arrays to a list of them."""
    if isinstance(value, dict):
        return f" Pass list({name}.values())."
    if hasattr(value, "as_numpy_iterator"):
        return f" Pass list({name}.as_numpy_iterator())."
    return f" Pass list({name})." if hasattr(value, "__next__") else ""


def as_any_array(value, name):
    """Return `np.asarray(value)`, with an error message that contains the name."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask would be lost: pass {name}.filled(np.nan).")
    try:
        return np.asarray(value)
    except MemoryError:
        raise
    except Exception as error:  # foreign code and NumPy's messages, which do not contain the name
        raise TypeError(f"{name} is {short_repr(value)}, which NumPy cannot convert to an array: {error}") from error


def _nest_as_array(nest, name):
    """Return a nested list as an array, or raise an error that names the timestep of an inconsistent shape."""
    try:
        array = np.asarray(nest)
    except ValueError:
        raise ValueError(f"{name} {_describe_nest(nest)}") from None
    except RuntimeError as error:
        raise TypeError(f"{name} is {short_repr(nest)}, which NumPy cannot convert to an array: {error}") from error
    # If one item is a string, NumPy converts all numbers to strings.
    return array if array.dtype.kind in NUMERIC_KINDS else np.asarray(nest, dtype=object)


def _describe_nest(nest):
    """Describe why a nested list is not an array."""
    counts = [len(step) if isinstance(step, list | tuple) else np.size(step) for step in nest]
    timestep = next((t for t, count in enumerate(counts) if count != counts[0]), None)
    if timestep is None:
        found = "nests lists too deeply, or has timesteps of different types"
    else:
        found = f"has {counts[timestep]} feature(s) at timestep {timestep}, but {counts[0]} at timestep 0"
    return f"{found}. Every timestep must be a number, or a list with the same number of values as the others."


def as_floats(array, name, axes=AXES):
    """Return an array as float32 if it is float32, otherwise as float64. Errors give the location along `axes`."""
    kind = array.dtype.kind
    if kind in NUMERIC_KINDS:
        is_float32 = kind == "f" and array.dtype.itemsize == 4
        with np.errstate(over="ignore"):  # a long double that overflows becomes inf, which is an error later
            return array.astype(np.float32 if is_float32 else np.float64, copy=False)
    if kind in "mMV":  # as objects, dates would be converted to numbers
        advice = " Convert times to numbers first, such as days since the first." if kind in "mM" else ""
        raise TypeError(f"{name} is of type {array.dtype}, expected real numbers.{advice}")
    floats = np.empty(array.shape)
    for index, value in np.ndenumerate(array.astype(object)):
        try:
            floats[index] = _as_float(value)
        except (TypeError, ValueError) as error:
            location = "".join(f", {axis} {i}" for axis, i in zip(axes, index, strict=False))
            raise type(error)(f"{name}{location} is {short_repr(value)}: {error}") from None
    return floats


def as_dtype(array, dtype):
    """Return an array of floats as float32 or float64."""
    try:
        is_float = np.dtype(dtype) in (np.float32, np.float64)
    except TypeError:
        is_float = False
    if not is_float:
        raise TypeError(f"dtype must be 'float32', 'float64' or None, got {short_repr(dtype)}.")
    return array.astype(dtype, copy=False)


def _as_float(value):
    """Return one Python object as a float, a missing value as NaN."""
    if _is_none(value):
        return np.nan
    if isinstance(value, (Real, Decimal, np.bool_)):
        try:
            return float(value)
        except OverflowError:
            raise ValueError("it overflows float32. Rescale this feature.") from None
    if isinstance(value, Complex):
        raise ValueError("Complex data not supported. Pass real and imaginary parts as two features.")
    # scikit-learn's check_dtype_object matches "argument must be .* string.* number"
    advice = " Seq2SeqClassifier(tokens=True) reads sequences of strings." if isinstance(value, str) else ""
    raise TypeError(f"each argument must be real. Convert a string or another object to a number first.{advice}")


def _is_none(value):
    return value is None or type(value).__name__ == "NAType"  # pandas.NA


def is_missing(value):
    """Return whether an object is a missing value: None, NA or NaN."""
    try:
        return _is_none(value) or bool(value != value)
    except Exception:  # an object that cannot be compared with itself, such as an array, is not missing
        return False


def is_sequence(cell):
    """Return whether a cell of a column is a list or an array."""
    return isinstance(cell, list | tuple) or (hasattr(cell, "__array__") and np.ndim(cell) > 0)


def first_cell(column):
    """Return the first cell of a column that is not missing, or None."""
    return next((cell for cell in column if is_sequence(cell) or not is_missing(cell)), None)


def locate(row, lengths):
    """Return the sample and the timestep at a row of packed values."""
    ends = np.cumsum(lengths)
    sample = np.searchsorted(ends, row, side="right")
    return sample, row - ends[sample] + lengths[sample]
