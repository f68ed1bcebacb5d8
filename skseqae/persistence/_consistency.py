"""Checks that the fitted state in a file is complete and consistent.

No network is built for this: the shapes of the weights follow from the architecture.
"""

from dataclasses import fields, is_dataclass
from itertools import chain

import numpy as np

from ..data._layout import Layout
from ..networks._architectures import Architecture
from ..networks._weight_shapes import weight_shapes
from ._file_format import require
from ._schema import RECORD_RULES, RULES, STATES, TRANSFORMER_RULES


def check_fitted(name, fitted, path):
    """Refuse fitted attributes that training of the class does not produce.

    Parameters
    ----------
    name : str
        Name of the class.
    fitted : dict of str to object
        All attributes that are not parameters; None for missing ones. The histories of losses are arrays.
    path : str
        Position of the estimator in the file, for messages.

    Raises
    ------
    SkseqaeFormatError
        If an attribute breaks a rule, or does not match another.
    """
    for attribute, rule in RULES[name].items():
        rule.check(fitted[attribute], f"{path}.{attribute}")
    if name == "SequenceOutlierDetector":
        _check_detector(fitted, path)
        return
    if name in TRANSFORMER_RULES:
        _check_record(fitted["_layout"], f"{path}._layout")
        _check_features(fitted["_layout"], fitted["_n_features"], fitted, path)
        if name == "SequenceImputer":
            _check_imputer(fitted, path)
        return
    state, path_of_state = fitted["_fitted"], f"{path}._fitted"
    _check_record(state, path_of_state)
    architecture_types, target_type = STATES[name]
    for field, allowed in (("architecture", architecture_types), ("target", (target_type,))):
        expected = " or ".join("None" if each is type(None) else f"a {each.__name__}" for each in allowed)
        require(type(getattr(state, field)) in allowed, f"{path_of_state}.{field} must be {expected}.")
    _check_weights(state, path_of_state)
    _check_history(state, path_of_state)
    _check_input(name, state, path_of_state)
    _check_features(state.input.layout, state.architecture.n_features, fitted, path)
    if name == "Seq2SeqClassifier":
        _check_labels(state, path_of_state)
    elif name != "DenseAutoencoderTransformer":
        _check_heads(state, path_of_state)


def _check_detector(fitted, path):
    for name in ("n_features_in_", "feature_names_in_"):
        same = np.array_equal(fitted[name], getattr(fitted["estimator_"], name, None))
        require(same, f"{path}.{name} is not that of its autoencoder.")
    distance = fitted["_distance"]
    if distance is not None:
        width = fitted["estimator_"]._fitted.unmapped.architecture.encoding_width
        n_components = getattr(distance.components, "shape", ())[-1:]
        shapes = {"mean": (width,), "scale": (width,), "components": (width, *n_components)}
        for name, shape in shapes.items():
            _check_array(getattr(distance, name), ["<f4"], shape, f"{path}._distance.{name}")


def _check_imputer(fitted, path):
    state, correlations = fitted["estimator_"]._fitted, fitted["correlations_"]
    n_features = state.architecture.n_features
    require(fitted["_n_features"] == n_features, f"{path}._n_features is not that of its autoencoder.")
    require(state.input.missing == "mask", f"{path}.estimator_ must have missing='mask'.")
    _check_array(correlations, ["<f8"], (n_features,), f"{path}.correlations_")
    are_valid = correlations.min() >= 0 and correlations.max() < 1
    require(are_valid, f"{path}.correlations_ must be from 0 to 1.")


def _check_record(record, path):
    """Check the fields of a record, and of the records in it."""
    for field, rule in RECORD_RULES.get(type(record), {}).items():
        rule.check(getattr(record, field), f"{path}.{field}")
    for field in fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            _check_record(value, f"{path}.{field.name}")
    if type(record) is Architecture:
        _check_architecture(record, path)
    if type(record) is Layout:
        fixed = record.container in ("padded", "table")
        require(not fixed or record.n_timesteps is not None, f"{path}.n_timesteps is missing for an array.")
        is_plain = record.feature_names is None or record.container == "sequences"
        require(is_plain, f"{path}.feature_names require a container that has names.")


