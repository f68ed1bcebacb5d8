"""Validation of X as sequences: the number of features is checked, the number of timesteps is not."""

import copy

import numpy as np
from sklearn.utils.validation import validate_data

from ..data._arrays import short_repr
from ..data._check_sequences import check_sequences
from ..data._columns import open_column
from ..data._dataframes import has_columns


class SequenceInputMixin:
    """Mixin that reads X as sequences and checks its features against those seen during `fit`.

    The class has a parameter `padding_value`. Its `fit` sets `_layout`, `_padding_value` and `_n_features`, the number
    of features per timestep.
    """

    _computes_in_float32 = False

    def __sklearn_tags__(self):
        """Return the estimator tags: 2-D and 3-D arrays are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _check_input(self, X, *, reset=False, n_target_columns=0):
        """Return X as `Sequences` and its layout; set the features if `reset`, else check them.

        A 2-D X may lack as many of the last columns of `fit` as are a target.
        """
        padding_value = self.padding_value if reset else self._padding_value
        X = open_column(X)
        fixed_width = reset or self._layout.container == "table"
        if fixed_width and has_columns(X):
            # Before the values are read: wrong columns are the more helpful error.
            self._check_columns(X, len(X.columns), reset, n_target_columns)
        sequences, layout = check_sequences(
            X,
            padding_value=padding_value,
            warn=reset,
            for_float32=self._computes_in_float32,
            allow_missing=self._accepts_missing(reset),
        )
        if fixed_width and layout.container == "table":
            self._check_columns(X, layout.n_timesteps, reset, n_target_columns)
        elif reset:
            self.n_features_in_ = sequences.n_features
            self._set_feature_names(sequences.feature_names)
        if not reset:
            self._check_feature_names(sequences.feature_names)
            self._check_n_features(sequences, layout)
        return sequences, layout

    def _accepts_missing(self, reset):
        """Return whether sequences may contain NaN."""
        return False

    def _check_columns(self, X, n_columns, reset, n_target_columns):
        """Set or check the number and the names of the columns of a 2-D X."""
        n_past = self.n_features_in_ - n_target_columns if n_target_columns else None
        expected = self._on_columns(n_past) if n_columns == n_past else self
        try:
            validate_data(expected, X, reset=reset, skip_check_array=True)
        except ValueError as error:
            if "is expecting" not in str(error):
                raise
            other = f", or {n_past}, those before the target" if n_past else ""
            raise ValueError(
                f"{error} The columns of a 2-D X are timesteps, of which there must be as many as in fit{other}. For "
                "sequences of any length, pass Sequences.from_padded(X) to both methods."
            ) from None

    def _on_columns(self, n_columns):
        """Return a copy that was fitted on the first columns only."""
        fitted = copy.copy(self)
        fitted.n_features_in_ = n_columns
        if hasattr(self, "feature_names_in_"):
            fitted.feature_names_in_ = self.feature_names_in_[:n_columns]
        return fitted

    def _set_feature_names(self, names):
        vars(self).pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = np.array(names, object)

    def _names_in_column(self, input_features):
        """Return the names of the features of a column of sequences, whose own name is the only input feature.

        Features that have names keep them. Other input features are returned unchanged.
        """
        if input_features is None or self._layout.container != "list" or np.shape(input_features) != (1,):
            return input_features
        names = getattr(self, "feature_names_in_", None)
        if names is None and self._n_features > 1:
            names = np.array([f"{input_features[0]}_x{i}" for i in range(self._n_features)], object)
        return input_features if names is None else names

    def _check_feature_names(self, names):
        """Raise if the names of the features differ from those in `fit`; features without names are accepted."""
        fitted = getattr(self, "feature_names_in_", None)
        if names is None or fitted is None or self._layout.container == "table":  # columns are timesteps
            return
        if names != tuple(fitted):
            raise ValueError(
                "The feature names should match those that were passed during fit, in the same order: X has "
                f"{short_repr(names)}, but {type(self).__name__} was fitted on {short_repr(tuple(fitted))}."
            )

    def _check_n_features(self, sequences, layout):
        """Raise if the number of features per timestep differs from that in `fit`."""
        if sequences.n_features != self._n_features:
            hint = (
                " The rows of a 2-D X are univariate sequences: pass a single sequence x with several features as [x]."
            )
            raise ValueError(
                f"X has {sequences.n_features} features per timestep, but {type(self).__name__} was fitted on "
                f"{self._n_features}.{hint if layout.container == 'table' else ''}"
            )
