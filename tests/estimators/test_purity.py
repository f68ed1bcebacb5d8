"""Guarantee 8: inputs and parameters are never modified."""

import pickle

import keras
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.estimators.selections import each
from tests.support.combinations import CASES, PLAIN
from tests.support.containers import parameters_for
from tests.support.outputs import outputs
from tests.support.strategies import property_settings


def make_read_only(X):
    """Make all arrays in X read-only, and return X."""
    parts = [X, *X] if isinstance(X, list | tuple | np.ndarray) else [X]
    for part in parts:
        if isinstance(part, np.ndarray):
            part.flags.writeable = False
    return X


@each(CASES)
@property_settings(max_examples=3)
@given(st.data())
def test_data_and_weights_are_never_modified(case, data):
    arrays = data.draw(case.sequences())
    name = data.draw(st.sampled_from(list(case.containers)))
    X, y = make_read_only(case.containers[name]([x.copy() for x in arrays])), make_read_only(case.y(arrays))
    weights = make_read_only(np.linspace(1, 2, len(arrays)))
    before = pickle.dumps((X, y, weights))

    fitted = case.make(**parameters_for(name)).fit(X, y, sample_weight=weights)
    for method in case.training_methods():
        getattr(fitted, method)(X, y, sample_weight=weights)
    fitted.score(X, y)
    outputs(fitted, X)

    assert pickle.dumps((X, y, weights)) == before


@each(CASES)
def test_outputs_share_no_memory_with_the_data(case):
    X, fitted = case.as_array(case.training_set), case.fitted()
    for method in outputs(fitted, X).keys() & set(dir(fitted)):
        assert not any(np.shares_memory(row, X) for row in getattr(fitted, method)(X))


@each(PLAIN)
def test_parameters_are_never_modified(case):
    parameters = case.width_parameters(4, layers=[4, 3]) | {
        "callbacks": [keras.callbacks.EarlyStopping(monitor="loss"), keras.callbacks.History()],
        "optimizer": keras.optimizers.Adam(0.01, beta_1=0.8),
        "random_state": np.random.RandomState(3),
        **case.supported(loss=keras.losses.LogCosh()),
    }
    # a generator must advance, and an optimizer is compared by its configuration
    pickled = {name: pickle.dumps(parameters[name]) for name in parameters.keys() - {"optimizer", "random_state"}}
    config = parameters["optimizer"].get_config()

    fitted = case.fit(case.training_set, **parameters)
    case.resume(fitted, case.training_set)
    outputs(fitted, case.training_set)

    assert all(getattr(fitted, name) is value for name, value in parameters.items())
    assert {name: pickle.dumps(parameters[name]) for name in pickled} == pickled
    assert parameters["optimizer"].get_config() == config
    assert not parameters["optimizer"].built
    assert parameters["callbacks"][1].model is None
    assert pickle.dumps(parameters["random_state"]) != pickle.dumps(np.random.RandomState(3))
