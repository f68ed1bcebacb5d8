"""Encoders, decoders, and the ways to join them.

Every network reads `[x, mask]`: sequences padded at the end, of shape (B, T, F), and a mask of shape (B, T) that is one
for real timesteps. No network knows T. Each is built of this package's layers, to be trained, or of stock Keras layers
with the same weights in the same order, to be given away.
"""

import random
from contextlib import contextmanager
from threading import RLock

import keras
from keras import ops

from ._layers import Dense, FreeRunning, Recurrent

_generator_lock = RLock()
STOCK = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


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


@own_generator()
def build_encoder(architecture, *, stock=False):
    """Return the network from [x (B, T, F), mask (B, T)] to an encoding (B, L)."""
    x, mask = _sequence_input(architecture.n_features), _mask_input()
    y = x
    last = len(architecture.units) - 1
    for i, units in enumerate(architecture.units):
        layer = _recurrent(architecture, units, f"encoder_{i}", stock, architecture.bidirectional, sequences=i < last)
        y = layer(y, mask=mask)
    if y.shape[-1] != architecture.latent_dim:
        y = (keras.layers.Dense if stock else Dense)(architecture.latent_dim, name="encoding")(y)
    return keras.Model([x, mask], y, name="encoder")


@own_generator()
def build_decoder(architecture, head, *, stock=False, made=None):
    """Return the network from [encoding (B, L), mask (B, T)] to sequences (B, T, F).

    That of a conditional decoder has a third input, the sequences to learn shifted by one timestep, (B, T, F).
    `made` is what the user's function gave, where the decoder is a function.
    """
    z, mask = keras.Input((architecture.latent_dim,), name="encoding"), _mask_input()
    inputs = [z, mask]
    if made:
        return keras.Model(inputs, at_steps(made(z), mask), name=f"{head}_decoder")
    y = z
    if architecture.decoder == "conditional":
        inputs.append(keras.Input((None, architecture.width(head)), name="previous"))
        y = keras.layers.Concatenate()([_repeat(z, mask), inputs[-1]])
    elif stock:
        y = _repeat(z, mask)
    for i, units in enumerate(reversed(architecture.units)):
        y = _recurrent(architecture, units, f"decoder_{i}", stock)(y, mask=mask)
    dense = keras.layers.Dense if stock else Dense
    y = dense(architecture.width(head), activation=architecture.output_activation, name="output")(y)
    return keras.Model(inputs, y, name=f"{head}_decoder")


@own_generator()
def build_free_decoder(architecture, head, *, stock=False, made=None):
    """Return the network from [encoding (B, L), mask (B, T)] to sequences (B, T, F) that reads no target.

    Keras has no layer that feeds its own output back, so that a conditional decoder is never all stock.
    """
    if architecture.decoder != "conditional":
        return build_decoder(architecture, head, stock=stock, made=made)
    z, mask = keras.Input((architecture.latent_dim,), name="encoding"), _mask_input()
    free = FreeRunning(
        architecture.units[::-1],
        architecture.width(head),
        cell=architecture.cell,
        activation=architecture.activation,
        output_activation=architecture.output_activation,
    )
    return keras.Model([z, mask], free(z, mask=mask), name=f"{head}_decoder")


def call_decoder_function(architecture, random_state=None):
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


def join(architecture, made):
    """Return the network that is trained, and its parts by name.

    Its inputs are `x`, `mask` and, for each decoder, `{head}_mask` and, where it is conditional, `{head}_previous`;
    its outputs are one (B, T, F) for each head.
    """
    encoder = build_encoder(architecture)
    inputs = {"x": encoder.inputs[0], "mask": encoder.inputs[1]}
    z = encoder(list(inputs.values()))
    parts, outputs = {"encoder": encoder}, {}
    for head in architecture.heads:
        decoder = parts[head] = build_decoder(architecture, head, made=made.get(head))
        for source in decoder.inputs[1:]:
            inputs[f"{head}_{source.name}"] = keras.Input(source.shape[1:], name=f"{head}_{source.name}")
        outputs[head] = decoder([z, *(inputs[f"{head}_{source.name}"] for source in decoder.inputs[1:])])
    return keras.Model(inputs, outputs, name="autoencoder"), parts


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


def _sequence_input(n_features):
    return keras.Input((None, n_features), name="x")


def _mask_input():
    return keras.Input((None,), name="mask")


def _recurrent(architecture, units, name, stock, bidirectional=False, *, sequences=True):
    options = {"activation": architecture.activation, "return_sequences": sequences, "name": name}
    if not stock:
        cell, dropout = architecture.cell, architecture.dropout
        return Recurrent(units, cell=cell, dropout=dropout, bidirectional=bidirectional, **options)
    layer = STOCK[architecture.cell](units, **options)
    return keras.layers.Bidirectional(layer, name=f"{name}_both") if bidirectional else layer


def _repeat(z, mask):
    """Return the encoding at every timestep of the mask: (B, T, L)."""
    return ops.expand_dims(z, 1) * ops.expand_dims(ops.cast(mask, "float32"), 2)


def at_steps(y, mask, *, reverse=False):
    """Return y at the mask's timesteps, or at each row's real timesteps in reverse: (B, T, F)."""
    mask = ops.cast(mask, "int32")
    steps = ops.cumsum(mask, axis=1) - 1
    if reverse:
        steps = ops.sum(mask, axis=1, keepdims=True) - 1 - steps
    return ops.take_along_axis(y, ops.expand_dims(ops.maximum(steps, 0), 2), axis=1)
