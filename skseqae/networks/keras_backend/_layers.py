"""The recurrent layer that is trained, and a layer for conditional decoders, which Keras lacks.

Sequences are padded at the end, and a mask of shape (B, T) marks the real timesteps. A layer runs over all timesteps
without the mask and then reads its state at each sequence's last real timestep. Padding comes after that timestep, so
that it never changes a result.
"""

import keras
import tensorflow as tf

from ._cells import CELLS, UNBOUNDED


class GateBias(keras.initializers.Initializer):
    """One constant for each gate.

    Parameters
    ----------
    values : tuple of float
        The constants, in the order of the gates.
    """

    def __init__(self, values):
        self.values = values

    def __call__(self, shape, dtype=None):
        """Return a bias of shape (n_gates * units,), or (2, n_gates * units)."""
        values = tf.constant(self.values, dtype=dtype or keras.config.floatx())
        return tf.broadcast_to(tf.repeat(values, shape[-1] // len(self.values)), shape)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {"values": self.values}


def last_real(x, mask):
    """Return x of shape (B, T, H) at each row's last real timestep, zeros for empty rows: (B, H)."""
    lengths = tf.reduce_sum(tf.cast(mask, "int32"), axis=1)
    last = tf.gather(x, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)
    return tf.where((lengths > 0)[:, None], last, 0.0)


def reverse_real(x, mask):
    """Reverse x of shape (B, T, F) along time within each row's real timesteps; padding stays in its place."""
    return tf.reverse_sequence(x, tf.reduce_sum(tf.cast(mask, "int32"), axis=1), seq_axis=1, batch_axis=0)


class Recurrent(keras.layers.Layer):
    """A recurrent layer with the weights of the stock Keras layer and a hand-written gradient.

    The projection of the input is one product over all timesteps before the loop. The loop of the gradient carries the
    gradient of the state only; the gradient of the weights is one product after it.

    Parameters
    ----------
    units : int
        Width H of the state, at least 1.
    cell : str
        A key of `CELLS`.
    activation : {"tanh", "relu", "sigmoid", "linear"}
        Activation of the cell.
    return_sequences : bool
        Whether to return h at each timestep or at the last real one.
    return_state : bool
        Whether to return also each part of the state at the last real timestep.
    bidirectional : bool
        Whether a second layer reads the sequences backwards; both states are concatenated.
    dropout : float in [0, 1)
        Share of the inputs dropped in training, the same at each timestep of a sequence (Gal and Ghahramani 2016,
        arXiv:1512.05287).
    n_tokens : int, default=None
        Where the input is tokens, numbered from 0, their number. The weights are those for one-hot vectors; a larger
        number is an unknown token, which is read as zeros.

    Notes
    -----
    Called with x of shape (B, T, F), or (B, F) for an input that is the same at each timestep, or (B, T, 1) for
    tokens; a mask of shape (B, T); and the parts of the initial state, (B, H) each. Returns (B, T, D) or (B, D),
    D = H or 2 H; with `return_state` a list of that and of each part of the state, (B, D).
    """

    def __init__(
        self,
        units,
        *,
        cell="lstm",
        activation="tanh",
        return_sequences=False,
        return_state=False,
        bidirectional=False,
        dropout=0.0,
        n_tokens=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.cell = cell
        self.activation = activation
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.n_tokens = n_tokens
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.directions = ("forward", "backward") if bidirectional else ("forward",)
        self.kernel_initializer = keras.initializers.GlorotUniform()
        self.recurrent_kernel_initializer = keras.initializers.Orthogonal()
        self.bias_initializer = GateBias(CELLS[cell].record.initial_bias)
        self.seed_generator = keras.random.SeedGenerator(0) if dropout else None
        self.supports_masking = True

    def build(self, x_shape, *_):
        """Create the weights, in the order of `keras.layers.LSTM` and `keras.layers.Bidirectional`."""
        shapes = CELLS[self.cell].record.weight_shapes(self.n_tokens or x_shape[-1], self.units)
        names = ("kernel", "recurrent_kernel", "bias")
        self.weights_of = {
            direction: [
                self.add_weight(
                    name=name if direction == "forward" else f"backward_{name}",
                    shape=shape,
                    initializer=getattr(self, f"{name}_initializer"),
                )
                for name, shape in zip(names, shapes, strict=True)
            ]
            for direction in self.directions
        }

    def _weights(self, direction):
        """Return kernel, recurrent kernel, bias, and the bias of the recurrent product or None."""
        kernel, recurrent_kernel, bias = (tf.convert_to_tensor(weight) for weight in self.weights_of[direction])
        biases = (bias, None) if CELLS[self.cell].record.is_summed else (bias[0], bias[1])
        return kernel, recurrent_kernel, *biases

    def call(self, x, mask, initial_state=None, training=False):
        """Run over all timesteps."""
        if training and self.dropout:
            x = self._drop(x)
        runs = [self._run(direction, x, mask, initial_state, training) for direction in self.directions]
        outputs = [tf.concat(parts, axis=-1) if len(parts) > 1 else parts[0] for parts in zip(*runs, strict=True)]
        return outputs if self.return_state else outputs[0]

    def _drop(self, x):
        """Drop inputs, the same at each timestep of a sequence; a dropped token becomes an unknown token."""
        shape = (tf.shape(x)[0], self.n_tokens or x.shape[-1])
        kept = keras.random.dropout(tf.ones(shape, x.dtype), self.dropout, seed=self.seed_generator)
        if self.n_tokens:
            tokens = tf.cast(tf.minimum(x[..., 0], self.n_tokens - 1), "int32")
            return tf.where(tf.gather(kept, tokens, axis=1, batch_dims=1)[..., None] > 0, x, self.n_tokens)
        return x * (kept if len(x.shape) == 2 else kept[:, None])

    def make_step(self):
        """Return `step(x, state) -> state` for one timestep, x of shape (B, F) or (B, 1)."""
        _, recurrent_kernel, _, recurrent_bias = self._weights("forward")
        project = self._projection("forward")
        recurrent_bias = 0.0 if recurrent_bias is None else recurrent_bias
        cell = CELLS[self.cell]

        def step(x, state):
            recurrent = tf.matmul(state[0], recurrent_kernel) + recurrent_bias
            return cell.step(cell.by_gate(project(x)), cell.by_gate(recurrent), state, self.activation)[0]

        return step

    def _projection(self, direction):
        """Return the function that multiplies the input by its kernel and adds its bias."""
        kernel, _, bias, _ = self._weights(direction)
        if self.n_tokens:
            rows = tf.pad(kernel, ((0, 1), (0, 0)))  # zeros for an unknown token
            return lambda x: tf.gather(rows, tf.cast(x[..., 0], "int32")) + bias
        # the bias is a row of the kernel, which saves one pass over the projection
        whole = tf.concat([kernel, bias[None]], axis=0)
        return lambda x: tf.tensordot(tf.concat([x, tf.ones_like(x[..., :1])], axis=-1), whole, 1)

    def _run(self, direction, x, mask, initial_state, training):
        """Return h, at each timestep or at the last real one, and with `return_state` each part of the state."""
        backward = direction == "backward"
        if len(x.shape) == 3:
            x = tf.transpose(reverse_real(x, mask) if backward else x, (1, 0, 2))
        _, recurrent_kernel, _, recurrent_bias = self._weights(direction)
        histories = CELLS[self.cell].recur(
            self._projection(direction)(x),
            recurrent_kernel,
            recurrent_bias,
            mask,
            activation=self.activation,
            masked=self.activation in UNBOUNDED,
            differentiable=training,
            initial_state=initial_state,
            every_state=self.return_state,
        )
        h = histories[0]
        if not self.return_sequences:
            h = last_real(h, mask)
        elif backward:
            h = reverse_real(h, mask)
        return [h, *(last_real(history, mask) for history in histories)] if self.return_state else [h]

    def compute_mask(self, inputs, previous_mask=None):
        """Return None: later layers are given the mask as an input."""

    def compute_output_shape(self, x_shape, mask_shape=None, *_):
        """Return the shape of the output, which Keras then need not find by tracing."""
        state = (x_shape[0], self.units * len(self.directions))
        h = state
        if self.return_sequences:
            h = (x_shape[0], x_shape[1] if len(x_shape) == 3 else mask_shape[1] if mask_shape else None, state[1])
        return [h, *[state] * CELLS[self.cell].n_states] if self.return_state else h


def make_stack_step(layers):
    """Return `step(x, states) -> (h, new_states)` for a stack of recurrent layers."""
    steps = [layer.make_step() for layer in layers]

    def step_through(x, states):
        after = []
        for step, state in zip(steps, states, strict=True):
            after.append(step(x, state))
            x = after[-1][0]
        return x, after

    return step_through


@keras.saving.register_keras_serializable("skseqae")
class FreeRunning(keras.layers.Layer):
    """The conditional decoder without teacher forcing: each step reads the encoding and the previous output.

    Its weights are those of the teacher-forced stack of `Recurrent` layers and the dense layer on top, in that order.

    Parameters
    ----------
    units : tuple of int
        Widths of the recurrent layers, from the one that reads the encoding to the one below the output.
    n_features : int
        Width F of the output.
    cell, activation : str
        As for `Recurrent`.
    output_activation : str
        Of the dense layer.

    Notes
    -----
    Called with an encoding of shape (B, L) and a mask of shape (B, T). Returns (B, T, F). The first step reads zeros
    in place of a previous output.
    """

    def __init__(self, units, n_features, *, cell="lstm", activation="tanh", output_activation="linear", **kwargs):
        super().__init__(**kwargs)
        self.units = tuple(units)
        self.n_features = n_features
        self.cell = cell
        self.activation = activation
        self.output_activation = output_activation
        self.supports_masking = True
        self.layers = [
            Recurrent(width, cell=cell, activation=activation, name=f"recurrent_{i}") for i, width in enumerate(units)
        ]
        self.output_layer = keras.layers.Dense(n_features, activation=output_activation, name="output")

    def build(self, z_shape, mask_shape=None):
        """Create the weights of each layer."""
        width = z_shape[-1] + self.n_features
        for layer in self.layers:
            layer.build((None, None, width))
            width = layer.units
        self.output_layer.build((None, width))

    def call(self, z, mask):
        """Decode step by step."""
        cell = CELLS[self.cell]
        batch, n_timesteps = tf.shape(z)[0], tf.shape(mask)[1]
        states = [cell.zero_state(batch, layer.units, z.dtype) for layer in self.layers]
        step_through = make_stack_step(self.layers)

        def step(t, previous, states, outputs):
            h, states = step_through(tf.concat([z, previous], axis=-1), states)
            output = self.output_layer(h)
            return t + 1, output, states, outputs.write(t, output)

        first = tf.zeros((batch, self.n_features), z.dtype)
        outputs = tf.TensorArray(z.dtype, n_timesteps, element_shape=(None, self.n_features))
        *_, outputs = tf.while_loop(
            lambda t, *_: t < n_timesteps,
            step,
            (0, first, states, outputs),
        )
        return tf.transpose(outputs.stack(), (1, 0, 2))

    def compute_mask(self, inputs, previous_mask=None):
        """Return None: later layers are given the mask as an input."""

    def compute_output_shape(self, z_shape, mask_shape=None):
        """Return (B, T, F)."""
        return (z_shape[0], mask_shape[1] if mask_shape else None, self.n_features)

    def get_config(self):
        """Return the constructor's arguments, so that Keras can save the layer."""
        names = ("units", "n_features", "cell", "activation", "output_activation")
        return super().get_config() | {name: getattr(self, name) for name in names}
