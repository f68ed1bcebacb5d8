"""KerasModelsMixin: Keras models of a fitted estimator, and its network before the first training step."""

import copy

from sklearn.utils.validation import check_is_fitted

from ..runtime._tensorflow import check_tensorflow
from ._fitted_state import FittedState
from ._fitting import choose_architecture, prepare_training, read_problem
from ._readout import fit_maps


class KerasModelsMixin:
    """Build Keras models of standard layers from the fitted state, at each access."""

    def __dir__(self):
        """List the attributes, except those that build a Keras model."""
        # super().__dir__() would access every attribute, to leave out those that are not available
        names = (name for name in object.__dir__(self) if name not in ("model_", "encoder_", "decoder_"))
        return [name for name in names if hasattr(self, name)]

    @property
    def encoder_(self):
        """A `keras.Model` of standard layers that reads the data in their units; see the attributes of the class."""
        check_is_fitted(self)
        check_tensorflow()
        return self._export_encoder(("encoding",))

    @property
    def decoder_(self):
        """A `keras.Model` from the output of the encoder to the units of the data; see the attributes of the class.

        It consists of standard layers, except for a conditional decoder, for which Keras has no layer. With two
        decoders, its output is a dict.
        """
        check_is_fitted(self)
        check_tensorflow()
        from ..networks.keras_backend._exported_models import export_decoder

        return export_decoder(self._fitted.architecture, self._fitted.weights, self._fitted.output_scaling)

    @property
    def model_(self):
        """The encoder followed by the decoder, a `keras.Model`; see the attributes of the class."""
        check_is_fitted(self)
        check_tensorflow()
        from ..networks.keras_backend._exported_models import export_decoder, export_model

        fitted = self._fitted
        # the decoders of autoencoders read latent vectors, and all readouts read encodings
        outputs = ("latent",) if "inverse" in fitted.weights else ()
        outputs += ("encoding",) if "readout" in fitted.weights else ()
        encoder = self._export_encoder(outputs)
        weights = {name: arrays for name, arrays in fitted.weights.items() if name != "inverse"}
        return export_model(encoder, export_decoder(fitted.architecture, weights, fitted.output_scaling))

    def _export_encoder(self, outputs):
        """Return the encoder, as a Keras model to these outputs."""
        from ..networks.keras_backend._exported_models import export_encoder

        state = self._fitted
        options = state.input.scaling, outputs
        return export_encoder(state.architecture, state.weights, *options, missing=state.input.missing)

    def _make_untrained(self, X, y):
        """Return a copy that has the network of `fit` before the first training step, for displays."""
        check_tensorflow()
        from ..networks.keras_backend._custom_decoders import build_custom_decoders
        from ..networks.keras_backend._networks import join

        untrained = copy.copy(self)
        untrained._validate_params()
        untrained.random_state = 0  # a generator passed by the user must not advance
        problem = read_problem(untrained, X, y, None, None, {})
        architecture = choose_architecture(untrained, problem, getattr(self, "_fitted", None))
        data, _ = prepare_training(untrained, architecture, problem)  # with the errors that `fit` would raise
        _, parts = join(architecture, build_custom_decoders(architecture))
        weights = {name: part.get_weights() for name, part in parts.items()}
        state = FittedState(
            architecture, weights, [], {"loss": []}, problem.generator, problem.fitted_input, problem.fitted_target
        )
        untrained._fitted = fit_maps(state, data)
        return untrained
