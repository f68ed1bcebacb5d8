"""All displays draw on the given axes, keep their data, change no input and require matplotlib only when they draw."""

import subprocess
import sys

import joblib
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

import skseqae.display
from skseqae import LSTMAutoencoderTransformer, Seq2SeqClassifier
from skseqae.display import EncodingDisplay, ErrorMapDisplay, LossCurveDisplay, ReconstructionDisplay, plot_network
from tests.display.samples import DISPLAYS, LABELS, X, draw, every_display


def test_the_module_lists_public_names_only():
    assert dir(skseqae.display) == sorted(skseqae.display.__all__)


# --- axes -------------------------------------------------------------------------------------------------------------


@every_display
def test_displays_draw_on_the_given_axes_only(autoencoder, display):
    figure, ax = plt.subplots()
    other = plt.figure()
    settings = dict(matplotlib.rcParams)
    options = {"samples": 0, "features": 0} if display is ReconstructionDisplay else {}
    drawn = draw(display, autoencoder, ax=ax, **options)
    assert np.asarray(drawn.ax_).item() is ax
    assert drawn.figure_ is figure
    assert plt.gcf() is other
    assert plt.get_fignums() == [figure.number, other.number]
    assert dict(matplotlib.rcParams) == settings


def test_displays_draw_on_a_figure_that_pyplot_does_not_manage(autoencoder):
    figure = matplotlib.figure.Figure()
    FigureCanvasAgg(figure)
    assert LossCurveDisplay.from_estimator(autoencoder, ax=figure.subplots()).figure_ is figure
    assert plt.get_fignums() == []


@every_display
def test_plot_draws_again_from_the_stored_data(autoencoder, display):
    drawn = draw(display, autoencoder)
    first = drawn.figure_
    assert drawn.plot() is drawn
    assert drawn.figure_ is not first


# EncodingDisplay raises for one sample, which has no principal components.
SAMPLE_COUNTS = [(EncodingDisplay, 24), *((display, n) for display in DISPLAYS[1:] for n in (1, 24))]


@pytest.mark.parametrize(("display", "n_samples"), SAMPLE_COUNTS)
def test_figures_with_few_and_many_samples_are_drawn_without_a_warning(autoencoder, display, n_samples):
    draw(display, autoencoder, X[:n_samples]).figure_.canvas.draw()


@every_display
def test_legends_cover_no_data(autoencoder, display):
    drawn = draw(display, autoencoder, **({"y": LABELS} if display is EncodingDisplay else {}))
    drawn.figure_.canvas.draw()
    legends = [*drawn.figure_.legends, *(ax.get_legend() for ax in drawn.figure_.axes if ax.get_legend())]
    assert len(legends) == (display is not ErrorMapDisplay)
    for legend in legends:
        extent = legend.get_window_extent()
        assert not any(extent.overlaps(ax.get_tightbbox(bbox_extra_artists=[])) for ax in drawn.figure_.axes)
        assert drawn.figure_.bbox.containsx(extent.x1)


@pytest.mark.parametrize("display", [EncodingDisplay, ErrorMapDisplay, LossCurveDisplay])
def test_an_object_that_is_not_axes_raises(autoencoder, display):
    with pytest.raises(TypeError, match="ax must be a matplotlib Axes, got ndarray"):
        draw(display, autoencoder, ax=np.array([1, 2]))


# --- inputs -----------------------------------------------------------------------------------------------------------


@every_display
def test_displays_change_neither_the_estimator_nor_the_data(autoencoder, display):
    before = joblib.hash((vars(autoencoder), X, LABELS))
    draw(display, autoencoder, **({"y": LABELS} if display is EncodingDisplay else {}))
    assert joblib.hash((vars(autoencoder), X, LABELS)) == before


@every_display
def test_unfitted_estimators_raise(display):
    with pytest.raises(NotFittedError, match="LSTMAutoencoderTransformer instance is not fitted"):
        draw(display, LSTMAutoencoderTransformer())


@pytest.mark.parametrize(
    ("display", "estimator", "attribute"),
    [
        (LossCurveDisplay, LogisticRegression().fit([[0], [1]], [0, 1]), "history_"),
        (EncodingDisplay, Seq2SeqClassifier(), "transform"),
        (ReconstructionDisplay, LSTMAutoencoderTransformer(objective="prediction"), "reconstruct"),
        (ErrorMapDisplay, PCA(), "reconstruction_error"),
    ],
    ids=["history_", "transform", "reconstruct", "reconstruction_error"],
)
def test_estimators_without_the_required_attribute_raise(display, estimator, attribute):
    message = f"{type(estimator).__name__} has no {attribute}, which {display.__name__} draws"
    with pytest.raises(TypeError, match=message):
        draw(display, estimator)


# --- matplotlib -------------------------------------------------------------------------------------------------------


@every_display
def test_a_missing_matplotlib_raises_with_the_installation_command(autoencoder, display, monkeypatch):
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    for attempt in (lambda: draw(display, autoencoder), lambda: plot_network(autoencoder)):
        with pytest.raises(ImportError, match=r'^\w+ requires matplotlib: pip install "skseqae\[display\]"\.$'):
            attempt()


def test_importing_the_displays_loads_neither_matplotlib_nor_keras():
    script = "import sys, skseqae.display; print(sorted({'matplotlib', 'keras', 'tensorflow'} & sys.modules.keys()))"
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert process.stdout == "[]\n"
