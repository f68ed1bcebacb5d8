"""Greedy and beam search for label sequences as loops of an ONNX graph, over a whole batch.

S is the number of steps, K of beams and C of outputs of the decoder: the classes, and an end token if there is one.
"""

import numpy as np

from ._layers import dense, size
from ._networks import add_step


def search_greedily(graph, architecture, part, weights, states, n_steps):
    """Return the likeliest label at each step, given the labels before it, and the logits.

    Parameters
    ----------
    architecture : Seq2SeqArchitecture
    part : Part
        The decoder of label sequences.
    weights : list of arrays
    states : list of values (1, N, H)
        The initial states of the decoder's layers.
    n_steps : int or value
        Number of labels; the largest number if there is an end token.

    Returns
    -------
    class_indices : value (S, N)
        Beyond the end, the number of classes.
    logits : value (S, N, C)
    """
    end, shape = np.int64(architecture.n_classes), graph("Shape", states[0], start=0, end=2)
    # the index of the end token also stands for the start token, where nothing has ended
    start = [graph("Expand", end, shape), graph("Expand", False, shape)]

    def step(before):
        *states, previous, has_ended = before
        logits, states = _add_logits(graph, part, weights, previous, states)
        label = graph("Where", has_ended, end, graph("ArgMax", logits, axis=2, keepdims=0))
        has_ended = graph("Equal", label, end)
        all_ended = graph("ReduceMin", graph.cast(has_ended, np.int64), keepdims=0)
        return graph("Equal", all_ended, 0), [*states, label, has_ended], [graph("Identity", label), logits]

    class_indices, logits = graph.loop(n_steps, [*states, *start], step)
    return graph("Squeeze", class_indices, [1]), graph("Squeeze", logits, [1])


def search_beams(graph, architecture, part, weights, states, n_steps, n_beams):
    """Extend the K sequences of the highest log-probability at each step.

    Parameters
    ----------
    architecture, part, weights, states, n_steps : as for `search_greedily`
    n_beams : int
        K, at least 1.

    Returns
    -------
    labels, parents : values (S, N, K)
        The last label of each sequence, and the index of the sequence of the step before that it extends.
    complete : value (S, N, K), float64
        The log-probability of complete sequences: with an end token, of those of the step before and their end;
        otherwise, of those of this step.
    """
    n_classes = architecture.n_classes
    rows = graph("Unsqueeze", graph("Range", 0, size(graph, states[0], 1), 1), [1])
    first_rows = graph("Mul", rows, n_beams)  # of each sample, among the rows of all beams
    copies = graph("Expand", rows, [1, n_beams])
    states = [graph("Gather", state, graph("Reshape", copies, [-1]), axis=1) for state in states]
    start = graph("Reshape", graph("Add", graph("Mul", copies, 0), n_classes), [1, -1])
    # all beams start from the same state: only one of them counts at the first step
    score = graph("Expand", np.where(np.arange(n_beams) == 0, 0.0, -np.inf), graph("Shape", copies))

    def step(before):
        *states, previous, score = before
        logits, states = _add_logits(graph, part, weights, previous, states)
        log_p = graph("Reshape", graph("LogSoftmax", logits, axis=2), [-1, n_beams, architecture.n_outputs])
        log_p = graph("Add", graph("Unsqueeze", score, [2]), graph.cast(log_p, np.float64))
        of_classes = graph("Slice", log_p, [0], [n_classes], [2]) if architecture.has_end else log_p
        flat = graph("Reshape", of_classes, [-1, n_beams * n_classes])
        score, index = graph.node("TopK", [flat, [n_beams]], [True, True], axis=1)
        parents, labels = graph("Div", index, n_classes), graph("Mod", index, n_classes)
        chosen = graph("Reshape", graph("Add", first_rows, parents), [-1])
        states = [graph("Gather", state, chosen, axis=1) for state in states]
        complete = graph("Gather", log_p, n_classes, axis=2) if architecture.has_end else graph("Identity", score)
        outputs = [graph("Identity", labels), parents, complete]
        return None, [*states, graph("Reshape", labels, [1, -1]), score], outputs

    return graph.loop(n_steps, [*states, start, score], step)


def _add_logits(graph, part, weights, previous, states):
    """Return the logits (1, N, C) after the previous labels (1, N), and the new states."""
    *stack, (_, output) = part.with_weights(weights)
    x, states = add_step(graph, stack, previous, states)
    return dense(graph, x, *output), states
