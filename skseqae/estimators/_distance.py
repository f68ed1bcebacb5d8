"""The Mahalanobis distance from a training set, with a shrunk covariance that fewer rows than columns suffice for."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

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
    def fit(cls, rows):
        """Return the distance from the mean of rows (N, S), N at least 1.

        The covariance of the standardised columns is shrunk towards a multiple of the identity (Ledoit and Wolf 2004).
        """
        standardised, mean, std = standardise(rows)
        shrinkage = ledoit_wolf_shrinkage(standardised, assume_centered=True) if len(rows) > 1 else 1.0
        shrinkage = max(shrinkage, MIN_SHRINKAGE)
        squares, components = principal_components(standardised)
        if not len(squares):  # all rows are equal
            squares, components = np.zeros(1), np.zeros((len(mean), 1))
        across = shrinkage * max(np.mean(standardised**2), np.finfo(np.float32).tiny)  # the variance off all components
        along = (1 - shrinkage) * squares / len(rows) + across
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


def held_out_distances(rows):
    """Return the squared distance of each of two or more rows from those in other folds: (N,), float64.

    Each fold has rows from everywhere in the training set.
    """
    n_folds, distances = min(N_FOLDS, len(rows)), np.empty(len(rows))
    for i in range(n_folds):
        is_held_out = np.arange(len(rows)) % n_folds == i
        distances[is_held_out] = Distance.fit(rows[~is_held_out]).measure(rows[is_held_out])
    return distances
