"""Early stopping: when training stops, and which weights are returned."""

import numpy as np

from skseqae.training import _loop
from tests.training.fits import Recorder, fit, flatten, make_data


def stop_early(monkeypatch, losses, **changes):
    """Fit with these validation losses; return the result and the weights of each epoch."""
    losses, recorder = iter(losses), Recorder()
    monkeypatch.setattr(_loop, "_evaluate", lambda *_: {"loss": next(losses)})
    result = fit(validation=make_data(), epochs=9, callbacks=recorder, **changes)
    return result, recorder.weights


def test_training_stops_after_n_iter_no_change_epochs_without_improvement(monkeypatch):
    result, _ = stop_early(monkeypatch, [3.0, 2.0, 2.5, 1.9, 2.0, 1.9, 1.95, 1.0], n_iter_no_change=3)
    assert result.history["val_loss"] == [3.0, 2.0, 2.5, 1.9, 2.0, 1.9, 1.95]
    assert len(result.history["loss"]) == 7


def test_early_stopping_returns_the_weights_of_the_lowest_validation_loss(monkeypatch):
    result, by_epoch = stop_early(monkeypatch, [3.0, 2.0, 2.5, 1.9, 2.0, 1.9, 1.95, 1.0], n_iter_no_change=3)
    assert all(map(np.array_equal, flatten(result), by_epoch[3]))
    result, by_epoch = stop_early(monkeypatch, [9.0 - epoch for epoch in range(9)], n_iter_no_change=3)
    assert len(by_epoch) == 9
    assert all(map(np.array_equal, flatten(result), by_epoch[8]))


def test_improvements_below_tol_do_not_count_but_their_weights_are_returned(monkeypatch):
    result, by_epoch = stop_early(monkeypatch, [2.0, 1.99, 1.98, 1.97, 1.0], n_iter_no_change=3, tol=0.1)
    assert result.history["val_loss"] == [2.0, 1.99, 1.98, 1.97]
    assert all(map(np.array_equal, flatten(result), by_epoch[3]))


def test_without_early_stopping_all_epochs_run_and_the_last_weights_are_returned(monkeypatch):
    result, by_epoch = stop_early(monkeypatch, [float(epoch) for epoch in range(9)], n_iter_no_change=None)
    assert len(by_epoch) == 9
    assert all(map(np.array_equal, flatten(result), by_epoch[8]))
