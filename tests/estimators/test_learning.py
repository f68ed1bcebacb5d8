"""Guarantee 9: the estimators learn; their results are better than those of the mean, PCA and chance."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, Seq2SeqClassifier
from skseqae.datasets import make_counters, make_waves
from tests.support.containers import padded


def mean_squared_error(X, decoded):
    return np.mean(np.concatenate([((a - b) ** 2).ravel() for a, b in zip(X, decoded, strict=True)]))


def pca_error(X, n_components):
    """Return the error over real timesteps of PCA on the sequences padded with zeros."""
    rows = np.nan_to_num(padded(X)).reshape(len(X), -1)
    pca = PCA(n_components, random_state=0).fit(rows)
    decoded = pca.inverse_transform(pca.transform(rows))
    return mean_squared_error(X, [row[: len(x), None] for row, x in zip(decoded, X, strict=True)])


def resample(X, n_timesteps):
    """Return univariate sequences as rows of `n_timesteps` values, by linear interpolation."""
    at = np.linspace(0, 1, n_timesteps)
    return np.array([np.interp(at, np.linspace(0, 1, len(x)), x[:, 0]) for x in X])


TRAINING = {"epochs": 80, "learning_rate": 0.01, "random_state": 0}
AUTOENCODERS = [
    LSTMAutoencoderTransformer(latent_dim=2, units=16, **TRAINING),
    CompositeSequenceRegressor(latent_dim=3, units=16, **TRAINING),
]
each_autoencoder = pytest.mark.parametrize("estimator", AUTOENCODERS, ids=lambda each: type(each).__name__)


@each_autoencoder
def test_reconstruction_beats_mean_and_pca(estimator):
    X, y = make_counters(120, random_state=0)
    fitted = clone(estimator).fit(X, y)
    error = mean_squared_error(X, fitted.reconstruct(X))
    mean = np.concatenate(X).mean()

    assert fitted.history_["loss"][-1] < 0.25 * fitted.history_["loss"][0]
    assert error < 0.25 * mean_squared_error(X, [np.full_like(x, mean) for x in X])
    assert error < 0.75 * pca_error(X, n_components=2)


@each_autoencoder
def test_encodings_separate_classes(estimator):
    X, y = make_waves(150, lengths=(15, 30), random_state=0)
    fitted = clone(estimator).set_params(latent_dim=8, epochs=40).fit(X, y)
    losses = fitted.history_["loss"]

    assert losses[-1] < 0.9 * losses[0]
    assert cross_val_score(LogisticRegression(max_iter=1000), fitted.transform(X), y).mean() > 0.75  # chance is 1/3


def test_regression_beats_mean_and_ridge():
    """The step of a counter is not a linear function of the resampled counter."""
    X, y = make_counters(240, lengths=(3, 20), random_state=0)
    train, test = slice(160), slice(160, None)
    regressor = CompositeSequenceRegressor(latent_dim=8, units=16, reconstruction_weight=0.2, **TRAINING)
    score = regressor.fit(X[train], y[train]).score(X[test], y[test])

    rows = resample(X, 8)
    assert score > Ridge(1e-3).fit(rows[train], y[train]).score(rows[test], y[test])
    assert score > 0.9  # the mean has a score of 0


def test_classification_of_new_sequences_beats_chance():
    X, y = make_waves(200, lengths=(15, 30), random_state=0)
    classifier = Seq2SeqClassifier(16, **TRAINING | {"epochs": 30}).fit(X[:140], y[:140])
    losses = classifier.history_["label_loss"]

    assert losses[-1] < 0.5 * losses[0]
    assert classifier.score(X[140:], y[140:]) > 0.75  # chance is 1/3
