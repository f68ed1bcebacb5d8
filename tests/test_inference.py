"""Encoding and decoding: in whatever company, in the order asked for, by programs that are shared."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skseqae import _inference
from skseqae._architecture import Architecture
from skseqae._inference import compile_programs, decode, encode
from skseqae._networks import build_encoder, build_free_decoder, initial_weights, join
from skseqae._sequences import Sequences

ARCHITECTURE = Architecture(n_features=2, latent_dim=3, units=(4,), decoder="conditional")


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
def encodings(weights):
    return encode(ARCHITECTURE, weights, MANY)


@pytest.fixture(scope="module")
def decoded(weights, encodings):
    return decode(ARCHITECTURE, weights, "reconstruction", encodings, MANY.lengths)


def assert_same_sequences(got, expected):
    assert_array_equal(got.lengths, expected.lengths)
    assert_array_equal(got.packed, expected.packed)


# --- what is computed -------------------------------------------------------------------------------------------------


def test_each_row_is_encoded_as_the_network_encodes_it_alone(weights, encodings):
    network = build_encoder(ARCHITECTURE)
    network.set_weights(weights["encoder"])
    for i in range(0, 300, 20):
        length = len(MANY[i])
        alone = network([MANY[i][None], np.ones((1, length))]) if length else np.zeros((1, 4)) @ weights["encoder"][3]
        assert_allclose(encodings[i], alone[0], atol=1e-6)


def test_each_row_is_decoded_as_the_network_decodes_it_alone(weights, encodings, decoded):
    network = build_free_decoder(ARCHITECTURE, "reconstruction")
    network.set_weights(weights["reconstruction"])
    assert_array_equal(decoded.lengths, MANY.lengths)
    for i in range(0, 300, 20):
        mask = np.ones((1, max(1, len(MANY[i]))), np.float32)
        assert_allclose(decoded[i], network([encodings[i : i + 1], mask])[0][: len(MANY[i])], atol=1e-6)


@pytest.mark.parametrize("n_samples", [1, 2, 15, 16, 17, 48, 49, 241])
def test_neither_the_number_of_rows_nor_their_order_changes_a_bit(weights, encodings, decoded, n_samples):
    rows = np.random.RandomState(n_samples).permutation(300)[:n_samples]
    assert_array_equal(encode(ARCHITECTURE, weights, MANY[rows]), encodings[rows])
    again = decode(ARCHITECTURE, weights, "reconstruction", encodings[rows], MANY.lengths[rows])
    assert_same_sequences(again, decoded[rows])


def test_longer_company_never_changes_a_bit(weights, encodings):
    longer = draw_sequences([*MANY.lengths[:20], 50])
    longer = Sequences.from_packed(np.concatenate([MANY[:20].packed, longer.packed[-50:]]), longer.lengths)
    assert_array_equal(encode(ARCHITECTURE, weights, longer)[:20], encodings[:20])


def test_decoding_to_fewer_timesteps_gives_the_first_ones(weights, encodings, decoded):
    fewer = decode(ARCHITECTURE, weights, "reconstruction", encodings, np.minimum(MANY.lengths, 3))
    for i in range(0, 300, 20):
        assert_array_equal(fewer[i], decoded[i][:3])


def test_encodings_may_be_of_double_precision(weights, encodings, decoded):
    again = decode(ARCHITECTURE, weights, "reconstruction", encodings.astype(np.float64), MANY.lengths)
    assert again.dtype == np.float32
    assert_same_sequences(again, decoded)


def test_decoding_no_timestep_at_all_gives_empty_sequences(weights, encodings):
    nothing = decode(ARCHITECTURE, weights, "reconstruction", encodings[:3], np.zeros(3, np.int64))
    assert_array_equal(nothing.lengths, [0, 0, 0])
    assert nothing.n_features == 2


def test_weights_and_sequences_are_left_as_they_were(weights):
    before = [array.copy() for part in weights.values() for array in part]
    x = draw_sequences([3, 1, 2])
    packed = x.packed.copy()
    decode(ARCHITECTURE, weights, "reconstruction", encode(ARCHITECTURE, weights, x), x.lengths)
    assert_array_equal(x.packed, packed)
    after = [array for part in weights.values() for array in part]
    assert all(map(np.array_equal, before, after))


# --- batches ----------------------------------------------------------------------------------------------------------


def note_batches(monkeypatch, weights, sequences):
    """Encode; return the encodings, and the shapes of what the program was given."""
    shapes, program = [], compile_programs(ARCHITECTURE)["encoder"]

    def note(weights, x, mask):
        shapes.append(x.shape)
        assert mask.shape == x.shape[:2]
        return program(weights, x, mask)

    with monkeypatch.context() as patch:
        patch.setattr(_inference, "compile_programs", lambda architecture: {"encoder": note})
        return encode(ARCHITECTURE, weights, sequences), shapes


def test_batches_are_filled_to_a_few_fixed_sizes(monkeypatch, weights):
    sizes = {n: [s[0] for s in note_batches(monkeypatch, weights, MANY[:n])[1]] for n in (1, 16, 17, 49, 240, 300)}
    assert sizes == {1: [16], 16: [16], 17: [48], 49: [240], 240: [240], 300: [240, 240]}


def test_batches_are_cut_by_length_and_run_to_their_longest(monkeypatch, weights):
    sequences = draw_sequences([2] * 240 + [9] * 239 + [5])
    assert note_batches(monkeypatch, weights, sequences)[1] == [(240, 9, 2), (240, 2, 2)]


def test_long_sequences_are_computed_few_rows_at_a_time(monkeypatch, weights):
    sequences = draw_sequences([3] * 40 + [100] * 32 + [40] * 48)
    expected, together = note_batches(monkeypatch, weights, sequences)
    assert together == [(240, 100, 2)]
    monkeypatch.setattr(_inference, "LARGEST_BATCH", 48 * 40)
    got, apart = note_batches(monkeypatch, weights, sequences)
    assert apart == [(16, 100, 2), (16, 100, 2), (48, 40, 2), (48, 3, 2)]
    assert_array_equal(got, expected)


# --- programs ---------------------------------------------------------------------------------------------------------


def test_one_trace_serves_all_weights_and_lengths(weights, encodings):
    other = draw_weights(seed=1)
    assert not np.array_equal(encode(ARCHITECTURE, other, MANY[:40]), encodings[:40])
    encode(ARCHITECTURE, weights, draw_sequences([7, 60]))
    assert compile_programs(ARCHITECTURE)["encoder"].experimental_get_tracing_count() == 1


def test_threads_share_programs_and_get_the_same_bits():
    architecture = replace(ARCHITECTURE, cell="gru", units=(5,))
    weights = [draw_weights(architecture, seed) for seed in range(8)]
    all_at_once = Barrier(8)

    def work(i):
        Z = encode(architecture, weights[i], MANY[:40])
        return Z, decode(architecture, weights[i], "reconstruction", Z, MANY.lengths[:40]).packed

    def work_together(i):
        all_at_once.wait(timeout=60)  # so that the first call, which traces, is everybody's
        return work(i)

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(work_together, range(8)))
    assert compile_programs(architecture)["encoder"].experimental_get_tracing_count() == 1
    for i in range(8):
        for got, expected in zip(together[i], work(i), strict=True):
            assert_array_equal(got, expected)


def test_programs_are_kept_for_reuse_and_the_least_recently_used_is_forgotten(monkeypatch):
    monkeypatch.setattr(_inference, "N_ARCHITECTURES_KEPT", 2)
    monkeypatch.setattr(_inference, "_compiled", type(_inference._compiled)())
    first, second, third = (replace(ARCHITECTURE, latent_dim=n) for n in (5, 6, 7))
    of_first = compile_programs(first)
    of_second = compile_programs(second)
    assert compile_programs(first) is of_first
    compile_programs(third)
    assert compile_programs(first) is of_first
    assert compile_programs(second) is not of_second


def test_compiling_never_changes_the_state_of_pythons_generator():
    before = random.getstate()
    compile_programs(replace(ARCHITECTURE, latent_dim=8))
    is_unchanged = random.getstate() == before
    assert is_unchanged


def a_decoder(n_timesteps, latent_dim, n_features):
    layers = [keras.Input((latent_dim,)), keras.layers.Dense(n_timesteps * n_features)]
    return keras.Sequential([*layers, keras.layers.Reshape((n_timesteps, n_features))])


def test_a_decoder_function_says_what_its_weights_say():
    architecture = replace(ARCHITECTURE, decoder=a_decoder, n_timesteps=(4,))
    kernel, bias = np.random.default_rng(0).normal(size=(3, 8)), np.arange(8.0)
    Z, lengths = np.random.default_rng(1).normal(size=(3, 3)), np.array([4, 2, 0])
    decoded = decode(architecture, {"reconstruction": [kernel, bias]}, "reconstruction", Z, lengths)
    expected = (Z @ kernel + bias).reshape(3, 4, 2)
    assert_array_equal(decoded.lengths, lengths)
    for got, want, length in zip(decoded, expected, lengths, strict=True):
        assert_allclose(got, want[:length], atol=1e-5)
