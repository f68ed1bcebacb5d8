"""Exported Keras models: stock layers, the units of the data, and the same values."""

import random
from dataclasses import replace

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from skseqae.data._padding import padded_and_mask
from skseqae.data._scaling import Scaling
from skseqae.data._sequences import Sequences, unpad
from skseqae.data._targets import TargetLayout, reversed_in_time
from skseqae.inference._encode_decode import decode, encode
from skseqae.inference._network import Network
from skseqae.networks._architectures import Architecture
from skseqae.networks.keras_backend._exported_models import export_decoder, export_encoder, export_model
from skseqae.networks.keras_backend._initialization import initial_weights
from skseqae.networks.keras_backend._networks import join

LENGTHS = np.array([4, 1, 3, 5])
HEADS = ("reconstruction", "prediction")
ARCHITECTURE = Architecture(n_features=2, latent_dim=3, units=(4,), heads=HEADS, reverse=True)
SCALING = Scaling(np.array([100.0, -3.0]), np.array([2.0, 0.5]))
X = Sequences.from_packed(np.random.default_rng(0).normal(size=(13, 2)) * SCALING.std + SCALING.mean, LENGTHS)


def output_scaling(head):
    return SCALING, TargetLayout("sequences", length_offset=-1 if head == "prediction" else 0)


def draw_weights(architecture):
    return initial_weights(join(architecture, {})[1], {}, np.random.RandomState(0))


@pytest.fixture(scope="module")
def weights():
    return draw_weights(ARCHITECTURE)


@pytest.fixture(scope="module")
def encodings(weights):
    return encode(Network(ARCHITECTURE, weights), SCALING.apply(X))


def decoded(weights, head, encodings, lengths=LENGTHS):
    """Return decoded sequences in the units of the data, in the order of time."""
    sequences = decode(Network(ARCHITECTURE, weights), head, encodings, lengths)
    return SCALING.undo(reversed_in_time(sequences) if head == "reconstruction" else sequences, np.float64)


def test_exported_encoders_read_the_units_of_the_data(weights, encodings):
    encoder = export_encoder(ARCHITECTURE, weights, SCALING)
    assert [tuple(source.shape) for source in encoder.inputs] == [(None, None, 2), (None, None)]
    assert_allclose(encoder(list(padded_and_mask(X))), encodings, atol=1e-5)


def test_exported_decoders_return_the_units_of_the_data_in_the_order_of_time(weights, encodings):
    outputs = export_decoder(ARCHITECTURE, weights, output_scaling)([encodings, padded_and_mask(X)[1]])
    assert list(outputs) == ["reconstruction", "prediction"]
    for head, values in outputs.items():
        lengths = LENGTHS - (head == "prediction")  # the first timestep is not predicted
        got = unpad(values.numpy(), lengths).packed
        tolerance = 1e-5 * SCALING.std + 1e-7 * np.abs(SCALING.mean)  # float32 keeps seven digits of the mean
        assert (np.abs(got - decoded(weights, head, encodings, lengths).packed) < tolerance).all()


def test_exported_decoders_with_one_head_return_an_array():
    architecture = replace(ARCHITECTURE, heads=("reconstruction",))
    decoder = export_decoder(architecture, draw_weights(architecture), output_scaling)
    assert decoder([np.zeros((1, 3)), np.ones((1, 4))]).shape == (1, 4, 2)


def test_exported_models_equal_encoder_and_decoder(weights, encodings):
    encoder, decoder = (
        export_encoder(ARCHITECTURE, weights, SCALING),
        export_decoder(ARCHITECTURE, weights, output_scaling),
    )
    x, mask = padded_and_mask(X)
    outputs, expected = export_model(encoder, decoder)([x, mask]), decoder([encoder([x, mask]).numpy(), mask])
    for head in ARCHITECTURE.heads:
        assert_allclose(outputs[head], expected[head], rtol=1e-6)


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_custom_layers_are_exported_only_where_keras_has_none(decoder):
    architecture = replace(ARCHITECTURE, decoder=decoder)
    weights = draw_weights(architecture)
    encoder, decoder = (
        export_encoder(architecture, weights, SCALING),
        export_decoder(architecture, weights, output_scaling),
    )
    model = export_model(encoder, decoder)
    custom_layers = {
        type(layer).__name__
        for layer in model._flatten_layers()
        if not type(layer).__module__.startswith("keras.") and not isinstance(layer, keras.Model)
    }
    assert custom_layers == (set() if architecture.decoder == "repeat" else {"FreeRunning", "Recurrent"})


def test_exporting_does_not_change_the_state_of_pythons_generator(weights):
    before = random.getstate()
    export_encoder(ARCHITECTURE, weights, SCALING)
    export_decoder(ARCHITECTURE, weights, output_scaling)
    is_unchanged = random.getstate() == before
    assert is_unchanged