def _check_architecture(architecture, path):
    require(
        len(architecture.head_features) == len(architecture.heads), f"{path}.head_features must be one for each head."
    )
    has_unique_names = len(set(architecture.pooling)) == len(architecture.pooling)
    require(has_unique_names, f"{path}.pooling names a statistic twice.")
    has_map = architecture.n_encodings is None or architecture.pooling
    require(has_map, f"{path}.n_encodings has no meaning without pooling.")
    reads_position = not architecture.time_features or architecture.decoder == "repeat"
    require(reads_position, f"{path}.time_features has no meaning.")
    reconstructs = "reconstruction" in architecture.heads
    require(reconstructs or not architecture.reverse, f"{path}.reverse has no meaning.")
    has_label = "label" in architecture.heads
    require(has_label == (architecture.n_classes is not None), f"{path}.n_classes does not match the heads.")
    is_read_out = bool(architecture.pooling) and (has_label or len(architecture.heads) == 2)
    require(is_read_out or not architecture.readout, f"{path}.readout has no meaning.")
    require(architecture.readout == is_read_out or not has_label, f"{path}.readout is missing.")
    has_own_inputs = architecture.n_tokens is not None or architecture.frozen
    require(has_label or not has_own_inputs, f"{path}.n_tokens and frozen have no meaning.")


def _check_array(array, dtypes, shape, path):
    """Refuse values that are not an array of a required type and shape with finite numbers."""
    require(
        isinstance(array, np.ndarray) and array.dtype.str in dtypes and array.shape == shape and array.size > 0,
        f"{path} must be an array of {' or '.join(dtypes)} of shape {shape}, but is of "
        f"{getattr(array, 'dtype', type(array).__name__)} of {getattr(array, 'shape', 'no shape')}.",
    )
    # not by a boolean array, which would take another quarter of the memory
    extremes = (float(array.min()), float(array.max()))
    require(all(map(np.isfinite, extremes)), f"{path} holds numbers that are not finite.")


def _check_weights(state, path):
    shapes = weight_shapes(state.architecture)
    require(state.weights.keys() == shapes.keys(), f"{path}.weights must be those of {sorted(shapes)}.")
    for part, required in shapes.items():
        arrays, part_path = state.weights[part], f"{path}.weights.{part}"
        require(
            isinstance(arrays, list) and len(arrays) == len(required), f"{part_path} must be {len(required)} arrays."
        )
        for i, (array, shape) in enumerate(zip(arrays, required, strict=True)):
            _check_array(array, ["<f4"], shape, f"{part_path}.{i}")
    # the state depends on the optimizer: each array is a number, or has the shape of a weight, perhaps without an axis
    every = set(chain.from_iterable(shapes.values()))
    known = {(), *every, *(shape[:i] + shape[i + 1 :] for shape in every for i in range(len(shape)))}
    for i, array in enumerate(state.optimizer_state):
        array_path = f"{path}.optimizer_state.{i}"
        require(getattr(array, "shape", None) in known, f"{array_path} is not an array with the shape of a weight.")
        _check_array(array, ["<f4", "<i4", "<i8"], array.shape, array_path)


def _check_history(state, path):
    history = state.history
    losses = ["loss", *(f"{head}_loss" for head in state.architecture.heads)]
    known = {*losses, *(f"val_{name}" for name in losses)}
    require({"loss"} <= history.keys() <= known, f"{path}.history must be of 'loss' and others of {sorted(known)}.")
    shape = getattr(history["loss"], "shape", ())  # not by NumPy's functions, which raise for ragged lists
    n_epochs = shape[0] if shape else 0
    require(n_epochs > 0, f"{path}.history.loss must be an array of at least one epoch.")
    for name, values in history.items():
        shape = getattr(values, "shape", None)
        length = n_epochs if name == "loss" else min(n_epochs, shape[0] if shape else 0)
        _check_array(values, ["<f8"], (length,), f"{path}.history.{name}")


def _check_scaling(scaling, n_features, path):
    for name in ("mean", "std"):
        _check_array(getattr(scaling, name), ["<f8"], (n_features,), f"{path}.{name}")
    require(scaling.std.min() > 0, f"{path}.std must be above 0.")


