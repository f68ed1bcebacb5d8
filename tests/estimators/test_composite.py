"""What CompositeSequenceRegressor says exactly; the laws that it shares with others are in `test_laws`."""

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer
from tests.support.strategies import CONTAINERS, UNIVARIATE_CONTAINERS, cases_of, draw_sequences, packed, padded

LENGTHS = [5, 2, 7, 1, 4, 7]
X = draw_sequences(LENGTHS, 2, seed=0)
RNG = np.random.default_rng(0)
FAR = np.array([1000.0, -30.0, 0.5])  # and of such different scales

# every kind of y, for the six sequences of X
NUMBERS = 500 + 9 * RNG.normal(size=6)
VECTORS = FAR + FAR * RNG.normal(size=(6, 3))
ARRAYS = FAR + RNG.normal(size=(6, 4, 3))
OF_ONE_LENGTH = [10 + RNG.normal(size=(4, 3)) for _ in LENGTHS]
LONGER = [10 + RNG.normal(size=(t + 2, 3)) for t in LENGTHS]
SHORTER = [10 + RNG.normal(size=(t - 1, 3)) for t in LENGTHS]
OF_NO_RULE = [10 + RNG.normal(size=(t, 3)) for t in (3, 1, 4, 2, 5, 9)]

each_case = pytest.mark.parametrize(
    "case", cases_of(CompositeSequenceRegressor).values(), ids=cases_of(CompositeSequenceRegressor), scope="module"
)


def regressor(**parameters):
    return CompositeSequenceRegressor(**{"latent_dim": 3, "epochs": 2, "random_state": 0} | parameters)


@pytest.fixture(scope="module")
def fitted_on():
    """Regressors by the kind of y, each fitted once."""
    known = {}

    def fit(name):
        if name not in known:
            known[name] = regressor().fit(X, KINDS[name]())
        return known[name]

    return fit


KINDS = {
    "array of numbers": lambda: NUMBERS,
    "list of numbers": lambda: NUMBERS.tolist(),
    "series": lambda: pd.Series(NUMBERS),
    "polars series": lambda: pl.Series(NUMBERS),
    "vectors": lambda: VECTORS,
    "frame": lambda: pd.DataFrame(VECTORS),
    "nest of vectors": lambda: VECTORS.tolist(),
    "arrays": lambda: ARRAYS,
    "padded": lambda: padded(OF_NO_RULE),
    "sequences of one length": lambda: OF_ONE_LENGTH,
    "longer sequences": lambda: LONGER,
    "shorter sequences": lambda: SHORTER,
    "sequences of no rule": lambda: OF_NO_RULE,
    "sequences of numbers": lambda: [row[:, 0] for row in LONGER],
    "Sequences": lambda: packed(LONGER),
}
HOW_LONG = {"sequences of no rule": [3, 1, 4, 2, 5, 9], "padded": [3, 1, 4, 2, 5, 9]}


def shapes(said):
    return [np.shape(row) for row in said]


# --- what comes back is the kind that y was ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_of_the_kind_that_y_was(kind, fitted_on):
    y = KINDS[kind]()
    said = fitted_on(kind).predict(X, HOW_LONG.get(kind))
    is_sequences = "sequences" in kind.lower()
    assert type(said) is (type(y) if is_sequences else np.ndarray)
    assert shapes(said) == shapes(y.to_numpy() if hasattr(y, "to_numpy") else y)
    assert {np.asarray(row).dtype for row in said} == {np.dtype(float)}


def timesteps(rows, width):
    """All real timesteps, one after another."""
    packed_rows = np.concatenate([np.reshape(row, (-1, width)) for row in rows]).astype(float)
    return packed_rows[~np.isnan(packed_rows[:, 0])]


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_is_that_of_the_predictions_over_real_timesteps(kind, fitted_on):
    y, said = KINDS[kind](), fitted_on(kind).predict(X, HOW_LONG.get(kind))
    width = 1 if "numbers" in kind or "series" in kind else 3
    rows = y.to_numpy() if hasattr(y, "to_numpy") else y
    expected = r2_score(timesteps(rows, width), timesteps(said, width))
    assert fitted_on(kind).score(X, y) == pytest.approx(expected, rel=1e-6)


