import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)
from sklearn.utils import _safe_indexing, resample

from skseqae.data._check_sequences import check_sequences
from skseqae.data._layout import Layout
from skseqae.data._padding import pad
from skseqae.data._sequences import Sequences, rows_as_sequences, unpad
from skseqae.data._tabular import read_rows

NAN = np.nan
quick = settings(max_examples=40, deadline=None)


@st.composite
def ragged(draw, shortest=0):
    """A list of (T_i, F) arrays, float32 or float64, with many zeros and at least one timestep."""
    lengths = draw(st.lists(st.integers(shortest, 6), min_size=1, max_size=6).filter(any))
    n_features = draw(st.integers(1, 3))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return [(rng.integers(-2, 3, size=(length, n_features)) / 2).astype(dtype) for length in lengths]


def padded_by_loop(arrays, n_timesteps, value, padding="post"):
    """What `pad` should do, written as plainly as can be."""
    out = np.full((len(arrays), n_timesteps, arrays[0].shape[1]), value, dtype=arrays[0].dtype)
    for i, array in enumerate(arrays):
        start = n_timesteps - len(array) if padding == "pre" else 0
        out[i, start : start + len(array)] = array
    return out


def packed(arrays):
    return Sequences.from_packed(np.concatenate(arrays), [len(array) for array in arrays])


def long_frame(arrays, rng):
    """A row for each timestep, shuffled, but with the first rows of the samples in order."""
    samples = np.repeat(np.arange(len(arrays)), [len(array) for array in arrays])
    times = np.concatenate([np.arange(len(array)) for array in arrays])
    is_first = times == 0
    order = np.concatenate([np.flatnonzero(is_first), rng.permutation(np.flatnonzero(~is_first))])
    values = np.concatenate(arrays)
    columns = {f"x{f}": values[order, f] for f in range(values.shape[1])}
    return pd.DataFrame({"who": [f"s{9 - i}" for i in samples[order]], "when": times[order], **columns})


def assert_same(sequences, arrays):
    assert isinstance(sequences, Sequences)
    assert len(sequences) == len(arrays)
    for got, expected in zip(sequences, arrays, strict=True):
        assert got.dtype == expected.dtype
        assert_array_equal(got, expected, strict=True)


def a_fixed_set(n_samples=7, dtype=np.float64):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(2 + i % 3, 2)).astype(dtype) for i in range(n_samples)]


# --- every container holds the same -----------------------------------------------------------------------------------


@quick
@given(ragged())
def test_a_list_comes_back_as_it_went_in(arrays):
    sequences, layout = check_sequences(arrays)
    assert layout == Layout("list")
    assert_same(sequences, arrays)
    restored = layout.restore(sequences)
    assert isinstance(restored, list)
    for got, expected in zip(restored, arrays, strict=True):
        assert_array_equal(got, expected, strict=True)
        got += 1  # what is given back belongs to the user
    assert_same(sequences, arrays)


@quick
@given(ragged())
def test_a_list_of_1d_arrays_comes_back_as_it_went_in(arrays):
    flat = [array[:, 0] for array in arrays]
    sequences, layout = check_sequences(flat)
    assert layout == Layout("list", univariate=True)
    assert_same(sequences, [array[:, :1] for array in arrays])
    for got, expected in zip(layout.restore(sequences), flat, strict=True):
        assert_array_equal(got, expected, strict=True)


@quick
@given(ragged(), st.sampled_from([None, NAN, -7.0, np.inf]), st.integers(0, 3))
def test_a_padded_array_comes_back_as_it_went_in(arrays, padding_value, extra):
    filling = NAN if padding_value is None else padding_value
    X = padded_by_loop(arrays, max(map(len, arrays)) + extra, filling)
    sequences, layout = check_sequences(X, padding_value=padding_value)
    assert (layout.kind, layout.n_timesteps, layout.univariate) == ("padded", X.shape[1], False)
    assert_same(sequences, arrays)
    assert_array_equal(layout.restore(sequences), X, strict=True)


@quick
@given(ragged(), st.sampled_from([None, -7.0]))
def test_a_table_comes_back_as_it_went_in(arrays, padding_value):
    filling = NAN if padding_value is None else padding_value
    arrays = [array[:, :1] for array in arrays]
    X = padded_by_loop(arrays, max(map(len, arrays)), filling)[:, :, 0]
    sequences, layout = check_sequences(X, padding_value=padding_value)
    assert layout == Layout("table", X.shape[1], univariate=True, padding_value=padding_value)
    assert_same(sequences, arrays)
    assert_array_equal(layout.restore(sequences), X, strict=True)


