"""Labels and sequences of labels from a trained encoder-decoder: greedy and beam search, a whole batch at a time."""

from functools import partial

import numpy as np

from ..networks.numpy_backend._layers import Dense, make_stack_step, recurrent_layers
from ..networks.numpy_backend._networks import encoder_of
from ..runtime._memory import check_memory
from ._batching import batches_of, columns, inverse_order, over_batches
from ._threads import in_threads


def label_logits(architecture, weights, x):
    """Return the logits of each class for each of N scaled sequences: array of shape (N, C), float32."""
    encode = encoder_of(architecture, weights["encoder"])
    output = Dense(*weights["label"])

    def say(rows):
        (h, *_) = encode(*columns(x[rows]))[-1]
        return output(h).T

    return over_batches(say, batches_of(x.lengths))


def greedy(architecture, weights, x, n_steps):
    """Say the likeliest label at each step, and go on from it.

    Parameters
    ----------
    architecture : Seq2SeqArchitecture
    weights : dict of str to list of arrays
    x : Sequences of N scaled sequences
    n_steps : int
        Labels to say, at most so many where the end is said.

    Returns
    -------
    numbers : int array of shape (N, n_steps)
        Of the classes; 0 beyond the end.
    lengths : int array of shape (N,)
    """
    numbers, lengths, *_ = _run(_search_greedily, architecture, weights, x, n_steps)
    return numbers, lengths


def greedy_logits(architecture, weights, x, n_steps):
    """Return how long the greedy sequences are, (N,), and the logits on their way, (N, n_steps, n_outputs)."""
    _, lengths, _, logits = _run(_search_greedily, architecture, weights, x, n_steps)
    return lengths, logits


def beams(architecture, weights, x, n_steps, n_beams):
    """Search for the sequences of labels of the highest log-probability over length, the end included.

    Every sequence that counts is complete: one of `n_steps` labels has its end counted too, where ends are said. The
    greedy one is always among the candidates.

    Parameters
    ----------
    architecture, weights, x, n_steps : as for `greedy`
    n_beams : int
        Sequences that are followed at a time, and returned, at least 1.

    Returns
    -------
    numbers : int array of shape (N, n_beams, n_steps)
        The best first; 0 beyond the end.
    lengths : int array of shape (N, n_beams)
    scores : array of shape (N, n_beams), float32
        -inf where there are not so many sequences.
    """
    search = partial(_search_beams, n_beams=n_beams)
    return _run(search, architecture, weights, x, n_steps, rows_for_each=n_beams)


class LabelDecoder:
    """The decoder, which says a label at a time.

    Parameters
    ----------
    architecture : Seq2SeqArchitecture
    weights : list of arrays
    """

    def __init__(self, architecture, weights):
        self.n_steps_after = int(architecture.has_end)
        self.end, self.n_outputs = architecture.n_classes, architecture.n_outputs
        units, n_tokens = architecture.state_units[::-1], architecture.n_classes + 1
        self._layers, output = recurrent_layers(architecture, weights, units, n_tokens=n_tokens)
        self._output = Dense(*output)

    def begin(self, states):
        """Return the function of the numbers last said (B,) that overwrites the states and gives logits (B, n_outputs).

        The states are those of the decoder's layers, [h (H, B), ...] each.
        """
        step_through = make_stack_step(self._layers, states)
        return lambda last: self._output(step_through(last[None])).T


def _run(search, architecture, weights, x, n_steps, rows_for_each=1):
    """Run a search on all sequences in batches; return its outputs in the order of the sequences."""
    n_outputs = architecture.n_outputs
    check_memory(
        # the numbers of the labels, three times; the logits; and what each beam goes on from
        8.0 * len(x) * n_steps * (3 * rows_for_each + n_outputs)
        + 8.0 * rows_for_each * (3 * n_outputs + 2 * sum(architecture.state_units)),
        f"{len(x)} times {rows_for_each} sequences of up to {n_steps} labels",
        "Ask for a smaller max_length or num_beams, or for fewer samples at a time.",
    )
    encode, speaker = encoder_of(architecture, weights["encoder"]), LabelDecoder(architecture, weights["sequence"])
    batches = batches_of(x.lengths, at_least=n_steps, rows_for_each=rows_for_each)
    parts = in_threads(lambda rows: search(speaker, encode(*columns(x[rows]))[::-1], n_steps), batches)
    back = inverse_order(batches)
    return [np.concatenate(output)[back] for output in zip(*parts, strict=True)]


