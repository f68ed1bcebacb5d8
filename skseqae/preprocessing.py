"""Steps before an autoencoder, or instead of one: timesteps transformed, sequences padded, sequences resampled."""

import copy
from contextlib import suppress
from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.utils import _safe_indexing, check_consistent_length, get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, has_fit_parameter

from .data._arrays import as_floats
from .data._check_sequences import check_sequences
from .data._dataframes import names_if_strings
from .data._sequences import Sequences, cut
from .data._tabular import check_sample_weight
from .mixins._dataframe_output import FrameOutputMixin
from .mixins._sequence_input import SequenceInputMixin
from .runtime._memory import check_memory

__all__ = ["PerTimestep", "Resampler", "SequencePadder"]


class _SequenceTransformer(SequenceInputMixin, FrameOutputMixin, BaseEstimator):
    """Read sequences at fit; a subclass takes what it must know of them (`_learn`)."""

    _parameter_constraints: dict = {"padding_value": [Real, None]}

    def _fit(self, X, *others):
        """Fit a copy and take it over by one update, so that a failure leaves everything as it was."""
        fitted = copy.copy(self)
        sequences, fitted._layout = fitted._check_input(X, reset=True)
        fitted._padding_value, fitted._n_features = self.padding_value, sequences.n_features
        fitted._learn(sequences, *others)
        self.__dict__ = vars(fitted)
        return self

    def _read(self, X):
        check_is_fitted(self)
        return self._check_input(X)

    def _names_of_features(self, input_features):
        """Return the names of the F features of a timestep; those of the columns of a table name timesteps."""
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return names if len(names) == self._n_features else np.array([f"x{i}" for i in range(self._n_features)], object)


class _SequenceOutputMixin:
    """What comes out are sequences, of which no dataframe is made."""

    def set_output(self, *, transform=None):
        """Do nothing, so that a pipeline can ask it of every step: sequences come out as the kind that came in.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Not used.

        Returns
        -------
        self
        """
        return self


def _transformer_has(verb):
    """Return a check for `available_if`: the transformer, fitted or to be, has this verb."""

    def check(self):
        getattr(getattr(self, "transformer_", self.transformer), verb)
        return True

    return check


