"""Labels and label sequences from a trained encoder-decoder: greedy and beam search over whole batches."""

from functools import partial

import numpy as np

from ..networks._layer_plan import layer_plan
from ..networks.numpy_backend._layers import Dense, build_directions, make_stack_step
from ..networks.numpy_backend._networks import encoder_of
from ..runtime._memory import check_memory
from ._batching import inverse_order, make_batches, map_batches, to_columns
from ._threads import map_in_threads


def label_logits(architecture, weights, x):
    """Return the logits of each class for each of N scaled sequences: array of shape (N, C), float32."""
    encode = encoder_of(architecture, weights["encoder"])
    output = Dense(*weights["label"])

    def compute_logits(rows):
        return output(encode(*to_columns(x[rows]))).T

    return map_batches(compute_logits, make_batches(x.lengths))


def greedy(architecture, weights, x, n_steps):
    """Decode the most likely label at each step, given the labels before it.

    Parameters
    ----------
    architecture : Seq2SeqArchitecture
    weights : dict of str to list of arrays
    x : Sequences of N scaled sequences
    n_steps : int
        The number of labels, a maximum if the decoder has an end token.

    Returns
    -------
    class_indices : int array of shape (N, n_steps)
        0 after the end.
    lengths : int array of shape (N,)
    """
    class_indices, lengths, *_ = _run(_search_greedily, architecture, weights, x, n_steps)
    return class_indices, lengths


def greedy_logits(architecture, weights, x, n_steps):
    """Return the lengths (N,) of the greedy sequences, and the logits at their steps, (N, n_steps, n_outputs)."""
    _, lengths, _, logits = _run(_search_greedily, architecture, weights, x, n_steps)
    return lengths, logits


