"""ONNX Runtime says what the estimator says."""

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

import skseqae
from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SequenceOutlierDetector,
)
from skseqae.data._layout import Layout
from skseqae.data._scaling import Scaling
from skseqae.data._targets import TargetLayout
from skseqae.networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from skseqae.networks._weight_shapes import weight_shapes
from tests.support.estimators import data_for, every_class, quick, y
from tests.support.strategies import property_settings, seeds

EXAMPLE = Path(__file__).parents[2] / "examples" / "onnx_serving.py"
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
LENGTHS = np.array([5, 1, 0, 3])
cells = st.sampled_from(["lstm", "gru"])
activations = st.sampled_from(["tanh", "relu", "sigmoid", "linear"])
widths = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
some_lengths = st.lists(st.integers(0, 7), min_size=1, max_size=5)


# --- networks of random weights, whose biases are not near zero as those of little training ---------------------------


def with_network(estimator, architecture, seed, **fitted):
    """Give an estimator a network of random weights, and what else training would leave."""
    rng, n_features = np.random.default_rng(seed), architecture.n_features
    estimator._architecture = architecture
    estimator._weights = {
        part: [rng.normal(scale=0.9 / np.sqrt(shape[0]), size=shape).astype(np.float32) for shape in shapes]
        for part, shapes in weight_shapes(architecture).items()
    }
    estimator._scaling = Scaling(rng.normal(size=n_features), rng.uniform(0.5, 2, size=n_features))
    estimator._feature_std = rng.uniform(0.5, 2, size=n_features)
    estimator._layout, estimator._padding_value = Layout("list"), None
    estimator.n_iter_, estimator.n_features_in_ = 1, n_features
    vars(estimator).update(fitted)
    return estimator


def autoencoder(seed=0, **changes):
    settings = {"n_features": 2, "latent_dim": 3, "units": (4,), "heads": ("reconstruction", "prediction")}
    architecture = Architecture(**settings | changes)
    return with_network(LSTMAutoencoderTransformer(), architecture, seed)


def detector(estimator, offset=-1.0):
    fitted = SequenceOutlierDetector(estimator)
    vars(fitted).update(estimator_=estimator, offset_=offset)
    return fitted


def regressor(target_layout, n_outputs=2, seed=0, **changes):
    settings = {"n_features": 2, "latent_dim": 3, "units": (4,), "heads": ("reconstruction", "prediction")}
    architecture = Architecture(**settings | {"head_features": (2, n_outputs)} | changes)
    scaling = Scaling(np.linspace(-3, 9, n_outputs), np.linspace(1, 2, n_outputs))
    fitted = {"_horizon": None, "_target_layout": target_layout, "_target_scaling": scaling}
    return with_network(CompositeSequenceRegressor(), architecture, seed, **fitted)


def classifier(kind="label", classes=("a", "b", "c"), vocabulary=None, n_steps=4, seed=0, **changes):
    settings = {
        "n_features": 2 if vocabulary is None else 1,
        "n_tokens": None if vocabulary is None else len(vocabulary),
        "n_classes": len(classes),
        "units": (4,),
        "heads": ("label" if kind == "label" else "sequence",),
        "has_end": kind == "list",
    }
    fitted = {"_kind": kind, "_longest": n_steps, "classes_": np.array(classes)}
    if vocabulary is not None:
        fitted["vocabulary_"] = np.array(vocabulary)
    estimator = with_network(Seq2SeqClassifier(), Seq2SeqArchitecture(**settings | changes), seed, **fitted)
    if vocabulary is not None:
        estimator._scaling = Scaling.identity(1)
    *_, kernel, bias = estimator._weights[estimator._architecture.heads[0]]
    kernel *= 5  # so that labels differ from step to step
    bias *= 0.2
    return estimator


def draw(lengths, n_features=2, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, n_features)).astype(np.float32) for length in lengths]


