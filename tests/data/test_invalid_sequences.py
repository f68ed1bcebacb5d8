"""Errors about invalid input: their type, and the location that they name."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import tensorflow as tf
from scipy import sparse

from skseqae.data._check_sequences import check_sequences
from skseqae.data._sequences import Sequences, unpad
from tests.data.sequence_cases import NAN, fixed_arrays, packed


def with_value(value, *index, shape=(5, 6, 3), dtype=float):
    X = np.ones(shape, dtype=dtype)
    X[index] = value
    return X


def list_with_value(value, *index):
    return list(with_value(value, *index))


def frame_of(**columns):
    return pd.DataFrame({"id": ["a", "a", "b"], "t": [0, 1, 0], "x": [1.0, 2.0, 3.0]} | columns)


def from_frame(frame, **options):
    return Sequences.from_frame(frame, **{"sample": "id", "time": "t"} | options)


SEQUENCES = packed(fixed_arrays())
CHECK, PADDED, PACKED = check_sequences, Sequences.from_padded, Sequences.from_packed
CHANNELS, ARROW = Sequences.from_channels_first, Sequences.from_arrow
RAGGED = tf.ragged.constant([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], ragged_rank=1)
CUBE, NULL_ROW = np.ones((2, 4, 3)), pa.array([[1.0], None])
INVALID = [
    # NaN, inf and what float32 cannot hold
    (
        CHECK,
        (with_value(NAN, 3, 4, 2),),
        ValueError,
        r"X\[3\] has NaN at timestep 4, feature 2\. Impute missing values",
    ),
    (CHECK, (with_value(NAN, 3, 5, 2),), ValueError, r"X\[3\] has NaN at timestep 5, feature 2"),
    (CHECK, (with_value(NAN, 3, 0),), ValueError, r"X\[3\] has NaN at timestep 0, feature 0"),
    (CHECK, (with_value(NAN, 1, 2, shape=(3, 4)),), ValueError, r"X\[1\] has NaN at timestep 2\. "),
    (CHECK, (pd.DataFrame(with_value(NAN, 1, 2, shape=(3, 4))),), ValueError, r"X\[1\] has NaN at timestep 2"),
    (CHECK, ([[1.0, None, 2.0], [3.0, 4.0, 5.0]],), ValueError, r"X\[0\] has NaN at timestep 1"),
    (CHECK, ([[1.0, 2.0], [3.0, None, 5.0]],), ValueError, r"X\[1\] has NaN at timestep 1"),
    (CHECK, (list_with_value(NAN, 4, 5),), ValueError, r"X\[4\] has NaN at timestep 5, feature 0"),
    (CHECK, ([np.ones(2), np.empty(0), np.array([1.0, NAN])],), ValueError, r"X\[2\] has NaN at timestep 1"),
    (CHECK, (with_value(np.inf, 2, 3, 1),), ValueError, r"X\[2\] has inf at timestep 3, feature 1\. Replace"),
    (CHECK, (with_value(-np.inf, 2, 5),), ValueError, r"X\[2\] has -inf at timestep 5, feature 0"),
    (CHECK, (list_with_value(np.inf, 0, 0, 0),), ValueError, r"X\[0\] has inf at timestep 0, feature 0"),
    (CHECK, (with_value(np.inf, 1, 2, shape=(3, 4), dtype=np.float32),), ValueError, r"X\[1\] has inf at timestep 2"),
    (
        CHECK,
        (with_value(-1e39, 4, 0, 2),),
        ValueError,
        r"X\[4\] has -1e\+39 at timestep 0, feature 2\. It overflows float32",
    ),
    (
        CHECK,
        (with_value(np.longdouble("1e400"), 1, 1, dtype=np.longdouble),),
        ValueError,
        r"X\[1\] has inf at timestep 1",
    ),
    (CHECK, ([[1, 2], [3, 10**400]],), ValueError, r"X\[1\], timestep 1 is 10+\.\.\.0+: it overflows float32"),
    (CHECK, (with_value(NAN, 69_999, 0, shape=(70_000, 2)),), ValueError, r"X\[69999\] has NaN at timestep 0"),
    (lambda X: CHECK(X, padding_value=0.0), (with_value(NAN, 1, 5),), ValueError, r"X\[1\] has NaN at timestep 5"),
    (
        lambda X: CHECK(X, padding_value=0.0),
        (with_value(NAN, 1, slice(4, 6)),),
        ValueError,
        r"X\[1\] has NaN at timestep 4",
    ),
    # types
    (CHECK, (RAGGED,), TypeError, r"X is a RaggedTensor: pass Sequences.from_packed\(X.values.numpy\(\), X.row_leng"),
    (CHECK, (sparse.csr_array(np.eye(3)),), TypeError, r"X is sparse \(csr_array\).*toarray"),
    (CHECK, (sparse.coo_matrix(np.eye(3)),), TypeError, "X is sparse"),
    (CHECK, ([np.ones((2, 3)), sparse.csr_array(np.eye(3))],), TypeError, r"X\[1\] is sparse"),
    (CHECK, (np.ma.masked_invalid(with_value(NAN, 0, 5)),), TypeError, r"X is a masked array.*filled\(np.nan\)"),
    (CHECK, ([np.ones(2), np.ma.masked_equal([1.0, 2.0], 2)],), TypeError, r"X\[1\] is a masked array"),
    (CHECK, (pa.array([[1.0], [2.0, 3.0]]),), TypeError, "Arrow ListArray.*Sequences.from_arrow"),
    (CHECK, ({"a": [1, 2]},), TypeError, "X is of type dict, not numbers. Expected a list of arrays"),
    (CHECK, ("abc",), TypeError, "X is of type str"),
    (CHECK, (None,), TypeError, "X is of type NoneType"),
    (CHECK, ((row for row in np.ones((3, 2))),), TypeError, "X is of type generator"),
    (CHECK, ([np.ones(2), None],), TypeError, r"X\[1\] is of type NoneType"),
    (CHECK, ([np.ones(2), {1, 2}],), TypeError, r"X\[1\] is of type set"),
    (CHECK, (["abc", "de"],), TypeError, r"X\[0\] is of type str"),
    (CHECK, (np.array(["abc", "de"]),), TypeError, r"X\[0\] is 'abc': .*argument must be .* string.* number"),
    (CHECK, ([[1.0, 2.0], [3.0, "4"]],), TypeError, r"X\[1\], timestep 1 is '4': "),
    (CHECK, ([["a", "b"], ["c"]],), TypeError, r"X\[0\], timestep 0 is 'a'"),
    (CHECK, ([[1.0], [b"2", 3.0]],), TypeError, r"X\[1\], timestep 0 is b'2'"),
    (CHECK, (np.array([["1", "2"], ["3", "4"]]),), TypeError, r"X\[0\], timestep 0 is '1'"),
    (CHECK, (with_value("a", 1, 2, 0, dtype=object),), TypeError, r"X\[1\], timestep 2, feature 0 is 'a'"),
    (
        CHECK,
        (with_value({"foo": "bar"}, 0, 0, shape=(3, 4), dtype=object),),
        TypeError,
        "argument must be .* string.* number",
    ),
    (CHECK, (with_value(Decimal("sNaN"), 2, 3, shape=(3, 4), dtype=object),), ValueError, r"X\[2\], timestep 3 is Dec"),
    (CHECK, (pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, "x"]}),), TypeError, r"X\[1\], timestep 1 is 'x'"),
    (CHECK, (pl.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),), TypeError, r"X\[0\], timestep 1 is 'x'"),
    (CHECK, (np.array([["2024-01-01", "2024-01-02"]], dtype="M8[D]"),), TypeError, r"X\[0\] is of type datetime64"),
    (CHECK, ([np.ones(2), np.array([1, 2], dtype="m8[s]")],), TypeError, r"X\[1\] is of type timedelta64"),
    (CHECK, (with_value(1, 0, dtype=complex),), ValueError, r"X\[0\].*Complex data not supported"),
    (CHECK, ([[1.0, 2.0], [3.0, 4j]],), ValueError, r"X\[1\], timestep 1 is 4j: Complex data not supported"),
    (CHECK, ([np.ones(2), np.ones(2, dtype=complex)],), ValueError, r"X\[1\].*Complex data not supported"),
    (CHECK, (with_value(1j, 1, 2, shape=(2, 3), dtype=object),), ValueError, r"X\[1\], timestep 2 is 1j: Complex data"),
    # shapes
    (CHECK, ([],), ValueError, r"0 sample\(s\)"),
    (CHECK, (np.empty((0, 3)),), ValueError, r"0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required"),
    (CHECK, (np.empty((0, 4, 3)),), ValueError, r"0 sample\(s\)"),
    (CHECK, (SEQUENCES[:0],), ValueError, r"0 sample\(s\)"),
    (
        CHECK,
        (np.empty((12, 0)),),
        ValueError,
        r"0 feature\(s\) \(shape=\(\d*, 0\)\) while a minimum of \d* is required.",
    ),
    (CHECK, (np.empty((2, 3, 0)),), ValueError, r"0 feature\(s\)"),
    (CHECK, ([np.empty((2, 0)), np.empty((3, 0))],), ValueError, r"0 feature\(s\).*a minimum of 1 is required"),
    (CHECK, (np.empty((2, 0, 3)),), ValueError, r"0 timestep\(s\)"),
    (CHECK, (np.full((2, 3), NAN),), ValueError, "All 2 sequences are empty"),
    (CHECK, ([np.empty((0, 3)), np.empty(0)],), ValueError, "All 2 sequences are empty"),
    (CHECK, (check_sequences([[], [1.0]])[0][:1],), ValueError, "All 1 sequences are empty"),
    (CHECK, (np.ones(5),), ValueError, r"got shape \(5,\)\. Reshape your data"),
    (CHECK, ([1.0, 2.0, 3.0],), ValueError, "Reshape your data"),
    (CHECK, ([np.float64(1.0), np.float64(2.0)],), ValueError, r"got shape \(2,\)\. Reshape your data"),
    (CHECK, (pd.Series([1.0, 2.0]),), ValueError, "Reshape your data"),
    (CHECK, (np.array([1, 2], dtype=object),), ValueError, "Reshape your data"),
    (CHECK, (3.0,), ValueError, r"got shape \(\)\. Reshape your data"),
    (CHECK, (np.float32(3.0),), ValueError, "Reshape your data"),
    (CHECK, (np.ones((2, 3, 4, 5)),), ValueError, r"4-D of shape \(2, 3, 4, 5\)"),
    (CHECK, ([[[[1.0]]]],), ValueError, "4-D"),
    (CHECK, ([np.ones((2, 3)), np.ones((2, 3, 4))],), ValueError, r"X\[1\] has shape \(2, 3, 4\), expected \(T_i, F\)"),
    (CHECK, ([np.ones((2, 3)), 4.0],), ValueError, r"X\[1\] is a single number"),
    (
        CHECK,
        ([np.empty(0), np.ones((2, 3)), np.ones((2, 4))],),
        ValueError,
        r"X\[2\] has 4 features per timestep, but X\[1\] has 3 features per timestep",
    ),
    (CHECK, ([np.ones((2, 3)), np.empty((0, 2))],), ValueError, r"X\[1\] has 2 features per timestep"),
    (CHECK, ([np.ones(2), np.ones((2, 1))],), ValueError, r"X\[1\] has 1 features.*X\[0\] has no feature axis"),
    (
        CHECK,
        ([[[1, 2], [3, 4]], [[1, 2], [3]]],),
        ValueError,
        r"X\[1\] has 1 feature\(s\) at timestep 1, but 2 at timestep 0",
    ),
    (CHECK, ([[1, [2, 3]], [4]],), ValueError, r"X\[0\] has 2 feature\(s\) at timestep 1, but 1 at timestep 0"),
    (lambda X: CHECK(X, padding_value="0"), (CUBE,), TypeError, "padding_value must be a number or None, got '0'"),
    # from_padded, from_channels_first
    (PADDED, ([np.ones(2), np.ones(3)],), ValueError, "got a list of sequences, which has no padding"),
    (PADDED, (np.ones(5),), ValueError, "Reshape your data"),
    (PADDED, (SEQUENCES,), TypeError, "X is of type Sequences"),
    (PADDED, (CUBE, [4, 5]), ValueError, r"lengths\[1\] is 5, expected 0 to 4"),
    (PADDED, (CUBE, [-1, 2]), ValueError, r"lengths\[0\] is -1, expected 0 to 4"),
    (PADDED, (CUBE, [1, 2, 3]), ValueError, r"lengths has shape \(3,\), expected \(2,\), one for each sample"),
    (PADDED, (CUBE, 4), ValueError, r"lengths has shape \(\)"),
    (PADDED, (CUBE, [1.5, 2]), TypeError, "lengths must be integers, got float64"),
    (PADDED, (CUBE, [True, False]), TypeError, "lengths must be integers, got bool"),
    (PADDED, (CUBE, ["1", "2"]), TypeError, "lengths must be integers"),
    (PADDED, (CUBE, [0, 0]), ValueError, "All 2 sequences are empty"),
    (PADDED, (with_value(NAN, 1, 2, 0), [6] * 5), ValueError, r"X\[1\] has NaN at timestep 2, feature 0"),
    (
        lambda X: PADDED(X, padding="pre"),
        (with_value(NAN, 1, slice(2, 6)),),
        ValueError,
        r"X\[1\] has NaN at timestep 2",
    ),
    (
        lambda X: PADDED(X, [3] * 5, padding="pre"),
        (with_value(NAN, 1, 4),),
        ValueError,
        r"X\[1\] has NaN at timestep 4",
    ),
    (lambda X: PADDED(X, padding="left"), (CUBE,), ValueError, "padding must be 'post' or 'pre', got 'left'"),
    (lambda X: PADDED(X, [1, 2], padding_value=0), (CUBE,), ValueError, "pass only one of them"),
    (CHANNELS, (np.ones((2, 3)),), ValueError, r"Expected an array \(N, F, T\), got shape \(2, 3\)"),
    (CHANNELS, ([np.ones((1, 2)), np.ones(3)],), ValueError, r"X\[1\] has shape \(3,\), expected \(F, T_i\)"),
    (CHANNELS, (with_value(NAN, 1, 2, 1),), ValueError, r"X\[1\] has NaN at timestep 1, feature 2"),
    (CHANNELS, (CUBE, [4, 1]), ValueError, r"lengths\[0\] is 4, expected 0 to 3"),
    # from_packed
    (PACKED, (np.ones(5), [2, 2]), ValueError, "lengths sum to 4, but values has 5 timesteps"),
    (PACKED, (np.ones(5), [-1, 6]), ValueError, r"lengths\[0\] is -1"),
    (PACKED, (np.ones(5), [[2, 3]]), ValueError, r"lengths has shape \(1, 2\), expected \(N,\)"),
    (PACKED, (np.ones(5), [2.0, 3.0]), TypeError, "lengths must be integers, got float64"),
    (PACKED, (np.ones((5, 1, 1)), [5]), ValueError, r"Expected values of shape \(S, F\) or \(S,\), got \(5, 1, 1\)"),
    (PACKED, (np.empty((0, 2)), []), ValueError, r"0 sample\(s\)"),
    (PACKED, (np.empty((0, 2)), [0]), ValueError, "All 1 sequences are empty"),
    (PACKED, (np.empty((2, 0)), [1, 1]), ValueError, r"0 feature\(s\)"),
    (PACKED, ([1.0, 2.0, NAN], [0, 1, 2]), ValueError, r"X\[2\] has NaN at timestep 1"),
    (PACKED, (["a", "b"], [1, 1]), TypeError, r"X\[0\], timestep 0, feature 0 is 'a'"),
    (PACKED, (np.array([1, 2, "b"], dtype=object), [1, 2]), TypeError, r"X\[1\], timestep 1, feature 0 is 'b'"),
    (PACKED, (np.ones(2, dtype=complex), [1, 1]), ValueError, "Complex data not supported"),
    # from_frame
    (from_frame, (np.ones((3, 3)),), TypeError, "Expected a pandas or polars dataframe, got ndarray"),
    (from_frame, (frame_of().drop(columns="id"),), ValueError, r"Expected one column 'id', found 0.*\['t', 'x'\]"),
    (lambda f: from_frame(f, features=["x", "z"]), (frame_of(),), ValueError, "Expected one column 'z', found 0"),
    (from_frame, (pd.concat([frame_of(), frame_of()[["x"]]], axis=1),), ValueError, "one column 'x', found 2"),
    (from_frame, (frame_of()[["id", "t"]],), ValueError, r"0 feature\(s\) beside \['id', 't'\]"),
    (from_frame, (frame_of()[:0],), ValueError, r"0 sample\(s\)"),
    (from_frame, (frame_of(id=["a", None, "b"]),), ValueError, r"Column 'id' has a missing value .* at row 1"),
    (from_frame, (frame_of(id=[NAN, 1.0, 1.0]),), ValueError, "Column 'id' has a missing value"),
    (
        from_frame,
        (frame_of(t=pd.array([1, 2, None], dtype="Int64")),),
        ValueError,
        "Column 't' has a missing value .* at row 2",
    ),
    (
        from_frame,
        (pl.DataFrame({"id": [1, None], "t": [0, 1], "x": [1.0, 2.0]}),),
        ValueError,
        "Column 'id' .* at row 1",
    ),
    (from_frame, (frame_of(t=[1, 1, 0]),), ValueError, "Sample 'a' has time 1 twice"),
    (
        from_frame,
        (pd.DataFrame({"id": [*"aabb"], "t": [0, 1, 5, 5], "x": 1.0}),),
        ValueError,
        "Sample 'b' has time 5 twice",
    ),
    (from_frame, (frame_of(x=[1.0, NAN, 2.0]),), ValueError, "Sample 'a' has NaN at timestep 1"),
    (from_frame, (frame_of(y=[1.0, 2.0, -np.inf]),), ValueError, "Sample 'b' has -inf at timestep 0, feature 'y'"),
    (from_frame, (frame_of(x=["u", "v", "w"]),), TypeError, r"Column 'x' holds text \('u' in row 0\)"),
    (from_frame, (frame_of(y=pd.to_datetime(["2024-01-01"] * 3)),), TypeError, "Column 'y' holds values of type datet"),
    # from_arrow
    (ARROW, ([[1.0], [2.0]],), TypeError, "Expected a pyarrow column of lists, got list"),
    (ARROW, (pa.array([1.0, 2.0]),), TypeError, "Expected a pyarrow column of lists, got double"),
    (
        ARROW,
        (pa.table({"x": [[1.0]]}),),
        TypeError,
        r"of lists, got Table. Pass one of its columns, such as table\['x'\]",
    ),
    (ARROW, (NULL_ROW,), ValueError, r"X\[1\] is null"),
    (ARROW, (pa.chunked_array([NULL_ROW]),), ValueError, r"X\[1\] is null"),
    (ARROW, (pa.array([[[1.0]], [[2.0], None]]),), ValueError, r"X\[1\], timestep 1 is null"),
    (ARROW, (pa.array([[1.0], [2.0, None]]),), ValueError, r"X\[1\] has NaN at timestep 1"),
    (ARROW, (pa.array([["a"]]),), TypeError, r"X\[0\], timestep 0, feature 0 is 'a'"),
    (
        ARROW,
        (pa.array([[[1, 2]], [[3, 4], [5]]]),),
        ValueError,
        r"X\[1\], timestep 1 has 1 features, but the first timestep has 2",
    ),
    (ARROW, (pa.array([[], []], pa.list_(pa.float64())),), ValueError, "All 2 sequences are empty"),
    (ARROW, (pa.array([], pa.list_(pa.float64())),), ValueError, r"0 sample\(s\)"),
    # unpad
    (unpad, (CUBE, [5, 1]), ValueError, r"lengths\[0\] is 5, expected 0 to 4"),
    (unpad, (CUBE, [1]), ValueError, r"lengths has shape \(1,\), expected \(2,\)"),
]


@pytest.mark.parametrize(("read", "args", "error", "message"), INVALID)
def test_invalid_input_raises_an_error_that_names_it(read, args, error, message):
    with pytest.raises(error, match=message):
        read(*args)
