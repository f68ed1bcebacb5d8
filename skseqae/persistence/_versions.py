"""Files of earlier formats: what each format renamed, moved and added.

A file of an earlier format is upgraded, format by format, before it is read. What it lacks is set to the recorded
default, with which it behaves as it did. Unknown fields are refused as in any file.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..exceptions import SkseqaeFormatError
from ._file_format import FORMAT, require


@dataclass(frozen=True)
class Change:
    """The differences of a format from the one before it; values are those of JSON.

    Attributes
    ----------
    renamed_types : dict of str to str
    renamed_fields : dict of str to dict of str to str
        By record.
    added_fields : dict of str to dict of str to object
        By record, with defaults.
    added_parameters : dict of str to dict of str to object
        By class, with defaults.
    move : function of (class name, fitted attributes, tensors) or None
        Returns the fitted attributes in their new places.
    """

    renamed_types: dict = field(default_factory=dict)
    renamed_fields: dict = field(default_factory=dict)
    added_fields: dict = field(default_factory=dict)
    added_parameters: dict = field(default_factory=dict)
    move: Callable | None = None


def _gather_fitted_state(name, fitted, tensors):
    """Return the separate attributes of format 1 as one `FittedState`."""
    if name == "SequenceOutlierDetector":
        return fitted
    fitted = dict(fitted)
    n_epochs, losses = fitted.pop("n_iter_"), dict(fitted["history_"]["dict"])["loss"]["tensor"]
    require(type(n_epochs) is int and tensors[losses].shape == (n_epochs,), "n_iter_ is not the number of epochs.")
    state = {new: fitted.pop(old) for new, old in FITTED_STATE.items()}
    fitted_input = {new: fitted.pop(old) for new, old in FITTED_INPUT.items()}
    record, fields = TARGETS.get(name, (None, {}))
    target = {record: {new: fitted.pop(old) for new, old in fields.items()}} if record else None
    vocabulary = fitted.pop("vocabulary_") if name == "Seq2SeqClassifier" else None
    state |= {"input": {"FittedInput": fitted_input | {"vocabulary": vocabulary}}, "target": target}
    return {"_fitted": {"FittedState": state}} | fitted


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
CHANGES = {
    2: Change(
        renamed_types={"symbols": "tokens"},
        renamed_fields={
            "Layout": {"kind": "container"},
            "TargetLayout": {"kind": "target_type", "surplus": "length_offset"},
            "Seq2SeqArchitecture": {"n_symbols": "n_tokens"},
        },
        move=_gather_fitted_state,
    ),
}


def upgrade(manifest, tensors):
    """Return the manifest of a file as this version would have written it.

    Parameters
    ----------
    manifest : dict
        With the key "format".
    tensors : dict of str to ndarray
        Only their shapes are read.

    Raises
    ------
    SkseqaeFormatError
        If the manifest is not one of its format.
    """
    estimator = manifest.get("estimator")
    for version in range(manifest["format"] + 1, FORMAT + 1):
        try:
            estimator = _upgraded(estimator, CHANGES[version], tensors)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, SkseqaeFormatError):
                raise
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
    name = change.renamed_types.get(name, name)
    new_names = change.renamed_fields.get(name, {})
    if new_names:
        require(not content.keys() & set(new_names.values()), f"{name} has a field of a later format.")
        content = {new_names.get(field, field): item for field, item in content.items()}
    if name in change.added_fields:
        content = change.added_fields[name] | content
    return {name: content}


def _upgraded_estimator(described, change, tensors):
    name, fitted = described["class"], described["fitted"]
    if fitted is not None and change.move:
        fitted = change.move(name, fitted, tensors)
    parameters = change.added_parameters.get(name, {}) | described["parameters"]
    return described | {"parameters": parameters, "fitted": fitted}