def _search_greedily(speaker, states, n_steps):
    """Return numbers (B, n_steps), lengths (B,), scores (B,) and logits (B, n_steps, n_outputs)."""
    say, end, batch = speaker.begin(states), speaker.end, states[0][0].shape[1]
    last, has_ended, score = np.full(batch, end), np.zeros(batch, bool), np.zeros(batch)
    numbers = np.full((batch, n_steps), end)
    logits = np.zeros((batch, n_steps, speaker.n_outputs), np.float32)
    for t in range(n_steps):
        logits[:, t] = say(last)
        last = np.where(has_ended, end, np.argmax(logits[:, t], axis=1))
        score += np.where(has_ended, 0.0, _log_probability(logits[:, t], last))
        has_ended = last == end
        numbers[:, t] = last
        if has_ended.all():
            break
    if speaker.n_steps_after:  # what is not over by now is ended
        score += np.where(has_ended, 0.0, _log_probability(say(last), np.full(batch, end)))
    lengths = np.count_nonzero(numbers < end, axis=1)
    score /= lengths + speaker.n_steps_after
    return np.where(numbers < end, numbers, 0), lengths, score.astype(np.float32), logits


def _search_beams(speaker, states, n_steps, n_beams):
    """Return numbers (B, K, n_steps), lengths (B, K) and scores (B, K), the best first."""
    copies = [[np.repeat(part, n_beams, axis=1) for part in state] for state in states]
    greedy_numbers, greedy_lengths, greedy_score, _ = _search_greedily(speaker, states, n_steps)
    say, n_classes, batch = speaker.begin(copies), speaker.end, len(greedy_score)
    last = np.full((batch, n_beams), n_classes)
    score = np.full((batch, n_beams), -np.inf)
    done = score, np.zeros((batch, n_beams, n_steps), int), np.zeros((batch, n_beams), int)
    numbers, score = done[1], score.copy()
    score[:, 0] = 0.0  # the beams part from one
    for t in range(n_steps):
        log_p = score[:, :, None] + _log_softmax(say(last.ravel())).reshape(batch, n_beams, -1)
        if speaker.n_steps_after:
            done = _best(n_beams, done, (log_p[:, :, -1] / (t + 1), numbers, np.full((batch, n_beams), t)))
        score, places = _highest(n_beams, log_p[:, :, :n_classes].reshape(batch, -1))
        parents, last = places // n_classes, places % n_classes
        rows = (np.arange(batch)[:, None] * n_beams + parents).ravel()
        for part in (part for state in copies for part in state):
            part[...] = part[:, rows]
        numbers = np.take_along_axis(numbers, parents[:, :, None], axis=1)
        numbers[:, :, t] = last
    if speaker.n_steps_after:  # what is not over by now is ended
        score = score + _log_softmax(say(last.ravel()))[:, -1].reshape(batch, n_beams)
    score = score / (n_steps + speaker.n_steps_after)
    done = _best(n_beams, done, (score, numbers, np.full((batch, n_beams), n_steps)))
    greedy = (greedy_score[:, None], greedy_numbers[:, None], greedy_lengths[:, None])
    score, numbers, lengths = _best(n_beams, done, _unless_among(greedy, done))
    return numbers, lengths, score.astype(np.float32)


def _log_softmax(logits):
    """Return log-probabilities (B, C), float64."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    # one after another: the order of numpy's own sum depends on the shape
    return logits - np.log(np.cumsum(np.exp(logits), axis=1)[:, -1:])


def _log_probability(logits, numbers):
    """Return the log-probability of one number a row, (B,)."""
    return _log_softmax(logits)[np.arange(len(numbers)), numbers]


def _highest(n, scores):
    """Return the highest scores of each row, in order, and their places."""
    places = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return np.take_along_axis(scores, places, axis=1), places


def _best(n_beams, *candidates):
    """Return the highest scores among candidates, scores (B, .), numbers (B, ., n_steps) and lengths (B, .)."""
    score, numbers, lengths = (np.concatenate(parts, axis=1) for parts in zip(*candidates, strict=True))
    score, places = _highest(n_beams, score)
    return score, np.take_along_axis(numbers, places[:, :, None], axis=1), np.take_along_axis(lengths, places, axis=1)


def _unless_among(one, others):
    """Return a candidate (B, 1), with a score of -inf where it is among the others."""
    score, numbers, lengths = one
    same = (numbers == others[1]).all(axis=2) & (lengths == others[2]) & (others[0] > -np.inf)
    return np.where(same.any(axis=1, keepdims=True), -np.inf, score), numbers, lengths
