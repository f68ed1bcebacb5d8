"""Linear interpolation of missing values in Keras models, as `data._missing.interpolate` computes it."""

from keras import ops


def interpolate(x, mask):
    """Return x (B, T, F), with a mask (B, T), without NaN."""
    is_missing = ops.isnan(x)
    is_observed = ops.logical_and(ops.logical_not(is_missing), mask[:, :, None] > 0)
    steps = ops.cumsum(ops.ones_like(x, dtype="int32"), axis=1) - 1
    last = ops.max(steps, axis=1, keepdims=True)
    positions = ops.argsort(ops.where(is_observed, steps, steps + last + 1), axis=1)  # of observed values first
    counts = ops.cumsum(ops.cast(is_observed, "int32"), axis=1)
    has_before, has_after = counts > 0, counts < ops.max(counts, axis=1, keepdims=True)
    before = ops.take_along_axis(positions, ops.maximum(counts - 1, 0), axis=1)
    after = ops.take_along_axis(positions, ops.minimum(counts, last), axis=1)
    low, high = (ops.take_along_axis(x, each, axis=1) for each in (before, after))
    near, gap = (ops.cast(later - before, x.dtype) for later in (steps, after))
    between = low + near / gap * (high - low)
    one_sided = ops.where(has_before, low, ops.where(has_after, high, 0.0))
    return ops.where(is_missing, ops.where(ops.logical_and(has_before, has_after), between, one_sided), x)