@quick
@given(ragged(shortest=1), st.integers(0, 99))
def test_every_container_of_the_same_sequences_reads_the_same(arrays, seed):
    lengths = [len(array) for array in arrays]
    longest = max(lengths) + 1
    objects = np.empty(len(arrays), dtype=object)
    objects[:] = arrays
    assert_same(check_sequences(tuple(arrays))[0], arrays)
    assert_same(check_sequences(objects)[0], arrays)
    assert_same(check_sequences([pd.DataFrame(array) for array in arrays])[0], arrays)
    assert_same(packed(arrays), arrays)
    for padding in ("post", "pre"):
        for value in (NAN, -7.0):
            X = padded_by_loop(arrays, longest, value, padding)
            assert_same(Sequences.from_padded(X, padding=padding, padding_value=value), arrays)
            assert_same(Sequences.from_padded(X, lengths, padding=padding), arrays)
            channels_first = X.transpose(0, 2, 1)
            named = Sequences.from_channels_first(channels_first, padding=padding, padding_value=value)
            assert_same(named, arrays)
            assert_same(Sequences.from_channels_first(channels_first, lengths, padding=padding), arrays)
    frame = long_frame(arrays, np.random.default_rng(seed))
    for long in (frame, pl.from_pandas(frame)):
        assert_same(Sequences.from_frame(long, sample="who", time="when"), arrays)
    column = pa.array([array.tolist() for array in arrays], pa.list_(pa.list_(pa.from_numpy_dtype(arrays[0].dtype))))
    assert_same(Sequences.from_arrow(column), arrays)


@quick
@given(ragged())
def test_sequences_pass_through_untouched(arrays):
    sequences = packed(arrays)
    checked, layout = check_sequences(sequences, padding_value=0.0)
    assert checked is sequences
    assert layout == Layout("sequences")
    assert layout.restore(sequences) is sequences


def test_arrays_of_one_length_in_a_list_stay_a_list():
    X = [np.ones((3, 2)), np.zeros((3, 2))]
    assert check_sequences(X)[1] == Layout("list")
    assert check_sequences([np.ones(3), np.ones(3)])[1] == Layout("list", univariate=True)


@pytest.mark.parametrize(
    ("nest", "layout"),
    [
        ([[1, 2], [3, 4]], Layout("table", 2, univariate=True)),
        (([1, 2, None], (3, 4, 5)), Layout("table", 3, univariate=True)),
        ([[[1, 2], [3, 4], [5, 6]]], Layout("padded", 3)),
        ([[1, 2], [3]], Layout("list", univariate=True)),
        ([[1], [], [True, 2.5]], Layout("list", univariate=True)),
        ([[[1, 2], [3, 4]], [[5, 6]]], Layout("list")),
        ([[[1, 2]], []], Layout("list")),
        ([np.array([1.0, 2.0]), [3.0, 4.0]], Layout("list", univariate=True)),
    ],
)
def test_a_rectangular_nest_is_an_array_and_a_ragged_one_a_list(nest, layout):
    sequences, got = check_sequences(nest)
    assert got == layout
    for values, row in zip(sequences, nest, strict=True):
        row = [value for value in row if value is not None]
        assert_array_equal(values, np.array(row, dtype=float).reshape(len(row), sequences.n_features), strict=True)


@pytest.mark.parametrize("make", [pd.DataFrame, lambda X: pl.DataFrame(X, orient="row")])
def test_a_dataframe_is_a_table(make):
    X = np.array([[1.0, 2.0, NAN], [3.0, 4.0, 5.0]])
    sequences, layout = check_sequences(make(X))
    assert layout == Layout("table", 3, univariate=True)
    assert sequences.lengths.tolist() == [2, 3]
    assert_array_equal(layout.restore(sequences), X)


def test_missing_values_of_dataframes_and_objects_are_nan():
    nullable = pd.DataFrame({"a": pd.array([1, 2], dtype="Int64"), "b": pd.array([3.5, None], dtype="Float64")})
    nulls = pl.DataFrame({"a": [1, 2], "b": [3.5, None]})
    objects = np.array([[1, 3.5], [Fraction(2), None]], dtype=object)
    for X in (nullable, nulls, objects, objects[:, :, None]):
        sequences, _ = check_sequences(X)
        assert sequences.dtype == np.float64
        assert [values.tolist() for values in sequences] == [[[1.0], [3.5]], [[2.0]]]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("float32", "float32"),
        (">f4", "float32"),
        ("float64", "float64"),
        (">f8", "float64"),
        ("longdouble", "float64"),
        ("float16", "float64"),
        ("int8", "float64"),
        ("int32", "float64"),
        ("uint64", "float64"),
        ("bool", "float64"),
        ("object", "float64"),
    ],
)
def test_float32_stays_and_every_other_number_is_float64(dtype, expected):
    X = np.array([[1, 0, 1], [0, 1, 1]]).astype(dtype)
    containers = [
        check_sequences(X)[0],
        check_sequences(X[:, :, None])[0],
        check_sequences(list(X))[0],
        Sequences.from_packed(X.ravel(), [3, 3]),
    ]
    for sequences in containers:
        assert sequences.dtype == np.dtype(expected)
        assert sequences.dtype.isnative
        assert_array_equal(sequences.packed[:, 0], [1, 0, 1, 0, 1, 1])


