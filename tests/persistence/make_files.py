"""Write small files of every class, and the outputs that later versions must compute from them.

    python -m tests.persistence.make_files

writes NAME.skseqae and NAME.json to tests/persistence/files/VERSION/, where VERSION is the version of the package. It
is run once for each version that is released; files of a version are never changed. NAME.json holds:

class          name of the class
container      of X: "list" (of arrays (n_timesteps_i, n_features)), "frame" (with `columns`), "array" (null is NaN),
               "sequences" (with `feature_names`), or "tokens" (a list of lists of strings)
X, y, Z        data of the calls; y and Z only if a call needs them
parameters     parameters that differ from their defaults
attributes     fitted attributes
weights        SHA-256 of the bytes of each weight array, by part of the network; `weights_of_encoder` and
               `weights_of_estimator_` are those of nested estimators
calls          `method`, `data` (which of X, y, Z are the positional arguments), `arguments` (by keyword), `value`
               (nested lists; null is NaN; arrays and `Sequences` are lists of sequences)
"""

import hashlib
import inspect
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator

import skseqae
from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SequenceOutlierDetector,
    Sequences,
)
from skseqae.datasets import make_waves

FILES = Path(__file__).parent / "files"
CALL = ("method", "data", "arguments", "value")
ATTRIBUTES = ("n_iter_", "n_features_in_", "feature_names_in_", "classes_", "vocabulary_", "offset_", "history_")


# --- the description of an estimator ----------------------------------------------------------------------------------


def as_json(value):
    """Return a value as JSON holds it: floats with all digits, null for NaN."""
    if isinstance(value, Sequences):
        value = value.to_list()
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, pd.DataFrame):
        value = value.to_numpy()
    if isinstance(value, np.ndarray | np.generic):
        return as_json(value.tolist())
    return None if isinstance(value, float) and np.isnan(value) else value


def data_of(content, name):
    """Return X, y or Z, in the container that the content names."""
    if name != "X":
        return content[name] if name == "y" and content["class"] == "Seq2SeqClassifier" else np.array(content[name])
    container, rows = content["container"], content["X"]
    if container == "tokens":
        return rows
    if container == "frame":
        return pd.DataFrame(np.array(rows, np.float64), columns=content["columns"])
    if container == "array":
        return np.array(rows, np.float64)
    arrays = [np.array(row, np.float64) for row in rows]
    return Sequences.from_list(arrays).with_names(content["feature_names"]) if container == "sequences" else arrays


def digests(estimator):
    """Return the SHA-256 of each weight array, by part of the network."""
    return {
        part: [hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest() for array in arrays]
        for part, arrays in sorted(estimator._fitted.weights.items())
    }


def changed_parameters(estimator):
    """Return the parameters that differ from their defaults, without nested estimators."""
    defaults = {name: each.default for name, each in inspect.signature(type(estimator)).parameters.items()}
    return {
        name: as_json(value)
        for name, value in sorted(estimator.get_params(deep=False).items())
        if value != defaults.get(name) and not hasattr(value, "get_params")
    }


def describe(estimator):
    """Return what is recorded of a fitted estimator and does not depend on data."""
    content = {
        "class": type(estimator).__name__,
        "parameters": changed_parameters(estimator),
        "attributes": {name: as_json(getattr(estimator, name)) for name in ATTRIBUTES if hasattr(estimator, name)},
        "weights": {} if isinstance(estimator, SequenceOutlierDetector) else digests(estimator),
    }
    if isinstance(estimator, SequenceOutlierDetector):
        content["weights_of_estimator_"] = digests(estimator.estimator_)
    if getattr(estimator, "encoder", None) is not None:
        content["weights_of_encoder"] = digests(estimator.encoder.estimator)
    return content


def call(estimator, content, method, data, arguments):
    """Return the output of a method for data of the content."""
    return as_json(getattr(estimator, method)(*(data_of(content, name) for name in data), **arguments))


# --- the files --------------------------------------------------------------------------------------------------------

