"""Greedy and beam search, compared with the enumeration of all label sequences."""

from functools import cache
from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skseqae.data._check_sequences import check_sequences
from skseqae.data._padding import padded_and_mask
from skseqae.inference._label_search import beams, greedy, greedy_logits, label_logits
from skseqae.inference._network import Network
from skseqae.networks._architectures import Architecture, Seq2SeqArchitecture
from skseqae.networks.keras_backend._networks import build_decoder, build_encoder, join
from tests.support.strategies import draw_sequences

N_CLASSES, N_STEPS = 3, 3
ARCHITECTURES = {
    "lstm": Seq2SeqArchitecture(2, None, N_CLASSES, (4,), heads=("sequence",), has_end=True),
    "fixed length": Seq2SeqArchitecture(2, None, N_CLASSES, (4,), heads=("sequence",)),
    "bidirectional gru": Seq2SeqArchitecture(
        2, None, N_CLASSES, (3, 4), cell="gru", bidirectional=True, heads=("sequence",), has_end=True
    ),
    "relu": Seq2SeqArchitecture(2, None, N_CLASSES, (4, 3), activation="relu", heads=("sequence",), has_end=True),
}
every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
X = check_sequences([x.astype(np.float32) for x in draw_sequences([3, 0, 5, 1, 7], 2, seed=0)])[0]


def draw_weights(architecture, seed=0, size=1.5):
    """Return weights so large that the probabilities of labels differ widely."""
    rng = np.random.default_rng(seed)
    return {
        name: [size * rng.normal(size=weight.shape).astype(np.float32) for weight in part.weights]
        for name, part in parts_of(architecture).items()
    }


@cache
def parts_of(architecture):
    return join(architecture, {})[1]


@cache
def teacher_forced(architecture):
    """Return the parts, and a compiled function of x, its mask and the previous class indices (S, H, 1) to logits."""
    encoder, decoder = build_encoder(architecture), build_decoder(architecture, "sequence")

    @tf.function(reduce_retracing=True)
    def compute_logits(x, mask, previous):
        states = encoder([x, mask])
        states = [tf.repeat(s, len(previous), axis=0) for s in (states if isinstance(states, list) else [states])]
        return decoder([*states, tf.ones_like(previous[:, :, 0]), previous])

    return {"encoder": encoder, "sequence": decoder}, compute_logits


def log_probabilities(architecture, weights, x, sequences):
    """Return the log-probability of each step of sequences of class indices, (S, H), for one sample."""
    parts, compute_logits = teacher_forced(architecture)
    for name, part in parts.items():
        part.set_weights(weights[name])
    sequences = np.asarray(sequences)
    previous = np.insert(sequences[:, :-1], 0, architecture.n_classes, axis=1)[:, :, None].astype(np.float32)
    logits = np.asarray(compute_logits(*padded_and_mask(x), previous), np.float64)
    log_p = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    return np.take_along_axis(log_p, sequences[:, :, None], axis=2)[:, :, 0]


def enumerate_sequences(architecture, weights, x, n_steps=N_STEPS):
    """Return all sequences of class indices for one sample with their scores, the best first."""
    lengths = range(n_steps + 1) if architecture.has_end else [n_steps]
    scored = []
    for length in lengths:
        labels = list(product(range(N_CLASSES), repeat=length))
        complete = [[*row, N_CLASSES] for row in labels] if architecture.has_end else labels
        scores = log_probabilities(architecture, weights, x, complete).mean(axis=1)
        scored += list(zip(labels, scores, strict=True))
    return sorted(scored, key=lambda pair: -pair[1])


def as_lists(class_indices, lengths):
    return [tuple(row[:length].tolist()) for row, length in zip(class_indices, lengths, strict=True)]


@every_architecture
@pytest.mark.parametrize("seed", range(3))
def test_a_search_with_enough_beams_finds_all_sequences_in_order(architecture, seed):
    weights = draw_weights(architecture, seed)
    class_indices, lengths, scores = beams(Network(architecture, weights), X, N_STEPS, 50)
    for i in range(len(X)):
        labels, expected = zip(*enumerate_sequences(architecture, weights, X[i : i + 1]), strict=True)
        found = np.isfinite(scores[i])
        assert found.sum() == len(expected)
        assert_allclose(scores[i][found], expected, rtol=1e-5, atol=1e-5)
        assert set(as_lists(class_indices[i][found], lengths[i][found])) == set(labels)
        assert as_lists(class_indices[i], lengths[i])[0] == labels[0]


