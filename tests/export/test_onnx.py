"""The outputs of an ONNX file equal those of the estimator's methods."""

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
from skseqae.estimators._distance import Distance
from skseqae.estimators._fitted_state import FittedInput, FittedLabels, FittedState, FittedTarget
from skseqae.networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from skseqae.networks._cells import CELLS
from skseqae.networks._weight_shapes import weight_shapes
from tests.support.estimators import data_for, every_class, quick, y
from tests.support.strategies import property_settings, seeds

EXAMPLE = Path(__file__).parents[2] / "examples" / "onnx_serving.py"
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
LENGTHS = np.array([5, 1, 0, 3])
cells = st.sampled_from(list(CELLS))
activations = st.sampled_from(["tanh", "relu", "sigmoid", "linear"])
widths = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
some_lengths = st.lists(st.integers(0, 7), min_size=1, max_size=5)


# --- networks with random weights, whose biases are not near zero, as they are after little training -----------------


def with_network(estimator, architecture, seed, target=None, **input_fields):
    """Return the estimator with a network of random weights, as if it were fitted."""
    rng, n_features = np.random.default_rng(seed), architecture.n_features
    weights = {
        part: [rng.normal(scale=0.9 / np.sqrt(shape[0]), size=shape).astype(np.float32) for shape in shapes]
        for part, shapes in weight_shapes(architecture).items()
    }
    description = {
        "layout": Layout("list"),
        "padding_value": None,
        "length_range": (0, 7),
        "scaling": Scaling(rng.normal(size=n_features), rng.uniform(0.5, 2, size=n_features)),
        "feature_std": rng.uniform(0.5, 2, size=n_features),
    }
    fitted_input = FittedInput(**description | input_fields)
    generator = np.random.RandomState(0)
    estimator._fitted = FittedState(architecture, weights, [], {"loss": [1.0]}, generator, fitted_input, target)
    estimator.n_features_in_ = n_features
    return estimator


def change_input(estimator, **changes):
    """Change the description of X."""
    state = estimator._fitted
    estimator._fitted = replace(state, input=replace(state.input, **changes))
    return estimator


def autoencoder(seed=0, **changes):
    settings = {"n_features": 2, "latent_dim": 3, "units": (4,), "heads": ("reconstruction", "prediction")}
    architecture = Architecture(**settings | changes)
    return with_network(LSTMAutoencoderTransformer(), architecture, seed)


def detector(estimator, offset=-1.0, distance=None):
    fitted = SequenceOutlierDetector(estimator)
    vars(fitted).update(estimator_=estimator, offset_=offset, _distance=distance)
    return fitted


def regressor(target_layout, n_outputs=2, seed=0, **changes):
    settings = {"n_features": 2, "latent_dim": 3, "units": (4,), "heads": ("reconstruction", "prediction")}
    architecture = Architecture(**settings | {"head_features": (2, n_outputs)} | changes)
    scaling = Scaling(np.linspace(-3, 9, n_outputs), np.linspace(1, 2, n_outputs))
    return with_network(CompositeSequenceRegressor(), architecture, seed, FittedTarget(None, target_layout, scaling))


def classifier(label_type="label", classes=("a", "b", "c"), vocabulary=None, n_steps=4, seed=0, **changes):
    settings = {
        "n_features": 2 if vocabulary is None else 1,
        "n_tokens": None if vocabulary is None else len(vocabulary),
        "n_classes": len(classes),
        "units": (4,),
    }
    settings |= changes
    if label_type == "label":
        width = settings["units"][-1] * (1 + settings.get("bidirectional", False))
        pooling = settings.get("pooling", ())
        options = {"heads": ("label",), "head_features": (1,), "readout": bool(pooling)}
        architecture = Architecture(**settings, **options, latent_dim=width)
    else:
        architecture = Seq2SeqArchitecture(**settings, has_end=label_type == "list")
    tokens = {} if vocabulary is None else {"vocabulary": np.array(vocabulary), "scaling": Scaling.identity(1)}
    target = FittedLabels(label_type, n_steps, np.array(classes))
    estimator = with_network(Seq2SeqClassifier(), architecture, seed, target, **tokens)
    weights = estimator._fitted.weights
    kernel, bias = (weights["readout"] if "readout" in weights else weights[architecture.heads[0]])[-2:]
    kernel *= 5  # so that labels differ between steps
    bias *= 0.2
    return estimator


