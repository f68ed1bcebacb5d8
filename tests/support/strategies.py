"""What the tests of laws share: sequences, the ways to hold them, and small estimators of every kind."""

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

SENTINEL = -1.0  # no sequence in here has negative values
VERBS = (
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


def laws(max_examples):
    """Settings for a property test: reproducible, slow as training is, and not shrunk, which would take minutes."""
    return settings(max_examples=max_examples, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])


# --- sequences --------------------------------------------------------------------------------------------------------


def draw_sequences(lengths, n_features, seed):
    """A list of float64 arrays (T_i, F) of eighths from 0 to 1, which every type of float holds exactly."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 9, size=(length, n_features)) / 8 for length in lengths]


@st.composite
def lengths_to_train_on(draw, longest=None, shortest=0, max_size=12):
    """Three lengths or more to learn from, up to two of one timestep or none, and none below the shortest.

    With `longest`, one is as long as that.
    """
    lengths = draw(st.lists(st.integers(2, longest or 12), min_size=3, max_size=max_size - 3))
    lengths += [longest or draw(st.integers(2, 12)), *draw(st.lists(st.integers(0, 1), max_size=2))]
    return draw(st.permutations([max(shortest, length) for length in lengths]))


# --- the ways to hold them --------------------------------------------------------------------------------------------


def padded(arrays, fill=np.nan, extra=0):
    """An array (N, T, F), T by some more than the longest length."""
    n_timesteps = max(map(len, arrays)) + extra
    out = np.full((len(arrays), n_timesteps, arrays[0].shape[1]), fill, np.result_type(arrays[0], np.float16))
    for row, array in zip(out, arrays, strict=True):
        row[: len(array)] = array
    return out


def objects(arrays):
    """An object array (N,) of arrays."""
    out = np.empty(len(arrays), dtype=object)
    out[:] = arrays
    return out


def packed(arrays):
    """The package's own container."""
    return Sequences.from_packed(np.concatenate(arrays), [len(array) for array in arrays])


def table(arrays, extra=0):
    """An array (N, T) of univariate sequences."""
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


def symbols_in_rows(words, extra=0):
    """An object array (N, T) of symbols, None beyond the end of each row."""
    out = np.full((len(words), max(map(len, words)) + extra), None)
    for row, word in zip(out, words, strict=True):
        row[: len(word)] = word
    return out


SYMBOL_CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "object array": objects,
    "nest": lambda words: [word.tolist() for word in words],
    "array": symbols_in_rows,
    "wider array": lambda words: symbols_in_rows(words, extra=9),
    "pandas": lambda words: pd.DataFrame(symbols_in_rows(words)),
}
ROW_CONTAINERS = {
    "list": list,
    "nest": lambda rows: [row.tolist() for row in rows],
    "array": np.stack,
    "by columns": lambda rows: np.asfortranarray(np.stack(rows)),
    "pandas": lambda rows: pd.DataFrame(np.stack(rows)),
}


def containers(n_features):
    """Every way to hold sequences of so many features, by name."""
    return CONTAINERS | (UNIVARIATE_CONTAINERS if n_features == 1 else {})


def parameters_for(container):
    """What an estimator must be told to read it."""
    return {"padding_value": SENTINEL} if "sentinel" in container else {}


# --- estimators -------------------------------------------------------------------------------------------------------


def dense_decoder(n_timesteps, latent_dim, n_features):
    """Say all timesteps at once, from 0 to 1."""
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Dense(n_timesteps * n_features, activation="sigmoid"),
            keras.layers.Reshape((n_timesteps, n_features)),
        ]
    )


