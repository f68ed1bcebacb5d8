"""LossCurveDisplay plots the history of an estimator."""

import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skseqae.display import LossCurveDisplay


def test_curves_equal_the_history(autoencoder):
    display = LossCurveDisplay.from_estimator(autoencoder)
    epochs = [1, 2, 3, 4]
    for line, name in ((display.line_, "loss"), (display.val_line_, "val_loss")):
        assert_array_equal(line.get_xdata(), epochs)
        assert_array_equal(line.get_ydata(), autoencoder.history_[name])


def test_best_epoch_is_the_first_with_the_lowest_validation_loss(autoencoder):
    display = LossCurveDisplay.from_estimator(autoencoder)
    assert display.best_epoch_ == 2
    assert_array_equal(display.best_line_.get_xdata(), [2, 2])
    assert display.best_line_.get_label() == "best epoch: 2"


def test_only_the_training_loss_is_plotted_without_a_validation_set(sentinel_autoencoder):
    display = LossCurveDisplay.from_estimator(sentinel_autoencoder)
    assert (display.val_line_, display.best_line_, display.best_epoch_) == (None, None, None)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[:2] == ["training", "mean of the targets"]
    assert labels[2:] == ([f"95% of the fall: epoch {display.end_epoch_}"] if display.end_epoch_ else [])


def test_the_loss_of_the_mean_is_a_line(autoencoder):
    display = LossCurveDisplay.from_estimator(autoencoder)
    assert set(display.baseline_line_.get_ydata()) == {autoencoder.baseline_loss_}
    assert autoencoder.baseline_loss_ == pytest.approx(1, abs=0.3)  # in scaled units, of the samples not held out
    assert LossCurveDisplay(loss=[1, 0.5]).plot().baseline_line_ is None


@pytest.mark.parametrize(
    ("loss", "epoch"), [([1, 0.5, 0.04, 0.0], 3), ([1, 0.9, 0.8, 0.0], 4), ([1, 0.0, 0.3, 0.0], 2), ([1, 1], None)]
)
def test_training_could_have_ended_after_most_of_the_fall(loss, epoch):
    display = LossCurveDisplay(loss=loss).plot()
    assert display.end_epoch_ == epoch
    assert (display.end_line_ is None) == (epoch is None)
    assert LossCurveDisplay(loss=loss, val_loss=loss).plot().end_epoch_ is None


@pytest.mark.parametrize(("log_scale", "scale"), [(False, "linear"), (True, "log")])
def test_log_scale_sets_the_scale_of_the_loss_axis(autoencoder, log_scale, scale):
    display = LossCurveDisplay.from_estimator(autoencoder, log_scale=log_scale)
    assert display.ax_.get_yscale() == scale
    assert display.plot(log_scale=not log_scale).ax_.get_yscale() != scale


@pytest.mark.parametrize("loss", [[0.5], [0.5, 0.4]])
def test_a_single_epoch_is_plotted_as_a_marker(loss):
    display = LossCurveDisplay(loss=loss, val_loss=loss).plot()
    for line in (display.line_, display.val_line_):
        assert (line.get_marker() == "o") == (len(loss) == 1)


def test_history_of_a_pipeline_is_that_of_its_last_step(scaled_pipeline):
    assert LossCurveDisplay.from_estimator(scaled_pipeline).loss == scaled_pipeline[-1].history_["loss"]
    without_history = make_pipeline("passthrough", LogisticRegression()).fit([[0], [1]], [0, 1])
    with pytest.raises(TypeError, match="LogisticRegression has no history_, which LossCurveDisplay draws"):
        LossCurveDisplay.from_estimator(without_history)
