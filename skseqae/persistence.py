"""Files of fitted estimators that run nothing when they are read."""

import os
from importlib.metadata import version
from inspect import signature
from numbers import Integral
from platform import python_version

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.validation import check_is_fitted

from ._autoencoder import LSTMAutoencoderTransformer
from ._composite import CompositeSequenceRegressor
from ._dense import DenseAutoencoderTransformer
from ._integrity import SkseqaeFormatError
from ._manifest import check_keys, decode, encode
from ._routing import PREFIXES
from ._schema import OPTIONAL, RULES, check_fitted
from ._seq2seq import Seq2SeqClassifier
from ._sklearn_callbacks import CALLBACKS
from ._storage import FORMAT, pack, read_file, require, unpack, write_file
from ._version import __version__

__all__ = ["SkseqaeFormatError", "load", "save"]

CLASSES = {
    cls.__name__: cls
    for cls in (
        CompositeSequenceRegressor,
        DenseAutoencoderTransformer,
        LSTMAutoencoderTransformer,
        Seq2SeqClassifier,
    )
}
ENCODERS = {cls.__name__: cls for cls in (CompositeSequenceRegressor, LSTMAutoencoderTransformer)}
LIBRARIES = ("keras", "numpy", "safetensors", "scikit-learn", "tensorflow")


