"""Keras callbacks of a fit, and the output of progress."""

import keras
import pytest

from tests.training.fits import Recorder, assert_same_weights, fit


def test_callbacks_receive_all_events_in_order(result):
    recorder = Recorder()
    fit(callbacks=[recorder])
    assert recorder.events == ["train", 0, "batch", "batch", "batch", 1, "batch", "batch", "batch", "end"]
    assert recorder.params == {"verbose": 0, "epochs": 2, "steps": 3}
    assert [logs["loss"] for logs in recorder.logs] == result.history["loss"]


class StoppingCallback(keras.callbacks.Callback):
    """Stops after the first epoch, changes the learning rate, and records that it was called."""

    called = False

    def on_epoch_end(self, epoch, logs=None):
        self.called = True
        self.model.optimizer.learning_rate = 5.0
        self.model.stop_training = True


@pytest.mark.parametrize(
    "container", [lambda callback: callback, lambda callback: [callback], lambda callback: (callback,)],
    ids=["callback", "list", "tuple"],
)  # fmt: skip
def test_callbacks_change_their_own_fit_only(result, container):
    callback = StoppingCallback()
    assert len(fit(callbacks=container(callback)).history["loss"]) == 1
    assert not callback.called
    assert callback.model is None
    assert_same_weights(fit(), result)


def test_progress_is_printed_if_verbose_only(capsys):
    fit()
    assert capsys.readouterr().out == ""
    fit(verbose=1)
    printed = capsys.readouterr().out
    assert "Epoch 1/2" in printed
    assert "loss: " in printed
