"""A loaded estimator is the saved one, bit for bit, and is trained further as if it had not been saved."""

import copy
import pickle
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skseqae import LSTMAutoencoderTransformer
from skseqae.networks._architectures import STATISTICS
from tests.persistence.cases import (
    CASE_OF_CLASS,
    CASES,
    X,
    assert_same,
    every_case,
    outputs,
    resume,
    state,
    through_file,
)
from tests.support.estimators import every_class, output_of, quick, resume_training


@every_case
def test_a_loaded_estimator_has_all_attributes_of_the_saved_one(name, fitted, tmp_path):
    estimator = fitted(name)
    before = pickle.dumps(estimator)
    loaded = through_file(estimator, tmp_path)
    assert type(loaded) is type(estimator)
    assert_same(state(loaded), state(estimator))
    assert pickle.dumps(estimator) == before
    assert_same(outputs(loaded, CASES[name][2]), outputs(estimator, CASES[name][2]))


@every_case
def test_training_resumed_from_a_file_equals_uninterrupted_training(name, fitted, tmp_path):
    data = CASES[name][2]
    estimator, loaded = copy.deepcopy(fitted(name)), through_file(fitted(name), tmp_path)
    before = copy.deepcopy(estimator._fitted.weights)
    for each in (estimator, loaded):
        resume(each, data)
    assert_same(state(loaded), state(estimator))
    for each in (estimator, loaded):
        each.set_params(warm_start=True, epochs=1).fit(*data)
    assert_same(state(loaded), state(estimator))
    after = estimator._fitted.weights
    assert any((a != b).any() for part in before for a, b in zip(before[part], after[part], strict=True))
    assert_same(outputs(loaded, data), outputs(estimator, data))


@every_class
def test_a_loaded_estimator_can_be_written_to_cloned_and_pickled(cls, tmp_path):
    estimator = resume_training(quick(cls))
    loaded = through_file(estimator, tmp_path)
    arrays = [array for part in loaded._fitted.weights.values() for array in part]
    assert all(array.flags.writeable and array.flags.aligned for array in arrays)
    assert_same(output_of(pickle.loads(pickle.dumps(loaded))), output_of(estimator))
    assert_same(output_of(resume_training(clone(loaded))), output_of(resume_training(clone(estimator))))


def test_the_output_container_is_saved(tmp_path):
    estimator = quick(LSTMAutoencoderTransformer).fit(X).set_output(transform="pandas")
    assert type(through_file(estimator, tmp_path).transform(X)) is pd.DataFrame


def test_an_encoder_is_saved_whether_frozen_or_not(fitted, tmp_path):
    estimator = copy.copy(fitted("frozen encoder"))
    inner = estimator.encoder.estimator
    assert_same(through_file(estimator, tmp_path).encoder, estimator.encoder)
    estimator.encoder = inner
    assert_same(through_file(estimator, tmp_path).encoder, inner)


# --- labels -----------------------------------------------------------------------------------------------------------


def object_array(*tokens):
    array = np.empty(len(tokens), dtype=object)
    array[:] = tokens
    return array


def comparable(value):
    """Return what distinguishes two values, including their type; NumPy's scalars equal Python's."""
    if isinstance(value, np.random.RandomState):
        return pickle.dumps(value.get_state())
    value = value.item() if isinstance(value, np.generic) else value
    return type(value), repr(value)


@pytest.mark.parametrize(
    "classes",
    [
        np.array(['ü\n"\\', "\ud800\U0001f600"]),
        np.array(["a", "b"], dtype="U9"),
        np.array([-1, 2**62]),
        np.array([1, 2], dtype=">i2"),
        np.array([0, 2**64 - 1], dtype="u8"),
        np.array([False, True]),
        np.array([0.1, -0.0], dtype="f4"),
        np.array([1e300, 5e-324]),
        np.array([b"a", b"\xff"]),
        object_array("a", 1),
        object_array(2**70, True),
        object_array((1, ("b",)), 1.5),
        object_array(b"c", float("inf")),
        object_array(np.int64(3), np.str_("x")),
    ],
    ids=str,
)
def test_labels_of_any_type_are_saved(classes, fitted, tmp_path):
    estimator = copy.copy(fitted("labels"))
    estimator._fitted = replace(estimator._fitted, target=replace(estimator._fitted.target, classes=classes))
    loaded = through_file(estimator, tmp_path)
    assert loaded.classes_.dtype == classes.dtype
    assert list(map(comparable, loaded.classes_.tolist())) == list(map(comparable, classes.tolist()))
    assert_array_equal(loaded.predict(X), estimator.predict(X))


# --- parameters -------------------------------------------------------------------------------------------------------

