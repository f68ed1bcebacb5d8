"""Columns of sequences, and sequences of records: one sequence per cell, in each library of dataframes."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skseqae import Sequences
from skseqae.data._check_sequences import check_sequences

VECTORS = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]
NUMBERS = [[1.0, 2.0], [3.0]]
RECORDS = [[{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": 4.0}], [{"x": 5.0, "y": 6.0}]]
COLUMNS = {
    "arrays": lambda items: pd.Series([np.array(item) for item in items]),
    "lists": pd.Series,
    "pandas with Arrow": lambda items: pd.Series(items, dtype=pd.ArrowDtype(pa.array(items).type)),
    "polars": pl.Series,
}
every_column = pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)


def frames_of(column):
    """The column as the only one of a dataframe, and beside another one."""
    if isinstance(column, pl.Series):
        frame = column.alias("ecg").to_frame()
        return frame, frame.with_columns(age=pl.Series(range(len(frame))))
    frame = column.rename("ecg").to_frame()
    return frame, frame.assign(age=range(len(frame)))


@every_column
@settings(derandomize=True, deadline=None, max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 3), min_size=1, max_size=4), n_features=st.integers(0, 2), seed=st.integers(0, 9)
)
def test_a_column_of_sequences_is_read_as_the_list_of_its_cells(column, lengths, n_features, seed):
    rng = np.random.RandomState(seed)
    items = [rng.standard_normal((n, n_features) if n_features else n).tolist() for n in lengths]
    expected, layout = check_sequences([np.array(item) for item in items])
    made = column(items)
    for X in (made, frames_of(made)[0]):
        sequences, found = check_sequences(X)
        assert found == layout  # a list, also if all lengths are equal
        assert_array_equal(sequences.lengths, expected.lengths)
        assert_array_equal(sequences.packed, expected.packed)
        assert_array_equal(Sequences.from_list(X).packed, expected.packed)


def test_fixed_size_lists_of_polars_are_sequences():
    column = pl.Series("ecg", [[1.0, 2.0], [3.0, 4.0]], dtype=pl.Array(pl.Float64, 2))
    for X in (column, column.to_frame()):
        sequences, layout = check_sequences(X)
        assert (layout.container, sequences.packed.tolist()) == ("list", [[1], [2], [3], [4]])


@every_column
def test_a_missing_cell_of_a_column_of_sequences_is_refused(column):
    made = column([[1.0, 2.0], [3.0]])
    made = (
        pl.concat([made, pl.Series([None], dtype=made.dtype)])
        if isinstance(made, pl.Series)
        else made.reindex([0, 1, 2])
    )
    with pytest.raises(ValueError, match=r"X\[2\] is missing .*replace it by an empty list"):
        check_sequences(made)


@pytest.mark.parametrize("column", list(COLUMNS.values())[1:], ids=list(COLUMNS)[1:])
@pytest.mark.parametrize("items", [NUMBERS, VECTORS, RECORDS], ids=["numbers", "vectors", "records"])
def test_a_column_of_sequences_beside_others_is_named(column, items):
    _, beside = frames_of(column(items))
    with pytest.raises(
        TypeError, match=r"each cell of \['ecg'\] is a sequence. Pass X\['ecg'\], or a ColumnTransformer"
    ):
        check_sequences(beside)
    with pytest.raises(TypeError, match=r"column 'ecg' is a sequence, .* Sequences.from_list\(frame\['ecg'\]\)"):
        Sequences.from_frame(beside, sample="age")
    two = beside.with_columns(eeg=pl.col("ecg")) if isinstance(beside, pl.DataFrame) else beside.assign(eeg=beside.ecg)
    with pytest.raises(
        TypeError, match=r"each cell of \['ecg', 'eeg'\] .* \[np.column_stack\(row\) for row in X.to_num"
    ):
        check_sequences(two)


def test_columns_of_numbers_stacked_as_the_message_shows_are_the_features_of_one_sequence():
    X = pd.DataFrame({"load": NUMBERS, "speed": [[5.0, 6.0], [7.0]]})
    assert [x.tolist() for x in Sequences.from_list([np.column_stack(row) for row in X.to_numpy()])] == [
        [[1, 5], [2, 6]], [[3, 7]],
    ]  # fmt: skip


# --- records ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [list, tuple, pa.array, pa.chunked_array, *list(COLUMNS.values())[1:]],
    ids=["list", "tuple", "arrow", "chunks", *list(COLUMNS)[1:]],
)
def test_fields_of_records_name_the_features(make):
    X = make([RECORDS] if make is pa.chunked_array else RECORDS)
    readers = [] if hasattr(X, "to_pylist") else [Sequences.from_list, lambda X: check_sequences(X)[0]]
    readers += [] if isinstance(X, list | tuple) or "object" in str(getattr(X, "dtype", "")) else [Sequences.from_arrow]
    for read in readers:
        sequences = read(X)
        assert sequences.feature_names == ("x", "y")
        assert [x.tolist() for x in sequences] == VECTORS


def test_records_are_read_by_the_names_of_their_fields():
    X = [[{"x": 1, "y": 2}, {"y": 4, "x": 3}], [], [{"y": 6, "x": 5}]]
    sequences = Sequences.from_list(X)
    assert [x.tolist() for x in sequences] == [[[1, 2], [3, 4]], [], [[5, 6]]]
    assert sequences.feature_names == ("x", "y")


# polars infers the type of a field from its first value
FIELDS = pl.List(pl.Struct({"x": pl.Float64, "y": pl.Float64}))
NULLS = [[{"x": 1.0, "y": None}], [{"x": 3.0, "y": 4.0}]]


@pytest.mark.parametrize(
    ("read", "X"),
    [
        (Sequences.from_list, NULLS),
        (Sequences.from_list, pl.Series(NULLS, dtype=FIELDS)),
        (Sequences.from_arrow, pa.array(NULLS)),
    ],
    ids=["list", "polars", "arrow"],
)
def test_null_fields_are_missing_values(read, X):
    with pytest.raises(ValueError, match=r"X\[0\] has NaN at timestep 0, feature 'y'"):
        read(X)
    assert_array_equal(read(X, allow_missing=True).packed, [[1, np.nan], [3, 4]])


@pytest.mark.parametrize("value", ["a", {"a": 1}, [1], pd.Timestamp(2020, 1, 1)])
def test_fields_that_are_not_numbers_are_named(value):
    X = [[{"x": 1.0, "s": value}]]
    with pytest.raises(TypeError, match="Field 's' holds values of type"):
        Sequences.from_arrow(pa.array(X))
    with pytest.raises(TypeError, match=r"X\[0\], field 's', timestep 0 is"):
        Sequences.from_list(X)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([[{"x": 1.0}, {"y": 1.0}]], ValueError, r"X\[0\] has the fields \['y'\] at timestep 1, .* \['x'\]"),
        ([[{"x": 1.0}], [{"x": 1.0, "y": 1.0}]], ValueError, r"X\[1\] has the fields \['x', 'y'\] at timestep 0"),
        ([[{"x": 1.0}, None]], TypeError, r"X\[0\], timestep 0 is {'x': 1.0}, but timestep 1 is None"),
        ([{"x": 1.0}, {"x": 2.0}], TypeError, r"X\[0\] is of type dict, .*pass \[X\] if .* pandas.DataFrame\(X\[0\]\)"),
        (pd.Series([{"x": 1.0}]), TypeError, "X is a column of records. .*json_normalize"),
        (pl.Series([{"x": 1.0}]), TypeError, "X is a column of records. .*unnest"),
        (pd.DataFrame({"r": [{"x": 1.0}]}), TypeError, "X is a dataframe with records in column 'r'"),
        (pl.DataFrame({"r": [{"x": 1.0}]}), TypeError, "X is a dataframe with records in column 'r'"),
    ],
)
def test_records_that_cannot_be_read_are_refused_with_what_to_do(X, error, message):
    with pytest.raises(error, match=message):
        check_sequences(X)


@pytest.mark.parametrize("library", [pd, pl])
def test_a_long_dataframe_with_a_column_of_records_is_refused(library):
    frame = library.DataFrame({"id": [1, 1], "r": [{"x": 1.0}, {"x": 2.0}]})
    with pytest.raises(TypeError, match="Column 'r' holds records. Make a column of each field first"):
        Sequences.from_frame(frame, sample="id")


def test_a_null_struct_is_refused():
    with pytest.raises(ValueError, match=r"X\[0\], timestep 1 is null"):
        Sequences.from_arrow(pa.array([[{"x": 1.0}, None]]))
