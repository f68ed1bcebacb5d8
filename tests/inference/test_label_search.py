"""Greedy and beam search, against the enumeration of everything that could be said."""

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
from skseqae.networks._architectures import Seq2SeqArchitecture
from skseqae.networks.keras_backend._networks import build_decoder, build_encoder, join
from tests.support.strategies import draw_sequences

N_CLASSES, N_STEPS = 3, 3
KINDS = {
    "lstm": Seq2SeqArchitecture(2, None, N_CLASSES, (4,), heads=("sequence",), has_end=True),
    "fixed length": Seq2SeqArchitecture(2, None, N_CLASSES, (4,), heads=("sequence",)),
    "gru both ways": Seq2SeqArchitecture(
        2, None, N_CLASSES, (3, 4), cell="gru", bidirectional=True, heads=("sequence",), has_end=True
    ),
    "relu": Seq2SeqArchitecture(2, None, N_CLASSES, (4, 3), activation="relu", heads=("sequence",), has_end=True),
}
every_kind = pytest.mark.parametrize("architecture", KINDS.values(), ids=KINDS)
X = check_sequences([x.astype(np.float32) for x in draw_sequences([3, 0, 5, 1, 7], 2, seed=0)])[0]


def draw_weights(architecture, seed=0, size=1.5):
    """Weights so large that some labels are much likelier than others."""
    rng = np.random.default_rng(seed)
    return {
        name: [size * rng.normal(size=weight.shape).astype(np.float32) for weight in part.weights]
        for name, part in parts_of(architecture).items()
    }


@cache
def parts_of(architecture):
    return join(architecture, {})[1]


@cache
def taught(architecture):
    """The parts, and a compiled function of x, its mask and the previous numbers (S, H, 1) that gives logits."""
    encoder, decoder = build_encoder(architecture), build_decoder(architecture, "sequence")

    @tf.function(reduce_retracing=True)
    def say(x, mask, previous):
        states = encoder([x, mask])
        states = [tf.repeat(s, len(previous), axis=0) for s in (states if isinstance(states, list) else [states])]
        return decoder([*states, tf.ones_like(previous[:, :, 0]), previous])

    return {"encoder": encoder, "sequence": decoder}, say


def log_probabilities(architecture, weights, x, sequences):
    """The log-probability of each step of sequences of numbers, (S, H), said of one sample by the taught network."""
    parts, say = taught(architecture)
    for name, part in parts.items():
        part.set_weights(weights[name])
    sequences = np.asarray(sequences)
    previous = np.insert(sequences[:, :-1], 0, architecture.n_classes, axis=1)[:, :, None].astype(np.float32)
    logits = np.asarray(say(*padded_and_mask(x), previous), np.float64)
    log_p = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    return np.take_along_axis(log_p, sequences[:, :, None], axis=2)[:, :, 0]


def everything(architecture, weights, x, n_steps=N_STEPS):
    """All sequences of numbers that can be said of one sample, with their scores, the best first."""
    lengths = range(n_steps + 1) if architecture.has_end else [n_steps]
    scored = []
    for length in lengths:
        labels = list(product(range(N_CLASSES), repeat=length))
        said = [[*row, N_CLASSES] for row in labels] if architecture.has_end else labels
        scores = log_probabilities(architecture, weights, x, said).mean(axis=1)
        scored += list(zip(labels, scores, strict=True))
    return sorted(scored, key=lambda pair: -pair[1])


def as_lists(numbers, lengths):
    return [tuple(row[:length].tolist()) for row, length in zip(numbers, lengths, strict=True)]


@every_kind
@pytest.mark.parametrize("seed", range(3))
def test_with_beams_enough_the_search_finds_everything_in_its_order(architecture, seed):
    weights = draw_weights(architecture, seed)
    numbers, lengths, scores = beams(architecture, weights, X, N_STEPS, 50)
    for i in range(len(X)):
        labels, expected = zip(*everything(architecture, weights, X[i : i + 1]), strict=True)
        found = np.isfinite(scores[i])
        assert found.sum() == len(expected)
        assert_allclose(scores[i][found], expected, rtol=1e-5, atol=1e-5)
        assert set(as_lists(numbers[i][found], lengths[i][found])) == set(labels)
        assert as_lists(numbers[i], lengths[i])[0] == labels[0]


