"""Labels and sequences of labels from a trained encoder-decoder: greedy and beam search, whole batches in one graph."""

from functools import partial

import keras
import numpy as np
import tensorflow as tf

from ._batches import padded_and_mask
from ._inference import batches_of, fill, kept
from ._layers import stack_stepper
from ._networks import build_decoder, build_encoder


def label_logits(architecture, weights, x):
    """Return the logits of each class for each of N scaled sequences: array of shape (N, C), float32."""
    (logits,) = _run(architecture, weights, x, 1, "label", _say_label)
    return logits[:, 0]


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
    return _run(architecture, weights, x, n_steps, "greedy", lambda *given: _search_greedily(*given)[:2])


def greedy_logits(architecture, weights, x, n_steps):
    """Return how long the greedy sequences are, (N,), and the logits on their way, (N, n_steps, n_outputs)."""
    lengths, logits = _run(architecture, weights, x, n_steps, "logits", lambda *given: _search_greedily(*given)[1::2])
    return lengths, logits[:, :n_steps]


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
    return _run(architecture, weights, x, n_steps, n_beams, search, rows_for_each=n_beams)


def _run(architecture, weights, x, n_steps, name, search, rows_for_each=1):
    """Run a search on all sequences in batches; return its outputs as arrays in the order of the sequences."""
    program = kept((architecture, name), lambda: _compile(architecture, search))
    (head,) = architecture.heads
    flat = [*weights["encoder"], *weights[head]]
    order, parts = [], []
    for rows, size in batches_of(np.maximum(x.lengths, n_steps) * rows_for_each):
        inputs, mask = padded_and_mask(x[rows])
        said = program(flat, fill(inputs, size), fill(mask, size), n_steps)
        order.append(rows)
        parts.append([output.numpy()[: len(rows)] for output in said])
    back = np.argsort(np.concatenate(order))
    return [np.concatenate(output)[back] for output in zip(*parts, strict=True)]


def _compile(architecture, search):
    """Return the search as a compiled function of the weights, a batch and the number of steps."""
    (head,) = architecture.heads
    encoder, decoder = build_encoder(architecture), build_decoder(architecture, head)
    variables = encoder.weights + decoder.weights
    return tf.function(
        partial(_search, architecture, encoder, decoder, search),
        input_signature=[
            [tf.TensorSpec(variable.shape, variable.dtype) for variable in variables],
            tf.TensorSpec((None, None, architecture.n_features), "float32"),
            tf.TensorSpec((None, None), "float32"),
            tf.TensorSpec((), "int32"),
        ],
    )


def _search(architecture, encoder, decoder, search, weights, x, mask, n_steps):
    with keras.StatelessScope(state_mapping=zip(encoder.weights + decoder.weights, weights, strict=True)):
        states = encoder([x, mask])
        return search(architecture, states if isinstance(states, list) else [states], decoder, n_steps)


def _say_label(architecture, states, decoder, n_steps):
    return [decoder([*states, tf.ones((tf.shape(states[0])[0], 1))])]


def _stepper(architecture, states, decoder):
    """Return the function of one more step, and the states to start from, by layer of the decoder.

    The function takes the numbers (B,) last said and the states; it gives log-probabilities (B, n_outputs), logits and
    the states after.
    """
    n = architecture.n_states
    by_layer = [tuple(states[i : i + n]) for i in range(0, len(states), n)][::-1]
    go_on = stack_stepper([decoder.get_layer(f"decoder_{i}") for i in range(len(by_layer))])
    output = decoder.get_layer("output")

    def step(last, states):
        h, states = go_on(tf.cast(last, "float32")[:, None], states)
        logits = output(h)
        return tf.nn.log_softmax(logits), logits, states

    return step, by_layer


