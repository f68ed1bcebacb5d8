"""Keras models of stock layers to give away, in the data's own units, with the scaling inside."""

import keras

from ._networks import at_steps, build_encoder, build_free_decoder, call_decoder_function


def stock_encoder(architecture, weights, scaling):
    """Return a model from [x (B, T, F), mask (B, T)] to encodings (B, L)."""
    encoder = build_encoder(architecture, stock=True)
    encoder.set_weights(weights["encoder"])
    x, mask = _inputs(encoder)
    # shifted before it is scaled: in one step, large means would cancel in float32
    centred = keras.layers.Rescaling(1.0, (-scaling.mean).tolist(), name="centre")(x)
    scaled = keras.layers.Rescaling((1.0 / scaling.std).tolist(), name="scale")(centred)
    return keras.Model([x, mask], encoder([scaled, mask]), name="encoder")


def stock_decoder(architecture, weights, scaling):
    """Return a model from [encodings (B, L), mask (B, T)] to sequences (B, T, F), a dict of them for several heads.

    The mask is that of what was encoded: of predictions there are T - 1.
    """
    made = call_decoder_function(architecture)
    inputs, outputs = None, {}
    for head in architecture.heads:
        decoder = build_free_decoder(architecture, head, stock=True, made=made.get(head))
        decoder.set_weights(weights[head])
        inputs = inputs or _inputs(decoder)
        z, mask = inputs
        decoded = decoder([z, mask[:, 1:] if head == "prediction" else mask])
        if head == "reconstruction" and architecture.reverse:
            decoded = at_steps(decoded, mask, reverse=True)
        outputs[head] = keras.layers.Rescaling(scaling.std.tolist(), scaling.mean.tolist(), name=head)(decoded)
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[architecture.heads[0]], name="decoder")


def stock_model(encoder, decoder):
    """Return the two in a row, a model of [x (B, T, F), mask (B, T)]."""
    x, mask = _inputs(encoder)
    return keras.Model([x, mask], decoder([encoder([x, mask]), mask]), name="autoencoder")


def _inputs(model):
    return [keras.Input(source.shape[1:], name=source.name) for source in model.inputs]