def feeds_for(arrays, extra=0, fill=np.nan):
    """What a file reads: x, padded with anything, and lengths."""
    lengths = [len(array) for array in arrays]
    x = np.full((len(arrays), max(lengths) + extra, *arrays[0].shape[1:]), fill, arrays[0].dtype)
    for row, array in zip(x, arrays, strict=True):
        row[: len(array)] = array
    return {"x": x, "lengths": lengths}


# --- and ONNX Runtime -------------------------------------------------------------------------------------------------


def open_session(estimator, outputs=None):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        skseqae.export_onnx(estimator, path, outputs=outputs)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def serve(estimator, feeds, outputs=None):
    """Export an estimator and run the file: a dict of arrays."""
    session = open_session(estimator, outputs)
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, feeds), strict=True))


def assert_same_sequences(padded, sequences):
    """Hold the sequences of a padded array against those of an estimator, and its padding against zero."""
    assert len(padded) == len(sequences)
    for row, sequence in zip(padded, sequences, strict=True):
        assert_allclose(row[: len(sequence)], sequence, **CLOSE)
        assert not row[len(sequence) :].any()


@property_settings(20)
@given(cells, widths, st.booleans(), activations, st.integers(1, 5), some_lengths, st.integers(0, 3), seeds)
def test_onnx_runtime_encodes_as_transform_does(cell, units, both_ways, activation, width, lengths, extra, seed):
    network = {"cell": cell, "units": units, "bidirectional": both_ways, "activation": activation, "latent_dim": width}
    model, X = autoencoder(seed, **network, heads=("reconstruction",)), draw([2, *lengths], seed=seed)
    said = serve(model, feeds_for(X, extra), ["encodings"])
    assert list(said) == ["encodings"]
    assert_allclose(said["encodings"], model.transform(X), **CLOSE)


@property_settings(15)
@given(cells, widths, activations, st.sampled_from(["repeat", "conditional"]), st.booleans(), some_lengths, seeds)
def test_onnx_runtime_decodes_as_the_estimator_does(cell, units, activation, decoder, reverse, lengths, seed):
    network = {"cell": cell, "units": units, "activation": activation, "decoder": decoder, "reverse": reverse}
    model, X = autoencoder(seed, **network), draw([2, *lengths], seed=seed)
    said = serve(model, feeds_for(X, extra=1))
    assert_same_sequences(said["reconstruction"], model.reconstruct(X))
    assert_same_sequences(said["prediction"], model.predict_next(X))
    assert_allclose(said["scores"], model.score_samples(X), **CLOSE)


HEADS = st.sampled_from([("reconstruction",), ("prediction",), ("reconstruction", "prediction")])


