"""The container behaviour of `Sequences`: indexing, views, pickles and read-only access to packed values."""

import numpy as np

from ._arrays import short_repr
from ._html import make_html


class PackedSequences:
    """Store sequences of different lengths, read-only, in one array of all their timesteps.

    `Sequences` adds the constructors and the conversions.
    """

    __slots__ = ("_feature_names", "_ids", "_lengths", "_starts", "_times", "_values")

    def __init__(self, values, lengths, starts=None, feature_names=None, ids=None, times=None):
        self._values = read_only_view(values)
        self._lengths = read_only_view(lengths)
        self._starts = read_only_view(np.cumsum(lengths) - lengths if starts is None else starts)
        self._feature_names = None if feature_names is None else tuple(map(str, feature_names))
        self._ids = None if ids is None else read_only_view(ids)
        self._times = None if times is None else read_only_view(times)

    @property
    def lengths(self):
        """Number of timesteps of each sequence, read-only int64 array of shape (n_samples,)."""
        return self._lengths

    @property
    def n_features(self):
        """Number of features per timestep."""
        return self._values.shape[1]

    @property
    def feature_names(self):
        """Names of the features, a tuple of n_features str, or None."""
        return self._feature_names

    @property
    def ids(self):
        """Ids of the samples, read-only array of shape (n_samples,), or None.

        Integers, floats, dates and durations, or objects: strings, tuples for samples that several columns identify.
        """
        return self._ids

    @property
    def times(self):
        """Times of all timesteps, in the order of `packed`, read-only array of shape (sum of lengths,), or None.

        Numbers, datetime64, timedelta64, or objects: times with a time zone, periods, text and categories.
        """
        return None if self._times is None else self._gather(self._times)

    @property
    def dtype(self):
        """Type of the values, float32 or float64."""
        return self._values.dtype

    @property
    def shape(self):
        """(n_samples,): scikit-learn treats `Sequences` as a one-dimensional array of sequences."""
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
        """All timesteps in the order of the samples, read-only array of shape (sum of lengths, n_features).

        A view of the values if the sequences are consecutive in them, otherwise a copy.
        """
        return self._gather(self._values)

    def _gather(self, rows):
        """Return the rows of all timesteps in the order of the samples, of an array that is aligned with the values."""
        ends = self._starts + self._lengths
        if np.array_equal(self._starts[1:], ends[:-1]):
            start, end = (self._starts[0], ends[-1]) if len(self) else (0, 0)
            return rows[start:end]
        offsets = np.cumsum(self._lengths) - self._lengths
        chosen = np.repeat(self._starts - offsets, self._lengths) + np.arange(self._lengths.sum())
        return read_only_view(rows[chosen])

    def __len__(self):
        return len(self._lengths)

    def __iter__(self):
        for start, length in zip(self._starts.tolist(), self._lengths.tolist(), strict=True):
            yield self._values[start : start + length]

    def __getitem__(self, key):
        if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
            key = key[0]  # scikit-learn indexes any object that has a shape with (key, ...)
        if not isinstance(key, slice):
            key = _check_key(key)
        starts, lengths = self._starts[key], self._lengths[key]
        if starts.ndim == 0:
            return self._values[starts : starts + lengths]
        return self._select(key)

    def _select(self, key):
        """Return the samples at an index, as a view."""
        ids = None if self._ids is None else self._ids[key]
        return type(self)(self._values, self._lengths[key], self._starts[key], self._feature_names, ids, self._times)

    def __repr__(self):
        lengths = f"lengths {self._lengths.min()}-{self._lengths.max()}, " if len(self) else ""
        return f"{type(self).__name__}(N={len(self)}, {lengths}n_features={self.n_features}, {self.dtype})"

    def _repr_html_(self):
        """Return a table of the first sequences, for notebooks."""
        return make_html(self)

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "Sequences are not an array, because their lengths differ. To apply a transformer of scikit-learn to each "
            "timestep, wrap it: PerTimestep(StandardScaler()). X.to_padded() and X.packed are arrays."
        )

    def __reduce__(self):
        # Packed, so that a fold that is sent to another process contains only its own rows.
        return type(self), (self.packed, self._lengths, None, self._feature_names, self._ids, self.times)


def read_only_view(array):
    """Return a read-only view. A view of a memory map still reads from the file."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def _check_key(key):
    """Return an index of samples as an integer or boolean array."""
    rows = np.asarray(key)
    if isinstance(key, list) and not key:
        rows = rows.astype(np.intp)
    is_one_bool = rows.ndim == 0 and rows.dtype.kind == "b"  # NumPy would add an axis
    if isinstance(key, tuple) or rows.ndim > 1 or rows.dtype.kind not in "biu" or is_one_bool:
        raise IndexError(
            f"Expected an integer, a slice, a list or array of integers or a boolean mask, got {short_repr(key)}."
        )
    return rows
