"""Access of the displays to an estimator: its input as sequences, and its network before training."""


def check_fitted_input(estimator, X):
    """Return X as `Sequences` without padding, checked against the input that the estimator was fitted on."""
    sequences, _ = estimator._check_input(X)
    return sequences


def has_network(estimator):
    """Return whether the estimator trains a network, before or after `fit`."""
    return hasattr(estimator, "_make_untrained")


def make_untrained(estimator, X, y):
    """Return a copy of an unfitted estimator with the network that `fit` would train on X and y."""
    return estimator._make_untrained(X, y)
