"""SequenceOutlierDetector: scores, thresholds, error maps and files."""

import copy
import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.covariance import LedoitWolf
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import (
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SequenceOutlierDetector,
    Sequences,
    SkseqaeFormatError,
    load,
    save,
)
from skseqae.datasets import make_waves
from skseqae.estimators._distance import Distance
from skseqae.preprocessing import PerTimestep
from tests.support.containers import padded

X, _ = make_waves(30, n_features=2, lengths=(4, 9), random_state=0)
OUTLIERS = [4, 17]
WITH_OUTLIERS = [x * -9 if i in OUTLIERS else x for i, x in enumerate(X)]
AUTOENCODER = LSTMAutoencoderTransformer(4, epochs=2, random_state=0)
ENCODER_OF_WAVES = clone(AUTOENCODER).fit(make_waves(60, lengths=(20, 30), random_state=0)[0])
ENCODER = clone(AUTOENCODER).set_params(latent_dim=None).fit(X)


class MeanDistance(BaseEstimator):
    """Scores sequences by the distance of their mean from that of the training set, and those trained on lower."""

    def fit(self, X, y=None):
        self.mean_ = np.mean([np.mean(x) for x in X])
        self.trained_on_ = {id(x) for x in X}
        return self

    def score_samples(self, X):
        return np.array([-abs(np.mean(x) - self.mean_) - 100 * (id(x) in self.trained_on_) for x in X])


METHODS = ("distance", "error")
each_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(scope="module")
def detectors():
    return {method: SequenceOutlierDetector(AUTOENCODER, method=method).fit(WITH_OUTLIERS) for method in METHODS}


@pytest.fixture(scope="module")
def fitted(detectors):
    return detectors["error"]


@each_method
def test_outliers_are_detected(method, detectors):
    detector = detectors[method]
    assert set(np.argsort(detector.score_samples(WITH_OUTLIERS))[:2]) == set(OUTLIERS)
    flagged = np.flatnonzero(detector.predict(WITH_OUTLIERS) == -1)
    assert set(OUTLIERS) <= set(flagged)
    assert len(flagged) <= 3
    assert detector.predict([*X[:3], WITH_OUTLIERS[4]]).tolist() == [1, 1, 1, -1]


def test_errors_are_those_of_the_autoencoder(fitted):
    alone = clone(AUTOENCODER).fit(WITH_OUTLIERS)
    assert_array_equal(fitted.score_samples(X), alone.score_samples(X))


@each_method
def test_decisions_are_the_differences_of_scores_from_the_threshold(method, detectors):
    detector = detectors[method]
    decisions = detector.decision_function(WITH_OUTLIERS)
    assert_array_equal(decisions, detector.score_samples(WITH_OUTLIERS) - detector.offset_)
    assert_array_equal(detector.predict(WITH_OUTLIERS), np.where(decisions < 0, -1, 1))


def test_the_automatic_threshold_is_the_fence_of_a_boxplot(fitted):
    low, high = np.quantile(-fitted.score_samples(WITH_OUTLIERS), [0.25, 0.75])
    assert -fitted.offset_ == pytest.approx(high + 1.5 * (high - low))


@pytest.mark.parametrize("contamination", [0.1, 0.3, 0.5])
def test_contamination_is_the_proportion_of_outliers_in_the_training_set(contamination):
    detector = SequenceOutlierDetector(MeanDistance(), method="error", contamination=contamination)
    arrays = [np.array([float(i)]) for i in range(40)]
    assert (detector.fit_predict(arrays) == -1).sum() == 40 * contamination
    frozen = SequenceOutlierDetector(FrozenEstimator(ENCODER), contamination=contamination)
    assert (frozen.fit_predict(X) == -1).sum() == 30 * contamination


# --- distances --------------------------------------------------------------------------------------------------------


