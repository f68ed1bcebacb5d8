"""The outputs of the ONNX file of a pipeline equal those of the pipeline's methods."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, PowerTransformer, RobustScaler, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC

import skseqae
from skseqae import DenseAutoencoderTransformer, LSTMAutoencoderTransformer
from skseqae.data._layout import Layout
from skseqae.data._targets import TargetLayout
from skseqae.networks._architectures import DenseArchitecture
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder
from tests.export.test_onnx import (
    CLOSE,
    autoencoder,
    cells,
    classifier,
    detector,
    feeds_for,
    open_session,
    regressor,
    serve,
    widths,
    with_network,
)
from tests.support.strategies import property_settings, seeds

EXAMPLE = Path(__file__).parents[2] / "examples" / "onnx_pipeline.py"
LENGTHS = [5, 1, 0, 3, 7, 2, 4, 6] * 3
METHODS = {
    "labels": "predict",
    "prediction": "predict",
    "probabilities": "predict_proba",
    "decision_function": "decision_function",
    "transformed": "transform",
}


def draw(seed=0, mean=0.0, lengths=LENGTHS):
    """Return sequences of float64 numbers that float32 holds exactly."""
    rng = np.random.default_rng(seed)
    return [np.float32(mean + rng.normal(size=(length, 2))).astype(np.float64) for length in lengths]


def targets(values, seed=0):
    """Return targets in which all values occur."""
    return np.random.default_rng(seed).permutation(np.resize(list(values), len(LENGTHS)))


def fitted(before, network, after, y=None, X=None):
    """Return a pipeline whose steps around a network of random weights are fitted."""
    rows = draw() if X is None else X
    for step in before:
        rows = step.fit(rows).transform(rows)
    rows = network.transform(rows) if after else None
    for step in after:
        step.fit(rows, y)
        rows = step.transform(rows) if hasattr(step, "transform") else rows
    return make_pipeline(*before, network, *after)


def classifying(y=None, **network):
    """Return the usual pipeline."""
    y = targets(["a", "b", "c"]) if y is None else y
    before, after = [PerTimestep(StandardScaler())], [StandardScaler(), LogisticRegression()]
    return fitted(before, autoencoder(**network), after, y)


def feeds(X, **options):
    return feeds_for([x.astype(np.float32) for x in X], **options)


def assert_outputs_equal(model, X, names, **options):
    outputs = serve(model, feeds(X, **options))
    assert outputs.keys() == {"encodings", *names}
    for name in names:
        expected = getattr(model, METHODS[name])(X)
        if name == "labels":
            assert_array_equal(outputs[name], expected)
        else:
            assert outputs[name].shape == expected.shape
            assert_allclose(outputs[name], expected, **CLOSE)


# --- outputs ----------------------------------------------------------------------------------------------------------


labels = st.sampled_from([("no", "yes"), (-3, 5), (False, True), (0.0, 1.0), ("a", "b", "c"), (0, 7, 2, 3)])


@property_settings(8)
@given(cells, widths, st.booleans(), labels, st.integers(0, 2), seeds)
def test_labels_and_probabilities_equal_those_of_the_pipeline(cell, units, bidirectional, classes, extra, seed):
    model = classifying(targets(classes, seed), cell=cell, units=units, bidirectional=bidirectional, seed=seed)
    assert_outputs_equal(model, draw(seed), ["labels", "probabilities"], extra=extra)
    served = serve(model, feeds(draw(seed)), ["labels"])
    assert list(served) == ["labels"]
    assert served["labels"].dtype == (object if isinstance(classes[0], str) else np.array(classes).dtype)


def test_labels_of_type_object_are_strings():
    model = classifying(targets(["a", "b"]).astype(object))
    assert_outputs_equal(model, draw(), ["labels", "probabilities"])


LAST = {
    "PCA": (PCA(2), ["transformed"]),
    "KMeans": (KMeans(2, n_init=1, random_state=0), ["labels", "transformed"]),
    "SVC": (SVC(), ["labels", "decision_function"]),
    "LinearSVC": (LinearSVC(random_state=0), ["labels", "decision_function"]),
    "KNeighborsClassifier": (KNeighborsClassifier(3), ["labels", "probabilities"]),
    "RandomForestClassifier": (RandomForestClassifier(5, random_state=0), ["labels", "probabilities"]),
    "IsolationForest": (IsolationForest(n_estimators=5, random_state=0), ["labels", "decision_function"]),
    "Ridge": (Ridge(), ["prediction"]),
    "SVR": (SVR(), ["prediction"]),
    "RandomForestRegressor": (RandomForestRegressor(5, random_state=0), ["prediction"]),
    "StandardScaler": (StandardScaler(), ["transformed"]),
}


@pytest.mark.parametrize("values", [(0, 1), (1, 2, 4)])
@pytest.mark.parametrize("name", LAST)
def test_outputs_of_the_last_step_equal_those_of_its_methods(name, values):
    last, names = LAST[name]
    model = fitted([PerTimestep(MinMaxScaler())], autoencoder(), [StandardScaler(), PCA(), last], targets(values))
    assert_outputs_equal(model, draw(1), names)


def test_several_targets_are_predicted():
    y = np.stack([targets([1.0, 2.0]), targets([0.0, 5.0])], axis=1)
    assert_outputs_equal(fitted([], autoencoder(), [LinearRegression()], y), draw(1), ["prediction"])


def test_outputs_that_skl2onnx_computes_otherwise_are_left_out():
    model = classifying()
    model[-1].predict_proba = lambda rows: np.full((len(rows), 3), 1 / 3)
    assert serve(model, feeds(draw())).keys() == {"encodings", "labels"}
    model[-1].predict = lambda rows: np.resize(["d", "e"], len(rows))
    with pytest.raises(ValueError, match="Step 'logisticregression', LogisticRegression, .* computes something else"):
        open_session(model)


# --- steps before the network -----------------------------------------------------------------------------------------


def with_gaps(X):
    return [np.where(np.random.default_rng(0).random(x.shape) < 0.2, np.nan, x) for x in X]


def with_categories(X):
    return [np.column_stack([np.rint(np.clip(x[:, 0], -1, 1)), x[:, 1]]) for x in X]


BEFORE = {
    "scalers": ([StandardScaler(), RobustScaler()], list),
    "principal components": ([make_pipeline("passthrough", StandardScaler(), PCA(2))], list),
    "imputer": ([SimpleImputer()], with_gaps),
    "power": ([PowerTransformer()], list),
    "columns": ([make_column_transformer((StandardScaler(), [1]), remainder="passthrough")], list),
    "categories": ([make_column_transformer((OneHotEncoder(drop="first"), [0])), PCA(2)], with_categories),
}


@pytest.mark.parametrize("fill", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("name", BEFORE)
def test_transformers_apply_to_real_timesteps_only(name, fill):
    transformers, change = BEFORE[name]
    X = change(draw())
    model = fitted(
        [PerTimestep(each) for each in transformers], autoencoder(), [LogisticRegression()], targets("ab"), X
    )
    assert_outputs_equal(model, X, ["labels", "probabilities"], extra=2, fill=fill)


@pytest.mark.parametrize("scaler", [StandardScaler(), RobustScaler(), MinMaxScaler()])
def test_a_large_mean_costs_no_digits(scaler):
    X = draw(mean=1e4)
    model = fitted([PerTimestep(scaler)], autoencoder(), [StandardScaler(), LogisticRegression()], targets("abc"), X)
    assert_outputs_equal(model, X, ["labels", "probabilities"])


def test_a_mean_too_large_for_float32_is_warned_of_in_a_pipeline():
    X = draw()
    model = fitted([PerTimestep(StandardScaler())], autoencoder(), [LogisticRegression()], targets("ab"), X)
    model[0].fit([x * 0.01 + 1e5 for x in X])
    with pytest.warns(UserWarning, match="x of the file is float32, but feature 0 has a mean"):
        open_session(model)


def test_rows_are_transformed_before_a_dense_autoencoder():
    rows = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
    network = with_network(DenseAutoencoderTransformer(), DenseArchitecture(2, 2, (3,)), 0, layout=Layout("rows"))
    model = fitted([StandardScaler(), PCA(2)], network, [LogisticRegression()], targets("ab"), rows)
    outputs = serve(model, {"x": rows})
    assert_allclose(outputs["probabilities"], model.predict_proba(rows), **CLOSE)


NETWORKS = {
    "classifier": (lambda: classifier(), {"labels": "predict", "probabilities": "predict_proba"}),
    "regressor": (lambda: regressor(TargetLayout("vector", length=1)), {"prediction": "predict"}),
    "autoencoder": (lambda: autoencoder(), {"encodings": "transform", "scores": "score_samples"}),
    "detector": (lambda: detector(autoencoder(), -1e9), {"labels": "predict", "scores": "score_samples"}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_an_estimator_of_this_package_is_the_last_step(name):
    make, methods = NETWORKS[name]
    model = fitted([PerTimestep(StandardScaler())], make(), [])
    outputs = serve(model, feeds(draw()))
    for output, method in methods.items():
        expected = getattr(model, method)(draw())
        compare = assert_array_equal if output == "labels" else lambda *both: assert_allclose(*both, **CLOSE)
        compare(outputs[output], expected)


# --- pipelines and searches -------------------------------------------------------------------------------------------


def test_nested_and_skipped_steps_are_the_steps_of_one_pipeline():
    scale, network, *after = (step for _, step in classifying().steps)
    nested = make_pipeline("passthrough", make_pipeline(scale, FrozenEstimator(network)), None, make_pipeline(*after))
    outputs = serve(nested, feeds(draw()))
    for name, values in serve(make_pipeline(scale, network, *after), feeds(draw())).items():
        assert_array_equal(outputs[name], values)


@pytest.mark.parametrize("inside", [True, False])
def test_the_best_estimator_of_a_search_is_exported(inside):
    encoder, last = FrozenEstimator(autoencoder()), LogisticRegression()
    if inside:
        model = make_pipeline(encoder, GridSearchCV(last, {"C": [0.1, 1]}, cv=2))
    else:
        model = GridSearchCV(make_pipeline(encoder, last), {"logisticregression__C": [0.1, 1]}, cv=2)
    assert_outputs_equal(model.fit(draw(), targets("ab")), draw(), ["labels", "probabilities"])


@pytest.mark.parametrize("lengths", [[0], [0, 0], [1], [9, 0]])
@pytest.mark.parametrize("extra", [0, 1])
def test_any_batch_is_served(lengths, extra):
    model = classifying()
    X = draw(lengths=lengths)
    together = serve(model, feeds([*X, *draw(1)]))["probabilities"][: len(X)]
    assert_allclose(serve(model, feeds(X, extra=extra))["probabilities"], together, **CLOSE)


def test_a_file_has_standard_operators_and_metadata(tmp_path):
    model, path = classifying(), tmp_path / "model.onnx"
    model[0].feature_names_in_ = np.array(["u", "v"], object)
    skseqae.export_onnx(model, path)
    before, file = path.read_bytes(), onnx.load(path)
    assert file.ir_version == 8
    assert {(each.domain, each.version) for each in file.opset_import} <= {("", 17), ("ai.onnx.ml", 3)}
    metadata = {each.key: each.value for each in file.metadata_props}
    assert metadata["estimator"] == "LSTMAutoencoderTransformer"
    assert json.loads(metadata["classes"]) == ["a", "b", "c"]
    assert json.loads(metadata["feature_names"]) == ["u", "v"]
    assert json.loads(metadata["steps"]) == [type(step).__name__ for _, step in model.steps]
    skseqae.export_onnx(model, path)
    assert path.read_bytes() == before


SERVER = """
import sys

