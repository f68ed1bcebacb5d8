"""Arrays with one row per sample: encodings, targets and sample weights."""

import numpy as np

from ..runtime._memory import check_memory
from ._arrays import NUMERIC_KINDS, as_arrays, as_floats
from ._packing import FLOAT32_MAX, RESHAPE, check_shape, describe_invalid_value


def read_rows(X, name, *, ndim=(2,), largest=FLOAT32_MAX, allow_missing=False):
    """Read an array of finite numbers.

    Parameters
    ----------
    X : array-like of shape (N, F) or (N,), or dataframe
    name : str
        Name of X in error messages.
    ndim : tuple of int, default=(2,)
        Accepted numbers of dimensions, 1 or 2.
    largest : float, default=FLOAT32_MAX
        Largest accepted magnitude of a value.
    allow_missing : bool, default=False
        Whether to accept NaN.

    Returns
    -------
    array of shape (N, F) or (N,)
        float32 if X is float32, otherwise float64. May be X itself.

    Raises
    ------
    TypeError
        If X does not hold real numbers, or is sparse or masked.
    ValueError
        If X has another shape, rows differ in length, or a value is NaN, infinite or too large.
    """
    shapes = " or ".join(("(N,)", "(N, F)")[n - 1] for n in ndim)
    array = as_arrays(X, name, ("column",), f"an array {shapes}")
    if isinstance(array, list):
        array = _stack(array, name)
    if array.ndim not in ndim:
        advice = RESHAPE if array.ndim < 2 else f"Pass {name}.reshape(len({name}), -1) for one row per sample."
        raise ValueError(f"{name} has shape {array.shape}, expected an array {shapes}. {advice}")
    check_shape(array.shape, ("sample", "feature")[: array.ndim])
    if array.dtype.kind not in NUMERIC_KINDS:
        axes = ("column",)[: array.ndim - 1]
        array = np.stack([as_floats(np.asarray(row), f"{name}[{i}]", axes) for i, row in enumerate(array)])
    check_memory(array.size * 17, f"{name} of shape {array.shape}", "Pass fewer samples at a time.")
    array = as_floats(array, name)
    is_valid = np.abs(array) <= largest
    invalid = np.argwhere(~(is_valid | np.isnan(array) if allow_missing else is_valid))
    if len(invalid):
        value, advice = describe_invalid_value(array[tuple(invalid[0])], "Impute it, or remove such samples.")
        location = f" in column {invalid[0][1]}" if array.ndim == 2 else ""
        raise ValueError(f"{name}[{invalid[0][0]}] has {value}{location}. {advice}")
    return array


def _stack(rows, name):
    """Return a list of rows as one array."""
    for i, row in enumerate(rows):
        if row.shape != rows[0].shape:
            raise ValueError(
                f"{name}[{i}] has shape {row.shape}, but {name}[0] has {rows[0].shape}. All rows must have the same "
                "number of columns."
            )
    check_shape((len(rows),), ("sample",))
    return np.stack(rows)


def check_sample_weight(sample_weight, n_samples):
    """Return one weight per sample.

    Parameters
    ----------
    sample_weight : array-like of shape (N,) or None
        None: all weights are 1.
    n_samples : int

    Returns
    -------
    array of shape (N,), float64

    Raises
    ------
    TypeError, ValueError
        If the weights are not N finite non-negative numbers, or all are 0.
    """
    if sample_weight is None:
        return np.ones(n_samples)
    weights = read_rows(sample_weight, "sample_weight", ndim=(1,), largest=np.finfo(np.float64).max)
    if len(weights) != n_samples:
        raise ValueError(f"sample_weight has {len(weights)} values, but there are {n_samples} samples.")
    negative = np.flatnonzero(weights < 0)
    if len(negative):
        raise ValueError(f"sample_weight[{negative[0]}] is {weights[negative[0]]:g}, expected at least 0.")
    if not weights.any():
        raise ValueError("All values of sample_weight are zero: at least one sample needs a weight above zero.")
    return weights.astype(np.float64, copy=False)
