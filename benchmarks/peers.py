"""Implementations of the same work in skseqae, in Keras (the tutorials' network) and in PyTorch, with the same methods.

`python -m benchmarks.peers NAME CASE` reads one method name per line, and prints the seconds that the method took.
"""

import json
import os
import sys
import time

import numpy as np

N_SINGLE = 100  # samples encoded one by one, to time a single sample


def draw_sequences(case):
    """Return noisy sines in float32: all of one length, or of lengths from a long-tailed distribution."""
    rng = np.random.default_rng(0)
    shortest, longest = case["lengths"]
    lengths = shortest * np.exp(rng.exponential(0.5, case["n_samples"]))
    lengths = np.clip(np.round(lengths), shortest, longest).astype(int)
    lengths[0] = longest
    steps = [np.arange(length)[:, None] for length in lengths]
    shape = case["n_features"]
    waves = [np.sin(t * rng.uniform(0.05, 0.5, shape) + rng.uniform(0, 6, shape)) for t in steps]
    return [(wave + 0.1 * rng.normal(size=wave.shape)).astype(np.float32) for wave in waves]


def padded_with_zeros(sequences):
    """Return an array (N, T, F)."""
    array = np.zeros((len(sequences), max(map(len, sequences)), sequences[0].shape[1]), np.float32)
    for row, x in zip(array, sequences, strict=True):
        row[: len(x)] = x
    return array


class Skseqae:
    """The package, through its public API."""

    def __init__(self, case):
        from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
        from skseqae import LSTMAutoencoderTransformer

        self.make, self.sequences = LSTMAutoencoderTransformer, draw_sequences(case)
        sizes = {"latent_dim": case["units"], "epochs": case["epochs"], "batch_size": case["batch_size"]}
        self.settings = LAST_STATE | WHOLE_SEQUENCES | sizes
        self.n_fits = 0

    def fit(self):
        """Train a model with a new seed and another learning rate, like each candidate of a search."""
        self.n_fits += 1
        rate = 1e-3 * (1 + self.n_fits % 5)
        self.model = self.make(**self.settings | {"learning_rate": rate}, random_state=self.n_fits).fit(self.sequences)

    def fit_another(self):
        """Train a model with a new architecture."""
        self.settings["latent_dim"] += 1
        self.fit()

    def transform(self):
        """Encode all samples."""
        self.model.transform(self.sequences)

    def single(self):
        """Encode samples one by one."""
        for i in range(N_SINGLE):
            self.model.transform(self.sequences[i % len(self.sequences)][None])


class Keras:
    """The tutorials' network: all sequences padded to the longest, and a loss that includes the padding."""

    def __init__(self, case):
        import keras

        self.keras, self.case, self.x = keras, case, padded_with_zeros(draw_sequences(case))

    def fit(self):
        """Build, compile and train a model."""
        layers, (_, n_timesteps, n_features) = self.keras.layers, self.x.shape
        x = self.keras.Input((n_timesteps, n_features))
        z = layers.LSTM(self.case["units"])(x)
        y = layers.LSTM(self.case["units"], return_sequences=True)(layers.RepeatVector(n_timesteps)(z))
        model = self.keras.Model(x, layers.TimeDistributed(layers.Dense(n_features))(y))
        model.compile("adam", "mse")
        model.fit(self.x, self.x, batch_size=self.case["batch_size"], epochs=self.case["epochs"], verbose=0)
        self.encoder = self.keras.Model(x, z)

    def transform(self):
        """Encode all samples."""
        self.encoder.predict(self.x, batch_size=256, verbose=0)

    def single(self):
        """Encode samples one by one."""
        for i in range(N_SINGLE):
            self.encoder.predict(self.x[i % len(self.x)][None], verbose=0)


class Torch:
    """The same network in PyTorch, optimised: batches truncated to their longest sequence, a loss without padding."""

    def __init__(self, case):
        import torch

        sequences = draw_sequences(case)
        self.torch, self.case = torch, case
        self.x, self.lengths = torch.from_numpy(padded_with_zeros(sequences)), torch.tensor([len(x) for x in sequences])

    def fit(self):
        """Build and train a model."""
        torch, units, n_features = self.torch, self.case["units"], self.x.shape[2]
        self.encoder = torch.nn.LSTM(n_features, units, batch_first=True)
        decoder = torch.nn.LSTM(units, units, batch_first=True)
        output = torch.nn.Linear(units, n_features)
        optimizer = torch.optim.Adam([w for part in (self.encoder, decoder, output) for w in part.parameters()])
        for _ in range(self.case["epochs"]):
            for rows in torch.randperm(len(self.x)).split(self.case["batch_size"]):
                longest = int(self.lengths[rows].max())
                x = self.x[rows, :longest]
                real = (torch.arange(longest) < self.lengths[rows, None])[:, :, None]
                optimizer.zero_grad()
                z = self._encode(x, self.lengths[rows])
                y = output(decoder(z[:, None].expand(-1, longest, -1))[0])
                (torch.where(real, y - x, 0.0).square().sum() / (real.sum() * n_features)).backward()
                optimizer.step()

    def _encode(self, x, lengths):
        return self.encoder(x)[0][self.torch.arange(len(x)), lengths - 1]

    def transform(self):
        """Encode all samples."""
        with self.torch.no_grad():
            for rows in self.torch.arange(len(self.x)).split(256):
                self._encode(self.x[rows, : int(self.lengths[rows].max())], self.lengths[rows]).numpy()

    def single(self):
        """Encode samples one by one."""
        with self.torch.no_grad():
            for i in range(N_SINGLE):
                i = i % len(self.x)
                length = int(self.lengths[i])
                self._encode(self.x[i : i + 1, :length], self.lengths[i : i + 1]).numpy()