SMALL = {"epochs": 2, "batch_size": 4, "random_state": 0, "learning_rate": 0.05}
LAST_STATES = LAST_STATE | SMALL
X_TRAIN, Y_TRAIN = make_waves(8, n_features=2, lengths=(3, 6), n_classes=2, random_state=0)
X_TEST, Y_TEST = make_waves(3, n_features=2, lengths=(2, 5), n_classes=2, random_state=1)
COLUMNS = [f"hour {t}" for t in range(6)]
FEATURES = ["load", "speed"]
LETTERS = [list("ab"), list("bac"), list("c"), list("acb")] * 2
NAMES = np.array(["slow", "fast"])
ALL_REDUCTIONS = [("reconstruction_error", ["X"], {"reduction": r}) for r in ("sample", "timestep", "feature", "none")]
OUTPUTS = [("transform", ["X"], {}), ("reconstruct", ["X"], {})]
AUTOENCODER = [*OUTPUTS, *ALL_REDUCTIONS, ("get_feature_names_out", [], {})]
SCORES = [("score_samples", ["X"], {}), ("score", ["X"], {})]
PREDICTIONS = [("predict", ["X"], {}), ("predict_proba", ["X"], {})]
ACCURACIES = [("score", ["X", "y"], {}), ("token_accuracy", ["X", "y"], {})]


def padded(arrays, n_timesteps):
    array = np.full((len(arrays), n_timesteps, arrays[0].shape[1]), np.nan)
    for row, x in zip(array, arrays, strict=True):
        row[: len(x)] = x
    return array


def table(arrays, n_timesteps=6):
    return padded([x[:, :1] for x in arrays], n_timesteps)[:, :, 0]


def named(arrays):
    return Sequences.from_list(arrays).with_names(FEATURES)


def means(arrays):
    return np.array([[x.mean(), x.max()] for x in arrays])


def rows(arrays):
    return np.array([np.r_[x.mean(axis=0), x[0]] for x in arrays])


def autoencoders():
    """Yield the name, the fitted estimator, the data and the calls of each file of an autoencoder."""
    inverse = ("inverse_transform", ["Z"], {"n_timesteps": 4})
    settings = {"units": (3, 2), "bidirectional": True, "loss": "huber", "loss__delta": 2.0, "dropout": 0.1}
    settings = LAST_STATES | WHOLE_SEQUENCES | settings
    fitted = LSTMAutoencoderTransformer(3, **settings).fit(pd.DataFrame(table(X_TRAIN), columns=COLUMNS))
    data = {"container": "frame", "columns": COLUMNS, "X": table(X_TEST)}
    yield "autoencoder_bidirectional_frame", fitted, data, [*AUTOENCODER, *SCORES, inverse]

    settings = {"cell": "gru", "decoder": "conditional", "objective": "composite", "reverse": False, "units": 3}
    fitted = LSTMAutoencoderTransformer(3, **settings, **SMALL).fit(named(X_TRAIN))
    data = {"container": "sequences", "feature_names": FEATURES, "X": X_TEST}
    calls = [*AUTOENCODER, *SCORES, ("predict_next", ["X"], {}), inverse]
    yield "autoencoder_gru_conditional_composite_named", fitted, data, calls

    fitted = LSTMAutoencoderTransformer(3, cell="rnn", scale=None, **LAST_STATES).fit(X_TRAIN)
    yield "autoencoder_rnn", fitted, {"container": "list", "X": X_TEST}, [*AUTOENCODER, *SCORES, inverse]

    settings = {"pooling": ("last", "shares", "std"), "latent_dim": None, "units": 2, "patch_size": 2}
    fitted = LSTMAutoencoderTransformer(**settings, **SMALL).fit(X_TRAIN)
    yield "autoencoder_patches", fitted, {"container": "list", "X": X_TEST}, [*AUTOENCODER, *SCORES, inverse]

    settings = {"hidden_layer_sizes": (3,), "optimizer": "sgd", "optimizer__momentum": 0.9, "activation": "tanh"}
    fitted = DenseAutoencoderTransformer(2, noise=0.1, **settings, **SMALL).fit(rows(X_TRAIN))
    calls = [each for each in AUTOENCODER if each[2].get("reduction") not in ("timestep", "none")]
    calls += [("score", ["X"], {}), ("inverse_transform", ["Z"], {})]
    yield "dense_optimizer_routed", fitted, {"container": "array", "X": rows(X_TEST)}, calls

    detector = SequenceOutlierDetector(LSTMAutoencoderTransformer(2, units=2, **SMALL), contamination=0.25)
    detector.fit(padded(X_TRAIN, 6))
    methods = ("predict", "score_samples", "decision_function", "error_map")
    data = {"container": "array", "X": padded(X_TEST, 5)}
    yield "detector", detector, data, [(method, ["X"], {}) for method in methods]


