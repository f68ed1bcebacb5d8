"""Shared by the property tests: sequences, the containers that hold them, and small estimators with many settings."""

import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import polars as pl
from hypothesis import Phase, settings
from hypothesis import strategies as st
from sklearn.frozen import FrozenEstimator

from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    Sequences,
)

SENTINEL = -1.0  # no sequence of this module has negative values
METHODS = (
    "transform",
    "reconstruct",
    "predict_next",
    "predict",
    "predict_proba",
    "predict_beams",
    "reconstruction_error",
    "score_samples",
)

seeds = st.integers(0, 2**31 - 1)


def property_settings(max_examples):
    """Return the settings of a property test: reproducible, no deadline, and no shrinking, which would take minutes."""
    return settings(max_examples=max_examples, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])


# --- sequences --------------------------------------------------------------------------------------------------------


def draw_sequences(lengths, n_features, seed):
    """Return float64 arrays (T_i, F) of multiples of 1/8 from 0 to 1, which all floating-point types hold exactly."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 9, size=(length, n_features)) / 8 for length in lengths]


@st.composite
def training_lengths(draw, longest=None, min_length=0, max_size=12):
    """Draw three or more lengths from 2, and up to two of 0 or 1, all of them at least `min_length`.

    With `longest`, one of the lengths has this value.
    """
    lengths = draw(st.lists(st.integers(2, longest or 12), min_size=3, max_size=max_size - 3))
    lengths += [longest or draw(st.integers(2, 12)), *draw(st.lists(st.integers(0, 1), max_size=2))]
    return draw(st.permutations([max(min_length, length) for length in lengths]))


# --- containers -------------------------------------------------------------------------------------------------------


def padded(arrays, fill=np.nan, extra=0):
    """Return an array (N, T, F), where T is the largest length plus `extra`."""
    n_timesteps = max(map(len, arrays)) + extra
    out = np.full((len(arrays), n_timesteps, arrays[0].shape[1]), fill, np.result_type(arrays[0], np.float16))
    for row, array in zip(out, arrays, strict=True):
        row[: len(array)] = array
    return out


def objects(arrays):
    """Return an object array (N,) of arrays."""
    out = np.empty(len(arrays), dtype=object)
    out[:] = arrays
    return out


def packed(arrays):
    """Return `Sequences`."""
    return Sequences.from_packed(np.concatenate(arrays), [len(array) for array in arrays])


def table(arrays, extra=0):
    """Return an array (N, T) of univariate sequences."""
    return padded(arrays, extra=extra)[:, :, 0]


CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "object array": objects,
    "nest": lambda arrays: [array.tolist() for array in arrays],
    "Sequences": packed,
    "padded": padded,
    "wider": lambda arrays: padded(arrays, extra=9),
    "sentinel": lambda arrays: padded(arrays, SENTINEL),
    "wider sentinel": lambda arrays: padded(arrays, SENTINEL, extra=9),
}
UNIVARIATE_CONTAINERS = {
    "list of numbers": lambda arrays: [array[:, 0] for array in arrays],
    "nest of numbers": lambda arrays: [array[:, 0].tolist() for array in arrays],
    "table": table,
    "wider table": lambda arrays: table(arrays, extra=9),
    "pandas": lambda arrays: pd.DataFrame(table(arrays)),
    "polars": lambda arrays: pl.DataFrame(table(arrays), schema=[f"t{t}" for t in range(max(map(len, arrays)))]),
}


def token_table(words, extra=0):
    """Return an object array (N, T) of tokens, with None after the end of each sequence."""
    out = np.full((len(words), max(map(len, words)) + extra), None)
    for row, word in zip(out, words, strict=True):
        row[: len(word)] = word
    return out


TOKEN_CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "object array": objects,
    "nest": lambda words: [word.tolist() for word in words],
    "array": token_table,
    "wider array": lambda words: token_table(words, extra=9),
    "pandas": lambda words: pd.DataFrame(token_table(words)),
}
ROW_CONTAINERS = {
    "list": list,
    "nest": lambda rows: [row.tolist() for row in rows],
    "array": np.stack,
    "by columns": lambda rows: np.asfortranarray(np.stack(rows)),
    "pandas": lambda rows: pd.DataFrame(np.stack(rows)),
}


def containers(n_features):
    """Return the functions that put sequences with this number of features into a container, by name."""
    return CONTAINERS | (UNIVARIATE_CONTAINERS if n_features == 1 else {})


def parameters_for(container):
    """Return the parameters that an estimator needs to read a container."""
    return {"padding_value": SENTINEL} if "sentinel" in container else {}


# --- estimators -------------------------------------------------------------------------------------------------------


def dense_decoder(n_timesteps, latent_dim, n_features):
    """Return a model that computes all timesteps at once, in the range from 0 to 1."""
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Dense(n_timesteps * n_features, activation="sigmoid"),
            keras.layers.Reshape((n_timesteps, n_features)),
        ]
    )


@dataclass(frozen=True, eq=False)
class Case:
    """A class with parameters, the number of features of its samples, and the target that belongs to them."""

    estimator: type
    parameters: dict
    n_features: int
    y: Callable = lambda arrays: None
    pretrained: Callable = dict  # returns parameters that hold fitted estimators
    min_length: int = 0  # of the sequences to train on

    is_sequential = True  # whether samples are sequences, not rows
    is_numeric = True

    # --- samples ---

    def draw(self, lengths, seed):
        """Return samples of these lengths."""
        return draw_sequences(lengths, self.n_features, seed)

    @property
    def containers(self):
        """The functions that put samples into a container, by name."""
        return containers(self.n_features)

    def as_array(self, arrays):
        """Return the samples as one array."""
        return padded(arrays)

    def make_outlier(self, x):
        """Return a sample that differs strongly from all others."""
        return 1 - x if self.parameters.get("loss") == "binary_crossentropy" else 1 - x * 1e6

    @property
    def decoder_timesteps(self):
        """The number of timesteps of a custom decoder, a constant so that its network is built once; otherwise None."""
        return 21 if callable(self.parameters.get("decoder")) else None

    def sequences(self, **options):
        """Return a strategy for training samples."""
        lengths = training_lengths(self.decoder_timesteps, self.min_length, **options)
        return st.builds(self.draw, lengths, seeds)

    @property
    def training_set(self):
        """Twenty samples of unequal lengths."""
        lengths = [self.decoder_timesteps or 13, *range(2, 21)]
        return self.draw([max(self.min_length, length) for length in lengths], seed=7)

    def draw_mixed_lengths(self, n_samples, longest=200, seed=0):
        """Return very short, very long and empty samples, of which the first has the largest length."""
        longest = self.decoder_timesteps or longest
        lengths = np.random.default_rng(seed).choice([0, 1, 2, 3, 5, 8, 13, longest], size=n_samples)
        return self.draw([longest, *lengths[1:]], seed)

    # --- estimators ---

    def make(self, **changes):
        """Return an estimator that is not fitted."""
        return self.estimator(**(self.parameters | self.pretrained() | changes))

    def supported(self, **settings):
        """Return the settings that are parameters of the class."""
        return {name: value for name, value in settings.items() if name in inspect.signature(self.estimator).parameters}

    def supports(self, settings):
        """Return whether all settings, except routed parameters, are parameters of the class."""
        return len(self.supported(**settings)) == sum("__" not in name for name in settings)

    def width_parameters(self, width, layers=None):
        """Return the parameters for encodings of this width, and for layers of these widths."""
        if "latent_dim" in self.parameters:
            layers = {} if layers is None else self.supported(units=layers, hidden_layer_sizes=layers)
            return {"latent_dim": width} | layers
        return {"units": width if layers is None else layers}

    def training_methods(self):
        """Return the names of the methods that train."""
        return [method for method in ("fit", "partial_fit") if hasattr(self.estimator, method)]

    def train(self, estimator, method, X, of=None, **weights):
        """Train an estimator of the class by a method; `of` are the arrays in X, if X is not a list."""
        y = self.y(X if of is None else of)
        return getattr(estimator, method)(X, y, **weights)

    def fit(self, X, sample_weight=None, of=None, **changes):
        """Return a fitted estimator."""
        return self.train(self.make(**changes), "fit", X, of, sample_weight=sample_weight)

    def resume(self, estimator, X, of=None, **weights):
        """Continue training: for one epoch by `partial_fit`, or, without this method, by `fit` with `warm_start`."""
        if hasattr(estimator, "partial_fit"):
            return self.train(estimator, "partial_fit", X, of, **weights)
        return self.train(estimator.set_params(warm_start=True), "fit", X, of, **weights)

    def encode(self, fitted, X):
        """Return the encodings, or the probabilities or scores of the predictions: an array with a row per sample."""
        if hasattr(fitted, "predict_beams"):
            return fitted.predict_beams(X)[1]
        return fitted.transform(X) if hasattr(fitted, "transform") else fitted.predict_proba(X)

    @cache  # noqa: B019  (cases exist as long as the tests run)
    def fitted(self):
        """Return an estimator fitted on the training set, which no test may train further."""
        return self.fit(self.training_set)


class RowCase(Case):
    """A case whose samples are rows, without a length."""

    is_sequential = False

    def draw(self, lengths, seed):
        return list(np.random.default_rng(seed).integers(0, 9, size=(len(lengths), self.n_features)) / 8)

    @property
    def containers(self):
        return ROW_CONTAINERS

    def as_array(self, arrays):
        return np.stack(arrays)


class TokenCase(Case):
    """A case whose samples are sequences of tokens."""

    is_numeric = False

    def draw(self, lengths, seed):
        letters = np.array(list("abcdefghi"))
        return [letters[(8 * x[:, 0]).astype(int)] for x in draw_sequences(lengths, 1, seed)]

    @property
    def containers(self):
        return TOKEN_CONTAINERS

    def as_array(self, arrays):
        return token_table(arrays)

    def make_outlier(self, x):
        return np.full_like(x, "z")


TINY = {"latent_dim": 3, "epochs": 2, "batch_size": 8, "random_state": 0}
STOPS = {"early_stopping": True, "validation_fraction": 0.5}
BCE = {"loss": "binary_crossentropy", "scale": None}

# 12 of 27,648 combinations, found by greedy search: 97 % of all pairs of settings are in one of the combinations
AUTOENCODERS = {
    "plain": ({}, 3),
    "conditional-sigmoid": (
        {"units": 5, "activation": "sigmoid", "decoder": "conditional", "objective": "composite", "reverse": False}
        | {"dropout": 0.3}
        | BCE,
        3,
    ),
    "function-linear": (
        {"cell": "gru", "units": (5, 3), "bidirectional": True, "activation": "linear", "decoder": dense_decoder}
        | {"objective": "prediction", "reverse": False, "loss": "huber"}
        | STOPS,
        1,
    ),
    "bidirectional-relu": ({"bidirectional": True, "activation": "relu", "dropout": 0.3}, 1),
    "gru-composite": ({"cell": "gru", "objective": "composite", "scale": None, "loss": "mae"} | STOPS, 3),
    "stacked-prediction": (
        {"cell": "gru", "units": (5, 3), "activation": "relu", "decoder": "conditional", "objective": "prediction"}
        | {"scale": None, "dropout": 0.3}
        | STOPS,
        3,
    ),
    "function-probabilities": (
        {"cell": "gru", "units": 5, "bidirectional": True, "activation": "sigmoid", "decoder": dense_decoder}
        | BCE
        | STOPS,
        1,
    ),
    "stacked-conditional": (
        {"units": (5, 3), "bidirectional": True, "decoder": "conditional", "reverse": False, "loss": "mae"},
        3,
    ),
    "function-dropout": (
        {"activation": "linear", "decoder": dense_decoder, "scale": None, "loss": "huber", "dropout": 0.3},
        3,
    ),
    "prediction": ({"units": 5, "objective": "prediction", "reverse": False, "loss": "mae", "dropout": 0.3}, 1),
    "function-composite": (
        {"units": 5, "bidirectional": True, "activation": "relu", "decoder": dense_decoder, "objective": "composite"}
        | {"reverse": False}
        | STOPS,
        1,
    ),
    "gru-conditional": (
        {"cell": "gru", "activation": "sigmoid", "decoder": "conditional", "objective": "prediction", "reverse": False}
        | {"loss": "huber"},
        1,
    ),
    "stacked-composite": (
        {"units": (5, 3), "activation": "sigmoid", "objective": "composite", "loss": "huber", "dropout": 0.3},
        1,
    ),
}


# Targets of each sequence: a number, a vector from 0 to 1, an array, a sequence; all values are non-negative.


def number_targets(arrays):
    return np.array([100.0 * len(x) + x.sum() for x in arrays])


def vector_targets(arrays):
    return np.array([x.mean(axis=0) if len(x) else np.ones(x.shape[1]) for x in arrays])


def two_timestep_targets(arrays):
    return np.stack([np.resize(x.sum(axis=0) / (1 + len(x)), (2, 3)) for x in arrays])


def longer_targets(arrays):
    return [np.pad(np.cumsum(x, axis=0), ((1, 0), (0, 0))) for x in arrays]


REGRESSORS = {
    "plain": ({}, 3, {"y": vector_targets}),
    "conditional-horizon": (
        {"horizon": 2, "decoder": "conditional", "cell": "gru", "scale": None, "loss": "mae"},
        2,
        {"min_length": 3},
    ),
    "function-array": (
        {"decoder": dense_decoder, "reconstruction_weight": 0.2, "scale": None, "bidirectional": True} | STOPS,
        1,
        {"y": two_timestep_targets},
    ),
    "stacked-sequences": (
        {"units": (5, 3), "bidirectional": True, "reverse": False, "reconstruction_weight": 0.9, "dropout": 0.3},
        3,
        {"y": longer_targets},
    ),
    "conditional-number": (
        {"decoder": "conditional", "cell": "gru", "activation": "relu", "loss": "huber", "reconstruction_weight": 0.0},
        1,
        {"y": number_targets},
    ),
}


# Labels of each sequence, of numbers or tokens: one label, two labels, a sequence of up to three labels.


def one_label(arrays):
    return np.array(["abc"[int(8 * x.sum()) % 3] for x in arrays])


def two_labels(arrays):
    return np.array([[len(x) % 2, int(8 * x.sum()) % 3] for x in arrays])


def label_sequences(arrays):
    return [np.where(x[:3, 0] > 0.5, "high", "low") for x in arrays]


def reversed_ends(words):
    return [word[::-1][:3] for word in words]


@cache
def pretrained_encoder():
    """Return the parameter `encoder`: a fitted autoencoder of sequences of two features."""
    autoencoder = LSTMAutoencoderTransformer(latent_dim=4, units=(3, 4), epochs=1, random_state=0)
    return {"encoder": FrozenEstimator(autoencoder.fit(draw_sequences(range(1, 9), 2, seed=3)))}


CLASSIFIERS = {
    "plain": ({}, 3, {"y": one_label}),
    "stacked-balanced": (
        {"units": (5, 3), "bidirectional": True, "activation": "relu", "class_weight": "balanced", "dropout": 0.3},
        1,
        {"y": one_label},
    ),
    "table": ({"bidirectional": True, "class_weight": "balanced", "scale": None} | STOPS, 3, {"y": two_labels}),
    "beams": ({"cell": "gru", "units": (5, 3), "num_beams": 2, "dropout": 0.3}, 1, {"y": label_sequences}),
    "tokens": ({"tokens": True, "handle_unknown": "ignore"}, 1, {"y": reversed_ends}),
    "given-encoder": (
        {"units": None, "freeze_encoder": True},
        2,
        {"y": label_sequences, "pretrained": pretrained_encoder},
    ),
}

DENSE_AUTOENCODERS = {
    "plain": ({"hidden_layer_sizes": (5,)}, 4),
    "noisy": (
        {"hidden_layer_sizes": (6, 4), "activation": "tanh", "latent_activation": "sigmoid", "noise": 0.3}
        | BCE
        | STOPS,
        3,
    ),
}

# Each property is tested on all of these; a new class needs one more entry.
COMBINATIONS = {
    LSTMAutoencoderTransformer: AUTOENCODERS,
    CompositeSequenceRegressor: REGRESSORS,
    Seq2SeqClassifier: CLASSIFIERS,
    DenseAutoencoderTransformer: DENSE_AUTOENCODERS,
}
TINY_UNITS = {"units": 3} | {name: value for name, value in TINY.items() if name != "latent_dim"}


def make_case(estimator, parameters, n_features, more=None):
    """Return a case with the parameters of a combination and those that all cases of the class have."""
    case_type = RowCase if estimator is DenseAutoencoderTransformer else TokenCase if "tokens" in parameters else Case
    tiny = TINY_UNITS if estimator is Seq2SeqClassifier else TINY
    return case_type(estimator, tiny | parameters, n_features, **(more or {}))


CASES = {
    f"{estimator.__name__}-{name}": make_case(estimator, *combination)
    for estimator, combinations in COMBINATIONS.items()
    for name, combination in combinations.items()
}
PLAIN = {name: case for name, case in CASES.items() if name.endswith("-plain")}


def cases_of(estimator):
    """Return the cases of one class."""
    return {name: case for name, case in CASES.items() if case.estimator is estimator}


def outputs(fitted, X):
    """Return the outputs of all methods: a dict of lists of N flat arrays without padding."""
    results = {method: getattr(fitted, method)(X) for method in METHODS if hasattr(fitted, method)}
    if "predict_beams" in results:
        sequences, results["scores of beams"] = results.pop("predict_beams")
        results["beams"] = [np.concatenate(list(beams)) for beams in sequences]
    return {method: [_without_padding(row) for row in rows] for method, rows in results.items()}


def _without_padding(row):
    row = np.ravel(row)
    if row.dtype.kind != "f":
        return row
    is_data = np.flatnonzero(~np.isnan(row) & (row != SENTINEL))
    return row[: is_data[-1] + 1 if is_data.size else 0]


def assert_same_bits(got, expected):
    """Assert that two results of `outputs` are identical bit for bit."""
    assert got.keys() == expected.keys()
    for method in expected:
        pairs = zip_longest(got[method], expected[method])
        different = [i for i, (a, b) in enumerate(pairs) if not np.array_equal(a, b)]
        assert not different, f"{method} differs in samples {different}"


def differ(got, expected):
    """Return whether the output of any method differs."""
    pairs = ((a, b) for method in expected for a, b in zip(got[method], expected[method], strict=True))
    return any(not np.array_equal(a, b) for a, b in pairs)


def run_in_fresh_process(script, *arguments):
    """Run a Python script in a new process."""
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
