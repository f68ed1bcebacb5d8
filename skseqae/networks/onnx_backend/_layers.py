"""Layers of trained networks as nodes of an ONNX graph, with ONNX' own recurrent operators.

Time is the first axis in here, x (T, N, F), as those operators require. Values are names of node outputs; an array in
their place is a constant.
"""

import numpy as np

from .._cells import CELLS

OPERATORS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax", "linear": "Identity"}


def size(graph, value, axis):
    """Return the length of an axis, a scalar."""
    return graph("Squeeze", graph("Shape", value, start=axis, end=axis + 1))


def zero_padding(graph, x, lengths, n_timesteps):
    """Return x (T, N, F) with zeros on padding."""
    is_real = graph("Less", graph("Unsqueeze", graph("Range", 0, n_timesteps, 1), [1]), lengths)
    return graph("Where", graph("Unsqueeze", is_real, [2]), x, np.float32(0))


def dense(graph, x, kernel, bias, activation="linear"):
    """Return a dense layer of x (..., K): (..., N)."""
    return graph(OPERATORS[activation], graph("Add", graph("MatMul", x, kernel), bias))


def recurrent(graph, layer, directions, x, lengths="", state=(), *, keep=True):
    """Run a recurrent layer over x (T, N, F).

    Parameters
    ----------
    layer : Recurrent
        Of the layer plan.
    directions : list of 1 or 2 lists of arrays
        Kernel, recurrent kernel and bias, as Keras keeps them.
    lengths : int32 value (N,)
        "": all have T timesteps.
    state : values (D, N, H), one for each part of the state
        The initial state; empty: zeros.
    keep : bool
        Whether to return h of each timestep.

    Returns
    -------
    history : value (T, D, N, H), or ""
    state : values (D, N, H), after each sequence's last timestep
    """
    cell, n_directions = CELLS[layer.cell], len(directions)
    order = [cell.gates.index(gate) for gate in cell.onnx_gates]
    arrays = [np.stack(arrays) for arrays in zip(*(_as_onnx(*each, order) for each in directions), strict=True)]
    inputs = (x, lengths, state) if cell.onnx_is_exact else _add_row(graph, x, lengths, state)
    outputs = graph.node(
        cell.onnx_operator,
        [inputs[0], *arrays, inputs[1], *inputs[2]],
        [keep] + [True] * len(cell.states),
        hidden_size=len(directions[0][1]),
        direction="bidirectional" if n_directions == 2 else "forward",
        **_activations(cell, layer.activation, n_directions),
        **dict(cell.onnx_attributes),
    )
    return outputs if cell.onnx_is_exact else _remove_row(graph, outputs, lengths)


def _add_row(graph, x, lengths, state):
    """Return inputs of a recurrent operator with one more row, and without empty sequences.

    ONNX Runtime's RNN operator multiplies a batch of one row in another order than larger batches. For an empty
    sequence, it reads outside its memory before version 1.28.
    """
    x, *state = (graph("Pad", each, [0, 0, 0, 0, 1, 0]) for each in (x, *state))
    return x, lengths and graph("Max", graph("Pad", lengths, [0, 1]), np.int32(1)), state


def _remove_row(graph, outputs, lengths):
    """Return outputs of a recurrent operator without the last row, and zeros as the state of empty sequences."""
    history, *state = (each and graph("Slice", each, [0], [-1], [-2]) for each in outputs)
    if lengths:
        is_real = graph("Unsqueeze", graph("Greater", lengths, np.int32(0)), [1])
        state = [graph("Where", is_real, each, np.float32(0)) for each in state]
    return [history, *state]


def _activations(cell, activation, n_directions):
    """Return the attributes that name the activations of a recurrent operator."""
    phi = OPERATORS[activation].replace("Identity", "Affine")
    names = [phi if name == "activation" else OPERATORS[name] for name in cell.onnx_activations] * n_directions
    if phi != "Affine":
        return {"activations": names}
    n_affine = names.count(phi)
    return {"activations": names, "activation_alpha": [1.0] * n_affine, "activation_beta": [0.0] * n_affine}


def _as_onnx(kernel, recurrent_kernel, bias, order):
    """Return the weights of a direction as ONNX keeps them: (G * H, F), (G * H, H) and (2 * G * H,)."""
    biases = np.zeros((2, kernel.shape[1]), np.float32)  # of the input and of the state
    biases[: bias.ndim] = _reordered(bias, order)
    return _reordered(kernel, order).T, _reordered(recurrent_kernel, order).T, biases.ravel()


def _reordered(weights, order):
    gates = np.split(weights, len(order), axis=-1)
    return np.concatenate([gates[i] for i in order], axis=-1)


def join_history(graph, history, directions):
    """Return h of all directions (T, D, N, H) side by side: (T, N, D * H)."""
    return graph("Reshape", graph("Transpose", history, perm=[0, 2, 1, 3]), [0, 0, _joined_width(directions)])


def join_state(graph, state, directions):
    """Return a part of the state of all directions (D, N, H) side by side: (N, D * H)."""
    return graph("Reshape", graph("Transpose", state, perm=[1, 0, 2]), [0, _joined_width(directions)])


def _joined_width(directions):
    return sum(len(recurrent_kernel) for _, recurrent_kernel, _ in directions)


def embed(graph, tokens, directions):
    """Return tokens (T, N) as vectors (T, N, W), and the directions of a layer that reads those."""
    kernels = np.concatenate([kernel for kernel, *_ in directions], axis=1)
    n_tokens, width = kernels.shape
    # a table of vectors and kernels whose product are the kernels of tokens: the smaller of the two is the identity
    table, kernels = (np.eye(n_tokens), kernels) if n_tokens <= width else (kernels, np.eye(width))
    table = np.pad(table, ((0, 1), (0, 0))).astype(np.float32)  # an unknown token is zeros
    parts = np.split(kernels.astype(np.float32), len(directions), axis=1)
    return graph("Gather", table, tokens), [[part, *rest] for part, (_, *rest) in zip(parts, directions, strict=True)]
