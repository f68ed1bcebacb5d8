"""Linear interpolation of missing values in ONNX graphs, as `data._missing.interpolate` computes it."""

import numpy as np

from ._layers import real_timesteps, size


def interpolate(graph, x, lengths):
    """Return x (T, N, F), where the values on padding do not matter, without NaN."""
    n_timesteps = size(graph, x, 0)
    is_missing, is_real = graph("IsNaN", x), graph("Unsqueeze", real_timesteps(graph, lengths, n_timesteps), [2])
    is_observed = graph("And", graph("Not", is_missing), is_real)
    steps = graph("Range", np.int64(0), n_timesteps, np.int64(1))
    steps = graph("Expand", graph("Reshape", steps, [-1, 1, 1]), graph("Shape", x))
    counts = graph("CumSum", graph.cast(is_observed, np.int64), np.int64(0))
    # the timestep of each observed value, in order; those of missing values go to a last row that is not read
    shape = graph("Add", graph("Shape", x), np.array([1, 0, 0]))
    places = graph("Where", is_observed, graph("Sub", counts, np.int64(1)), n_timesteps)
    positions = graph("ScatterElements", graph("Expand", np.int64(0), shape), places, steps, axis=0)
    has_before = graph("Greater", counts, np.int64(0))
    has_after = graph("Less", counts, graph("ReduceMax", counts, axes=[0], keepdims=1))
    before = graph("GatherElements", positions, graph("Max", graph("Sub", counts, np.int64(1)), np.int64(0)), axis=0)
    after = graph("GatherElements", positions, counts, axis=0)
    low, high = (graph("GatherElements", x, each, axis=0) for each in (before, after))
    near, gap = (graph.cast(graph("Sub", later, before), np.float32) for later in (steps, after))
    between = graph("Add", low, graph("Mul", graph("Div", near, gap), graph("Sub", high, low)))
    one_sided = graph("Where", has_before, low, graph("Where", has_after, high, np.float32(0)))
    filled = graph("Where", graph("And", has_before, has_after), between, one_sided)
    return graph("Where", is_missing, filled, x)
