"""Statistics of hidden states over the real timesteps, as nodes of an ONNX graph.

`h` is a value (T, N, D); statistics are values (N, D), zeros for empty sequences. No sum depends on the number of
padded timesteps: its terms are integers, or are added one after another.
"""

import numpy as np

from .._statistics import MIN_VARIANCE
from ._layers import LAST, real_timesteps


def pool(graph, layer, h, lengths, n_timesteps, thresholds=None):
    """Return the statistics of a layer of the plan, side by side: (N, S).

    Parameters
    ----------
    layer : Pool
    lengths : int32 value (N,)
    n_timesteps : value
    thresholds : array of shape (n_quantiles, D), default=None
        The weights of the layer.
    """
    parts, states = [], States(graph, h, lengths, n_timesteps)
    for name in layer.statistics:
        if name == "shares":
            parts += [states.share(threshold) for threshold in thresholds]
        elif name == "last":
            parts.append(graph("Where", layer.is_backward, states.at(np.int32(0)), states.at(states.last_step)))
        else:
            parts.append(getattr(states, name)())
    return graph("Concat", *parts, axis=1)


class States:
    """Hidden states of a graph, and their statistics by name."""

    def __init__(self, graph, h, lengths, n_timesteps):
        self.graph, self.h = graph, h
        self.steps = graph.cast(graph("Unsqueeze", graph("Range", 0, n_timesteps, 1), [1, 2]), np.int32)
        self.is_real = graph("Unsqueeze", real_timesteps(graph, lengths, n_timesteps), [2])
        self.last_step = graph("Unsqueeze", graph("Sub", lengths, np.int32(1)), [1])
        self.n_real = graph("Max", graph.cast(graph("Unsqueeze", lengths, [1]), np.float32), np.float32(1))

    def share(self, threshold):
        """Return the share of timesteps at which h exceeds a threshold."""
        graph = self.graph
        exceeds = graph("And", graph("Greater", self.h, threshold), self.is_real)
        return graph("Div", graph("ReduceSum", graph.cast(exceeds, np.float32), [0], keepdims=0), self.n_real)

    def at(self, step):
        """Return h at one timestep of each sequence."""
        chosen = self.graph("And", self.graph("Equal", self.steps, step), self.is_real)
        return self.graph("ReduceSum", self.graph("Where", chosen, self.h, np.float32(0)), [0], keepdims=0)

    def max(self):
        """Return the maximum."""
        return self._extreme("ReduceMax", -3e38)

    def min(self):
        """Return the minimum."""
        return self._extreme("ReduceMin", 3e38)

    def mean(self):
        """Return the mean."""
        return self.graph("Div", self._total(self.h), self.n_real)

    def std(self):
        """Return the standard deviation."""
        graph = self.graph
        centred = graph("Sub", self.h, self.mean())
        variance = graph("Div", self._total(graph("Mul", centred, centred)), self.n_real)
        # not by Sqrt, which ONNX Runtime 1.19 rounds in another way where it computes several values at once
        return graph("Pow", graph("Add", variance, np.float32(MIN_VARIANCE)), np.float32(0.5))

    def mean_abs_change(self):
        """Return the mean of the absolute differences of consecutive timesteps."""
        graph = self.graph
        first = graph("Slice", self.h, [0], [1], [0])
        before = graph("Concat", first, graph("Slice", self.h, [0], [-1], [0]), axis=0)
        n_changes = graph("Max", graph("Sub", self.n_real, np.float32(1)), np.float32(1))
        return graph("Div", self._total(graph("Abs", graph("Sub", self.h, before))), n_changes)

    def _extreme(self, operator, on_padding):
        graph = self.graph
        extreme = graph(operator, graph("Where", self.is_real, self.h, np.float32(on_padding)), axes=[0], keepdims=0)
        return graph("Where", graph("Less", self.last_step, np.int32(0)), np.float32(0), extreme)

    def _total(self, values):
        """Return the sum over real timesteps, added one after another."""
        graph = self.graph
        totals = graph("CumSum", graph("Where", self.is_real, values, np.float32(0)), 0)
        return graph("Squeeze", graph("Slice", totals, [-1], [LAST], [0]), [0])
