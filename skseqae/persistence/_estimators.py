"""Estimators and transformers of this package in files: class, parameters and fitted attributes."""

from dataclasses import replace
from inspect import signature

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from ..estimators._registry import ESTIMATORS, check_registered
from ..exceptions import SkseqaeFormatError
from ..mixins._fit_callbacks import CALLBACKS
from ..mixins._pickling import TRAINED_CALLBACKS
from ..mixins._routed_parameters import PREFIXES
from ..preprocessing import PerTimestep, Resampler, SequenceImputer, SequencePadder
from ._consistency import check_fitted
from ._file_format import require
from ._json_values import check_keys, decode, encode
from ._schema import OPTIONAL, RULES
from ._scikit_learn import describe_scikit_learn, restore_scikit_learn

CLASSES = ESTIMATORS | {cls.__name__: cls for cls in (PerTimestep, Resampler, SequenceImputer, SequencePadder)}
# parameters and attributes that are estimators, with the allowed classes
NESTED = {
    name: {class_name: ESTIMATORS[class_name] for class_name in class_names}
    for name, class_names in {
        "encoder": ("CompositeSequenceRegressor", "LSTMAutoencoderTransformer"),
        "estimator": ("LSTMAutoencoderTransformer",),
        "estimator_": ("LSTMAutoencoderTransformer",),
    }.items()
}
# parameters and attributes that are transformers of scikit-learn, and whether they must be fitted
TRANSFORMERS = {"transformer": False, "transformer_": True}


def describe_estimator(estimator, path, tensors, allowed=CLASSES):
    """Return an estimator as JSON, and add its arrays to `tensors`."""
    advice = (
        "Steps of a pipeline may also be estimators of scikit-learn. Of a search, save best_estimator_. joblib.dump "
        "saves any object, in a file that runs code when it is loaded."
    )
    name = check_registered(estimator, path, advice, allowed)
    parameters = estimator.get_params(deep=False)
    return {
        "class": name,
        "parameters": {key: _describe_value(key, value, path, tensors) for key, value in parameters.items()},
        "fitted": _describe_fitted(estimator, parameters, path, tensors),
    }


def _describe_fitted(estimator, parameters, path, tensors):
    if path.endswith(".estimator") and not hasattr(estimator, "n_features_in_"):
        return None  # a detector trains a clone of it
    check_is_fitted(estimator)
    fitted = dict.fromkeys(RULES[type(estimator).__name__])
    for attribute, value in vars(estimator).items():
        if attribute in parameters or attribute in (CALLBACKS, TRAINED_CALLBACKS):
            continue
        if attribute not in fitted:
            raise TypeError(f"{path} has an attribute {attribute!r}, which a file cannot hold: delete it first.")
        fitted[attribute] = _with_arrays(value) if attribute == "_fitted" else value
    return {attribute: _describe_value(attribute, value, path, tensors) for attribute, value in fitted.items()}


def _with_arrays(state):
    """Return the fitted state with arrays instead of lists of losses and numbers of the optimizer."""
    history = {loss: np.array(values, dtype=np.float64) for loss, values in state.history.items()}
    return replace(state, history=history, optimizer_state=[np.asarray(value) for value in state.optimizer_state])


def _with_lists(state):
    """Return the fitted state with lists of losses, as training leaves it."""
    return replace(state, history={loss: values.tolist() for loss, values in state.history.items()})


def _describe_value(name, value, path, tensors):
    """Return a parameter or an attribute as JSON."""
    path = f"{path}.{name}"
    if name in TRANSFORMERS:
        return describe_scikit_learn(value, path, tensors, TRANSFORMERS[name])
    if name not in NESTED or value is None:
        return encode(value, path, tensors)
    frozen = isinstance(value, FrozenEstimator)
    inner = value.estimator if frozen else value
    return {"FrozenEstimator" if frozen else "Estimator": describe_estimator(inner, path, tensors, NESTED[name])}


def restore_estimator(described, path, tensors, allowed=CLASSES):
    """Return the estimator that JSON describes, and remove its arrays from `tensors`."""
    require(isinstance(described, dict), f"{path} is not an object.")
    check_keys(described, ["class", "parameters", "fitted"], path)
    name, parameters, fitted = described["class"], described["parameters"], described["fitted"]
    require(isinstance(name, str) and name in allowed, f"{path}.class must be one of {sorted(allowed)}.")
    require(isinstance(parameters, dict), f"{path} has no parameters.")
    estimator = _restore_parameters(allowed[name], parameters, path, tensors)
    if fitted is None and path.endswith(".estimator"):
        return estimator
    require(isinstance(fitted, dict), f"{path} has no fitted attributes.")
    check_keys(fitted, RULES[name], f"{path}.fitted")
    fitted = {attribute: _restore_value(attribute, value, path, tensors) for attribute, value in fitted.items()}
    check_fitted(name, fitted, path)
    if "_fitted" in fitted:
        fitted["_fitted"] = _with_lists(fitted["_fitted"])
    missing = {attribute for attribute in OPTIONAL if fitted.get(attribute) is None}
    vars(estimator).update({attribute: value for attribute, value in fitted.items() if attribute not in missing})
    return estimator


def _restore_parameters(cls, described, path, tensors):
    """Return an unfitted estimator; its parameters must be valid for its class."""
    own = {name: value for name, value in described.items() if not name.startswith(PREFIXES)}
    check_keys(own, signature(cls).parameters, f"{path}.parameters")
    parameters = {name: _restore_value(name, value, path, tensors) for name, value in described.items()}
    try:
        estimator = cls(**parameters)
        estimator._validate_params()
        if "units" in parameters:
            estimator._check_units(1)
        if "pooling" in parameters:
            estimator._check_pooling()
    except (TypeError, ValueError) as error:
        raise SkseqaeFormatError(f"{path}.parameters: {str(error)[:500]}") from None
    require(not parameters.get("callbacks"), f"{path}.callbacks must be None.")
    return estimator


def _restore_value(name, described, path, tensors):
    """Return a parameter or an attribute."""
    path = f"{path}.{name}"
    if name in TRANSFORMERS:
        return restore_scikit_learn(described, path, tensors, TRANSFORMERS[name])
    if name not in NESTED or described is None:
        return decode(described, path, tensors)
    require(isinstance(described, dict), f"{path} is not an estimator.")
    check_keys(described, described.keys() & {"FrozenEstimator"} or {"Estimator"}, path)
    ((wrapper, inner),) = described.items()
    estimator = restore_estimator(inner, path, tensors, NESTED[name])
    return FrozenEstimator(estimator) if wrapper == "FrozenEstimator" else estimator
