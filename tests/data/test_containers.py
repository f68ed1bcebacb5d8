"""Conversions between `Sequences` and the containers of other libraries, names of features, and missing values."""

import copy
import pickle

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

quick = settings(max_examples=30, deadline=None, derandomize=True)


@st.composite
def sequences(draw, shortest=0, missing=False):
    """Permuted sequences, float32 or float64, with missing values if `missing`."""
    lengths = draw(st.lists(st.integers(shortest, 6), min_size=1, max_size=6).filter(any))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    values = rng.normal(size=(sum(lengths), draw(st.integers(1, 3)))).astype(dtype)
    if missing:
        values[rng.random(values.shape) < 0.3] = np.nan
    X = Sequences.from_packed(values, lengths, allow_missing=missing)
    return X[draw(st.permutations(range(len(lengths))))]


def assert_same(got, expected):
    assert isinstance(got, Sequences)
    assert_array_equal(got.lengths, expected.lengths, strict=True)
    assert_array_equal(got.packed, expected.packed, strict=True)


# --- inverse conversions ----------------------------------------------------------------------------------------------


@quick
@given(sequences())
def test_to_list_is_the_inverse_of_from_list(X):
    arrays = X.to_list()
    assert_same(Sequences.from_list(arrays), X)
    assert not any(np.shares_memory(array, X.packed) for array in arrays)
    arrays[0][:] = 7.0  # the arrays are writeable


@quick
@given(sequences(), st.sampled_from([None, np.nan, -9.0, np.inf]), st.integers(0, 3))
def test_to_padded_is_the_inverse_of_from_padded(X, padding_value, extra):
    longest = X.lengths.max()
    padded = X.to_padded(longest + extra, padding_value)
    assert padded.shape == (len(X), longest + extra, X.n_features)
    assert_same(Sequences.from_padded(padded, padding_value=padding_value), X)
    assert_same(Sequences.from_padded(padded, X.lengths), X)
    assert X.to_padded().shape[1] == longest


@quick
@given(sequences(), st.sampled_from([None, -9.0]), st.sampled_from(["float32", np.float64, np.dtype(np.float32)]))
def test_to_padded_has_the_requested_type(X, padding_value, dtype):
    padded = X[::-1].to_padded(padding_value=padding_value, dtype=dtype)
    assert_array_equal(padded, X[::-1].to_padded(padding_value=padding_value).astype(dtype), strict=True)


@pytest.mark.parametrize("dtype", [int, "float16", "float 32", "int64", object(), ["float32"]])
def test_to_padded_refuses_other_types(dtype):
    with pytest.raises(TypeError, match="dtype must be 'float32', 'float64' or None"):
        Sequences.from_packed([1.0, 2.0], [2]).to_padded(dtype=dtype)


@quick
@given(sequences(shortest=1))
def test_to_frame_is_the_inverse_of_from_frame(X):
    frame = X.to_frame()
    assert_same(Sequences.from_frame(frame, sample="sample", time="timestep"), X)
    assert_same(Sequences.from_frame(frame[::-1], sample="sample", time="timestep"), X[::-1])
    assert_same(Sequences.from_frame(X.to_frame(library="polars"), sample="sample", time="timestep"), X)
    indexed = frame.set_index(["sample", "timestep"])
    assert_same(Sequences.from_frame(indexed, sample="sample", time="timestep"), X)


@quick
@given(sequences())
def test_to_arrow_is_the_inverse_of_from_arrow(X):
    column = X.to_arrow()
    assert_same(Sequences.from_arrow(column), X)
    assert_same(Sequences.from_arrow(pa.table({"X": column})["X"]), X)
    assert_same(Sequences.from_arrow(pl.Series(column)), X)
    assert_same(Sequences.from_arrow(pd.Series(column, dtype=pd.ArrowDtype(column.type))), X)


@quick
@given(sequences(shortest=1, missing=True))
def test_inverse_conversions_keep_missing_values(X):
    assert_same(Sequences.from_list(X.to_list(), allow_missing=True), X)
    assert_same(Sequences.from_padded(X.to_padded(), X.lengths, allow_missing=True), X)
    channels_first = X.to_padded().swapaxes(1, 2)
    assert_same(Sequences.from_channels_first(channels_first, X.lengths, allow_missing=True), X)
    assert_same(Sequences.from_packed(X.packed, X.lengths, allow_missing=True), X)
    frame = X.to_frame()
    assert_same(Sequences.from_frame(frame, sample="sample", time="timestep", allow_missing=True), X)
    assert_same(Sequences.from_arrow(X.to_arrow(), allow_missing=True), X)