class PerTimestep(_SequenceOutputMixin, _SequenceTransformer, auto_wrap_output_keys=None):
    """Apply a transformer of scikit-learn to the timesteps of sequences.

    The transformer is fitted on the real timesteps of all sequences, a row each. Each sequence is then transformed on
    its own, so that it becomes the same whatever padding it has and whichever sequences come with it, bit for bit.
    That costs a call of the transformer a sequence: some tenths of a millisecond.

    Missing values may stand inside sequences; whether they are filled, passed on or refused is up to the transformer.
    Trailing timesteps of an array that are all NaN are padding.

    Parameters
    ----------
    transformer : transformer with `fit` and `transform`
        Gives a row of numbers for each row: a scaler, an imputer, PCA, an encoder of categories that are numbers, a
        `ColumnTransformer` of columns by number, a pipeline. Sparse rows are made dense. It is cloned.
    padding_value : float, default=None
        What 2-D and 3-D arrays are padded with at the end: trailing timesteps all equal to it are padding. None: NaN.

    Attributes
    ----------
    transformer_ : transformer
        The fitted clone.
    n_features_in_ : int
        Features per timestep; for 2-D X the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names, or of the features of named `Sequences`.

    See Also
    --------
    Resampler : Rows of one length from sequences.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.impute import SimpleImputer
    >>> from skseqae.preprocessing import PerTimestep
    >>> PerTimestep(SimpleImputer()).fit_transform([np.array([1.0, np.nan]), np.array([3.0])])
    [array([1., 2.]), array([3.])]
    """

    _parameter_constraints: dict = {
        **_SequenceTransformer._parameter_constraints,
        "transformer": [HasMethods(["fit", "transform"])],
    }
    _allow_missing = True

    def __init__(self, transformer, *, padding_value=None):
        self.transformer = transformer
        self.padding_value = padding_value

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None):
        """Fit the transformer on all real timesteps.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : array-like of N targets, default=None
            Given to the transformer with each timestep of a sequence; most do not look at it.
        sample_weight : array-like of shape (N,), default=None
            How much each timestep of a sequence counts, at least 0.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of numbers, the transformer refuses them or takes no `sample_weight`, or it gives no
            row of numbers for each row.
        """
        return self._fit(X, y, sample_weight)

    def _learn(self, sequences, y, sample_weight):
        transformer, lengths, given = clone(self.transformer), sequences.lengths, {}
        if y is not None:
            check_consistent_length(lengths, y)
            given["y"] = _safe_indexing(*indexable(y), np.repeat(np.arange(len(lengths)), lengths))
        if sample_weight is not None:
            if not has_fit_parameter(transformer, "sample_weight"):
                raise ValueError(f"{type(transformer).__name__} takes no sample_weight: leave it out.")
            given["sample_weight"] = np.repeat(check_sample_weight(sample_weight, len(lengths)), lengths)
        self.transformer_ = transformer.fit(sequences.packed, **given)
        # the first row, to know how wide the others will be
        self._n_features_out = self._rows("transform", sequences.packed[:1]).shape[1]

    def transform(self, X):
        """Transform each timestep.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        transformed : sequences of N samples
            Of the kind of X, with its lengths and its padding. An array or dataframe (N, T) becomes an array (N, T), or
            (N, T, K) where the transformer gives K > 1 features. `Sequences` whose features have names become such.
        """
        sequences, layout = self._read(X)
        names = None
        if sequences.feature_names is not None:
            with suppress(AttributeError):  # where the transformer, or a step within it, names nothing
                names = names_if_strings(self.transformer_.get_feature_names_out(sequences.feature_names))
        return replace(layout, feature_names=names).restore(self._apply("transform", sequences))

    @available_if(_transformer_has("inverse_transform"))
    def inverse_transform(self, X):
        """Take each timestep back.

        Parameters
        ----------
        X : sequences of N samples
            As `transform` gives them.

        Returns
        -------
        original : sequences of N samples
            Of the kind of X, with numbers for timesteps where `fit` was given such.

        Raises
        ------
        ValueError
            If X has another number of features than `transform` gives.
        """
        check_is_fitted(self)
        sequences, layout = check_sequences(X, padding_value=self._padding_value, allow_missing=True)
        if sequences.n_features != self._n_features_out:
            raise ValueError(
                f"X has {sequences.n_features} features per timestep, but {type(self.transformer_).__name__} gives "
                f"{self._n_features_out}."
            )
        univariate = layout.univariate or self._layout.univariate
        layout = replace(layout, univariate=univariate, feature_names=self._layout.feature_names)
        return layout.restore(self._apply("inverse_transform", sequences))

    @available_if(_transformer_has("get_feature_names_out"))
    def get_feature_names_out(self, input_features=None):
        """Return the transformer's names of the features of a timestep, or the names of a table's columns.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the features that it reads. None: "x0", "x1" and so on.

        Returns
        -------
        names : ndarray of str of shape (K,), or (T,) where `transform` makes a table (N, T) of one
        """
        names = self._names_of_features(input_features)
        if self._layout.kind == "table" and self._n_features_out == 1:
            return _check_feature_names_in(self, input_features)
        return self.transformer_.get_feature_names_out(names)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: what the transformer's are about timesteps."""
        tags, inner = super().__sklearn_tags__(), get_tags(self.transformer)
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        tags.input_tags.positive_only = inner.input_tags.positive_only
        tags.target_tags.required = inner.target_tags.required
        tags.non_deterministic = inner.non_deterministic
        if inner.transformer_tags is not None:
            tags.transformer_tags.preserves_dtype = inner.transformer_tags.preserves_dtype
        return tags

    def _apply(self, verb, sequences):
        # One by one: the last bits of a product of matrices depend on how many rows there are.
        rows = [self._rows(verb, values) for values in sequences if len(values)]
        return Sequences(np.concatenate(rows), sequences.lengths)

    def _rows(self, verb, values):
        """Return what the transformer makes of the timesteps (T, F) of one sequence: (T, K)."""
        rows = getattr(self.transformer_, verb)(values)
        rows = rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)
        name = f"{type(self.transformer_).__name__}.{verb}(X)"
        if rows.ndim != 2 or len(rows) != len(values):
            raise ValueError(f"{name} has shape {rows.shape}, expected a row for each of {len(values)} timesteps.")
        return as_floats(rows, name)


