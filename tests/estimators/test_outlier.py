"""SequenceOutlierDetector: thresholds from errors, in training or held out."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
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
from skseqae.preprocessing import PerTimestep
from tests.support.strategies import padded

X, _ = make_waves(30, n_features=2, lengths=(4, 9), random_state=0)
ODD = [4, 17]
SPOILED = [x * -9 if i in ODD else x for i, x in enumerate(X)]
AUTOENCODER = LSTMAutoencoderTransformer(4, epochs=2, random_state=0)


class MeanDistance(BaseEstimator):
    """Scores by the distance of a sequence's mean from that of the training set, in no time."""

    def fit(self, X, y=None):
        self.mean_ = np.mean([np.mean(x) for x in X])
        self.seen_ = {id(x) for x in X}
        return self

    def score_samples(self, X):
        return np.array([-abs(np.mean(x) - self.mean_) - 100 * (id(x) in self.seen_) for x in X])


@pytest.fixture(scope="module")
def fitted():
    return SequenceOutlierDetector(AUTOENCODER).fit(SPOILED)


def test_what_is_unlike_the_rest_is_told(fitted):
    assert np.flatnonzero(fitted.predict(SPOILED) == -1).tolist() == ODD
    assert fitted.predict([*X[:3], SPOILED[4]]).tolist() == [1, 1, 1, -1]


def test_scores_are_those_of_the_autoencoder_and_decisions_their_distance_from_the_threshold(fitted):
    alone = clone(AUTOENCODER).fit(SPOILED)
    assert_array_equal(fitted.score_samples(X), alone.score_samples(X))
    assert_array_equal(fitted.decision_function(X), alone.score_samples(X) - fitted.offset_)


def test_auto_is_the_fence_of_a_boxplot(fitted):
    low, high = np.quantile(-fitted.score_samples(SPOILED), [0.25, 0.75])
    assert -fitted.offset_ == pytest.approx(high + 1.5 * (high - low))


@pytest.mark.parametrize("contamination", [0.1, 0.25, 0.5])
def test_contamination_is_the_share_of_outliers_in_the_training_set(contamination):
    detector = SequenceOutlierDetector(MeanDistance(), contamination=contamination)
    arrays = [np.array([float(i)]) for i in range(40)]
    assert (detector.fit_predict(arrays) == -1).sum() == 40 * contamination


@pytest.mark.parametrize("cv", [5, KFold(3, shuffle=True, random_state=0), ShuffleSplit(4, random_state=0)], ids=str)
def test_with_cv_no_sequence_is_scored_by_what_learnt_from_it(cv):
    detector = SequenceOutlierDetector(MeanDistance(), cv=cv).fit(X)
    assert -50 < detector.offset_ < 0  # what was learnt from scores below -100
    assert SequenceOutlierDetector(MeanDistance()).fit(X).offset_ < -50
    assert len(detector.estimator_.seen_) == len(X)


@pytest.mark.parametrize("contain", [list, padded, Sequences.from_list], ids=["list", "padded", "Sequences"])
def test_every_container_says_the_same_and_a_map_comes_back_as_its_kind(contain, fitted):
    detector = SequenceOutlierDetector(AUTOENCODER, cv=2).fit(contain(SPOILED))
    expected = SequenceOutlierDetector(AUTOENCODER, cv=2).fit(SPOILED)
    assert detector.offset_ == expected.offset_
    assert_array_equal(detector.score_samples(contain(X)), fitted.score_samples(X))
    errors = detector.error_map(contain(X))
    assert type(errors) is type(contain(X))
    for i, (got, x) in enumerate(zip(errors, X, strict=True)):
        assert_array_equal(got[: len(x)], expected.error_map(X)[i])


def test_the_mean_of_a_map_is_minus_the_score(fitted):
    errors = fitted.error_map(X)
    assert [e.shape for e in errors] == [x.shape for x in X]
    assert_allclose([-e.mean() for e in errors], fitted.score_samples(X))


