"""Encoding and decoding with given weights: pure functions, which threads share.

Rows are computed in batches of a few fixed sizes, filled with empty sequences, so that a row's bits depend neither on
its company nor on how many were asked for.
"""

from collections import OrderedDict
from functools import partial
from threading import Lock

import keras
import numpy as np
import tensorflow as tf

from ._batches import mask_of, padded_and_mask
from ._networks import build_encoder, build_free_decoder, call_decoder_function
from ._sequences import Sequences, unpad

# multiples of 16, the floats of the widest vector registers: a vector's rest would be computed by other instructions.
# The larger ones of 48 too, which the panels of matrix products divide: a decoder function has products of its own.
BATCH_SIZES = (16, 48, 240)
# rows times timesteps of one batch, so that long sequences are computed few at a time
LARGEST_BATCH = 240 * 1024
N_ARCHITECTURES_KEPT = 32

_compiled = OrderedDict()
_lock = Lock()


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
    encodings = np.empty((len(sequences), architecture.latent_dim), np.float32)
    program = compile_programs(architecture)["encoder"]
    for rows, size in batches_of(sequences.lengths):
        x, mask = padded_and_mask(sequences[rows])
        encodings[rows] = program(weights["encoder"], fill(x, size), fill(mask, size)).numpy()[: len(rows)]
    return encodings


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
    program = compile_programs(architecture)[head]
    batches, values = list(batches_of(lengths)), []
    for rows, size in batches:
        mask = mask_of(lengths[rows], max(1, int(lengths[rows].max())))
        z = fill(Z[rows].astype(np.float32), size)
        decoded = program(weights[head], z, fill(mask, size)).numpy()[: len(rows)]
        values.append(unpad(decoded, lengths[rows]).packed)
    order = np.concatenate([rows for rows, _ in batches])
    return Sequences(np.concatenate(values), lengths[order])[np.argsort(order)]


def batches_of(lengths):
    """Yield the rows of each batch, the longest first, and the size to fill it to."""
    order = np.argsort(-lengths, kind="stable")
    while len(order):
        longest = max(1, int(lengths[order[0]]))
        fitting = [size for size in BATCH_SIZES if size * longest <= LARGEST_BATCH] or BATCH_SIZES[:1]
        size = next((size for size in fitting if size >= len(order)), fitting[-1])
        yield order[:size], size
        order = order[size:]


def fill(array, size):
    return np.concatenate([array, np.zeros((size - len(array), *array.shape[1:]), array.dtype)])


def compile_programs(architecture, made=None):
    """Return the encoder and the decoders by name, compiled functions of (weights, input, mask), kept for reuse.

    `made` is what the decoder function gave in `fit`, so that it need not be called again.
    """
    return kept(architecture, lambda: _compile(architecture, made or call_decoder_function(architecture)), made)


def kept(key, build, anew=False):
    """Return what was built for a key, built where it is not there or is to be made anew; the last used are kept."""
    with _lock:
        if anew or key not in _compiled:
            _compiled[key] = build()
        _compiled.move_to_end(key)
        while len(_compiled) > N_ARCHITECTURES_KEPT:
            _compiled.popitem(last=False)
        return _compiled[key]


def _compile(architecture, made):
    networks = {head: build_free_decoder(architecture, head, made=made.get(head)) for head in architecture.heads}
    return {name: _pure(network) for name, network in networks.items()} | {
        "encoder": _pure(build_encoder(architecture))
    }


def _pure(network):
    """Return the network as a compiled function of its weights and inputs."""
    # a partial of its own for each network: TensorFlow takes many traces of one function for a mistake, and warns
    return tf.function(
        partial(_run, network),
        input_signature=[
            [tf.TensorSpec(weight.shape, weight.dtype) for weight in network.weights],
            tf.TensorSpec((None, *network.inputs[0].shape[1:]), "float32"),
            tf.TensorSpec((None, None), "float32"),
        ],
    )


def _run(network, weights, x, mask):
    with keras.StatelessScope(state_mapping=zip(network.weights, weights, strict=True)):
        return network([x, mask], training=False)
