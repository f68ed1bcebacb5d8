"""BaseRecurrentAutoencoder: encodings of sequences by a recurrent encoder, and reconstructions from them."""

from dataclasses import replace
from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if

from ..data._reconstruction_errors import check_reduction, mean_by_feature, mean_by_sample, mean_by_timestep
from ..data._targets import reversed_in_time
from ..inference._encode_decode import encode
from ..networks._architectures import AUTOENCODER_OPTIONS, Architecture
from ._autoencoder_mixin import AutoencoderMixin
from ._base import BaseSequenceEstimator, output_activation
from ._recurrent_parameters import RecurrentParametersMixin


def has_head(head):
    """Return a check for `available_if`: whether the network, fitted or not, has this decoder."""

    def check(self):
        heads = self._fitted.architecture.heads if hasattr(self, "_fitted") else self._heads()
        if head not in heads:
            raise AttributeError(
                f"{type(self).__name__} with objective={self.objective!r} has no {head} decoder. Set "
                f"objective={head!r} or 'composite'."
            )
        return True

    return check


class BaseRecurrentAutoencoder(AutoencoderMixin, RecurrentParametersMixin, BaseSequenceEstimator):
    """A recurrent encoder, and decoders that reconstruct or predict sequences from its encodings.

    A subclass returns the names of its decoders from `_heads`.
    """

    _parameter_constraints: dict = {
        **BaseSequenceEstimator._parameter_constraints,
        **RecurrentParametersMixin._parameter_constraints,
        "latent_dim": [Interval(Integral, 1, None, closed="left"), None],
        "time_features": ["boolean"],
        "loss": [str, callable],
        **{name: [StrOptions(set(options))] for name, options in AUTOENCODER_OPTIONS.items()},
        "decoder": [StrOptions(set(AUTOENCODER_OPTIONS["decoder"])), callable],  # or a custom one
        "reverse": ["boolean"],
    }

    def transform(self, X):
        """Encode sequences.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.

        Returns
        -------
        Z : ndarray of shape (n_samples, latent_dim)
            The encodings; float32 if X is, otherwise float64.

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences with the number of features seen in training.
        """
        return self._transform(X)

    def _pool(self, X):
        """Return the statistics that encodings are made of; with pooling="last", the encodings."""
        _, _, x = self._read(X)
        return encode(self._fitted.unmapped.network, x)

    @available_if(has_head("reconstruction"))
    def reconstruct(self, X):
        """Encode sequences and reconstruct them from the encodings.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.

        Returns
        -------
        decoded : sequences of shape (n_samples,)
            In the container, lengths and units of X, with its ids and times.
        """
        _, decoded, layout = self._encode_and_reconstruct(X)
        return layout.restore(decoded)

    @available_if(has_head("reconstruction"))
    def reconstruction_error(self, X, reduction="sample"):
        """Return the mean squared difference of X and `reconstruct(X)`.

        Each feature is in units of its standard deviation in training, independent of `scale` and `loss`.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        reduction : {"sample", "timestep", "feature", "none"}, default="sample"
            Determines which errors are returned. "sample": the mean over timesteps and features, shape (n_samples,).
            "timestep": the mean over features, one value per timestep, in the container of X. "feature": the mean over
            timesteps, shape (n_samples, n_features). "none": no mean, in the container of X.

        Returns
        -------
        errors : ndarray of shape (n_samples,) or (n_samples, n_features), or sequences of shape (n_samples,)
            The errors, as `reduction` determines. An empty sequence has errors of 0.
        """
        check_reduction(reduction, ("sample", "timestep", "feature", "none"))
        errors, layout = self._squared_errors(X)
        if reduction == "sample":
            return mean_by_sample(errors)
        if reduction == "feature":
            return mean_by_feature(errors)
        if reduction == "timestep":
            return replace(layout, univariate=True).restore(mean_by_timestep(errors))
        return layout.restore(errors)

    def _recurrent_architecture(self, sequences, targets, target_names):
        """Return the architecture for the targets, a dict of `Sequences` by head; error messages use their names."""
        longest = tuple(int(target.lengths.max()) for target in targets.values())
        named_targets = list(zip(target_names, targets.values(), strict=True))
        units, pooling = self._check_units(self.latent_dim), self._check_pooling()
        return Architecture(
            n_features=sequences.n_features,
            latent_dim=units[-1] * (1 + bool(self.bidirectional)) if pooling else self.latent_dim,
            units=units,
            **{name: getattr(self, name) for name in AUTOENCODER_OPTIONS},
            bidirectional=bool(self.bidirectional),
            dropout=float(self.dropout),
            heads=tuple(targets),
            head_features=tuple(target.n_features for target in targets.values()),
            n_timesteps=longest if callable(self.decoder) else (),
            output_activation=output_activation(self.loss, self.scale, named_targets),
            reverse=bool(self.reverse) and "reconstruction" in targets,
            pooling=pooling,
            n_encodings=self.latent_dim if pooling else None,
            differences=bool(self.differences),
            patch_size=self._choose_patch_size(sequences.lengths),
            time_features=bool(self.time_features) and self.decoder == "repeat",
        )

    def _check_pooling(self):
        """Return the statistics that encodings are made of; none for the last state."""
        if self.pooling == "last" and self.latent_dim is None:
            raise ValueError("latent_dim=None has no meaning with pooling='last': pass an int.")
        return super()._check_pooling()

    def _reconstruct(self, Z, lengths, dtype):
        """Return the sequences in the units of the data, in order of time."""
        decoded = self._decode("reconstruction", Z, lengths)
        decoded = reversed_in_time(decoded) if self._fitted.architecture.reverse else decoded
        return self._fitted.input.scaling.undo(decoded, dtype)
