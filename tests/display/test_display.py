"""Pictures show what the verbs say, all of it, and change nothing."""

import copy
import re
import subprocess
import sys
from itertools import combinations

import joblib
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.testing import assert_array_equal
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SequenceOutlierDetector,
)
from skseqae.datasets import make_reversals, make_waves
from skseqae.display import EncodingDisplay, ErrorMapDisplay, LossCurveDisplay, ReconstructionDisplay, plot_network
from skseqae.preprocessing import PerTimestep
from tests.support.estimators import CLASSES, data_for, every_class, packed, quick, y

X, LABELS = make_waves(24, n_features=2, lengths=(1, 12), random_state=0)
LENGTHS = [len(x) for x in X]
ROWS = np.random.RandomState(0).normal(size=(20, 5))
DISPLAYS = [EncodingDisplay, ErrorMapDisplay, LossCurveDisplay, ReconstructionDisplay]


def padded(value):
    array = np.full((len(X), max(LENGTHS) + 2, 2), value)
    for row, x in zip(array, X, strict=True):
        row[: len(x)] = x
    return array


@pytest.fixture(autouse=True)
def canvas():
    """Draw on no screen, and leave neither a figure nor another backend behind."""
    backend = matplotlib.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


@pytest.fixture(scope="module")
def autoencoder():
    """One whose validation loss is lowest in the middle."""
    fitted = quick(LSTMAutoencoderTransformer, latent_dim=3, epochs=4, early_stopping=True, validation_fraction=0.3)
    fitted.fit(X)
    fitted.history_["val_loss"] = [0.9, 0.5, 0.7, 0.5]
    return fitted


@pytest.fixture(scope="module")
def of_rows():
    return quick(DenseAutoencoderTransformer, latent_dim=2, hidden_layer_sizes=(4,)).fit(ROWS)


@pytest.fixture(scope="module")
def with_sentinel():
    return quick(LSTMAutoencoderTransformer, latent_dim=3, padding_value=-9.0).fit(X)


@pytest.fixture(scope="module")
def fitted_by_class():
    return {cls: quick(cls).fit(data_for(cls), y) for cls in CLASSES}


def draw(display, estimator, data=X, **options):
    """Draw in the manner of each display."""
    data = () if display is LossCurveDisplay else (data,)
    return display.from_estimator(estimator, *data, **options)


every_display = pytest.mark.parametrize("display", DISPLAYS)


# --- what is drawn is what the verbs say ------------------------------------------------------------------------------


def test_the_curves_are_the_history(autoencoder):
    display = LossCurveDisplay.from_estimator(autoencoder)
    assert_array_equal(display.line_.get_xydata(), np.c_[[1, 2, 3, 4], autoencoder.history_["loss"]])
    assert_array_equal(display.val_line_.get_xydata(), np.c_[[1, 2, 3, 4], autoencoder.history_["val_loss"]])


def test_the_best_epoch_is_the_first_of_the_lowest_validation_loss(autoencoder):
    display = LossCurveDisplay.from_estimator(autoencoder)
    assert display.best_epoch_ == 2
    assert_array_equal(display.best_line_.get_xdata(), [2, 2])
    assert display.best_line_.get_label() == "best epoch: 2"


def test_without_validation_nothing_is_said_of_one(with_sentinel):
    display = LossCurveDisplay.from_estimator(with_sentinel)
    assert (display.val_line_, display.best_line_, display.best_epoch_) == (None, None, None)
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["training"]


@pytest.mark.parametrize(("log_scale", "scale"), [(False, "linear"), (True, "log")])
def test_the_scale_of_the_loss_is_the_one_asked_for(autoencoder, log_scale, scale):
    display = LossCurveDisplay.from_estimator(autoencoder, log_scale=log_scale)
    assert display.ax_.get_yscale() == scale
    assert display.plot(log_scale=not log_scale).ax_.get_yscale() != scale


@pytest.mark.parametrize("loss", [[0.5], [0.5, 0.4]])
def test_a_single_epoch_can_be_seen(loss):
    display = LossCurveDisplay(loss=loss, val_loss=loss).plot()
    for line in (display.line_, display.val_line_):
        assert (line.get_marker() == "o") == (len(loss) == 1)


