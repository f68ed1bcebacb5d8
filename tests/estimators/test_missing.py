"""Missing values with missing="mask": they are not observed."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags

import skseqae
from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, Seq2SeqClassifier, SequenceOutlierDetector
from skseqae.training import _loop
from skseqae.training._batches import TrainingData
from tests.support.strategies import property_settings, seeds

SMALL = {"units": 3, "epochs": 2, "batch_size": 8, "random_state": 0}
TINY = {"latent_dim": 4, **SMALL}
LENGTHS = [4, 7, 1, 9, 5, 6, 3, 8, 4, 5]
Y = np.arange(len(LENGTHS)) % 2
AUTOENCODERS = {
    "statistics": LSTMAutoencoderTransformer(**TINY),
    "patches": LSTMAutoencoderTransformer(patch_size=3, objective="composite", **TINY),
    "last state": LSTMAutoencoderTransformer(pooling="last", differences=False, min_crop=1.0, cell="gru", **TINY),
    "conditional": LSTMAutoencoderTransformer(decoder="conditional", loss="mae", scale=None, **TINY),
}
MODELS = AUTOENCODERS | {
    "horizon": CompositeSequenceRegressor(horizon=2, **TINY),
    "number": CompositeSequenceRegressor(**TINY),
    "label": Seq2SeqClassifier(**SMALL),
    "labels": Seq2SeqClassifier(**SMALL),
}
TARGETS = {"number": np.linspace(0, 1, len(Y)), "label": Y, "labels": np.stack([Y, 1 - Y[::-1]], axis=1)}
every_autoencoder = pytest.mark.parametrize("name", AUTOENCODERS)
every_model = pytest.mark.parametrize("name", MODELS)


def draw(seed=0, share=0.3, lengths=LENGTHS, n_features=2):
    """Return random walks of which a share of the values is missing."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(length, n_features)).cumsum(axis=0) for length in lengths]
    for x in X:
        x[rng.random(x.shape) < share] = np.nan
    X[0][:2] = 1.0  # at least two values of each feature
    return X


def data_of(name, X):
    X = [x for x in X if len(x) > 2] if name == "horizon" else X
    return (X, TARGETS[name]) if name in TARGETS else (X,)


@functools.cache
def fitted(name):
    return clone(MODELS[name]).set_params(missing="mask").fit(*data_of(name, draw()))


def output(model, X):
    return model.transform(X) if hasattr(model, "transform") else model.predict_proba(X)


@every_model
def test_without_missing_values_the_bits_are_those_of_an_estimator_that_refuses_them(name):
    X = draw(share=0.0)
    strict, masked = (clone(MODELS[name]).set_params(missing=each).fit(*data_of(name, X)) for each in ("error", "mask"))
    assert strict.history_ == masked.history_
    assert_array_equal(output(strict, X), output(masked, X))


@every_model
def test_outputs_depend_neither_on_padding_nor_on_other_sequences(name):
    model, X = fitted(name), draw(1)
    expected = output(model, X)
    padded = np.full((len(X), 12, 2), np.nan)
    for row, x in zip(padded, X, strict=True):
        row[: len(x)] = x
    has_end = np.array([not np.isnan(x[-1]).all() for x in X])  # otherwise the end is padding of an array
    assert_array_equal(output(model, padded)[has_end], expected[has_end])
    for i in (0, 3, 7):
        assert_array_equal(output(model, X[i : i + 1])[0], expected[i])


@pytest.mark.parametrize("name", ["last state", "patches", "statistics"])  # which reads the targets of the step before
def test_nothing_that_stands_in_place_of_a_missing_value_changes_training(name, monkeypatch):
    """The targets of missing values are replaced; losses and weights stay, bit for bit."""

    class Noisy(TrainingData):
        def batch(self, *arguments):
            arrays = super().batch(*arguments)
            for head in self.targets:
                weight = arrays[f"{head}_weight"]
                arrays[head] = np.where(weight.reshape(*weight.shape[:2], -1) > 0, arrays[head], 1e30)
            return arrays

    expected, original = fitted(name), _loop.train

    def train(architecture, settings, data, *rest, **options):
        return original(architecture, settings, Noisy(**vars(data)), *rest, **options)

    monkeypatch.setattr(_loop, "train", train)
    noisy = clone(expected).fit(*data_of(name, draw()))
    assert noisy.history_ == expected.history_
    assert_array_equal(noisy.transform(draw()), expected.transform(draw()))


