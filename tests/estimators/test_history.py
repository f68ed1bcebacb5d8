"""Guarantee 4: `history_` holds losses over real timesteps, equal to those that NumPy computes."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.estimators.numpy_losses import mean_losses, numpy_losses
from tests.estimators.selections import NO_LEARNING, PLAIN_SEQUENTIAL, each, select
from tests.support.combinations import CASES
from tests.support.containers import CONTAINERS
from tests.support.strategies import draw_sequences, property_settings, seeds

WITH_RECONSTRUCT = select(lambda case: hasattr(case.estimator, "reconstruct"), PLAIN_SEQUENTIAL)
UNCONDITIONAL = select(lambda case: case.parameters.get("decoder") != "conditional")


def last_epoch(history, prefix=""):
    return {name.removeprefix(prefix): values[-1] for name, values in history.items() if name.startswith(prefix)}


def are_close(losses, expected):
    return losses.keys() == expected.keys() and all(np.isclose(losses[k], expected[k], rtol=2e-5) for k in losses)


@each(CASES)
@pytest.mark.parametrize("batch_size", [3, 64])
@property_settings(max_examples=4)
@given(st.data())
def test_the_loss_is_the_weighted_mean_over_real_timesteps(case, batch_size, data):
    arrays = data.draw(case.sequences())
    weights = np.random.default_rng(data.draw(seeds)).uniform(0.25, 4, size=len(arrays))
    parameters = NO_LEARNING | {"batch_size": batch_size, "early_stopping": False}

    fitted = case.fit(arrays, weights, **parameters, **case.supported(dropout=0.0, noise=0.0))

    losses = numpy_losses(case, fitted, arrays, weights)
    actual, expected = last_epoch(fitted.history_), mean_losses(losses, fitted)
    assert are_close(actual, expected), f"{actual} is not {expected}"


@each(UNCONDITIONAL)
@property_settings(max_examples=4)
@given(st.data())
def test_the_validation_loss_is_that_of_the_samples_held_out(case, data):
    """The held-out samples are drawn at random: one of all possible splits must give both losses."""
    arrays = data.draw(case.sequences(max_size=7))
    n_held_out = -(-len(arrays) // 2)
    split = {"early_stopping": True, "validation_fraction": n_held_out / len(arrays)}

    fitted = case.fit(arrays, **NO_LEARNING | split | case.supported(dropout=0.0, noise=0.0))

    losses = numpy_losses(case, fitted, arrays, np.ones(len(arrays)))
    held_out = last_epoch(fitted.history_, "val_")
    trained = {name: values[-1] for name, values in fitted.history_.items() if not name.startswith("val_")}
    rows = set(range(len(arrays)))
    assert any(
        are_close(held_out, mean_losses(losses, fitted, list(part)))
        and are_close(trained, mean_losses(losses, fitted, list(rows - set(part))))
        for part in combinations(rows, n_held_out)
    )


@each(WITH_RECONSTRUCT)
def test_a_mean_that_includes_padding_is_another_loss(case):
    """The loss of common tutorials, whose target is zero on padding, differs by more than a tenth."""
    arrays = draw_sequences([2, 3, 4, 5, 30], case.n_features, seed=0)
    fitted = case.fit(arrays, **NO_LEARNING, scale=None)
    loss = fitted.history_.get("reconstruction_loss", fitted.history_["loss"])[-1]

    target = CONTAINERS["padded"](arrays)
    padding = np.isnan(target)
    mask = np.ones(target.shape[:2], np.float32)
    decoded = fitted.decoder_.predict([fitted.transform(arrays), mask], verbose=0)
    decoded = decoded["reconstruction"] if isinstance(decoded, dict) else decoded
    with_errors_on_padding = np.mean((np.nan_to_num(target) - decoded) ** 2)
    with_zeros_on_padding = np.mean((np.nan_to_num(target) - np.where(padding, 0, decoded)) ** 2)

    numerators, denominators = numpy_losses(case, fitted, arrays, np.ones(5))["reconstruction"]
    assert_allclose(loss, numerators.sum() / denominators.sum(), rtol=1e-5)
    assert abs(with_errors_on_padding / loss - 1) > 0.1
    assert abs(with_zeros_on_padding / loss - 1) > 0.1
