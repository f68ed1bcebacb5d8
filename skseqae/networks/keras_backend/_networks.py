"""Keras networks, built from the layer plan.

Every network reads `[x, mask]`: sequences padded at the end, of shape (B, T, F), and a mask of shape (B, T) that is one
for real timesteps. No network knows T. Each is built of this package's layers, to be trained, or of stock Keras layers
with the same weights in the same order, to be exported.
"""

from dataclasses import dataclass, field

import keras
from keras import ops

from .. import _layer_plan as plan
from .._cells import CELLS
from .._layer_plan import layer_plan
from ._initialization import own_generator
from ._layers import FreeRunning, Recurrent
from ._statistics import pool


@own_generator()
def build_encoder(architecture, *, stock=False):
    """Return the network from [x (B, T, F), mask (B, T)] to what the decoders or `build_pool` read.

    That is the encoding (B, L), the final states of all layers, or with pooling all hidden states of the top layer
    (B, P, D), where P is the number of patches. A stock network of rows reads x (B, F) alone.
    """
    mask, is_row = _mask_input(), architecture.is_tabular and stock
    x = keras.Input((architecture.n_features,) if is_row else (None, architecture.n_features), name="x")
    context = Context(mask, stock)
    y = x[:, 0] if architecture.is_tabular and not stock else x
    y = add_layers(layer_plan(architecture)["encoder"], y, context)
    outputs = context.final_states if architecture.heads == ("sequence",) else y
    return keras.Model(x if is_row else [x, mask], outputs, name="encoder")


@own_generator()
def build_pool(architecture, name, thresholds=None):
    """Return the network from [hidden states (B, P, D), mask (B, T)] to latent vectors (B, L) or encodings (B, E)."""
    h, mask = keras.Input((None, architecture.hidden_width), name="hidden"), _mask_input()
    context = Context(mask[:, :: architecture.patch_size], stock=True, thresholds=thresholds)
    return keras.Model([h, mask], add_layers(layer_plan(architecture)[name], h, context), name=name)


@own_generator()
def build_decoder(architecture, head, *, stock=False, custom_decoder=None):
    """Return the network from [what the encoder returns, mask (B, T)] to sequences (B, T, F) or logits (B, T, C).

    One with teacher forcing has a third input, `previous`: the targets shifted by one timestep, (B, T, F), or (B, T, 1)
    for labels. Rows and single labels are sequences of one timestep; a stock network of rows reads and returns rows.
    """
    mask, (latent, previous) = _mask_input(), _decoder_inputs(architecture, head)
    inputs = [*latent, mask, *([] if previous is None else [previous])]
    if custom_decoder:
        return keras.Model(inputs, at_steps(custom_decoder(latent[0]), mask), name=f"{head}_decoder")
    initial_states = _by_layer(latent, architecture) if head == "sequence" else []
    context = Context(mask, stock, previous, initial_states)
    y = add_layers(layer_plan(architecture)[head], previous if head == "sequence" else latent[0], context)
    if architecture.is_tabular and stock:
        return keras.Model(latent[0], y, name=f"{head}_decoder")
    return keras.Model(inputs, y if len(y.shape) == 3 else y[:, None], name=f"{head}_decoder")


@own_generator()
def build_free_decoder(architecture, head, *, stock=False, custom_decoder=None):
    """Return the network from [encoding (B, L), mask (B, T)] to sequences (B, T, F) that reads no target.

    Keras has no layer that reads its own previous output, so that a conditional decoder is never built of stock layers
    alone.
    """
    part = layer_plan(architecture).get(head)
    if custom_decoder or not part.is_free_running:
        return build_decoder(architecture, head, stock=stock, custom_decoder=custom_decoder)
    z, mask = keras.Input((part.input_width,), name="encoding"), _mask_input()
    _, *recurrent, output = part.layers
    free = FreeRunning(
        [layer.units for layer in recurrent],
        output.units,
        cell=recurrent[0].cell,
        activation=recurrent[0].activation,
        output_activation=output.activation,
    )
    return keras.Model([z, mask], free(z, mask=mask), name=f"{head}_decoder")


def join(architecture, custom_decoders):
    """Return the network that is trained, and its parts by name.

    Its inputs are `x`, `mask` and, for each decoder, `{head}_mask` and, with teacher forcing, `{head}_previous`;
    its outputs are one (B, T, F) for each head.
    """
    encoder = build_encoder(architecture)
    inputs = {"x": encoder.inputs[0], "mask": encoder.inputs[1]}
    encoded = encoder(list(inputs.values()))
    parts, outputs = {"encoder": encoder}, {}
    if getattr(architecture, "pooling", ()):
        parts["latent"] = build_pool(architecture, "latent")
        encoded = parts["latent"]([encoded, inputs["mask"]])
    encoded = encoded if isinstance(encoded, list) else [encoded]
    for head in architecture.heads:
        decoder = parts[head] = build_decoder(architecture, head, custom_decoder=custom_decoders.get(head))
        further = {f"{head}_{source.name}": source.shape[1:] for source in decoder.inputs[len(encoded) :]}
        inputs |= {name: keras.Input(shape, name=name) for name, shape in further.items()}
        outputs[head] = decoder([*encoded, *(inputs[name] for name in further)])
    return keras.Model(inputs, outputs, name="autoencoder"), parts


# --- the layers of a plan ---------------------------------------------------------------------------------------------


@dataclass
class Context:
    """The further inputs of the layers, and their final states."""

    mask: object
    stock: bool
    previous: object = None
    initial_states: list = field(default_factory=list)  # by layer; those that are left
    final_states: list = field(default_factory=list)  # parts of the states of all layers, one after another
    varying: object = None  # time features (B, T, V) beside a latent vector
    thresholds: object = None  # of the shares that are pooled, (Q, D)

    def __post_init__(self):
        self.whole_mask = self.mask  # of timesteps, where `mask` is that of patches


def add_layers(part, y, context):
    """Return the output of all layers of a part."""
    for layer in part.layers:
        y = LAYERS[type(layer)](layer, y, context)
    return y


def _add_recurrent(layer, y, context):
    initial = {"initial_state": context.initial_states.pop(0)} if layer.has_initial_state else {}
    outputs = (_run_stock if context.stock else _run)(layer, y, context, **initial)
    if layer.output != "state":
        return outputs[0]
    y, *state = outputs
    context.final_states += state
    return y


def _run(layer, y, context, **initial):
    """Return the outputs of a layer that is trained, a list."""
    names = ("cell", "activation", "bidirectional", "dropout", "n_tokens", "n_groups", "name")
    options = {"return_sequences": layer.output != "last", "return_state": layer.output == "state"}
    built = Recurrent(layer.units, **{name: getattr(layer, name) for name in names}, **options)
    varying = {} if context.varying is None else {"varying": context.varying}
    context.varying = None
    outputs = built(y, mask=context.mask, **initial, **varying)
    return outputs if isinstance(outputs, list | tuple) else [outputs]


def _run_stock(layer, y, context, **initial):
    """Return the outputs of stock layers, one for each group of features, a list."""
    if layer.n_tokens:
        y = ops.one_hot(ops.cast(y[:, :, 0], "int32"), layer.n_tokens)
    options = {"activation": layer.activation, "return_sequences": layer.output != "last"}
    options["return_state"] = layer.output == "state"
    by_group = []
    for i, group in enumerate(ops.split(y, layer.n_groups, axis=-1) if layer.n_groups > 1 else [y]):
        name = f"{layer.name}_differences" if i else layer.name
        built = getattr(keras.layers, CELLS[layer.cell].keras_layer)(layer.units, name=name, **options)
        built = keras.layers.Bidirectional(built, name=f"{name}_both") if layer.bidirectional else built
        outputs = built(group, mask=context.mask, **initial)
        h, *state = outputs if isinstance(outputs, list | tuple) else [outputs]
        by_group.append([h, *(_joined(state) if layer.bidirectional else state)])
    return [_side_by_side(parts) for parts in zip(*by_group, strict=True)]


def _add_dense(layer, y, context):
    return keras.layers.Dense(layer.units, activation=layer.activation, name=layer.name)(y)


def _add_noise(layer, y, context):
    return keras.layers.GaussianNoise(layer.std)(y)


def _add_differences(layer, x, context):
    return ops.concatenate([x, ops.pad(x[:, 1:] - x[:, :-1], ((0, 0), (1, 0), (0, 0)))], axis=-1)


def _add_patch(layer, x, context):
    size, mask = layer.size, context.mask
    further = (0, size - 1)
    x = at_steps(ops.pad(x, ((0, 0), further, (0, 0))), ops.pad(mask, ((0, 0), further)))
    groups = ops.split(x, layer.n_groups, axis=-1) if layer.n_groups > 1 else [x]
    context.mask = mask[:, ::size]
    # the j-th timestep of each patch
    patches = [group[:, j : j + 1 - size or None : size] for group in groups for j in range(size)]
    return ops.concatenate(patches, axis=-1)


def _add_pool(layer, h, context):
    return pool(layer, h, context.mask, context.thresholds)


def _add_repeat(layer, y, context):
    context.mask = mask = context.mask[:, :: layer.patch_size]
    features = [time_features(mask)] if layer.time_features else []
    if context.stock:
        return _side_by_side([_repeat(y, mask), *features])
    # this package's layers read an input that is the same at each timestep, and others beside it
    context.varying = features[0] if features else None
    return y


def _add_unpatch(layer, y, context):
    steps = ops.cumsum(ops.ones_like(context.whole_mask[0], "int32")) - 1
    parts = ops.split(ops.take(y, steps // layer.size, axis=1), layer.size, axis=-1)
    place = (steps % layer.size)[:, None]
    y = sum(ops.where(ops.equal(place, j), part, 0.0) for j, part in enumerate(parts))
    return keras.layers.Activation(layer.activation, name="output_activation")(y)


def _add_feedback(layer, y, context):
    return keras.layers.Concatenate()([_repeat(y, context.mask), context.previous])


LAYERS = {
    plan.Recurrent: _add_recurrent,
    plan.Dense: _add_dense,
    plan.Noise: _add_noise,
    plan.Differences: _add_differences,
    plan.Patch: _add_patch,
    plan.Pool: _add_pool,
    plan.Repeat: _add_repeat,
    plan.Unpatch: _add_unpatch,
    plan.Feedback: _add_feedback,
}


# --- inputs and tensors -----------------------------------------------------------------------------------------------


def _decoder_inputs(architecture, head):
    """Return the inputs for what the encoder returns, and the one for shifted targets, or None."""
    previous = None
    if architecture.first_previous is not None:
        previous = keras.Input((None, architecture.width(head)), name="previous")
    if head == "sequence":
        states = [
            keras.Input((units,), name=f"state_{i}_{part}")
            for i, units in enumerate(architecture.state_units)
            for part in range(architecture.n_states)
        ]
        return states, previous
    return [keras.Input((architecture.latent_dim,), name="encoding")], previous


def _by_layer(states, architecture):
    """Return the parts of states layer by layer, in the order of the decoder, which mirrors the encoder."""
    n = architecture.n_states
    return [states[i : i + n] for i in range(0, len(states), n)][::-1]


def _mask_input():
    return keras.Input((None,), name="mask")


def time_features(mask):
    """Return the Chebyshev polynomials of the position of each timestep, from -1 to 1, as the plan describes them."""
    steps = ops.cumsum(mask, axis=1)
    v = 2.0 * (steps - 1.0) / ops.maximum(steps[:, -1:] - 1.0, 1.0) - 1.0
    polynomials = [ops.ones_like(v), v]
    while len(polynomials) <= plan.N_TIME_FEATURES:
        polynomials.append(2.0 * v * polynomials[-1] - polynomials[-2])
    return ops.stack(polynomials[1:], axis=-1)


def _side_by_side(tensors):
    return ops.concatenate(tensors, axis=-1) if len(tensors) > 1 else tensors[0]


def _joined(states):
    """Join the states of a stock bidirectional layer, forward ones first, into those of both directions."""
    half = len(states) // 2
    return [keras.layers.Concatenate()([states[i], states[half + i]]) for i in range(half)]


def _repeat(z, mask):
    """Return the encoding at each timestep of the mask: (B, T, L)."""
    return ops.expand_dims(z, 1) * ops.expand_dims(ops.cast(mask, "float32"), 2)


def at_steps(y, mask, *, reverse=False):
    """Return y at the mask's timesteps, or at each row's real timesteps in reverse: (B, T, F)."""
    # the number of each timestep, on padding that of the last real one: (B, T, 1)
    steps = ops.maximum(ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1, 0)[:, :, None]
    if reverse:
        steps = ops.maximum(ops.sum(ops.cast(mask, "int32"), axis=1)[:, None, None] - 1 - steps, 0)
    return ops.take_along_axis(y, steps, axis=1)
