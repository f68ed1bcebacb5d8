"""Custom decoders: their outputs, and their programs, which are compiled once."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skseqae.inference._custom_decoding import decode
from skseqae.networks._architectures import Architecture
from skseqae.networks.keras_backend import _custom_decoders
from skseqae.networks.keras_backend._custom_decoders import compile_decoders


def dense_decoder(n_timesteps, latent_dim, n_features):
    layers = [keras.Input((latent_dim,)), keras.layers.Dense(n_timesteps * n_features)]
    return keras.Sequential([*layers, keras.layers.Reshape((n_timesteps, n_features))])


ARCHITECTURE = Architecture(n_features=2, latent_dim=3, units=(4,), decoder=dense_decoder, n_timesteps=(4,))
KERNEL, BIAS = np.random.default_rng(0).normal(size=(3, 8)), np.arange(8.0)
WEIGHTS = {"reconstruction": [KERNEL, BIAS]}
Z, LENGTHS = np.random.default_rng(1).normal(size=(300, 3)), np.random.default_rng(2).integers(0, 5, size=300)


def test_custom_decoders_compute_with_the_given_weights():
    decoded = decode(ARCHITECTURE, WEIGHTS, "reconstruction", Z, LENGTHS)
    expected = (Z @ KERNEL + BIAS).reshape(-1, 4, 2)
    assert_array_equal(decoded.lengths, LENGTHS)
    for got, values, length in zip(decoded, expected, LENGTHS, strict=True):
        assert_allclose(got, values[:length], atol=1e-5)


@pytest.mark.parametrize("n_samples", [1, 16, 17, 49, 241])
def test_outputs_do_not_depend_on_the_number_of_samples(n_samples):
    together = decode(ARCHITECTURE, WEIGHTS, "reconstruction", Z, LENGTHS)
    rows = slice(300 - n_samples, None)
    assert_array_equal(
        decode(ARCHITECTURE, WEIGHTS, "reconstruction", Z[rows], LENGTHS[rows]).packed, together[rows].packed
    )


def test_threads_trace_a_shared_program_once():
    architecture = replace(ARCHITECTURE, units=(5,))
    all_at_once = Barrier(8)

    def work(_):
        all_at_once.wait(timeout=60)  # so that all threads make the first call, which traces, at the same time
        return decode(architecture, WEIGHTS, "reconstruction", Z, LENGTHS).packed

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(work, range(8)))
    assert compile_decoders(architecture)["reconstruction"].experimental_get_tracing_count() == 1
    for got in together[1:]:
        assert_array_equal(got, together[0])


def test_the_least_recently_used_program_is_dropped(monkeypatch):
    monkeypatch.setattr(_custom_decoders, "N_ARCHITECTURES_KEPT", 2)
    monkeypatch.setattr(_custom_decoders, "_compiled", type(_custom_decoders._compiled)())
    first, second, third = (replace(ARCHITECTURE, latent_dim=n) for n in (5, 6, 7))
    first_program = compile_decoders(first)
    second_program = compile_decoders(second)
    assert compile_decoders(first) is first_program
    compile_decoders(third)
    assert compile_decoders(first) is first_program
    assert compile_decoders(second) is not second_program


def test_compiling_does_not_change_the_state_of_pythons_generator():
    before = random.getstate()
    compile_decoders(replace(ARCHITECTURE, latent_dim=8))
    is_unchanged = random.getstate() == before
    assert is_unchanged
