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
from ._batches import shuffled_rows
from ._early_stopping import EarlyStopping
from ._optimizers import _check_loss_shape, _identity, _is_of_keras, make_optimizer_and_loss
from ._pool import pool
from ._program import Program
from ._progress import Progress

MAX_ROWS_PER_PIECE = 32
MIN_STEPS_TO_COMPILE = 128  # timesteps that an epoch takes one after another


@dataclass(frozen=True)
class Settings:
    """How to train: the estimator's parameters of the same names."""

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
class Trained:
    """What training leaves behind: arrays and numbers only."""

    weights: dict[str, list]
    optimizer_state: list
    history: dict[str, list]


def _unfollowed():
    """Begin an epoch that nobody follows."""
    return lambda trained: False


def train(
    architecture,
    settings,
    data,
    validation,
    random_state,
    *,
    weights=None,
    optimizer_state=None,
    seeds=None,
    begin_epoch=_unfollowed,
):
    """Train a network.

    Parameters
    ----------
    architecture : Architecture
    settings : Settings
    data, validation : TrainingData; validation may be None
    random_state : numpy.random.RandomState
        Draws the initial weights, then each epoch's order.
    weights, optimizer_state : as in `Trained`
        To go on from; drawn and reset where they are None.
    seeds : dict of str to list of arrays, default=None
        Weights of some parts to use in the place of those drawn.
    begin_epoch : function, default=_unfollowed
        Is called when an epoch begins, and returns the function to call when it ends: with one that makes the `Trained`
        that there would be if it were the last. Where that returns true, it is the last.

    Returns
    -------
    Trained

    Raises
    ------
    DivergedError
        If the loss, a weight or the optimizer's state is not finite.
    """
    for part in (data, validation):
        _check_targets(part)
    optimizer, loss, learning_rate = make_optimizer_and_loss(settings)
    made = build_custom_decoders(architecture, random_state if weights is None else None)
    is_foreign = callable(architecture.decoder) or not _is_of_keras(loss)
    n_pieces = 0 if is_foreign else _pieces(data, settings)  # what is foreign may be beyond XLA
    autograph = is_foreign or not _is_of_keras(optimizer)
    variable = learning_rate is not None and "learning_rate"
    key = (architecture, n_pieces, _identity(optimizer, without=variable), _identity(loss))
    loss = loss.call if isinstance(loss, keras.losses.Loss) else loss

    def build():
        for head in architecture.heads:
            _check_loss_shape(loss, architecture.width(head))
        return Program(architecture, made, optimizer, loss, n_pieces, autograph=autograph)

    with pool.borrow(key, build) as program:
        weights = weights or initial_weights(program.parts, made, random_state) | (seeds or {})
        program.start(weights, optimizer_state, learning_rate)
        if made:
            compile_decoders(architecture, made)
        with _callbacks(settings, program.model, n_batches=-(-len(data) // settings.batch_size)) as callbacks:
            return _run(program, settings, data, validation, random_state, callbacks, begin_epoch)


def _pieces(data, settings):
    """Return into how many pieces to cut batches; 0 where XLA would take longer to compile than it saves."""
    n_rows = min(len(data), settings.batch_size)
    is_short = len(data) / n_rows * data.x.lengths.max() < MIN_STEPS_TO_COMPILE
    return 0 if is_short else max(2, ceil(n_rows / MAX_ROWS_PER_PIECE))


def _run(program, settings, data, validation, random_state, callbacks, begin_epoch):
    """Run the epochs; return what they leave behind."""
    history = {}
    patience = settings.n_iter_no_change and EarlyStopping(settings.n_iter_no_change, settings.tol)
    _notify(callbacks, "on_train_begin", {})
    n_rows = program.rows_to_fill(min(len(data), settings.batch_size))
    for epoch in range(settings.epochs):
        end_epoch = begin_epoch()
        _notify(callbacks, "on_epoch_begin", epoch, {})
        logs = _epoch(program, settings, data, n_rows, random_state, callbacks)
        if validation is not None:
            logs |= {f"val_{name}": value for name, value in _evaluate(program, settings, validation, n_rows).items()}
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
        _check_finite(logs, epoch + 1)
        _notify(callbacks, "on_epoch_end", epoch, dict(logs))
        if patience:
            patience.update(logs["val_loss"], program)
        is_last = program.model.stop_training or (patience and patience.is_over)
        if end_epoch(partial(_trained_so_far, program, history, patience)) or is_last:
            break
    # where the optimizer keeps a moving average of the weights
    program.model.optimizer.finalize_variable_values(program.model.trainable_variables)
    _notify(callbacks, "on_train_end", dict(logs))
    return _trained(program, history, patience)


def _trained(program, history, patience):
    """Return what training leaves behind: the best weights where it may stop early, or else the last."""
    weights = (patience and patience.best) or program.weights
    optimizer_state = [variable.numpy() for variable in program.model.optimizer.variables]
    _check_finite([weights, optimizer_state], len(history["loss"]))
    return Trained(weights, optimizer_state, history)


def _trained_so_far(program, history, patience):
    """Return what training would leave behind if it ended here, and let it go on."""
    variables = program.model.trainable_variables
    values = [variable.numpy() for variable in variables]
    program.model.optimizer.finalize_variable_values(variables)
    trained = _trained(program, history, patience)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return trained


def _epoch(program, settings, data, n_rows, random_state, callbacks):
    """Train on every batch once; return the epoch's losses."""
    program.seed(random_state)
    scales = {head: weight * len(data) / data.total_weight(head) for head, weight in settings.head_weights.items()}
    sums = dict.fromkeys(scales, 0.0)
    for i, rows in enumerate(shuffled_rows(data.x.lengths, settings.batch_size, random_state)):
        _notify(callbacks, "on_train_batch_begin", i, {})
        losses = program.train_step(data.batch(rows, n_rows), {head: s / len(rows) for head, s in scales.items()})
        sums = {head: sums[head] + float(loss) for head, loss in losses.items()}
        batch = {head: float(loss) * scales[head] / len(rows) for head, loss in losses.items()}
        _notify(callbacks, "on_train_batch_end", i, {"loss": sum(batch.values())})
    return _logs(sums, settings, data)


def _evaluate(program, settings, data, n_rows):
    sums = dict.fromkeys(settings.head_weights, 0.0)
    for start in range(0, len(data), settings.batch_size):
        rows = np.arange(start, min(start + settings.batch_size, len(data)))
        losses = program.evaluate_step(data.batch(rows, n_rows))
        sums = {head: sums[head] + float(loss) for head, loss in losses.items()}
    return _logs(sums, settings, data)


def _logs(sums, settings, data):
    """Return the mean loss over real timesteps; with two heads, also that of each."""
    means = {head: total / data.total_weight(head) for head, total in sums.items()}
    logs = {"loss": sum(settings.head_weights[head] * mean for head, mean in means.items())}
    return logs if len(means) == 1 else logs | {f"{head}_loss": mean for head, mean in means.items()}


@contextmanager
def _callbacks(settings, model, n_batches):
    """Give copies of the callbacks, and one that shows progress, whose line ends whatever happens."""
    given = settings.callbacks or []
    given = given if isinstance(given, list | tuple) else [given]
    for i, callback in enumerate(given):
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(f"callbacks[{i}] must be a keras.callbacks.Callback, got {callback!r}.")
    progress = [Progress()] if settings.verbose else []
    callbacks = [copy.deepcopy(callback) for callback in given] + progress
    for callback in callbacks:
        callback.set_params({"verbose": settings.verbose, "epochs": settings.epochs, "steps": n_batches})
        callback.set_model(model)
    try:
        yield callbacks
    finally:
        for each in progress:
            each.close()


def _notify(callbacks, event, *arguments):
    for callback in callbacks:
        getattr(callback, event)(*arguments)


def _check_targets(data):
    """Refuse data without a timestep to learn, by which the loss could not be divided."""
    for head in data.targets if data else ():
        if data.total_weight(head) == 0:
            raise ValueError(
                f"{len(data)} sample(s) to train on or to validate with hold no timestep for the {head} decoder. Give "
                "more or longer sequences, or another validation_fraction."
            )


def _check_finite(values, epoch):
    if not all(np.isfinite(value).all() for value in keras.tree.flatten(values)):
        raise DivergedError(
            f"Training diverged in epoch {epoch}: the loss, a weight or the optimizer's state is no longer finite. "
            "Lower learning_rate, set clipnorm=1.0 or less, or use scale='standard' and activation='tanh'."
        )
