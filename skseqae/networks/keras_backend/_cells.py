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


def lstm_slopes(saved, before, after, activation):
    """Return the factors of `lstm_pull_back`."""
    i, f, g, o = saved
    slope, phi_c = SLOPES[activation], ACTIVATIONS[activation](after[1])
    by_gate = (g * i * (1.0 - i), before[1] * f * (1.0 - f), i * slope(g), phi_c * o * (1.0 - o))
    return tf.concat(by_gate, axis=-1), o * slope(phi_c), f


def lstm_pull_back(slopes, d_state):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    d_a_factor, c_factor, f = slopes
    d_h, d_c = d_state
    d_c = d_c + d_h * c_factor
    units = d_h.shape[-1]
    # the last gate acts on h, the others on c; a choice costs less than joining the four
    d_a = tf.where(tf.range(4 * units) < 3 * units, tf.tile(d_c, (1, 4)), tf.tile(d_h, (1, 4))) * d_a_factor
    return d_a, d_a, (tf.zeros_like(d_h), d_c * f)


def gru_step(projected, recurrent, state, activation):
    """Return the next state (h,), and what the gradient needs."""
    (h,) = state
    a_z, a_r, a_n = projected
    u_z, u_r, u_n = recurrent
    z, r = sigmoid(a_z + u_z), sigmoid(a_r + u_r)
    n = ACTIVATIONS[activation](a_n + r * u_n)
    return (z * h + (1.0 - z) * n,), (z, r, n, u_n)


def gru_slopes(saved, before, after, activation):
    """Return the factors of `gru_pull_back`."""
    z, r, n, u_n = saved
    d_a_n = (1.0 - z) * SLOPES[activation](n)
    d_a_z = (before[0] - n) * z * (1.0 - z)
    d_a_r = d_a_n * u_n * r * (1.0 - r)
    return tf.concat((d_a_z, d_a_r, d_a_n), axis=-1), tf.concat((d_a_z, d_a_r, d_a_n * r), axis=-1), z


def gru_pull_back(slopes, d_state):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    projected_factor, recurrent_factor, z = slopes
    d_h = tf.tile(d_state[0], (1, 3))
    return d_h * projected_factor, d_h * recurrent_factor, (d_state[0] * z,)


def rnn_step(projected, recurrent, state, activation):
    """Return the next state (h,), and nothing that the gradient needs beside it."""
    ((a,), (u,)) = projected, recurrent
    return (ACTIVATIONS[activation](a + u),), ()


def rnn_slopes(saved, before, after, activation):
    """Return the factor of `rnn_pull_back`."""
    return (SLOPES[activation](after[0]),)


def rnn_pull_back(slopes, d_state):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    d_a = d_state[0] * slopes[0]
    return d_a, d_a, (tf.zeros_like(d_a),)


class Cell(NamedTuple):
    """The equations of one step, forward and backward.

    The gradient of a step is linear in that of the state. Its factors do not depend on later timesteps, so that they
    are computed for all timesteps at once; the loop over time only applies them.
    """

    record: CellRecord
    step: Callable
    slopes: Callable
    pull_back: Callable

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

    Its steps are small, because XLA takes the longer to compile the more operations there are: the gates are computed
    again for the gradient, for all timesteps at once.
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
                return self.backwards(d_histories, projected, histories, U, initial_state, steps)

            return tuple(histories[: self.n_returned]), gradient

        return run(projected, U, recurrent_bias, *initial_state)

    def forwards(self, projected, U, recurrent_bias, initial_state, steps, *, save=False):
        """Return the histories of h, (T, B, H); with `save` those of all states and of the recurrent product."""
        cell, constant, n_timesteps = self.cell, len(projected.shape) == 2, _longest(steps)
        units, width = U.shape

        def step(t, state, arrays):
            recurrent = tf.matmul(state[0], U) + recurrent_bias
            now = cell.by_gate(projected if constant else projected[t])
            after, _ = cell.step(now, cell.by_gate(recurrent), state, self.activation)
            if self.masked:
                after = tuple(s * steps[t] for s in after)
            kept = (*after, recurrent) if save else after[: self.n_returned]
            return t + 1, after, [array.write(t, value) for array, value in zip(arrays, kept, strict=True)]

        widths = [units] * (cell.n_states if save else self.n_returned) + [width] * save
        start = (0, initial_state, _empty_arrays(widths, steps, U.dtype))
        *_, arrays = tf.while_loop(lambda t, *_: t < n_timesteps, step, start)
        return [array.stack() for array in arrays]

    def backwards(self, d_histories, projected, kept, U, initial_state, steps):
        """Return the gradients of the projected input, the recurrent kernel, its bias and the initial state."""
        cell, units, width = self.cell, *U.shape
        *histories, recurrent = kept
        before = [tf.concat([s[None], h[:-1]], axis=0) for s, h in zip(initial_state, histories, strict=True)]
        _, saved = cell.step(cell.by_gate(projected), cell.by_gate(recurrent), before, self.activation)
        slopes = cell.slopes(saved, before, histories, self.activation)
        transposed = tf.transpose(U)

        def step(t, d_state, arrays):
            upstream = [d[t] for d in d_histories]
            d_state = (*(d + u for d, u in zip(d_state, upstream, strict=False)), *d_state[len(upstream) :])
            if self.masked:
                d_state = tuple(d * steps[t] for d in d_state)
            *d_step, d_state = cell.pull_back([slope[t] for slope in slopes], d_state)
            d_state = (d_state[0] + tf.matmul(d_step[-1], transposed), *d_state[1:])
            return t - 1, d_state, [a.write(t, d) for a, d in zip(arrays, d_step[cell.record.is_summed :], strict=True)]

        zeros = tuple(tf.zeros_like(s) for s in initial_state)
        start = (_longest(steps) - 1, zeros, _empty_arrays([width] * (2 - cell.record.is_summed), steps, U.dtype))
        _, d_initial, arrays = tf.while_loop(lambda t, *_: t >= 0, step, start)
        d_steps = [array.stack() for array in arrays]
        d_projected, d_recurrent = d_steps[0], d_steps[-1]
        d_U = tf.matmul(tf.reshape(before[0], (-1, units)), tf.reshape(d_recurrent, (-1, width)), transpose_a=True)
        if len(projected.shape) == 2:
            d_projected = tf.reduce_sum(d_projected, axis=0)
        return d_projected, d_U, tf.reduce_sum(d_recurrent, axis=(0, 1)), *d_initial


def _longest(steps):
    """Return the number of timesteps of the longest sequence, at least one."""
    return tf.maximum(tf.cast(tf.reduce_max(tf.reduce_sum(steps, axis=0)), tf.int32), 1)


def _empty_arrays(widths, steps, dtype):
    """Return an empty array (T, B, width) for each width, to be written step by step."""
    n_timesteps, n_rows = tf.shape(steps)[0], steps.shape[1]
    return [tf.TensorArray(dtype, n_timesteps, element_shape=(n_rows, width)) for width in widths]


CELLS = {
    "lstm": Cell(RECORDS["lstm"], lstm_step, lstm_slopes, lstm_pull_back),
    "gru": Cell(RECORDS["gru"], gru_step, gru_slopes, gru_pull_back),
    "rnn": Cell(RECORDS["rnn"], rnn_step, rnn_slopes, rnn_pull_back),
}
