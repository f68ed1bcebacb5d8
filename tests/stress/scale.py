"""Data with many samples, and with many timesteps."""

import numpy as np

from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    Sequences,
)


def make_data(n_samples, n_timesteps, n_features=1):
    """Return `Sequences` of different lengths up to `n_timesteps`, and a label for each sequence."""
    random = np.random.RandomState(0)
    lengths = random.randint(1, n_timesteps + 1, size=n_samples) if n_samples > 1 else np.array([n_timesteps])
    values = random.normal(size=(lengths.sum(), n_features)).astype(np.float32)
    return Sequences.from_packed(values, lengths), np.arange(n_samples) % 2


def cases():
    """Yield a description, an estimator, its data and the name of a method."""
    settings = {"epochs": 1, "random_state": 0, "batch_size": 256}
    short, labels = make_data(100_000, 10)
    long, label = make_data(1, 10_000)
    autoencoder = LSTMAutoencoderTransformer(8, **settings)
    yield "100,000 samples, autoencoder", autoencoder, (short,), "transform"
    yield "100,000 samples, regressor", CompositeSequenceRegressor(8, **settings), (short, labels * 1.0), "predict"
    yield "100,000 samples, classifier", Seq2SeqClassifier(8, **settings), (short, labels), "predict_proba"
    rows = short.to_padded(10, 0.0)[:, :, 0]
    yield "100,000 samples, rows", DenseAutoencoderTransformer(4, **settings), (rows,), "transform"
    yield "10,000 timesteps, autoencoder", autoencoder, (long,), "transform"
    yield "10,000 timesteps, regressor", CompositeSequenceRegressor(8, **settings), (long, label + 0.5), "predict"
    yield "10,000 timesteps, classifier", Seq2SeqClassifier(8, **settings), (long, [["a", "b"]]), "predict_proba"


def scale():
    """Values that are not finite, in the loss of an epoch and in the output after it."""
    for name, estimator, data, method in cases():
        output = getattr(estimator.fit(*data), method)(data[0])
        n_failed = sum(np.count_nonzero(~np.isfinite(row)) for row in output)
        n_failed += sum(~np.isfinite(estimator.history_["loss"]))
        yield f"{name}: non-finite loss or output of `{method}`", len(data[0]), n_failed