class SequencePadder(_SequenceOutputMixin, _SequenceTransformer, auto_wrap_output_keys=None):
    """Pad sequences to one length, for what reads arrays with time on axis 1.

    Estimators of this package need no padding.

    Parameters
    ----------
    n_timesteps : int, default=None
        T of the array, at least 1. None: the longest length in training.
    padding_value : float, default=None
        What padding is filled with at the end, and what arrays that come in are padded with. None: NaN.
    too_long : {"error", "truncate"}, default="error"
        Whether a sequence of more than T timesteps is refused, or loses those at its end.

    Attributes
    ----------
    n_timesteps_ : int
        T of the array.
    n_features_in_ : int
        Features per timestep; for 2-D X the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names, or of the features of named `Sequences`.

    See Also
    --------
    skseqae.Sequences.to_padded : The same without learning a length.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae.preprocessing import SequencePadder
    >>> padder = SequencePadder(padding_value=0.0)
    >>> padder.fit_transform([np.array([1.0, 2.0]), np.array([3.0])])[:, :, 0]
    array([[1., 2.],
           [3., 0.]])
    """

    _parameter_constraints: dict = {
        **_SequenceTransformer._parameter_constraints,
        "n_timesteps": [Interval(Integral, 1, None, closed="left"), None],
        "too_long": [StrOptions({"error", "truncate"})],
    }

    def __init__(self, n_timesteps=None, *, padding_value=None, too_long="error"):
        self.n_timesteps = n_timesteps
        self.padding_value = padding_value
        self.too_long = too_long

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Take the length to pad to.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : ignored
            Here for scikit-learn's sake.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of finite numbers.
        """
        return self._fit(X)

    def _learn(self, sequences):
        self.n_timesteps_ = int(sequences.lengths.max() if self.n_timesteps is None else self.n_timesteps)

    def transform(self, X):
        """Pad sequences.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        padded : ndarray of shape (N, `n_timesteps_`, F)

        Raises
        ------
        ValueError
            If a sequence is longer than `n_timesteps_` and `too_long="error"`.
        MemoryError
            If the array would not fit into the memory that is free.
        """
        sequences, _ = self._read(X)
        longest = int(sequences.lengths.max())
        if longest > self.n_timesteps_ and self.too_long == "error":
            raise ValueError(
                f"X[{sequences.lengths.argmax()}] has {longest} timesteps, but arrays have {self.n_timesteps_}: set "
                "n_timesteps to more, or too_long='truncate'."
            )
        return cut(sequences, self.n_timesteps_).to_padded(self.n_timesteps_, self._padding_value)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features of a timestep, which stay as they are.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the features. None: "x0", "x1" and so on. Those of the columns of a table name timesteps, and are
            not used.

        Returns
        -------
        names : ndarray of str of shape (F,)
        """
        return self._names_of_features(input_features)

    def inverse_transform(self, X):
        """Cut the padding off.

        Timesteps at the end of a sequence that are all `padding_value` are cut off too: with a value that the data
        never have there is none.

        Parameters
        ----------
        X : array-like of shape (N, T, F)
            As `transform` gives it.

        Returns
        -------
        sequences : sequences of N samples
            Of the kind that `fit` was given.

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of finite numbers, of as many features as in training.
        """
        check_is_fitted(self)
        sequences, layout = check_sequences(X, padding_value=self._padding_value)
        self._check_n_features(sequences, layout)
        return self._layout.restore(sequences)


