"""Standardisation of each feature over the real timesteps of the training set."""

from dataclasses import dataclass

import numpy as np

from ..runtime._memory import check_memory
from ..runtime._warnings import warn_user
from ._arrays import locate
from ._packing import FLOAT32_MAX
from ._sequences import Sequences

MAX_RATIO = 2**20  # of mean and standard deviation; above it, float32 represents a feature by less than five bits


def weighted_moments(sequences, sample_weight, name="X"):
    """Return the mean and the standard deviation of each feature over all real timesteps at which it is observed.

    Parameters
    ----------
    sequences : Sequences of N sequences (T_i, F)
        With NaN where a value is missing.
    sample_weight : array of shape (N,)
        Non-negative weights, not all 0. Every timestep has the weight of its sequence.
    name : str, default="X"
        Name of the sequences in error messages.

    Returns
    -------
    mean, std : arrays of shape (F,), float64
        The standard deviation of a constant feature is 1.

    Raises
    ------
    ValueError
        If all values of a feature are missing.
    """
    weights = np.repeat(sample_weight / sample_weight.max(), sequences.lengths)
    values = sequences.packed.astype(np.float64)
    is_observed = ~np.isnan(values)
    if not is_observed.all():
        values, weights = np.where(is_observed, values, 0.0), weights[:, None] * is_observed
        _check_observed(weights, sequences.feature_names, name)
    mean = np.average(values, axis=0, weights=weights)
    centred = np.where(is_observed, values - mean, 0.0)
    # divided by a power of two, which is exact, so that no square overflows float64
    exponent = np.frexp(np.abs(centred).max(axis=0))[1]
    std = np.ldexp(np.sqrt(np.average(np.ldexp(centred, -exponent) ** 2, axis=0, weights=weights)), exponent)
    is_used = is_observed & (weights.reshape(len(values), -1) > 0)
    low, high = values.min(axis=0, initial=np.inf, where=is_used), values.max(axis=0, initial=-np.inf, where=is_used)
    # differences of the size of rounding errors do not make a feature variable
    constant = high - low <= 10 * np.finfo(np.float64).eps * np.maximum(np.abs(low), np.abs(high))
    return np.where(constant, low, mean), np.where(constant, 1.0, std)


def _check_observed(weights, feature_names, name):
    """Raise an error if a feature has no observed value of positive weight."""
    missing = np.flatnonzero(~weights.any(axis=0))
    if len(missing):
        feature = repr(feature_names[missing[0]]) if feature_names else missing[0]
        raise ValueError(f"All values of feature {feature} of {name} are missing (NaN). Remove that feature.")


@dataclass(frozen=True)
class Scaling:
    """The shift and the scale of each feature, arrays of shape (F,)."""

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def identity(cls, n_features):
        """Return the scaling that leaves the values unchanged."""
        return cls(np.zeros(n_features), np.ones(n_features))

    def apply(self, sequences, name="X"):
        """Return the sequences in scaled units, as float32; NaN stays NaN. Error messages call them `name`."""
        check_memory(
            # an array in float64 and one in float32
            12.0 * sequences.lengths.sum() * sequences.n_features,
            f"Scaling {len(sequences)} sequences",
            "Pass fewer samples at a time; partial_fit trains on parts of the data.",
        )
        if sequences.dtype == np.float32:
            self.warn_of_lost_digits(f"{name} is float32", "Pass float64", sequences.feature_names)
        scaled = sequences.packed - self.mean
        scaled /= self.std
        # fmax and fmin, because NaN is a missing value
        largest = max(np.fmax.reduce(scaled, axis=None, initial=0), -np.fmin.reduce(scaled, axis=None, initial=0))
        if largest > FLOAT32_MAX:
            overflows = np.flatnonzero((np.abs(scaled) > FLOAT32_MAX).any(axis=1))
            sample, timestep = locate(overflows[0], sequences.lengths)
            raise ValueError(
                f"{name}[{sample}] has a value at timestep {timestep} that overflows float32 after scaling. "
                "Check that value."
            )
        return Sequences(scaled.astype(np.float32), sequences.lengths)

    def warn_of_lost_digits(self, reason, advice, names=None):
        """Warn of the first feature whose mean is so large that float32 cannot represent how it varies.

        Parameters
        ----------
        reason : str
            What is float32, at the beginning of a sentence.
        advice : str
            What to do, other than subtracting a constant.
        names : sequence of str, default=None
            Names of the features.
        """
        lost = np.flatnonzero((np.abs(self.mean) > MAX_RATIO * self.std) & (self.std != 1))  # 1: a constant feature
        if len(lost):
            i = lost[0]
            warn_user(
                f"{reason}, but feature {i if names is None else repr(names[i])} has a mean of {self.mean[i]:g} and a "
                f"standard deviation of {self.std[i]:g}: float32 numbers of this size differ by "
                f"{np.spacing(np.float32(np.abs(self.mean[i]))):g}, so that most of its variation is lost. {advice}, "
                "or subtract a constant from this feature first."
            )

    def undo(self, sequences, dtype):
        """Return scaled sequences in the units of the data."""
        values = sequences.packed * self.std + self.mean
        if dtype == np.float32:
            values = np.clip(values, -FLOAT32_MAX, FLOAT32_MAX)  # the nearest float32 and not an infinity
        return Sequences(values.astype(dtype, copy=False), sequences.lengths)