def test_predictions_are_padded_as_y_was(fitted_on):
    said = fitted_on("padded").predict(X, HOW_LONG["padded"])
    assert_array_equal(np.isnan(said), np.isnan(padded(OF_NO_RULE)))


@pytest.mark.parametrize(
    ("kind", "y"),
    [("array of numbers", NUMBERS), ("vectors", VECTORS), ("arrays", ARRAYS), ("longer sequences", LONGER)],
)
def test_predictions_are_in_the_units_of_y(kind, y):
    """What has learnt nothing says the weighted mean of each output, and what has learnt all says y."""
    weights = np.arange(1.0, 7.0)
    untrained = regressor(epochs=1, learning_rate=1e-12).fit(X, y, sample_weight=weights)
    rows = [np.atleast_2d(row) if np.ndim(row) else np.reshape(row, (1, 1)) for row in y]
    values, repeated = np.concatenate(rows), np.repeat(weights, [len(row) for row in rows])
    mean = np.average(values, axis=0, weights=repeated)
    std = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=repeated))
    for row in untrained.predict(X):
        assert (abs(row - mean) < 3 * std).all()

    learnt = regressor(latent_dim=24, epochs=250, learning_rate=0.02, reconstruction_weight=0.0, batch_size=6)
    assert learnt.fit(X, y).score(X, y) > 0.98


def test_without_scaling_y_is_learnt_as_it_is():
    fitted = regressor(scale=None, epochs=1, learning_rate=1e-12).fit(X, NUMBERS)
    assert_allclose(fitted.history_["prediction_loss"], np.mean((NUMBERS - fitted.predict(X)) ** 2), rtol=1e-5)
    assert abs(fitted.predict(X)).max() < 5


def test_float32_comes_of_float32_and_float64_of_all_else(fitted_on):
    as_float32 = [x.astype(np.float32) for x in X]
    for kind in ("array of numbers", "vectors", "arrays", "longer sequences"):
        for held, expected in ((X, np.float64), (as_float32, np.float32)):
            assert fitted_on(kind).predict(held)[0].dtype == expected


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float32", "object"])
def test_numbers_of_any_type_are_targets(dtype):
    y = np.array([0, 1, 1, 0, 1, 0])
    assert_array_equal(regressor().fit(X, y.astype(dtype)).predict(X), regressor().fit(X, y.astype(float)).predict(X))


def test_a_column_is_one_output_that_stays_a_column():
    """As scikit-learn's own regressors have it."""
    said = regressor().fit(X, NUMBERS[:, None]).predict(X)
    assert said.shape == (6, 1)
    assert_array_equal(said[:, 0], regressor().fit(X, NUMBERS).predict(X))


# --- how long predictions are -----------------------------------------------------------------------------------------

OTHERS = draw_sequences([3, 0, 9], 2, seed=1)


@pytest.mark.parametrize(
    ("kind", "lengths"),
    [
        ("arrays", [4, 4, 4]),
        ("sequences of one length", [4, 4, 4]),
        ("longer sequences", [5, 2, 11]),
        ("shorter sequences", [2, 0, 8]),
    ],
)
def test_other_sequences_get_predictions_of_the_length_that_the_rule_gives(kind, lengths, fitted_on):
    assert shapes(fitted_on(kind).predict(OTHERS)) == [(t, 3) for t in lengths]


@pytest.mark.parametrize("kind", ["arrays", "longer sequences", "sequences of no rule"])
def test_a_length_that_is_asked_for_by_name_is_given(kind, fitted_on):
    fitted = fitted_on(kind)
    assert shapes(fitted.predict(OTHERS, 5)) == shapes(fitted.predict(OTHERS, n_timesteps=[5, 5, 5])) == [(5, 3)] * 3
    assert [len(row) for row in list(regressor().fit(X, LONGER).predict(OTHERS, [0, 1, 20]))] == [0, 1, 20]


def test_a_longer_prediction_begins_as_a_shorter_one(fitted_on):
    short, long = (fitted_on("longer sequences").predict(OTHERS, t) for t in (3, 30))
    for a, b in zip(short, long, strict=True):
        assert_array_equal(a, b[:3])


def test_where_lengths_follow_no_rule_they_are_asked_for(fitted_on):
    with pytest.raises(
        ValueError, match="Cannot infer the length of the predictions.*Pass n_timesteps \\(int or array"
    ):
        fitted_on("sequences of no rule").predict(OTHERS)