def draw(lengths, n_features=2, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, n_features)).astype(np.float32) for length in lengths]


def feeds_for(arrays, extra=0, fill=np.nan):
    """Return the inputs of a file: x, with any padding, and lengths."""
    lengths = [len(array) for array in arrays]
    x = np.full((len(arrays), max(lengths) + extra, *arrays[0].shape[1:]), fill, arrays[0].dtype)
    for row, array in zip(x, arrays, strict=True):
        row[: len(array)] = array
    return {"x": x, "lengths": lengths}


# --- comparison with ONNX Runtime -------------------------------------------------------------------------------------


def open_session(estimator, outputs=None):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        skseqae.export_onnx(estimator, path, outputs=outputs)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def serve(estimator, feeds, outputs=None):
    """Export an estimator and return the outputs of the file, a dict of arrays."""
    session = open_session(estimator, outputs)
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, feeds), strict=True))


def assert_same_sequences(padded, sequences):
    """Assert that a padded array holds these sequences and zeros."""
    assert len(padded) == len(sequences)
    for row, sequence in zip(padded, sequences, strict=True):
        assert_allclose(row[: len(sequence)], sequence, **CLOSE)
        assert not row[len(sequence) :].any()


@property_settings(20)
@given(cells, widths, st.booleans(), activations, st.integers(1, 5), some_lengths, st.integers(0, 3), seeds)
def test_encodings_equal_those_of_transform(cell, units, bidirectional, activation, width, lengths, extra, seed):
    network = {
        "cell": cell,
        "units": units,
        "bidirectional": bidirectional,
        "activation": activation,
        "latent_dim": width,
    }
    model, X = autoencoder(seed, **network, heads=("reconstruction",)), draw([2, *lengths], seed=seed)
    outputs = serve(model, feeds_for(X, extra), ["encodings"])
    assert list(outputs) == ["encodings"]
    assert_allclose(outputs["encodings"], model.transform(X), **CLOSE)


@property_settings(15)
@given(cells, widths, activations, st.sampled_from(["repeat", "conditional"]), st.booleans(), some_lengths, seeds)
def test_decoded_sequences_and_scores_equal_those_of_the_methods(
    cell, units, activation, decoder, reverse, lengths, seed
):
    network = {"cell": cell, "units": units, "activation": activation, "decoder": decoder, "reverse": reverse}
    model, X = autoencoder(seed, **network), draw([2, *lengths], seed=seed)
    outputs = serve(model, feeds_for(X, extra=1))
    assert_same_sequences(outputs["reconstruction"], model.reconstruct(X))
    assert_same_sequences(outputs["prediction"], model.predict_next(X))
    assert_allclose(outputs["scores"], model.score_samples(X), **CLOSE)


HEADS = st.sampled_from([("reconstruction",), ("prediction",), ("reconstruction", "prediction")])


@property_settings(15)
@given(cells, HEADS, st.integers(1, 3), some_lengths, st.sampled_from([0.0, 0.3, 0.9]), seeds)
def test_missing_values_are_interpolated_and_left_out_of_scores(cell, heads, patch_size, lengths, share, seed):
    settings = {"cell": cell, "heads": heads, "pooling": ("mean", "max"), "patch_size": patch_size}
    model, X = autoencoder(seed, **settings), draw([3, *lengths], seed=seed)
    change_input(model, missing="mask")
    rng = np.random.default_rng(seed)
    for x in X:
        x[rng.random(x.shape) < share] = np.nan
    outputs = serve(model, feeds_for(X, extra=2))
    assert_allclose(outputs["encodings"], model.transform(X), **CLOSE)
    assert_allclose(outputs["scores"], model.score_samples(X), **CLOSE)
    if "reconstruction" in heads:
        assert_same_sequences(outputs["reconstruction"], model.reconstruct(X))


