"""Tokens and labels: accepted containers, indices, class weights, and errors that name the location."""

import enum
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skseqae import Seq2SeqClassifier
from skseqae.data._labels import class_weights, read_labels
from skseqae.data._tokens import as_array, indices_as_sequences, read_tokens, unique_tokens

CLASSIFIER = Seq2SeqClassifier()


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def labels(y):
    return read_labels(y, CLASSIFIER)


def rows_of(tokens):
    return [row.tolist() for row in np.split(tokens.values, np.cumsum(tokens.lengths)[:-1])]


# --- accepted containers ----------------------------------------------------------------------------------------------

SINGLE_LABELS = {
    "ints": ([3, 1, 3], [3, 1, 3]),
    "array": (np.array([3, 1, 3], np.int8), [3, 1, 3]),
    "whole floats": (np.array([1.0, 0.0]), [1.0, 0.0]),
    "bools": ([True, False], [True, False]),
    "strings": (["b", "a"], ["b", "a"]),
    "objects": (np.array(["b", "a"], dtype=object), ["b", "a"]),
    "enums": ([Colour.RED, Colour.BLUE], [Colour.RED, Colour.BLUE]),
    "frozen sets": ([frozenset("ab"), frozenset()], [frozenset("ab"), frozenset()]),
    "mixed": ([1, "a"], [1, "a"]),
    "series": (pd.Series(["b", "a"]), ["b", "a"]),
    "categories": (pd.Series(["b", "a"], dtype="category"), ["b", "a"]),
    "polars": (pl.Series(["b", "a"]), ["b", "a"]),
    "scalars": ([np.int64(2), np.array(1)], [2, 1]),
}


@pytest.mark.parametrize(("y", "expected"), SINGLE_LABELS.values(), ids=SINGLE_LABELS)
def test_1d_labels_are_read_as_one_label_per_sample(y, expected):
    read = labels(y)
    assert read.container == "label"
    assert read.values.tolist() == expected
    assert_array_equal(read.lengths, np.ones(len(expected)))


@pytest.mark.filterwarnings("error")
def test_a_column_is_read_as_1d_labels_with_a_warning_of_scikit_learn():
    with pytest.warns(UserWarning, match="A column-vector y was passed"):
        assert labels(np.array([[1], [2]])).container == "label"


@pytest.mark.parametrize(
    "y", [np.array([[1, 2, 1], [2, 2, 1]]), np.array([["a", "b"], ["b", "b"]]), pd.DataFrame([[1, 2], [3, 4]])]
)
def test_a_2d_array_is_read_as_label_sequences_of_one_length(y):
    read = labels(y)
    assert read.container == "table"
    assert rows_of(read) == np.asarray(y).tolist()


RAGGED = {
    "lists": [[1, 2], [3], []],
    "tuples": [(1, 2), (3,), ()],
    "arrays": [np.array([1, 2]), np.array([3]), np.array([], int)],
    "one length": [[1, 2], [3, 4], [5, 6]],
    "strings": [["ab", "c"], ["d"]],
    "mixed": [[1, "a"], [None.__class__]],
}


@pytest.mark.parametrize("y", RAGGED.values(), ids=RAGGED)
def test_a_list_of_sequences_is_read_as_label_sequences_of_their_own_lengths(y):
    for container in (y, tuple(y), objects(y)):
        read = labels(container)
        assert read.container == "list"
        assert rows_of(read) == [list(row) for row in y]


def objects(rows):
    array = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        array[i] = row
    return array


@pytest.mark.parametrize(
    "X",
    [
        [["a", "b"], ["c"]],
        [("a", "b"), ("c",)],
        [np.array(["a", "b"]), np.array(["c"])],
        np.array([["a", "b"], ["c", None]], dtype=object),
        pd.DataFrame([["a", "b"], ["c", np.nan]]),
        pd.DataFrame([["a", "b"], ["c", pd.NA]], dtype="string"),
        pl.DataFrame({"t0": ["a", "c"], "t1": ["b", None]}),
    ],
    ids=["lists", "tuples", "arrays", "object array", "pandas", "pandas strings", "polars"],
)
def test_tokens_are_read_from_every_container(X):
    assert rows_of(read_tokens(X)) == [["a", "b"], ["c"]]


