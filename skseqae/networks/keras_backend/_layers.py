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
    n_groups : int, default=1
        Number of groups of as many features each. A layer of its own reads each group; the outputs are concatenated.

    Notes
    -----
    Called with x of shape (B, T, F), or (B, F) for an input that is the same at each timestep, or (B, T, 1) for
    tokens; a mask of shape (B, T); the parts of the initial state, (B, H) each; and `varying` of shape (B, T, V),
    further features beside an x of shape (B, F). Returns (B, T, D) or (B, D), where D is H times the number of
    branches, the directions of each group; with `return_state` a list of that and of each part of the state, (B, D).
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
        n_groups=1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.cell = cell
        self.activation = activation
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.n_tokens = n_tokens
        self.n_groups = n_groups
        self.n_directions = 1 + bidirectional
        self.dropout = dropout
        self.kernel_initializer = keras.initializers.GlorotUniform()
        self.recurrent_kernel_initializer = keras.initializers.Orthogonal()
        self.bias_initializer = GateBias(CELLS[cell].record.initial_bias)
        self.seed_generator = keras.random.SeedGenerator(0) if dropout else None
        self.supports_masking = True

    @property
    def n_branches(self):
        """Number of recurrent layers that run side by side."""
        return self.n_groups * self.n_directions

    def _is_backward(self, branch):
        return branch % self.n_directions == 1

    def build(self, x_shape, *_, varying_shape=None):
        """Create the weights of each branch, in the order of `keras.layers.LSTM` and `keras.layers.Bidirectional`."""
        width = (self.n_tokens or x_shape[-1]) // self.n_groups + (varying_shape[-1] if varying_shape else 0)
        shapes = CELLS[self.cell].record.weight_shapes(width, self.units)
        names = ("kernel", "recurrent_kernel", "bias")
        self.branches = [
            [
                self.add_weight(name=name, shape=shape, initializer=getattr(self, f"{name}_initializer"))
                for name, shape in zip(names, shapes, strict=True)
            ]
            for _ in range(self.n_branches)
        ]

    def _recurrent_weights(self):
        """Return the recurrent kernels (K, H, W) of all branches, and the biases of their products (K, W) or None."""
        _, U, bias = ([tf.convert_to_tensor(w) for w in weights] for weights in zip(*self.branches, strict=True))
        return tf.stack(U), None if CELLS[self.cell].record.is_summed else tf.stack(bias)[:, 1]

    def call(self, x, mask, initial_state=None, varying=None, training=False):
        """Run over all timesteps."""
        if training and self.dropout:
            x = self._drop(x)
        if initial_state is not None:
            initial_state = [state[None] for state in initial_state]
        U, recurrent_bias = self._recurrent_weights()
        histories = CELLS[self.cell].recur(
            self._project(x, mask, varying),
            U,
            recurrent_bias,
            mask,
            activation=self.activation,
            masked=self.activation in UNBOUNDED,
            differentiable=training,
            initial_state=initial_state,
            every_state=self.return_state,
        )
        histories = [tf.unstack(tf.transpose(history, (1, 2, 0, 3))) for history in histories]  # (B, T, H) each
        states = [_side_by_side([last_real(h, mask) for h in history]) for history in histories]
        if self.return_sequences:
            h = [reverse_real(h, mask) if self._is_backward(i) else h for i, h in enumerate(histories[0])]
        output = _side_by_side(h) if self.return_sequences else states[0]
        return [output, *states] if self.return_state else output

    def _project(self, x, mask, varying):
        """Return the projected input of each branch, with time on the first axis if it varies: (T, K, B, W)."""
        groups = tf.split(x, self.n_groups, axis=-1)
        projected = []
        for i in range(self.n_branches):
            group, project = groups[i // self.n_directions], self._projection(i)
            if len(x.shape) == 3:
                group = reverse_real(group, mask) if self._is_backward(i) else group
                group = tf.transpose(group, (1, 0, 2))
            projected.append(project(group) if varying is None else project(group, tf.transpose(varying, (1, 0, 2))))
        return tf.stack(projected, axis=-3)

    def _drop(self, x):
        """Drop inputs, the same at each timestep of a sequence; a dropped token becomes an unknown token."""
        shape = (tf.shape(x)[0], self.n_tokens or x.shape[-1])
        kept = keras.random.dropout(tf.ones(shape, x.dtype), self.dropout, seed=self.seed_generator)
        if self.n_tokens:
            tokens = tf.cast(tf.minimum(x[..., 0], self.n_tokens - 1), "int32")
            return tf.where(tf.gather(kept, tokens, axis=1, batch_dims=1)[..., None] > 0, x, self.n_tokens)
        return x * (kept if len(x.shape) == 2 else kept[:, None])

    def make_step(self):
        """Return `step(x, state) -> state` for one timestep of the only branch, x of shape (B, F) or (B, 1)."""
        U, recurrent_bias = (0.0 if weights is None else weights[0] for weights in self._recurrent_weights())
        project, cell = self._projection(0), CELLS[self.cell]

        def step(x, state):
            recurrent = tf.matmul(state[0], U) + recurrent_bias
            return cell.step(project(x), recurrent, state, self.activation)[0]

        return step

    def _projection(self, branch):
        """Return the function that multiplies the input of a branch by its kernel and adds its bias."""
        kernel, _, bias = (tf.convert_to_tensor(weight) for weight in self.branches[branch])
        bias = bias if CELLS[self.cell].record.is_summed else bias[0]
        if self.n_tokens:
            rows = tf.pad(kernel, ((0, 1), (0, 0)))  # zeros for an unknown token
            return lambda x: tf.gather(rows, tf.cast(x[..., 0], "int32")) + bias

        def project(x, varying=None):
            width = x.shape[-1]
            # the bias is a row of the kernel, which saves one pass over the projection
            whole = tf.concat([kernel[:width], bias[None]], axis=0)
            projected = tf.tensordot(tf.concat([x, tf.ones_like(x[..., :1])], axis=-1), whole, 1)
            return projected if varying is None else projected + tf.tensordot(varying, kernel[width:], 1)

        return project

    def compute_mask(self, inputs, previous_mask=None):
        """Return None: later layers are given the mask as an input."""

    def compute_output_shape(self, x_shape, mask_shape=None, *_, **__):
        """Return the shape of the output, which Keras then need not find by tracing."""
        state = (x_shape[0], self.units * self.n_branches)
        h = state
        if self.return_sequences:
            h = (x_shape[0], x_shape[1] if len(x_shape) == 3 else mask_shape[1] if mask_shape else None, state[1])
        return [h, *[state] * CELLS[self.cell].n_states] if self.return_state else h


def _side_by_side(tensors):
    return tf.concat(tensors, axis=-1) if len(tensors) > 1 else tensors[0]


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
        states = [cell.zero_state((batch, layer.units), z.dtype) for layer in self.layers]
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
