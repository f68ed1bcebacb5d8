"""No public call changes anything that is not its own."""

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
from tests.support.estimators import CLASSES, X, data_for, quick, y
from tests.support.global_state import NUMPYS, changed, global_state
from tests.support.strategies import padded, run_in_fresh_process

SCRIPT = """
import json, sys
from pathlib import Path

import joblib, keras, matplotlib.pyplot, pandas, polars, pyarrow, scikeras.wrappers, scipy.stats, tensorflow
import skseqae.networks.keras_backend._layers  # which registers its one layer with Keras, under the package's name
from tests.runtime import test_global_state as test_globals

Path(sys.argv[1]).write_text(json.dumps(test_globals.watched()))
"""


def members(thing):
    """Name the public methods of a class or an instance that are this package's or scikit-learn's."""
    names = [name for name in dir(thing) if not name.startswith("_") and not name.endswith("_request")]
    return [name for name in names if inspect.isroutine(inspect.getattr_static(type(thing), name, None))]


def given(member, known):
    """Return the arguments of a call, out of those that are known by their names."""
    return {name: known[name] for name in inspect.signature(member).parameters if name in known}


def of_estimator(estimator, **known):
    """Yield calls of all methods of an estimator, those that train first, and whatever else is asked of it."""
    name = type(estimator).__name__
    yield f"{name}.fit", lambda: estimator.fit(**given(estimator.fit, known))
    train = {"fit", "partial_fit", "fit_transform", "fit_predict"}
    for verb in sorted(members(estimator), key=lambda verb: verb not in train):
        yield f"{name}.{verb}", lambda verb=verb: use(getattr(estimator, verb), known)
    for model in ("encoder_", "decoder_", "model_"):
        yield f"{name}.{model}", partial(getattr, estimator, model, None)
    for way in (repr, dir, clone, copy.copy, copy.deepcopy, pickle.dumps):
        yield f"{way.__name__} of {name}", partial(way, estimator)
    yield f"HTML of {name}", estimator._repr_html_


def use(verb, known):
    return verb(**given(verb, known))


def of_estimators():
    """Yield the same of every class."""
    lengths = {"n_timesteps": 3, "Z": np.zeros((2, 3)), "transform": "default"}
    for cls in CLASSES:
        narrow = {"latent_dim": 3} if "latent_dim" in cls().get_params() else {"units": 3}
        estimator, others = quick(cls, verbose=1, early_stopping=True, **narrow), dict(lengths)
        if cls is CompositeSequenceRegressor:  # which predicts numbers here
            del others["n_timesteps"]
        yield from of_estimator(estimator, X=data_for(cls), y=y, **others)
        yield "save and load", partial(through_a_file, estimator)
        yield "export_onnx", partial(export, estimator)
    words, backwards = datasets.make_reversals(12, lengths=(2, 4), n_symbols=3, random_state=0)
    yield from of_estimator(quick(Seq2SeqClassifier, units=3, tokens=True), X=words, y=backwards)
    both = quick(LSTMAutoencoderTransformer, latent_dim=3, objective="composite", optimizer="sgd")
    yield from of_estimator(both, X=X, y=None, **lengths)
    yield from of_estimator(SequenceOutlierDetector(quick(LSTMAutoencoderTransformer, latent_dim=3), cv=2), X=X)
    for step in (preprocessing.PerTimestep(StandardScaler()), preprocessing.SequencePadder(20)):
        yield from of_estimator(step, X=X if "Per" in repr(step) else [x[:, 0] for x in X], y=None)
    yield from of_estimator(preprocessing.Resampler(4), X=X, y=None)


def through_a_file(estimator):
    with tempfile.TemporaryDirectory() as folder:
        skseqae.save(estimator, Path(folder) / "file")
        return skseqae.load(Path(folder) / "file")


def export(estimator):
    with tempfile.TemporaryDirectory() as folder:
        skseqae.export_onnx(estimator, Path(folder) / "file")


