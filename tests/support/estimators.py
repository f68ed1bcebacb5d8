"""The estimator classes that tests are parametrized by, with their containers, outputs and small data."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    Sequences,
)
from skseqae.datasets import make_waves
from skseqae.estimators._base import BaseSequenceEstimator
from skseqae.estimators._registry import ESTIMATORS

# The registry is the only list of classes: each that trains a network must pass scikit-learn's checks and all tests of
# the properties that estimators share.
CLASSES = [cls for cls in ESTIMATORS.values() if issubclass(cls, BaseSequenceEstimator)]
SEQUENCE_CLASSES = [cls for cls in CLASSES if get_tags(cls()).input_tags.three_d_array]
TRANSFORMERS = [cls for cls in CLASSES if hasattr(cls, "transform")]


SMALL = {"units": 4, "latent_dim": 6}


def parameters_of(cls):
    """Return the names of the parameters of a class."""
    return set(inspect.signature(cls).parameters)


def parametrized_by(classes):
    return pytest.mark.parametrize("cls", classes, ids=lambda cls: cls.__name__)


every_class = parametrized_by(CLASSES)
every_sequence_class = parametrized_by(SEQUENCE_CLASSES)
every_transformer = parametrized_by(TRANSFORMERS)
every_class_with_a_loss = parametrized_by([cls for cls in CLASSES if "loss" in parameters_of(cls)])


def every_class_that_has(names, cases):
    """Run a test for each class and each case, a tuple that begins with the name of a parameter of the class."""
    pairs = [(cls, *rest) for required, *rest in cases for cls in CLASSES if required in parameters_of(cls)]
    return pytest.mark.parametrize(("cls", *names), pairs)


# --- data -------------------------------------------------------------------------------------------------------------


def packed(arrays):
    return Sequences.from_packed(np.concatenate(arrays), [len(array) for array in arrays])


X, y = make_waves(24, n_features=2, lengths=(3, 12), n_classes=2, random_state=0)
ROWS = [np.r_[x.mean(axis=0), x.std(axis=0), x[-1]] for x in X]

SEQUENCE_CONTAINERS = {"list": list, "Sequences": packed}
ROW_CONTAINERS = {"array": np.stack, "frame": lambda rows: pd.DataFrame(np.stack(rows), columns=list("abcdef"))}


# --- outputs ----------------------------------------------------------------------------------------------------------


def encodings(estimator, data):
    return estimator.transform(data)


def encodings_and_predictions(estimator, data):
    return np.column_stack([estimator.transform(data), estimator.predict(data)])


def probabilities(estimator, data):
    return estimator.predict_proba(data)


def negative_squared_error(estimator, data, y):
    """Score a regressor: R² is undefined for a single sample, because of its denominator."""
    return -mean_squared_error(y, estimator.predict(data))


def mean_log_probability(estimator, data, y):
    """Score a classifier: unlike accuracy, this differs whenever the probabilities differ."""
    columns = np.searchsorted(estimator.classes_, y) % len(estimator.classes_)
    return np.log(estimator.predict_proba(data)[:, columns].diagonal()).mean()


@dataclass(frozen=True)
class Example:
    """What differs between the classes, so that tests need not know it."""

    compute_output: Callable  # (fitted estimator, data) -> array that depends on all that was learnt
    arrays: list
    containers: dict
    scoring: Callable | None = None  # defined for a single sample, and different for any two fits; None: `score`
    as_pipeline: Callable = lambda estimator: make_pipeline(estimator, PCA(2))


def as_last_step(estimator):
    return make_pipeline("passthrough", estimator)


EXAMPLES = {
    CompositeSequenceRegressor: Example(
        encodings_and_predictions, X, SEQUENCE_CONTAINERS, negative_squared_error, as_last_step
    ),
    DenseAutoencoderTransformer: Example(encodings, ROWS, ROW_CONTAINERS),
    LSTMAutoencoderTransformer: Example(encodings, X, SEQUENCE_CONTAINERS),
    Seq2SeqClassifier: Example(probabilities, X, SEQUENCE_CONTAINERS, mean_log_probability, as_last_step),
}


def with_containers(classes):
    """Run a test for each class and each of its containers: functions of a list of arrays."""
    pairs = {
        f"{cls.__name__}-{name}": (cls, contain)
        for cls in classes
        for name, contain in EXAMPLES[cls].containers.items()
    }
    return pytest.mark.parametrize(("cls", "contain"), pairs.values(), ids=pairs)


every_container = with_containers(CLASSES)
every_sequence_container = with_containers(SEQUENCE_CLASSES)
every_transformers_container = with_containers(TRANSFORMERS)


def data_for(cls, contain=None):
    """Return data for a class, by default in the first of its containers."""
    example = EXAMPLES[cls]
    contain = contain or next(iter(example.containers.values()))
    return contain(example.arrays)


def quick(cls, **parameters):
    """Return an estimator with few units and few epochs."""
    names = parameters_of(cls) if "encoder" not in parameters else ()  # which determines the units
    small = {name: value for name, value in SMALL.items() if name in names}
    return cls(**{"epochs": 2, "random_state": 0, **small, **parameters})


def resume_training(estimator):
    """Continue training on the data of the class, by `partial_fit`, or by `fit` with `warm_start`."""
    data = data_for(type(estimator))
    if hasattr(estimator, "partial_fit"):
        return estimator.partial_fit(data, y)
    return estimator.set_params(warm_start=True).fit(data, y)


def output_of(estimator, data=None):
    """Return the output of a fitted estimator as an array, by default for the data of its class."""
    return EXAMPLES[type(estimator)].compute_output(estimator, data_for(type(estimator)) if data is None else data)