class Rows(BaseEstimator):
    """Returns sequences of one timestep as rows."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.array([np.asarray(x).ravel() for x in X])


def test_distances_are_the_mahalanobis_distances_of_a_shrunk_covariance():
    rows = np.random.RandomState(0).normal(size=(50, 4)) * [1, 10, 0.1, 1]
    rows[7] *= 30
    detector = SequenceOutlierDetector(Rows(), contamination=0.02).fit(list(rows))
    kept = rows[detector.predict(list(rows)) == 1]
    assert len(kept) == 49
    standardise = StandardScaler().fit(kept)
    shrunk = LedoitWolf(assume_centered=True).fit(standardise.transform(kept))
    assert_allclose(-detector.score_samples(list(rows)), shrunk.mahalanobis(standardise.transform(rows)), rtol=1e-4)


def test_distances_read_the_statistics_of_an_encoder_with_any_latent_dim():
    mapped = clone(AUTOENCODER).fit(X)  # latent_dim=4
    detector, expected = (SequenceOutlierDetector(FrozenEstimator(each)).fit(X) for each in (mapped, ENCODER))
    assert detector.offset_ == expected.offset_
    assert_array_equal(detector.score_samples(WITH_OUTLIERS), expected.score_samples(WITH_OUTLIERS))


def test_distances_of_last_states_are_those_of_encodings():
    encoder = LSTMAutoencoderTransformer(4, pooling="last", epochs=1, random_state=0).fit(X)
    rows = list(encoder.transform(X))
    detector, expected = SequenceOutlierDetector(FrozenEstimator(encoder)), SequenceOutlierDetector(Rows())
    assert_allclose(detector.fit(X).score_samples(X), expected.fit(rows).score_samples(rows), rtol=1e-5)


def test_distances_do_not_depend_on_the_batch(detectors):
    scores = detectors["distance"].score_samples(X)
    for size in (1, 2, 7):
        parts = [detectors["distance"].score_samples(X[i : i + size]) for i in range(0, len(X), size)]
        assert_array_equal(np.concatenate(parts), scores)


def test_the_threshold_of_distances_holds_for_new_sequences():
    """In-sample, all distances are nearly equal where statistics are more than sequences; no new one would be near."""
    (train, _), (test, _) = (make_waves(n, lengths=(20, 30), random_state=i) for i, n in enumerate((60, 200)))
    detector = SequenceOutlierDetector(FrozenEstimator(ENCODER_OF_WAVES)).fit(train)
    assert (detector.predict(test) == -1).mean() < 0.15
    assert (detector.predict([x[::-1] * 2 for x in test]) == -1).mean() > 0.9


def test_equal_sequences_are_inliers():
    detector = SequenceOutlierDetector(FrozenEstimator(ENCODER)).fit([X[0]] * 3)
    assert detector.predict([X[0]] * 2).tolist() == [1, 1]


def test_two_sequences_are_too_few_for_distances():
    with pytest.raises(ValueError, match=r"method='distance' needs at least 3 sequences, got n_samples=2\.$"):
        SequenceOutlierDetector(FrozenEstimator(ENCODER)).fit(X[:2])
    for contamination in ("auto", 0.5):
        SequenceOutlierDetector(FrozenEstimator(ENCODER), contamination=contamination).fit(X[:3])


def test_outliers_in_the_training_set_do_not_hide_others():
    """They are left out of the covariance, which they would otherwise widen in their direction."""
    (train, _), (test, _) = (make_waves(n, lengths=(20, 30), random_state=i) for i, n in enumerate((60, 100)))
    train = [x * 3 if i % 10 == 0 else x for i, x in enumerate(train)]
    detector = SequenceOutlierDetector(FrozenEstimator(ENCODER_OF_WAVES)).fit(train)
    assert (detector.predict(train)[::10] == -1).all()
    assert (detector.predict([x * 3 for x in test]) == -1).mean() > 0.9
    assert (detector.predict(test) == -1).mean() < 0.15


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cv", [5, KFold(3, shuffle=True, random_state=0), ShuffleSplit(4, random_state=0)], ids=str)
def test_with_cv_sequences_are_scored_by_autoencoders_that_were_not_trained_on_them(cv):
    detector = SequenceOutlierDetector(MeanDistance(), method="error", cv=cv).fit(X)
    assert -50 < detector.offset_ < 0  # sequences that were trained on have scores below -100
    assert SequenceOutlierDetector(MeanDistance(), method="error").fit(X).offset_ < -50
    assert len(detector.estimator_.trained_on_) == len(X)


@each_method
@pytest.mark.parametrize("contain", [list, padded, Sequences.from_list], ids=["list", "padded", "Sequences"])
def test_containers_give_the_same_scores_and_error_maps_have_the_container_of_x(contain, method):
    detector = SequenceOutlierDetector(AUTOENCODER, method=method, cv=2).fit(contain(WITH_OUTLIERS))
    expected = SequenceOutlierDetector(AUTOENCODER, method=method, cv=2).fit(WITH_OUTLIERS)
    assert detector.offset_ == expected.offset_
    assert_array_equal(detector.score_samples(contain(X)), expected.score_samples(X))
    errors = detector.error_map(contain(X))
    assert type(errors) is type(contain(X))
    for i, (actual, x) in enumerate(zip(errors, X, strict=True)):
        assert_array_equal(actual[: len(x)], expected.error_map(X)[i])


def test_the_mean_of_an_error_map_is_the_negative_score(fitted):
    errors = fitted.error_map(X)
    assert [e.shape for e in errors] == [x.shape for x in X]
    assert_allclose([-e.mean() for e in errors], fitted.score_samples(X))


def test_an_error_map_shows_the_location_of_an_outlier(fitted):
    x = np.array(X[0])
    x[2, 1] += 1e3
    errors = fitted.error_map([x])[0]
    assert np.unravel_index(errors.argmax(), errors.shape) == (2, 1)


def test_error_map_exists_only_for_estimators_that_reconstruct():
    assert hasattr(SequenceOutlierDetector(), "error_map")
    assert not hasattr(SequenceOutlierDetector(LSTMAutoencoderTransformer(objective="prediction")), "error_map")
    assert not hasattr(SequenceOutlierDetector(MeanDistance()), "error_map")


def test_the_estimator_may_be_a_pipeline():
    with_gap = [x.copy() for x in WITH_OUTLIERS]
    with_gap[0][1, 0] = np.nan
    pipeline = make_pipeline(PerTimestep(make_pipeline(SimpleImputer(), StandardScaler())), AUTOENCODER)
    for method in METHODS:
        detector = SequenceOutlierDetector(pipeline, method=method).fit(with_gap)
        assert set(OUTLIERS) <= set(np.flatnonzero(detector.predict(with_gap) == -1))
    means = [errors.mean() for errors in detector.error_map(with_gap)]
    np.testing.assert_allclose(means, -detector.score_samples(with_gap))
    predicting = make_pipeline(PerTimestep(StandardScaler()), LSTMAutoencoderTransformer(objective="prediction"))
    assert not hasattr(SequenceOutlierDetector(predicting), "error_map")


def test_the_default_estimator_is_an_autoencoder_with_default_parameters():
    # not fitted, which would take a hundred epochs
    assert repr(SequenceOutlierDetector()._unfitted()) == "LSTMAutoencoderTransformer()"


def test_a_failed_fit_changes_nothing():
    detector = SequenceOutlierDetector(AUTOENCODER).fit(WITH_OUTLIERS)
    before = pickle.dumps(vars(detector))
    with pytest.raises(ValueError, match="Cannot have number of splits n_splits=5 greater than the number of samples"):
        detector.set_params(cv=5).fit(X[:4])
    assert pickle.dumps(vars(detector.set_params(cv=None))) == before


@pytest.mark.parametrize("estimator", [KFold(), 7])
def test_estimators_without_scores_are_refused(estimator):
    with pytest.raises(
        ValueError, match="'estimator' parameter of SequenceOutlierDetector must be an object implementing"
    ):
        SequenceOutlierDetector(estimator).fit(X)


@pytest.mark.parametrize(
    ("estimator", "method", "needed"),
    [(MeanDistance(), "distance", "transform"), (StandardScaler(), "error", "score_samples")],
)
def test_estimators_without_what_the_method_needs_are_refused(estimator, method, needed):
    message = f"method='{method}' needs an estimator with `{needed}`, got {estimator!r}."
    with pytest.raises(ValueError, match=re.escape(message)):
        SequenceOutlierDetector(estimator, method=method).fit(X)


# --- files ------------------------------------------------------------------------------------------------------------


@each_method
@pytest.mark.parametrize("frozen", [False, True], ids=["trained", "frozen"])
def test_a_loaded_detector_equals_the_saved_one(frozen, method, fitted, tmp_path):
    autoencoder = FrozenEstimator(fitted.estimator_) if frozen else AUTOENCODER
    detector = SequenceOutlierDetector(autoencoder, method=method, contamination=0.1, cv=2).fit(WITH_OUTLIERS)
    save(detector, tmp_path / "detector")
    loaded = load(tmp_path / "detector")
    assert repr(loaded) == repr(detector)
    assert vars(loaded).keys() == vars(detector).keys()
    assert loaded.offset_ == detector.offset_
    assert_array_equal(loaded.score_samples(X), detector.score_samples(X))
    assert_array_equal(clone(loaded).fit(WITH_OUTLIERS).score_samples(X), detector.score_samples(X))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("offset_", np.nan),
        ("offset_", "0"),
        ("n_features_in_", 7),
        ("feature_names_in_", np.array(["a"])),
        ("_distance", 0.0),
        ("_distance", Distance(*np.zeros((2, 4), np.float32), np.zeros((4, 1), np.float32))),
        ("_distance", Distance(*np.zeros((2, 1280), np.float32), np.full((1280, 1), np.nan, np.float32))),
        ("_distance", Distance(*np.zeros((2, 1280)), np.zeros((1280, 1)))),
    ],
)
def test_detectors_with_invalid_fitted_attributes_are_not_saved(name, value, fitted, tmp_path):
    detector = copy.copy(fitted)
    setattr(detector, name, value)
    with pytest.raises(SkseqaeFormatError, match=name):
        save(detector, tmp_path / "detector")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "autoencoder",
    [make_pipeline(LSTMAutoencoderTransformer(epochs=1)), Seq2SeqClassifier()],
    ids=["pipeline", "classifier"],
)
def test_detectors_with_other_estimators_are_not_saved(autoencoder, fitted, tmp_path):
    detector = copy.copy(fitted)
    detector.estimator = autoencoder
    with pytest.raises(TypeError, match=r"estimator.estimator must be one of \['LSTMAutoencoderTransformer'\]"):
        save(detector, tmp_path / "detector")
