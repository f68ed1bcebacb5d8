"""Statistics of hidden states, patches, differences and positions: both backends, compared with NumPy."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skseqae.data._padding import padded_and_mask
from skseqae.data._scaling import Scaling
from skseqae.data._sequences import Sequences
from skseqae.data._targets import TargetLayout
from skseqae.inference._encode_decode import decode, encode
from skseqae.inference._network import Network
from skseqae.networks._architectures import Architecture
from skseqae.networks._layer_plan import N_TIME_FEATURES
from skseqae.networks._statistics import MIN_VARIANCE, SIZES
from skseqae.networks._weight_shapes import weight_shapes
from skseqae.networks.keras_backend._exported_models import export_decoder, export_encoder
from skseqae.networks.keras_backend._networks import time_features

LENGTHS = np.array([7, 0, 1, 4, 2, 9])
UNITS = 3
STATISTICS = Architecture(2, 4, (UNITS,), bidirectional=True, differences=True, pooling=tuple(SIZES))
SCALING = Scaling.identity(2)


def draw_weights(architecture, seed=0):
    rng = np.random.default_rng(seed)
    return {
        part: [rng.normal(size=shape).astype(np.float32) / 2 for shape in shapes]
        for part, shapes in weight_shapes(architecture).items()
    }


def draw_sequences(lengths=LENGTHS, seed=1):
    values = np.random.default_rng(seed).normal(size=(sum(lengths), 2)).astype(np.float32)
    return Sequences.from_packed(values, lengths)


def hidden_states(architecture, weights, x):
    """Return the hidden states of one sequence (T, F) that is not empty, as ONNX Runtime computes them: (P, D)."""
    model = Network(architecture, weights).model("hidden")
    return model(x=x[:, None], lengths=np.array([len(x)], np.int32))[0][:, 0]


def statistics_by_hand(h, thresholds):
    backward = np.arange(4 * UNITS) // UNITS % 2 == 1
    changes = np.abs(np.diff(h, axis=0)).sum(axis=0) / max(len(h) - 1, 1)
    by_name = {
        "shares": (h > thresholds[:, None]).mean(axis=1).ravel(),
        "max": h.max(axis=0),
        "min": h.min(axis=0),
        "mean_abs_change": changes,
        "mean": h.mean(axis=0),
        "std": np.sqrt(h.var(axis=0) + MIN_VARIANCE),
        "last": np.where(backward, h[0], h[-1]),
    }
    return np.concatenate([by_name[name] for name in SIZES])


@pytest.mark.parametrize("patch_size", [1, 2])
def test_statistics_equal_numpy(patch_size):
    architecture = replace(STATISTICS, patch_size=patch_size)
    weights, sequences = draw_weights(architecture), draw_sequences()
    encodings = encode(Network(architecture, weights), sequences)
    for x, encoding in zip(sequences, encodings, strict=True):
        if len(x):
            expected = statistics_by_hand(hidden_states(architecture, weights, x), weights["encoding"][0])
            assert_allclose(encoding, expected, atol=1e-6)


def test_statistics_of_empty_sequences_are_zero_or_the_least_deviation():
    encodings = encode(Network(STATISTICS, draw_weights(STATISTICS)), draw_sequences())
    is_deviation = np.repeat([name == "std" for name in SIZES], [4 * UNITS * size for size in SIZES.values()])
    assert_allclose(encodings[1], np.where(is_deviation, np.sqrt(MIN_VARIANCE), 0))


def test_the_second_encoder_reads_the_differences():
    """With the weights of the first one, its hidden states for a running sum are those of the summed sequence."""
    weights, x = draw_weights(STATISTICS), draw_sequences([6])[0].copy()
    weights["encoder"][6:] = weights["encoder"][:6]
    x[0] = 0  # the first difference
    h = hidden_states(STATISTICS, weights, np.cumsum(x, axis=0))
    assert_allclose(h[:, 2 * UNITS :], hidden_states(STATISTICS, weights, x)[:, : 2 * UNITS], atol=1e-6)


@pytest.mark.parametrize("n_timesteps", [5, 6])
def test_patches_are_consecutive_timesteps(n_timesteps):
    """A network without patches that reads them as rows has the same encoding; the last timestep fills up the last."""
    patched = Architecture(2, UNITS, (UNITS,), patch_size=3)
    x = draw_sequences([n_timesteps])[0]
    rows = np.concatenate([x, x[-1:]])[:6].reshape(2, 6)
    weights = draw_weights(patched)
    plain = Architecture(6, UNITS, (UNITS,))
    got, expected = (
        encode(Network(architecture, weights), Sequences.from_list([values]))
        for architecture, values in ((patched, x), (plain, rows))
    )
    assert_allclose(got, expected, atol=1e-6)


@pytest.mark.parametrize("pooling", [(), tuple(SIZES)], ids=["last", "statistics"])
@pytest.mark.parametrize("patch_size", [1, 2, 4])
def test_keras_models_equal_onnx_runtime(patch_size, pooling):
    architecture = replace(
        STATISTICS, patch_size=patch_size, pooling=pooling, n_encodings=5 if pooling else None, time_features=True
    )
    weights, sequences = draw_weights(architecture), draw_sequences()
    x, mask = padded_and_mask(sequences)
    network = Network(architecture, weights)
    encodings, latent = encode(network, sequences), encode(network, sequences, "latent")
    for name, expected in (("encoding", encodings), ("latent", latent)):
        assert_allclose(export_encoder(architecture, weights, SCALING, (name,))([x, mask]), expected, atol=1e-5)
    reads_latent = {name: arrays for name, arrays in weights.items() if name != "inverse"}
    layout = TargetLayout("sequences", length_offset=0)
    decoder = export_decoder(architecture, reads_latent, lambda head: (SCALING, layout))
    decoded = decode(network, "reconstruction", latent, LENGTHS)
    assert_allclose(decoder([latent, mask]).numpy()[mask == 1], decoded.packed, atol=1e-5)


def test_time_features_are_chebyshev_polynomials():
    features = time_features((np.arange(9) < np.array([[9], [1]])).astype(np.float32)).numpy()
    angles = np.arccos(np.linspace(-1, 1, 9))
    expected = np.cos(np.outer(angles, np.arange(1, N_TIME_FEATURES + 1)))
    assert_allclose(features[0], expected, atol=1e-5)
    assert_allclose(features[1, 0], (-1.0) ** np.arange(1, N_TIME_FEATURES + 1))