@dataclass(frozen=True, eq=False)
class Case:
    """A class with parameters, the width of the sequences that it is tried on, and what it must say of them."""

    estimator: type
    parameters: dict
    n_features: int
    y: Callable = lambda arrays: None
    given: Callable = dict  # parameters that must be trained first
    shortest: int = 0  # that can be trained on

    is_in_time = True  # whether it reads sequences
    reads_numbers = True

    # --- what it reads ---

    def draw(self, lengths, seed):
        """Samples of these lengths."""
        return draw_sequences(lengths, self.n_features, seed)

    @property
    def containers(self):
        """The ways to hold them, by name."""
        return containers(self.n_features)

    def as_array(self, arrays):
        """The samples as one array."""
        return padded(arrays)

    def far(self, x):
        """A sample from another world."""
        return 1 - x if self.parameters.get("loss") == "binary_crossentropy" else 1 - x * 1e6

    @property
    def reach(self):
        """What a decoder function is called for, always the same so that its network is built once; otherwise None."""
        return 21 if callable(self.parameters.get("decoder")) else None

    def sequences(self, **options):
        """A strategy for samples to train on."""
        return st.builds(self.draw, lengths_to_train_on(self.reach, self.shortest, **options), seeds)

    @property
    def training_set(self):
        """Twenty samples of unequal lengths."""
        lengths = [self.reach or 13, *range(2, 21)]
        return self.draw([max(self.shortest, length) for length in lengths], seed=7)

    def crowd(self, n_samples, longest=200, seed=0):
        """Some very short, some very long, some empty; the first is as long as any."""
        lengths = np.random.default_rng(seed).choice([0, 1, 2, 3, 5, 8, 13, self.reach or longest], size=n_samples)
        return self.draw([self.reach or longest, *lengths[1:]], seed)

    # --- what it is ---

    def make(self, **changes):
        """An estimator that is not fitted."""
        return self.estimator(**(self.parameters | self.given() | changes))

    def having(self, **settings):
        """Those of the settings that its class has a parameter for."""
        return {name: value for name, value in settings.items() if name in inspect.signature(self.estimator).parameters}

    def takes(self, settings):
        """Tell whether its class has a parameter for all of them, routed ones aside."""
        return len(self.having(**settings)) == sum("__" not in name for name in settings)

    def of_width(self, width, layers=None):
        """Parameters for encodings so wide, and for layers of those widths."""
        if "latent_dim" in self.parameters:
            layers = {} if layers is None else self.having(units=layers, hidden_layer_sizes=layers)
            return {"latent_dim": width} | layers
        return {"units": width if layers is None else layers}

    def verbs_that_train(self):
        """The names of its verbs that do."""
        return [verb for verb in ("fit", "partial_fit") if hasattr(self.estimator, verb)]

    def train(self, estimator, verb, X, of=None, **weights):
        """Train an estimator of its class by that verb; `of` are the arrays that X holds, where it is no list."""
        y = self.y(X if of is None else of)
        return getattr(estimator, verb)(X, y, **weights)

    def fit(self, X, sample_weight=None, of=None, **changes):
        """A fitted one."""
        return self.train(self.make(**changes), "fit", X, of, sample_weight=sample_weight)

    def go_on(self, estimator, X, of=None, **weights):
        """Train more: for an epoch, or for want of that as often as in a fit that starts from the weights."""
        if hasattr(estimator, "partial_fit"):
            return self.train(estimator, "partial_fit", X, of, **weights)
        return self.train(estimator.set_params(warm_start=True), "fit", X, of, **weights)

    def encode(self, fitted, X):
        """What the encoder, or all of it, makes of each sample: an array of a row for each."""
        if hasattr(fitted, "predict_beams"):
            return fitted.predict_beams(X)[1]
        return fitted.transform(X) if hasattr(fitted, "transform") else fitted.predict_proba(X)

    @cache  # noqa: B019  (cases live as long as the tests)
    def fitted(self):
        """One fitted on the training set, to look at and not to train."""
        return self.fit(self.training_set)


class RowCase(Case):
    """A case whose samples are rows, of no length."""

    is_in_time = False

    def draw(self, lengths, seed):
        return list(np.random.default_rng(seed).integers(0, 9, size=(len(lengths), self.n_features)) / 8)

    @property
    def containers(self):
        return ROW_CONTAINERS

    def as_array(self, arrays):
        return np.stack(arrays)


class SymbolCase(Case):
    """A case whose samples are sequences of symbols."""

    reads_numbers = False

    def draw(self, lengths, seed):
        letters = np.array(list("abcdefghi"))
        return [letters[(8 * x[:, 0]).astype(int)] for x in draw_sequences(lengths, 1, seed)]

    @property
    def containers(self):
        return SYMBOL_CONTAINERS

    def as_array(self, arrays):
        return symbols_in_rows(arrays)

    def far(self, x):
        return np.full_like(x, "z")


TINY = {"latent_dim": 3, "epochs": 2, "batch_size": 8, "random_state": 0}
STOPS = {"early_stopping": True, "validation_fraction": 0.5}
BCE = {"loss": "binary_crossentropy", "scale": None}

# 12 of 27,648 combinations, found by greedy search: of all pairs of settings 97 % are in one of them
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
    "both-ways-relu": ({"bidirectional": True, "activation": "relu", "dropout": 0.3}, 1),
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


# of each sequence: a number, a vector from 0 to 1, an array, a sequence; none of them negative


def a_number(arrays):
    return np.array([100.0 * len(x) + x.sum() for x in arrays])


def a_vector(arrays):
    return np.array([x.mean(axis=0) if len(x) else np.ones(x.shape[1]) for x in arrays])


def two_timesteps(arrays):
    return np.stack([np.resize(x.sum(axis=0) / (1 + len(x)), (2, 3)) for x in arrays])


def a_timestep_more(arrays):
    return [np.pad(np.cumsum(x, axis=0), ((1, 0), (0, 0))) for x in arrays]