@pytest.mark.parametrize("kind", ["array of numbers", "vectors"])
def test_numbers_and_vectors_have_no_length(kind, fitted_on):
    with pytest.raises(ValueError, match="n_timesteps=3 has no meaning: y had one value or vector for each sample"):
        fitted_on(kind).predict(X, 3)


@pytest.mark.parametrize("n_timesteps", [-1, 2.0, "2", [1, 2], [1, 2, -3], [[1, 2, 3]]])
def test_other_lengths_are_refused(n_timesteps, fitted_on):
    with pytest.raises(ValueError, match="n_timesteps must be an int or an array of 3 ints, of at least 0, got"):
        fitted_on("longer sequences").predict(OTHERS, n_timesteps)


def test_the_score_takes_the_lengths_from_y(fitted_on):
    """Where `predict` would ask for them, and where it would give others."""
    others = [np.full((t, 3), 10.0) + np.arange(t)[:, None] for t in (4, 1, 6)]
    for kind in ("sequences of no rule", "longer sequences", "arrays"):
        said = [row[:t] for row, t in zip(fitted_on(kind).predict(OTHERS, [4, 1, 6]), (4, 1, 6), strict=True)]
        expected = r2_score(np.concatenate(others), np.concatenate(said))
        assert fitted_on(kind).score(OTHERS, others) == pytest.approx(expected)


# --- the score --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["array of numbers", "vectors", "arrays", "sequences of no rule"])
def test_weights_count_each_timestep_of_a_sequence(kind, fitted_on):
    fitted, y, weights = fitted_on(kind), KINDS[kind](), np.array([1.0, 0.0, 2.0, 0.5, 1.0, 3.0])
    rows = [np.reshape(row, (-1, 1 if np.ndim(row) == 0 else np.shape(row)[-1])) for row in y]
    lengths = [len(row) for row in rows]
    said = np.reshape(
        np.concatenate([np.ravel(row) for row in fitted.predict(X, HOW_LONG.get(kind))]), (sum(lengths), -1)
    )
    expected = r2_score(np.concatenate(rows), said, sample_weight=np.repeat(weights, lengths))
    assert fitted.score(X, y, weights) == pytest.approx(expected, rel=1e-6)
    assert abs(fitted.score(X, y, weights) - fitted.score(X, y)) > 1e-3


def test_it_is_a_regressor_in_scikit_learns_eyes():
    assert is_regressor(regressor())
    tags = regressor().__sklearn_tags__()
    assert tags.target_tags.required
    assert tags.target_tags.multi_output
    assert not tags.regressor_tags.poor_score


# --- the horizon ------------------------------------------------------------------------------------------------------

ENOUGH = draw_sequences([5, 4, 7, 9, 4, 7], 2, seed=0)


def test_a_horizon_is_the_end_of_each_sequence_that_the_rest_is_read_for():
    past, future = [x[:-3] for x in ENOUGH], [x[-3:] for x in ENOUGH]
    forecaster, taught = regressor(horizon=3).fit(ENOUGH), regressor().fit(past, future)
    assert forecaster.history_ == taught.history_
    assert_array_equal(forecaster.predict(ENOUGH), taught.predict(ENOUGH))
    assert_array_equal(forecaster.transform(ENOUGH), taught.transform(ENOUGH))
    assert forecaster.score(ENOUGH) == taught.score(past, future)


def test_what_a_forecaster_says_comes_after_all_of_the_sequence():
    """Of counters, it has learnt to go on counting."""
    counters = [np.arange(i, i + 9.0)[:, None] for i in range(8)]
    settings = {"latent_dim": 16, "epochs": 300, "learning_rate": 0.02, "batch_size": 8}
    fitted = regressor(horizon=2, **settings).fit(counters)
    for x, said in zip(counters[:-2], fitted.predict(counters[:-2]), strict=True):
        assert_allclose(said[:, 0], x[-1] + [1, 2], atol=0.75)


@pytest.mark.parametrize("container", [*CONTAINERS])
def test_a_forecast_is_of_the_kind_of_x(container):
    held = CONTAINERS[container](ENOUGH)
    fitted = regressor(horizon=2, padding_value=-1.0 if "sentinel" in container else None).fit(held)
    said = fitted.predict(held)
    assert shapes(said) == [(2, 2)] * 6
    assert type(said) is (list if container in ("list", "tuple", "object array", "nest") else type(held))