def _search_greedily(architecture, states, decoder, n_steps):
    """Return numbers (B, n_steps), lengths (B,), scores (B,) and logits, of one step more where ends are said."""
    step, states = _stepper(architecture, states, decoder)
    end, batch = architecture.n_classes, tf.shape(states[0][0])[0]
    n_all = n_steps + architecture.has_end

    def go_on(t, last, has_ended, score, states, numbers, logits):
        log_p, raw, states = step(last, states)
        said = tf.argmax(log_p, axis=1, output_type="int32")
        said = tf.where(t < n_steps, said, end)  # what is not over by now is ended
        score += tf.where(has_ended, 0.0, tf.gather(log_p, said, axis=1, batch_dims=1))
        said = tf.where(has_ended, end, said)
        return t + 1, said, has_ended | (said == end), score, states, numbers.write(t, said), logits.write(t, raw)

    arrays = (
        tf.TensorArray("int32", n_all, element_shape=(None,)),
        tf.TensorArray("float32", n_all, element_shape=(None, architecture.n_outputs)),
    )
    start = (0, tf.fill((batch,), end), tf.zeros((batch,), "bool"), tf.zeros((batch,)), states, *arrays)
    *_, score, _, numbers, logits = tf.while_loop(lambda t, *_: t < n_all, go_on, start)
    numbers, logits = tf.transpose(numbers.stack())[:, :n_steps], tf.transpose(logits.stack(), (1, 0, 2))
    lengths = tf.reduce_sum(tf.cast(numbers < end, "int32"), axis=1)
    score /= tf.cast(lengths + architecture.has_end, "float32")
    return tf.where(numbers < end, numbers, 0), lengths, score, logits


def _search_beams(architecture, states, decoder, n_steps, n_beams):
    """Return numbers (B, K, n_steps), lengths (B, K) and scores (B, K), the best first."""
    greedy_numbers, greedy_lengths, greedy_score, _ = _search_greedily(architecture, states, decoder, n_steps)
    step, states = _stepper(architecture, states, decoder)
    n_classes, has_end = architecture.n_classes, architecture.has_end
    batch = tf.shape(greedy_score)[0]

    def say(last, score, states):
        log_p, _, states = step(tf.reshape(last, (-1,)), states)
        return score[:, :, None] + tf.reshape(log_p, (batch, n_beams, architecture.n_outputs)), states

    def go_on(t, last, score, numbers, states, done):
        log_p, states = say(last, score, states)
        if has_end:
            ended = log_p[:, :, -1] / tf.cast(t + 1, "float32")
            done = _best(n_beams, done, (ended, numbers, tf.fill((batch, n_beams), t)))
        longer = tf.reshape(log_p[:, :, :n_classes], (batch, n_beams * n_classes))
        score, places = tf.math.top_k(longer, n_beams)
        parents, last = places // n_classes, places % n_classes
        rows = tf.reshape(tf.range(batch)[:, None] * n_beams + parents, (-1,))
        states = tf.nest.map_structure(lambda part: tf.gather(part, rows), states)
        numbers = tf.gather(numbers, parents, axis=1, batch_dims=1)
        return t + 1, last, score, tf.where(tf.range(n_steps) == t, last[:, :, None], numbers), states, done

    nothing = tf.fill((batch, n_beams), -np.inf)
    none_said = tf.zeros((batch, n_beams, n_steps), "int32")
    start = (
        0,
        tf.fill((batch, n_beams), n_classes),
        tf.concat([tf.zeros((batch, 1)), nothing[:, 1:]], axis=1),  # the beams part from one
        none_said,
        tf.nest.map_structure(lambda part: tf.repeat(part, n_beams, axis=0), states),
        (nothing, none_said, tf.zeros((batch, n_beams), "int32")),
    )
    _, last, score, numbers, states, done = tf.while_loop(lambda t, *_: t < n_steps, go_on, start)
    if has_end:  # what is not over by now is ended
        score = say(last, score, states)[0][:, :, -1]
    score /= tf.cast(n_steps + has_end, "float32")
    done = _best(n_beams, done, (score, numbers, tf.fill((batch, n_beams), n_steps)))
    greedy = (greedy_score[:, None], greedy_numbers[:, None], greedy_lengths[:, None])
    score, numbers, lengths = _best(n_beams, done, _if_missing(greedy, done))
    return numbers, lengths, score


def _best(n_beams, *candidates):
    """Return the highest scores among candidates, scores (B, .), numbers (B, ., n_steps) and lengths (B, .)."""
    score, numbers, lengths = (tf.concat(parts, axis=1) for parts in zip(*candidates, strict=True))
    score, places = tf.math.top_k(score, n_beams)
    return score, *(tf.gather(part, places, axis=1, batch_dims=1) for part in (numbers, lengths))


def _if_missing(one, others):
    """Return a candidate (B, 1), with a score of -inf where it is among the others."""
    score, numbers, lengths = one
    same = tf.reduce_all(numbers == others[1], axis=2) & (lengths == others[2]) & (others[0] > -np.inf)
    return tf.where(tf.reduce_any(same, axis=1, keepdims=True), -np.inf, score), numbers, lengths
