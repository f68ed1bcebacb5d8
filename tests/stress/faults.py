"""Training that fails, is interrupted or diverges, at each fault point and at any time."""

import copy
from itertools import count

import numpy as np
import tensorflow as tf

import skseqae
from skseqae.datasets import make_reversals, make_waves
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder
from tests.estimators.test_outlier import MeanDistance
from tests.support.faults import (
    ERRORS,
    FaultyCallback,
    FaultyScaler,
    FaultySGD,
    Interrupter,
    contents,
    differences_after_fault,
    differing_attributes,
    fault_injection,
    faulty_loss,
    list_fault_points,
    state,
)

X, LABELS = make_waves(8, n_features=2, lengths=(3, 5), n_classes=2, random_state=0)
WORDS, REVERSED = make_reversals(8, lengths=(2, 4), n_symbols=3, random_state=0)
ROWS = np.random.RandomState(0).normal(size=(8, 4))
STOPS = {"early_stopping": True, "validation_fraction": 0.4}
CONDITIONAL = {"objective": "composite", "decoder": "conditional"}
# a class, its parameters and its training data
CASES = {
    "reconstruction": (skseqae.LSTMAutoencoderTransformer, {"latent_dim": 2} | STOPS, (X,)),
    "prediction": (skseqae.LSTMAutoencoderTransformer, {"latent_dim": 2, "objective": "prediction"}, (X,)),
    "composite": (skseqae.LSTMAutoencoderTransformer, {"latent_dim": 2} | CONDITIONAL, (X,)),
    "regressor": (skseqae.CompositeSequenceRegressor, {"latent_dim": 2} | STOPS, (X, LABELS.astype(float))),
    "classifier": (skseqae.Seq2SeqClassifier, {"units": 2} | STOPS, (X, LABELS)),
    "seq2seq": (skseqae.Seq2SeqClassifier, {"units": 2, "tokens": True}, (WORDS, REVERSED)),
    "dense": (skseqae.DenseAutoencoderTransformer, {"latent_dim": 2, "hidden_layer_sizes": (3,)} | STOPS, (ROWS,)),
}
N_POINTS = 16  # for each way to train a case


def make(name, **changes):
    """Return an estimator of a case, and its training data."""
    cls, parameters, data = CASES[name]
    shared = {"epochs": 2, "batch_size": 4, "callbacks": FaultyCallback(), "random_state": np.random.RandomState(0)}
    return cls(**shared | parameters | changes), data


def ways(name, **changes):
    """Yield an estimator and a function that trains it: by a fit, a refit, a warm start, and `partial_fit`."""
    estimator, data = make(name, **changes)
    fitted = make(name, **changes)[0].fit(*(part[1:] for part in data))
    yield estimator, lambda copied: copied.fit(*data)
    yield fitted, lambda copied: copied.fit(*data)
    yield copy.deepcopy(fitted).set_params(warm_start=True), lambda copied: copied.fit(*data)
    if hasattr(fitted, "partial_fit"):
        yield fitted, lambda copied: copied.partial_fit(*data)


def detectors():
    """Yield outlier detectors and functions that train them."""
    for cv in (None, 2):
        detector = skseqae.SequenceOutlierDetector(make("reconstruction")[0], cv=cv)
        yield detector, lambda copied: copied.fit(X)
        yield copy.deepcopy(detector).fit(X[1:]), lambda copied: copied.fit(X)


def fail_at_points(pairs, n_points, chosen=lambda point: True):
    """Return the number of injected faults, and after how many the state or the next fit was not as expected."""
    errors, n_trials, n_failed = count(), 0, 0
    for estimator, train in pairs:
        points = [pair for pair in list_fault_points(estimator, train) if chosen(pair[0])]
        expected = contents(train(copy.deepcopy(estimator)))
        order = np.random.RandomState(0).permutation(len(points))[:n_points]
        for point, time in (points[i] for i in order):
            differences = differences_after_fault(estimator, train, point, time, ERRORS[next(errors) % 3], expected)
            n_trials, n_failed = n_trials + 1, n_failed + bool(differences)
            if differences:
                print(type(estimator).__name__, point, time, differences, flush=True)
    return n_trials, n_failed


def fail_in_graph():
    """Return the same for a user's loss and optimizer, which TensorFlow runs after it has traced them."""
    cases = [ways("prediction", loss=faulty_loss), ways("classifier", optimizer=FaultySGD)]
    cases.append(ways("dense", loss=faulty_loss, optimizer=FaultySGD))
    pairs = (next(case) for case in cases)
    return fail_at_points(pairs, 99, lambda point: point.endswith(("traced", "run")))


