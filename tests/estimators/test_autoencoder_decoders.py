"""LSTMAutoencoderTransformer: custom decoders and the conditional decoder."""

import pickle

import keras
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.estimators.autoencoders import LENGTHS, X, autoencoder, shapes
from tests.estimators.selections import NO_LEARNING
from tests.support.strategies import draw_sequences

# --- custom decoders --------------------------------------------------------------------------------------------------


class RecordingDecoder:
    """Returns a model that is linear in the encoding, and records the arguments of each call."""

    def __init__(self):
        self.calls = []

    def __call__(self, n_timesteps, latent_dim, n_features):
        self.calls.append((n_timesteps, latent_dim, n_features))
        size = n_timesteps * n_features
        layers = [keras.layers.Dense(size), keras.layers.Reshape((n_timesteps, n_features))]
        return keras.Sequential([keras.Input((latent_dim,)), *layers])


def test_a_custom_decoder_is_called_once_per_fit_for_the_largest_length():
    decoder = RecordingDecoder()
    fitted = autoencoder(decoder=decoder).fit(X)
    fitted.reconstruct(X)
    fitted.inverse_transform(fitted.transform(X), 3)
    assert decoder.calls == [(7, 3, 2)]
    fitted.fit(X[:1])
    assert decoder.calls == [(7, 3, 2), (5, 3, 2)]


def test_a_custom_decoder_refuses_sequences_longer_than_in_training():
    fitted = autoencoder(decoder=RecordingDecoder()).fit(X)
    longer = [X[0], *draw_sequences([8], 2, seed=0)]
    assert fitted.transform(longer).shape == (2, 3)  # the encoder reads sequences of any length
    message = "Sequence 1 has 8 timesteps.*called for 7, the longest in training"
    for method in (fitted.reconstruct, fitted.reconstruction_error, fitted.score_samples):
        with pytest.raises(ValueError, match=message):
            method(longer)
    with pytest.raises(ValueError, match="called for 7, the longest in training"):
        fitted.inverse_transform(np.zeros((1, 3)), 8)
    with pytest.raises(ValueError, match="longest"):
        fitted.partial_fit(longer)


def test_a_custom_decoder_of_predictions_accepts_the_lengths_of_training():
    fitted = autoencoder(decoder=RecordingDecoder(), objective="prediction").fit(X)
    assert shapes(fitted.predict_next(X)) == [(t - 1, 2) for t in LENGTHS]
    with pytest.raises(ValueError, match="the longest in training"):
        fitted.predict_next(draw_sequences([8], 2, seed=0))


def too_short(n_timesteps, latent_dim, n_features):
    return RecordingDecoder()(n_timesteps - 1, latent_dim, n_features)


def too_wide(n_timesteps, latent_dim, n_features):
    return RecordingDecoder()(n_timesteps, latent_dim, n_features + 1)


def without_time(n_timesteps, latent_dim, n_features):
    return keras.Sequential([keras.Input((latent_dim,)), keras.layers.Dense(n_features)])


@pytest.mark.parametrize(
    ("decoder", "shape"),
    [(too_short, r"\(None, 6, 2\)"), (too_wide, r"\(None, 7, 3\)"), (without_time, r"\(None, 2\)")],
)
def test_a_custom_decoder_with_another_output_shape_is_refused(decoder, shape):
    with pytest.raises(ValueError, match=rf"from \(batch, 3\) to \(batch, 7, 2\), but its output is {shape}"):
        autoencoder(decoder=decoder).fit(X)


def returns_layer(n_timesteps, latent_dim, n_features):
    return keras.layers.Dense(n_features)


def returns_none(n_timesteps, latent_dim, n_features):
    return None


@pytest.mark.parametrize(("decoder", "returned"), [(returns_layer, "Dense"), (returns_none, "NoneType")])
def test_a_custom_decoder_that_returns_no_model_is_refused(decoder, returned):
    with pytest.raises(TypeError, match=rf"decoder must return a keras.Model from .*, but returned .*{returned}"):
        autoencoder(decoder=decoder).fit(X)


def with_wider_input(n_timesteps, latent_dim, n_features):
    return RecordingDecoder()(n_timesteps, latent_dim + 1, n_features)


def test_a_custom_decoder_with_another_input_shape_is_refused():
    with pytest.raises(ValueError, match=r"decoder must return a keras.Model from \(batch, 3\) to \(batch, 7, 2\)"):
        autoencoder(decoder=with_wider_input).fit(X)


def recurrent_decoder(n_timesteps, latent_dim, n_features):
    """Return the decoder of common tutorials."""
    layers = [
        keras.layers.RepeatVector(n_timesteps),
        keras.layers.LSTM(4, return_sequences=True),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(n_features),
    ]
    return keras.Sequential([keras.Input((latent_dim,)), *layers])


def test_the_decoder_of_tutorials_is_trained_reproducibly():
    first, second = (autoencoder(decoder=recurrent_decoder, epochs=30, learning_rate=0.05).fit(X) for _ in range(2))
    assert first.history_ == second.history_
    assert first.history_["loss"][-1] < 0.9 * first.history_["loss"][0]
    assert_array_equal(pickle.loads(pickle.dumps(first)).transform(X), second.transform(X))


# --- the conditional decoder ------------------------------------------------------------------------------------------


def test_a_conditional_decoder_reads_its_own_output_at_inference():
    """Its output depends on the encoding and on the previous outputs, and on nothing that comes later."""
    fitted = autoencoder(decoder="conditional", reverse=False).fit(X)
    Z = fitted.transform(X)
    one, nine = (fitted.inverse_transform(Z, n_timesteps) for n_timesteps in (1, 9))
    for short, long, decoded in zip(one, nine, fitted.reconstruct(X), strict=True):
        assert_array_equal(long[:1], short)
        assert_array_equal(long[: len(decoded)], decoded[:9])


def test_teacher_forcing_is_used_only_in_training():
    """The loss in training differs from the error at inference, except for sequences of one timestep."""
    fitted = autoencoder(decoder="conditional", **NO_LEARNING).fit(X)
    std = np.concatenate(X).std(axis=0)
    squares = [((x - decoded) / std) ** 2 for x, decoded in zip(X, fitted.reconstruct(X), strict=True)]
    assert not np.isclose(fitted.history_["loss"][0], np.concatenate(squares).mean(), rtol=1e-4)

    of_one_timestep = [x[:1] for x in X]  # decoded from zeros in both cases
    fitted = autoencoder(decoder="conditional", **NO_LEARNING).fit(of_one_timestep)
    assert fitted.history_["loss"][0] == pytest.approx(-fitted.score(of_one_timestep), rel=1e-5)