@pytest.mark.parametrize("container", ["table", "pandas", "polars", "list of numbers"])
def test_a_forecast_of_univariate_sequences_has_no_axis_of_features(container):
    univariate = UNIVARIATE_CONTAINERS[container]([x[:, :1] for x in ENOUGH])
    assert shapes(regressor(horizon=2).fit(univariate).predict(univariate)) == [(2,)] * 6


def test_a_forecast_may_be_longer_than_the_horizon():
    fitted = regressor(horizon=2).fit(ENOUGH)
    assert shapes(fitted.predict(ENOUGH, n_timesteps=6)) == [(6, 2)] * 6


def test_sequences_too_short_to_hold_back_from_are_predicted_all_the_same():
    said = regressor(horizon=2).fit(ENOUGH).predict([ENOUGH[0], ENOUGH[0][:1], ENOUGH[0][:0]])
    assert shapes(said) == [(2, 2)] * 3


@pytest.mark.parametrize("length", [0, 1, 2])
@pytest.mark.parametrize("verb", ["fit", "partial_fit", "score"])
def test_a_sequence_with_nothing_before_its_horizon_is_refused(verb, length):
    estimator = regressor(horizon=2).fit(ENOUGH)
    with pytest.raises(ValueError, match=rf"X\[1\] has {length} timesteps, but horizon=2 requires at least 3"):
        getattr(estimator, verb)([ENOUGH[0], ENOUGH[1][:length]])


@pytest.mark.parametrize("verb", ["fit", "partial_fit", "score"])
def test_a_horizon_and_a_y_are_one_too_many(verb):
    estimator = regressor(horizon=2).fit(ENOUGH)
    with pytest.raises(ValueError, match="y and horizon=2 both say what to predict: give only one of them"):
        getattr(estimator, verb)(ENOUGH, NUMBERS)


@pytest.mark.parametrize("verb", ["fit", "partial_fit", "score"])
def test_neither_a_horizon_nor_a_y_is_one_too_few(verb, fitted_on):
    estimator = clone(regressor()).fit(X, NUMBERS)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        getattr(estimator, verb)(X)


@pytest.mark.parametrize("horizon", [0, -1, 1.5, "2"])
def test_another_horizon_is_refused(horizon):
    with pytest.raises(ValueError, match="The 'horizon' parameter of CompositeSequenceRegressor must be an int"):
        regressor(horizon=horizon).fit(ENOUGH)


def test_a_horizon_set_after_fit_changes_nothing_before_the_next(fitted_on):
    said, score = (regressor(horizon=2).fit(ENOUGH).predict(ENOUGH), regressor(horizon=2).fit(ENOUGH).score(ENOUGH))
    fitted = regressor(horizon=2).fit(ENOUGH).set_params(horizon=3)
    assert_array_equal(fitted.predict(ENOUGH), said)
    assert fitted.score(ENOUGH) == score
    assert shapes(fitted.fit(ENOUGH).predict(ENOUGH)) == [(3, 2)] * 6


def test_a_forecaster_is_cross_validated_and_searched_without_y():
    many = draw_sequences([6] * 12, 2, seed=0)
    scores = cross_val_score(regressor(horizon=2), many, cv=3, error_score="raise")
    folds = [
        regressor(horizon=2).fit([many[i] for i in train]).score([many[i] for i in test])
        for train, test in KFold(3).split(many)
    ]
    assert_array_equal(scores, folds)
    search = GridSearchCV(regressor(horizon=2), {"reconstruction_weight": [0.0, 0.5]}, cv=3, error_score="raise")
    assert shapes(search.fit(many).predict(many[:2])) == [(2, 2)] * 2


# --- reconstruction and prediction ------------------------------------------------------------------------------------


def test_a_regressor_that_only_reconstructs_encodes_as_an_autoencoder():
    autoencoder = LSTMAutoencoderTransformer(latent_dim=3, epochs=2, random_state=0).fit(X)
    composite = regressor(reconstruction_weight=1.0).fit(X, NUMBERS)
    assert_allclose(composite.history_["reconstruction_loss"][0], autoencoder.history_["loss"][0], rtol=1e-6)
    assert_allclose(composite.reconstruction_error(X), autoencoder.reconstruction_error(X), rtol=0.2)