def of_containers():
    """Yield calls of all ways into `Sequences` and out of it, and of what cuts and scores them."""
    sequences = Sequences.from_list(X)
    yield "Sequences.from_list", partial(Sequences.from_list, X)
    yield "Sequences.from_padded", lambda: Sequences.from_padded(padded(X))
    yield "Sequences.from_channels_first", lambda: Sequences.from_channels_first(padded(X).transpose(0, 2, 1))
    yield "Sequences.from_packed", partial(Sequences.from_packed, np.ones((5, 2)), [2, 3])
    yield "Sequences.from_frame", lambda: Sequences.from_frame(sequences.to_frame(), sample="sample", time="timestep")
    yield "Sequences.with_names", lambda: sequences.with_names([f"f{i}" for i in range(sequences.n_features)])
    yield "Sequences.from_arrow", lambda: Sequences.from_arrow(sequences.to_arrow())
    for way in ("to_list", "to_padded", "to_frame", "to_arrow"):
        yield f"Sequences.{way}", getattr(sequences, way)
    folds = model_selection.LengthStratifiedKFold(2, shuffle=True, random_state=0)
    yield "LengthStratifiedKFold.split", lambda: list(folds.split(X))
    yield "LengthStratifiedKFold.get_n_splits", folds.get_n_splits
    fitted = quick(LSTMAutoencoderTransformer, latent_dim=3).fit(X)
    yield "TimestepScorer", partial(model_selection.TimestepScorer(mean_absolute_error, "reconstruct"), fitted, X)
    for name in datasets.__all__:
        generated = getattr(datasets, name)
        yield name, partial(use, generated, {"random_state": 0, "n_samples": 5})


def of_displays():
    """Yield calls of all that draws."""
    fitted = quick(LSTMAutoencoderTransformer, latent_dim=3, early_stopping=True).fit(X)
    for name in display.__all__:
        drawn = getattr(display, name)
        if inspect.isclass(drawn):
            yield f"{name}.from_estimator", partial(use, partial(drawn.from_estimator, fitted), {"X": X})
            made = use(partial(drawn.from_estimator, fitted), {"X": X})
            yield f"{name}.plot", made.plot
        else:
            yield name, partial(drawn, LSTMAutoencoderTransformer(2), X)


def seen():
    """Change some of everything, and return whether that is seen, by name."""
    changes = {
        "environment": partial(os.environ.update, {"SKSEQAE_TEST": "1"}),
        "warnings": partial(warnings.simplefilter, "ignore"),
        "python": random.random,
        "numpy": NUMPYS.random,
        "numpy errors": partial(np.seterr, over="ignore"),
        "loggers": partial(logging.getLogger("asyncio").setLevel, 7),
        "scikit-learn": partial(set_config, enable_metadata_routing=True),
        "signals": partial(signal.signal, signal.SIGUSR1, print),
        "deterministic": tf.config.experimental.enable_op_determinism,
        "seed": partial(tf.random.set_seed, 7),
        "policy": partial(keras.config.set_dtype_policy, "float64"),
        "custom objects": partial(keras.saving.get_custom_objects().update, {"mine": None}),
    }
    was_seen = {}
    for name, change in changes.items():
        before = global_state()
        change()
        was_seen[name] = name in changed(before, global_state())
    return was_seen


def watched():
    """Make every call, and return the names of all that were not refused, and what each changed."""
    made, changes = [], {}
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as sys.stdout:
        os.chdir(folder)
        for calls in (of_estimators(), of_containers(), of_displays()):
            for name, call in calls:
                before = global_state()
                try:
                    call()
                    made.append(name)
                except (AttributeError, TypeError, ValueError) as error:
                    made.append(f"{name} refused: {error}")
                changes.setdefault(name, []).extend(changed(before, global_state()))
        was_seen = seen()
    return {"made": made, "changes": {name: found for name, found in changes.items() if found}, "seen": was_seen}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("watched") / "found"
    run_in_fresh_process(SCRIPT, path)
    return json.loads(path.read_text())


def test_no_public_call_changes_anything_global_in_a_new_process(found):
    assert found["changes"] == {}


def test_every_public_call_was_watched(found):
    watched = {*found["made"], *" and ".join(found["made"]).split(" and ")}
    public = {name.removeprefix("skseqae.datasets.") for name in DOCUMENTED.keys() - PUBLIC.keys()}
    assert {name for name in public if not name.endswith("_request")} - watched == set()


def test_what_is_changed_is_seen(found):
    assert found["seen"] == dict.fromkeys(found["seen"], True)
    assert len(found["seen"]) == 12
