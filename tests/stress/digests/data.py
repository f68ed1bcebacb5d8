"""The sequences, rows and targets of the configurations, and their conversion to containers."""

import numpy as np
import pandas as pd

from skseqae import Sequences
from skseqae.datasets import make_counters, make_events, make_waves


def as_sequences(arrays):
    """Return arrays as `Sequences`."""
    return Sequences.from_packed(np.concatenate(arrays), [len(array) for array in arrays])


def as_padded(arrays, value=np.nan):
    """Return arrays as one array, padded after their ends."""
    n_timesteps = max(map(len, arrays))
    array = np.full((len(arrays), n_timesteps, arrays[0].shape[1]), value)
    for row, x in zip(array, arrays, strict=True):
        row[: len(x)] = x
    return array


def as_table(arrays):
    """Return the first features of arrays as one padded table."""
    return as_padded([x[:, :1] for x in arrays])[:, :, 0]


def as_frame(arrays):
    """Return the first features of arrays as one padded dataframe."""
    values = as_table(arrays)
    return pd.DataFrame(values, columns=[f"hour {t}" for t in range(values.shape[1])])


def labels_of(arrays):
    """Return a sequence of labels for each sequence: the signs of every second timestep."""
    return [["up" if value > 0 else "down" for value in x[::2, 0]] for x in arrays]


def table_of_labels(arrays):
    """Return three labels for each sequence, as one table."""
    return np.array([[int(x[0, 0] > 0), int(x[-1, 1] > 0), 2 * int(x.mean() > 0)] for x in arrays])


# sequences to train on, and new ones for the methods
X, LABELS = make_waves(16, n_features=2, lengths=(4, 12), n_classes=3, random_state=0)
NEW, NEW_LABELS = make_waves(7, n_features=2, lengths=(1, 15), n_classes=3, random_state=1)
UNIVARIATE = [x[:, 0] for x in X]
EQUAL = make_waves(12, n_features=2, lengths=8, random_state=2)[0]
EVENTS = make_events(16, n_kinds=3, lengths=(0, 9), random_state=3)[0]
PROBABILITIES = [np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in X]
COUNTERS, STARTS_AND_STEPS = make_counters(16, lengths=(5, 10), random_state=4)
WEIGHTS = np.array([0.0, 1.0, 2.5, 0.1] * 4)
LONG, LONG_LABELS = make_waves(64, n_features=2, lengths=(17, 32), n_classes=3, random_state=5)
LONGER, LONGER_LABELS = make_waves(64, n_features=2, lengths=(3, 40), n_classes=3, random_state=6)
ROWS = np.array([np.r_[x.mean(axis=0), x.std(axis=0), x[0], x[-1]] for x in LONG[:24]])
UNIT_ROWS = 1 / (1 + np.exp(-ROWS))
WORDS = [list("ab"), list("bac"), list("c"), list("acb"), list("bb"), list("cab"), list("ca"), list("abcc")] * 2
REVERSED = [word[::-1] for word in WORDS]
NAMES = ["left", "right"]

# targets of X, of regressors and of classifiers
NUMBERS = np.array([x.mean() for x in X])
ARRAYS = np.stack([np.cumsum(x[:3], axis=0) for x in X])
SHORTER = [x[1:, :1] * 2 for x in X]
FREE = [x[: 1 + i % 3, 1] for i, x in enumerate(X)]
RAGGED, TABLE_OF_LABELS = labels_of(X), table_of_labels(X)
STRINGS = np.array(["slow", "medium", "fast"])[LABELS]
