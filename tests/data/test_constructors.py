"""The constructors of `Sequences`."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseqae.data._check_sequences import check_sequences
from skseqae.data._sequences import Sequences
from tests.data.sequence_cases import NAN, assert_same, packed, padded_by_loop, quick, ragged


def long_frame(arrays, rng):
    """Return one row per timestep, shuffled, but with the first rows of the samples in order."""
    samples = np.repeat(np.arange(len(arrays)), [len(array) for array in arrays])
    times = np.concatenate([np.arange(len(array)) for array in arrays])
    is_first = times == 0
    order = np.concatenate([np.flatnonzero(is_first), rng.permutation(np.flatnonzero(~is_first))])
    values = np.concatenate(arrays)
    columns = {f"x{f}": values[order, f] for f in range(values.shape[1])}
    return pd.DataFrame({"sample": [f"s{9 - i}" for i in samples[order]], "time": times[order], **columns})


@quick
@given(ragged(shortest=1), st.integers(0, 99))
def test_all_containers_of_the_same_sequences_are_read_as_equal(arrays, seed):
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
            sequences = Sequences.from_channels_first(channels_first, padding=padding, padding_value=value)
            assert_same(sequences, arrays)
            assert_same(Sequences.from_channels_first(channels_first, lengths, padding=padding), arrays)
    frame = long_frame(arrays, np.random.default_rng(seed))
    for long in (frame, pl.from_pandas(frame)):
        assert_same(Sequences.from_frame(long, sample="sample", time="time"), arrays)
    column = pa.array([array.tolist() for array in arrays], pa.list_(pa.list_(pa.from_numpy_dtype(arrays[0].dtype))))
    assert_same(Sequences.from_arrow(column), arrays)


def test_lengths_override_the_values_of_padding():
    X = np.array([[1.0, NAN, np.inf], [1e300, 2.0, 3.0]])
    sequences = Sequences.from_padded(X[:1], [1])
    assert sequences.packed.tolist() == [[1.0]]
    sequences = Sequences.from_padded(X[1:], [2], padding="pre")
    assert sequences.packed.tolist() == [[2.0], [3.0]]


def test_lengths_are_copied():
    lengths = np.array([2, 1])
    sequences = Sequences.from_packed([1.0, 2.0, 3.0], lengths)
    lengths[:] = 0
    assert sequences.lengths.tolist() == [2, 1]
    assert lengths.flags.writeable


def test_samples_of_a_frame_are_in_the_order_of_their_first_rows():
    frame = pd.DataFrame({"id": ["b", "a", "b", "c", "a"], "x": [1.0, 2.0, 3.0, 4.0, 5.0], "y": range(5)})
    for long in (frame, pl.from_pandas(frame)):
        sequences = Sequences.from_frame(long, sample="id")
        assert [values.tolist() for values in sequences] == [[[1, 0], [3, 2]], [[2, 1], [5, 4]], [[4, 3]]]
        selected = Sequences.from_frame(long, sample="id", features=["y"])
        assert [values[:, 0].tolist() for values in selected] == [[0, 2], [1, 4], [3]]


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


def test_sample_labels_may_have_different_types():
    frame = pd.DataFrame({"id": pd.Series([("a", 1), 2, "b", 2], dtype=object), "x": [1, 2, 3, 4]})
    assert Sequences.from_frame(frame, sample="id").lengths.tolist() == [1, 2, 1]


def test_a_frame_is_float32_only_if_all_its_features_are():
    frame = pd.DataFrame({"id": [0, 0], "x": np.ones(2, np.float32), "y": np.ones(2, np.float32), "z": [1, 2]})
    assert Sequences.from_frame(frame, sample="id", features=["x", "y"]).dtype == np.float32
    assert Sequences.from_frame(frame, sample="id").dtype == np.float64


@pytest.mark.parametrize(
    ("rows", "arrow_type", "dtype"),
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
def test_every_arrow_list_type_is_read_whole_sliced_and_chunked(rows, arrow_type, dtype):
    column = pa.array(rows, arrow_type)
    chunked = pa.chunked_array([column[:1], column[1:]])
    for form, expected in ((column, rows), (column[1:], rows[1:]), (chunked, rows)):
        sequences = Sequences.from_arrow(form)
        width = sequences.n_features
        assert_same(sequences, [np.reshape(row, (len(row), width)).astype(dtype) for row in expected])
