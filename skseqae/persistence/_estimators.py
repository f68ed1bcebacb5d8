"""Save and load fitted estimators."""

import os
from dataclasses import replace
from importlib.metadata import version
from inspect import signature
from numbers import Integral
from platform import python_version

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.validation import check_is_fitted

from .._version import __version__
from ..estimators._registry import ESTIMATORS, check_registered
from ..exceptions import SkseqaeFormatError
from ..mixins._fit_callbacks import CALLBACKS
from ..mixins._routed_parameters import PREFIXES
from ..runtime._atomic_write import write_file
from ._consistency import check_fitted
from ._file_format import FORMAT, pack, read_file, require, unpack
from ._json_values import check_keys, decode, encode
from ._schema import OPTIONAL, RULES
from ._versions import upgrade

# parameters and attributes that are estimators, with the allowed classes
NESTED = {
    "encoder": ("CompositeSequenceRegressor", "LSTMAutoencoderTransformer"),
    "estimator": ("LSTMAutoencoderTransformer",),
    "estimator_": ("LSTMAutoencoderTransformer",),
}
LIBRARIES = ("keras", "numpy", "safetensors", "scikit-learn", "tensorflow")


@validate_params({"path": [str, os.PathLike]}, prefer_skip_nested_validation=True)
def save(estimator, path):
    """Save a fitted estimator to one file, which holds data only and no code.

    The file holds all that the methods, `partial_fit` and `warm_start` need: parameters, weights, the state of the
    optimizer, scaling, labels, history and the state of the random number generator. Training resumed from a file
    gives the same result as uninterrupted training. The file is replaced in one step: if `save` fails, an existing
    file stays as it was.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of one of the classes of this package that train a network, or a `SequenceOutlierDetector`.
        The `encoder` of a classifier and the autoencoder of an outlier detector are saved with it. A
        `SequenceOutlierDetector` can be saved if its estimator is an `LSTMAutoencoderTransformer`, or a
        `FrozenEstimator` of one.
    path : str or path-like
        The file. Its folder must exist and be writable.

    Raises
    ------
    TypeError
        If `estimator` is of another class, or if a parameter or an attribute is or contains an object that a file
        cannot hold: a function, a class, a callback, or an instance of an optimizer or a loss. The error names the
        parameter or attribute.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    SkseqaeFormatError
        If an attribute is not as training leaves it, so that `load` would refuse the file.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Load an estimator from such a file.
    export_onnx : Export the computations of an estimator to ONNX Runtime.

    Notes
    -----
    A `random_state` that is a `numpy.random.RandomState` is saved in its current state. An `encoder`, frozen or not,
    is saved completely, because `fit`, `clone` and the `partial_fit` of a frozen encoder need it. Callbacks registered
    by `set_callbacks` only observe training and are not saved.

    Examples
    --------
    >>> import os, tempfile
    >>> import skseqae
    >>> from skseqae.datasets import make_waves
    >>> X, _ = make_waves(20, random_state=0)
    >>> encoder = skseqae.LSTMAutoencoderTransformer(latent_dim=4, epochs=1, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "waves.skseqae")
    ...     skseqae.save(encoder, path)
    ...     loaded = skseqae.load(path)
    >>> bool((loaded.transform(X) == encoder.transform(X)).all())
    True
    """
    versions, tensors = {"skseqae": __version__, "python": python_version()}, {}
    versions |= {name: version(name) for name in LIBRARIES}
    manifest = {"format": FORMAT, "versions": versions, "estimator": _describe(estimator, "estimator", tensors)}
    content = pack(manifest, tensors)
    try:
        _restore_all(*unpack(np.frombuffer(content, np.uint8)))
    except SkseqaeFormatError as error:
        raise SkseqaeFormatError(f"{type(estimator).__name__} cannot be saved: {error}") from None
    write_file(path, content)


