"""The ONNX models that inference runs: parts of a network, from scaled sequences with time on the first axis."""

import numpy as np

from .._layer_plan import layer_plan
from ._graph import Graph
from ._label_search import search_beams, search_greedily
from ._layers import dense, size, squared_distances
from ._networks import Context, add_part


def encoder_model(architecture, weights):
    """Return a model from `x` and `lengths` to `encodings` (N, E)."""
    return _encoder_model(architecture, weights, "encoding")


def latent_model(architecture, weights):
    """Return a model from `x` and `lengths` to `latent` vectors (N, L)."""
    return _encoder_model(architecture, weights, "latent")


def hidden_model(architecture, weights):
    """Return a model from `x` and `lengths` to the `hidden` states (P, N, D) of the top layer of an encoder."""
    graph = Graph()
    h, _ = _add_encoder(graph, architecture, weights)
    graph.output("hidden", h, np.float32, ["P", "N", "D"])
    return graph.model("hidden")


def inverse_model(architecture, weights):
    """Return a model from `encodings` (N, E) to `latent` vectors (N, L)."""
    return _map_model(architecture, weights, "inverse")


def readout_model(architecture, weights):
    """Return a model from `encodings` (N, E) to predictions (N, F)."""
    return _map_model(architecture, weights, "readout")


def distance_model(architecture, weights):
    """Return a model from `encodings` (N, S) to their `squared_distances` (N,)."""
    graph = Graph()
    encodings = graph.input("encodings", np.float32, ["N", len(weights["distance"][0])])
    graph.output("squared_distances", squared_distances(graph, encodings, *weights["distance"]), np.float32, ["N"])
    return graph.model("distance")


def decoder_model(architecture, weights, head):
    """Return a model from `latent` (N, L), `lengths` and `n_timesteps` to `decoded` (T, N, F); for rows, to (N, F)."""
    graph, part = Graph(), layer_plan(architecture)[head]
    context, axes = Context(graph), ["N"]
    z = graph.input("latent", np.float32, ["N", part.input_width])
    if not architecture.is_tabular:
        context.lengths = graph.input("lengths", np.int32, ["N"])
        context.n_timesteps, axes = graph.input("n_timesteps", np.int64, []), ["T", "N"]
    decoded = add_part(part, weights[head], z, context)
    graph.output("decoded", decoded, np.float32, [*axes, architecture.width(head)])
    return graph.model("decoder")


def label_model(architecture, weights):
    """Return a model from `x` and `lengths` to the `logits` (N, C) of one label for each sequence."""
    graph = Graph()
    h, context = _add_encoder(graph, architecture, weights)
    graph.output("logits", add_label(graph, architecture, weights, h, context), np.float32, ["N", "C"])
    return graph.model("label")


def greedy_model(architecture, weights):
    """Return a model from `x`, `lengths` and `n_steps` to the `class_indices` and `logits` of `search_greedily`."""
    graph, search = _begin_search(architecture, weights)
    class_indices, logits = search(search_greedily)
    graph.output("class_indices", class_indices, np.int64, ["S", "N"])
    graph.output("logits", logits, np.float32, ["S", "N", "C"])
    return graph.model("greedy_search")


def beam_model(architecture, weights, n_beams):
    """Return a model from `x`, `lengths` and `n_steps` to greedy sequences and the outputs of `search_beams`.

    The outputs of greedy search are its `class_indices` (S, N) and `log_p` (S, N, C), the log-probabilities.
    """
    graph, search = _begin_search(architecture, weights)
    class_indices, logits = search(search_greedily)
    graph.output("class_indices", class_indices, np.int64, ["S", "N"])
    graph.output("log_p", graph("LogSoftmax", logits, axis=2), np.float32, ["S", "N", "C"])
    dtypes = {"labels": np.int64, "parents": np.int64, "complete": np.float64}
    for (name, dtype), value in zip(dtypes.items(), search(search_beams, n_beams), strict=True):
        graph.output(name, value, dtype, ["S", "N", n_beams])
    return graph.model("beam_search")


def initial_states(graph, context):
    """Return the initial states of the decoder of labels, values (1, N, H): it mirrors the encoder."""
    layers = reversed(range(len(context.states)))
    return [graph("Unsqueeze", each, [0]) for i in layers for each in context.final_state(i)]


def add_encoding(graph, architecture, weights, name, h, context):
    """Return the encoding or the latent vector, given what the encoder returns: with pooling, its hidden states."""
    part = layer_plan(architecture).get(name)
    return add_part(part, weights[name], h, context) if part else h


def add_label(graph, architecture, weights, h, context):
    """Return the logits of one label for each sequence, given what the encoder returns."""
    encoding = add_encoding(graph, architecture, weights, "encoding", h, context)
    return dense(graph, encoding, *weights["readout" if architecture.readout else "label"])


def _map_model(architecture, weights, name):
    graph, part = Graph(), layer_plan(architecture)[name]
    encodings = graph.input("encodings", np.float32, ["N", part.input_width])
    graph.output(name, add_part(part, weights[name], encodings, Context(graph)), np.float32, ["N", "L"])
    return graph.model(name)


def _encoder_model(architecture, weights, name):
    graph = Graph()
    h, context = _add_encoder(graph, architecture, weights)
    graph.output(name, add_encoding(graph, architecture, weights, name, h, context), np.float32, ["N", "L"])
    return graph.model(name)


def _add_encoder(graph, architecture, weights):
    """Return the output of the encoder for new inputs `x` and `lengths`, and its `Context`."""
    part, context = layer_plan(architecture)["encoder"], Context(graph)
    if architecture.is_tabular:
        x = graph.input("x", np.float32, ["N", architecture.n_features])
    else:
        shape = ["T", "N"] if part.n_tokens else ["T", "N", architecture.n_features]
        x = graph.input("x", np.int64 if part.n_tokens else np.float32, shape)
        context.lengths = graph.input("lengths", np.int32, ["N"])
        context.n_timesteps = size(graph, x, 0)
    return add_part(part, weights["encoder"], x, context), context


def _begin_search(architecture, weights):
    """Return a graph with an encoder, and a function that adds a search from its final states."""
    graph = Graph()
    _, context = _add_encoder(graph, architecture, weights)
    states, n_steps = initial_states(graph, context), graph.input("n_steps", np.int64, [])
    part = layer_plan(architecture)["sequence"]
    return graph, lambda search, *options: search(
        graph, architecture, part, weights["sequence"], states, n_steps, *options
    )
