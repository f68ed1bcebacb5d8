"""Layers of trained networks as nodes of an ONNX graph, with ONNX' own recurrent operators.

Time is the first axis in here, x (T, N, F), as those operators require. Values are names of node outputs; an array in
their place is a constant.
"""

import numpy as np

OPERATORS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax", "linear": "Identity"}
# the operator, the parts of the state, and where the gates of Keras go
CELLS = {"lstm": ("LSTM", 2, (0, 3, 1, 2)), "gru": ("GRU", 1, (0, 1, 2))}


def size(graph, value, axis):
    """Return the length of an axis, a scalar."""
    return graph("Squeeze", graph("Shape", value, start=axis, end=axis + 1))


def zero_padding(graph, x, lengths, n_timesteps):
    """Return x (T, N, F) with zeros on padding, whatever was there."""
    is_real = graph("Less", graph("Unsqueeze", graph("Range", 0, n_timesteps, 1), [1]), lengths)
    return graph("Where", graph("Unsqueeze", is_real, [2]), x, np.float32(0))


def dense(graph, x, kernel, bias, activation="linear"):
    """Return a dense layer of x (..., K): (..., N)."""
    return graph(OPERATORS[activation], graph("Add", graph("MatMul", x, kernel), bias))


def dense_layers(graph, x, weights, activations):
    """Return dense layers of x, one after another."""
    for i, activation in enumerate(activations):
        x = dense(graph, x, *weights[2 * i : 2 * i + 2], activation)
    return x


def recur(graph, architecture, directions, x, lengths="", state=(), *, keep=True):
    """Run a layer over x (T, N, F).

    Parameters
    ----------
    directions : list of 1 or 2 lists of arrays
        Kernel, recurrent kernel and bias, as Keras has them.
    lengths : int32 value (N,)
        "": all run to the end.
    state : values (D, N, H), h and with an LSTM c
        To start from; empty: zeros.
    keep : bool
        Whether h of every timestep is wanted.

    Returns
    -------
    history : value (T, D, N, H), or ""
    state : values (D, N, H), after each sequence's last timestep
    """
    operator, n_states, order = CELLS[architecture.cell]
    phi = OPERATORS[architecture.activation].replace("Identity", "Affine")
    n_runs = n_states * len(directions)  # as many of these activations there are
    attributes = {"alpha": [1.0] * n_runs, "beta": [0.0] * n_runs} if phi == "Affine" else {}
    attributes = {f"activation_{name}": value for name, value in attributes.items()}
    if operator == "GRU":
        attributes["linear_before_reset"] = 1
    arrays = [np.stack(arrays) for arrays in zip(*(_as_onnx(*each, order) for each in directions), strict=True)]
    return graph.node(
        operator,
        [x, *arrays, lengths, *state],
        [keep] + [True] * n_states,
        hidden_size=len(directions[0][1]),
        direction="bidirectional" if len(directions) == 2 else "forward",
        activations=["Sigmoid", *[phi] * n_states] * len(directions),
        **attributes,
    )


def _as_onnx(kernel, recurrent_kernel, bias, order):
    """Return a direction's weights as ONNX has them: (G * H, F), (G * H, H) and (2 * G * H,)."""
    biases = np.zeros((2, kernel.shape[1]), np.float32)  # of the input and of the state
    biases[: bias.ndim] = _reordered(bias, order)
    return _reordered(kernel, order).T, _reordered(recurrent_kernel, order).T, biases.ravel()


def _reordered(weights, order):
    gates = np.split(weights, len(order), axis=-1)
    return np.concatenate([gates[i] for i in order], axis=-1)


def join_history(graph, history, directions):
    """Return what all directions say (T, D, N, H) side by side: (T, N, D * H)."""
    return graph("Reshape", graph("Transpose", history, perm=[0, 2, 1, 3]), [0, 0, width_of(directions)])


def join_state(graph, state, directions):
    """Return a part of the state of all directions (D, N, H) side by side: (N, D * H)."""
    return graph("Reshape", graph("Transpose", state, perm=[1, 0, 2]), [0, width_of(directions)])


def width_of(directions):
    """Return how wide it is what all directions say, side by side."""
    return sum(len(recurrent_kernel) for _, recurrent_kernel, _ in directions)


def run_layers(graph, architecture, layers, x, lengths, *, keep=False):
    """Run layers one upon another over x (T, N, F).

    Returns
    -------
    history : value (T, N, D * H), or ""
        What the last layer says at every timestep, with `keep`.
    states : list of lists of values (D, N, H)
        Of each layer.
    """
    lengths, states = graph.cast(lengths, np.int32), []
    for directions in layers:
        history, *state = recur(graph, architecture, directions, x, lengths, keep=keep or directions is not layers[-1])
        x = join_history(graph, history, directions) if history else ""
        states.append(state)
    return x, states


