"""Programs that XLA compiles for pieces of a batch, compared with whole batches in TensorFlow."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
)
from skseqae.data._sequences import Sequences
from skseqae.datasets import make_reversals
from skseqae.networks._architectures import Architecture
from skseqae.networks.keras_backend._initialization import initial_weights
from skseqae.training import _loop
from skseqae.training._batches import TrainingData
from skseqae.training._pool import pool
from skseqae.training._program import Program

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(n, 2)) for n in RNG.integers(0, 15, size=70)]
WORDS, REVERSED = make_reversals(70, lengths=(2, 5), n_symbols=4, random_state=0)
SHARED = {"epochs": 2, "batch_size": 33, "random_state": 0}
LAST_STATES = {"latent_dim": 4} | LAST_STATE | SHARED


def autoencoder(**parameters):
    """Return an autoencoder whose encodings are last hidden states."""
    return LSTMAutoencoderTransformer(**LAST_STATES | WHOLE_SEQUENCES | parameters)


def regressor(**parameters):
    return CompositeSequenceRegressor(**LAST_STATES | parameters)


CASES = {
    "statistics": (LSTMAutoencoderTransformer(6, units=3, patch_size=2, **SHARED), X, None),
    "lstm": (autoencoder(), X, None),
    "gru": (autoencoder(cell="gru", units=(5, 4), bidirectional=True), X, None),
    "relu": (autoencoder(activation="relu", reverse=False), X, None),
    "conditional": (autoencoder(decoder="conditional", objective="composite"), X, None),
    "early stopping": (autoencoder(early_stopping=True, loss="huber"), X, None),
    "number": (regressor(), X, RNG.normal(size=70)),
    "horizon": (regressor(horizon=2), [x for x in X if len(x) > 2], None),
    "labels": (Seq2SeqClassifier(units=4, class_weight="balanced", **SHARED), X, np.arange(70) % 3),
    "tokens": (Seq2SeqClassifier(units=4, tokens=True, **SHARED), WORDS, REVERSED),
    "dense": (DenseAutoencoderTransformer(2, hidden_layer_sizes=(5,), **SHARED), RNG.normal(size=(70, 4)), None),
}
CLOSED_FORM = {"encoding", "inverse", "readout"}  # parts that are not trained, and magnify rounding errors
WITH_DROPOUT = autoencoder(dropout=0.5, learning_rate=0.01)


@pytest.fixture
def compiled(monkeypatch):
    monkeypatch.setattr(_loop, "MIN_STEPS_TO_COMPILE", 0)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_training_in_pieces_equals_training_on_whole_batches(monkeypatch, case):
    estimator, *data = case
    monkeypatch.setattr(_loop, "MIN_STEPS_TO_COMPILE", 0)
    in_pieces = clone(estimator).fit(*data)
    monkeypatch.setattr(_loop, "MIN_STEPS_TO_COMPILE", np.inf)
    whole = clone(estimator).fit(*data)
    for name, losses in whole.history_.items():
        assert_allclose(in_pieces.history_[name], losses, rtol=1e-4)
    for name in whole._fitted.weights.keys() - CLOSED_FORM:
        for got, expected in zip(in_pieces._fitted.weights[name], whole._fitted.weights[name], strict=True):
            assert_allclose(got, expected, atol=1e-4)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    "case",
    [CASES["statistics"], CASES["gru"], CASES["tokens"], (WITH_DROPOUT, X, None)],
    ids=["statistics", "gru", "tokens", "dropout"],
)
def test_training_in_pieces_is_bitwise_reproducible(case):
    estimator, *data = case
    first, second = (clone(estimator).fit(*data) for _ in range(2))
    assert first.history_ == second.history_
    weights = (keras.tree.flatten(estimator._fitted.weights) for estimator in (first, second))
    for got, expected in zip(*weights, strict=True):
        assert_array_equal(got, expected)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("estimator", [CASES["lstm"][0], WITH_DROPOUT], ids=["lstm", "dropout"])
def test_partial_fit_in_pieces_equals_fit(estimator):
    whole, partial = clone(estimator).fit(X), clone(estimator)
    for _ in range(estimator.epochs):
        partial.partial_fit(X)
    assert partial.history_ == whole.history_


def test_dropout_differs_between_pieces_and_steps():
    architecture = Architecture(n_features=8, latent_dim=4, units=(4,), dropout=0.5)
    ones = Sequences.from_packed(np.ones((80, 8), np.float32), [5] * 16)
    data = TrainingData(ones, {"reconstruction": ones}, np.ones(16))
    losses = {}
    for n_pieces in (1, 2):
        optimizer = keras.optimizers.SGD(0.0)
        losses_by_head = {"reconstruction": keras.losses.MeanSquaredError().call}
        program = Program(architecture, {}, optimizer, losses_by_head, n_pieces, autograph=False)
        program.start(initial_weights(program.parts, {}, np.random.RandomState(0)), None, None)
        program.seed(np.random.RandomState(0))
        arrays = data.batch(np.arange(8 * n_pieces), program.rows_to_fill(8 * n_pieces))
        steps = [program.train_step(arrays, {"reconstruction": np.float32(1)}) for _ in range(3)]
        losses[n_pieces] = [float(step["reconstruction"]) for step in steps]
        assert len(set(losses[n_pieces])) == 3
    assert losses[2][0] != pytest.approx(2 * losses[1][0], rel=1e-4)


@pytest.mark.usefixtures("compiled")
def test_other_learning_rates_seeds_and_folds_are_not_traced_again():
    estimator = clone(CASES["lstm"][0]).set_params(units=(6,))
    estimator.fit(X)
    program = pool._idle[-1][1]
    for changes in ({"learning_rate": 0.1}, {"random_state": 5}, {"epochs": 1}):
        clone(estimator).set_params(**changes).fit(X[5:60])
    assert pool._idle[-1][1] is program
    assert program.train_step.experimental_get_tracing_count() == 1
    assert [f.experimental_get_tracing_count() for f in program._compiled.values()] == [1, 0]


@pytest.mark.parametrize("change", [{"loss": lambda y_true, y_pred: abs(y_true - y_pred)[..., 0]}, {"epochs": 1}])
def test_short_fits_and_custom_losses_skip_xla(monkeypatch, change):
    monkeypatch.setattr(_loop, "MIN_STEPS_TO_COMPILE", 0 if "loss" in change else 1000)
    clone(CASES["lstm"][0]).set_params(**change).fit(X)
    assert pool._idle[-1][1].n_pieces == 0
