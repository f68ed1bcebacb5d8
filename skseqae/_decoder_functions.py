"""Decoders that are functions of the user's, which give Keras models: those models in use."""

from collections import OrderedDict
from functools import partial
from threading import Lock

import keras
import numpy as np
import tensorflow as tf

from ._networks import build_decoder, call_decoder_function
from .data._padding import mask_of
from .data._sequences import Sequences, unpad

# the sizes that batches are filled to, so that what is said of a row does not depend on how many were asked for:
# multiples of the floats of the widest vector registers, the larger ones also of the panels of matrix products
BATCH_SIZES = (16, 48, 240)
N_ARCHITECTURES_KEPT = 32
_compiled = OrderedDict()
_lock = Lock()


def decode(architecture, weights, head, Z, lengths):
    """Return the scaled sequences that encodings stand for; everything is as for `_inference.decode`."""
    program = compile_decoders(architecture)[head]
    n_timesteps = max(1, int(max(lengths)))
    values, start = [], 0
    while start < len(lengths):
        size = next((size for size in BATCH_SIZES if size >= len(lengths) - start), BATCH_SIZES[-1])
        rows = slice(start, start + size)
        z, mask = Z[rows].astype(np.float32), mask_of(lengths[rows], n_timesteps)
        decoded = program(weights[head], _fill(z, size), _fill(mask, size)).numpy()
        values.append(unpad(decoded[: len(z)], lengths[rows]).packed)
        start += size
    return Sequences(np.concatenate(values), lengths)


def compile_decoders(architecture, made=None):
    """Return the decoders by name, compiled functions of (weights, encodings, mask), kept for reuse.

    `made` is what the function gave in `fit`, so that it need not be called again.
    """
    with _lock:
        if made or architecture not in _compiled:
            _compiled[architecture] = _compile(architecture, made or call_decoder_function(architecture))
        _compiled.move_to_end(architecture)
        while len(_compiled) > N_ARCHITECTURES_KEPT:
            _compiled.popitem(last=False)
        return _compiled[architecture]


def _compile(architecture, made):
    return {head: _pure(build_decoder(architecture, head, made=model)) for head, model in made.items()}


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


def _run(network, weights, z, mask):
    with keras.StatelessScope(state_mapping=zip(network.weights, weights, strict=True)):
        return network([z, mask], training=False)


def _fill(array, size):
    return np.concatenate([array, np.zeros((size - len(array), *array.shape[1:]), array.dtype)])
