"""Invalid sequences and rows by name: the input, the type of the error, and a pattern of its message.

A message names the row, and its timestep and feature if there are any, or otherwise the argument.
"""

import collections
import datetime
import decimal
import fractions

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from scipy import sparse

from skseqae import Sequences

NAN, INF = np.nan, np.inf
ARRAYS = [np.ones((4, 2)), np.zeros((3, 2)), np.full((5, 2), 2.0)]
TOO_LARGE = r"overflows float32"


def arrays_with(value, dtype=float):
    """Return a list of three arrays, with a value in row 1 at timestep 2, feature 1."""
    arrays = [x.astype(dtype) for x in ARRAYS]
    arrays[1][2, 1] = value
    return arrays


def array_3d(value, dtype=float):
    X = np.ones((3, 4, 2), dtype=dtype)
    X[1, 2, 1] = value
    return X


def array_2d(value, dtype=float):
    X = np.ones((3, 4), dtype=dtype)
    X[1, 2] = value
    return X


def object_array(*items):
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def nested_lists(depth):
    value = 1.0
    for _ in range(depth):
        value = [value]
    return value


def recursive_list():
    value = []
    value.append(value)
    return value


class WithoutArray:
    """An object whose conversion to an array fails."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array")


class WithoutLength:
    def __len__(self):
        raise RuntimeError("no length")


AT_FEATURE, AT_TIMESTEP = r"X\[1\] has {} at timestep 2, feature 1", r"X\[1\] has {} at timestep 2\."
NOT_NUMERIC = r"X is of type {}, not numbers"

# numbers that are not allowed in sequences
BAD_VALUES = {
    "NaN in a list": (arrays_with(NAN), ValueError, AT_FEATURE.format("NaN")),
    "NaN in a tuple": (tuple(arrays_with(NAN)), ValueError, AT_FEATURE.format("NaN")),
    "NaN in an object array": (object_array(*arrays_with(NAN)), ValueError, AT_FEATURE.format("NaN")),
    "NaN in a 3-D array": (array_3d(NAN), ValueError, AT_FEATURE.format("NaN")),
    "NaN in float32": (array_3d(NAN, np.float32), ValueError, AT_FEATURE.format("NaN")),
    "NaN in float16": (array_3d(NAN, np.float16), ValueError, AT_FEATURE.format("NaN")),
    "NaN in a 2-D array": (array_2d(NAN), ValueError, AT_TIMESTEP.format("NaN")),
    "NaN in a dataframe": (pd.DataFrame(array_2d(NAN)), ValueError, AT_TIMESTEP.format("NaN")),
    "NaN in Sequences": (
        Sequences.from_list(arrays_with(NAN), allow_missing=True),
        ValueError,
        AT_FEATURE.format("NaN"),
    ),
    "NaN in nested lists": ([[[1, 2], [3, 4]], [[5, NAN]]], ValueError, r"X\[1\] has NaN at timestep 0, feature 1"),
    "None in nested lists": ([[1.0, 2.0, 3.0], [4.0, None, 5.0]], ValueError, r"X\[1\] has NaN at timestep 1"),
    "NA in nested lists": ([[1.0], [pd.NA, 2.0]], ValueError, r"X\[1\] has NaN at timestep 0"),
    "NA of pandas": (pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": [1, 2]}), ValueError, r"X\[1\] has NaN"),
    "null of polars": (pl.DataFrame({"a": [1.0, None], "b": [1.0, 2.0]}), ValueError, r"X\[1\] has NaN at timestep 0"),
    "inf in a list": (arrays_with(INF), ValueError, AT_FEATURE.format("inf")),
    "-inf in a list": (arrays_with(-INF), ValueError, AT_FEATURE.format("-inf")),
    "inf in a 3-D array": (array_3d(INF), ValueError, AT_FEATURE.format("inf")),
    "inf in a 2-D array": (array_2d(INF), ValueError, AT_TIMESTEP.format("inf")),
    "inf at the end": (np.array([[1.0, 2.0], [3.0, INF]]), ValueError, r"X\[1\] has inf at timestep 1"),
    "inf in polars": (pl.DataFrame(array_2d(INF)), ValueError, AT_TIMESTEP.format("inf")),
    "inf in nested lists": ([[1.0], [2.0, INF]], ValueError, r"X\[1\] has inf at timestep 1"),
    "too large in a list": (arrays_with(1e39), ValueError, AT_FEATURE.format(r"1e\+39") + r"\. It " + TOO_LARGE),
    "too large in a 3-D array": (array_3d(-1e300), ValueError, AT_FEATURE.format(r"-1e\+300") + r"\. It " + TOO_LARGE),
    "too large in a 2-D array": (array_2d(3.5e38), ValueError, TOO_LARGE),
    "too large for a double": (array_3d(np.longdouble("1e400"), np.longdouble), ValueError, AT_FEATURE.format("inf")),
    "a large integer": ([[1, 2], [10**39]], ValueError, r"X\[1\] has 1e\+39 at timestep 0"),
    "a huge integer": ([[1, 2], [10**400]], ValueError, r"X\[1\], timestep 0 is 10+\.\.\.0+: it overflows"),
    "a huge fraction": ([[1.0], [fractions.Fraction(10**400), 1]], ValueError, r"X\[1\], timestep 0 is Fraction"),
}
# inputs that are not numeric
BAD_TYPES = {
    "None": (None, TypeError, NOT_NUMERIC.format("NoneType")),
    "a string": ("abc", TypeError, NOT_NUMERIC.format("str")),
    "bytes": (b"abc", TypeError, NOT_NUMERIC.format("bytes")),
    "a dict": ({"a": [1.0]}, TypeError, NOT_NUMERIC.format("dict")),
    "a set": ({1, 2}, TypeError, NOT_NUMERIC.format("set")),
    "a range": (range(5), TypeError, NOT_NUMERIC.format("range")),
    "an iterator": (iter(ARRAYS), TypeError, NOT_NUMERIC.format("list_iterator")),
    "a deque": (collections.deque(ARRAYS), TypeError, NOT_NUMERIC.format("deque")),
    "an object": (object(), TypeError, NOT_NUMERIC.format("object")),
    "a class": (Sequences, TypeError, NOT_NUMERIC.format("type")),
    "an array class": (np.ndarray, TypeError, NOT_NUMERIC.format("type")),
    "a function": (len, TypeError, NOT_NUMERIC.format("builtin_function_or_method")),
    "not convertible to an array": (
        WithoutArray(),
        TypeError,
        r"X is .*, which NumPy cannot convert to an array: no array",
    ),
    "not convertible to an array in a list": (
        [ARRAYS[0], WithoutArray()],
        TypeError,
        r"X\[1\] is .*, which NumPy cannot convert",
    ),
    "no length in nested lists": ([[1.0], [WithoutLength(), 2.0]], TypeError, r"X\[1\], timestep 0 is <"),
    "None in a list": ([ARRAYS[0], None], TypeError, r"X\[1\] is of type NoneType"),
    "a dict in a list": ([ARRAYS[0], {"a": 1}], TypeError, r"X\[1\] is of type dict"),
    "a dict in nested lists": ([[1.0], [{"a": 1}, 2.0]], TypeError, r"X\[1\], timestep 0 is \{'a': 1\}"),
    "strings": (["abc", "de"], TypeError, r"X\[0\] is of type str"),
    "strings in nested lists": ([[1.0], ["a", "b"]], TypeError, r"X\[1\], timestep 0 is 'a'"),
    "a number as a string": ([[1.0, 2.0], ["3.0"]], TypeError, r"X\[1\], timestep 0 is '3\.0'"),
    "bytes in nested lists": ([[1.0], [2.0, b"3"]], TypeError, r"X\[1\], timestep 1 is b'3'"),
    "strings in a 3-D array": (array_3d("a", object), TypeError, r"X\[1\], timestep 2, feature 1 is 'a'"),
    "strings in a 2-D array": (np.array([["a", "b"]]), TypeError, r"X\[0\], timestep 0 is 'a'"),
    "strings in a dataframe": (pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}), TypeError, r"X\[0\], timestep 1"),
    "strings in polars": (pl.DataFrame({"a": ["x", "y"]}), TypeError, r"X\[0\], timestep 0 is 'x'"),
    "a series of strings": (pd.Series(["a", "b"]), TypeError, r"X\[0\] is of type str"),
    "categories": (pd.DataFrame({"a": pd.Categorical(["x", "y"])}), TypeError, r"X\[0\], timestep 0 is 'x'"),
    "lists in polars": (pl.DataFrame({"a": [[1.0], [3.0]], "b": 1}), TypeError, r"each cell of \['a'\] is a sequence"),
    "objects": (array_3d(object(), object), TypeError, r"X\[1\], timestep 2, feature 1 is <object"),
    "a signaling NaN": (array_2d(decimal.Decimal("sNaN"), object), ValueError, r"X\[1\], timestep 2 is Decimal"),
    "complex numbers in a 3-D array": (array_3d(1j, complex), ValueError, "X.*Complex data not supported"),
    "complex numbers in a list": (arrays_with(1j, complex), ValueError, r"X\[0\].*Complex data not supported"),
    "a complex number in nested lists": ([[1.0], [2.0, 1j]], ValueError, r"X\[1\], timestep 1 is 1j: Complex data"),
    "dates": (np.zeros((3, 4), "M8[s]"), TypeError, r"X\[0\] is of type datetime64"),
    "dates in a list": ([np.ones(2), np.zeros(2, "M8[s]")], TypeError, r"X\[1\] is of type datetime64"),
    "durations": (np.zeros((3, 4, 2), "m8[s]"), TypeError, r"X\[0\] is of type timedelta64"),
    "a date in nested lists": ([[1.0], [datetime.date(2020, 1, 1), 2.0]], TypeError, r"X\[1\], timestep 0 is datetime"),
    "dates in a dataframe": (pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}), TypeError, r"X\[0\] is of type date"),
    "records": (np.zeros((3, 4), [("a", "f4"), ("b", "f4")]), TypeError, r"X\[0\] is of type \[\('a'"),
    "a sparse matrix": (sparse.csr_matrix(np.eye(3)), TypeError, r"X is sparse .*toarray"),
    "a sparse array": (sparse.coo_array(np.eye(3)), TypeError, r"X is sparse .*toarray"),
    "a sparse matrix in a list": ([np.eye(3), sparse.csr_array(np.eye(3))], TypeError, r"X\[1\] is sparse"),
    "a masked array": (np.ma.masked_equal(np.ones((3, 4)), 2), TypeError, r"X is a masked array.*filled"),
    "a masked array in a list": ([np.ones(2), np.ma.ones(2)], TypeError, r"X\[1\] is a masked array"),
    "an Arrow column": (pa.array([[1.0], [2.0, 3.0]]), TypeError, "X is an Arrow ListArray.*from_arrow"),
    "an Arrow table": (pa.table({"a": [1.0]}), TypeError, "X is an Arrow Table"),
}
# shapes that are not shapes of sequences
BAD_SHAPES = {
    "no samples in a list": ([], ValueError, r"0 sample\(s\)"),
    "no samples in a 3-D array": (np.empty((0, 4, 2)), ValueError, r"0 sample\(s\) \(shape=\(0, 4, 2\)\)"),
    "no samples in a 2-D array": (np.empty((0, 4)), ValueError, r"0 sample\(s\)"),
    "no samples in a dataframe": (pd.DataFrame({"a": []}), ValueError, r"0 sample\(s\)"),
    "no samples in Sequences": (Sequences.from_list(ARRAYS)[:0], ValueError, r"0 sample\(s\)"),
    "no features": (np.empty((3, 4, 0)), ValueError, r"0 feature\(s\)"),
    "no columns": (np.empty((3, 0)), ValueError, r"0 feature\(s\)"),
    "no features in a list": ([np.empty((4, 0))] * 2, ValueError, r"0 feature\(s\)"),
    "no features in one": ([np.ones((4, 2)), np.empty((4, 0))], ValueError, r"X\[1\] has 0 features per timestep"),
    "channels first": ([np.ones((2, 4)), np.ones((2, 3))], ValueError, r"X\[1\] has 3 .*from_channels_first"),
    "no timesteps": (np.empty((3, 0, 2)), ValueError, r"0 timestep\(s\)"),
    "no timesteps in a list": ([[], []], ValueError, r"0 feature\(s\)|All 2 sequences are empty"),
    "padding alone": (np.full((3, 4, 2), NAN), ValueError, "All 3 sequences are empty"),
    "a number": (3.0, ValueError, r"got shape \(\)\. Reshape your data"),
    "a 0-D array": (np.array(3.0), ValueError, r"got shape \(\)\. Reshape your data"),
    "one dimension": (np.ones(5), ValueError, r"got shape \(5,\)\. Reshape your data"),
    "a list of numbers": ([1.0, 2.0], ValueError, r"got shape \(2,\)\. Reshape your data"),
    "a series": (pd.Series([1.0, 2.0]), ValueError, r"got shape \(2,\)\. Reshape your data"),
    "a number among lists": ([[1.0, 2.0], 3.0], ValueError, r"X\[1\] is a single number"),
    "four dimensions": (np.ones((2, 3, 4, 5)), ValueError, r"4-D of shape \(2, 3, 4, 5\)"),
    "three dimensions in a list": ([np.ones((2, 3)), np.ones((2, 3, 4))], ValueError, r"X\[1\] has shape \(2, 3, 4\)"),
    "other features": ([np.ones((4, 2)), np.ones((4, 3))], ValueError, r"X\[1\] has 3 features per timestep"),
    "numbers among vectors": ([np.ones((4, 2)), np.ones(4)], ValueError, r"X\[1\] has no feature axis"),
    "a timestep too short": ([[[1, 2]], [[3, 4], [5]]], ValueError, r"X\[1\] has 1 feature\(s\) at timestep 1"),
    "a string for a timestep": ([[[1, 2]], [[3, 4], "ab"]], ValueError, r"X\[1\] has 1 feature\(s\) at timestep 1"),
    "lists ten deep": (nested_lists(10), ValueError, "10-D"),
    "lists too deep": ([[1.0], nested_lists(80)], ValueError, r"X\[1\] nests lists too deeply"),
    "lists a thousand deep": ([[1.0], nested_lists(1000)], ValueError, r"X\[1\] nests lists too deeply"),
    "a list that contains itself": ([[1.0], recursive_list()], ValueError, r"X\[1\] nests lists too deeply"),
}
BAD_SEQUENCES = BAD_VALUES | BAD_TYPES | BAD_SHAPES

# rows, for the dense autoencoder, and encodings; `{}` is the name of the argument
BAD_ROWS = {
    "NaN": (array_2d(NAN), ValueError, r"{}\[1\] has NaN in column 2"),
    "inf": (array_2d(-INF), ValueError, r"{}\[1\] has -inf in column 2"),
    "too large": (array_2d(1e39), ValueError, r"{}\[1\] has 1e\+39 in column 2\. It overflows float32"),
    "None": (None, TypeError, r"{} is of type NoneType, not numbers"),
    "a string": (array_2d("a", object), TypeError, r"{}\[1\], column 2 is 'a'"),
    "a string in a list": ([[1.0, 2.0], [3.0, "4"]], TypeError, r"{}\[1\], column 1 is '4'"),
    "rows of other lengths": ([[1.0, 2.0], [3.0]], ValueError, r"{}\[1\] has shape \(1,\), but {}\[0\] has \(2,\)"),
    "complex numbers": (array_2d(1j, complex), ValueError, r"{}\[0\].*Complex data not supported"),
    "sparse": (sparse.csr_array(np.eye(4)), TypeError, r"{} is sparse"),
    "masked": (np.ma.ones((3, 4)), TypeError, r"{} is a masked array"),
    "dates": (np.zeros((3, 4), "M8[s]"), TypeError, r"{}\[0\] is of type datetime64"),
    "durations": (np.zeros((3, 4), "m8[s]"), TypeError, r"{}\[0\] is of type timedelta64"),
    "one dimension": (np.ones(4), ValueError, r"{} has shape \(4,\), expected an array \(N, F\)\. Reshape your data"),
    "three dimensions": (np.ones((2, 3, 4)), ValueError, r"{} has shape \(2, 3, 4\), expected an array \(N, F\)"),
    "no rows": (np.empty((0, 4)), ValueError, r"0 sample\(s\)"),
    "no columns": (np.empty((3, 0)), ValueError, r"0 feature\(s\)"),
    "not convertible to an array": (WithoutArray(), TypeError, r"{} is .*, which NumPy cannot convert to an array"),
}
