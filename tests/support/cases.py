"""A case of the property tests: an estimator class with parameters, samples and targets."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import keras
import numpy as np
from hypothesis import strategies as st

from tests.support.containers import ROW_CONTAINERS, TOKEN_CONTAINERS, containers, padded, token_table
from tests.support.strategies import draw_sequences, seeds, training_lengths


def dense_decoder(n_timesteps, latent_dim, n_features):
    """Return a model that computes all timesteps at once, in the range from 0 to 1."""
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Dense(n_timesteps * n_features, activation="sigmoid"),
            keras.layers.Reshape((n_timesteps, n_features)),
        ]
    )


@dataclass(frozen=True, eq=False)
class Case:
    """A class with parameters, the number of features of its samples, and the target that belongs to them."""

    estimator: type
    parameters: dict
    n_features: int
    y: Callable = lambda arrays: None
    pretrained: Callable = dict  # returns parameters that hold fitted estimators
    min_length: int = 0  # of the sequences to train on

    is_sequential = True  # whether samples are sequences, not rows
    is_numeric = True

    # --- samples ---

    def draw(self, lengths, seed):
        """Return samples of these lengths."""
        return draw_sequences(lengths, self.n_features, seed)

    @property
    def containers(self):
        """The functions that put samples into a container, by name."""
        return containers(self.n_features)

    def as_array(self, arrays):
        """Return the samples as one array."""
        return padded(arrays)

    def make_outlier(self, x):
        """Return a sample that differs strongly from all others."""
        return 1 - x if self.parameters.get("loss") == "binary_crossentropy" else 1 - x * 1e6

    @property
    def decoder_timesteps(self):
        """The number of timesteps of a custom decoder, a constant so that its network is built once; otherwise None."""
        return 21 if callable(self.parameters.get("decoder")) else None

    def sequences(self, **options):
        """Return a strategy for training samples."""
        lengths = training_lengths(self.decoder_timesteps, self.min_length, **options)
        return st.builds(self.draw, lengths, seeds)

    @property
    def training_set(self):
        """Twenty samples of unequal lengths."""
        lengths = [self.decoder_timesteps or 13, *range(2, 21)]
        return self.draw([max(self.min_length, length) for length in lengths], seed=7)

    def draw_mixed_lengths(self, n_samples, longest=200, seed=0):
        """Return very short, very long and empty samples, of which the first has the largest length."""
        longest = self.decoder_timesteps or longest
        lengths = np.random.default_rng(seed).choice([0, 1, 2, 3, 5, 8, 13, longest], size=n_samples)
        return self.draw([longest, *lengths[1:]], seed)

    # --- estimators ---

    def make(self, **changes):
        """Return an estimator that is not fitted."""
        return self.estimator(**(self.parameters | self.pretrained() | changes))

    def supported(self, **settings):
        """Return the settings that are parameters of the class."""
        return {name: value for name, value in settings.items() if name in inspect.signature(self.estimator).parameters}

    def supports(self, settings):
        """Return whether all settings, except routed parameters, are parameters of the class."""
        return len(self.supported(**settings)) == sum("__" not in name for name in settings)

    def width_parameters(self, width, layers=None):
        """Return the parameters for encodings of this width, and for layers of these widths."""
        if "latent_dim" in self.parameters:
            layers = {} if layers is None else self.supported(units=layers, hidden_layer_sizes=layers)
            return {"latent_dim": width} | layers
        return {"units": width if layers is None else layers}

    def training_methods(self):
        """Return the names of the methods that train."""
        return [method for method in ("fit", "partial_fit") if hasattr(self.estimator, method)]

    def train(self, estimator, method, X, of=None, **weights):
        """Train an estimator of the class by a method; `of` are the arrays in X, if X is not a list."""
        y = self.y(X if of is None else of)
        return getattr(estimator, method)(X, y, **weights)

    def fit(self, X, sample_weight=None, of=None, **changes):
        """Return a fitted estimator."""
        return self.train(self.make(**changes), "fit", X, of, sample_weight=sample_weight)

    def resume(self, estimator, X, of=None, **weights):
        """Continue training: for one epoch by `partial_fit`, or, without this method, by `fit` with `warm_start`."""
        if hasattr(estimator, "partial_fit"):
            return self.train(estimator, "partial_fit", X, of, **weights)
        return self.train(estimator.set_params(warm_start=True), "fit", X, of, **weights)

    def encode(self, fitted, X):
        """Return the encodings, or the probabilities or scores of the predictions: an array with a row per sample."""
        if hasattr(fitted, "predict_beams"):
            return fitted.predict_beams(X)[1]
        return fitted.transform(X) if hasattr(fitted, "transform") else fitted.predict_proba(X)

    @cache  # noqa: B019  (cases exist as long as the tests run)
    def fitted(self):
        """Return an estimator fitted on the training set, which no test may train further."""
        return self.fit(self.training_set)


class RowCase(Case):
    """A case whose samples are rows, without a length."""

    is_sequential = False

    def draw(self, lengths, seed):
        return list(np.random.default_rng(seed).integers(0, 9, size=(len(lengths), self.n_features)) / 8)

    @property
    def containers(self):
        return ROW_CONTAINERS

    def as_array(self, arrays):
        return np.stack(arrays)


class TokenCase(Case):
    """A case whose samples are sequences of tokens."""

    is_numeric = False

    def draw(self, lengths, seed):
        letters = np.array(list("abcdefghi"))
        return [letters[(8 * x[:, 0]).astype(int)] for x in draw_sequences(lengths, 1, seed)]

    @property
    def containers(self):
        return TOKEN_CONTAINERS

    def as_array(self, arrays):
        return token_table(arrays)

    def make_outlier(self, x):
        return np.full_like(x, "z")