def test_an_empty_sequence_takes_features_and_type_from_the_others():
    wide = np.ones((2, 3), dtype=np.float32)
    for empty in ([], np.empty(0), np.empty((0, 3))):
        sequences, layout = check_sequences([empty, wide, empty])
        assert sequences.dtype == np.float32
        assert [values.shape for values in layout.restore(sequences)] == [(0, 3), (2, 3), (0, 3)]
    sequences, layout = check_sequences([np.empty(0), np.ones(2)])
    assert [values.shape for values in layout.restore(sequences)] == [(0,), (2,)]


# --- where a sequence ends --------------------------------------------------------------------------------------------


def test_padding_is_recognised_only_at_the_end():
    row = np.array([0.0, 0.0, 5.0, 0.0, 6.0, 0.0, 0.0])
    for X in (row[None], row[None, :, None]):
        sequences, _ = check_sequences(X, padding_value=0.0)
        assert_array_equal(sequences[0][:, 0], row[:5])
        assert check_sequences(X)[0].lengths.tolist() == [7]
    front = Sequences.from_padded(row[None], padding="pre", padding_value=0.0)
    assert_array_equal(front[0][:, 0], row[2:])


def test_a_timestep_is_padding_only_where_all_its_features_are():
    X = np.array([[[1.0, 2.0], [0.0, 3.0], [0.0, 0.0]]])
    assert check_sequences(X, padding_value=0.0)[0].lengths.tolist() == [2]


def test_a_padding_value_has_no_effect_on_lists():
    sequences, layout = check_sequences([np.array([1.0, 0.0]), np.array([0.0])], padding_value=0.0)
    assert sequences.lengths.tolist() == [2, 1]
    assert layout.padding_value is None


def test_given_lengths_decide_whatever_stands_in_the_padding():
    X = np.array([[1.0, NAN, np.inf], [1e300, 2.0, 3.0]])
    sequences = Sequences.from_padded(X[:1], [1])
    assert sequences.packed.tolist() == [[1.0]]
    sequences = Sequences.from_padded(X[1:], [2], padding="pre")
    assert sequences.packed.tolist() == [[2.0], [3.0]]


def test_a_whole_row_of_padding_is_an_empty_sequence():
    assert check_sequences(np.array([[NAN, NAN], [1.0, NAN]]))[0].lengths.tolist() == [0, 1]
    assert check_sequences(np.array([[0, 0], [1, 0]]), padding_value=0)[0].lengths.tolist() == [0, 1]


def zero_ended(n_zero, n_samples=4):
    X = np.ones((n_samples, 5, 2))
    X[:n_zero, 3:] = 0
    return X


def test_samples_of_one_timestep_may_end_in_zeros():
    with pytest.warns(UserWarning, match="3 of 3 samples end in timesteps whose features are all zero"):
        check_sequences(np.zeros((3, 1, 2)), warn_trailing_zeros=True)


def test_samples_without_timesteps_do_not_end_in_zeros():
    X = np.full((5, 2, 1), NAN)
    X[0], X[3] = 0.0, [[1.0], [0.0]]
    check_sequences(X, warn_trailing_zeros=True)


def test_zeros_at_the_end_of_most_samples_are_warned_about():
    with pytest.warns(UserWarning, match=r"3 of 4 samples .* padding_value=0.0") as caught:
        sequences, _ = check_sequences(zero_ended(3), warn_trailing_zeros=True)
    assert len(caught) == 1
    assert sequences.lengths.tolist() == [5, 5, 5, 5]


@pytest.mark.parametrize(
    ("X", "options"),
    [
        (zero_ended(2), {"warn_trailing_zeros": True}),
        (zero_ended(4), {"warn_trailing_zeros": False}),
        (zero_ended(4), {"warn_trailing_zeros": True, "padding_value": 0.0}),
        (zero_ended(4), {"warn_trailing_zeros": True, "padding_value": -1.0}),
        (zero_ended(4)[:, :, 0], {"warn_trailing_zeros": True}),
        (list(zero_ended(4)), {"warn_trailing_zeros": True}),
        (Sequences.from_padded(zero_ended(4)), {"warn_trailing_zeros": True}),
    ],
)
def test_zeros_are_not_warned_about_elsewhere(X, options):
    check_sequences(X, **options)  # a warning would be an error


def test_zeros_before_nan_padding_are_warned_about():
    X = np.concatenate([zero_ended(4), np.full((4, 2, 2), NAN)], axis=1)
    with pytest.warns(UserWarning, match="padding_value"):
        check_sequences(X, warn_trailing_zeros=True)


# --- the container ----------------------------------------------------------------------------------------------------


