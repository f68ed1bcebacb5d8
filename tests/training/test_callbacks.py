"""Keras callbacks of a fit, and the output of progress."""

import copy
import pickle

import keras
import pytest
from sklearn.base import clone

import skseqae
from skseqae import LSTMAutoencoderTransformer
from tests.support.estimators import X, data_for, every_class, quick, y
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


# --- fitted callbacks -------------------------------------------------------------------------------------------------


@every_class
def test_the_callbacks_of_training_can_be_read_after_fit(cls):
    history = keras.callbacks.History()
    fitted = quick(cls, callbacks=[history]).fit(data_for(cls), y)
    (trained,) = fitted.callbacks_
    assert trained.history == fitted.history_
    assert trained.model is None  # it belongs to other fits now
    assert history.history == {}


class Fails(keras.callbacks.Callback):
    def on_train_end(self, logs=None):
        raise RuntimeError("failed")


def test_callbacks_of_a_failed_fit_are_not_kept():
    estimator = quick(LSTMAutoencoderTransformer, callbacks=[keras.callbacks.History()]).fit(X)
    before = estimator.callbacks_
    with pytest.raises(RuntimeError, match="failed"):
        estimator.set_params(callbacks=[Fails()]).fit(X)
    assert estimator.callbacks_ == before
    assert estimator.set_params(callbacks=None).fit(X).callbacks_ == []


def test_copies_and_files_have_no_callbacks(tmp_path):
    fitted = quick(LSTMAutoencoderTransformer, callbacks=[keras.callbacks.LambdaCallback(lambda *_: None)]).fit(X)
    fitted.set_params(callbacks=None)
    skseqae.save(fitted, tmp_path / "model.skseqae")
    loaded = skseqae.load(tmp_path / "model.skseqae")
    for other in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted), loaded):
        assert other.callbacks_ == []
    assert len(fitted.callbacks_) == 1
    with pytest.raises(AttributeError, match="no attribute 'callbacks_'"):
        clone(fitted).callbacks_  # noqa: B018
