"""Comparison of predicted labels with true ones."""

import numpy as np


def count_matches(predicted, labels):
    """Compare labels position by position.

    Parameters
    ----------
    predicted : array-like of shape (N,) or (N, H), or list of N arrays
    labels : Tokens
        The true labels; missing ones are not compared.

    Returns
    -------
    n_matches, n_true, n_predicted : int arrays of shape (N,)
        Correct labels, true labels and predicted labels of each sample.
    """
    n_predicted = np.array([np.size(row) for row in predicted])
    true = np.split(labels.values, np.cumsum(labels.lengths)[:-1])
    pairs = (zip(np.atleast_1d(p).tolist(), t.tolist(), strict=False) for p, t in zip(predicted, true, strict=True))
    n_matches = np.array([sum(a == b for a, b in pair) for pair in pairs])
    n_missing = np.array([sum(label is None for label in t.tolist()) for t in true])
    return n_matches, labels.lengths - n_missing, n_predicted - n_missing


def exact_match(n_matches, n_true, n_predicted, sample_weight):
    """Return the weighted share of samples with the right number of labels, all of them correct."""
    return float(np.average((n_matches == n_true) & (n_true == n_predicted), weights=sample_weight))


def token_accuracy(n_matches, n_true, n_predicted, sample_weight):
    """Return the weighted share of correct labels among those of the longer of both sequences."""
    n_labels = sample_weight @ np.maximum(n_true, n_predicted)
    return float(sample_weight @ n_matches / n_labels) if n_labels else 1.0
