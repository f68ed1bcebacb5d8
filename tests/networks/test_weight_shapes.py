"""The computed shapes of weights, compared with those of the Keras networks."""

from itertools import product

import numpy as np
import pytest

from skseqae.networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from skseqae.networks._weight_shapes import weight_shapes
from skseqae.networks.keras_backend._networks import join

BOTH = ("reconstruction", "prediction")
DECODERS = ["repeat", "conditional"]
CELLS = {"cell": ["lstm", "gru", "rnn"], "bidirectional": [False, True]}


def grid(cls, **options):
    return [cls(**dict(zip(options, values, strict=True))) for values in product(*options.values())]


ARCHITECTURES = [
    *grid(Architecture, n_features=[2], latent_dim=[3], units=[(3,), (4, 5)], decoder=DECODERS, **CELLS),
    *grid(Architecture, n_features=[2], latent_dim=[8], units=[(4,)], heads=[("prediction",)], dropout=[0.5], **CELLS),
    *grid(
        Architecture, n_features=[2], latent_dim=[3], units=[(3, 2)], heads=[BOTH], head_features=[(2, 6)],
        decoder=DECODERS, cell=["gru"],
    ),
    *grid(
        Architecture, n_features=[2], latent_dim=[3], units=[(3,), (4, 5)], differences=[True], patch_size=[1, 3],
        pooling=[(), ("shares", "max")], n_encodings=[5], time_features=[False, True], cell=["lstm"],
    ),
    *grid(
        Architecture, n_features=[1], latent_dim=[6], n_tokens=[None, 5], n_classes=[4], units=[(3,), (2, 3)],
        heads=[("label",)], head_features=[(1,)], pooling=[(), ("max", "shares")], bidirectional=[True],
        cell=["lstm", "rnn"],
    ),
    *grid(
        Architecture, n_features=[2], latent_dim=[3], n_classes=[4], units=[(3,)], differences=[True], readout=[True],
        heads=[("reconstruction", "label")], head_features=[(2, 1)], pooling=[("mean",)], patch_size=[1, 2],
    ),
    *grid(
        Seq2SeqArchitecture, n_features=[3], n_tokens=[None], n_classes=[4], units=[(3,), (3, 2)],
        heads=[("sequence",)], has_end=[False, True], **CELLS,
    ),
    *grid(DenseArchitecture, n_features=[6], latent_dim=[2], hidden_layer_sizes=[(), (5,), (5, 3)], noise=[0.0, 0.1]),
]  # fmt: skip


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_weight_shapes_equal_those_of_the_keras_network(architecture):
    _, parts = join(architecture, {})
    built = {name: [np.shape(array) for array in part.get_weights()] for name, part in parts.items()}
    shapes = weight_shapes(architecture)
    assert {name: shapes[name] for name in built} == built
    assert shapes.keys() - built.keys() <= {"encoding", "inverse", "readout"}  # which are computed after training
