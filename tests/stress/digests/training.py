"""Configurations of training: losses, optimizers, early stopping, sample weights and callbacks."""

import numpy as np

from tests.stress.digests.data import EVENTS, NEW, PROBABILITIES, WEIGHTS, X
from tests.stress.digests.digest import digest_all
from tests.stress.digests.estimators import autoencoder, cubic_loss
from tests.stress.digests.registry import configuration, configurations

OPTIONS = {
    "loss_mae": {"loss": "mae"},
    "loss_huber": {"loss": "huber", "loss__delta": 0.5},
    "loss_log_cosh": {"loss": "log_cosh"},
    "loss_function": {"loss": cubic_loss},
    "optimizer_sgd_routed": {
        "optimizer": "sgd",
        "optimizer__momentum": 0.9,
        "optimizer__nesterov": True,
        "learning_rate": 0.05,
    },
    "optimizer_rmsprop_routed": {"optimizer": "rmsprop", "optimizer__rho": 0.8},
    "optimizer_adam_routed_no_clipnorm": {"optimizer__beta_1": 0.8, "clipnorm": None, "learning_rate": 0.01},
    "optimizer_moving_average": {"optimizer__use_ema": True, "optimizer__ema_momentum": 0.9},
    "one_batch_of_all": {"batch_size": 100, "clipnorm": 0.1},
}


@configurations("ae_", OPTIONS)
def digest_trained(parameters):
    return digest_all(autoencoder(**parameters).fit(X), NEW)


@configuration
def ae_random_state_instance():
    return digest_all(autoencoder(random_state=np.random.RandomState(7)).fit(X), NEW)


@configuration
def ae_optimizer_class():
    import keras

    return digest_all(autoencoder(optimizer=keras.optimizers.Adamax, optimizer__beta_2=0.9).fit(X), NEW)


@configuration
def ae_optimizer_instance():
    import keras

    return digest_all(autoencoder(optimizer=keras.optimizers.AdamW(learning_rate=0.01, weight_decay=0.1)).fit(X), NEW)


@configuration
def ae_optimizer_schedule():
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)
    return digest_all(autoencoder(optimizer=keras.optimizers.Adam(schedule)).fit(X), NEW)


@configuration
def ae_loss_class():
    import keras

    return digest_all(autoencoder(loss=keras.losses.Huber, loss__delta=0.3).fit(X), NEW)


@configuration
def ae_loss_instance():
    import keras

    return digest_all(autoencoder(loss=keras.losses.MeanAbsoluteError()).fit(X), NEW)


@configuration
def ae_loss_binary_crossentropy():
    fitted = autoencoder(loss="binary_crossentropy", scale=None).fit(EVENTS)
    return digest_all(fitted, EVENTS[:6])


@configuration
def ae_loss_categorical_crossentropy():
    fitted = autoencoder(loss="categorical_crossentropy", scale=None, objective="composite").fit(PROBABILITIES)
    return digest_all(fitted, NEW)


@configuration
def ae_early_stopping():
    fitted = autoencoder(early_stopping=True, validation_fraction=0.25, epochs=6, n_iter_no_change=2, tol=0.02).fit(X)
    return digest_all(fitted, NEW)


@configuration
def ae_early_stopping_composite_gru():
    settings = {"validation_fraction": 0.3, "epochs": 3, "n_iter_no_change": 1, "tol": 0.0}
    return digest_all(autoencoder(objective="composite", cell="gru", early_stopping=True, **settings).fit(X), NEW)


@configuration
def ae_sample_weight():
    return digest_all(autoencoder().fit(X, sample_weight=WEIGHTS), NEW)


@configuration
def ae_sample_weight_early_stopping():
    return digest_all(autoencoder(early_stopping=True, epochs=3).fit(X, sample_weight=WEIGHTS), NEW)


@configuration
def ae_callbacks():
    import keras

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    return digest_all(autoencoder(epochs=5, callbacks=[Stop()]).fit(X), NEW)
