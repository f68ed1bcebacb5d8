"""Validation of X: read any accepted container as `Sequences`."""

import numpy as np

from ..runtime._warnings import warn_user
from ._arrays import as_arrays, locate
from ._columns import open_column
from ._dataframes import check_rows_are_sequences, common_feature_names, has_columns
from ._layout import Layout
from ._packing import check_padding_value, check_values, pack_list, pack_padded
from ._readings import warn_of_channels_first
from ._sequences import Sequences

MAX_EXACT_INTEGER = 2**24  # float32 represents all integers up to this one


def check_sequences(X, *, padding_value=None, warn=False, for_float32=False, allow_missing=False, name="X"):
    """Validate X and return it as `Sequences`, with its layout.

    Parameters
    ----------
    X : list of arrays, array, dataframe, nested list of numbers or Sequences
        - A list, tuple or object array of arrays (T_i, F) or (T_i,), or a ragged nested list of numbers: N sequences of
          their own lengths. An array of shape (0,) has the number of features of the others.
        - An array (N, T, F): trailing timesteps whose features are all NaN are padding.
        - An array or dataframe (N, T): N univariate sequences, trailing NaN is padding.
        - A rectangular nested list of plain numbers: read as the array with the same numbers.
        - `Sequences`: returned unchanged.
    padding_value : float, default=None
        The value of trailing padding of an array. None: NaN. Does not affect lists.
    warn : bool, default=False
        Whether to warn of an input that may mean something else: an array of which more than half of the samples begin
        or end in zeros, which may be padding, a dataframe whose columns may be features, and arrays whose last axis may
        be time.
    for_float32 : bool, default=False
        Whether to warn about integers that float32, in which the networks compute, cannot represent.
    allow_missing : bool, default=False
        Whether to accept NaN inside sequences. Trailing timesteps of an array that are all NaN are padding in any case.
    name : str, default="X"
        Name of X in error messages.

    Returns
    -------
    sequences : Sequences of shape (N,)
        float32 if X is float32, otherwise float64. Shares no memory with X, unless X is `Sequences`.
    layout : Layout
        The container of X, to which outputs are restored.

    Raises
    ------
    TypeError
        If X holds anything else than real numbers (strings, for example), is sparse or masked, or is not a container
        of sequences.
    ValueError
        If X has another number of dimensions, no samples, no features, no timesteps, inconsistent numbers of features,
        complex numbers, or NaN, inf or values that overflow float32 inside a sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae.data._check_sequences import check_sequences
    >>> sequences, layout = check_sequences([np.ones((4, 2)), np.ones((3, 2))])
    >>> sequences
    Sequences(N=2, lengths 3-4, n_features=2, float64)
    >>> layout.container
    'list'
    >>> X = np.array([[[1.0], [0.0], [2.0]], [[3.0], [0.0], [0.0]]])
    >>> check_sequences(X, padding_value=0.0)[0].lengths
    array([3, 1])
    """
    padding_value = check_padding_value(padding_value)
    if isinstance(X, Sequences):
        # again, because they may have been created with missing values
        options = {"allow_missing": allow_missing, "feature_names": X.feature_names}
        check_values(X.packed, X.lengths, (name + "[{}]").format, **options)
        return X, Layout("sequences", feature_names=X.feature_names)
    X = open_column(X, name)
    if warn and has_columns(X):
        check_rows_are_sequences(X)
    names, X = common_feature_names(X, name), as_arrays(X, name)
    if isinstance(X, list):
        sequences = Sequences(*pack_list(X, name, allow_missing, names), feature_names=names)
        if for_float32 and all(x.dtype.kind in "iu" for x in X):
            warn_large_integers(sequences, name)
        if warn and names is None:
            warn_of_channels_first(X)
        return sequences, Layout("list", univariate=all(x.ndim == 1 for x in X))
    sequences = Sequences(*pack_padded(X, None, "post", padding_value, name, allow_missing))
    if for_float32 and X.dtype.kind in "iu":
        warn_large_integers(sequences, name)
    if warn:
        _warn_of_padding(sequences, X.shape, padding_value)
        warn_of_channels_first(X, padding_value)
    if X.ndim == 2:
        return sequences, Layout("table", X.shape[1], univariate=True, padding_value=padding_value)
    return sequences, Layout("padded", X.shape[1], padding_value=padding_value)


def warn_large_integers(sequences, name):
    """Warn about integers that float32, in which the networks compute, cannot represent exactly."""
    is_large = np.abs(sequences.packed) > MAX_EXACT_INTEGER
    if is_large.any():
        row, feature = np.argwhere(is_large)[0]
        i, t = locate(row, sequences.lengths)
        warn_user(
            f"{name}[{i}] has the integer {sequences.packed[row, feature]:.0f} at timestep {t}, but networks compute "
            f"in float32, which represents integers exactly up to 2**24 = {MAX_EXACT_INTEGER} only: neighbouring "
            "integers may become equal. Subtract an offset that they share, or convert them to float64 if the loss of "
            "precision is acceptable."
        )


def _warn_of_padding(sequences, shape, padding_value):
    """Warn if most samples of an array of this shape begin or end in timesteps that may be padding."""
    value = 0.0 if padding_value is None else padding_value
    begins, ends = _runs(sequences, value)
    if len(shape) == 2:  # one number may well be zero: padding has several timesteps, and not as many in each sample
        begins, ends = (run * (len(np.unique(run)) > 1) * (run > 1) for run in (begins, ends))
    n_begin, n_end, n_samples = np.count_nonzero(begins), np.count_nonzero(ends), len(sequences)
    if padding_value is not None:
        n_end = np.count_nonzero(sequences.lengths < shape[1])  # those whose padding was removed
    if padding_value is None and n_end > n_samples / 2:
        warn_user(
            f"{n_end} of {n_samples} samples end in timesteps whose features are all zero. These timesteps are read as "
            "data. If they are padding, set padding_value=0.0."
        )
    elif n_begin > n_samples / 2 and n_end < n_samples / 4:
        warn_user(
            f"{n_begin} of {n_samples} samples begin with timesteps whose features are all {value:g}. These timesteps "
            "are read as data. If they are padding, which keras.utils.pad_sequences puts in front by default, pass "
            f"Sequences.from_padded(X, padding='pre', padding_value={value:g})."
        )


def _runs(sequences, value):
    """Return how many timesteps at the beginning and at the end of each non-empty sequence equal a value."""
    filled = sequences[sequences.lengths > 0]
    is_data, ends = (filled.packed != value).any(axis=1), np.cumsum(filled.lengths)
    starts, rows = ends - filled.lengths, np.arange(len(is_data))
    first = np.minimum.reduceat(np.where(is_data, rows, len(rows)), starts)
    last = np.maximum.reduceat(np.where(is_data, rows, -1), starts)
    return np.minimum(first, ends) - starts, ends - 1 - np.maximum(last, starts - 1)