def test_only_trailing_padding_of_an_array_is_removed():
    X = np.array([[0, 5, 0, 0], [1, 0, 2, 3], [0, 0, 0, 0]])
    assert rows_of(read_tokens(X, padding_value=0)) == [[0, 5], [1, 0, 2, 3], []]
    assert rows_of(read_tokens(X)) == X.tolist()
    assert rows_of(read_tokens(np.array([[1.0, np.nan], [2.0, 3.0]]))) == [[1.0], [2.0, 3.0]]


# --- invalid input ----------------------------------------------------------------------------------------------------

INVALID_LABELS = {
    "none": (None, ValueError, "requires y to be passed"),
    "continuous": ([0.5, 1.5], ValueError, "Unknown label type: continuous"),
    "continuous array": (np.array([[0.5, 1.5], [1.0, 2.0]]), ValueError, "Unknown label type: continuous"),
    "nan": ([1.0, np.nan], ValueError, r"y\[1\] has nan, expected a label"),
    "infinite": ([1.0, np.inf], ValueError, r"y\[1\] is infinite, which is not a label"),
    "none inside": ([["a"], ["b", None]], ValueError, r"y\[1\] has None at timestep 1"),
    "nan inside": ([["a"], ["b", np.nan]], ValueError, r"y\[1\] has nan at timestep 1"),
    "continuous lists": ([[0.5], [1.5, 2.5]], ValueError, "Unknown label type: continuous"),
    "a string among lists": ([["a"], "bc"], TypeError, r"y\[1\] is 'bc', expected a sequence of tokens"),
    "a number among lists": ([["a"], 3], TypeError, r"y\[1\] is 3, expected a sequence of tokens"),
    "vectors": ([np.eye(2), np.eye(2)], ValueError, r"y\[0\] has shape \(2, 2\), expected \(T_i,\)"),
    "lists as labels": (
        [[["a"], ["b"]], [["c"]]],
        TypeError,
        r"y\[0\] has \['a'\] at timestep 0, which cannot be hashed",
    ),
    "cube": (np.zeros((2, 2, 2), int), ValueError, r"y has shape \(2, 2, 2\), expected \(N,\)"),
}


@pytest.mark.parametrize(("y", "error", "message"), INVALID_LABELS.values(), ids=INVALID_LABELS)
def test_invalid_labels_raise_an_error_that_names_them(y, error, message):
    with pytest.raises(error, match=message):
        labels(y)


INVALID_TOKENS = {
    "a string": ("abc", TypeError, "X is of type str, expected a list of sequences of tokens"),
    "strings": (["abc", "d"], TypeError, r"X\[0\] is 'abc', expected a sequence of tokens.*list\(...\)"),
    "numbers": ([1, 2], TypeError, r"X\[0\] is 1, expected a sequence of tokens"),
    "one row": (np.array([1, 2]), ValueError, r"got shape \(2,\)"),
    "cube": (np.zeros((1, 2, 3), int), ValueError, r"got shape \(1, 2, 3\)"),
    "none inside": ([["a", None, "b"]], ValueError, r"X\[0\] has None at timestep 1"),
    "none inside an array": (np.array([["a", None, "b"]], object), ValueError, r"X\[0\] has None at timestep 1"),
    "NA inside": (
        pd.DataFrame({"a": [pd.NA], "b": ["z"]}, dtype="string"),
        ValueError,
        r"X\[0\] has <NA> at timestep 0",
    ),
    "an array": ([[np.ones(2)]], TypeError, r"X\[0\] has array.* which cannot be hashed"),
    "unhashable": ([["a", {}]], TypeError, r"X\[0\] has {} at timestep 1, which cannot be hashed"),
    "no samples": ([], ValueError, "0 sample"),
    "all empty": ([[], []], ValueError, "All 2 sequences of X are empty"),
    "a number": (3, TypeError, "X is of type int"),
    "none": (None, TypeError, "X is of type NoneType"),
}


