"""SequencePadder pads sequences to one length and removes the padding again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skseqae import Sequences
from skseqae.preprocessing import SequencePadder
from tests.preprocessing.steps import NAMED, TABLE, assert_same_sequences, lengths
from tests.support.containers import padded
from tests.support.strategies import draw_sequences, property_settings, seeds


@property_settings(20)
@given(lengths=lengths, n_features=st.integers(1, 3), seed=seeds, padding_value=st.sampled_from([None, -1.0]))
def test_inverse_transform_inverts_transform(lengths, n_features, seed, padding_value):
    for X in (
        draw_sequences(lengths, n_features, seed),
        Sequences.from_list(draw_sequences(lengths, n_features, seed)),
    ):
        padder = SequencePadder(padding_value=padding_value)
        array = padder.fit_transform(X)
        assert array.shape == (len(X), max(lengths), n_features)
        restored = padder.inverse_transform(array)
        assert type(restored) is type(X)
        assert_same_sequences(restored, X)


def test_the_output_length_is_the_longest_in_fit_or_n_timesteps():
    X = draw_sequences([4, 2, 7], 2, seed=1)
    padder = SequencePadder().fit(X)
    assert padder.n_timesteps_ == 7
    assert padder.transform(X[:2]).shape == (2, 7, 2)
    assert SequencePadder(9).fit(X).transform(X).shape == (3, 9, 2)


def test_longer_sequences_raise_or_are_truncated():
    X = draw_sequences([4, 2, 7], 2, seed=1)
    message = r"X\[2\] has 7 timesteps, but n_timesteps_ is 4: increase n_timesteps, or set too_long='truncate'"
    with pytest.raises(ValueError, match=message):
        SequencePadder().fit(X[:2]).transform(X)
    truncated = SequencePadder(4, too_long="truncate").fit(X).transform(X)
    assert_array_equal(truncated, padded(X)[:, :4])


def test_inverse_transform_raises_for_another_number_of_features():
    padder = SequencePadder().fit(draw_sequences([4, 2], 2, seed=1))
    with pytest.raises(ValueError, match="X has 3 features per timestep, but SequencePadder was fitted on 2"):
        padder.inverse_transform(np.ones((2, 3, 3)))


def test_feature_names_are_those_of_the_input():
    padder = SequencePadder().fit(NAMED)
    assert padder.inverse_transform(padder.transform(NAMED)).feature_names == ("rain", "wind")
    assert SequencePadder().fit(TABLE).get_feature_names_out().tolist() == ["x0"]
