"""Sequences, targets of every type and small regressors for the tests of `CompositeSequenceRegressor`."""

from functools import cache

import numpy as np
import pandas as pd
import polars as pl

from examples.tutorial_parameters import LAST_STATE
from skseqae import CompositeSequenceRegressor
from tests.support.containers import packed, padded
from tests.support.strategies import draw_sequences

LENGTHS = [5, 2, 7, 1, 4, 7]
X = draw_sequences(LENGTHS, 2, seed=0)
RNG = np.random.default_rng(0)
MEANS = np.array([1000.0, -30.0, 0.5])  # of outputs in very different units

# targets for the six sequences of X
NUMBERS = 500 + 9 * RNG.normal(size=6)
VECTORS = MEANS + MEANS * RNG.normal(size=(6, 3))
ARRAYS = MEANS + RNG.normal(size=(6, 4, 3))
EQUAL_LENGTHS = [10 + RNG.normal(size=(4, 3)) for _ in LENGTHS]
LONGER = [10 + RNG.normal(size=(t + 2, 3)) for t in LENGTHS]
SHORTER = [10 + RNG.normal(size=(t - 1, 3)) for t in LENGTHS]
OTHER_LENGTHS = [3, 1, 4, 2, 5, 9]  # neither constant nor at a constant offset from those of X
UNRELATED = [10 + RNG.normal(size=(t, 3)) for t in OTHER_LENGTHS]

TARGETS = {
    "array of numbers": lambda: NUMBERS,
    "list of numbers": lambda: NUMBERS.tolist(),
    "series": lambda: pd.Series(NUMBERS),
    "polars series": lambda: pl.Series(NUMBERS),
    "vectors": lambda: VECTORS,
    "frame": lambda: pd.DataFrame(VECTORS),
    "nest of vectors": lambda: VECTORS.tolist(),
    "arrays": lambda: ARRAYS,
    "padded": lambda: padded(UNRELATED),
    "sequences of equal lengths": lambda: EQUAL_LENGTHS,
    "longer sequences": lambda: LONGER,
    "shorter sequences": lambda: SHORTER,
    "sequences of unrelated lengths": lambda: UNRELATED,
    "sequences of numbers": lambda: [row[:, 0] for row in LONGER],
    "Sequences": lambda: packed(LONGER),
}
# what `predict` requires where the lengths cannot be inferred
N_TIMESTEPS = {"sequences of unrelated lengths": OTHER_LENGTHS, "padded": OTHER_LENGTHS}

LONG_ENOUGH = draw_sequences([5, 4, 7, 9, 4, 7], 2, seed=0)  # for a horizon of 3


def regressor(**parameters):
    return CompositeSequenceRegressor(**LAST_STATE | {"latent_dim": 3, "epochs": 2, "random_state": 0} | parameters)


@cache
def fitted_on(target_type):
    """Return a regressor fitted on one of the targets, which no test may train further."""
    return regressor().fit(X, TARGETS[target_type]())


def shapes(rows):
    return [np.shape(row) for row in rows]