@pytest.mark.parametrize(("X", "error", "message"), INVALID_TOKENS.values(), ids=INVALID_TOKENS)
def test_invalid_tokens_raise_an_error_that_names_them(X, error, message):
    with pytest.raises(error, match=message):
        read_tokens(X)


# --- indices ----------------------------------------------------------------------------------------------------------


def test_unique_tokens_are_sorted_or_in_order_of_first_appearance():
    assert unique_tokens(as_array(["b", "a", "b"])).tolist() == ["a", "b"]
    assert unique_tokens(np.array([3, 1, 3], np.int8)).dtype == np.int8
    assert unique_tokens(as_array([1, 2**63, 2**63 + 1])).tolist() == [1, 2**63, 2**63 + 1]
    assert unique_tokens(as_array([2, "a", 1, "a"])).tolist() == [2, "a", 1]
    assert unique_tokens(as_array([Colour.BLUE, Colour.RED, Colour.BLUE])).tolist() == [Colour.BLUE, Colour.RED]
    assert unique_tokens(as_array([date(2020, 1, 2), date(2019, 1, 1)])).tolist() == [
        date(2019, 1, 1),
        date(2020, 1, 2),
    ]


tokens = st.one_of(st.integers(-5, 5), st.text(max_size=2), st.booleans(), st.frozensets(st.integers(0, 2)))


@given(st.lists(st.lists(tokens, max_size=5), min_size=1, max_size=8).filter(any), st.data())
def test_indices_identify_their_tokens(rows, data):
    read = labels([list(row) for row in rows])
    vocabulary = unique_tokens(read.values)
    indices = read.indices_in(vocabulary)
    assert [vocabulary[index] for index in indices] == [token for row in rows for token in row]
    chosen = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1))))
    assert rows_of(read[np.array(chosen, int)]) == [rows[i] for i in chosen] or not chosen
    if len(vocabulary) > 1:
        assert (read.indices_in(vocabulary[1:])[indices == 0] == len(vocabulary) - 1).all()
    position = data.draw(st.integers(0, len(indices) - 1))
    token, i, t = read.locate(position)
    assert rows[i][t] == token


def test_indices_are_returned_as_sequences_of_one_feature():
    sequences = indices_as_sequences(np.array([3, 1, 2]), np.array([2, 0, 1]))
    assert [x.tolist() for x in sequences] == [[[3.0], [1.0]], [], [[2.0]]]
    assert sequences.dtype == np.float32


# --- class weights ----------------------------------------------------------------------------------------------------

CLASSES = np.array(["a", "b", "c"])


def test_balanced_weights_are_inversely_proportional_to_class_frequencies():
    class_indices = np.array([0, 0, 0, 1, 3, 3])  # indices of 3 and above are not classes
    assert_array_equal(class_weights("balanced", CLASSES, class_indices), [4 / 9, 4 / 3, 4 / 3])
    assert_array_equal(class_weights("balanced", CLASSES, np.array([0, 1, 1, 2, 2, 2])), [2.0, 1.0, 2 / 3])


@pytest.mark.parametrize(
    ("class_weight", "expected"),
    [
        ({}, [1, 1, 1]),
        ({"b": 2.5}, [1, 2.5, 1]),
        ({"a": 0, "b": 1, "c": 2}, [0, 1, 2]),
        ({"a": 3, "b": 1, "c": 2, "class of another fold": 9}, [3, 1, 2]),
    ],
)
def test_classes_without_a_weight_have_weight_one(class_weight, expected):
    assert_array_equal(class_weights(class_weight, CLASSES, np.array([0])), expected)


@pytest.mark.parametrize("wrong", [{"d": 1}, {"a": 1, "d": 2}, {"a": -0.1}, {"a": float("nan"), "b": 1}])
def test_weights_of_unknown_classes_or_below_0_raise_an_error(wrong):
    with pytest.raises(ValueError, match=r"weights of at least 0 to some of the classes \['a', 'b', 'c'\], got \{"):
        class_weights(wrong, CLASSES, np.array([0]))
