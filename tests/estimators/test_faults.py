"""After a fault anywhere in training there is the old state, and the next fit gives the bits of always."""

import copy

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder
from tests.estimators.test_outlier import MeanDistance
from tests.stress.faults import X, make, ways
from tests.support.estimators import quick
from tests.support.faults import ERRORS, Interrupter, contents, list_fault_points, fault_injection, state, differing_attributes, differences_after_fault


@pytest.fixture(scope="module", autouse=True)
def of_tests():
    with fault_injection():
        yield


def troubles(estimator, train, n_points):
    """Return what some faults leave, by place and time, and how many were tried."""
    expected, there = contents(train(copy.deepcopy(estimator))), list_fault_points(estimator, train)
    chosen = [there[i] for i in np.random.RandomState(0).permutation(len(there))[:n_points]]
    left = {
        (place, time): differences_after_fault(estimator, train, place, time, ERRORS[i % 3], expected)
        for i, (place, time) in enumerate(chosen)
    }
    return {point: wrong for point, wrong in left.items() if wrong}, len(left)


@pytest.mark.parametrize("way", range(3), ids=["fit", "refit", "warm start"])
def test_a_fault_at_any_place_leaves_the_old_state_and_the_next_fit_its_bits(way):
    estimator, train = list(ways("dense"))[way]
    assert troubles(estimator, train, n_points=30) == ({}, 30)


def test_a_fault_in_partial_fit_leaves_the_old_state_and_the_next_its_bits():
    *_, (estimator, train) = ways("regressor")
    assert troubles(estimator, train, n_points=15) == ({}, 15)


def test_a_fault_in_a_detectors_autoencoder_leaves_the_detector_as_it_was():
    detector = SequenceOutlierDetector(make("prediction")[0])
    assert troubles(detector, lambda each: each.fit(X), n_points=10) == ({}, 10)


STEPS = [SequenceOutlierDetector(MeanDistance()), PerTimestep(StandardScaler()), SequencePadder(), Resampler(3)]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_an_interrupt_at_any_line_of_a_step_leaves_the_old_state_or_the_new(step):
    fitted = clone(step).fit([x[1:, :1] for x in X])
    old, new = contents(fitted), contents(copy.deepcopy(fitted).fit(X))
    assert old != new
    left = set()
    for line in range(1, Interrupter(-1).run(copy.deepcopy(fitted).fit, X) + 1):
        tried = copy.deepcopy(fitted)
        Interrupter(line).run(tried.fit, X)
        assert contents(tried) in (old, new), line
        left.add(contents(tried) == new)
    assert left == {False, True}


def test_a_generator_that_is_a_parameter_is_put_back_after_a_failure_and_advances_otherwise():
    generator = np.random.RandomState(3)
    estimator, before = LSTMAutoencoderTransformer(2, epochs=1, random_state=generator), state_of(generator)
    with pytest.raises(ValueError, match="objective='prediction' needs a sequence of 2 timesteps"):
        estimator.set_params(objective="prediction").fit([[1.0], [2.0]])
    assert state_of(generator) == before
    estimator.set_params(objective="reconstruction").fit(X)
    assert state_of(generator) != before


def state_of(generator):
    return joblib.hash(generator.get_state())


def test_a_state_of_the_optimizer_that_is_infinite_is_a_divergence():
    """Gradients whose squares overflow move no weight, and never would again; a file would be refused."""
    far = [1e22 * x for x in X]
    still = {"scale": None, "clipnorm": None, "loss": "mae", "activation": "linear", "epochs": 1, "random_state": 0}
    estimator = LSTMAutoencoderTransformer(2, **still)
    before = state(estimator)
    with pytest.raises(ValueError, match="diverged in epoch 1: .* the optimizer state .* Lower learning_rate"):
        estimator.fit(far)
    assert differing_attributes(state(estimator), before) == []


def test_partial_fit_refuses_to_go_on_with_another_optimizer():
    """Whose state is another: `fit` starts afresh."""
    estimator = quick(LSTMAutoencoderTransformer, latent_dim=3).fit(X).set_params(optimizer="sgd")
    before = state(estimator)
    with pytest.raises(ValueError, match="SGD cannot resume from the state of another optimizer"):
        estimator.partial_fit(X)
    assert not differing_attributes(state(estimator), before)
    estimator.fit(X).partial_fit(X)
