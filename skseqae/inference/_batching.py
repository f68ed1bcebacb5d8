"""Batches of sequences of similar length."""

import numpy as np

from ..data._padding import pad
from ._threads import count_threads, map_in_threads

MAX_ROWS, MIN_ROWS = 128, 16  # of a batch: enough for fast matrix products, few enough to fit into the caches
# Rows times timesteps of a batch: batches of long sequences have fewer rows.
MAX_BATCH_SIZE = 8 * 1024


def model_inputs(architecture, sequences):
    """Return the inputs of a model that encodes sequences, by name.

    `x` are rows (N, F); or sequences (T, N, F), or indices of tokens (T, N), padded at the end, with `lengths` (N,). T
    is at least one.
    """
    if architecture.is_tabular:
        return {"x": sequences.packed}
    lengths = sequences.lengths
    n_timesteps = max(1, int(lengths.max()))
    if lengths.min() == n_timesteps:
        padded = sequences.packed.reshape(len(lengths), n_timesteps, -1)
    else:
        padded = pad(sequences, n_timesteps)
    x = np.ascontiguousarray(padded.swapaxes(0, 1))
    if getattr(architecture, "n_tokens", None):  # cheaper than to ask the layer plan, for each batch
        x = x[:, :, 0].astype(np.int64)
    return {"x": x, "lengths": lengths.astype(np.int32)}


def make_batches(lengths, *, min_timesteps=1, rows_per_sample=1):
    """Return the rows of each batch, the longest sequences first.

    For the size of a batch, a sample counts as `rows_per_sample` rows of at least `min_timesteps` timesteps.
    """
    order, batches = np.argsort(-lengths, kind="stable"), []
    n_rows_per_thread = -(-len(lengths) // count_threads()) if len(lengths) > MIN_ROWS else MIN_ROWS
    while len(order):
        n_timesteps = max(min_timesteps, int(lengths[order[0]]))
        max_rows = min(max(n_rows_per_thread, MIN_ROWS), MAX_ROWS, MAX_BATCH_SIZE // n_timesteps)
        size = max(1, max_rows // rows_per_sample)
        batches.append(order[:size])
        order = order[size:]
    return batches


def inverse_order(batches):
    """Return the indices that restore the original order of the rows from the order of the batches."""
    return np.argsort(np.concatenate(batches))


def map_batches(function, batches):
    """Return the results of a function of the rows of each batch, concatenated in the original order of the rows."""
    return np.concatenate(map_in_threads(function, batches))[inverse_order(batches)]
