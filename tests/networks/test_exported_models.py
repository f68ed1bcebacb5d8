"""The Keras models that are given away: stock layers, the data's own units, the same numbers."""

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
from skseqae.networks._architectures import Architecture
from skseqae.networks.keras_backend._exported_models import export_decoder, export_encoder, export_model
from skseqae.networks.keras_backend._initialization import initial_weights
from skseqae.networks.keras_backend._networks import join

LENGTHS = np.array([4, 1, 3, 5])
HEADS = ("reconstruction", "prediction")
ARCHITECTURE = Architecture(n_features=2, latent_dim=3, units=(4,), heads=HEADS, reverse=True)
SCALING = Scaling(np.array([100.0, -3.0]), np.array([2.0, 0.5]))
X = Sequences.from_packed(np.random.default_rng(0).normal(size=(13, 2)) * SCALING.std + SCALING.mean, LENGTHS)


def says(head):
    return SCALING, TargetLayout("sequences", length_offset=-1 if head == "prediction" else 0)


def draw_weights(architecture):
    return initial_weights(join(architecture, {})[1], {}, np.random.RandomState(0))


@pytest.fixture(scope="module")
def weights():
    return draw_weights(ARCHITECTURE)


@pytest.fixture(scope="module")
def encodings(weights):
    return encode(ARCHITECTURE, weights, SCALING.apply(X))


def decoded(weights, head, encodings, lengths=LENGTHS):
    """What the verbs say, in the data's own units, first timestep first."""
    said = decode(ARCHITECTURE, weights, head, encodings, lengths)
    return SCALING.undo(reversed_in_time(said) if head == "reconstruction" else said, np.float64)


def test_the_stock_encoder_reads_the_datas_own_units(weights, encodings):
    encoder = export_encoder(ARCHITECTURE, weights, SCALING)
    assert [tuple(source.shape) for source in encoder.inputs] == [(None, None, 2), (None, None)]
    assert_allclose(encoder(list(padded_and_mask(X))), encodings, atol=1e-5)


def test_the_stock_decoder_says_the_datas_own_units_first_timestep_first(weights, encodings):
    said = export_decoder(ARCHITECTURE, weights, says)([encodings, padded_and_mask(X)[1]])
    assert list(said) == ["reconstruction", "prediction"]
    for head, values in said.items():
        lengths = LENGTHS - (head == "prediction")  # the first timestep is not predicted
        got = unpad(values.numpy(), lengths).packed
        tolerance = 1e-5 * SCALING.std + 1e-7 * np.abs(SCALING.mean)  # and float32 has seven digits of the mean
        assert (np.abs(got - decoded(weights, head, encodings, lengths).packed) < tolerance).all()


def test_with_one_decoder_the_stock_decoder_gives_one_array():
    architecture = replace(ARCHITECTURE, heads=("reconstruction",))
    decoder = export_decoder(architecture, draw_weights(architecture), says)
    assert decoder([np.zeros((1, 3)), np.ones((1, 4))]).shape == (1, 4, 2)


def test_the_whole_model_is_its_parts_in_a_row(weights, encodings):
    encoder, decoder = export_encoder(ARCHITECTURE, weights, SCALING), export_decoder(ARCHITECTURE, weights, says)
    x, mask = padded_and_mask(X)
    said, expected = export_model(encoder, decoder)([x, mask]), decoder([encoder([x, mask]).numpy(), mask])
    for head in ARCHITECTURE.heads:
        assert_allclose(said[head], expected[head], rtol=1e-6)


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_only_what_keras_lacks_is_not_a_stock_layer(decoder):
    architecture = replace(ARCHITECTURE, decoder=decoder)
    weights = draw_weights(architecture)
    model = export_model(export_encoder(architecture, weights, SCALING), export_decoder(architecture, weights, says))
    own = {
        type(layer).__name__
        for layer in model._flatten_layers()
        if not type(layer).__module__.startswith("keras.") and not isinstance(layer, keras.Model)
    }
    assert own == (set() if decoder == "repeat" else {"FreeRunning", "Recurrent"})


def test_giving_networks_away_never_changes_the_state_of_pythons_generator(weights):
    before = random.getstate()
    export_encoder(ARCHITECTURE, weights, SCALING)
    export_decoder(ARCHITECTURE, weights, says)
    is_unchanged = random.getstate() == before
    assert is_unchanged
