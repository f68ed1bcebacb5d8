"""Initial weights, and the isolation of Python's random generator from Keras."""

import random
from contextlib import contextmanager
from threading import RLock

from keras import ops

_generator_lock = RLock()


@contextmanager
def own_generator(random_state=None):
    """Restore Python's generator afterwards: Keras draws default seeds from it.

    With `random_state`, it is seeded inside the context.
    """
    with _generator_lock:
        state = random.getstate()
        if random_state is not None:
            random.seed(int(random_state.randint(2**31 - 1)))
        try:
            yield
        finally:
            random.setstate(state)


def initial_weights(parts, custom_decoders, random_state):
    """Draw the initial weights by the initializers of each layer.

    Parameters
    ----------
    parts : dict of str to keras.Model
        As `join` returns them; not modified.
    custom_decoders : dict of str to keras.Model
        Custom decoders, whose own weights are the initial ones.
    random_state : numpy.random.RandomState

    Returns
    -------
    dict of str to list of arrays
    """
    return {
        name: custom_decoders[name].get_weights()
        if name in custom_decoders
        else [_draw(layer, weight, random_state) for layer in part.layers for weight in layer.weights]
        for name, part in parts.items()
    }


def _draw(layer, weight, random_state):
    initializer = getattr(layer, weight.name.removeprefix("backward_") + "_initializer")
    config = initializer.get_config()
    if "seed" in config:
        config["seed"] = int(random_state.randint(2**31 - 1))
    return ops.convert_to_numpy(type(initializer).from_config(config)(weight.shape, dtype=weight.dtype))
