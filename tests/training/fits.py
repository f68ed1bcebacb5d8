"""Small fits that the tests of training share."""

from dataclasses import replace

import keras
import numpy as np
from numpy.testing import assert_allclose

from skseqae.data._sequences import Sequences
from skseqae.data._targets import next_steps
from skseqae.networks._architectures import Architecture
from skseqae.networks.keras_backend._initialization import initial_weights
from skseqae.networks.keras_backend._networks import join
from skseqae.training._batches import TrainingData
from skseqae.training._loop import Settings, train

ARCHITECTURE = Architecture(n_features=2, latent_dim=3, units=(3,))
LENGTHS = [4, 2, 3, 1, 4, 0, 2, 5, 3]
ZERO_RATE = 1e-30  # a learning rate with which no weight changes
SETTINGS = Settings(
    optimizer="adam",
    learning_rate=0.01,
    clipnorm=1.0,
    loss="mse",
    routed={},
    schedule="constant",
    epochs=2,
    ends_on_plateau=False,
    batch_size=4,
    head_weights={"reconstruction": 1.0},
    n_iter_no_change=None,
    tol=0.0,
    callbacks=None,
    verbose=0,
    warns=False,
)


def make_data(lengths=LENGTHS, seed=0, architecture=ARCHITECTURE):
    rng = np.random.default_rng(seed)
    x = Sequences.from_packed(rng.normal(size=(sum(lengths), 2)).astype(np.float32), lengths)
    targets = {head: next_steps(x) if head == "prediction" else x for head in architecture.heads}
    return TrainingData(x, targets, rng.uniform(0.5, 2.0, size=len(lengths)))


def fit(architecture=ARCHITECTURE, data=None, validation=None, seed=0, weights=None, optimizer_state=None, **changes):
    data = data or make_data(architecture=architecture)
    settings = replace(SETTINGS, **changes)
    random_state = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
    options = {"weights": weights, "optimizer_state": optimizer_state}
    return train(architecture, settings, data, validation, random_state, **options)


def draw_weights(architecture=ARCHITECTURE, seed=0):
    return initial_weights(join(architecture, {})[1], {}, np.random.RandomState(seed))


def flatten(result):
    weights = result if isinstance(result, dict) else result.weights
    return [array for part in weights.values() for array in part]


def assert_same_weights(got, expected, rtol=0.0):
    for a, b in zip(flatten(got), flatten(expected), strict=True):
        assert_allclose(a, b, rtol=rtol, atol=rtol)


def are_same_weights(a, b):
    return all(map(np.array_equal, flatten(a), flatten(b)))


class Recorder(keras.callbacks.Callback):
    """Records the events, and the logs and weights at the end of each epoch. A copy is the same object."""

    def __init__(self):
        super().__init__()
        self.events, self.weights, self.logs = [], [], []

    def __deepcopy__(self, memo):
        return self

    def on_train_begin(self, logs=None):
        self.events.append("train")

    def on_epoch_begin(self, epoch, logs=None):
        self.events.append(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self.events.append("batch")

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())
        self.logs.append(logs)

    def on_train_end(self, logs=None):
        self.events.append("end")