REGRESSORS = {
    "plain": ({}, 3, {"y": a_vector}),
    "conditional-horizon": (
        {"horizon": 2, "decoder": "conditional", "cell": "gru", "scale": None, "loss": "mae"},
        2,
        {"shortest": 3},
    ),
    "function-array": (
        {"decoder": dense_decoder, "reconstruction_weight": 0.2, "scale": None, "bidirectional": True} | STOPS,
        1,
        {"y": two_timesteps},
    ),
    "stacked-sequences": (
        {"units": (5, 3), "bidirectional": True, "reverse": False, "reconstruction_weight": 0.9, "dropout": 0.3},
        3,
        {"y": a_timestep_more},
    ),
    "conditional-number": (
        {"decoder": "conditional", "cell": "gru", "activation": "relu", "loss": "huber", "reconstruction_weight": 0.0},
        1,
        {"y": a_number},
    ),
}


# of each sequence, of numbers or symbols: a label, two of them, a sequence of up to three


def a_label(arrays):
    return np.array(["abc"[int(8 * x.sum()) % 3] for x in arrays])


def two_labels(arrays):
    return np.array([[len(x) % 2, int(8 * x.sum()) % 3] for x in arrays])


def some_labels(arrays):
    return [np.where(x[:3, 0] > 0.5, "high", "low") for x in arrays]


def the_last_backwards(words):
    return [word[::-1][:3] for word in words]


@cache
def given_encoder():
    """Another's encoder, of sequences of two features."""
    autoencoder = LSTMAutoencoderTransformer(latent_dim=4, units=(3, 4), epochs=1, random_state=0)
    return {"encoder": FrozenEstimator(autoencoder.fit(draw_sequences(range(1, 9), 2, seed=3)))}


CLASSIFIERS = {
    "plain": ({}, 3, {"y": a_label}),
    "stacked-balanced": (
        {"units": (5, 3), "bidirectional": True, "activation": "relu", "class_weight": "balanced", "dropout": 0.3},
        1,
        {"y": a_label},
    ),
    "table": ({"bidirectional": True, "class_weight": "balanced", "scale": None} | STOPS, 3, {"y": two_labels}),
    "beams": ({"cell": "gru", "units": (5, 3), "num_beams": 2, "dropout": 0.3}, 1, {"y": some_labels}),
    "tokens": ({"tokens": True, "handle_unknown": "ignore"}, 1, {"y": the_last_backwards}),
    "given-encoder": ({"units": None, "freeze_encoder": True}, 2, {"y": some_labels, "given": given_encoder}),
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

# every law is tried on each of these: another class joins by one more entry
COMBINATIONS = {
    LSTMAutoencoderTransformer: AUTOENCODERS,
    CompositeSequenceRegressor: REGRESSORS,
    Seq2SeqClassifier: CLASSIFIERS,
    DenseAutoencoderTransformer: DENSE_AUTOENCODERS,
}
TINY_UNITS = {"units": 3} | {name: value for name, value in TINY.items() if name != "latent_dim"}


def make_case(estimator, parameters, n_features, more=None):
    """Join a combination to what all cases of its class have."""
    kind = RowCase if estimator is DenseAutoencoderTransformer else SymbolCase if "tokens" in parameters else Case
    tiny = TINY_UNITS if estimator is Seq2SeqClassifier else TINY
    return kind(estimator, tiny | parameters, n_features, **(more or {}))


CASES = {
    f"{estimator.__name__}-{name}": make_case(estimator, *combination)
    for estimator, combinations in COMBINATIONS.items()
    for name, combination in combinations.items()
}
PLAIN = {name: case for name, case in CASES.items() if name.endswith("-plain")}


def cases_of(estimator):
    """The cases of one class."""
    return {name: case for name, case in CASES.items() if case.estimator is estimator}


def outputs(fitted, X):
    """What every verb says of each sample: a dict of lists of N flat arrays, padding cut off."""
    said = {verb: getattr(fitted, verb)(X) for verb in VERBS if hasattr(fitted, verb)}
    if "predict_beams" in said:
        sequences, said["scores of beams"] = said.pop("predict_beams")
        said["beams"] = [np.concatenate(list(beams)) for beams in sequences]
    return {verb: [_without_padding(row) for row in rows] for verb, rows in said.items()}


def _without_padding(row):
    row = np.ravel(row)
    if row.dtype.kind != "f":
        return row
    is_data = np.flatnonzero(~np.isnan(row) & (row != SENTINEL))
    return row[: is_data[-1] + 1 if is_data.size else 0]


def assert_same_bits(got, expected):
    """Compare two results of `outputs`, bit for bit."""
    assert got.keys() == expected.keys()
    for verb in expected:
        different = [i for i, (a, b) in enumerate(zip_longest(got[verb], expected[verb])) if not np.array_equal(a, b)]
        assert not different, f"{verb} differs in samples {different}"


def differ(got, expected):
    """Tell whether any verb says anything else."""
    return any(not np.array_equal(a, b) for verb in expected for a, b in zip(got[verb], expected[verb], strict=True))


def run_in_fresh_process(script, *arguments):
    """Run a Python script in a process that has imported nothing yet."""
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
