"""One step of each recurrent cell with its gradient, and the loop over time.

Letters as in the papers: i, f, g, o are the gates of the LSTM, z, r, n those of the GRU; `networks._cells` has the
references. `a` is the input of the activation of a gate, `U` the recurrent kernel, `d_` a gradient. Time is the first
axis in here. The second one, K, is that of branches: recurrent layers of the same width that run side by side in one
loop, such as both directions of a bidirectional layer.
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
    """Return the next state (h, c), and the gates, which the gradient needs."""
    gates = lstm_gates(projected + recurrent, activation)
    i, f, g, o = tf.split(gates, 4, axis=-1)
    c = f * state[1] + i * g
    return (o * ACTIVATIONS[activation](c), c), (gates,)


def lstm_gates(a, activation):
    """Return the gates side by side; with tanh by one call of it."""
    if activation != "tanh":
        a_i, a_f, a_g, a_o = tf.split(a, 4, axis=-1)
        return tf.concat((sigmoid(a_i), sigmoid(a_f), ACTIVATIONS[activation](a_g), sigmoid(a_o)), axis=-1)
    scale = tf.repeat(tf.constant([0.5, 0.5, 1.0, 0.5], a.dtype), a.shape[-1] // 4)
    return scale * tf.tanh(scale * a) + (1.0 - scale)


def lstm_slopes(gates, before, after, activation):
    """Return the factors of `lstm_pull_back`."""
    i, f, g, o = tf.split(gates, 4, axis=-1)
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
    d_a = tf.where(tf.range(4 * units) < 3 * units, _for_gates(d_c, 4), _for_gates(d_h, 4)) * d_a_factor
    return d_a, d_a, (tf.zeros_like(d_h), d_c * f)


def gru_step(projected, recurrent, state, activation):
    """Return the next state (h,), and the gates and the recurrent product of the candidate, for the gradient."""
    (h,) = state
    a_z, a_r, a_n = tf.split(projected, 3, axis=-1)
    u_z, u_r, u_n = tf.split(recurrent, 3, axis=-1)
    z, r = sigmoid(a_z + u_z), sigmoid(a_r + u_r)
    n = ACTIVATIONS[activation](a_n + r * u_n)
    return (z * h + (1.0 - z) * n,), (tf.concat((z, r, n, u_n), axis=-1),)


def gru_slopes(saved, before, after, activation):
    """Return the factors of `gru_pull_back`."""
    z, r, n, u_n = tf.split(saved, 4, axis=-1)
    d_a_n = (1.0 - z) * SLOPES[activation](n)
    d_a_z = (before[0] - n) * z * (1.0 - z)
    d_a_r = d_a_n * u_n * r * (1.0 - r)
    return tf.concat((d_a_z, d_a_r, d_a_n), axis=-1), tf.concat((d_a_z, d_a_r, d_a_n * r), axis=-1), z


def gru_pull_back(slopes, d_state):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    projected_factor, recurrent_factor, z = slopes
    d_h = _for_gates(d_state[0], 3)
    return d_h * projected_factor, d_h * recurrent_factor, (d_state[0] * z,)


def rnn_step(projected, recurrent, state, activation):
    """Return the next state (h,), and nothing that the gradient needs beside it."""
    return (ACTIVATIONS[activation](projected + recurrent),), ()


def rnn_slopes(before, after, activation):
    """Return the factor of `rnn_pull_back`."""
    return (SLOPES[activation](after[0]),)


def rnn_pull_back(slopes, d_state):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    d_a = d_state[0] * slopes[0]
    return d_a, d_a, (tf.zeros_like(d_a),)


def _for_gates(gradient, n_gates):
    """Return the same gradient for each gate, side by side."""
    return tf.tile(gradient, (*[1] * (len(gradient.shape) - 1), n_gates))


class Cell(NamedTuple):
    """The equations of one step, forward and backward.

    The gradient of a step is linear in that of the state. Its factors do not depend on later timesteps, so that they
    are computed for all timesteps at once; the loop over time only applies them.
    """

    record: CellRecord
    n_saved: int  # number of values of each unit that a step saves for the gradient, side by side
    step: Callable
    slopes: Callable
    pull_back: Callable

    @property
    def n_states(self):
        """Number of parts of the state."""
        return len(self.record.states)

    def zero_state(self, shape, dtype):
        """Return zeros, n_states arrays of this shape, whose last axis is that of the units."""
        return tuple(tf.zeros(shape, dtype) for _ in range(self.n_states))

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
        projected : tensor of shape (T, K, B, n_gates * H) or (K, B, n_gates * H)
            The input times its kernel, with its bias; without a time axis it is the same at each timestep.
        U : tensor of shape (K, H, n_gates * H)
            The recurrent kernels.
        recurrent_bias : tensor of shape (K, n_gates * H) or None
            Added to the recurrent products.
        mask : tensor of shape (B, T)
            One for real timesteps, zero for padding.
        activation : str
            A key of `ACTIVATIONS`.
        masked : bool
            Whether the state is set to zero on padding.
        differentiable : bool
            Whether to save what the gradient needs.
        initial_state : tuple of n_states tensors of shape (K, B, H), default=None
            The initial state. None: zeros.
        every_state : bool, default=False
            Whether to return all parts of the state, or h alone.

        Returns
        -------
        tuple of 1 or n_states tensors of shape (T, K, B, H)
        """
        n_branches, units, width = U.shape
        if recurrent_bias is None:
            recurrent_bias = tf.zeros((n_branches, width), U.dtype)
        steps = tf.cast(tf.transpose(mask)[:, None, :, None], U.dtype)
        if initial_state is None:
            initial_state = self.zero_state((n_branches, tf.shape(mask)[0], units), U.dtype)
        scan = Scan(self, activation, masked, self.n_states if every_state else 1)
        run = scan.with_gradient if differentiable else scan.forwards
        return tuple(run(projected, U, recurrent_bias, tuple(initial_state), steps))


