"""The layers of a network, in order, as plain records: the one description that all backends interpret.

A network has parts, an encoder and one decoder for each head. A part is the width of what it reads and its layers.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from ._cells import CELLS
from ._statistics import LATENT_STATISTICS, QUANTILES, n_statistics

N_TIME_FEATURES = 8


@dataclass(frozen=True)
class Recurrent:
    """A recurrent layer over time.

    Attributes
    ----------
    output : {"sequence", "last", "state"}
        h at each timestep; h at the last real timestep; or h at each timestep, and the final state for a decoder.
    n_tokens : int or None
        Where the input is tokens, which are numbered from 0, their number: the kernel has a row for each.
    n_groups : int
        Number of groups of as many features each. A layer of its own reads each group; the outputs are concatenated.
    has_initial_state : bool
        Whether the layer starts from a state of the encoder. Otherwise it starts from zeros.
    """

    name: str
    cell: str
    units: int
    activation: str
    bidirectional: bool = False
    dropout: float = 0.0
    output: str = "sequence"
    n_tokens: int | None = None
    n_groups: int = 1
    has_initial_state: bool = False

    @property
    def n_directions(self):
        """1, or 2 where a second layer reads the sequences backwards."""
        return 1 + self.bidirectional

    @property
    def n_branches(self):
        """Number of layers that run side by side: the directions of each group."""
        return self.n_directions * self.n_groups

    def weight_shapes(self, width):
        """Return the shapes of the weights for an input of this width, branch by branch."""
        return CELLS[self.cell].weight_shapes(self.n_tokens or width // self.n_groups, self.units) * self.n_branches

    def output_width(self, width):
        """Return the width of the output: that of all branches side by side."""
        return self.units * self.n_branches


@dataclass(frozen=True)
class Dense:
    """A dense layer on the last axis."""

    name: str
    units: int
    activation: str = "linear"

    def weight_shapes(self, width):
        """Return the shapes of kernel and bias."""
        return [(width, self.units), (self.units,)]

    def output_width(self, width):
        """Return the number of units."""
        return self.units


class _Weightless:
    """A layer without weights, which keeps the width of its input."""

    def weight_shapes(self, width):
        """Return nothing."""
        return []

    def output_width(self, width):
        """Return the width of the input."""
        return width


@dataclass(frozen=True)
class Differences(_Weightless):
    """The sequence, and beside it its first differences, of which the first is zero."""

    def output_width(self, width):
        """Return the width of both side by side."""
        return 2 * width


@dataclass(frozen=True)
class Patch(_Weightless):
    """Consecutive timesteps as one, group by group of features; the last real timestep fills the last patch up."""

    size: int
    n_groups: int = 1

    def output_width(self, width):
        """Return the width of a patch."""
        return width * self.size


@dataclass(frozen=True)
class Unpatch(_Weightless):
    """Each timestep as several, then the activation of the output."""

    size: int
    activation: str

    def output_width(self, width):
        """Return the width of a timestep."""
        return width // self.size


@dataclass(frozen=True)
class Pool:
    """Statistics of hidden states over the real timesteps, name by name; the shares have thresholds as weights.

    The hidden states are those of a layer with these numbers of units, directions and groups.
    """

    statistics: tuple[str, ...]
    units: int
    n_directions: int
    n_groups: int

    @property
    def is_backward(self):
        """Whether each hidden state belongs to a layer that reads the sequences backwards, an array."""
        return np.arange(self.units * self.n_directions * self.n_groups) // self.units % self.n_directions == 1

    def weight_shapes(self, width):
        """Return the shape of the thresholds, or nothing."""
        return [(len(QUANTILES), width)] if "shares" in self.statistics else []

    def output_width(self, width):
        """Return the number of statistics of all hidden states."""
        return n_statistics(self.statistics, width)


@dataclass(frozen=True)
class Repeat(_Weightless):
    """The latent vector at each timestep, or at each patch, and beside it its position, if there are time features.

    The time features are the Chebyshev polynomials of degrees 1 to 8, of the position between -1 and 1: cosines of
    another argument, computed by additions and products alone, which give the same bits in every batch.
    """

    patch_size: int = 1
    time_features: bool = False

    def output_width(self, width):
        """Return the width of both side by side."""
        return width + N_TIME_FEATURES * self.time_features


@dataclass(frozen=True)
class Feedback(_Weightless):
    """The latent vector at each timestep, and beside it the previous output, or in training the previous target."""

    width: int

    def output_width(self, width):
        """Return the width of both side by side."""
        return width + self.width


@dataclass(frozen=True)
class Noise(_Weightless):
    """Normal noise, which is added in training alone."""

    std: float


class Part(NamedTuple):
    """An encoder or a decoder: the width of its input, and its layers."""

    input_width: int
    layers: tuple

    @property
    def is_free_running(self):
        """Whether each step reads the previous output."""
        return isinstance(self.layers[0], Feedback)

    @property
    def n_tokens(self):
        """The number of tokens if the first layer reads tokens, otherwise None."""
        return getattr(self.layers[0], "n_tokens", None)

    def weight_shapes(self):
        """Return the shapes of all weights, in the order in which they are kept."""
        width, shapes = self.input_width, []
        for layer in self.layers:
            shapes += layer.weight_shapes(width)
            width = layer.output_width(width)
        return shapes

    def keeps_sequence(self, i):
        """Return whether h of a recurrent layer is needed at each timestep, and not only at the last."""
        following = self.layers[i + 1] if i + 1 < len(self.layers) else None
        return self.layers[i].output == "sequence" or isinstance(following, Recurrent)

    def with_weights(self, weights):
        """Return pairs of a layer and its arrays; those of a recurrent layer are a list for each branch."""
        pairs, start, width = [], 0, self.input_width
        for layer in self.layers:
            n_arrays = len(layer.weight_shapes(width))
            arrays, start = weights[start : start + n_arrays], start + n_arrays
            if isinstance(layer, Recurrent):
                n = n_arrays // layer.n_branches
                arrays = [arrays[i : i + n] for i in range(0, n_arrays, n)]
            pairs.append((layer, arrays))
            width = layer.output_width(width)
        return pairs


def layer_plan(architecture):
    """Return the parts of a network by name: "encoder", and each head. A custom decoder is not a part.

    Parameters
    ----------
    architecture : Architecture, Seq2SeqArchitecture or DenseArchitecture

    Returns
    -------
    dict of str to Part
    """
    return PLANS[type(architecture)](architecture)


def _autoencoder_plan(architecture):
    """Return the plan of a recurrent autoencoder, whose decoders mirror the encoder; that of a label is a dense layer.

    With pooling, the encoder ends in the hidden states of its top layer. From these, "latent" leads to the latent
    vector, and "encoding" to the encoding. "inverse" leads from there to the latent vector, and "readout" to the
    prediction or the logits. The weights of these three are computed after training.
    """
    latent_dim, hidden_width = architecture.latent_dim, architecture.hidden_width
    layers, plan = _recurrent_encoder(architecture), {}
    if architecture.pooling:
        pool = _pool(architecture, architecture.pooling)
        n_encodings = architecture.encoding_width
        encoding = [Dense("encoding", n_encodings)] if architecture.n_encodings else []
        plan["latent"] = Part(hidden_width, (_pool(architecture, LATENT_STATISTICS), Dense("latent", latent_dim)))
        plan["encoding"] = Part(hidden_width, (pool, *encoding))
        if not architecture.n_classes:
            plan["inverse"] = Part(n_encodings, (Dense("inverse", latent_dim),))
        if architecture.readout:
            plan["readout"] = Part(n_encodings, (Dense("readout", architecture.readout_width),))
    else:
        layers[-1] = replace(layers[-1], output="last")
        layers += [Dense("encoding", latent_dim)] if hidden_width != latent_dim else []
    for head in () if callable(architecture.decoder) else architecture.heads:
        plan[head] = Part(latent_dim, _decoder_layers(architecture, head))
    return {"encoder": Part(architecture.n_features, tuple(layers))} | plan


def _recurrent_encoder(architecture, **options):
    """Return the layers of an encoder from a sequence to the hidden states of its top layer."""
    n_groups, patch_size = 1 + architecture.differences, architecture.patch_size
    before = [Differences()] * architecture.differences + [Patch(patch_size, n_groups)] * (patch_size > 1)
    options |= {"n_groups": n_groups, "n_tokens": architecture.n_tokens}
    return [
        *before,
        *_recurrent_layers(architecture, "encoder", architecture.units, architecture.bidirectional, **options),
    ]


def _decoder_layers(architecture, head):
    """Return the layers from the latent vector to sequences, or to the logits of a label."""
    if head == "label":
        return (Dense("output", architecture.n_classes),)
    width = architecture.width(head)
    recurrent = _recurrent_layers(architecture, "decoder", architecture.units[::-1])
    if architecture.decoder == "conditional":
        return (Feedback(width), *recurrent, Dense("output", width, architecture.output_activation))
    size = architecture.patch_size
    repeat = Repeat(size, architecture.time_features)
    if size == 1:
        return (repeat, *recurrent, Dense("output", width, architecture.output_activation))
    return (repeat, *recurrent, Dense("output", size * width), Unpatch(size, architecture.output_activation))


def _pool(architecture, statistics):
    """Return a layer of statistics of the hidden states of the encoder's top layer."""
    return Pool(statistics, architecture.units[-1], 1 + architecture.bidirectional, 1 + architecture.differences)


