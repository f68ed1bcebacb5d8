"""Labels of a classifier: validation, classes and class weights."""

from dataclasses import replace
from functools import partial
from numbers import Real

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y, check_array

from ..runtime._warnings import warn_user
from ._arrays import as_any_array, is_missing, is_sequence, short_repr
from ._tokens import Tokens, _as_lists, _check_tokens, _concatenate, as_array, unique_tokens


def class_weights(class_weight, classes, class_indices):
    """Return the weight of each class, from a dict or "balanced": an array of shape (C,).

    `class_indices` are those of all labels. Indices of C and above are not classes.
    """
    if isinstance(class_weight, str):
        counts = np.bincount(class_indices[class_indices < len(classes)], minlength=len(classes))
        return counts.sum() / (len(classes) * np.maximum(counts, 1))
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    unweighted = [label for label in labels if label not in class_weight]
    # a fold may lack a class, but a misspelt label leaves a class without its weight
    if (unknown and unweighted) or not all(map(_is_weight, class_weight.values())):
        raise ValueError(
            f"class_weight must give finite weights of at least 0 to some of the classes {labels}, got "
            f"{short_repr(class_weight)}."
        )
    return np.array([class_weight.get(label, 1.0) for label in labels])


def _is_weight(value):
    return isinstance(value, Real) and 0 <= value < np.inf


def read_labels(y, estimator, *, allow_missing=False):
    """Read the y of a classifier.

    Parameters
    ----------
    y : array-like of shape (N,) or (N, H), or list of N lists, tuples or arrays of labels (H_i,)
    estimator : estimator
        Named in error messages.
    allow_missing : bool, default=False
        Whether labels may be missing: None or NaN.

    Returns
    -------
    Tokens
        With None in place of missing labels.

    Raises
    ------
    TypeError, ValueError
        If y is None, holds continuous numbers, or a label is missing or not hashable.
    """
    if y is None:
        raise ValueError(f"This {type(estimator).__name__} requires y to be passed, but the target y is None.")
    if not isinstance(y, list | tuple):
        y = as_any_array(y, "y")
    if allow_missing:
        return _read_with_missing(y, estimator)
    if isinstance(y, list | tuple) or (y.dtype == object and y.ndim == 1):
        if any(map(is_sequence, y)):
            labels = _concatenate("list", _as_lists(y, "y"), "y")
            _check_discrete(labels.values)
            return labels
        y = as_array([row.item() if isinstance(row, np.ndarray) else row for row in y])
    y = _check_labels(y)
    if y.ndim == 2 and y.shape[1] != 1:
        values = check_array(y, dtype=None, input_name="y", estimator=estimator)
        _check_discrete(values.ravel())
        _warn_of_one_hot(values)
        return Tokens("table", values.ravel(), np.full(len(values), values.shape[1]))
    values = _check_y(y, multi_output=False, estimator=estimator)
    _check_discrete(values)
    return Tokens("label", values, np.ones(len(values), np.int64))


def _read_with_missing(y, estimator):
    """Return labels with None in place of missing ones, in whose place another label is validated."""
    if isinstance(y, np.ndarray) and y.ndim == 2:
        rows, restore = y.tolist(), lambda labels: as_array(labels).reshape(y.shape)
    elif any(map(is_sequence, y)):
        rows = _as_lists(y, "y")
        restore = partial(_split, lengths=[len(row) for row in rows])
    else:
        rows, restore = [[label] for label in y], as_array
    labels = [label for row in rows for label in row]
    gone = [is_missing(label) for label in labels]
    if not any(gone):
        return read_labels(y, estimator)
    if all(gone):
        raise ValueError("All labels of y are missing: at least one label is required.")
    filling = labels[gone.index(False)]
    read = read_labels(restore([filling if is_gone else x for x, is_gone in zip(labels, gone, strict=True)]), estimator)
    values = read.values.astype(object)
    values[gone] = None
    return replace(read, values=values)


def _split(labels, lengths):
    """Return the concatenated labels of sequences as a list of arrays."""
    return np.split(as_array(labels), np.cumsum(lengths)[:-1])


def _warn_of_one_hot(values):
    """Warn of a table of labels (N, H) that may be one-hot vectors."""
    is_binary = values.dtype.kind in "biuf" and np.isin(values, (0, 1)).all()
    if is_binary and len(values) > 1 and (values.sum(axis=1) == 1).all():
        warn_user(
            f"Each row of y has one 1 among zeros: y is read as {values.shape[1]} labels for each sample. If its rows "
            "are one-hot vectors of one label, pass y.argmax(axis=1)."
        )


def read_classes(classes):
    """Return the unique labels of all calls, as passed to the first call of `partial_fit`.

    Raises
    ------
    TypeError, ValueError
        If classes is not a list or array of labels.
    """
    if isinstance(classes, str | bytes | dict) or not np.iterable(classes) or getattr(classes, "ndim", 1) != 1:
        raise TypeError(f"classes must be a list or an array (C,) of labels, got {short_repr(classes)}.")
    rows = [[label] for label in classes]
    _check_tokens(rows, "classes", is_one_each=True)
    return unique_tokens(_concatenate("list", rows, "classes").values)


def _check_labels(y):
    """Return an array (N,) or (N, H). Errors name the first invalid label."""
    if y.dtype.kind in "cV":
        raise TypeError(f"y is of type {y.dtype}, expected labels: strings, integers or other hashable objects.")
    if y.ndim > 2:
        raise ValueError(f"y has shape {y.shape}, expected (N,), (N, H) or N sequences of labels.")
    if y.ndim and y.dtype.kind not in "biuUST":
        _check_tokens(y.reshape(len(y), -1 if y.size else 0).tolist(), "y", is_one_each=y.ndim == 1)
    if y.ndim and y.dtype.kind == "f" and np.isinf(y).any():
        raise ValueError(f"y[{np.argwhere(np.isinf(y))[0][0]}] is infinite, which is not a label.")
    return y.astype(object) if y.dtype.kind == "T" else y


def _check_discrete(values):
    """Raise scikit-learn's error on continuous numbers. Objects that are not strings are discrete."""
    if values.size and (values.dtype != object or all(isinstance(label, str) for label in values.flat)):
        check_classification_targets(values)
