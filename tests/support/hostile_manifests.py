"""Files with an invalid manifest or invalid tensors, and a valid checksum."""

import json

import numpy as np

from skseqae.persistence._file_format import FORMAT
from tests.support.hostile_formats import LAMBDA
from tests.support.hostile_headers import deep, with_manifest


def setting(path, value):
    """Return a builder that sets one value in the manifest, by its path."""

    def make(parts):
        parts = parts.copy()
        *outer, last = path
        inner = parts.manifest
        for step in outer:
            inner = inner[step]
        inner[last] = value
        return parts.assemble()

    return make


def parameter(name, value):
    return setting(("estimator", "parameters", name), value)


def attribute(*path_and_value):
    *path, value = path_and_value
    return setting(("estimator", "fitted", *path), value)


def writing(name, *index_and_value):
    """Return a builder that sets one value of a tensor."""
    *index, value = index_and_value

    def make(parts):
        parts = parts.copy()
        parts.tensor(name)[tuple(index)] = value
        return parts.assemble()

    return make


def retyped(name, dtype):
    def change(arrays):
        arrays[f"estimator.{name}"] = arrays[f"estimator.{name}"].astype(dtype)

    return lambda parts: parts.with_tensors(change)


def reshaped(name):
    def change(arrays):
        arrays[f"estimator.{name}"] = np.ascontiguousarray(arrays[f"estimator.{name}"].T)

    return lambda parts: parts.with_tensors(change)


def nested(depth):
    """Return a builder that nests estimators as parameters of one another."""

    def make(parts):
        parts = parts.copy()
        text = json.dumps(parts.estimator)
        for _ in range(depth):
            inner = json.loads(text)
            inner["parameters"]["encoder"] = {"FrozenEstimator": "X"}
            text = json.dumps(inner).replace('"X"', text)
        parts.manifest["estimator"] = json.loads(text)
        return parts.assemble()

    return make


def of_format(version):
    """Return a builder that states a format version, in the prefix and in the manifest."""

    def make(parts):
        parts = parts.copy()
        parts.manifest["format"] = parts.version = version
        return parts.assemble()

    return make