@quick
@given(st.data())
def test_indexing_agrees_with_that_of_a_list(data):
    arrays = data.draw(ragged())
    n_samples = len(arrays)
    sequences = packed(arrays)
    reorder = data.draw(st.permutations(range(n_samples)))  # so that views of views are tried too
    sequences, arrays = sequences[reorder], [arrays[i] for i in reorder]
    places = st.integers(-n_samples, n_samples - 1)
    i = data.draw(places)
    for key in (i, np.int32(i), np.array(i), (i, ...)):
        assert_array_equal(sequences[key], arrays[i], strict=True)
    cut = data.draw(st.slices(n_samples))
    rows = data.draw(st.lists(places, max_size=8))
    mask = data.draw(st.lists(st.booleans(), min_size=n_samples, max_size=n_samples))
    masked = [array for array, keep in zip(arrays, mask, strict=True) if keep]
    chosen = [arrays[row] for row in rows]
    keys = [(cut, arrays[cut]), (rows, chosen), (mask, masked)]
    keys += [(np.array(rows, dtype=int), chosen), (np.array(mask), masked), (pd.Series(mask), masked)]
    for key, expected in keys:
        for form in (key, (key, ...)):
            view = sequences[form]
            assert_same(view, expected)
            assert view.lengths.tolist() == [len(array) for array in expected]
            if expected:
                assert_array_equal(view.packed, np.concatenate(expected), strict=True)


@pytest.mark.parametrize(
    "key",
    ["a", None, 1.5, True, np.True_, ..., (1, 2), (1,), [1.5], ["a"], [[0], [1]], np.array([0.0]), 7, -8, [7], [True]],
    ids=repr,
)
def test_a_key_of_another_kind_or_out_of_range_is_an_index_error(key):
    with pytest.raises(IndexError):
        packed(a_fixed_set())[key]


def test_views_copy_no_values():
    values = np.arange(20.0).reshape(10, 2)
    sequences = Sequences.from_packed(values, [3, 3, 4])
    assert np.shares_memory(sequences[2], values)
    for view in (sequences, sequences[1:], sequences[[0]], sequences[[True, True, False]]):
        assert np.shares_memory(view.packed, values)
    reordered = sequences[[2, 0]]
    assert np.shares_memory(reordered[0], values)
    assert_array_equal(reordered.packed, values[[6, 7, 8, 9, 0, 1, 2]])


def test_nothing_can_be_written_through_sequences():
    sequences = packed(a_fixed_set())
    pieces = [sequences[0], next(iter(sequences)), sequences.packed, sequences[::-1].packed, sequences.lengths]
    pieces += [pickle.loads(pickle.dumps(sequences)).packed, sequences[[1]].lengths]
    for array in pieces:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for name in ("lengths", "packed", "n_features", "dtype", "shape", "new"):
        with pytest.raises(AttributeError):
            setattr(sequences, name, 0)


def test_properties_say_what_is_held():
    sequences = packed(a_fixed_set(5, np.float32))
    assert sequences.lengths.tolist() == [2, 3, 4, 2, 3]
    assert sequences.lengths.dtype == np.int64
    assert (len(sequences), sequences.shape, sequences.ndim, sequences.size) == (5, (5,), 1, 5)
    assert (sequences.n_features, sequences.dtype) == (2, np.float32)
    assert repr(sequences) == "Sequences(N=5, lengths 2-4, n_features=2, float32)"
    assert repr(sequences[:0]) == "Sequences(N=0, n_features=2, float32)"
    assert sequences[:0].packed.shape == (0, 2)


def test_a_pickle_carries_its_own_rows_only():
    sequences = Sequences.from_packed(np.arange(200_000.0), np.full(20_000, 10))
    for view in (sequences[5:10], sequences[[9, 2, 2, 5]], sequences[:0]):
        message = pickle.dumps(view)
        assert len(message) < 2_000
        back = pickle.loads(message)
        assert_same(back, list(view))
        assert back.lengths.dtype == np.int64


def test_a_memory_map_stays_one(tmp_path):
    path = tmp_path / "values.npy"
    np.save(path, np.arange(12, dtype=np.float32).reshape(6, 2))
    values = np.load(path, mmap_mode="r")
    sequences = Sequences.from_packed(values, [2, 4])
    for array in (sequences.packed, sequences[1:].packed, sequences[1]):
        assert np.shares_memory(array, values)
        assert type(array) is np.ndarray
    assert_same(sequences, [np.array(values[:2]), np.array(values[2:])])


@pytest.mark.parametrize(
    "splitter",
    [
        KFold(3, shuffle=True, random_state=0),
        StratifiedKFold(2),
        ShuffleSplit(2, random_state=0),
        GroupKFold(2),
        TimeSeriesSplit(2),
        LeaveOneOut(),
    ],
    ids=lambda splitter: type(splitter).__name__,
)
def test_the_splitters_of_scikit_learn_take_sequences(splitter):
    arrays = a_fixed_set(12)
    sequences = packed(arrays)
    labels = np.arange(12) % 2
    groups = labels if isinstance(splitter, GroupKFold) else None
    for train, test in splitter.split(sequences, labels, groups):
        for rows in (train, test):
            assert_same(_safe_indexing(sequences, rows), [arrays[i] for i in rows])


