"""`partial_fit`, `warm_start`, parameters set after `fit`, and sample weights of zero."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.estimators.exact_state import exact_state
from tests.estimators.selections import NO_LEARNING, PLAIN_WITH_PARTIAL_FIT, WITH_PARTIAL_FIT, each, select
from tests.support.combinations import CASES, PLAIN
from tests.support.outputs import assert_same_bits, outputs
from tests.support.strategies import property_settings

PLAIN_AUTOENCODERS = select(lambda case: case.supported(loss="mse"), PLAIN_WITH_PARTIAL_FIT)

# --- partial_fit ------------------------------------------------------------------------------------------------------


@each(WITH_PARTIAL_FIT)
@property_settings(max_examples=2)
@given(st.data())
def test_k_calls_of_partial_fit_equal_a_fit_of_k_epochs(case, data):
    arrays, k = data.draw(case.sequences()), data.draw(st.integers(1, 4))
    expected = case.fit(arrays, epochs=k, early_stopping=False)
    estimator = case.make()
    for _ in range(k):
        estimator = case.resume(pickle.loads(pickle.dumps(estimator)), arrays)

    assert estimator.history_ == expected.history_
    assert estimator.n_iter_ == expected.n_iter_ == k
    assert_resumed(estimator, expected, arrays)


@each(PLAIN_WITH_PARTIAL_FIT)
def test_partial_fit_continues_after_fit(case):
    X = case.training_set
    assert_resumed(case.resume(case.fit(X, epochs=2), X), case.fit(X, epochs=3), X)


def assert_resumed(estimator, expected, X):
    """Compare outputs; of a logistic regression, which starts from the one before, what it reads."""
    state, expected_state = estimator._fitted, expected._fitted
    if "readout" in state.weights and "label" in state.weights:
        one, other = ({**each.weights, "readout": []} for each in (state, expected_state))
        assert_same_bits(one, other)
    else:
        assert_same_bits(outputs(estimator, X), outputs(expected, X))


@each(PLAIN_AUTOENCODERS)
def test_partial_fit_keeps_the_scaling_of_the_first_call(case):
    X = case.training_set
    in_other_units = [x * 50 + 1000 for x in X]
    fitted = case.resume(case.make(**NO_LEARNING), X)
    before = np.concatenate([np.ravel(x) for x in fitted.reconstruct(X)])
    after = np.concatenate([np.ravel(x) for x in case.resume(fitted, in_other_units).reconstruct(X)])
    assert_allclose(after, before, atol=1e-6)
    assert np.ptp(fitted.history_["loss"]) > 1e3


# --- warm_start -------------------------------------------------------------------------------------------------------


@each(PLAIN)
def test_warm_start_keeps_the_weights(case):
    X = case.training_set
    fitted = case.fit(X, random_state=1, epochs=5)
    encodings = case.encode(fitted, X)
    case.train(fitted.set_params(warm_start=True, random_state=2, **NO_LEARNING), "fit", X)
    assert_allclose(case.encode(fitted, X), encodings, atol=1e-6)
    assert fitted.n_iter_ == len(fitted.history_["loss"]) == 1


@each(PLAIN_WITH_PARTIAL_FIT)
def test_warm_start_resets_the_optimizer(case):
    """The steps of Adagrad become smaller with the sum of all squared gradients; here that sum grows without steps."""
    X = case.training_set
    one_batch = {"batch_size": len(X), "optimizer": "adagrad", "optimizer__initial_accumulator_value": 1e-12}
    large_steps = {"learning_rate": 0.002, "epochs": 3}
    fresh = case.fit(X, **one_batch, **large_steps)
    trained = case.fit(X, **one_batch, learning_rate=1e-30, epochs=20).set_params(**large_steps)
    resumed = case.resume(case.resume(copy.deepcopy(trained), X), X)
    warm = case.train(trained.set_params(warm_start=True), "fit", X)

    first, second = fresh.history_["loss"][:2]
    assert_allclose(warm.history_["loss"], fresh.history_["loss"], rtol=1e-5)
    assert first - resumed.history_["loss"][-1] < 0.5 * (first - second)


OTHER_ARCHITECTURES = {
    f"{name}-{parameter}": (case, {parameter: value})
    for name, case in PLAIN.items()
    for parameter, value in case.supported(
        latent_dim=4,
        units=7,
        cell="gru",
        bidirectional=case.make().get_params().get("bidirectional") is False,  # None is True for one label
        decoder="conditional",
        hidden_layer_sizes=(7,),
    ).items()
}


@pytest.mark.parametrize(("case", "change"), OTHER_ARCHITECTURES.values(), ids=OTHER_ARCHITECTURES)
def test_warm_start_refuses_another_architecture(case, change):
    fitted = copy.deepcopy(case.fitted()).set_params(warm_start=True, **change)
    before = exact_state(fitted)
    with pytest.raises(ValueError, match=f"warm_start=True.*{next(iter(change))}"):
        case.train(fitted, "fit", case.training_set)
    assert exact_state(fitted) == before


@each(PLAIN)
def test_warm_start_refuses_another_number_of_features(case):
    fitted = copy.deepcopy(case.fitted()).set_params(warm_start=True)
    with pytest.raises(ValueError, match="warm_start=True.*n_features"):
        case.train(fitted, "fit", [x[..., :1] for x in case.training_set])


# --- parameters and weights -------------------------------------------------------------------------------------------


@each(PLAIN)
def test_parameters_set_after_fit_have_no_effect_before_the_next_fit(case):
    X = case.training_set
    fitted = copy.deepcopy(case.fitted())
    fitted.set_params(**case.width_parameters(9, layers=(2, 2)), activation="linear", scale=None)
    fitted.set_params(**case.supported(padding_value=0.5, loss="mae", reverse=False, decoder="conditional", horizon=2))
    fitted.set_params(**case.supported(cell="gru", bidirectional=True, tokens=True, latent_activation="tanh"))
    assert_same_bits(outputs(fitted, X), outputs(case.fitted(), X))


@each(CASES)
def test_weights_of_zero_are_equivalent_to_removing_samples(case):
    X = case.training_set
    weights = np.ones(len(X))
    weights[[1, 4, 5]] = 0
    with_outliers = [x if w else case.make_outlier(x) for x, w in zip(X, weights, strict=True)]
    weighted_samples = [x for x, w in zip(X, weights, strict=True) if w]

    weighted, removed = case.fit(with_outliers, weights), case.fit(weighted_samples)

    assert weighted.history_ == removed.history_
    assert_same_bits(outputs(weighted, weighted_samples), outputs(removed, weighted_samples))
