"""Keras models of stock layers to give away, in the data's own units, with the scaling inside."""

from functools import singledispatch

import keras
from keras import ops

from .._architectures import DenseArchitecture, Seq2SeqArchitecture
from ._custom_decoders import build_custom_decoders
from ._networks import at_steps, build_decoder, build_encoder, build_free_decoder


def export_encoder(architecture, weights, scaling):
    """Return a model from [x (B, T, F), mask (B, T)], or rows x (B, F), to what the decoders read."""
    encoder = build_encoder(architecture, stock=True)
    encoder.set_weights(weights["encoder"])
    x, *rest = _inputs(encoder)
    # shifted before it is scaled: in one step, large means would cancel in float32
    centred = keras.layers.Rescaling(1.0, (-scaling.mean).tolist(), name="centre")(x)
    scaled = keras.layers.Rescaling((1.0 / scaling.std).tolist(), name="scale")(centred)
    return keras.Model(_one_or_all([x, *rest]), encoder(_one_or_all([scaled, *rest])), name="encoder")


@singledispatch
def export_decoder(architecture, weights, says):
    """Return a model from [encodings (B, L), mask (B, T)] to sequences (B, T', F), a dict of them for several heads.

    The mask is that of what was encoded. `says` gives the scaling and the `TargetLayout` of what a head says; one whose
    lengths follow no rule has a mask (B, T') of its own, a further input.
    """
    made = build_custom_decoders(architecture)
    inputs, outputs = None, {}
    for head in architecture.heads:
        decoder = build_free_decoder(architecture, head, stock=True, made=made.get(head))
        decoder.set_weights(weights[head])
        inputs = inputs or _inputs(decoder)
        scaling, layout = says(head)
        z, mask = inputs[:2]
        steps = _steps(mask, layout)
        if steps is None:
            steps = keras.Input((None,), name=f"{head}_mask")
            inputs.append(steps)
        decoded = decoder([z, steps])
        if head == "reconstruction" and architecture.reverse:
            decoded = at_steps(decoded, steps, reverse=True)
        outputs[head] = keras.layers.Rescaling(scaling.std.tolist(), scaling.mean.tolist(), name=head)(decoded)
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[architecture.heads[0]], name="decoder")


@export_decoder.register
def _(architecture: DenseArchitecture, weights, says):
    """Return a model from encodings (B, L) to rows (B, F)."""
    decoder = build_decoder(architecture, "reconstruction", stock=True)
    decoder.set_weights(weights["reconstruction"])
    scaling, _ = says("reconstruction")
    (z,) = _inputs(decoder)
    decoded = keras.layers.Rescaling(scaling.std.tolist(), scaling.mean.tolist(), name="reconstruction")(decoder(z))
    return keras.Model(z, decoded, name="decoder")


@export_decoder.register
def _(architecture: Seq2SeqArchitecture, weights, says):
    """Return a model from h (B, D) to probabilities (B, C), or from all states and `previous` to (B, H, C)."""
    (head,) = architecture.heads
    decoder = build_decoder(architecture, head, stock=True)
    decoder.set_weights(weights[head])
    if head == "label":
        h, _ = _inputs(decoder)
        logits = decoder([h, ops.ones_like(h[:, :1])])
        return keras.Model(h, ops.softmax(logits[:, 0]), name="decoder")
    *states, _, previous = _inputs(decoder)
    logits = decoder([*states, ops.ones_like(previous[:, :, 0]), previous])
    return keras.Model([*states, previous], ops.softmax(logits), name="decoder")


def export_model(encoder, decoder):
    """Return the two in a row, a model of what the encoder reads and of what else the decoder does."""
    inputs = _inputs(encoder)
    encoded = encoder(_one_or_all(inputs))
    read = _inputs(decoder)[len(encoder.outputs) :]
    known = {source.name: source for source in inputs}
    read = [known.get(source.name, source) for source in read]
    further = [source for source in read if source.name not in known]
    encoded = encoded if isinstance(encoded, list) else [encoded]
    return keras.Model(_one_or_all([*inputs, *further]), decoder(_one_or_all([*encoded, *read])), name="model")


def _steps(mask, layout):
    """Return the mask (B, T') of what is said of sequences with this mask, None where no rule gives it."""
    if layout.length is not None:
        return ops.repeat(ops.ones_like(mask[:, :1]), layout.length, axis=1)
    if layout.length_offset is None:
        return None
    if layout.length_offset < 0:
        return mask[:, -layout.length_offset :]
    return ops.pad(mask, ((0, 0), (layout.length_offset, 0)), constant_values=1.0)


def _inputs(model):
    return [keras.Input(source.shape[1:], name=source.name) for source in model.inputs]


def _one_or_all(tensors):
    """Return the only tensor of a list of one: Keras tells a model of one input from a model of a list."""
    return tensors[0] if len(tensors) == 1 else tensors
