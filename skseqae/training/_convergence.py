"""Warnings about training that did not converge, or did not learn."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..runtime._warnings import warn_user

# Shares of the loss of the mean: a fall by more from the third quarter of training to the last is a clear one, and a
# final loss above the other is hardly better than the mean.
CLEAR_FALL, HARDLY_BETTER = 0.1, 0.95
MIN_STEPS = 5
MAX_VALUES = 2**22  # of predictions, which are compared with targets at a time


def baseline_loss(program, settings, data):
    """Return the loss of the mean of the targets, or for labels of their frequencies."""
    total = 0.0
    for head, head_weight in settings.head_weights.items():
        target = data.targets[head]
        by_value = head in data.weighs_values
        weights = np.repeat(data.sample_weight, target.lengths)
        if head in data.step_weights:
            step_weights = data.step_weights[head].packed
            weights = weights[:, None] * step_weights if by_value else weights * step_weights[:, 0]
        n_outputs = program.model.output[head].shape[-1]
        values = target.packed
        if n_outputs == target.n_features:
            prediction = np.average(values, axis=0, weights=weights)
        else:
            values = values * (weights[:, None] > 0)  # missing labels do not belong to a class
            counts = np.bincount(values[:, 0].astype(int), weights, minlength=n_outputs)
            prediction = np.log(np.maximum(counts / counts.sum(), 1e-7))
        n_steps = max(MAX_VALUES // n_outputs, 1)
        parts = (values[start : start + n_steps] for start in range(0, len(values), n_steps))
        options = prediction.astype(np.float32), program.losses[head], by_value
        losses = np.concatenate([_loss_of(part, *options) for part in parts])
        total += head_weight * np.average(losses, weights=weights)
    return float(total)


def _loss_of(target, prediction, loss, by_value):
    """Return the loss of the same prediction for each timestep (T,), or for each value (T, F), of a target (T, F)."""
    compared = target[None], np.broadcast_to(prediction, (1, len(target), len(prediction)))
    return np.asarray(loss(*(values[..., None] if by_value else values for values in compared)))[0]


def warn_about_convergence(losses, baseline, val_losses=None):
    """Warn if the loss still fell when training ended, if it is no better than that of the mean, or of overfitting.

    Parameters
    ----------
    losses : list of float
        The loss of each step.
    baseline : float
        The loss of the mean of the targets.
    val_losses : list of float, default=None
        The loss of each epoch on samples that were held out.
    """
    if len(losses) < MIN_STEPS:
        return
    n = len(losses) // 4
    before, last = np.mean(losses[-2 * n : -n]), np.mean(losses[-n:])
    if last > HARDLY_BETTER * baseline:
        warn_user(
            f"The loss after {len(losses)} steps is {last:.3g}, hardly better than that of the mean, {baseline:.3g}: "
            "the network learned little. Lower learning_rate, raise max_steps or units, or check whether X has any "
            "structure over time. skseqae.display.LossCurveDisplay plots the loss.",
            ConvergenceWarning,
        )
    elif val_losses and val_losses[-1] - min(val_losses) > CLEAR_FALL * baseline:
        warn_user(
            f"The network overfits: the loss on held-out samples rose from {min(val_losses):.3g} in epoch "
            f"{np.argmin(val_losses) + 1}, whose weights are kept, to {val_losses[-1]:.3g}. Pass more samples, lower "
            "units, or set dropout. skseqae.display.LossCurveDisplay plots both losses.",
            ConvergenceWarning,
        )
    elif before - last > CLEAR_FALL * baseline:
        warn_user(
            f"Training ended after {len(losses)} steps while the loss still fell, from {before:.3g} in the third "
            f"quarter to {last:.3g} in the last. Raise max_steps or epochs. skseqae.display.LossCurveDisplay plots the "
            "loss.",
            ConvergenceWarning,
        )
