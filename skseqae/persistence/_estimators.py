"""Save and load fitted estimators."""

import os
from importlib.metadata import version
from inspect import signature
from numbers import Integral
from platform import python_version

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.validation import check_is_fitted

from .._version import __version__
from ..estimators._autoencoder import LSTMAutoencoderTransformer
from ..estimators._composite import CompositeSequenceRegressor
from ..estimators._dense import DenseAutoencoderTransformer
from ..estimators._outlier import SequenceOutlierDetector
from ..estimators._seq2seq import Seq2SeqClassifier
from ..exceptions import SkseqaeFormatError
from ..mixins._fit_callbacks import CALLBACKS
from ..mixins._routed_parameters import PREFIXES
from ..runtime._atomic_write import write_file
from ._consistency import check_fitted
from ._file_format import FORMAT, pack, read_file, require, unpack
from ._json_values import check_keys, decode, encode
from ._schema import OPTIONAL, RULES

CLASSES = {
    cls.__name__: cls
    for cls in (
        CompositeSequenceRegressor,
        DenseAutoencoderTransformer,
        LSTMAutoencoderTransformer,
        Seq2SeqClassifier,
        SequenceOutlierDetector,
    )
}
# the parameters and attributes that are estimators, and of which classes
NESTED = {
    "encoder": ("CompositeSequenceRegressor", "LSTMAutoencoderTransformer"),
    "estimator": ("LSTMAutoencoderTransformer",),
    "estimator_": ("LSTMAutoencoderTransformer",),
}
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
        Fitted, of one of the classes of this package that train. The `encoder` of a classifier and the autoencoder of
        an outlier detector are written with it.
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


def _describe(estimator, place, tensors, classes=CLASSES):
    """Return an estimator as JSON has it, and put its arrays into `tensors`."""
    name = type(estimator).__name__
    if name not in classes or CLASSES[name] is not type(estimator):
        raise TypeError(
            f"{place} must be one of {sorted(classes)}, and no other class or subclass, got {estimator!r}. Of a "
            "pipeline or a search save the fitted one inside; joblib.dump keeps all, in a file that runs what it says."
        )
    parameters = estimator.get_params(deep=False)
    return {
        "class": name,
        "parameters": {key: _describe_value(key, value, place, tensors) for key, value in parameters.items()},
        "fitted": _describe_fitted(estimator, parameters, place, tensors),
    }


def _describe_fitted(estimator, parameters, place, tensors):
    if place.endswith(".estimator") and not hasattr(estimator, "n_features_in_"):
        return None  # a detector trains a clone of it
    check_is_fitted(estimator)
    fitted = dict.fromkeys(RULES[type(estimator).__name__])
    for attribute, value in vars(estimator).items():
        if attribute in parameters or attribute == CALLBACKS:
            continue
        if attribute not in fitted:
            raise TypeError(f"{place} has an attribute {attribute!r}, which a file does not hold: delete it first.")
        fitted[attribute] = value
    if "history_" in fitted:
        fitted["history_"] = {loss: np.array(values, dtype=np.float64) for loss, values in fitted["history_"].items()}
        fitted["_optimizer_state"] = [np.asarray(value) for value in fitted["_optimizer_state"]]
    return {attribute: _describe_value(attribute, value, place, tensors) for attribute, value in fitted.items()}


def _describe_value(name, value, place, tensors):
    """Return a parameter or an attribute as JSON has it."""
    place = f"{place}.{name}"
    if name not in NESTED or value is None:
        return encode(value, place, tensors)
    frozen = isinstance(value, FrozenEstimator)
    inner = value.estimator if frozen else value
    return {"FrozenEstimator" if frozen else "Estimator": _describe(inner, place, tensors, NESTED[name])}


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
    require(isinstance(parameters, dict), f"{place} has no parameters.")
    estimator = _restore_parameters(CLASSES[name], parameters, place, tensors)
    if fitted is None and place.endswith(".estimator"):
        return estimator
    require(isinstance(fitted, dict), f"{place} has nothing fitted.")
    check_keys(fitted, RULES[name], f"{place}.fitted")
    fitted = {attribute: _restore_value(attribute, value, place, tensors) for attribute, value in fitted.items()}
    check_fitted(name, fitted, place)
    if "history_" in fitted:
        fitted["history_"] = {loss: values.tolist() for loss, values in fitted["history_"].items()}
    absent = {attribute for attribute in OPTIONAL if fitted.get(attribute) is None}
    vars(estimator).update({attribute: value for attribute, value in fitted.items() if attribute not in absent})
    return estimator


def _restore_parameters(cls, described, place, tensors):
    """Return an unfitted estimator, of parameters that the class itself takes."""
    own = {name: value for name, value in described.items() if not name.startswith(PREFIXES)}
    check_keys(own, signature(cls).parameters, f"{place}.parameters")
    parameters = {name: _restore_value(name, value, place, tensors) for name, value in described.items()}
    try:
        estimator = cls(**parameters)
        estimator._validate_params()
        if "units" in parameters:
            estimator._units(1)
    except (TypeError, ValueError) as error:
        raise SkseqaeFormatError(f"{place}.parameters: {str(error)[:500]}") from None
    require(not parameters.get("callbacks"), f"{place}.callbacks must be none.")
    return estimator


def _restore_value(name, described, place, tensors):
    """Return a parameter or an attribute."""
    place = f"{place}.{name}"
    if name not in NESTED or described is None:
        return decode(described, place, tensors)
    require(isinstance(described, dict), f"{place} is no estimator.")
    check_keys(described, described.keys() & {"FrozenEstimator"} or {"Estimator"}, place)
    ((kind, inner),) = described.items()
    estimator = _restore(inner, place, tensors, NESTED[name])
    return FrozenEstimator(estimator) if kind == "FrozenEstimator" else estimator
