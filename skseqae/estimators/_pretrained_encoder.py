"""The pretrained encoder from which a classifier starts: its fitted state and its weights."""

from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator

from ..networks._layer_plan import Recurrent, layer_plan
from ._recurrent_autoencoder import BaseRecurrentAutoencoder


def pretrained_state(classifier):
    """Return the fitted state of the `encoder` parameter of a classifier, or None."""
    encoder = classifier.encoder
    encoder = encoder.estimator if isinstance(encoder, FrozenEstimator) else encoder
    if encoder is None:
        if classifier.freeze_encoder:
            raise ValueError(
                "freeze_encoder=True requires encoder. Pass a fitted autoencoder, or set freeze_encoder=False."
            )
        return None
    if not isinstance(encoder, BaseRecurrentAutoencoder):
        raise TypeError(
            f"encoder must be a fitted LSTMAutoencoderTransformer or CompositeSequenceRegressor, got {encoder!r}."
        )
    if not hasattr(encoder, "_fitted"):
        raise NotFittedError(
            "encoder is not fitted. Fit the encoder first. `clone` and cross-validation discard the fitted state; to "
            "keep it, wrap the encoder in sklearn.frozen.FrozenEstimator."
        )
    if classifier.tokens:
        raise ValueError("A pretrained encoder reads real numbers: tokens=True requires encoder=None.")
    units = encoder._fitted.architecture.units
    if classifier.units is not None and classifier._check_units(None) != units:
        raise ValueError(f"units={classifier.units!r}, but encoder has {units}: leave units=None.")
    return encoder._fitted


def pretrained_weights(classifier):
    """Return the weights of the recurrent layers of the `encoder` parameter, by part; without it, an empty dict."""
    state = pretrained_state(classifier)
    if state is None:
        return {}
    pairs = layer_plan(state.architecture)["encoder"].with_weights(state.weights["encoder"])
    recurrent = (arrays for layer, arrays in pairs if isinstance(layer, Recurrent))
    return {"encoder": [array for branches in recurrent for branch in branches for array in branch]}
