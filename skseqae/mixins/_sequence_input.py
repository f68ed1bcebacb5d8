"""Validation of X in estimators: the number of columns is checked, the number of timesteps is not."""

import numpy as np
from sklearn.utils.validation import validate_data

from ..data._arrays import short_repr
from ..data._check_sequences import check_sequences
from ..data._dataframes import has_columns


class SequenceInputMixin:
    """Read X as sequences, and hold it against what `fit` was given.

    A class that has this has `padding_value`, sets `_layout` and `_padding_value` at fit, and says how many features a
    timestep had (`_n_features`).
    """

    _allow_missing = False  # whether NaN may stand inside sequences
    _computes_in_float32 = False

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: 2-D and 3-D arrays are read."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _check_input(self, X, *, reset=False):
        """Return X as `Sequences`, and its layout. At fit (`reset`) the features are taken, later held against."""
        padding_value = self.padding_value if reset else self._padding_value
        fixed_width = reset or self._layout.kind == "table"
        if fixed_width and has_columns(X):
            # before the values: columns that are not those of the fit are the better explanation
            validate_data(self, X, reset=reset, skip_check_array=True)
        sequences, layout = check_sequences(
            X,
            padding_value=padding_value,
            warn_trailing_zeros=reset,
            for_float32=self._computes_in_float32,
            allow_missing=self._allow_missing,
        )
        if fixed_width and layout.kind == "table":
            validate_data(self, X, reset=reset, skip_check_array=True)
        elif reset:
            self.n_features_in_ = sequences.n_features
            self._take_names(sequences.feature_names)
        if not reset:
            self._check_names(sequences.feature_names)
            self._check_n_features(sequences, layout)
        return sequences, layout

    def _take_names(self, names):
        vars(self).pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = np.array(names, object)

    def _check_names(self, names):
        """Refuse features of other names than `fit` was given; what has none is taken as it is."""
        fitted = getattr(self, "feature_names_in_", None)
        if names is None or fitted is None or self._layout.kind == "table":  # the columns of which are timesteps
            return
        if names != tuple(fitted):
            raise ValueError(
                "The feature names should match those that were passed during fit, in the same order: X has "
                f"{short_repr(names)}, but {type(self).__name__} was fitted on {short_repr(tuple(fitted))}."
            )

    def _check_n_features(self, sequences, layout):
        """Refuse sequences of another number of features than `fit` was given."""
        if sequences.n_features != self._n_features:
            univariate = " The rows of a table are univariate sequences: one sequence of more features is [x]."
            raise ValueError(
                f"X has {sequences.n_features} features per timestep, but {type(self).__name__} was fitted on "
                f"{self._n_features}.{univariate if layout.kind == 'table' else ''}"
            )