def _check_input(name, state, path):
    fitted_input, n_features = state.input, state.architecture.n_features
    _check_scaling(fitted_input.scaling, n_features, f"{path}.input.scaling")
    std = fitted_input.feature_std
    require(std is not None or name == "Seq2SeqClassifier", f"{path}.input.feature_std is missing.")
    if std is not None:
        _check_array(std, ["<f8"], (n_features,), f"{path}.input.feature_std")
        require(std.min() > 0, f"{path}.input.feature_std must be above 0.")
    shortest, longest = fitted_input.length_range
    require(shortest <= longest and longest > 0, f"{path}.input.length_range must be two lengths, the lower first.")
    is_dense = name == "DenseAutoencoderTransformer"
    require((fitted_input.layout.container == "rows") == is_dense, f"{path}.input.layout is not one of {name}.")
    has_tokens = fitted_input.vocabulary is not None
    require(not has_tokens or name == "Seq2SeqClassifier", f"{path}.input.vocabulary is not one of {name}.")
    has_numbers = not (is_dense or has_tokens)
    require(has_numbers or fitted_input.missing == "error", f"{path}.input.missing must be 'error'.")


def _check_features(layout, n_features, fitted, path):
    width, names = fitted["n_features_in_"], fitted["feature_names_in_"]
    is_same = layout.container == "table" or width == n_features
    require(is_same, f"{path}.n_features_in_ is {width}, but the network reads {n_features}.")
    all_strings = names is None or all(isinstance(each, str) for each in names.tolist())
    require(all_strings, f"{path}.feature_names_in_ must be strings.")
    require(names is None or len(names) == width, f"{path}.feature_names_in_ must be {width} names.")


def _check_labels(state, path):
    architecture, labels, vocabulary = state.architecture, state.target, state.input.vocabulary
    head, has_end = ("label" if labels.label_type == "label" else "sequence"), labels.label_type == "list"
    is_same = architecture.heads[-1] == head and (head == "label" or architecture.has_end == has_end)
    predicted = f"the network predicts a {architecture.heads[-1]}"
    require(is_same, f"{path}.target.label_type is {labels.label_type!r}, but {predicted}.")
    n_classes = architecture.n_classes
    require(len(labels.classes) == n_classes, f"{path}.target.classes must be {n_classes} labels.")
    n_tokens = None if vocabulary is None else len(vocabulary)
    require(n_tokens == architecture.n_tokens, f"{path}.input.vocabulary must be {architecture.n_tokens} tokens.")
    one_feature = n_tokens is None or architecture.n_features == 1
    require(one_feature, f"{path}.architecture.n_features must be 1 for tokens.")
    reads_one = n_tokens is None or not (architecture.differences or architecture.patch_size > 1)
    require(reads_one, f"{path}.architecture: tokens have no differences and no patches.")
    if head == "label":
        _check_one_label(architecture, f"{path}.architecture")


def _check_one_label(architecture, path):
    reconstructs = "reconstruction" in architecture.heads
    features = (architecture.n_features, 1) if reconstructs else (1,)
    require(architecture.head_features == features, f"{path}.head_features must be {features}.")
    reads_tokens = architecture.n_tokens is not None
    require(not (reconstructs and reads_tokens), f"{path}.heads: tokens are not reconstructed.")


def _check_heads(state, path):
    architecture, target = state.architecture, state.target
    features, architecture_path, layout_path = (
        architecture.head_features,
        f"{path}.architecture",
        f"{path}.target.layout",
    )
    require(architecture.n_classes is None, f"{architecture_path}.heads must be those of an autoencoder.")
    reconstructed = features if target is None else features[:1]
    require(set(reconstructed) == {architecture.n_features}, f"{architecture_path}.head_features must be those of X.")
    if target is None:
        return
    require(len(features) == 2, f"{architecture_path}.heads must be both.")
    _check_scaling(target.scaling, features[1], f"{path}.target.scaling")
    target_type, horizon = target.layout.target_type, target.horizon
    has_container = target_type == "sequences" and horizon is None
    matches = (target.layout.layout is not None) == has_container
    require(matches, f"{layout_path}.layout does not match the target type.")
    require(target_type == "sequences" or horizon is None, f"{layout_path}.target_type is not that of a horizon.")
    require(horizon is None or features[1] == features[0], f"{path}.target.horizon requires the features of X.")
    is_one_value = target_type != "sequences" or not architecture.readout
    require(is_one_value, f"{architecture_path}.readout does not match the target type.")
    require(target_type != "number" or features[1] == 1, f"{layout_path}.target_type must be 'vector'.")
