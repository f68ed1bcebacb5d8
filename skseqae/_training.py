"""Compiled networks kept for reuse, and the loop that trains them.

This is the only door to SciKeras, whose parameter routing makes the optimizer and the loss.
"""

import copy
import difflib
import inspect
import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import ceil

import keras
import numpy as np
import tensorflow as tf
from scikeras.wrappers import BaseWrapper

from ._batches import shuffled_rows
from ._program import Program, pool
from ._progress import Progress
from .exceptions import DivergedError
from .networks.keras_backend._custom_decoders import call_decoder_function, compile_decoders
from .networks.keras_backend._initialization import initial_weights

MOST_ROWS_OF_A_PIECE = 32
FEWEST_STEPS_COMPILED = 128  # timesteps that an epoch takes one after another


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


class Patience:
    """Remember the best weights, and how long the validation loss has not fallen by more than `tol`."""

    def __init__(self, n_iter_no_change, tol):
        self.n_iter_no_change, self.tol = n_iter_no_change, tol
        self.best, self._lowest = None, np.inf
        self._mark, self._waited = np.inf, 0

    def see(self, loss, program):
        """Take note of an epoch's validation loss."""
        if loss < self._lowest:
            self._lowest, self.best = loss, program.weights
        if loss < self._mark - self.tol:
            self._mark, self._waited = loss, 0
        else:
            self._waited += 1

    @property
    def is_over(self):
        """Whether to stop."""
        return self._waited >= self.n_iter_no_change


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
    made = call_decoder_function(architecture, random_state if weights is None else None)
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
    is_short = len(data) / n_rows * data.x.lengths.max() < FEWEST_STEPS_COMPILED
    return 0 if is_short else max(2, ceil(n_rows / MOST_ROWS_OF_A_PIECE))


def _run(program, settings, data, validation, random_state, callbacks, begin_epoch):
    """Run the epochs; return what they leave behind."""
    history = {}
    patience = settings.n_iter_no_change and Patience(settings.n_iter_no_change, settings.tol)
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
            patience.see(logs["val_loss"], program)
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
    scales = {head: weight * len(data) / data.mass(head) for head, weight in settings.head_weights.items()}
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
    means = {head: total / data.mass(head) for head, total in sums.items()}
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
        if data.mass(head) == 0:
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


def make_optimizer_and_loss(settings):
    """Return a new Keras optimizer, the loss, and the learning rate to set, None where the optimizer has its own."""
    optimizer, loss, routed = settings.optimizer, settings.loss, dict(settings.routed)
    if isinstance(optimizer, keras.optimizers.Optimizer):
        config = optimizer.get_config()
        optimizer = type(optimizer).from_config(config)
        learning_rate = config["learning_rate"] if isinstance(config["learning_rate"], float) else None
    else:
        learning_rate = settings.learning_rate
        routed |= {"optimizer__learning_rate": learning_rate, "optimizer__clipnorm": settings.clipnorm}
        if isinstance(optimizer, str):
            optimizer = _optimizer_class(optimizer)
        # always the same: TensorFlow keeps some 30 KB for good for each name that a variable has ever had
        if "name" in inspect.signature(optimizer).parameters:
            routed = {"optimizer__name": optimizer.__name__.lower()} | routed
    loss = _loss_class(loss) if isinstance(loss, str) else _check_loss(loss)
    _check_suffixes("optimizer", optimizer, routed)
    _check_suffixes("loss", loss, routed)
    kwargs = BaseWrapper(model=None, optimizer=optimizer, loss=loss, **routed)._get_compile_kwargs()
    return kwargs["optimizer"], kwargs["loss"], learning_rate


def _check_suffixes(prefix, target, routed):
    """Refuse routed parameters that their target does not have, naming the nearest that it has."""
    known = list(inspect.signature(target).parameters) if inspect.isclass(target) else []
    for name in routed:
        suffix = name.removeprefix(f"{prefix}__")
        if suffix == name or suffix in known:
            continue
        if not inspect.isclass(target):
            raise ValueError(f"{name} needs {prefix} to be a name or a class, but it is {target!r}: set it there.")
        near = difflib.get_close_matches(suffix, known, n=1, cutoff=0) or ["nothing"]
        raise ValueError(f"{name} is not a parameter of {target.__name__}; the nearest is {prefix}__{near[0]}.")


def _check_loss(loss):
    """Refuse an instance that Keras copies without its arguments: every `clone` would train with other ones."""
    arguments = getattr(loss, "_fn_kwargs", {})
    lost = arguments.keys() - loss.get_config().keys() if arguments else ()
    if lost:
        name, argument = type(loss).__name__, sorted(lost)[0]
        raise ValueError(
            f"A copy of an instance of {name} loses its {argument}: give the class, and the argument by a routed name: "
            f"loss=keras.losses.{name}, loss__{argument}={arguments[argument]!r}."
        )
    return loss


def _check_loss_shape(loss, n_features):
    """Refuse a loss that does not give one value per timestep."""
    try:
        shape = tuple(loss(tf.zeros((2, 3, n_features)), tf.ones((2, 3, n_features))).shape)
    except Exception as error:
        raise ValueError(f"loss cannot compare two arrays (batch, time, feature): {error}") from error
    if shape != (2, 3):
        raise ValueError(f"loss must give one value per timestep, an array (batch, time), not {shape}.")


def _loss_class(name):
    """Return the class of a loss by any name that Keras knows it by, so that it can take parameters."""
    try:
        function = keras.losses.get(name)
    except ValueError:
        functions = vars(keras.losses).keys() - {"deserialize", "get", "serialize"}
        raise _unknown("loss", name, ["mae", "mape", "mse", "msle", *filter(str.islower, functions)]) from None
    classes = {key.lower(): value for key, value in vars(keras.losses).items() if inspect.isclass(value)}
    return classes[getattr(function, "__name__", type(function).__name__).replace("_", "").lower()]


def _optimizer_class(name):
    """Return the class of an optimizer by a name that Keras knows it by."""
    try:
        return type(keras.optimizers.get({"class_name": name, "config": {"name": name}}))
    except ValueError:
        classes = [key.lower() for key, value in vars(keras.optimizers).items() if inspect.isclass(value)]
        raise _unknown("optimizer", name, classes) from None


def _unknown(parameter, name, known):
    """Return the error for a name that Keras does not know, with the nearest that it knows."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0)[0]
    return ValueError(f"Keras has no {parameter} {name!r}; the nearest is {near!r}.")


def _is_of_keras(thing):
    return type(thing).__module__.startswith("keras.")


def _identity(thing, without=None):
    """Return what a compiled program depends on: the configuration of a Keras object, or any other object itself."""
    if not _is_of_keras(thing) or not hasattr(thing, "get_config"):
        return thing
    # Keras' losses leave their own arguments out of the configuration
    config = thing.get_config() | getattr(thing, "_fn_kwargs", {})
    config = {name: value for name, value in config.items() if name not in ("name", without)}
    return type(thing), json.dumps(config, sort_keys=True, default=repr)
