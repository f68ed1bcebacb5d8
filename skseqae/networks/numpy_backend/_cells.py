"""One step of each recurrent cell in NumPy, in place; the equations are those of `keras_backend._cells`."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


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


def make_lstm_step(layer, h, c):
    """Return `step(projected)`, which overwrites h and c (H, B) by those of the next timestep."""
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


def make_gru_step(layer, h):
    """Return `step(projected)`, which overwrites h (H, B) by that of the next timestep."""
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


def make_rnn_step(layer, h):
    """Return `step(projected)`, which overwrites h (H, B) by that of the next timestep."""
    phi, a = layer.phi, np.empty(h.shape, np.float32)
    multiply = layer.recurrent_product.of(h, a, is_bounded=layer.is_bounded)

    def step(projected):
        multiply()
        np.add(a, projected, out=a)
        phi(a, h)

    return step


class Cell(NamedTuple):
    """The step of a cell, and the order of its gates here: those with a logistic function first."""

    make_step: Callable
    gates: tuple[str, ...]


CELLS = {
    "lstm": Cell(make_lstm_step, ("input", "forget", "output", "candidate")),
    "gru": Cell(make_gru_step, ("update", "reset", "candidate")),
    "rnn": Cell(make_rnn_step, ("candidate",)),
}