def test_train_test_split_and_resample_take_sequences():
    arrays = a_fixed_set(12)
    sequences, places = packed(arrays), np.arange(12)
    train, test, train_places, test_places = train_test_split(sequences, places, stratify=places % 2, random_state=0)
    again, again_places = resample(sequences, places, random_state=0)
    for got, rows in ((train, train_places), (test, test_places), (again, again_places)):
        assert_same(got, [arrays[i] for i in rows])


# --- X is the user's --------------------------------------------------------------------------------------------------


def inputs_of_every_kind():
    arrays = a_fixed_set()
    X = padded_by_loop(arrays, 5, NAN)
    full = np.arange(24.0).reshape(2, 4, 3)
    objects = np.where(np.isnan(X), None, X)
    return {"list": arrays, "one": arrays[:1], "padded": X, "table": X[:, :, 0], "full": full, "objects": objects}


@pytest.mark.parametrize("kind", inputs_of_every_kind())
def test_nothing_is_written_into_x_and_nothing_is_shared_with_it(kind):
    X = inputs_of_every_kind()[kind]
    buffers = X if isinstance(X, list) else [X]
    before = [array.copy() for array in buffers]
    for array in buffers:
        array.flags.writeable = False
    sequences, layout = check_sequences(X)
    layout.restore(sequences)
    expected = sequences.packed.copy()
    for array, copy in zip(buffers, before, strict=True):
        assert_array_equal(array, copy)
        array.flags.writeable = True
        array[...] = 99.0
    assert_array_equal(sequences.packed, expected)
    assert not any(np.shares_memory(sequences.packed, array) for array in buffers)


def test_the_lengths_that_were_given_may_change_later():
    lengths = np.array([2, 1])
    sequences = Sequences.from_packed([1.0, 2.0, 3.0], lengths)
    lengths[:] = 0
    assert sequences.lengths.tolist() == [2, 1]
    assert lengths.flags.writeable


# --- frames and Arrow columns -----------------------------------------------------------------------------------------


def test_samples_of_a_frame_come_in_the_order_of_their_first_rows():
    frame = pd.DataFrame({"id": ["b", "a", "b", "c", "a"], "x": [1.0, 2.0, 3.0, 4.0, 5.0], "y": range(5)})
    for long in (frame, pl.from_pandas(frame)):
        sequences = Sequences.from_frame(long, sample="id")
        assert [values.tolist() for values in sequences] == [[[1, 0], [3, 2]], [[2, 1], [5, 4]], [[4, 3]]]
        named = Sequences.from_frame(long, sample="id", features=["y"])
        assert [values[:, 0].tolist() for values in named] == [[0, 2], [1, 4], [3]]


@pytest.mark.parametrize(
    "times",
    [
        [3, 1, 2, 1],
        [0.3, 0.1, 0.2, 0.1],
        ["2024-01-03", "2024-01-01", "2024-01-02", "2024-01-01"],
        pd.to_datetime(["2024-01-03", "2024-01-01", "2024-01-02", "2024-01-01"]),
        pd.to_datetime(["2024-01-03", "2024-01-01", "2024-01-02", "2024-01-01"], utc=True),
        pd.to_timedelta([3, 1, 2, 1], unit="h"),
    ],
    ids=lambda times: type(times[0]).__name__,
)
def test_rows_of_a_frame_are_sorted_by_time_within_each_sample(times):
    frame = pd.DataFrame({"id": [7, 7, 7, 3], "t": times, "x": [1.0, 2.0, 3.0, 4.0]})
    for long in (frame, pl.from_pandas(frame)):
        sequences = Sequences.from_frame(long, sample="id", time="t")
        assert [values[:, 0].tolist() for values in sequences] == [[2.0, 3.0, 1.0], [4.0]]


def test_labels_of_different_kinds_name_samples():
    frame = pd.DataFrame({"id": pd.Series([("a", 1), 2, "b", 2], dtype=object), "x": [1, 2, 3, 4]})
    assert Sequences.from_frame(frame, sample="id").lengths.tolist() == [1, 2, 1]


def test_a_frame_is_float32_only_where_all_its_features_are():
    frame = pd.DataFrame({"id": [0, 0], "x": np.ones(2, np.float32), "y": np.ones(2, np.float32), "z": [1, 2]})
    assert Sequences.from_frame(frame, sample="id", features=["x", "y"]).dtype == np.float32
    assert Sequences.from_frame(frame, sample="id").dtype == np.float64


