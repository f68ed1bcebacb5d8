"""Validation of X: read any accepted container as `Sequences`."""

import warnings

import numpy as np

from ._arrays import as_arrays, locate
from ._dataframes import common_feature_names
from ._layout import Layout
from ._packing import check_padding_value, check_values, pack_list, pack_padded
from ._sequences import Sequences

MAX_EXACT_INTEGER = 2**24  # up to which float32 holds every one


def check_sequences(
    X, *, padding_value=None, warn_trailing_zeros=False, for_float32=False, allow_missing=False, name="X"
):
    """Read whatever holds sequences, or say what is wrong with it.

    Parameters
    ----------
    X : list of arrays, array, dataframe, nest of numbers or Sequences
        - A list, tuple or object array of arrays (T_i, F) or (T_i,), or a ragged nest of numbers: N sequences, each as
          long as it is. One of shape (0,) has the features of the others.
        - An array (N, T, F): trailing timesteps whose features are all NaN are padding.
        - An array or dataframe (N, T): N univariate sequences, trailing NaN is padding.
        - A rectangular nest of plain numbers: the array that it spells.
        - `Sequences`: returned as they are.
    padding_value : float, default=None
        Where trailing timesteps of an array are padded with this, and not with NaN. Does not matter to lists.
    warn_trailing_zeros : bool, default=False
        Whether to warn where more than half of the samples of an array (N, T, F) end in zeros, which look like padding.
    for_float32 : bool, default=False
        Whether to warn of integers that float32, in which networks compute, does not hold.
    allow_missing : bool, default=False
        Whether NaN may stand inside sequences. Trailing timesteps of an array that are all NaN are padding even so.
    name : str, default="X"
        What errors call it.

    Returns
    -------
    sequences : Sequences of shape (N,)
        float32 where X is, otherwise float64. Shares no memory with X, unless that is `Sequences`.
    layout : Layout
        The kind of X, by which to restore it.

    Raises
    ------
    TypeError
        If X holds what is not real numbers (strings, say), or is sparse, masked, or nothing that holds sequences.
    ValueError
        If it has another number of dimensions, no samples, no features, no timesteps at all, different numbers of
        features, complex numbers, or NaN, inf or what overflows float32 inside a sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae._sequences import check_sequences
    >>> sequences, layout = check_sequences([np.ones((4, 2)), np.ones((3, 2))])
    >>> sequences
    Sequences(N=2, lengths 3-4, n_features=2, float64)
    >>> layout.kind
    'list'
    >>> X = np.array([[[1.0], [0.0], [2.0]], [[3.0], [0.0], [0.0]]])
    >>> check_sequences(X, padding_value=0.0)[0].lengths
    array([3, 1])
    """
    padding_value = check_padding_value(padding_value)
    if isinstance(X, Sequences):
        # again, because they may have been let in with missing values
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
    """Warn of integers that float32, in which networks compute, cannot tell from their neighbours."""
    is_large = np.abs(sequences.packed) > MAX_EXACT_INTEGER
    if is_large.any():
        row, feature = np.argwhere(is_large)[0]
        i, t = locate(row, sequences.lengths)
        warnings.warn(
            f"{name}[{i}] has the integer {sequences.packed[row, feature]:.0f} at timestep {t}, but networks compute "
            f"in float32, which holds integers up to 2**24 = {MAX_EXACT_INTEGER} only: neighbours may become the same. "
            "Subtract what they have in common, or turn them into float64 if that is no loss.",
            UserWarning,
            stacklevel=3,
        )


def _warn_trailing_zeros(sequences):
    ends = (sequences._starts + sequences.lengths)[sequences.lengths > 0]
    n_zero = np.count_nonzero(~sequences._values[ends - 1].any(axis=1))
    if n_zero > len(sequences) / 2:
        warnings.warn(
            f"{n_zero} of {len(sequences)} samples end in timesteps whose features are all zero. "
            "They are read as data: if they are padding, say padding_value=0.0.",
            UserWarning,
            stacklevel=3,
        )