sys.modules |= dict.fromkeys(["tensorflow", "keras", "skseqae", "sklearn", "skl2onnx", "onnx"])  # not importable

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
labels, probabilities = session.run(["labels", "probabilities"], dict(np.load("batch.npz")))
np.savez("served.npz", labels=labels.astype(str), probabilities=probabilities)
"""


def test_a_file_is_served_without_this_package(tmp_path):
    model = classifying()
    skseqae.export_onnx(model, tmp_path / "model.onnx")
    np.savez(tmp_path / "batch.npz", **feeds(draw(1)))
    subprocess.run([sys.executable, "-c", SERVER], cwd=tmp_path, check=True, timeout=60)
    served = np.load(tmp_path / "served.npz")
    assert_array_equal(served["labels"], model.predict(draw(1)))
    assert_allclose(served["probabilities"], model.predict_proba(draw(1)), **CLOSE)


def test_the_example_serves_a_pipeline(tmp_path):
    command = [sys.executable, EXAMPLE, "--fast"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "largest difference" in done.stdout


# --- errors -----------------------------------------------------------------------------------------------------------


class Doubler(TransformerMixin, BaseEstimator):
    """A transformer that skl2onnx does not know."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return 2 * X


class Subclass(LSTMAutoencoderTransformer):
    pass