@pytest.mark.parametrize(
    ("rows", "kind", "dtype"),
    [
        ([[1, 2], [3], []], pa.list_(pa.int64()), np.float64),
        ([[1, 2], [], [3]], pa.large_list(pa.float32()), np.float32),
        ([[1, 2], [3, 4]], pa.list_(pa.float64(), 2), np.float64),
        ([[True], [False, True]], pa.list_(pa.bool_()), np.float64),
        ([[[1, 2]], [], [[3, 4], [5, 6]]], pa.list_(pa.list_(pa.float32(), 2)), np.float32),
        ([[[1, 2]], [[3, 4], [5, 6]]], pa.large_list(pa.list_(pa.int8())), np.float64),
    ],
    ids=str,
)
def test_every_arrow_list_is_read_whole_sliced_and_chunked(rows, kind, dtype):
    column = pa.array(rows, kind)
    chunked = pa.chunked_array([column[:1], column[1:]])
    for form, expected in ((column, rows), (column[1:], rows[1:]), (chunked, rows)):
        sequences = Sequences.from_arrow(form)
        width = sequences.n_features
        assert_same(sequences, [np.reshape(row, (len(row), width)).astype(dtype) for row in expected])


# --- pad and unpad ----------------------------------------------------------------------------------------------------


@quick
@given(st.data())
def test_pad_is_what_a_loop_writes_and_unpad_undoes_it(data):
    arrays = data.draw(ragged())
    rows = data.draw(st.lists(st.integers(0, len(arrays) - 1), min_size=1, max_size=6))
    view, arrays = packed(arrays)[rows], [arrays[row] for row in rows]
    longest = max(map(len, arrays))
    n_timesteps = longest + data.draw(st.integers(0, 3))
    value = data.draw(st.sampled_from([0.0, NAN, -1.5]))
    padded = pad(view, n_timesteps, value)
    assert_array_equal(padded, padded_by_loop(arrays, n_timesteps, value), strict=True)
    assert padded.flags.writeable
    assert pad(view).shape[1] == longest
    assert_same(unpad(padded, view.lengths), arrays)


def test_pad_takes_what_holds_no_timesteps_at_all():
    empties = pickle.loads(pickle.dumps(check_sequences([[], [1.0], []])[0][[0, 2]]))
    assert_array_equal(pad(empties, 2, -1.0), np.full((2, 2, 1), -1.0))
    assert pad(empties[:0]).shape == (0, 0, 1)
    assert_same(unpad(np.ones((2, 3, 1)), [0, 0]), [np.empty((0, 1))] * 2)


def test_padding_is_zero_where_nothing_else_is_said():
    assert pad(packed([np.ones((1, 1)), np.ones((2, 1))])).tolist() == [[[1.0], [0.0]], [[1.0], [1.0]]]


def test_of_rows_that_overflow_the_first_is_named():
    rows = np.ones((3, 4))
    rows[1, 2], rows[2, 0], rows[0, 3] = -1e39, 1e40, np.float64(np.finfo(np.float32).max)
    with pytest.raises(ValueError, match=r"^Z\[1\] has -1e\+39 in column 2\. It overflows float32"):
        read_rows(rows, "Z")
    assert_same(rows_as_sequences(read_rows(rows[:1], "Z")), [rows[:1]])


def test_pad_refuses_to_cut_sequences_short():
    with pytest.raises(ValueError, match="n_timesteps=3 is too short for a sequence of 4 timesteps"):
        pad(packed(a_fixed_set()), 3)


def test_a_layout_of_rows_gives_a_copy_of_them():
    rows = packed([np.full((1, 2), 3.0), np.full((1, 2), 4.0)])
    restored = Layout("rows").restore(rows)
    assert restored.tolist() == [[3.0, 3.0], [4.0, 4.0]]
    restored[:] = 0.0
    assert rows.packed.min() == 3.0


def test_a_layout_grows_where_outputs_are_longer_or_wider_than_x():
    longer = packed([np.ones((4, 1)), np.ones((2, 1))])
    assert Layout("table", 3, univariate=True).restore(longer).shape == (2, 4)
    assert Layout("padded", 3, padding_value=0.0).restore(longer)[1, :, 0].tolist() == [1, 1, 0, 0]
    wider = packed([np.ones((2, 3))])
    assert Layout("table", 3, univariate=True).restore(wider).shape == (1, 3, 3)
    assert Layout("list", univariate=True).restore(wider)[0].shape == (2, 3)
    assert Layout("padded", 3).restore(wider[:0]).shape == (0, 3, 3)


# --- what is refused --------------------------------------------------------------------------------------------------


def spoiled(value, *index, shape=(5, 6, 3), dtype=float):
    X = np.ones(shape, dtype=dtype)
    X[index] = value
    return X


def spoiled_list(value, *index):
    return list(spoiled(value, *index))


def frame_of(**columns):
    return pd.DataFrame({"id": ["a", "a", "b"], "t": [0, 1, 0], "x": [1.0, 2.0, 3.0]} | columns)


def from_frame(frame, **options):
    return Sequences.from_frame(frame, **{"sample": "id", "time": "t"} | options)


SEQUENCES = packed(a_fixed_set())
CHECK, PADDED, PACKED = check_sequences, Sequences.from_padded, Sequences.from_packed
CHANNELS, ARROW = Sequences.from_channels_first, Sequences.from_arrow
RAGGED = tf.ragged.constant([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], ragged_rank=1)
CUBE, NULL_ROW = np.ones((2, 4, 3)), pa.array([[1.0], None])
BAD = [
    # NaN, inf and what float32 cannot hold
    (CHECK, (spoiled(NAN, 3, 4, 2),), ValueError, r"X\[3\] has NaN at timestep 4, feature 2\. Fill gaps"),
    (CHECK, (spoiled(NAN, 3, 5, 2),), ValueError, r"X\[3\] has NaN at timestep 5, feature 2"),
    (CHECK, (spoiled(NAN, 3, 0),), ValueError, r"X\[3\] has NaN at timestep 0, feature 0"),
    (CHECK, (spoiled(NAN, 1, 2, shape=(3, 4)),), ValueError, r"X\[1\] has NaN at timestep 2\. "),
    (CHECK, (pd.DataFrame(spoiled(NAN, 1, 2, shape=(3, 4))),), ValueError, r"X\[1\] has NaN at timestep 2"),
    (CHECK, ([[1.0, None, 2.0], [3.0, 4.0, 5.0]],), ValueError, r"X\[0\] has NaN at timestep 1"),
    (CHECK, ([[1.0, 2.0], [3.0, None, 5.0]],), ValueError, r"X\[1\] has NaN at timestep 1"),
    (CHECK, (spoiled_list(NAN, 4, 5),), ValueError, r"X\[4\] has NaN at timestep 5, feature 0"),
    (CHECK, ([np.ones(2), np.empty(0), np.array([1.0, NAN])],), ValueError, r"X\[2\] has NaN at timestep 1"),
    (CHECK, (spoiled(np.inf, 2, 3, 1),), ValueError, r"X\[2\] has inf at timestep 3, feature 1\. Replace"),
    (CHECK, (spoiled(-np.inf, 2, 5),), ValueError, r"X\[2\] has -inf at timestep 5, feature 0"),
    (CHECK, (spoiled_list(np.inf, 0, 0, 0),), ValueError, r"X\[0\] has inf at timestep 0, feature 0"),
    (CHECK, (spoiled(np.inf, 1, 2, shape=(3, 4), dtype=np.float32),), ValueError, r"X\[1\] has inf at timestep 2"),
    (
        CHECK,
        (spoiled(-1e39, 4, 0, 2),),
        ValueError,
        r"X\[4\] has -1e\+39 at timestep 0, feature 2\. It overflows float32",
    ),
    (CHECK, (spoiled(np.longdouble("1e400"), 1, 1, dtype=np.longdouble),), ValueError, r"X\[1\] has inf at timestep 1"),
    (CHECK, ([[1, 2], [3, 10**400]],), ValueError, r"X\[1\], timestep 1 is 10+\.\.\.0+: it overflows float32"),
    (CHECK, (spoiled(NAN, 69_999, 0, shape=(70_000, 2)),), ValueError, r"X\[69999\] has NaN at timestep 0"),
    (lambda X: CHECK(X, padding_value=0.0), (spoiled(NAN, 1, 5),), ValueError, r"X\[1\] has NaN at timestep 5"),
    (
        lambda X: CHECK(X, padding_value=0.0),
        (spoiled(NAN, 1, slice(4, 6)),),
        ValueError,
        r"X\[1\] has NaN at timestep 4",
    ),
    # kinds of things
    (CHECK, (RAGGED,), TypeError, r"X is a RaggedTensor: pass Sequences.from_packed\(X.values.numpy\(\), X.row_leng"),
    (CHECK, (sparse.csr_array(np.eye(3)),), TypeError, r"X is sparse \(csr_array\).*toarray"),
    (CHECK, (sparse.coo_matrix(np.eye(3)),), TypeError, "X is sparse"),
    (CHECK, ([np.ones((2, 3)), sparse.csr_array(np.eye(3))],), TypeError, r"X\[1\] is sparse"),
    (CHECK, (np.ma.masked_invalid(spoiled(NAN, 0, 5)),), TypeError, r"X is a masked array.*filled\(np.nan\)"),
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
    (CHECK, (spoiled("a", 1, 2, 0, dtype=object),), TypeError, r"X\[1\], timestep 2, feature 0 is 'a'"),
    (
        CHECK,
        (spoiled({"foo": "bar"}, 0, 0, shape=(3, 4), dtype=object),),
        TypeError,
        "argument must be .* string.* number",
    ),
    (CHECK, (spoiled(Decimal(1), 2, 3, shape=(3, 4), dtype=object),), TypeError, r"X\[2\], timestep 3 is Decimal"),
    (CHECK, (pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, "x"]}),), TypeError, r"X\[1\], timestep 1 is 'x'"),
    (CHECK, (pl.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),), TypeError, r"X\[0\], timestep 1 is 'x'"),
    (CHECK, (np.array([["2024-01-01", "2024-01-02"]], dtype="M8[D]"),), TypeError, r"X\[0\] is of type datetime64"),
    (CHECK, ([np.ones(2), np.array([1, 2], dtype="m8[s]")],), TypeError, r"X\[1\] is of type timedelta64"),
    (CHECK, (spoiled(1, 0, dtype=complex),), ValueError, r"X\[0\].*Complex data not supported"),
    (CHECK, ([[1.0, 2.0], [3.0, 4j]],), ValueError, r"X\[1\], timestep 1 is 4j: Complex data not supported"),
    (CHECK, ([np.ones(2), np.ones(2, dtype=complex)],), ValueError, r"X\[1\].*Complex data not supported"),
    (CHECK, (spoiled(1j, 1, 2, shape=(2, 3), dtype=object),), ValueError, r"X\[1\], timestep 2 is 1j: Complex data"),
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
    (CHECK, ([np.ones(2), np.ones((2, 1))],), ValueError, r"X\[1\] has 1 features.*X\[0\] has numbers as timesteps"),
    (
        CHECK,
        ([[[1, 2], [3, 4]], [[1, 2], [3]]],),
        ValueError,
        r"X\[1\] has 1 feature\(s\) at timestep 1, but 2 at timestep 0",
    ),
    (CHECK, ([[1, [2, 3]], [4]],), ValueError, r"X\[0\] has 2 feature\(s\) at timestep 1, but 1 at timestep 0"),
    (lambda X: CHECK(X, padding_value="0"), (CUBE,), TypeError, "padding_value must be a number or None, got '0'"),
    # from_padded, from_channels_first
    (PADDED, ([np.ones(2), np.ones(3)],), ValueError, "got sequences of their own lengths"),
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
    (PADDED, (spoiled(NAN, 1, 2, 0), [6] * 5), ValueError, r"X\[1\] has NaN at timestep 2, feature 0"),
    (lambda X: PADDED(X, padding="pre"), (spoiled(NAN, 1, slice(2, 6)),), ValueError, r"X\[1\] has NaN at timestep 2"),
    (lambda X: PADDED(X, [3] * 5, padding="pre"), (spoiled(NAN, 1, 4),), ValueError, r"X\[1\] has NaN at timestep 4"),
    (lambda X: PADDED(X, padding="left"), (CUBE,), ValueError, "padding must be 'post' or 'pre', got 'left'"),
    (lambda X: PADDED(X, [1, 2], padding_value=0), (CUBE,), ValueError, "give only one of them"),
    (CHANNELS, (np.ones((2, 3)),), ValueError, r"Expected an array \(N, F, T\), got shape \(2, 3\)"),
    (CHANNELS, ([np.ones((1, 2)), np.ones(3)],), ValueError, r"X\[1\] has shape \(3,\), expected \(F, T_i\)"),
    (CHANNELS, (spoiled(NAN, 1, 2, 1),), ValueError, r"X\[1\] has NaN at timestep 1, feature 2"),
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
    (from_frame, (frame_of(id=["a", None, "b"]),), ValueError, r"Column 'id' has no value .* at row 1"),
    (from_frame, (frame_of(id=[NAN, 1.0, 1.0]),), ValueError, "Column 'id' has no value"),
    (
        from_frame,
        (frame_of(t=pd.array([1, 2, None], dtype="Int64")),),
        ValueError,
        "Column 't' has no value .* at row 2",
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
    (from_frame, (frame_of(y=[1.0, 2.0, -np.inf]),), ValueError, "Sample 'b' has -inf at timestep 0, feature 1"),
    (from_frame, (frame_of(x=["u", "v", "w"]),), TypeError, "column 'x', row 0 is 'u': "),
    (from_frame, (frame_of(y=pd.to_datetime(["2024-01-01"] * 3)),), TypeError, "column 'y' is of type datetime64"),
    # from_arrow
    (ARROW, ([[1.0], [2.0]],), TypeError, "Expected a pyarrow column of lists, got list"),
    (ARROW, (pa.array([1.0, 2.0]),), TypeError, "Expected a pyarrow column of lists, got double"),
    (ARROW, (pa.table({"x": [[1.0]]}),), TypeError, r"of lists, got Table. Pass a column of it, such as table\['x'\]"),
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


@pytest.mark.parametrize(("read", "args", "error", "message"), BAD)
def test_bad_input_is_refused_and_named(read, args, error, message):
    with pytest.raises(error, match=message):
        read(*args)
