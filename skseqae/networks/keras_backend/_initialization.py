"""Initial weights, and the isolation of Python's random generator from Keras."""

import random
from contextlib import contextmanager
from threading import RLock

import numpy as np
from keras import ops

N_ARRAYS = 3  # of a branch: kernel, recurrent kernel and bias
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


def scale_differences(architecture, weights, x, sample_weight):
    """Divide the kernels of the encoder of differences by the standard deviation of these, in place.

    Differences are smaller than values if sequences are smooth. The network reads them in the units of the values.

    Parameters
    ----------
    architecture : Architecture, Seq2SeqArchitecture or DenseArchitecture
    weights : list of arrays
        Of the encoder.
    x : Sequences
        The training set, in scaled units.
    sample_weight : array of shape (N,)
    """
    if not getattr(architecture, "differences", False):
        return
    starts = (np.cumsum(x.lengths) - x.lengths)[x.lengths > 0]
    changes = np.delete(np.diff(x.packed, axis=0), starts[1:] - 1, axis=0).astype(np.float64)
    step_weight = np.repeat(sample_weight, np.maximum(x.lengths - 1, 0))
    std = np.sqrt(step_weight @ changes**2 / max(step_weight.sum(), np.finfo(float).tiny))
    std = np.tile(np.where(std > 0, std, 1.0), architecture.patch_size)
    n_directions = 1 + architecture.bidirectional
    for branch in range(n_directions, 2 * n_directions):
        kernel = N_ARRAYS * branch
        weights[kernel] = (weights[kernel] / std[:, None]).astype(np.float32)


def _draw(layer, weight, random_state):
    initializer = getattr(layer, weight.name + "_initializer")
    config = initializer.get_config()
    if "seed" in config:
        config["seed"] = int(random_state.randint(2**31 - 1))
    return ops.convert_to_numpy(type(initializer).from_config(config)(weight.shape, dtype=weight.dtype))