def test_to_frame_names_the_columns():
    X = Sequences.from_list([np.ones((1, 2)), np.empty((0, 2)), np.zeros((2, 2))])
    frame = X.to_frame(sample="id", time="t", features=["speed", "height"])
    assert frame.to_dict("list") == {
        "id": [0, 2, 2],
        "t": [0, 0, 1],
        "speed": [1.0, 0.0, 0.0],
        "height": [1.0, 0.0, 0.0],
    }
    with pytest.raises(ValueError, match=r"Expected names of 2 features, got 1: \['speed'\]"):
        X.to_frame(features=["speed"])
    with pytest.raises(ValueError, match=r"Column names must be unique, got \['t', 't', 'x0', 'x1'\]"):
        X.to_frame(sample="t", time="t")
    with pytest.raises(ValueError, match="library must be 'pandas' or 'polars', got 'dask'"):
        X.to_frame(library="dask")


# --- names of features ------------------------------------------------------------------------------------------------

LONG = pd.DataFrame({"id": [2, 1, 2, 1], "load": [1.0, 2.0, 3.0, 4.0], "speed": [5.0, 6.0, 7.0, 8.0]})
PARTS = [LONG.loc[[0, 2], ["load", "speed"]], LONG.loc[[1, 3], ["load", "speed"]]]
NAMED = {
    "long pandas dataframe": lambda: Sequences.from_frame(LONG, sample="id"),
    "long polars dataframe": lambda: Sequences.from_frame(pl.from_pandas(LONG), sample="id"),
    "list of pandas dataframes": lambda: Sequences.from_list(PARTS),
    "list of polars dataframes": lambda: Sequences.from_list([pl.from_pandas(part) for part in PARTS]),
    "check_sequences": lambda: check_sequences(PARTS)[0],
    "with_names": lambda: Sequences.from_packed([[1, 5], [3, 7], [2, 6], [4, 8]], [2, 2]).with_names(["load", "speed"]),
}


@pytest.mark.parametrize("container", NAMED)
def test_feature_names_are_kept_by_views_copies_and_pickles(container):
    X = NAMED[container]()
    assert X.packed.tolist() == [[1, 5], [3, 7], [2, 6], [4, 8]]
    assert all(type(name) is str for name in X.with_names(np.array(["load", "speed"])).feature_names)
    for sequences in (X, X[1:], X[[True, False]], X[[1]], pickle.loads(pickle.dumps(X)), copy.deepcopy(X)):
        assert sequences.feature_names == ("load", "speed")
    assert X.to_frame().columns.tolist() == ["sample", "timestep", "load", "speed"]
    assert X.to_frame(features=["a", "b"]).columns.tolist() == ["sample", "timestep", "a", "b"]


def test_columns_name_the_features_only_if_all_are_distinct_strings():
    assert Sequences.from_frame(LONG.rename(columns={"load": 7}), sample="id").feature_names is None
    assert Sequences.from_frame(LONG, sample="id", features=["speed"]).feature_names == ("speed",)
    assert Sequences.from_list([PARTS[0], PARTS[1].to_numpy()]).feature_names is None
    duplicated = [part.set_axis(["load", "load"], axis=1) for part in PARTS]
    assert Sequences.from_list(duplicated).feature_names is None
    assert Sequences.from_list([part.to_numpy() for part in PARTS]).feature_names is None


def test_dataframes_with_columns_in_another_order_raise_an_error():
    parts = [PARTS[0], PARTS[1][["speed", "load"]]]
    with pytest.raises(
        ValueError, match=r"X\[1\] has the columns \['speed', 'load'\], but X\[0\] has \['load', 'speed'\]"
    ):
        Sequences.from_list(parts)
    with pytest.raises(ValueError, match=r"y\[1\] has the columns"):
        check_sequences(parts, name="y")


@pytest.mark.parametrize("names", ["ab", ["a"], ["a", "a"], ["a", "b", "c"], [1, 2], None, 7, [["a"], ["b"]]], ids=str)
def test_invalid_feature_names_raise_an_error(names):
    with pytest.raises((TypeError, ValueError), match="feature_names"):
        UNNAMED.with_names(names)
    assert UNNAMED.feature_names is None


UNNAMED = Sequences.from_packed([[1, 5], [3, 7]], [2])


# --- containers of other libraries ------------------------------------------------------------------------------------

UNEQUAL = [np.arange(8.0).reshape(4, 2), np.ones((3, 2)), -np.arange(10.0).reshape(5, 2)]
EQUAL = [np.arange(8.0).reshape(4, 2), np.ones((4, 2)), -np.arange(8.0).reshape(4, 2)]


@pytest.mark.parametrize("arrays", [UNEQUAL, EQUAL], ids=["unequal", "equal"])
def test_from_channels_first_transposes_each_array_of_a_list(arrays):
    X = Sequences.from_channels_first([array.T for array in arrays])
    assert_same(X, Sequences.from_list(arrays))


