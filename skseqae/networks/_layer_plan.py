"""The layers of a network, in order, as plain records: the one description that all backends interpret.

A network has parts, an encoder and one decoder for each head. A part is the width of what it reads and its layers.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from ._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from ._cells import CELLS


@dataclass(frozen=True)
class Recurrent:
    """A recurrent layer over time.

    Attributes
    ----------
    output : {"sequence", "last", "state"}
        h at each timestep; h at the last real timestep; or h at each timestep, and the final state for a decoder.
    n_tokens : int or None
        Where the input is tokens, which are numbered from 0, their number: the kernel has a row for each.
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
    has_initial_state: bool = False

    @property
    def n_directions(self):
        """1, or 2 where a second layer reads the sequences backwards."""
        return 1 + self.bidirectional

    def weight_shapes(self, width):
        """Return the shapes of the weights for an input of this width, direction by direction."""
        return CELLS[self.cell].weight_shapes(self.n_tokens or width, self.units) * self.n_directions

    def output_width(self, width):
        """Return the width of the output: that of all directions side by side."""
        return self.units * self.n_directions


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
class LastHidden(_Weightless):
    """h of the preceding recurrent layer, at the last real timestep."""


@dataclass(frozen=True)
class Repeat(_Weightless):
    """The latent vector, at each timestep."""


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
        """Return pairs of a layer and its arrays; those of a recurrent layer are a list for each direction."""
        pairs, start, width = [], 0, self.input_width
        for layer in self.layers:
            n_arrays = len(layer.weight_shapes(width))
            arrays, start = weights[start : start + n_arrays], start + n_arrays
            if isinstance(layer, Recurrent):
                n = n_arrays // layer.n_directions
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
    """Return the plan of a recurrent autoencoder, whose decoders mirror the encoder."""
    encoder = _recurrent_layers(architecture, "encoder", architecture.units, architecture.bidirectional)
    encoder[-1] = replace(encoder[-1], output="last")
    if encoder[-1].units * encoder[-1].n_directions != architecture.latent_dim:
        encoder.append(Dense("encoding", architecture.latent_dim))
    plan = {"encoder": Part(architecture.n_features, tuple(encoder))}
    for head in () if callable(architecture.decoder) else architecture.heads:
        width = architecture.width(head)
        first = Feedback(width) if architecture.decoder == "conditional" else Repeat()
        recurrent = _recurrent_layers(architecture, "decoder", architecture.units[::-1])
        output = Dense("output", width, architecture.output_activation)
        plan[head] = Part(architecture.latent_dim, (first, *recurrent, output))
    return plan


def _seq2seq_plan(architecture):
    """Return the plan of an encoder-decoder of labels, or of an encoder and a dense layer."""
    (head,), widths = architecture.heads, architecture.state_units
    options = {"output": "state", "n_tokens": architecture.n_tokens}
    encoder = _recurrent_layers(architecture, "encoder", architecture.units, architecture.bidirectional, **options)
    output = Dense("output", architecture.n_outputs)
    if head == "label":
        encoder.append(LastHidden())
        return {"encoder": Part(architecture.n_features, tuple(encoder)), head: Part(widths[-1], (output,))}
    options = {"n_tokens": architecture.n_classes + 1, "has_initial_state": True}  # and the one before the first label
    decoder = _recurrent_layers(architecture, "decoder", widths[::-1], **options)
    return {"encoder": Part(architecture.n_features, tuple(encoder)), head: Part(1, (*decoder, output))}


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
