"""CompositeSequenceRegressor: types and lengths of predictions, scores, reconstructions, and model selection."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
from skseqae import LSTMAutoencoderTransformer
from tests.estimators.regressors import (
    ARRAYS,
    LENGTHS,
    LONG_ENOUGH,
    LONGER,
    N_TIMESTEPS,
    NUMBERS,
    TARGETS,
    UNRELATED,
    VECTORS,
    X,
    fitted_on,
    regressor,
    shapes,
)
from tests.estimators.selections import NO_LEARNING
from tests.support.containers import padded
from tests.support.strategies import draw_sequences

# --- types of predictions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target_type", TARGETS)
def test_predict_returns_the_type_of_y(target_type):
    y = TARGETS[target_type]()
    predicted = fitted_on(target_type).predict(X, N_TIMESTEPS.get(target_type))
    is_sequences = "sequences" in target_type.lower()
    assert type(predicted) is (type(y) if is_sequences else np.ndarray)
    assert shapes(predicted) == shapes(y.to_numpy() if hasattr(y, "to_numpy") else y)
    assert {np.asarray(row).dtype for row in predicted} == {np.dtype(float)}


def test_predictions_have_the_padding_of_y():
    predicted = fitted_on("padded").predict(X, N_TIMESTEPS["padded"])
    assert_array_equal(np.isnan(predicted), np.isnan(padded(UNRELATED)))


@pytest.mark.parametrize("y", [NUMBERS, VECTORS, ARRAYS, LONGER], ids=["numbers", "vectors", "arrays", "sequences"])
def test_predictions_are_in_the_units_of_y(y):
    """Without learning, predictions are near the weighted mean of each output; after learning, near y."""
    weights = np.arange(1.0, 7.0)
    untrained = regressor(**NO_LEARNING).fit(X, y, sample_weight=weights)
    rows = [np.atleast_2d(row) if np.ndim(row) else np.reshape(row, (1, 1)) for row in y]
    values, repeated = np.concatenate(rows), np.repeat(weights, [len(row) for row in rows])
    mean = np.average(values, axis=0, weights=repeated)
    std = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=repeated))
    for row in untrained.predict(X):
        assert (abs(row - mean) < 3 * std).all()

    trained = regressor(latent_dim=24, epochs=250, learning_rate=0.02, reconstruction_weight=0.0, batch_size=6)
    assert trained.fit(X, y).score(X, y) > 0.98


def test_without_scaling_the_loss_is_in_the_units_of_y():
    fitted = regressor(scale=None, **NO_LEARNING).fit(X, NUMBERS)
    assert_allclose(fitted.history_["prediction_loss"], np.mean((NUMBERS - fitted.predict(X)) ** 2), rtol=1e-5)
    assert abs(fitted.predict(X)).max() < 5


def test_predictions_are_float32_for_float32_and_otherwise_float64():
    as_float32 = [x.astype(np.float32) for x in X]
    for target_type in ("array of numbers", "vectors", "arrays", "longer sequences"):
        assert fitted_on(target_type).predict(X)[0].dtype == np.float64
        assert fitted_on(target_type).predict(as_float32)[0].dtype == np.float32


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float32", "object"])
def test_targets_may_have_any_number_type(dtype):
    y = np.array([0, 1, 1, 0, 1, 0])
    assert_array_equal(regressor().fit(X, y.astype(dtype)).predict(X), regressor().fit(X, y.astype(float)).predict(X))


def test_predictions_for_a_column_are_a_column():
    """As with the regressors of scikit-learn."""
    predicted = regressor().fit(X, NUMBERS[:, None]).predict(X)
    assert predicted.shape == (6, 1)
    assert_array_equal(predicted[:, 0], regressor().fit(X, NUMBERS).predict(X))


def test_a_list_of_numpy_scalars_holds_numbers():
    assert_array_equal(regressor().fit(X, list(NUMBERS)).predict(X), regressor().fit(X, NUMBERS).predict(X))


def test_predictions_are_writable():
    for y in (NUMBERS, VECTORS, ARRAYS, LONGER):
        predicted = regressor().fit(X, y).predict(X)
        predicted[0] *= 2


# --- lengths of predictions -------------------------------------------------------------------------------------------

OTHERS = draw_sequences([3, 0, 9], 2, seed=1)


@pytest.mark.parametrize(
    ("target_type", "lengths"),
    [
        ("arrays", [4, 4, 4]),
        ("sequences of equal lengths", [4, 4, 4]),
        ("longer sequences", [5, 2, 11]),
        ("shorter sequences", [2, 0, 8]),
    ],
)
def test_lengths_of_predictions_are_inferred_from_training(target_type, lengths):
    assert shapes(fitted_on(target_type).predict(OTHERS)) == [(t, 3) for t in lengths]


@pytest.mark.parametrize("target_type", ["arrays", "longer sequences", "sequences of unrelated lengths"])
def test_n_timesteps_determines_the_lengths_of_predictions(target_type):
    fitted = fitted_on(target_type)
    assert shapes(fitted.predict(OTHERS, 5)) == shapes(fitted.predict(OTHERS, n_timesteps=[5, 5, 5])) == [(5, 3)] * 3
    assert [len(row) for row in list(regressor().fit(X, LONGER).predict(OTHERS, [0, 1, 20]))] == [0, 1, 20]


def test_arrays_of_predictions_have_n_timesteps():
    assert regressor().fit(X, ARRAYS).predict(X, n_timesteps=1).shape == (6, 1, 3)


def test_longer_predictions_begin_with_shorter_ones():
    short, long = (fitted_on("longer sequences").predict(OTHERS, t) for t in (3, 30))
    for a, b in zip(short, long, strict=True):
        assert_array_equal(a, b[:3])


def test_n_timesteps_is_required_if_lengths_cannot_be_inferred():
    with pytest.raises(
        ValueError, match="Cannot infer the length of the predictions.*Pass n_timesteps \\(int or array"
    ):
        fitted_on("sequences of unrelated lengths").predict(OTHERS)


@pytest.mark.parametrize("target_type", ["array of numbers", "vectors"])
def test_n_timesteps_is_refused_for_numbers_and_vectors(target_type):
    with pytest.raises(ValueError, match="n_timesteps=3 does not apply: y had one number or vector for each"):
        fitted_on(target_type).predict(X, 3)


@pytest.mark.parametrize("n_timesteps", [-1, 2.0, "2", [1, 2], [1, 2, -3], [[1, 2, 3]]])
def test_invalid_n_timesteps_are_refused(n_timesteps):
    with pytest.raises(ValueError, match="n_timesteps must be an int or an array of 3 ints, of at least 0, got"):
        fitted_on("longer sequences").predict(OTHERS, n_timesteps)


# --- scores -----------------------------------------------------------------------------------------------------------


def real_timesteps(rows, width):
    """Return all real timesteps of targets or predictions, one after another."""
    values = np.concatenate([np.reshape(row, (-1, width)) for row in rows]).astype(float)
    return values[~np.isnan(values[:, 0])]


@pytest.mark.parametrize("target_type", TARGETS)
def test_the_score_is_r2_over_real_timesteps(target_type):
    y, predicted = TARGETS[target_type](), fitted_on(target_type).predict(X, N_TIMESTEPS.get(target_type))
    width = 1 if "numbers" in target_type or "series" in target_type else 3
    rows = y.to_numpy() if hasattr(y, "to_numpy") else y
    expected = r2_score(real_timesteps(rows, width), real_timesteps(predicted, width))
    assert fitted_on(target_type).score(X, y) == pytest.approx(expected, rel=1e-6)


def test_the_score_accepts_targets_of_any_lengths():
    """Also of lengths that `predict` cannot infer, or would infer differently."""
    lengths = [4, 1, 6]
    y = [np.full((t, 3), 10.0) + np.arange(t)[:, None] for t in lengths]
    for target_type in ("sequences of unrelated lengths", "longer sequences", "arrays"):
        predicted = fitted_on(target_type).predict(OTHERS, lengths)
        predicted = [row[:t] for row, t in zip(predicted, lengths, strict=True)]
        expected = r2_score(np.concatenate(y), np.concatenate(predicted))
        assert fitted_on(target_type).score(OTHERS, y) == pytest.approx(expected)


@pytest.mark.parametrize("target_type", ["array of numbers", "vectors", "arrays", "sequences of unrelated lengths"])
def test_sample_weights_in_the_score_apply_to_each_timestep(target_type):
    fitted, y = fitted_on(target_type), TARGETS[target_type]()
    weights = np.array([1.0, 0.0, 2.0, 0.5, 1.0, 3.0])
    rows = [np.reshape(row, (-1, 1 if np.ndim(row) == 0 else np.shape(row)[-1])) for row in y]
    lengths = [len(row) for row in rows]
    predicted = np.concatenate([np.ravel(row) for row in fitted.predict(X, N_TIMESTEPS.get(target_type))])
    expected = r2_score(
        np.concatenate(rows), np.reshape(predicted, (sum(lengths), -1)), sample_weight=np.repeat(weights, lengths)
    )
    assert fitted.score(X, y, weights) == pytest.approx(expected, rel=1e-6)
    assert abs(fitted.score(X, y, weights) - fitted.score(X, y)) > 1e-3


# --- reconstruction and prediction ------------------------------------------------------------------------------------


SAME = LAST_STATE | WHOLE_SEQUENCES | {"latent_dim": 3}


def test_a_reconstruction_weight_of_1_gives_an_autoencoder():
    autoencoder = LSTMAutoencoderTransformer(**SAME, epochs=2, random_state=0).fit(X)
    composite = regressor(reconstruction_weight=1.0).fit(X, NUMBERS)
    assert_allclose(composite.history_["reconstruction_loss"][0], autoencoder.history_["loss"][0], rtol=1e-6)
    assert_allclose(composite.reconstruction_error(X), autoencoder.reconstruction_error(X), rtol=0.2)


@pytest.mark.parametrize(("weight", "head"), [(0.0, "prediction"), (1.0, "reconstruction")])
def test_a_decoder_of_weight_0_is_not_trained(weight, head):
    (other,) = {"prediction", "reconstruction"} - {head}
    fitted = regressor(reconstruction_weight=weight, epochs=20, learning_rate=0.02).fit(X, VECTORS)
    assert fitted.history_["loss"] == fitted.history_[f"{head}_loss"]
    estimators = [regressor(reconstruction_weight=weight, epochs=n_epochs).fit(X, VECTORS) for n_epochs in (1, 9)]
    first, second = (estimator._fitted.weights for estimator in estimators)
    for a, b in zip(first[other], second[other], strict=True):
        assert_array_equal(a, b)
    assert any(not np.array_equal(a, b) for a, b in zip(first[head], second[head], strict=True))


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_loss_is_the_weighted_sum_of_both_losses(weight):
    history = regressor(reconstruction_weight=weight).fit(X, NUMBERS).history_
    losses = np.array([history["reconstruction_loss"], history["prediction_loss"]])
    assert_allclose(history["loss"], np.array([weight, 1 - weight]) @ losses, rtol=1e-6)


def test_reconstructions_and_errors_are_those_of_x():
    for target_type in ("array of numbers", "arrays", "sequences of unrelated lengths"):
        fitted = fitted_on(target_type)
        decoded = fitted.reconstruct(X)
        assert shapes(decoded) == [(t, 2) for t in LENGTHS]
        std = np.concatenate(X).std(axis=0)
        squares = [((x - d) / std) ** 2 for x, d in zip(X, decoded, strict=True)]
        assert_allclose(fitted.reconstruction_error(X), [e.mean() for e in squares])
        assert_allclose(fitted.reconstruction_error(X, reduction="feature"), [e.mean(axis=0) for e in squares])
        for actual, e in zip(fitted.reconstruction_error(X, reduction="timestep"), squares, strict=True):
            assert_allclose(actual, e.mean(axis=1))
    forecaster = regressor(horizon=2).fit(LONG_ENOUGH)
    assert shapes(forecaster.reconstruct(LONG_ENOUGH)) == shapes(LONG_ENOUGH)


def test_early_stopping_monitors_both_decoders():
    arrays, y = draw_sequences(range(2, 32), 2, seed=3), np.arange(30.0)
    unstable = {"early_stopping": True, "validation_fraction": 0.3, "learning_rate": 1.0, "epochs": 30, "tol": 0.0}
    fitted = regressor(**unstable, n_iter_no_change=3).fit(arrays, y)
    names = [f"{prefix}{head}loss" for prefix in ("", "val_") for head in ("", "reconstruction_", "prediction_")]
    assert sorted(fitted.history_) == sorted(names)
    assert fitted.n_iter_ == len(fitted.history_["val_loss"]) < 30


def test_a_custom_decoder_is_called_for_the_largest_lengths_and_widths_of_x_and_y():
    calls = []

    def decoder(n_timesteps, latent_dim, n_features):
        calls.append((n_timesteps, latent_dim, n_features))
        size = n_timesteps * n_features
        layers = [keras.layers.Dense(size), keras.layers.Reshape((n_timesteps, n_features))]
        return keras.Sequential([keras.Input((latent_dim,)), *layers])

    fitted = regressor(decoder=decoder).fit(X, LONGER)
    assert calls == [(7, 3, 2), (9, 3, 3)]
    assert shapes(fitted.predict(X)) == shapes(LONGER)
    with pytest.raises(ValueError, match="has 10 timesteps to decode.*called for 9, the longest in training"):
        fitted.predict(X, 10)


# --- scikit-learn -----------------------------------------------------------------------------------------------------


def test_scikit_learn_recognises_a_regressor_with_several_outputs():
    assert is_regressor(regressor())
    tags = regressor().__sklearn_tags__()
    assert tags.target_tags.required
    assert tags.target_tags.multi_output
    assert not tags.regressor_tags.poor_score


def test_predictions_of_a_transformed_target_are_in_the_units_of_y():
    y = np.exp(np.linspace(0, 5, 6))
    transformed = TransformedTargetRegressor(regressor(), func=np.log, inverse_func=np.exp).fit(X, y)
    assert_allclose(transformed.predict(X), np.exp(regressor().fit(X, np.log(y)).predict(X)), rtol=1e-6)
    scaled = TransformedTargetRegressor(regressor(), transformer=StandardScaler()).fit(X, VECTORS)
    assert scaled.predict(X).shape == (6, 3)


@pytest.mark.parametrize("target_type", ["array of numbers", "vectors", "arrays", "longer sequences", "Sequences"])
def test_targets_of_every_type_are_split_into_folds(target_type):
    y = TARGETS[target_type]()
    scores = cross_val_score(regressor(), X, y, cv=KFold(3), error_score="raise")
    expected = []
    for train, test in KFold(3).split(X):
        y_train, y_test = [y[rows] if hasattr(y, "shape") else [y[i] for i in rows] for rows in (train, test)]
        expected.append(regressor().fit([X[i] for i in train], y_train).score([X[i] for i in test], y_test))
    assert_array_equal(scores, expected)


def test_cross_val_predict_returns_the_predictions_of_each_fold():
    predicted = cross_val_predict(regressor(), X, VECTORS, cv=KFold(2))
    expected = [regressor().fit(X[3:], VECTORS[3:]).predict(X[:3]), regressor().fit(X[:3], VECTORS[:3]).predict(X[3:])]
    assert_array_equal(predicted, np.concatenate(expected))


def test_encodings_are_the_features_of_the_next_step_of_a_pipeline():
    labels = np.arange(6) % 2
    pipeline = make_pipeline(regressor(), StandardScaler(), LogisticRegression()).fit(X, labels)
    encodings = regressor().fit(X, labels).transform(X)
    scaled = StandardScaler().fit_transform(encodings)
    assert_array_equal(pipeline[:1].transform(X), encodings)
    assert_array_equal(pipeline.predict(X), LogisticRegression().fit(scaled, labels).predict(scaled))
    names = [f"compositesequenceregressor{i}" for i in range(3)]
    assert regressor().fit(X, labels).get_feature_names_out().tolist() == names


def test_a_grid_search_can_choose_the_reconstruction_weight():
    search = GridSearchCV(regressor(), {"reconstruction_weight": [0.0, 0.5, 1.0]}, cv=KFold(2), error_score="raise")
    scores = search.fit(X, VECTORS).cv_results_["mean_test_score"]
    assert len(set(scores)) == 3
