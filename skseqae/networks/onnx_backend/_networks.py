"""Trained networks as nodes of an ONNX graph, built from the layer plan."""

from dataclasses import dataclass, field

import numpy as np

from .. import _layer_plan as plan
from .._cells import CELLS
from ._layers import (
    OPERATORS,
    dense,
    differences,
    embed,
    join_history,
    join_state,
    n_patches,
    patches,
    recurrent,
    time_features,
)
from ._statistics import pool


@dataclass
class Context:
    """The further inputs of the layers, and their final states."""

    graph: object
    lengths: str = ""  # value (N,), in patches after a layer of patches; "": x holds rows
    n_timesteps: object = None  # the longest of the lengths, likewise
    whole_steps: object = None  # the number of timesteps where `n_timesteps` is that of patches
    states: list = field(default_factory=list)  # of each recurrent layer, with its branches: values (K, N, H)

    def final_state(self, i):
        """Return the parts of the final state of a recurrent layer, values (N, K * H)."""
        state, branches = self.states[i]
        return [join_state(self.graph, each, branches) for each in state]

    def into_patches(self, size):
        """Count timesteps in patches from here on."""
        if size == 1:
            return
        self.whole_steps = self.n_timesteps
        self.lengths = self.lengths and n_patches(self.graph, self.lengths, size)
        self.n_timesteps = n_patches(self.graph, self.n_timesteps, size)


def add_part(part, weights, x, context):
    """Add the layers of a part to the graph.

    Parameters
    ----------
    part : Part
    weights : list of arrays
    x : value (T, N, F), (T, N) of tokens, or (N, F)
    context : Context

    Returns
    -------
    value (T, N, F) or (N, F)
    """
    if part.is_free_running:
        return _add_free_running(part, weights, x, context)
    if context.lengths:
        context.lengths = context.graph.cast(context.lengths, np.int32)  # as recurrent operators require
    for i, (layer, arrays) in enumerate(part.with_weights(weights)):
        x = LAYERS[type(layer)](part, i, arrays, x, context)
    return x


def _add_recurrent(part, i, branches, x, context):
    layer, graph, keep = part.layers[i], context.graph, part.keeps_sequence(i)
    if layer.n_tokens:
        x, branches = embed(graph, x, branches)
    history, *state = recurrent(graph, layer, branches, x, context.lengths, keep=keep)
    context.states.append((state, branches))
    if keep:
        return join_history(graph, history, branches)
    return join_state(graph, state[0], branches) if layer.output == "last" else None


def _add_dense(part, i, arrays, x, context):
    return dense(context.graph, x, *arrays, part.layers[i].activation)


def _add_differences(part, i, arrays, x, context):
    return differences(context.graph, x)


def _add_patch(part, i, arrays, x, context):
    x = patches(context.graph, part.layers[i], x, context.lengths)
    context.into_patches(part.layers[i].size)
    return x


def _add_pool(part, i, arrays, x, context):
    return pool(context.graph, part.layers[i], x, context.lengths, context.n_timesteps, *arrays)


def _add_repeat(part, i, arrays, x, context):
    graph, layer = context.graph, part.layers[i]
    context.into_patches(layer.patch_size)
    shape = graph("Concat", graph("Reshape", context.n_timesteps, [1]), [1, 1], axis=0)
    x = graph("Expand", graph("Unsqueeze", x, [0]), shape)
    if layer.time_features:
        x = graph("Concat", x, time_features(graph, context.lengths, context.n_timesteps), axis=2)
    return x


def _add_unpatch(part, i, arrays, x, context):
    graph, layer = context.graph, part.layers[i]
    groups = graph.node("Split", [x], [True] * layer.size, axis=2)
    x = graph("Concat", *(graph("Unsqueeze", group, [1]) for group in groups), axis=1)  # (P, S, N, F)
    n_rows, n_features = graph("Shape", x, start=2, end=3), graph("Shape", x, start=3, end=4)
    x = graph("Reshape", x, graph("Concat", [-1], n_rows, n_features, axis=0))
    x = graph("Slice", x, [0], graph("Reshape", context.whole_steps, [1]), [0])
    return graph(OPERATORS[layer.activation], x)


def _add_nothing(part, i, arrays, x, context):
    """Return the input: there is no noise at inference."""
    return x


LAYERS = {  # without Feedback: `_add_free_running` adds the whole part
    plan.Recurrent: _add_recurrent,
    plan.Dense: _add_dense,
    plan.Differences: _add_differences,
    plan.Patch: _add_patch,
    plan.Pool: _add_pool,
    plan.Unpatch: _add_unpatch,
    plan.Repeat: _add_repeat,
    plan.Noise: _add_nothing,
}


def _add_free_running(part, weights, z, context):
    """Return the output (T, N, F) of a decoder that reads the encodings (N, L) and its own previous output."""
    _, *stack, (output, arrays) = part.with_weights(weights)
    graph, z = context.graph, context.graph("Unsqueeze", z, [0])
    shape = graph("Concat", [1], graph("Shape", z, start=1, end=2), [1], axis=0)
    widths = [*(layer.units for layer, _ in stack for _ in CELLS[layer.cell].states), output.units]
    zeros = [graph("Expand", np.zeros((1, 1, width), np.float32), shape) for width in widths]

    def step(states):
        *states, previous = states
        x, states = add_step(graph, stack, graph("Concat", z, previous, axis=2), states)
        y = dense(graph, x, *arrays, output.activation)
        return None, [*states, y], [graph("Identity", y)]

    # ONNX Runtime does not know the shape of the outputs of a loop without steps
    (outputs,) = graph.loop(graph("Max", context.n_timesteps, 1), zeros, step)
    return graph("Slice", graph("Squeeze", outputs, [1]), [0], graph("Reshape", context.n_timesteps, [1]))


def add_step(graph, stack, x, states):
    """Add one timestep, given x (1, N, F) and all states; return the last h (1, N, H) and the new states."""
    new_states, states = [], iter(states)
    for layer, directions in stack:
        state = [next(states) for _ in CELLS[layer.cell].states]
        if layer.n_tokens:
            x, directions = embed(graph, x, directions)
        _, *state = recurrent(graph, layer, directions, x, state=state, keep=False)
        new_states += state
        x = state[0]
    return x, new_states