STATE = ("_fitted", "FittedState")
ARCHITECTURE = (*STATE, "architecture", "Architecture")
INPUT = (*STATE, "input", "FittedInput")
MANIFESTS = {
    "a manifest that is not JSON": with_manifest(lambda text: "import os"),
    "a manifest that is a list": with_manifest(lambda text: "[]"),
    "an empty manifest": with_manifest(lambda text: "{}"),
    "a manifest with NaN": with_manifest(lambda text: text.replace('"epochs": 2', '"epochs": NaN')),
    "a routed parameter of NaN": with_manifest(lambda text: text.replace('_1": 0.8', '_1": NaN')),
    "a routed parameter with an invalid tuple": parameter("optimizer__beta_1", {"tuple": "ab"}),
    "a finite float that is encoded": parameter("tol", {"float": "0.5"}),
    "a manifest with -Infinity": with_manifest(lambda text: text.replace('"epochs": 2', '"epochs": -Infinity')),
    "a manifest with a number too large": with_manifest(lambda text: text.replace('"tol": 0.0001', '"tol": 1e999')),
    "a manifest with a key twice": with_manifest(lambda text: text.replace('"epochs":', '"epochs": 1, "epochs":')),
    "a manifest of deeply nested lists": with_manifest(lambda text: deep(9_000)),
    "a manifest with deeply nested objects": with_manifest(
        lambda text: text.replace('"epochs": 2', '"epochs": ' + deep(9_000))
    ),
    "a manifest that is not ASCII": with_manifest(lambda text: text.replace("adam", "ädam")),
    "a manifest of lone surrogates": with_manifest(lambda text: text.replace("adam", "\ud800")),
    "another format version in the manifest": setting(("format",), 1),
    "a format version that is a bool": setting(("format",), True),
    "an earlier format version in the prefix and the manifest": of_format(1),
    "a later format version in the prefix and the manifest": of_format(FORMAT + 1),
    "format version 0 in the prefix and the manifest": of_format(0),
    "an estimator of None": setting(("estimator",), None),
    "a class of os.system": setting(("estimator", "class"), "os.system"),
    "a class of builtins.eval": setting(("estimator", "class"), "builtins.eval"),
    "a class of the package that is not registered": setting(("estimator", "class"), "Sequences"),
    "a class of scikit-learn": setting(("estimator", "class"), "sklearn.pipeline.Pipeline"),
    "a class that is a list": setting(("estimator", "class"), ["LSTMAutoencoderTransformer"]),
    "another registered class": setting(("estimator", "class"), "DenseAutoencoderTransformer"),
    "a Lambda layer as a parameter": parameter("decoder", LAMBDA),
    "a function as a parameter": parameter("decoder", {"function": "os.system"}),
    "a function's name as a parameter": parameter("decoder", "os.system"),
    "an optimizer as Keras writes it": parameter("optimizer", {"class_name": "Adam", "config": {}}),
    "callbacks": parameter("callbacks", ["os.system"]),
    "an unknown parameter": parameter("shell", True),
    "an unknown routed parameter": parameter("os__system", 1),
    "a routed parameter that duplicates a parameter": parameter("optimizer__learning_rate", 1.0),
    "epochs below one": parameter("epochs", -1),
    "epochs as a string": parameter("epochs", "2"),
    "epochs that are not an integer": parameter("epochs", 1.5),
    "units of zero": parameter("units", [0]),
    "a seed below zero": parameter("random_state", -1),
    "a tolerance of NaN": parameter("tol", {"float": "nan"}),
    "an invalid float": parameter("tol", {"float": "__import__('os')"}),
    "an invalid tuple": parameter("units", {"tuple": 3}),
    "an invalid dict": parameter("units", {"dict": [[1]]}),
    "a dict with a key twice": parameter("optimizer__beta_1", {"dict": [[1, 2], [1, 3]]}),
    "a dict with an unhashable key": parameter("units", {"dict": [[[1], 2]]}),
    "invalid bytes": parameter("loss", {"bytes": "xyz"}),
    "a value with two types": parameter("units", {"tuple": [3], "float": "nan"}),
    "a value with an unknown type": parameter("units", {"os.system": "touch /tmp/skseqae-was-here"}),
    "a weight tensor as a parameter": parameter("units", {"tensor": "estimator._fitted.weights.encoder.0"}),
    "a tensor by a path": parameter("units", {"tensor": "/etc/passwd"}),
    "an unknown attribute": attribute("__class__", "os.system"),
    "a method as an attribute": attribute("transform", "os.system"),
    "an architecture of another class": attribute(*STATE, "architecture", {"DenseArchitecture": {}}),
    "units of 10**9": attribute(*ARCHITECTURE, "units", {"tuple": [10**9]}),
    "units beyond 64 bits": attribute(*ARCHITECTURE, "units", {"tuple": [2**80]}),
    "100,000 layers": attribute(*ARCHITECTURE, "units", {"tuple": [1] * 100_000}),
    "encodings of 10**9 values": attribute(*ARCHITECTURE, "latent_dim", 10**9),
    "10**9 features": attribute(*ARCHITECTURE, "n_features", 10**9),
    "unknown heads": attribute(*ARCHITECTURE, "heads", {"tuple": ["os.system"]}),
    "features of more heads than exist": attribute(*ARCHITECTURE, "head_features", {"tuple": [2, 2]}),
    "a function as a decoder": attribute(*ARCHITECTURE, "decoder", "os.system"),
    "an unknown cell": attribute(*ARCHITECTURE, "cell", "elman"),
    "an unknown layout": attribute(*INPUT, "layout", "Layout", "container", "frame"),
    "an array layout without its length": attribute(*INPUT, "layout", "Layout", "container", "padded"),
    "a layout of rows for sequences": attribute(*INPUT, "layout", "Layout", "container", "rows"),
    "an attribute of format 1": attribute("n_iter_", 7),
    "a fitted state that is a list": attribute("_fitted", []),
    "a fitted state of another record": attribute("_fitted", {"FittedInput": {}}),
    "an unknown field of the fitted state": attribute(*STATE, "os.system", 1),
    "a target of an autoencoder": attribute(
        *STATE,
        "target",
        {"FittedLabels": {"label_type": "label", "max_length": 1, "classes": {"tokens": ["<U1", ["a"]]}}},
    ),
    "a vocabulary of numeric sequences": attribute(*INPUT, "vocabulary", {"tokens": ["<U1", ["a"]]}),
    "a history without epochs": attribute(*STATE, "history", "dict", 0, 1, {"tokens": ["<f8", []]}),
    "a history of ragged lists": attribute(*STATE, "history", "dict", 0, 1, [[1.0], [1.0, 2.0]]),
    "a history with an unknown name": attribute(*STATE, "history", "dict", 0, 0, "os"),
    "more features than the network": attribute("n_features_in_", 3),
    "names of other features": attribute("feature_names_in_", {"tokens": ["<U1", ["a"]]}),
    "a name bomb": attribute("feature_names_in_", {"tokens": ["<U9999999", ["a"] * 10_000]}),
    "a name of width zero": attribute("feature_names_in_", {"tokens": ["<U0", ["a", "b"]]}),
    "names of a structured dtype": attribute("feature_names_in_", {"tokens": ["f4,O", ["a", "b"]]}),
    "names that are lists": attribute("feature_names_in_", {"tokens": ["|O", [["a"], ["b"]]]}),
    "names that are numbers": attribute("feature_names_in_", {"tokens": ["|O", [1, 2]]}),
    "a name twice": attribute("feature_names_in_", {"tokens": ["<U1", ["a", "a"]]}),
    "a length range in reverse": attribute(*INPUT, "length_range", {"tuple": [9, 3]}),
    "an unknown output container": attribute("_sklearn_output_config", {"dict": [["transform", "os.system"]]}),
    "a position after the end of the generator state": attribute(*STATE, "generator", "RandomState", 1, 2**31),
    "a negative position in the generator state": attribute(*STATE, "generator", "RandomState", 1, -1),
    "a flag of the generator that is not 0 or 1": attribute(*STATE, "generator", "RandomState", 2, 2),
    "a cached draw of the generator that is NaN": attribute(*STATE, "generator", "RandomState", 3, {"float": "nan"}),
    "a generator state of another tensor": attribute(
        *STATE, "generator", "RandomState", 0, {"tensor": "estimator._fitted.input.scaling.mean"}
    ),
    "a weight of NaN": writing("_fitted.weights.encoder.0", 0, 0, np.nan),
    "a weight of infinity": writing("_fitted.weights.reconstruction.1", 0, 0, np.inf),
    "an optimizer state of NaN": writing("_fitted.optimizer_state.2", 0, 0, np.nan),
    "a history of NaN": writing("_fitted.history.loss", 0, np.nan),
    "a mean of infinity": writing("_fitted.input.scaling.mean", 0, -np.inf),
    "a standard deviation of zero": writing("_fitted.input.scaling.std", 0, 0.0),
    "a standard deviation below zero": writing("_fitted.input.feature_std", 0, -1.0),
    "weights in float64": retyped("_fitted.weights.encoder.0", np.float64),
    "weights as integers": retyped("_fitted.weights.encoder.0", np.int32),
    "a scaling in float32": retyped("_fitted.input.scaling.mean", np.float32),
    "a generator state of 64 bits": retyped("_fitted.generator.0", np.int64),
    "transposed weights": reshaped("_fitted.weights.encoder.0"),
    "a transposed optimizer state": reshaped("_fitted.optimizer_state.2"),
    "missing weights": attribute(*STATE, "weights", "dict", 0, 1, []),
    "weights of another part": attribute(*STATE, "weights", "dict", 0, 0, "decoder"),
    "a parameter that is an estimator": nested(1),
    "a hundred nested estimators": nested(100),
}
