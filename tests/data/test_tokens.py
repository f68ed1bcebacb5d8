"""Tokens and labels: read from whatever holds them, indices_in, and refused with the place of what is wrong."""

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


def rows_of(symbols):
    return [row.tolist() for row in np.split(symbols.values, np.cumsum(symbols.lengths)[:-1])]


# --- what is read -----------------------------------------------------------------------------------------------------

ONE_LABEL_EACH = {
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


@pytest.mark.parametrize(("y", "expected"), ONE_LABEL_EACH.values(), ids=ONE_LABEL_EACH)
def test_one_label_each(y, expected):
    read = labels(y)
    assert read.kind == "label"
    assert read.values.tolist() == expected
    assert_array_equal(read.lengths, np.ones(len(expected)))


@pytest.mark.filterwarnings("error")
def test_a_column_is_one_label_each_with_scikit_learns_warning():
    with pytest.warns(UserWarning, match="A column-vector y was passed"):
        assert labels(np.array([[1], [2]])).kind == "label"


@pytest.mark.parametrize(
    "y", [np.array([[1, 2, 1], [2, 2, 1]]), np.array([["a", "b"], ["b", "b"]]), pd.DataFrame([[1, 2], [3, 4]])]
)
def test_an_array_of_columns_is_as_many_labels_each(y):
    read = labels(y)
    assert read.kind == "table"
    assert rows_of(read) == np.asarray(y).tolist()


RAGGED = {
    "lists": [[1, 2], [3], []],
    "tuples": [(1, 2), (3,), ()],
    "arrays": [np.array([1, 2]), np.array([3]), np.array([], int)],
    "alike": [[1, 2], [3, 4], [5, 6]],
    "strings": [["ab", "c"], ["d"]],
    "mixed": [[1, "a"], [None.__class__]],
}


@pytest.mark.parametrize("y", RAGGED.values(), ids=RAGGED)
def test_a_list_of_sequences_is_labels_that_end(y):
    for held in (y, tuple(y), objects(y)):
        read = labels(held)
        assert read.kind == "list"
        assert rows_of(read) == [list(row) for row in y]


def objects(rows):
    held = np.empty(len(rows), dtype=object)
    held[:] = rows if len({len(row) for row in rows}) > 1 else [*rows[:-1], rows[-1]]
    for i, row in enumerate(rows):
        held[i] = row
    return held


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
    ids=["lists", "tuples", "arrays", "table", "pandas", "strings of pandas", "polars"],
)
def test_tokens_are_read_from_whatever_holds_them(X):
    assert rows_of(read_tokens(X)) == [["a", "b"], ["c"]]


def test_trailing_padding_of_a_table_is_cut_and_what_is_inside_is_data():
    X = np.array([[0, 5, 0, 0], [1, 0, 2, 3], [0, 0, 0, 0]])
    assert rows_of(read_tokens(X, padding_value=0)) == [[0, 5], [1, 0, 2, 3], []]
    assert rows_of(read_tokens(X)) == X.tolist()
    assert rows_of(read_tokens(np.array([[1.0, np.nan], [2.0, 3.0]]))) == [[1.0], [2.0, 3.0]]


# --- what is refused --------------------------------------------------------------------------------------------------

BAD_LABELS = {
    "none": (None, ValueError, "requires y to be passed"),
    "continuous": ([0.5, 1.5], ValueError, "Unknown label type: continuous"),
    "continuous table": (np.array([[0.5, 1.5], [1.0, 2.0]]), ValueError, "Unknown label type: continuous"),
    "nan": ([1.0, np.nan], ValueError, r"y\[1\] has nan, where a label should be"),
    "infinite": ([1.0, np.inf], ValueError, r"y\[1\] is infinite, which is no label"),
    "none inside": ([["a"], ["b", None]], ValueError, r"y\[1\] has None at timestep 1"),
    "nan inside": ([["a"], ["b", np.nan]], ValueError, r"y\[1\] has nan at timestep 1"),
    "continuous lists": ([[0.5], [1.5, 2.5]], ValueError, "Unknown label type: continuous"),
    "a string among lists": ([["a"], "bc"], TypeError, r"y\[1\] is 'bc', expected a sequence of symbols"),
    "a number among lists": ([["a"], 3], TypeError, r"y\[1\] is 3, expected a sequence of symbols"),
    "vectors": ([np.eye(2), np.eye(2)], ValueError, r"y\[0\] has shape \(2, 2\), expected \(T_i,\)"),
    "lists as labels": (
        [[["a"], ["b"]], [["c"]]],
        TypeError,
        r"y\[0\] has \['a'\] at timestep 0, which cannot be hashed",
    ),
    "cube": (np.zeros((2, 2, 2), int), ValueError, r"y has shape \(2, 2, 2\), expected \(N,\)"),
}


