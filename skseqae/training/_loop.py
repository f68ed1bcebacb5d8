"""The training loop."""

import copy
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import ceil

import keras
import numpy as np

from ..exceptions import DivergedError
from ..networks.keras_backend._custom_decoders import build_custom_decoders, compile_decoders
from ..networks.keras_backend._initialization import initial_weights
from ._batches import shuffle_into_batches
from ._early_stopping import EarlyStopping
from ._optimizers import check_loss_shape, is_keras_object, make_key, make_optimizer_and_loss
from ._pool import pool
from ._program import Program
from ._progress import Progress

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
    epochs: int
    batch_size: int
    head_weights: dict[str, float]
    n_iter_no_change: int | None  # None: no early stopping
    tol: float
    callbacks: object
    verbose: int


@dataclass(frozen=True)
class TrainingResult:
    """The result of training: arrays and numbers only."""

    weights: dict[str, list]
    optimizer_state: list
    history: dict[str, list]


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
    key = (architecture, n_pieces, make_key(optimizer, without=variable), make_key(loss))
    loss = loss.call if isinstance(loss, keras.losses.Loss) else loss

    def build():
        for head in architecture.heads:
            check_loss_shape(loss, architecture.width(head))
        return Program(architecture, custom_decoders, optimizer, loss, n_pieces, autograph=autograph)

    with pool.borrow(key, build) as program:
        weights = weights or initial_weights(program.parts, custom_decoders, random_state) | (pretrained_weights or {})
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
    history = {}
    early_stopping = settings.n_iter_no_change and EarlyStopping(settings.n_iter_no_change, settings.tol)
    _notify(callbacks, "on_train_begin", {})
    n_rows = program.rows_to_fill(min(len(data), settings.batch_size))
    for epoch in range(settings.epochs):
        end_epoch = begin_epoch()
        _notify(callbacks, "on_epoch_begin", epoch, {})
        logs = _run_epoch(program, settings, data, n_rows, random_state, callbacks)
        if validation is not None:
            logs |= {f"val_{name}": value for name, value in _evaluate(program, settings, validation, n_rows).items()}
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
        _check_finite(logs, epoch + 1)
        _notify(callbacks, "on_epoch_end", epoch, dict(logs))
        if early_stopping:
            early_stopping.update(logs["val_loss"], program)
        is_last = program.model.stop_training or (early_stopping and early_stopping.should_stop)
        if end_epoch(partial(_make_intermediate_result, program, history, early_stopping)) or is_last:
            break
    # an optimizer may keep a moving average of the weights, which replaces them here
    program.model.optimizer.finalize_variable_values(program.model.trainable_variables)
    _notify(callbacks, "on_train_end", dict(logs))
    return _make_result(program, history, early_stopping)


def _make_result(program, history, early_stopping):
    """Return the `TrainingResult`, with the best weights under early stopping, otherwise with the last ones."""
    weights = (early_stopping and early_stopping.best_weights) or program.weights
    optimizer_state = [variable.numpy() for variable in program.model.optimizer.variables]
    _check_finite([weights, optimizer_state], len(history["loss"]))
    return TrainingResult(weights, optimizer_state, history)


def _make_intermediate_result(program, history, early_stopping):
    """Return the `TrainingResult` as if training ended here, and leave the program ready to continue."""
    variables = program.model.trainable_variables
    values = [variable.numpy() for variable in variables]
    program.model.optimizer.finalize_variable_values(variables)
    result = _make_result(program, history, early_stopping)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return result


def _run_epoch(program, settings, data, n_rows, random_state, callbacks):
    """Train on each batch once; return the losses of the epoch."""
    program.seed(random_state)
    scales = {head: weight * len(data) / data.total_weight(head) for head, weight in settings.head_weights.items()}
    sums = dict.fromkeys(scales, 0.0)
    for i, rows in enumerate(shuffle_into_batches(data.x.lengths, settings.batch_size, random_state)):
        _notify(callbacks, "on_train_batch_begin", i, {})
        losses = program.train_step(data.batch(rows, n_rows), {head: s / len(rows) for head, s in scales.items()})
        sums = {head: sums[head] + float(loss) for head, loss in losses.items()}
        batch = {head: float(loss) * scales[head] / len(rows) for head, loss in losses.items()}
        _notify(callbacks, "on_train_batch_end", i, {"loss": sum(batch.values())})
    return _make_logs(sums, settings, data)


def _evaluate(program, settings, data, n_rows):
    """Return the losses of validation data."""
    sums = dict.fromkeys(settings.head_weights, 0.0)
    for start in range(0, len(data), settings.batch_size):
        rows = np.arange(start, min(start + settings.batch_size, len(data)))
        losses = program.evaluate_step(data.batch(rows, n_rows))
        sums = {head: sums[head] + float(loss) for head, loss in losses.items()}
    return _make_logs(sums, settings, data)


def _make_logs(sums, settings, data):
    """Return the mean loss over real timesteps, and with two heads also the loss of each head."""
    means = {head: total / data.total_weight(head) for head, total in sums.items()}
    logs = {"loss": sum(settings.head_weights[head] * mean for head, mean in means.items())}
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
