"""After a fault anywhere in training, the state is unchanged, and the next fit gives the same bits as without it."""

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
from tests.support.faults import (
    ERRORS,
    Interrupter,
    contents,
    differences_after_fault,
    differing_attributes,
    fault_injection,
    list_fault_points,
    state,
)


@pytest.fixture(scope="module", autouse=True)
def injected_faults():
    with fault_injection():
        yield


def differences_after_faults(estimator, train, n_points):
    """Return the unexpected differences after faults at some points, by point and time, and the number of faults."""
    expected, points = contents(train(copy.deepcopy(estimator))), list_fault_points(estimator, train)
    chosen = [points[i] for i in np.random.RandomState(0).permutation(len(points))[:n_points]]
    differences = {
        (point, time): differences_after_fault(estimator, train, point, time, ERRORS[i % 3], expected)
        for i, (point, time) in enumerate(chosen)
    }
    return {point: found for point, found in differences.items() if found}, len(differences)


@pytest.mark.parametrize("way", range(3), ids=["fit", "refit", "warm start"])
def test_faults_in_fit_keep_the_state_and_the_next_fit_gives_the_same_bits(way):
    estimator, train = list(ways("dense"))[way]
    assert differences_after_faults(estimator, train, n_points=30) == ({}, 30)


def test_faults_in_partial_fit_keep_the_state_and_the_next_call_gives_the_same_bits():
    *_, (estimator, train) = ways("regressor")
    assert differences_after_faults(estimator, train, n_points=15) == ({}, 15)


def test_faults_in_the_autoencoder_of_a_detector_keep_the_state_of_the_detector():
    detector = SequenceOutlierDetector(make("prediction")[0])
    assert differences_after_faults(detector, lambda each: each.fit(X), n_points=10) == ({}, 10)


STEPS = [
    SequenceOutlierDetector(MeanDistance(), method="error"),
    PerTimestep(StandardScaler()),
    SequencePadder(),
    Resampler(3),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_an_interrupt_at_any_line_of_fit_leaves_the_previous_or_the_new_state(step):
    fitted = clone(step).fit([x[1:, :1] for x in X])
    old, new = contents(fitted), contents(copy.deepcopy(fitted).fit(X))
    assert old != new
    reached = set()
    for line in range(1, Interrupter(-1).run(copy.deepcopy(fitted).fit, X) + 1):
        copied = copy.deepcopy(fitted)
        Interrupter(line).run(copied.fit, X)
        assert contents(copied) in (old, new), line
        reached.add(contents(copied) == new)
    assert reached == {False, True}


def test_a_failed_fit_restores_the_random_state_instance():
    generator = np.random.RandomState(3)
    estimator, before = LSTMAutoencoderTransformer(2, epochs=1, random_state=generator), state_of(generator)
    with pytest.raises(ValueError, match="objective='prediction' needs a sequence of 2 timesteps"):
        estimator.set_params(objective="prediction").fit([[1.0], [2.0]])
    assert state_of(generator) == before
    estimator.set_params(objective="reconstruction").fit(X)
    assert state_of(generator) != before


def state_of(generator):
    return joblib.hash(generator.get_state())


def test_an_infinite_optimizer_state_is_a_divergence():
    """Squares of gradients that overflow would stop all further training, and `save` would refuse the state."""
    large = [1e22 * x for x in X]
    parameters = {"scale": None, "clipnorm": None, "loss": "mae", "activation": "linear", "epochs": 1}
    estimator = LSTMAutoencoderTransformer(2, random_state=0, **parameters)
    before = state(estimator)
    with pytest.raises(ValueError, match="diverged in epoch 1: .* the optimizer state .* Lower learning_rate"):
        estimator.fit(large)
    assert differing_attributes(state(estimator), before) == []


def test_partial_fit_refuses_the_state_of_another_optimizer():
    estimator = quick(LSTMAutoencoderTransformer, latent_dim=3).fit(X).set_params(optimizer="sgd")
    before = state(estimator)
    with pytest.raises(ValueError, match="SGD cannot resume from the state of another optimizer"):
        estimator.partial_fit(X)
    assert not differing_attributes(state(estimator), before)
    estimator.fit(X).partial_fit(X)
