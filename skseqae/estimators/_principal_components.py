"""Standardised columns and their principal components, also of fewer rows than columns."""

import numpy as np

# Principal components of less than this share of the largest variance are rounding errors.
MIN_VARIANCE = 1e-10


def standardise(rows, sample_weight=None):
    """Return the standardised columns of rows (N, S), their means and their standard deviations, inf for constants."""
    mean = np.average(rows, axis=0, weights=sample_weight)
    std = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=sample_weight))
    std = np.where(std > 1e-6 * (np.abs(mean) + 1), std, np.inf)  # a constant column is left out
    return (rows - mean) / std, mean, std


def principal_components(centred):
    """Return the principal components of centred rows (N, S), of which none is a rounding error, the largest first.

    Parameters
    ----------
    centred : array of shape (N, S)

    Returns
    -------
    squares : array of shape (K,), K at most min(N, S)
        The sum of squares of the rows along each component: N times the variance.
    components : array of shape (S, K)
    """
    is_wide = centred.shape[0] < centred.shape[1]
    squares, vectors = np.linalg.eigh(centred @ centred.T if is_wide else centred.T @ centred)
    kept = squares > MIN_VARIANCE * max(squares[-1], np.finfo(float).tiny)
    components = centred.T @ (vectors[:, kept] / np.sqrt(squares[kept])) if is_wide else vectors[:, kept]
    return squares[kept][::-1], components[:, ::-1]
