"""Optimizers and losses from names, classes, instances and routed parameters."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from skseqae.training._optimizers import make_optimizer_and_loss
from tests.training.fits import SETTINGS, Recorder, assert_same_weights, fit


def make(**changes):
    return make_optimizer_and_loss(replace(SETTINGS, **changes))


# --- optimizers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "SGD", keras.optimizers.SGD], ids=["name", "Name", "class"])
def test_optimizer_names_and_classes_receive_the_parameters(optimizer):
    created, _, learning_rate = make(optimizer=optimizer, learning_rate=0.5, routed={"optimizer__momentum": 0.25})
    assert isinstance(created, keras.optimizers.SGD)
    assert (created.momentum, created.clipnorm, learning_rate) == (0.25, 1.0, 0.5)


@pytest.mark.parametrize("optimizer", ["adam", keras.optimizers.Adam], ids=["name", "class"])
def test_optimizer_variables_have_the_same_names_in_all_fits(optimizer):
    """TensorFlow 2.21 never frees about 30 KB for each new name."""
    first, second = (make(optimizer=optimizer)[0] for _ in range(2))
    assert [variable.path for variable in first.variables] == [variable.path for variable in second.variables]
    assert make(optimizer=optimizer, routed={"optimizer__name": "mine"})[0].name == "mine"


def test_optimizer_instances_are_copied_with_their_configuration():
    instance = keras.optimizers.SGD(0.25, momentum=0.5, clipvalue=2.0)
    created, _, learning_rate = make(optimizer=instance, learning_rate=0.01, clipnorm=1.0)
    assert created is not instance
    assert created.get_config() == instance.get_config()
    assert learning_rate == 0.25
    fit(optimizer=instance)
    assert not instance.built


def test_name_class_and_instance_of_an_optimizer_are_equivalent(result):
    instance = keras.optimizers.Adam(0.01, clipnorm=1.0)
    for optimizer in ("Adam", keras.optimizers.Adam, instance):
        assert_same_weights(fit(optimizer=optimizer), result)


def test_learning_rate_schedules_restart_in_each_fit():
    """The learning rate is 0.1 for five steps and then 0: the last step of the second epoch changes no weight."""
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([4], [0.1, 0.0])  # steps are counted from 0
    recorder = Recorder()
    for epochs in (2, 4, 4):
        recorder.weights.clear()
        fit(optimizer=keras.optimizers.SGD(schedule), epochs=epochs, callbacks=recorder, batch_size=3)
        same = [all(map(np.array_equal, *pair)) for pair in zip(recorder.weights, recorder.weights[1:], strict=False)]
        assert same == [False, True, True][: epochs - 1]


# --- losses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", keras.losses.MeanSquaredError),
        ("MSE", keras.losses.MeanSquaredError),
        ("mae", keras.losses.MeanAbsoluteError),
        ("mean_absolute_error", keras.losses.MeanAbsoluteError),
        ("bce", keras.losses.BinaryCrossentropy),
        ("binary_crossentropy", keras.losses.BinaryCrossentropy),
        ("BinaryCrossentropy", keras.losses.BinaryCrossentropy),
        ("categorical_crossentropy", keras.losses.CategoricalCrossentropy),
        ("kld", keras.losses.KLDivergence),
        ("huber", keras.losses.Huber),
        ("log_cosh", keras.losses.LogCosh),
        ("cosine_similarity", keras.losses.CosineSimilarity),
    ],
)
def test_all_names_of_a_loss_in_keras_are_accepted(name, cls):
    assert type(make(loss=name)[1]) is cls


@pytest.mark.parametrize("loss", ["huber", keras.losses.Huber], ids=["name", "class"])
def test_loss_names_and_classes_receive_routed_parameters(loss):
    _, created, _ = make(loss=loss, routed={"loss__delta": 2.5})
    assert isinstance(created, keras.losses.Huber)
    assert_allclose(created.call(np.zeros((1, 1, 1)), np.full((1, 1, 1), 10.0)), [[2.5 * (10 - 2.5 / 2)]])


def test_name_class_instance_and_function_of_a_loss_are_equivalent(result):
    for loss in (keras.losses.MeanSquaredError, keras.losses.MeanSquaredError(), keras.losses.mean_squared_error):
        assert_same_weights(fit(loss=loss), result, rtol=1e-6)


def test_custom_losses_may_contain_if_statements(result):
    def branching(y_true, y_pred):
        squares = tf.reduce_mean((y_true - y_pred) ** 2, axis=-1)
        if tf.reduce_sum(squares) < 0:
            return 0.0 * squares
        return squares

    assert_same_weights(fit(loss=branching), result, rtol=1e-6)


def test_losses_must_return_one_value_per_timestep():
    with pytest.raises(ValueError, match=r"one value per timestep, an array \(batch, time\), got shape \(\)"):
        fit(loss=lambda y_true, y_pred: tf.reduce_mean((y_true - y_pred) ** 2))


def test_losses_that_fail_raise_a_value_error():
    with pytest.raises(ValueError, match=r"loss must accept two arrays \(batch, time, feature\), but failed: no loss"):
        fit(loss=fail)


def fail(y_true, y_pred):
    raise ArithmeticError("no loss")


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("routed", "message"),
    [
        ({"optimizer__beta1": 0.8}, "optimizer__beta1 is not a parameter of Adam; the nearest is optimizer__beta_1"),
        ({"optimizer__momentum": 0.8}, "optimizer__momentum is not a parameter of Adam; the nearest is optimizer__"),
        ({"loss__delt": 2.0}, "loss__delt is not a parameter of Huber; the nearest is loss__delta"),
    ],
)
def test_unknown_routed_parameters_raise_and_name_the_nearest_one(routed, message):
    with pytest.raises(ValueError, match=message):
        make(loss="huber", routed=routed)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"loss": "rmse"}, "^Keras has no loss 'rmse'; the nearest is 'mse'.$"),
        ({"loss": "mean_square_error"}, "has no loss .*; the nearest is 'mean_squared_error'.$"),
        ({"optimizer": "adm"}, "^Keras has no optimizer 'adm'; the nearest is 'adam'.$"),
        ({"optimizer": "schedules"}, "has no optimizer 'schedules'"),
    ],
)
def test_unknown_names_raise_and_name_the_nearest_one(parameters, message):
    with pytest.raises(ValueError, match=message):
        make(**parameters)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"optimizer": keras.optimizers.Adam()}, "optimizer__beta_1"),
        ({"loss": keras.losses.LogCosh()}, "loss__delta"),
        ({"loss": keras.losses.huber}, "loss__delta"),
    ],
    ids=["optimizer instance", "loss instance", "loss function"],
)
def test_routed_parameters_require_a_class_or_name(parameters, name):
    with pytest.raises(ValueError, match=f"{name} requires {name.split('__')[0]} to be a name or a class, got "):
        make(**parameters, routed={name: 0.5})


@pytest.mark.parametrize("parameter", ["optimizer", "loss"])
def test_names_unlike_any_valid_name_raise(parameter):
    with pytest.raises(ValueError, match="nonsense"):
        make(**{parameter: "nonsense"})
