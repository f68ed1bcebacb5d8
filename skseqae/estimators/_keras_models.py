"""Keras models of fitted estimators, and the network before its first training step."""

import copy

from sklearn.utils.validation import check_is_fitted

from ..runtime._tensorflow import check_tensorflow
from ._fitted_state import FittedState
from ._fitting import choose_architecture, prepare_training, read_problem


class KerasModelsMixin:
    """Build Keras models of stock layers from the fitted state, at each access."""

    def __dir__(self):
        """List the attributes, without those that build a Keras model: listing must not build one."""
        # not super's, which asks for every attribute, to leave out those that are not available
        names = (name for name in object.__dir__(self) if name not in ("model_", "encoder_", "decoder_"))
        return [name for name in names if hasattr(self, name)]

    @property
    def encoder_(self):
        """A `keras.Model` of stock layers that reads data in their own units; see the attributes of the class."""
        check_is_fitted(self)
        check_tensorflow()
        from ..networks.keras_backend._exported_models import export_encoder

        return export_encoder(self._fitted.architecture, self._fitted.weights, self._fitted.input.scaling)

    @property
    def decoder_(self):
        """A `keras.Model` from the encoder's output to the units of the data; see the attributes of the class.

        It is built of stock layers, except for a conditional decoder, for which Keras has no layer. With two decoders
        its output is a dict.
        """
        check_is_fitted(self)
        check_tensorflow()
        from ..networks.keras_backend._exported_models import export_decoder

        return export_decoder(self._fitted.architecture, self._fitted.weights, self._fitted.output_scaling)

    @property
    def model_(self):
        """A `keras.Model`, the encoder followed by the decoder; see the attributes of the class."""
        from ..networks.keras_backend._exported_models import export_model

        return export_model(self.encoder_, self.decoder_)

    def _untrained(self, X, y):
        """Return a copy with the network that `fit` would train, before its first step; displays draw it."""
        check_tensorflow()
        from ..networks.keras_backend._custom_decoders import build_custom_decoders
        from ..networks.keras_backend._networks import join

        untrained = copy.copy(self)
        untrained._validate_params()
        untrained.random_state = 0  # so that a generator of the caller's does not advance
        problem = read_problem(untrained, X, y, None, None, {})
        architecture = choose_architecture(untrained, problem, getattr(self, "_fitted", None), None)
        prepare_training(untrained, architecture, problem)  # which refuses what `fit` would
        _, parts = join(architecture, build_custom_decoders(architecture))
        weights = {name: part.get_weights() for name, part in parts.items()}
        untrained._fitted = FittedState(
            architecture, weights, [], {}, problem.generator, problem.fitted_input, problem.fitted_target
        )
        return untrained
