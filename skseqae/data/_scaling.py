"""Standardisation of each feature over the real timesteps of the training set."""

from dataclasses import dataclass

import numpy as np

from ..runtime._memory import check_memory
from ._arrays import locate
from ._packing import FLOAT32_MAX
from ._sequences import Sequences


def weighted_moments(sequences, sample_weight):
    """Return each feature's mean and standard deviation over all real timesteps.

    Parameters
    ----------
    sequences : Sequences of N sequences (T_i, F)
    sample_weight : array of shape (N,)
        Weight of every timestep of a sequence, at least 0, not all 0.

    Returns
    -------
    mean, std : arrays of shape (F,), float64
        A feature that never changes has a standard deviation of 1.
    """
    weights = np.repeat(sample_weight / sample_weight.max(), sequences.lengths)
    values = sequences.packed.astype(np.float64)
    mean = np.average(values, axis=0, weights=weights)
    centred = values - mean
    # by a power of two, which changes no bit, so that no square is beyond double precision
    exponent = np.frexp(np.abs(centred).max(axis=0))[1]
    std = np.ldexp(np.sqrt(np.average(np.ldexp(centred, -exponent) ** 2, axis=0, weights=weights)), exponent)
    low, high = values[weights > 0].min(axis=0), values[weights > 0].max(axis=0)
    # what rounding leaves between equal values is not a spread to divide by
    constant = high - low <= 10 * np.finfo(np.float64).eps * np.maximum(np.abs(low), np.abs(high))
    return np.where(constant, low, mean), np.where(constant, 1.0, std)


@dataclass(frozen=True)
class Scaling:
    """A shift and a scale per feature, arrays of shape (F,)."""

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def identity(cls, n_features):
        """Return the scaling that changes nothing."""
        return cls(np.zeros(n_features), np.ones(n_features))

    def apply(self, sequences, name="X"):
        """Return the sequences in scaled units, as float32; errors call them by the name."""
        check_memory(
            # in double precision, three times, and as float32
            28.0 * sequences.lengths.sum() * sequences.n_features,
            f"{len(sequences)} sequences in scaled units",
            "Take fewer samples at a time; partial_fit trains on parts of the data.",
        )
        scaled = (sequences.packed - self.mean) / self.std
        too_far = np.abs(scaled).max(axis=1, initial=0) > FLOAT32_MAX
        if too_far.any():
            sample, timestep = locate(np.flatnonzero(too_far)[0], sequences.lengths)
            raise ValueError(
                f"{name}[{sample}] is too far from the training data at timestep {timestep}: in units of the training "
                "standard deviation it overflows float32. Look at that value."
            )
        return Sequences(scaled.astype(np.float32), sequences.lengths)

    def undo(self, sequences, dtype):
        """Return scaled sequences in the data's own units."""
        values = sequences.packed * self.std + self.mean
        if dtype == np.float32:
            values = np.clip(values, -FLOAT32_MAX, FLOAT32_MAX)  # the nearest that there is, and no infinity
        return Sequences(values.astype(dtype, copy=False), sequences.lengths)