@pytest.mark.parametrize(("weight", "said"), [(0.0, "prediction"), (1.0, "reconstruction")])
def test_a_decoder_that_counts_nothing_learns_nothing(weight, said):
    fitted = regressor(reconstruction_weight=weight, epochs=20, learning_rate=0.02).fit(X, VECTORS)
    assert fitted.history_["loss"] == fitted.history_[f"{said}_loss"]
    (other,) = {"prediction", "reconstruction"} - {said}
    first, second = (regressor(reconstruction_weight=weight, epochs=n).fit(X, VECTORS)._weights for n in (1, 9))
    for a, b in zip(first[other], second[other], strict=True):
        assert_array_equal(a, b)
    assert any(not np.array_equal(a, b) for a, b in zip(first[said], second[said], strict=True))


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_loss_is_shared_out_by_the_weight(weight):
    history = regressor(reconstruction_weight=weight).fit(X, NUMBERS).history_
    parts = np.array([history["reconstruction_loss"], history["prediction_loss"]])
    assert_allclose(history["loss"], np.array([weight, 1 - weight]) @ parts, rtol=1e-6)


def test_reconstructions_and_their_errors_are_those_of_x(fitted_on):
    for kind in ("array of numbers", "arrays", "sequences of no rule"):
        fitted = fitted_on(kind)
        said = fitted.reconstruct(X)
        assert shapes(said) == [(t, 2) for t in LENGTHS]
        std = np.concatenate(X).std(axis=0)
        squares = [((x - s) / std) ** 2 for x, s in zip(X, said, strict=True)]
        assert_allclose(fitted.reconstruction_error(X), [e.mean() for e in squares])
        assert_allclose(fitted.reconstruction_error(X, reduction="feature"), [e.mean(axis=0) for e in squares])
        for got, e in zip(fitted.reconstruction_error(X, reduction="timestep"), squares, strict=True):
            assert_allclose(got, e.mean(axis=1))
    forecaster = regressor(horizon=2).fit(ENOUGH)
    assert shapes(forecaster.reconstruct(ENOUGH)) == shapes(ENOUGH)


def test_an_early_stop_watches_both_decoders():
    many, y = draw_sequences(range(2, 32), 2, seed=3), np.arange(30.0)
    settings = {"early_stopping": True, "validation_fraction": 0.3, "learning_rate": 1.0, "epochs": 30, "tol": 0.0}
    fitted = regressor(**settings, n_iter_no_change=3).fit(many, y)
    names = [f"{prefix}{head}loss" for prefix in ("", "val_") for head in ("", "reconstruction_", "prediction_")]
    assert sorted(fitted.history_) == sorted(names)
    assert fitted.n_iter_ == len(fitted.history_["val_loss"]) < 30


def test_a_decoder_function_is_called_for_both_longest_lengths_and_widths():
    calls = []

    def decoder(n_timesteps, latent_dim, n_features):
        calls.append((n_timesteps, latent_dim, n_features))
        size = n_timesteps * n_features
        layers = [keras.layers.Dense(size), keras.layers.Reshape((n_timesteps, n_features))]
        return keras.Sequential([keras.Input((latent_dim,)), *layers])

    fitted = regressor(decoder=decoder).fit(X, LONGER)
    assert calls == [(7, 3, 2), (9, 3, 3)]
    assert shapes(fitted.predict(X)) == shapes(LONGER)
    with pytest.raises(ValueError, match="has 10 timesteps to decode.*called for 9, the longest in training"):
        fitted.predict(X, 10)


# --- scikit-learn -----------------------------------------------------------------------------------------------------


def test_a_transformed_target_is_said_in_its_own_units():
    y = np.exp(np.linspace(0, 5, 6))
    whole = TransformedTargetRegressor(regressor(), func=np.log, inverse_func=np.exp).fit(X, y)
    assert_allclose(whole.predict(X), np.exp(regressor().fit(X, np.log(y)).predict(X)), rtol=1e-6)
    scaled = TransformedTargetRegressor(regressor(), transformer=StandardScaler()).fit(X, VECTORS)
    assert scaled.predict(X).shape == (6, 3)


