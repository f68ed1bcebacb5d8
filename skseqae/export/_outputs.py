"""The outputs of each estimator as nodes of an ONNX graph, with the scaling inside."""

import numpy as np
from sklearn.frozen import FrozenEstimator

from ..estimators._autoencoder import LSTMAutoencoderTransformer
from ..networks._layer_plan import layer_plan
from ..networks.onnx_backend._label_search import search_greedily
from ..networks.onnx_backend._layers import LAST, size, squared_distances, zero_padding
from ..networks.onnx_backend._missing import interpolate
from ..networks.onnx_backend._models import add_encoding, add_label, initial_states
from ..networks.onnx_backend._networks import Context, add_part

TENSOR_TYPES = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64, "U": object}
KEYS = {"i": "keys_int64s", "u": "keys_int64s", "U": "keys_strings"}


# --- autoencoders of sequences ----------------------------------------------------------------------------------------


def autoencoder_outputs(estimator):
    """Return the names of all outputs of an autoencoder."""
    return ("encodings", *estimator._fitted.architecture.heads, *["scores"] * hasattr(estimator, "score_samples"))


def add_autoencoder(graph, estimator, requested, detector=None):
    """Add the outputs of a recurrent autoencoder, and of a detector around it."""
    state = estimator._fitted
    x, lengths = _add_sequences(graph, state)
    n_timesteps = size(graph, x, 0)
    encoder = layer_plan(state.architecture)["encoder"]
    context = Context(graph, lengths, n_timesteps)
    h = add_part(encoder, state.weights["encoder"], _without_missing(graph, state, x, lengths), context)
    distance = getattr(detector, "_distance", None)
    is_scored = bool({"scores", "labels"} & set(requested))
    scored = state.architecture.heads[:1] if is_scored and distance is None else ()
    heads = [head for head in state.architecture.heads if head in {*requested, *scored}]
    read_out = {"prediction"} & {*heads} if state.architecture.readout else set()

    def add(name):
        return add_encoding(graph, state.architecture, state.weights, name, h, context)

    encodings = add("encoding") if "encodings" in requested or read_out else None
    latent = add("latent") if {*heads} - read_out else None
    if "encodings" in requested:
        _add_encodings(graph, state, encodings)
    decoded = {
        head: _decode(graph, state, head, encodings if head in read_out else latent, lengths, n_timesteps)
        for head in heads
    }
    for head in decoded:
        if head in requested:
            _add_decoded(graph, state, head, *decoded[head])
    if scored:
        _add_scores(graph, graph("Neg", _error(graph, state, x, *decoded[scored[0]])), requested, detector)
    elif is_scored:
        _add_scores(graph, graph("Neg", _distance(graph, state, h, context, distance)), requested, detector)


def _decode(graph, state, head, z, lengths, n_timesteps):
    """Return the output of a decoder for latent vectors, or encodings: (S, N, F), scaled, and `_output_steps`."""
    architecture = state.architecture
    if callable(architecture.decoder):
        raise ValueError(
            f"{head!r} is computed by a custom decoder, decoder={architecture.decoder!r}, which cannot be exported: "
            "outputs=['encodings'] exports the encoder alone."
        )
    _, layout = state.output_scaling(head)
    steps = _output_steps(graph, head, layout, lengths, n_timesteps)
    lengths, n_timesteps, *_ = steps
    if head == "prediction" and architecture.readout:
        decoded = add_part(layer_plan(architecture)["readout"], state.weights["readout"], z, Context(graph))
        return graph("Unsqueeze", decoded, [0]), steps
    part = layer_plan(architecture)[head]
    decoded = add_part(part, state.weights[head], z, Context(graph, lengths, n_timesteps))
    if head == "reconstruction" and architecture.reverse:
        decoded = graph("ReverseSequence", decoded, lengths, time_axis=0, batch_axis=1)
    return decoded, steps


def _output_steps(graph, head, layout, lengths, n_timesteps):
    """Return the lengths of a decoder's output, their maximum, the name of that dimension, and a description."""
    if layout.length is not None:
        shape = graph("Shape", lengths)
        return graph("Expand", layout.length, shape), layout.length, layout.length, str(layout.length)
    if layout.length_offset is None:
        name = f"{head}_lengths"
        lengths = graph.input(name, np.int64, ["N"], f"timesteps of each {head}, at least 0")
        return lengths, graph("ReduceMax", lengths, keepdims=0), "H", name
    if layout.length_offset == 0:
        return lengths, n_timesteps, "T", "lengths"
    lengths, n_timesteps = (
        graph("Max", graph("Add", each, layout.length_offset), 0) for each in (lengths, n_timesteps)
    )
    return lengths, n_timesteps, "H", f"max(lengths {layout.length_offset:+d}, 0)"


def _add_decoded(graph, state, head, decoded, steps):
    """Add the output of a decoder, in the units of the data, with zeros on padding."""
    scaling, layout = state.output_scaling(head)
    lengths, n_timesteps, dimension, meaning = steps
    decoded, shape = _unscale(graph, decoded, scaling), ["N", dimension, state.architecture.width(head)]
    if layout.target_type != "sequences":
        decoded, shape = graph("Squeeze", decoded, [0]), shape[::2]
        if layout.target_type == "number":
            decoded, shape = graph("Squeeze", decoded, [1]), shape[:1]
        graph.output(head, decoded, np.float32, shape, "the output of predict")
        return
    decoded = graph("Transpose", zero_padding(graph, decoded, lengths, n_timesteps), perm=[1, 0, 2])
    graph.output(head, decoded, np.float32, shape, f"{meaning} timesteps of each sequence, then zeros")


def _error(graph, state, x, decoded, steps):
    """Return the mean squared error of the decoded timesteps: (N,)."""
    lengths, n_timesteps, *_ = steps
    n_missing = graph("Sub", size(graph, x, 0), n_timesteps)  # the first timestep, if each next one is predicted
    x = graph("Slice", x, graph("Reshape", n_missing, [1]), [LAST], [0])
    units = (state.input.scaling.std / state.input.feature_std).astype(np.float32)
    errors = zero_padding(graph, graph("Mul", graph("Sub", x, decoded), units), lengths, n_timesteps)
    count = graph("Mul", lengths, len(units))
    if state.input.missing == "mask":
        is_missing = graph("IsNaN", errors)
        errors = graph("Where", is_missing, np.float32(0), errors)
        count = graph("Sub", count, graph("ReduceSum", graph.cast(is_missing, np.int64), [0, 2], keepdims=0))
    total = graph("ReduceSum", graph("Mul", errors, errors), [0, 2], keepdims=0)
    return graph("Div", total, graph.cast(graph("Max", count, 1), np.float32))


def _distance(graph, state, h, context, distance):
    """Return the squared distance of the statistics of hidden states from the training set: (N,)."""
    state = state.unmapped
    rows = add_encoding(graph, state.architecture, state.weights, "encoding", h, context)
    return squared_distances(graph, rows, distance.mean, distance.scale, distance.components)


def _add_scores(graph, scores, requested, detector):
    """Add the scores, and their comparison with the threshold of a detector."""
    if "scores" in requested:
        graph.output("scores", scores, np.float32, ["N"], "the output of score_samples")
    if "labels" in requested:
        labels = graph("Where", graph("Less", scores, np.float32(detector.offset_)), -1, 1)
        graph.output("labels", labels, np.int64, ["N"], "-1 for outliers, 1 for inliers")


# --- outlier detectors ------------------------------------------------------------------------------------------------


def detector_outputs(detector):
    """Return the names of all outputs of an outlier detector."""
    return (*autoencoder_outputs(_autoencoder_of(detector)), "labels")


def add_detector(graph, detector, requested):
    """Add the outputs of an outlier detector."""
    add_autoencoder(graph, _autoencoder_of(detector), requested, detector)


def _autoencoder_of(detector):
    """Return the autoencoder of a detector, also if it is wrapped in a `FrozenEstimator`."""
    estimator = detector.estimator_
    autoencoder = estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator
    if type(autoencoder) is not LSTMAutoencoderTransformer:
        raise TypeError(f"Of a SequenceOutlierDetector around {estimator!r}, export the fitted autoencoder inside.")
    return autoencoder


# --- autoencoders of rows ---------------------------------------------------------------------------------------------


def dense_outputs(estimator):
    """Return the names of all outputs of a dense autoencoder."""
    return ("encodings", "reconstruction")


def add_dense(graph, estimator, requested):
    """Add the outputs of a dense autoencoder."""
    state, plan = estimator._fitted, layer_plan(estimator._fitted.architecture)
    scaling, shape = state.input.scaling, ["N", state.architecture.n_features]
    x = _scale(graph, graph.input("x", np.float32, shape, "rows, in the units of the training data"), scaling)
    z = add_part(plan["encoder"], state.weights["encoder"], x, Context(graph))
    if "encodings" in requested:
        _add_encodings(graph, state, z)
    if "reconstruction" in requested:
        decoded = add_part(plan["reconstruction"], state.weights["reconstruction"], z, Context(graph))
        graph.output("reconstruction", _unscale(graph, decoded, scaling), np.float32, shape, "the reconstruction of x")


# --- classifiers ------------------------------------------------------------------------------------------------------


def classifier_outputs(classifier):
    """Return the names of all outputs of a classifier."""
    has_lengths = classifier._fitted.target.label_type == "list"
    return ("labels", "probabilities", *["label_lengths"] * has_lengths)


def add_classifier(graph, classifier, requested):
    """Add the outputs of a classifier."""
    state = classifier._fitted
    x, lengths = _add_sequences(graph, state)
    context = Context(graph, lengths, size(graph, x, 0))
    encoder = layer_plan(state.architecture)["encoder"]
    encoded = add_part(encoder, state.weights["encoder"], _without_missing(graph, state, x, lengths), context)
    if state.architecture.heads != ("sequence",):
        _add_label(graph, state, encoded, context, requested)
    else:
        _add_label_sequence(graph, classifier, initial_states(graph, context), requested)


def _add_label(graph, state, h, context, requested):
    """Add one label for each sequence, given what the encoder returns."""
    logits, classes = add_label(graph, state.architecture, state.weights, h, context), state.target.classes
    if "labels" in requested:
        tensor = _as_tensor(classes, TENSOR_TYPES, "classes_")
        labels = graph("Gather", tensor, graph("ArgMax", logits, axis=1, keepdims=0))
        graph.output("labels", labels, tensor.dtype, ["N"], "the output of predict")
    if "probabilities" in requested:
        shape = ["N", len(classes)]
        graph.output("probabilities", graph("Softmax", logits), np.float32, shape, "the output of predict_proba")


def _add_label_sequence(graph, classifier, states, requested):
    """Add a sequence of labels for each sequence, from the initial states (1, N, H) of the decoder."""
    if classifier.num_beams > 1 and "labels" in requested:
        raise ValueError(
            f"num_beams={classifier.num_beams} is beam search, which cannot be exported: set num_beams=1 for greedy "
            "search."
        )
    state, architecture = classifier._fitted, classifier._fitted.architecture
    part, n_steps, n_classes = layer_plan(architecture)["sequence"], classifier._n_steps, architecture.n_classes
    class_indices, logits = search_greedily(graph, architecture, part, state.weights["sequence"], states, n_steps)
    is_label, dimension = graph("Less", class_indices, n_classes), "H" if architecture.has_end else n_steps
    if "labels" in requested:
        classes = _as_tensor(state.target.classes, TENSOR_TYPES, "classes_")
        classes = np.append(classes, np.array([""], object) if classes.dtype == object else np.zeros_like(classes[:1]))
        labels = graph("Gather", classes, graph("Transpose", class_indices, perm=[1, 0]))
        meaning = "label_lengths labels, then empty strings or zeros"
        graph.output("labels", labels, classes.dtype, ["N", dimension], meaning)
    if "probabilities" in requested:
        probabilities = graph("Softmax", graph("Slice", logits, [0], [n_classes], [2]))
        probabilities = graph("Where", graph("Unsqueeze", is_label, [2]), probabilities, np.float32(0))
        probabilities, shape = graph("Transpose", probabilities, perm=[1, 0, 2]), ["N", dimension, n_classes]
        graph.output("probabilities", probabilities, np.float32, shape, "label_lengths of each sequence, then zeros")
    if "label_lengths" in requested:
        lengths = graph("ReduceSum", graph.cast(is_label, np.int64), [0], keepdims=0)
        graph.output("label_lengths", lengths, np.int64, ["N"], "number of labels of each sequence")


OUTPUTS = {
    "CompositeSequenceRegressor": (autoencoder_outputs, add_autoencoder),
    "DenseAutoencoderTransformer": (dense_outputs, add_dense),
    "LSTMAutoencoderTransformer": (autoencoder_outputs, add_autoencoder),
    "Seq2SeqClassifier": (classifier_outputs, add_classifier),
    "SequenceOutlierDetector": (detector_outputs, add_detector),
}


# --- inputs and units -------------------------------------------------------------------------------------------------


def _add_sequences(graph, state):
    """Return the inputs: scaled x (T, N, F), or the indices of tokens (T, N), and lengths (N,).

    Where values may be missing, NaN stays in x.
    """
    lengths_input = ["lengths", np.int64, ["N"], "timesteps of each sequence, from 0 to T"]
    vocabulary = state.input.vocabulary
    if vocabulary is not None:
        tensor = _as_tensor(vocabulary, KEYS, "vocabulary_")
        x = graph.input("x", tensor.dtype, ["N", "T"], "tokens, padded at the end")
        lengths = graph.input(*lengths_input)
        keys = {KEYS[vocabulary.dtype.kind]: tensor.tolist()}
        values = {"values_int64s": range(len(tensor)), "default_int64": len(tensor)}
        return graph("LabelEncoder", graph("Transpose", x, perm=[1, 0]), domain="ai.onnx.ml", **keys, **values), lengths
    shape = ["N", "T", state.architecture.n_features]
    x = graph.input("x", np.float32, shape, "sequences, in the units of the training data, padded at the end")
    lengths = graph.input(*lengths_input)
    x = _scale(graph, graph("Transpose", x, perm=[1, 0, 2]), state.input.scaling)
    return zero_padding(graph, x, lengths, size(graph, x, 0)), lengths


def _without_missing(graph, state, x, lengths):
    """Return scaled x as the encoder reads it: without missing values."""
    return interpolate(graph, x, lengths) if state.input.missing == "mask" else x


def _scale(graph, x, scaling):
    """Return x in scaled units."""
    if (scaling.std < np.finfo(np.float32).tiny).any():
        feature = int(scaling.std.argmin())
        raise ValueError(
            f"Feature {feature} has a standard deviation of {scaling.std[feature]:g}, which is too small for float32: "
            "rescale that feature before fitting."
        )
    # the mean in two parts: rounded to one float32, a large mean would cost the digits of small differences
    mean = scaling.mean.astype(np.float32)
    rest = (scaling.mean - mean).astype(np.float32)
    return graph("Div", graph("Sub", graph("Sub", x, mean), rest), scaling.std.astype(np.float32))


def _unscale(graph, x, scaling):
    """Return x in the units of the data."""
    scaled = graph("Mul", x, scaling.std.astype(np.float32))
    return graph("Add", scaled, scaling.mean.astype(np.float32))


def _add_encodings(graph, state, z):
    graph.output("encodings", z, np.float32, ["N", state.architecture.encoding_width], "the output of transform")


def _as_tensor(tokens, types, name):
    """Return tokens or labels in a type of ONNX; refuse those without such a type."""
    kind = tokens.dtype.kind
    tensor = tokens.astype(TENSOR_TYPES[kind]) if kind in types else None
    if tensor is None or (tensor != tokens).any():
        raise ValueError(
            f"{name} holds {tokens[:3].tolist()} and the like, of type {tokens.dtype}, which ONNX has no type for: "
            "use strings or integers."
        )
    return tensor
