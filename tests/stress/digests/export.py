"""Configurations of exported ONNX files, in ONNX Runtime."""

import os
import tempfile

import numpy as np

import skseqae
from skseqae import SequenceOutlierDetector
from skseqae.datasets import make_reversals
from tests.stress.digests.data import (
    FREE,
    NEW,
    NUMBERS,
    RAGGED,
    REVERSED,
    ROWS,
    STRINGS,
    TABLE_OF_LABELS,
    WORDS,
    X,
    as_padded,
)
from tests.stress.digests.digest import digest
from tests.stress.digests.estimators import autoencoder, classifier, dense_autoencoder, flat_decoder, regressor
from tests.stress.digests.registry import configuration


def digest_onnx(estimator, feed, outputs=None):
    """Return the digests of the outputs of an exported file in ONNX Runtime, and of its description."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "estimator.onnx")
        skseqae.export_onnx(estimator, path, outputs=outputs)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        values = session.run(None, feed)
    names = [output.name for output in session.get_outputs()]
    metadata = session.get_modelmeta().custom_metadata_map
    found = {f"onnx.{name}": digest(value) for name, value in zip(names, values, strict=True)}
    return found | {
        "onnx.inputs": digest([[each.name, each.type, list(map(str, each.shape))] for each in session.get_inputs()]),
        "onnx.metadata": digest({key: value for key, value in metadata.items() if key != "skseqae_version"}),
    }


def feed_sequences(arrays):
    """Return the inputs of an ONNX graph, of sequences of real values."""
    x = as_padded(arrays, 0.0).astype(np.float32)
    return {"x": x, "lengths": np.array([len(each) for each in arrays], np.int64)}


def feed_tokens(words, padding=""):
    """Return the inputs of an ONNX graph, of sequences of tokens."""
    longest = max(map(len, words))
    rows = [[*word, *[padding] * (longest - len(word))] for word in words]
    x = np.array(rows, object if padding == "" else np.int64)
    return {"x": x, "lengths": np.array([len(word) for word in words], np.int64)}


@configuration
def onnx_lstm():
    found = digest_onnx(autoencoder().fit(X), feed_sequences(NEW))
    only_encodings = digest_onnx(autoencoder().fit(X), feed_sequences(NEW), ["encodings"])
    return found | {"encodings": only_encodings["onnx.encodings"]}


@configuration
def onnx_composite_conditional_gru():
    fitted = autoencoder(objective="composite", decoder="conditional", cell="gru").fit(X)
    return digest_onnx(fitted, feed_sequences(NEW))


@configuration
def onnx_stacked_bidirectional():
    fitted = autoencoder(units=(5, 3), bidirectional=True, activation="relu", reverse=False).fit(X)
    return digest_onnx(fitted, feed_sequences(NEW))


@configuration
def onnx_custom_decoder_encodings():
    return digest_onnx(autoencoder(decoder=flat_decoder).fit(X), feed_sequences(NEW), ["encodings"])


@configuration
def onnx_regressor_vector():
    y = np.column_stack([NUMBERS, NUMBERS**2])
    found = digest_onnx(regressor().fit(X, y), feed_sequences(NEW))
    number = digest_onnx(regressor().fit(X, NUMBERS), feed_sequences(NEW))
    return found | {f"number.{name}": each for name, each in number.items()}


@configuration
def onnx_regressor_horizon():
    return digest_onnx(regressor(horizon=3, cell="gru").fit(X), feed_sequences(NEW))


@configuration
def onnx_regressor_without_a_rule():
    lengths = np.arange(len(NEW)) % 4
    return digest_onnx(regressor().fit(X, FREE), feed_sequences(NEW) | {"prediction_lengths": lengths})


@configuration
def onnx_classifier_label():
    return digest_onnx(classifier(bidirectional=True).fit(X, STRINGS), feed_sequences(NEW))


@configuration
def onnx_classifier_ragged():
    return digest_onnx(classifier(cell="gru").fit(X, RAGGED), feed_sequences(NEW))


@configuration
def onnx_classifier_table():
    return digest_onnx(classifier(units=(4, 3)).fit(X, TABLE_OF_LABELS), feed_sequences(NEW))


@configuration
def onnx_classifier_tokens():
    x, y = make_reversals(16, lengths=(2, 5), n_symbols=6, random_state=0)
    found = digest_onnx(classifier(tokens=True).fit(WORDS, REVERSED), feed_tokens(WORDS[:6]))
    integers = digest_onnx(classifier(tokens=True).fit(x, y), feed_tokens(x[:6], 0))
    return found | {f"integers.{name}": each for name, each in integers.items()}


@configuration
def onnx_dense():
    fitted = dense_autoencoder(hidden_layer_sizes=(6, 4), latent_activation="tanh").fit(ROWS)
    return digest_onnx(fitted, {"x": ROWS[:5].astype(np.float32)})


@configuration
def onnx_detector():
    return digest_onnx(SequenceOutlierDetector(autoencoder(), contamination=0.2).fit(X), feed_sequences(NEW))
