"""SequenceOutlierDetector: scores, thresholds, error maps and files."""

import copy
import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
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
from skseqae.mixins._pipelines import last_step
from skseqae.preprocessing import PerTimestep
from tests.support.containers import padded

X, _ = make_waves(30, n_features=2, lengths=(4, 9), random_state=0)
OUTLIERS = [4, 17]
WITH_OUTLIERS = [x * -9 if i in OUTLIERS else x for i, x in enumerate(X)]
AUTOENCODER = LSTMAutoencoderTransformer(4, epochs=2, random_state=0)
ENCODER_OF_WAVES = clone(AUTOENCODER).fit(make_waves(60, lengths=(20, 30), random_state=0)[0])
ENCODER = clone(AUTOENCODER).set_params(latent_dim=None).fit(X)
AUTOENCODER_OF_X = clone(AUTOENCODER).fit(X)


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


# --- sample weights ---------------------------------------------------------------------------------------------------

COUNTS = np.array([0, 1, 2, 3, 1] * 6)
REPEATED = [x for x, n in zip(WITH_OUTLIERS, COUNTS, strict=True) for _ in range(n)]


@pytest.mark.parametrize("contamination", ["auto", 0.1, 0.3])
def test_weights_are_equivalent_to_repeated_sequences(contamination):
    detector = SequenceOutlierDetector(FrozenEstimator(AUTOENCODER_OF_X), method="error", contamination=contamination)
    weighted = clone(detector).fit(WITH_OUTLIERS, sample_weight=COUNTS)
    for repeated in (REPEATED, REPEATED[::-1]):
        expected = clone(detector).fit(repeated)
        assert weighted.offset_ == expected.offset_
        assert_array_equal(weighted.score_samples(X), expected.score_samples(X))
    others = [clone(detector).fit(WITH_OUTLIERS, sample_weight=n) for n in (COUNTS > 0, COUNTS[::-1] + 1)]
    assert {other.offset_ for other in others} != {weighted.offset_}


def test_a_distance_counts_rows_by_their_weights():
    rng = np.random.default_rng(0)
    rows, counts = rng.normal(size=(30, 8)), COUNTS[COUNTS > 0][:30]
    rows = rows[: len(counts)]
    repeated = np.repeat(rows, counts, axis=0)
    expected = Distance.fit(repeated, np.ones(len(repeated))).measure(rows)
    assert_allclose(Distance.fit(rows, counts.astype(float)).measure(rows), expected, rtol=1e-4)


def test_repeated_sequences_do_not_hide_outliers():
    X = [np.sin(0.5 * np.arange(24) + phase) for phase in range(2)] * 20
    X[7] = X[7] + 4
    detector = SequenceOutlierDetector(LSTMAutoencoderTransformer(8, units=8, epochs=2, random_state=0)).fit(X)
    assert np.flatnonzero(detector.predict(X) == -1).tolist() == [7]


@each_method
def test_weights_of_one_and_proportions_change_nothing(method):
    detector = SequenceOutlierDetector(FrozenEstimator(AUTOENCODER_OF_X), method=method)
    expected = clone(detector).fit(WITH_OUTLIERS)
    for weights in (np.ones(30), np.full(30, 1 / 32)):
        got = clone(detector).fit(WITH_OUTLIERS, sample_weight=weights)
        assert_allclose(got.offset_, expected.offset_, rtol=1e-12)
        assert_allclose(got.score_samples(X), expected.score_samples(X), rtol=1e-12)


class Weighted(MeanDistance):
    def fit(self, X, y=None, sample_weight=None):
        self.sample_weight_ = sample_weight
        return super().fit(X)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_weights_are_passed_to_the_last_step(depth):
    estimator = Weighted()
    for _ in range(depth):
        estimator = make_pipeline(PerTimestep(StandardScaler()), estimator)
    detector = SequenceOutlierDetector(estimator, method="error")
    assert last_step(detector.fit(X).estimator_)[0].sample_weight_ is None
    fitted = detector.fit(X, sample_weight=COUNTS)
    assert last_step(fitted.estimator_)[0].sample_weight_.tolist() == COUNTS[COUNTS > 0].tolist()


def test_weights_are_routed_to_the_steps_of_a_pipeline_that_request_them():
    with config_context(enable_metadata_routing=True):
        scaler = PerTimestep(StandardScaler()).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(scaler, Weighted().set_fit_request(sample_weight=True))
        fitted = SequenceOutlierDetector(pipeline, method="error").fit(X, sample_weight=COUNTS)
    repeated = np.concatenate([x for x, n in zip(X, COUNTS, strict=True) for _ in range(n)])
    assert_allclose(fitted.estimator_[0].transformer_.mean_, repeated.mean(axis=0))
    assert fitted.estimator_[1].sample_weight_ is not None


def test_weights_in_folds_leave_out_sequences_of_weight_zero():
    folds = [
        (np.arange(10, 30), np.arange(10)),
        (np.arange(20), np.arange(20, 30)),
        (np.arange(20), np.arange(0, 30, 5)),
    ]
    seen = []

    class Recorder(Weighted):
        def fit(self, X, y=None, sample_weight=None):
            seen.append((len(X), sample_weight))
            return super().fit(X)

    fitted = SequenceOutlierDetector(Recorder(), method="error", cv=folds, contamination=0.2).fit(
        X, sample_weight=COUNTS
    )
    assert [n for n, _ in seen] == [24, 16, 16, 16]  # the last fold tests only sequences of weight 0
    for n, weights in seen:
        assert len(weights) == n
        assert weights.min() > 0
    assert np.isfinite(fitted.offset_)


@pytest.mark.parametrize(
    ("estimator", "weights", "message"),
    [
        (MeanDistance(), COUNTS, "MeanDistance does not accept sample_weight: omit it"),
        (make_pipeline(MeanDistance()), COUNTS, "MeanDistance does not accept sample_weight: omit it"),
        (Weighted(), COUNTS[:5], "sample_weight has 5 values, but there are 30 samples"),
        (Weighted(), -COUNTS, r"sample_weight\[1\] is -1, expected at least 0"),
    ],
)
def test_invalid_weights_are_refused(estimator, weights, message):
    with pytest.raises(ValueError, match=message):
        SequenceOutlierDetector(estimator, method="error").fit(X, sample_weight=weights)


def test_an_autoencoder_is_trained_with_the_weights():
    weights = np.linspace(0, 2, 30)
    fitted = SequenceOutlierDetector(AUTOENCODER).fit(X, sample_weight=weights)
    expected = clone(AUTOENCODER).fit(X[1:], sample_weight=weights[1:])
    assert_array_equal(fitted.estimator_.transform(X), expected.transform(X))


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