class Resampler(_SequenceTransformer):
    """Resample each sequence to the same few timesteps, and write them in a row.

    Between timesteps lies a straight line: the first and the last of the `n_timesteps` are those of the sequence, the
    others are spread evenly between them. Where a sequence has `n_timesteps`, they are it. This forgets how long a
    sequence was and learns nothing; encodings that tell less are worth no training.

    Parameters
    ----------
    n_timesteps : int, default=16
        Timesteps of each row, at least 2.
    padding_value : float, default=None
        What 2-D and 3-D arrays are padded with at the end: trailing timesteps all equal to it are padding. None: NaN.

    Attributes
    ----------
    n_features_in_ : int
        Features per timestep; for 2-D X the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names, or of the features of named `Sequences`.

    See Also
    --------
    skseqae.LSTMAutoencoderTransformer : Encodings of sequences, learnt.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae.preprocessing import Resampler
    >>> resampler = Resampler(n_timesteps=3)
    >>> resampler.fit_transform([np.array([1.0, 2.0]), np.array([3.0]), np.array([0.0, 2.0, 4.0, 6.0])])
    array([[1. , 1.5, 2. ],
           [3. , 3. , 3. ],
           [0. , 3. , 6. ]])
    >>> resampler.get_feature_names_out()
    array(['x0_t0', 'x0_t1', 'x0_t2'], dtype=object)
    """

    _parameter_constraints: dict = {
        **_SequenceTransformer._parameter_constraints,
        "n_timesteps": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(self, n_timesteps=16, *, padding_value=None):
        self.n_timesteps = n_timesteps
        self.padding_value = padding_value

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Take the number of features.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : ignored
            Here for scikit-learn's sake.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of finite numbers.
        """
        return self._fit(X)

    def _learn(self, sequences):
        self._n_timesteps = self.n_timesteps

    def transform(self, X):
        """Resample sequences.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        rows : ndarray of shape (N, n_timesteps * F)
            The features of the first timestep, then those of the second, and so on; zeros for an empty sequence.
            float32 if X is, else float64.

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of as many features as in training.
        MemoryError
            If the rows would not fit into the memory that is free.
        """
        sequences, _ = self._read(X)
        values, lengths = sequences.packed, sequences.lengths
        check_memory(
            # four numbers of 8 bytes for each feature of what comes out, and as many for each of its timesteps
            32 * len(lengths) * self._n_timesteps * (sequences.n_features + 1),
            f"{len(lengths)} rows of {self._n_timesteps} timesteps of {sequences.n_features} features",
            "Take fewer n_timesteps, or fewer samples at a time.",
        )
        last = np.maximum(lengths - 1, 0)[:, None]
        # In integers, so that a place that is a timestep is exactly that one, and what follows the last has no share.
        before, beyond = np.divmod(np.arange(self._n_timesteps) * last, self._n_timesteps - 1)
        starts = (np.cumsum(lengths) - lengths)[:, None]
        low = values.take(starts + before, axis=0, mode="clip").astype(np.float64)
        high = values.take(starts + before + 1, axis=0, mode="clip")
        resampled = low + (beyond / (self._n_timesteps - 1))[:, :, None] * (high - low)
        resampled[lengths == 0] = 0
        return resampled.reshape(len(lengths), -1).astype(values.dtype, copy=False)

    def get_feature_names_out(self, input_features=None):
        """Return a name for each column: that of the feature, and the number of the timestep.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the features. None: "x0", "x1" and so on. Those of the columns of a table name timesteps, and are
            not used.

        Returns
        -------
        names : ndarray of str of shape (n_timesteps * F,)
        """
        features = self._names_of_features(input_features)
        names = [f"{feature}_t{t}" for t in range(self._n_timesteps) for feature in features]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: float32 comes out where it went in."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