def per_timestep(*transformers):
    return fitted([PerTimestep(each) for each in transformers], autoencoder(), [])


def with_last(*after):
    return fitted([], autoencoder(), after, targets("ab"))


REFUSED = {
    "an unknown last step": (lambda: with_last(Doubler()), None, ValueError, "Step 'doubler', Doubler, cannot be"),
    "an unknown step between": (lambda: with_last(Doubler(), PCA(2)), None, ValueError, "Step 'doubler', Doubler"),
    "an unknown step for timesteps": (
        lambda: per_timestep(StandardScaler(), make_pipeline(PCA(2), Doubler())),
        None,
        ValueError,
        "Step 'pertimestep-2__doubler', Doubler, cannot be",
    ),
    "a padder": (
        lambda: fitted([SequencePadder()], autoencoder(), []),
        None,
        ValueError,
        "Step 'sequencepadder', SequencePadder, .*: before LSTMAutoencoderTransformer, only PerTimestep can be",
    ),
    "a pipeline without a network": (
        lambda: make_pipeline(Resampler().fit(draw()), PCA(2)),
        None,
        TypeError,
        "estimator must be one of .*'LSTMAutoencoderTransformer'.* pipeline",
    ),
    "a subclass": (lambda: make_pipeline(Subclass(), PCA(2)), None, TypeError, "not of another class or a subclass"),
    "an unfitted search": (
        lambda: GridSearchCV(make_pipeline(autoencoder()), {}),
        None,
        TypeError,
        "search that was fitted with refit=True",
    ),
    "an unfitted pipeline": (
        lambda: make_pipeline(PerTimestep(PCA(2)), LSTMAutoencoderTransformer(), LogisticRegression()),
        None,
        NotFittedError,
        "PerTimestep instance is not fitted",
    ),
    "an unfitted last step": (lambda: make_pipeline(autoencoder(), PCA(2)), None, NotFittedError, "PCA"),
    "an output of the network": (
        classifying,
        ["reconstruction"],
        ValueError,
        r"some of \['encodings', 'labels', 'probabilities'\].*got \['reconstruction'\]",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_pipeline_that_cannot_be_exported_raises_and_the_file_stays(case, tmp_path):
    make, outputs, error, message = REFUSED[case]
    path = tmp_path / "model.onnx"
    path.write_text("before")
    with pytest.raises(error, match=message):
        skseqae.export_onnx(make(), path, outputs=outputs)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_without_skl2onnx_the_error_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r'^skl2onnx is not installed: pip install "skseqae\[export\]"$'):
        skseqae.export_onnx(classifying(), tmp_path / "model.onnx")
    skseqae.export_onnx(make_pipeline("passthrough", autoencoder()), tmp_path / "model.onnx")
