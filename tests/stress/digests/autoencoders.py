"""Configurations of `LSTMAutoencoderTransformer`: cells, decoders, objectives and layers."""

import numpy as np

from tests.stress.digests.data import NEW, X, as_padded
from tests.stress.digests.digest import digest, digest_all
from tests.stress.digests.estimators import autoencoder, flat_decoder, pickle_and_load, two_layer_decoder
from tests.stress.digests.registry import configuration, configurations

NETWORKS = {
    "lstm": {},
    "gru": {"cell": "gru"},
    "conditional": {"decoder": "conditional"},
    "conditional_gru": {"decoder": "conditional", "cell": "gru"},
    "prediction": {"objective": "prediction"},
    "prediction_conditional": {"objective": "prediction", "decoder": "conditional"},
    "composite": {"objective": "composite"},
    "composite_conditional_gru": {"objective": "composite", "decoder": "conditional", "cell": "gru"},
    "not_reversed": {"reverse": False},
    "not_reversed_conditional": {"reverse": False, "decoder": "conditional"},
    "bidirectional": {"bidirectional": True},
    "bidirectional_gru_projected": {"bidirectional": True, "cell": "gru", "units": 5, "latent_dim": 3},
    "stacked": {"units": (5, 4), "latent_dim": 3},
    "stacked_same_width": {"units": (4, 4)},
    "stacked_bidirectional_conditional_gru": {
        "units": (4, 3),
        "latent_dim": 8,
        "bidirectional": True,
        "decoder": "conditional",
        "cell": "gru",
    },
    "dropout": {"dropout": 0.3},
    "dropout_stacked_gru": {"dropout": 0.2, "units": (4, 3), "cell": "gru"},
    "dropout_bidirectional_conditional": {"dropout": 0.4, "bidirectional": True, "decoder": "conditional"},
    "unscaled": {"scale": None},
    "unscaled_composite": {"scale": None, "objective": "composite"},
    **{f"activation_{a}": {"activation": a} for a in ("relu", "sigmoid", "linear")},
    **{f"activation_{a}_gru": {"activation": a, "cell": "gru"} for a in ("relu", "sigmoid", "linear")},
    "activation_relu_conditional": {"activation": "relu", "decoder": "conditional"},
}


@configurations("ae_", NETWORKS)
def digest_autoencoder(parameters):
    return digest_all(autoencoder(**parameters).fit(X), NEW)


@configuration
def ae_custom_decoder():
    return digest_all(autoencoder(decoder=flat_decoder).fit(X), [x[:12] for x in NEW])


@configuration
def ae_custom_decoder_composite():
    fitted = autoencoder(decoder=two_layer_decoder, objective="composite", cell="gru").fit(X)
    return digest_all(fitted, [x[:12] for x in NEW])


@configuration
def ae_custom_decoder_partial_fit_pickle():
    fitted = autoencoder(decoder=flat_decoder).partial_fit(X)
    return digest_all(pickle_and_load(fitted).partial_fit([x[:12] for x in NEW]), X)


@configuration
def ae_keras_models():
    found = {}
    x = as_padded(NEW, 0.0).astype(np.float32)
    mask = (~np.isnan(as_padded(NEW)[:, :, 0])).astype(np.float32)
    for name, parameters in {
        "lstm": {"objective": "composite", "bidirectional": True},
        "gru": {"cell": "gru", "decoder": "conditional"},
    }.items():
        fitted = autoencoder(**parameters).fit(X)
        z = fitted.encoder_([x, mask], training=False).numpy()
        decoded = fitted.model_([x, mask], training=False)
        decoded = {key: each.numpy() for key, each in decoded.items()} if isinstance(decoded, dict) else decoded.numpy()
        weights = [each.numpy() for each in fitted.decoder_.weights]
        found |= {f"{name}.encoder_": digest(z), f"{name}.model_": digest(decoded), f"{name}.decoder_": digest(weights)}
    return found
