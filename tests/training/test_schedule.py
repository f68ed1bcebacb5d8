"""The number of epochs, the learning rate of each step, and the end of training on a plateau."""

from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, Seq2SeqClassifier
from skseqae.training import _loop
from skseqae.training._schedule import MIN_EPOCHS, WARM_UP, cosine, count_epochs, has_plateau
from tests.training.fits import Recorder, are_same_weights, fit

# --- epochs -----------------------------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None)
@given(max_steps=st.integers(1, 2000), n_samples=st.integers(1, 10**6), batch_size=st.integers(1, 500))
def test_epochs_are_as_few_as_reach_the_number_of_steps(max_steps, n_samples, batch_size):
    epochs, n_batches = count_epochs(max_steps, n_samples, batch_size), ceil(n_samples / batch_size)
    assert type(epochs) is int
    assert epochs >= MIN_EPOCHS
    assert epochs * n_batches >= max_steps
    assert epochs == MIN_EPOCHS or (epochs - 1) * n_batches < max_steps


BUDGETS = [({"epochs": 3, "max_steps": 1}, 3), ({"max_steps": 8}, 4), ({"max_steps": 1}, MIN_EPOCHS)]


@pytest.mark.parametrize("cls", [LSTMAutoencoderTransformer, CompositeSequenceRegressor, Seq2SeqClassifier])
@pytest.mark.parametrize(("parameters", "n_epochs"), BUDGETS)
def test_fit_runs_the_epochs_that_the_parameters_determine(cls, parameters, n_epochs):
    X = list(np.random.default_rng(0).normal(size=(20, 4, 1)))
    fitted = cls(units=3, batch_size=10, random_state=0, **parameters).fit(X, np.arange(20) % 2)
    assert len(fitted.history_["loss"]) == n_epochs


# --- the learning rate ------------------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None)
@given(n_steps=st.integers(1, 3000))
def test_cosine_rises_to_one_and_then_falls_to_nearly_zero(n_steps):
    factors = np.array([cosine(step, n_steps) for step in range(n_steps)])
    n_warm_up = ceil(WARM_UP * n_steps)
    assert 0 < factors.min() <= factors.max() == factors[n_warm_up - 1] == 1
    assert_allclose(factors[:n_warm_up], np.arange(1, n_warm_up + 1) / n_warm_up)
    assert (np.diff(factors[n_warm_up:]) < 0).all()
    if n_steps >= 100:
        assert factors[0] <= 0.2
        assert factors[-1] < 0.001
        middle = (n_steps + n_warm_up) // 2  # of the fall
        assert factors[middle] == pytest.approx(0.5, abs=0.02)


class RateRecorder(Recorder):
    """Records the learning rate of each step."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_train_batch_end(self, batch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))


def rates_of(**changes):
    recorder = RateRecorder()
    result = fit(callbacks=recorder, epochs=4, **changes)
    return recorder.rates, result


def test_the_learning_rate_of_each_step_follows_the_schedule():
    rates, varied = rates_of(schedule="cosine", learning_rate=0.5)
    assert_allclose(rates, [0.5 * cosine(step, 12) for step in range(12)], rtol=1e-6)
    rates, constant = rates_of(learning_rate=0.5)
    assert_allclose(rates, 0.5)
    assert not are_same_weights(varied, constant)
    assert_allclose(rates_of(schedule="cosine", learning_rate=0.25)[0][0], 0.25)  # not from where the last fit ended


# --- the end of training ----------------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None)
@given(n_steps=st.integers(4, 400), level=st.floats(0.1, 100), share=st.floats(0, 1))
def test_there_is_no_plateau_in_the_first_half_or_while_the_loss_falls(n_steps, level, share):
    constant = [level] * n_steps
    n_seen = round(share * n_steps)
    assert has_plateau(constant[:n_seen], n_steps) == (n_seen >= 2 * max(ceil(n_steps / 4), 10))
    falling = level * 0.5 ** (np.arange(n_steps) / n_steps)  # by 16 % in each quarter
    assert not has_plateau(list(falling[:n_seen]), n_steps)


@pytest.mark.parametrize(("fall", "expected"), [(0.01, True), (0.03, False), (-0.1, True)])
def test_a_plateau_is_a_fall_of_less_than_two_percent(fall, expected):
    losses = [9.0] * 50 + [1.0] * 25 + [1.0 - fall] * 25
    assert has_plateau(losses, 100) == expected


def test_training_ends_on_a_plateau_only_with_a_budget_of_steps(monkeypatch):
    monkeypatch.setattr(_loop, "has_plateau", lambda losses, n_steps: len(losses) >= 6 and n_steps == 30)
    assert len(fit(epochs=10, ends_on_plateau=True).history["loss"]) == 2
    assert len(fit(epochs=10).history["loss"]) == 10
