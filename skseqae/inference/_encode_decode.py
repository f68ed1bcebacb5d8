"""Encoding and decoding of scaled sequences with given weights: pure functions, which are safe to call from threads.

Sequences are sorted by length and computed in batches. Each sequence ends at its own last timestep.
"""

import numpy as np

from ..data._sequences import Sequences
from ..networks.numpy_backend._networks import decoder_of, encoder_of
from ..runtime._memory import check_memory
from ._batching import inverse_order, make_batches, map_batches, to_columns
from ._threads import count_threads, map_in_threads


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
    encode_batch, batches = encoder_of(architecture, weights["encoder"]), make_batches(sequences.lengths)
    _check_batches(weights["encoder"], sequences.lengths, batches)
    return map_batches(lambda rows: encode_batch(*to_columns(sequences[rows])).T, batches)


def decode(architecture, weights, head, Z, lengths):
    """Return the scaled sequences decoded from encodings, in the order of time of the decoder.

    Parameters
    ----------
    architecture : Architecture
    weights : dict of str to list of arrays
    head : str
        The name of the decoder, one of `architecture.heads`.
    Z : array of shape (N, L)
    lengths : array of shape (N,)

    Returns
    -------
    Sequences of N sequences (lengths[i], F), float32
    """
    check_memory(
        # float32 and float64 values, in the order of the batches and in the original order
        24 * float(lengths.sum(dtype=float)) * architecture.width(head),
        f"{len(lengths)} sequences of up to {max(lengths, default=0)} timesteps",
        "Decode fewer timesteps, or fewer samples at a time.",
    )
    decode_batch = decoder_of(architecture, weights[head], head)

    def decode_rows(rows):
        z = np.ascontiguousarray(Z[rows].T, dtype=np.float32)
        is_real = np.arange(max(lengths[rows])) < lengths[rows][:, None]
        return decode_batch(z, lengths[rows]).transpose(2, 1, 0)[is_real]

    batches = make_batches(lengths)
    _check_batches(weights[head], lengths, batches)
    decoded = np.concatenate(map_in_threads(decode_rows, batches))
    return Sequences(decoded, lengths[np.concatenate(batches)])[inverse_order(batches)]


def _check_batches(weights, lengths, batches):
    """Raise a MemoryError if the batches that are computed at the same time do not fit into memory.

    Each batch needs the input and the output of one layer: at most four times the output of the widest layer.
    """
    n_steps = max(len(rows) * int(lengths[rows[0]]) for rows in batches)
    check_memory(
        4 * min(len(batches), count_threads()) * n_steps * max(array.shape[-1] for array in weights),
        f"A sequence of {max(lengths)} timesteps",
        "Split long sequences.",
    )
