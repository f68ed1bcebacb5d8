"""Base class and mixin of the preprocessing transformers."""

import copy
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from ..mixins._dataframe_output import FrameOutputMixin
from ..mixins._sequence_input import SequenceInputMixin


class _SequenceTransformer(SequenceInputMixin, FrameOutputMixin, BaseEstimator):
    """Base class of the preprocessing transformers.

    A subclass defines `_fit_sequences`, which sets its fitted attributes.
    """

    _parameter_constraints: dict = {"padding_value": [Real, None]}

    def _fit(self, X, *fit_arguments):
        """Fit a copy, then replace all attributes at once, so that a failed fit changes nothing."""
        fitted = copy.copy(self)
        sequences, fitted._layout = fitted._check_input(X, reset=True)
        fitted._padding_value, fitted._n_features = self.padding_value, sequences.n_features
        fitted._fit_sequences(sequences, *fit_arguments)
        self.__dict__ = vars(fitted)
        return self

    def _check_fitted_input(self, X):
        check_is_fitted(self)
        return self._check_input(X)

    def _timestep_feature_names(self, input_features):
        """Return the names of the features of a timestep; the column names of a 2-D X name timesteps instead."""
        check_is_fitted(self)
        names = _check_feature_names_in(self, self._names_in_column(input_features))
        return names if len(names) == self._n_features else np.array([f"x{i}" for i in range(self._n_features)], object)


class _SequenceOutputMixin:
    """Mixin for transformers whose output is sequences, which are never wrapped in a dataframe."""

    def set_output(self, *, transform=None):
        """Do nothing: the output holds sequences and is never a dataframe.

        `Pipeline.set_output` calls this method on every step.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Not used, present for API consistency by convention.

        Returns
        -------
        self
        """
        return self
