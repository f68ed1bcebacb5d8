"""The estimators that tests run over, small data for them, and what to do with both."""

import numpy as np
import pytest
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
TRANSFORMERS = [cls for cls in SEQUENCE_CLASSES if hasattr(cls, "transform")]

every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
every_sequence_class = pytest.mark.parametrize("cls", SEQUENCE_CLASSES, ids=lambda cls: cls.__name__)
every_transformer = pytest.mark.parametrize("cls", TRANSFORMERS, ids=lambda cls: cls.__name__)


def packed(arrays):
    return Sequences.from_packed(np.concatenate(arrays), [len(array) for array in arrays])


X, y = make_waves(24, n_features=2, lengths=(3, 12), n_classes=2, random_state=0)
every_container = pytest.mark.parametrize("data", [X, packed(X)], ids=["list", "Sequences"])


def quick(cls, **parameters):
    """Make an estimator that is soon trained."""
    return cls(**{"epochs": 2, "random_state": 0, **parameters})


def said(estimator, data=X):
    """Return what a fitted estimator makes of the data, as an array."""
    return estimator.transform(data) if hasattr(estimator, "transform") else estimator.predict_proba(data)
