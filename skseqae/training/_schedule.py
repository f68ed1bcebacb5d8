"""The number of training steps, the learning rate of each, and when training ends."""

from math import ceil, cos, pi

import numpy as np

WARM_UP = 0.05  # share of the steps
MIN_EPOCHS = 2
MIN_FALL = 0.02


def count_epochs(max_steps, n_samples, batch_size):
    """Return the number of epochs with at least `max_steps` gradient steps."""
    return max(MIN_EPOCHS, ceil(max_steps / ceil(n_samples / batch_size)))


def cosine(step, n_steps):
    """Return the factor of the learning rate: it rises linearly, then falls to 0 by a half cosine.

    Loshchilov and Hutter (2017), arXiv:1608.03983, without restarts.
    """
    n_warm_up = ceil(WARM_UP * n_steps)
    if step < n_warm_up:
        return (step + 1) / n_warm_up
    return 0.5 * (1 + cos(pi * (step - n_warm_up) / max(n_steps - n_warm_up, 1)))


def has_plateau(losses, n_steps):
    """Return whether the loss no longer falls: not by 2 % from a quarter of all steps to the next, at its end.

    Never in the first half of training.
    """
    n = max(ceil(n_steps / 4), 10)
    return len(losses) >= 2 * n and np.mean(losses[-n:]) > (1 - MIN_FALL) * np.mean(losses[-2 * n : -n])
