"""The parameters of the tutorials' networks: of the autoencoders, and of a classifier.

The encoding is the last hidden state of one encoder that reads whole sequences forwards, timestep by timestep, and the
learning rate is constant.
"""

LAST_STATE = {
    "pooling": "last",
    "differences": False,
    "bidirectional": False,
    "units": None,  # as many as `latent_dim`
    "patch_size": 1,
    "time_features": False,
    "learning_rate": 1e-3,
    "schedule": "constant",
    "batch_size": 32,
}
WHOLE_SEQUENCES = {"min_crop": 1.0}  # in training, of `LSTMAutoencoderTransformer`
# of `Seq2SeqClassifier`: a trained layer reads the last state, and nothing is reconstructed
LAST_STATE_CLASSIFIER = {
    "pooling": "last",
    "differences": False,
    "bidirectional": False,
    "patch_size": 1,
    "reconstruction_weight": 0.0,
    "learning_rate": 1e-3,
    "schedule": "constant",
}
