"""CompositeSequenceRegressor: forecasts with `horizon`."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae.model_selection import TimestepScorer
from skseqae.preprocessing import PerTimestep
from tests.estimators.regressors import LONG_ENOUGH, NUMBERS, X, regressor, shapes
from tests.support.containers import CONTAINERS, UNIVARIATE_CONTAINERS
from tests.support.strategies import draw_sequences

each_method = pytest.mark.parametrize("method", ["fit", "partial_fit", "score"])


def test_a_horizon_equals_a_split_of_x_into_input_and_target():
    past, future = [x[:-3] for x in LONG_ENOUGH], [x[-3:] for x in LONG_ENOUGH]
    forecaster, expected = regressor(horizon=3).fit(LONG_ENOUGH), regressor().fit(past, future)
    assert forecaster.history_ == expected.history_
    assert_array_equal(forecaster.predict(LONG_ENOUGH), expected.predict(LONG_ENOUGH))
    assert_array_equal(forecaster.transform(LONG_ENOUGH), expected.transform(LONG_ENOUGH))
    assert forecaster.score(LONG_ENOUGH) == expected.score(past, future)


def test_forecasts_follow_the_end_of_each_sequence():
    """For counters, the next two numbers."""
    counters = [np.arange(i, i + 9.0)[:, None] for i in range(8)]
    settings = {"latent_dim": 16, "epochs": 300, "learning_rate": 0.02, "batch_size": 8}
    fitted = regressor(horizon=2, **settings).fit(counters)
    for x, predicted in zip(counters[:-2], fitted.predict(counters[:-2]), strict=True):
        assert_allclose(predicted[:, 0], x[-1] + [1, 2], atol=0.75)


@pytest.mark.parametrize("container", [*CONTAINERS])
def test_forecasts_are_in_the_container_of_x(container):
    data = CONTAINERS[container](LONG_ENOUGH)
    fitted = regressor(horizon=2, padding_value=-1.0 if "sentinel" in container else None).fit(data)
    predicted = fitted.predict(data)
    assert shapes(predicted) == [(2, 2)] * 6
    assert type(predicted) is (list if container in ("list", "tuple", "object array", "nest") else type(data))


@pytest.mark.parametrize("container", ["table", "pandas", "polars", "list of numbers"])
def test_forecasts_of_univariate_sequences_have_no_feature_axis(container):
    data = UNIVARIATE_CONTAINERS[container]([x[:, :1] for x in LONG_ENOUGH])
    assert shapes(regressor(horizon=2).fit(data).predict(data)) == [(2,)] * 6


def test_forecasts_may_be_longer_than_the_horizon():
    fitted = regressor(horizon=2).fit(LONG_ENOUGH)
    assert shapes(fitted.predict(LONG_ENOUGH, n_timesteps=6)) == [(6, 2)] * 6


def test_predict_accepts_sequences_as_short_as_the_horizon():
    predicted = regressor(horizon=2).fit(LONG_ENOUGH).predict([LONG_ENOUGH[0], LONG_ENOUGH[0][:1], LONG_ENOUGH[0][:0]])
    assert shapes(predicted) == [(2, 2)] * 3


@pytest.mark.parametrize("length", [0, 1, 2])
@each_method
def test_training_and_scores_refuse_sequences_as_short_as_the_horizon(method, length):
    estimator = regressor(horizon=2).fit(LONG_ENOUGH)
    with pytest.raises(ValueError, match=rf"X\[1\] has {length} timesteps, but horizon=2 requires at least 3"):
        getattr(estimator, method)([LONG_ENOUGH[0], LONG_ENOUGH[1][:length]])


@each_method
def test_horizon_and_y_together_are_refused(method):
    estimator = regressor(horizon=2).fit(LONG_ENOUGH)
    with pytest.raises(ValueError, match="y and horizon=2 both determine the target: pass only one of them"):
        getattr(estimator, method)(LONG_ENOUGH, NUMBERS)


@each_method
def test_either_horizon_or_y_is_required(method):
    estimator = regressor().fit(X, NUMBERS)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        getattr(estimator, method)(X)


@pytest.mark.parametrize("horizon", [0, -1, 1.5, "2"])
def test_an_invalid_horizon_is_refused(horizon):
    with pytest.raises(ValueError, match="The 'horizon' parameter of CompositeSequenceRegressor must be an int"):
        regressor(horizon=horizon).fit(LONG_ENOUGH)


def test_a_horizon_set_after_fit_has_no_effect_before_the_next_fit():
    expected = regressor(horizon=2).fit(LONG_ENOUGH)
    fitted = regressor(horizon=2).fit(LONG_ENOUGH).set_params(horizon=3)
    assert_array_equal(fitted.predict(LONG_ENOUGH), expected.predict(LONG_ENOUGH))
    assert fitted.score(LONG_ENOUGH) == expected.score(LONG_ENOUGH)
    assert shapes(fitted.fit(LONG_ENOUGH).predict(LONG_ENOUGH)) == [(3, 2)] * 6


def test_cross_validation_and_searches_work_without_y():
    arrays = draw_sequences([6] * 12, 2, seed=0)
    scores = cross_val_score(regressor(horizon=2), arrays, cv=3, error_score="raise")
    expected = [
        regressor(horizon=2).fit([arrays[i] for i in train]).score([arrays[i] for i in test])
        for train, test in KFold(3).split(arrays)
    ]
    assert_array_equal(scores, expected)
    search = GridSearchCV(regressor(horizon=2), {"reconstruction_weight": [0.0, 0.5]}, cv=3, error_score="raise")
    assert shapes(search.fit(arrays).predict(arrays[:2])) == [(2, 2)] * 2


# --- other metrics ----------------------------------------------------------------------------------------------------

MAE = TimestepScorer(mean_absolute_error, greater_is_better=False)
ARRAYS = draw_sequences([6, 5, 8] * 4, 2, seed=0)


def negative_error(fitted, arrays):
    """Return minus the mean absolute error of the last two timesteps, by a loop."""
    errors = [np.abs(x[-2:] - y) for x, y in zip(arrays, fitted.predict([x[:-2] for x in arrays]), strict=True)]
    return -np.mean(np.concatenate(errors))


@pytest.mark.parametrize("container", [*CONTAINERS])
def test_a_scorer_compares_forecasts_with_timesteps_held_back(container):
    data = CONTAINERS[container](LONG_ENOUGH)
    fitted = regressor(horizon=2, padding_value=-1.0 if "sentinel" in container else None).fit(data)
    assert MAE(fitted, data) == pytest.approx(negative_error(fitted, LONG_ENOUGH), rel=1e-6)


def test_cross_validation_and_searches_score_forecasts_by_any_metric():
    scores = cross_val_score(regressor(horizon=2), ARRAYS, cv=KFold(2), scoring=MAE, error_score="raise")
    for score, (train, test) in zip(scores, KFold(2).split(ARRAYS), strict=True):
        fitted = regressor(horizon=2).fit([ARRAYS[i] for i in train])
        assert score == pytest.approx(negative_error(fitted, [ARRAYS[i] for i in test]))
    options = {"cv": KFold(2), "scoring": MAE, "error_score": "raise"}
    search = GridSearchCV(regressor(horizon=2), {"horizon": [1, 2]}, **options).fit(ARRAYS)
    assert search.cv_results_["mean_test_score"][1] == pytest.approx(scores.mean())
    assert MAE(search, ARRAYS) == MAE(search.best_estimator_, ARRAYS)
    assert cross_val_score(search, ARRAYS, **options).shape == (2,)


def test_the_forecasts_of_a_pipeline_are_compared_with_the_input_of_its_last_step():
    pipeline = make_pipeline(PerTimestep(StandardScaler()), regressor(horizon=2)).fit(ARRAYS)
    assert MAE(pipeline, ARRAYS) == MAE(pipeline[-1], pipeline[0].transform(ARRAYS))
    results = cross_validate(pipeline, ARRAYS, cv=2, scoring={"mae": MAE}, error_score="raise")
    assert (results["test_mae"] < 0).all()


def test_scores_of_forecasts_with_y_name_the_scorer_without_y():
    with pytest.raises(ValueError, match=r"pass only one of them. In .* scoring=TimestepScorer\(metric\) and no y"):
        cross_val_score(regressor(horizon=2), ARRAYS, ARRAYS, scoring=MAE, error_score="raise")
    with pytest.raises(ValueError, match="y is None: pass y, .* CompositeSequenceRegressor with horizon"):
        MAE(regressor().fit(X, NUMBERS), X)


# --- tables -----------------------------------------------------------------------------------------------------------

TABLE = np.random.default_rng(0).normal(size=(8, 7)).cumsum(axis=1)
TABLES = {
    "array": lambda X: X,
    "pandas": lambda X: pd.DataFrame(X, columns=[f"t{t}" for t in range(X.shape[1])]),
    "nest": lambda X: X.tolist(),
}


@pytest.fixture(scope="module", params=["array", "pandas", "nest"])
def table_and_forecaster(request):
    contain = TABLES[request.param]
    return contain, regressor(horizon=2).fit(contain(TABLE))


def test_a_forecaster_reads_the_columns_that_training_read(table_and_forecaster):
    contain, fitted = table_and_forecaster
    past, arrays = contain(TABLE[:, :5]), list(TABLE[:, :5])
    for method in ("predict", "transform", "reconstruct", "reconstruction_error"):
        assert_array_equal(getattr(fitted, method)(past), getattr(fitted, method)(arrays))
    assert fitted.predict(contain(TABLE)).shape == fitted.predict(past).shape == (8, 2)
    assert fitted.n_features_in_ == 7


@pytest.mark.parametrize("n_columns", [1, 4, 6, 8])
def test_a_forecaster_refuses_other_numbers_of_columns(n_columns):
    fitted = regressor(horizon=2).fit(TABLE)
    message = f"X has {n_columns} features, .* is expecting 7 .* as many as in fit, or 5, those before the target"
    with pytest.raises(ValueError, match=message):
        fitted.predict(np.ones((8, n_columns)))


@each_method
def test_training_and_scores_require_the_columns_of_the_target(method):
    fitted = regressor(horizon=2).fit(TABLE)
    if method == "fit":
        assert fitted.fit(TABLE[:, :5]).n_features_in_ == 5  # of which the last two are the target
    else:
        with pytest.raises(ValueError, match="X has 5 features, .* expecting 7"):
            getattr(fitted, method)(TABLE[:, :5])


def test_the_names_of_fewer_columns_must_be_the_first():
    frame = TABLES["pandas"](TABLE)
    fitted = regressor(horizon=2).fit(frame)
    for columns in (frame.columns[2:], frame.columns[:5][::-1]):
        with pytest.raises(ValueError, match="The feature names should match those that were passed during fit"):
            fitted.predict(frame[columns])


def test_forecasts_of_waves_are_nearly_as_good_as_those_of_a_linear_model():
    """Sine waves of any frequency are close to a linear function of their last timesteps."""
    rng = np.random.default_rng(0)
    starts, speeds = rng.uniform(0, 6, size=120), rng.uniform(0.5, 0.9, size=120)
    waves = [np.sin(a + b * np.arange(rng.integers(14, 22)))[:, None] for a, b in zip(starts, speeds, strict=True)]
    fitted = regressor(latent_dim=24, horizon=3, epochs=120, learning_rate=0.01).fit(waves[:80])

    ends, futures = (np.array([x[part, 0] for x in waves]) for part in (slice(-7, -3), slice(-3, None)))
    linear = LinearRegression().fit(ends[:80], futures[:80])

    assert fitted.score(waves[80:]) > 0.8
    assert fitted.score(waves[80:]) > linear.score(ends[80:], futures[80:]) - 0.2
