"""Encoding and decoding of scaled sequences by a trained network; safe to call from threads.

Sequences are sorted by length and computed in batches. Each sequence ends at its own last timestep.
"""

import numpy as np

from ..data._sequences import Sequences
from ..runtime._memory import check_memory
from ._batching import inverse_order, make_batches, map_batches, model_inputs
from ._threads import count_threads_for, map_in_threads


def encode(network, sequences, output="encoder"):
    """Return the encodings or the latent vectors of scaled sequences.

    Parameters
    ----------
    network : Network
    sequences : Sequences of N sequences (T_i, F), float32
    output : {"encoder", "latent"}, default="encoder"
        The model: to encodings, or to latent vectors, which decoders read.

    Returns
    -------
    array of shape (N, L), float32
    """
    batches = make_batches(sequences.lengths)
    _check_batches(network.weights["encoder"], sequences.lengths, batches)
    model = network.model(output if "latent" in network.weights else "encoder")
    return map_batches(lambda rows: model(**model_inputs(network.architecture, sequences[rows]))[0], batches)


def latent_vectors(network, encodings):
    """Return the latent vectors (N, L) that belong to encodings (N, E), float32, as closely as a linear map can."""
    encodings = np.asarray(encodings, np.float32)
    return _map(network, "inverse", encodings) if "inverse" in network.weights else encodings


def read_out(network, encodings):
    """Return the scaled predictions (N, F) that are a linear map of encodings (N, E), float32."""
    return _map(network, "readout", encodings)


def _map(network, name, encodings):
    batches, model = make_batches(np.ones(len(encodings), int)), network.model(name)
    return map_batches(lambda rows: model(encodings=encodings[rows])[0], batches)


def squared_distances(network, rows):
    """Return the squared distances (N,), float64, that a network with the model "distance" computes of rows (N, S)."""
    return _map(network, "distance", np.asarray(rows, np.float32)).astype(np.float64)


def decode(network, head, Z, lengths):
    """Return the scaled sequences decoded from latent vectors, in the order of time of the decoder.

    Parameters
    ----------
    network : Network
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
        24 * float(lengths.sum(dtype=float)) * network.architecture.width(head),
        f"{len(lengths)} sequences of up to {max(lengths, default=0)} timesteps",
        "Decode fewer timesteps, or fewer samples at a time.",
    )
    batches = make_batches(lengths)
    _check_batches(network.weights[head], lengths, batches)
    model, Z = network.model("decoder", head), np.asarray(Z, np.float32)

    def decode_rows(rows):
        if network.architecture.is_tabular:
            return model(latent=Z[rows])[0]
        n_timesteps = max(1, int(lengths[rows[0]]))
        arrays = {"lengths": lengths[rows].astype(np.int32), "n_timesteps": np.array(n_timesteps)}
        (decoded,) = model(latent=Z[rows], **arrays)
        return decoded.swapaxes(0, 1)[np.arange(n_timesteps) < lengths[rows][:, None]]

    decoded = np.concatenate(map_in_threads(decode_rows, batches))
    return Sequences(decoded, lengths[np.concatenate(batches)])[inverse_order(batches)]


def _check_batches(weights, lengths, batches):
    """Raise a MemoryError if the batches that are computed at the same time do not fit into memory.

    Each batch needs the input and the output of one layer: at most four times the output of the widest layer.
    """
    n_steps = max(len(rows) * int(lengths[rows[0]]) for rows in batches)
    check_memory(
        4 * count_threads_for(batches) * n_steps * max(array.shape[-1] for array in weights),
        f"A sequence of {max(lengths)} timesteps",
        "Split long sequences.",
    )
