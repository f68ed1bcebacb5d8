"""scikit-learn's own callbacks follow a fit epoch by epoch, in searches and pipelines too, and change nothing in it."""

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
from tests.support.estimators import X, data_for, every_class, quick, said, train_on, y

sklearn_callback = pytest.importorskip("sklearn.callback")
CALLBACKS = _fit_callbacks.CALLBACKS
ONE_EPOCH = [("begin", "epoch"), ("end", "epoch")]


class Recorder:
    """Writes down all that it is told, and asks for an end after so many epochs."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.heard, self.fitted = [], []

    def setup(self, estimator, context):
        self.heard.append(("setup", context.task_name))

    def teardown(self, estimator, context):
        self.heard.append(("teardown", context.task_name))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.heard.append(("begin", context.task_name))
        self.told, self.n_parts = {"X": X, "y": y, "metadata": metadata}, context.max_subtasks

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.heard.append(("end", context.task_name))
        self.fitted.append(fitted_estimator)
        return context.task_name == "epoch" and len(self.fitted) == self.stop_after


class Path(Recorder):
    """Writes down where each task is, in whichever estimators are in the one that it is set on."""

    max_propagation_depth = None

    def on_fit_task_end(self, estimator, context):
        names = []
        while context:
            names.insert(0, f"{context.estimator_name} {context.task_name}")
            context = context.parent
        self.heard.append(tuple(names))


class Raises(Recorder):
    """Fails when the task of this name begins or ends."""

    def __init__(self, event, name, error):
        super().__init__()
        self.event, self.name, self.error = event, name, error

    def interfere(self, event, context):
        if (event, context.task_name) == (self.event, self.name):
            raise self.error(f"at {event} of {self.name}")

    def setup(self, estimator, context):
        self.interfere("setup", context)

    def on_fit_task_begin(self, estimator, context):
        self.interfere("begin", context)

    def on_fit_task_end(self, estimator, context):
        self.interfere("end", context)


def own_score(estimator, X, y):
    return estimator.score(X, y)


def monitor():
    return sklearn_callback.ScoringMonitor(scoring={"score": own_score})


def scores_of_epochs(monitor):
    return [row["score"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]


def learnt(estimator):
    """All that is in an estimator, but for how long it should train and who watches."""
    return {name: pickle.dumps(value) for name, value in vars(estimator).items() if name not in ("epochs", CALLBACKS)}


# --- a fit ------------------------------------------------------------------------------------------------------------


@every_class
def test_each_epoch_is_a_task_in_a_fit_that_a_callback_sees_as_it_would_be_if_it_ended_there(cls):
    data, recorder = data_for(cls), Recorder(stop_after=2)
    stopped = quick(cls, epochs=9).set_callbacks(recorder).fit(data, y)
    around = [("setup", "fit"), ("begin", "fit")], [("end", "fit"), ("teardown", "fit")]
    assert recorder.heard == [*around[0], *2 * ONE_EPOCH, *around[1]]
    assert recorder.n_parts == 0  # of an epoch
    assert stopped.n_iter_ == len(stopped.history_["loss"]) == 2
    for n_epochs, seen in zip((1, 2, 2), recorder.fitted, strict=True):
        alone = quick(cls, epochs=n_epochs).fit(data, y)
        assert learnt(seen) == learnt(alone)
    assert learnt(stopped) == learnt(alone)
    for estimator in (recorder.fitted[1], alone):
        train_on(estimator.set_params(epochs=1))
    assert_array_equal(said(recorder.fitted[1]), said(alone))
    assert learnt(recorder.fitted[2]) == learnt(stopped) != learnt(alone)


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
def test_looking_at_an_epoch_changes_no_bit_of_those_after_it(parameters):
    recorder, watched = Recorder(), quick(LSTMAutoencoderTransformer, latent_dim=4, epochs=3, **parameters)
    watched.set_callbacks(recorder, monitor()).fit(X)
    assert learnt(watched) == learnt(clone(watched).set_callbacks().fit(X))
    short = quick(LSTMAutoencoderTransformer, latent_dim=4, epochs=2, **parameters).fit(X)
    assert learnt(recorder.fitted[1]) == learnt(short)


def test_another_epoch_is_a_fit_of_one_epoch_after_those_before():
    estimator, recorder = quick(LSTMAutoencoderTransformer, latent_dim=4).fit(X), Recorder()
    estimator.set_callbacks(recorder).partial_fit(X)
    assert recorder.heard[2:-2] == ONE_EPOCH
    assert [seen.n_iter_ for seen in recorder.fitted] == [3, 3]
    assert recorder.fitted[0].history_ == estimator.history_


@pytest.mark.parametrize("cls", [DenseAutoencoderTransformer, LSTMAutoencoderTransformer])
def test_callbacks_are_told_what_fit_was_and_of_an_autoencoder_without_y_that_it_learns_its_x(cls):
    data, recorder, weights = data_for(cls), Recorder(), np.ones(len(y))
    estimator = quick(cls, latent_dim=4, epochs=1).set_callbacks(recorder).fit(data)
    assert recorder.told == {"X": data, "y": data, "metadata": None}
    estimator.fit(data, y, sample_weight=weights)
    assert recorder.told["y"] is y
    assert recorder.told["metadata"] == {"sample_weight": weights}


def test_nothing_of_an_earlier_fit_is_in_what_an_epoch_is_seen_as():
    table, recorder = np.stack([x[:3, 0] for x in X]), Recorder()
    estimator = quick(LSTMAutoencoderTransformer, latent_dim=4, epochs=1).fit(pd.DataFrame(table, columns=list("abc")))
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
def test_a_callback_that_fails_leaves_the_estimator_as_it_was(event, name, error):
    estimator = quick(LSTMAutoencoderTransformer, latent_dim=4, epochs=1).fit(X)
    before = {name: (id(value), pickle.dumps(value)) for name, value in vars(estimator).items()}
    estimator.set_callbacks(Raises(event, name, error))
    with pytest.raises(error, match=f"at {event} of {name}"):
        estimator.fit(X[3:])
    estimator.set_callbacks()
    assert {name: (id(value), pickle.dumps(value)) for name, value in vars(estimator).items()} == before


# --- copies and files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [clone, copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_are_watched_as_the_original_is(copied):
    estimator = quick(LSTMAutoencoderTransformer, latent_dim=4).set_callbacks(monitor()).fit(X)
    again = copied(estimator).fit(X)
    (watching,) = vars(again)[CALLBACKS]
    assert scores_of_epochs(watching) == scores_of_epochs(vars(estimator)[CALLBACKS][0])
    assert learnt(again) == learnt(estimator)


def test_a_file_holds_an_estimator_without_its_callbacks_and_may_be_written_in_an_epoch(tmp_path):
    class Checkpoint(Recorder):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            save(fitted_estimator, tmp_path / f"{context.task_name}{context.task_id}")

    estimator = quick(LSTMAutoencoderTransformer, latent_dim=4).set_callbacks(Checkpoint()).fit(X)
    save(estimator, tmp_path / "whole")
    for name in ("whole", "fit0", "epoch1"):
        loaded = load(tmp_path / name)
        assert CALLBACKS not in vars(loaded)
        assert_array_equal(said(loaded), said(estimator))
    assert load(tmp_path / "epoch0").history_["loss"] == estimator.history_["loss"][:1]


# --- scikit-learn's own callbacks -------------------------------------------------------------------------------------


@every_class
def test_a_scoring_monitor_writes_down_the_score_of_each_epoch(cls):
    watching, data = monitor(), data_for(cls)
    fitted = quick(cls).set_callbacks(watching).fit(data, y)
    first = quick(cls, epochs=1).fit(data, y)
    assert scores_of_epochs(watching) == [first.score(data, y), fitted.score(data, y)]


def searched(callback, n_jobs=None, n_epochs=2):
    encoder = quick(LSTMAutoencoderTransformer, latent_dim=4, epochs=n_epochs)
    pipeline = make_pipeline(encoder, StandardScaler(), LogisticRegression())
    grid = {"logisticregression__C": [0.1, 1.0]}
    return GridSearchCV(pipeline, grid, cv=KFold(2), n_jobs=n_jobs).set_callbacks(callback).fit(X, y)


def test_epochs_are_the_leaves_of_a_search_through_a_pipeline():
    watching = Path()
    searched(watching)
    step = ("Pipeline fit", "LSTMAutoencoderTransformer fit", "LSTMAutoencoderTransformer epoch")
    epochs = [path for path in watching.heard if path[-1] == step[-1]]
    in_folds = ("GridSearchCV fit", "GridSearchCV search", *step)
    assert epochs == 2 * 2 * 2 * [in_folds] + 2 * [("GridSearchCV fit", *step)]


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_bars_show_search_folds_steps_and_epochs(n_jobs, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr("rich._console", Console(file=screen, width=200, force_jupyter=False))
    search = searched(sklearn_callback.ProgressBar(max_propagation_depth=None), n_jobs)
    shown = screen.getvalue()
    bars = [line for line in shown.splitlines() if "%" in line]
    depths = [(len(bar) - len(bar.lstrip())) // 2 for bar in bars if "LSTM" in bar]
    assert depths == [3, 3, 3, 3, 2], shown  # in a step of a pipeline of a fold of a search, and of its refit
    assert all("100%" in bar for bar in bars)
    assert not any(name.startswith("_skl") or "callback_ctx" in name for name in vars(search.best_estimator_[0]))


# --- an outlier detector ----------------------------------------------------------------------------------------------


def test_a_detectors_autoencoders_are_its_tasks():
    watching = Path()
    detector = SequenceOutlierDetector(quick(LSTMAutoencoderTransformer, latent_dim=4), cv=2).set_callbacks(watching)
    detector.fit(X)
    epochs = [path for path in watching.heard if path[-1] == "LSTMAutoencoderTransformer epoch"]
    whole = ("SequenceOutlierDetector fit", "LSTMAutoencoderTransformer fit", "LSTMAutoencoderTransformer epoch")
    assert epochs == 3 * 2 * [whole]
    before = vars(detector.set_callbacks()).copy()
    with pytest.raises(RuntimeError, match="at end of fit"):
        detector.set_callbacks(Raises("end", "fit", RuntimeError)).fit(X[2:])
    assert vars(detector.set_callbacks()) == before


# --- before scikit-learn 1.9 ------------------------------------------------------------------------------------------


def test_without_callbacks_in_scikit_learn_there_is_nothing_to_tell(monkeypatch):
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
