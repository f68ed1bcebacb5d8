"""Keras models of stock layers for users, in the units of the data, with the scaling inside."""

import keras
from keras import ops

from ._custom_decoders import build_custom_decoders
from ._initialization import own_generator
from ._missing import interpolate
from ._networks import at_steps, build_decoder, build_encoder, build_free_decoder, build_pool


def export_encoder(architecture, weights, scaling, outputs=("encoding",), *, missing="error"):
    """Return a model from [x (B, T, F), mask (B, T)], or rows x (B, F), to encodings, latent vectors or states.

    With pooling, the outputs are those with these names. With `missing="mask"`, x may hold NaN.
    """
    encoder = build_encoder(architecture, stock=True)
    encoder.set_weights(weights["encoder"])
    pooled = {name: weights[name] for name in outputs if name in weights}
    if pooled:
        encoder = _with_pools(encoder, architecture, pooled)
    x, *rest = _inputs(encoder)
    # shifted before it is scaled: in one step, large means would cancel in float32
    centred = keras.layers.Rescaling(1.0, (-scaling.mean).tolist(), name="centre")(x)
    scaled = keras.layers.Rescaling((1.0 / scaling.std).tolist(), name="scale")(centred)
    if missing == "mask":
        scaled = interpolate(scaled, *rest)
    return keras.Model(_one_or_all([x, *rest]), encoder(_one_or_all([scaled, *rest])), name="encoder")


def _with_pools(encoder, architecture, weights):
    """Return the encoder followed by statistics of its hidden states and their map, for each part in the weights."""
    inputs = _inputs(encoder)
    h, outputs = encoder(inputs), []
    for name, arrays in weights.items():
        n_arrays = 2 * (name == "latent" or architecture.n_encodings is not None)  # of the map
        network = build_pool(architecture, name, *arrays[: len(arrays) - n_arrays])
        network.set_weights(arrays[len(arrays) - n_arrays :])
        outputs.append(network([h, inputs[1]]))
    return keras.Model(inputs, _one_or_all(outputs), name="encoder")


def export_decoder(architecture, weights, output_scaling):
    """Return a model from what the encoder returns to sequences, rows or probabilities.

    Parameters
    ----------
    architecture : Architecture, Seq2SeqArchitecture or DenseArchitecture
    weights : dict of str to list of arrays
        Without "inverse", the model reads latent vectors in place of encodings, and for a readout both.
    output_scaling : function of str
        Returns the `Scaling` and the `TargetLayout` of a head's output.

    Returns
    -------
    keras.Model
    """
    if architecture.is_tabular:
        return _row_decoder(architecture, weights, output_scaling)
    if architecture.heads == ("sequence",):
        return _label_sequence_decoder(architecture, weights)
    if "label" in architecture.heads:
        return _label_decoder(architecture, weights)
    return _sequence_decoder(architecture, weights, output_scaling)


def export_model(encoder, decoder):
    """Return the encoder followed by the decoder: a model of the inputs of both."""
    inputs = _inputs(encoder)
    encoded = encoder(_one_or_all(inputs))
    decoder_inputs = _inputs(decoder)[len(encoder.outputs) :]
    by_name = {source.name: source for source in inputs}
    decoder_inputs = [by_name.get(source.name, source) for source in decoder_inputs]
    further = [source for source in decoder_inputs if source.name not in by_name]
    encoded = encoded if isinstance(encoded, list) else [encoded]
    outputs = decoder(_one_or_all([*encoded, *decoder_inputs]))
    return keras.Model(_one_or_all([*inputs, *further]), outputs, name="model")


def _sequence_decoder(architecture, weights, output_scaling):
    """Return a model from [encodings (B, L), mask (B, T)] to sequences (B, T', F), a dict of them for several heads.

    The mask is that of the encoded sequences. A head whose output lengths cannot be inferred from it has a mask
    (B, T') as a further input.
    """
    custom_decoders = build_custom_decoders(architecture)
    inputs, outputs = None, {}
    for head in architecture.heads:
        if head == "prediction" and architecture.readout:
            encoding = inputs[0]
            if "inverse" not in weights:
                encoding = keras.Input(weights["readout"][0].shape[:1], name="readout_input")
                inputs.insert(1, encoding)
            predicted = _dense(weights["readout"], "readout")(encoding)
            outputs[head] = _rescaled(ops.expand_dims(predicted, 1), output_scaling(head)[0], head)
            continue
        decoder = build_free_decoder(architecture, head, stock=True, custom_decoder=custom_decoders.get(head))
        decoder.set_weights(weights[head])
        if inputs is None:
            inputs = z, mask = _inputs(decoder)
            if "inverse" in weights:
                inputs[0] = keras.Input(weights["inverse"][0].shape[:1], name="encoding")
                z = _dense(weights["inverse"], "inverse")(inputs[0])
        scaling, layout = output_scaling(head)
        steps = _steps(mask, layout)
        if steps is None:
            steps = keras.Input((None,), name=f"{head}_mask")
            inputs.append(steps)
        decoded = decoder([z, steps])
        if head == "reconstruction" and architecture.reverse:
            decoded = at_steps(decoded, steps, reverse=True)
        outputs[head] = _rescaled(decoded, scaling, head)
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[architecture.heads[0]], name="decoder")


def _row_decoder(architecture, weights, output_scaling):
    """Return a model from encodings (B, L) to rows (B, F)."""
    decoder = build_decoder(architecture, "reconstruction", stock=True)
    decoder.set_weights(weights["reconstruction"])
    scaling, _ = output_scaling("reconstruction")
    (z,) = _inputs(decoder)
    return keras.Model(z, _rescaled(decoder(z), scaling, "reconstruction"), name="decoder")


def _label_decoder(architecture, weights):
    """Return a model from encodings (B, E) to probabilities (B, C)."""
    arrays = weights["readout" if architecture.readout else "label"]
    encoding = keras.Input(arrays[0].shape[:1], name="encoding")
    return keras.Model(encoding, ops.softmax(_dense(arrays, "label")(encoding)), name="decoder")


def _label_sequence_decoder(architecture, weights):
    """Return a model from the states of all layers and `previous` (B, H, 1) to probabilities (B, H, C)."""
    decoder = build_decoder(architecture, "sequence", stock=True)
    decoder.set_weights(weights["sequence"])
    *states, _, previous = _inputs(decoder)
    logits = decoder([*states, ops.ones_like(previous[:, :, 0]), previous])
    return keras.Model([*states, previous], ops.softmax(logits), name="decoder")


@own_generator()
def _dense(weights, name):
    """Return a linear dense layer with these weights."""
    layer = keras.layers.Dense(weights[0].shape[1], name=name)
    layer.build((None, weights[0].shape[0]))
    layer.set_weights(weights)
    return layer


def _rescaled(outputs, scaling, name):
    """Return outputs in the units of the data."""
    return keras.layers.Rescaling(scaling.std.tolist(), scaling.mean.tolist(), name=name)(outputs)


def _steps(mask, layout):
    """Return the mask (B, T') of the outputs for sequences with this mask; None where it cannot be inferred."""
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
    """Return the only tensor of a list of one: to Keras, a model of one input differs from a model of a list."""
    return tensors[0] if len(tensors) == 1 else tensors
