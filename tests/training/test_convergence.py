"""The warnings about training that did not converge, and the losses that they compare."""

import re
import warnings
from collections import defaultdict
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer
from skseqae.data._sequences import Sequences
from skseqae.datasets import make_waves
from skseqae.training import _convergence
from skseqae.training._batches import Crops, TrainingData
from skseqae.training._convergence import MIN_STEPS, baseline_loss, warn_about_convergence
from skseqae.training._loop import Totals
from tests.training.fits import ARCHITECTURE, SETTINGS, ZERO_RATE, fit, make_data

WAVES, _ = make_waves(48, n_features=2, lengths=(8, 16), n_classes=2, random_state=0)
EARLY, NO_BETTER = "while the loss still fell, from .* Raise max_steps or epochs", "hardly better than that of the mean"


def messages_of(function, *args, **options):
    """Return the messages of the convergence warnings of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function(*args, **options)
    return [str(each.message) for each in caught if each.category is ConvergenceWarning]


# --- fits -------------------------------------------------------------------------------------------------------------


def standardised(arrays):
    x = Sequences.from_list(arrays)
    packed = (x.packed - x.packed.mean(axis=0)) / x.packed.std(axis=0)
    x = Sequences.from_packed(packed.astype(np.float32), x.lengths)
    return TrainingData(x, {"reconstruction": x}, np.ones(len(x)))


def levels():
    """Return data of which each sequence has one level: an encoding is enough to reconstruct it."""
    return standardised(list(np.random.default_rng(0).normal(size=(16, 1, 2)).repeat(4, axis=1)))


def noise():
    return standardised(list(np.random.default_rng(0).normal(size=(16, 30, 2))))


@pytest.mark.parametrize(
    ("data", "changes", "expected"),
    [
        (levels(), {"epochs": 16, "batch_size": 16, "learning_rate": 0.05}, EARLY),
        (noise(), {"epochs": 25, "learning_rate": 0.003, "schedule": "cosine"}, NO_BETTER),
        (standardised(WAVES), {"epochs": 20, "learning_rate": 1.0}, NO_BETTER),
        (standardised(WAVES), {"epochs": 20, "learning_rate": 1.0, "schedule": "cosine"}, NO_BETTER),
        (levels(), {"epochs": 50, "learning_rate": 0.03, "schedule": "cosine"}, None),
    ],
    ids=["ends too early", "noise", "diverges", "diverges-cosine", "converged"],
)
def test_fits_that_did_not_converge_or_learn_warn(data, changes, expected):
    messages = messages_of(fit, data=data, warns=True, **changes)
    assert len(messages) == (expected is not None)
    for message in messages:
        assert re.search(expected, message)
        assert "LossCurveDisplay" in message
    assert messages_of(fit, data=data, **changes) == []


def test_a_network_that_overfits_warns_if_samples_are_held_out():
    rng = np.random.default_rng(0)
    X, y = list(rng.normal(size=(24, 8, 1))), rng.normal(size=24)
    settings = {"latent_dim": 8, "units": 16, "reconstruction_weight": 0.0, "learning_rate": 0.02, "random_state": 0}
    held_out = {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 60, "epochs": 60}
    messages = messages_of(CompositeSequenceRegressor(**settings, **held_out).fit, X, y)
    assert any("overfits: the loss on held-out samples rose from" in message for message in messages)


def test_fit_warns_and_partial_fit_does_not():
    estimator = LSTMAutoencoderTransformer(8, units=4, learning_rate=1.0, random_state=0)
    with pytest.warns(ConvergenceWarning, match=NO_BETTER) as caught:
        estimator.fit(WAVES)
    assert [warning.filename for warning in caught] == [__file__]  # the line of the user
    assert messages_of(estimator.partial_fit, WAVES) == []


# --- the rules --------------------------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None)
@given(n_steps=st.integers(MIN_STEPS, 500), baseline=st.floats(0.01, 100), level=st.floats(0.0, 2.0))
def test_a_constant_loss_warns_only_if_it_is_no_better_than_that_of_the_mean(n_steps, baseline, level):
    messages = messages_of(warn_about_convergence, [level * baseline] * n_steps, baseline)
    assert len(messages) == (level > 0.95)
    assert all(NO_BETTER in message for message in messages)


@settings(derandomize=True, deadline=None)
@given(n_steps=st.integers(10, 500), baseline=st.floats(0.01, 100))
def test_a_loss_that_falls_linearly_to_zero_warns_and_one_that_fell_before_does_not(n_steps, baseline):
    falling = np.linspace(baseline, 0, n_steps)
    (message,) = messages_of(warn_about_convergence, list(falling), baseline)
    assert "still fell" in message
    assert f"after {n_steps} steps" in message
    early = np.maximum(np.linspace(baseline, -2 * baseline, n_steps), 0.1 * baseline)  # flat after a third
    assert messages_of(warn_about_convergence, list(early), baseline) == []


@settings(derandomize=True, deadline=None)
@given(n_epochs=st.integers(2, 100), baseline=st.floats(0.01, 100), rise=st.floats(0.0, 1.0))
def test_a_validation_loss_that_rises_clearly_warns(n_epochs, baseline, rise):
    val_losses = [0.5 * baseline, *np.linspace(0.2, 0.2 + rise, n_epochs) * baseline]
    messages = messages_of(warn_about_convergence, [0.1 * baseline] * 100, baseline, val_losses)
    assert len(messages) == (val_losses[-1] - min(val_losses) > 0.1 * baseline)
    assert all("overfits" in message and "in epoch 2," in message for message in messages)


def test_a_fall_counts_relative_to_the_loss_of_the_mean():
    halved = list(np.geomspace(0.04, 0.01, 100))
    assert messages_of(warn_about_convergence, halved, 1.0) == []
    assert len(messages_of(warn_about_convergence, halved, 0.03)) == 1


def test_fits_of_a_few_steps_do_not_warn():
    assert messages_of(warn_about_convergence, [5.0] * (MIN_STEPS - 1), 1.0) == []


# --- the loss of the mean ---------------------------------------------------------------------------------------------


def program_of(loss, n_outputs):
    """Return what `baseline_loss` reads of a program."""
    model = SimpleNamespace(output={"head": np.empty((1, 1, n_outputs))})
    return SimpleNamespace(losses=defaultdict(lambda: loss), model=model)


def data_of(packed, lengths, weights, step_weights=None):
    target = Sequences.from_packed(np.asarray(packed, np.float32), lengths)
    steps = {} if step_weights is None else {"head": Sequences.from_packed(np.asarray(step_weights, float), lengths)}
    return TrainingData(target, {"head": target}, np.asarray(weights, float), steps)


ONE_HEAD = replace(SETTINGS, head_weights={"head": 0.5})


@pytest.mark.parametrize("max_values", [2**22, 6, 1])
def test_the_baseline_is_the_weighted_variance_for_squared_errors(monkeypatch, max_values):
    monkeypatch.setattr(_convergence, "MAX_VALUES", max_values)
    packed = np.random.default_rng(0).normal(2, 3, size=(9, 2))
    data = data_of(packed, [4, 0, 5], [1.0, 5.0, 2.0], step_weights=np.arange(9))
    weights = np.repeat([1.0, 2.0], [4, 5]) * np.arange(9)
    mean = np.average(packed, axis=0, weights=weights)
    variance = np.average(((packed - mean) ** 2).mean(axis=1), weights=weights)
    got = baseline_loss(program_of(keras.losses.MeanSquaredError().call, 2), ONE_HEAD, data)
    assert_allclose(got, 0.5 * variance, rtol=1e-5)


def test_the_baseline_of_labels_is_the_entropy_of_their_weighted_frequencies():
    data = data_of([[0], [2], [2], [0]], [1, 2, 1], [1.0, 2.0, 3.0])
    shares = np.array([4, 4]) / 8  # of classes 0 and 2; class 1 is absent
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True).call
    got = baseline_loss(program_of(loss, 3), ONE_HEAD, data)
    assert_allclose(got, -0.5 * shares @ np.log(shares), rtol=1e-5)


def test_baselines_of_two_heads_are_added_by_their_weights():
    architecture = replace(ARCHITECTURE, heads=("reconstruction", "prediction"))
    data = make_data(architecture=architecture)
    program = program_of(keras.losses.MeanSquaredError().call, 2)
    program.model.output = dict.fromkeys(architecture.heads, np.empty((1, 1, 2)))

    def baseline(**head_weights):
        return baseline_loss(program, replace(SETTINGS, head_weights=head_weights), data)

    separate = baseline(reconstruction=1.0), baseline(prediction=1.0)
    assert separate[0] != separate[1]
    assert_allclose(baseline(reconstruction=0.7, prediction=0.3), np.dot([0.7, 0.3], separate), rtol=1e-6)


# --- means of losses --------------------------------------------------------------------------------------------------


def test_totals_weight_batches_by_their_weights_and_return_the_mean_of_each():
    totals = Totals(replace(SETTINGS, head_weights={"a": 0.25, "b": 0.75}))
    weights = [{"a_weight": np.full((2, 3), 2.0), "b_weight": np.ones((2, 1))}]
    weights += [{"a_weight": np.ones((1, 4)), "b_weight": np.zeros((1, 1))}]  # no real timestep of b
    assert totals.add(weights[0], {"a": 24.0, "b": 6.0}) == pytest.approx(0.25 * 2 + 0.75 * 3)
    assert totals.add(weights[1], {"a": 4.0, "b": 0.0}) == pytest.approx(0.25 * 1)
    logs = totals.make_logs()
    expected = {"a_loss": 28 / 16, "b_loss": 3.0}
    assert logs == pytest.approx(expected | {"loss": 0.25 * 28 / 16 + 0.75 * 3})


def test_the_loss_of_crops_is_the_mean_over_their_timesteps():
    """An untrained network reconstructs the levels of crops about as badly as those of whole sequences."""
    data = levels()
    losses = [
        fit(data=each, learning_rate=ZERO_RATE, epochs=1).history["loss"][0]
        for each in (data, replace(data, crops=Crops(0.5, 2)))
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.2)
