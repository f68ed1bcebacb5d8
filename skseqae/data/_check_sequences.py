"""Validation of X: read any accepted container as `Sequences`."""

import warnings

import numpy as np

from ._arrays import as_arrays, locate
from ._dataframes import common_feature_names
from ._layout import Layout
from ._packing import check_padding_value, check_values, pack_list, pack_padded
from ._sequences import Sequences

MAX_EXACT_INTEGER = 2**24  # float32 represents all integers up to this one


def check_sequences(
    X, *, padding_value=None, warn_trailing_zeros=False, for_float32=False, allow_missing=False, name="X"
):
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
    warn_trailing_zeros : bool, default=False
        Whether to warn if more than half of the samples of an array (N, T, F) end in zeros, which may be padding.
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
        check_values(X.packed, X.lengths, (name + "[{}]").format, allow_missing=allow_missing)
        return X, Layout("sequences", feature_names=X.feature_names)
    names, X = common_feature_names(X, name), as_arrays(X, name)
    if isinstance(X, list):
        sequences = Sequences(*pack_list(X, name, allow_missing), feature_names=names)
        if for_float32 and all(x.dtype.kind in "iu" for x in X):
            warn_large_integers(sequences, name)
        return sequences, Layout("list", univariate=all(x.ndim == 1 for x in X))
    sequences = Sequences(*pack_padded(X, None, "post", padding_value, name, allow_missing))
    if for_float32 and X.dtype.kind in "iu":
        warn_large_integers(sequences, name)
    if X.ndim == 2:
        return sequences, Layout("table", X.shape[1], univariate=True, padding_value=padding_value)
    if warn_trailing_zeros and padding_value is None:
        _warn_trailing_zeros(sequences)
    return sequences, Layout("padded", X.shape[1], padding_value=padding_value)


def warn_large_integers(sequences, name):
    """Warn about integers that float32, in which the networks compute, cannot represent exactly."""
    is_large = np.abs(sequences.packed) > MAX_EXACT_INTEGER
    if is_large.any():
        row, feature = np.argwhere(is_large)[0]
        i, t = locate(row, sequences.lengths)
        warnings.warn(
            f"{name}[{i}] has the integer {sequences.packed[row, feature]:.0f} at timestep {t}, but networks compute "
            f"in float32, which represents integers exactly up to 2**24 = {MAX_EXACT_INTEGER} only: neighbouring "
            "integers may become equal. Subtract an offset that they share, or convert them to float64 if the loss of "
            "precision is acceptable.",
            UserWarning,
            stacklevel=3,
        )


def _warn_trailing_zeros(sequences):
    ends = (sequences._starts + sequences.lengths)[sequences.lengths > 0]
    n_zero = np.count_nonzero(~sequences._values[ends - 1].any(axis=1))
    if n_zero > len(sequences) / 2:
        warnings.warn(
            f"{n_zero} of {len(sequences)} samples end in timesteps whose features are all zero. "
            "These timesteps are read as data. If they are padding, set padding_value=0.0.",
            UserWarning,
            stacklevel=3,
        )
