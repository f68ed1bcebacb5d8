"""ErrorMapDisplay plots the reconstruction error of each timestep."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

from skseqae import SequenceOutlierDetector, Sequences
from skseqae.display import ErrorMapDisplay
from tests.display.samples import CONTAINERS, LENGTHS, ROWS, X, every_container


@every_container
def test_the_map_has_the_errors_of_timesteps_and_blank_padding(autoencoder, sentinel_autoencoder, container):
    estimator = sentinel_autoencoder if "sentinel" in container else autoencoder
    plotted = ErrorMapDisplay.from_estimator(estimator, CONTAINERS[container]).image_.get_array()
    assert plotted.shape == (len(X), max(LENGTHS))
    for i, errors in enumerate(estimator.reconstruction_error(X, reduction="timestep")):
        assert_array_equal(plotted[i, : LENGTHS[i]], errors)
        assert plotted.mask[i].tolist() == [t >= LENGTHS[i] for t in range(max(LENGTHS))]


def test_the_map_of_rows_has_the_errors_of_features(dense_autoencoder):
    display = ErrorMapDisplay.from_estimator(dense_autoencoder, ROWS)
    assert_array_equal(display.image_.get_array(), dense_autoencoder.reconstruction_error(ROWS, reduction="feature"))
    assert display.ax_.get_xlabel() == "feature"


@pytest.mark.parametrize("count", [1, 300, 1000])
def test_every_row_of_a_map_has_a_pixel(count):
    display = ErrorMapDisplay(errors=np.ones((count, 3))).plot()
    display.figure_.canvas.draw()
    assert display.ax_.get_window_extent().height >= count


def test_image_arguments_are_passed_to_matplotlib(autoencoder):
    assert ErrorMapDisplay.from_estimator(autoencoder, X, cmap="cividis").image_.get_cmap().name == "cividis"


def test_pipelines_and_detectors_plot_the_errors_of_the_autoencoder(scaled_pipeline):
    expected = ErrorMapDisplay.from_estimator(scaled_pipeline[-1], scaled_pipeline[0].transform(X)).errors
    detector = SequenceOutlierDetector(scaled_pipeline)
    vars(detector).update(estimator_=scaled_pipeline, offset_=0.0, _distance=None)
    for estimator in (scaled_pipeline, detector):
        assert_array_equal(ErrorMapDisplay.from_estimator(estimator, X).errors, expected)


def test_an_unfitted_detector_raises():
    with pytest.raises(NotFittedError, match="SequenceOutlierDetector instance is not fitted"):
        ErrorMapDisplay.from_estimator(SequenceOutlierDetector(), X)


def test_too_many_samples_raise(autoencoder):
    with pytest.raises(ValueError, match="1008 samples exceed the 1000 rows that can be displayed: pass fewer samples"):
        ErrorMapDisplay.from_estimator(autoencoder, X * 42)


def test_ids_label_the_rows_and_common_times_the_columns(autoencoder):
    times = [np.datetime64("2024-01-01T00:00") + np.arange(n) * np.timedelta64(1, "h") for n in LENGTHS]
    named = Sequences.from_list(X, ids=[f"pump {i}" for i in range(len(X))], times=times)
    display = ErrorMapDisplay.from_estimator(autoencoder, named[:4])
    display.figure_.canvas.draw()
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == [f"pump {i}" for i in range(4)]
    labels = {label.get_text() for label in display.ax_.get_xticklabels()} - {""}
    assert labels <= {str(time).replace("T", " ") for time in max(times, key=len)}
    assert display.ax_.get_xlabel() == "time"
    own_times = Sequences.from_list(X, times=np.arange(sum(LENGTHS)))
    assert ErrorMapDisplay.from_estimator(autoencoder, own_times).ax_.get_xlabel() == "timestep"
