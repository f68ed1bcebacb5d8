"""Sample weights as counts: a sample of weight 2 is the same as two samples."""

import numpy as np


def as_counts(sample_weight):
    """Return positive weights (N,) as counts; weights below 1 on average, such as proportions, are scaled to 1."""
    return sample_weight / min(1.0, sample_weight.mean())


def quantile(values, counts, share):
    """Return NumPy's quantile of values (N,) if each is repeated by its count.

    Of counts that are not integers, the values at the two nearest whole positions are interpolated.
    """
    position = share * (counts.sum() - 1)
    below = np.floor(position)
    return float(np.quantile(value_at(values, counts, [below, below + 1]), position - below))


def value_at(values, counts, positions, side="right"):
    """Return the values at positions of the sorted values (N,), each repeated by its count.

    With `side="left"`, those immediately before the positions.
    """
    order = np.argsort(values, kind="stable")
    indices = np.searchsorted(np.cumsum(counts[order]), positions, side=side)
    return values[order][np.minimum(indices, len(values) - 1)]