@validate_params({"path": [str, os.PathLike]}, prefer_skip_nested_validation=True)
def save(estimator, path):
    """Write a fitted estimator into one file, from which nothing is ever run.

    All is kept that the verbs say and that `partial_fit` and `warm_start` go on from: parameters, weights, the
    optimizer's state, scaling, labels, history and the state of the random numbers. The file is replaced in one step;
    whatever goes wrong, the old one stays.

    Parameters
    ----------
    estimator : estimator
        Fitted, of one of the classes of this package. The `encoder` of a classifier is written with it.
    path : str or path-like
        The file. Its folder must be there, and be writable.

    Raises
    ------
    TypeError
        If it is no such estimator, or a parameter or attribute is or holds what a file cannot: a function, a class, a
        callback, an optimizer or loss that is an instance. It is named.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    SkseqaeFormatError
        If an attribute is not as training leaves it, so that `load` would refuse the file.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Read such a file.

    Notes
    -----
    A `random_state` that is a `numpy.random.RandomState` is kept as the state that it has. An `encoder`, frozen or not,
    is kept whole, for `fit`, `clone` and a frozen encoder's `partial_fit` need it. What `set_callbacks` was given only
    watches training, and is not kept.

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
    """Read an estimator that `save` wrote.

    The file is data only. It is refused where its checksum is wrong, or anything in it is not what `save` writes, and
    with no more memory than its size and 64 MB. A checksum tells damage, not who wrote a file: one from a stranger
    may hold any numbers, but runs nothing.

    Parameters
    ----------
    path : str or path-like
        The file.
    max_size : int, default=1073741824
        Largest size of the file, in bytes, at least 1.

    Returns
    -------
    estimator : estimator
        Fitted, as it was saved.

    Raises
    ------
    SkseqaeFormatError
        If anything is wrong with the file; the message says what and where.
    OSError
        If there is no such file, or it may not be read.

    See Also
    --------
    save : Write such a file, with an example.
    """
    try:
        return _restore_all(*unpack(read_file(path, max_size)))
    except SkseqaeFormatError as error:
        raise SkseqaeFormatError(f"{os.fspath(path)} is refused: {error}") from None


def _describe(estimator, place, tensors):
    """Return an estimator as JSON has it, and put its arrays into `tensors`."""
    name = type(estimator).__name__
    if CLASSES.get(name) is not type(estimator):
        raise TypeError(f"{place} must be one of {sorted(CLASSES)}, and no other class or subclass, got {estimator!r}.")
    check_is_fitted(estimator)
    parameters, fitted = estimator.get_params(deep=False), dict.fromkeys(RULES[name])
    for attribute, value in vars(estimator).items():
        if attribute in parameters or attribute == CALLBACKS:
            continue
        if attribute not in fitted:
            raise TypeError(f"{place} has an attribute {attribute!r}, which a file does not hold: delete it first.")
        fitted[attribute] = value
    fitted["history_"] = {loss: np.array(values, dtype=np.float64) for loss, values in fitted["history_"].items()}
    fitted["_optimizer_state"] = [np.asarray(value) for value in fitted["_optimizer_state"]]
    return {
        "class": name,
        "parameters": {
            parameter: _describe_parameter(parameter, value, f"{place}.{parameter}", tensors)
            for parameter, value in parameters.items()
        },
        "fitted": {attribute: encode(value, f"{place}.{attribute}", tensors) for attribute, value in fitted.items()},
    }


def _describe_parameter(parameter, value, place, tensors):
    frozen = isinstance(value, FrozenEstimator)
    inner = value.estimator if frozen else value
    if parameter != "encoder" or inner is None:
        return encode(value, place, tensors)
    return {"FrozenEstimator" if frozen else "Estimator": _describe(inner, place, tensors)}


def _restore_all(manifest, tensors):
    """Return the estimator of a whole file."""
    try:
        check_keys(manifest, ["format", "versions", "estimator"], "the manifest")
        require(type(manifest["format"]) is int and manifest["format"] == FORMAT, f"format must be {FORMAT}.")
        versions = manifest["versions"]
        require(isinstance(versions, dict), "versions must be an object.")
        check_keys(versions, ["skseqae", "python", *LIBRARIES], "versions")
        require(all(isinstance(each, str) for each in versions.values()), "versions must be strings.")
        estimator = _restore(manifest["estimator"], "estimator", tensors, CLASSES)
    except RecursionError:
        raise SkseqaeFormatError("the manifest is nested too deeply.") from None
    require(not tensors, f"tensor {next(iter(tensors), '')[:80]!r} belongs to nothing.")
    return estimator


def _restore(described, place, tensors, classes):
    """Return the estimator that JSON describes, and take its arrays out of `tensors`."""
    require(isinstance(described, dict), f"{place} is no object.")
    check_keys(described, ["class", "parameters", "fitted"], place)
    name, parameters, fitted = described["class"], described["parameters"], described["fitted"]
    require(isinstance(name, str) and name in classes, f"{place}.class must be one of {sorted(classes)}.")
    require(isinstance(parameters, dict) and isinstance(fitted, dict), f"{place} has no parameters or nothing fitted.")
    check_keys(fitted, RULES[name], f"{place}.fitted")
    estimator = _restore_parameters(classes[name], parameters, place, tensors)
    fitted = {attribute: decode(value, f"{place}.{attribute}", tensors) for attribute, value in fitted.items()}
    check_fitted(name, fitted, place)
    fitted["history_"] = {loss: values.tolist() for loss, values in fitted["history_"].items()}
    absent = {attribute for attribute in OPTIONAL if fitted.get(attribute) is None}
    vars(estimator).update({attribute: value for attribute, value in fitted.items() if attribute not in absent})
    return estimator


def _restore_parameters(cls, described, place, tensors):
    """Return an unfitted estimator, of parameters that the class itself takes."""
    own = {name: value for name, value in described.items() if not name.startswith(PREFIXES)}
    check_keys(own, signature(cls).parameters, f"{place}.parameters")
    parameters = {
        name: _restore_parameter(name, value, f"{place}.{name}", tensors) for name, value in described.items()
    }
    try:
        estimator = cls(**parameters)
        estimator._validate_params()
        if "units" in parameters:
            estimator._units(1)
    except (TypeError, ValueError) as error:
        raise SkseqaeFormatError(f"{place}.parameters: {str(error)[:500]}") from None
    require(not estimator.callbacks, f"{place}.callbacks must be none.")
    return estimator


def _restore_parameter(name, described, place, tensors):
    if name == "encoder" and isinstance(described, dict):
        check_keys(described, described.keys() & {"FrozenEstimator"} or {"Estimator"}, place)
        ((kind, inner),) = described.items()
        encoder = _restore(inner, place, tensors, ENCODERS)
        return FrozenEstimator(encoder) if kind == "FrozenEstimator" else encoder
    return decode(described, place, tensors)
