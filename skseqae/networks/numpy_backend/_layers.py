"""Recurrent and dense layers at inference, forward only, with given weights.

Sequences stand side by side, one per column, the longest first: x has shape (F, T, B), and each step is
computed for the columns that have not ended. The output of a column depends on that column alone, bit for bit.
"""

import numpy as np

from ._cells import ACTIVATIONS, BOUNDED, CELLS
from ._exact_products import Product


def recurrent_layers(architecture, weights, units, *, both_ways=False, n_tokens=None):
    """Return the recurrent layers that the first weights are of, a list of directions each, and the weights left."""
    cut, rest = split_layer_weights(weights, len(units), 1 + both_ways)
    layers = [
        [Layer(architecture.cell, architecture.activation, arrays, None if i else n_tokens) for arrays in directions]
        for i, directions in enumerate(cut)
    ]
    return layers, rest


def split_layer_weights(weights, n_layers, n_directions=1):
    """Return the layers that the first weights are of, each a list of directions, and the weights left."""
    n_arrays = 3 * n_directions
    layers = [
        [weights[start + 3 * i : start + 3 * i + 3] for i in range(n_directions)]
        for start in range(0, n_layers * n_arrays, n_arrays)
    ]
    return layers, weights[n_layers * n_arrays :]


class Dense:
    """A dense layer: of columns x (K, ...), an array (N, ...)."""

    def __init__(self, kernel, bias, activation="linear"):
        self._product, self._activation = Product(kernel, bias), activation

    def __call__(self, x):
        """Multiply, add and activate."""
        y = self._product(x)
        if self._activation == "softmax":
            return softmax(y)
        ACTIVATIONS[self._activation](y, y)
        return y


def softmax(x):
    """Return the softmax along the first axis."""
    powers = np.exp(x - x.max(axis=0))
    # one after another: the order of numpy's own sum depends on the shape
    return powers / np.cumsum(powers, axis=0)[-1]


def _dense_layers(weights, activations):
    return [Dense(*weights[2 * i : 2 * i + 2], activation) for i, activation in enumerate(activations)]


def _through(layers, x):
    for layer in layers:
        x = layer(x)
    return x


def make_stack_step(layers, states):
    """Return the function of one more timestep, given x (F, B), that overwrites all states and gives the last h."""
    steps = [layer.make_step(state) for (layer,), state in zip(layers, states, strict=True)]

    def step_through(x):
        for (layer,), step, (h, *_) in zip(layers, steps, states, strict=True):
            step(layer.project(x))
            x = h
        return x

    return step_through


MAX_PROJECTED_COLUMNS = 2048  # columns at a time, all timesteps together


class Layer:
    """One direction of a recurrent layer, its weights made ready.

    Parameters
    ----------
    cell : {"lstm", "gru"}
    activation : str
        A key of `ACTIVATIONS`.
    weights : three arrays
        Kernel (F, G * H), recurrent kernel (H, G * H) and bias (G * H,) or (2, G * H), as Keras has them.
    n_tokens : int, default=None
        Where the input is symbols, numbered from 0, how many there are; any other number is none of them.
    """

    def __init__(self, cell, activation, weights, n_tokens=None):
        self._make_step, self.n_states, order = CELLS[cell]
        kernel, recurrent_kernel, bias = (_reordered(array, order) for array in weights)
        self.n_features, self.units = len(kernel), len(recurrent_kernel)
        self.phi, self.is_bounded = ACTIVATIONS[activation], activation in BOUNDED
        self.recurrent_product = Product(recurrent_kernel)
        bias, self.recurrent_bias = (bias, None) if cell == "lstm" else (bias[0], bias[1][:, None])
        self._table = np.pad(kernel, ((0, 1), (0, 0))).T + bias[:, None] if n_tokens else None
        self._product = None if n_tokens else Product(kernel, bias)

    def project(self, x):
        """Return the input (F, ...), or symbols (1, ...), times its kernel, with the bias: (G * H, ...)."""
        if self._table is not None:
            return self._table[:, x[0].astype(np.intp)]
        return self._product(x)

    def zero_state(self, n_columns):
        """Return zeros, n_states arrays of shape (H, B)."""
        return [np.zeros((self.units, n_columns), np.float32) for _ in range(self.n_states)]

    def make_step(self, state):
        """Return the function of one more timestep, given the projected input (G * H, B), that overwrites the state."""
        return self._make_step(self, *state)

    def run(self, x, lengths, *, keep=True):
        """Run from the zero state over all timesteps.

        Parameters
        ----------
        x : array of shape (F, T, B) or (F, B)
            Without a time axis it is the same at every timestep.
        lengths : int array of shape (B,)
            Descending.
        keep : bool
            Whether to return h at every timestep too.

        Returns
        -------
        history : array of shape (H, T, B), or None
            Zeros beyond each column's end.
        state : list of n_states arrays of shape (H, B)
            At each column's last timestep.
        """
        last = self.zero_state(len(lengths))
        history = np.zeros((self.units, max(lengths, default=0), len(lengths)), np.float32) if keep else None
        same = self.project(x) if x.ndim == 2 else None
        for start, stop, n in spans(lengths):
            state = [np.ascontiguousarray(part[:, :n]) for part in last]
            step = self.make_step(state)
            now = None if same is None else np.ascontiguousarray(same[:, :n])
            projected = self.project(x[:, start:stop, :n]) if same is None else None
            for t in range(start, stop):
                step(now if projected is None else projected[:, t - start])
                if keep:
                    history[:, t, :n] = state[0]
            for whole, part in zip(last, state, strict=True):
                whole[:, :n] = part
        return history, last


def run_both_ways(directions, x, lengths, *, keep=True):
    """Run one layer, or one that reads forwards and one that reads backwards; return as `Layer.run` does, joined."""
    runs = [directions[0].run(x, lengths, keep=keep)]
    if len(directions) == 1:
        return runs[0]
    history, state = directions[1].run(reverse(x, lengths), lengths, keep=keep)
    runs.append((reverse(history, lengths) if keep else None, state))
    histories, states = zip(*runs, strict=True)
    return np.concatenate(histories) if keep else None, [np.concatenate(parts) for parts in zip(*states, strict=True)]


def reverse(x, lengths):
    """Reverse x of shape (F, T, B) along time within each column's length; what is beyond stays in its place."""
    t = np.arange(x.shape[1])[:, None]
    return np.take_along_axis(x, np.where(t < lengths, lengths - 1 - t, t)[None], axis=1)


def spans(lengths):
    """Cut time where a column ends, and so short that little is projected at a time.

    Yields the first timestep, the one after the last, and how many columns run.
    """
    start = 0
    for end in np.unique(lengths[lengths > 0]):
        n = np.count_nonzero(lengths >= end)
        longest = max(1, MAX_PROJECTED_COLUMNS // n)
        for first in range(start, end, longest):
            yield first, min(first + longest, end), n
        start = end


def _reordered(weights, order):
    """Return the gates in this order, all but the last halved: their logistic function is of twice what reaches it."""
    gates = np.split(weights, len(order), axis=-1)
    return np.concatenate([*(0.5 * gates[i] for i in order[:-1]), gates[order[-1]]], axis=-1)
