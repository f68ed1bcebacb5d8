"""Fitted estimators as ONNX files, which are served without this package and what trained them."""

import json
import os
from functools import singledispatch

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import validate_params
from sklearn.utils.validation import check_is_fitted

from .._version import __version__
from ..estimators._autoencoder import LSTMAutoencoderTransformer
from ..estimators._dense import DenseAutoencoderTransformer
from ..estimators._outlier import SequenceOutlierDetector
from ..estimators._seq2seq import Seq2SeqClassifier
from ..networks.numpy_backend._layers import split_layer_weights
from ..networks.onnx_backend._graph import Graph
from ..networks.onnx_backend._layers import (
    decode_free_running,
    decode_repeat,
    dense,
    dense_layers,
    embed,
    join_state,
    run_layers,
    search_greedily,
    size,
    zero_padding,
)
from ..persistence._estimators import CLASSES
from ..runtime._atomic_write import write_file

LABEL_TYPES = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64, "U": object}
KEYS = {"i": "keys_int64s", "u": "keys_int64s", "U": "keys_strings"}


@validate_params({"path": [str, os.PathLike], "outputs": [list, tuple, None]}, prefer_skip_nested_validation=True)
def export_onnx(estimator, path, *, outputs=None):
    """Write what a fitted estimator computes into an ONNX file, to be served by ONNX Runtime alone.

    The file needs neither this package nor TensorFlow. It holds ONNX' own recurrent operators, which read sequences of
    their own lengths, for any number of them and of timesteps, with the scaling inside. Outputs differ from what the
    estimator says of the same float32 data by rounding, some 1e-6. The file is replaced in one step; whatever goes
    wrong, the old one stays.

    Parameters
    ----------
    estimator : estimator
        Fitted, of one of the classes of this package that train, or a `SequenceOutlierDetector` around one of them.
    path : str or path-like
        The file. Its folder must be there, and be writable.
    outputs : list of str, default=None
        What the file computes, at each run all of it: for an encoder alone ["encodings"]. None: all that there is.

    Raises
    ------
    TypeError
        If it is no such estimator.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    ValueError
        If there is no such output, or what computes it cannot be exported: a decoder that is a function, beam search,
        symbols or labels that are neither strings nor numbers, a feature whose standard deviation float32 does not
        hold.
    ImportError
        If onnx is not installed.
    OSError
        If the file cannot be written.

    See Also
    --------
    save : A file to go on from, in Python.

    Notes
    -----
    Inputs, in the data's own units:

    - `x`, float32 (N, T, F): padded at the end with anything, NaN too. For a `Seq2SeqClassifier` of symbols (N, T),
      int64 or strings; one that is not in `vocabulary_` is read as none of them. For a `DenseAutoencoderTransformer`
      rows, (N, F).
    - `lengths`, int64 (N,): timesteps of each sequence, from 0 to T; not for rows.
    - `prediction_lengths`, int64 (N,): where `predict` asks for `n_timesteps`, those.

    Outputs, float32, with zeros on padding:

    - `encodings` (N, L): those of `transform`.
    - `reconstruction` (N, T, F): those of `reconstruct`; for rows (N, F).
    - `prediction`: those of `predict`, (N,), (N, K) or (N, H, D), in the units of y; of a `LSTMAutoencoderTransformer`
      those of `predict_next`.
    - `scores` (N,): those of `score_samples`.
    - `labels` (N,) or (N, H): those of `predict`, strings, int64, bool or float64. Sequences that say their end are
      followed by empty strings or zeros, and `label_lengths`, int64 (N,), says how many are theirs. Of a detector -1 or
      1, where rounding may decide about a score at the threshold.
    - `probabilities` (N, C) or (N, H, C): those of `predict_proba`.

    Where `activation` is "relu" or "linear", states may grow with each timestep, and rounding with them.

    Nothing is checked at run time: what an estimator refuses, such as NaN in a sequence, gives numbers without meaning.
    The metadata hold `skseqae_version` and `estimator`, the class, and as JSON `feature_names`, `classes` and
    `vocabulary` where the estimator has those.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import onnxruntime
    >>> import skseqae
    >>> from skseqae.datasets import make_waves
    >>> X, _ = make_waves(20, lengths=(5, 9), random_state=0)
    >>> encoder = skseqae.LSTMAutoencoderTransformer(latent_dim=4, epochs=1, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "waves.onnx")
    ...     skseqae.export_onnx(encoder, path, outputs=["encodings"])
    ...     session = onnxruntime.InferenceSession(path)
    >>> x = np.zeros((20, 9, 1), np.float32)
    >>> for row, sequence in zip(x, X):
    ...     row[: len(sequence)] = sequence
    >>> (encodings,) = session.run(None, {"x": x, "lengths": [len(sequence) for sequence in X]})
    >>> bool(np.abs(encodings - encoder.transform(X)).max() < 1e-5)
    True
    """
    name = type(estimator).__name__
    if CLASSES.get(name) is not type(estimator):
        raise TypeError(
            f"estimator must be one of {sorted(CLASSES)}, and no other class or subclass, got {estimator!r}. Of a "
            "pipeline or a search export the fitted one inside, and take the steps before it when it is served."
        )
    check_is_fitted(estimator)
    known = outputs_of(estimator)
    wanted = known if outputs is None else outputs
    if not wanted or not set(wanted) <= set(known):
        raise ValueError(f"outputs must be some of {list(known)}, or None for all of them, got {outputs!r}.")
    graph = Graph()
    add_outputs(estimator, graph, wanted)
    write_file(path, graph.model(name, __version__, _metadata(estimator)))