@pytest.mark.parametrize("kind", ["array of numbers", "vectors", "arrays", "longer sequences", "Sequences"])
def test_every_kind_of_y_is_cut_into_folds(kind):
    y = KINDS[kind]()
    scores = cross_val_score(regressor(), X, y, cv=KFold(3), error_score="raise")
    expected = []
    for train, test in KFold(3).split(X):
        cut = [y[rows] if hasattr(y, "shape") else [y[i] for i in rows] for rows in (train, test)]
        expected.append(regressor().fit([X[i] for i in train], cut[0]).score([X[i] for i in test], cut[1]))
    assert_array_equal(scores, expected)


def test_predictions_of_folds_are_those_of_their_own_regressors():
    said = cross_val_predict(regressor(), X, VECTORS, cv=KFold(2))
    by_hand = [regressor().fit(X[3:], VECTORS[3:]).predict(X[:3]), regressor().fit(X[:3], VECTORS[:3]).predict(X[3:])]
    assert_array_equal(said, np.concatenate(by_hand))


def test_one_fitted_object_feeds_a_pipeline():
    labels = np.arange(6) % 2
    pipeline = make_pipeline(regressor(), StandardScaler(), LogisticRegression()).fit(X, labels)
    encodings = regressor().fit(X, labels).transform(X)
    assert_array_equal(pipeline[:1].transform(X), encodings)
    assert_array_equal(
        pipeline.predict(X),
        LogisticRegression()
        .fit(StandardScaler().fit_transform(encodings), labels)
        .predict(StandardScaler().fit_transform(encodings)),
    )
    names = [f"compositesequenceregressor{i}" for i in range(3)]
    assert regressor().fit(X, labels).get_feature_names_out().tolist() == names


def test_the_weight_of_the_reconstruction_can_be_searched():
    search = GridSearchCV(regressor(), {"reconstruction_weight": [0.0, 0.5, 1.0]}, cv=KFold(2), error_score="raise")
    scores = search.fit(X, VECTORS).cv_results_["mean_test_score"]
    assert len(set(scores)) == 3


# --- going on ---------------------------------------------------------------------------------------------------------


def test_parts_of_the_data_may_be_trained_on_in_turn():
    fitted = regressor()
    for _ in range(3):
        fitted.partial_fit(X[:3], VECTORS[:3]).partial_fit(X[3:], VECTORS[3:])
    assert fitted.n_iter_ == 6
    assert fitted.predict(X).shape == (6, 3)


def test_the_scaling_of_y_is_that_of_the_first_call():
    fitted = regressor(learning_rate=1e-12).partial_fit(X, NUMBERS)
    said = fitted.predict(X)
    fitted.partial_fit(X, NUMBERS * 1000)
    assert_allclose(fitted.predict(X), said, rtol=1e-6)
    assert fitted.history_["prediction_loss"][1] > 1000 * fitted.history_["prediction_loss"][0]


@pytest.mark.parametrize(("then", "lengths"), [(LONGER, [t + 2 for t in LENGTHS]), (OF_NO_RULE, None)])
def test_a_rule_of_lengths_holds_as_long_as_every_call_keeps_it(then, lengths):
    fitted = regressor().partial_fit(X[:3], LONGER[:3]).partial_fit(X, then)
    if lengths is None:
        with pytest.raises(ValueError, match="Cannot infer the length of the predictions"):
            fitted.predict(X)
    else:
        assert [len(row) for row in fitted.predict(X)] == lengths


@pytest.mark.parametrize("verb", ["partial_fit", "score"])
@pytest.mark.parametrize(("y", "count"), [(NUMBERS, 1), (VECTORS[:, :2], 2), (ARRAYS[:, :, :1], 1)])
def test_another_number_of_outputs_is_refused(verb, y, count):
    fitted = regressor().fit(X, VECTORS)
    with pytest.raises(ValueError, match=f"y has {count} features or outputs, but .* was fitted on 3"):
        getattr(fitted, verb)(X, y)


@pytest.mark.parametrize("verb", ["partial_fit", "score"])
@pytest.mark.parametrize(("first", "second"), [(VECTORS, ARRAYS), (ARRAYS, VECTORS), (NUMBERS, NUMBERS[:, None, None])])
def test_another_kind_of_y_is_refused(verb, first, second):
    fitted = regressor().fit(X, first)
    with pytest.raises(ValueError, match="y is of another kind"):
        getattr(fitted, verb)(X, second)


# --- what is refused --------------------------------------------------------------------------------------------------

