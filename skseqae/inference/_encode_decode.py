"""Encoding and decoding of scaled sequences with given weights: pure functions, which threads share.

Sequences are sorted by length and computed in batches, in which each runs to its own end.
"""

import numpy as np

from ..data._sequences import Sequences
from ..networks.numpy_backend._networks import decoder_of, encoder_of
from ..runtime._memory import check_memory
from ._batching import batches_of, columns, inverse_order, over_batches
from ._threads import count_threads, in_threads


def encode(architecture, weights, sequences):
    """Return the encodings of scaled sequences.

    Parameters
    ----------
    architecture : Architecture
    weights : dict of str to list of arrays
    sequences : Sequences of N sequences (T_i, F), float32

    Returns
    -------
    array of shape (N, L), float32
    """
    encode_batch, batches = encoder_of(architecture, weights["encoder"]), batches_of(sequences.lengths)
    _check_batches(weights["encoder"], sequences.lengths, batches)
    return over_batches(lambda rows: encode_batch(*columns(sequences[rows])).T, batches)


def decode(architecture, weights, head, Z, lengths):
    """Return the scaled sequences that encodings stand for, in the order in which the decoder says them.

    Parameters
    ----------
    head : str
        The decoder to use, one of the architecture's.
    Z : array of shape (N, L)
    lengths : array of shape (N,)

    Returns
    -------
    Sequences of N sequences (lengths[i], F), float32
    """
    check_memory(
        # as float32 and as float64, in batches and in order
        24 * float(lengths.sum(dtype=float)) * architecture.width(head),
        f"{len(lengths)} sequences of up to {max(lengths, default=0)} timesteps",
        "Ask for fewer timesteps, or for fewer samples at a time.",
    )
    decode_batch = decoder_of(architecture, weights[head], head)

    def say(rows):
        z = np.ascontiguousarray(Z[rows].T, dtype=np.float32)
        is_real = np.arange(max(lengths[rows])) < lengths[rows][:, None]
        return decode_batch(z, lengths[rows]).transpose(2, 1, 0)[is_real]

    batches = batches_of(lengths)
    _check_batches(weights[head], lengths, batches)
    return Sequences(np.concatenate(in_threads(say, batches)), lengths[np.concatenate(batches)])[inverse_order(batches)]


def _check_batches(weights, lengths, batches):
    """Refuse batches of which those that are computed at the same time would not fit into memory.

    Of each there is one layer's input and output, in all not more than four times the widest layer.
    """
    n_steps = max(len(rows) * int(lengths[rows[0]]) for rows in batches)
    check_memory(
        4 * min(len(batches), count_threads()) * n_steps * max(array.shape[-1] for array in weights),
        f"A sequence of {max(lengths)} timesteps",
        "Cut long sequences.",
    )
