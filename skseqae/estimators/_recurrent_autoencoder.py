"""What the recurrent autoencoders share: encodings, and what is said from them again."""

from dataclasses import replace
from numbers import Integral

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if

from ..data._reconstruction_errors import (
    check_reduction,
    mean_by_feature,
    mean_by_sample,
    mean_by_timestep,
    squared_errors,
)
from ..data._targets import reversed_in_time
from ..mixins._dataframe_output import FrameOutputMixin
from ..networks._architectures import Architecture
from ._base import RECURRENT_CONSTRAINTS, BaseSequenceEstimator


def has_head(head):
    """Return a check for `available_if`: the fitted network, or the one that would be, has this decoder."""

    def check(self):
        heads = self._architecture.heads if hasattr(self, "_architecture") else self._heads()
        if head not in heads:
            raise AttributeError(f"A {type(self).__name__} with objective={self.objective!r} has no {head} decoder.")
        return True

    return check


class BaseAutoencoder(ClassNamePrefixFeaturesOutMixin, FrameOutputMixin, BaseSequenceEstimator):
    """A recurrent encoder, and decoders that say sequences from its encodings.

    A subclass says which decoders there are (`_heads`).
    """

    _parameter_constraints: dict = {
        **BaseSequenceEstimator._parameter_constraints,
        **RECURRENT_CONSTRAINTS,
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "loss": [str, callable],
        "decoder": [StrOptions({"repeat", "conditional"}), callable],
        "reverse": ["boolean"],
    }

    def transform(self, X):
        """Encode sequences.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        Z : ndarray of shape (N, latent_dim)
            The encodings; float32 if X is, else float64.

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of as many features as in training.
        """
        sequences, _, x = self._read(X)
        return self._encode(x).astype(sequences.dtype, copy=False)

    @available_if(has_head("reconstruction"))
    def reconstruct(self, X):
        """Encode sequences and decode them again.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        decoded : sequences of N samples
            Of the kind, lengths and units of X.
        """
        sequences, layout, x = self._read(X)
        return layout.restore(self._reconstruct(self._encode(x), sequences.lengths, sequences.dtype))

    @available_if(has_head("reconstruction"))
    def reconstruction_error(self, X, reduction="sample"):
        """Return the mean squared difference of X and `reconstruct(X)`.

        Each feature is in units of its standard deviation in training, whatever `scale` and `loss` are.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        reduction : {"sample", "timestep", "feature", "none"}, default="sample"
            What is left after averaging.

        Returns
        -------
        errors : ndarray of shape (N,), ndarray of shape (N, F), or sequences of N samples
            For each sample; for each sample and feature; for each timestep, as the kind of X with numbers for
            timesteps; or for each feature of each timestep, as the kind of X. An empty sequence has errors of 0.
        """
        check_reduction(reduction, ("sample", "timestep", "feature", "none"))
        sequences, layout, x = self._read(X)
        decoded = self._reconstruct(self._encode(x), sequences.lengths, np.float64)
        return self._reduce_errors(sequences, decoded, layout, reduction)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: float32 comes out where it went in."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self):
        return self._architecture.latent_dim

    def _make_architecture(self, n_features, said):
        """Return the architecture of a network whose decoders say these `Sequences`, a dict by head."""
        longest = tuple(int(sequences.lengths.max()) for sequences in said.values())
        return Architecture(
            n_features=n_features,
            latent_dim=self.latent_dim,
            units=self._units(self.latent_dim),
            cell=self.cell,
            activation=self.activation,
            bidirectional=bool(self.bidirectional),
            dropout=float(self.dropout),
            heads=tuple(said),
            head_features=tuple(sequences.n_features for sequences in said.values()),
            decoder=self.decoder,
            n_timesteps=longest if callable(self.decoder) else (),
            output_activation=self._output_activation(said),
            reverse=bool(self.reverse) and "reconstruction" in said,
        )

    def _reconstruct(self, Z, lengths, dtype):
        decoded = self._decode("reconstruction", Z, lengths)
        return self._scaling.undo(reversed_in_time(decoded) if self._architecture.reverse else decoded, dtype)

    def _reduce_errors(self, sequences, decoded, layout, reduction):
        errors = squared_errors(sequences, decoded, self._feature_std)
        if reduction == "sample":
            return mean_by_sample(errors)
        if reduction == "feature":
            return mean_by_feature(errors)
        if reduction == "timestep":
            return replace(layout, univariate=True).restore(mean_by_timestep(errors))
        return layout.restore(errors)
