"""SequenceImputer fills missing values and changes nothing else."""

import functools
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline

import skseqae
from skseqae import LSTMAutoencoderTransformer, Sequences
from skseqae.preprocessing import SequenceImputer

AUTOENCODER = LSTMAutoencoderTransformer(8, units=8, epochs=15, missing="mask", random_state=0)


def remove(X, share, seed=0):
    """Return the sequences without a share of the values, at random or in blocks of three."""
    rng, removed = np.random.default_rng(seed), []
    for i, x in enumerate(X):
        is_removed = rng.random(x.shape) < share
        if i % 2:
            is_removed = np.repeat(is_removed[:: 3 * i], 3 * i, axis=0)[: len(x)]
        removed.append(np.where(is_removed, np.nan, x))
    return removed


def waves(seed, n_samples=60):
    """Return waves of one frequency and of two phases, whose second feature is a quarter of a period behind."""
    rng, X = np.random.default_rng(seed), []
    for length in rng.integers(20, 41, size=n_samples):
        phase = 0.4 * np.arange(length) + np.pi * rng.integers(2)
        X.append(rng.uniform(1, 2) * np.stack([np.sin(phase), np.cos(phase)], axis=1))
    return X


@functools.cache
def fitted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it ends early
        return SequenceImputer(AUTOENCODER).fit(remove(waves(0), 0.3))


def fill_forward(x):
    rows = np.maximum.accumulate(np.where(np.isnan(x), 0, np.arange(len(x))[:, None]), axis=0)
    return np.nan_to_num(np.take_along_axis(x, rows, axis=0))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_filled_values_are_nearer_to_the_true_ones_than_the_last_value(share):
    X = waves(1)
    with_gaps = remove(X, share)
    is_missing = [np.isnan(x) for x in with_gaps]

    def error(filled):
        parts = zip(X, filled, is_missing, strict=True)
        return np.mean(np.concatenate([((x - y) ** 2)[gap] for x, y, gap in parts]))

    filled = fitted().transform(with_gaps)
    for x, y, gap in zip(X, filled, is_missing, strict=True):
        assert_array_equal(x[~gap], y[~gap])
    assert error(filled) < 0.8 * error([fill_forward(x) for x in with_gaps])
    assert error(filled) < error(fitted().estimator_.reconstruct(with_gaps))


def test_the_container_the_lengths_and_the_type_stay():
    X = remove(waves(1, 6), 0.3)
    X[0][-1] = 1.0
    expected = fitted().transform(X)
    sequences = Sequences.from_list(X, allow_missing=True)
    for got, x in zip(fitted().transform(sequences), expected, strict=True):
        assert_array_equal(got, x)
    ends = [max(np.flatnonzero(~np.isnan(x).all(axis=1))) + 1 for x in X]  # the end of a padded sequence
    padded = sequences.to_padded()
    for row, x, end in zip(fitted().transform(padded), X, ends, strict=True):
        assert_array_equal(row[:end], fitted().transform([x[:end]])[0])
        assert np.isnan(row[end:]).all()
    assert fitted().transform([x.astype(np.float32) for x in X])[0].dtype == np.float32
    assert fitted().get_feature_names_out().tolist() == ["x0", "x1"]


def test_a_sequence_does_not_depend_on_the_others():
    X = remove(waves(1, 6), 0.5)
    together = fitted().transform(X)
    for i, x in enumerate(X):
        assert_array_equal(fitted().transform([x])[0], together[i])


def test_the_estimator_must_mask_missing_values():
    with pytest.raises(ValueError, match="must be an autoencoder with missing='mask', got LSTMAutoencoderTransformer"):
        SequenceImputer(clone(AUTOENCODER).set_params(missing="error")).fit(waves(0))


def test_it_precedes_an_estimator_in_a_pipeline_and_in_a_file(tmp_path):
    X = remove(waves(1, 12), 0.3)
    encoder = LSTMAutoencoderTransformer(2, units=2, epochs=1, random_state=0)
    pipeline = make_pipeline(SequenceImputer(clone(AUTOENCODER).set_params(epochs=1)), encoder).fit(X)
    skseqae.save(pipeline, tmp_path / "model.skseqae")
    assert_array_equal(skseqae.load(tmp_path / "model.skseqae").transform(X), pipeline.transform(X))