def embed(graph, numbers, directions):
    """Return symbols (T, N) as vectors (T, N, W), and the directions of a layer that reads those."""
    kernels = np.concatenate([kernel for kernel, *_ in directions], axis=1)
    n_tokens, width = kernels.shape
    # a table of vectors and kernels whose product are the kernels of symbols: one of both the identity, the smaller
    table, kernels = (np.eye(n_tokens), kernels) if n_tokens <= width else (kernels, np.eye(width))
    table = np.pad(table, ((0, 1), (0, 0))).astype(np.float32)  # a symbol that is none of those known is zeros
    parts = np.split(kernels.astype(np.float32), len(directions), axis=1)
    return graph("Gather", table, numbers), [[part, *rest] for part, (_, *rest) in zip(parts, directions, strict=True)]


def decode_repeat(graph, architecture, layers, output, z, lengths, n_timesteps):
    """Return what a decoder says that reads the encodings (N, L) at every timestep: (T, N, F)."""
    shape = graph("Concat", graph("Reshape", n_timesteps, [1]), [1, 1], axis=0)
    x = graph("Expand", graph("Unsqueeze", z, [0]), shape)
    history, _ = run_layers(graph, architecture, layers, x, lengths, keep=True)
    return dense(graph, history, *output, architecture.output_activation)


def decode_free_running(graph, architecture, layers, output, z, lengths, n_timesteps):
    """Return what a decoder says that reads the encodings (N, L) and its own last output: (T, N, F)."""
    z = graph("Unsqueeze", z, [0])
    shape = graph("Concat", [1], graph("Shape", z, start=1, end=2), [1], axis=0)
    n_states = CELLS[architecture.cell][1]
    widths = [*(width_of(layer) for layer in layers for _ in range(n_states)), len(output[1])]
    zeros = [graph("Expand", np.zeros((1, 1, width), np.float32), shape) for width in widths]

    def step(states):
        *states, last = states
        x, after = step_layers(graph, architecture, layers, graph("Concat", z, last, axis=2), states)
        last = dense(graph, x, *output, architecture.output_activation)
        return None, [*after, last], [graph("Identity", last)]

    # ONNX Runtime does not know the shape of what a loop of no step says
    (said,) = graph.loop(graph("Max", n_timesteps, 1), zeros, step)
    return graph("Slice", graph("Squeeze", said, [1]), [0], graph("Reshape", n_timesteps, [1]))


def step_layers(graph, architecture, layers, x, states):
    """Add one more timestep, given x (1, N, F) and all states; return the last h (1, N, H) and all states after."""
    after, n_states = [], CELLS[architecture.cell][1]
    for i, directions in enumerate(layers):
        state = states[i * n_states : (i + 1) * n_states]
        _, *state = recur(graph, architecture, directions, x, state=state, keep=False)
        after += state
        x = state[0]
    return x, after


def search_greedily(graph, architecture, layers, output, states, n_steps):
    """Return the likeliest label at each step, and the logits on the way.

    Parameters
    ----------
    states : list of values (1, N, H)
        Of the decoder's layers, to start from.
    n_steps : int
        At most so many where the end is said.

    Returns
    -------
    numbers : value (S, N)
        Of the classes; beyond the end the number of classes.
    logits : value (S, N, n_outputs)
    """
    end = np.int64(architecture.n_classes)
    shape = graph("Shape", states[0], start=0, end=2)
    # the end also stands before the first label, where nothing has ended
    begin = [graph("Expand", end, shape), graph("Expand", False, shape)]

    def step(before):
        *states, last, has_ended = before
        x, first = embed(graph, last, layers[0])
        x, after = step_layers(graph, architecture, [first, *layers[1:]], x, states)
        logits = dense(graph, x, *output)
        last = graph("Where", has_ended, end, graph("ArgMax", logits, axis=2, keepdims=0))
        has_ended = graph("Equal", last, end)
        all_ended = graph("ReduceMin", graph.cast(has_ended, np.int64), keepdims=0)
        said = [graph("Identity", last), logits]
        return graph("Equal", all_ended, 0), [*after, last, has_ended], said

    numbers, logits = graph.loop(n_steps, [*states, *begin], step)
    return graph("Squeeze", numbers, [1]), graph("Squeeze", logits, [1])