WITH_NAN, WITH_INF = NUMBERS.copy(), VECTORS.copy()
WITH_NAN[2], WITH_INF[4, 1] = np.nan, np.inf
INSIDE = ARRAYS.copy()
INSIDE[3, 1, 0] = np.nan
BAD = {
    "none": (None, ValueError, "requires y to be passed, but the target y is None"),
    "fewer": (NUMBERS[:5], ValueError, "inconsistent numbers of samples: .*6.*5"),
    "fewer sequences": (LONGER[:5], ValueError, "inconsistent numbers of samples: .*6.*5"),
    "more": (np.zeros(7), ValueError, "inconsistent numbers of samples: .*6.*7"),
    "NaN": (WITH_NAN, ValueError, r"y\[\d+\] has NaN"),
    "inf": (WITH_INF, ValueError, r"y\[\d+\] has inf"),
    "NaN inside": (INSIDE, ValueError, r"y\[3\] has NaN at timestep 1, feature 0"),
    "NaN in a list": ([*LONGER[:2], LONGER[2] * np.nan, *LONGER[3:]], ValueError, r"y\[2\] has NaN at timestep 0"),
    "strings": (list("abcdef"), TypeError, r"y\[0\] is of type str"),
    "string among numbers": ([1.0, 2.0, "c", 4.0, 5.0, 6.0], TypeError, r"y\[2\] is of type str"),
    "strings in arrays": ([np.array(["a", "b"])] * 6, TypeError, r"y\[0\], timestep 0 is 'a'"),
    "complex": (NUMBERS + 1j, ValueError, r"y\[0\] is .*Complex data not supported"),
    "complex sequences": (ARRAYS + 1j, ValueError, r"y\[0\], timestep 0, feature 0 is .*Complex data not supported"),
    "dates": (np.array(["2020-01-01"] * 6, "M8[D]"), TypeError, r"y\[0\] is of type datetime64\[D\]"),
    "4-D": (np.zeros((6, 2, 3, 4)), ValueError, r"\by\b.* 4-D of shape \(6, 2, 3, 4\)"),
    "mixed outputs": ([*LONGER[:5], np.zeros((3, 2))], ValueError, r"y\[5\] has 2 features"),
    "empty": ([], ValueError, r"\by\b.*0 sample"),
    "no outputs": (np.zeros((6, 0)), ValueError, r"0 feature\(s\) \(shape=\(6, 0\)\)"),
    "all empty": ([np.zeros((0, 3))] * 6, ValueError, r"\by\b.*empty"),
    "a dict": ({"a": 1}, TypeError, "y is of type dict"),
    "overflow": ([np.full((2, 3), 1e300)] * 6, ValueError, r"y\[0\] has 1e\+300 at timestep 0.*overflows float32"),
    "overflow of numbers": (NUMBERS * 1e200, ValueError, r"y\[0\].*overflows float32"),
    "masked": (np.ma.masked_equal(NUMBERS, NUMBERS[0]), TypeError, "y is a masked array"),
}


@pytest.mark.parametrize(("y", "error", "message"), BAD.values(), ids=BAD)
def test_a_bad_y_is_refused_and_named(y, error, message):
    estimator = regressor()
    with pytest.raises(error, match=message):
        estimator.fit(X, y)
    assert not hasattr(estimator, "history_")


def test_a_y_too_far_for_float32_is_named():
    with pytest.raises(ValueError, match=r"y\[2\].*float32"):
        regressor().fit(X, LONGER).partial_fit(X, [*LONGER[:2], np.full((9, 3), 1e38) * 9, *LONGER[3:]])