def _autoencoder_of(detector):
    """Return the autoencoder of a detector, also from within a `FrozenEstimator`."""
    estimator = detector.estimator_
    autoencoder = estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator
    if type(autoencoder) is not LSTMAutoencoderTransformer:
        raise TypeError(f"Of a SequenceOutlierDetector around {estimator!r}, export the fitted autoencoder inside.")
    return autoencoder


@singledispatch
def outputs_of(estimator):
    """Return the names of all that can be computed."""
    return ("encodings", *estimator._architecture.heads, *["scores"] * hasattr(estimator, "score_samples"))


@outputs_of.register
def _(detector: SequenceOutlierDetector):
    return (*outputs_of(_autoencoder_of(detector)), "labels")


@outputs_of.register
def _(classifier: Seq2SeqClassifier):
    return ("labels", "probabilities", *["label_lengths"] * classifier._architecture.has_end)


@singledispatch
def add_outputs(estimator, graph, wanted):
    """Add all that computes the outputs which are wanted."""
    _add_recurrent(graph, estimator, wanted)


@add_outputs.register
def _(detector: SequenceOutlierDetector, graph, wanted):
    _add_recurrent(graph, _autoencoder_of(detector), wanted, np.float32(detector.offset_))


@add_outputs.register
def _(dense_autoencoder: DenseAutoencoderTransformer, graph, wanted):
    architecture, weights = dense_autoencoder._architecture, dense_autoencoder._weights
    scaling, shape = dense_autoencoder._scaling, ["N", architecture.n_features]
    hidden = [architecture.activation] * len(architecture.hidden_layer_sizes)
    x = _scale(graph, graph.input("x", np.float32, shape, "rows, in the units of the training data"), scaling)
    z = dense_layers(graph, x, weights["encoder"], [*hidden, architecture.latent_activation])
    if "encodings" in wanted:
        _add_encodings(graph, architecture, z)
    if "reconstruction" in wanted:
        said = dense_layers(graph, z, weights["reconstruction"], [*hidden, architecture.output_activation])
        graph.output("reconstruction", _unscale(graph, said, scaling), np.float32, shape, "x again")


@add_outputs.register
def _(classifier: Seq2SeqClassifier, graph, wanted):
    x, lengths = _add_inputs(graph, classifier)
    architecture, weights = classifier._architecture, classifier._weights
    layers, _ = split_layer_weights(weights["encoder"], len(architecture.units), 1 + architecture.bidirectional)
    if architecture.n_tokens:
        x, layers[0] = embed(graph, x, layers[0])
    _, states = run_layers(graph, architecture, layers, x, lengths)
    states = [[join_state(graph, part, layer) for part in state] for state, layer in zip(states, layers, strict=True)]
    if architecture.heads == ("label",):
        _add_label(graph, classifier, states[-1][0], wanted)
    else:
        states = [graph("Unsqueeze", part, [0]) for state in states[::-1] for part in state]
        _add_labels(graph, classifier, states, wanted)


def _add_recurrent(graph, estimator, wanted, offset=None):
    """Add what a recurrent autoencoder computes, and whether its scores are below a threshold."""
    x, lengths = _add_inputs(graph, estimator)
    architecture, n_timesteps = estimator._architecture, size(graph, x, 0)
    layers, rest = split_layer_weights(
        estimator._weights["encoder"], len(architecture.units), 1 + architecture.bidirectional
    )
    _, states = run_layers(graph, architecture, layers, x, lengths)
    z = join_state(graph, states[-1][0], layers[-1])
    z = dense(graph, z, *rest) if rest else z
    if "encodings" in wanted:
        _add_encodings(graph, architecture, z)
    scored = architecture.heads[:1] if {"scores", "labels"} & set(wanted) else ()
    said = {
        head: _say(graph, estimator, head, z, lengths, n_timesteps)
        for head in architecture.heads
        if head in (*wanted, *scored)
    }
    for head in said:
        if head in wanted:
            _add_said(graph, estimator, head, *said[head])
    for head in scored:
        _add_scores(graph, estimator, x, *said[head], wanted, offset)


