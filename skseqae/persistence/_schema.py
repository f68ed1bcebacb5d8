"""The rules for each record and each attribute of a fitted estimator."""

import numpy as np

from ..data._layout import Layout
from ..data._scaling import Scaling
from ..data._targets import TargetLayout
from ..estimators._distance import Distance
from ..estimators._fitted_state import FittedInput, FittedLabels, FittedState, FittedTarget
from ..networks._architectures import (
    ACTIVATIONS,
    AUTOENCODER_OPTIONS,
    RECURRENT_OPTIONS,
    STATISTICS,
    Architecture,
    DenseArchitecture,
    Seq2SeqArchitecture,
)
from ._rules import MAX_INT, Rule, are_tokens, either, instance_of, one_of, real, tuple_of, whole

MAX_LAYERS = 100
NONE, BOOL, COUNT = one_of(None), one_of(False, True), whole(1)
TOKENS = Rule("an array of tokens without duplicates", are_tokens)
NUMBER = either(whole(-MAX_INT), Rule("a float", lambda value: type(value) is float))
LAYERS = range(1, MAX_LAYERS + 1)
RECURRENT = {name: one_of(*options) for name, options in RECURRENT_OPTIONS.items()} | {
    "units": tuple_of(COUNT, LAYERS),
    "bidirectional": BOOL,
    "dropout": real(0.0, 1.0),
}
INPUT = {
    "n_features": COUNT,
    "n_tokens": either(COUNT, NONE),
    "differences": BOOL,
    "patch_size": COUNT,
    "frozen": one_of((), ("encoder",)),
}
OUTPUT = one_of("linear", "sigmoid", "softmax", "exponential")
RECORD_RULES = {
    Architecture: RECURRENT
    | INPUT
    | {name: one_of(*options) for name, options in AUTOENCODER_OPTIONS.items()}
    | {
        "latent_dim": COUNT,
        "heads": one_of(
            ("reconstruction",),
            ("prediction",),
            ("reconstruction", "prediction"),
            ("label",),
            ("reconstruction", "label"),
        ),
        "head_features": tuple_of(COUNT, range(1, 3)),
        "n_timesteps": one_of(()),
        "output_activation": OUTPUT,
        "reverse": BOOL,
        "pooling": tuple_of(one_of(*STATISTICS), range(len(STATISTICS) + 1)),
        "n_encodings": either(COUNT, NONE),
        "time_features": BOOL,
        "readout": BOOL,
        "n_classes": either(COUNT, NONE),
    },
    Seq2SeqArchitecture: RECURRENT
    | INPUT
    | {
        "n_classes": COUNT,
        "heads": one_of(("sequence",)),
        "has_end": BOOL,
    },
    DenseArchitecture: {
        "n_features": COUNT,
        "latent_dim": COUNT,
        "hidden_layer_sizes": tuple_of(COUNT, range(MAX_LAYERS + 1)),
        "activation": one_of(*ACTIVATIONS),
        "latent_activation": one_of(*ACTIVATIONS),
        "noise": real(0.0, 1.0 + 1e-9),
        "output_activation": OUTPUT,
    },
    Layout: {
        "container": one_of("list", "padded", "table", "rows", "sequences"),
        "n_timesteps": either(whole(0), NONE),
        "univariate": BOOL,
        "padding_value": either(NUMBER, NONE),
        "feature_names": either(tuple_of(Rule("a str", lambda value: type(value) is str), range(1, MAX_INT)), NONE),
    },
    TargetLayout: {
        "target_type": one_of("number", "vector", "sequences"),
        "layout": either(instance_of(Layout), NONE),
        "length": either(whole(0), NONE),
        "length_offset": either(whole(-MAX_INT), NONE),
    },
    FittedInput: {
        "layout": instance_of(Layout),
        "padding_value": either(NUMBER, NONE),
        "length_range": tuple_of(whole(0), range(2, 3)),
        "scaling": instance_of(Scaling),
        "feature_std": either(instance_of(np.ndarray), NONE),
        "vocabulary": either(TOKENS, NONE),
        "missing": one_of("error", "mask"),
    },
    FittedTarget: {
        "horizon": either(COUNT, NONE),
        "layout": instance_of(TargetLayout),
        "scaling": instance_of(Scaling),
    },
    FittedLabels: {
        "label_type": one_of("label", "table", "list"),
        "max_length": COUNT,
        "classes": TOKENS,
    },
    FittedState: {
        "architecture": either(*map(instance_of, (Architecture, Seq2SeqArchitecture, DenseArchitecture))),
        "weights": instance_of(dict),
        "optimizer_state": instance_of(list),
        "history": instance_of(dict),
        "generator": instance_of(np.random.RandomState),
        "input": instance_of(FittedInput),
        "target": either(instance_of(FittedTarget), instance_of(FittedLabels), NONE),
        "baseline_loss": either(real(), NONE),
    },
}
# types of the architecture and of the target in the fitted state of each class
STATES = {
    "LSTMAutoencoderTransformer": ((Architecture,), type(None)),
    "CompositeSequenceRegressor": ((Architecture,), FittedTarget),
    "Seq2SeqClassifier": ((Seq2SeqArchitecture, Architecture), FittedLabels),
    "DenseAutoencoderTransformer": ((DenseArchitecture,), type(None)),
}
# attributes that are None in a file if the estimator lacks them
OPTIONAL = {"feature_names_in_", "_sklearn_output_config"}
FEATURES = {"n_features_in_": COUNT, "feature_names_in_": either(TOKENS, NONE)}
FITTED = {"_fitted": instance_of(FittedState)} | FEATURES
CONTAINER = one_of("default", "pandas", "polars")
OUTPUT_CONFIG = {
    "_sklearn_output_config": Rule(
        "a dict of 'transform' to the name of a container, or None",
        lambda value: (
            value is None
            or (type(value) is dict and list(value) == ["transform"] and CONTAINER.holds(value["transform"]))
        ),
    )
}
AUTOENCODER = Rule("an autoencoder", lambda value: hasattr(value, "score_samples"))
TRANSFORMER_RULES = {
    "PerTimestep": {
        "transformer_": Rule("a transformer", lambda value: hasattr(value, "transform")),
        "_n_features_out": COUNT,
    },
    "Resampler": {"_n_timesteps": whole(2)} | OUTPUT_CONFIG,
    "SequenceImputer": {"estimator_": AUTOENCODER, "correlations_": instance_of(np.ndarray)},
    "SequencePadder": {"n_timesteps_": COUNT},
}
TRANSFORMER_RULES = {
    name: rules
    | FEATURES
    | {"_layout": instance_of(Layout), "_padding_value": either(NUMBER, NONE), "_n_features": COUNT}
    for name, rules in TRANSFORMER_RULES.items()
}
RULES = TRANSFORMER_RULES | {
    "LSTMAutoencoderTransformer": FITTED | OUTPUT_CONFIG,
    "CompositeSequenceRegressor": FITTED | OUTPUT_CONFIG,
    "Seq2SeqClassifier": FITTED,
    "DenseAutoencoderTransformer": FITTED | OUTPUT_CONFIG,
    "SequenceOutlierDetector": FEATURES
    | {
        "estimator_": AUTOENCODER,
        "offset_": real(),
        "_distance": either(instance_of(Distance), NONE),
    },
}
