"""Training that fails, is interrupted or diverges, at all of its places and at any time."""

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
    Interrupter,
    Shaky,
    ShakyScaler,
    ShakySGD,
    contents,
    points,
    shaky,
    shaky_loss,
    state,
    unlike,
    what_a_fault_leaves,
)

X, LABELS = make_waves(8, n_features=2, lengths=(3, 5), n_classes=2, random_state=0)
WORDS, BACKWARDS = make_reversals(8, lengths=(2, 4), n_symbols=3, random_state=0)
ROWS = np.random.RandomState(0).normal(size=(8, 4))
STOPS = {"early_stopping": True, "validation_fraction": 0.4}
CONDITIONAL = {"objective": "composite", "decoder": "conditional"}
# a class, its parameters, and what it learns from
CASES = {
    "reconstruction": (skseqae.LSTMAutoencoderTransformer, {"latent_dim": 2} | STOPS, (X,)),
    "prediction": (skseqae.LSTMAutoencoderTransformer, {"latent_dim": 2, "objective": "prediction"}, (X,)),
    "composite": (skseqae.LSTMAutoencoderTransformer, {"latent_dim": 2} | CONDITIONAL, (X,)),
    "regressor": (skseqae.CompositeSequenceRegressor, {"latent_dim": 2} | STOPS, (X, LABELS.astype(float))),
    "classifier": (skseqae.Seq2SeqClassifier, {"units": 2} | STOPS, (X, LABELS)),
    "speller": (skseqae.Seq2SeqClassifier, {"units": 2, "tokens": True}, (WORDS, BACKWARDS)),
    "dense": (skseqae.DenseAutoencoderTransformer, {"latent_dim": 2, "hidden_layer_sizes": (3,)} | STOPS, (ROWS,)),
}
N_POINTS = 16  # of each way to train a case


def make(name, **changes):
    """Return an estimator of a case, and what it learns from."""
    cls, parameters, data = CASES[name]
    shared = {"epochs": 2, "batch_size": 4, "callbacks": Shaky(), "random_state": np.random.RandomState(0)}
    return cls(**shared | parameters | changes), data


def ways(name, **changes):
    """Yield an estimator and a function that trains it: anew, again on other data, on, and from the weights."""
    estimator, data = make(name, **changes)
    fitted = make(name, **changes)[0].fit(*(part[1:] for part in data))
    yield estimator, lambda each: each.fit(*data)
    yield fitted, lambda each: each.fit(*data)
    yield copy.deepcopy(fitted).set_params(warm_start=True), lambda each: each.fit(*data)
    if hasattr(fitted, "partial_fit"):
        yield fitted, lambda each: each.partial_fit(*data)


def detectors():
    """Yield the same of detectors, whose autoencoder is any."""
    for cv in (None, 2):
        detector = skseqae.SequenceOutlierDetector(make("reconstruction")[0], cv=cv)
        yield detector, lambda each: each.fit(X)
        yield copy.deepcopy(detector).fit(X[1:]), lambda each: each.fit(X)


def at_places(trained, n_points, chosen=lambda place: True):
    """Return how many faults were tried, and how many left anything but the old state, or the next fit other bits."""
    errors, n_tried, n_failed = count(), 0, 0
    for estimator, train in trained:
        there = [point for point in points(estimator, train) if chosen(point[0])]
        expected = contents(train(copy.deepcopy(estimator)))
        order = np.random.RandomState(0).permutation(len(there))[:n_points]
        for place, time in (there[i] for i in order):
            wrong = what_a_fault_leaves(estimator, train, place, time, ERRORS[next(errors) % 3], expected)
            n_tried, n_failed = n_tried + 1, n_failed + bool(wrong)
            if wrong:
                print(type(estimator).__name__, place, time, wrong, flush=True)
    return n_tried, n_failed


def in_the_graph():
    """Return the same of what TensorFlow runs after it was traced: the loss and the optimizer of a user."""
    given = [ways("prediction", loss=shaky_loss), ways("classifier", optimizer=ShakySGD)]
    given.append(ways("dense", loss=shaky_loss, optimizer=ShakySGD))
    trained = (next(each) for each in given)
    return at_places(trained, 99, lambda place: place.endswith(("traced", "run")))


