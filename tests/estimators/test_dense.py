"""DenseAutoencoderTransformer: layers, decoding, noise, errors, training, invalid arguments and Keras models."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.utils import get_tags

from skseqae import DenseAutoencoderTransformer
from tests.estimators.selections import NO_LEARNING
from tests.support.combinations import cases_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6)) * [1, 10, 100, 0.1, 1, 1] + [0, 500, 0, 0, -3, 7]
OTHERS = RNG.normal(size=(5, 6)) * 3

each_case = pytest.mark.parametrize(
    "case", cases_of(DenseAutoencoderTransformer).values(), ids=cases_of(DenseAutoencoderTransformer), scope="module"
)


def autoencoder(**parameters):
    settings = {"latent_dim": 2, "hidden_layer_sizes": (5, 4), "epochs": 2, "random_state": 0}
    return DenseAutoencoderTransformer(**settings | parameters)


@pytest.fixture(scope="module")
def fitted():
    return autoencoder().fit(X)


# --- layers -----------------------------------------------------------------------------------------------------------

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}
NETWORKS = {
    "default": {},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "one width": {"hidden_layer_sizes": 3},
    "list": {"hidden_layer_sizes": [7, 3, 4], "activation": "tanh"},
    "wider than X": {"latent_dim": 9, "hidden_layer_sizes": (12,), "latent_activation": "sigmoid"},
    "raw": {"scale": None, "activation": "sigmoid", "latent_activation": "tanh"},
    "noisy": {"noise": 0.5, "activation": "linear", "latent_activation": "relu"},
}


def layers_in_numpy(x, weights, activations):
    """Return the output of a stack of dense layers, given their kernels and biases in order."""
    for kernel, bias, activation in zip(weights[::2], weights[1::2], activations, strict=True):
        x = ACTIVATIONS[activation](x @ kernel.astype(float) + bias)
    return x


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_each_layer_equals_numpy(network):
    fitted = autoencoder(**network).fit(X)
    hidden = [fitted.activation] * len(np.atleast_1d(fitted.hidden_layer_sizes))
    mean, std = (X.mean(axis=0), X.std(axis=0)) if fitted.scale else (0, 1)

    Z = layers_in_numpy((OTHERS - mean) / std, fitted._fitted.weights["encoder"], [*hidden, fitted.latent_activation])
    decoded = layers_in_numpy(Z, fitted._fitted.weights["reconstruction"], [*hidden, "linear"]) * std + mean

    assert_allclose(fitted.transform(OTHERS), Z, rtol=1e-4, atol=1e-4)
    assert_allclose(fitted.reconstruct(OTHERS), decoded, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("sizes", "encoder", "decoder"),
    [
        ((5, 4), [(6, 5), (5, 4), (4, 2)], [(2, 4), (4, 5), (5, 6)]),
        ((3,), [(6, 3), (3, 2)], [(2, 3), (3, 6)]),
        (3, [(6, 3), (3, 2)], [(2, 3), (3, 6)]),
        ((), [(6, 2)], [(2, 6)]),
    ],
)
def test_the_decoder_mirrors_the_encoder(sizes, encoder, decoder):
    weights = autoencoder(hidden_layer_sizes=sizes, epochs=1).fit(X)._fitted.weights
    assert [kernel.shape for kernel in weights["encoder"][::2]] == encoder
    assert [kernel.shape for kernel in weights["reconstruction"][::2]] == decoder


def test_outputs_are_2d_arrays_in_the_precision_of_x(fitted):
    assert fitted.transform(X).shape == (40, 2)
    assert fitted.reconstruct(X).shape == (40, 6)
    assert fitted.transform(X.astype("f4")).dtype == fitted.reconstruct(X.astype("f4")).dtype == np.float32
    assert fitted.transform(OTHERS.round().astype(int)).dtype == np.float64


def test_tags_state_that_x_is_2d():
    tags = get_tags(autoencoder()).input_tags
    assert tags.two_d_array
    assert not tags.three_d_array


# --- inverse_transform ------------------------------------------------------------------------------------------------


def test_inverse_transform_equals_reconstruct(fitted):
    assert_array_equal(fitted.inverse_transform(fitted.transform(X)), fitted.reconstruct(X))


def test_inverse_transform_accepts_any_vectors_of_latent_dim_values(fitted):
    Z = RNG.normal(size=(300, 2))
    decoded = fitted.inverse_transform(Z)
    assert decoded.shape == (300, 6)
    assert_array_equal(fitted.inverse_transform(Z[7:8]), decoded[7:8])
    assert fitted.inverse_transform(Z.astype("f4")).dtype == np.float32


@pytest.mark.parametrize("width", [1, 3])
def test_inverse_transform_refuses_encodings_of_another_width(width, fitted):
    with pytest.raises(ValueError, match=f"Z has {width} columns, but encodings have 2 columns"):
        fitted.inverse_transform(np.zeros((2, width)))


# --- noise ------------------------------------------------------------------------------------------------------------


def test_noise_is_added_only_in_training():
    """With steps too small to change a weight, noise changes the loss but not the outputs."""
    clean, noisy = (autoencoder(**NO_LEARNING, noise=noise).fit(X) for noise in (0.0, 1.0))
    std = X.std(axis=0)
    error = np.mean(((X - noisy.reconstruct(X)) / std) ** 2)

    assert_allclose(noisy.reconstruct(X), clean.reconstruct(X), rtol=1e-9)
    assert clean.history_["loss"][0] == pytest.approx(error, rel=1e-5)
    assert abs(noisy.history_["loss"][0] - error) > 1e-3
    assert_array_equal(noisy.transform(X), noisy.transform(X))


def test_the_validation_loss_is_computed_without_noise():
    parameters = NO_LEARNING | {"early_stopping": True, "validation_fraction": 0.5}
    losses = [autoencoder(**parameters, noise=noise).fit(X).history_ for noise in (0.0, 1.0)]
    assert losses[0]["val_loss"] == losses[1]["val_loss"]
    assert losses[0]["loss"] != losses[1]["loss"]


def test_noise_is_in_units_of_the_standard_deviation_of_each_feature():
    """The loss of a linear network whose weights are the identity is the variance of the noise."""
    columns = RNG.normal(size=(4000, 6)) * [1, 10, 100, 0.1, 1, 1]
    identity = {"latent_dim": 6, "hidden_layer_sizes": (), "epochs": 1, "learning_rate": 1e-12, "batch_size": 500}
    eye = [np.eye(6, dtype="f4"), np.zeros(6, "f4")]
    for noise, variance in ((0.0, 0.0), (0.5, 0.25)):
        fitted = autoencoder(**identity, noise=noise).fit(columns)
        fitted._fitted = replace(fitted._fitted, weights={"encoder": eye, "reconstruction": eye})
        fitted.set_params(warm_start=True).fit(columns)
        assert fitted.history_["loss"][0] == pytest.approx(variance, rel=0.05, abs=1e-6)


def test_training_with_noise_gives_reconstructions_without_noise():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(400, 2)) @ rng.normal(size=(2, 6))
    noise = rng.normal(size=truth.shape) * truth.std(axis=0)
    settings = {"hidden_layer_sizes": (32,), "latent_dim": 6, "epochs": 60, "learning_rate": 0.005}
    fitted = autoencoder(**settings, noise=1.0).fit(truth)
    assert np.mean((fitted.reconstruct(truth + noise) - truth) ** 2) < 0.6 * np.mean(noise**2)


# --- errors and scores ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [{}, {"scale": None, "loss": "mae"}], ids=["scaled", "raw"])
def test_errors_are_mean_squares_in_units_of_the_standard_deviation_in_training(parameters):
    weights = np.linspace(0.5, 2, len(X))
    fitted = autoencoder(**parameters).fit(X, sample_weight=weights)
    std = np.sqrt(np.cov(X.T, aweights=weights, ddof=0).diagonal())
    squares = ((OTHERS - fitted.reconstruct(OTHERS)) / std) ** 2
    counts = np.arange(5)

    assert_allclose(fitted.reconstruction_error(OTHERS), squares.mean(axis=1))
    assert_allclose(fitted.reconstruction_error(OTHERS, reduction="feature"), squares)
    assert fitted.score(OTHERS) == pytest.approx(-squares.mean())
    assert fitted.score(OTHERS, sample_weight=counts) == pytest.approx(
        -np.average(squares.mean(axis=1), weights=counts)
    )


@pytest.mark.parametrize("reduction", ["timestep", "mean", None])
def test_an_unknown_reduction_is_refused(reduction, fitted):
    with pytest.raises(ValueError, match=f"reduction must be one of 'sample', 'feature', got {reduction!r}"):
        fitted.reconstruction_error(X, reduction=reduction)


# --- training ---------------------------------------------------------------------------------------------------------


def test_early_stopping_restores_the_weights_of_the_lowest_validation_loss():
    unstable = {"early_stopping": True, "validation_fraction": 0.3, "learning_rate": 0.5, "tol": 0.0, "epochs": 15}
    all_epochs = autoencoder(**unstable, n_iter_no_change=99).fit(X)
    best = int(np.argmin(all_epochs.history_["val_loss"]))
    assert best < 14  # otherwise there would be nothing to restore
    stopped = autoencoder(**unstable | {"epochs": best + 1}, n_iter_no_change=99).fit(X)
    assert_array_equal(stopped.transform(X), all_epochs.transform(X))
    assert autoencoder(**unstable, n_iter_no_change=2).fit(X).n_iter_ < 15


@pytest.mark.parametrize(
    ("loss", "probabilities_of"),
    [("binary_crossentropy", lambda rows: rows), ("categorical_crossentropy", lambda rows: rows.sum(1))],
)
def test_outputs_are_probabilities_with_crossentropy(loss, probabilities_of):
    classes = np.eye(6)[RNG.integers(0, 6, size=40)]
    rows = autoencoder(loss=loss, scale=None, learning_rate=0.5, epochs=10).fit(classes).reconstruct(classes)
    assert rows.min() >= 0
    assert probabilities_of(rows).max() <= 1 + 1e-6


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy"])
def test_crossentropy_requires_values_from_0_to_1_without_scaling(loss):
    with pytest.raises(ValueError, match=rf"(?s)X\[0\] has .*but loss='{loss}' needs values from 0 to 1"):
        autoencoder(loss=loss, scale=None).fit(X)
    with pytest.raises(ValueError, match=f"loss='{loss}' compares probabilities: set scale=None"):
        autoencoder(loss=loss).fit(X)


def test_column_names_are_stored_and_compared():
    frame = pd.DataFrame(X, columns=list("abcdef"))
    fitted = autoencoder().fit(frame)
    assert fitted.feature_names_in_.tolist() == list("abcdef")
    assert fitted.get_feature_names_out().tolist() == [f"denseautoencodertransformer{i}" for i in range(2)]
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.transform(frame.rename(columns={"a": "z"}))
    assert not hasattr(fitted.fit(X), "feature_names_in_")


# --- invalid arguments ------------------------------------------------------------------------------------------------

WITH_NAN, WITH_INF = X.copy(), X.copy()
WITH_NAN[2, 3], WITH_INF[2, 3] = np.nan, np.inf
INVALID = {
    "NaN": (WITH_NAN, ValueError, r"X\[2\] has NaN in column 3"),
    "inf": (WITH_INF, ValueError, r"X\[2\] has inf in column 3"),
    "1-D": (X[0], ValueError, r"X has shape \(\d+,\), expected an array \(N, F\)\. Reshape your data"),
    "3-D": (X[:, :, None], ValueError, r"X has shape .*, expected an array \(N, F\)"),
    "a list of sequences": ([X[0], X[0, :3]], ValueError, r"X\[1\] has shape \(3,\), but X\[0\] has"),
    "no rows": (X[:0], ValueError, r"Found array with 0 sample\(s\)"),
    "no columns": (X[:, :0], ValueError, r"Found array with 0 feature\(s\)"),
    "overflow": (X * 1e200, ValueError, "X.*overflows float32"),
    "complex": (X + 1j, ValueError, "Complex data not supported"),
    "strings": (X.astype(str).astype(object) + "x", TypeError, r"X\[0\], column 0 is .*: each argument must be real"),
}


@pytest.mark.parametrize(("rows", "error", "message"), INVALID.values(), ids=INVALID)
def test_invalid_rows_are_refused(rows, error, message):
    with pytest.raises(error, match=message):
        autoencoder().fit(rows)


@pytest.mark.parametrize("width", [5, 7])
def test_rows_of_another_width_are_refused(width, fitted):
    rows = np.zeros((2, width))
    for method in (fitted.transform, fitted.reconstruct, fitted.reconstruction_error, fitted.score):
        with pytest.raises(ValueError, match=f"X has {width} features, but DenseAutoencoderTransformer is expecting 6"):
            method(rows)


def test_rows_that_overflow_float32_are_refused(fitted):
    with pytest.raises(ValueError, match=r"X\[1\] has 1e\+300 in column 0. It overflows float32"):
        fitted.transform(np.where(np.arange(2)[:, None] == 1, 1e300, X[:2]))


@pytest.mark.parametrize("sizes", [0, (3, 0), (2.5,), ("a",), [[3, 4]], (True, "a")])
def test_invalid_hidden_layer_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        autoencoder(hidden_layer_sizes=sizes).fit(X)


@pytest.mark.parametrize(
    ("name", "value"),
    [("latent_dim", 0), ("noise", -0.1), ("noise", 1.5), ("activation", "swish"), ("latent_activation", None)],
)
def test_parameters_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of DenseAutoencoderTransformer must be"):
        autoencoder(**{name: value}).fit(X)


@pytest.mark.parametrize("name", ["units", "cell", "decoder", "dropout", "padding_value", "bidirectional", "reverse"])
def test_parameters_of_recurrent_networks_are_refused(name):
    with pytest.raises(TypeError, match=f"has no parameter '{name}'"):
        DenseAutoencoderTransformer(**{name: 1})


# --- Keras models -----------------------------------------------------------------------------------------------------


@each_case
def test_keras_models_equal_the_methods(case):
    fitted, rows = case.fitted(), np.stack(case.training_set).astype("f4")
    Z, decoded = fitted.transform(rows), fitted.reconstruct(rows)
    assert_allclose(fitted.encoder_(rows), Z, atol=1e-5)
    assert_allclose(fitted.decoder_(Z), decoded, atol=1e-5)
    assert_allclose(fitted.model_(rows), decoded, atol=1e-5)
    assert fitted.model_ is not fitted.model_


@each_case
def test_keras_models_consist_of_standard_layers(case):
    layers = [layer for model in (case.fitted().encoder_, case.fitted().decoder_) for layer in model.layers]
    layers += [inner for layer in layers for inner in getattr(layer, "layers", [])]
    assert {type(layer).__module__.split(".")[0] for layer in layers} == {"keras"}
    assert isinstance(case.fitted().model_, keras.Model)


# --- learning ---------------------------------------------------------------------------------------------------------


def test_a_linear_autoencoder_reaches_the_error_of_pca():
    """PCA has the smallest error of all linear autoencoders."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 6)) + 0.3 * rng.normal(size=(200, 6))
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    pca = PCA(2).fit(scaled)
    best = np.mean((scaled - pca.inverse_transform(pca.transform(scaled))) ** 2)
    settings = {"activation": "linear", "hidden_layer_sizes": (), "epochs": 150, "learning_rate": 0.02}
    fitted = autoencoder(**settings).fit(rows)
    assert best * (1 - 1e-6) < -fitted.score(rows) < 1.03 * best


def test_encodings_of_a_curve_beat_pca():
    t = np.random.default_rng(0).uniform(-2, 2, size=(500, 1))
    rows = np.hstack([t, t**2, np.sin(2 * t)])
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    pca = PCA(1).fit(scaled)
    linear = np.mean((scaled - pca.inverse_transform(pca.transform(scaled))) ** 2)
    settings = {"latent_dim": 1, "hidden_layer_sizes": (32, 16), "activation": "tanh", "learning_rate": 0.01}
    assert -autoencoder(**settings, epochs=60).fit(rows).score(rows) < 0.25 * linear


def test_reconstructions_of_new_digits_beat_pca():
    rows = load_digits(return_X_y=True)[0] / 16
    train, test = rows[:1200], rows[1200:]
    pca = PCA(10, random_state=0).fit(train)
    linear = np.mean((test - pca.inverse_transform(pca.transform(test))) ** 2)
    settings = {"latent_dim": 10, "hidden_layer_sizes": (128,), "scale": None, "learning_rate": 0.003}
    fitted = autoencoder(**settings, epochs=60).fit(train)
    assert np.mean((test - fitted.reconstruct(test)) ** 2) < linear
