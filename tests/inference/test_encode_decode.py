"""Encoding and decoding: equal to the Keras networks, independent of the batch, and safe in threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skseqae.data._padding import padded_and_mask
from skseqae.data._sequences import Sequences
from skseqae.inference import _batching
from skseqae.inference._batching import make_batches
from skseqae.inference._encode_decode import decode, encode
from skseqae.inference._network import Network
from skseqae.networks._architectures import Architecture, DenseArchitecture
from skseqae.networks._cells import CELLS
from skseqae.networks.keras_backend._initialization import initial_weights
from skseqae.networks.keras_backend._networks import build_decoder, build_encoder, build_free_decoder, join
from tests.inference.random_networks import draw_network

ARCHITECTURE = Architecture(n_features=2, latent_dim=3, units=(4,), decoder="conditional")
BUILDERS = (build_encoder,), (build_decoder, "reconstruction")


def draw_sequences(lengths, seed=0):
    values = np.random.default_rng(seed).normal(size=(sum(lengths), 2))
    return Sequences.from_packed(values.astype(np.float32), lengths)


def draw_weights(architecture=ARCHITECTURE, seed=0):
    return initial_weights(join(architecture, {})[1], {}, np.random.RandomState(seed))


MANY = draw_sequences(np.random.default_rng(1).integers(0, 9, size=300))


@pytest.fixture(scope="module")
def weights():
    return draw_weights()


@pytest.fixture(scope="module")
def network(weights):
    return Network(ARCHITECTURE, weights)


@pytest.fixture(scope="module")
def encodings(network):
    return encode(network, MANY)


@pytest.fixture(scope="module")
def decoded(network, encodings):
    return decode(network, "reconstruction", encodings, MANY.lengths)


def assert_same_sequences(got, expected):
    assert_array_equal(got.lengths, expected.lengths)
    assert_array_equal(got.packed, expected.packed)


# --- values -----------------------------------------------------------------------------------------------------------


ARCHITECTURES = [
    *(
        replace(ARCHITECTURE, cell=cell, activation=activation, decoder=decoder)
        for cell in ("lstm", "gru", "rnn")
        for activation, decoder in (("tanh", "repeat"), ("relu", "conditional"), ("sigmoid", "repeat"))
    ),
    Architecture(2, 5, (4, 5), activation="linear"),
    Architecture(2, 6, (4, 3), bidirectional=True, output_activation="softmax", decoder="conditional"),
    Architecture(2, 3, (4, 3), cell="gru", bidirectional=True, output_activation="sigmoid"),
]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_encoding_and_decoding_equal_the_stock_network(architecture):
    weights, x = draw_weights(architecture), MANY[:20]
    encoder = build_encoder(architecture, stock=True)
    encoder.set_weights(weights["encoder"])
    decoder = build_free_decoder(architecture, "reconstruction", stock=True)
    decoder.set_weights(weights["reconstruction"])
    encodings = encode(Network(architecture, weights), x)
    padded, mask = padded_and_mask(x)
    is_real = x.lengths > 0  # stock layers have no state for empty sequences
    assert_allclose(encodings[is_real], encoder([padded, mask])[is_real], atol=2e-6)
    decoded = decode(Network(architecture, weights), "reconstruction", encodings, x.lengths)
    assert_array_equal(decoded.lengths, x.lengths)
    assert_allclose(decoded.packed, decoder([encodings, mask])[mask > 0], atol=2e-6)


def test_empty_sequences_have_the_encoding_of_the_zero_state(weights, network):
    empty = Sequences(np.zeros((0, 2), np.float32), np.zeros(3, int))
    assert_array_equal(encode(network, empty), [weights["encoder"][4]] * 3)


@pytest.mark.parametrize("cell", CELLS)
def test_empty_sequences_in_a_large_batch_have_the_zero_state(cell):
    """With a length of 0, the RNN operator of ONNX Runtime 1.19 reads memory that is not its own."""
    architecture = Architecture(2, 140, (140,), cell=cell)
    x = draw_sequences(np.arange(120) % 2 * 40)
    encodings = encode(draw_network(architecture, np.random.default_rng(0)), x)
    assert_array_equal(encodings[::2], np.zeros((60, 140)))
    assert encodings[1::2].any(axis=1).all()


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "linear"])
def test_dense_encoding_and_decoding_equal_the_dense_network(activation):
    architecture = DenseArchitecture(2, 3, (5, 4), activation=activation, latent_activation="tanh")
    weights = draw_weights(architecture)
    rows = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    one_each = np.ones(300, int)
    encoder, decoder = (build(architecture, *head, stock=True) for build, *head in BUILDERS)
    encoder.set_weights(weights["encoder"])
    decoder.set_weights(weights["reconstruction"])
    encodings = encode(Network(architecture, weights), Sequences(rows, one_each))
    assert_allclose(encodings, encoder(rows), atol=1e-6)
    decoded = decode(Network(architecture, weights), "reconstruction", encodings, one_each)
    assert_allclose(decoded.packed, decoder(encodings), atol=1e-6)


@pytest.mark.parametrize("n_samples", [1, 2, 15, 33, 64, 241])
def test_outputs_do_not_depend_on_the_number_and_order_of_samples(network, encodings, decoded, n_samples):
    rows = np.random.RandomState(n_samples).permutation(300)[:n_samples]
    assert_array_equal(encode(network, MANY[rows]), encodings[rows])
    again = decode(network, "reconstruction", encodings[rows], MANY.lengths[rows])
    assert_same_sequences(again, decoded[rows])


def test_encodings_do_not_depend_on_longer_samples_in_the_batch(network, encodings):
    longer = draw_sequences([*MANY.lengths[:20], 50])
    longer = Sequences.from_packed(np.concatenate([MANY[:20].packed, longer.packed[-50:]]), longer.lengths)
    assert_array_equal(encode(network, longer)[:20], encodings[:20])


def test_decoding_fewer_timesteps_returns_the_first_ones(network, encodings, decoded):
    fewer = decode(network, "reconstruction", encodings, np.minimum(MANY.lengths, 3))
    for i in range(0, 300, 20):
        assert_array_equal(fewer[i], decoded[i][:3])


def test_float64_encodings_are_decoded_as_float32(network, encodings, decoded):
    again = decode(network, "reconstruction", encodings.astype(np.float64), MANY.lengths)
    assert again.dtype == np.float32
    assert_same_sequences(again, decoded)


def test_decoding_zero_timesteps_returns_empty_sequences(network, encodings):
    empty = decode(network, "reconstruction", encodings[:3], np.zeros(3, np.int64))
    assert_array_equal(empty.lengths, [0, 0, 0])
    assert empty.n_features == 2


def test_weights_and_sequences_are_not_modified(weights, network):
    before = [array.copy() for part in weights.values() for array in part]
    x = draw_sequences([3, 1, 2])
    packed = x.packed.copy()
    decode(network, "reconstruction", encode(network, x), x.lengths)
    assert_array_equal(x.packed, packed)
    after = [array for part in weights.values() for array in part]
    assert all(map(np.array_equal, before, after))


# --- batches ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=700), st.integers(1, 500), st.integers(1, 40))
def test_batches_hold_each_row_once_in_descending_length_within_the_size_limit(lengths, min_timesteps, rows_per_sample):
    lengths = np.array(lengths)
    batches = make_batches(lengths, min_timesteps=min_timesteps, rows_per_sample=rows_per_sample)
    rows = np.concatenate(batches)
    assert_array_equal(np.sort(rows), np.arange(len(lengths)))
    assert (np.diff(lengths[rows]) <= 0).all()
    for batch in batches:
        size = len(batch) * rows_per_sample * max(min_timesteps, lengths[batch].max())
        assert len(batch) == 1 or size <= _batching.MAX_BATCH_SIZE


@pytest.mark.parametrize("name", ["MAX_ROWS", "MAX_BATCH_SIZE"])
def test_outputs_do_not_depend_on_the_batch_size(monkeypatch, network, encodings, decoded, name):
    monkeypatch.setattr(_batching, name, 30)
    assert_array_equal(encode(network, MANY), encodings)
    assert_same_sequences(decode(network, "reconstruction", encodings, MANY.lengths), decoded)


def test_threads_that_share_weights_get_the_same_outputs(network, encodings, decoded):
    def work(_):
        Z = encode(network, MANY)
        return Z, decode(network, "reconstruction", Z, MANY.lengths)

    with ThreadPoolExecutor(8) as threads:
        for Z, sequences in threads.map(work, range(16)):
            assert_array_equal(Z, encodings)
            assert_same_sequences(sequences, decoded)
