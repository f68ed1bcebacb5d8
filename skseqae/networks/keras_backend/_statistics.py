"""Statistics of hidden states over the real timesteps, in operations of Keras.

`h` has shape (B, T, D), the mask (B, T). Each function returns (B, D); for empty sequences zeros.
"""

from keras import ops

from .._statistics import MIN_VARIANCE


def pool(layer, h, mask, thresholds=None):
    """Return the statistics of a layer of the plan, side by side.

    Parameters
    ----------
    layer : Pool
    h : tensor of shape (B, T, D)
        Hidden states; backward ones at the timestep that was read last.
    mask : tensor of shape (B, T)
    thresholds : array of shape (n_quantiles, D), default=None
        The weights of the layer.
    """
    parts = []
    for name in layer.statistics:
        if name == "shares":
            parts += [_mean(ops.cast(h > threshold, h.dtype), mask) for threshold in thresholds]
        elif name == "last":
            parts.append(ops.where(layer.is_backward, h[:, 0], _last(h, mask)))
        else:
            parts.append(STATISTICS[name](h, mask))
    return ops.concatenate(parts, axis=-1)


def _last(h, mask):
    is_last = mask > ops.pad(mask[:, 1:], ((0, 0), (0, 1)))
    return ops.sum(ops.where(is_last[:, :, None], h, 0.0), axis=1)


def _mean(h, mask):
    count = ops.maximum(ops.sum(mask, axis=1, keepdims=True), 1.0)
    return ops.sum(ops.where(mask[:, :, None] > 0, h, 0.0), axis=1) / count


def _std(h, mask):
    centred = h - _mean(h, mask)[:, None]
    return ops.sqrt(_mean(centred * centred, mask) + MIN_VARIANCE)


def _max(h, mask):
    highest = ops.max(ops.where(mask[:, :, None] > 0, h, -3e38), axis=1)
    return ops.where(mask[:, :1] > 0, highest, 0.0)


def _min(h, mask):
    return -_max(-h, mask)


def _mean_abs_change(h, mask):
    return _mean(ops.abs(h[:, 1:] - h[:, :-1]), mask[:, 1:])


STATISTICS = {"max": _max, "min": _min, "mean_abs_change": _mean_abs_change, "mean": _mean, "std": _std}
