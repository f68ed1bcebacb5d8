"""What a fitted estimator of each class holds, to the last attribute, and what must agree with what.

Nothing here builds a network: the shapes of its weights follow from its architecture.
"""

import numpy as np

from ..data._layout import Layout
from ..data._scaling import Scaling
from ..data._targets import TargetLayout
from ..networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from ._rules import MAX_INT, Rule, _are_symbols, either, instance_of, one_of, real, tuple_of, whole

MAX_LAYERS = 100
NONE, TRUTH, COUNT = one_of(None), one_of(False, True), whole(1)
SYMBOLS = Rule("an array of symbols, each once", _are_symbols)
NUMBER = either(whole(-MAX_INT), Rule("a float", lambda value: type(value) is float))
LAYERS = range(1, MAX_LAYERS + 1)
CELL = {
    "units": tuple_of(COUNT, LAYERS),
    "cell": one_of("lstm", "gru"),
    "activation": one_of("tanh", "relu", "sigmoid", "linear"),
    "bidirectional": TRUTH,
    "dropout": real(0.0, 1.0),
}
OUTPUT = one_of("linear", "sigmoid", "softmax")
RECORD_RULES = {
    Architecture: CELL
    | {
        "n_features": COUNT,
        "latent_dim": COUNT,
        "heads": one_of(("reconstruction",), ("prediction",), ("reconstruction", "prediction")),
        "head_features": tuple_of(COUNT, range(1, 3)),
        "decoder": one_of("repeat", "conditional"),
        "n_timesteps": one_of(()),
        "output_activation": OUTPUT,
        "reverse": TRUTH,
    },
    Seq2SeqArchitecture: CELL
    | {
        "n_features": COUNT,
        "n_tokens": either(COUNT, NONE),
        "n_classes": COUNT,
        "heads": one_of(("label",), ("sequence",)),
        "has_end": TRUTH,
        "frozen": one_of((), ("encoder",)),
    },
    DenseArchitecture: {
        "n_features": COUNT,
        "latent_dim": COUNT,
        "hidden_layer_sizes": tuple_of(COUNT, range(MAX_LAYERS + 1)),
        "activation": CELL["activation"],
        "latent_activation": CELL["activation"],
        "noise": real(0.0, 1.0 + 1e-9),
        "output_activation": OUTPUT,
    },
    Layout: {
        "kind": one_of("list", "padded", "table", "rows", "sequences"),
        "n_timesteps": either(whole(0), NONE),
        "univariate": TRUTH,
        "padding_value": either(NUMBER, NONE),
        "feature_names": either(tuple_of(Rule("a str", lambda value: type(value) is str), range(1, MAX_INT)), NONE),
    },
    TargetLayout: {
        "kind": one_of("number", "vector", "sequences"),
        "layout": either(instance_of(Layout), NONE),
        "length": either(whole(0), NONE),
        "surplus": either(whole(-MAX_INT), NONE),
    },
}
# attributes for which None stands where they are not there
OPTIONAL = {"feature_names_in_", "vocabulary_", "_feature_std", "_sklearn_output_config"}
SHARED = {
    "_layout": instance_of(Layout),
    "_padding_value": either(NUMBER, NONE),
    "_length_range": tuple_of(whole(0), range(2, 3)),
    "_random": instance_of(np.random.RandomState),
    "_scaling": instance_of(Scaling),
    "_weights": instance_of(dict),
    "_optimizer_state": instance_of(list),
    "history_": instance_of(dict),
    "n_iter_": COUNT,
    "n_features_in_": COUNT,
    "feature_names_in_": either(SYMBOLS, NONE),
    "_feature_std": instance_of(np.ndarray),
}
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
RULES = {
    "LSTMAutoencoderTransformer": SHARED | OUTPUT_CONFIG | {"_architecture": instance_of(Architecture)},
    "CompositeSequenceRegressor": SHARED
    | OUTPUT_CONFIG
    | {
        "_architecture": instance_of(Architecture),
        "_horizon": either(COUNT, NONE),
        "_target_layout": instance_of(TargetLayout),
        "_target_scaling": instance_of(Scaling),
    },
    "Seq2SeqClassifier": SHARED
    | {
        "_architecture": instance_of(Seq2SeqArchitecture),
        "_feature_std": either(SHARED["_feature_std"], NONE),
        "_kind": one_of("label", "table", "list"),
        "_longest": COUNT,
        "classes_": SYMBOLS,
        "vocabulary_": either(SYMBOLS, NONE),
    },
    "DenseAutoencoderTransformer": SHARED | OUTPUT_CONFIG | {"_architecture": instance_of(DenseArchitecture)},
    "SequenceOutlierDetector": {
        "estimator_": Rule("an autoencoder", lambda value: hasattr(value, "score_samples")),
        "offset_": real(),
        "n_features_in_": SHARED["n_features_in_"],
        "feature_names_in_": SHARED["feature_names_in_"],
    },
}
