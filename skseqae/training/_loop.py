"""The training loop."""

import copy
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import ceil

import keras
import numpy as np

from ..exceptions import DivergedError
from ..networks.keras_backend._custom_decoders import build_custom_decoders, compile_decoders
from ..networks.keras_backend._initialization import initial_weights, scale_differences
from ..runtime._warnings import warn_user
from ._batches import shuffle_into_batches
from ._convergence import baseline_loss, warn_about_convergence
from ._early_stopping import EarlyStopping
from ._optimizers import check_loss_of_values, check_loss_shape, is_keras_object, make_key, make_optimizer_and_loss
from ._pool import pool
from ._program import Program
from ._progress import Progress
from ._schedule import cosine, has_plateau

LABELS = {"label", "sequence"}  # heads that output logits; `loss` is that of the other heads
MAX_ROWS_PER_PIECE = 32
MIN_STEPS_TO_COMPILE = 128  # consecutive timesteps of an epoch


@dataclass(frozen=True)
class Settings:
    """The training parameters of an estimator, by the same names."""

    optimizer: object
    learning_rate: float
    clipnorm: float | None
    loss: object
    routed: dict
    schedule: str  # "constant" or "cosine"
    epochs: int
    ends_on_plateau: bool
    batch_size: int
    head_weights: dict[str, float]
    n_iter_no_change: int | None  # None: no early stopping
    tol: float
    callbacks: object
    verbose: int
    warns: bool  # whether to warn about training that did not converge


@dataclass(frozen=True)
class TrainingResult:
    """The result of training: arrays and numbers only, except the copies of callbacks that were used."""

    weights: dict[str, list]
    optimizer_state: list
    history: dict[str, list]
    baseline_loss: float  # of the mean of the targets
    callbacks: tuple = ()


def cross_entropy(class_indices, logits):
    """Return the cross-entropy (B, T) of class indices (B, T, 1) and logits (B, T, C)."""
    return keras.losses.sparse_categorical_crossentropy(class_indices, logits, from_logits=True)


def _begin_without_callbacks():
    """Begin an epoch without callbacks of scikit-learn."""
    return lambda make_result: False


