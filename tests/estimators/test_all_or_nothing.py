"""Guarantee 6: a fit that fails or is interrupted leaves the estimator in its previous state.

Faults inside the package are injected in `test_faults`.
"""

import copy
import pickle
from contextlib import suppress

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estimators.exact_state import exact_state
from tests.estimators.selections import PLAIN_WITH_PARTIAL_FIT, each
from tests.support.combinations import PLAIN
from tests.support.faults import Interrupter
from tests.support.outputs import assert_same_bits, outputs
from tests.support.strategies import property_settings, seeds

# NumPy 2 warns about code of Keras 3 that reads a variable for a learning rate schedule
ignore_keras_warning = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


# --- errors in callbacks ----------------------------------------------------------------------------------------------

EVENTS = [f"on_{event}_{edge}" for event in ("train", "epoch", "train_batch") for edge in ("begin", "end")]


class FailingCallback(keras.callbacks.Callback):
    """Raises an error at the first occurrence of an event; for events of batches, at the second."""

    def __init__(self, event, error):
        super().__init__()
        setattr(self, event, self.fail)
        self.event, self.error, self.n_calls = event, error, 0

    def fail(self, *arguments):
        self.n_calls += 1
        if self.n_calls > ("batch" in self.event):
            raise self.error(f"at {self.event}")


def assert_failure_keeps_state(case, estimator, method, X, event, error):
    estimator.set_params(callbacks=FailingCallback(event, error))
    before = exact_state(estimator)
    with pytest.raises(error, match=event):
        case.train(estimator, method, X)
    assert exact_state(estimator) == before
    estimator.set_params(callbacks=None)


each_failure = pytest.mark.parametrize(
    ("event", "error"), [(event, error) for event in EVENTS for error in (RuntimeError, KeyboardInterrupt)]
)


@each(PLAIN)
@each_failure
def test_a_failed_first_fit_changes_nothing(case, event, error):
    X, estimator = case.training_set, case.make()
    assert_failure_keeps_state(case, estimator, "fit", X, event, error)
    assert_same_bits(outputs(case.train(estimator, "fit", X), X), outputs(case.fitted(), X))


@each(PLAIN)
@each_failure
def test_a_failed_refit_changes_nothing(case, event, error):
    X = case.training_set
    estimator = copy.deepcopy(case.fitted())
    assert_failure_keeps_state(case, estimator, "fit", [x[..., :2] for x in X[3:]], event, error)
    assert_same_bits(outputs(case.train(estimator, "fit", X), X), outputs(case.fitted(), X))


@each(PLAIN_WITH_PARTIAL_FIT)
@each_failure
def test_a_failed_partial_fit_changes_nothing(case, event, error):
    X = case.training_set
    estimator = copy.deepcopy(case.fitted())
    expected = case.resume(copy.deepcopy(estimator), X)
    assert_failure_keeps_state(case, estimator, "partial_fit", X, event, error)
    assert_same_bits(outputs(case.resume(estimator, X), X), outputs(expected, X))


# --- invalid arguments ------------------------------------------------------------------------------------------------


def failing_decoder(n_timesteps, latent_dim, n_features):
    raise RuntimeError("a decoder function that fails")


def with_nan(arrays):
    return [np.where(x == x[-1], np.nan, x) for x in arrays]


INVALID = {
    "NaN": ("fit", {}, with_nan, None, ValueError),
    "features": ("partial_fit", {}, lambda arrays: [x[..., :1] for x in arrays], None, ValueError),
    "weights of zero": ("fit", {}, list, 0.0, ValueError),
    "negative weights": ("partial_fit", {}, list, -1.0, ValueError),
    "parameter": ("fit", {"epochs": 0}, list, None, ValueError),
    "routed parameter": ("fit", {"optimizer__momentum": 0.9}, list, None, ValueError),
    "loss": ("fit", {"loss": "no such loss"}, list, None, ValueError),
    "decoder": ("fit", {"decoder": failing_decoder}, list, None, RuntimeError),
    "class_weight": ("fit", {"class_weight": {"no such class": 1.0}}, list, None, ValueError),
    "no samples": ("partial_fit", {}, lambda arrays: [], None, ValueError),
}
INVALID_BY_CASE = {
    f"{name}-{reason}": (case, *invalid)
    for name, case in PLAIN.items()
    for reason, invalid in INVALID.items()
    if hasattr(case.estimator, invalid[0]) and case.supports(invalid[1])
}


