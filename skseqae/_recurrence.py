"""Recurrent layers in use: forwards only, with given weights.

Sequences stand side by side, one a column, the longest first: x has shape (F, T, B), and each step is computed of the
columns that still run. What a layer says of one column depends on that column alone, bit for bit. Letters are those of
`_cells`, which has the same equations for training.
"""

import numpy as np

from ._products import Product

MOST_PROJECTED = 2048  # columns at a time, all timesteps together


def tanh(x, out):
    """Write the hyperbolic tangent of x to `out`."""
    np.tanh(x, out=out)


def relu(x, out):
    """Write x, or zero where it is negative, to `out`."""
    np.maximum(x, 0.0, out=out)


def sigmoid(x, out):
    """Write the logistic function of x to `out`."""
    np.multiply(x, 0.5, out=out)
    _sigmoid_of_twice(out)


def linear(x, out):
    """Write x to `out`."""
    np.copyto(out, x)


def _sigmoid_of_twice(x):
    """Overwrite x with the logistic function of 2 x."""
    np.tanh(x, out=x)
    np.multiply(x, 0.5, out=x)
    np.add(x, 0.5, out=x)


ACTIVATIONS = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid, "linear": linear}
BOUNDED = ("tanh", "sigmoid")


def lstm_stepper(layer, h, c):
    """Return the function of one more timestep, which is given the projected input and overwrites h and c (H, B)."""
    phi, n_units = layer.phi, len(h)
    a = np.empty((4 * n_units, h.shape[1]), np.float32)
    gates, g = a[: 3 * n_units], a[3 * n_units :]
    i, f, o = np.split(gates, 3)
    multiply = layer.recurrent_product.of(h, a, is_bounded=layer.is_bounded)

    def step(projected):
        multiply()
        np.add(a, projected, out=a)
        _sigmoid_of_twice(gates)
        phi(g, g)
        np.multiply(c, f, out=c)
        np.multiply(g, i, out=g)
        np.add(c, g, out=c)
        phi(c, h)
        np.multiply(h, o, out=h)

    return step


def gru_stepper(layer, h):
    """Return the function of one more timestep, which is given the projected input and overwrites h (H, B)."""
    phi, n_units = layer.phi, len(h)
    a = np.empty((3 * n_units, h.shape[1]), np.float32)
    gates, n = a[: 2 * n_units], a[2 * n_units :]
    z, r = np.split(gates, 2)
    multiply = layer.recurrent_product.of(h, a, is_bounded=layer.is_bounded)

    def step(projected):
        multiply()
        np.add(a, layer.recurrent_bias, out=a)
        np.add(gates, projected[: 2 * n_units], out=gates)
        _sigmoid_of_twice(gates)
        np.multiply(n, r, out=n)
        np.add(n, projected[2 * n_units :], out=n)
        phi(n, n)
        np.subtract(h, n, out=h)
        np.multiply(h, z, out=h)
        np.add(h, n, out=h)

    return step


# the stepper, the parts of the state, and where the gates of Keras go: those of the logistic function first
CELLS = {"lstm": (lstm_stepper, 2, (0, 1, 3, 2)), "gru": (gru_stepper, 1, (0, 1, 2))}


class Layer:
    """One direction of a recurrent layer, its weights made ready.

    Parameters
    ----------
    cell : {"lstm", "gru"}
    activation : str
        A key of `ACTIVATIONS`.
    weights : three arrays
        Kernel (F, G * H), recurrent kernel (H, G * H) and bias (G * H,) or (2, G * H), as Keras has them.
    n_symbols : int, default=None
        Where the input is symbols, numbered from 0, how many there are; any other number is none of them.
    """

    def __init__(self, cell, activation, weights, n_symbols=None):
        self._stepper, self.n_states, order = CELLS[cell]
        kernel, recurrent_kernel, bias = (_reordered(array, order) for array in weights)
        self.n_features, self.units = len(kernel), len(recurrent_kernel)
        self.phi, self.is_bounded = ACTIVATIONS[activation], activation in BOUNDED
        self.recurrent_product = Product(recurrent_kernel)
        bias, self.recurrent_bias = (bias, None) if cell == "lstm" else (bias[0], bias[1][:, None])
        self._table = np.pad(kernel, ((0, 1), (0, 0))).T + bias[:, None] if n_symbols else None
        self._product = None if n_symbols else Product(kernel, bias)

    def project(self, x):
        """Return the input (F, ...), or symbols (1, ...), times its kernel, with the bias: (G * H, ...)."""
        if self._table is not None:
            return self._table[:, x[0].astype(np.intp)]
        return self._product(x)

    def zero_state(self, n_columns):
        """Return zeros, n_states arrays of shape (H, B)."""
        return [np.zeros((self.units, n_columns), np.float32) for _ in range(self.n_states)]

    def stepper(self, state):
        """Return the function of one more timestep, given the projected input (G * H, B), that overwrites the state."""
        return self._stepper(self, *state)

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
            step = self.stepper(state)
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
        longest = max(1, MOST_PROJECTED // n)
        for first in range(start, end, longest):
            yield first, min(first + longest, end), n
        start = end


def _reordered(weights, order):
    """Return the gates in this order, all but the last halved: their logistic function is of twice what reaches it."""
    gates = np.split(weights, len(order), axis=-1)
    return np.concatenate([*(0.5 * gates[i] for i in order[:-1]), gates[order[-1]]], axis=-1)