@pytest.mark.parametrize(("y", "error", "message"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_bad_labels_are_refused(y, error, message):
    with pytest.raises(error, match=message):
        labels(y)


BAD_TOKENS = {
    "a string": ("abc", TypeError, "X is of type str, expected a list of sequences of symbols"),
    "strings": (["abc", "d"], TypeError, r"X\[0\] is 'abc', expected a sequence of symbols.*list\(...\)"),
    "numbers": ([1, 2], TypeError, r"X\[0\] is 1, expected a sequence of symbols"),
    "one row": (np.array([1, 2]), ValueError, r"got shape \(2,\)"),
    "cube": (np.zeros((1, 2, 3), int), ValueError, r"got shape \(1, 2, 3\)"),
    "none inside": ([["a", None, "b"]], ValueError, r"X\[0\] has None at timestep 1"),
    "none inside a table": (np.array([["a", None, "b"]], object), ValueError, r"X\[0\] has None at timestep 1"),
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


@pytest.mark.parametrize(("X", "error", "message"), BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_bad_tokens_are_refused(X, error, message):
    with pytest.raises(error, match=message):
        read_tokens(X)


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_symbols_are_sorted_or_come_as_they_first_appear():
    assert unique_tokens(as_array(["b", "a", "b"])).tolist() == ["a", "b"]
    assert unique_tokens(np.array([3, 1, 3], np.int8)).dtype == np.int8
    assert unique_tokens(as_array([1, 2**63, 2**63 + 1])).tolist() == [1, 2**63, 2**63 + 1]
    assert unique_tokens(as_array([2, "a", 1, "a"])).tolist() == [2, "a", 1]
    assert unique_tokens(as_array([Colour.BLUE, Colour.RED, Colour.BLUE])).tolist() == [Colour.BLUE, Colour.RED]
    assert unique_tokens(as_array([date(2020, 1, 2), date(2019, 1, 1)])).tolist() == [
        date(2019, 1, 1),
        date(2020, 1, 2),
    ]


symbols = st.one_of(st.integers(-5, 5), st.text(max_size=2), st.booleans(), st.frozensets(st.integers(0, 2)))


@given(st.lists(st.lists(symbols, max_size=5), min_size=1, max_size=8).filter(any), st.data())
def test_numbers_stand_for_the_symbols_that_they_were(rows, data):
    read = labels([list(row) for row in rows])
    known = unique_tokens(read.values)
    numbers = read.indices_in(known)
    assert [known[number] for number in numbers] == [symbol for row in rows for symbol in row]
    chosen = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1))))
    assert rows_of(read[np.array(chosen, int)]) == [rows[i] for i in chosen] or not chosen
    if len(known) > 1:
        assert (read.indices_in(known[1:])[numbers == 0] == len(known) - 1).all()
    place = data.draw(st.integers(0, len(numbers) - 1))
    symbol, i, t = read.locate(place)
    assert rows[i][t] == symbol


def test_numbers_become_sequences_of_one_feature():
    sequences = indices_as_sequences(np.array([3, 1, 2]), np.array([2, 0, 1]))
    assert [x.tolist() for x in sequences] == [[[3.0], [1.0]], [], [[2.0]]]
    assert sequences.dtype == np.float32


# --- the weight of each class -----------------------------------------------------------------------------------------

CLASSES = np.array(["a", "b", "c"])


def test_balanced_classes_weigh_as_much_as_they_are_rare():
    numbers = np.array([0, 0, 0, 1, 3, 3])  # those from 3 on are no class
    assert_array_equal(class_weights("balanced", CLASSES, numbers), [4 / 9, 4 / 3, 4 / 3])
    assert_array_equal(class_weights("balanced", CLASSES, np.array([0, 1, 1, 2, 2, 2])), [2.0, 1.0, 2 / 3])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [1, 1, 1]),
        ({"b": 2.5}, [1, 2.5, 1]),
        ({"a": 0, "b": 1, "c": 2}, [0, 1, 2]),
        ({"a": 3, "b": 1, "c": 2, "of another fold": 9}, [3, 1, 2]),
    ],
)
def test_classes_weigh_what_is_said_and_others_one(given, expected):
    assert_array_equal(class_weights(given, CLASSES, np.array([0])), expected)


@pytest.mark.parametrize("wrong", [{"d": 1}, {"a": 1, "d": 2}, {"a": -0.1}, {"a": float("nan"), "b": 1}])
def test_weights_of_other_classes_or_below_0_are_refused(wrong):
    with pytest.raises(ValueError, match=r"weights of at least 0 to some of the classes \['a', 'b', 'c'\], got \{"):
        class_weights(wrong, CLASSES, np.array([0]))
