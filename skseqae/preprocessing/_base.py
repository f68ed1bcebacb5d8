"""Base class and mixin of the preprocessing transformers."""

import copy
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from ..mixins._dataframe_output import FrameOutputMixin
from ..mixins._sequence_input import SequenceInputMixin


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
