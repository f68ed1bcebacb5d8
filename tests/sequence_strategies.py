"""What the tests of laws share: sequences, the ways to hold them, and small estimators of every kind."""

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

from skseqae import LSTMAutoencoderTransformer, Sequences

SENTINEL = -1.0  # no sequence in here has negative values
VERBS = (
    "transform",
    "reconstruct",
    "predict_next",
    "predict",
    "predict_proba",
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
def sequences(draw, n_features, longest=None, max_size=12):
    """What can be trained on and split: three sequences or more to learn from, up to two of one timestep or none.

    With `longest`, one is as long as that.
    """
    lengths = draw(st.lists(st.integers(2, longest or 12), min_size=3, max_size=max_size - 3))
    lengths += [longest or draw(st.integers(2, 12)), *draw(st.lists(st.integers(0, 1), max_size=2))]
    return draw_sequences(draw(st.permutations(lengths)), n_features, draw(seeds))


def very_unequal_sequences(n_samples, longest, n_features, seed=0):
    """Some very short, some very long, some empty; the first is as long as any."""
    lengths = np.random.default_rng(seed).choice([0, 1, 2, 3, 5, 8, 13, longest], size=n_samples)
    return draw_sequences([longest, *lengths[1:]], n_features, seed)


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
    """A class with parameters, the width of the sequences that it is tried on, and what it must say of N of them."""

    estimator: type
    parameters: dict
    n_features: int
    y: Callable = lambda n_samples: None

    @property
    def reach(self):
        """What a decoder function is called for, always the same so that its network is built once; otherwise None."""
        return 21 if callable(self.parameters.get("decoder")) else None

    def make(self, **changes):
        """An estimator that is not fitted."""
        return self.estimator(**(self.parameters | changes))

    def fit(self, X, sample_weight=None, **changes):
        """A fitted one."""
        return self.make(**changes).fit(X, self.y(len(X)), sample_weight)

    def sequences(self, **options):
        """A strategy for sequences to train on."""
        return sequences(self.n_features, self.reach, **options)

    @property
    def training_set(self):
        """Twenty sequences of unequal lengths."""
        return draw_sequences([self.reach or 13, *range(2, 21)], self.n_features, seed=7)

    @cache  # noqa: B019  (cases live as long as the tests)
    def fitted(self):
        """One fitted on it, to look at and not to train."""
        return self.fit(self.training_set)


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
# every law is tried on each of these: another class joins by one more entry
COMBINATIONS = {LSTMAutoencoderTransformer: AUTOENCODERS}
CASES = {
    f"{estimator.__name__}-{name}": Case(estimator, TINY | parameters, n_features)
    for estimator, combinations in COMBINATIONS.items()
    for name, (parameters, n_features) in combinations.items()
}
PLAIN = {name: case for name, case in CASES.items() if name.endswith("-plain")}


def outputs(fitted, X):
    """What every verb says of each sample: a dict of lists of N flat arrays, padding cut off."""
    said = {verb: getattr(fitted, verb)(X) for verb in VERBS if hasattr(fitted, verb)}
    return {verb: [_without_padding(row) for row in rows] for verb, rows in said.items()}


def _without_padding(row):
    row = np.ravel(row)
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
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
