"""The estimators of these tests, and their comparison."""

import os
import subprocess
import sys
from dataclasses import is_dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.frozen import FrozenEstimator

from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SkseqaeFormatError,
    load,
    save,
)
from skseqae.datasets import make_reversals
from tests.support.estimators import data_for, quick, y

X = data_for(LSTMAutoencoderTransformer)
TABLE = pd.DataFrame(np.stack([x[:3, 0] for x in X]), columns=["t0", "t1", "t2"])
FIRST_HALVES = [x[: len(x) // 2] for x in X]
SOURCES, REVERSED = make_reversals(24, lengths=(2, 4), n_symbols=4, random_state=0)
LETTERS = np.array(list("abcdefgh"))
LABELS = np.array(["no", "yes"])[y]


def frozen_encoder():
    return FrozenEstimator(quick(LSTMAutoencoderTransformer, latent_dim=3, units=3).fit(X))


# a class, its parameters (a function returns the value), and the arguments of `fit`
CASES = {
    "autoencoder": (LSTMAutoencoderTransformer, {"latent_dim": 3, "units": [4, 3], "optimizer__beta_1": 0.8}, (X,)),
    "statistics": (
        LSTMAutoencoderTransformer,
        {"latent_dim": None, "pooling": ("shares", "mean", "last"), "units": 2, "patch_size": 2, "min_crop": 0.25},
        (X,),
    ),
    "two objectives": (
        LSTMAutoencoderTransformer,
        LAST_STATE
        | WHOLE_SEQUENCES
        | {"latent_dim": 3, "objective": "composite", "decoder": "conditional", "cell": "gru", "dropout": 0.1},
        (X,),
    ),
    "dataframe": (
        LSTMAutoencoderTransformer,
        LAST_STATE | {"latent_dim": 2, "early_stopping": True, "bidirectional": True, "optimizer": "nadam"},
        (TABLE,),
    ),
    "number targets": (
        CompositeSequenceRegressor,
        {"latent_dim": 3, "units": 2, "random_state": np.random.RandomState(5), "loss": "huber", "loss__delta": 0.5},
        (X, y.astype(float)),
    ),
    "sequence targets": (CompositeSequenceRegressor, LAST_STATE | {"latent_dim": 3}, (X, FIRST_HALVES)),
    "forecast": (CompositeSequenceRegressor, LAST_STATE | {"latent_dim": 3, "horizon": 2, "clipnorm": None}, (X,)),
    "labels": (Seq2SeqClassifier, {"units": (3,), "class_weight": {"no": 1, "yes": 2.5}}, (X, LABELS)),
    "frozen encoder": (Seq2SeqClassifier, {"encoder": frozen_encoder, "freeze_encoder": True}, (X, y.astype(bool))),
    "tables of labels": (Seq2SeqClassifier, {"units": 3, "cell": "gru"}, (X, np.c_[y, y].astype("i2"))),
    "tokens": (
        Seq2SeqClassifier,
        {"units": 3, "tokens": True, "num_beams": 2, "handle_unknown": "ignore"},
        ([LETTERS[source] for source in SOURCES], [[("n", int(n)) for n in row] for row in REVERSED]),
    ),
    "rows": (
        DenseAutoencoderTransformer,
        {"latent_dim": 2, "hidden_layer_sizes": np.array([4, 3]), "noise": 0.1, "optimizer": "rmsprop"},
        (TABLE,),
    ),
}
CASE_OF_CLASS = {case[0]: name for name, case in reversed(CASES.items())}
every_case = pytest.mark.parametrize("name", CASES)


def resume(estimator, data):
    """Train for one more epoch if the class has `partial_fit`."""
    return estimator.partial_fit(*data) if hasattr(estimator, "partial_fit") else estimator


def through_file(estimator, folder):
    """Return the estimator saved and loaded."""
    save(estimator, folder / "estimator.skseqae")
    return load(folder / "estimator.skseqae")


def loads(content, path):
    """Return whether bytes are loaded; the only error that is allowed is SkseqaeFormatError."""
    path.write_bytes(content)
    try:
        load(path)
    except SkseqaeFormatError:
        return False
    return True


def outputs(estimator, data):
    """Return the outputs of all methods for the data."""
    methods = ("transform", "predict", "predict_proba", "predict_beams", "reconstruct", "predict_next", "score_samples")
    lengths = {"n_timesteps": 3} if len(data) > 1 and data[1] is FIRST_HALVES else {}
    return {
        method: getattr(estimator, method)(data[0], **(lengths if method == "predict" else {}))
        for method in methods
        if hasattr(estimator, method)
    }


def state(value):
    """Return all attributes by name, with numbers of the optimizer as arrays, without the sessions of a network."""
    attributes = dict(sorted((name, each) for name, each in vars(value).items() if name != "network"))
    if "optimizer_state" in attributes:
        attributes["optimizer_state"] = [np.asarray(each) for each in attributes["optimizer_state"]]
    return attributes


def assert_same(one, other, path=""):
    """Assert that two values, nested to any depth, have the same types and bits."""
    assert type(one) is type(other), path
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, path
        assert_array_equal(one, other, path, strict=True)
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif isinstance(one, np.random.RandomState):
        assert_same(one.get_state(), other.get_state(), path)
    elif isinstance(one, dict):
        assert list(one) == list(other), path
        for key in one:
            assert_same(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), path
        for i, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{path}.{i}")
    elif is_dataclass(one) or hasattr(one, "__dict__"):
        assert_same(state(one), state(other), path)
    else:
        assert one == other, path


def run(script, *arguments):
    """Return the output of a Python script in a new process."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout
