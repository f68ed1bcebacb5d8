"""ReconstructionDisplay plots the output of `reconstruct` without padding."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skseqae import LSTMAutoencoderTransformer, Sequences
from skseqae.display import ReconstructionDisplay
from tests.display.samples import CONTAINERS, LENGTHS, ROWS, X, every_container
from tests.support.estimators import packed, quick


@every_container
def test_reconstructions_are_plotted_without_padding(autoencoder, sentinel_autoencoder, container):
    estimator = sentinel_autoencoder if "sentinel" in container else autoencoder
    display = ReconstructionDisplay.from_estimator(estimator, CONTAINERS[container], samples=[3, 0], features=[1, 0])
    reconstructions = estimator.reconstruct(X)
    for row, i in enumerate([3, 0]):
        for column, j in enumerate([1, 0]):
            timesteps = np.arange(LENGTHS[i])
            line, reconstruction_line = display.lines_[row, column], display.reconstruction_lines_[row, column]
            assert_array_equal(line.get_xydata(), np.c_[timesteps, X[i][:, j]])
            assert_array_equal(reconstruction_line.get_xydata(), np.c_[timesteps, reconstructions[i][:, j]])


def test_titles_contain_the_names_or_indices_of_the_features(autoencoder):
    named = packed(X).with_names(["load", "speed"])
    titles = [ax.get_title() for ax in ReconstructionDisplay.from_estimator(autoencoder, named, samples=2).ax_[0]]
    assert titles == ["sample 2, load", "sample 2, speed"]
    titles = [ax.get_title() for ax in ReconstructionDisplay.from_estimator(autoencoder, X, samples=2).ax_[0]]
    assert titles == ["sample 2, feature 0", "sample 2, feature 1"]


@pytest.mark.parametrize(
    ("features", "indices"),
    [("speed", [1]), (["speed", "load"], [1, 0]), (["speed", 0], [1, 0]), (np.array(["load"]), [0])],
)
def test_features_are_selected_by_name(autoencoder, features, indices):
    names = ["load", "speed"]
    named = packed(X).with_names(names)
    display = ReconstructionDisplay.from_estimator(autoencoder, named, samples=2, features=features)
    assert [ax.get_title() for ax in display.ax_[0]] == [f"sample 2, {names[i]}" for i in indices]
    for line, i in zip(display.lines_[0], indices, strict=True):
        assert_array_equal(line.get_ydata(), X[2][:, i])


def test_features_have_the_names_of_fit_if_x_has_none():
    model = quick(LSTMAutoencoderTransformer).fit(packed(X).with_names(["load", "speed"]))
    display = ReconstructionDisplay.from_estimator(model, X, samples=2, features="speed")
    assert display.ax_[0, 0].get_title() == "sample 2, speed"
    assert_array_equal(display.lines_[0, 0].get_ydata(), X[2][:, 1])


def test_unknown_names_of_features_are_refused(autoencoder):
    with pytest.raises(ValueError, match=r"features contains 'pace', but the features of X are \['load', 'speed'\]"):
        ReconstructionDisplay.from_estimator(autoencoder, packed(X).with_names(["load", "speed"]), features="pace")
    with pytest.raises(ValueError, match="features contains names, .* have no names: pass indices, or .*with_names"):
        ReconstructionDisplay.from_estimator(autoencoder, X, features=["load"])


def test_the_band_fills_the_area_between_the_lines(autoencoder):
    display = ReconstructionDisplay.from_estimator(autoencoder, X, samples=0, features=0)
    (path,) = display.bands_[0, 0].get_paths()
    both = np.concatenate([lines[0, 0].get_xydata() for lines in (display.lines_, display.reconstruction_lines_)])
    assert set(map(tuple, path.vertices)) == set(map(tuple, both))


@pytest.mark.parametrize("length", [0, 1])
def test_sequences_with_fewer_than_two_timesteps_are_plotted(autoencoder, length):
    display = ReconstructionDisplay.from_estimator(autoencoder, [X[0][:length], X[3]])
    assert [len(line.get_xdata()) for line in display.lines_[0]] == [length, length]
    assert ("empty" in display.ax_[0, 0].get_title()) == (length == 0)
    assert length == 0 or display.lines_[0, 0].get_marker() == "o"
    display.figure_.canvas.draw()


def test_rows_are_plotted_over_their_features(dense_autoencoder):
    display = ReconstructionDisplay.from_estimator(dense_autoencoder, ROWS, samples=[4])
    assert_array_equal(display.lines_[0, 0].get_ydata(), ROWS[4])
    assert_array_equal(display.reconstruction_lines_[0, 0].get_ydata(), dense_autoencoder.reconstruct(ROWS)[4])
    assert display.ax_[0, 0].get_xlabel() == "feature"


def test_rows_of_a_2d_array_are_plotted_as_univariate_sequences():
    table = np.where(np.arange(6) < np.array([[6], [2], [4]]), 1.5, np.nan)
    fitted = quick(LSTMAutoencoderTransformer, latent_dim=2).fit(table)
    display = ReconstructionDisplay.from_estimator(fitted, table)
    assert display.ax_.shape == (3, 1)
    assert [len(line.get_xdata()) for line in display.lines_.flat] == [6, 2, 4]


def test_panels_use_the_given_axes_in_order(autoencoder):
    _, axes = plt.subplots(2, 2)
    display = ReconstructionDisplay.from_estimator(autoencoder, X, samples=[0, 3], ax=axes)
    assert display.ax_.tolist() == axes.tolist()
    again = ReconstructionDisplay.from_estimator(autoencoder, X, samples=[0, 3], ax=list(axes.flat))
    assert again.ax_.tolist() == axes.tolist()


def test_a_pipeline_plots_the_input_of_its_last_step(scaled_pipeline):
    last, scaled = scaled_pipeline[-1], scaled_pipeline[0].transform(X)
    display = ReconstructionDisplay.from_estimator(scaled_pipeline, X)
    expected = ReconstructionDisplay.from_estimator(last, scaled)
    for panel in np.ndindex(3, 2):
        for lines in ("lines_", "reconstruction_lines_"):
            got, required = getattr(display, lines)[panel], getattr(expected, lines)[panel]
            assert_array_equal(got.get_xydata(), required.get_xydata())


def test_the_reason_for_a_missing_reconstruction_is_in_the_error():
    model = LSTMAutoencoderTransformer(objective="prediction")
    with pytest.raises(TypeError, match="objective='prediction' has no reconstruction decoder"):
        ReconstructionDisplay.from_estimator(model, X)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"samples": 24}, ValueError, "samples contains 24, but X has 24 samples: expected 0 to 23"),
        ({"samples": [0, -1]}, ValueError, "samples contains -1, but X has 24 samples"),
        ({"features": 2}, ValueError, "features contains 2, but X has 2 features"),
        ({"samples": "all"}, TypeError, "samples must be an int or an array-like of int, got 'all'"),
        ({"samples": 1.5}, TypeError, "samples must be an int or an array-like of int, got 1.5"),
        ({"features": []}, TypeError, r"features must be an int or an array-like of int, got \[\]"),
        ({"samples": range(16)}, ValueError, "16 samples with 2 features require 32 panels, but at most 30 can be"),
        ({"ax": "an axes"}, ValueError, "ax must contain 6 Axes, one for each sample and feature, got 1"),
        ({"ax": ["axes"] * 6}, TypeError, "ax must be a matplotlib Axes, got str"),
    ],
)
def test_invalid_samples_features_and_axes_raise_without_a_figure(autoencoder, options, error, message):
    with pytest.raises(error, match=message):
        ReconstructionDisplay.from_estimator(autoencoder, X, **options)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("times", "axis"),
    [
        (np.datetime64("2024-01-01") + np.arange(sum(LENGTHS)) * np.timedelta64(1, "D"), "time"),
        (np.arange(sum(LENGTHS)) * np.timedelta64(1, "m"), "time"),
        (pd.date_range("2024-01-01", periods=sum(LENGTHS), tz="UTC"), "time"),
        (np.arange(sum(LENGTHS)) / 4, "time"),
        (pd.period_range("2024-01-01", periods=sum(LENGTHS), freq="D"), "timestep"),
    ],
    ids=["dates", "durations", "time zone", "numbers", "periods"],
)
def test_ids_are_in_the_titles_and_times_on_the_axis(autoencoder, times, axis):
    named = Sequences.from_list(X, ids=[f"pump {i}" for i in range(len(X))], times=times)
    display = ReconstructionDisplay.from_estimator(autoencoder, named, samples=[3, 0], features=0)
    display.figure_.canvas.draw()
    assert [ax.get_title() for ax in display.ax_[:, 0]] == ["sample pump 3, feature 0", "sample pump 0, feature 0"]
    assert display.ax_[1, 0].get_xlabel() == axis
    assert not display.ax_[0, 0].get_xlabel()
    drawn = display.lines_[0, 0].get_xdata()
    if times.dtype.kind in "Mf":
        assert_array_equal(drawn, named[[3]].times)
    elif axis == "timestep":
        assert_array_equal(drawn, np.arange(LENGTHS[3]))
