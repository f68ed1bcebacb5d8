"""Layers of trained networks as nodes of an ONNX graph, with ONNX' own recurrent operators.

Time is the first axis in here, x (T, N, F), as those operators require. Values are names of node outputs; an array in
their place is a constant.
"""

import numpy as np

from .._cells import CELLS
from .._layer_plan import N_TIME_FEATURES

LAST = np.iinfo(np.int64).max  # the end of a slice that goes to the end
OPERATORS = {
    **{"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "linear": "Identity"},  # also of cells
    **{"softmax": "Softmax", "exponential": "Exp"},
}


def size(graph, value, axis):
    """Return the length of an axis, a scalar."""
    return graph("Squeeze", graph("Shape", value, start=axis, end=axis + 1))


def real_timesteps(graph, lengths, n_timesteps):
    """Return whether each timestep of each sequence is real: (T, N)."""
    steps = graph("Unsqueeze", graph("Range", 0, n_timesteps, 1), [1])
    return graph("Less", steps, graph.cast(lengths, np.int64))


def zero_padding(graph, x, lengths, n_timesteps):
    """Return x (T, N, F) with zeros on padding."""
    is_real = real_timesteps(graph, lengths, n_timesteps)
    return graph("Where", graph("Unsqueeze", is_real, [2]), x, np.float32(0))


def n_patches(graph, n_timesteps, size):
    """Return the number of patches of `n_timesteps` timesteps, rounded up; an int32 or int64 value."""
    size = graph("CastLike", size, n_timesteps)
    return graph("Div", graph("Add", n_timesteps, graph("Sub", size, graph("CastLike", 1, size))), size)


def squared_distances(graph, rows, mean, scale, components):
    """Return |u|^2 - |u @ components|^2 for u = (rows - mean) * scale, at least 0: (N,)."""
    u = graph("Mul", graph("Sub", rows, mean), scale)
    squares = [
        # by a product, whose bits do not depend on the number of rows, as those of ReduceSum do
        graph("MatMul", graph("Mul", values, values), np.ones((width, 1), np.float32))
        for values, width in ((u, len(mean)), (graph("MatMul", u, components), components.shape[1]))
    ]
    return graph("Squeeze", graph("Relu", graph("Sub", *squares)), [1])


def differences(graph, x):
    """Return x (T, N, F), and beside it its first differences, of which the first is zero: (T, N, 2 * F)."""
    changes = graph("Sub", graph("Slice", x, [1], [LAST], [0]), graph("Slice", x, [0], [-1], [0]))
    return graph("Concat", x, graph("Pad", changes, [1, 0, 0, 0, 0, 0]), axis=2)


def patches(graph, layer, x, lengths):
    """Return the patches of x (T, N, F), the last ones filled up by the last real timesteps: (P, N, S * F)."""
    steps = graph("Range", 0, graph("Add", size(graph, x, 0), layer.size - 1), 1)
    last = graph("Max", graph("Sub", graph.cast(lengths, np.int64), 1), 0)
    steps = graph("Min", graph("Unsqueeze", steps, [1]), last)  # (T + S - 1, N)
    shape = graph("Concat", graph("Shape", steps), graph("Shape", x, start=2), axis=0)
    x = graph("GatherElements", x, graph("Expand", graph("Unsqueeze", steps, [2]), shape), axis=0)
    # the j-th timestep of each patch
    stops = [j + 1 - layer.size or LAST for j in range(layer.size)]
    parts = [
        graph("Slice", group, [j], [stop], [0], [layer.size])
        for group in split(graph, x, layer.n_groups)
        for j, stop in enumerate(stops)
    ]
    return graph("Concat", *parts, axis=2)


def time_features(graph, lengths, n_timesteps):
    """Return the Chebyshev polynomials of the position of each timestep, as the plan describes them: (T, N, V)."""
    one, two = np.float32(1), np.float32(2)
    steps = graph.cast(graph("Unsqueeze", graph("Range", 0, n_timesteps, 1), [1]), np.float32)
    last = graph("Sub", graph.cast(lengths, np.float32), one)
    position = graph("Div", graph("Min", steps, graph("Max", last, np.float32(0))), graph("Max", last, one))
    v = graph("Sub", graph("Mul", two, position), one)
    polynomials = [one, v]
    while len(polynomials) <= N_TIME_FEATURES:
        product = graph("Mul", graph("Mul", two, v), polynomials[-1])
        polynomials.append(graph("Sub", product, polynomials[-2]))
    return graph("Concat", *(graph("Unsqueeze", each, [2]) for each in polynomials[1:]), axis=2)


def dense(graph, x, kernel, bias, activation="linear"):
    """Return a dense layer of x (..., K): (..., N)."""
    return graph(OPERATORS[activation], graph("Add", graph("MatMul", x, kernel), bias))


def recurrent(graph, layer, branches, x, lengths="", state=(), *, keep=True):
    """Run a recurrent layer over x (T, N, F).

    Parameters
    ----------
    layer : Recurrent
        Of the layer plan.
    branches : list of lists of arrays
        Kernel, recurrent kernel and bias of each branch, as Keras keeps them.
    lengths : int32 value (N,)
        "": all have T timesteps.
    state : values (D, N, H), one for each part of the state
        The initial state; empty: zeros.
    keep : bool
        Whether to return h of each timestep.

    Returns
    -------
    history : value (T, K, N, H), or ""
    state : values (K, N, H), after each sequence's last timestep
    """
    if layer.n_groups == 1:
        return _run_group(graph, layer, branches, x, lengths, state, keep=keep)
    by_group = [
        _run_group(graph, layer, branches[i : i + layer.n_directions], group, lengths, keep=keep)
        for i, group in zip(range(0, len(branches), layer.n_directions), split(graph, x, layer.n_groups), strict=True)
    ]
    history, *states = zip(*by_group, strict=True)
    return [keep and graph("Concat", *history, axis=1), *(graph("Concat", *parts, axis=0) for parts in states)]


def split(graph, x, n_groups):
    """Return groups of as many features of x (T, N, F) each."""
    return graph.node("Split", [x], [True] * n_groups, axis=2) if n_groups > 1 else [x]


def _run_group(graph, layer, directions, x, lengths="", state=(), *, keep=True):
    """Run the directions of a recurrent layer over a group of features."""
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


def join_history(graph, history, branches):
    """Return h of all branches (T, K, N, H) side by side: (T, N, K * H)."""
    return graph("Reshape", graph("Transpose", history, perm=[0, 2, 1, 3]), [0, 0, _joined_width(branches)])


def join_state(graph, state, branches):
    """Return a part of the state of all branches (K, N, H) side by side: (N, K * H)."""
    return graph("Reshape", graph("Transpose", state, perm=[1, 0, 2]), [0, _joined_width(branches)])


def _joined_width(branches):
    return sum(len(recurrent_kernel) for _, recurrent_kernel, _ in branches)


def embed(graph, tokens, directions):
    """Return tokens (T, N) as vectors (T, N, W), and the directions of a layer that reads those."""
    kernels = np.concatenate([kernel for kernel, *_ in directions], axis=1)
    n_tokens, width = kernels.shape
    # a table of vectors and kernels whose product are the kernels of tokens: the smaller of the two is the identity
    table, kernels = (np.eye(n_tokens), kernels) if n_tokens <= width else (kernels, np.eye(width))
    table = np.pad(table, ((0, 1), (0, 0))).astype(np.float32)  # an unknown token is zeros
    parts = np.split(kernels.astype(np.float32), len(directions), axis=1)
    return graph("Gather", table, tokens), [[part, *rest] for part, (_, *rest) in zip(parts, directions, strict=True)]