@pytest.mark.parametrize("options", [{"lengths": [4, 3, 5]}, {"padding": "pre"}, {"padding_value": 0.0}], ids=str)
def test_from_channels_first_accepts_no_padding_with_a_list(options):
    with pytest.raises(ValueError, match=r"A list of arrays \(F, T_i\) has no padding"):
        Sequences.from_channels_first([array.T for array in UNEQUAL], **options)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([[1.0, 2.0], [3.0], []]),
        pl.DataFrame({"id": [5, 6, 7], "x": [[1.0, 2.0], [3.0], []]})["x"],
        pd.Series([[1.0, 2.0], [3.0], []], dtype=pd.ArrowDtype(pa.list_(pa.float64()))),
    ],
    ids=["polars series", "polars column", "pandas series"],
)
def test_arrow_backed_columns_are_read(column):
    expected = Sequences.from_list([[1.0, 2.0], [3.0], []])
    assert_same(Sequences.from_arrow(column), expected)
    assert_same(check_sequences(column)[0], expected)


def test_polars_lists_of_timesteps_are_read():
    for dtype in (None, pl.List(pl.Array(pl.Float32, 2))):
        X = Sequences.from_arrow(pl.Series([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], dtype=dtype))
        assert [x.tolist() for x in X] == [[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]]


def test_wide_dataframes_are_read_as_univariate_sequences():
    table = np.array([[1.0, 2.0, np.nan], [3.0, 4.0, 5.0]])
    expected = Sequences.from_list([[1.0, 2.0], [3.0, 4.0, 5.0]])
    for frame in (pd.DataFrame(table), pl.DataFrame(table), pl.DataFrame({"a": [1, 3], "b": [2, 4], "c": [None, 5]})):
        assert_same(check_sequences(frame)[0], expected)


def test_from_frame_accepts_index_levels():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "id": ["b", "a", "b"], "t": [2, 1, 1]})
    expected = Sequences.from_list([[3.0, 1.0], [2.0]])
    for levels in (["id"], ["t"], ["id", "t"]):
        assert_same(Sequences.from_frame(frame.set_index(levels), sample="id", time="t"), expected)


def test_an_arrow_extension_type_is_read_as_its_storage_type():
    """Awkward Array and Hugging Face's datasets have columns of such types."""
    shape = pa.fixed_shape_tensor(pa.float64(), [2])
    steps = pa.ExtensionArray.from_storage(shape, pa.array([[1.0, 2.0], [3.0, 4.0]], shape.storage_type))
    X = Sequences.from_arrow(pa.ListArray.from_arrays([0, 2], steps))
    assert X[0].tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("column", [pd.Series([1.0]), pl.Series([1.0])], ids=["pandas", "polars"])
def test_a_series_is_not_accepted_as_a_dataframe(column):
    with pytest.raises(TypeError, match="Expected a pandas or polars dataframe, got Series"):
        Sequences.from_frame(column, sample="id")


AEON_COLLECTIONS = [
    (data_type, arrays) for data_type in ("np-list", "df-list", "pd-multiindex") for arrays in (UNEQUAL, EQUAL)
]


@pytest.mark.parametrize(("data_type", "arrays"), [("numpy3D", EQUAL), *AEON_COLLECTIONS])
def test_aeon_collections_are_read(data_type, arrays):
    conversion = pytest.importorskip("aeon.utils.conversion")
    collection = conversion.convert_collection([array.T for array in arrays], data_type)
    if data_type == "pd-multiindex":
        sample, time = collection.index.names
        X = Sequences.from_frame(collection, sample=sample, time=time)
    else:
        X = Sequences.from_channels_first(collection)
    assert_same(X, Sequences.from_list(arrays))


@pytest.mark.parametrize("arrays", [UNEQUAL, EQUAL], ids=["unequal", "equal"])
def test_tslearn_arrays_are_read(arrays):
    tslearn = pytest.importorskip("tslearn.utils")
    assert_same(check_sequences(tslearn.to_time_series_dataset(arrays))[0], Sequences.from_list(arrays))


# --- missing values ---------------------------------------------------------------------------------------------------


def test_missing_values_are_accepted_only_with_allow_missing():
    X = [[1.0, np.nan, np.nan], [np.nan]]
    for container in (X, Sequences.from_list(X, allow_missing=True)):
        read, _ = check_sequences(container, allow_missing=True)
        assert_array_equal(read.packed[:, 0], [1.0, np.nan, np.nan, np.nan])
        assert read.lengths.tolist() == [3, 1]
        with pytest.raises(
            ValueError, match=r"X\[0\] has NaN at timestep 1\. Impute missing values first, .* PerTimestep"
        ):
            check_sequences(container)
    with pytest.raises(ValueError, match=r"X\[1\] has inf at timestep 0"):
        check_sequences([[1.0, np.nan], [np.inf]], allow_missing=True)


def test_trailing_nan_of_an_array_is_padding_also_with_allow_missing():
    X = np.array([[[1.0, np.nan], [np.nan, np.nan]], [[np.nan, np.nan], [2.0, np.nan]]])
    assert check_sequences(X, allow_missing=True)[0].lengths.tolist() == [1, 2]
