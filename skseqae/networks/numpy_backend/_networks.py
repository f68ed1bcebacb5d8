"""Trained networks in NumPy, built from the layer plan: nothing is traced or compiled, and results are batch-invariant.

Columns are samples: an encoder is a function of x (F, T, B) and the lengths (B,), descending, that returns the encoding
(L, B), or the final states of all layers; a decoder is one of encodings (L, B) and lengths that returns sequences
(F, T, B).
"""

import numpy as np

from .. import _layer_plan as plan
from .._layer_plan import layer_plan
from ._layers import Dense, build_directions, make_stack_step, run_both_ways


def encoder_of(architecture, weights):
    """Return the encoder as a function.

    Parameters
    ----------
    architecture : Architecture, Seq2SeqArchitecture or DenseArchitecture
    weights : list of arrays
        In the order of the Keras network.
    """
    layers = build_layers(layer_plan(architecture)["encoder"], weights)

    def encode(x, lengths):
        states = []
        y = run_layers(layers, x[:, 0] if architecture.is_tabular else x, lengths, states)
        return states if architecture.heads == ("sequence",) else y

    return encode


def decoder_of(architecture, weights, head):
    """Return the decoder of a head as a function. A custom decoder is not a network of this package."""
    part = layer_plan(architecture)[head]
    if part.is_free_running:
        return _free_running(part, weights)
    layers = build_layers(part, weights)
    if architecture.is_tabular:
        return lambda z, lengths: run_layers(layers, z, lengths, [])[:, None]
    return lambda z, lengths: run_layers(layers, z, lengths, [])


def build_layers(part, weights):
    """Return the layers of a part as functions of y, the lengths and a list to which final states are appended."""
    return [LAYERS[type(layer)](part, i, arrays) for i, (layer, arrays) in enumerate(part.with_weights(weights))]


def run_layers(layers, y, lengths, states):
    """Return the output of the last layer."""
    for layer in layers:
        y = layer(y, lengths, states)
    return y


def _recurrent(part, i, arrays):
    directions, keep = build_directions(part.layers[i], arrays), part.keeps_sequence(i)

    def run(y, lengths, states):
        history, state = run_both_ways(directions, y, lengths, keep=keep)
        states.append(state)
        return history if keep else state[0]

    return run


def _dense(part, i, arrays):
    dense = Dense(*arrays, part.layers[i].activation)
    return lambda y, lengths, states: dense(y)


def _last_hidden(part, i, arrays):
    return lambda y, lengths, states: states[-1][0]


def _unchanged(part, i, arrays):
    """Return the identity: there is no noise at inference, and recurrent layers read an input without a time axis."""
    return lambda y, lengths, states: y


LAYERS = {  # without Feedback: `_free_running` computes the whole part
    plan.Recurrent: _recurrent,
    plan.Dense: _dense,
    plan.LastHidden: _last_hidden,
    plan.Repeat: _unchanged,
    plan.Noise: _unchanged,
}


def _free_running(part, weights):
    """Return a decoder of which each step reads the encoding and the previous output."""
    _, *recurrent, (output, arrays) = part.with_weights(weights)
    stack, dense = [build_directions(*pair) for pair in recurrent], Dense(*arrays, output.activation)

    def decode(z, lengths):
        n_timesteps, n_columns = int(max(lengths, default=0)), len(lengths)
        step_through = make_stack_step(stack, [layer.zero_state(n_columns) for (layer,) in stack])
        x = np.concatenate([z, np.zeros((output.units, n_columns), np.float32)])
        outputs = np.empty((output.units, n_timesteps, n_columns), np.float32)
        for t in range(n_timesteps):
            outputs[:, t] = x[len(z) :] = dense(step_through(x))
        return outputs

    return decode
