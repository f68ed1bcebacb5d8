"""The container `Sequences`: indexing, views, pickles and the splitters of scikit-learn."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
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

from skseqae.data._sequences import Sequences
from tests.data.sequence_cases import assert_same, fixed_arrays, packed, quick, ragged


@quick
@given(st.data())
def test_indexing_equals_list_indexing(data):
    arrays = data.draw(ragged())
    n_samples = len(arrays)
    sequences = packed(arrays)
    reorder = data.draw(st.permutations(range(n_samples)))  # so that views of views are tested too
    sequences, arrays = sequences[reorder], [arrays[i] for i in reorder]
    indices = st.integers(-n_samples, n_samples - 1)
    i = data.draw(indices)
    for key in (i, np.int32(i), np.array(i), (i, ...)):
        assert_array_equal(sequences[key], arrays[i], strict=True)
    part = data.draw(st.slices(n_samples))
    rows = data.draw(st.lists(indices, max_size=8))
    mask = data.draw(st.lists(st.booleans(), min_size=n_samples, max_size=n_samples))
    masked = [array for array, keep in zip(arrays, mask, strict=True) if keep]
    chosen = [arrays[row] for row in rows]
    keys = [(part, arrays[part]), (rows, chosen), (mask, masked)]
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
def test_an_invalid_index_raises_index_error(key):
    with pytest.raises(IndexError):
        packed(fixed_arrays())[key]


def test_indexing_copies_no_values():
    values = np.arange(20.0).reshape(10, 2)
    sequences = Sequences.from_packed(values, [3, 3, 4])
    assert np.shares_memory(sequences[2], values)
    for view in (sequences, sequences[1:], sequences[[0]], sequences[[True, True, False]]):
        assert np.shares_memory(view.packed, values)
    reordered = sequences[[2, 0]]
    assert np.shares_memory(reordered[0], values)
    assert_array_equal(reordered.packed, values[[6, 7, 8, 9, 0, 1, 2]])


def test_sequences_are_read_only():
    sequences = packed(fixed_arrays())
    pieces = [sequences[0], next(iter(sequences)), sequences.packed, sequences[::-1].packed, sequences.lengths]
    pieces += [pickle.loads(pickle.dumps(sequences)).packed, sequences[[1]].lengths]
    for array in pieces:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for name in ("lengths", "packed", "n_features", "dtype", "shape", "new"):
        with pytest.raises(AttributeError):
            setattr(sequences, name, 0)


def test_properties_and_repr_describe_the_sequences():
    sequences = packed(fixed_arrays(5, np.float32))
    assert sequences.lengths.tolist() == [2, 3, 4, 2, 3]
    assert sequences.lengths.dtype == np.int64
    assert (len(sequences), sequences.shape, sequences.ndim, sequences.size) == (5, (5,), 1, 5)
    assert (sequences.n_features, sequences.dtype) == (2, np.float32)
    assert repr(sequences) == "Sequences(N=5, lengths 2-4, n_features=2, float32)"
    assert repr(sequences[:0]) == "Sequences(N=0, n_features=2, float32)"
    assert sequences[:0].packed.shape == (0, 2)


def test_a_pickled_view_contains_only_its_own_timesteps():
    sequences = Sequences.from_packed(np.arange(200_000.0), np.full(20_000, 10))
    for view in (sequences[5:10], sequences[[9, 2, 2, 5]], sequences[:0]):
        message = pickle.dumps(view)
        assert len(message) < 2_000
        unpickled = pickle.loads(message)
        assert_same(unpickled, list(view))
        assert unpickled.lengths.dtype == np.int64


def test_a_memory_map_is_not_copied(tmp_path):
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
def test_scikit_learn_splitters_accept_sequences(splitter):
    arrays = fixed_arrays(12)
    sequences = packed(arrays)
    labels = np.arange(12) % 2
    groups = labels if isinstance(splitter, GroupKFold) else None
    for train, test in splitter.split(sequences, labels, groups):
        for rows in (train, test):
            assert_same(_safe_indexing(sequences, rows), [arrays[i] for i in rows])


def test_train_test_split_and_resample_accept_sequences():
    arrays = fixed_arrays(12)
    sequences, indices = packed(arrays), np.arange(12)
    train, test, train_rows, test_rows = train_test_split(sequences, indices, stratify=indices % 2, random_state=0)
    resampled, resampled_rows = resample(sequences, indices, random_state=0)
    for got, rows in ((train, train_rows), (test, test_rows), (resampled, resampled_rows)):
        assert_same(got, [arrays[i] for i in rows])
