"""Configurations of `CompositeSequenceRegressor`."""

import numpy as np

from tests.stress.digests.data import (
    ARRAYS,
    COUNTERS,
    FREE,
    NAMES,
    NEW,
    NUMBERS,
    SHORTER,
    STARTS_AND_STEPS,
    WEIGHTS,
    X,
    as_sequences,
    as_table,
)
from tests.stress.digests.digest import digest, digest_all
from tests.stress.digests.estimators import pickle_and_load, regressor, save_and_load, two_layer_decoder
from tests.stress.digests.registry import configuration, configurations

TARGETS = {  # y, and parameters
    "number": (NUMBERS, {}),
    "number_float32": (NUMBERS.astype(np.float32), {"cell": "gru"}),
    "vector": (np.column_stack([NUMBERS, NUMBERS**2, -NUMBERS]), {}),
    "vector_one_column": (NUMBERS[:, None], {"reconstruction_weight": 0.2}),
    "array": (ARRAYS, {}),
    "array_conditional": (ARRAYS, {"decoder": "conditional"}),
    "array_only_prediction": (ARRAYS, {"reconstruction_weight": 0.0, "scale": None}),
    "lists_shorter_by_one": (SHORTER, {"units": (4, 3), "bidirectional": True}),
    "sequences": (as_sequences(SHORTER), {"cell": "gru", "decoder": "conditional"}),
    "early_stopping": (NUMBERS, {"early_stopping": True, "validation_fraction": 0.25, "epochs": 4}),
    "dropout_not_reversed": (ARRAYS, {"dropout": 0.3, "reverse": False}),
    "loss_mae": (NUMBERS, {"loss": "mae", "optimizer": "sgd", "activation": "relu"}),
}


@configurations("regressor_", TARGETS)
def digest_regressor(case):
    y, parameters = case
    return digest_all(regressor(**parameters).fit(X, y), X[3:11], y[3:11])


@configuration
def regressor_lists_without_a_rule():
    fitted = regressor().fit(X, FREE)
    lengths = np.arange(6) % 4
    found = digest_all(fitted, X[:6], FREE[:6], n_timesteps=3)
    return found | {"predict.lengths": digest(fitted.predict(X[:6], n_timesteps=lengths))}


@configuration
def regressor_horizon():
    return digest_all(regressor(horizon=3).fit(X), [x for x in NEW if len(x) > 3])


@configuration
def regressor_horizon_table():
    return digest_all(regressor(horizon=2, decoder="conditional").fit(as_table(X)), as_table(X)[2:8])


@configuration
def regressor_horizon_named_sequences():
    fitted = regressor(horizon=2, cell="gru").fit(as_sequences(X).with_names(NAMES))
    return digest_all(fitted, as_sequences(X[3:8]).with_names(NAMES))


@configuration
def regressor_counters():
    fitted = regressor().fit(COUNTERS, STARTS_AND_STEPS, sample_weight=WEIGHTS)
    return digest_all(fitted, COUNTERS[3:11], STARTS_AND_STEPS[3:11])


@configuration
def regressor_custom_decoder():
    return digest_all(regressor(decoder=two_layer_decoder).fit(X, ARRAYS), X[3:11], ARRAYS[3:11])


@configuration
def regressor_partial_fit_pickle_and_file():
    fitted = regressor().partial_fit(X[:8], SHORTER[:8])
    found = digest_all(pickle_and_load(fitted).partial_fit(X[8:], SHORTER[8:]), X, SHORTER, prefix="pickle.")
    found |= digest_all(save_and_load(fitted).partial_fit(X[8:], SHORTER[8:]), X, SHORTER, prefix="file.")
    return found | digest_all(fitted.partial_fit(X[8:], SHORTER[8:]), X, SHORTER)


@configuration
def regressor_file():
    found = digest_all(save_and_load(regressor(horizon=2).fit(X)), X[:5])
    loaded = save_and_load(regressor(cell="gru").fit(X, ARRAYS))
    return found | digest_all(loaded, X[:5], ARRAYS[:5], prefix="array.")


@configuration
def regressor_warm_start():
    fitted = regressor(warm_start=True).fit(X, NUMBERS)
    return digest_all(fitted.fit(X, NUMBERS * 2 + 1), X[:5], NUMBERS[:5])
