"""scikit-learn's callbacks are called for each epoch, also in searches and pipelines, and do not change the fit."""

import copy
import importlib.util
import io
import pickle
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from rich.console import Console
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import (
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    SequenceOutlierDetector,
    load,
    save,
)
from skseqae.mixins import _fit_callbacks
from tests.support.estimators import X, data_for, every_class, output_of, parameters_of, quick, resume_training, y

sklearn_callback = pytest.importorskip("sklearn.callback")
CALLBACKS = _fit_callbacks.CALLBACKS
ONE_EPOCH = [("begin", "epoch"), ("end", "epoch")]


class Recorder:
    """A callback that records its calls, and requests to stop after `stop_after` epochs."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.events, self.fitted = [], []

    def setup(self, estimator, context):
        self.events.append(("setup", context.task_name))

    def teardown(self, estimator, context):
        self.events.append(("teardown", context.task_name))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.events.append(("begin", context.task_name))
        self.callback_kwargs, self.n_parts = {"X": X, "y": y, "metadata": metadata}, context.max_subtasks

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.events.append(("end", context.task_name))
        self.fitted.append(fitted_estimator)
        return context.task_name == "epoch" and len(self.fitted) == self.stop_after


class PathRecorder(Recorder):
    """A callback that records the position of each task in the tree of tasks, at any depth."""

    max_propagation_depth = None

    def on_fit_task_end(self, estimator, context):
        names = []
        while context:
            names.insert(0, f"{context.estimator_name} {context.task_name}")
            context = context.parent
        self.events.append(tuple(names))


class Raises(Recorder):
    """A callback that raises when the task of this name begins or ends."""

    def __init__(self, event, name, error):
        super().__init__()
        self.event, self.name, self.error = event, name, error

    def raise_at(self, event, context):
        if (event, context.task_name) == (self.event, self.name):
            raise self.error(f"at {event} of {self.name}")

    def setup(self, estimator, context):
        self.raise_at("setup", context)

    def on_fit_task_begin(self, estimator, context):
        self.raise_at("begin", context)

    def on_fit_task_end(self, estimator, context):
        self.raise_at("end", context)


def score_method(estimator, X, y):
    return estimator.score(X, y)


def monitor():
    return sklearn_callback.ScoringMonitor(scoring={"score": score_method})


def scores_of_epochs(monitor):
    return [row["score"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]


def fitted_state(estimator):
    """Return the pickled attributes of an estimator, except `epochs` and the callbacks."""
    return {name: pickle.dumps(value) for name, value in vars(estimator).items() if name not in ("epochs", CALLBACKS)}


# --- fit --------------------------------------------------------------------------------------------------------------


def constant_rate(cls):
    """Return the parameters with which the learning rate does not depend on the number of epochs."""
    return {"schedule": "constant"} if "schedule" in parameters_of(cls) else {}


@every_class
def test_each_epoch_is_a_task_whose_fitted_estimator_equals_a_fit_of_that_many_epochs(cls):
    data, recorder = data_for(cls), Recorder(stop_after=2)
    stopped = quick(cls, epochs=9, **constant_rate(cls)).set_callbacks(recorder).fit(data, y)
    first, last = [("setup", "fit"), ("begin", "fit")], [("end", "fit"), ("teardown", "fit")]
    assert recorder.events == [*first, *2 * ONE_EPOCH, *last]
    assert recorder.n_parts == 0  # an epoch has no parts
    assert stopped.n_iter_ == len(stopped.history_["loss"]) == 2
    for n_epochs, fitted in zip((1, 2, 2), recorder.fitted, strict=True):
        expected = quick(cls, epochs=n_epochs, **constant_rate(cls)).fit(data, y)
        assert fitted_state(fitted) == fitted_state(expected)
    assert fitted_state(stopped) == fitted_state(expected)
    for estimator in (recorder.fitted[1], expected):
        resume_training(estimator.set_params(epochs=1))
    assert_array_equal(output_of(recorder.fitted[1]), output_of(expected))
    assert fitted_state(recorder.fitted[2]) == fitted_state(stopped) != fitted_state(expected)


def make_decoder(n_timesteps, latent_dim, n_features):
    decoder = [keras.layers.RepeatVector(n_timesteps), keras.layers.Dense(n_features)]
    return keras.Sequential([keras.Input((latent_dim,)), *decoder])


@pytest.mark.parametrize(
    "parameters",
    [
        {"optimizer__use_ema": True},
        {"early_stopping": True, "validation_fraction": 0.3, "dropout": 0.3},
        {"decoder": make_decoder},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_callbacks_do_not_change_the_fit(parameters):
    parameters = {"latent_dim": 4, "schedule": "constant", **parameters}
    recorder, estimator = Recorder(), quick(LSTMAutoencoderTransformer, epochs=3, **parameters)
    estimator.set_callbacks(recorder, monitor()).fit(X)
    assert fitted_state(estimator) == fitted_state(clone(estimator).set_callbacks().fit(X))
    shorter = quick(LSTMAutoencoderTransformer, epochs=2, **parameters).fit(X)
    assert fitted_state(recorder.fitted[1]) == fitted_state(shorter)


def test_partial_fit_is_a_fit_of_one_further_epoch():
    estimator, recorder = quick(LSTMAutoencoderTransformer, latent_dim=4).fit(X), Recorder()
    estimator.set_callbacks(recorder).partial_fit(X)
    assert recorder.events[2:-2] == ONE_EPOCH
    assert [fitted.n_iter_ for fitted in recorder.fitted] == [3, 3]
    assert recorder.fitted[0].history_ == estimator.history_


@pytest.mark.parametrize("cls", [DenseAutoencoderTransformer, LSTMAutoencoderTransformer])
def test_callbacks_receive_the_arguments_of_fit_and_x_in_place_of_a_missing_y(cls):
    data, recorder, weights = data_for(cls), Recorder(), np.ones(len(y))
    estimator = quick(cls, latent_dim=4, epochs=1).set_callbacks(recorder).fit(data)
    assert recorder.callback_kwargs == {"X": data, "y": data, "metadata": None}
    estimator.fit(data, y, sample_weight=weights)
    assert recorder.callback_kwargs["y"] is y
    assert recorder.callback_kwargs["metadata"] == {"sample_weight": weights}


def test_the_fitted_estimator_of_an_epoch_has_no_attributes_of_an_earlier_fit():
    table, recorder = np.stack([x[:3, 0] for x in X]), Recorder()
    estimator = quick(LSTMAutoencoderTransformer, latent_dim=4, epochs=1).fit(
        pd.DataFrame(table, columns=["t0", "t1", "t2"])
    )
    estimator.set_callbacks(recorder).fit(table)
    assert not hasattr(recorder.fitted[0], "feature_names_in_")
    assert recorder.fitted[0].transform(table).shape == (len(X), 4)


@pytest.mark.parametrize(
    ("event", "name", "error"),
    [
        ("setup", "fit", RuntimeError),
        ("begin", "fit", KeyboardInterrupt),
        ("begin", "epoch", RuntimeError),
        ("end", "epoch", KeyboardInterrupt),
        ("end", "fit", RuntimeError),
    ],
)
def test_a_failing_callback_does_not_change_the_estimator(event, name, error):
    estimator = quick(LSTMAutoencoderTransformer, latent_dim=4, epochs=1).fit(X)
    before = {name: (id(value), pickle.dumps(value)) for name, value in vars(estimator).items()}
    estimator.set_callbacks(Raises(event, name, error))
    with pytest.raises(error, match=f"at {event} of {name}"):
        estimator.fit(X[3:])
    estimator.set_callbacks()
    assert {name: (id(value), pickle.dumps(value)) for name, value in vars(estimator).items()} == before


# --- copies and files -------------------------------------------------------------------------------------------------


COPIES = {
    "clone": clone,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda estimator: pickle.loads(pickle.dumps(estimator)),
}


@pytest.mark.parametrize("make_copy", COPIES.values(), ids=COPIES)
def test_copies_keep_the_callbacks(make_copy):
    estimator = quick(LSTMAutoencoderTransformer, latent_dim=4).set_callbacks(monitor()).fit(X)
    again = make_copy(estimator).fit(X)
    (callback,) = vars(again)[CALLBACKS]
    assert scores_of_epochs(callback) == scores_of_epochs(vars(estimator)[CALLBACKS][0])
    assert fitted_state(again) == fitted_state(estimator)


def test_saved_estimators_have_no_callbacks_and_callbacks_can_save(tmp_path):
    class Checkpoint(Recorder):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            save(fitted_estimator, tmp_path / f"{context.task_name}{context.task_id}")

    estimator = quick(LSTMAutoencoderTransformer, latent_dim=4).set_callbacks(Checkpoint()).fit(X)
    save(estimator, tmp_path / "whole")
    for name in ("whole", "fit0", "epoch1"):
        loaded = load(tmp_path / name)
        assert CALLBACKS not in vars(loaded)
        assert_array_equal(output_of(loaded), output_of(estimator))
    assert load(tmp_path / "epoch0").history_["loss"] == estimator.history_["loss"][:1]


# --- callbacks of scikit-learn ----------------------------------------------------------------------------------------


@every_class
def test_a_scoring_monitor_logs_the_score_of_each_epoch(cls):
    callback, data = monitor(), data_for(cls)
    fitted = quick(cls).set_callbacks(callback).fit(data, y)
    first = quick(cls, epochs=1).fit(data, y)
    assert scores_of_epochs(callback) == [first.score(data, y), fitted.score(data, y)]


def fit_search(callback, n_jobs=None, n_epochs=2):
    encoder = quick(LSTMAutoencoderTransformer, latent_dim=4, epochs=n_epochs)
    pipeline = make_pipeline(encoder, StandardScaler(), LogisticRegression())
    grid = {"logisticregression__C": [0.1, 1.0]}
    return GridSearchCV(pipeline, grid, cv=KFold(2), n_jobs=n_jobs).set_callbacks(callback).fit(X, y)


def test_epochs_are_the_leaf_tasks_of_a_search_over_a_pipeline():
    recorder = PathRecorder()
    fit_search(recorder)
    step = ("Pipeline fit", "LSTMAutoencoderTransformer fit", "LSTMAutoencoderTransformer epoch")
    epochs = [path for path in recorder.events if path[-1] == step[-1]]
    in_folds = ("GridSearchCV fit", "GridSearchCV search", *step)
    assert epochs == 2 * 2 * 2 * [in_folds] + 2 * [("GridSearchCV fit", *step)]


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_bars_show_search_folds_steps_and_epochs(n_jobs, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr("rich._console", Console(file=screen, width=200, force_jupyter=False))
    search = fit_search(sklearn_callback.ProgressBar(max_propagation_depth=None), n_jobs)
    output = screen.getvalue()
    bars = [line for line in output.splitlines() if "%" in line]
    depths = [(len(bar) - len(bar.lstrip())) // 2 for bar in bars if "LSTM" in bar]
    assert depths == [3, 3, 3, 3, 2], output  # four fits in the folds of the search, and one in its refit
    assert all("100%" in bar for bar in bars)
    assert not any(name.startswith("_skl") or "callback_ctx" in name for name in vars(search.best_estimator_[0]))


# --- SequenceOutlierDetector ------------------------------------------------------------------------------------------


def test_fits_of_the_autoencoders_are_tasks_of_the_detector():
    recorder = PathRecorder()
    detector = SequenceOutlierDetector(quick(LSTMAutoencoderTransformer, latent_dim=4), cv=2).set_callbacks(recorder)
    detector.fit(X)
    epochs = [path for path in recorder.events if path[-1] == "LSTMAutoencoderTransformer epoch"]
    path = ("SequenceOutlierDetector fit", "LSTMAutoencoderTransformer fit", "LSTMAutoencoderTransformer epoch")
    assert epochs == 3 * 2 * [path]
    before = vars(detector.set_callbacks()).copy()
    with pytest.raises(RuntimeError, match="at end of fit"):
        detector.set_callbacks(Raises("end", "fit", RuntimeError)).fit(X[2:])
    assert vars(detector.set_callbacks()) == before


# --- before scikit-learn 1.9 ------------------------------------------------------------------------------------------


def test_callbacks_are_a_noop_before_scikit_learn_1_9(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = importlib.util.spec_from_file_location("before", _fit_callbacks.__file__)
    before = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(before)
    assert not hasattr(before.CallbackSupportMixin, "set_callbacks")
    scaler = StandardScaler()
    task = before.FitTask.begin(before.CallbackSupportMixin(), 2, X, y)
    assert task.fit_part("fit", scaler, [[1.0], [3.0]]).mean_ == 2
    assert task.begin_part("epoch").end(pytest.fail) is False
    assert task.end(pytest.fail) is False