def test_targets_all_empty_where_weights_are_above_zero_are_refused():
    y = [row if i else row[:0] for i, row in enumerate(LONGER)]
    with pytest.raises(ValueError, match="All targets with a sample_weight above zero are empty"):
        regressor().fit(X, y, sample_weight=[1, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("weight", [-0.1, 1.1, "half"])
def test_a_weight_out_of_range_is_refused(weight):
    with pytest.raises(ValueError, match="The 'reconstruction_weight' parameter of CompositeSequenceRegressor must be"):
        regressor(reconstruction_weight=weight).fit(X, NUMBERS)


def test_probabilities_need_a_y_from_0_to_1():
    with pytest.raises(ValueError, match=r"y\[0\] has .* at timestep 0, feature 0, but loss='binary_crossentropy'"):
        regressor(loss="binary_crossentropy", scale=None).fit(X, NUMBERS)
    said = regressor(loss="binary_crossentropy", scale=None).fit(X, np.arange(6) % 2).predict(X)
    assert said.min() > 0
    assert said.max() < 1


# --- the Keras models that are given away -----------------------------------------------------------------------------


def x_and_mask(arrays):
    """Right-padded float32 arrays, as anybody would write them."""
    mask = ~np.isnan(padded(arrays)[:, :, 0])
    return [np.nan_to_num(padded(arrays)).astype(np.float32), mask.astype(np.float32)]


def assert_equal_where_real(got, expected, **tolerance):
    for a, b in zip(np.asarray(got), expected, strict=True):
        b = np.reshape(b, (-1, a.shape[-1]))
        assert_allclose(a[: len(b)], b, **tolerance)


@pytest.mark.parametrize(
    "kind", ["array of numbers", "vectors", "arrays", "longer sequences", "shorter sequences", "sequences of no rule"]
)
def test_the_models_say_what_the_verbs_say(kind, fitted_on):
    fitted, y_lengths = fitted_on(kind), HOW_LONG.get(kind)
    inputs, Z = x_and_mask(X), fitted.transform(X)
    further = [] if y_lengths is None else [x_and_mask(OF_NO_RULE)[1]]
    reconstructed, predicted = fitted.reconstruct(X), fitted.predict(X, y_lengths)
    scale = np.abs(np.concatenate([np.ravel(row) for row in predicted])).max()

    assert_allclose(fitted.encoder_(inputs), Z, atol=1e-5)
    for said in (fitted.model_([*inputs, *further]), fitted.decoder_([Z.astype(np.float32), inputs[1], *further])):
        assert sorted(said) == ["prediction", "reconstruction"]
        assert_equal_where_real(said["reconstruction"], reconstructed, atol=1e-5)
        assert_equal_where_real(said["prediction"], predicted, atol=1e-5 * max(scale, 1))


@each_case
def test_the_models_of_every_case_say_what_the_verbs_say(case):
    fitted, arrays = case.fitted(), case.training_set
    said = fitted.model_(x_and_mask(arrays))
    assert_allclose(fitted.encoder_(x_and_mask(arrays)), fitted.transform(arrays), atol=1e-5)
    assert_equal_where_real(said["reconstruction"], fitted.reconstruct(arrays), atol=1e-5)
    assert_equal_where_real(said["prediction"], fitted.predict(arrays), rtol=1e-5, atol=1e-5)


def test_the_models_of_a_forecaster_say_the_horizon_after_all_of_x():
    fitted = regressor(horizon=3).fit(ENOUGH)
    said = fitted.model_(x_and_mask(ENOUGH))["prediction"]
    assert_allclose(said, np.stack(fitted.predict(ENOUGH)), atol=1e-5)


# --- it learns --------------------------------------------------------------------------------------------------------


def test_it_forecasts_waves_better_than_a_line_through_the_last_steps():
    rng = np.random.default_rng(0)
    starts, speeds = rng.uniform(0, 6, size=120), rng.uniform(0.5, 0.9, size=120)
    waves = [np.sin(a + b * np.arange(rng.integers(14, 22)))[:, None] for a, b in zip(starts, speeds, strict=True)]
    fitted = regressor(latent_dim=24, horizon=3, epochs=120, learning_rate=0.01).fit(waves[:80])

    ends, futures = (np.array([x[part, 0] for x in waves]) for part in (slice(-7, -3), slice(-3, None)))
    linear = LinearRegression().fit(ends[:80], futures[:80])

    assert fitted.score(waves[80:]) > 0.8
    assert fitted.score(waves[80:]) > linear.score(ends[80:], futures[80:]) - 0.2


def test_predictions_may_be_written_to():
    for y in (NUMBERS, VECTORS, ARRAYS, LONGER):
        said = regressor().fit(X, y).predict(X)
        said[0] *= 2


def test_an_array_is_as_long_as_was_asked_for():
    assert regressor().fit(X, ARRAYS).predict(X, n_timesteps=1).shape == (6, 1, 3)


def test_a_list_of_numpy_numbers_is_a_number_each():
    assert_array_equal(regressor().fit(X, list(NUMBERS)).predict(X), regressor().fit(X, NUMBERS).predict(X))
