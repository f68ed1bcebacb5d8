"""The shapes of each network's weights, from its architecture alone: no network is built to know them."""

from functools import singledispatch
from itertools import pairwise

from ._architectures import DenseArchitecture, Seq2SeqArchitecture

N_GATES = {"lstm": 4, "gru": 3}


@singledispatch
def weight_shapes(architecture):
    """Return the shapes of the weights, in the order in which training keeps them.

    Parameters
    ----------
    architecture : Architecture, Seq2SeqArchitecture or DenseArchitecture
        Whose decoder is no function.

    Returns
    -------
    dict of str to list of tuple of int
        By part of the network: "encoder", and each head.
    """
    width, shapes = architecture.n_features, []
    for units in architecture.units:
        shapes += _recurrent(architecture.cell, width, units, 1 + architecture.bidirectional)
        width = units * (1 + architecture.bidirectional)
    if width != architecture.latent_dim:
        shapes += _dense(width, architecture.latent_dim)
    parts = {"encoder": shapes}
    for head in architecture.heads:
        said = architecture.width(head)
        width, shapes = architecture.latent_dim + (said if architecture.decoder == "conditional" else 0), []
        for units in reversed(architecture.units):
            shapes += _recurrent(architecture.cell, width, units)
            width = units
        parts[head] = shapes + _dense(width, said)
    return parts


@weight_shapes.register
def _(architecture: DenseArchitecture):
    sizes = [architecture.n_features, *architecture.hidden_layer_sizes, architecture.latent_dim]
    return {"encoder": _dense(*sizes), "reconstruction": _dense(*reversed(sizes))}


@weight_shapes.register
def _(architecture: Seq2SeqArchitecture):
    width, encoder = architecture.n_tokens or architecture.n_features, []
    for units, state_units in zip(architecture.units, architecture.state_units, strict=True):
        encoder += _recurrent(architecture.cell, width, units, 1 + architecture.bidirectional)
        width = state_units
    (head,), decoder = architecture.heads, []
    if head == "sequence":
        width = architecture.n_classes + 1  # and what stands before the first
        for units in reversed(architecture.state_units):
            decoder += _recurrent(architecture.cell, width, units)
            width = units
    return {"encoder": encoder, head: decoder + _dense(width, architecture.n_outputs)}


def _recurrent(cell, width, units, n_directions=1):
    """Return the shapes of kernel, recurrent kernel and bias, for each direction."""
    gates = N_GATES[cell] * units
    return [(width, gates), (units, gates), (gates,) if cell == "lstm" else (2, gates)] * n_directions


def _dense(*sizes):
    """Return the shapes of kernel and bias, for each layer between two sizes."""
    return [shape for pair in pairwise(sizes) for shape in (pair, pair[1:])]
