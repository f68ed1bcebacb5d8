"""Configurations of `DenseAutoencoderTransformer`."""

import numpy as np
import pandas as pd

from tests.stress.digests.data import ROWS, UNIT_ROWS
from tests.stress.digests.digest import digest, digest_all
from tests.stress.digests.estimators import dense_autoencoder, pickle_and_load, save_and_load
from tests.stress.digests.registry import configuration, configurations

PARAMETERS = {
    "relu": {},
    "tanh_latent_relu": {"activation": "tanh", "latent_activation": "relu"},
    "sigmoid_latent_tanh": {"activation": "sigmoid", "latent_activation": "tanh"},
    "linear_latent_sigmoid": {"activation": "linear", "latent_activation": "sigmoid"},
    "noise": {"noise": 0.3},
    "deep": {"hidden_layer_sizes": (6, 5, 4), "latent_dim": 2},
    "no_hidden_layer": {"hidden_layer_sizes": (), "scale": None},
    "one_hidden_size": {"hidden_layer_sizes": 4, "loss": "huber", "loss__delta": 0.5},
    "optimizer_routed": {"optimizer": "sgd", "optimizer__momentum": 0.8, "learning_rate": 0.05},
    "early_stopping": {"early_stopping": True, "validation_fraction": 0.25, "epochs": 5, "noise": 0.1},
}


@configurations("dense_", PARAMETERS)
def digest_dense(parameters):
    return digest_all(dense_autoencoder(**parameters).fit(ROWS), ROWS[3:9])


@configuration
def dense_binary_crossentropy():
    return digest_all(dense_autoencoder(loss="binary_crossentropy", scale=None).fit(UNIT_ROWS), UNIT_ROWS[3:9])


@configuration
def dense_frame_weights_float32():
    rows = pd.DataFrame(ROWS.astype(np.float32), columns=list("abcdefgh"))
    fitted = dense_autoencoder().fit(rows, sample_weight=np.arange(len(rows)) % 3)
    found = digest_all(fitted, rows[2:7]) | digest_all(save_and_load(fitted), rows[2:7], prefix="file.")
    found |= digest_all(pickle_and_load(fitted), rows[2:7], prefix="pickle.")
    return found | {"pandas": digest(fitted.set_output(transform="pandas").transform(rows[2:7]))}


@configuration
def dense_warm_start():
    return digest_all(dense_autoencoder(warm_start=True, noise=0.1).fit(ROWS).fit(ROWS[:12]), ROWS[3:9])