@every_autoencoder
def test_reconstructions_fill_every_value_and_errors_are_means_of_observed_ones(name):
    model, X = fitted(name), draw(2)
    decoded, errors = model.reconstruct(X), model.reconstruction_error(X, "none")
    std = model._fitted.input.feature_std
    for x, y, error in zip(X, decoded, errors, strict=True):
        assert np.isfinite(y).all()
        assert_allclose(error, ((x - y) / std) ** 2, rtol=1e-4, atol=1e-6)
    expected = [error[~np.isnan(error)].mean() if (~np.isnan(error)).any() else 0.0 for error in errors]
    assert_allclose(model.reconstruction_error(X), expected, rtol=1e-9)
    assert_allclose(model.score(X), -np.mean(expected), rtol=1e-3)


@property_settings(4)
@given(seed=seeds, share=st.sampled_from([0.1, 0.5]))
def test_the_loss_is_the_mean_over_observed_values(seed, share):
    X = draw(seed, share)
    autoencoder = clone(MODELS["last state"]).set_params(missing="mask", epochs=1, learning_rate=1e-12)
    autoencoder.fit(X)
    errors = np.concatenate(autoencoder.reconstruction_error(X, "none"))
    assert autoencoder.history_["loss"][0] == pytest.approx(np.nanmean(errors), rel=1e-4)
    observed = np.concatenate(X)
    variances = np.nanvar(observed, axis=0) / autoencoder._fitted.input.feature_std**2
    counts = (~np.isnan(observed)).sum(axis=0)
    assert autoencoder.baseline_loss_ == pytest.approx(np.average(variances, weights=counts), rel=1e-4)


def test_a_weight_is_a_repetition():
    X, weights = draw(), np.arange(len(Y)) % 3
    model = clone(AUTOENCODERS["last state"]).set_params(missing="mask", batch_size=100, epochs=1, scale="standard")
    weighted = clone(model).fit(X, sample_weight=weights)
    repeated = clone(model).fit([x for x, n in zip(X, weights, strict=True) for _ in range(n)])
    assert_allclose(weighted._fitted.input.scaling.mean, repeated._fitted.input.scaling.mean)
    assert weighted.history_["loss"] == pytest.approx(repeated.history_["loss"], rel=1e-4)


# --- targets ----------------------------------------------------------------------------------------------------------


def regress(y, X=None, **parameters):
    model = CompositeSequenceRegressor(missing="mask", **TINY | parameters)
    return model.fit(draw(share=0.0) if X is None else X, y)


def test_samples_without_a_target_train_the_reconstruction_alone():
    y = np.linspace(0, 1, len(Y))
    y[::3] = np.nan
    model = regress(y)
    rows = np.flatnonzero(~np.isnan(y))
    assert model.score(draw(share=0.0), y) == model.score([draw(share=0.0)[i] for i in rows], y[rows])
    assert np.isfinite(model.predict(draw(share=0.0))).all()


def test_each_output_is_regressed_on_the_samples_of_which_it_is_observed():
    y = np.stack([np.linspace(0, 1, len(Y)), np.linspace(3, -2, len(Y))], axis=1)
    y[::2, 0] = np.nan
    X, kept = draw(share=0.0), np.arange(len(Y)) % 2 == 1
    model = regress(y, reconstruction_weight=1.0)  # so that the encoder does not depend on y
    predicted = model.predict(X)
    expected = np.mean([r2_score(y[kept, 0], predicted[kept, 0]), r2_score(y[:, 1], predicted[:, 1])])
    assert model.score(X, y) == pytest.approx(expected)
    other = y.copy()
    other[:, 1] = np.nan
    other[0, 1] = 1.0
    assert_allclose(regress(other, reconstruction_weight=1.0).predict(X)[:, 0], predicted[:, 0], rtol=1e-5)


