"""Recurrent and dense layers at inference, forward only, with given weights.

Sequences stand side by side, one per column, the longest first: x has shape (F, T, B), and each step is
computed for the columns that have not ended. The output of a column depends on that column alone, bit for bit.
"""

import numpy as np

from .._cells import CELLS as RECORDS
from ._cells import ACTIVATIONS, BOUNDED, CELLS
from ._exact_products import Product


def build_directions(layer, directions):
    """Return the directions of a recurrent layer of the plan, each with its arrays: a list of `Layer`."""
    return [Layer(layer.cell, layer.activation, arrays, layer.n_tokens) for arrays in directions]


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
    # sequentially: the order of NumPy's own sum depends on the shape
    return powers / np.cumsum(powers, axis=0)[-1]


def make_stack_step(layers, states):
    """Return `step(x) -> h` for a stack of layers, x (F, B), which overwrites all states."""
    steps = [layer.make_step(state) for (layer,), state in zip(layers, states, strict=True)]

    def step_through(x):
        for (layer,), step, (h, *_) in zip(layers, steps, states, strict=True):
            step(layer.project(x))
            x = h
        return x

    return step_through


MAX_PROJECTED_COLUMNS = 2048  # at a time, all timesteps together


class Layer:
    """One direction of a recurrent layer, with prepared weights.

    Parameters
    ----------
    cell : str
        A key of `CELLS`.
    activation : str
        A key of `ACTIVATIONS`.
    weights : three arrays
        Kernel (F, G * H), recurrent kernel (H, G * H) and bias (G * H,) or (2, G * H), as Keras has them.
    n_tokens : int, default=None
        Where the input is tokens, numbered from 0, their number; any other number is an unknown token.
    """

    def __init__(self, cell, activation, weights, n_tokens=None):
        record, (self._make_step, gates) = RECORDS[cell], CELLS[cell]
        order = [record.gates.index(gate) for gate in gates]
        kernel, recurrent_kernel, bias = (_reordered(array, order) for array in weights)
        self.n_states = len(record.states)
        self.units = len(recurrent_kernel)
        self.phi, self.is_bounded = ACTIVATIONS[activation], activation in BOUNDED
        self.recurrent_product = Product(recurrent_kernel)
        bias, self.recurrent_bias = (bias, None) if record.is_summed else (bias[0], bias[1][:, None])
        self._table = np.pad(kernel, ((0, 1), (0, 0))).T + bias[:, None] if n_tokens else None
        self._product = None if n_tokens else Product(kernel, bias)

    def project(self, x):
        """Return the input (F, ...), or tokens (1, ...), times its kernel, with the bias: (G * H, ...)."""
        if self._table is not None:
            return self._table[:, x[0].astype(np.intp)]
        return self._product(x)

    def zero_state(self, n_columns):
        """Return zeros, n_states arrays of shape (H, B)."""
        return [np.zeros((self.units, n_columns), np.float32) for _ in range(self.n_states)]

    def make_step(self, state):
        """Return `step(projected)`, which is given the projected input (G * H, B) and overwrites the state."""
        return self._make_step(self, *state)

    def run(self, x, lengths, *, keep=True):
        """Run from the zero state over all timesteps.

        Parameters
        ----------
        x : array of shape (F, T, B) or (F, B)
            Without a time axis it is the same at each timestep.
        lengths : int array of shape (B,)
            Descending.
        keep : bool
            Whether to return also h at each timestep.

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
    """Run one direction, or a forward and a backward one, and return the joined results of `Layer.run`."""
    runs = [directions[0].run(x, lengths, keep=keep)]
    if len(directions) == 1:
        return runs[0]
    history, state = directions[1].run(reverse(x, lengths), lengths, keep=keep)
    runs.append((reverse(history, lengths) if keep else None, state))
    histories, states = zip(*runs, strict=True)
    return np.concatenate(histories) if keep else None, [np.concatenate(parts) for parts in zip(*states, strict=True)]


def reverse(x, lengths):
    """Reverse x of shape (F, T, B) along time within each column's length; later values stay in place."""
    t = np.arange(x.shape[1])[:, None]
    return np.take_along_axis(x, np.where(t < lengths, lengths - 1 - t, t)[None], axis=1)


def spans(lengths):
    """Split time where a column ends, into spans short enough for `MAX_PROJECTED_COLUMNS`.

    Yields the first timestep, the one after the last, and the number of columns that have not ended.
    """
    start = 0
    for end in np.unique(lengths[lengths > 0]):
        n = np.count_nonzero(lengths >= end)
        longest = max(1, MAX_PROJECTED_COLUMNS // n)
        for first in range(start, end, longest):
            yield first, min(first + longest, end), n
        start = end


def _reordered(weights, order):
    """Return the gates in this order, all except the last halved, because `_sigmoid_of_twice` doubles them."""
    gates = np.split(weights, len(order), axis=-1)
    return np.concatenate([*(0.5 * gates[i] for i in order[:-1]), gates[order[-1]]], axis=-1)
