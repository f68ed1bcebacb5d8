"""CompositeSequenceRegressor: the Keras models `encoder_`, `decoder_` and `model_`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skseqae import CompositeSequenceRegressor
from tests.estimators.keras_inputs import x_and_mask
from tests.estimators.regressors import LONG_ENOUGH, N_TIMESTEPS, UNRELATED, X, fitted_on, regressor
from tests.support.combinations import cases_of

CASES = cases_of(CompositeSequenceRegressor)
INFERRED_LENGTHS = ["array of numbers", "vectors", "arrays", "longer sequences", "shorter sequences"]


def assert_equal_at_real_timesteps(model_output, expected, **tolerance):
    for a, b in zip(np.asarray(model_output), expected, strict=True):
        b = np.reshape(b, (-1, a.shape[-1]))
        assert_allclose(a[: len(b)], b, **tolerance)


@pytest.mark.parametrize(
    "target_type",
    [
        "array of numbers",
        "vectors",
        "arrays",
        "longer sequences",
        "shorter sequences",
        "sequences of unrelated lengths",
    ],
)
def test_keras_models_equal_the_methods_for_targets_of_every_type(target_type):
    fitted, n_timesteps = fitted_on(target_type), N_TIMESTEPS.get(target_type)
    inputs, Z = x_and_mask(X), fitted.transform(X)
    prediction_mask = [] if n_timesteps is None else [x_and_mask(UNRELATED)[1]]
    decoded, predicted = fitted.reconstruct(X), fitted.predict(X, n_timesteps)
    scale = np.abs(np.concatenate([np.ravel(row) for row in predicted])).max()

    assert_allclose(fitted.encoder_(inputs), Z, atol=1e-5)
    encodings = Z.astype(np.float32)
    for outputs in (
        fitted.model_([*inputs, *prediction_mask]),
        fitted.decoder_([encodings, inputs[1], *prediction_mask]),
    ):
        assert sorted(outputs) == ["prediction", "reconstruction"]
        assert_equal_at_real_timesteps(outputs["reconstruction"], decoded, atol=1e-5)
        assert_equal_at_real_timesteps(outputs["prediction"], predicted, atol=1e-5 * max(scale, 1))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES, scope="module")
def test_keras_models_equal_the_methods_for_every_combination_of_parameters(case):
    fitted, arrays = case.fitted(), case.training_set
    outputs = fitted.model_(x_and_mask(arrays))
    assert_allclose(fitted.encoder_(x_and_mask(arrays)), fitted.transform(arrays), atol=1e-5)
    assert_equal_at_real_timesteps(outputs["reconstruction"], fitted.reconstruct(arrays), atol=1e-5)
    assert_equal_at_real_timesteps(outputs["prediction"], fitted.predict(arrays), rtol=1e-5, atol=1e-5)


def test_keras_models_with_a_horizon_forecast_after_the_end_of_x():
    fitted = regressor(horizon=3).fit(LONG_ENOUGH)
    predicted = fitted.model_(x_and_mask(LONG_ENOUGH))["prediction"]
    assert_allclose(predicted, np.stack(fitted.predict(LONG_ENOUGH)), atol=1e-5)