class Scan(NamedTuple):
    """The loop over time, up to the longest sequence; histories are zero beyond it.

    Its steps are small, because XLA takes the longer to compile the more operations there are.
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
        """Return the histories of h, (T, K, B, H); with `save` those of all states and of what a step saves."""
        cell, constant, n_timesteps = self.cell, len(projected.shape) == 3, _longest(steps)
        n_branches, units, _ = U.shape
        recurrent_bias = recurrent_bias[:, None]

        def step(t, state, arrays):
            recurrent = tf.matmul(state[0], U) + recurrent_bias
            after, saved = cell.step(projected if constant else projected[t], recurrent, state, self.activation)
            if self.masked:
                after = tuple(s * steps[t] for s in after)
            kept = (*after, *saved) if save else after[: self.n_returned]
            return t + 1, after, [array.write(t, value) for array, value in zip(arrays, kept, strict=True)]

        widths = (
            [units] * cell.n_states + [cell.n_saved * units] * bool(cell.n_saved) if save else [units] * self.n_returned
        )
        start = (0, initial_state, _empty_arrays(n_branches, widths, steps, U.dtype))
        *_, arrays = tf.while_loop(lambda t, *_: t < n_timesteps, step, start)
        return [array.stack() for array in arrays]

    def backwards(self, d_histories, projected, kept, U, initial_state, steps):
        """Return the gradients of the projected input, the recurrent kernel, its bias and the initial state."""
        cell, (n_branches, _, width) = self.cell, U.shape
        histories, saved = kept[: cell.n_states], kept[cell.n_states :]
        before = [tf.concat([s[None], h[:-1]], axis=0) for s, h in zip(initial_state, histories, strict=True)]
        slopes = cell.slopes(*saved, before, histories, self.activation)
        transposed = tf.transpose(U, (0, 2, 1))

        def step(t, d_state, arrays):
            upstream = [d[t] for d in d_histories]
            d_state = (*(d + u for d, u in zip(d_state, upstream, strict=False)), *d_state[len(upstream) :])
            if self.masked:
                d_state = tuple(d * steps[t] for d in d_state)
            *d_step, d_state = cell.pull_back([slope[t] for slope in slopes], d_state)
            d_state = (d_state[0] + tf.matmul(d_step[-1], transposed), *d_state[1:])
            return t - 1, d_state, [a.write(t, d) for a, d in zip(arrays, d_step[cell.record.is_summed :], strict=True)]

        zeros = tuple(tf.zeros_like(s) for s in initial_state)
        widths = [width] * (2 - cell.record.is_summed)
        start = (_longest(steps) - 1, zeros, _empty_arrays(n_branches, widths, steps, U.dtype))
        _, d_initial, arrays = tf.while_loop(lambda t, *_: t >= 0, step, start)
        d_steps = [array.stack() for array in arrays]
        d_projected, d_recurrent = d_steps[0], d_steps[-1]
        d_U = tf.einsum("tkbh,tkbw->khw", before[0], d_recurrent)
        if len(projected.shape) == 3:
            d_projected = tf.reduce_sum(d_projected, axis=0)
        return d_projected, d_U, tf.reduce_sum(d_recurrent, axis=(0, 2)), *d_initial


def _longest(steps):
    """Return the number of timesteps of the longest sequence, at least one."""
    return tf.maximum(tf.cast(tf.reduce_max(tf.reduce_sum(steps, axis=0)), tf.int32), 1)


def _empty_arrays(n_branches, widths, steps, dtype):
    """Return an empty array (T, K, B, width) for each width, to be written step by step."""
    shape = n_branches, steps.shape[2]
    return [tf.TensorArray(dtype, tf.shape(steps)[0], element_shape=(*shape, width)) for width in widths]


CELLS = {
    "lstm": Cell(RECORDS["lstm"], 4, lstm_step, lstm_slopes, lstm_pull_back),
    "gru": Cell(RECORDS["gru"], 4, gru_step, gru_slopes, gru_pull_back),
    "rnn": Cell(RECORDS["rnn"], 0, rnn_step, rnn_slopes, rnn_pull_back),
}
