"""Warnings about training that did not converge, or did not learn."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

# Shares of the loss of the mean: a fall by more in the second half of training is a clear one, and a final loss above
# the other is hardly better than the mean.
CLEAR_FALL, HARDLY_BETTER = 0.1, 0.95
MIN_STEPS = 5


def baseline_loss(program, settings, data):
    """Return the loss of the mean of the targets, or for labels of their frequencies."""
    total = 0.0
    for head, head_weight in settings.head_weights.items():
        target = data.targets[head]
        weights = np.repeat(data.sample_weight, target.lengths)
        if head in data.step_weights:
            weights = weights * data.step_weights[head].packed[:, 0]
        n_outputs = program.model.output[head].shape[-1]
        if n_outputs == target.n_features:
            prediction = np.average(target.packed, axis=0, weights=weights)
        else:
            counts = np.bincount(target.packed[:, 0].astype(int), weights, minlength=n_outputs)
            prediction = np.log(np.maximum(counts / counts.sum(), 1e-7))
        predicted = np.broadcast_to(prediction.astype(np.float32), (len(target.packed), n_outputs))
        losses = np.asarray(program.loss(target.packed[None], predicted[None]))[0]
        total += head_weight * np.average(losses, weights=weights)
    return total


def warn_about_convergence(losses, baseline):
    """Warn if the loss still fell when training ended, or if it is no better than that of the mean.

    Parameters
    ----------
    losses : list of float
        The loss of each step.
    baseline : float
        The loss of the mean of the targets.
    """
    n = max(len(losses) // 5, 1)
    if len(losses) < MIN_STEPS:
        return
    middle, last = np.mean(losses[2 * n : 3 * n]), np.mean(losses[-n:])
    if last > HARDLY_BETTER * baseline:
        warnings.warn(
            f"The loss after {len(losses)} steps is {last:.3g}, hardly better than that of the mean, {baseline:.3g}: "
            "the network learned little. Lower learning_rate, raise max_steps or units, or check whether X has any "
            "structure over time. skseqae.display.LossCurveDisplay plots the loss.",
            ConvergenceWarning,
            stacklevel=2,
        )
    elif middle - last > CLEAR_FALL * baseline:
        warnings.warn(
            f"Training ended after {len(losses)} steps while the loss still fell, from {middle:.3g} to {last:.3g} in "
            "the second half. Raise max_steps or epochs. skseqae.display.LossCurveDisplay plots the loss.",
            ConvergenceWarning,
            stacklevel=2,
        )
