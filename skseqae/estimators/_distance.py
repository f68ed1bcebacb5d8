"""The Mahalanobis distance from a training set, with a shrunk covariance that fewer rows than columns suffice for."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..inference._encode_decode import squared_distances
from ..inference._network import Network
from ._principal_components import principal_components, standardise

N_FOLDS = 5
MIN_SHRINKAGE = 1e-3


@dataclass(frozen=True, eq=False)
class Distance:
    """The squared Mahalanobis distance of a row z: with u = (z - mean) * scale, it is |u|^2 - |u @ components|^2.

    Attributes
    ----------
    mean, scale : arrays of shape (S,), float32
        The scale of a column that is constant in the training set is 0.
    components : array of shape (S, K), float32
        Principal components, each shorter than 1: the variance of the training set along a component reduces distances.
    """

    mean: np.ndarray
    scale: np.ndarray
    components: np.ndarray

    @classmethod
    def fit(cls, rows, counts):
        """Return the distance from the mean of rows (N, S), each of which occurs so often (N,), N at least 1.

        The covariance of the standardised columns is shrunk towards a multiple of the identity (Ledoit and Wolf 2004).
        """
        standardised, mean, std = standardise(rows, counts)
        squares, components = principal_components(standardised * np.sqrt(counts)[:, None])
        shrinkage = max(_shrinkage(np.sum(standardised**2, axis=1), counts, squares, len(mean)), MIN_SHRINKAGE)
        if not len(squares):  # all rows are equal
            squares, components = np.zeros(1), np.zeros((len(mean), 1))
        variance = np.average(np.mean(standardised**2, axis=1), weights=counts)
        across = shrinkage * max(variance, np.finfo(np.float32).tiny)  # the variance off all components
        along = (1 - shrinkage) * squares / counts.sum() + across
        arrays = mean, 1 / (std * np.sqrt(across)), components * np.sqrt(1 - across / along)
        return cls(*(each.astype(np.float32) for each in arrays))

    @cached_property
    def network(self):
        """The session that computes distances, which is not part of copies and pickles."""
        return Network(None, {"distance": [self.mean, self.scale, self.components]})

    def __getstate__(self):
        """Return the arrays alone."""
        return {"mean": self.mean, "scale": self.scale, "components": self.components}

    def measure(self, rows):
        """Return the squared distance of each row (N,), float64, independent of the other rows."""
        return squared_distances(self.network, rows)


def held_out_distances(rows, counts):
    """Return the squared distance of each of the rows (N, S) from those in other folds: (N,), float64; 0 for one row.

    Each fold has rows from everywhere in the training set.
    """
    n_folds, distances = min(N_FOLDS, len(rows)), np.zeros(len(rows))
    for i in range(n_folds if n_folds > 1 else 0):
        is_held_out = np.arange(len(rows)) % n_folds == i
        distance = Distance.fit(rows[~is_held_out], counts[~is_held_out])
        distances[is_held_out] = distance.measure(rows[is_held_out])
    return distances


def _shrinkage(squared_norms, counts, squares, n_columns):
    """Return the shrinkage of Ledoit and Wolf for standardised rows, from 0 to 1.

    Parameters
    ----------
    squared_norms : array of shape (N,)
        Of the rows.
    counts : array of shape (N,)
        How often each row occurs.
    squares : array of shape (K,)
        Eigenvalues of the sum of the outer products of the rows, each as often as it occurs.
    n_columns : int
    """
    n_rows = counts.sum()
    variance = counts @ squared_norms / (n_rows * n_columns)
    spread = np.sum((squares / n_rows) ** 2)  # the squared Frobenius norm of the covariance
    distance = spread - n_columns * variance**2  # from the multiple of the identity
    error = (counts @ squared_norms**2 / n_rows - spread) / n_rows  # of the covariance
    return float(np.clip(error / distance, 0, 1)) if distance > 0 and n_columns > 1 else 0.0