def interrupt_at_lines(pairs, n_lines):
    """Return the number of interrupted lines, and after how many the state was neither the old nor the new one.

    `n_lines` lines of each training are interrupted, or all if it is None.
    """
    n_trials = n_failed = 0
    for estimator, train in pairs:
        old, new = contents(estimator), contents(train(copy.deepcopy(estimator)))
        n_all = Interrupter(-1).run(train, copy.deepcopy(estimator))
        lines = range(1, n_all + 1)
        for line in lines if n_lines is None else np.random.RandomState(0).permutation(lines)[:n_lines]:
            tried = copy.deepcopy(estimator)
            Interrupter(line).run(train, tried)
            n_trials, n_failed = n_trials + 1, n_failed + (contents(tried) not in (old, new))
    return n_trials, n_failed


def nan_loss(y_true, y_pred):
    return tf.reduce_mean((y_true - y_pred) ** 2, axis=-1) * np.nan


def with_infinite_weight(estimator):
    """Return a copy with an infinite weight."""
    copied = copy.deepcopy(estimator)
    copied._fitted.weights["encoder"][0][0] = np.inf
    return copied


def is_finite(estimator):
    """Return whether all weights are finite."""
    weights = getattr(estimator, "estimator_", estimator)._fitted.weights
    return all(np.isfinite(array).all() for part in weights.values() for array in part)


def diverging_cases(name):
    """Yield estimators of a case and functions that train them so that most diverge.

    A few trainings do not diverge: if all labels are predicted with certainty, the gradient is zero.
    """
    cls, *_ = CASES[name]
    too_fast = {"learning_rate": 3e38, "clipnorm": None, "optimizer": "sgd", "epochs": 3}
    too_fast |= {"scale": None} if "scale" in cls().get_params() else {}
    pairs = list(ways(name, callbacks=None, optimizer="sgd"))
    pairs = [(copy.deepcopy(estimator).set_params(**too_fast), train) for estimator, train in pairs]
    yield from pairs
    yield from [(with_infinite_weight(estimator), train) for estimator, train in pairs[2:]]
    if "loss" in cls().get_params():
        yield make(name, loss=nan_loss, callbacks=None)[0], pairs[0][1]
    if name == "reconstruction":
        yield skseqae.SequenceOutlierDetector(pairs[0][0]), pairs[0][1]


def diverge():
    """Return the number of trainings, and how many diverged without the error, or changed the state despite it."""
    n_trials = n_failed = 0
    for name in CASES:
        for estimator, train in list(diverging_cases(name)):
            before = state(estimator)
            try:
                for _ in range(3):  # epochs, of which `partial_fit` is one
                    train(estimator)
                    before = state(estimator)
                message = ""
            except ValueError as error:
                message = str(error)
            has_error = all(word in message for word in ("diverged in epoch", "learning_rate", "clipnorm", "scale"))
            is_valid = has_error or (not message and is_finite(estimator))
            is_valid &= not differing_attributes(state(estimator), before)
            n_trials, n_failed = n_trials + 1, n_failed + (not is_valid)
            if not is_valid:
                print(name, estimator, message)
    return n_trials, n_failed


def faults():
    """Errors, interrupts and a lack of memory in training, after which the state must be the old or the new one."""
    with fault_injection():
        all_ways = [way for name in CASES for way in ways(name)]
        yield "faults that leave a partial state or change the next fit", *fail_at_points(all_ways, N_POINTS)
        yield "the same in the outlier detector", *fail_at_points(detectors(), N_POINTS)
        yield "Ctrl-C at a line of training that leaves a partial state", *interrupt_at_lines(all_ways, 8)
        yield "faults in a TensorFlow graph that leave a partial state or change the next fit", *fail_in_graph()
        steps = [PerTimestep(FaultyScaler()), SequencePadder(), Resampler(3)]
        steps.append(skseqae.SequenceOutlierDetector(MeanDistance()))
        pairs = [(step, copy.deepcopy(step).fit(X[1:])) for step in steps]
        steps = [(step, lambda copied: copied.fit(X)) for pair in pairs for step in pair]
        yield "the same in nested transformers", *fail_at_points(steps, 20)
        yield "Ctrl-C at any line of pipeline steps that leaves a partial state", *interrupt_at_lines(steps, None)
    yield "trainings that diverge without the error, or change the state despite it", *diverge()
