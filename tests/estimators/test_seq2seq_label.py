"""Seq2SeqClassifier: one label for each sample is predicted by a logistic regression on statistics."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from skseqae import LSTMAutoencoderTransformer, Seq2SeqClassifier
from skseqae.estimators._readout import _fit_logistic
from skseqae.networks._statistics import DEFAULT_STATISTICS
from tests.estimators.keras_inputs import x_and_mask

QUICK = {"units": 4, "max_steps": 20, "random_state": 0}
CLASSES = np.array(["rough", "smooth", "steady"])


def quick(**parameters):
    return Seq2SeqClassifier(**QUICK | parameters)


def draw_noise(n_samples, seed):
    """Return autoregressive noise whose classes differ in the coefficient alone."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_samples) % 3
    noise = [rng.normal(size=(rng.integers(40, 80), 1)) for _ in range(n_samples)]
    for x, label in zip(noise, labels, strict=True):
        for t in range(1, len(x)):
            x[t] += (0.0, 0.6, 0.9)[label] * x[t - 1]
    return noise, CLASSES[labels]


X, Y = draw_noise(60, seed=0)
X_TEST, Y_TEST = draw_noise(60, seed=1)


def statistics_of(classifier, X):
    """Return what the label is predicted from, as Keras computes it."""
    return classifier.encoder_(x_and_mask(X)).numpy()


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(X, Y)


def test_probabilities_are_those_of_a_linear_function_of_the_statistics(fitted):
    kernel, bias = fitted._fitted.weights["readout"]
    statistics = statistics_of(fitted, X)
    assert statistics.shape == (60, 2 * 2 * 4 * 10)  # directions, encoders, units, statistics
    assert_allclose(fitted.predict_proba(X), softmax(statistics @ kernel + bias, axis=1), atol=1e-5)
    assert_allclose(fitted.model_(x_and_mask(X)).numpy(), fitted.predict_proba(X), atol=1e-5)


def test_probabilities_are_close_to_those_of_scikit_learns_logistic_regression(fitted):
    scaler = StandardScaler()
    statistics = scaler.fit_transform(statistics_of(fitted, X))
    regression = LogisticRegression(tol=1e-8, max_iter=10_000).fit(statistics, Y)
    expected = regression.predict_proba(scaler.transform(statistics_of(fitted, X_TEST)))
    assert_allclose(fitted.predict_proba(X_TEST), expected, atol=0.03)


def test_weights_of_classes_and_samples_are_those_of_the_logistic_regression(fitted):
    weights = {"rough": 3.0, "smooth": 1.0, "steady": 0.25}
    by_class = quick(class_weight=weights, batch_size=60, epochs=1, learning_rate=1e-12).fit(X, Y)
    statistics = StandardScaler().fit_transform(statistics_of(by_class, X))
    sample_weight = np.array([weights[label] for label in Y])
    regression = LogisticRegression(tol=1e-8, max_iter=10_000)
    regression.fit(statistics, Y, sample_weight=sample_weight / sample_weight.mean())
    assert_allclose(by_class.predict_proba(X), regression.predict_proba(statistics), atol=0.03)


def test_few_samples_are_classified_better_than_by_a_layer_on_the_last_state(fitted):
    last_state = quick(pooling="last", differences=False, reconstruction_weight=0.0).fit(X, Y)
    losses = [log_loss(Y_TEST, each.predict_proba(X_TEST)) for each in (fitted, last_state)]
    assert fitted.score(X_TEST, Y_TEST) > 0.7 > last_state.score(X_TEST, Y_TEST) + 0.1
    assert losses[0] < 0.8 * losses[1]


def test_partial_fit_remembers_a_class_that_a_call_does_not_see():
    rng = np.random.default_rng(0)
    target = np.repeat([[0], [1], [2]], 20, axis=0)
    encodings = rng.normal(size=(60, 5)) + 3 * np.eye(5)[target[:, 0]]
    weights, class_weight = np.ones(60), np.ones(3)
    kernel, bias = _fit_logistic(encodings, target, weights, class_weight)
    seen = target[:, 0] < 2
    later = _fit_logistic(encodings[seen], target[seen], weights[seen], class_weight, start=[kernel, bias])
    before, after = ((encodings @ k + b).argmax(axis=1) for k, b in ((kernel, bias), later))
    assert np.mean(before == target[:, 0]) > 0.9
    assert np.mean(after == target[:, 0]) > 0.9


def test_partial_fit_learns_from_all_calls():
    classifier = quick()
    for start in range(0, 60, 12):
        classifier.partial_fit(X[start : start + 12], Y[start : start + 12], classes=CLASSES)
    alone = quick().partial_fit(X[48:], Y[48:], classes=CLASSES)
    assert classifier.score(X_TEST, Y_TEST) > alone.score(X_TEST, Y_TEST) + 0.05


def test_a_class_that_has_no_samples_is_improbable():
    classifier = quick().partial_fit(X, Y, classes=[*CLASSES, "unseen"])
    assert classifier.predict_proba(X)[:, -1].max() < 0.05


@pytest.mark.parametrize("pooling", ["statistics", "last"])
def test_a_single_class_has_probability_1(pooling):
    classifier = quick(pooling=pooling, epochs=2).fit(X[:8], ["same"] * 8)
    assert_array_equal(classifier.predict_proba(X[:3]), np.ones((3, 1)))


def test_the_loss_is_the_weighted_sum_of_reconstruction_and_cross_entropy():
    history = quick(reconstruction_weight=0.75, epochs=2).fit(X, Y).history_
    assert list(history) == ["loss", "reconstruction_loss", "label_loss"]
    expected = 0.75 * np.array(history["reconstruction_loss"]) + 0.25 * np.array(history["label_loss"])
    assert_allclose(history["loss"], expected)
    assert list(quick(reconstruction_weight=0.0, epochs=2).fit(X, Y).history_) == ["loss"]


def test_tokens_and_frozen_encoders_are_not_reconstructed():
    words = [list("ab" * (i % 4)) or ["b"] for i in range(12)]
    assert list(quick(tokens=True, epochs=2).fit(words, np.arange(12) % 2).history_) == ["loss"]
    encoder = FrozenEstimator(LSTMAutoencoderTransformer(4, units=3, epochs=1, random_state=0).fit(X))
    frozen = quick(units=None, encoder=encoder, freeze_encoder=True, epochs=1).fit(X, Y)
    assert list(frozen.history_) == ["loss"]
    for got, expected in zip(
        frozen._fitted.weights["encoder"], encoder.estimator._fitted.weights["encoder"], strict=True
    ):
        assert_array_equal(got, expected)


def test_parameters_that_are_none_depend_on_the_type_of_y():
    one = Seq2SeqClassifier(epochs=1).fit(X[:6], Y[:6])._fitted.architecture
    assert (one.units, one.bidirectional, one.differences, one.pooling) == ((32,), True, True, DEFAULT_STATISTICS)
    sequences = Seq2SeqClassifier(epochs=1).fit(X[:6], [[label] for label in Y[:6]])._fitted.architecture
    assert (sequences.units, sequences.bidirectional, sequences.differences) == ((128,), False, False)
