"""Adapters with the same methods for each library of the comparison, for `benchmarks.features`.

Sequences are lists of float32 arrays (T, 1).
"""

# ruff: noqa: D101, D102 - `Library` documents the methods, and `used` describes how a library is used

import numpy as np

from benchmarks.peers import padded_with_zeros

MANY_EPOCHS = 100_000  # of a training that will be interrupted


class InapplicableError(Exception):
    """Raised with the reason if a question does not apply to a library."""


class Library:
    """Base adapter: the estimator reads the output of `data` and encodes by `transform`."""

    width = "latent_dim"  # the parameter for the number of encoding columns, and two values
    widths = (3, 4)
    rounds = "epochs"  # the parameter for the duration of training

    def unpadded(self, X):
        """Return sequences of unequal length in the format of the library."""
        return X

    def padded(self, X, n_timesteps):
        """Return sequences padded to a length, as in the library's documentation."""
        raise InapplicableError("sequences are passed as lists, without padding")

    def data(self, X):
        """Return sequences in the format that the library's documentation uses."""
        return self.unpadded(X)

    def padded_or_list(self, X):
        """Return sequences in any format that the library accepts."""
        return self.data(X)

    def fit(self, estimator, X, **weights):
        """Fit an estimator, or a search over one."""
        return estimator.fit(X, **weights)

    def encode(self, estimator, X):
        """Return encodings (N, L)."""
        return np.asarray(estimator.transform(X))

    def grid(self):
        """Return a grid of two candidates that differ in the number of encoding columns."""
        return {self.width: list(self.widths)}

    def lengthen(self, estimator):
        """Make the next training long."""
        estimator.set_params(**{self.rounds: MANY_EPOCHS})

    def checked(self):
        """Return the estimator for scikit-learn's `check_estimator`."""
        return self.make()

    def loss(self, estimator):
        """Return the last loss that training reported."""
        raise InapplicableError("no loss is reported")


class Padding(Library):
    """Base adapter of the libraries that read zero-padded arrays (N, T, 1)."""

    def padded(self, X, n_timesteps):
        last = np.zeros((n_timesteps, 1), np.float32)
        return padded_with_zeros([*X, last])[:-1]

    def data(self, X):
        return self.padded(X, 12)


def keras_autoencoder(n_timesteps, width, input_shape):
    """Return the tutorials' network with its output as rows, compiled."""
    import keras
    from keras import layers

    x = keras.Input(input_shape)
    steps = layers.Masking(0.0)(layers.Reshape((-1, 1))(x))
    z = layers.LSTM(width)(steps)
    decoded = layers.LSTM(width, return_sequences=True)(layers.RepeatVector(n_timesteps)(z))
    model = keras.Model(x, layers.Reshape((n_timesteps,))(layers.Dense(1)(decoded)))
    model.compile("adam", "mse")
    return model


def keras_encoder(model):
    """Return the part of the tutorials' network up to the encoding."""
    import keras

    return keras.Model(model.inputs, model.layers[3].output)


def build_for_scikeras(meta, width):
    """Return the network, with the arguments that SciKeras passes."""
    _, n_timesteps, _ = meta["X_shape_"]
    return keras_autoencoder(n_timesteps, width, (None, 1))


def build_dense_for_scikeras(meta):
    """Return a regressor on rows, as in SciKeras' getting-started guide."""
    import keras

    layers = [
        keras.Input((meta["n_features_in_"],)),
        keras.layers.Dense(20, "relu"),
        keras.layers.Dense(meta["n_outputs_"]),
    ]
    return keras.Sequential(layers)


def build_for_keras_wrappers(X, y, width):
    """Return the network, with the arguments that keras.wrappers passes."""
    return keras_autoencoder(X.shape[1], width, (None,))


def build_dense_for_keras_wrappers(X, y):
    """Return a regressor on rows, as in the example of keras.wrappers."""
    import keras

    n_outputs = y.shape[1] if len(y.shape) > 1 else 1
    model = keras.Sequential(
        [keras.Input((X.shape[1],)), keras.layers.Dense(20, "relu"), keras.layers.Dense(n_outputs)]
    )
    model.compile("adam", "mse")
    return model