@every_architecture
def test_greedy_search_selects_the_most_likely_label_at_each_step(architecture):
    weights = draw_weights(architecture)
    class_indices, lengths = greedy(Network(architecture, weights), X, N_STEPS)
    logits_lengths, logits = greedy_logits(Network(architecture, weights), X, N_STEPS)
    assert_array_equal(lengths, logits_lengths)
    for i in range(len(X)):
        expected = []
        while len(expected) < N_STEPS:
            options = [[*expected, label] for label in range(architecture.n_outputs)]
            label = int(np.argmax(log_probabilities(architecture, weights, X[i : i + 1], options)[:, -1]))
            assert label == np.argmax(logits[i, len(expected)])
            if label == N_CLASSES:
                break
            expected.append(label)
        assert as_lists(class_indices[i : i + 1], lengths[i : i + 1]) == [tuple(expected)]
        assert not class_indices[i, lengths[i] :].any()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    st.sampled_from(list(ARCHITECTURES)),
    st.sampled_from([1, 2, 5]),
    st.integers(1, 6),
    st.integers(0, 2**31 - 1),
    st.floats(0.1, 3),
)
def test_beam_search_is_never_worse_than_greedy_search(name, n_beams, n_steps, seed, size):
    architecture = ARCHITECTURES[name]
    weights = draw_weights(architecture, seed, size)
    class_indices, lengths, scores = beams(Network(architecture, weights), X, n_steps, n_beams)
    greedy_indices, greedy_lengths = greedy(Network(architecture, weights), X, n_steps)
    for i in range(len(X)):
        labels = as_lists(greedy_indices[i : i + 1], greedy_lengths[i : i + 1])[0]
        complete = [[*labels, N_CLASSES] if architecture.has_end else list(labels)]
        score = log_probabilities(architecture, weights, X[i : i + 1], complete).mean()
        assert scores[i, 0] >= score - 1e-5
        assert_array_equal(scores[i], -np.sort(-scores[i]))
        found = as_lists(class_indices[i], lengths[i])[: np.isfinite(scores[i]).sum()]
        assert len(set(found)) == len(found)
        if n_beams == 1 and not architecture.has_end:
            assert found[0] == labels


@every_architecture
def test_the_score_of_a_beam_is_its_mean_log_probability(architecture):
    weights = draw_weights(architecture)
    class_indices, lengths, scores = beams(Network(architecture, weights), X, 5, 4)
    for i in range(len(X)):
        for labels, score in zip(as_lists(class_indices[i], lengths[i]), scores[i], strict=True):
            complete = [[*labels, N_CLASSES] if architecture.has_end else list(labels)]
            assert_allclose(log_probabilities(architecture, weights, X[i : i + 1], complete).mean(), score, rtol=1e-4)


@every_architecture
def test_label_sequences_do_not_depend_on_the_batch(architecture):
    weights = draw_weights(architecture, size=0.5)
    sequences = check_sequences(draw_sequences(np.random.default_rng(0).integers(1, 20, size=60), 2, seed=1))[0]
    sequences = type(sequences)(sequences.packed.astype(np.float32), sequences.lengths)
    for search in (
        lambda x: greedy(Network(architecture, weights), x, 6),
        lambda x: beams(Network(architecture, weights), x, 6, 3),
    ):
        together = search(sequences)
        for rows in (slice(7, 8), slice(20, 3, -1)):
            for separate, expected in zip(search(sequences[rows]), together, strict=True):
                assert_array_equal(separate, expected[rows])


def test_sequences_of_maximum_length_include_the_end_token_in_their_score():
    architecture = ARCHITECTURES["lstm"]
    weights = draw_weights(architecture)
    weights["sequence"][-1][-1] = -100.0  # the end token is never the most likely one
    _, lengths, scores = beams(Network(architecture, weights), X, 4, 2)
    _, greedy_lengths = greedy(Network(architecture, weights), X, 4)
    assert (lengths == 4).all()
    assert (greedy_lengths == 4).all()
    assert (scores < -10).all()


def test_label_logits_are_computed_from_the_last_state():
    architecture = Architecture(2, 4, (4,), heads=("label",), head_features=(1,), n_classes=N_CLASSES)
    weights = draw_weights(architecture)
    encoder = build_encoder(architecture)
    encoder.set_weights(weights["encoder"])
    h = np.asarray(encoder(list(padded_and_mask(X))))
    kernel, bias = weights["label"]
    assert_allclose(label_logits(Network(architecture, weights), X), h @ kernel + bias, rtol=1e-5, atol=1e-5)


def test_token_indices_equal_one_hot_vectors():
    architecture = Seq2SeqArchitecture(1, 5, N_CLASSES, (4,), heads=("sequence",), has_end=True)
    weights = draw_weights(architecture)
    indices = [np.array([[0], [4], [2]], np.float32), np.array([[1]], np.float32), np.array([[5], [3]], np.float32)]
    vectors = [keras.utils.to_categorical(x[:, 0].astype(int), 6)[:, :5].astype(np.float32) for x in indices]
    numeric = Seq2SeqArchitecture(5, None, N_CLASSES, (4,), heads=("sequence",), has_end=True)
    got = greedy_logits(Network(architecture, weights), check_sequences(indices)[0], 4)
    expected = greedy_logits(Network(numeric, weights), check_sequences(vectors)[0], 4)
    assert_array_equal(got[0], expected[0])
    assert_allclose(got[1], expected[1], rtol=1e-4, atol=1e-5)
