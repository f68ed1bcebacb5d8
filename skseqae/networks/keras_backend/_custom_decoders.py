"""Keras models that a user's decoder function returns."""

from collections import OrderedDict
from functools import partial
from threading import Lock

import keras
import tensorflow as tf

from ._initialization import own_generator
from ._networks import build_decoder

N_ARCHITECTURES_KEPT = 32
_compiled = OrderedDict()
_lock = Lock()


def build_custom_decoders(architecture, random_state=None):
    """Call the user's function once for each head; a dict of str to keras.Model, empty where there is no function.

    With `random_state`, its unseeded initializers are seeded.
    """
    custom_decoders = {}
    if not callable(architecture.decoder):
        return custom_decoders
    for head, n_timesteps in zip(architecture.heads, architecture.n_timesteps, strict=True):
        sizes = (n_timesteps, architecture.latent_dim, architecture.width(head))
        with own_generator(random_state):
            custom_decoders[head] = architecture.decoder(*sizes)
        check_decoder_model(custom_decoders[head], *sizes)
    return custom_decoders


def check_decoder_model(model, n_timesteps, latent_dim, n_features):
    """Check that a decoder is a Keras model from (B, latent_dim) to (B, n_timesteps, n_features)."""
    expected = f"a keras.Model from (batch, {latent_dim}) to (batch, {n_timesteps}, {n_features})"
    if not isinstance(model, keras.Model):
        raise TypeError(f"decoder must return {expected}, but returned {type(model)}.")
    inputs = getattr(model, "inputs", None)  # a Sequential model may not know its input yet
    if inputs and (len(inputs) != 1 or tuple(inputs[0].shape[1:]) != (latent_dim,)):
        raise ValueError(f"decoder must return {expected}, but its input is {[x.shape for x in inputs]}.")
    output_shape = model.compute_output_shape((None, latent_dim))
    if tuple(output_shape[1:]) != (n_timesteps, n_features):
        raise ValueError(f"decoder must return {expected}, but its output is {output_shape}.")


def compile_decoders(architecture, custom_decoders=None):
    """Return the decoders by name, compiled functions of (weights, encodings, mask), kept for reuse.

    `custom_decoders` are the models of `fit`, so that the user's function is not called again.
    """
    with _lock:
        if custom_decoders or architecture not in _compiled:
            _compiled[architecture] = _compile(architecture, custom_decoders or build_custom_decoders(architecture))
        _compiled.move_to_end(architecture)
        while len(_compiled) > N_ARCHITECTURES_KEPT:
            _compiled.popitem(last=False)
        return _compiled[architecture]


def _compile(architecture, custom_decoders):
    return {
        head: _pure(build_decoder(architecture, head, custom_decoder=model)) for head, model in custom_decoders.items()
    }


def _pure(network):
    """Return the network as a compiled function of its weights and inputs."""
    # one partial for each network: TensorFlow warns about many traces of one function
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
