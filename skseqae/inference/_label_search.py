"""Labels and label sequences from a trained encoder-decoder: greedy and beam search over whole batches."""

import numpy as np

from ..runtime._memory import check_memory
from ._batching import inverse_order, make_batches, map_batches, model_inputs
from ._threads import map_in_threads


def label_logits(network, x):
    """Return the logits of each class for each of N scaled sequences: array of shape (N, C), float32."""
    model = network.model("label")
    return map_batches(lambda rows: model(**model_inputs(network.architecture, x[rows]))[0], make_batches(x.lengths))


def greedy(network, x, n_steps):
    """Decode the most likely label at each step, given the labels before it.

    Parameters
    ----------
    network : Network
    x : Sequences of N scaled sequences
    n_steps : int
        The number of labels, a maximum if the decoder has an end token.

    Returns
    -------
    class_indices : int array of shape (N, n_steps)
        0 after the end.
    lengths : int array of shape (N,)
    """
    lengths, class_indices, _ = _search_greedily(network, x, n_steps)
    return class_indices, lengths


def greedy_logits(network, x, n_steps):
    """Return the lengths (N,) of the greedy sequences, and the logits at their steps, (N, n_steps, n_outputs).

    Logits beyond the length of a sequence have no meaning.
    """
    lengths, _, logits = _search_greedily(network, x, n_steps)
    return lengths, logits


def beams(network, x, n_steps, n_beams):
    """Search for the label sequences with the highest log-probability divided by length, including the end token.

    Only complete sequences are compared: a sequence of `n_steps` labels includes its end token too, if the decoder has
    one. The greedy sequence is always a candidate.

    Parameters
    ----------
    network, x, n_steps : as for `greedy`
    n_beams : int
        The number of sequences that the search keeps at each step and returns, at least 1.

    Returns
    -------
    class_indices : int array of shape (N, n_beams, n_steps)
        The best sequence first; 0 after the end.
    lengths : int array of shape (N, n_beams)
    scores : array of shape (N, n_beams), float32
        -inf if there are fewer sequences than `n_beams`.
    """
    architecture = network.architecture

    def search(model, inputs):
        # with an end token one more step, in which sequences of `n_steps` labels end
        greedy_labels, log_p, *tree = model(**inputs, n_steps=np.array(n_steps + architecture.has_end))
        greedy = _complete_greedy(architecture, greedy_labels, log_p, n_steps)
        found = _complete_beams(architecture, *tree, n_steps)
        score, class_indices, lengths = _select_best(n_beams, found, _drop_duplicate(greedy, found))
        return class_indices, lengths, score.astype(np.float32)

    return _run(network, x, n_steps, search, "beam", n_beams)


def _search_greedily(network, x, n_steps):
    """Return lengths (N,), class indices (N, n_steps), 0 after the end, and logits (N, n_steps, n_outputs)."""

    def search(model, inputs):
        class_indices, logits = model(**inputs, n_steps=np.array(n_steps))
        logits = np.pad(logits, ((0, n_steps - len(logits)), (0, 0), (0, 0)))
        return *_pad_labels(network.architecture, class_indices, n_steps), logits.swapaxes(0, 1)

    return _run(network, x, n_steps, search, "greedy")


def _run(network, x, n_steps, search, name, *options):
    """Return the outputs of `search(model, inputs)` for all sequences, computed in batches, in their order."""
    n_outputs, state_units = network.architecture.n_outputs, network.architecture.state_units
    (rows_per_sample,) = options or (1,)
    check_memory(
        # three copies of the class indices; the logits; and the scores and states of each beam
        8.0 * len(x) * n_steps * (3 * rows_per_sample + n_outputs)
        + 8.0 * rows_per_sample * (3 * n_outputs + 2 * sum(state_units)),
        f"{len(x)} times {rows_per_sample} sequences of up to {n_steps} labels",
        "Set a smaller max_length or num_beams, or decode fewer samples at a time.",
    )
    batches = make_batches(x.lengths, min_timesteps=n_steps, rows_per_sample=rows_per_sample)
    model, order = network.model(name, *options), inverse_order(batches)
    parts = map_in_threads(lambda rows: search(model, model_inputs(network.architecture, x[rows])), batches)
    return [np.concatenate(output)[order] for output in zip(*parts, strict=True)]


def _pad_labels(architecture, class_indices, n_steps):
    """Return lengths (N,) and class indices (N, n_steps), 0 after the end, from those of a search (S, N).

    The search ends before `n_steps` when all sequences have ended.
    """
    is_label = class_indices[:n_steps] < architecture.n_classes
    class_indices = np.where(is_label, class_indices[:n_steps], 0).T
    return np.count_nonzero(is_label, axis=0), np.pad(class_indices, ((0, 0), (0, n_steps - len(is_label))))


def _complete_greedy(architecture, class_indices, log_p, n_steps):
    """Return the scores (N, 1), class indices (N, 1, n_steps) and lengths (N, 1) of the greedy sequences.

    `class_indices` (S, N) are those of the search, and `log_p` (S, N, C) the log-probabilities at each step.
    """
    end = architecture.n_classes
    class_indices[n_steps:] = end
    log_p = np.take_along_axis(log_p, class_indices[:, :, None], axis=2)[:, :, 0].astype(np.float64)
    log_p[1:][class_indices[:-1] == end] = 0.0  # after the end
    lengths, class_indices = _pad_labels(architecture, class_indices, n_steps)
    score = log_p.sum(axis=0) / (lengths + architecture.has_end)
    return score[:, None], class_indices[:, None], lengths[:, None]


def _complete_beams(architecture, labels, parents, complete, n_steps):
    """Return the scores (N, K), class indices (N, K, n_steps) and lengths (N, K) of the best complete sequences.

    The other arguments are the outputs of `search_beams`, (S, N, K).
    """
    _, n_samples, n_beams = labels.shape
    n_labels = np.arange(n_steps + 1) if architecture.has_end else np.array([n_steps])
    scores = complete[-len(n_labels) :] / (n_labels + architecture.has_end)[:, None, None]
    score, index = _highest(n_beams, scores.swapaxes(0, 1).reshape(n_samples, -1))
    lengths, beam, rows = n_labels[index // n_beams], index % n_beams, np.arange(n_samples)[:, None]
    class_indices = np.zeros((n_samples, n_beams, n_steps), int)
    for t in reversed(range(n_steps)):  # from the last label of each sequence to its first
        is_label = t < lengths
        class_indices[:, :, t] = np.where(is_label, labels[t, rows, beam], 0)
        beam = np.where(is_label, parents[t, rows, beam], beam)
    return score, class_indices, lengths


def _highest(n, scores):
    """Return the `n` highest scores of each row in descending order, and their indices."""
    indices = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return np.take_along_axis(scores, indices, axis=1), indices


def _select_best(n_beams, *candidates):
    """Return the best of several groups of scores (N, .), class indices (N, ., n_steps) and lengths (N, .)."""
    score, class_indices, lengths = (np.concatenate(parts, axis=1) for parts in zip(*candidates, strict=True))
    score, indices = _highest(n_beams, score)
    class_indices = np.take_along_axis(class_indices, indices[:, :, None], axis=1)
    return score, class_indices, np.take_along_axis(lengths, indices, axis=1)


def _drop_duplicate(candidate, others):
    """Return a candidate (N, 1), with a score of -inf where it is among the others."""
    score, class_indices, lengths = candidate
    same = (class_indices == others[1]).all(axis=2) & (lengths == others[2]) & (others[0] > -np.inf)
    return np.where(same.any(axis=1, keepdims=True), -np.inf, score), class_indices, lengths