INTS, FRACTIONS = st.integers(1, 2**40), st.floats(0, 1, exclude_max=True)
POSITIVE = st.floats(5e-324, 1e300)
NUMBERS = st.floats(allow_nan=True) | st.integers(-(2**70), 2**70)
NAMES = st.text(max_size=8)
SIZES = st.lists(INTS, min_size=1, max_size=3)
LAYER_SIZES = SIZES | SIZES.map(tuple) | INTS | SIZES.map(np.array)
LABEL = st.text(max_size=3) | st.integers() | st.booleans() | st.tuples(st.integers(), st.text(max_size=2))
ACTIVATIONS = st.sampled_from(["tanh", "relu", "sigmoid", "linear"])
VALUES = {
    "latent_dim": INTS | INTS.map(np.int64),  # not None, which requires statistics
    "pooling": st.sampled_from(["statistics", "last"]) | st.permutations(STATISTICS).map(tuple),
    "patch_size": st.just("auto") | INTS,
    "min_crop": st.floats(1e-9, 1),
    "schedule": st.sampled_from(["cosine", "constant"]),
    "max_steps": INTS,
    "objective": st.sampled_from(["reconstruction", "prediction", "composite"]),
    "decoder": st.sampled_from(["repeat", "conditional"]),
    "cell": st.sampled_from(["lstm", "gru", "rnn"]),
    "units": st.none() | SIZES | SIZES.map(tuple) | INTS,
    "hidden_layer_sizes": LAYER_SIZES,
    "noise": FRACTIONS,
    "dropout": FRACTIONS,
    "padding_value": st.none() | NUMBERS,
    "missing": st.sampled_from(["error", "mask"]),
    "scale": st.sampled_from(["standard", None]),
    "loss": NAMES,
    "optimizer": NAMES,
    "learning_rate": POSITIVE | POSITIVE.map(np.float64),
    "clipnorm": st.none() | POSITIVE,
    "epochs": INTS | st.none(),
    "batch_size": INTS,
    "validation_fraction": st.floats(1e-9, 0.999),
    "n_iter_no_change": INTS,
    "tol": st.floats(0, 1e300),
    "callbacks": st.sampled_from([None, [], ()]),
    "verbose": st.integers(0, 3) | st.booleans(),
    "random_state": st.none() | st.integers(0, 2**32 - 1) | st.integers(0, 99).map(np.random.RandomState),
    "horizon": st.none() | INTS,
    "reconstruction_weight": st.floats(0, 1, exclude_max=True),
    "handle_unknown": st.sampled_from(["error", "ignore"]),
    "num_beams": INTS,
    "max_length": st.none() | INTS,
    "encoder": st.none(),
    "class_weight": st.sampled_from([None, "balanced"]) | st.dictionaries(LABEL, FRACTIONS, max_size=3),
    "activation": ACTIVATIONS,
    "latent_activation": ACTIVATIONS,
    **dict.fromkeys(
        (
            "reverse",
            "bidirectional",
            "differences",
            "time_features",
            "tokens",
            "freeze_encoder",
            "early_stopping",
            "warm_start",
        ),
        st.booleans() | st.booleans().map(np.bool_),
    ),
}
ROUTED = st.dictionaries(
    st.text(min_size=1, max_size=8).map("optimizer__{}".format), st.none() | NUMBERS | NAMES, max_size=2
)


@every_class
@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(draws=st.data())
def test_any_parameters_are_saved(cls, fitted, tmp_path, draws):
    own = {name: VALUES[name] for name in cls().get_params()}
    if "max_steps" not in own:
        own["epochs"] = INTS  # None requires a number of steps
    routed = draws.draw(ROUTED)
    estimator = copy.copy(fitted(CASE_OF_CLASS[cls]))
    vars(estimator).update(draws.draw(st.fixed_dictionaries(own)) | routed)
    before = estimator.get_params(deep=False)
    after = through_file(estimator, tmp_path).get_params(deep=False)
    assert {name: comparable(value) for name, value in after.items()} == {
        name: comparable(value) for name, value in before.items()
    }


# --- optimizers -------------------------------------------------------------------------------------------------------

OPTIMIZERS = [
    name
    for name, cls in vars(keras.optimizers).items()
    if isinstance(cls, type) and not name.startswith(("Optimizer", "Loss", "Multi"))
]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_of_every_optimizer_of_keras_is_saved(name, fitted, tmp_path):
    estimator = copy.copy(fitted("autoencoder"))
    optimizer = getattr(keras.optimizers, name)(use_ema=True, gradient_accumulation_steps=2)
    weights = [array for part in estimator._fitted.weights.values() for array in part]
    optimizer.build([keras.Variable(array) for array in weights])
    optimizer_state = [variable.numpy() for variable in optimizer.variables]
    estimator._fitted = replace(estimator._fitted, optimizer_state=optimizer_state)
    loaded = through_file(estimator, tmp_path)._fitted.optimizer_state
    assert_same(loaded, [np.asarray(value) for value in optimizer_state])
