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
from ..data._columns import with_index_of
from ..data._dataframes import names_if_strings
from ..data._sequences import replace_values
from ..data._tabular import check_sample_weight
from ..runtime._optional_imports import import_optional
from ._base import _SequenceOutputMixin, _SequenceTransformer
from ._row_wise import is_row_wise, selects_by_name


def _transformer_has(method):
    """Return a check for `available_if`: the fitted transformer, or else the parameter, has the method."""

    def check(self):
        getattr(getattr(self, "transformer_", self.transformer), method)
        return True

    return check


class PerTimestep(_SequenceOutputMixin, _SequenceTransformer, auto_wrap_output_keys=None):
    """Apply a scikit-learn transformer to each timestep of the sequences.

    The transformer is fitted on the real timesteps of all sequences, one row per timestep. The result for a sequence
    depends neither on its padding nor on the other sequences (bitwise identical). `transform` therefore calls the
    transformer once per sequence, which takes some tenths of a millisecond each. Scalers, encoders, discretisers and
    `SimpleImputer` of scikit-learn, which transform each row by itself, are called once for all sequences; so are a
    pipeline, a `FeatureUnion` and a `ColumnTransformer` of these.

    Sequences may contain missing values; the transformer imputes them, passes them through or raises an error.
    Trailing timesteps of an array that are all NaN are padding.

    Parameters
    ----------
    transformer : transformer with `fit` and `transform`
        Transformer that returns one row of numbers per row: for example a scaler, an imputer, PCA, an encoder of
        numeric categories, a `ColumnTransformer`, or a pipeline. A `ColumnTransformer` may select columns by name if
        the features of X have names; it then receives the timesteps as a pandas dataframe. Sparse output is converted
        to dense. The transformer is cloned.
    padding_value : float, default=None
        Padding value of 2-D and 3-D arrays. Trailing timesteps whose features all equal this value are padding. If
        None, the padding value is NaN. If set, NaN is not padding. Lists and `Sequences` have no padding.

    Attributes
    ----------
    transformer_ : transformer
        The fitted clone of `transformer`.
    n_features_in_ : int
        Number of features per timestep; for 2-D X, the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns of X if it was a dataframe with string column names, or of the features of X if it had
        named features. Defined only in these cases.

    See Also
    --------
    Resampler : Convert sequences to rows of equal length.

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

    def __init__(self, transformer, *, padding_value=None):
        self.transformer = transformer
        self.padding_value = padding_value

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None):
        """Fit the transformer on all real timesteps.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for accepted containers.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets, which are repeated for each timestep of a sequence and passed to `transformer.fit`. Most
            transformers ignore them.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative sample weights, which are repeated for each timestep of a sequence.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of numbers, if the transformer raises for them or does not accept
            `sample_weight`, or if it does not return one row of numbers per row.
        """
        return self._fit(X, y, sample_weight)

    def _fit_sequences(self, sequences, y, sample_weight):
        transformer, lengths, fit_params = clone(self.transformer), sequences.lengths, {}
        if y is not None:
            check_consistent_length(lengths, y)
            fit_params["y"] = _safe_indexing(*indexable(y), np.repeat(np.arange(len(lengths)), lengths))
        if sample_weight is not None:
            if not has_fit_parameter(transformer, "sample_weight"):
                raise ValueError(f"{type(transformer).__name__} does not accept sample_weight: omit it.")
            fit_params["sample_weight"] = np.repeat(check_sample_weight(sample_weight, len(lengths)), lengths)
        self.transformer_ = transformer.fit(self._rows_for(transformer)(sequences.packed), **fit_params)
        # The transformed first row gives the number of output features.
        self._n_features_out = self._apply("transform", sequences[sequences.lengths > 0][:1]).n_features

    def transform(self, X):
        """Transform each timestep.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for accepted containers.

        Returns
        -------
        transformed : sequences of shape (n_samples,)
            The transformed sequences in the container type of X, with the same lengths and padding. An array or
            dataframe of shape (n_samples, n_timesteps) becomes an array of that shape, or of shape
            (n_samples, n_timesteps, n_outputs) if the transformer returns n_outputs > 1 features. `Sequences` with
            named features become `Sequences` with the output names of the transformer. Ids and times are kept. A pandas
            column of sequences becomes a Series, or a dataframe of one column, with the same index.
        """
        sequences, layout = self._check_fitted_input(X)
        names = None
        if sequences.feature_names is not None:
            with suppress(AttributeError):  # The transformer, or one of its steps, has no get_feature_names_out.
                names = names_if_strings(self.transformer_.get_feature_names_out(sequences.feature_names))
        transformed = replace(layout, feature_names=names).restore(self._apply("transform", sequences))
        return with_index_of(X, transformed) if layout.container == "list" else transformed

    @available_if(_transformer_has("inverse_transform"))
    def inverse_transform(self, X):
        """Apply `inverse_transform` of the transformer to each timestep.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            Transformed sequences, as returned by `transform`.

        Returns
        -------
        original : sequences of shape (n_samples,)
            The sequences in the original feature space and in the container type of X. Timesteps are plain numbers if
            they were in `fit`.

        Raises
        ------
        ValueError
            If the number of features of X differs from that of the output of `transform`.
        """
        check_is_fitted(self)
        sequences, layout = check_sequences(X, padding_value=self._padding_value, allow_missing=True)
        if sequences.n_features != self._n_features_out:
            raise ValueError(
                f"X has {sequences.n_features} features per timestep, but {type(self.transformer_).__name__} "
                f"outputs {self._n_features_out}."
            )
        univariate = layout.univariate or self._layout.univariate
        layout = replace(layout, univariate=univariate, feature_names=self._layout.feature_names)
        return layout.restore(self._apply("inverse_transform", sequences))

    @available_if(_transformer_has("get_feature_names_out"))
    def get_feature_names_out(self, input_features=None):
        """Return the output names of the transformer, or the column names of a 2-D X.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the input features. If None, `feature_names_in_` or "x0", "x1", ...
            If X is a column of sequences, such as "ecg", the name of the column: features without names are called
            "ecg_x0", "ecg_x1", ...

        Returns
        -------
        names : ndarray of str of shape (n_outputs,)
            Of shape (n_timesteps,) if `fit` received a 2-D X and `transform` returns a 2-D array.
        """
        names = self._timestep_feature_names(input_features)
        if self._layout.container == "table" and self._n_features_out == 1:
            return _check_feature_names_in(self, input_features)
        return self.transformer_.get_feature_names_out(names)

    def __sklearn_tags__(self):
        """Return the estimator tags, with those of the transformer that apply to timesteps."""
        tags, inner = super().__sklearn_tags__(), get_tags(self.transformer)
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        tags.input_tags.positive_only = inner.input_tags.positive_only
        tags.target_tags.required = inner.target_tags.required
        tags.non_deterministic = inner.non_deterministic
        if inner.transformer_tags is not None:
            tags.transformer_tags.preserves_dtype = inner.transformer_tags.preserves_dtype
        return tags

    def _accepts_missing(self, reset):
        return True

    def _apply(self, method, sequences):
        # The last bits of a matrix product depend on the number of rows: one call per sequence, unless rows do not
        # depend on one another.
        calls = [sequences.packed] if is_row_wise(self.transformer_) else [x for x in sequences if len(x)]
        as_input = self._rows_for(self.transformer_) if method == "transform" else np.asarray
        rows = [self._call_transformer(method, as_input(values)) for values in calls]
        return replace_values(sequences, np.concatenate(rows))

    def _rows_for(self, transformer):
        """Return the function that converts timesteps (T, F) to the input of the transformer."""
        if not selects_by_name(transformer):
            return np.asarray
        if self._layout.container == "table" or not hasattr(self, "feature_names_in_"):
            raise ValueError(
                f"{type(transformer).__name__} selects columns by name, but the features of X have no names. Name them "
                'with Sequences.from_list(X).with_names(["load", "speed"]), or select columns by number.'
            )
        names = self.feature_names_in_
        frames = import_optional("pandas", "pandas")
        return lambda values: frames.DataFrame(values, columns=names)

    def _call_transformer(self, method, values):
        """Return the output (T, K) of the transformer for timesteps (T, F)."""
        rows = getattr(self.transformer_, method)(values)
        rows = rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)
        name = f"{type(self.transformer_).__name__}.{method}(X)"
        if rows.ndim != 2 or len(rows) != len(values):
            raise ValueError(f"{name} has shape {rows.shape}, expected one row for each of {len(values)} timesteps.")
        return as_floats(rows, name)
