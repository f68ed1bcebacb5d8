"""The recurrent layer and the few others that Keras lacks.

Sequences are padded at the end, and a mask of shape (B, T) says which timesteps are real. A layer runs over all of
them without looking at the mask and then reads its state at each sequence's last real timestep: what follows cannot
reach back, so that padding never changes a result.
"""

import keras
import tensorflow as tf

from ._cells import CELLS, UNBOUNDED


class ForgetGateBias(keras.initializers.Initializer):
    """Zeros, with ones for the forget gate of an LSTM (Jozefowicz et al. 2015, PMLR 37:2342)."""

    def __call__(self, shape, dtype=None):
        """Return a bias of shape (4 * units,): input, forget, candidate, output."""
        return tf.repeat(tf.constant([0.0, 1.0, 0.0, 0.0], dtype=dtype or keras.config.floatx()), shape[0] // 4)


def last_real(x, mask):
    """Return x of shape (B, T, H) at each row's last real timestep, zeros for empty rows: (B, H)."""
    lengths = tf.reduce_sum(tf.cast(mask, "int32"), axis=1)
    last = tf.gather(x, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)
    return tf.where((lengths > 0)[:, None], last, 0.0)


def reverse_real(x, mask):
    """Reverse x of shape (B, T, F) along time within each row's real timesteps; padding stays in its place."""
    return tf.reverse_sequence(x, tf.reduce_sum(tf.cast(mask, "int32"), axis=1), seq_axis=1, batch_axis=0)


class Recurrent(keras.layers.Layer):
    """An LSTM or GRU with the weights of the stock Keras layer and a gradient of its own.

    The input's projection is one product for all timesteps, before the loop; the gradient's loop carries the
    state's gradient only, and the weights' gradient is one product after it.

    Parameters
    ----------
    units : int
        Width H of the state, at least 1.
    cell : {"lstm", "gru"}
        The equations of one step, gates in the order of Keras.
    activation : {"tanh", "relu", "sigmoid", "linear"}
        Of the candidate and, in an LSTM, of the output.
    return_sequences : bool
        Whether to return the state of every timestep or of the last real one.
    bidirectional : bool
        Whether a second layer reads the sequences backwards; both states are concatenated.
    dropout : float in [0, 1)
        Share of the inputs dropped in training, the same at every timestep of a sequence (Gal and Ghahramani 2016,
        arXiv:1512.05287).

    Notes
    -----
    Called with x of shape (B, T, F), or (B, F) for an input that is the same at every timestep, and a mask of shape
    (B, T). Returns (B, T, D) or (B, D), D = H or 2 H.
    """

    def __init__(
        self,
        units,
        *,
        cell="lstm",
        activation="tanh",
        return_sequences=False,
        bidirectional=False,
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.cell = cell
        self.activation = activation
        self.return_sequences = return_sequences
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.directions = ("forward", "backward") if bidirectional else ("forward",)
        self.kernel_initializer = keras.initializers.GlorotUniform()
        self.recurrent_kernel_initializer = keras.initializers.Orthogonal()
        self.bias_initializer = ForgetGateBias() if cell == "lstm" else keras.initializers.Zeros()
        self.seed_generator = keras.random.SeedGenerator(0) if dropout else None
        self.supports_masking = True

    def build(self, x_shape, mask_shape=None):
        """Create the weights, in the order of `keras.layers.LSTM` and `keras.layers.Bidirectional`."""
        width = CELLS[self.cell].n_gates * self.units
        shapes = {
            "kernel": (x_shape[-1], width),
            "recurrent_kernel": (self.units, width),
            "bias": (width,) if self.cell == "lstm" else (2, width),
        }
        self.weights_of = {
            direction: [
                self.add_weight(
                    name=name if direction == "forward" else f"backward_{name}",
                    shape=shape,
                    initializer=getattr(self, f"{name}_initializer"),
                )
                for name, shape in shapes.items()
            ]
            for direction in self.directions
        }

    def call(self, x, mask, training=False):
        """Run over all timesteps."""
        if training and self.dropout:
            noise_shape = None if len(x.shape) == 2 else (tf.shape(x)[0], 1, x.shape[-1])
            x = keras.random.dropout(x, self.dropout, noise_shape=noise_shape, seed=self.seed_generator)
        outputs = [self._run(direction, x, mask, training) for direction in self.directions]
        return outputs[0] if len(outputs) == 1 else tf.concat(outputs, axis=-1)

    def _run(self, direction, x, mask, training):
        backward = direction == "backward"
        kernel, recurrent_kernel, bias = (tf.convert_to_tensor(w) for w in self.weights_of[direction])
        input_bias, recurrent_bias = (bias, None) if self.cell == "lstm" else tf.unstack(bias)
        if backward and len(x.shape) == 3:
            x = reverse_real(x, mask)
        h = CELLS[self.cell].recur(
            tf.matmul(x, kernel) + input_bias,
            recurrent_kernel,
            recurrent_bias,
            mask,
            activation=self.activation,
            masked=self.activation in UNBOUNDED,
            differentiable=training,
        )
        if not self.return_sequences:
            return last_real(h, mask)
        return reverse_real(h, mask) if backward else h

    def compute_mask(self, inputs, previous_mask=None):
        """Return None: what follows is given the mask where it needs one."""

    def compute_output_shape(self, x_shape, mask_shape=None):
        """Return the shape of the output, which Keras then need not find by tracing."""
        width = self.units * len(self.directions)
        if not self.return_sequences:
            return (x_shape[0], width)
        n_timesteps = x_shape[1] if len(x_shape) == 3 else mask_shape[1] if mask_shape else None
        return (x_shape[0], n_timesteps, width)


@keras.saving.register_keras_serializable("skseqae")
class FreeRunning(keras.layers.Layer):
    """The conditional decoder on its own: each step reads the encoding and the step's own last output.

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
    in the place of a last output.
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

        def step(t, last, states, outputs):
            x, after = tf.concat([z, last], axis=-1), []
            for layer, state in zip(self.layers, states, strict=True):
                kernel, recurrent_kernel, bias = (tf.convert_to_tensor(w) for w in layer.weights_of["forward"])
                input_bias, recurrent_bias = (bias, 0.0) if self.cell == "lstm" else tf.unstack(bias)
                projected = tf.matmul(x, kernel) + input_bias
                recurrent = tf.matmul(state[0], recurrent_kernel) + recurrent_bias
                state, _ = cell.step(projected, recurrent, state, self.activation)
                after.append(state)
                x = state[0]
            last = self.output_layer(x)
            return t + 1, last, after, outputs.write(t, last)

        first = tf.zeros((batch, self.n_features), z.dtype)
        outputs = tf.TensorArray(z.dtype, n_timesteps, element_shape=(None, self.n_features))
        *_, outputs = tf.while_loop(
            lambda t, *_: t < n_timesteps,
            step,
            (0, first, states, outputs),
        )
        return tf.transpose(outputs.stack(), (1, 0, 2))

    def compute_mask(self, inputs, previous_mask=None):
        """Return None: what follows is given the mask where it needs one."""

    def compute_output_shape(self, z_shape, mask_shape=None):
        """Return (B, T, F)."""
        return (z_shape[0], mask_shape[1] if mask_shape else None, self.n_features)

    def get_config(self):
        """Return the constructor's arguments, so that Keras can save the layer."""
        names = ("units", "n_features", "cell", "activation", "output_activation")
        return super().get_config() | {name: getattr(self, name) for name in names}
