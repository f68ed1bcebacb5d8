"""Small estimators, custom decoders and a custom loss, and copies by files and pickles."""

import os
import pickle
import tempfile

import skseqae
from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
)


def autoencoder(latent_dim=4, **parameters):
    """Return a small `LSTMAutoencoderTransformer`."""
    return LSTMAutoencoderTransformer(latent_dim, **{"epochs": 2, "batch_size": 8, "random_state": 0} | parameters)


def regressor(latent_dim=4, **parameters):
    """Return a small `CompositeSequenceRegressor`."""
    return CompositeSequenceRegressor(latent_dim, **{"epochs": 2, "batch_size": 8, "random_state": 0} | parameters)


def classifier(units=4, **parameters):
    """Return a small `Seq2SeqClassifier`."""
    defaults = {"epochs": 3, "batch_size": 8, "random_state": 0, "learning_rate": 0.02}
    return Seq2SeqClassifier(units, **defaults | parameters)


def dense_autoencoder(latent_dim=3, **parameters):
    """Return a small `DenseAutoencoderTransformer`."""
    defaults = {"hidden_layer_sizes": (5,), "epochs": 3, "batch_size": 8, "random_state": 0}
    return DenseAutoencoderTransformer(latent_dim, **defaults | parameters)


def flat_decoder(n_timesteps, latent_dim, n_features):
    """Return a custom decoder of one dense layer."""
    import keras

    layers = [keras.Input((latent_dim,)), keras.layers.Dense(n_timesteps * n_features)]
    return keras.Sequential([*layers, keras.layers.Reshape((n_timesteps, n_features))])


def two_layer_decoder(n_timesteps, latent_dim, n_features):
    """Return a custom decoder of two dense layers."""
    # no convolution: TensorFlow splits its gradient by the number of cores, which changes the last bits
    import keras

    z = keras.Input((latent_dim,))
    h = keras.layers.Dense(6, activation="tanh")(z)
    h = keras.layers.Dense(n_timesteps * n_features)(h)
    return keras.Model(z, keras.layers.Reshape((n_timesteps, n_features))(h))


def cubic_loss(true, predicted):
    """Return the mean cubed absolute error of each timestep."""
    import keras

    return keras.ops.mean(keras.ops.abs(true - predicted) ** 3, axis=-1)


def save_and_load(estimator):
    """Return the estimator that `load` reads from a file that `save` wrote."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "estimator.skseqae")
        skseqae.save(estimator, path)
        return skseqae.load(path)


def pickle_and_load(estimator):
    """Return a copy of an estimator by way of a pickle."""
    return pickle.loads(pickle.dumps(estimator))
