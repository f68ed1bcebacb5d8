"""Make Keras optimizers and losses from parameters. This module alone imports SciKeras, which routes parameters."""

import difflib
import inspect
import json

import keras
import numpy as np
import tensorflow as tf
from scikeras.wrappers import BaseWrapper


def make_optimizer_and_loss(settings):
    """Return a new Keras optimizer, the loss and the learning rate to set.

    The learning rate is None if the optimizer instance has a learning rate schedule.
    """
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
        # A constant name: TensorFlow never frees about 30 KB for each distinct name of a variable.
        if "name" in inspect.signature(optimizer).parameters:
            routed = {"optimizer__name": optimizer.__name__.lower()} | routed
    loss = _loss_class(loss) if isinstance(loss, str) else _check_loss(loss)
    _check_suffixes("optimizer", optimizer, routed)
    _check_suffixes("loss", loss, routed)
    kwargs = BaseWrapper(model=None, optimizer=optimizer, loss=loss, **routed)._get_compile_kwargs()
    return kwargs["optimizer"], kwargs["loss"], learning_rate


def _check_suffixes(prefix, target, routed):
    """Raise a ValueError for a routed parameter that the target does not have; the message names the nearest one."""
    valid_names = list(inspect.signature(target).parameters) if inspect.isclass(target) else []
    for name in routed:
        suffix = name.removeprefix(f"{prefix}__")
        if suffix == name or suffix in valid_names:
            continue
        if not inspect.isclass(target):
            raise ValueError(
                f"{name} requires {prefix} to be a name or a class, got {target!r}: set the parameter on that object."
            )
        near = difflib.get_close_matches(suffix, valid_names, n=1, cutoff=0) or ["nothing"]
        raise ValueError(f"{name} is not a parameter of {target.__name__}; the nearest is {prefix}__{near[0]}.")


def _check_loss(loss):
    """Return the loss, or raise a ValueError if it is an instance that Keras copies without its arguments.

    Each `clone` would train with the default arguments.
    """
    arguments = getattr(loss, "_fn_kwargs", {})
    lost = arguments.keys() - loss.get_config().keys() if arguments else ()
    if lost:
        name, argument = type(loss).__name__, sorted(lost)[0]
        raise ValueError(
            f"A copy of a {name} instance loses its argument {argument}: pass the class, with the argument as a routed "
            f"parameter: loss=keras.losses.{name}, loss__{argument}={arguments[argument]!r}."
        )
    return loss


def check_loss_shape(loss, n_features):
    """Raise a ValueError unless the loss returns one value per timestep."""
    try:
        shape = tuple(loss(tf.zeros((2, 3, n_features)), tf.ones((2, 3, n_features))).shape)
    except Exception as error:
        raise ValueError(f"loss must accept two arrays (batch, time, feature), but failed: {error}") from error
    if shape != (2, 3):
        raise ValueError(f"loss must return one value per timestep, an array (batch, time), got shape {shape}.")


def check_loss_of_values(loss, n_features, parameter):
    """Raise a ValueError that names the parameter unless the loss is the mean over the features of that of a value."""
    values = tf.linspace(0.1, 0.9, 2 * n_features)
    y_true, y_pred = (tf.reshape(each, (1, 2, n_features)) for each in (values, values[::-1] ** 2))
    by_value = tf.reduce_mean(loss(y_true[..., None], y_pred[..., None]), axis=-1)
    if not np.allclose(by_value, loss(y_true, y_pred), rtol=1e-4):
        raise ValueError(
            "X or y has missing values, which requires a loss that is the mean over the features of a loss of each "
            f"value, such as 'mse' or 'mae', got {parameter!r}."
        )


def _loss_class(name):
    """Return the class of a loss by any of its names in Keras. A class accepts parameters, a name does not."""
    try:
        function = keras.losses.get(name)
    except ValueError:
        functions = filter(str.islower, vars(keras.losses).keys() - {"deserialize", "get", "serialize"})
        raise _unknown_name_error("loss", name, ["mae", "mape", "mse", "msle", *functions]) from None
    classes = {key.lower(): value for key, value in vars(keras.losses).items() if inspect.isclass(value)}
    return classes[getattr(function, "__name__", type(function).__name__).replace("_", "").lower()]


def _optimizer_class(name):
    """Return the class of an optimizer by its name in Keras."""
    try:
        return type(keras.optimizers.get({"class_name": name, "config": {"name": name}}))
    except ValueError:
        classes = [key.lower() for key, value in vars(keras.optimizers).items() if inspect.isclass(value)]
        raise _unknown_name_error("optimizer", name, classes) from None


def _unknown_name_error(parameter, name, valid_names):
    """Return the error for an invalid name, whose message contains the nearest valid one."""
    near = difflib.get_close_matches(name, sorted(valid_names), n=1, cutoff=0)[0]
    return ValueError(f"Keras has no {parameter} {name!r}; the nearest is {near!r}.")


def is_keras_object(instance):
    """Return whether the class of an object is one of Keras itself."""
    return type(instance).__module__.startswith("keras.")


def make_key(instance, without=None):
    """Return the part of a program's key: class and configuration of a Keras object, or any other object itself."""
    if not is_keras_object(instance) or not hasattr(instance, "get_config"):
        return instance
    # The configuration of a Keras loss does not contain the loss' own arguments.
    config = instance.get_config() | getattr(instance, "_fn_kwargs", {})
    config = {name: value for name, value in config.items() if name not in ("name", without)}
    return type(instance), json.dumps(config, sort_keys=True, default=repr)
