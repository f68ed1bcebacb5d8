"""One step of an LSTM and of a GRU, and the loop over time with its gradient.

Letters as in the papers: i, f, g, o are the gates of the LSTM (Hochreiter and Schmidhuber 1997,
doi:10.1162/neco.1997.9.8.1735), z, r, n those of the GRU (Cho et al. 2014, arXiv:1406.1078, in the variant that resets
after the product). `a` is what reaches a gate before its activation, `U` the recurrent kernel, `d_` a gradient.
Time is the first axis in here.
"""

from functools import partial
from typing import NamedTuple

import tensorflow as tf

from ._products import product_with


def sigmoid(x):
    """Return the logistic function; by tanh, whose bits do not depend on a row's place in its batch."""
    return 0.5 * tf.tanh(0.5 * x) + 0.5


ACTIVATIONS = {"tanh": tf.tanh, "relu": tf.nn.relu, "sigmoid": sigmoid, "linear": tf.identity}
# each derivative as a function of the activation's output
SLOPES = {
    "tanh": lambda y: 1.0 - y * y,
    "relu": lambda y: tf.cast(y > 0, y.dtype),
    "sigmoid": lambda y: y * (1.0 - y),
    "linear": tf.ones_like,
}
# a state that may grow for ever is held at zero on padding, where an overflow would turn gradients into NaN
UNBOUNDED = ("relu", "linear")


def lstm_step(projected, recurrent, state, activation):
    """Return the next state (h, c), and what the gradient needs."""
    _, c = state
    phi = ACTIVATIONS[activation]
    a_i, a_f, a_g, a_o = tf.split(projected + recurrent, 4, axis=-1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), phi(a_g), sigmoid(a_o)
    c = f * c + i * g
    phi_c = phi(c)
    return (o * phi_c, c), tf.concat([i, f, g, o, phi_c], axis=-1)


def lstm_step_gradient(saved, state, d_state, activation):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    i, f, g, o, phi_c = tf.split(saved, 5, axis=-1)
    slope = SLOPES[activation]
    d_h, d_c = d_state
    d_c = d_c + d_h * o * slope(phi_c)
    d_a = tf.concat(
        [d_c * g * i * (1.0 - i), d_c * state[1] * f * (1.0 - f), d_c * i * slope(g), d_h * phi_c * o * (1.0 - o)],
        axis=-1,
    )
    return d_a, d_a, (tf.zeros_like(d_h), d_c * f)


def gru_step(projected, recurrent, state, activation):
    """Return the next state (h,), and what the gradient needs."""
    (h,) = state
    a_z, a_r, a_n = tf.split(projected, 3, axis=-1)
    u_z, u_r, u_n = tf.split(recurrent, 3, axis=-1)
    z, r = sigmoid(a_z + u_z), sigmoid(a_r + u_r)
    n = ACTIVATIONS[activation](a_n + r * u_n)
    return (z * h + (1.0 - z) * n,), tf.concat([z, r, n, u_n], axis=-1)


def gru_step_gradient(saved, state, d_state, activation):
    """Return the gradients of the projected input, of the recurrent product and of the state before the step."""
    z, r, n, u_n = tf.split(saved, 4, axis=-1)
    (d_h,) = d_state
    d_a_n = d_h * (1.0 - z) * SLOPES[activation](n)
    d_a_z = d_h * (state[0] - n) * z * (1.0 - z)
    d_a_r = d_a_n * u_n * r * (1.0 - r)
    d_projected = tf.concat([d_a_z, d_a_r, d_a_n], axis=-1)
    return d_projected, tf.concat([d_a_z, d_a_r, d_a_n * r], axis=-1), (d_h * z,)