def _seq2seq_plan(architecture):
    """Return the plan of an encoder-decoder of labels."""
    encoder = _recurrent_encoder(architecture, output="state")
    options = {"n_tokens": architecture.n_classes + 1, "has_initial_state": True}  # and the one before the first label
    decoder = _recurrent_layers(architecture, "decoder", architecture.state_units[::-1], **options)
    output = Dense("output", architecture.n_outputs)
    return {"encoder": Part(architecture.n_features, tuple(encoder)), "sequence": Part(1, (*decoder, output))}


def _dense_plan(architecture):
    """Return the plan of a feed-forward autoencoder, whose decoder mirrors the encoder."""
    sizes, activation = architecture.hidden_layer_sizes, architecture.activation
    noise = [Noise(architecture.noise)] if architecture.noise else []
    encoder = [Dense(f"encoder_{i}", size, activation) for i, size in enumerate(sizes)]
    encoding = Dense("encoding", architecture.latent_dim, architecture.latent_activation)
    decoder = [Dense(f"decoder_{i}", size, activation) for i, size in enumerate(reversed(sizes))]
    output = Dense("output", architecture.n_features, architecture.output_activation)
    return {
        "encoder": Part(architecture.n_features, (*noise, *encoder, encoding)),
        "reconstruction": Part(architecture.latent_dim, (*decoder, output)),
    }


PLANS = {Architecture: _autoencoder_plan, Seq2SeqArchitecture: _seq2seq_plan, DenseArchitecture: _dense_plan}


def _recurrent_layers(architecture, name, widths, bidirectional=False, *, n_tokens=None, **options):
    """Return a stack of recurrent layers, of which the first may read tokens."""
    shared = {"cell": architecture.cell, "activation": architecture.activation, "dropout": architecture.dropout}
    shared |= {"bidirectional": bidirectional, **options}
    return [
        Recurrent(f"{name}_{i}", units=units, n_tokens=None if i else n_tokens, **shared)
        for i, units in enumerate(widths)
    ]
