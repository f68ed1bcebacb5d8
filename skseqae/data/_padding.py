"""Padded arrays and masks of sequences."""

import numpy as np

from ..runtime._memory import check_memory


def pad(sequences, n_timesteps=None, value=0.0):
    """Return sequences as an array with time on axis 1, padded at the end.

    Parameters
    ----------
    sequences : Sequences of shape (N,)
        Sequences of T_i timesteps and F features.
    n_timesteps : int, default=None
        T of the array, at least the longest length. None: the longest length.
    value : float, default=0.0
        The value of padding.

    Returns
    -------
    padded : ndarray of shape (N, T, F)
        Of the same type as the sequences.

    Raises
    ------
    ValueError
        If n_timesteps is less than the longest length.
    MemoryError
        If the array does not fit into the free memory.

    Examples
    --------
    >>> from skseqae.data._padding import pad
    >>> from skseqae.data._sequences import Sequences
    >>> pad(Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2]))[:, :, 0]
    array([[1., 0.],
           [2., 3.]])
    """
    lengths = sequences.lengths
    longest = int(lengths.max(initial=0))
    n_timesteps = longest if n_timesteps is None else n_timesteps
    if n_timesteps < longest:
        raise ValueError(f"n_timesteps={n_timesteps} is too short for a sequence of {longest} timesteps.")
    shape = (len(lengths), n_timesteps, sequences.n_features)
    check_memory(
        # the array, the row of each timestep (8 bytes), and whether it is real (1 byte)
        shape[0] * shape[1] * (shape[2] * sequences.dtype.itemsize + 9),
        f"An array (N, T, F) = {shape} of {sequences.dtype}",
        "Truncate long sequences, pass fewer at a time, or keep them in Sequences or a list, which need no padding.",
    )
    if longest == 0:
        return np.full(shape, value, dtype=sequences.dtype)
    timesteps = np.arange(n_timesteps)
    # One gather that reads a little past each end, then overwritten: three times as fast as packing and scattering.
    padded = sequences._values.take(sequences._starts[:, None] + timesteps, axis=0, mode="clip")
    padded[timesteps >= lengths[:, None]] = value
    return padded


def padded_and_mask(sequences):
    """Return the sequences padded at the end, (N, T, F), and their mask (N, T).

    T is the longest length, or 1 if all sequences are empty, because the networks read at least one timestep.
    """
    n_timesteps = max(1, int(sequences.lengths.max()))
    return pad(sequences, n_timesteps), mask_of(sequences.lengths, n_timesteps)


def mask_of(lengths, n_timesteps):
    """Return 1 for real timesteps and 0 for padding at the end: (N, T), float32."""
    return (np.arange(n_timesteps) < lengths[:, None]).astype(np.float32)
