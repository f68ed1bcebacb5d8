"""Inputs of the Keras models of fitted estimators."""

import numpy as np

from tests.support.containers import padded


def x_and_mask(arrays):
    """Return float32 arrays (N, T, F), padded at the end with zeros, and (N, T)."""
    mask = ~np.isnan(padded(arrays)[:, :, 0])
    return [np.nan_to_num(padded(arrays)).astype(np.float32), mask.astype(np.float32)]
