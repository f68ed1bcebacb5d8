"""Optimizers and losses from parameters, routed by SciKeras: the only module that imports it."""

import difflib
import inspect
import json

import keras
import tensorflow as tf
from scikeras.wrappers import BaseWrapper


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
