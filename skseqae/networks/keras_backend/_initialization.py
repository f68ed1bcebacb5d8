"""Initial weights, and Keras' random numbers kept apart from Python's generator."""

import random
from contextlib import contextmanager
from threading import RLock

from keras import ops

_generator_lock = RLock()


@contextmanager
def own_generator(random_state=None):
    """Put Python's generator back afterwards, from which Keras seeds what it is given no seed for.

    With `random_state` it is seeded for the time being.
    """
    with _generator_lock:
        state = random.getstate()
        if random_state is not None:
            random.seed(int(random_state.randint(2**31 - 1)))
        try:
            yield
        finally:
            random.setstate(state)


def initial_weights(parts, made, random_state):
    """Draw the weights to start training from, by each layer's own initializers.

    Parameters
    ----------
    parts : dict of str to keras.Model
        As `join` returns them; they are left alone.
    made : dict of str to keras.Model
        What the user's function gave, weights and all.
    random_state : numpy.random.RandomState

    Returns
    -------
    dict of str to list of arrays
    """
    return {
        name: made[name].get_weights()
        if name in made
        else [_draw(layer, weight, random_state) for layer in part.layers for weight in layer.weights]
        for name, part in parts.items()
    }


def _draw(layer, weight, random_state):
    initializer = getattr(layer, weight.name.removeprefix("backward_") + "_initializer")
    config = initializer.get_config()
    if "seed" in config:
        config["seed"] = int(random_state.randint(2**31 - 1))
    return ops.convert_to_numpy(type(initializer).from_config(config)(weight.shape, dtype=weight.dtype))
