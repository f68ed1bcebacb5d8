"""The loss and its gradient, compared with values computed sample by sample without padding."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from skseqae.networks.keras_backend._networks import build_decoder, build_encoder
from skseqae.training import _loop
from tests.training.fits import ARCHITECTURE, LENGTHS, ZERO_RATE, draw_weights, fit, make_data

TWO_HEADS = replace(ARCHITECTURE, heads=("reconstruction", "prediction"))


def reference_losses(architecture, weights, data, rows):
    """Return the weighted sum of squared errors of each head and its gradient, sample by sample with stock layers.

    No sample is padded, so that padding cannot contribute to the sums.
    """
    parts = {"encoder": build_encoder(architecture, stock=True)}
    parts |= {head: build_decoder(architecture, head, stock=True) for head in architecture.heads}
    for name, part in parts.items():
        part.set_weights(weights[name])
    sums = dict.fromkeys(architecture.heads, 0.0)
    with tf.GradientTape(persistent=True) as tape:
        for i in rows:
            z = parts["encoder"](encoder_inputs(data.x[i]))
            for head, target in data.targets.items():
                decoded = parts[head]([z, tf.ones((1, len(target[i])))])[0] if len(target[i]) else target[i]
                errors = tf.reduce_mean((decoded - target[i]) ** 2, axis=-1)
                sums[head] += data.sample_weight[i] * tf.reduce_sum(errors)
    variables = [[weight.value for weight in part.trainable_weights] for part in parts.values()]
    return sums, {head: tape.gradient(loss, variables, unconnected_gradients="zero") for head, loss in sums.items()}


def encoder_inputs(x):
    """Return a sequence and its mask; for stock layers an empty sequence is one timestep of padding."""
    return [x[None], np.ones((1, len(x)))] if len(x) else [np.zeros((1, 1, 2)), np.zeros((1, 1))]


def test_loss_is_the_weighted_mean_over_real_timesteps():
    data, weights = make_data(), draw_weights()
    sums, _ = reference_losses(ARCHITECTURE, weights, data, range(len(data)))
    for batch_size in (1, 4, 100):
        history = fit(data=data, weights=weights, learning_rate=ZERO_RATE, batch_size=batch_size, epochs=1).history
        assert_allclose(history["loss"], [sums["reconstruction"] / (data.sample_weight @ LENGTHS)], rtol=1e-5)


def test_validation_loss_is_the_weighted_mean_over_real_timesteps():
    held_out, weights = make_data([3, 0, 2, 6, 1], seed=1), draw_weights()
    sums, _ = reference_losses(ARCHITECTURE, weights, held_out, range(5))
    for batch_size in (2, 100):
        history = fit(validation=held_out, weights=weights, learning_rate=ZERO_RATE, batch_size=batch_size).history
        expected = sums["reconstruction"] / (held_out.sample_weight @ [3, 0, 2, 6, 1])
        assert_allclose(history["val_loss"], [expected] * 2, rtol=1e-5)


@pytest.fixture(scope="module")
def two_heads():
    """The data, the initial weights and the settings of one plain gradient step."""
    settings = {
        "optimizer": "sgd",
        "learning_rate": 10.0,
        "clipnorm": None,
        "epochs": 1,
        "head_weights": {"reconstruction": 0.7, "prediction": 0.3},
    }
    return make_data(architecture=TWO_HEADS), draw_weights(TWO_HEADS), settings


def test_batch_gradients_are_normalised_by_the_mean_weight_of_the_training_set(monkeypatch, two_heads):
    data, weights, settings = two_heads
    rows = np.array([7, 3, 5])  # of 5, 1 and 0 timesteps, where the mean of all samples is 2.7
    monkeypatch.setattr(_loop, "shuffle_into_batches", lambda *_: [rows])
    result = fit(TWO_HEADS, data, weights=weights, **settings)

    _, gradients = reference_losses(TWO_HEADS, weights, data, rows)
    lengths = {"reconstruction": np.array(LENGTHS), "prediction": np.maximum(np.array(LENGTHS) - 1, 0)}
    steps = {
        head: settings["learning_rate"] * weight / (len(rows) * np.mean(data.sample_weight * lengths[head]))
        for head, weight in settings["head_weights"].items()
    }
    for k, name in enumerate(weights):
        for j, before in enumerate(weights[name]):
            expected = before - sum(step * gradients[head][k][j] for head, step in steps.items())
            assert_allclose(result.weights[name][j], expected, rtol=1e-5, atol=1e-6)
            assert before.ndim == 1 or np.abs(result.weights[name][j] - before).max() > 1e-3


def test_loss_of_two_heads_is_their_weighted_sum_and_both_are_logged(two_heads):
    data, weights, settings = two_heads
    history = fit(TWO_HEADS, data, weights=weights, **settings | {"learning_rate": ZERO_RATE}).history
    sums, _ = reference_losses(TWO_HEADS, weights, data, range(len(data)))
    reconstruction = sums["reconstruction"] / (data.sample_weight @ LENGTHS)
    prediction = sums["prediction"] / (data.sample_weight @ np.maximum(np.array(LENGTHS) - 1, 0))
    expected = {"reconstruction_loss": reconstruction, "prediction_loss": prediction}
    expected["loss"] = 0.7 * reconstruction + 0.3 * prediction
    assert history.keys() == expected.keys()
    for name, value in expected.items():
        assert_allclose(history[name], [value], rtol=1e-5)


def test_conditional_decoders_read_the_previous_target_in_training_and_validation():
    architecture = replace(ARCHITECTURE, decoder="conditional")
    weights, held_out = draw_weights(architecture), make_data([4])
    encoder, decoder = build_encoder(architecture), build_decoder(architecture, "reconstruction")
    encoder.set_weights(weights["encoder"])
    decoder.set_weights(weights["reconstruction"])
    x, mask = held_out.x[0][None], np.ones((1, 4), np.float32)
    previous = np.concatenate([np.zeros((1, 1, 2), np.float32), x[:, :-1]], axis=1)
    decoded = decoder([encoder([x, mask]).numpy(), mask, previous])
    history = fit(architecture, held_out, held_out, weights=weights, learning_rate=ZERO_RATE, epochs=1).history
    assert_allclose([history["loss"][0], history["val_loss"][0]], np.mean((decoded - x) ** 2), rtol=1e-5)


def test_padding_does_not_contribute_to_losses_that_are_never_zero():
    def never_zero(y_true, y_pred):
        return tf.reduce_mean((y_true - y_pred) ** 2, axis=-1) + 1.0

    data, weights = make_data(), draw_weights()
    sums, _ = reference_losses(ARCHITECTURE, weights, data, range(len(data)))
    history = fit(data=data, weights=weights, loss=never_zero, learning_rate=ZERO_RATE, epochs=1).history
    assert_allclose(history["loss"], [sums["reconstruction"] / data.total_weight("reconstruction") + 1], rtol=1e-5)


def test_losses_that_divide_by_the_target_are_finite_despite_padding():
    def relative(y_true, y_pred):
        return tf.reduce_mean(((y_true - y_pred) / y_true) ** 2, axis=-1)

    data = make_data()
    assert data.x.packed.all()
    history = fit(data=data, loss=relative, epochs=1).history
    assert np.isfinite(history["loss"]).all()


def test_data_without_a_target_timestep_raise():
    with pytest.raises(ValueError, match=r"The 2 .* sample\(s\) contain no target timestep for the prediction decoder"):
        fit(TWO_HEADS, make_data(architecture=TWO_HEADS).take(np.array([3, 5])))