@every_kind
def test_the_greedy_search_says_the_likeliest_label_at_each_step(architecture):
    weights = draw_weights(architecture)
    numbers, lengths = greedy(architecture, weights, X, N_STEPS)
    lengths_too, logits = greedy_logits(architecture, weights, X, N_STEPS)
    assert_array_equal(lengths, lengths_too)
    for i in range(len(X)):
        said = []
        while len(said) < N_STEPS:
            options = [[*said, label] for label in range(architecture.n_outputs)]
            label = int(np.argmax(log_probabilities(architecture, weights, X[i : i + 1], options)[:, -1]))
            assert label == np.argmax(logits[i, len(said)])
            if label == N_CLASSES:
                break
            said.append(label)
        assert as_lists(numbers[i : i + 1], lengths[i : i + 1]) == [tuple(said)]
        assert not numbers[i, lengths[i] :].any()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    st.sampled_from(list(KINDS)),
    st.sampled_from([1, 2, 5]),
    st.integers(1, 6),
    st.integers(0, 2**31 - 1),
    st.floats(0.1, 3),
)
def test_the_beams_are_never_worse_than_the_greedy_search(kind, n_beams, n_steps, seed, size):
    architecture = KINDS[kind]
    weights = draw_weights(architecture, seed, size)
    numbers, lengths, scores = beams(architecture, weights, X, n_steps, n_beams)
    greedy_numbers, greedy_lengths = greedy(architecture, weights, X, n_steps)
    for i in range(len(X)):
        said = as_lists(greedy_numbers[i : i + 1], greedy_lengths[i : i + 1])[0]
        said = [[*said, N_CLASSES] if architecture.has_end else list(said)]
        score = log_probabilities(architecture, weights, X[i : i + 1], said).mean()
        assert scores[i, 0] >= score - 1e-5
        assert_array_equal(scores[i], -np.sort(-scores[i]))
        found = as_lists(numbers[i], lengths[i])[: np.isfinite(scores[i]).sum()]
        assert len(set(found)) == len(found)
        if n_beams == 1 and not architecture.has_end:
            assert found[0] == tuple(said[0])


@every_kind
def test_the_score_of_a_beam_is_its_mean_log_probability(architecture):
    weights = draw_weights(architecture)
    numbers, lengths, scores = beams(architecture, weights, X, 5, 4)
    for i in range(len(X)):
        for said, score in zip(as_lists(numbers[i], lengths[i]), scores[i], strict=True):
            complete = [[*said, N_CLASSES] if architecture.has_end else list(said)]
            assert_allclose(log_probabilities(architecture, weights, X[i : i + 1], complete).mean(), score, rtol=1e-4)


@every_kind
def test_company_never_changes_what_is_said(architecture):
    weights = draw_weights(architecture, size=0.5)
    sequences = check_sequences(draw_sequences(np.random.default_rng(0).integers(1, 20, size=60), 2, seed=1))[0]
    sequences = type(sequences)(sequences.packed.astype(np.float32), sequences.lengths)
    for search in (lambda x: greedy(architecture, weights, x, 6), lambda x: beams(architecture, weights, x, 6, 3)):
        together = search(sequences)
        for rows in (slice(7, 8), slice(20, 3, -1)):
            for apart, among in zip(search(sequences[rows]), together, strict=True):
                assert_array_equal(apart, among[rows])


def test_the_end_is_said_where_there_are_as_many_labels_as_may_be():
    architecture = KINDS["lstm"]
    weights = draw_weights(architecture)
    weights["sequence"][-1][-1] = -100.0  # the end never comes by itself
    _, lengths, scores = beams(architecture, weights, X, 4, 2)
    _, greedy_lengths = greedy(architecture, weights, X, 4)
    assert (lengths == 4).all()
    assert (greedy_lengths == 4).all()
    assert (scores < -10).all()


def test_one_label_is_said_of_the_last_state():
    architecture = Seq2SeqArchitecture(2, None, N_CLASSES, (4,))
    weights = draw_weights(architecture)
    encoder = build_encoder(architecture)
    encoder.set_weights(weights["encoder"])
    h = np.asarray(encoder(list(padded_and_mask(X))))
    kernel, bias = weights["label"]
    assert_allclose(label_logits(architecture, weights, X), h @ kernel + bias, rtol=1e-5, atol=1e-5)


def test_symbols_are_read_by_their_numbers():
    words = KINDS["lstm"]
    architecture = Seq2SeqArchitecture(1, 5, N_CLASSES, (4,), heads=("sequence",), has_end=True)
    weights = draw_weights(architecture)
    numbers = [np.array([[0], [4], [2]], np.float32), np.array([[1]], np.float32), np.array([[5], [3]], np.float32)]
    vectors = [keras.utils.to_categorical(x[:, 0].astype(int), 6)[:, :5].astype(np.float32) for x in numbers]
    on_vectors = Seq2SeqArchitecture(5, None, N_CLASSES, words.units, heads=("sequence",), has_end=True)
    got = greedy_logits(architecture, weights, check_sequences(numbers)[0], 4)
    expected = greedy_logits(on_vectors, weights, check_sequences(vectors)[0], 4)
    assert_array_equal(got[0], expected[0])
    assert_allclose(got[1], expected[1], rtol=1e-4, atol=1e-5)
