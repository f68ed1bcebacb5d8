"""PerTimestep: a scikit-learn transformer applied to each timestep."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils import _safe_indexing, check_consistent_length, get_tags, indexable
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, has_fit_parameter

from ..data._arrays import as_floats
from ..data._check_sequences import check_sequences
from ..data._dataframes import names_if_strings
from ..data._sequences import Sequences
from ..data._tabular import check_sample_weight
from ._base import _SequenceOutputMixin, _SequenceTransformer


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