class Skseqae(Library):
    used = "`LSTMAutoencoderTransformer`; `CompositeSequenceRegressor` for y."
    name = package = "skseqae"

    def make(self, seed=0, epochs=2):
        from skseqae import LSTMAutoencoderTransformer

        return LSTMAutoencoderTransformer(latent_dim=4, epochs=epochs, random_state=seed)

    def padded(self, X, n_timesteps):
        from skseqae import Sequences

        return Sequences.from_list(X).to_padded(n_timesteps)

    def loss(self, estimator):
        return estimator.history_["loss"][-1]

    def regress(self, X, y):
        from skseqae import CompositeSequenceRegressor

        return CompositeSequenceRegressor(latent_dim=4, epochs=2).fit(X, y).predict(X)


class SciKeras(Padding):
    used = (
        "`KerasRegressor` around the tutorials' network (`Masking`, `RepeatVector`); it accepts the target as rows "
        "only. The encoder is extracted from `model_`. scikit-learn's checks: `KerasRegressor` around a dense network."
    )
    name = package = "scikeras"
    width = "model__width"

    def make(self, seed=0, epochs=2):
        from scikeras.wrappers import KerasRegressor

        return KerasRegressor(
            build_for_scikeras, width=4, epochs=epochs, batch_size=32, verbose=0, random_state=seed, loss="mse"
        )

    def fit(self, estimator, X, **weights):
        rows = X if isinstance(X, list) else X.reshape(len(X), -1)
        return estimator.fit(X, rows, **weights)

    def encode(self, estimator, X):
        return keras_encoder(estimator.model_).predict(X, verbose=0)

    def loss(self, estimator):
        return estimator.history_["loss"][-1]

    def regress(self, X, y):
        X = self.data(X)
        return self.make().fit(X, y).predict(X)

    def checked(self):
        from scikeras.wrappers import KerasRegressor

        return KerasRegressor(build_dense_for_scikeras, loss="mse", epochs=2, verbose=0, random_state=0)


class KerasWrappers(Padding):
    used = (
        "`SKLearnRegressor` around the same network, with rows as input. It and `SKLearnTransformer` reject a y of "
        "more than one column, and therefore cannot train an autoencoder. There is no seed. scikit-learn's checks: "
        "`SKLearnRegressor` around a dense network."
    )
    name, package = "keras.wrappers", "keras"

    def make(self, seed=0, epochs=2):
        from keras.wrappers import SKLearnRegressor

        fit_kwargs = {"epochs": epochs, "verbose": 0}
        return SKLearnRegressor(build_for_keras_wrappers, model_kwargs={"width": 4}, fit_kwargs=fit_kwargs)

    def padded(self, X, n_timesteps):
        return super().padded(X, n_timesteps)[:, :, 0]

    def fit(self, estimator, X, **weights):
        return estimator.fit(X, X, **weights)

    def encode(self, estimator, X):
        return keras_encoder(estimator.model_).predict(X, verbose=0)

    def grid(self):
        return {"model_kwargs": [{"width": width} for width in self.widths]}

    def lengthen(self, estimator):
        estimator.set_params(fit_kwargs={"epochs": MANY_EPOCHS, "verbose": 0})

    def loss(self, estimator):
        return estimator.history_.history["loss"][-1]

    def regress(self, X, y):
        from keras.wrappers import SKLearnRegressor

        X = self.data(X)
        fit_kwargs = {"epochs": 2, "verbose": 0}
        return SKLearnRegressor(build_dense_for_keras_wrappers, fit_kwargs=fit_kwargs).fit(X, y).predict(X)

    def checked(self):
        from keras.wrappers import SKLearnRegressor

        return SKLearnRegressor(build_dense_for_keras_wrappers, fit_kwargs={"epochs": 2, "verbose": 0})


