"""The networks that are trained, networks of stock layers with the same weights, and initial weights."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Barrier, BrokenBarrierError

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skseqae.networks._architectures import Architecture
from skseqae.networks.keras_backend._custom_decoders import build_custom_decoders
from skseqae.networks.keras_backend._initialization import initial_weights
from skseqae.networks.keras_backend._networks import at_steps, build_decoder, build_encoder, build_free_decoder, join

ARCHITECTURES = {
    "one layer": Architecture(n_features=2, latent_dim=3, units=(3,)),
    "encoding layer": Architecture(n_features=2, latent_dim=3, units=(4,), output_activation="sigmoid"),
    "stacked": Architecture(n_features=2, latent_dim=3, units=(5, 3), activation="relu"),
    "bidirectional": Architecture(n_features=1, latent_dim=3, units=(4, 2), bidirectional=True, dropout=0.5),
    "gru": Architecture(n_features=2, latent_dim=3, units=(4, 3), cell="gru", activation="sigmoid"),
    "simple rnn": Architecture(n_features=2, latent_dim=3, units=(4, 3), cell="rnn", bidirectional=True),
    "bidirectional gru": Architecture(n_features=2, latent_dim=6, units=(3,), cell="gru", bidirectional=True),
    "statistics": Architecture(n_features=2, latent_dim=3, units=(4, 3), pooling=("max",), differences=True),
    "patches": Architecture(
        n_features=2, latent_dim=3, units=(3,), bidirectional=True, differences=True, patch_size=3, time_features=True
    ),
}
every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
LENGTHS = np.array([4, 2, 1])
MASK = (np.arange(5) < LENGTHS[:, None]).astype(np.float32)
REAL = MASK[:, :, None]


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def with_known_weights(model, seed=10):
    model.set_weights([draw(*weight.shape, seed=seed + i) / 2 for i, weight in enumerate(model.weights)])
    return model


def draw_weights(architecture, seed=0, custom_decoders=None):
    custom_decoders = custom_decoders or {}
    return initial_weights(join(architecture, custom_decoders)[1], custom_decoders, np.random.RandomState(seed))


def dense_decoder(n_timesteps, latent_dim, n_features):
    """Return a custom decoder: a dense layer without a seed."""
    layers = [keras.Input((latent_dim,)), keras.layers.Dense(n_timesteps * n_features)]
    return keras.Sequential([*layers, keras.layers.Reshape((n_timesteps, n_features))])


WITH_CUSTOM_DECODER = Architecture(n_features=2, latent_dim=3, units=(3,), decoder=dense_decoder, n_timesteps=(5,))


# --- weights ----------------------------------------------------------------------------------------------------------


@every_architecture
def test_stock_encoders_have_the_weights_of_trained_ones_in_the_same_order(architecture):
    trained, stock = build_encoder(architecture), build_encoder(architecture, stock=True)
    stock.set_weights(with_known_weights(trained).get_weights())
    inputs = [draw(3, 5, architecture.n_features), MASK]
    shape = (3, 5, architecture.hidden_width) if architecture.pooling else (3, architecture.latent_dim)
    assert trained(inputs).shape == shape
    is_real = MASK == 1 if architecture.pooling else slice(None)
    assert_allclose(stock(inputs).numpy()[is_real], trained(inputs).numpy()[is_real], rtol=1e-5, atol=1e-6)


@every_architecture
def test_stock_decoders_have_the_weights_of_trained_ones_in_the_same_order(architecture):
    trained, stock = (build_decoder(architecture, "reconstruction", stock=stock) for stock in (False, True))
    stock.set_weights(with_known_weights(trained).get_weights())
    inputs = [draw(3, architecture.latent_dim), MASK]
    assert trained(inputs).shape == (3, 5, architecture.n_features)
    assert_allclose(stock(inputs) * REAL, trained(inputs) * REAL, rtol=1e-5, atol=1e-6)


@every_architecture
def test_free_running_decoders_have_the_weights_of_trained_ones_in_the_same_order(architecture):
    architecture = replace(architecture, decoder="conditional")
    trained = with_known_weights(build_decoder(architecture, "reconstruction"))
    free = build_free_decoder(architecture, "reconstruction")
    free.set_weights(trained.get_weights())
    z, previous = draw(3, architecture.latent_dim), np.zeros((3, 5, architecture.n_features), np.float32)
    for t in range(4):
        previous[:, t + 1] = trained([z, MASK, previous])[:, t]  # the output is the next input
    assert_allclose(free([z, MASK]) * REAL, trained([z, MASK, previous]) * REAL, rtol=1e-5, atol=1e-6)


def test_unconditional_decoders_are_free_running():
    architecture = ARCHITECTURES["stacked"]
    decoder = with_known_weights(build_decoder(architecture, "reconstruction"))
    free = build_free_decoder(architecture, "reconstruction")
    free.set_weights(decoder.get_weights())
    assert_array_equal(free([draw(3, 3), MASK]), decoder([draw(3, 3), MASK]))


@pytest.mark.parametrize("stock", [False, True])
def test_the_encoding_is_the_state_unless_the_widths_differ(stock):
    names = {
        case: [layer.name for layer in build_encoder(ARCHITECTURES[case], stock=stock).layers]
        for case in ("one layer", "bidirectional gru", "encoding layer", "bidirectional")
    }
    assert {case: "encoding" in layers for case, layers in names.items()} == {
        "one layer": False, "bidirectional gru": False, "encoding layer": True, "bidirectional": True
    }  # fmt: skip


def test_decoders_mirror_the_units_of_the_encoder():
    shapes = [w.shape for w in build_decoder(ARCHITECTURES["stacked"], "reconstruction").weights]
    assert shapes == [(3, 12), (3, 12), (12,), (3, 20), (5, 20), (20,), (5, 2), (2,)]


# --- the joined network -----------------------------------------------------------------------------------------------


def test_the_joined_network_equals_its_parts():
    architecture = replace(ARCHITECTURES["stacked"], heads=("reconstruction", "prediction"))
    model, parts = join(architecture, {})
    assert list(parts) == ["encoder", "reconstruction", "prediction"]
    with_known_weights(model)
    x, shorter = draw(3, 5, 2), (np.arange(4) < LENGTHS[:, None] - 1).astype(np.float32)
    masks = {"reconstruction": MASK, "prediction": shorter}
    outputs = model({"x": x, "mask": MASK} | {f"{head}_mask": mask for head, mask in masks.items()})
    z = parts["encoder"]([x, MASK]).numpy()
    for head, mask in masks.items():
        assert_array_equal(outputs[head], parts[head]([z, mask]))
    assert not np.array_equal(parts["reconstruction"]([z, MASK]), parts["prediction"]([z, MASK]))


def test_conditional_decoders_of_the_joined_network_read_the_previous_target():
    model, parts = join(replace(ARCHITECTURES["one layer"], decoder="conditional"), {})
    with_known_weights(model)
    x, previous = draw(3, 5, 2), draw(3, 5, 2, seed=1)
    inputs = {"x": x, "mask": MASK, "reconstruction_mask": MASK, "reconstruction_previous": previous}
    output = model(inputs)["reconstruction"]
    z = parts["encoder"]([x, MASK]).numpy()
    assert_array_equal(output, parts["reconstruction"]([z, MASK, previous]))


# --- initial weights --------------------------------------------------------------------------------------------------


def flat(weights):
    return [array for part in weights.values() for array in part]


@every_architecture
def test_initial_weights_follow_the_seed(architecture):
    first, again, other = (flat(draw_weights(architecture, seed)) for seed in (0, 0, 1))
    assert all(map(np.array_equal, first, again))
    for a, b in zip(first, other, strict=True):
        is_bias = set(np.unique(a)) <= {0, 1}
        assert np.array_equal(a, b) == is_bias


def test_initial_weights_have_the_shapes_of_the_parts_and_do_not_change_them():
    architecture = ARCHITECTURES["bidirectional"]
    _, parts = join(architecture, {})
    before = {name: part.get_weights() for name, part in parts.items()}
    drawn = initial_weights(parts, {}, np.random.RandomState(0))
    assert list(drawn) == list(parts)
    for name, part in parts.items():
        assert [w.shape for w in drawn[name]] == [w.shape for w in before[name]]
        assert all(map(np.array_equal, part.get_weights(), before[name]))


@pytest.fixture(scope="module", params=["lstm", "gru", "rnn"])
def wide(request):
    """Return the names and weights of a wide encoder: two bidirectional layers and a dense layer."""
    architecture = Architecture(n_features=20, latent_dim=10, units=(30, 20), cell=request.param, bidirectional=True)
    _, parts = join(architecture, {})
    drawn = initial_weights(parts, {}, np.random.RandomState(0))["encoder"]
    names = [weight.name.removeprefix("backward_") for weight in parts["encoder"].weights]
    return request.param, list(zip(names, drawn, strict=True))


def test_kernels_are_glorot_uniform(wide):
    kernels = [array for name, array in wide[1] if name == "kernel"]
    assert len(kernels) == 5
    for kernel in kernels:
        limit = np.sqrt(6 / sum(kernel.shape))
        quantiles = np.quantile(kernel, [0, 0.25, 0.5, 0.75, 1])
        assert_allclose(quantiles, limit * np.array([-1, -0.5, 0, 0.5, 1]), atol=0.2 * limit)
        assert 0.95 * limit < np.abs(kernel).max() <= limit


def test_recurrent_kernels_are_orthogonal(wide):
    kernels = [array for name, array in wide[1] if name == "recurrent_kernel"]
    assert len(kernels) == 4
    for kernel in kernels:
        assert_allclose(kernel @ kernel.T, np.eye(len(kernel)), atol=1e-5)
        assert np.abs(kernel).max() < 0.9  # not the identity


def test_biases_are_zero_except_one_at_the_forget_gate_of_an_lstm(wide):
    cell, weights = wide
    biases = [array for name, array in weights if name == "bias"]
    assert len(biases) == 5
    for bias in biases[:4]:
        expected = np.repeat([0, 1, 0, 0], bias.size // 4) if cell == "lstm" else np.zeros(bias.shape)
        assert_array_equal(bias, expected)
    assert_array_equal(biases[4], np.zeros(10))


def test_initial_weights_differ_between_layers_and_directions():
    architecture = Architecture(n_features=6, latent_dim=6, units=(3, 3), bidirectional=True)
    kernels = [array for array in flat(draw_weights(architecture)) if array.shape == (6, 12)]
    assert len(kernels) == 5
    for i, kernel in enumerate(kernels):
        assert not any(np.array_equal(kernel, other) for other in kernels[:i])


# --- custom decoders --------------------------------------------------------------------------------------------------


def test_decoder_functions_are_called_once_per_head_with_the_largest_length():
    calls = []

    def record(*arguments):
        calls.append(arguments)
        return dense_decoder(*arguments)

    heads = ("reconstruction", "prediction")
    architecture = replace(WITH_CUSTOM_DECODER, decoder=record, heads=heads, n_timesteps=(5, 4))
    custom_decoders = build_custom_decoders(architecture, np.random.RandomState(0))
    assert calls == [(5, 3, 2), (4, 3, 2)]
    assert list(custom_decoders) == ["reconstruction", "prediction"]
    assert build_custom_decoders(ARCHITECTURES["one layer"]) == {}


def test_weights_of_custom_decoders_follow_the_seed():
    def kernel(seed):
        custom_decoders = build_custom_decoders(WITH_CUSTOM_DECODER, np.random.RandomState(seed))
        return draw_weights(WITH_CUSTOM_DECODER, custom_decoders=custom_decoders)["reconstruction"][0]

    assert_array_equal(kernel(0), kernel(0))
    assert not np.array_equal(kernel(0), kernel(1))


def test_weights_of_custom_decoders_follow_the_seed_in_threads():
    """Also if two fits call the function at the same time."""
    both = Barrier(2)

    def slow_decoder(*arguments):
        with suppress(BrokenBarrierError):  # if the second call waits for the first
            both.wait(timeout=0.5)
        return dense_decoder(*arguments)

    def kernel(decoder, seed):
        custom_decoders = build_custom_decoders(
            replace(WITH_CUSTOM_DECODER, decoder=decoder), np.random.RandomState(seed)
        )
        return custom_decoders["reconstruction"].get_weights()[0]

    before = random.getstate()
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(partial(kernel, slow_decoder), [0, 1]))
    is_unchanged = random.getstate() == before
    assert is_unchanged
    for seed in (0, 1):
        assert_array_equal(together[seed], kernel(dense_decoder, seed))


@pytest.mark.parametrize("random_state", [np.random.RandomState(0), None], ids=["seeded", "not seeded"])
def test_decoder_functions_do_not_change_the_state_of_pythons_generator(random_state):
    before = random.getstate()
    build_custom_decoders(WITH_CUSTOM_DECODER, random_state)
    is_unchanged = random.getstate() == before
    assert is_unchanged


def test_decoder_functions_that_raise_do_not_change_the_state_of_pythons_generator():
    def draw_and_raise(*_):
        random.random()
        raise ArithmeticError("in the user's function")

    before = random.getstate()
    with pytest.raises(ArithmeticError, match="in the user's function"):
        build_custom_decoders(replace(WITH_CUSTOM_DECODER, decoder=draw_and_raise), np.random.RandomState(0))
    is_unchanged = random.getstate() == before
    assert is_unchanged


def test_invalid_custom_decoders_raise_and_name_the_expected_shapes():
    with pytest.raises(
        TypeError, match=r"must return a keras.Model from \(batch, 3\) to \(batch, 5, 2\), but returned"
    ):
        build_custom_decoders(replace(WITH_CUSTOM_DECODER, decoder=lambda *_: "a model"))
    with pytest.raises(ValueError, match=r"from \(batch, 3\) to \(batch, 5, 2\), but its output is \(None, 4, 2\)"):
        build_custom_decoders(
            replace(WITH_CUSTOM_DECODER, decoder=lambda t, latent, f: dense_decoder(t - 1, latent, f))
        )


def test_outputs_of_custom_decoders_are_read_at_the_requested_timesteps():
    custom_decoder = build_custom_decoders(WITH_CUSTOM_DECODER, np.random.RandomState(0))["reconstruction"]
    decoder = build_decoder(WITH_CUSTOM_DECODER, "reconstruction", custom_decoder=custom_decoder)
    z = draw(3, 3)
    assert_array_equal(decoder([z, MASK]) * REAL, custom_decoder(z) * REAL)
    assert_array_equal(decoder([z, MASK[:, :4]]) * REAL[:, :4], custom_decoder(z)[:, :4] * REAL[:, :4])


def test_reading_in_reverse_starts_at_the_last_real_timestep_of_each_row():
    y = draw(3, 5, 2)
    got = at_steps(y, MASK, reverse=True).numpy()
    for row, length in enumerate(LENGTHS):
        assert_array_equal(got[row, :length], y[row, :length][::-1])
