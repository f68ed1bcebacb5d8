"""`save` refuses what a file cannot hold, by its name, and writes nothing."""

import copy
from dataclasses import replace

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import StandardScaler

from skseqae import LSTMAutoencoderTransformer, SkseqaeFormatError, save
from tests.persistence.cases import X
from tests.support.estimators import every_class, quick


def make_decoder(n_timesteps, latent_dim, n_features):
    return keras.Sequential(
        [keras.Input((latent_dim,)), keras.layers.RepeatVector(n_timesteps), keras.layers.Dense(n_features)]
    )


# functions that return the values, so that TensorFlow is not used when this module is imported
OBJECTS = {
    "decoder": lambda: make_decoder,
    "callbacks": lambda: [keras.callbacks.Callback()],
    "optimizer": lambda: keras.optimizers.Adam(),
    "loss": lambda: keras.losses.MeanSquaredError(),
    "optimizer__weight_decay": lambda: keras.ops.abs,
    "units": lambda: [3, LSTMAutoencoderTransformer],
    "random_state": lambda: np.random.RandomState(np.random.PCG64(0)),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_parameter_that_holds_code_is_refused_by_its_name(name, fitted, tmp_path):
    estimator = copy.copy(fitted("autoencoder"))
    vars(estimator)[name] = OBJECTS[name]()
    with pytest.raises(TypeError, match=rf"estimator\.{name}(\.\d)? is .*, which is of type .*: a file holds numbers"):
        save(estimator, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_an_optimizer_or_loss_class_is_refused(fitted, tmp_path):
    for name, cls in {"optimizer": keras.optimizers.Adam, "loss": keras.losses.Huber}.items():
        estimator = copy.copy(fitted("autoencoder"))
        vars(estimator)[name] = cls
        with pytest.raises(TypeError, match=rf"estimator\.{name} is <class .*of type type"):
            save(estimator, tmp_path / "file")


def test_a_network_with_a_custom_decoder_is_refused_even_if_the_parameter_has_changed(tmp_path):
    estimator = quick(LSTMAutoencoderTransformer, decoder=make_decoder).fit(X).set_params(decoder="repeat")
    with pytest.raises(TypeError, match=r"estimator\._fitted\.architecture\.decoder is <function make_decoder"):
        save(estimator, tmp_path / "file")


@every_class
def test_an_estimator_that_is_not_fitted_is_refused(cls, tmp_path):
    with pytest.raises(NotFittedError, match=f"This {cls.__name__} instance is not fitted yet"):
        save(cls(), tmp_path / "file")
    assert not list(tmp_path.iterdir())


class Subclass(LSTMAutoencoderTransformer):
    pass


@pytest.mark.parametrize("value", [StandardScaler(), Subclass(), LSTMAutoencoderTransformer, None, "file"], ids=str)
def test_other_classes_and_subclasses_are_refused(value, tmp_path):
    with pytest.raises(TypeError, match="estimator must be one of .*, and not of another class or a subclass, got"):
        save(value, tmp_path / "file")


def test_an_additional_attribute_is_refused(fitted, tmp_path):
    estimator = copy.copy(fitted("autoencoder"))
    estimator.note = "mine"
    with pytest.raises(TypeError, match="estimator has an attribute 'note', which a file cannot hold: delete it"):
        save(estimator, tmp_path / "file")


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("n_features_in_", 3, "n_features_in_ is 3, but the network reads 2"),
        ("feature_names_in_", np.array(["2020-01-01"], dtype="M8[D]"), "feature_names_in_ is an array of datetime64"),
        ("epochs", 0, "'epochs' parameter of LSTMAutoencoderTransformer must be an int in the range"),
    ],
)
def test_attributes_that_load_would_refuse_are_not_saved(attribute, value, message, fitted, tmp_path):
    estimator = copy.copy(fitted("autoencoder"))
    vars(estimator)[attribute] = value
    with pytest.raises((SkseqaeFormatError, TypeError), match=message):
        save(estimator, tmp_path / "file")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"history": {"loss": []}}, r"history\.loss must be an array of at least one epoch"),
        ({"history": {"loss": [1.0], "os": [1.0]}}, "history must be of 'loss' and others"),
        ({"generator": None}, "generator is 'None', but must be a RandomState"),
        ({"optimizer_state": [np.ones((7, 7), np.float32)]}, "optimizer_state.0 is not an array with the shape"),
    ],
    ids=str,
)
def test_a_fitted_state_that_load_would_refuse_is_not_saved(changes, message, fitted, tmp_path):
    estimator = copy.copy(fitted("autoencoder"))
    estimator._fitted = replace(estimator._fitted, **changes)
    with pytest.raises(SkseqaeFormatError, match=f"^LSTMAutoencoderTransformer cannot be saved: .*{message}"):
        save(estimator, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_an_encoder_must_be_fitted_and_of_an_allowed_class(fitted, tmp_path):
    estimator = copy.copy(fitted("frozen encoder"))
    estimator.encoder = FrozenEstimator(clone(estimator.encoder.estimator))
    with pytest.raises(NotFittedError):
        save(estimator, tmp_path / "file")
    estimator.encoder = StandardScaler()
    with pytest.raises(TypeError, match=r"estimator\.encoder must be one of"):
        save(estimator, tmp_path / "file")
