"""CompositeSequenceRegressor: numbers and vectors are predicted by a ridge regression on encodings."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer
from tests.estimators.regressors import ARRAYS, LONGER, NUMBERS, VECTORS, X, regressor
from tests.support.combinations import dense_decoder

QUICK = {"latent_dim": 3, "units": 4, "epochs": 2, "random_state": 0}


def quick(**parameters):
    return CompositeSequenceRegressor(**QUICK | parameters)


def draw_noise(n_samples, seed):
    """Return autoregressive noise, and the coefficient of each sequence."""
    rng = np.random.default_rng(seed)
    coefficients = rng.uniform(0, 0.95, n_samples)
    noise = [rng.normal(size=rng.integers(40, 80)) for _ in range(n_samples)]
    for x, coefficient in zip(noise, coefficients, strict=True):
        for t in range(1, len(x)):
            x[t] += coefficient * x[t - 1]
    return noise, coefficients


@pytest.mark.parametrize("latent_dim", [3, None])
@pytest.mark.parametrize("y", [NUMBERS, VECTORS], ids=["numbers", "vectors"])
def test_predictions_are_a_linear_function_of_encodings(y, latent_dim):
    fitted = quick(latent_dim=latent_dim).fit(X, y)
    kernel, bias = fitted._fitted.weights["readout"]
    scaling = fitted._fitted.target.scaling
    expected = (fitted.transform(X) @ kernel + bias) * scaling.std + scaling.mean
    assert_allclose(fitted.predict(X), expected.reshape(y.shape), rtol=1e-4)


def test_predictions_are_those_of_a_ridge_regression_with_the_same_weights():
    weights = np.arange(1.0, 7.0)
    fitted = quick().fit(X, VECTORS, sample_weight=weights)
    Z, state = fitted.transform(X), fitted._fitted
    kernel, _ = state.weights["readout"]
    centred = Z - np.average(Z, axis=0, weights=weights)
    residuals = (VECTORS - fitted.predict(X)) / state.target.scaling.std
    # at the minimum of the penalised sum of squares, the gradient of the squares is the penalty times the kernel
    gradient = centred.T @ (weights[:, None] * residuals)
    assert_allclose(gradient / kernel, np.full(kernel.shape, (gradient / kernel)[0, 0]), rtol=1e-2)
    assert_allclose(np.average(residuals, axis=0, weights=weights), 0, atol=1e-4)


def test_a_number_is_predicted_as_well_as_by_a_ridge_regression_on_encodings_of_an_autoencoder():
    (train, y), (test, y_test) = draw_noise(150, seed=0), draw_noise(150, seed=1)
    small = {"units": 8, "max_steps": 60, "random_state": 0}
    encoder = LSTMAutoencoderTransformer(**small)
    pipeline = make_pipeline(encoder, StandardScaler(), RidgeCV(np.logspace(-3, 3, 7))).fit(train, y)
    score = CompositeSequenceRegressor(**small).fit(train, y).score(test, y_test)
    assert score > pipeline.score(test, y_test) - 0.02
    assert score > 0.7


@pytest.mark.parametrize(
    ("parameters", "y"),
    [
        ({"pooling": "last"}, NUMBERS),
        ({"loss": "mae"}, NUMBERS),
        ({"decoder": dense_decoder}, NUMBERS),
        ({}, ARRAYS),
        ({}, LONGER),
    ],
    ids=["last states", "another loss", "custom decoder", "arrays", "sequences"],
)
def test_other_targets_losses_and_decoders_are_predicted_by_the_decoder(parameters, y):
    fitted = quick(**parameters).fit(X, y)
    assert not fitted._fitted.architecture.readout
    assert "readout" not in fitted._fitted.weights


def test_the_readout_does_not_affect_training():
    """It is computed afterwards: weights and losses are those of the decoder that it replaces."""
    fitted = quick().fit(X, NUMBERS)
    with_decoder = quick(loss="mean_squared_error").fit(X, NUMBERS.reshape(6, 1, 1))
    assert fitted.history_ == with_decoder.history_
    for name in ("encoder", "prediction", "encoding"):
        for actual, expected in zip(fitted._fitted.weights[name], with_decoder._fitted.weights[name], strict=True):
            assert_array_equal(actual, expected)


@pytest.mark.parametrize("n_samples", [1, 2])
def test_few_samples_are_enough(n_samples):
    fitted = quick().fit(X[:n_samples], NUMBERS[:n_samples])
    assert_allclose(fitted.predict(X[:n_samples]).mean(), NUMBERS[:n_samples].mean(), rtol=1e-5)
    assert clone(fitted).partial_fit(X[:n_samples], NUMBERS[:n_samples]).predict(X).shape == (6,)


def test_a_regressor_of_last_states_is_unchanged():
    fitted = regressor().fit(X, NUMBERS)
    assert set(fitted._fitted.weights) == {"encoder", "reconstruction", "prediction"}