def _add_inputs(graph, estimator):
    """Return the inputs: scaled x (T, N, F), or the numbers of symbols (T, N), and lengths (N,)."""
    lengths_input = ["lengths", np.int64, ["N"], "timesteps of each sequence, from 0 to T"]
    if hasattr(estimator, "vocabulary_"):
        vocabulary = _as_tensor(estimator.vocabulary_, KEYS, "vocabulary_")
        x = graph.input("x", vocabulary.dtype, ["N", "T"], "symbols, padded at the end")
        lengths = graph.input(*lengths_input)
        keys = {KEYS[estimator.vocabulary_.dtype.kind]: vocabulary.tolist()}
        values = {"values_int64s": range(len(vocabulary)), "default_int64": len(vocabulary)}
        return graph("LabelEncoder", graph("Transpose", x, perm=[1, 0]), domain="ai.onnx.ml", **keys, **values), lengths
    shape = ["N", "T", estimator._architecture.n_features]
    x = graph.input("x", np.float32, shape, "sequences, in the units of the training data, padded at the end")
    lengths = graph.input(*lengths_input)
    x = _scale(graph, graph("Transpose", x, perm=[1, 0, 2]), estimator._scaling)
    return zero_padding(graph, x, lengths, size(graph, x, 0)), lengths


def _scale(graph, x, scaling):
    """Return x in scaled units."""
    if (scaling.std < np.finfo(np.float32).tiny).any():
        feature = int(scaling.std.argmin())
        raise ValueError(
            f"Feature {feature} has a standard deviation of {scaling.std[feature]:g}, which float32 does not hold: "
            "rescale that feature before fitting."
        )
    # the mean in two parts, or what is left of a large one would be rounded away
    mean = scaling.mean.astype(np.float32)
    rest = (scaling.mean - mean).astype(np.float32)
    return graph("Div", graph("Sub", graph("Sub", x, mean), rest), scaling.std.astype(np.float32))


def _unscale(graph, x, scaling):
    """Return x in the data's own units."""
    scaled = graph("Mul", x, scaling.std.astype(np.float32))
    return graph("Add", scaled, scaling.mean.astype(np.float32))


def _add_encodings(graph, architecture, z):
    graph.output("encodings", z, np.float32, ["N", architecture.latent_dim], "what transform gives")


def _say(graph, estimator, head, z, lengths, n_timesteps):
    """Return what a decoder says of encodings (N, L): (S, N, F), scaled, and `_said_lengths`."""
    architecture = estimator._architecture
    if callable(architecture.decoder):
        raise ValueError(
            f"{head!r} is said by a function, decoder={architecture.decoder!r}, whose network cannot be exported: "
            "outputs=['encodings'] exports the encoder alone."
        )
    _, layout = estimator._says(head)
    steps = _said_lengths(graph, head, layout, lengths, n_timesteps)
    lengths, n_timesteps, *_ = steps
    layers, output = split_layer_weights(estimator._weights[head], len(architecture.units))
    say = decode_free_running if architecture.decoder == "conditional" else decode_repeat
    said = say(graph, architecture, layers, output, z, lengths, n_timesteps)
    if head == "reconstruction" and architecture.reverse:
        said = graph("ReverseSequence", said, lengths, time_axis=0, batch_axis=1)
    return said, steps


def _add_said(graph, estimator, head, said, steps):
    """Add what a decoder says, in the data's own units, with zeros on padding."""
    scaling, layout = estimator._says(head)
    lengths, n_timesteps, dimension, meaning = steps
    said, shape = _unscale(graph, said, scaling), ["N", dimension, estimator._architecture.width(head)]
    if layout.kind != "sequences":
        said, shape = graph("Squeeze", said, [0]), shape[::2]
        said, shape = (graph("Squeeze", said, [1]), shape[:1]) if layout.kind == "number" else (said, shape)
        graph.output(head, said, np.float32, shape, "what predict gives")
        return
    said = graph("Transpose", zero_padding(graph, said, lengths, n_timesteps), perm=[1, 0, 2])
    graph.output(head, said, np.float32, shape, f"{meaning} timesteps of each sequence, then zeros")


