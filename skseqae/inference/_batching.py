"""Batches of sequences of similar length."""

import numpy as np

from ..data._padding import pad
from ._threads import count_threads, in_threads

MAX_ROWS, MIN_ROWS = 256, 32  # of a batch: enough for products to be fast, few enough to stay in caches
# rows times timesteps of one batch, so that long sequences are computed few at a time
MAX_BATCH_SIZE = 128 * 1024


def columns(sequences):
    """Return sequences side by side, (F, T, B), and their lengths (B,)."""
    padded = pad(sequences, int(max(sequences.lengths)))
    return np.ascontiguousarray(padded.transpose(2, 1, 0)), sequences.lengths


def batches_of(lengths, *, at_least=1, rows_for_each=1):
    """Return the rows of each batch, the longest first.

    Each row counts for `rows_for_each`, and runs for `at_least` so many timesteps.
    """
    order, batches = np.argsort(-lengths, kind="stable"), []
    fair = -(-len(lengths) // count_threads())
    while len(order):
        n_timesteps = max(at_least, int(lengths[order[0]]))
        most = min(max(fair, MIN_ROWS), MAX_ROWS, MAX_BATCH_SIZE // n_timesteps)
        size = max(1, most // rows_for_each)
        batches.append(order[:size])
        order = order[size:]
    return batches


def inverse_order(batches):
    """Return the places, in the order of the batches, of all rows in their own order."""
    return np.argsort(np.concatenate(batches))


def over_batches(function, batches):
    """Return what a function gives for the rows of each batch, put together in the order of all rows."""
    return np.concatenate(in_threads(function, batches))[inverse_order(batches)]
