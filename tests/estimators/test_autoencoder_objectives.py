"""LSTMAutoencoderTransformer: the objectives, and errors and scores of reconstruction and prediction."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.estimators.autoencoders import LENGTHS, X, autoencoder, shapes
from tests.support.containers import padded
from tests.support.outputs import assert_same_bits, outputs

# --- prediction of the next timestep ----------------------------------------------------------------------------------


def test_predict_next_is_aligned_with_all_but_the_first_timestep():
    """For a counter, the prediction is the next value, not the current or the previous one."""
    counters = [np.arange(t, dtype=float)[:, None] for t in (6, 7, 8)]
    fitted = autoencoder(objective="prediction", latent_dim=8, epochs=400, learning_rate=0.02).fit(counters)
    for x, predicted in zip(counters, fitted.predict_next(counters), strict=True):
        assert_allclose(predicted, x[1:], atol=0.3)


@pytest.mark.parametrize("objective", ["prediction", "composite"])
def test_predict_next_returns_no_timestep_for_sequences_of_one_or_none(objective):
    fitted = autoencoder(objective=objective).fit([*X, X[0][:0]])
    one, none = X[0][:1], X[0][:0]
    assert shapes(fitted.predict_next([one])) == [(0, 2)]
    assert shapes(fitted.predict_next([one, none, X[0]])) == [(0, 2), (0, 2), (4, 2)]
    assert fitted.predict_next(padded([one, one])).shape == (2, 0, 2)
    assert (autoencoder(objective="prediction").fit(X).score_samples([one, none, one]) == 0).all()


def test_reverse_has_no_effect_on_prediction():
    forward, reverse = (autoencoder(objective="prediction", reverse=value).fit(X) for value in (False, True))
    assert reverse.history_ == forward.history_
    assert_same_bits(outputs(reverse, X), outputs(forward, X))


@pytest.mark.parametrize("objective", ["prediction", "composite"])
def test_prediction_requires_a_sequence_of_two_timesteps(objective):
    with pytest.raises(ValueError, match=f"objective='{objective}' needs a sequence of 2 timesteps or more.* has 1"):
        autoencoder(objective=objective).fit([x[:1] for x in X])


@pytest.mark.parametrize("reverse", [True, False])
def test_reconstructions_are_in_the_order_of_time(reverse):
    """With one constant value for each timestep, which is easy to learn and differs from its reverse."""
    counters = [np.arange(6, dtype=float)[:, None]] * 4
    fitted = autoencoder(reverse=reverse, latent_dim=8, epochs=400, learning_rate=0.02).fit(counters)
    assert_allclose(fitted.reconstruct(counters[:1])[0], counters[0], atol=0.3)


@pytest.mark.parametrize(
    ("objective", "missing"),
    [
        ("prediction", ["reconstruct", "inverse_transform", "reconstruction_error"]),
        ("reconstruction", ["predict_next"]),
        ("composite", []),
    ],
)
def test_methods_exist_only_for_the_decoders_of_the_objective(objective, missing):
    methods = ["reconstruct", "inverse_transform", "reconstruction_error", "predict_next", "score_samples", "score"]
    unfitted = autoencoder(objective=objective)
    fitted = autoencoder(objective=objective).fit(X).set_params(objective="composite")
    for estimator in (unfitted, fitted):
        absent = [method for method in methods if not hasattr(estimator, method)]
        assert absent == sorted(missing, key=methods.index)
    for method in missing:
        with pytest.raises(AttributeError, match=method) as error:
            getattr(unfitted, method)
        assert f"objective='{objective}'" in str(error.value.__cause__)


# --- errors and scores ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[{}, {"scale": None, "loss": "mae"}], ids=["scaled", "raw"])
def numpy_errors(request):
    """Return an autoencoder, sequences, and their squared errors in units of the weighted standard deviation."""
    in_other_units = [x * [1.0, 100.0] for x in X]
    weights = np.arange(1.0, 7.0)
    fitted = autoencoder(objective="composite", **request.param).fit(in_other_units, sample_weight=weights)
    values, repeated = np.concatenate(in_other_units), np.repeat(weights, LENGTHS)
    std = np.sqrt(np.cov(values.T, aweights=repeated, ddof=0).diagonal())
    with_empty = [*in_other_units, in_other_units[0][:0]]
    decoded = fitted.reconstruct(with_empty)
    return fitted, with_empty, [((x - d) / std) ** 2 for x, d in zip(with_empty, decoded, strict=True)]


def test_errors_are_mean_squares_in_units_of_the_standard_deviation_in_training(numpy_errors):
    fitted, arrays, squares = numpy_errors
    filled = squares[:-1]  # the empty sequence has errors of zero
    expected_by_feature = [*(e.mean(axis=0) for e in filled), [0, 0]]
    assert_allclose(fitted.reconstruction_error(arrays), [*(e.mean() for e in filled), 0])
    assert_allclose(fitted.reconstruction_error(arrays, reduction="feature"), expected_by_feature)
    for actual, e in zip(fitted.reconstruction_error(arrays, reduction="timestep"), squares, strict=True):
        assert_allclose(actual, e.mean(axis=1))


def test_scores_are_negative_errors(numpy_errors):
    fitted, arrays, _ = numpy_errors
    errors, weights = fitted.reconstruction_error(arrays), np.arange(len(arrays))
    assert_array_equal(fitted.score_samples(arrays), -errors)
    assert fitted.score(arrays) == pytest.approx(-errors.mean())
    assert fitted.score(arrays, sample_weight=weights) == pytest.approx(-np.average(errors, weights=weights))


def test_scores_with_the_prediction_objective_are_negative_errors_of_predictions():
    fitted = autoencoder(objective="prediction").fit(X)
    std = np.concatenate(X).std(axis=0)
    squares = [((x[1:] - p) / std) ** 2 for x, p in zip(X, fitted.predict_next(X), strict=True)]
    expected = [-e.mean() if e.size else 0 for e in squares]
    assert_allclose(fitted.score_samples(X), expected)
    assert fitted.score(X) == pytest.approx(np.mean(expected))


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="must be one of 'sample', 'timestep', 'feature', 'none', got 'mean'"):
        autoencoder().fit(X).reconstruction_error(X, reduction="mean")
