"""Early stopping on the validation loss."""

import numpy as np


class EarlyStopping:
    """Keep the weights of the lowest validation loss, and count the epochs without an improvement of more than `tol`.

    Parameters
    ----------
    n_iter_no_change : int
        Consecutive epochs without such an improvement after which training stops.
    tol : float
    """

    def __init__(self, n_iter_no_change, tol):
        self.n_iter_no_change, self.tol = n_iter_no_change, tol
        self.best_weights, self._lowest_loss = None, np.inf
        self._reference_loss, self._n_without_improvement = np.inf, 0

    def update(self, loss, program):
        """Record the validation loss of an epoch."""
        if loss < self._lowest_loss:
            self._lowest_loss, self.best_weights = loss, program.weights
        if loss < self._reference_loss - self.tol:
            self._reference_loss, self._n_without_improvement = loss, 0
        else:
            self._n_without_improvement += 1

    @property
    def should_stop(self):
        """Whether training should stop."""
        return self._n_without_improvement >= self.n_iter_no_change