def at_lines(trained, n_lines):
    """Return how many lines were interrupted, all if `n_lines` is None, and how many left neither old nor new."""
    n_tried = n_failed = 0
    for estimator, train in trained:
        old, new = contents(estimator), contents(train(copy.deepcopy(estimator)))
        n_all = Interrupter(-1).run(train, copy.deepcopy(estimator))
        lines = range(1, n_all + 1)
        for line in lines if n_lines is None else np.random.RandomState(0).permutation(lines)[:n_lines]:
            tried = copy.deepcopy(estimator)
            Interrupter(line).run(train, tried)
            n_tried, n_failed = n_tried + 1, n_failed + (contents(tried) not in (old, new))
    return n_tried, n_failed


def nan_loss(true, said):
    return tf.reduce_mean((true - said) ** 2, axis=-1) * np.nan


def spoiled(estimator):
    """Return a copy with a weight that is infinite."""
    copied = copy.deepcopy(estimator)
    copied._weights["encoder"][0][0] = np.inf
    return copied


def is_finite(estimator):
    """Tell whether all weights are finite."""
    weights = getattr(estimator, "estimator_", estimator)._weights
    return all(np.isfinite(array).all() for part in weights.values() for array in part)


def diverging():
    """Return how many trainings were far too fast, how many diverged without a word, or left a trace.

    Few do not diverge: where all labels are right for sure, there is no gradient.
    """
    n_tried = n_failed = 0
    far = {"learning_rate": 3e38, "clipnorm": None, "optimizer": "sgd", "epochs": 3}
    for name, (cls, *_) in CASES.items():
        far_off = far | ({"scale": None} if "scale" in cls().get_params() else {})
        trained = list(ways(name, callbacks=None, optimizer="sgd"))
        trained = [(copy.deepcopy(each).set_params(**far_off), train) for each, train in trained]
        trained += [(spoiled(each), train) for each, train in trained[2:]]
        if "loss" in cls().get_params():
            trained.append((make(name, loss=nan_loss, callbacks=None)[0], trained[0][1]))
        if name == "reconstruction":
            detector = skseqae.SequenceOutlierDetector(trained[0][0]), trained[0][1]
            trained.append(detector)
        for estimator, train in trained:
            before = state(estimator)
            try:
                for _ in range(3):  # epochs, of which `partial_fit` is one
                    train(estimator)
                    before = state(estimator)
                said = ""
            except ValueError as error:
                said = str(error)
            is_told = all(each in said for each in ("diverged in epoch", "learning_rate", "clipnorm", "scale"))
            is_sound = is_told or (not said and is_finite(estimator))
            n_tried, n_failed = n_tried + 1, n_failed + (not is_sound or bool(unlike(state(estimator), before)))
            if not is_sound:
                print(name, estimator, said)
    return n_tried, n_failed


def faults():
    """Errors, interrupts and want of memory in training: the old state or the new, and then the bits of always."""
    with shaky():
        every_way = [way for name in CASES for way in ways(name)]
        yield "faults that leave a third state, or another next fit", *at_places(every_way, N_POINTS)
        yield "faults in the outlier detector that do", *at_places(detectors(), N_POINTS)
        yield "Ctrl-C at a line of training that leaves neither the old state nor the new", *at_lines(every_way, 8)
        yield "faults in what TensorFlow runs that leave a third state", *in_the_graph()
        steps = [PerTimestep(ShakyScaler()), SequencePadder(), Resampler(3)]
        steps.append(skseqae.SequenceOutlierDetector(MeanDistance()))
        steps = [(each, lambda step: step.fit(X)) for step in steps for each in (step, copy.deepcopy(step).fit(X[1:]))]
        yield "faults in transformers within others that do", *at_places(steps, 20)
        yield "Ctrl-C at every line of the steps around that does", *at_lines(steps, None)
    yield "trainings that diverge, and do not say what to change, or leave a trace", *diverging()