class SkseqaeSearch:
    """A grid search of 12 candidates and 3 folds on the Japanese Vowels."""

    def __init__(self, case):
        from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
        from skseqae import LSTMAutoencoderTransformer
        from skseqae.datasets import load_japanese_vowels

        self.X = load_japanese_vowels(subset="train").data
        tutorial = LAST_STATE | WHOLE_SEQUENCES
        self.estimator = LSTMAutoencoderTransformer(**tutorial, epochs=case["epochs"], random_state=0)

    def fit(self):
        """Run the search."""
        from sklearn.model_selection import GridSearchCV

        grid = {"latent_dim": [16, 32], "learning_rate": [1e-3, 3e-3, 1e-2], "clipnorm": [0.5, 1.0]}
        GridSearchCV(self.estimator, grid, cv=3, error_score="raise").fit(self.X)


class KerasSearch:
    """The same grid for the tutorials' network in a SciKeras wrapper, which accepts flat targets only."""

    def __init__(self, case):
        from scikeras.wrappers import KerasRegressor

        from skseqae.datasets import load_japanese_vowels

        self.X = padded_with_zeros(load_japanese_vowels(subset="train").data)
        self.estimator = KerasRegressor(
            build_tutorial, units=16, optimizer="adam", loss="mse", epochs=case["epochs"], batch_size=32, verbose=0
        )

    def fit(self):
        """Run the search."""
        from sklearn.model_selection import GridSearchCV

        rates, norms = [1e-3, 3e-3, 1e-2], [0.5, 1.0]
        grid = {"model__units": [16, 32], "optimizer__learning_rate": rates, "optimizer__clipnorm": norms}
        GridSearchCV(self.estimator, grid, cv=3, error_score="raise").fit(self.X, self.X.reshape(len(self.X), -1))


def build_tutorial(meta, units):
    """Return the tutorials' network with flattened output."""
    import keras
    from keras import layers

    _, n_timesteps, n_features = meta["X_shape_"]
    stack = [
        keras.Input((n_timesteps, n_features)),
        layers.LSTM(units),
        layers.RepeatVector(n_timesteps),
        layers.LSTM(units, return_sequences=True),
        layers.TimeDistributed(layers.Dense(n_features)),
        layers.Flatten(),
    ]
    return keras.Sequential(stack)


class SkseqaeSeq2Seq:
    """Reverse the first three of six numbers: train for one epoch, then decode 1,000 new samples."""

    def __init__(self, case):
        self.case = case

    def fit(self):
        """Train and decode."""
        from skseqae import Seq2SeqClassifier
        from skseqae.datasets import make_reversals

        n = self.case["n_samples"]
        X, y = (np.stack(part) for part in make_reversals(n + 1000, n_reversed=3, random_state=0))
        classifier = Seq2SeqClassifier(128, tokens=True, epochs=1, random_state=0).fit(X[:n], y[:n])
        classifier.predict(X[n:])


class KerasSeq2Seq:
    """The tutorials' code for it: one-hot vectors, teacher forcing, two models for decoding, one sample at a time."""

    def __init__(self, case):
        self.case = case

    def fit(self):
        """Train and decode."""
        import keras
        from keras import layers

        from skseqae.datasets import make_reversals

        n, width = self.case["n_samples"], 51
        X, y = (np.stack(part) for part in make_reversals(n + 1000, n_reversed=3, random_state=0))
        x, target = keras.utils.to_categorical(X, width), keras.utils.to_categorical(y, width)
        before = keras.utils.to_categorical(np.pad(y[:, :-1], ((0, 0), (1, 0))), width)
        encoder_input, decoder_input = keras.Input((None, width)), keras.Input((None, width))
        _, *states = layers.LSTM(128, return_state=True)(encoder_input)
        decoder, dense = (
            layers.LSTM(128, return_sequences=True, return_state=True),
            layers.Dense(width, activation="softmax"),
        )
        model = keras.Model([encoder_input, decoder_input], dense(decoder(decoder_input, initial_state=states)[0]))
        model.compile("adam", "categorical_crossentropy")
        model.fit([x[:n], before[:n]], target[:n], batch_size=32, epochs=1, verbose=0)
        state_inputs = [keras.Input((128,)), keras.Input((128,))]
        h, *new_states = decoder(decoder_input, initial_state=state_inputs)
        encoder = keras.Model(encoder_input, states)
        step = keras.Model([decoder_input, *state_inputs], [dense(h), *new_states])
        for row in x[n:]:
            state = encoder.predict(row[None], verbose=0)
            last = keras.utils.to_categorical([0], width)[None]
            for _ in range(3):
                last, *state = step.predict([last, *state], verbose=0)


PEERS = {
    peer.__name__: peer for peer in (Skseqae, Keras, Torch, SkseqaeSearch, KerasSearch, SkseqaeSeq2Seq, KerasSeq2Seq)
}


def resident_megabytes():
    """Return the memory that this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def import_everything(name):
    """Import the libraries of a peer, so that the import time is not measured."""
    if name.startswith("Torch"):
        import torch  # noqa: F401
    else:
        import keras  # noqa: F401
        import scikeras.wrappers  # noqa: F401


def main():
    """Run the methods named on the standard input."""
    name, case = sys.argv[1], json.loads(sys.argv[2])
    import_everything(name)
    peer = PEERS[name](case)
    for line in sys.stdin:
        method = line.strip()
        start = time.perf_counter()
        result = resident_megabytes() if method == "memory" else getattr(peer, method)()
        print("result", time.perf_counter() - start if result is None else result, flush=True)


if __name__ == "__main__":
    main()
