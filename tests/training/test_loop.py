"""The training loop: seeds, resumed training, divergence, and side effects."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils import check_random_state

from skseqae.exceptions import DivergedError
from skseqae.training import _loop
from tests.training.fits import (
    ARCHITECTURE,
    LENGTHS,
    ZERO_RATE,
    are_same_weights,
    assert_same_weights,
    draw_weights,
    fit,
    flatten,
    make_data,
)


def test_results_are_the_same_bits_for_the_same_seed_only(result):
    assert_same_weights(fit(), result)
    assert fit().history == result.history
    assert not are_same_weights(fit(seed=1), result)


def test_the_loss_falls_below_that_of_the_mean():
    history, data = fit(epochs=100, learning_rate=0.1).history, make_data()
    squares = (data.x.packed**2).mean(axis=1)
    baseline = np.repeat(data.sample_weight, LENGTHS) @ squares / data.total_weight("reconstruction")
    assert history["loss"][-1] < 0.7 * baseline < history["loss"][0]


def test_the_optimizer_is_reset_in_each_fit(result):
    """A program that has been used gives the same result as a new one."""
    fit(learning_rate=0.5, seed=3, epochs=5)
    assert_same_weights(fit(), result)


def test_training_resumed_with_the_optimizer_state_equals_uninterrupted_training(result):
    random_state = np.random.RandomState(0)
    first = fit(epochs=1, seed=random_state)
    fit(learning_rate=0.5, seed=3)  # another fit uses the program in between
    second = fit(epochs=1, seed=random_state, weights=first.weights, optimizer_state=first.optimizer_state)
    assert_same_weights(second, result)
    assert first.history["loss"] + second.history["loss"] == result.history["loss"]
    with_reset = fit(epochs=1, seed=1, weights=first.weights)
    with_state = fit(epochs=1, seed=1, weights=first.weights, optimizer_state=first.optimizer_state)
    assert not are_same_weights(with_reset, with_state)


def test_results_are_unchanged_by_later_fits_with_the_same_program(result):
    before = [array.copy() for array in [*flatten(result), *result.optimizer_state]]
    fit(learning_rate=0.5, seed=3)
    assert all(map(np.array_equal, [*flatten(result), *result.optimizer_state], before))


def test_initial_weights_are_not_modified():
    weights = draw_weights()
    before = [array.copy() for array in flatten(weights)]
    fit(weights=weights, learning_rate=0.5)
    assert all(map(np.array_equal, flatten(weights), before))


def test_dropout_follows_the_seed_and_is_off_in_validation():
    architecture, weights, data = replace(ARCHITECTURE, dropout=0.5), draw_weights(), make_data()
    options = {"weights": weights, "learning_rate": ZERO_RATE, "validation": data}
    first, again, other = (fit(architecture, data, seed=seed, **options).history for seed in (0, 0, 1))
    assert first == again
    assert len({*first["loss"], *other["loss"]}) == 4
    without_dropout = fit(data=data, weights=weights, learning_rate=ZERO_RATE).history["loss"]
    assert_allclose(first["val_loss"], without_dropout, rtol=1e-5)


def test_custom_decoders_keep_their_initial_weights():
    kernel = np.random.default_rng(0).normal(size=(3, 10))

    def decoder(n_timesteps, latent_dim, n_features):
        dense = keras.layers.Dense(n_timesteps * n_features, kernel_initializer=lambda *_, **__: kernel)
        return keras.Sequential([keras.Input((latent_dim,)), dense, keras.layers.Reshape((n_timesteps, n_features))])

    architecture = replace(ARCHITECTURE, decoder=decoder, n_timesteps=(5,))
    first, second = (fit(architecture, learning_rate=rate, epochs=1) for rate in (ZERO_RATE, 0.01))
    assert_allclose(first.weights["reconstruction"][0], kernel, rtol=1e-6)
    assert 0 < np.abs(second.weights["reconstruction"][0] - kernel).max() < 0.1


@pytest.mark.parametrize("learning_rate", [1e30, 1e39], ids=["loss", "weight"])
def test_training_raises_when_a_value_is_not_finite(learning_rate):
    epochs = 1 if learning_rate == 1e39 else 3
    with pytest.raises(DivergedError, match=r"diverged in epoch \d: .* Lower learning_rate"):
        fit(learning_rate=learning_rate, epochs=epochs, batch_size=100, clipnorm=None)


# --- side effects -----------------------------------------------------------------------------------------------------


class SimultaneousFits(keras.callbacks.Callback):
    """Waits until both fits have begun."""

    both = Barrier(2)

    def on_train_begin(self, logs=None):
        self.both.wait(timeout=60)


def test_simultaneous_fits_equal_consecutive_fits(result):
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda seed: fit(seed=seed, callbacks=SimultaneousFits()), [0, 1]))
    assert_same_weights(together[0], result)
    assert_same_weights(together[1], fit(seed=1))


class StopError(Exception):
    """Raised when a program is ready to be trained."""


def test_training_does_not_change_global_generators(monkeypatch):
    """Building a network, where Keras' initializers draw seeds from Python's generator, does not change it either."""

    def stop(*_):
        raise StopError

    monkeypatch.setattr(_loop, "_run", stop)
    numpy_generator = check_random_state(None)  # the global generator of numpy.random
    before, numpy_before = random.getstate(), numpy_generator.get_state()[1].copy()
    with pytest.raises(StopError):
        fit(replace(ARCHITECTURE, latent_dim=5))
    is_unchanged = random.getstate() == before
    assert is_unchanged
    assert_array_equal(numpy_generator.get_state()[1], numpy_before)


STATM = Path("/proc/self/statm")


@pytest.mark.skipif(not STATM.exists(), reason="requires /proc/self/statm of Linux")
def test_thirty_fits_of_one_architecture_leave_no_memory_allocated(result):
    """A newly compiled network leaves 17 MB allocated; the limit is 0.5 MB per fit."""

    def resident():
        return int(STATM.read_text().split()[1]) * 4096 / 2**20

    for seed in range(5):
        fit(seed=seed)
    before = resident()
    for seed in range(30):
        fit(seed=seed, learning_rate=[0.1, 0.01, 0.001][seed % 3])
    assert resident() - before < 15
