"""Guarantee 5: the same seed gives the same bits, and no global state changes."""

import random
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras.src.random.seed_generator import global_seed_generator

from tests.estimators.selections import EVERY_THIRD, each
from tests.support.combinations import CASES, PLAIN
from tests.support.global_state import NUMPY_GENERATOR, changed, global_state
from tests.support.outputs import assert_same_bits, differ, outputs
from tests.support.strategies import property_settings, seeds

# --- seeds ------------------------------------------------------------------------------------------------------------


@each(CASES)
@property_settings(max_examples=2)
@given(st.data())
def test_the_same_seed_gives_the_same_bits_after_other_fits(case, data):
    arrays, seed = data.draw(case.sequences()), data.draw(seeds)
    other_case = next(other for other in CASES.values() if other is not case)

    first = case.fit(arrays, random_state=seed)
    case.fit(arrays, random_state=seed + 1 if seed < 2**31 - 1 else 0, learning_rate=0.5)
    other_case.fit(other_case.training_set)
    second = case.fit(arrays, random_state=seed)

    assert second.history_ == first.history_
    assert_same_bits(outputs(second, arrays), outputs(first, arrays))


@each(PLAIN)
def test_large_networks_on_several_threads_give_the_same_bits(case):
    X = replace(case, n_features=5).draw(np.random.default_rng(0).integers(1, 90, size=130), seed=0)
    large = case.width_parameters(40, layers=48) | case.supported(dropout=0.2, noise=0.2) | {"batch_size": 64}
    first, second = (case.fit(X, **large) for _ in range(2))
    assert first.history_ == second.history_
    assert_same_bits(outputs(first, X), outputs(second, X))


@each(CASES)
def test_other_seeds_give_other_results(case):
    X = case.training_set
    assert differ(outputs(case.fit(X, random_state=1), X), outputs(case.fit(X, random_state=2), X))


@each(PLAIN)
def test_a_random_state_instance_advances(case):
    X, generator = case.training_set, np.random.RandomState(0)
    first, second = (case.fit(X, random_state=generator) for _ in range(2))
    again = case.fit(X, random_state=np.random.RandomState(0))
    other = case.fit(X, random_state=np.random.RandomState(1))

    assert_same_bits(outputs(again, X), outputs(first, X))
    assert differ(outputs(second, X), outputs(first, X))
    assert differ(outputs(other, X), outputs(first, X))


# --- global state -----------------------------------------------------------------------------------------------------


@pytest.fixture
def restored_global_seeds():
    """Restore Python's and NumPy's global generators after a test that seeds them."""
    states = random.getstate(), NUMPY_GENERATOR.get_state()
    yield
    random.setstate(states[0])
    NUMPY_GENERATOR.set_state(states[1])


def use_all_methods(case, **changes):
    """Fit, continue training, call all other methods, and build a Keras model."""
    X = case.training_set
    fitted = case.fit(X, **changes)
    case.resume(fitted, X)
    return outputs(fitted, X), fitted.model_


@each(EVERY_THIRD)
def test_no_global_state_changes(case, restored_global_seeds, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = global_state()
    use_all_methods(case, batch_size=7)
    assert changed(before, global_state()) == []


def seed_global_generators(seed):
    global_seed_generator()  # Keras 3.8 creates it once, by a random draw, and does not seed it
    keras.utils.set_random_seed(seed)
    global_seed_generator().state.assign([seed, 0])


def draw_from_global_generators():
    return [
        random.random(),
        float(NUMPY_GENERATOR.uniform()),
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
        float(keras.layers.Dense(1).add_weight(shape=(1, 1), initializer="glorot_uniform")[0, 0]),
    ]


@each(PLAIN)
def test_fits_do_not_advance_global_generators(case, restored_global_seeds):
    seed_global_generators(3)
    expected = draw_from_global_generators()
    seed_global_generators(3)
    use_all_methods(case, **case.width_parameters(5))
    assert draw_from_global_generators() == expected


@each(PLAIN)
def test_seeded_fits_do_not_depend_on_global_seeds(case, restored_global_seeds):
    X, results = case.training_set, []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        random_layers = case.supported(dropout=0.2, noise=0.2)
        results.append(outputs(case.fit(X, **case.width_parameters(5 + seed % 2), **random_layers), X))
        results.append(outputs(case.fit(X, **random_layers), X))
    assert_same_bits(results[3], results[1])
