"""Early stopping on the validation loss."""

import numpy as np


class EarlyStopping:
    """Remember the best weights, and how long the validation loss has not fallen by more than `tol`."""

    def __init__(self, n_iter_no_change, tol):
        self.n_iter_no_change, self.tol = n_iter_no_change, tol
        self.best, self._lowest = None, np.inf
        self._mark, self._waited = np.inf, 0

    def update(self, loss, program):
        """Take note of an epoch's validation loss."""
        if loss < self._lowest:
            self._lowest, self.best = loss, program.weights
        if loss < self._mark - self.tol:
            self._mark, self._waited = loss, 0
        else:
            self._waited += 1

    @property
    def is_over(self):
        """Whether to stop."""
        return self._waited >= self.n_iter_no_change