def train(
    architecture,
    settings,
    data,
    validation,
    random_state,
    *,
    weights=None,
    optimizer_state=None,
    pretrained_weights=None,
    begin_epoch=_begin_without_callbacks,
):
    """Train a network.

    Parameters
    ----------
    architecture : Architecture
    settings : Settings
    data, validation : TrainingData; validation may be None
    random_state : numpy.random.RandomState
        Draws the initial weights, then the order of each epoch.
    weights, optimizer_state : as in `TrainingResult`
        The state to resume from. None: drawn weights, and the initial state of the optimizer.
    pretrained_weights : dict of str to list of arrays, default=None
        Weights of some parts that replace the drawn ones.
    begin_epoch : function, default=_begin_without_callbacks
        Called at the start of each epoch. It returns a function `end_epoch(make_result)`, which is called at the end of
        the epoch; `make_result()` returns the `TrainingResult` if training ended there. If `end_epoch` returns true,
        training stops.

    Returns
    -------
    TrainingResult

    Raises
    ------
    DivergedError
        If the loss, a weight or the optimizer state is not finite.
    """
    for part in (data, validation):
        _check_targets(part)
    optimizer, loss, learning_rate = make_optimizer_and_loss(settings)
    custom_decoders = build_custom_decoders(architecture, random_state if weights is None else None)
    is_custom = callable(architecture.decoder) or not is_keras_object(loss)
    n_pieces = 0 if is_custom else _count_pieces(data, settings)  # XLA may not support user code
    autograph = is_custom or not is_keras_object(optimizer)
    variable = learning_rate is not None and "learning_rate"
    key = (architecture, n_pieces, data.weighs_values, make_key(optimizer, without=variable), make_key(loss))
    loss = loss.call if isinstance(loss, keras.losses.Loss) else loss

    def build():
        losses = {head: cross_entropy if head in LABELS else loss for head in architecture.heads}
        for head in losses.keys() - LABELS:
            check_loss_shape(loss, architecture.width(head))
            if head in data.weighs_values:
                check_loss_of_values(loss, architecture.width(head), settings.loss)
        options = {"autograph": autograph, "weighs_values": data.weighs_values}
        return Program(architecture, custom_decoders, optimizer, losses, n_pieces, **options)

    with pool.borrow(key, build) as program:
        if weights is None:
            weights = initial_weights(program.parts, custom_decoders, random_state)
            scale_differences(architecture, weights["encoder"], data.x, data.sample_weight)
            weights |= pretrained_weights or {}
        program.start(weights, optimizer_state, learning_rate)
        if custom_decoders:
            compile_decoders(architecture, custom_decoders)
        with _callbacks(settings, program.model, n_batches=-(-len(data) // settings.batch_size)) as callbacks:
            return _run(program, settings, data, validation, random_state, callbacks, begin_epoch)


def _count_pieces(data, settings):
    """Return the number of pieces of a batch; 0 if XLA would take more time to compile than it saves."""
    n_rows = min(len(data), settings.batch_size)
    is_short = len(data) / n_rows * data.x.lengths.max() < MIN_STEPS_TO_COMPILE
    return 0 if is_short else max(2, ceil(n_rows / MAX_ROWS_PER_PIECE))


def _run(program, settings, data, validation, random_state, callbacks, begin_epoch):
    """Run the epochs; return the `TrainingResult`."""
    history, steps = {}, Steps(program, settings, settings.epochs * ceil(len(data) / settings.batch_size))
    early_stopping = settings.n_iter_no_change and EarlyStopping(settings.n_iter_no_change, settings.tol)
    baseline = baseline_loss(program, settings, data)
    make_result = partial(_make_result, program, history, baseline, early_stopping)
    _notify(callbacks, "on_train_begin", {})
    n_rows = program.rows_to_fill(min(len(data), settings.batch_size))
    for epoch in range(settings.epochs):
        end_epoch = begin_epoch()
        _notify(callbacks, "on_epoch_begin", epoch, {})
        logs = _run_epoch(program, settings, data, n_rows, random_state, callbacks, steps)
        if validation is not None:
            logs |= {f"val_{name}": value for name, value in _evaluate(program, settings, validation, n_rows).items()}
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
        _check_finite(logs, epoch + 1)
        _notify(callbacks, "on_epoch_end", epoch, dict(logs))
        if early_stopping:
            early_stopping.update(logs["val_loss"], program)
        is_last = program.model.stop_training or (early_stopping and early_stopping.should_stop) or steps.should_stop
        if end_epoch(partial(_make_intermediate_result, program, make_result)) or is_last:
            break
    # an optimizer may keep a moving average of the weights, which replaces them here
    program.model.optimizer.finalize_variable_values(program.model.trainable_variables)
    _notify(callbacks, "on_train_end", dict(logs))
    if settings.warns:
        warn_about_convergence(steps.losses, baseline, history.get("val_loss"))
    return replace(make_result(), callbacks=tuple(each for each in callbacks if not isinstance(each, Progress)))


class Steps:
    """The learning rate and the loss of each training step.

    The optimizer keeps its learning rate if the schedule is "constant", so that callbacks may change it.
    """

    def __init__(self, program, settings, n_steps):
        self.losses, self._optimizer, self._n_steps = [], program.model.optimizer, n_steps
        self._settings, self._rate, self._warned = settings, settings.learning_rate, False

    def begin(self):
        """Set the learning rate of the next step; warn once if a callback has changed it."""
        if self._settings.schedule == "cosine":
            can_change = self._settings.callbacks and not self._warned
            if can_change and float(self._optimizer.learning_rate) != np.float32(self._rate):
                self._warned = True
                warn_user(
                    "A callback changed the learning rate, without an effect: schedule='cosine' sets it at every step. "
                    "Set schedule='constant'."
                )
            self._rate = self._settings.learning_rate * cosine(len(self.losses), self._n_steps)
            self._optimizer.learning_rate = self._rate

    @property
    def should_stop(self):
        """Whether training should stop because the loss no longer falls."""
        return self._settings.ends_on_plateau and has_plateau(self.losses, self._n_steps)


def _make_result(program, history, baseline, early_stopping):
    """Return the `TrainingResult`, with the best weights under early stopping, otherwise with the last ones."""
    weights = (early_stopping and early_stopping.best_weights) or program.weights
    optimizer_state = [variable.numpy() for variable in program.model.optimizer.variables]
    _check_finite([weights, optimizer_state], len(history["loss"]))
    return TrainingResult(weights, optimizer_state, history, baseline)


def _make_intermediate_result(program, make_result):
    """Return the `TrainingResult` as if training ended here, and leave the program ready to continue."""
    variables = program.model.trainable_variables
    values = [variable.numpy() for variable in variables]
    program.model.optimizer.finalize_variable_values(variables)
    result = make_result()
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return result


def _run_epoch(program, settings, data, n_rows, random_state, callbacks, steps):
    """Train on each batch once; return the losses of the epoch."""
    program.seed(random_state)
    scales = {head: weight * len(data) / data.total_weight(head) for head, weight in settings.head_weights.items()}
    totals = Totals(settings)
    for i, rows in enumerate(shuffle_into_batches(data.x.lengths, settings.batch_size, random_state)):
        _notify(callbacks, "on_train_batch_begin", i, {})
        steps.begin()
        arrays = data.batch(rows, n_rows, random_state)
        losses = program.train_step(arrays, {head: s / len(rows) for head, s in scales.items()})
        steps.losses.append(totals.add(arrays, losses))
        batch = {head: float(loss) * scales[head] / len(rows) for head, loss in losses.items()}
        _notify(callbacks, "on_train_batch_end", i, {"loss": sum(batch.values())})
    return totals.make_logs()


def _evaluate(program, settings, data, n_rows):
    """Return the losses of validation data."""
    totals = Totals(settings)
    for start in range(0, len(data), settings.batch_size):
        arrays = data.batch(np.arange(start, min(start + settings.batch_size, len(data))), n_rows)
        totals.add(arrays, program.evaluate_step(arrays))
    return totals.make_logs()


class Totals:
    """The losses and the weights of each head, summed over batches."""

    def __init__(self, settings):
        self.head_weights = settings.head_weights
        self._losses, self._weights = dict.fromkeys(self.head_weights, 0.0), dict.fromkeys(self.head_weights, 0.0)

    def add(self, arrays, losses):
        """Add a batch; return its mean loss over real timesteps."""
        mean = 0.0
        for head, loss in losses.items():
            loss, weight = float(loss), float(arrays[f"{head}_weight"].sum(dtype=np.float64))
            self._losses[head] += loss
            self._weights[head] += weight
            mean += self.head_weights[head] * loss / max(weight, np.finfo(np.float32).tiny)
        return mean

    def make_logs(self):
        """Return the mean loss over real timesteps, and with two heads also the loss of each head."""
        means = {head: loss / self._weights[head] for head, loss in self._losses.items()}
        logs = {"loss": sum(self.head_weights[head] * mean for head, mean in means.items())}
        return logs if len(means) == 1 else logs | {f"{head}_loss": mean for head, mean in means.items()}


@contextmanager
def _callbacks(settings, model, n_batches):
    """Yield copies of the callbacks and the one that prints progress, whose line is ended also after an error."""
    originals = settings.callbacks or []
    originals = originals if isinstance(originals, list | tuple) else [originals]
    for i, callback in enumerate(originals):
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(f"callbacks[{i}] must be a keras.callbacks.Callback, got {callback!r}.")
    progress = [Progress()] if settings.verbose else []
    callbacks = [copy.deepcopy(callback) for callback in originals] + progress
    for callback in callbacks:
        callback.set_params({"verbose": settings.verbose, "epochs": settings.epochs, "steps": n_batches})
        callback.set_model(model)
    try:
        yield callbacks
    finally:
        for callback in callbacks:
            callback._model = None  # the network is lent to other fits
        for callback in progress:
            callback.close()


def _notify(callbacks, event, *arguments):
    for callback in callbacks:
        getattr(callback, event)(*arguments)


def _check_targets(data):
    """Raise a ValueError if a head has no target timestep: the denominator of its loss would be 0."""
    for head in data.targets if data else ():
        if data.total_weight(head) == 0:
            raise ValueError(
                f"The {len(data)} training or validation sample(s) contain no target timestep for the {head} decoder. "
                "Pass more or longer sequences, or change validation_fraction."
            )


def _check_finite(values, epoch):
    """Raise a DivergedError if a value is not finite."""
    if not all(np.isfinite(value).all() for value in keras.tree.flatten(values)):
        raise DivergedError(
            f"Training diverged in epoch {epoch}: the loss, a weight or the optimizer state is not finite. "
            "Lower learning_rate, set clipnorm=1.0 or less, or use scale='standard' and activation='tanh'."
        )