def test_a_map_says_where(fitted):
    x = np.array(X[0])
    x[2, 1] += 1e3
    errors = fitted.error_map([x])[0]
    assert np.unravel_index(errors.argmax(), errors.shape) == (2, 1)


def test_there_is_a_map_only_of_what_reconstructs():
    assert hasattr(SequenceOutlierDetector(), "error_map")
    assert not hasattr(SequenceOutlierDetector(LSTMAutoencoderTransformer(objective="prediction")), "error_map")
    assert not hasattr(SequenceOutlierDetector(MeanDistance()), "error_map")


def test_a_pipeline_before_the_autoencoder_is_part_of_it():
    gapped = [x.copy() for x in SPOILED]
    gapped[0][1, 0] = np.nan
    pipeline = make_pipeline(PerTimestep(make_pipeline(SimpleImputer(), StandardScaler())), AUTOENCODER)
    detector = SequenceOutlierDetector(pipeline).fit(gapped)
    assert np.flatnonzero(detector.predict(gapped) == -1).tolist() == ODD
    means = [errors.mean() for errors in detector.error_map(gapped)]
    np.testing.assert_allclose(means, -detector.score_samples(gapped))
    predicting = make_pipeline(PerTimestep(StandardScaler()), LSTMAutoencoderTransformer(objective="prediction"))
    assert not hasattr(SequenceOutlierDetector(predicting), "error_map")


def test_without_an_estimator_it_is_the_autoencoder_with_its_defaults():
    """Not fitted, which would take a hundred epochs."""
    assert repr(SequenceOutlierDetector()._unfitted()) == "LSTMAutoencoderTransformer()"


def test_a_fit_that_fails_leaves_what_was():
    detector = SequenceOutlierDetector(AUTOENCODER).fit(SPOILED)
    before = pickle.dumps(vars(detector))
    with pytest.raises(ValueError, match="Cannot have number of splits n_splits=5 greater than the number of samples"):
        detector.set_params(cv=5).fit(X[:4])
    assert pickle.dumps(vars(detector.set_params(cv=None))) == before


@pytest.mark.parametrize("estimator", [StandardScaler(), 7])
def test_what_scores_nothing_is_refused(estimator):
    with pytest.raises(
        ValueError, match="'estimator' parameter of SequenceOutlierDetector must be an object implementing"
    ):
        SequenceOutlierDetector(estimator).fit(X)


# --- Files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frozen", [False, True], ids=["trained", "frozen"])
def test_a_loaded_detector_is_the_saved_one(frozen, fitted, tmp_path):
    learner = FrozenEstimator(fitted.estimator_) if frozen else AUTOENCODER
    detector = SequenceOutlierDetector(learner, contamination=0.1, cv=2).fit(SPOILED)
    save(detector, tmp_path / "detector")
    loaded = load(tmp_path / "detector")
    assert repr(loaded) == repr(detector)
    assert vars(loaded).keys() == vars(detector).keys()
    assert loaded.offset_ == detector.offset_
    assert_array_equal(loaded.score_samples(X), detector.score_samples(X))
    assert_array_equal(clone(loaded).fit(SPOILED).score_samples(X), detector.score_samples(X))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("offset_", np.nan),
        ("offset_", "0"),
        ("n_features_in_", 7),
        ("feature_names_in_", np.array(["a"])),
    ],
)
def test_a_file_of_a_detector_that_no_fit_gives_is_refused(name, value, fitted, tmp_path):
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
def test_a_file_holds_no_detector_by_something_else(autoencoder, fitted, tmp_path):
    detector = copy.copy(fitted)
    detector.estimator = autoencoder
    with pytest.raises(TypeError, match=r"estimator.estimator must be one of \['LSTMAutoencoderTransformer'\]"):
        save(detector, tmp_path / "detector")
