"""What a fitted estimator of each class holds, to the last attribute, and what must agree with what.

Nothing here builds a network: the shapes of its weights follow from its architecture.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ._storage import require
from .data._layout import Layout
from .data._scaling import Scaling
from .data._targets import TargetLayout
from .exceptions import SkseqaeFormatError
from .networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from .networks._weight_shapes import weight_shapes

MOST_LAYERS = 100
LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Rule:
    """What a value must be, in words and as a function that tells."""

    wanted: str
    holds: Callable

    def check(self, value, place):
        """Refuse a value for which the rule does not hold."""
        if not self.holds(value):
            raise SkseqaeFormatError(f"{place} is {str(value)[:100]!r}, but must be {self.wanted}.")


def whole(least):
    """Return the rule for an int, of at least so much."""
    return Rule(f"an int from {least} on", lambda value: type(value) is int and least <= value <= LARGEST)


def real(least=-np.inf, below=np.inf):
    """Return the rule for a float, from `least` on and less than `below`."""
    return Rule(f"a float in [{least}, {below})", lambda value: type(value) is float and least <= value < below)


def one_of(*options):
    """Return the rule for one of a few values."""
    return Rule(f"one of {options}", lambda value: any(_equals(value, option) for option in options))


def _equals(value, option):
    """Tell whether a value is an option, to the type; of arrays, == would not."""
    if type(value) is not type(option):
        return False
    if type(option) is tuple:
        return len(value) == len(option) and all(map(_equals, value, option))
    return value == option


def tuple_of(rule, lengths):
    """Return the rule for a tuple of so many values."""
    return Rule(
        f"a tuple of {lengths.start} to {lengths.stop - 1}, each {rule.wanted}",
        lambda value: type(value) is tuple and len(value) in lengths and all(map(rule.holds, value)),
    )


def either(*rules):
    """Return the rule that any one of several holds."""
    wanted = ", or ".join(rule.wanted for rule in rules)
    return Rule(wanted, lambda value: any(rule.holds(value) for rule in rules))


def instance_of(cls):
    """Return the rule for a value of exactly this type."""
    return Rule(f"a {cls.__name__}", lambda value: type(value) is cls)


def _is_symbol(value):
    return type(value) in (bool, int, float, str, bytes) or (type(value) is tuple and all(map(_is_symbol, value)))


def _are_symbols(value):
    """Tell whether it is an array of one symbol or more, each once."""
    if not (type(value) is np.ndarray and value.ndim == 1 and len(value)):
        return False
    symbols = value.tolist()
    return all(map(_is_symbol, symbols)) and len(set(symbols)) == len(symbols)


NONE, TRUTH, COUNT = one_of(None), one_of(False, True), whole(1)
SYMBOLS = Rule("an array of symbols, each once", _are_symbols)
NUMBER = either(whole(-LARGEST), Rule("a float", lambda value: type(value) is float))
LAYERS = range(1, MOST_LAYERS + 1)
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
        "n_symbols": either(COUNT, NONE),
        "n_classes": COUNT,
        "heads": one_of(("label",), ("sequence",)),
        "has_end": TRUTH,
        "frozen": one_of((), ("encoder",)),
    },
    DenseArchitecture: {
        "n_features": COUNT,
        "latent_dim": COUNT,
        "hidden_layer_sizes": tuple_of(COUNT, range(MOST_LAYERS + 1)),
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
        "feature_names": either(tuple_of(Rule("a str", lambda value: type(value) is str), range(1, LARGEST)), NONE),
    },
    TargetLayout: {
        "kind": one_of("number", "vector", "sequences"),
        "layout": either(instance_of(Layout), NONE),
        "length": either(whole(0), NONE),
        "surplus": either(whole(-LARGEST), NONE),
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


def check_fitted(name, fitted, place):
    """Refuse fitted attributes that no training of the class gives.

    Parameters
    ----------
    name : str
        Of the class.
    fitted : dict of str to object
        All attributes that are no parameters, None for those that are not there.
    place : str
        Where they are, for messages.

    Raises
    ------
    SkseqaeFormatError
    """
    for attribute, rule in RULES[name].items():
        rule.check(fitted[attribute], f"{place}.{attribute}")
    if name == "SequenceOutlierDetector":
        _check_detector(fitted, place)
        return
    for attribute, value in fitted.items():
        _check_record(value, f"{place}.{attribute}")
    architecture = fitted["_architecture"]
    _check_weights(architecture, fitted, place)
    _check_history(architecture, fitted, place)
    _check_features(architecture.n_features, fitted, place)
    if name == "Seq2SeqClassifier":
        _check_labels(architecture, fitted, place)
    elif name != "DenseAutoencoderTransformer":
        _check_heads(name, architecture, fitted, place)
    is_dense = name == "DenseAutoencoderTransformer"
    require((fitted["_layout"].kind == "rows") == is_dense, f"{place}._layout is not one of {name}.")


def _check_detector(fitted, place):
    for name in ("n_features_in_", "feature_names_in_"):
        same = np.array_equal(fitted[name], getattr(fitted["estimator_"], name, None))
        require(same, f"{place}.{name} is not that of its autoencoder.")


def _check_record(record, place):
    """Hold the fields of a record against their rules, and those of the records in it."""
    for field, rule in RECORD_RULES.get(type(record), {}).items():
        rule.check(getattr(record, field), f"{place}.{field}")
        _check_record(getattr(record, field), f"{place}.{field}")
    if type(record) is Architecture:
        require(len(record.head_features) == len(record.heads), f"{place}.head_features must be one for each head.")
    if type(record) is Layout:
        fixed = record.kind in ("padded", "table")
        require(not fixed or record.n_timesteps is not None, f"{place}.n_timesteps is missing for an array.")
        is_plain = record.feature_names is None or record.kind == "sequences"
        require(is_plain, f"{place}.feature_names are those of a kind that has none.")


def _check_array(array, dtypes, shape, place):
    """Refuse an array of another type or shape, or one that holds what is not finite."""
    require(
        isinstance(array, np.ndarray) and array.dtype.str in dtypes and array.shape == shape,
        f"{place} must be an array of {' or '.join(dtypes)} of shape {shape}, but is of "
        f"{getattr(array, 'dtype', type(array).__name__)} of {getattr(array, 'shape', 'no shape')}.",
    )
    # without an array of truth values, which would take a quarter of the memory again
    extremes = (float(array.min()), float(array.max()))
    require(all(map(np.isfinite, extremes)), f"{place} holds numbers that are not finite.")


def _check_weights(architecture, fitted, place):
    shapes = weight_shapes(architecture)
    require(fitted["_weights"].keys() == shapes.keys(), f"{place}._weights must be those of {sorted(shapes)}.")
    for part, wanted in shapes.items():
        arrays, where = fitted["_weights"][part], f"{place}._weights.{part}"
        require(isinstance(arrays, list) and len(arrays) == len(wanted), f"{where} must be {len(wanted)} arrays.")
        for i, (array, shape) in enumerate(zip(arrays, wanted, strict=True)):
            _check_array(array, ["<f4"], shape, f"{where}.{i}")
    # which state there is, the optimizer knows; each array is of a weight, of one without an axis, or a number
    every = set(chain.from_iterable(shapes.values()))
    known = {(), *every, *(shape[:i] + shape[i + 1 :] for shape in every for i in range(len(shape)))}
    for i, array in enumerate(fitted["_optimizer_state"]):
        where = f"{place}._optimizer_state.{i}"
        require(getattr(array, "shape", None) in known, f"{where} has not the shape of a weight, or is no array.")
        _check_array(array, ["<f4", "<i4", "<i8"], array.shape, where)


def _check_history(architecture, fitted, place):
    history, n_epochs = fitted["history_"], fitted["n_iter_"]
    losses = ["loss", *(f"{head}_loss" for head in architecture.heads)]
    known = {*losses, *(f"val_{name}" for name in losses)}
    require({"loss"} <= history.keys() <= known, f"{place}.history_ must be of 'loss' and others of {sorted(known)}.")
    for name, values in history.items():
        shape = getattr(values, "shape", None)
        length = n_epochs if name == "loss" else min(n_epochs, shape[0] if shape else 0)
        _check_array(values, ["<f8"], (length,), f"{place}.history_.{name}")


def _check_scaling(scaling, n_features, place):
    for name in ("mean", "std"):
        _check_array(getattr(scaling, name), ["<f8"], (n_features,), f"{place}.{name}")
    require(scaling.std.min() > 0, f"{place}.std must be above 0.")


def _check_features(n_features, fitted, place):
    _check_scaling(fitted["_scaling"], n_features, f"{place}._scaling")
    std = fitted["_feature_std"]
    if std is not None:
        _check_array(std, ["<f8"], (n_features,), f"{place}._feature_std")
        require(std.min() > 0, f"{place}._feature_std must be above 0.")
    shortest, longest = fitted["_length_range"]
    require(shortest <= longest and longest > 0, f"{place}._length_range must be two lengths, the lower first.")
    width, names = fitted["n_features_in_"], fitted["feature_names_in_"]
    is_table = fitted["_layout"].kind == "table"
    require(is_table or width == n_features, f"{place}.n_features_in_ is {width}, but the network reads {n_features}.")
    all_strings = names is None or all(isinstance(each, str) for each in names.tolist())
    require(all_strings, f"{place}.feature_names_in_ must be strings.")
    require(names is None or len(names) == width, f"{place}.feature_names_in_ must be {width} names.")


def _check_labels(architecture, fitted, place):
    head, has_end = ("label" if fitted["_kind"] == "label" else "sequence"), fitted["_kind"] == "list"
    require(
        architecture.heads == (head,) and architecture.has_end == has_end,
        f"{place}._kind is {fitted['_kind']!r}, but its network says a {architecture.heads[0]}.",
    )
    n_classes, vocabulary = len(fitted["classes_"]), fitted["vocabulary_"]
    require(n_classes == architecture.n_classes, f"{place}.classes_ must be {architecture.n_classes} labels.")
    n_symbols = None if vocabulary is None else len(vocabulary)
    require(n_symbols == architecture.n_symbols, f"{place}.vocabulary_ must be {architecture.n_symbols} symbols.")
    require(
        n_symbols is None or architecture.n_features == 1, f"{place}._architecture.n_features must be 1 of symbols."
    )


def _check_heads(name, architecture, fitted, place):
    where, features = f"{place}._architecture", architecture.head_features
    says_x = features if name == "LSTMAutoencoderTransformer" else features[:1]
    require(set(says_x) == {architecture.n_features}, f"{where}.head_features must be those of what is read.")
    require("reconstruction" in architecture.heads or not architecture.reverse, f"{where}.reverse has no meaning.")
    if name == "LSTMAutoencoderTransformer":
        return
    require(len(features) == 2, f"{where}.heads must be both.")
    _check_scaling(fitted["_target_scaling"], features[1], f"{place}._target_scaling")
    target, horizon = fitted["_target_layout"], fitted["_horizon"]
    wants_layout = target.kind == "sequences" and horizon is None
    require((target.layout is not None) == wants_layout, f"{place}._target_layout.layout does not go with its kind.")
    require(target.kind == "sequences" or horizon is None, f"{place}._target_layout.kind is not that of a horizon.")
    require(horizon is None or features[1] == features[0], f"{place}._horizon forecasts what is read.")
    require(target.kind != "number" or features[1] == 1, f"{place}._target_layout.kind must be 'vector'.")
