"""Checks that the fitted state in a file is complete and consistent."""

from itertools import chain

import numpy as np

from ..data._layout import Layout
from ..networks._architectures import Architecture
from ..networks._weight_shapes import weight_shapes
from ._file_format import require
from ._schema import RECORD_RULES, RULES


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
    n_tokens = None if vocabulary is None else len(vocabulary)
    require(n_tokens == architecture.n_tokens, f"{place}.vocabulary_ must be {architecture.n_tokens} symbols.")
    require(n_tokens is None or architecture.n_features == 1, f"{place}._architecture.n_features must be 1 of symbols.")


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
