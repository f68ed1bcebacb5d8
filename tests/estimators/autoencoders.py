"""Sequences and small autoencoders for the tests of `LSTMAutoencoderTransformer`."""

import numpy as np

from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
from skseqae import LSTMAutoencoderTransformer
from tests.support.strategies import draw_sequences

LENGTHS = [5, 2, 7, 1, 4, 7]
X = draw_sequences(LENGTHS, 2, seed=0)
UNIVARIATE = draw_sequences(LENGTHS, 1, seed=0)

# a large learning rate, so that the validation loss goes up and down
UNSTABLE = {"early_stopping": True, "validation_fraction": 0.3, "learning_rate": 1.0, "epochs": 12, "tol": 0.0}


def autoencoder(**parameters):
    return LSTMAutoencoderTransformer(
        **LAST_STATE | WHOLE_SEQUENCES | {"latent_dim": 3, "epochs": 2, "random_state": 0} | parameters
    )


def shapes(rows):
    return [np.shape(row) for row in rows]