CONTAINERS = {
    "list": list(X),
    "Sequences": packed(X),
    "NaN beyond the end": padded(np.nan),
    "a sentinel beyond the end": padded(-9.0),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_reconstructions_are_drawn_as_they_are_said_and_without_padding(autoencoder, with_sentinel, container):
    estimator = with_sentinel if "sentinel" in container else autoencoder
    display = ReconstructionDisplay.from_estimator(estimator, CONTAINERS[container], samples=[3, 0], features=[1, 0])
    said = estimator.reconstruct(X)
    for row, i in enumerate([3, 0]):
        for column, j in enumerate([1, 0]):
            timesteps = np.arange(LENGTHS[i])
            assert_array_equal(display.lines_[row, column].get_xydata(), np.c_[timesteps, X[i][:, j]])
            assert_array_equal(display.reconstruction_lines_[row, column].get_xydata(), np.c_[timesteps, said[i][:, j]])


def test_features_are_called_by_their_names(autoencoder):
    named = packed(X).with_names(["load", "speed"])
    titles = [ax.get_title() for ax in ReconstructionDisplay.from_estimator(autoencoder, named, samples=2).ax_[0]]
    assert titles == ["sample 2, load", "sample 2, speed"]
    titles = [ax.get_title() for ax in ReconstructionDisplay.from_estimator(autoencoder, X, samples=2).ax_[0]]
    assert titles == ["sample 2, feature 0", "sample 2, feature 1"]


def test_the_band_is_what_is_between_the_lines(autoencoder):
    display = ReconstructionDisplay.from_estimator(autoencoder, X, samples=0, features=0)
    (path,) = display.bands_[0, 0].get_paths()
    both = np.concatenate([lines[0, 0].get_xydata() for lines in (display.lines_, display.reconstruction_lines_)])
    assert set(map(tuple, path.vertices)) == set(map(tuple, both))


@pytest.mark.parametrize("length", [0, 1])
def test_sequences_too_short_for_a_line_are_drawn_too(autoencoder, length):
    display = ReconstructionDisplay.from_estimator(autoencoder, [X[0][:length], X[3]])
    assert [len(line.get_xdata()) for line in display.lines_[0]] == [length, length]
    assert ("empty" in display.ax_[0, 0].get_title()) == (length == 0)
    assert length == 0 or display.lines_[0, 0].get_marker() == "o"
    display.figure_.canvas.draw()


def test_rows_are_drawn_over_their_features(of_rows):
    display = ReconstructionDisplay.from_estimator(of_rows, ROWS, samples=[4])
    assert_array_equal(display.lines_[0, 0].get_ydata(), ROWS[4])
    assert_array_equal(display.reconstruction_lines_[0, 0].get_ydata(), of_rows.reconstruct(ROWS)[4])
    assert display.ax_[0, 0].get_xlabel() == "feature"


def test_a_table_is_drawn_as_univariate_sequences():
    table = np.where(np.arange(6) < np.array([[6], [2], [4]]), 1.5, np.nan)
    fitted = quick(LSTMAutoencoderTransformer, latent_dim=2).fit(table)
    display = ReconstructionDisplay.from_estimator(fitted, table)
    assert display.ax_.shape == (3, 1)
    assert [len(line.get_xdata()) for line in display.lines_.flat] == [6, 2, 4]


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_map_has_the_errors_of_timesteps_and_nothing_in_padding(autoencoder, with_sentinel, container):
    estimator = with_sentinel if "sentinel" in container else autoencoder
    shown = ErrorMapDisplay.from_estimator(estimator, CONTAINERS[container]).image_.get_array()
    assert shown.shape == (len(X), max(LENGTHS))
    for i, errors in enumerate(estimator.reconstruction_error(X, reduction="timestep")):
        assert_array_equal(shown[i, : LENGTHS[i]], errors)
        assert shown.mask[i].tolist() == [t >= LENGTHS[i] for t in range(max(LENGTHS))]


def test_the_map_of_rows_has_the_errors_of_features(of_rows):
    display = ErrorMapDisplay.from_estimator(of_rows, ROWS)
    assert_array_equal(display.image_.get_array(), of_rows.reconstruction_error(ROWS, reduction="feature"))
    assert display.ax_.get_xlabel() == "feature"


@pytest.mark.parametrize("count", [1, 300, 1000])
def test_every_row_of_a_map_has_a_pixel(count):
    display = ErrorMapDisplay(errors=np.ones((count, 3))).plot()
    display.figure_.canvas.draw()
    assert display.ax_.get_window_extent().height >= count


def points(display):
    return [np.asarray(scatter.get_offsets()) for scatter in display.scatters_]


@pytest.mark.parametrize("n_dimensions", [1, 2, 3, 8])
def test_points_are_the_encodings_or_their_principal_components(n_dimensions):
    encodings = np.random.RandomState(0).normal(size=(30, n_dimensions))
    display = EncodingDisplay(encodings=encodings).plot()
    (shown,) = points(display)
    if n_dimensions == 1:
        assert_array_equal(shown, np.c_[encodings, np.arange(30)])
    elif n_dimensions == 2:
        assert_array_equal(shown, encodings)
    else:
        pca = PCA(2, svd_solver="full").fit(encodings)
        assert_array_equal(shown, pca.transform(encodings))
        for label, share in zip(
            (display.ax_.get_xlabel(), display.ax_.get_ylabel()), pca.explained_variance_ratio_, strict=True
        ):
            assert f"({share:.0%} of variance)" in label
    assert (display.explained_variance_ratio_ is None) == (n_dimensions <= 2)


def test_encodings_are_those_of_transform(autoencoder):
    for estimator in (autoencoder, make_pipeline(autoencoder, StandardScaler()).fit(X)):
        display = EncodingDisplay.from_estimator(estimator, X)
        assert_array_equal(display.encodings, estimator.transform(X))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_encodings_may_come_in_a_frame(autoencoder, library):
    frames = copy.copy(autoencoder).set_output(transform=library)
    display = EncodingDisplay.from_estimator(frames, X)
    assert_array_equal(display.encodings, autoencoder.transform(X))


@pytest.mark.parametrize("labels", [LABELS, list("abcd" * 6), [1, "one"] * 12, [True, False] * 12, LABELS / 2 + 0.5])
def test_each_label_has_its_points_and_its_name(autoencoder, labels):
    display = EncodingDisplay.from_estimator(autoencoder, X, labels)
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert sorted(names) == sorted({str(label) for label in np.asarray(labels, dtype=object)})
    for name, shown in zip(names, points(display), strict=True):
        assert_array_equal(shown, display.points_[[str(label) == name for label in np.asarray(labels, dtype=object)]])


@pytest.mark.parametrize("kind", [np.asarray, list, pd.Series, lambda y: [0, *y[1:]]])
def test_many_numbers_have_a_colour_bar_and_no_legend(autoencoder, kind):
    numbers = np.linspace(0, 5, len(X))
    display = EncodingDisplay.from_estimator(autoencoder, X, kind(numbers))
    (scatter,) = display.scatters_
    assert_array_equal(scatter.get_array(), numbers)
    assert_array_equal(scatter.get_offsets(), display.points_)
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (0, 5)
    assert display.ax_.get_legend() is None
    display.figure_.canvas.draw()
    assert EncodingDisplay.from_estimator(autoencoder, X, LABELS).colorbar_ is None


def test_points_are_coloured_as_the_bar_is_told(autoencoder):
    options = {"cmap": "cividis", "vmin": -1, "vmax": 9, "s": 7}
    display = EncodingDisplay.from_estimator(autoencoder, X, np.linspace(0, 5, len(X)), **options)
    assert display.colorbar_.cmap.name == "cividis"
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (-1, 9)


def test_no_two_labels_look_alike():
    display = EncodingDisplay(encodings=np.zeros((20, 2)), labels=range(20)).plot()
    looks = {(*s.get_facecolor()[0], s.get_paths()[0].vertices.tobytes()) for s in display.scatters_}
    assert len(looks) == 20


def test_arguments_for_matplotlib_arrive(autoencoder):
    display = EncodingDisplay.from_estimator(autoencoder, X, LABELS, s=7, alpha=0.25)
    assert {(scatter.get_sizes()[0], scatter.get_alpha()) for scatter in display.scatters_} == {(7, 0.25)}
    assert ErrorMapDisplay.from_estimator(autoencoder, X, cmap="cividis").image_.get_cmap().name == "cividis"


# --- networks ---------------------------------------------------------------------------------------------------------


def said_of(boxes):
    """What boxes tell but the numbers by which Keras makes its own names unique."""
    own_names = r"^(dense|free_running|gaussian_noise|repeat_vector)_\d+:"
    return [re.sub(own_names, r"\1:", box.get_text()) for box in boxes]


def stacked(n_timesteps, latent_dim, n_features):
    import keras

    layers = [keras.layers.RepeatVector(n_timesteps), keras.layers.Dense(n_features)]
    return keras.Sequential([keras.Input((latent_dim,)), *layers])


WORDS, BACKWARDS = make_reversals(20, lengths=(2, 5), n_symbols=5, random_state=0)
NETWORKS = {
    "deep": (
        LSTMAutoencoderTransformer(3, units=(5, 4), bidirectional=True, random_state=0),
        (X,),
    ),
    "conditional": (LSTMAutoencoderTransformer(3, decoder="conditional", cell="gru", random_state=0), (X,)),
    "function": (LSTMAutoencoderTransformer(3, decoder=stacked, random_state=0), (X,)),
    "regressor": (CompositeSequenceRegressor(3, random_state=0), (X, LABELS)),
    "labels": (Seq2SeqClassifier(4, random_state=0), (X, LABELS)),
    "words": (Seq2SeqClassifier((6, 4), tokens=True, random_state=0), (WORDS, BACKWARDS)),
    "rows": (DenseAutoencoderTransformer(2, hidden_layer_sizes=(4, 3), noise=0.1, random_state=0), (ROWS,)),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


@every_network
def test_before_training_the_same_network_is_drawn_as_after(name):
    estimator, data = NETWORKS[name]
    before, state = joblib.hash(vars(estimator)), np.random.get_state()[1].copy()
    drawn = said_of(plot_network(estimator, *data))
    assert joblib.hash(vars(estimator)) == before
    assert_array_equal(np.random.get_state()[1], state)
    fitted = type(estimator)(**estimator.get_params()).set_params(epochs=1).fit(*data)
    assert said_of(plot_network(fitted)) == drawn
    weights = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) weights", "\n".join(drawn))]
    assert sum(weights) == sum(array.size for arrays in fitted._weights.values() for array in arrays)


@every_network
@pytest.mark.parametrize("size", [None, (3, 6), (9, 3)])
def test_no_two_boxes_overlap_and_none_is_cut_off(name, size):
    estimator, data = NETWORKS[name]
    boxes = plot_network(estimator, *data, ax=size and plt.figure(figsize=size).add_subplot())
    figure = boxes[0].figure
    figure.canvas.draw()
    places = [box.get_bbox_patch().get_window_extent() for box in boxes]
    assert not any(one.overlaps(other) for one, other in combinations(places, 2))
    for place in places:
        assert figure.bbox.containsx(place.x0)
        assert figure.bbox.containsx(place.x1)
        assert figure.bbox.containsy(place.y0)
        assert figure.bbox.containsy(place.y1)


def test_shapes_have_letters_where_any_number_will_do(autoencoder):
    assert said_of(plot_network(autoencoder)) == [
        "x: InputLayer\n(B, T, 2)",
        "centre: Rescaling\n(B, T, 2)",
        "scale: Rescaling\n(B, T, 2)",
        "encoder_0: LSTM, 72 weights\n(B, 3)",
        "decoder_0: LSTM, 84 weights\n(B, T, 3)",
        "output: Dense, 8 weights\n(B, T, 2)",
        "reconstruction: Rescaling\n(B, T, 2)",
    ]


def test_a_generator_of_the_callers_is_not_drawn_from():
    random_state = np.random.RandomState(0)
    plot_network(LSTMAutoencoderTransformer(3, random_state=random_state), X)
    assert random_state.randint(1000) == np.random.RandomState(0).randint(1000)


# --- where it is drawn ------------------------------------------------------------------------------------------------


@every_display
def test_axes_that_are_given_are_drawn_on_and_nothing_else_is(autoencoder, display):
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


def test_a_network_is_drawn_on_axes_that_are_given(autoencoder):
    _, ax = plt.subplots()
    assert {box.axes for box in plot_network(autoencoder, ax=ax)} == {ax}
    assert len(plt.get_fignums()) == 1


def test_panels_are_drawn_on_axes_in_their_order(autoencoder):
    _, axes = plt.subplots(2, 2)
    display = ReconstructionDisplay.from_estimator(autoencoder, X, samples=[0, 3], ax=axes)
    assert display.ax_.tolist() == axes.tolist()
    again = ReconstructionDisplay.from_estimator(autoencoder, X, samples=[0, 3], ax=list(axes.flat))
    assert again.ax_.tolist() == axes.tolist()


def test_a_figure_needs_no_pyplot(autoencoder):
    figure = matplotlib.figure.Figure()
    FigureCanvasAgg(figure)
    assert LossCurveDisplay.from_estimator(autoencoder, ax=figure.subplots()).figure_ is figure
    assert plt.get_fignums() == []


@every_display
def test_it_is_drawn_again_from_what_the_display_keeps(autoencoder, display):
    drawn = draw(display, autoencoder)
    first = drawn.figure_
    assert drawn.plot() is drawn
    assert drawn.figure_ is not first


@every_display
@pytest.mark.parametrize("count", [1, 24])
def test_legends_and_text_are_drawn_without_a_warning_for_few_and_many(autoencoder, display, count):
    if display is EncodingDisplay and count == 1:
        with pytest.raises(ValueError, match=r"1 encoding\(s\) of 3 dimensions do not differ, and have no principal"):
            draw(display, autoencoder, X[:1])
    else:
        draw(display, autoencoder, X[:count]).figure_.canvas.draw()


@every_display
def test_a_legend_covers_nothing_that_is_drawn(autoencoder, display):
    drawn = draw(display, autoencoder, **({"y": LABELS} if display is EncodingDisplay else {}))
    drawn.figure_.canvas.draw()
    legends = [*drawn.figure_.legends, *(ax.get_legend() for ax in drawn.figure_.axes if ax.get_legend())]
    assert len(legends) == (display is not ErrorMapDisplay)
    for legend in legends:
        place = legend.get_window_extent()
        assert not any(place.overlaps(ax.get_tightbbox(bbox_extra_artists=[])) for ax in drawn.figure_.axes)
        assert drawn.figure_.bbox.containsx(place.x1)


# --- what is left alone -----------------------------------------------------------------------------------------------


@every_display
def test_neither_the_estimator_nor_the_data_change(autoencoder, display):
    before = joblib.hash((vars(autoencoder), X, LABELS))
    draw(display, autoencoder, **({"y": LABELS} if display is EncodingDisplay else {}))
    assert joblib.hash((vars(autoencoder), X, LABELS)) == before


@every_class
def test_a_fitted_estimator_is_left_alone_by_its_network(cls, fitted_by_class):
    before = joblib.hash(vars(fitted_by_class[cls]))
    plot_network(fitted_by_class[cls])
    assert joblib.hash(vars(fitted_by_class[cls])) == before


# --- pipelines and detectors ------------------------------------------------------------------------------------------


def test_of_a_pipeline_the_last_step_is_drawn_and_what_comes_to_it():
    pipeline = make_pipeline(PerTimestep(StandardScaler()), quick(LSTMAutoencoderTransformer, latent_dim=2)).fit(X)
    scaled, last = pipeline[0].transform(X), pipeline[-1]
    shown, wanted = (ReconstructionDisplay.from_estimator(*each) for each in ((pipeline, X), (last, scaled)))
    for row, column in np.ndindex(3, 2):
        for lines in ("lines_", "reconstruction_lines_"):
            assert_array_equal(*(getattr(each, lines)[row, column].get_xydata() for each in (shown, wanted)))
    detector = SequenceOutlierDetector(pipeline)
    vars(detector).update(estimator_=pipeline, offset_=0.0)
    for each in (pipeline, detector):
        errors = ErrorMapDisplay.from_estimator(each, X).errors
        assert_array_equal(errors, ErrorMapDisplay.from_estimator(last, scaled).errors)
    assert LossCurveDisplay.from_estimator(pipeline).loss == last.history_["loss"]
    with pytest.raises(TypeError, match="LogisticRegression has no history_, which LossCurveDisplay draws"):
        draw(LossCurveDisplay, make_pipeline("passthrough", LogisticRegression()).fit([[0], [1]], [0, 1]))
    with pytest.raises(NotFittedError, match="SequenceOutlierDetector instance is not fitted"):
        draw(ErrorMapDisplay, SequenceOutlierDetector())


def test_why_there_is_no_reconstruction_is_said():
    model = LSTMAutoencoderTransformer(objective="prediction")
    with pytest.raises(TypeError, match="objective='prediction' has no reconstruction decoder"):
        draw(ReconstructionDisplay, model)


# --- what is refused --------------------------------------------------------------------------------------------------


@every_display
def test_what_is_not_fitted_is_refused(display):
    with pytest.raises(NotFittedError, match="LSTMAutoencoderTransformer instance is not fitted"):
        draw(display, LSTMAutoencoderTransformer())


@pytest.mark.parametrize(
    ("display", "estimator", "lacks"),
    [
        (LossCurveDisplay, LogisticRegression().fit([[0], [1]], [0, 1]), "history_"),
        (EncodingDisplay, Seq2SeqClassifier(), "transform"),
        (ReconstructionDisplay, LSTMAutoencoderTransformer(objective="prediction"), "reconstruct"),
        (ErrorMapDisplay, PCA(), "reconstruction_error"),
    ],
)
def test_what_has_nothing_to_draw_is_refused(display, estimator, lacks):
    message = f"{type(estimator).__name__} has no {lacks}, which {display.__name__} draws"
    with pytest.raises(TypeError, match=message):
        draw(display, estimator)


def test_what_has_no_network_is_refused():
    with pytest.raises(TypeError, match="PCA has no network, which plot_network draws"):
        plot_network(PCA())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"samples": 24}, ValueError, "samples holds 24, but X has 24 samples: count from 0 to 23"),
        ({"samples": [0, -1]}, ValueError, "samples holds -1, but X has 24 samples"),
        ({"features": 2}, ValueError, "features holds 2, but X has 2 features"),
        ({"samples": "all"}, TypeError, "samples must be an int or several, got 'all'"),
        ({"samples": 1.5}, TypeError, "samples must be an int or several, got 1.5"),
        ({"features": []}, TypeError, r"features must be an int or several, got \[\]"),
        ({"samples": range(16)}, ValueError, "16 samples of 2 features make 32 panels, and more than 30 cannot"),
        ({"ax": "an axes"}, ValueError, "ax must hold 6 Axes, one for each sample and feature, not 1"),
        ({"ax": ["axes"] * 6}, TypeError, "ax must be a matplotlib Axes, got str"),
    ],
)
def test_panels_that_cannot_be_drawn_are_refused(autoencoder, options, error, message):
    with pytest.raises(error, match=message):
        ReconstructionDisplay.from_estimator(autoencoder, X, **options)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (range(24), "y has 24 different labels, but no more than 20 can be told apart. Give numbers .* as floats"),
        ([*np.linspace(0, 1, 23), "none"], "y has 24 different labels"),
        ([*np.linspace(0, 1, 23), np.inf], "Input y contains infinity"),
        ([0, 1], "inconsistent numbers of samples"),
        ([None, *"ab" * 11, "c"], "y has missing labels"),
        ([np.nan, *[1.0] * 23], "y has missing labels"),
        (np.zeros((24, 2)), "y should be a 1d array"),
    ],
)
def test_labels_that_cannot_be_shown_are_refused(autoencoder, labels, message):
    with pytest.raises(ValueError, match=message):
        EncodingDisplay.from_estimator(autoencoder, X, labels)
    assert plt.get_fignums() == []