class Skorch(Padding):
    used = (
        "`NeuralNetRegressor` around a network that packs padded arrays by their lengths; a `SliceDict` holds both. "
        "The loss is custom. Encodings are the second output of `forward`. The seed is `torch.manual_seed`. "
        "scikit-learn's checks: `NeuralNetRegressor` around a dense network."
    )
    name = package = "skorch"
    width, rounds = "module__width", "max_epochs"

    def make(self, seed=0, epochs=2):
        import torch

        from benchmarks.packed_network import PackedAutoencoder, PackedRegressor

        torch.manual_seed(seed)
        return PackedRegressor(PackedAutoencoder, max_epochs=epochs, train_split=None, verbose=0)

    def padded(self, X, n_timesteps):
        from skorch.helper import SliceDict

        lengths = np.array([len(x) for x in X])
        return SliceDict(x=super().padded(X, n_timesteps), length=lengths)

    def fit(self, estimator, X, **weights):
        return estimator.fit(X, X if isinstance(X, list) else X["x"], **weights)

    def encode(self, estimator, X):
        return estimator.forward(X)[1].numpy()

    def loss(self, estimator):
        raise InapplicableError("the loss is custom")

    def regress(self, X, y):
        from skorch import NeuralNetRegressor
        from torch import nn

        X = self.data(X)["x"]
        module = nn.Sequential(nn.Flatten(), nn.Linear(12, y[0].size), nn.Unflatten(1, y[0].shape))
        return NeuralNetRegressor(module, max_epochs=2, train_split=None, verbose=0).fit(X, y).predict(X)

    def checked(self):
        from skorch import NeuralNetRegressor
        from torch import nn

        return NeuralNetRegressor(
            nn.Sequential(nn.LazyLinear(20), nn.ReLU(), nn.Linear(20, 1)), max_epochs=2, verbose=0
        )


class AeonAutoencoder(Padding):
    used = (
        "`AEBiGRUClusterer`, an autoencoder within a clusterer, for sequences of one length. Encodings are the output "
        "of the first part of `model_`, for which there is no public method. `KNeighborsTimeSeriesRegressor` for y."
    )
    name, package = "aeon-autoencoder", "aeon"
    width, rounds = "latent_space_dim", "n_epochs"

    def make(self, seed=0, epochs=2):
        from aeon.clustering.deep_learning import AEBiGRUClusterer

        return AEBiGRUClusterer(latent_space_dim=4, n_epochs=epochs, random_state=seed, verbose=False)

    def unpadded(self, X):
        return [x.T for x in X]

    def padded(self, X, n_timesteps):
        return super().padded(X, n_timesteps).transpose(0, 2, 1)

    def encode(self, estimator, X):
        if isinstance(X, list):
            return estimator.predict(X)
        return estimator.model_.layers[1].predict(X.transpose(0, 2, 1), verbose=0)

    def loss(self, estimator):
        return estimator.summary()["loss"][-1]

    def regress(self, X, y):
        from aeon.regression.distance_based import KNeighborsTimeSeriesRegressor

        X = self.data(X)
        return KNeighborsTimeSeriesRegressor().fit(X, y).predict(X)

    def checked(self):
        raise InapplicableError("collections of series are not scikit-learn arrays; aeon has its own checks")


class AeonCatch22(AeonAutoencoder):
    used = "`Catch22`, 22 features without training. `KNeighborsTimeSeriesRegressor` for y."
    name = "aeon-catch22"

    def make(self, seed=0, epochs=2):
        from aeon.transformations.collection.feature_based import Catch22

        return Catch22(replace_nans=True)

    def padded(self, X, n_timesteps):
        raise InapplicableError("sequences are passed as lists, without padding")

    def data(self, X):
        return self.unpadded(X)

    def encode(self, estimator, X):
        return np.asarray(estimator.transform(X))

    def grid(self):
        raise InapplicableError("the number of features is fixed at 22")

    def lengthen(self, estimator):
        raise InapplicableError("there is no training")

    def fit(self, estimator, X, **weights):
        if weights:
            raise InapplicableError("there is no training")
        return estimator.fit(X)