def _add_scores(graph, estimator, x, said, steps, wanted, offset):
    """Add minus the mean squared error of what is said of the last timesteps of x, and what a threshold makes of it."""
    lengths, n_timesteps, *_ = steps
    missed = graph("Sub", size(graph, x, 0), n_timesteps)  # the first timestep, where each next one is said
    x = graph("Slice", x, graph("Reshape", missed, [1]), [np.iinfo(np.int64).max], [0])
    units = (estimator._scaling.std / estimator._feature_std).astype(np.float32)
    errors = zero_padding(graph, graph("Mul", graph("Sub", x, said), units), lengths, n_timesteps)
    total = graph("ReduceSum", graph("Mul", errors, errors), [0, 2], keepdims=0)
    n_numbers = graph.cast(graph("Mul", graph("Max", lengths, 1), len(units)), np.float32)
    scores = graph("Neg", graph("Div", total, n_numbers))
    if "scores" in wanted:
        graph.output("scores", scores, np.float32, ["N"], "what score_samples gives")
    if "labels" in wanted:
        labels = graph("Where", graph("Less", scores, offset), -1, 1)
        graph.output("labels", labels, np.int64, ["N"], "-1 for outliers, 1 for all others")


def _said_lengths(graph, head, layout, lengths, n_timesteps):
    """Return how many timesteps of each sequence a decoder says, the most, their dimension, and both in words."""
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


def _add_label(graph, estimator, h, wanted):
    """Add a label for each sequence, of the encoder's last h (N, H)."""
    logits, n_classes = dense(graph, h, *estimator._weights["label"]), len(estimator.classes_)
    if "labels" in wanted:
        classes = _as_tensor(estimator.classes_, LABEL_TYPES, "classes_")
        labels = graph("Gather", classes, graph("ArgMax", logits, axis=1, keepdims=0))
        graph.output("labels", labels, classes.dtype, ["N"], "what predict gives")
    if "probabilities" in wanted:
        probabilities = graph("Softmax", logits)
        graph.output("probabilities", probabilities, np.float32, ["N", n_classes], "what predict_proba gives")


def _add_labels(graph, estimator, states, wanted):
    """Add labels for each sequence, of the states (1, N, H) that the decoder starts from."""
    if estimator.num_beams > 1 and "labels" in wanted:
        raise ValueError(
            f"num_beams={estimator.num_beams} searches for labels by beams, which cannot be exported: set num_beams=1 "
            "for greedy search."
        )
    architecture, n_classes = estimator._architecture, len(estimator.classes_)
    layers, output = split_layer_weights(estimator._weights["sequence"], len(architecture.units))
    numbers, logits = search_greedily(graph, architecture, layers, output, states, estimator._n_steps)
    is_label = graph("Less", numbers, n_classes)
    n_steps = "H" if architecture.has_end else estimator._n_steps
    if "labels" in wanted:
        classes = _as_tensor(estimator.classes_, LABEL_TYPES, "classes_")
        classes = np.append(classes, np.array([""], object) if classes.dtype == object else np.zeros_like(classes[:1]))
        labels = graph("Gather", classes, graph("Transpose", numbers, perm=[1, 0]))
        graph.output("labels", labels, classes.dtype, ["N", n_steps], "label_lengths labels, then nothing")
    if "probabilities" in wanted:
        probabilities = graph("Softmax", graph("Slice", logits, [0], [n_classes], [2]))
        probabilities = graph("Where", graph("Unsqueeze", is_label, [2]), probabilities, np.float32(0))
        probabilities, shape = graph("Transpose", probabilities, perm=[1, 0, 2]), ["N", n_steps, n_classes]
        graph.output("probabilities", probabilities, np.float32, shape, "label_lengths of each sequence, then zeros")
    if "label_lengths" in wanted:
        lengths = graph("ReduceSum", graph.cast(is_label, np.int64), [0], keepdims=0)
        graph.output("label_lengths", lengths, np.int64, ["N"], "labels of each sequence")


def _as_tensor(symbols, types, name):
    """Return symbols as ONNX has them; refuse those that it has not."""
    kind = symbols.dtype.kind
    tensor = symbols.astype(LABEL_TYPES[kind]) if kind in types else None
    if tensor is None or (tensor != symbols).any():
        raise ValueError(
            f"{name} holds {symbols[:3].tolist()} and the like, of type {symbols.dtype}, which ONNX has no type for: "
            "use strings or integers."
        )
    return tensor


def _metadata(estimator):
    """Return what to know of an estimator, as strings."""
    attributes = {"feature_names": "feature_names_in_", "classes": "classes_", "vocabulary": "vocabulary_"}
    there = {name: vars(estimator)[each] for name, each in attributes.items() if each in vars(estimator)}
    lists = {name: json.dumps(values.tolist()) for name, values in there.items()}
    return {"skseqae_version": __version__, "estimator": type(estimator).__name__, **lists}