def test_more_samples_than_can_be_seen_are_refused(autoencoder):
    with pytest.raises(ValueError, match="1008 samples are more rows than can be seen: give at most 1000"):
        ErrorMapDisplay.from_estimator(autoencoder, X * 42)


@pytest.mark.parametrize("display", [EncodingDisplay, ErrorMapDisplay, LossCurveDisplay])
def test_what_is_no_axes_is_refused(autoencoder, display):
    with pytest.raises(TypeError, match="ax must be a matplotlib Axes, got ndarray"):
        draw(display, autoencoder, ax=np.array([1, 2]))
    with pytest.raises(TypeError, match="ax must be a matplotlib Axes, got ndarray"):
        plot_network(autoencoder, ax=np.array([1, 2]))


def test_a_network_needs_a_fit_or_the_data_for_one_and_not_both(autoencoder):
    with pytest.raises(NotFittedError, match="is not fitted: fit it, or give plot_network the X and y to fit it on"):
        plot_network(LSTMAutoencoderTransformer())
    with pytest.raises(ValueError, match="is fitted, and drawn as it is: leave out X and y, or give a clone"):
        plot_network(autoencoder, X)
    with pytest.raises(ValueError, match="latent_dim"):
        plot_network(LSTMAutoencoderTransformer(latent_dim=0), X)


# --- matplotlib -------------------------------------------------------------------------------------------------------


@every_display
def test_without_matplotlib_one_line_says_what_to_install(autoencoder, display, monkeypatch):
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    for attempt in (lambda: draw(display, autoencoder), lambda: plot_network(autoencoder)):
        with pytest.raises(ImportError, match=r'^\w+ needs matplotlib: pip install "skseqae\[display\]"\.$'):
            attempt()


def test_importing_the_displays_loads_neither_matplotlib_nor_keras():
    script = "import sys, skseqae.display; print(sorted({'matplotlib', 'keras', 'tensorflow'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
