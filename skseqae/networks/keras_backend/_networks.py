"""Encoders, decoders, and the ways to join them.

Every network reads `[x, mask]`: sequences padded at the end, of shape (B, T, F), and a mask of shape (B, T) that is one
for real timesteps. No network knows T. Each is built of this package's layers, to be trained, or of stock Keras layers
with the same weights in the same order, to be given away.
"""

from functools import singledispatch

import keras
from keras import ops

from .._architectures import DenseArchitecture, Seq2SeqArchitecture
from ._initialization import own_generator
from ._layers import FreeRunning, Recurrent

STOCK = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@singledispatch
@own_generator()
def build_encoder(architecture, *, stock=False):
    """Return the network from [x (B, T, F), mask (B, T)] to an encoding (B, L), or whatever else a decoder reads."""
    x, mask = _sequence_input(architecture.n_features), _mask_input()
    y = x
    last = len(architecture.units) - 1
    for i, units in enumerate(architecture.units):
        layer = _recurrent(architecture, units, f"encoder_{i}", stock, architecture.bidirectional, sequences=i < last)
        y = layer(y, mask=mask)
    if y.shape[-1] != architecture.latent_dim:
        y = keras.layers.Dense(architecture.latent_dim, name="encoding")(y)
    return keras.Model([x, mask], y, name="encoder")


@singledispatch
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
    y = keras.layers.Dense(architecture.width(head), activation=architecture.output_activation, name="output")(y)
    return keras.Model(inputs, y, name=f"{head}_decoder")


@build_encoder.register
@own_generator()
def _(architecture: DenseArchitecture, *, stock=False):
    """Return the network from rows (B, 1, F), where it is stock (B, F), to encodings (B, L)."""
    x, mask = _sequence_input(architecture.n_features), _mask_input()
    inputs = keras.Input((architecture.n_features,), name="x") if stock else [x, mask]
    y = inputs if stock else x[:, 0]
    if architecture.noise:
        y = keras.layers.GaussianNoise(architecture.noise)(y)
    for i, width in enumerate(architecture.hidden_layer_sizes):
        y = keras.layers.Dense(width, activation=architecture.activation, name=f"encoder_{i}")(y)
    y = keras.layers.Dense(architecture.latent_dim, activation=architecture.latent_activation, name="encoding")(y)
    return keras.Model(inputs, y, name="encoder")


@build_decoder.register
@own_generator()
def _(architecture: DenseArchitecture, head, *, stock=False, made=None):
    """Return the network from encodings (B, L) to rows (B, 1, F), where it is stock (B, F)."""
    z, mask = keras.Input((architecture.latent_dim,), name="encoding"), _mask_input()
    y = z
    for i, width in enumerate(reversed(architecture.hidden_layer_sizes)):
        y = keras.layers.Dense(width, activation=architecture.activation, name=f"decoder_{i}")(y)
    y = keras.layers.Dense(architecture.n_features, activation=architecture.output_activation, name="output")(y)
    return keras.Model(z if stock else [z, mask], y if stock else y[:, None], name=f"{head}_decoder")


@build_encoder.register
@own_generator()
def _(architecture: Seq2SeqArchitecture, *, stock=False):
    """Return the network from [x (B, T, F), mask (B, T)] to the last h (B, D), or to the last states of all layers."""
    x, mask = _sequence_input(architecture.n_features), _mask_input()
    y, states = x, []
    if stock and architecture.n_tokens:
        y = ops.one_hot(ops.cast(x[:, :, 0], "int32"), architecture.n_tokens)
    for i, units in enumerate(architecture.units):
        n_tokens = architecture.n_tokens if i == 0 else None
        options = {"return_state": True, "n_tokens": n_tokens}
        layer = _recurrent(architecture, units, f"encoder_{i}", stock, architecture.bidirectional, **options)
        y, *state = layer(y, mask=mask)
        states += _joined(state) if stock and architecture.bidirectional else state
    outputs = states if architecture.heads == ("sequence",) else states[-architecture.n_states]
    return keras.Model([x, mask], outputs, name="encoder")


@build_decoder.register
@own_generator()
def _(architecture: Seq2SeqArchitecture, head, *, stock=False, made=None):
    """Return the network from what the encoder gives to logits: (B, 1, C), or (B, T', C) with two further inputs.

    Those are the mask (B, T') and the numbers of the classes to say shifted by one timestep, (B, T', 1).
    """
    mask = _mask_input()
    if head == "label":
        h = keras.Input((architecture.state_units[-1],), name="state")
        logits = keras.layers.Dense(architecture.n_outputs, name="output")(h)
        return keras.Model([h, mask], logits[:, None], name="label_decoder")
    previous = keras.Input((None, 1), name="previous")
    states = [
        [keras.Input((units,), name=f"state_{i}_{part}") for part in range(architecture.n_states)]
        for i, units in enumerate(architecture.state_units)
    ]
    y = previous
    if stock:
        y = ops.one_hot(ops.cast(previous[:, :, 0], "int32"), architecture.n_classes + 1)
    # the layers of the decoder mirror those of the encoder, from whose states they start
    for i, (units, state) in enumerate(zip(architecture.state_units[::-1], states[::-1], strict=True)):
        n_tokens = architecture.n_classes + 1 if i == 0 else None
        layer = _recurrent(architecture, units, f"decoder_{i}", stock, n_tokens=n_tokens)
        y = layer(y, mask=mask, initial_state=state)
    logits = keras.layers.Dense(architecture.n_outputs, name="output")(y)
    return keras.Model([*(part for state in states for part in state), mask, previous], logits, name="sequence_decoder")


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


def join(architecture, made):
    """Return the network that is trained, and its parts by name.

    Its inputs are `x`, `mask` and, for each decoder, `{head}_mask` and, where it is conditional, `{head}_previous`;
    its outputs are one (B, T, F) for each head.
    """
    encoder = build_encoder(architecture)
    inputs = {"x": encoder.inputs[0], "mask": encoder.inputs[1]}
    encoded = encoder(list(inputs.values()))
    encoded = encoded if isinstance(encoded, list) else [encoded]
    parts, outputs = {"encoder": encoder}, {}
    for head in architecture.heads:
        decoder = parts[head] = build_decoder(architecture, head, made=made.get(head))
        further = {f"{head}_{source.name}": source.shape[1:] for source in decoder.inputs[len(encoded) :]}
        inputs |= {name: keras.Input(shape, name=name) for name, shape in further.items()}
        outputs[head] = decoder([*encoded, *(inputs[name] for name in further)])
    return keras.Model(inputs, outputs, name="autoencoder"), parts


def _sequence_input(n_features):
    return keras.Input((None, n_features), name="x")


def _mask_input():
    return keras.Input((None,), name="mask")


def _recurrent(architecture, units, name, stock, bidirectional=False, *, sequences=True, **options):
    """Return a recurrent layer, of this package or a stock one; `options` are for `Recurrent`."""
    shared = {"activation": architecture.activation, "return_sequences": sequences, "name": name}
    if not stock:
        cell, dropout = architecture.cell, architecture.dropout
        return Recurrent(units, cell=cell, dropout=dropout, bidirectional=bidirectional, **shared, **options)
    layer = STOCK[architecture.cell](units, return_state=options.get("return_state", False), **shared)
    return keras.layers.Bidirectional(layer, name=f"{name}_both") if bidirectional else layer


def _joined(states):
    """Join the states of a stock bidirectional layer, forward ones first, into those of both directions."""
    half = len(states) // 2
    return [keras.layers.Concatenate()([states[i], states[half + i]]) for i in range(half)]


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
