"""Compiled networks with their training and evaluation steps."""

from functools import partial
from math import ceil

import keras
import numpy as np
import tensorflow as tf

from ..networks.keras_backend._networks import join

ROWS = 8  # the rows of a piece are a multiple of this: the number of floats in a vector register


class Program:
    """A network with its optimizer, its loss, and compiled steps for training and evaluation.

    Parameters
    ----------
    architecture : Architecture
    custom_decoders : dict of str to keras.Model
        The models that the user's decoder function returned.
    optimizer : keras.optimizers.Optimizer
    losses : dict of str to function
        The loss of each head, a function of two arrays (B, T, F) that returns an array (B, T).
    n_pieces : int
        The number of pieces into which the rows of a batch are split. The pieces are computed at the same time. XLA
        compiles the computation of one piece, for each of its shapes. 0: TensorFlow runs whole batches of any shape,
        which has a shorter start-up time.
    autograph : bool
        Whether the loss or the decoder may contain Python's `if` and `while`, whose translation takes long.
    weighs_values : tuple of str, default=()
        The heads whose weights are those of values, (B, T, F), and not of timesteps, (B, T). Their loss must be the
        mean of a loss of each value.
    """

    def __init__(self, architecture, custom_decoders, optimizer, losses, n_pieces, autograph, weighs_values=()):
        self.architecture = architecture
        self.n_pieces, self.weighs_values = n_pieces, weighs_values
        self.model, self.parts = join(architecture, custom_decoders)
        self.losses = losses
        for name in architecture.frozen:
            self.parts[name].trainable = False
        self.model.compile(optimizer=optimizer)
        optimizer.build(self.model.trainable_variables)
        self.fresh_optimizer_state = [variable.numpy() for variable in optimizer.variables]
        per_timestep = tf.TensorSpec((None, None), "float32")
        arrays = {"x": tf.TensorSpec((None, None, architecture.n_features), "float32"), "mask": per_timestep}
        for head in architecture.heads:
            per_value = tf.TensorSpec((None, None, architecture.width(head)), "float32")
            weight = per_value if head in weighs_values else per_timestep
            arrays |= {head: per_value, f"{head}_mask": per_timestep, f"{head}_weight": weight}
        scales = {head: tf.TensorSpec((), "float32") for head in architecture.heads}
        # TensorFlow counts the traces of each partial separately; many traces of one method cause a warning.
        graph = partial(tf.function, autograph=autograph)
        self.train_step = graph(partial(self._train_step), input_signature=[arrays, scales])
        self.evaluate_step = graph(partial(self._evaluate_step), input_signature=[arrays])
        values = [tf.TensorSpec(variable.shape, variable.dtype) for variable in self.model.variables]
        self._compiled = {
            method: graph(partial(self._run_piece, method), input_signature=[values, *signature], jit_compile=True)
            for method, signature in ((self._gradients, [arrays, scales]), (self._losses, [arrays]))
        }

    def rows_to_fill(self, n_rows):
        """Return the number of rows up to which batches are filled to consist of whole pieces, None without pieces."""
        multiple = ROWS * self.n_pieces
        return ceil(n_rows / multiple) * multiple if self.n_pieces else None

    def start(self, weights, optimizer_state, learning_rate):
        """Set the weights, the optimizer state and the learning rate to start training from."""
        for name, part in self.parts.items():
            part.set_weights(weights[name])
        optimizer, state = self.model.optimizer, optimizer_state or self.fresh_optimizer_state
        if [variable.shape for variable in optimizer.variables] != [np.shape(value) for value in state]:
            raise ValueError(
                f"{type(optimizer).__name__} cannot resume from the state of another optimizer: set optimizer and its "
                "parameters back to the values of the last training, or call fit."
            )
        for variable, value in zip(optimizer.variables, state, strict=True):
            variable.assign(value)
        if learning_rate is not None:
            optimizer.learning_rate = learning_rate
        self.model.stop_training = False

    def seed(self, random_state):
        """Seed the layers that draw random numbers in training, such as dropout."""
        for seed in filter(_is_seed, self.model.variables):
            seed.assign(random_state.randint(2**31 - 1, size=seed.shape))

    @property
    def weights(self):
        """The weights of each part, as arrays."""
        return {name: part.get_weights() for name, part in self.parts.items()}

    def _losses(self, arrays, training=False):
        """Return the weighted loss of each head, summed over samples and real timesteps."""
        inputs = {name: value for name, value in arrays.items() if name in ("x", "mask") or name.endswith("_mask")}
        if self.architecture.first_previous is not None:
            first = float(self.architecture.first_previous)
            for head in self.architecture.heads:
                inputs[f"{head}_previous"] = tf.pad(
                    arrays[head][:, :-1], ((0, 0), (1, 0), (0, 0)), constant_values=first
                )
        outputs = self.model(inputs, training=training)
        losses = {}
        for head, output in outputs.items():
            weight, by_value = arrays[f"{head}_weight"], head in self.weighs_values
            real = weight > 0 if by_value else weight[:, :, None] > 0
            # Where the weight is 0, as on padding, the loss compares constants, so that nothing there can affect it.
            compared = tf.where(real, arrays[head], 0.0), tf.where(real, output, 1.0)
            errors = self.losses[head](*(values[..., None] if by_value else values for values in compared))
            losses[head] = tf.reduce_sum(weight * tf.where(weight > 0, errors, 0.0))
        return losses

    def _gradients(self, arrays, scales):
        """Return the losses, and the gradients of their sum weighted by `scales`."""
        weights = [variable.value for variable in self.model.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            losses = self._losses(arrays, training=True)
            objective = tf.add_n([scales[head] * loss for head, loss in losses.items()])
        return losses, tape.gradient(objective, weights)

    def _train_step(self, arrays, scales):
        losses, gradients = self._run(self._gradients, arrays, scales)
        self.model.optimizer.apply(gradients, self.model.trainable_variables)
        return losses

    def _evaluate_step(self, arrays):
        return self._run(self._losses, arrays)

    def _run(self, method, arrays, *rest):
        """Return the result of a method for a batch, computed as a whole or in pieces."""
        if not self.n_pieces:
            return method(arrays, *rest)
        split = {name: tf.split(array, self.n_pieces) for name, array in arrays.items()}
        results = []
        for i in range(self.n_pieces):
            # each piece draws from a different seed
            values = [tf.add(v.value, [i, 0]) if _is_seed(v) else v.value for v in self.model.variables]
            results.append(self._compiled[method](values, {name: pieces[i] for name, pieces in split.items()}, *rest))
        for seed in filter(_is_seed, self.model.variables):
            seed.assign(tf.add(seed.value, [0, 1]))
        return tf.nest.map_structure(lambda *parts: tf.add_n(parts), *results)

    def _run_piece(self, method, values, *arguments):
        """Run a method with these values of the variables, without reading or changing the variables themselves."""
        with keras.StatelessScope(state_mapping=zip(self.model.variables, values, strict=True)):
            return method(*arguments)


def _is_seed(variable):
    return variable.name == "seed_generator_state"