def beams(architecture, weights, x, n_steps, n_beams):
    """Search for the label sequences with the highest log-probability divided by length, including the end token.

    Only complete sequences are compared: a sequence of `n_steps` labels includes its end token too, if the decoder has
    one. The greedy sequence is always a candidate.

    Parameters
    ----------
    architecture, weights, x, n_steps : as for `greedy`
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
    search = partial(_search_beams, n_beams=n_beams)
    return _run(search, architecture, weights, x, n_steps, rows_per_sample=n_beams)


class LabelDecoder:
    """The decoder of label sequences, which computes one label at a time.

    Parameters
    ----------
    architecture : Seq2SeqArchitecture
    weights : list of arrays
    """

    def __init__(self, architecture, weights):
        self.n_end_tokens = int(architecture.has_end)
        self.end, self.n_outputs = architecture.n_classes, architecture.n_outputs
        *recurrent, (_, output) = layer_plan(architecture)["sequence"].with_weights(weights)
        self._layers = [build_directions(*pair) for pair in recurrent]
        self._output = Dense(*output)

    def make_step(self, states):
        """Return `step(previous) -> logits`: class indices (B,) to logits (B, n_outputs), updating the states in place.

        `states` are the states of the decoder's layers, a list [h (H, B), ...] for each.
        """
        step_through = make_stack_step(self._layers, states)
        return lambda previous: self._output(step_through(previous[None])).T


def _run(search, architecture, weights, x, n_steps, rows_per_sample=1):
    """Run a search on all sequences in batches; return its outputs in the order of the sequences."""
    n_outputs = architecture.n_outputs
    check_memory(
        # three copies of the class indices; the logits; and the scores and states of each beam
        8.0 * len(x) * n_steps * (3 * rows_per_sample + n_outputs)
        + 8.0 * rows_per_sample * (3 * n_outputs + 2 * sum(architecture.state_units)),
        f"{len(x)} times {rows_per_sample} sequences of up to {n_steps} labels",
        "Set a smaller max_length or num_beams, or decode fewer samples at a time.",
    )
    encode, decoder = encoder_of(architecture, weights["encoder"]), LabelDecoder(architecture, weights["sequence"])
    batches = make_batches(x.lengths, min_timesteps=n_steps, rows_per_sample=rows_per_sample)
    parts = map_in_threads(lambda rows: search(decoder, encode(*to_columns(x[rows]))[::-1], n_steps), batches)
    order = inverse_order(batches)
    return [np.concatenate(output)[order] for output in zip(*parts, strict=True)]


def _search_greedily(decoder, states, n_steps):
    """Return class indices (B, n_steps), lengths (B,), scores (B,) and logits (B, n_steps, n_outputs)."""
    step, end, batch_size = decoder.make_step(states), decoder.end, states[0][0].shape[1]
    last, has_ended, score = np.full(batch_size, end), np.zeros(batch_size, bool), np.zeros(batch_size)
    class_indices = np.full((batch_size, n_steps), end)
    logits = np.zeros((batch_size, n_steps, decoder.n_outputs), np.float32)
    for t in range(n_steps):
        logits[:, t] = step(last)
        last = np.where(has_ended, end, np.argmax(logits[:, t], axis=1))
        score += np.where(has_ended, 0.0, _log_probability(logits[:, t], last))
        has_ended = last == end
        class_indices[:, t] = last
        if has_ended.all():
            break
    if decoder.n_end_tokens:  # a sequence of `n_steps` labels ends here
        score += np.where(has_ended, 0.0, _log_probability(step(last), np.full(batch_size, end)))
    lengths = np.count_nonzero(class_indices < end, axis=1)
    score /= lengths + decoder.n_end_tokens
    return np.where(class_indices < end, class_indices, 0), lengths, score.astype(np.float32), logits


def _search_beams(decoder, states, n_steps, n_beams):
    """Return class indices (B, K, n_steps), lengths (B, K) and scores (B, K), the best sequence first."""
    copies = [[np.repeat(part, n_beams, axis=1) for part in state] for state in states]
    greedy_indices, greedy_lengths, greedy_score, _ = _search_greedily(decoder, states, n_steps)
    step, n_classes, batch_size = decoder.make_step(copies), decoder.end, len(greedy_score)
    last = np.full((batch_size, n_beams), n_classes)
    score = np.full((batch_size, n_beams), -np.inf)
    done = score, np.zeros((batch_size, n_beams, n_steps), int), np.zeros((batch_size, n_beams), int)
    class_indices, score = done[1], score.copy()
    score[:, 0] = 0.0  # all beams start from the same state: only one of them counts at the first step
    for t in range(n_steps):
        log_p = score[:, :, None] + _log_softmax(step(last.ravel())).reshape(batch_size, n_beams, -1)
        if decoder.n_end_tokens:
            ended = log_p[:, :, -1] / (t + 1), class_indices, np.full((batch_size, n_beams), t)
            done = _select_best(n_beams, done, ended)
        score, indices = _highest(n_beams, log_p[:, :, :n_classes].reshape(batch_size, -1))
        parents, last = indices // n_classes, indices % n_classes
        rows = (np.arange(batch_size)[:, None] * n_beams + parents).ravel()
        for part in (part for state in copies for part in state):
            part[...] = part[:, rows]
        class_indices = np.take_along_axis(class_indices, parents[:, :, None], axis=1)
        class_indices[:, :, t] = last
    if decoder.n_end_tokens:  # a sequence of `n_steps` labels ends here
        score = score + _log_softmax(step(last.ravel()))[:, -1].reshape(batch_size, n_beams)
    score = score / (n_steps + decoder.n_end_tokens)
    done = _select_best(n_beams, done, (score, class_indices, np.full((batch_size, n_beams), n_steps)))
    greedy = greedy_score[:, None], greedy_indices[:, None], greedy_lengths[:, None]
    score, class_indices, lengths = _select_best(n_beams, done, _drop_duplicate(greedy, done))
    return class_indices, lengths, score.astype(np.float32)


def _log_softmax(logits):
    """Return log-probabilities (B, C), float64."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    # a cumulative sum: the order of the additions in NumPy's sum depends on the shape
    return logits - np.log(np.cumsum(np.exp(logits), axis=1)[:, -1:])


def _log_probability(logits, class_indices):
    """Return the log-probability of one class index per row, (B,)."""
    return _log_softmax(logits)[np.arange(len(class_indices)), class_indices]


def _highest(n, scores):
    """Return the `n` highest scores of each row in descending order, and their indices."""
    indices = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return np.take_along_axis(scores, indices, axis=1), indices


def _select_best(n_beams, *candidates):
    """Return the best of several groups of scores (B, .), class indices (B, ., n_steps) and lengths (B, .)."""
    score, class_indices, lengths = (np.concatenate(parts, axis=1) for parts in zip(*candidates, strict=True))
    score, indices = _highest(n_beams, score)
    class_indices = np.take_along_axis(class_indices, indices[:, :, None], axis=1)
    return score, class_indices, np.take_along_axis(lengths, indices, axis=1)


def _drop_duplicate(candidate, others):
    """Return a candidate (B, 1), with a score of -inf where it is among the others."""
    score, class_indices, lengths = candidate
    same = (class_indices == others[1]).all(axis=2) & (lengths == others[2]) & (others[0] > -np.inf)
    return np.where(same.any(axis=1, keepdims=True), -np.inf, score), class_indices, lengths
