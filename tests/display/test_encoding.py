"""EncodingDisplay plots the encodings of `transform`, coloured by label."""

import copy

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae.display import EncodingDisplay
from tests.display.samples import LABELS, X


def points(display):
    return [np.asarray(scatter.get_offsets()) for scatter in display.scatters_]


@pytest.mark.parametrize("n_dimensions", [1, 2, 3, 8])
def test_points_are_the_encodings_or_their_principal_components(n_dimensions):
    encodings = np.random.RandomState(0).normal(size=(30, n_dimensions))
    display = EncodingDisplay(encodings=encodings).plot()
    (plotted,) = points(display)
    if n_dimensions == 1:
        assert_array_equal(plotted, np.c_[encodings, np.arange(30)])
    elif n_dimensions == 2:
        assert_array_equal(plotted, encodings)
    else:
        pca = PCA(2, svd_solver="full").fit(encodings)
        assert_array_equal(plotted, pca.transform(encodings))
        labels = display.ax_.get_xlabel(), display.ax_.get_ylabel()
        for label, share in zip(labels, pca.explained_variance_ratio_, strict=True):
            assert f"({share:.0%} of variance)" in label
    assert (display.explained_variance_ratio_ is None) == (n_dimensions <= 2)


def test_encodings_equal_the_output_of_transform(autoencoder):
    for estimator in (autoencoder, make_pipeline(clone(autoencoder), StandardScaler()).fit(X)):
        display = EncodingDisplay.from_estimator(estimator, X)
        assert_array_equal(display.encodings, estimator.transform(X))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_encodings_of_a_dataframe_output_are_plotted(autoencoder, library):
    with_frames = copy.copy(autoencoder).set_output(transform=library)
    display = EncodingDisplay.from_estimator(with_frames, X)
    assert_array_equal(display.encodings, autoencoder.transform(X))


@pytest.mark.parametrize("labels", [LABELS, list("abcd" * 6), [1, "one"] * 12, [True, False] * 12, LABELS / 2 + 0.5])
def test_each_label_has_its_points_and_a_legend_entry(autoencoder, labels):
    display = EncodingDisplay.from_estimator(autoencoder, X, labels)
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    expected_names = [str(label) for label in np.asarray(labels, dtype=object)]
    assert sorted(names) == sorted(set(expected_names))
    for name, plotted in zip(names, points(display), strict=True):
        assert_array_equal(plotted, display.points_[[each == name for each in expected_names]])


CONTINUOUS_TARGETS = {
    "array": np.asarray,
    "list": list,
    "series": pd.Series,
    "list with an int": lambda target: [0, *target[1:]],
}


@pytest.mark.parametrize("contain", CONTINUOUS_TARGETS.values(), ids=CONTINUOUS_TARGETS)
def test_a_continuous_target_has_a_colour_bar_and_no_legend(autoencoder, contain):
    target = np.linspace(0, 5, len(X))
    display = EncodingDisplay.from_estimator(autoencoder, X, contain(target))
    (scatter,) = display.scatters_
    assert_array_equal(scatter.get_array(), target)
    assert_array_equal(scatter.get_offsets(), display.points_)
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (0, 5)
    assert display.ax_.get_legend() is None
    display.figure_.canvas.draw()
    assert EncodingDisplay.from_estimator(autoencoder, X, LABELS).colorbar_ is None


def test_the_colour_bar_uses_the_scatter_arguments(autoencoder):
    options = {"cmap": "cividis", "vmin": -1, "vmax": 9, "s": 7}
    display = EncodingDisplay.from_estimator(autoencoder, X, np.linspace(0, 5, len(X)), **options)
    assert display.colorbar_.cmap.name == "cividis"
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (-1, 9)


@pytest.mark.parametrize("n_labels", [20, 26, 70])
def test_every_label_has_a_distinct_colour_or_marker(n_labels):
    rng = np.random.default_rng(0)
    display = EncodingDisplay(encodings=rng.normal(size=(n_labels, 2)), labels=range(n_labels)).plot()
    looks = {(*s.get_facecolor()[0], s.get_paths()[0].vertices.tobytes()) for s in display.scatters_}
    assert len(looks) == n_labels
    display.figure_.draw_without_rendering()
    legend, ax = (each.get_window_extent() for each in (display.ax_.get_legend(), display.ax_))
    assert ax.width > legend.width / 2
    assert legend.height < display.figure_.bbox.height  # all entries are visible


@pytest.mark.parametrize("kind", [int, "word{:03}".format])
def test_more_labels_than_markers_have_a_colour_bar_with_their_names(kind):
    labels = np.random.default_rng(0).permutation(np.repeat([kind(i) for i in range(100)], 2))
    display = EncodingDisplay(encodings=np.random.default_rng(1).normal(size=(200, 2)), labels=labels).plot()
    (scatter,) = display.scatters_
    assert [kind(int(i)) for i in scatter.get_array()] == labels.tolist()
    ticks = {
        text.get_text(): tick for tick, text in zip(display.colorbar_.get_ticks(), tick_labels(display), strict=True)
    }
    assert len(ticks) == 20
    assert all(name == str(kind(int(tick))) for name, tick in ticks.items())
    assert display.ax_.get_legend() is None


def tick_labels(display):
    return display.colorbar_.ax.get_yticklabels()


def test_scatter_arguments_are_passed_to_matplotlib(autoencoder):
    display = EncodingDisplay.from_estimator(autoencoder, X, LABELS, s=7, alpha=0.25)
    assert {(scatter.get_sizes()[0], scatter.get_alpha()) for scatter in display.scatters_} == {(7, 0.25)}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([*np.linspace(0, 1, 23), np.inf], "Input y contains infinity"),
        ([0, 1], "inconsistent numbers of samples"),
        ([None, *"ab" * 11, "c"], "y has missing labels"),
        ([np.nan, *[1.0] * 23], "y has missing labels"),
        (np.zeros((24, 2)), "y should be a 1d array"),
    ],
    ids=["infinity", "two labels", "None", "NaN", "2-D"],
)
def test_invalid_labels_raise_without_a_figure(autoencoder, labels, message):
    with pytest.raises(ValueError, match=message):
        EncodingDisplay.from_estimator(autoencoder, X, labels)
    assert plt.get_fignums() == []


def test_equal_encodings_raise(autoencoder):
    with pytest.raises(ValueError, match="All 1 encodings with 3 dimensions are equal, so they have no principal"):
        EncodingDisplay.from_estimator(autoencoder, X[:1])
