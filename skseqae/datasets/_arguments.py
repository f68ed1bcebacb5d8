"""Validation of the parameters that loaders and generators share."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

_SUBSETS = StrOptions({"train", "test", "all"})
_LENGTHS = Interval(Integral, 0, None, closed="left")
_FINITE = Interval(Real, None, None, closed="neither")
_PROBABILITY = Interval(Real, 0, 1, closed="both")


def _subset(subset, n_train):
    """Return the slice of a subset of a data set whose first ``n_train`` samples are the training samples."""
    return {"train": slice(n_train), "test": slice(n_train, None), "all": slice(None)}[subset]


def _check_generator(random_state):
    """Return a RandomState, which is NumPy's global one only if it was passed."""
    return np.random.RandomState() if random_state is None else check_random_state(random_state)


def _check_bounds(bounds, allowed, name):
    """Return the minimum and the maximum, from an allowed number or a pair of allowed numbers."""
    is_pair = isinstance(bounds, (tuple, list)) and len(bounds) == 2
    low, high = bounds if is_pair else (bounds, bounds)
    if not (allowed.is_satisfied_by(low) and allowed.is_satisfied_by(high) and low <= high):
        raise ValueError(
            f"{name}={bounds!r}, expected {allowed}, or a pair (low, high) of such numbers with low <= high."
        )
    return low, high


def _draw_lengths(rng, bounds, n_samples):
    """Return N lengths between two bounds, both included."""
    low, high = bounds
    return rng.randint(low, high + 1, size=n_samples)