class Sktime(Library):
    used = (
        "`MiniRocketMultivariateVariable`, random kernels without training on y. `KNeighborsTimeSeriesRegressor` for y."
    )
    name, package = "sktime", "sktime"
    width, widths = "num_kernels", (84, 168)

    def make(self, seed=0, epochs=2):
        from sktime.transformations.panel.rocket import MiniRocketMultivariateVariable

        return MiniRocketMultivariateVariable(num_kernels=84, pad_value_short_series=0.0, random_state=seed)

    def unpadded(self, X):
        import pandas as pd

        return [pd.DataFrame(x) for x in X]

    def lengthen(self, estimator):
        raise InapplicableError("training is not iterative")

    def regress(self, X, y):
        from sktime.regression.distance_based import KNeighborsTimeSeriesRegressor

        X = Padding().padded(X, 12).transpose(0, 2, 1)
        return KNeighborsTimeSeriesRegressor(distance="euclidean").fit(X, y).predict(X)

    def checked(self):
        raise InapplicableError("panels of series are not scikit-learn arrays; sktime has its own checks")


class Tslearn(Library):
    used = (
        "`LearningShapelets`, distances to shapelets that are learnt from labels, here alternately 0 and 1. Arrays are "
        "padded with NaN by `to_time_series_dataset`. `KNeighborsTimeSeriesRegressor` for y."
    )
    name, package = "tslearn", "tslearn"
    rounds = "max_iter"

    def make(self, seed=0, epochs=2):
        from tslearn.shapelets import LearningShapelets

        return LearningShapelets(n_shapelets_per_size={3: 4}, max_iter=epochs, random_state=seed)

    def padded(self, X, n_timesteps):
        array = np.full((len(X), n_timesteps, 1), np.nan)
        for row, x in zip(array, X, strict=True):
            row[: len(x)] = x
        return array

    def data(self, X):
        from tslearn.utils import to_time_series_dataset

        return to_time_series_dataset(X)

    def fit(self, estimator, X, **weights):
        return estimator.fit(X, np.arange(len(X)) % 2, **weights)

    def grid(self):
        return {"n_shapelets_per_size": [{3: width} for width in self.widths]}

    def loss(self, estimator):
        return estimator.history_["loss"][-1]

    def regress(self, X, y):
        from tslearn.neighbors import KNeighborsTimeSeriesRegressor

        X = self.data(X)
        return KNeighborsTimeSeriesRegressor().fit(X, y).predict(X)


class SequiturRun:
    """The arguments and the results of the function `quick_train`."""

    def __init__(self, seed, epochs):
        self.seed, self.epochs = seed, epochs


class Sequitur(Library):
    used = (
        "`quick_train(LSTM_AE, ...)`, a function that returns an encoder and a decoder in PyTorch. The seed is "
        "`torch.manual_seed`."
    )
    name = package = "sequitur"

    def make(self, seed=0, epochs=2):
        return SequiturRun(seed, epochs)

    def fit(self, estimator, X, **weights):
        import torch
        from sequitur import quick_train
        from sequitur.models import LSTM_AE

        if weights:
            raise TypeError("quick_train does not accept sample_weight")
        torch.manual_seed(estimator.seed)
        train = [torch.from_numpy(x) for x in X]
        settings = {"epochs": estimator.epochs, "h_dims": [8], "h_activ": None}
        estimator.encoder, _, _, estimator.losses = quick_train(LSTM_AE, train, 4, **settings)
        return estimator

    def encode(self, estimator, X):
        import torch

        with torch.no_grad():
            return np.stack([estimator.encoder(torch.from_numpy(x)).numpy() for x in X])

    def loss(self, estimator):
        return estimator.losses[-1]

    def grid(self):
        raise TypeError("quick_train is a function, not an estimator")

    def lengthen(self, estimator):
        raise InapplicableError("quick_train builds a new network in each call")

    def regress(self, X, y):
        raise InapplicableError("there are no targets")

    def checked(self):
        raise TypeError("quick_train is a function, not an estimator")


LIBRARIES = {
    library.name: library
    for library in (
        Skseqae(),
        SciKeras(),
        KerasWrappers(),
        Skorch(),
        AeonAutoencoder(),
        AeonCatch22(),
        Sktime(),
        Tslearn(),
        Sequitur(),
    )
}
