"""Arrays with one row per sample: encodings, targets and sample weights."""

import numpy as np

from ..runtime._memory import check_memory
from ._arrays import NUMERIC_KINDS, as_arrays, as_floats
from ._packing import FLOAT32_MAX, RESHAPE, check_shape, describe_fault


def read_rows(X, name, *, ndim=(2,), largest=FLOAT32_MAX):
    """Read an array of finite numbers.

    Parameters
    ----------
    X : array-like of shape (N, F) or (N,), or dataframe
    name : str
        What errors call it.
    ndim : tuple of int, default=(2,)
        Numbers of dimensions that it may have, 1 or 2.
    largest : float, default=FLOAT32_MAX
        Up to which magnitude values are taken.

    Returns
    -------
    array of shape (N, F) or (N,)
        float32 where X is, otherwise float64. May be X itself.

    Raises
    ------
    TypeError
        If X is not of real numbers, or is sparse or masked.
    ValueError
        If its shape is another, or rows differ in length, or a value is NaN, infinite or too large.
    """
    shapes = " or ".join(("(N,)", "(N, F)")[n - 1] for n in ndim)
    array = as_arrays(X, name, ("column",), f"an array {shapes}")
    if isinstance(array, list):
        array = _stack(array, name)
    if array.ndim not in ndim:
        raise ValueError(
            f"{name} has shape {array.shape}, expected an array {shapes}.{f' {RESHAPE}' if array.ndim < 2 else ''}"
        )
    check_shape(array.shape, ("sample", "feature")[: array.ndim])
    if array.dtype.kind not in NUMERIC_KINDS:
        places = ("column",)[: array.ndim - 1]
        array = np.stack([as_floats(np.asarray(row), f"{name}[{i}]", places) for i, row in enumerate(array)])
    check_memory(array.size * 17, f"{name} of shape {array.shape}", "Take fewer samples at a time.")
    array = as_floats(array, name)
    faults = np.argwhere(~(np.abs(array) <= largest))
    if len(faults):
        what, advice = describe_fault(array[tuple(faults[0])], "Fill it in, or leave such samples out.")
        place = f" in column {faults[0][1]}" if array.ndim == 2 else ""
        raise ValueError(f"{name}[{faults[0][0]}] has {what}{place}. {advice}")
    return array


def _stack(rows, name):
    """Return a list of rows as one array."""
    for i, row in enumerate(rows):
        if row.shape != rows[0].shape:
            raise ValueError(
                f"{name}[{i}] has shape {row.shape}, but {name}[0] has {rows[0].shape}. Every row must have as many "
                "columns as the others."
            )
    check_shape((len(rows),), ("sample",))
    return np.stack(rows)


def check_sample_weight(sample_weight, n_samples):
    """Return one weight for each of N samples.

    Parameters
    ----------
    sample_weight : array-like of shape (N,) or None
        None: all weigh 1.
    n_samples : int

    Returns
    -------
    array of shape (N,), float64

    Raises
    ------
    TypeError, ValueError
        If the weights are not N finite numbers of at least 0, one of them above.
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