@property_settings(15)
@given(cells, HEADS, st.sampled_from(["repeat", "conditional"]), st.booleans(), some_lengths, st.booleans(), seeds)
def test_onnx_runtime_tells_the_outliers_that_the_detector_tells(
    cell, heads, decoder, reverse, lengths, is_frozen, seed
):
    model, X = (
        autoencoder(seed, cell=cell, heads=heads, decoder=decoder, reverse=reverse),
        draw([2, *lengths, 6], seed=seed),
    )
    scores = model.score_samples(X)
    at = np.flatnonzero(np.diff(np.sort(scores)) > 1e-3)
    offset = np.sort(scores)[at[len(at) // 2]] + 5e-4 if len(at) else -1e9  # between two scores
    said = serve(detector(FrozenEstimator(model) if is_frozen else model, offset), feeds_for(X, extra=1))
    assert list(said) == ["encodings", *heads, "scores", "labels"]
    assert_allclose(said["scores"], scores, **CLOSE)
    assert_array_equal(said["labels"], np.where(scores < offset, -1, 1))
    (alone,) = serve(detector(model, offset), feeds_for(X), ["labels"]).values()
    assert_array_equal(alone, said["labels"])


@pytest.mark.parametrize("output_activation", ["linear", "sigmoid", "softmax"])
@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_outputs_are_activated_as_the_loss_asked_for(decoder, output_activation):
    model, X = autoencoder(decoder=decoder, output_activation=output_activation), draw(LENGTHS)
    assert_same_sequences(serve(model, feeds_for(X))["reconstruction"], model.reconstruct(X))


TARGETS = {
    "number": TargetLayout("number", length=1),
    "vector": TargetLayout("vector", length=1),
    "array": TargetLayout("sequences", Layout("padded", 3), length=3),
    "longer": TargetLayout("sequences", Layout("list"), length_offset=2),
    "shorter": TargetLayout("sequences", Layout("list"), length_offset=-2),
}


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
@pytest.mark.parametrize("kind", TARGETS)
def test_predictions_are_of_the_kind_and_the_lengths_of_y(kind, decoder):
    model, X = regressor(TARGETS[kind], 1 if kind == "number" else 2, decoder=decoder), draw(LENGTHS)
    said, predicted = serve(model, feeds_for(X))["prediction"], model.predict(X)
    if kind in ("longer", "shorter"):
        assert_same_sequences(said, predicted)
    else:
        assert said.shape == predicted.shape
        assert_allclose(said, predicted, **CLOSE)


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
@pytest.mark.parametrize("n_timesteps", [[2, 0, 6, 1], [0, 0, 0, 0]])
def test_where_lengths_follow_no_rule_they_are_an_input(n_timesteps, decoder):
    model, X = regressor(TargetLayout("sequences", Layout("list")), decoder=decoder), draw(LENGTHS)
    said = serve(model, feeds_for(X) | {"prediction_lengths": n_timesteps})
    assert_same_sequences(said["prediction"], model.predict(X, n_timesteps=n_timesteps))
    assert_same_sequences(said["reconstruction"], model.reconstruct(X))


@property_settings(15)
@given(cells, widths, st.booleans(), activations, st.sampled_from(["label", "table", "list"]), seeds)
def test_onnx_runtime_classifies_as_the_estimator_does(cell, units, both_ways, activation, kind, seed):
    network = {"cell": cell, "units": units, "bidirectional": both_ways, "activation": activation}
    model, X = classifier(kind, seed=seed, **network), draw(LENGTHS, seed=seed)
    assert_same_labels(model, X, serve(model, feeds_for(X, extra=1)))


def assert_same_labels(model, X, said):
    labels, probabilities = model.predict(X), model.predict_proba(X)
    if model._kind != "list":
        assert_array_equal(said["labels"], labels)
        assert_allclose(said["probabilities"], probabilities, **CLOSE)
        return
    assert_array_equal(said["label_lengths"], [len(row) for row in labels])
    for row, true in zip(said["labels"], labels, strict=True):
        assert_array_equal(row[: len(true)], true)
        assert not any(row[len(true) :])
    assert_same_sequences(said["probabilities"], probabilities)


@property_settings(15)
@given(cells, st.booleans(), st.integers(1, 40), st.sampled_from([str, int]), seeds)
def test_symbols_are_read_as_they_are(cell, both_ways, n_tokens, kind, seed):
    """Few and many, beside the width of the layer that reads them; and such as training has not seen."""
    symbols = [kind(100 * i) for i in range(n_tokens)]
    network = {"cell": cell, "bidirectional": both_ways, "vocabulary": symbols, "classes": symbols}
    model = classifier("list", seed=seed, **network).set_params(handle_unknown="ignore")
    rng = np.random.default_rng(seed)
    X = [np.array([*symbols, kind(7)])[rng.integers(0, n_tokens + 1, size=length)] for length in LENGTHS]
    feeds = feeds_for(X, extra=1, fill=symbols[0])
    assert_same_labels(model, X, serve(model, feeds))


@pytest.mark.parametrize("classes", [(-1, 5), (False, True), (0.0, 1.0), ("nö", "ja")], ids=str)
def test_labels_have_the_type_that_they_had(classes):
    model, X = classifier(classes=classes), draw(LENGTHS)
    said = serve(model, feeds_for(X))["labels"]
    assert_array_equal(said, model.predict(X))
    assert said.dtype == (object if isinstance(classes[0], str) else np.array(classes).dtype)


@property_settings(10)
@given(st.lists(st.integers(1, 4), max_size=2).map(tuple), activations, activations, seeds)
def test_onnx_runtime_says_rows_again(sizes, activation, latent_activation, seed):
    settings = {"activation": activation, "latent_activation": latent_activation, "output_activation": "sigmoid"}
    model = with_network(DenseAutoencoderTransformer(), DenseArchitecture(3, 2, sizes, **settings), seed)
    model._layout, rows = Layout("rows"), np.random.default_rng(seed).normal(size=(4, 3)).astype(np.float32)
    said = serve(model, {"x": rows})
    assert_allclose(said["encodings"], model.transform(rows), **CLOSE)
    assert_allclose(said["reconstruction"], model.reconstruct(rows), **CLOSE)


# --- what does not matter ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", [np.nan, np.inf, 1e30])
def test_what_stands_in_the_padding_never_changes_a_bit(fill):
    model, X = autoencoder(bidirectional=True, units=(4, 3), activation="relu"), draw(LENGTHS)
    session = open_session(model)
    for clean, filled in zip(*(session.run(None, feeds_for(X, 2, each)) for each in (0, fill)), strict=True):
        assert_array_equal(clean, filled)


def test_a_batch_of_one_and_more_timesteps_than_ever_give_the_same():
    model, X = autoencoder(decoder="conditional"), draw([*LENGTHS, 60])
    session = open_session(model)
    together = session.run(["encodings", "reconstruction"], feeds_for(X, extra=9))
    for i, x in enumerate(X):
        encodings, decoded = session.run(["encodings", "reconstruction"], feeds_for([x]))
        assert_allclose(encodings[0], together[0][i], **CLOSE)
        assert_allclose(decoded[0], together[1][i, : len(x)], **CLOSE)


@pytest.mark.parametrize("extra", [0, 1])
def test_nothing_but_empty_sequences_is_encoded_and_decoded_too(extra):
    model = autoencoder(decoder="conditional", cell="gru")
    said = serve(model, feeds_for(draw([0, 0]), extra))
    assert_allclose(said["encodings"], model.transform(draw([0, 0, 1]))[:2], **CLOSE)
    assert said["reconstruction"].shape == (2, extra, 2)
    assert not said["reconstruction"].any()


def test_a_large_mean_costs_no_digits():
    """Of which half would be gone if it were taken away in one step."""
    model, X = autoencoder(), draw(LENGTHS)
    model._scaling = Scaling(np.array([100_000.3, -5_000.7]), np.ones(2))
    X = [(x + model._scaling.mean).astype(np.float32) for x in X]
    assert_allclose(serve(model, feeds_for(X))["encodings"], model.transform(X), **CLOSE)


# --- the file ---------------------------------------------------------------------------------------------------------


@every_class
def test_a_trained_estimator_is_served_with_what_is_to_be_known_of_it(cls):
    model = quick(cls, epochs=1).fit(data_for(cls), y)
    session = open_session(model)
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["estimator"] == cls.__name__
    assert metadata["skseqae_version"] == skseqae.__version__
    arrays = [np.float32(each) for each in data_for(cls)]
    feeds = {"x": np.stack(arrays)} if cls is DenseAutoencoderTransformer else feeds_for(arrays)
    said = dict(zip([each.name for each in session.get_outputs()], session.run(None, feeds), strict=True))
    if cls is Seq2SeqClassifier:
        assert_same_labels(model, arrays, said)
        assert json.loads(metadata["classes"]) == model.classes_.tolist()
    else:
        assert_allclose(said["encodings"], model.transform(arrays), **CLOSE)


def test_a_file_has_the_operators_of_onnx_and_is_read_by_old_runtimes(tmp_path):
    model = autoencoder(units=(4, 3), bidirectional=True)
    model.feature_names_in_ = np.array(["a", "b"], object)
    skseqae.export_onnx(model, tmp_path / "network.onnx")
    file = onnx.load(tmp_path / "network.onnx")
    assert [node.op_type for node in file.graph.node].count("LSTM") == 2 + 2 * 2
    assert file.ir_version == 8
    assert [(each.domain, each.version) for each in file.opset_import] == [("", 17)]
    assert {each.key: each.value for each in file.metadata_props}["feature_names"] == '["a", "b"]'
    before = (tmp_path / "network.onnx").read_bytes()
    skseqae.export_onnx(model, tmp_path / "network.onnx")
    assert (tmp_path / "network.onnx").read_bytes() == before


def test_the_example_serves_without_this_package(tmp_path):
    command = [sys.executable, EXAMPLE, "--fast"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "largest difference" in done.stdout


# --- what is refused --------------------------------------------------------------------------------------------------


def by_a_function(n_timesteps, latent_dim, n_features):
    raise AssertionError("never called")


def decoded_by_a_function():
    model = autoencoder()
    model._architecture = replace(model._architecture, decoder=by_a_function, n_timesteps=(5, 4))
    return model


def too_small():
    model = autoencoder()
    model._scaling = Scaling(np.zeros(2), np.array([1, 1e-40]))
    return model


REFUSED = {
    "a pipeline": (lambda: make_pipeline(autoencoder()), None, TypeError, "export the fitted one inside"),
    "a class": (lambda: LSTMAutoencoderTransformer, None, TypeError, "estimator must be one of"),
    "a detector by a pipeline": (
        lambda: detector(make_pipeline(autoencoder())),
        None,
        TypeError,
        r"Of a SequenceOutlierDetector around Pipeline.*, export the fitted autoencoder inside\.$",
    ),
    "an unfitted detector": (SequenceOutlierDetector, None, NotFittedError, "not fitted"),
    "unfitted": (LSTMAutoencoderTransformer, None, NotFittedError, "not fitted"),
    "no output": (
        autoencoder,
        [],
        ValueError,
        r"some of \['encodings', 'reconstruction', 'prediction', 'scores'\].*got \[\]",
    ),
    "a wrong output": (autoencoder, ["labels"], ValueError, r"outputs must be .*got \['labels'\]"),
    "a text of outputs": (autoencoder, "encodings", ValueError, "'outputs' parameter"),
    "a function": (decoded_by_a_function, None, ValueError, r"decoder=<function by_a.*outputs=\['encodings'\]"),
    "beams": (lambda: classifier("list").set_params(num_beams=3), None, ValueError, "set num_beams=1"),
    "odd symbols": (lambda: classifier(vocabulary=[0.5, 1.5]), None, ValueError, r"vocabulary_ holds \[0.5, 1.5\]"),
    "odd labels": (lambda: classifier(classes=[b"a", b"b"]), None, ValueError, "classes_ holds.*strings or integers"),
    "large labels": (lambda: classifier(classes=np.array([1, 2**63], np.uint64)), None, ValueError, "classes_ holds"),
    "a small deviation": (too_small, None, ValueError, "Feature 1 has a standard deviation of 1e-40"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_exported_is_refused_and_leaves_the_file(case, tmp_path):
    make, outputs, error, message = REFUSED[case]
    path = tmp_path / "network.onnx"
    path.write_text("before")
    with pytest.raises(error, match=message):
        skseqae.export_onnx(make(), path, outputs=outputs)
    assert path.read_text() == "before"


def test_the_encoder_of_a_decoder_function_is_exported_alone():
    X = draw(LENGTHS)
    said = serve(decoded_by_a_function(), feeds_for(X), ["encodings"])["encodings"]
    assert_allclose(said, autoencoder().transform(X), **CLOSE)


def test_without_onnx_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'^onnx is not installed: pip install "skseqae\[onnx\]"$'):
        skseqae.export_onnx(autoencoder(), tmp_path / "network.onnx")
