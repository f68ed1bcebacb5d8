"""One step of each recurrent cell with its gradient, and the loop over time.

Letters as in the papers: i, f, g, o are the gates of the LSTM, z, r, n those of the GRU; `networks._cells` has the
references. `a` is the input of the activation of a gate, `U` the recurrent kernel, `d_` a gradient. Time is the first
axis in here.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from .._cells import CELLS as RECORDS
from .._cells import CellRecord


def sigmoid(x):
    """Return the logistic function, computed by one call of tanh."""
    return 0.5 * tf.tanh(0.5 * x) + 0.5


ACTIVATIONS = {"tanh": tf.tanh, "relu": tf.nn.relu, "sigmoid": sigmoid, "linear": tf.identity}
# each derivative as a function of the activation's output
SLOPES = {
    "tanh": lambda y: 1.0 - y * y,
    "relu": lambda y: tf.cast(y > 0, y.dtype),
    "sigmoid": lambda y: y * (1.0 - y),
    "linear": tf.ones_like,
}
# activations without a bound: states are set to zero on padding, where an overflow would turn gradients into NaN
UNBOUNDED = ("relu", "linear")


def lstm_step(projected, recurrent, state, activation):
    """Return the next state (h, c), and what the gradient needs."""
    phi = ACTIVATIONS[activation]
    a_i, a_f, a_g, a_o = (p + u for p, u in zip(projected, recurrent, strict=True))
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), phi(a_g), sigmoid(a_o)
    c = f * state[1] + i * g
    return (o * phi(c), c), (i, f, g, o)


def lstm_step_gradient(saved, before, after, d_state, activation):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    i, f, g, o = saved
    slope, phi_c = SLOPES[activation], ACTIVATIONS[activation](after[1])
    d_h, d_c = d_state
    d_c = d_c + d_h * o * slope(phi_c)
    d_a = (d_c * g * i * (1.0 - i), d_c * before[1] * f * (1.0 - f), d_c * i * slope(g), d_h * phi_c * o * (1.0 - o))
    return d_a, d_a, (tf.zeros_like(d_h), d_c * f)


def gru_step(projected, recurrent, state, activation):
    """Return the next state (h,), and what the gradient needs."""
    (h,) = state
    a_z, a_r, a_n = projected
    u_z, u_r, u_n = recurrent
    z, r = sigmoid(a_z + u_z), sigmoid(a_r + u_r)
    n = ACTIVATIONS[activation](a_n + r * u_n)
    return (z * h + (1.0 - z) * n,), (z, r, n, u_n)


def gru_step_gradient(saved, before, after, d_state, activation):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    z, r, n, u_n = saved
    (d_h,) = d_state
    d_a_n = d_h * (1.0 - z) * SLOPES[activation](n)
    d_a_z = d_h * (before[0] - n) * z * (1.0 - z)
    d_a_r = d_a_n * u_n * r * (1.0 - r)
    return (d_a_z, d_a_r, d_a_n), (d_a_z, d_a_r, d_a_n * r), (d_h * z,)


def rnn_step(projected, recurrent, state, activation):
    """Return the next state (h,), and nothing that the gradient needs beside it."""
    ((a,), (u,)) = projected, recurrent
    return (ACTIVATIONS[activation](a + u),), ()


def rnn_step_gradient(saved, before, after, d_state, activation):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    d_a = (d_state[0] * SLOPES[activation](after[0]),)
    return d_a, d_a, (tf.zeros_like(d_state[0]),)


class Cell(NamedTuple):
    """The equations of one step, forward and backward; what belongs to the gates is a sequence of their arrays."""

    record: CellRecord
    n_saved: int  # arrays that the gradient needs beside the states
    step: Callable
    step_gradient: Callable

    @property
    def n_states(self):
        """Number of parts of the state."""
        return len(self.record.states)

    def zero_state(self, batch, units, dtype):
        """Return zeros, n_states arrays of shape (batch, units)."""
        return tuple(tf.zeros((batch, units), dtype) for _ in range(self.n_states))

    def by_gate(self, array):
        """Split an array (..., n_gates * H) into those of the gates, (..., H)."""
        return tf.split(array, len(self.record.gates), axis=-1)

    def recur(
        self,
        projected,
        U,
        recurrent_bias,
        mask,
        *,
        activation,
        masked,
        differentiable,
        initial_state=None,
        every_state=False,
    ):
        """Run over all timesteps.

        Parameters
        ----------
        projected : tensor of shape (T, B, n_gates * H) or (B, n_gates * H)
            The input times its kernel, with its bias; without a time axis it is the same at each timestep.
        U : tensor of shape (H, n_gates * H)
            The recurrent kernel.
        recurrent_bias : tensor of shape (n_gates * H,) or None
            Added to the recurrent product.
        mask : tensor of shape (B, T)
            One for real timesteps, zero for padding.
        activation : str
            A key of `ACTIVATIONS`.
        masked : bool
            Whether the state is set to zero on padding.
        differentiable : bool
            Whether to save what the gradient needs.
        initial_state : tuple of n_states tensors of shape (B, H), default=None
            The initial state. None: zeros.
        every_state : bool, default=False
            Whether to return all parts of the state, or h alone.

        Returns
        -------
        tuple of 1 or n_states tensors of shape (B, T, H)
        """
        if recurrent_bias is None:
            recurrent_bias = tf.zeros((U.shape[1],), U.dtype)
        steps = tf.cast(tf.transpose(mask)[:, :, None], U.dtype)
        if initial_state is None:
            initial_state = self.zero_state(tf.shape(mask)[0], U.shape[0], U.dtype)
        scan = Scan(self, activation, masked, self.n_states if every_state else 1)
        run = scan.with_gradient if differentiable else scan.forwards
        histories = run(projected, U, recurrent_bias, tuple(initial_state), steps)
        return tuple(tf.transpose(history, (1, 0, 2)) for history in histories)


class Scan(NamedTuple):
    """The loop over time, up to the longest sequence; histories are zero beyond it.

    Each gate has a product and a history of its own, because XLA computes arrays that are contiguous several times as
    fast.
    """

    cell: Cell
    activation: str
    masked: bool
    n_returned: int  # parts of the state, of which h is the first

    def with_gradient(self, projected, U, recurrent_bias, initial_state, steps):
        """Return what `forwards` returns, with the hand-written gradient."""

        @tf.custom_gradient
        def run(projected, U, recurrent_bias, *initial_state):
            histories = self.forwards(projected, U, recurrent_bias, initial_state, steps, save=True)

            def gradient(*d_histories):
                constant = len(projected.shape) == 2
                return self.backwards(d_histories, histories, U, initial_state, steps, constant=constant)

            return tuple(histories[: self.n_returned]), gradient

        return run(projected, U, recurrent_bias, *initial_state)

    def forwards(self, projected, U, recurrent_bias, initial_state, steps, *, save=False):
        """Return the histories of h, (T, B, H); with `save` those of all states and of what the gradient needs."""
        cell, constant = self.cell, len(projected.shape) == 2
        biases, projections = cell.by_gate(recurrent_bias), cell.by_gate(projected)
        kernels = cell.by_gate(U)
        n_timesteps = _longest(steps)
        n_kept = cell.n_states + cell.n_saved if save else self.n_returned

        def step(t, state, arrays):
            recurrent = [tf.matmul(state[0], kernel) + bias for kernel, bias in zip(kernels, biases, strict=True)]
            now = projections if constant else [projection[t] for projection in projections]
            after, saved = cell.step(now, recurrent, state, self.activation)
            if self.masked:
                after = tuple(s * steps[t] for s in after)
            return t + 1, after, _write(arrays, t, (*after, *saved))

        start = (0, initial_state, _empty_arrays(n_kept, steps, U.dtype, U.shape[0]))
        *_, arrays = tf.while_loop(lambda t, *_: t < n_timesteps, step, start)
        return [array.stack() for array in arrays]

    def backwards(self, d_histories, kept, U, initial_state, steps, *, constant):
        """Return the gradients of the projected input, the recurrent kernel, its bias and the initial state."""
        cell, units, width = self.cell, *U.shape
        histories, saved = kept[: cell.n_states], kept[cell.n_states :]
        before = [tf.concat([s[None], h[:-1]], axis=0) for s, h in zip(initial_state, histories, strict=True)]
        transposed = tf.transpose(U)

        def step(t, d_state, arrays):
            upstream = [d[t] for d in d_histories]
            d_state = (*(d + u for d, u in zip(d_state, upstream, strict=False)), *d_state[len(upstream) :])
            if self.masked:
                d_state = tuple(d * steps[t] for d in d_state)
            states = ([history[t] for history in part] for part in (before, histories))
            *d_step, d_state = cell.step_gradient([s[t] for s in saved], *states, d_state, self.activation)
            d_step = [tf.concat(d, axis=-1) for d in d_step[cell.record.is_summed :]]
            d_state = (d_state[0] + tf.matmul(d_step[-1], transposed), *d_state[1:])
            return t - 1, d_state, _write(arrays, t, d_step)

        zeros = tuple(tf.zeros_like(s) for s in initial_state)
        start = (_longest(steps) - 1, zeros, _empty_arrays(2 - cell.record.is_summed, steps, U.dtype, width))
        _, d_initial, arrays = tf.while_loop(lambda t, *_: t >= 0, step, start)
        d_steps = [array.stack() for array in arrays]
        d_projected, d_recurrent = d_steps[0], d_steps[-1]
        d_U = tf.matmul(tf.reshape(before[0], (-1, units)), tf.reshape(d_recurrent, (-1, width)), transpose_a=True)
        if constant:
            d_projected = tf.reduce_sum(d_projected, axis=0)
        return d_projected, d_U, tf.reduce_sum(d_recurrent, axis=(0, 1)), *d_initial


def _longest(steps):
    """Return the number of timesteps of the longest sequence, at least one."""
    return tf.maximum(tf.cast(tf.reduce_max(tf.reduce_sum(steps, axis=0)), tf.int32), 1)


def _empty_arrays(n_arrays, steps, dtype, width):
    """Return `n_arrays` empty arrays (T, B, width), which are written step by step."""
    n_timesteps, shape = tf.shape(steps)[0], (steps.shape[1], width)
    return [tf.TensorArray(dtype, n_timesteps, element_shape=shape) for _ in range(n_arrays)]


def _write(arrays, t, values):
    """Write one value to each array; values beyond the number of arrays are dropped."""
    return [array.write(t, value) for array, value in zip(arrays, values, strict=False)]


CELLS = {
    "lstm": Cell(RECORDS["lstm"], 4, lstm_step, lstm_step_gradient),
    "gru": Cell(RECORDS["gru"], 4, gru_step, gru_step_gradient),
    "rnn": Cell(RECORDS["rnn"], 0, rnn_step, rnn_step_gradient),
}