@property_settings(15)
@given(cells, HEADS, st.sampled_from(["repeat", "conditional"]), st.booleans(), some_lengths, st.booleans(), seeds)
def test_outliers_equal_those_of_the_detector(cell, heads, decoder, reverse, lengths, is_frozen, seed):
    model, X = (
        autoencoder(seed, cell=cell, heads=heads, decoder=decoder, reverse=reverse),
        draw([2, *lengths, 6], seed=seed),
    )
    scores = model.score_samples(X)
    gaps = np.flatnonzero(np.diff(np.sort(scores)) > 1e-3)
    offset = np.sort(scores)[gaps[len(gaps) // 2]] + 5e-4 if len(gaps) else -1e9  # between two scores
    outputs = serve(detector(FrozenEstimator(model) if is_frozen else model, offset), feeds_for(X, extra=1))
    assert list(outputs) == ["encodings", *heads, "scores", "labels"]
    assert_allclose(outputs["scores"], scores, **CLOSE)
    assert_array_equal(outputs["labels"], np.where(scores < offset, -1, 1))
    (alone,) = serve(detector(model, offset), feeds_for(X), ["labels"]).values()
    assert_array_equal(alone, outputs["labels"])


@property_settings(15)
@given(cells, st.booleans(), st.integers(1, 3), st.sampled_from([None, 3]), some_lengths, st.booleans(), seeds)
def test_distances_equal_those_of_the_detector(cell, differences, patch_size, n_encodings, lengths, is_frozen, seed):
    network = {"cell": cell, "differences": differences, "patch_size": patch_size, "n_encodings": n_encodings}
    model = autoencoder(seed, **network, pooling=("shares", "max", "std"), bidirectional=True, latent_dim=8)
    X = draw([2, *lengths, 6], seed=seed)
    distance = Distance.fit(model._pool(draw([5, 3, 7, 6, 2], seed=seed + 1)).astype(float), np.ones(5))
    fitted = detector(FrozenEstimator(model) if is_frozen else model, -9e9, distance)
    outputs = serve(fitted, feeds_for(X, extra=1))
    assert list(outputs) == ["encodings", "reconstruction", "prediction", "scores", "labels"]
    assert_allclose(outputs["scores"], fitted.score_samples(X), rtol=1e-3)
    (labels,) = serve(detector(model, np.median(outputs["scores"]) + 1e-3, distance), feeds_for(X), ["labels"]).values()
    assert (labels == -1).sum() == (outputs["scores"] <= np.median(outputs["scores"])).sum()


@property_settings(10)
@given(cells, st.booleans(), st.sampled_from(["number", "vector"]), st.sampled_from([None, 3]), some_lengths, seeds)
def test_predictions_of_a_readout_equal_those_of_predict(cell, differences, target_type, n_encodings, lengths, seed):
    network = {"cell": cell, "differences": differences, "n_encodings": n_encodings, "bidirectional": True}
    n_outputs = 1 if target_type == "number" else 2
    layout = TargetLayout(target_type, length=1)
    model = regressor(layout, n_outputs, seed, **network, pooling=("shares", "mean"), latent_dim=8, readout=True)
    X = draw([2, *lengths, 6], seed=seed)
    for outputs in (["prediction"], None):
        assert_allclose(serve(model, feeds_for(X, extra=1), outputs)["prediction"], model.predict(X), **CLOSE)


@pytest.mark.parametrize("output_activation", ["linear", "sigmoid", "softmax", "exponential"])
@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_outputs_have_the_activation_of_the_loss(decoder, output_activation):
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
@pytest.mark.parametrize("name", TARGETS)
def test_predictions_have_the_type_and_the_lengths_of_y(name, decoder):
    model, X = regressor(TARGETS[name], 1 if name == "number" else 2, decoder=decoder), draw(LENGTHS)
    outputs, predicted = serve(model, feeds_for(X))["prediction"], model.predict(X)
    if name in ("longer", "shorter"):
        assert_same_sequences(outputs, predicted)
    else:
        assert outputs.shape == predicted.shape
        assert_allclose(outputs, predicted, **CLOSE)


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
@pytest.mark.parametrize("n_timesteps", [[2, 0, 6, 1], [0, 0, 0, 0]])
def test_lengths_that_cannot_be_inferred_are_an_input(n_timesteps, decoder):
    model, X = regressor(TargetLayout("sequences", Layout("list")), decoder=decoder), draw(LENGTHS)
    outputs = serve(model, feeds_for(X) | {"prediction_lengths": n_timesteps})
    assert_same_sequences(outputs["prediction"], model.predict(X, n_timesteps=n_timesteps))
    assert_same_sequences(outputs["reconstruction"], model.reconstruct(X))


@property_settings(15)
@given(cells, widths, st.booleans(), activations, st.sampled_from(["label", "table", "list"]), seeds)
def test_labels_and_probabilities_equal_those_of_the_classifier(
    cell, units, bidirectional, activation, label_type, seed
):
    network = {"cell": cell, "units": units, "bidirectional": bidirectional, "activation": activation}
    model, X = classifier(label_type, seed=seed, **network), draw(LENGTHS, seed=seed)
    assert_same_labels(model, X, serve(model, feeds_for(X, extra=1)))


@property_settings(10)
@given(cells, widths, st.booleans(), st.integers(1, 3), st.booleans(), seeds)
def test_labels_are_read_from_statistics(cell, units, bidirectional, patch_size, has_tokens, seed):
    network = {"cell": cell, "units": units, "bidirectional": bidirectional, "pooling": ("shares", "mean", "max")}
    network |= {"vocabulary": ["a", "b"]} if has_tokens else {"differences": True, "patch_size": patch_size}
    model, X = classifier(seed=seed, **network), draw(LENGTHS, seed=seed)
    X = [np.where(x[:, 0] > 0, "a", "b") for x in X] if has_tokens else X
    assert_same_labels(model, X, serve(model, feeds_for(X, extra=1, fill="a" if has_tokens else np.nan)))


def assert_same_labels(model, X, outputs):
    labels, probabilities = model.predict(X), model.predict_proba(X)
    if model._fitted.target.label_type != "list":
        assert_array_equal(outputs["labels"], labels)
        assert_allclose(outputs["probabilities"], probabilities, **CLOSE)
        return
    assert_array_equal(outputs["label_lengths"], [len(row) for row in labels])
    for row, true in zip(outputs["labels"], labels, strict=True):
        assert_array_equal(row[: len(true)], true)
        assert not any(row[len(true) :])
    assert_same_sequences(outputs["probabilities"], probabilities)


@property_settings(15)
@given(cells, st.booleans(), st.integers(1, 40), st.sampled_from([str, int]), seeds)
def test_tokens_are_inputs_and_unknown_ones_are_ignored(cell, bidirectional, n_tokens, token_type, seed):
    """Vocabularies are smaller and larger than the width of the layer that reads them."""
    vocabulary = [token_type(100 * i) for i in range(n_tokens)]
    network = {"cell": cell, "bidirectional": bidirectional, "vocabulary": vocabulary, "classes": vocabulary}
    model = classifier("list", seed=seed, **network).set_params(handle_unknown="ignore")
    rng, tokens = np.random.default_rng(seed), np.array([*vocabulary, token_type(7)])
    X = [tokens[rng.integers(0, n_tokens + 1, size=length)] for length in LENGTHS]
    feeds = feeds_for(X, extra=1, fill=vocabulary[0])
    assert_same_labels(model, X, serve(model, feeds))


@pytest.mark.parametrize("classes", [(-1, 5), (False, True), (0.0, 1.0), ("nö", "ja")], ids=str)
def test_labels_keep_their_type(classes):
    model, X = classifier(classes=classes), draw(LENGTHS)
    outputs = serve(model, feeds_for(X))["labels"]
    assert_array_equal(outputs, model.predict(X))
    assert outputs.dtype == (object if isinstance(classes[0], str) else np.array(classes).dtype)


@property_settings(10)
@given(st.lists(st.integers(1, 4), max_size=2).map(tuple), activations, activations, seeds)
def test_outputs_for_rows_equal_those_of_the_methods(sizes, activation, latent_activation, seed):
    settings = {"activation": activation, "latent_activation": latent_activation, "output_activation": "sigmoid"}
    architecture, layout = DenseArchitecture(3, 2, sizes, **settings), Layout("rows")
    model = with_network(DenseAutoencoderTransformer(), architecture, seed, layout=layout)
    rows = np.random.default_rng(seed).normal(size=(4, 3)).astype(np.float32)
    outputs = serve(model, {"x": rows})
    assert_allclose(outputs["encodings"], model.transform(rows), **CLOSE)
    assert_allclose(outputs["reconstruction"], model.reconstruct(rows), **CLOSE)


# --- what does not affect the outputs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", [np.nan, np.inf, 1e30])
def test_outputs_do_not_depend_on_the_values_of_padding(fill):
    model, X = autoencoder(bidirectional=True, units=(4, 3), activation="relu"), draw(LENGTHS)
    session = open_session(model)
    for clean, filled in zip(*(session.run(None, feeds_for(X, 2, each)) for each in (0, fill)), strict=True):
        assert_array_equal(clean, filled)


def test_outputs_do_not_depend_on_the_batch_and_its_number_of_timesteps():
    model, X = autoencoder(decoder="conditional"), draw([*LENGTHS, 60])
    session = open_session(model)
    together = session.run(["encodings", "reconstruction"], feeds_for(X, extra=9))
    for i, x in enumerate(X):
        encodings, decoded = session.run(["encodings", "reconstruction"], feeds_for([x]))
        assert_allclose(encodings[0], together[0][i], **CLOSE)
        assert_allclose(decoded[0], together[1][i, : len(x)], **CLOSE)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_batch_of_empty_sequences_is_encoded_and_decoded(extra):
    model = autoencoder(decoder="conditional", cell="gru")
    outputs = serve(model, feeds_for(draw([0, 0]), extra))
    assert_allclose(outputs["encodings"], model.transform(draw([0, 0, 1]))[:2], **CLOSE)
    assert outputs["reconstruction"].shape == (2, extra, 2)
    assert not outputs["reconstruction"].any()


def test_a_large_mean_costs_no_digits():
    """If it were subtracted in one step, half of the digits would be lost."""
    model, X = autoencoder(), draw(LENGTHS)
    scaling = Scaling(np.array([100_000.3, -5_000.7]), np.ones(2))
    change_input(model, scaling=scaling)
    X = [(x + scaling.mean).astype(np.float32) for x in X]
    assert_allclose(serve(model, feeds_for(X))["encodings"], model.transform(X), **CLOSE)


def test_a_mean_too_large_for_float32_is_warned_of():
    model = change_input(autoencoder(), scaling=Scaling(np.array([0.0, 1e6]), np.array([1.0, 0.1])))
    with pytest.warns(UserWarning, match="x of the file is float32, but feature 1 has a mean of .* 0.0625, .*constant"):
        open_session(model)


# --- the file ---------------------------------------------------------------------------------------------------------


@every_class
def test_the_file_of_a_trained_estimator_has_its_outputs_and_metadata(cls):
    model = quick(cls, epochs=1).fit(data_for(cls), y)
    session = open_session(model)
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["estimator"] == cls.__name__
    assert metadata["skseqae_version"] == skseqae.__version__
    arrays = [np.float32(each) for each in data_for(cls)]
    feeds = {"x": np.stack(arrays)} if cls is DenseAutoencoderTransformer else feeds_for(arrays)
    outputs = dict(zip([each.name for each in session.get_outputs()], session.run(None, feeds), strict=True))
    if cls is Seq2SeqClassifier:
        assert_same_labels(model, arrays, outputs)
        assert json.loads(metadata["classes"]) == model.classes_.tolist()
    else:
        assert_allclose(outputs["encodings"], model.transform(arrays), **CLOSE)


def test_a_file_has_operators_of_onnx_and_an_old_version_of_the_format(tmp_path):
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


def test_the_example_runs_the_file_without_this_package(tmp_path):
    command = [sys.executable, EXAMPLE, "--fast"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "largest difference" in done.stdout


# --- errors -----------------------------------------------------------------------------------------------------------


def custom_decoder(n_timesteps, latent_dim, n_features):
    raise AssertionError("never called")


def with_custom_decoder():
    model = autoencoder()
    architecture = replace(model._fitted.architecture, decoder=custom_decoder, n_timesteps=(5, 4))
    model._fitted = replace(model._fitted, architecture=architecture)
    return model


def with_small_deviation():
    return change_input(autoencoder(), scaling=Scaling(np.zeros(2), np.array([1, 1e-40])))


REFUSED = {
    "a class": (lambda: LSTMAutoencoderTransformer, None, TypeError, "estimator must be one of"),
    "a detector with a pipeline": (
        lambda: detector(make_pipeline(autoencoder())),
        None,
        TypeError,
        r"Of a SequenceOutlierDetector around Pipeline.*, export the fitted autoencoder inside\.$",
    ),
    "an unfitted detector": (SequenceOutlierDetector, None, NotFittedError, "not fitted"),
    "an unfitted autoencoder": (LSTMAutoencoderTransformer, None, NotFittedError, "not fitted"),
    "an empty list of outputs": (
        autoencoder,
        [],
        ValueError,
        r"some of \['encodings', 'reconstruction', 'prediction', 'scores'\].*got \[\]",
    ),
    "a wrong output": (autoencoder, ["labels"], ValueError, r"outputs must be .*got \['labels'\]"),
    "a string as outputs": (autoencoder, "encodings", ValueError, "'outputs' parameter"),
    "a custom decoder": (with_custom_decoder, None, ValueError, r"decoder=<function custom_.*outputs=\['encodings'\]"),
    "beam search": (lambda: classifier("list").set_params(num_beams=3), None, ValueError, "set num_beams=1"),
    "tokens that are floats": (
        lambda: classifier(vocabulary=[0.5, 1.5]),
        None,
        ValueError,
        r"vocabulary_ holds \[0.5, 1.5\]",
    ),
    "labels that are bytes": (
        lambda: classifier(classes=[b"a", b"b"]),
        None,
        ValueError,
        "classes_ holds.*strings or integers",
    ),
    "labels beyond int64": (
        lambda: classifier(classes=np.array([1, 2**63], np.uint64)),
        None,
        ValueError,
        "classes_ holds",
    ),
    "a standard deviation too small": (
        with_small_deviation,
        None,
        ValueError,
        "Feature 1 has a standard deviation of 1e-40",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_estimator_that_cannot_be_exported_raises_and_the_file_stays(case, tmp_path):
    make, outputs, error, message = REFUSED[case]
    path = tmp_path / "network.onnx"
    path.write_text("before")
    with pytest.raises(error, match=message):
        skseqae.export_onnx(make(), path, outputs=outputs)
    assert path.read_text() == "before"


def test_an_encoder_is_exported_without_its_custom_decoder():
    X = draw(LENGTHS)
    encodings = serve(with_custom_decoder(), feeds_for(X), ["encodings"])["encodings"]
    assert_allclose(encodings, autoencoder().transform(X), **CLOSE)