@validate_params(
    {"path": [str, os.PathLike], "max_size": [Interval(Integral, 1, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def load(path, *, max_size=2**30):
    """Load an estimator from a file that `save` wrote.

    Loading executes no code from the file, and imports neither Keras nor TensorFlow. A file is refused if its checksum
    does not match or if it holds anything that `save` does not write. Checking a file needs at most the size of the
    file plus 64 MB of memory. The checksum detects damage and does not authenticate the author: a file from an
    untrusted source may hold arbitrary numbers, but runs no code.

    Parameters
    ----------
    path : str or path-like
        The file.
    max_size : int, default=1073741824
        Maximum size of the file in bytes, at least 1. Larger files are refused unread.

    Returns
    -------
    estimator : estimator
        The fitted estimator, as it was saved.

    Raises
    ------
    SkseqaeFormatError
        If the file is not valid. The message names the position in the file and the reason.
    OSError
        If the file does not exist or cannot be read.

    See Also
    --------
    save : Save an estimator to such a file; with an example.

    Notes
    -----
    Files of earlier versions are loaded. If a file of an earlier version lacks a parameter, `load` sets the value that
    keeps the earlier behaviour. A file whose format is newer than this version supports is refused.
    """
    try:
        return _restore_all(*unpack(read_file(path, max_size)))
    except SkseqaeFormatError as error:
        raise SkseqaeFormatError(f"{os.fspath(path)} is refused: {error}") from None


def _describe(estimator, path, tensors, allowed=tuple(ESTIMATORS)):
    """Return an estimator as JSON, and add its arrays to `tensors`."""
    advice = (
        "Save the fitted estimator inside a pipeline or a search; joblib.dump keeps the whole object, in a file that "
        "runs code when it is loaded."
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
        if attribute in parameters or attribute == CALLBACKS:
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
    if name not in NESTED or value is None:
        return encode(value, path, tensors)
    frozen = isinstance(value, FrozenEstimator)
    inner = value.estimator if frozen else value
    return {"FrozenEstimator" if frozen else "Estimator": _describe(inner, path, tensors, NESTED[name])}


def _restore_all(manifest, tensors):
    """Return the estimator in a file; all of the file must be used."""
    try:
        check_keys(manifest, ["format", "versions", "estimator"], "the manifest")
        versions = manifest["versions"]
        require(isinstance(versions, dict), "versions must be an object.")
        check_keys(versions, ["skseqae", "python", *LIBRARIES], "versions")
        require(all(isinstance(each, str) for each in versions.values()), "versions must be strings.")
        manifest = upgrade(manifest, tensors)
        estimator = _restore(manifest["estimator"], "estimator", tensors, tuple(ESTIMATORS))
    except RecursionError:
        raise SkseqaeFormatError("the manifest is nested too deeply.") from None
    require(not tensors, f"tensor {next(iter(tensors), '')[:80]!r} is not used.")
    return estimator


def _restore(described, path, tensors, allowed):
    """Return the estimator that JSON describes, and remove its arrays from `tensors`."""
    require(isinstance(described, dict), f"{path} is not an object.")
    check_keys(described, ["class", "parameters", "fitted"], path)
    name, parameters, fitted = described["class"], described["parameters"], described["fitted"]
    require(isinstance(name, str) and name in allowed, f"{path}.class must be one of {sorted(allowed)}.")
    require(isinstance(parameters, dict), f"{path} has no parameters.")
    estimator = _restore_parameters(ESTIMATORS[name], parameters, path, tensors)
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
    except (TypeError, ValueError) as error:
        raise SkseqaeFormatError(f"{path}.parameters: {str(error)[:500]}") from None
    require(not parameters.get("callbacks"), f"{path}.callbacks must be None.")
    return estimator


def _restore_value(name, described, path, tensors):
    """Return a parameter or an attribute."""
    path = f"{path}.{name}"
    if name not in NESTED or described is None:
        return decode(described, path, tensors)
    require(isinstance(described, dict), f"{path} is not an estimator.")
    check_keys(described, described.keys() & {"FrozenEstimator"} or {"Estimator"}, path)
    ((wrapper, inner),) = described.items()
    estimator = _restore(inner, path, tensors, NESTED[name])
    return FrozenEstimator(estimator) if wrapper == "FrozenEstimator" else estimator
