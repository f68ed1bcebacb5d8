"""The estimators that tests run over, what each reads and says, and small data for them."""

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

# The one list: what joins it passes scikit-learn's checks, and whatever else is true of every estimator.
CLASSES = [
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
]
SEQUENCE_CLASSES = [cls for cls in CLASSES if get_tags(cls()).input_tags.three_d_array]
TRANSFORMERS = [cls for cls in CLASSES if hasattr(cls, "transform")]


def parameters_of(cls):
    """The names of a class' parameters."""
    return set(inspect.signature(cls).parameters)


def parametrized_by(classes):
    return pytest.mark.parametrize("cls", classes, ids=lambda cls: cls.__name__)


every_class = parametrized_by(CLASSES)
every_sequence_class = parametrized_by(SEQUENCE_CLASSES)
every_transformer = parametrized_by(TRANSFORMERS)
every_class_with_a_loss = parametrized_by([cls for cls in CLASSES if "loss" in parameters_of(cls)])


def every_class_that_has(names, cases):
    """Run a test for each class and each case, a tuple that begins with the name of what the class must have."""
    pairs = [(cls, *rest) for needed, *rest in cases for cls in CLASSES if needed in parameters_of(cls)]
    return pytest.mark.parametrize(("cls", *names), pairs)


# --- what they read ---------------------------------------------------------------------------------------------------


def packed(arrays):
    return Sequences.from_packed(np.concatenate(arrays), [len(array) for array in arrays])


X, y = make_waves(24, n_features=2, lengths=(3, 12), n_classes=2, random_state=0)
ROWS = [np.r_[x.mean(axis=0), x.std(axis=0), x[-1]] for x in X]

SEQUENCE_CONTAINERS = {"list": list, "Sequences": packed}
ROW_CONTAINERS = {"array": np.stack, "frame": lambda rows: pd.DataFrame(np.stack(rows), columns=list("abcdef"))}


# --- what they say ----------------------------------------------------------------------------------------------------


def encodings(estimator, data):
    return estimator.transform(data)


def encodings_and_predictions(estimator, data):
    return np.column_stack([estimator.transform(data), estimator.predict(data)])


def probabilities(estimator, data):
    return estimator.predict_proba(data)


def minus_squared_error(estimator, data, y):
    """R², which a single sample does not have, without its denominator."""
    return -mean_squared_error(y, estimator.predict(data))


def mean_log_probability(estimator, data, y):
    """What differs wherever probabilities do, as the share of right labels does not."""
    said = estimator.predict_proba(data)[:, np.searchsorted(estimator.classes_, y) % len(estimator.classes_)]
    return np.log(said.diagonal()).mean()


@dataclass(frozen=True)
class Example:
    """What differs between the classes, and is no business of a test."""

    says: Callable  # of a fitted estimator and data, an array that shows whatever was learnt
    arrays: list
    containers: dict
    scoring: Callable | None = None  # a score of one sample or more, that tells any two fits apart; None: its own
    in_a_pipeline: Callable = lambda estimator: make_pipeline(estimator, PCA(2))


def at_the_end(estimator):
    return make_pipeline("passthrough", estimator)


EXAMPLES = {
    CompositeSequenceRegressor: Example(
        encodings_and_predictions, X, SEQUENCE_CONTAINERS, minus_squared_error, at_the_end
    ),
    DenseAutoencoderTransformer: Example(encodings, ROWS, ROW_CONTAINERS),
    LSTMAutoencoderTransformer: Example(encodings, X, SEQUENCE_CONTAINERS),
    Seq2SeqClassifier: Example(probabilities, X, SEQUENCE_CONTAINERS, mean_log_probability, at_the_end),
}


def with_containers(classes):
    """Run a test for each class and each way to hold what it reads: a function of a list of arrays."""
    ways = {
        f"{cls.__name__}-{name}": (cls, contain)
        for cls in classes
        for name, contain in EXAMPLES[cls].containers.items()
    }
    return pytest.mark.parametrize(("cls", "contain"), ways.values(), ids=ways)


every_container = with_containers(CLASSES)
every_sequence_container = with_containers(SEQUENCE_CLASSES)
every_transformers_container = with_containers(TRANSFORMERS)


def data_for(cls, contain=None):
    """Data that a class reads, in the first of its containers if no other is given."""
    example = EXAMPLES[cls]
    contain = contain or next(iter(example.containers.values()))
    return contain(example.arrays)


def quick(cls, **parameters):
    """Make an estimator that is soon trained."""
    return cls(**{"epochs": 2, "random_state": 0, **parameters})


def train_on(estimator):
    """Train once more on the data for its class, or for want of that anew from the weights that there are."""
    data = data_for(type(estimator))
    if hasattr(estimator, "partial_fit"):
        return estimator.partial_fit(data, y)
    return estimator.set_params(warm_start=True).fit(data, y)


def said(estimator, data=None):
    """Return what a fitted estimator makes of the data, by default those for its class, as an array."""
    return EXAMPLES[type(estimator)].says(estimator, data_for(type(estimator)) if data is None else data)