@pytest.mark.parametrize(
    ("case", "method", "changes", "invalidate", "weight", "error"), INVALID_BY_CASE.values(), ids=INVALID_BY_CASE
)
def test_invalid_arguments_change_nothing(case, method, changes, invalidate, weight, error):
    estimator = copy.deepcopy(case.fitted()).set_params(**changes)
    before = exact_state(estimator)
    arrays = case.training_set
    X = invalidate(arrays)
    with pytest.raises(error):
        case.train(estimator, method, X, arrays, sample_weight=None if weight is None else np.full(len(X), weight))
    assert exact_state(estimator) == before


# --- interrupts -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def n_lines():
    """Return a function that returns how many lines run when a network of a case is built and trained."""
    cached = {}

    def n_lines_of(case):
        if case not in cached:
            cached[case] = Interrupter(-1).run(case.fit, case.draw([2, 3], seed=0))
        return cached[case]

    return n_lines_of


@each(PLAIN)
@property_settings(max_examples=8)
@given(data=st.data(), when=st.integers(1, 1000))
def test_an_interrupt_at_any_line_leaves_the_previous_or_the_new_state(case, data, when, n_lines):
    X, method = case.draw([2, 3, 4], seed=0), data.draw(st.sampled_from(case.training_methods()))
    estimator = case.fit(X, epochs=1, **case.width_parameters(2))
    before = pickle.dumps(vars(estimator))
    after = pickle.dumps(vars(case.train(copy.deepcopy(estimator), method, X[1:])))

    Interrupter(-(-when * n_lines(case) // 1000)).run(case.train, estimator, method, X[1:])

    assert pickle.dumps(vars(estimator)) in (before, after)


# --- divergence -------------------------------------------------------------------------------------------------------


def diverge_in_third_epoch(epoch, rate):
    return 1e30 if epoch == 2 else rate


HUGE_STEPS = {"activation": "linear", "learning_rate": 1e30}
DIVERGING = {
    "relu": ("fit", HUGE_STEPS | {"activation": "relu"}, "epoch 1"),
    "linear": ("fit", HUGE_STEPS | {"optimizer": "sgd"}, "epoch 1"),
    "early stopping": ("fit", HUGE_STEPS | {"early_stopping": True}, "epoch 1"),
    # the loss of the only batch is finite, but the weights after its step are not
    "last step": (
        "fit",
        HUGE_STEPS | {"optimizer": "sgd", "learning_rate": 3e38, "scale": None, "batch_size": 99, "epochs": 1},
        "epoch 1",
    ),
    "third epoch": (
        "fit",
        {"activation": "relu", "epochs": 4}
        | {"callbacks": keras.callbacks.LearningRateScheduler(diverge_in_third_epoch)},
        "epoch 3",
    ),
    "partial_fit": ("partial_fit", HUGE_STEPS, "epoch 1"),
}


@ignore_keras_warning
@each(PLAIN)
@pytest.mark.parametrize(("method", "parameters", "epoch"), DIVERGING.values(), ids=DIVERGING)
def test_diverging_training_raises_an_error_that_names_the_epoch(case, method, parameters, epoch):
    X = [x * 1e3 for x in case.training_set]
    estimator = case.make(clipnorm=None, **parameters)
    before = exact_state(estimator)
    with pytest.raises(ValueError, match=f"diverged in {epoch}.*learning_rate"):
        case.train(estimator, method if hasattr(estimator, method) else "fit", X)
    assert exact_state(estimator) == before


@each(PLAIN)
@property_settings(max_examples=6)
@given(rate=st.floats(1e-3, 3e38), activation=st.sampled_from(["relu", "linear"]), seed=seeds)
def test_fit_raises_or_returns_finite_weights(case, rate, activation, seed):
    with suppress(ValueError):
        parameters = {"learning_rate": rate, "activation": activation, "clipnorm": None, "random_state": seed}
        weights = case.fit(case.training_set, **parameters)._fitted.weights
        assert all(np.isfinite(array).all() for part in weights.values() for array in part)