def predictors():
    """Yield the same for regressors and classifiers."""
    fitted = CompositeSequenceRegressor(3, units=3, horizon=2, early_stopping=True, **SMALL).fit(X_TRAIN)
    data = {"container": "list", "X": [x for x in X_TRAIN if len(x) > 2][:3]}
    yield "regressor_horizon", fitted, data, [*AUTOENCODER, ("predict", ["X"], {}), ("score", ["X"], {})]

    settings = {"cell": "gru", "units": 3, "reconstruction_weight": 0.25, "activation": "relu"}
    fitted = CompositeSequenceRegressor(2, **LAST_STATES | settings).fit(X_TRAIN, means(X_TRAIN))
    data = {"container": "list", "X": X_TEST, "y": means(X_TEST)}
    yield "regressor_vector_gru", fitted, data, [*AUTOENCODER, ("predict", ["X"], {}), ("score", ["X", "y"], {})]

    settings = {"tokens": True, "handle_unknown": "ignore", "num_beams": 2, "class_weight": "balanced"}
    fitted = Seq2SeqClassifier(3, **settings, **SMALL).fit(LETTERS, [each[::-1] for each in LETTERS])
    data = {"container": "tokens", "X": [list("ba"), list("cab"), list("z")], "y": [list("bc"), [], ["c"]]}
    beams = [("predict_beams", ["X"], {}), ("predict_beams", ["X"], {"num_beams": 3})]
    yield "classifier_tokens_ragged", fitted, data, [*PREDICTIONS, *beams, *ACCURACIES]

    encoder = FrozenEstimator(LSTMAutoencoderTransformer(2, units=2, **SMALL).fit(X_TRAIN))
    fitted = Seq2SeqClassifier(encoder=encoder, freeze_encoder=True, **SMALL).fit(X_TRAIN, NAMES[Y_TRAIN])
    data = {"container": "list", "X": X_TEST, "y": NAMES[Y_TEST]}
    yield "classifier_label_frozen_encoder", fitted, data, [*PREDICTIONS, *ACCURACIES]


def as_text(content):
    """Return a record as JSON with a line for each entry and each call."""
    lines = [f'"{key}": {json.dumps(value, allow_nan=False)}' for key, value in content.items() if key != "calls"]
    calls = ",\n ".join(json.dumps(each, allow_nan=False) for each in content["calls"])
    return "{" + ",\n".join([*lines, f'"calls": [\n {calls}\n]']) + "}\n"


def write(folder):
    """Write all files to a new folder.

    Raises
    ------
    FileExistsError
        If the folder exists.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} exists: files of a version are never changed.")
    with tempfile.TemporaryDirectory() as temporary:
        for name, estimator, data, calls in (*autoencoders(), *predictors()):
            skseqae.save(estimator, Path(temporary) / f"{name}.skseqae")
            content = describe(estimator) | {key: as_json(value) for key, value in data.items()}
            if any("Z" in arguments for _, arguments, _ in calls):
                content["Z"] = call(estimator, content, "transform", ["X"], {})
            content["calls"] = [
                dict(zip(CALL, (*each, call(estimator, content, *each)), strict=True)) for each in calls
            ]
            (Path(temporary) / f"{name}.json").write_text(as_text(content), encoding="utf-8")
        shutil.copytree(temporary, folder)


if __name__ == "__main__":
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    try:
        write(FILES / skseqae.__version__)
    except FileExistsError as error:
        sys.exit(str(error))