def test_sequences_of_targets_may_have_missing_values():
    X = draw(share=0.0)
    y = [x[:, :1] * 2 + 1 for x in X]
    for each in y:
        each[1::3] = np.nan
    model = regress(y)
    assert all(np.isfinite(each).all() for each in model.predict(X))
    observed = ~np.isnan(np.concatenate(y))
    assert model.score(X, y) == pytest.approx(
        r2_score(np.concatenate(y)[observed], np.concatenate(model.predict(X))[observed]), rel=1e-5
    )
    with pytest.raises(ValueError, match=r"y\[0\] has NaN at timestep 1"):
        CompositeSequenceRegressor(**TINY).fit(X, y)
    with pytest.raises(ValueError, match=r"y\[0\] has NaN"):
        CompositeSequenceRegressor(**TINY).fit(X, np.where(Y, 1.0, np.nan))


# --- labels -----------------------------------------------------------------------------------------------------------

LABELS = {
    "label": np.array(["low", None, "high", "low", None, "high", "low", "high", None, "low"], object),
    "numbers": np.where(Y == 1, np.nan, np.arange(len(Y)) // 5),
    "table": [["a", None], ["b", "a"], [None, "b"], [None, None], ["a", "b"]] * 2,
    "list": [["a", None, "b"], ["b"], [], [None], ["a", "a"]] * 2,
}


def shaped(name, labels):
    return np.array(labels, object) if name == "table" else labels


@functools.cache
def classifier_of(name):
    X = draw(share=0.0)
    return Seq2SeqClassifier(missing="mask", **SMALL | {"epochs": 3}).fit(X, shaped(name, LABELS[name]))


@pytest.mark.parametrize("name", LABELS)
def test_missing_labels_do_not_make_a_class_and_are_not_counted(name):
    X, classifier, labels = draw(share=0.0), classifier_of(name), LABELS[name]
    expected = {"label": ["high", "low"], "numbers": [0.0, 1.0]}.get(name, ["a", "b"])
    assert classifier.classes_.tolist() == expected
    assert np.isfinite(classifier.history_["loss"]).all()
    assert np.isfinite(classifier.baseline_loss_)
    rows = [np.atleast_1d(np.array(row, object)) for row in labels]
    predicted = [np.atleast_1d(row) for row in classifier.predict(X)]
    known = [[label is not None and label == label for label in row] for row in rows]
    right = [
        sum(gone or p == t for p, t, gone in zip(a, b, ~np.array(k, bool), strict=False)) == len(b) == len(a)
        for a, b, k in zip(predicted, rows, known, strict=True)
    ]
    compared = [any(k) or not k for k in known]
    assert classifier.score(X, shaped(name, labels)) == pytest.approx(np.mean(np.array(right)[compared]))


@pytest.mark.parametrize("name", ["label", "table"])
def test_a_missing_label_changes_training_like_no_label(name, monkeypatch):
    """Another target in place of missing labels changes neither losses nor outputs, without teacher forcing."""
    expected, original = classifier_of(name), TrainingData.batch

    def batch(self, *arguments):
        arrays = original(self, *arguments)
        for head in self.targets.keys() & {"label"}:
            arrays[head] = np.where(arrays[f"{head}_weight"][:, :, None] > 0, arrays[head], 1e6)
        return arrays

    monkeypatch.setattr(TrainingData, "batch", batch)
    again = clone(expected).fit(draw(share=0.0), shaped(name, LABELS[name]))
    assert again.history_ == expected.history_
    assert_array_equal(again.predict_proba(draw(1)), expected.predict_proba(draw(1)))


def test_samples_without_a_label_train_the_reconstruction_alone():
    X, y = draw(share=0.0), LABELS["label"]
    classifier = Seq2SeqClassifier(missing="mask", reconstruction_weight=0.9, **SMALL).fit(X, y)
    known = [i for i, label in enumerate(y) if label is not None]
    assert classifier.history_["label_loss"][0] > 0
    assert classifier.score(X, y) == classifier.score([X[i] for i in known], y[known])
    with pytest.raises(ValueError, match=r"y\[1\] has None, expected a label"):
        Seq2SeqClassifier(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match="All labels of y are missing"):
        Seq2SeqClassifier(missing="mask", **SMALL).fit(X, [None] * len(X))


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_feature_without_any_value_is_refused_by_its_name():
    X = skseqae.Sequences.from_list(draw(), allow_missing=True).with_names(["speed", "load"])
    values = X.packed.copy()
    values[:, 1] = np.nan
    X = skseqae.Sequences.from_packed(values, X.lengths, allow_missing=True).with_names(["speed", "load"])
    with pytest.raises(ValueError, match="All values of feature 'load' of X are missing"):
        clone(AUTOENCODERS["statistics"]).set_params(missing="mask").fit(X)


@pytest.mark.parametrize("loss", ["cosine_similarity"])
def test_losses_that_mix_features_are_refused(loss):
    with pytest.raises(ValueError, match=f"requires a loss that is the mean over the features .* got '{loss}'"):
        clone(AUTOENCODERS["statistics"]).set_params(missing="mask", loss=loss).fit(draw())


def test_missing_values_are_refused_by_default_and_in_tokens():
    with pytest.raises(ValueError, match=r"X\[1\] has NaN at timestep 0, feature 0\. .* set missing='mask'"):
        clone(AUTOENCODERS["statistics"]).fit(draw(3))
    model = fitted("statistics")
    strict = clone(model).set_params(missing="error").fit(draw(share=0.0)).set_params(missing="mask")
    with pytest.raises(ValueError, match="has NaN"):  # as it was fitted
        strict.transform(draw(3))
    with pytest.raises(ValueError, match="tokens=True requires missing='error'"):
        Seq2SeqClassifier(tokens=True, missing="mask", **SMALL).fit([["a", "b"], ["b"]], [0, 1])


def test_tags_state_whether_values_may_be_missing():
    for missing in ("error", "mask"):
        model = clone(AUTOENCODERS["statistics"]).set_params(missing=missing)
        for each in (model, SequenceOutlierDetector(model)):
            assert get_tags(each).input_tags.allow_nan == (missing == "mask")


# --- around the estimators --------------------------------------------------------------------------------------------


def test_searches_and_detectors_pass_missing_values_on():
    X = draw()
    search = GridSearchCV(fitted("statistics"), {"missing": ["mask"]}, cv=2).fit(X)
    assert np.isfinite(search.best_score_)
    for method in ("distance", "error"):
        detector = SequenceOutlierDetector(fitted("statistics"), method=method).fit(X)
        assert np.isfinite(detector.score_samples(X)).all()


def test_a_pretrained_encoder_reads_what_it_was_trained_on():
    encoder = fitted("statistics")
    options = {"encoder": encoder, "freeze_encoder": True, "epochs": 1, "missing": "mask"}
    classifier = Seq2SeqClassifier(**options).fit(draw(), Y)
    hidden = encoder._fitted.unmapped.network.model("hidden"), classifier._fitted.network.model("hidden")
    x = np.ones((4, 1, 2), np.float32)
    for first, second in zip(*(model(x=x, lengths=np.array([4], np.int32)) for model in hidden), strict=True):
        assert_array_equal(first, second)


@every_model
def test_files_and_keras_models_read_missing_values(name, tmp_path):
    model, X = fitted(name), [x.astype(np.float32) for x in draw(4)]
    skseqae.save(model, tmp_path / "model.skseqae")
    assert_array_equal(output(skseqae.load(tmp_path / "model.skseqae"), X), output(model, X))
    if name not in AUTOENCODERS:
        return
    x, mask = np.full((len(X), 11, 2), np.nan, np.float32), np.zeros((len(X), 11), np.float32)
    for i, each in enumerate(X):
        x[i, : len(each)], mask[i, : len(each)] = each, 1
    # rounding may change on which side of a threshold a hidden state is
    assert np.median(np.abs(np.asarray(model.encoder_([x, mask])) - model.transform(X))) < 1e-4
