"""Model selection with sequences: routed weights, scikit-learn's splitters and searches, and those of the package."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context, model_selection
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing

import skseqae.model_selection
from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, Sequences
from skseqae.model_selection import LengthStratifiedKFold, TimestepScorer
from skseqae.preprocessing import PerTimestep
from tests.support.containers import padded
from tests.support.estimators import (
    EXAMPLES,
    X,
    data_for,
    every_class,
    every_container,
    every_transformers_container,
    output_of,
    packed,
    quick,
    y,
)
from tests.support.strategies import property_settings

WEIGHTS = np.arange(24) % 4


def test_the_module_lists_public_names_only():
    assert dir(skseqae.model_selection) == sorted(skseqae.model_selection.__all__)


def select(data, indices):
    return _safe_indexing(data, indices), y[indices]


# --- metadata routing -------------------------------------------------------------------------------------------------


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@every_class
@pytest.mark.usefixtures("routing")
def test_routed_weights_are_passed_through_a_pipeline(cls):
    X, estimator = data_for(cls), quick(cls).set_fit_request(sample_weight=True)
    pipeline = EXAMPLES[cls].as_pipeline(estimator).fit(X, y, sample_weight=WEIGHTS)
    fitted = pipeline[cls.__name__.lower()]
    assert_array_equal(output_of(fitted), output_of(quick(cls).fit(X, y, sample_weight=WEIGHTS)))
    assert np.abs(output_of(fitted) - output_of(quick(cls).fit(X, y))).max() > 1e-3


@every_class
@pytest.mark.usefixtures("routing")
def test_routed_weights_are_passed_through_a_grid_search(cls):
    estimator = quick(cls).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    X, cv = data_for(cls), KFold(2)
    search = GridSearchCV(estimator, {"learning_rate": [1e-3, 3e-2]}, cv=cv).fit(X, y, sample_weight=WEIGHTS)
    train, test = next(cv.split(X))
    fitted = quick(cls, learning_rate=3e-2).fit(*select(X, train), sample_weight=WEIGHTS[train])
    score = search.cv_results_["split0_test_score"][1]
    assert score == fitted.score(*select(X, test), sample_weight=WEIGHTS[test])
    assert abs(score - fitted.score(*select(X, test))) > 1e-3
    refitted = quick(cls, **search.best_params_).fit(X, y, WEIGHTS)
    assert_array_equal(output_of(search.best_estimator_), output_of(refitted))


# --- splitters and searches of scikit-learn ---------------------------------------------------------------------------

SPLITTERS = [
    model_selection.GroupKFold(2),
    model_selection.GroupShuffleSplit(2, random_state=0),
    model_selection.KFold(2),
    model_selection.LeaveOneGroupOut(),
    model_selection.LeaveOneOut(),
    model_selection.LeavePGroupsOut(2),
    model_selection.LeavePOut(2),
    model_selection.PredefinedSplit(np.arange(8) % 3),
    model_selection.RepeatedKFold(n_splits=2, n_repeats=2, random_state=0),
    model_selection.RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0),
    model_selection.ShuffleSplit(2, random_state=0),
    model_selection.StratifiedGroupKFold(2),
    model_selection.StratifiedKFold(2),
    model_selection.StratifiedShuffleSplit(2, test_size=2, random_state=0),
    model_selection.TimeSeriesSplit(2),
]


def test_the_list_contains_every_splitter_of_scikit_learn():
    classes = [value for value in vars(model_selection).values() if inspect.isclass(value)]
    splitters = {cls for cls in classes if hasattr(cls, "split") and not inspect.isabstract(cls)}
    assert splitters - {model_selection.BaseShuffleSplit} == {type(splitter) for splitter in SPLITTERS}


@every_class
@pytest.mark.parametrize("splitter", SPLITTERS, ids=lambda splitter: type(splitter).__name__)
def test_every_splitter_gives_the_same_scores_for_every_container(cls, splitter):
    example, labels = EXAMPLES[cls], np.arange(8) % 2
    groups = np.arange(8) // 2 if "Group" in type(splitter).__name__ else None
    options = {"groups": groups, "cv": splitter, "scoring": example.scoring, "error_score": "raise"}
    scores = [
        cross_val_score(quick(cls, epochs=1), contain(example.arrays[:8]), labels, **options)
        for contain in example.containers.values()
    ]
    assert_array_equal(*scores)
    assert len(scores[0]) == splitter.get_n_splits(labels, labels, groups)
    assert len(set(scores[0])) == len(scores[0])


def test_train_test_split_selects_the_same_samples_from_sequences_as_from_a_list():
    _, arrays, _, sequences = model_selection.train_test_split(X, packed(X), stratify=y, random_state=0)
    assert isinstance(sequences, Sequences)
    for got, expected in zip(sequences, arrays, strict=True):
        assert_array_equal(got, expected)


@pytest.fixture(scope="module")
def folds():
    return list(KFold(3).split(y))


@every_container
def test_cross_validation_scores_equal_those_of_a_loop(cls, contain, folds):
    data = data_for(cls, contain)
    fits = [quick(cls).fit(*select(data, train)) for train, _ in folds]
    test_scores = [fitted.score(*select(data, test)) for fitted, (_, test) in zip(fits, folds, strict=True)]
    train_scores = [fitted.score(*select(data, train)) for fitted, (train, _) in zip(fits, folds, strict=True)]
    results = cross_validate(quick(cls), data, y, cv=KFold(3), return_train_score=True, error_score="raise")
    assert_array_equal(results["test_score"], test_scores)
    assert_array_equal(results["train_score"], train_scores)
    assert_array_equal(cross_val_score(quick(cls), data, y, cv=KFold(3)), test_scores)


@every_container
def test_a_learning_curve_ends_with_the_cross_validation_scores(cls, contain):
    data, options = data_for(cls, contain), {"cv": KFold(3), "scoring": EXAMPLES[cls].scoring, "error_score": "raise"}
    sizes, _, scores = model_selection.learning_curve(quick(cls), data, y, train_sizes=[0.5, 1.0], **options)
    assert_array_equal(sizes, [8, 16])
    assert_array_equal(scores[1], cross_val_score(quick(cls), data, y, **options))
    assert (scores[0] != scores[1]).all()


@every_transformers_container
def test_cross_val_predict_encodes_each_sample_with_the_estimator_of_its_fold(cls, contain, folds):
    data = data_for(cls, contain)
    # cross_val_predict has no method="transform", so a classifier predicts from the encodings.
    pipeline = make_pipeline(quick(cls, latent_dim=4), LogisticRegression())
    predicted = cross_val_predict(pipeline, data, y, cv=KFold(3), method="predict_proba")
    for train, test in folds:
        assert_array_equal(predicted[test], pipeline.fit(*select(data, train)).predict_proba(select(data, test)[0]))


@every_transformers_container
def test_a_grid_search_over_a_pipeline_separates_the_classes(cls, contain):
    data = contain([x + label for x, label in zip(EXAMPLES[cls].arrays, y, strict=True)])
    pipeline = make_pipeline(quick(cls), StandardScaler(), LogisticRegression())
    grid = {f"{cls.__name__.lower()}__latent_dim": [2, 8]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(data, y)
    assert search.best_score_ > 0.8
    assert np.mean(search.predict(data) == y) > 0.8


@every_class
def test_a_search_with_two_workers_gives_the_scores_of_one(cls):
    *_, contain = EXAMPLES[cls].containers.values()
    data = data_for(cls, contain)
    searches = [
        GridSearchCV(quick(cls), {"learning_rate": [1e-3, 1e-2]}, cv=KFold(2), n_jobs=n_jobs, error_score="raise")
        for n_jobs in (1, 2)
    ]
    sequential, parallel = (search.fit(data, y) for search in searches)
    for split in ("split0_test_score", "split1_test_score"):
        assert_allclose(parallel.cv_results_[split], sequential.cv_results_[split], rtol=0, atol=1e-5)
    outputs = [output_of(search.best_estimator_, data) for search in (parallel, sequential)]
    assert_allclose(*outputs, rtol=0, atol=1e-5)


# --- LengthStratifiedKFold --------------------------------------------------------------------------------------------


@property_settings(25)
@given(lengths=st.lists(st.integers(1, 99), min_size=6, max_size=60), n_splits=st.integers(2, 6), shuffle=st.booleans())
def test_every_fold_has_its_share_of_each_range_of_lengths(lengths, n_splits, shuffle):
    lengths = np.array(lengths)
    cv = LengthStratifiedKFold(n_splits, shuffle=shuffle, random_state=0 if shuffle else None)
    tests = [test for _, test in cv.split([np.zeros(length) for length in lengths])]
    assert sorted(np.concatenate(tests)) == list(range(len(lengths)))
    for longest in np.unique(lengths):
        counts = [(lengths[test] <= longest).sum() for test in tests]
        assert max(counts) - min(counts) <= 2
    sizes = [len(test) for test in tests]
    assert max(sizes) - min(sizes) <= 1


def test_folds_depend_on_random_state_only_with_shuffle():
    arrays = [np.zeros(length) for length in range(1, 40)]

    def folds(**options):
        return [test.tolist() for _, test in LengthStratifiedKFold(3, **options).split(arrays)]

    assert folds() == folds()
    assert folds(shuffle=True, random_state=0) == folds(shuffle=True, random_state=0)
    assert folds(shuffle=True, random_state=0) != folds(shuffle=True, random_state=1) != folds()


def test_folds_do_not_depend_on_padding():
    arrays = [np.ones((length, 2)) for length in (5, 1, 9, 7, 3, 8)]
    expected = [test.tolist() for _, test in LengthStratifiedKFold(2).split(arrays)]
    for contained, value in ((padded(arrays), None), (padded(arrays, -1.0, extra=4), -1.0), (packed(arrays), None)):
        assert [test.tolist() for _, test in LengthStratifiedKFold(2, padding_value=value).split(contained)] == expected


def test_a_grid_search_accepts_length_stratified_folds():
    search = GridSearchCV(quick(LSTMAutoencoderTransformer, latent_dim=2), {"epochs": [1]}, cv=LengthStratifiedKFold(2))
    assert search.fit(X).n_splits_ == 2


# --- TimestepScorer ---------------------------------------------------------------------------------------------------


class Shifted(BaseEstimator):
    """An estimator that predicts X + 0.5, and predicts each next timestep to equal the current one."""

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return X + 0.5 if isinstance(X, np.ndarray) else [x + 0.5 for x in X]

    reconstruct = predict

    def predict_next(self, X):
        return [x[:-1] for x in X]


def test_the_score_is_the_metric_over_all_real_timesteps():
    y = [x**2 for x in X]
    y_true, y_pred = np.concatenate(y), np.concatenate(X) + 0.5
    expected = r2_score(y_true, y_pred)
    for contain in (list, padded, packed):
        scorer = TimestepScorer(r2_score)
        assert scorer(Shifted(), contain(X) if contain is not packed else X, contain(y)) == expected
    negated = TimestepScorer(mean_absolute_error, greater_is_better=False)
    assert negated(Shifted(), X, y) == -mean_absolute_error(y_true, y_pred)


def test_reconstruct_and_predict_next_are_compared_with_x():
    assert TimestepScorer(mean_absolute_error, "reconstruct")(Shifted(), X) == pytest.approx(0.5)
    expected = np.abs(np.concatenate([np.diff(x, axis=0) for x in X])).mean()
    assert TimestepScorer(mean_absolute_error, "predict_next")(Shifted(), X) == pytest.approx(expected)


@pytest.mark.parametrize("response", ["reconstruct", "predict_next"])
def test_the_response_of_a_pipeline_is_compared_with_the_input_of_its_last_step(response):
    scorer = TimestepScorer(mean_absolute_error, response)
    scaler = PerTimestep(StandardScaler()).fit(X)
    expected = scorer(Shifted(), scaler.transform(X))
    assert scorer(make_pipeline(scaler, Shifted()), X) == expected
    assert scorer(make_pipeline(make_pipeline(scaler, Shifted())), X) == expected
    assert scorer(make_pipeline(Shifted()), X) == scorer(Shifted(), X)


def test_padding_is_not_scored():
    scorer = TimestepScorer(mean_absolute_error, "reconstruct", padding_value=-9.0)
    autoencoder = quick(LSTMAutoencoderTransformer, latent_dim=2, padding_value=-9.0).fit(padded(X, -9.0))
    expected = TimestepScorer(mean_absolute_error, "reconstruct")(autoencoder, X)
    assert scorer(autoencoder, padded(X, -9.0, extra=5)) == expected


def test_sample_weights_are_repeated_for_each_timestep():
    arrays = [np.zeros(2), np.ones(3)]
    predictions = [np.ones(2), np.ones(3) * 3]  # with errors of 1 and 2

    class Constant(Shifted):
        def predict(self, X):
            return predictions

    scorer = TimestepScorer(mean_absolute_error)
    assert scorer(Constant(), arrays, arrays) == pytest.approx((2 * 1 + 3 * 2) / 5)
    assert scorer(Constant(), arrays, arrays, sample_weight=[3, 1]) == pytest.approx((6 * 1 + 3 * 2) / 9)


def test_cross_val_score_accepts_a_timestep_scorer():
    y = [x[:, :1] * 2 for x in X]
    scorer = TimestepScorer(mean_absolute_error, greater_is_better=False)
    regressor = quick(CompositeSequenceRegressor, latent_dim=2)
    scores = cross_val_score(regressor, X, y, cv=KFold(2), scoring=scorer)
    assert (scores < 0).all()


@pytest.mark.parametrize(
    ("compute_score", "message"),
    [
        (lambda: TimestepScorer(r2_score, "transform"), "response must be 'predict', 'reconstruct' or 'predict_next'"),
        (lambda: TimestepScorer(r2_score)(Shifted(), X), "compares predictions with y, but y is None: pass y, or set"),
        (
            lambda: TimestepScorer(r2_score)(Shifted(), X, [x[:2] for x in X]),
            r"y\[0\] has 2 timesteps, but its prediction has \d+",
        ),
        (lambda: TimestepScorer(r2_score)(Shifted(), X, X[1:]), "inconsistent numbers of samples"),
    ],
    ids=["response", "missing y", "other lengths", "other number of samples"],
)
def test_invalid_responses_and_targets_raise(compute_score, message):
    with pytest.raises(ValueError, match=message):
        compute_score()
