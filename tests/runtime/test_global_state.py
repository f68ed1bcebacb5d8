"""No public call changes global state."""

import copy
import inspect
import json
import logging
import os
import pickle
import random
import signal
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import set_config
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error
from sklearn.preprocessing import StandardScaler

import skseqae
from skseqae import (
    CompositeSequenceRegressor,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SequenceOutlierDetector,
    Sequences,
    datasets,
    display,
    model_selection,
    preprocessing,
)
from tests.project.test_documentation import CLASSES as PUBLIC
from tests.project.test_documentation import DOCUMENTED
from tests.support.containers import padded
from tests.support.estimators import CLASSES, X, data_for, quick, y
from tests.support.global_state import NUMPY_GENERATOR, changed, global_state
from tests.support.processes import run_in_fresh_process

SCRIPT = """
import json, sys
from pathlib import Path

import joblib, keras, matplotlib.pyplot, pandas, polars, pyarrow, scikeras.wrappers, scipy.stats, tensorflow
import skseqae.networks.keras_backend._layers  # which registers its one layer with Keras, under the name of the package
from tests.runtime import test_global_state

Path(sys.argv[1]).write_text(json.dumps(test_global_state.call_everything()))
"""


def public_methods(instance):
    """Return the names of the public methods of an instance, except scikit-learn's metadata requests."""
    names = [name for name in dir(instance) if not name.startswith("_") and not name.endswith("_request")]
    return [name for name in names if inspect.isroutine(inspect.getattr_static(type(instance), name, None))]


def accepted(method, arguments):
    """Return those of the named arguments that a method accepts."""
    return {name: arguments[name] for name in inspect.signature(method).parameters if name in arguments}


def calls_of_estimator(estimator, **arguments):
    """Yield calls of all methods of an estimator, first those that train, of its models, and of copying functions."""
    name = type(estimator).__name__
    yield f"{name}.fit", lambda: estimator.fit(**accepted(estimator.fit, arguments))
    train = {"fit", "partial_fit", "fit_transform", "fit_predict"}
    for method in sorted(public_methods(estimator), key=lambda method: method not in train):
        yield f"{name}.{method}", lambda method=method: call(getattr(estimator, method), arguments)
    for model in ("encoder_", "decoder_", "model_"):
        yield f"{name}.{model}", partial(getattr, estimator, model, None)
    for function in (repr, dir, clone, copy.copy, copy.deepcopy, pickle.dumps):
        yield f"{function.__name__} of {name}", partial(function, estimator)
    yield f"HTML of {name}", estimator._repr_html_


def call(function, arguments):
    return function(**accepted(function, arguments))


def calls_of_all_estimators():
    """Yield calls of the estimators of every class."""
    lengths = {"n_timesteps": 3, "Z": np.zeros((2, 3)), "transform": "default"}
    for cls in CLASSES:
        widths = {"latent_dim": 3, "units": 2}
        narrow = {name: width for name, width in widths.items() if name in cls().get_params()}
        estimator, others = quick(cls, verbose=1, early_stopping=True, **narrow), dict(lengths)
        if cls is CompositeSequenceRegressor:  # y holds numbers, which have no length
            del others["n_timesteps"]
        yield from calls_of_estimator(estimator, X=data_for(cls), y=y, **others)
        yield "save and load", partial(save_and_load, estimator)
        yield "export_onnx", partial(export, estimator)
    tokens, reversals = datasets.make_reversals(12, lengths=(2, 4), n_symbols=3, random_state=0)
    yield from calls_of_estimator(quick(Seq2SeqClassifier, units=3, tokens=True), X=tokens, y=reversals)
    composite = quick(LSTMAutoencoderTransformer, latent_dim=3, units=2, objective="composite", optimizer="sgd")
    yield from calls_of_estimator(composite, X=X, y=None, **lengths)
    yield from calls_of_estimator(
        SequenceOutlierDetector(quick(LSTMAutoencoderTransformer, latent_dim=3, units=2), cv=2), X=X
    )
    for step in (preprocessing.PerTimestep(StandardScaler()), preprocessing.SequencePadder(20)):
        yield from calls_of_estimator(step, X=X if "Per" in repr(step) else [x[:, 0] for x in X], y=None)
    yield from calls_of_estimator(preprocessing.Resampler(4), X=X, y=None)
    masking = quick(LSTMAutoencoderTransformer, latent_dim=3, units=2, missing="mask")
    yield from calls_of_estimator(preprocessing.SequenceImputer(masking), X=X, y=None)


def save_and_load(estimator):
    with tempfile.TemporaryDirectory() as folder:
        skseqae.save(estimator, Path(folder) / "file")
        return skseqae.load(Path(folder) / "file")


def export(estimator):
    with tempfile.TemporaryDirectory() as folder:
        skseqae.export_onnx(estimator, Path(folder) / "file")


def transform_in_context(estimator):
    with skseqae.config_context(providers=["CPUExecutionProvider"]):
        return estimator.transform(X)


