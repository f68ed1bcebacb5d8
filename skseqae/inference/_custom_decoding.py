"""Decoding with the Keras models that a user's decoder function returns."""

import numpy as np

from ..data._padding import mask_of
from ..data._sequences import Sequences, unpad
from ..networks.keras_backend._custom_decoders import compile_decoders

# Batches are filled to one of these sizes, so that the output of a sample does not depend on the number of samples:
# multiples of the number of floats in the widest vector registers, the larger ones also of the panels of a product
BATCH_SIZES = (16, 48, 240)


def decode(architecture, weights, head, Z, lengths):
    """Return the scaled sequences decoded from encodings, as `_encode_decode.decode` does."""
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


def _fill(array, size):
    return np.concatenate([array, np.zeros((size - len(array), *array.shape[1:]), array.dtype)])
