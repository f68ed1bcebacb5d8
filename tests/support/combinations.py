"""Combinations of parameters of all estimators, on which each property is tested."""

from functools import cache

import numpy as np
from sklearn.frozen import FrozenEstimator

from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
)
from tests.support.cases import Case, RowCase, TokenCase, dense_decoder
from tests.support.strategies import draw_sequences

TINY = {"epochs": 2, "batch_size": 8, "random_state": 0}
LAST_STATES = {"latent_dim": 3, **LAST_STATE, "batch_size": 8, "epochs": 2, "random_state": 0}
STOPS = {"early_stopping": True, "validation_fraction": 0.5}
BCE = {"loss": "binary_crossentropy", "scale": None}

AUTOENCODERS = {
    "plain": ({}, 3),
    "patches": (
        {"pooling": ("last", "mean", "std", "shares"), "patch_size": 3, "cell": "gru", "units": (4, 3)}
        | {"latent_dim": None, "objective": "composite", "loss": "huber", "dropout": 0.3}
        | STOPS,
        2,
    ),
    "patches-conditional": (
        {"differences": False, "patch_size": 2, "cell": "rnn", "activation": "relu", "decoder": "conditional"}
        | {"scale": None},
        3,
    ),
    "patches-last": ({"pooling": "last", "patch_size": 2, "bidirectional": False, "reverse": False} | BCE, 1),
}
# each option of these is in one of the combinations
LAST_STATE_AUTOENCODERS = {
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
    "rnn-conditional": (
        {"cell": "rnn", "activation": "sigmoid", "decoder": "conditional", "objective": "prediction", "reverse": False}
        | {"loss": "huber"},
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
    "patches": ({"patch_size": 3, "pooling": ("max",)}, 2, {"y": longer_targets}),
}
LAST_STATE_REGRESSORS = {
    "conditional-horizon": (
        {"horizon": 2, "decoder": "conditional", "cell": "rnn", "scale": None, "loss": "mae"},
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


def label_of_word(words):
    return np.array(["ab"[len(word) % 2] for word in words])


def reversed_ends(words):
    return [word[::-1][:3] for word in words]


@cache
def pretrained_encoder():
    """Return the parameter `encoder`: a fitted autoencoder of sequences of two features."""
    autoencoder = LSTMAutoencoderTransformer(latent_dim=4, units=(3, 4), patch_size=2, epochs=1, random_state=0)
    return {"encoder": FrozenEstimator(autoencoder.fit(draw_sequences(range(1, 9), 2, seed=3)))}


CLASSIFIERS = {
    "plain": ({}, 3, {"y": one_label}),
    "patches-balanced": (
        {"patch_size": 2, "pooling": ("mean", "shares"), "class_weight": "balanced", "reconstruction_weight": 0.5},
        1,
        {"y": one_label},
    ),
    "last-state": (
        {"pooling": "last", "differences": False, "reconstruction_weight": 0.0, "bidirectional": False},
        3,
        {"y": one_label},
    ),
    "stacked-balanced": (
        {"units": (5, 3), "pooling": "last", "activation": "relu", "class_weight": "balanced", "dropout": 0.3},
        1,
        {"y": one_label},
    ),
    "token-label": ({"tokens": True, "handle_unknown": "ignore"}, 1, {"y": label_of_word}),
    "given-encoder-label": ({"units": None}, 2, {"y": one_label, "pretrained": pretrained_encoder}),
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


def with_last_state(combinations, **more):
    """Return combinations of parameters with those of encodings that are last hidden states."""
    return {name: (LAST_STATES | more | parameters, *rest) for name, (parameters, *rest) in combinations.items()}


# Each property is tested on all of these; a new class needs one more entry.
COMBINATIONS = {
    LSTMAutoencoderTransformer: AUTOENCODERS | with_last_state(LAST_STATE_AUTOENCODERS, **WHOLE_SEQUENCES),
    CompositeSequenceRegressor: REGRESSORS | with_last_state(LAST_STATE_REGRESSORS),
    Seq2SeqClassifier: CLASSIFIERS,
    DenseAutoencoderTransformer: DENSE_AUTOENCODERS,
}
# with whole sequences and a constant learning rate, k calls of `partial_fit` equal a fit of k epochs
WHOLE = {"units": 3, "latent_dim": 5, "schedule": "constant"}
WIDTHS = {
    LSTMAutoencoderTransformer: WHOLE | WHOLE_SEQUENCES,
    CompositeSequenceRegressor: WHOLE,
    Seq2SeqClassifier: {"units": 3, "schedule": "constant"},
    DenseAutoencoderTransformer: {"latent_dim": 3},
}


def make_case(estimator, parameters, n_features, more=None):
    """Return a case with the parameters of a combination and those that all cases of the class have."""
    case_type = RowCase if estimator is DenseAutoencoderTransformer else TokenCase if "tokens" in parameters else Case
    tiny = TINY | WIDTHS[estimator]
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
