"""Invalid targets, labels, tokens, weights and lengths by name: the input, the type of the error, and a pattern."""

import decimal

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

from tests.support.bad_inputs import ARRAYS, INF, NAN, WithoutArray, arrays_with, nested_lists, object_array

THREE_DEEP = np.ones((3, 1, 1, 1))
# targets, for three samples of ARRAYS
BAD_TARGETS = {
    "None": (None, ValueError, "requires y to be passed, but the target y is None"),
    "NaN": ([1.0, NAN, 2.0], ValueError, r"y\[1\] has NaN"),
    "NaN in vectors": (np.array([[1.0, 2], [1, NAN], [1, 2]]), ValueError, r"y\[1\] has NaN in column 1"),
    "NaN in sequences": (arrays_with(NAN), ValueError, r"y\[1\] has NaN at timestep 2, feature 1"),
    "inf": ([1.0, 2.0, INF], ValueError, r"y\[2\] has inf"),
    "too large": ([1.0, 2.0, 1e39], ValueError, r"y\[2\] has 1e\+39\. It overflows float32"),
    "strings": (["a", "b", "c"], TypeError, r"y\[0\] is of type str"),
    "a string": ([1.0, "b", 2.0], TypeError, r"y\[1\] is of type str"),
    "strings in an array": (np.array([["a"], ["b"], ["c"]]), TypeError, r"y\[0\], column 0 is 'a'"),
    "complex numbers": (np.ones(3, complex), ValueError, r"y\[0\].*Complex data not supported"),
    "durations": (np.zeros(3, "m8[s]"), TypeError, r"y\[0\] is"),
    "dict": ({"a": 1}, TypeError, r"y is of type dict"),
    "sparse": (sparse.csr_array(np.eye(3)), TypeError, r"y is sparse"),
    "masked": (np.ma.ones(3), TypeError, r"y is a masked array"),
    "too few": ([1.0, 2.0], ValueError, r"inconsistent numbers of samples: \[3, 2\]"),
    "too many sequences": ([*ARRAYS, ARRAYS[0]], ValueError, r"inconsistent numbers of samples: \[3, 4\]"),
    "four dimensions": (THREE_DEEP, ValueError, "In y: .*4-D of shape"),
    "other features": ([np.ones((2, 2)), np.ones((2, 1)), np.ones((2, 2))], ValueError, r"y\[1\] has 1 features"),
    "no samples": ([], ValueError, r"In y: .*0 sample\(s\)"),
    "a number": (3.0, ValueError, r"y has shape \(\)"),
}
BAD_LABELS = {
    "None": (None, ValueError, "requires y to be passed, but the target y is None"),
    "NaN": ([1.0, NAN, 2.0], ValueError, r"y\[1\] has nan, expected a label"),
    "None inside": (["a", None, "b"], ValueError, r"y\[1\] has None, expected a label"),
    "NA inside": (pd.Series(["a", pd.NA, "b"], dtype="string"), ValueError, r"y\[1\] has <NA>"),
    "None in a 2-D array": (
        object_array("a", "b", "c", None, "e", "f").reshape(3, 2),
        ValueError,
        r"y\[1\] has None at timestep",
    ),
    "None in lists": ([["a"], ["b", None], ["c"]], ValueError, r"y\[1\] has None at timestep 1"),
    "NaT": (np.array([1, "NaT", 2], "M8[s]"), ValueError, r"y\[1\] has None"),
    "inf": ([1.0, INF, 2.0], ValueError, r"y\[1\] is infinite"),
    "continuous": ([0.5, 1.5, 2.5], ValueError, "Unknown label type: continuous"),
    "dicts": ([{}, {}, {}], TypeError, r"y\[0\] has \{\}, which cannot be hashed"),
    "lists in lists": ([["a"], [["b"]], ["c"]], TypeError, r"y\[1\] has \['b'\] at timestep 0, which cannot be hashed"),
    "a string among lists": ([["a"], "bc", ["d"]], TypeError, r"y\[1\] is 'bc', expected a sequence of tokens"),
    "vectors in a list": ([np.eye(2)] * 3, ValueError, r"y\[0\] has shape \(2, 2\), expected \(T_i,\)"),
    "complex": (np.ones(3, complex), TypeError, r"y is of type complex128, expected labels"),
    "records": (np.zeros(3, [("a", int)]), TypeError, r"y is of type \[\('a'"),
    "masked": (np.ma.ones(3, int), TypeError, r"y is a masked array"),
    "three dimensions": (np.ones((3, 2, 2), int), ValueError, r"y has shape \(3, 2, 2\), expected \(N,\)"),
    "too few": ([0, 1], ValueError, r"inconsistent numbers of samples: \[3, 2\]"),
    "dict": ({"a": 1}, ValueError, "y should be a 1d array"),
    "no samples": ([], ValueError, r"inconsistent numbers of samples: \[3, 0\]"),
}
BAD_TOKENS = {
    "None": (None, TypeError, "X is of type NoneType, expected a list of sequences of tokens"),
    "a string": ("abc", TypeError, "X is of type str"),
    "strings": (["ab", "c"], TypeError, r"X\[0\] is 'ab', expected a sequence of tokens.*list\(...\)"),
    "a number among lists": ([["a"], 3], TypeError, r"X\[1\] is 3, expected a sequence of tokens"),
    "a 0-D array": ([["a"], np.array(1)], ValueError, r"X\[1\] has shape \(\), expected \(T_i,\)"),
    "None inside": ([["a"], ["b", None]], ValueError, r"X\[1\] has None at timestep 1"),
    "NaN inside": ([["a"], [NAN, "b"]], ValueError, r"X\[1\] has nan at timestep 0"),
    "a list": ([["a"], ["b", []]], TypeError, r"X\[1\] has \[\] at timestep 1, which cannot be hashed"),
    "a tuple with a list": ([["a"], [("b", [])]], TypeError, r"X\[1\] has \('b', \[\]\) at timestep 0"),
    "a signaling NaN": ([["a"], [decimal.Decimal("sNaN")]], TypeError, r"X\[1\] has Decimal\('sNaN'\) at timestep 0"),
    "a list in a 2-D array": (pl.DataFrame({"a": [[1], [2]]}), TypeError, r"X\[0\] has array\(\[1\]\) at timestep 0"),
    "lists too deep": (
        [["a"], [nested_lists(5000)]],
        TypeError,
        r"X\[1\] has \[.* at timestep 0, which cannot be hashed",
    ),
    "one row": (np.array(["a", "b"]), ValueError, r"got shape \(2,\)"),
    "three dimensions": (np.ones((2, 3, 4), int), ValueError, r"got shape \(2, 3, 4\)"),
    "no samples": ([], ValueError, r"0 sample\(s\)"),
    "all empty": ([[], []], ValueError, "All 2 sequences of X are empty"),
    "masked": (np.ma.ones((2, 3), int), TypeError, "X is a masked array"),
    "not convertible to an array": (WithoutArray(), TypeError, "X is .*, which NumPy cannot convert to an array"),
}
# sample weights, for three samples
BAD_WEIGHTS = {
    "negative": ([1.0, -1.0, 1.0], ValueError, r"sample_weight\[1\] is -1, expected at least 0"),
    "NaN": ([1.0, NAN, 1.0], ValueError, r"sample_weight\[1\] has NaN"),
    "inf": ([1.0, 1.0, INF], ValueError, r"sample_weight\[2\] has inf"),
    "all zero": ([0.0, 0.0, 0.0], ValueError, "All values of sample_weight are zero"),
    "too few": ([1.0, 1.0], ValueError, "sample_weight has 2 values, but there are 3 samples"),
    "two dimensions": (np.ones((3, 1)), ValueError, r"sample_weight has shape \(3, 1\), expected an array \(N,\)"),
    "a number": (1.0, ValueError, r"sample_weight has shape \(\)"),
    "strings": (["1", "2", "3"], TypeError, r"sample_weight\[0\] is of type str"),
    "None inside": ([1.0, None, 1.0], TypeError, r"sample_weight\[1\] is of type NoneType"),
    "complex": (np.ones(3, complex), ValueError, r"sample_weight\[0\].*Complex data not supported"),
    "a dict": ({"a": 1.0}, TypeError, "sample_weight is of type dict"),
    "dates": (np.zeros(3, "M8[s]"), TypeError, r"sample_weight\[0\] is"),
    "sparse": (sparse.csr_array(np.eye(3)), TypeError, "sample_weight is sparse"),
    "none": ([], ValueError, r"0 sample\(s\)"),
}
BAD_COUNTS = {  # numbers of timesteps, for three samples
    "negative": (-1, ValueError),
    "a float": (2.0, ValueError),
    "a bool": (True, ValueError),
    "a string": ("3", ValueError),
    "too few": ([1, 2], ValueError),
    "one negative": ([1, -2, 3], ValueError),
    "two dimensions": ([[1, 2, 3]], ValueError),
    "ragged": ([[1], [2, 3]], TypeError),
    "NaN": ([1, NAN, 2], ValueError),
    "a dict": ({}, ValueError),
    "masked": (np.ma.ones(3, int), TypeError),
    "huge": (10**30, ValueError),
}
