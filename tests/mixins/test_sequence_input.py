"""SequenceInputMixin checks X against the input of `fit`."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags

from skseqae import Sequences
from skseqae.mixins._sequence_input import SequenceInputMixin

TABLE = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0], "c": [5.0, 0.0]})
LIST = [np.ones((2, 3)), np.ones((4, 3))]
PADDED = np.array([[[1.0], [2.0], [0.0]], [[3.0], [0.0], [0.0]]])


class Reader(SequenceInputMixin, BaseEstimator):
    def __init__(self, *, padding_value=None):
        self.padding_value = padding_value

    def fit(self, X):
        sequences, self._layout = self._check_input(X, reset=True)
        self._padding_value, self._n_features = self.padding_value, sequences.n_features
        return self


class ReaderWithMissingValues(Reader):
    def _accepts_missing(self, reset):
        return True


def test_tags_accept_2d_and_3d_arrays():
    tags = get_tags(Reader()).input_tags
    assert tags.three_d_array
    assert tags.two_d_array


def test_column_names_and_their_number_are_checked_against_fit():
    reader = Reader().fit(TABLE)
    assert reader.n_features_in_ == 3
    assert list(reader.feature_names_in_) == ["a", "b", "c"]
    reader._check_input(TABLE)
    with pytest.raises(ValueError, match="feature names should match"):
        reader._check_input(TABLE[["b", "a", "c"]])
    with pytest.raises(ValueError, match="X has 2 features, but Reader is expecting 3 features"):
        Reader().fit(TABLE.to_numpy())._check_input(np.ones((2, 2)))
    with pytest.warns(UserWarning, match="X does not have valid feature names, but Reader was fitted with"):
        reader._check_input(TABLE.to_numpy())


def test_feature_names_are_checked_against_fit():
    X = Sequences.from_list(LIST).with_names(["a", "b", "c"])
    reader = Reader().fit(X)
    assert list(reader.feature_names_in_) == ["a", "b", "c"]
    for accepted in (X, X[:1], LIST, np.ones((2, 4, 3))):  # X without names is accepted
        reader._check_input(accepted)
    frames = [pd.DataFrame(x, columns=["b", "a", "c"]) for x in LIST]
    for other in (X.with_names(["b", "a", "c"]), frames):
        with pytest.raises(ValueError, match=r"feature names should match .*X has \('b', 'a', 'c'\), but Reader was"):
            reader._check_input(other)
    assert not hasattr(Reader().fit(LIST).fit(X).fit(LIST), "feature_names_in_")
    Reader().fit(TABLE)._check_input(Sequences.from_list([[1.0], [2.0]]).with_names(["x"]))  # columns are timesteps


def test_wrong_columns_raise_before_wrong_values():
    for reader in (Reader().fit(TABLE), Reader().fit(TABLE).fit(TABLE)):
        with pytest.raises(ValueError, match="feature names should match"):
            reader._check_input(pd.DataFrame({"a": ["x"], "d": ["y"]}))
    with pytest.raises(TypeError, match="Feature names are only supported if all input features have string names"):
        Reader().fit(pd.DataFrame({"a": ["x"], 3: ["y"]}))


def test_trailing_missing_values_are_padding_in_dataframes_and_arrays():
    with_padding = TABLE.assign(c=[np.nan, 6.0])
    for table in (with_padding, with_padding.to_numpy()):
        reader = Reader().fit(table)
        assert reader._check_input(table)[0].lengths.tolist() == [2, 3]


def test_a_fit_on_sequences_removes_the_column_names_of_an_earlier_fit():
    reader = Reader().fit(TABLE).fit(LIST)
    assert reader.n_features_in_ == 3
    assert not hasattr(reader, "feature_names_in_")
    assert Reader().fit(PADDED[:1, :2]).n_features_in_ == 1


def test_dataframes_of_any_width_are_accepted_after_a_fit_on_univariate_sequences():
    reader = Reader().fit([np.ones(2), np.ones(4)])
    sequences, layout = reader._check_input(TABLE)
    assert layout.container == "table"
    assert sequences.lengths.tolist() == [3, 3]
    assert reader.n_features_in_ == 1


def test_a_single_sequence_in_place_of_a_list_raises_with_a_hint():
    with pytest.raises(ValueError, match=r"X has 1 features .* fitted on 3\. The rows of a 2-D X .* as \[x\]\.$"):
        Reader().fit(LIST)._check_input(LIST[0])


def test_another_number_of_features_raises_with_both_numbers():
    with pytest.raises(ValueError, match=r"X has 2 features per timestep, but Reader was fitted on 3\."):
        Reader().fit(LIST)._check_input([np.ones((2, 2))])


def test_sequences_are_checked_by_their_features_after_a_fit_on_a_table():
    sequences, layout = Reader().fit(TABLE)._check_input([np.ones(5)])
    assert layout.container == "list"
    assert sequences.lengths.tolist() == [5]
    with pytest.raises(ValueError, match="X has 3 features per timestep, but Reader was fitted on 1"):
        Reader().fit(TABLE)._check_input(LIST)


def test_the_padding_value_of_fit_is_used_after_set_params():
    reader = Reader(padding_value=0.0).fit(PADDED).set_params(padding_value=None)
    assert reader._check_input(PADDED)[0].lengths.tolist() == [2, 1]
    assert reader.fit(PADDED[:1, :2])._check_input(PADDED)[0].lengths.tolist() == [3, 3]


def test_trailing_zeros_cause_a_warning_in_fit_only():
    with pytest.warns(UserWarning, match="2 of 2 samples end in timesteps whose features are all zero"):
        reader = Reader().fit(PADDED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reader._check_input(PADDED)


def test_missing_values_raise_unless_the_class_allows_them():
    gaps = [np.array([1.0, np.nan, 2.0])]
    with pytest.raises(ValueError, match="NaN at timestep 1"):
        Reader().fit(gaps)
    reader = ReaderWithMissingValues().fit(gaps)
    assert reader._check_input(gaps)[0].lengths.tolist() == [3]
