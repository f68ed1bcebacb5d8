"""Estimators of scikit-learn in files, as skops describes them: a JSON text, and arrays in the table of tensors.

skops writes a zip archive of a text and of arrays in NumPy's format. A file holds the same text and arrays, but not the
archive: it is assembled from them for skops to read, so that only this package's reader meets the bytes of a file.
"""

import json
from io import BytesIO
from zipfile import ZipFile

import numpy as np
from sklearn import feature_selection
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..exceptions import SkseqaeFormatError
from ..runtime._optional_imports import import_optional
from ._file_format import DTYPES, require
from ._json_values import check_keys, decode, encode

SCORES = ("chi2", "f_classif", "f_regression", "mutual_info_classif", "mutual_info_regression", "r_regression")
# types that skops does not trust, though nothing but a value or a function of scikit-learn's comes of them
TRUSTED = [
    *("numpy.dtype", "sklearn.utils._bunch.Bunch"),
    *(f"{getattr(feature_selection, name).__module__}.{name}" for name in SCORES),
]
# the nodes of the text that are allowed, and the types they may have; None: those that skops or `TRUSTED` names
NODES = dict.fromkeys(["FunctionNode", "JsonNode", "LossNode", "ObjectNode", "SliceNode", "TypeNode"]) | {
    "DictNode": {"builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"},
    "DTypeNode": {"numpy.dtype"},
    "ListNode": {"builtins.list"},
    "NdArrayNode": {"numpy.ndarray", *(f"numpy.{dtype.type.__name__}" for dtype in DTYPES.values())},
    "TupleNode": {"builtins.tuple"},
}


def describe_scikit_learn(estimator, path, tensors, fitted=True):
    """Return an estimator of scikit-learn as JSON, and add its arrays to `tensors`.

    Raises
    ------
    TypeError
        If the estimator is or holds an object whose type is not trusted; the error names the type.
    """
    io = import_optional("skops.io", "skops")
    if fitted:
        check_is_fitted(estimator)
    try:
        content = io.dumps(estimator)
    except TypeError as error:
        raise TypeError(f"{path} is {estimator!r}, which skops cannot save: {error}") from None
    with ZipFile(BytesIO(content)) as archive:
        schema, arrays = json.loads(archive.read("schema.json")), []
        refused = sorted(_refused(schema) | {*io.get_untrusted_types(data=content)} - {*TRUSTED})
        if refused:
            raise TypeError(
                f"{path} is {estimator!r}, which is or holds {refused}: a file holds estimators of this package and "
                "of scikit-learn, and no code. joblib.dump saves any, in a file that runs code when it is loaded."
            )
        for node in _nodes(schema):
            node.pop("__id__", None)  # the address of the object in memory
            if "file" in node:
                array = np.load(archive.open(node["file"]))
                node["fortran"] = array.flags.fnc  # the last bits of products depend on it
                node["file"] = f"{len(arrays)}.npy"
                arrays.append(array.T if node["fortran"] else array)
    return {"schema": json.dumps(schema, separators=(",", ":")), "arrays": encode(arrays, path, tensors)}


def restore_scikit_learn(described, path, tensors, fitted=True):
    """Return the estimator of scikit-learn that JSON describes, and remove its arrays from `tensors`.

    Raises
    ------
    SkseqaeFormatError
        If the JSON does not describe an estimator of scikit-learn of trusted types.
    """
    require(isinstance(described, dict), f"{path} is not an estimator of scikit-learn.")
    check_keys(described, ["schema", "arrays"], path)
    arrays = decode(described["arrays"], path, tensors)
    io = import_optional("skops.io", "skops")
    try:
        archive = _archive(described["schema"], arrays, path)
        estimator = io.loads(archive, trusted=TRUSTED)
        is_estimator = type(estimator).__module__.startswith("sklearn.") and isinstance(estimator, BaseEstimator)
        require(is_estimator, f"{path} is not an estimator of scikit-learn.")
        # a folder of pickles, which the next fit would read
        for name, value in estimator.get_params().items():
            require(name.split("__")[-1] != "memory" or value is None, f"{path}.{name} must be None.")
        if fitted:
            check_is_fitted(estimator)
    except SkseqaeFormatError:
        raise
    except Exception as error:  # skops checks types, but not that the text is complete
        message = f"{path} is not an estimator that skops reads: {type(error).__name__}: {str(error)[:300]}"
        raise SkseqaeFormatError(message) from None
    return estimator


def _archive(text, arrays, path):
    """Return the bytes of the archive that skops reads, after checks of all that skops leaves unchecked."""
    schema = json.loads(text)
    nodes = list(_nodes(schema))
    refused = sorted(_refused(schema))
    require(not refused, f"{path} holds {refused[:3]}, which are not trusted.")
    # a node that others refer to could be visited any number of times, and an array that is named twice be copied twice
    require(not any("__id__" in node for node in nodes), f"{path} has references.")
    with_arrays = [node for node in nodes if "file" in node]
    names = [f"{i}.npy" for i in range(len(arrays))]
    require([node["file"] for node in with_arrays] == names, f"{path} does not name each array once.")
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", text)
        for node, array in zip(with_arrays, arrays, strict=True):
            with archive.open(node["file"], "w", force_zip64=True) as file:
                np.save(file, array.T if node["fortran"] else array, allow_pickle=False)
    return buffer.getvalue()


def _nodes(value):
    """Yield all nodes in a text of skops."""
    if isinstance(value, dict):
        if "__loader__" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item)


def _refused(schema):
    """Return the names of the types whose nodes are not allowed."""
    found = [
        (NODES.get(node["__loader__"], ()), f"{node['__module__']}.{node['__class__']}") for node in _nodes(schema)
    ]
    return {name for allowed, name in found if allowed is not None and name not in allowed}
