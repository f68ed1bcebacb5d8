"""The conventions of scikit-learn: output containers, copies, parameter names, features and HTML views."""

import copy
import pickle
import subprocess
import sys

import joblib
import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr, get_tags

from tests.support.estimators import (
    CLASSES,
    EXAMPLES,
    data_for,
    every_class,
    every_class_that_has,
    every_class_with_a_loss,
    every_sequence_class,
    every_sequence_container,
    every_transformer,
    every_transformers_container,
    output_of,
    packed,
    parameters_of,
    quick,
    resume_training,
    y,
)

TABLE = np.random.default_rng(0).normal(size=(24, 5))

# --- output containers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("library", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
@every_transformers_container
def test_set_output_names_columns_after_the_class(cls, contain, library, frame):
    data = data_for(cls, contain)
    estimator = quick(cls, latent_dim=3).set_output(transform=library)
    encodings = estimator.fit_transform(data, y)
    names = [f"{cls.__name__.lower()}{i}" for i in range(3)]
    assert type(encodings) is frame
    assert list(encodings.columns) == names == estimator.get_feature_names_out().tolist()
    assert_array_equal(encodings.to_numpy(), estimator.set_output(transform="default").transform(data))


@pytest.mark.parametrize(("library", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
@every_transformer
def test_set_output_works_in_a_column_transformer(cls, library, frame):
    table = frame({f"t{i}": column for i, column in enumerate(TABLE.T)})
    timesteps, rest = ["t0", "t1", "t2"], ["t3", "t4"]
    columns = make_column_transformer((quick(cls, latent_dim=2), timesteps), ("passthrough", rest))
    transformed = columns.set_output(transform=library).fit_transform(table, y)
    name = cls.__name__.lower()
    names = [f"{name}__{name}0", f"{name}__{name}1", "passthrough__t3", "passthrough__t4"]
    assert type(transformed) is frame
    assert list(transformed.columns) == names == columns.get_feature_names_out().tolist()
    assert_array_equal(
        transformed.to_numpy()[:, :2], quick(cls, latent_dim=2).fit(TABLE[:, :3], y).transform(TABLE[:, :3])
    )


@pytest.mark.parametrize(("dtype", "expected"), [("f4", "f4"), ("f8", "f8"), ("i8", "f8")])
@every_transformers_container
def test_encodings_are_float32_for_float32_and_otherwise_float64(cls, contain, dtype, expected):
    arrays = contain([(4 * x).astype(dtype) for x in EXAMPLES[cls].arrays])
    estimator = quick(cls).fit(data_for(cls, contain), y)
    assert estimator.transform(arrays).dtype == expected
    assert quick(cls).fit_transform(arrays, y).dtype == expected


@every_transformer
def test_the_tag_preserves_dtype_lists_both_types(cls):
    # without the tag, scikit-learn's check tests float64 only
    assert set(get_tags(cls()).transformer_tags.preserves_dtype) == {"float32", "float64"}


# --- copies -----------------------------------------------------------------------------------------------------------


def through_joblib(estimator, path):
    joblib.dump(estimator, path)
    return joblib.load(path)


COPIES = {
    "clone": lambda estimator, path: clone(estimator),
    "pickle": lambda estimator, path: pickle.loads(pickle.dumps(estimator)),
    "joblib": through_joblib,
    "deepcopy": lambda estimator, path: copy.deepcopy(estimator),
}


@every_class
@pytest.mark.parametrize("way", [way for way in COPIES if way != "clone"])
def test_copies_give_the_same_outputs_and_continue_training_alike(cls, way, tmp_path):
    estimator = resume_training(quick(cls, optimizer__beta_1=0.8))
    copied = COPIES[way](estimator, tmp_path / "estimator")
    assert copied.get_params() == estimator.get_params()
    assert_array_equal(output_of(copied), output_of(estimator))
    before = output_of(copied)
    assert_array_equal(output_of(resume_training(copied)), output_of(resume_training(estimator)))
    assert not np.allclose(output_of(copied), before, rtol=0, atol=1e-4)


class RecordingCallback(keras.callbacks.Callback):
    """Records the epochs of this callback, and in a class attribute those of all its copies."""

    epochs = []

    def __init__(self):
        super().__init__()
        self.own_epochs = []

    def on_epoch_end(self, epoch, logs=None):
        self.own_epochs.append(epoch)
        self.epochs.append(epoch)


@every_class
def test_clones_with_keras_objects_train_alike_and_never_modify_them(cls):
    X, optimizer, callback = data_for(cls), keras.optimizers.SGD(0.1), RecordingCallback()
    loss = {"loss": keras.losses.LogCosh()} if "loss" in parameters_of(cls) else {}
    estimator = quick(cls, optimizer=optimizer, callbacks=[callback], **loss)
    again = clone(estimator)
    RecordingCallback.epochs.clear()
    # the estimator first: a network compiled for a clone could be reused by the estimator
    assert_array_equal(output_of(estimator.fit(X, y)), output_of(clone(again).fit(X, y)))
    assert RecordingCallback.epochs == [0, 1, 0, 1]
    assert estimator.optimizer is optimizer
    assert not optimizer.built
    assert callback.own_epochs == []
    assert again.optimizer.get_config() == optimizer.get_config()
    assert not np.allclose(output_of(estimator), output_of(quick(cls).fit(X, y)), rtol=0, atol=1e-3)


@every_class_with_a_loss
def test_losses_that_lose_arguments_in_copies_are_refused(cls):
    # copy.deepcopy(Huber(delta=0.1)) has a delta of 1, and so has that of every clone in a search
    with pytest.raises(ValueError, match="loses its argument delta: .* loss=keras.losses.Huber, loss__delta=0.1"):
        quick(cls, loss=keras.losses.Huber(delta=0.1)).fit(data_for(cls), y)


@every_class_that_has(("name", "value"), [("optimizer", "optimizer__epsilon", 1e-6), ("loss", "loss__delta", 0.5)])
def test_routed_parameters_are_kept_by_clone_and_pickle(cls, name, value):
    estimator = quick(cls, optimizer__beta_1=0.8).set_params(**{name: value})
    routed = {"optimizer__beta_1": 0.8, name: value}
    for copied in (clone(estimator), pickle.loads(pickle.dumps(estimator))):
        assert routed.items() <= copied.get_params().items()
    assert clone(cls()).get_params().keys().isdisjoint(routed)


# --- parameter names --------------------------------------------------------------------------------------------------


@every_class
def test_a_grid_search_accepts_routed_parameters(cls):
    X, name, example = data_for(cls), cls.__name__.lower(), EXAMPLES[cls]
    pipeline, routed = example.as_pipeline(quick(cls)), f"{name}__optimizer__beta_1"
    search = GridSearchCV(
        pipeline, {routed: [0.0, 0.9]}, scoring=example.scoring, cv=KFold(2), error_score="raise"
    ).fit(X, y)
    low, high = search.cv_results_["mean_test_score"]
    assert low != high
    best = quick(cls, optimizer__beta_1=search.best_params_[routed]).fit(X, y)
    assert_array_equal(output_of(search.best_estimator_[name]), output_of(best))


UNKNOWN_NAMES = [  # each after the parameter that a class must have
    ("optimizer", "optimiser__beta_1", "has no parameter 'optimiser__beta_1'; the nearest is 'optimizer__beta_1'"),
    ("loss", "los__delta", "has no parameter 'los__delta'; the nearest is 'loss__delta'"),
    ("tokens", "loss__delta", "has no parameter 'loss__delta'; the nearest is 'optimizer__delta'"),
    ("optimizer", "optimizer__", "has no parameter 'optimizer__'; the nearest is 'optimizer"),
    ("latent_dim", "latent_dim__units", "has no parameter 'latent_dim__units'; the nearest is"),
    ("latent_dim", "latentdim", "has no parameter 'latentdim'; the nearest is 'latent_dim'"),
    ("units", "unit", "has no parameter 'unit'; the nearest is 'units'"),
    (
        "optimizer",
        "optimizer__learning_rate",
        "optimizer__learning_rate is not a routed parameter: set learning_rate instead",
    ),
    ("optimizer", "optimizer__clipnorm", "optimizer__clipnorm is not a routed parameter: set clipnorm instead"),
]


@every_class_that_has(("name", "message"), UNKNOWN_NAMES)
def test_unknown_parameters_are_refused_with_the_nearest_name(cls, name, message):
    with pytest.raises(TypeError, match=message):
        cls(**{name: 0.5})
    estimator = cls()
    with pytest.raises(ValueError, match=message):
        estimator.set_params(**{name: 0.5})
    assert estimator.get_params() == cls().get_params()


ADAM = {"optimizer": keras.optimizers.Adam()}
REFUSED_BY_KERAS = [  # each after the parameter that a class must have
    (
        "optimizer",
        {"optimizer__beta1": 0.5},
        "optimizer__beta1 is not a parameter of Adam; the nearest is optimizer__beta_1",
    ),
    (
        "loss",
        {"loss": "huber", "loss__detla": 1.0},
        "loss__detla is not a parameter of Huber; the nearest is loss__delta",
    ),
    ("loss", {"loss__delta": 1.0}, "loss__delta is not a parameter of MeanSquaredError; the nearest is loss__"),
    ("optimizer", {"optimizer": "sgd", "optimizer__beta_1": 0.5}, "optimizer__beta_1 is not a parameter of SGD"),
    ("optimizer", ADAM | {"optimizer__beta_1": 0.5}, "requires optimizer to be a name or a class"),
    ("optimizer", ADAM | {"learning_rate": 0.5}, "learning_rate=0.5 has no effect, because optim"),
    ("optimizer", ADAM | {"clipnorm": None}, "clipnorm=None has no effect, because optimizer is"),
]


@every_class_that_has(("parameters", "message"), REFUSED_BY_KERAS)
def test_routed_parameters_that_keras_does_not_accept_are_refused_by_fit(cls, parameters, message):
    estimator = quick(cls, **parameters)
    with pytest.raises(ValueError, match=message):
        estimator.fit(data_for(cls), y)
    assert not hasattr(estimator, "n_features_in_")


# --- features ---------------------------------------------------------------------------------------------------------

UNIVARIATE = {
    "list": [row[: 2 + i % 7, None] for i, row in enumerate(np.hstack([TABLE, TABLE]))],
    "flat list": [row[: 2 + i % 7] for i, row in enumerate(np.hstack([TABLE, TABLE]))],
    "3-D": np.hstack([TABLE, TABLE])[:, :, None],
    "Sequences": packed([row[: 1 + i % 5, None] for i, row in enumerate(TABLE)]),
}


@every_sequence_class
@pytest.mark.parametrize("container", UNIVARIATE)
def test_fit_on_a_2d_array_fixes_the_width_of_2d_arrays_only(cls, container):
    estimator = quick(cls).fit(TABLE, y)
    assert estimator.n_features_in_ == 5
    with pytest.raises(ValueError, match=f"X has 4 features, but {cls.__name__} is expecting 5 features as input"):
        output_of(estimator, TABLE[:, :4])
    assert len(output_of(estimator, UNIVARIATE[container])) == 24
    assert_array_equal(output_of(estimator, TABLE[:, :, None]), output_of(estimator, TABLE))


@every_sequence_class
@pytest.mark.parametrize("container", UNIVARIATE)
def test_2d_arrays_of_any_width_are_accepted_after_fit_on_univariate_sequences(cls, container):
    estimator = quick(cls).fit(UNIVARIATE[container], y)
    assert estimator.n_features_in_ == 1
    for width in (1, 3, 5):
        assert_array_equal(output_of(estimator, TABLE[:, :width]), output_of(estimator, list(TABLE[:, :width])))


@every_sequence_container
def test_fit_on_sequences_fixes_the_number_of_features_but_not_the_lengths(cls, contain):
    estimator = (
        quick(cls).fit(pd.DataFrame(TABLE, columns=[f"t{i}" for i in range(5)]), y).fit(data_for(cls, contain), y)
    )
    assert estimator.n_features_in_ == 2
    assert not hasattr(estimator, "feature_names_in_")
    assert len(output_of(estimator, [np.ones((1, 2)), np.ones((40, 2))])) == 2
    for wrong, count in ((TABLE, 1), (np.ones((2, 4, 3)), 3), ([np.ones((4, 1))], 1)):
        with pytest.raises(ValueError, match=f"X has {count} features per timestep, but {cls.__name__} was fitted on"):
            output_of(estimator, wrong)


# --- HTML views -------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_networks(monkeypatch):
    """Make building a Keras model raise an error."""

    def refuse(*args, **options):
        raise RuntimeError("a Keras model was built")

    for part in ("encoder", "decoder", "model"):
        monkeypatch.setattr(f"skseqae.networks.keras_backend._exported_models.export_{part}", refuse)


def states_shown(estimator):
    """Return how often the HTML view shows "Fitted" and "Not fitted"."""
    view = estimator_html_repr(estimator)
    return view.count("<span>Fitted</span>"), view.count("<span>Not fitted</span>")


@every_class
def test_the_html_view_shows_whether_the_estimator_is_fitted_and_builds_no_network(cls, no_networks):
    estimator = quick(cls)
    assert states_shown(estimator) == (0, 1)
    assert states_shown(estimator.fit(data_for(cls), y)) == (1, 0)
    assert cls.__name__ in estimator._repr_html_()
    for name in ("encoder_", "decoder_", "model_"):
        with pytest.raises(RuntimeError, match="a Keras model was built"):
            getattr(estimator, name)


@every_class
def test_the_html_view_of_a_pipeline_shows_its_steps(cls, no_networks):
    pipeline = make_pipeline("passthrough", quick(cls))
    assert states_shown(pipeline) == (0, 1)
    assert states_shown(pipeline.fit(data_for(cls), y)) == (1, 0)
    assert cls.__name__ in pipeline._repr_html_()


@every_transformer
def test_the_html_view_of_a_column_transformer_shows_its_transformers(cls, no_networks):
    columns = make_column_transformer((quick(cls), slice(0, 3)), ("passthrough", slice(3, 5)))
    assert states_shown(columns) == (0, 1)
    n_fitted, n_not_fitted = states_shown(columns.fit(TABLE, y))
    assert n_fitted > n_not_fitted == 0
    assert cls.__name__ in columns._repr_html_()


SCRIPT = """
import sys
import time
import skseqae
from sklearn.base import clone
for name in sys.argv[1:]:
    estimator = clone(getattr(skseqae, name)(optimizer__epsilon=1e-6))
    print(estimator, estimator._repr_html_())
print("loaded", *{"tensorflow", "keras", "scikeras"}.intersection(sys.modules))
print(time.process_time())
"""


def test_importing_constructing_and_displaying_is_fast_and_loads_no_tensorflow():
    command = [sys.executable, "-c", SCRIPT, *(cls.__name__ for cls in CLASSES)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *_, loaded, seconds = done.stdout.splitlines()
    assert loaded == "loaded"
    assert float(seconds) < 3  # of processor time, so that the test passes on a busy machine
