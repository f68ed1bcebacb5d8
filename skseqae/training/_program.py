"""Compiled networks, kept for reuse."""

from functools import partial
from math import ceil

import keras
import numpy as np
import tensorflow as tf

from ..networks.keras_backend._networks import join

ROWS = 8  # of a piece, or a multiple of it: the floats of a vector register


class Program:
    """A network with its optimizer and loss, and the steps that train and evaluate it.

    Parameters
    ----------
    architecture : Architecture
    made : dict of str to keras.Model
        What the user's decoder function gave.
    optimizer : keras.optimizers.Optimizer
    loss : function of two arrays (B, T, F) that gives (B, T)
    n_pieces : int
        Into how many pieces the rows of a batch are cut, which are computed at the same time. XLA compiles what is
        done with one, for each of its shapes. 0: TensorFlow runs whole batches of any shape, which starts sooner.
    autograph : bool
        Whether the loss or the decoder may hold Python's own `if` and `while`, which takes long to translate.
    """

    def __init__(self, architecture, made, optimizer, loss, n_pieces, autograph):
        self.architecture = architecture
        self.n_pieces = n_pieces
        self.model, self.parts = join(architecture, made)
        self.loss = loss
        for name in architecture.frozen:
            self.parts[name].trainable = False
        self.model.compile(optimizer=optimizer)
        optimizer.build(self.model.trainable_variables)
        self.fresh_optimizer_state = [variable.numpy() for variable in optimizer.variables]
        by_step = tf.TensorSpec((None, None), "float32")
        arrays = {"x": tf.TensorSpec((None, None, architecture.n_features), "float32"), "mask": by_step}
        for head in architecture.heads:
            arrays[head] = tf.TensorSpec((None, None, architecture.width(head)), "float32")
            arrays |= {f"{head}_mask": by_step, f"{head}_weight": by_step}
        scales = {head: tf.TensorSpec((), "float32") for head in architecture.heads}
        # partials, which TensorFlow tells apart: it takes many traces of one method for a mistake, and warns
        graph = partial(tf.function, autograph=autograph)
        self.train_step = graph(partial(self._train_step), input_signature=[arrays, scales])
        self.evaluate_step = graph(partial(self._evaluate_step), input_signature=[arrays])
        values = [tf.TensorSpec(variable.shape, variable.dtype) for variable in self.model.variables]
        self._compiled = {
            run: graph(partial(self._run_piece, run), input_signature=[values, *given], jit_compile=True)
            for run, given in ((self._gradients, [arrays, scales]), (self._losses, [arrays]))
        }

    def rows_to_fill(self, n_rows):
        """Return how many rows make whole pieces of a batch, None where batches are taken as they are."""
        multiple = ROWS * self.n_pieces
        return ceil(n_rows / multiple) * multiple if self.n_pieces else None

    def start(self, weights, optimizer_state, learning_rate):
        """Put the arrays in place that training starts from."""
        for name, part in self.parts.items():
            part.set_weights(weights[name])
        optimizer, state = self.model.optimizer, optimizer_state or self.fresh_optimizer_state
        if [variable.shape for variable in optimizer.variables] != [np.shape(value) for value in state]:
            raise ValueError(
                f"{type(optimizer).__name__} cannot go on from the state of another optimizer: set optimizer and what "
                "belongs to it back to what they were in the last training, or call fit."
            )
        for variable, value in zip(optimizer.variables, state, strict=True):
            variable.assign(value)
        if learning_rate is not None:
            optimizer.learning_rate = learning_rate
        self.model.stop_training = False

    def seed(self, random_state):
        """Seed whatever draws numbers in training, such as dropout."""
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
            weight = arrays[f"{head}_weight"]
            # on padding zero is compared with one, so that nothing there can reach the loss or its gradient
            real = weight[:, :, None] > 0
            by_step = self.loss(tf.where(real, arrays[head], 0.0), tf.where(real, output, 1.0))
            losses[head] = tf.reduce_sum(weight * tf.where(weight > 0, by_step, 0.0))
        return losses

    def _gradients(self, arrays, scales):
        """Return the losses, and the gradients of their sum on these scales."""
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

    def _run(self, run, arrays, *rest):
        """Return what `run` gives for a batch, computed whole or in pieces."""
        if not self.n_pieces:
            return run(arrays, *rest)
        cut = {name: tf.split(array, self.n_pieces) for name, array in arrays.items()}
        results = []
        for i in range(self.n_pieces):
            # each piece has a seed of its own to draw from
            values = [tf.add(v.value, [i, 0]) if _is_seed(v) else v.value for v in self.model.variables]
            results.append(self._compiled[run](values, {name: pieces[i] for name, pieces in cut.items()}, *rest))
        for seed in filter(_is_seed, self.model.variables):
            seed.assign(tf.add(seed.value, [0, 1]))
        return tf.nest.map_structure(lambda *parts: tf.add_n(parts), *results)

    def _run_piece(self, run, values, *arguments):
        with keras.StatelessScope(state_mapping=zip(self.model.variables, values, strict=True)):
            return run(*arguments)


def _is_seed(variable):
    return variable.name == "seed_generator_state"
