"""plot_network draws the layers that `fit` trains, and changes nothing."""

import re
from itertools import combinations

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SequenceOutlierDetector,
)
from skseqae.datasets import make_reversals
from skseqae.display import plot_network
from skseqae.preprocessing import PerTimestep
from tests.display.samples import LABELS, ROWS, X
from tests.support.estimators import CLASSES, data_for, every_class, quick, y


def text_of(boxes):
    """Return the text of the boxes without the numbers that Keras appends to make default layer names unique."""
    default_names = r"^(dense|free_running|gaussian_noise|repeat_vector)_\d+:"
    return [re.sub(default_names, r"\1:", box.get_text()) for box in boxes]


def custom_decoder(n_timesteps, latent_dim, n_features):
    import keras

    layers = [keras.layers.RepeatVector(n_timesteps), keras.layers.Dense(n_features)]
    return keras.Sequential([keras.Input((latent_dim,)), *layers])


def autoencoder_of(**parameters):
    """Return an autoencoder whose encodings are last hidden states."""
    defaults = {"latent_dim": 3, "random_state": 0} | LAST_STATE | WHOLE_SEQUENCES
    return LSTMAutoencoderTransformer(**defaults | parameters)


TOKENS, REVERSED = make_reversals(20, lengths=(2, 5), n_symbols=5, random_state=0)
NETWORKS = {
    "statistics": (LSTMAutoencoderTransformer(5, units=3, patch_size=2, random_state=0), (X,)),
    "stacked": (autoencoder_of(units=(5, 4), bidirectional=True), (X,)),
    "conditional": (autoencoder_of(decoder="conditional", cell="gru"), (X,)),
    "custom-decoder": (autoencoder_of(decoder=custom_decoder), (X,)),
    "regressor": (CompositeSequenceRegressor(**{"latent_dim": 3, "random_state": 0} | LAST_STATE), (X, LABELS)),
    "labels": (Seq2SeqClassifier(4, random_state=0), (X, LABELS)),
    "tokens": (Seq2SeqClassifier((6, 4), tokens=True, random_state=0), (TOKENS, REVERSED)),
    "rows": (DenseAutoencoderTransformer(2, hidden_layer_sizes=(4, 3), noise=0.1, random_state=0), (ROWS,)),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


@pytest.fixture(scope="module")
def fitted_by_class():
    return {cls: quick(cls).fit(data_for(cls), y) for cls in CLASSES}


@every_network
def test_the_diagram_is_the_same_before_and_after_fit(name):
    estimator, data = NETWORKS[name]
    before, state = joblib.hash(vars(estimator)), np.random.get_state()[1].copy()
    drawn = text_of(plot_network(estimator, *data))
    assert joblib.hash(vars(estimator)) == before
    assert_array_equal(np.random.get_state()[1], state)
    fitted = type(estimator)(**estimator.get_params()).set_params(epochs=1).fit(*data)
    assert text_of(plot_network(fitted)) == drawn
    weights = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) weights", "\n".join(drawn))]
    arrays = [array for model in (fitted.encoder_, fitted.decoder_) for array in model.get_weights()]
    assert sum(weights) == sum(array.size for array in arrays)


@every_network
@pytest.mark.parametrize("size", [None, (3, 6), (9, 3)])
def test_boxes_neither_overlap_nor_leave_the_figure(name, size):
    estimator, data = NETWORKS[name]
    boxes = plot_network(estimator, *data, ax=size and plt.figure(figsize=size).add_subplot())
    figure = boxes[0].figure
    figure.canvas.draw()
    extents = [box.get_bbox_patch().get_window_extent() for box in boxes]
    assert not any(one.overlaps(other) for one, other in combinations(extents, 2))
    for extent in extents:
        assert figure.bbox.containsx(extent.x0)
        assert figure.bbox.containsx(extent.x1)
        assert figure.bbox.containsy(extent.y0)
        assert figure.bbox.containsy(extent.y1)


def test_shapes_have_letters_for_variable_sizes(autoencoder):
    assert text_of(plot_network(autoencoder)) == [
        "x: InputLayer\n(B, T, 2)",
        "centre: Rescaling\n(B, T, 2)",
        "scale: Rescaling\n(B, T, 2)",
        "encoder_0: LSTM, 72 weights\n(B, 3)",
        "decoder_0: LSTM, 84 weights\n(B, T, 3)",
        "output: Dense, 8 weights\n(B, T, 2)",
        "reconstruction: Rescaling\n(B, T, 2)",
    ]


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_two_decoders_are_drawn_with_reconstruction_on_the_left(decoder):
    estimator = autoencoder_of(objective="composite", decoder=decoder)
    heads = {text.split(":")[0]: box for box in plot_network(estimator, X) for text in [box.get_text()]}
    assert heads["reconstruction"].get_position()[0] < heads["prediction"].get_position()[0]
    names = [text.get_text() for text in heads["prediction"].axes.texts if text.get_style() == "italic"]
    assert [name for name in names if "weights" not in name] == [
        "encoder",
        "reconstruction decoder",
        "prediction decoder",
    ]


def test_the_generator_of_random_state_is_not_advanced():
    random_state = np.random.RandomState(0)
    plot_network(autoencoder_of(random_state=random_state), X)
    assert random_state.randint(1000) == np.random.RandomState(0).randint(1000)


@every_class
def test_plot_network_does_not_change_a_fitted_estimator(cls, fitted_by_class):
    before = joblib.hash(vars(fitted_by_class[cls]))
    plot_network(fitted_by_class[cls])
    assert joblib.hash(vars(fitted_by_class[cls])) == before


def test_a_network_is_drawn_on_the_given_axes(autoencoder):
    _, ax = plt.subplots()
    assert {box.axes for box in plot_network(autoencoder, ax=ax)} == {ax}
    assert len(plt.get_fignums()) == 1


def test_an_object_that_is_not_axes_raises(autoencoder):
    with pytest.raises(TypeError, match="ax must be a matplotlib Axes, got ndarray"):
        plot_network(autoencoder, ax=np.array([1, 2]))


def test_estimators_without_a_network_raise(autoencoder):
    with pytest.raises(TypeError, match="PCA has no network, which plot_network draws"):
        plot_network(PCA())
    for without in (make_pipeline(PerTimestep(StandardScaler())), SequenceOutlierDetector(autoencoder)):
        with pytest.raises(TypeError, match="has no network.*pass the estimator inside it"):
            plot_network(without)


@pytest.mark.parametrize("position", ["last", "before a classifier", "nested"])
def test_the_network_of_a_pipeline_is_drawn_before_and_after_fit(position):
    pipeline = make_pipeline(PerTimestep(PolynomialFeatures(2)), quick(LSTMAutoencoderTransformer))
    if position == "nested":
        pipeline = make_pipeline(PerTimestep(StandardScaler()), pipeline)
    if position == "before a classifier":
        pipeline.steps.append(("classifier", LogisticRegression()))
    before = text_of(plot_network(pipeline, X, LABELS))
    assert not hasattr(pipeline[0], "transformer_")
    pipeline.fit(X, LABELS)
    assert text_of(plot_network(pipeline)) == before
    assert any("(B, T, 6)" in box for box in before)
    with pytest.raises(ValueError, match="is fitted, so its trained network is drawn: omit X and y"):
        plot_network(pipeline, X, LABELS)


def test_plot_network_requires_either_a_fit_or_data(autoencoder):
    with pytest.raises(NotFittedError, match="is not fitted: fit it, or pass plot_network the X and y to fit it on"):
        plot_network(LSTMAutoencoderTransformer())
    with pytest.raises(ValueError, match="is fitted, so its trained network is drawn: omit X and y, or pass a clone"):
        plot_network(autoencoder, X)
    with pytest.raises(ValueError, match="latent_dim"):
        plot_network(LSTMAutoencoderTransformer(latent_dim=0), X)
