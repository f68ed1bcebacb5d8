"""Keras models that a user's decoder function returns."""

from collections import OrderedDict
from functools import partial
from threading import Lock

import keras
import tensorflow as tf

from ._initialization import own_generator
from ._networks import build_decoder


def build_custom_decoders(architecture, random_state=None):
    """Call the user's function once for each head; a dict of str to keras.Model, empty where there is no function.

    With `random_state`, its unseeded initializers are seeded.
    """
    made = {}
    if not callable(architecture.decoder):
        return made
    for head, n_timesteps in zip(architecture.heads, architecture.n_timesteps, strict=True):
        want = (n_timesteps, architecture.latent_dim, architecture.width(head))
        with own_generator(random_state):
            made[head] = architecture.decoder(*want)
        check_decoder_model(made[head], *want)
    return made


def check_decoder_model(model, n_timesteps, latent_dim, n_features):
    """Refuse what is not a Keras model from (B, latent_dim) to (B, n_timesteps, n_features)."""
    shapes = (f"(batch, {latent_dim})", f"(batch, {n_timesteps}, {n_features})")
    if not isinstance(model, keras.Model):
        raise TypeError(f"decoder must return a keras.Model from {shapes[0]} to {shapes[1]}, but gave {type(model)}.")
    read = getattr(model, "inputs", None)  # a Sequential may leave open what it reads
    if read and (len(read) != 1 or tuple(read[0].shape[1:]) != (latent_dim,)):
        raise ValueError(
            f"decoder must return a keras.Model from {shapes[0]} to {shapes[1]}, but reads {[x.shape for x in read]}."
        )
    got = model.compute_output_shape((None, latent_dim))
    if tuple(got[1:]) != (n_timesteps, n_features):
        raise ValueError(f"decoder must return a keras.Model from {shapes[0]} to {shapes[1]}, but its output is {got}.")


N_ARCHITECTURES_KEPT = 32
_compiled = OrderedDict()
_lock = Lock()


def compile_decoders(architecture, made=None):
    """Return the decoders by name, compiled functions of (weights, encodings, mask), kept for reuse.

    `made` is what the function gave in `fit`, so that it need not be called again.
    """
    with _lock:
        if made or architecture not in _compiled:
            _compiled[architecture] = _compile(architecture, made or build_custom_decoders(architecture))
        _compiled.move_to_end(architecture)
        while len(_compiled) > N_ARCHITECTURES_KEPT:
            _compiled.popitem(last=False)
        return _compiled[architecture]


def _compile(architecture, made):
    return {head: _pure(build_decoder(architecture, head, made=model)) for head, model in made.items()}


def _pure(network):
    """Return the network as a compiled function of its weights and inputs."""
    # a partial of its own for each network: TensorFlow takes many traces of one function for a mistake, and warns
    return tf.function(
        partial(_run, network),
        input_signature=[
            [tf.TensorSpec(weight.shape, weight.dtype) for weight in network.weights],
            tf.TensorSpec((None, *network.inputs[0].shape[1:]), "float32"),
            tf.TensorSpec((None, None), "float32"),
        ],
    )


def _run(network, weights, z, mask):
    with keras.StatelessScope(state_mapping=zip(network.weights, weights, strict=True)):
        return network([z, mask], training=False)
