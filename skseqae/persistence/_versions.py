"""Files of earlier formats: what each format renamed, rearranged and added.

A file of an earlier format is upgraded, format by format, before it is read. What the earlier format did not have gets
the recorded default, with which the estimator behaves as it did. Names that the earlier format did not know are
refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..exceptions import SkseqaeFormatError
from ._file_format import FORMAT, require


@dataclass(frozen=True)
class Change:
    """The differences between a format and the one before it. All values are JSON values.

    Attributes
    ----------
    renamed_types : dict of str to str
        The new name of each type that was renamed.
    renamed_fields : dict of str to dict of str to str
        The new names of fields, by record.
    added_fields : dict of str to dict of str to object
        The default values of new fields, by record.
    added_parameters : dict of str to dict of str to object
        The default values of new parameters, by class.
    rearrange : callable `(class_name, fitted, tensors) -> fitted`, or None
        Returns the fitted attributes of an estimator as the format has them.
    """

    renamed_types: dict = field(default_factory=dict)
    renamed_fields: dict = field(default_factory=dict)
    added_fields: dict = field(default_factory=dict)
    added_parameters: dict = field(default_factory=dict)
    rearrange: Callable | None = None


def _gather_fitted_state(class_name, fitted, tensors):
    """Return the separate attributes of format 1 as one `FittedState`."""
    if class_name == "SequenceOutlierDetector":
        return fitted
    require(isinstance(fitted, dict), "a fitted estimator has no fitted attributes.")
    require("_fitted" not in fitted, "'_fitted' is an attribute of a later format.")
    fitted = dict(fitted)
    n_epochs, losses = fitted.pop("n_iter_"), dict(fitted["history_"]["dict"])["loss"]["tensor"]
    require(type(n_epochs) is int and tensors[losses].shape == (n_epochs,), "n_iter_ is not the number of epochs.")
    state = {new: fitted.pop(old) for new, old in FITTED_STATE.items()}
    fitted_input = {new: fitted.pop(old) for new, old in FITTED_INPUT.items()}
    record, fields = TARGETS.get(class_name, (None, {}))
    target = {record: {new: fitted.pop(old) for new, old in fields.items()}} if record else None
    vocabulary = fitted.pop("vocabulary_") if class_name == "Seq2SeqClassifier" else None
    state |= {"input": {"FittedInput": fitted_input | {"vocabulary": vocabulary}}, "target": target}
    return {"_fitted": {"FittedState": state}} | fitted


def _add_distance(class_name, fitted, tensors):
    """Return the fitted attributes of a detector, which were without a distance: its scores were errors."""
    if class_name != "SequenceOutlierDetector":
        return fitted
    _require_absent(fitted, ["_distance"], class_name)
    return fitted | {"_distance": None}


def _label_as_autoencoder(class_name, fitted, tensors):
    """Return the fitted attributes of a classifier of one label with the architecture of an encoder and its last h."""
    if class_name != "Seq2SeqClassifier":
        return fitted
    state = fitted["_fitted"]["FittedState"]
    before = dict(state["architecture"]["Seq2SeqArchitecture"])
    if before["heads"] != {"tuple": ["label"]}:
        return fitted
    require(before.pop("has_end") is False, "one label has no end.")
    width = before["units"]["tuple"][-1] * (1 + before["bidirectional"]) * (1 + before["differences"])
    architecture = AUTOENCODER_OF_LABELS | before | {"latent_dim": width}
    return fitted | {"_fitted": {"FittedState": state | {"architecture": {"Architecture": architecture}}}}


FITTED_STATE = {
    "architecture": "_architecture",
    "weights": "_weights",
    "optimizer_state": "_optimizer_state",
    "history": "history_",
    "generator": "_random",
}
FITTED_INPUT = {
    "layout": "_layout",
    "padding_value": "_padding_value",
    "length_range": "_length_range",
    "scaling": "_scaling",
    "feature_std": "_feature_std",
}
TARGETS = {
    "CompositeSequenceRegressor": (
        "FittedTarget",
        {"horizon": "_horizon", "layout": "_target_layout", "scaling": "_target_scaling"},
    ),
    "Seq2SeqClassifier": (
        "FittedLabels",
        {"label_type": "_kind", "max_length": "_longest", "classes": "classes_"},
    ),
}
# the encodings of format 2 were last hidden states
AUTOENCODER_OF_FORMAT_2 = {
    "pooling": "last",
    "differences": False,
    "patch_size": 1,
    "time_features": False,
    "schedule": "constant",
    "max_steps": 300,
}
# fields of an autoencoder that is a classifier of one label, which formats before 4 kept in another record
AUTOENCODER_OF_LABELS = {
    "head_features": {"tuple": [1]},
    "decoder": "repeat",
    "n_timesteps": {"tuple": []},
    "output_activation": "linear",
    "reverse": False,
    "pooling": {"tuple": []},
    "n_encodings": None,
    "time_features": False,
    "readout": False,
}
CHANGES = {
    2: Change(
        renamed_types={"symbols": "tokens"},
        renamed_fields={
            "Layout": {"kind": "container"},
            "TargetLayout": {"kind": "target_type", "surplus": "length_offset"},
            "Seq2SeqArchitecture": {"n_symbols": "n_tokens"},
        },
        rearrange=_gather_fitted_state,
    ),
    3: Change(
        added_fields={
            "Architecture": {
                "pooling": {"tuple": []},
                "n_encodings": None,
                "differences": False,
                "patch_size": 1,
                "time_features": False,
                "readout": False,
            },
            "Seq2SeqArchitecture": {"differences": False, "patch_size": 1},
        },
        added_parameters={
            "LSTMAutoencoderTransformer": AUTOENCODER_OF_FORMAT_2 | {"min_crop": 1.0},
            "CompositeSequenceRegressor": AUTOENCODER_OF_FORMAT_2 | {"max_steps": 600},
            "SequenceOutlierDetector": {"method": "error"},
        },
        rearrange=_add_distance,
    ),
    4: Change(
        added_fields={
            "Architecture": {"n_tokens": None, "n_classes": None, "frozen": {"tuple": []}},
            "FittedState": {"baseline_loss": None},
        },
        added_parameters={
            "Seq2SeqClassifier": {
                "pooling": "last",
                "differences": False,
                "patch_size": 1,
                "reconstruction_weight": 0.0,
                "schedule": "constant",
                "max_steps": None,
            },
        },
        rearrange=_label_as_autoencoder,
    ),
    5: Change(
        added_fields={"FittedInput": {"missing": "error"}},
        added_parameters={
            "LSTMAutoencoderTransformer": {"missing": "error"},
            "CompositeSequenceRegressor": {"missing": "error"},
            "Seq2SeqClassifier": {"missing": "error"},
        },
    ),
}


def upgrade(manifest, tensors):
    """Return the manifest of a file as this version would have written it.

    Parameters
    ----------
    manifest : dict
        The manifest, whose "format" is at most `FORMAT`.
    tensors : dict of str to ndarray
        The arrays of the file; only their shapes are read.

    Returns
    -------
    manifest : dict
        A new manifest; that of a file of the current format is the same.

    Raises
    ------
    SkseqaeFormatError
        If the manifest is not one of its format.
    """
    estimator = manifest.get("estimator")
    for version in range(manifest["format"] + 1, FORMAT + 1):
        try:
            estimator = _upgraded(estimator, CHANGES[version], tensors)
        except SkseqaeFormatError as error:
            raise SkseqaeFormatError(f"it is not a file of format {version - 1}: {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            message = f"it is not a file of format {version - 1}: {type(error).__name__}: {str(error)[:200]}"
            raise SkseqaeFormatError(message) from None
    return manifest | {"format": FORMAT, "estimator": estimator}


def _upgraded(value, change, tensors):
    """Return a JSON value, and all values in it, in the next format."""
    if type(value) is list:
        return [_upgraded(item, change, tensors) for item in value]
    if type(value) is not dict:
        return value
    value = {key: _upgraded(item, change, tensors) for key, item in value.items()}
    if value.keys() == {"class", "parameters", "fitted"}:
        return _upgraded_estimator(value, change, tensors)
    if len(value) != 1:
        return value
    ((name, content),) = value.items()
    require(name not in change.renamed_types.values(), f"{name!r} is a type of a later format.")
    name = change.renamed_types.get(name, name)
    new_names = change.renamed_fields.get(name, {})
    if new_names:
        _require_absent(content, new_names.values(), name)
        content = {new_names.get(field, field): item for field, item in content.items()}
    if name in change.added_fields:
        content = _with_defaults(content, change.added_fields[name], name)
    return {name: content}


def _upgraded_estimator(described, change, tensors):
    name, fitted = described["class"], described["fitted"]
    if fitted is not None and change.rearrange:
        fitted = change.rearrange(name, fitted, tensors)
    parameters = _with_defaults(described["parameters"], change.added_parameters.get(name, {}), name)
    return described | {"parameters": parameters, "fitted": fitted}


def _with_defaults(content, defaults, name):
    """Return the fields of a record, or the parameters of a class, with those that the next format added."""
    _require_absent(content, defaults, name)
    return defaults | content


def _require_absent(content, names, owner):
    """Refuse names that only the next format knows."""
    known = sorted(content.keys() & set(names))
    require(not known, f"{owner} has {known[:3]}, of a later format.")