def calls_of_container(cls, sequences):
    """Yield calls of the constructors and of the methods of `Sequences` or `Windows`."""
    name = cls.__name__
    yield f"{name}.from_list", partial(cls.from_list, X)
    yield f"{name}.from_padded", lambda: cls.from_padded(padded(X))
    yield f"{name}.from_channels_first", lambda: cls.from_channels_first(padded(X).transpose(0, 2, 1))
    yield f"{name}.from_packed", partial(cls.from_packed, np.ones((5, 2)), [2, 3])
    yield f"{name}.from_frame", lambda: cls.from_frame(sequences.to_frame(), sample="sample")
    yield f"{name}.from_arrow", lambda: cls.from_arrow(sequences.to_arrow())
    yield f"{name}.concat", partial(cls.concat, [sequences[:1], sequences])
    yield f"{name}.with_names", lambda: sequences.with_names([f"f{i}" for i in range(sequences.n_features)])
    yield f"{name}.last", partial(sequences.last, 2)
    yield f"{name}.windows", partial(sequences.windows, 2)
    timed = Sequences.from_list(X, times=[np.arange(len(x)) for x in X])
    yield f"{name}.with_time_differences", timed.with_time_differences
    for method in ("to_list", "to_padded", "to_frame", "to_arrow"):
        yield f"{name}.{method}", getattr(sequences, method)


def calls_of_functions():
    """Yield calls of the conversions of `Sequences`, of `model_selection` and of the data sets."""
    sequences = Sequences.from_list(X)
    windows = sequences.windows(3, horizon=1)
    for instance in (sequences, windows):
        yield from calls_of_container(type(instance), instance)
    yield "Windows.stitch", partial(windows.stitch, np.ones(len(windows)))
    detector = SequenceOutlierDetector(quick(LSTMAutoencoderTransformer, latent_dim=3, units=2)).fit(windows)
    yield "SequenceOutlierDetector.outlier_intervals", partial(detector.outlier_intervals, windows)
    folds = model_selection.LengthStratifiedKFold(2, shuffle=True, random_state=0)
    yield "LengthStratifiedKFold.split", lambda: list(folds.split(X))
    yield "LengthStratifiedKFold.get_n_splits", folds.get_n_splits
    fitted = quick(LSTMAutoencoderTransformer, latent_dim=3).fit(X)
    yield "config_context", partial(transform_in_context, fitted)
    yield "TimestepScorer", partial(model_selection.TimestepScorer(mean_absolute_error, "reconstruct"), fitted, X)
    for name in datasets.__all__:
        dataset = getattr(datasets, name)
        yield name, partial(call, dataset, {"random_state": 0, "n_samples": 5})


def calls_of_displays():
    """Yield calls of the displays."""
    fitted = quick(LSTMAutoencoderTransformer, latent_dim=3, early_stopping=True).fit(X)
    for name in display.__all__:
        public = getattr(display, name)
        if inspect.isclass(public):
            yield f"{name}.from_estimator", partial(call, partial(public.from_estimator, fitted), {"X": X})
            instance = call(partial(public.from_estimator, fitted), {"X": X})
            yield f"{name}.plot", instance.plot
        else:
            yield name, partial(public, LSTMAutoencoderTransformer(2), X)


def detected():
    """Change a part of each kind of global state, and return whether `changed` detects it, by name."""
    changes = {
        "environment": partial(os.environ.update, {"SKSEQAE_TEST": "1"}),
        "warnings": partial(warnings.simplefilter, "ignore"),
        "python": random.random,
        "numpy": NUMPY_GENERATOR.random,
        "numpy errors": partial(np.seterr, over="ignore"),
        "loggers": partial(logging.getLogger("asyncio").setLevel, 7),
        "scikit-learn": partial(set_config, enable_metadata_routing=True),
        "signals": partial(signal.signal, signal.SIGUSR1, print),
        "deterministic": tf.config.experimental.enable_op_determinism,
        "seed": partial(tf.random.set_seed, 7),
        "policy": partial(keras.config.set_dtype_policy, "float64"),
        "custom objects": partial(keras.saving.get_custom_objects().update, {"custom": None}),
    }
    is_detected = {}
    for name, change in changes.items():
        before = global_state()
        change()
        is_detected[name] = name in changed(before, global_state())
    return is_detected


def call_everything():
    """Make every call, and return the completed calls, the changes of each, and which changes are detected."""
    completed, changes = [], {}
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as sys.stdout:
        os.chdir(folder)
        for calls in (calls_of_all_estimators(), calls_of_functions(), calls_of_displays()):
            for name, function in calls:
                before = global_state()
                try:
                    function()
                    completed.append(name)
                except (AttributeError, TypeError, ValueError) as error:
                    completed.append(f"{name} raised: {error}")
                changes.setdefault(name, []).extend(changed(before, global_state()))
        is_detected = detected()
    changes = {name: names for name, names in changes.items() if names}
    return {"completed": completed, "changes": changes, "detected": is_detected}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    path = tmp_path_factory.mktemp("global_state") / "results"
    run_in_fresh_process(SCRIPT, path)
    return json.loads(path.read_text())


def test_no_public_call_changes_anything_global_in_a_new_process(results):
    assert results["changes"] == {}


def test_every_public_function_is_called(results):
    called = {*results["completed"], *" and ".join(results["completed"]).split(" and ")}
    public = {name.removeprefix("skseqae.datasets.") for name in DOCUMENTED.keys() - PUBLIC.keys()}
    assert {name for name in public if not name.endswith("_request")} - called == set()


def test_changes_of_global_state_are_detected(results):
    assert results["detected"] == dict.fromkeys(results["detected"], True)
    assert len(results["detected"]) == 12
