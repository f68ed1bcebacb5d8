"""Save and load fitted estimators and pipelines."""

import os
from importlib.metadata import version
from numbers import Integral
from platform import python_version

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from .._version import __version__
from ..exceptions import SkseqaeFormatError
from ..runtime._atomic_write import write_file
from ._file_format import FORMAT, pack, read_file, require, unpack
from ._json_values import MAX_TOKEN_BYTES, check_keys, token_bytes
from ._pipelines import describe, restore
from ._versions import upgrade

LIBRARIES = ("keras", "numpy", "safetensors", "scikit-learn", "tensorflow")


@validate_params({"path": [str, os.PathLike]}, prefer_skip_nested_validation=True)
def save(estimator, path):
    """Save a fitted estimator or pipeline to one file, which holds data only and no code.

    The file holds all that the methods, `partial_fit` and `warm_start` need: parameters, weights, the state of the
    optimizer, scaling, labels, history and the state of the random number generator. Training resumed from a file
    gives the same result as uninterrupted training. The file is replaced in one step: if `save` fails, an existing
    file stays as it was.

    Parameters
    ----------
    estimator : estimator or Pipeline
        A fitted estimator or transformer of this package, or a fitted :class:`sklearn.pipeline.Pipeline` of such and of
        scikit-learn's. Of a search, save `best_estimator_`. The `encoder` of a classifier and the autoencoder of an
        outlier detector are saved with it. A `SequenceOutlierDetector` can be saved if its estimator is an
        `LSTMAutoencoderTransformer`, or a `FrozenEstimator` of one.
    path : str or path-like
        The file. Its folder must exist and be writable.

    Raises
    ------
    TypeError
        If `estimator` or a step is of another class, if a pipeline has a `memory`, or if a parameter or an attribute is
        or contains an object that a file cannot hold: a function, a class, a callback, or an instance of an optimizer
        or a loss. The error names the parameter or attribute; for an estimator of scikit-learn, the types.
    ImportError
        If there is an estimator of scikit-learn and skops is not installed: ``pip install "skseqae[skops]"``.
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

    Estimators of scikit-learn are described by skops, and saved if they consist of numbers, text, arrays, and
    estimators: scalers, decompositions, linear models, support vector machines, naive Bayes, k-means and many others.
    Trees and forests, `KDTree` (choose ``algorithm="brute"`` for neighbors) and `MLPClassifier` are refused: crafted
    numbers in them would make scikit-learn read memory outside of arrays, or skops does not know their types.

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
    manifest = {"format": FORMAT, "versions": versions, "estimator": describe(estimator, "estimator", tensors)}
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
    """Load an estimator or a pipeline from a file that `save` wrote.

    Loading executes no code from the file, and imports neither Keras nor TensorFlow. A file is refused if its checksum
    does not match or if it holds anything that `save` does not write. Checking a file needs at most the size of the
    file plus 64 MB of memory. The checksum detects damage and does not authenticate the author: a file from an
    untrusted source may hold arbitrary numbers, but runs no code.

    Estimators of scikit-learn in a pipeline are built by skops, from types that skops or this package trusts. `load`
    does not check that their arrays match each other.

    Parameters
    ----------
    path : str or path-like
        The file. "~" is the home folder.
    max_size : int, default=1073741824
        Maximum size of the file in bytes, at least 1. Larger files are refused unread.

    Returns
    -------
    estimator : estimator or Pipeline
        The fitted estimator, as it was saved.

    Raises
    ------
    SkseqaeFormatError
        If the file is not valid. The message names the position in the file and the reason.
    ImportError
        If the file holds an estimator of scikit-learn and skops is not installed: ``pip install "skseqae[skops]"``.
    OSError
        If the file does not exist or cannot be read.

    See Also
    --------
    save : Save an estimator to such a file; with an example.

    Notes
    -----
    Files of earlier versions are loaded. If a file of an earlier version lacks a parameter, `load` sets the value that
    keeps the earlier behaviour. A file whose format is newer than this version supports is refused. scikit-learn warns
    of steps that another version of it fitted.
    """
    try:
        return _restore_all(*unpack(read_file(os.path.expanduser(path), max_size)))
    except SkseqaeFormatError as error:
        raise SkseqaeFormatError(f"{os.fspath(path)} is refused: {error}") from None


def _restore_all(manifest, tensors):
    """Return the estimator in a file; all of the file must be used."""
    try:
        check_keys(manifest, ["format", "versions", "estimator"], "the manifest")
        versions = manifest["versions"]
        require(isinstance(versions, dict), "versions must be an object.")
        check_keys(versions, ["skseqae", "python", *LIBRARIES], "versions")
        require(all(isinstance(each, str) for each in versions.values()), "versions must be strings.")
        manifest = upgrade(manifest, tensors)
        n_bytes = token_bytes(manifest["estimator"])
        require(n_bytes <= MAX_TOKEN_BYTES, f"its tokens have {n_bytes} bytes, more than {MAX_TOKEN_BYTES}.")
        estimator = restore(manifest["estimator"], "estimator", tensors)
    except RecursionError:
        raise SkseqaeFormatError("the manifest is nested too deeply.") from None
    require(not tensors, f"tensor {next(iter(tensors), '')[:80]!r} is not used.")
    return estimator