class Cell(NamedTuple):
    """The equations of one step, forwards and backwards."""

    n_gates: int
    n_states: int
    step: callable
    step_gradient: callable

    def zero_state(self, batch, units, dtype):
        """Return zeros, n_states arrays of shape (batch, units)."""
        return tuple(tf.zeros((batch, units), dtype) for _ in range(self.n_states))

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
        projected : tensor of shape (B, T, n_gates * H) or (B, n_gates * H)
            The input times its kernel, with its bias; without a time axis it is the same at every timestep.
        U : tensor of shape (H, n_gates * H)
            The recurrent kernel.
        recurrent_bias : tensor of shape (n_gates * H,) or None
            Added to the recurrent product.
        mask : tensor of shape (B, T)
            One for real timesteps, zero for padding.
        activation : str
            A key of `ACTIVATIONS`.
        masked : bool
            Whether the state is held at zero on padding.
        differentiable : bool
            Whether to keep what the gradient needs; if not, a row's bits depend on nothing but that row.
        initial_state : tuple of n_states tensors of shape (B, H), default=None
            Where to start. None: zeros.
        every_state : bool, default=False
            Whether to return all of the state or h alone.

        Returns
        -------
        tuple of 1 or n_states tensors of shape (B, T, H)
        """
        if len(projected.shape) == 3:
            projected = tf.transpose(projected, (1, 0, 2))
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
    """The loop over time."""

    cell: Cell
    activation: str
    masked: bool
    n_returned: int  # parts of the state, of which h is the first

    def with_gradient(self, projected, U, recurrent_bias, initial_state, steps):
        """Return as `forwards` does, differentiable by the hand-written loop."""

        @tf.custom_gradient
        def run(projected, U, recurrent_bias, *initial_state):
            arrays = self.forwards(projected, U, recurrent_bias, initial_state, steps, save=True)

            def gradient(*d_histories):
                constant = len(projected.shape) == 2
                return self.backwards(d_histories, arrays, U, initial_state, steps, constant=constant)

            return tuple(arrays[: self.n_returned]), gradient

        return run(projected, U, recurrent_bias, *initial_state)

    def forwards(self, projected, U, recurrent_bias, initial_state, steps, *, save=False):
        """Return histories of the state, (T, B, H) each: with `save` of all of it, and what the gradient needs."""
        n_timesteps, units = tf.shape(steps)[0], U.shape[0]
        n_kept = self.cell.n_states + 1 if save else self.n_returned
        arrays = [tf.TensorArray(U.dtype, n_timesteps, element_shape=None) for _ in range(n_kept)]
        constant = len(projected.shape) == 2
        product = partial(tf.matmul, b=U) if save else product_with(U)

        def step(t, state, arrays):
            recurrent = product(state[0]) + recurrent_bias
            after, saved = self.cell.step(projected if constant else projected[t], recurrent, state, self.activation)
            if self.masked:
                after = tuple(s * steps[t] for s in after)
            # without `save` there may be fewer arrays than that
            return t + 1, after, [array.write(t, value) for array, value in zip(arrays, (*after, saved), strict=False)]

        *_, arrays = tf.while_loop(lambda t, *_: t < n_timesteps, step, (0, initial_state, arrays))
        stacked = [array.stack() for array in arrays]
        for history in stacked[: self.cell.n_states]:
            history.set_shape((None, None, units))
        return stacked

    def backwards(self, d_histories, arrays, U, initial_state, steps, *, constant):
        """Return the gradients of the projected input, the recurrent kernel, its bias and the initial state."""
        *histories, saved = arrays
        n_timesteps, batch, units = tf.shape(steps)[0], tf.shape(steps)[1], U.shape[0]
        before = [tf.concat([s[None], h[:-1]], axis=0) for s, h in zip(initial_state, histories, strict=True)]
        width = U.shape[1]
        d_projected = tf.TensorArray(U.dtype, n_timesteps, element_shape=(None, width))
        d_recurrent = tf.TensorArray(U.dtype, n_timesteps, element_shape=(None, width))

        def step(t, d_state, d_projected, d_recurrent):
            upstream = [d[t] for d in d_histories]
            d_state = (*(d + u for d, u in zip(d_state, upstream, strict=False)), *d_state[len(upstream) :])
            if self.masked:
                d_state = tuple(d * steps[t] for d in d_state)
            state = tuple(b[t] for b in before)
            d_x, d_u, d_state = self.cell.step_gradient(saved[t], state, d_state, self.activation)
            d_state = (d_state[0] + tf.matmul(d_u, U, transpose_b=True), *d_state[1:])
            return t - 1, d_state, d_projected.write(t, d_x), d_recurrent.write(t, d_u)

        start = (n_timesteps - 1, self.cell.zero_state(batch, units, U.dtype), d_projected, d_recurrent)
        _, d_initial, d_projected, d_recurrent = tf.while_loop(lambda t, *_: t >= 0, step, start)
        d_projected, d_recurrent = d_projected.stack(), d_recurrent.stack()
        d_U = tf.matmul(tf.reshape(before[0], (-1, units)), tf.reshape(d_recurrent, (-1, width)), transpose_a=True)
        if constant:
            d_projected = tf.reduce_sum(d_projected, axis=0)
        return d_projected, d_U, tf.reduce_sum(d_recurrent, axis=(0, 1)), *d_initial


CELLS = {
    "lstm": Cell(4, 2, lstm_step, lstm_step_gradient),
    "gru": Cell(3, 1, gru_step, gru_step_gradient),
}
