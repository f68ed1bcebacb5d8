"""What trained networks compute, in numpy: nothing to trace or to compile, and the same bits in any company.

Columns are samples: an encoder is a function of x (F, T, B) and the lengths (B,), descending, that gives the encoding
(L, B); a decoder is one of encodings (L, B) and lengths that gives sequences (F, T, B).
"""

from functools import singledispatch

import numpy as np

from .._architectures import DenseArchitecture, Seq2SeqArchitecture
from ._layers import Dense, _dense_layers, _through, make_stack_step, recurrent_layers, run_both_ways


@singledispatch
def encoder_of(architecture, weights):
    """Return the encoder as a function.

    Parameters
    ----------
    architecture : Architecture
    weights : list of arrays
        In the order of the Keras network.
    """
    layers, rest = recurrent_layers(architecture, weights, architecture.units, both_ways=architecture.bidirectional)
    dense = Dense(*rest) if rest else None

    def encode(x, lengths):
        for directions in layers[:-1]:
            x, _ = run_both_ways(directions, x, lengths)
        _, (h, *_) = run_both_ways(layers[-1], x, lengths, keep=False)
        return dense(h) if dense else h

    return encode


@singledispatch
def decoder_of(architecture, weights, head):
    """Return the decoder of this name as a function; one of a user's function is no network of ours."""
    layers, rest = recurrent_layers(architecture, weights, architecture.units[::-1])
    dense = Dense(*rest, architecture.output_activation)
    if architecture.decoder == "conditional":
        return lambda z, lengths: _run_freely(layers, dense, z, lengths)

    def decode(z, lengths):
        for (layer,) in layers:
            z, _ = layer.run(z, lengths)
        return dense(z)

    return decode


@encoder_of.register
def _(architecture: DenseArchitecture, weights):
    """Return the encoder of rows, which are sequences of one timestep."""
    activations = [architecture.activation] * len(architecture.hidden_layer_sizes) + [architecture.latent_activation]
    layers = _dense_layers(weights, activations)
    return lambda x, lengths: _through(layers, x[:, 0])


@decoder_of.register
def _(architecture: DenseArchitecture, weights, head):
    """Return the decoder to rows, which are sequences of one timestep."""
    activations = [architecture.activation] * len(architecture.hidden_layer_sizes) + [architecture.output_activation]
    layers = _dense_layers(weights, activations)
    return lambda z, lengths: _through(layers, z)[:, None]


@encoder_of.register
def _(architecture: Seq2SeqArchitecture, weights):
    """Return the function that gives, layer by layer, the last states: a list of lists of arrays (H, B)."""
    layers, _ = recurrent_layers(
        architecture,
        weights,
        architecture.units,
        both_ways=architecture.bidirectional,
        n_tokens=architecture.n_tokens,
    )

    def encode(x, lengths):
        states = []
        for directions in layers:
            x, state = run_both_ways(directions, x, lengths, keep=directions is not layers[-1])
            states.append(state)
        return states

    return encode


def _run_freely(layers, dense, z, lengths):
    """Return what a conditional decoder says: each step reads the encoding and the step's own last output."""
    n_timesteps, n_columns = int(max(lengths, default=0)), len(lengths)
    step_through = make_stack_step(layers, [layer.zero_state(n_columns) for (layer,) in layers])
    n_features = layers[0][0].n_features - len(z)
    x = np.concatenate([z, np.zeros((n_features, n_columns), np.float32)])
    said = np.empty((n_features, n_timesteps, n_columns), np.float32)
    for t in range(n_timesteps):
        said[:, t] = x[len(z) :] = dense(step_through(x))
    return said
