"""Compiled networks kept for reuse, and the loop that trains them, against the loss worked out row by row."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils import check_random_state

from skseqae.data._sequences import Sequences
from skseqae.data._targets import next_steps
from skseqae.exceptions import DivergedError
from skseqae.networks._architectures import Architecture
from skseqae.networks.keras_backend._initialization import initial_weights
from skseqae.networks.keras_backend._networks import build_decoder, build_encoder, join
from skseqae.training import _loop
from skseqae.training._batches import TrainingData
from skseqae.training._loop import Settings, train
from skseqae.training._optimizers import make_optimizer_and_loss
from skseqae.training._pool import Pool

ARCHITECTURE = Architecture(n_features=2, latent_dim=3, units=(3,))
TWO_HEADS = replace(ARCHITECTURE, heads=("reconstruction", "prediction"))
LENGTHS = [4, 2, 3, 1, 4, 0, 2, 5, 3]
UNCHANGED = 1e-30  # a learning rate by which no weight moves
SETTINGS = Settings(
    optimizer="adam",
    learning_rate=0.01,
    clipnorm=1.0,
    loss="mse",
    routed={},
    epochs=2,
    batch_size=4,
    head_weights={"reconstruction": 1.0},
    n_iter_no_change=None,
    tol=0.0,
    callbacks=None,
    verbose=0,
)


def make_data(lengths=LENGTHS, seed=0, architecture=ARCHITECTURE):
    rng = np.random.default_rng(seed)
    x = Sequences.from_packed(rng.normal(size=(sum(lengths), 2)).astype(np.float32), lengths)
    targets = {head: next_steps(x) if head == "prediction" else x for head in architecture.heads}
    return TrainingData(x, targets, rng.uniform(0.5, 2.0, size=len(lengths)))


def fit(architecture=ARCHITECTURE, data=None, validation=None, seed=0, weights=None, optimizer_state=None, **changes):
    data = data or make_data(architecture=architecture)
    settings = replace(SETTINGS, **changes)
    random_state = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
    options = {"weights": weights, "optimizer_state": optimizer_state}
    return train(architecture, settings, data, validation, random_state, **options)


def draw_weights(architecture=ARCHITECTURE, seed=0):
    return initial_weights(join(architecture, {})[1], {}, np.random.RandomState(seed))


def flat(trained):
    weights = trained if isinstance(trained, dict) else trained.weights
    return [array for part in weights.values() for array in part]


def assert_same_weights(got, expected, rtol=0.0):
    for a, b in zip(flat(got), flat(expected), strict=True):
        assert_allclose(a, b, rtol=rtol, atol=rtol)


def are_same_weights(a, b):
    return all(map(np.array_equal, flat(a), flat(b)))


# --- the loss ---------------------------------------------------------------------------------------------------------


def losses_by_hand(architecture, weights, data, rows):
    """Return, for each head, the sum of the weighted squared errors, row by row through stock layers, and its gradient.

    No row is padded, so that nothing can be counted that is not there.
    """
    parts = {"encoder": build_encoder(architecture, stock=True)}
    parts |= {head: build_decoder(architecture, head, stock=True) for head in architecture.heads}
    for name, part in parts.items():
        part.set_weights(weights[name])
    sums = dict.fromkeys(architecture.heads, 0.0)
    with tf.GradientTape(persistent=True) as tape:
        for i in rows:
            z = parts["encoder"](padded_alone(data.x[i]))
            for head, target in data.targets.items():
                said = parts[head]([z, tf.ones((1, len(target[i])))])[0] if len(target[i]) else target[i]
                sums[head] += data.sample_weight[i] * tf.reduce_sum(tf.reduce_mean((said - target[i]) ** 2, axis=-1))
    variables = [[weight.value for weight in part.trainable_weights] for part in parts.values()]
    return sums, {head: tape.gradient(loss, variables, unconnected_gradients="zero") for head, loss in sums.items()}


def padded_alone(x):
    """An empty sequence is a timestep of padding to the stock layers."""
    return [x[None], np.ones((1, len(x)))] if len(x) else [np.zeros((1, 1, 2)), np.zeros((1, 1))]


def test_the_loss_of_an_epoch_is_the_weighted_mean_over_real_timesteps():
    data, weights = make_data(), draw_weights()
    sums, _ = losses_by_hand(ARCHITECTURE, weights, data, range(len(data)))
    for batch_size in (1, 4, 100):
        history = fit(data=data, weights=weights, learning_rate=UNCHANGED, batch_size=batch_size, epochs=1).history
        assert_allclose(history["loss"], [sums["reconstruction"] / (data.sample_weight @ LENGTHS)], rtol=1e-5)


def test_the_validation_loss_is_the_weighted_mean_over_its_own_real_timesteps():
    held_out, weights = make_data([3, 0, 2, 6, 1], seed=1), draw_weights()
    sums, _ = losses_by_hand(ARCHITECTURE, weights, held_out, range(5))
    for batch_size in (2, 100):
        history = fit(validation=held_out, weights=weights, learning_rate=UNCHANGED, batch_size=batch_size).history
        expected = sums["reconstruction"] / (held_out.sample_weight @ [3, 0, 2, 6, 1])
        assert_allclose(history["val_loss"], [expected] * 2, rtol=1e-5)


@pytest.fixture(scope="module")
def two_heads():
    """The data, the weights to start from, and the settings of one plain gradient step on three of the rows."""
    settings = {
        "optimizer": "sgd",
        "learning_rate": 10.0,
        "clipnorm": None,
        "epochs": 1,
        "head_weights": {"reconstruction": 0.7, "prediction": 0.3},
    }
    return make_data(architecture=TWO_HEADS), draw_weights(TWO_HEADS), settings


def test_the_gradient_of_a_batch_is_normalised_by_the_training_sets_mean_of_weight_times_length(monkeypatch, two_heads):
    data, weights, settings = two_heads
    rows = np.array([7, 3, 5])  # of 5, 1 and 0 timesteps, where the mean of all is 2.7
    monkeypatch.setattr(_loop, "shuffled_rows", lambda *_: [rows])
    trained = fit(TWO_HEADS, data, weights=weights, **settings)

    _, gradients = losses_by_hand(TWO_HEADS, weights, data, rows)
    lengths = {"reconstruction": np.array(LENGTHS), "prediction": np.maximum(np.array(LENGTHS) - 1, 0)}
    steps = {
        head: settings["learning_rate"] * weight / (len(rows) * np.mean(data.sample_weight * lengths[head]))
        for head, weight in settings["head_weights"].items()
    }
    for k, name in enumerate(weights):
        for j, before in enumerate(weights[name]):
            expected = before - sum(step * gradients[head][k][j] for head, step in steps.items())
            assert_allclose(trained.weights[name][j], expected, rtol=1e-5, atol=1e-6)
            assert before.ndim == 1 or np.abs(trained.weights[name][j] - before).max() > 1e-3


def test_with_two_heads_the_loss_is_their_weighted_sum_and_each_is_told(two_heads):
    data, weights, settings = two_heads
    history = fit(TWO_HEADS, data, weights=weights, **settings | {"learning_rate": UNCHANGED}).history
    sums, _ = losses_by_hand(TWO_HEADS, weights, data, range(len(data)))
    reconstruction = sums["reconstruction"] / (data.sample_weight @ LENGTHS)
    prediction = sums["prediction"] / (data.sample_weight @ np.maximum(np.array(LENGTHS) - 1, 0))
    expected = {"reconstruction_loss": reconstruction, "prediction_loss": prediction}
    expected["loss"] = 0.7 * reconstruction + 0.3 * prediction
    assert history.keys() == expected.keys()
    for name, value in expected.items():
        assert_allclose(history[name], [value], rtol=1e-5)


def test_a_conditional_decoder_is_taught_with_the_true_timestep_before():
    architecture = replace(ARCHITECTURE, decoder="conditional")
    weights, held_out = draw_weights(architecture), make_data([4])
    encoder, decoder = build_encoder(architecture), build_decoder(architecture, "reconstruction")
    encoder.set_weights(weights["encoder"])
    decoder.set_weights(weights["reconstruction"])
    x, mask = held_out.x[0][None], np.ones((1, 4), np.float32)
    previous = np.concatenate([np.zeros((1, 1, 2), np.float32), x[:, :-1]], axis=1)
    said = decoder([encoder([x, mask]).numpy(), mask, previous])
    history = fit(architecture, held_out, held_out, weights=weights, learning_rate=UNCHANGED, epochs=1).history
    assert_allclose([history["loss"][0], history["val_loss"][0]], np.mean((said - x) ** 2), rtol=1e-5)


def test_what_a_loss_says_of_padding_never_counts():
    """Not even where it says one of two equal things."""

    def never_zero(true, said):
        return tf.reduce_mean((true - said) ** 2, axis=-1) + 1.0

    data, weights = make_data(), draw_weights()
    sums, _ = losses_by_hand(ARCHITECTURE, weights, data, range(len(data)))
    history = fit(data=data, weights=weights, loss=never_zero, learning_rate=UNCHANGED, epochs=1).history
    assert_allclose(history["loss"], [sums["reconstruction"] / data.total_weight("reconstruction") + 1], rtol=1e-5)


def test_a_loss_that_cannot_bear_zeros_never_meets_those_of_the_padding():
    def relative(true, said):
        return tf.reduce_mean(((true - said) / true) ** 2, axis=-1)

    data = make_data()
    assert data.x.packed.all()
    history = fit(data=data, loss=relative, epochs=1).history
    assert np.isfinite(history["loss"]).all()


def test_data_without_a_timestep_to_learn_is_refused():
    with pytest.raises(ValueError, match="no timestep for the prediction decoder"):
        fit(TWO_HEADS, make_data(architecture=TWO_HEADS).take(np.array([3, 5])))


# --- training ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained():
    return fit()


def test_the_same_seed_gives_the_same_bits_and_another_gives_others(trained):
    assert_same_weights(fit(), trained)
    assert fit().history == trained.history
    assert not are_same_weights(fit(seed=1), trained)


def test_training_on_falls_below_the_mean():
    history, data = fit(epochs=100, learning_rate=0.1).history, make_data()
    spread = (
        np.repeat(data.sample_weight, LENGTHS) @ (data.x.packed**2).mean(axis=1) / data.total_weight("reconstruction")
    )
    assert history["loss"][-1] < 0.7 * spread < history["loss"][0]


def test_the_optimizer_starts_afresh_in_each_fit(trained):
    """A program that has trained before trains as a new one does."""
    fit(learning_rate=0.5, seed=3, epochs=5)
    assert_same_weights(fit(), trained)


def test_going_on_with_the_optimizers_state_is_as_good_as_never_having_stopped(trained):
    random_state = np.random.RandomState(0)
    first = fit(epochs=1, seed=random_state)
    fit(learning_rate=0.5, seed=3)  # in between the program is another's
    second = fit(epochs=1, seed=random_state, weights=first.weights, optimizer_state=first.optimizer_state)
    assert_same_weights(second, trained)
    assert first.history["loss"] + second.history["loss"] == trained.history["loss"]
    afresh = fit(epochs=1, seed=1, weights=first.weights)
    kept = fit(epochs=1, seed=1, weights=first.weights, optimizer_state=first.optimizer_state)
    assert not are_same_weights(afresh, kept)


def test_what_training_gave_never_changes_when_the_program_is_used_again(trained):
    before = [array.copy() for array in [*flat(trained), *trained.optimizer_state]]
    fit(learning_rate=0.5, seed=3)
    assert all(map(np.array_equal, [*flat(trained), *trained.optimizer_state], before))


def test_what_training_starts_from_is_left_as_it_was():
    weights = draw_weights()
    before = [array.copy() for array in flat(weights)]
    fit(weights=weights, learning_rate=0.5)
    assert all(map(np.array_equal, flat(weights), before))


def test_dropout_follows_the_seed_and_is_not_for_validation():
    architecture, weights, data = replace(ARCHITECTURE, dropout=0.5), draw_weights(), make_data()
    options = {"weights": weights, "learning_rate": UNCHANGED, "validation": data}
    first, again, other = (fit(architecture, data, seed=seed, **options).history for seed in (0, 0, 1))
    assert first == again
    assert len({*first["loss"], *other["loss"]}) == 4
    sums, _ = losses_by_hand(ARCHITECTURE, weights, data, range(len(data)))
    assert_allclose(first["val_loss"], [sums["reconstruction"] / data.total_weight("reconstruction")] * 2, rtol=1e-5)


def test_a_decoder_function_is_trained_from_the_weights_that_it_made():
    kernel = np.random.default_rng(0).normal(size=(3, 10))

    def decoder(n_timesteps, latent_dim, n_features):
        dense = keras.layers.Dense(n_timesteps * n_features, kernel_initializer=lambda *_, **__: kernel)
        return keras.Sequential([keras.Input((latent_dim,)), dense, keras.layers.Reshape((n_timesteps, n_features))])

    architecture = replace(ARCHITECTURE, decoder=decoder, n_timesteps=(5,))
    first, second = (fit(architecture, learning_rate=rate, epochs=1) for rate in (UNCHANGED, 0.01))
    assert_allclose(first.weights["reconstruction"][0], kernel, rtol=1e-6)
    assert 0 < np.abs(second.weights["reconstruction"][0] - kernel).max() < 0.1


@pytest.mark.parametrize("learning_rate", [1e30, 1e39], ids=["the loss", "a weight"])
def test_training_never_returns_what_is_not_finite(learning_rate):
    epochs = 1 if learning_rate == 1e39 else 3
    with pytest.raises(DivergedError, match=r"diverged in epoch \d: .* Lower learning_rate"):
        fit(learning_rate=learning_rate, epochs=epochs, batch_size=100, clipnorm=None)


# --- early stopping and callbacks -------------------------------------------------------------------------------------


class Recorder(keras.callbacks.Callback):
    """Notes the events and the weights at the end of each epoch; its copies are itself."""

    def __init__(self):
        super().__init__()
        self.events, self.weights, self.logs = [], [], []

    def __deepcopy__(self, memo):
        return self

    def on_train_begin(self, logs=None):
        self.events.append("train")

    def on_epoch_begin(self, epoch, logs=None):
        self.events.append(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self.events.append("batch")

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())
        self.logs.append(logs)

    def on_train_end(self, logs=None):
        self.events.append("end")


def stop_early(monkeypatch, losses, **changes):
    """Fit with these validation losses; return what was trained and the weights of each epoch."""
    losses, recorder = iter(losses), Recorder()
    monkeypatch.setattr(_loop, "_evaluate", lambda *_: {"loss": next(losses)})
    trained = fit(validation=make_data(), epochs=9, callbacks=recorder, **changes)
    return trained, recorder.weights


def test_training_stops_when_the_validation_loss_has_not_fallen_for_long_enough(monkeypatch):
    trained, _ = stop_early(monkeypatch, [3.0, 2.0, 2.5, 1.9, 2.0, 1.9, 1.95, 1.0], n_iter_no_change=3)
    assert trained.history["val_loss"] == [3.0, 2.0, 2.5, 1.9, 2.0, 1.9, 1.95]
    assert len(trained.history["loss"]) == 7


def test_the_weights_of_the_lowest_validation_loss_come_back(monkeypatch):
    trained, by_epoch = stop_early(monkeypatch, [3.0, 2.0, 2.5, 1.9, 2.0, 1.9, 1.95, 1.0], n_iter_no_change=3)
    assert all(map(np.array_equal, flat(trained), by_epoch[3]))
    trained, by_epoch = stop_early(monkeypatch, [9.0 - epoch for epoch in range(9)], n_iter_no_change=3)
    assert len(by_epoch) == 9
    assert all(map(np.array_equal, flat(trained), by_epoch[8]))


def test_a_fall_of_less_than_the_tolerance_is_none_but_its_weights_are_the_best(monkeypatch):
    trained, by_epoch = stop_early(monkeypatch, [2.0, 1.99, 1.98, 1.97, 1.0], n_iter_no_change=3, tol=0.1)
    assert trained.history["val_loss"] == [2.0, 1.99, 1.98, 1.97]
    assert all(map(np.array_equal, flat(trained), by_epoch[3]))


def test_without_patience_all_epochs_run_and_the_last_weights_come_back(monkeypatch):
    trained, by_epoch = stop_early(monkeypatch, [float(epoch) for epoch in range(9)], n_iter_no_change=None)
    assert len(by_epoch) == 9
    assert all(map(np.array_equal, flat(trained), by_epoch[8]))


def test_callbacks_hear_every_event_in_order(trained):
    recorder = Recorder()
    fit(callbacks=[recorder])
    assert recorder.events == ["train", 0, "batch", "batch", "batch", 1, "batch", "batch", "batch", "end"]
    assert recorder.params == {"verbose": 0, "epochs": 2, "steps": 3}
    assert [logs["loss"] for logs in recorder.logs] == trained.history["loss"]


class Meddler(keras.callbacks.Callback):
    """Stops after the first epoch, changes the learning rate, and notes that it was called."""

    called = False

    def on_epoch_end(self, epoch, logs=None):
        self.called = True
        self.model.optimizer.learning_rate = 5.0
        self.model.stop_training = True


@pytest.mark.parametrize("container", [lambda c: c, lambda c: [c], lambda c: (c,)], ids=["alone", "list", "tuple"])
def test_callbacks_may_meddle_with_this_fit_and_with_nothing_else(trained, container):
    meddler = Meddler()
    assert len(fit(callbacks=container(meddler)).history["loss"]) == 1
    assert not meddler.called
    assert meddler.model is None
    assert_same_weights(fit(), trained)


def test_progress_is_shown_where_it_is_asked_for(capsys):
    fit()
    assert capsys.readouterr().out == ""
    fit(verbose=1)
    shown = capsys.readouterr().out
    assert "Epoch 1/2" in shown
    assert "loss: " in shown


# --- the optimizer and the loss ---------------------------------------------------------------------------------------


def make(**changes):
    return make_optimizer_and_loss(replace(SETTINGS, **changes))


@pytest.mark.parametrize("optimizer", ["sgd", "SGD", keras.optimizers.SGD], ids=["name", "Name", "class"])
def test_an_optimizer_by_name_or_class_takes_the_parameters(optimizer):
    made, _, learning_rate = make(optimizer=optimizer, learning_rate=0.5, routed={"optimizer__momentum": 0.25})
    assert isinstance(made, keras.optimizers.SGD)
    assert (made.momentum, made.clipnorm, learning_rate) == (0.25, 1.0, 0.5)


@pytest.mark.parametrize("optimizer", ["adam", keras.optimizers.Adam], ids=["name", "class"])
def test_variables_of_optimizers_have_the_same_names_in_every_fit(optimizer):
    """TensorFlow 2.21 keeps some 30 KB for each new one."""
    first, second = (make(optimizer=optimizer)[0] for _ in range(2))
    assert [variable.path for variable in first.variables] == [variable.path for variable in second.variables]
    assert make(optimizer=optimizer, routed={"optimizer__name": "mine"})[0].name == "mine"


def test_of_an_optimizer_instance_the_configuration_is_used_and_nothing_else():
    given = keras.optimizers.SGD(0.25, momentum=0.5, clipvalue=2.0)
    made, _, learning_rate = make(optimizer=given, learning_rate=0.01, clipnorm=1.0)
    assert made is not given
    assert made.get_config() == given.get_config()
    assert learning_rate == 0.25
    fit(optimizer=given)
    assert not given.built


def test_name_class_and_instance_of_an_optimizer_train_alike(trained):
    instance = keras.optimizers.Adam(0.01, clipnorm=1.0)
    for optimizer in ("Adam", keras.optimizers.Adam, instance):
        assert_same_weights(fit(optimizer=optimizer), trained)


def test_the_schedule_of_an_optimizer_instance_is_followed():
    """Five steps of full speed, and then none: the second epoch's last step changes nothing."""
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([4], [0.1, 0.0])  # through step 4, the fifth
    recorder = Recorder()
    for epochs in (2, 4, 4):  # each fit starts the schedule afresh
        recorder.weights.clear()
        fit(optimizer=keras.optimizers.SGD(schedule), epochs=epochs, callbacks=recorder, batch_size=3)
        same = [all(map(np.array_equal, *pair)) for pair in zip(recorder.weights, recorder.weights[1:], strict=False)]
        assert same == [False, True, True][: epochs - 1]


@pytest.mark.parametrize(
    ("name", "made"),
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
def test_a_loss_is_known_by_any_name_that_keras_has_for_it(name, made):
    assert type(make(loss=name)[1]) is made


@pytest.mark.parametrize("loss", ["huber", keras.losses.Huber], ids=["name", "class"])
def test_a_loss_by_name_or_class_takes_routed_parameters(loss):
    _, made, _ = make(loss=loss, routed={"loss__delta": 2.5})
    assert isinstance(made, keras.losses.Huber)
    assert_allclose(made.call(np.zeros((1, 1, 1)), np.full((1, 1, 1), 10.0)), [[2.5 * (10 - 2.5 / 2)]])


def test_name_class_instance_and_function_of_a_loss_train_alike(trained):
    for loss in (keras.losses.MeanSquaredError, keras.losses.MeanSquaredError(), keras.losses.mean_squared_error):
        assert_same_weights(fit(loss=loss), trained, rtol=1e-6)


def test_a_function_may_hold_pythons_own_if(trained):
    def branching(true, said):
        squares = tf.reduce_mean((true - said) ** 2, axis=-1)
        if tf.reduce_sum(squares) < 0:
            return 0.0 * squares
        return squares

    assert_same_weights(fit(loss=branching), trained, rtol=1e-6)


def test_a_loss_must_tell_timesteps_apart():
    with pytest.raises(ValueError, match=r"one value per timestep, an array \(batch, time\), not \(\)"):
        fit(loss=lambda true, said: tf.reduce_mean((true - said) ** 2))


@pytest.mark.parametrize(
    ("routed", "message"),
    [
        ({"optimizer__beta1": 0.8}, "optimizer__beta1 is not a parameter of Adam; the nearest is optimizer__beta_1"),
        ({"optimizer__momentum": 0.8}, "optimizer__momentum is not a parameter of Adam; the nearest is optimizer__"),
        ({"loss__delt": 2.0}, "loss__delt is not a parameter of Huber; the nearest is loss__delta"),
    ],
)
def test_a_wrong_suffix_is_refused_with_the_nearest(routed, message):
    with pytest.raises(ValueError, match=message):
        make(loss="huber", routed=routed)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"loss": "rmse"}, "^Keras has no loss 'rmse'; the nearest is 'mse'.$"),
        ({"loss": "mean_square_error"}, "has no loss .*; the nearest is 'mean_squared_error'.$"),
        ({"optimizer": "adm"}, "^Keras has no optimizer 'adm'; the nearest is 'adam'.$"),
        ({"optimizer": "schedules"}, "has no optimizer 'schedules'"),
    ],
)
def test_a_name_that_keras_does_not_know_is_refused_with_the_nearest(named, message):
    with pytest.raises(ValueError, match=message):
        make(**named)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"optimizer": keras.optimizers.Adam()}, "optimizer__beta_1"),
        ({"loss": keras.losses.LogCosh()}, "loss__delta"),
        ({"loss": keras.losses.huber}, "loss__delta"),
    ],
    ids=["optimizer instance", "loss instance", "loss function"],
)
def test_what_is_made_already_takes_no_routed_parameters(given, name):
    with pytest.raises(ValueError, match=f"{name} needs {name.split('__')[0]} to be a name or a class, but it is"):
        make(**given, routed={name: 0.5})


@pytest.mark.parametrize("kind", ["optimizer", "loss"])
def test_an_unknown_name_is_refused(kind):
    with pytest.raises(ValueError, match="nonsense"):
        make(**{kind: "nonsense"})


# --- programs kept for reuse ------------------------------------------------------------------------------------------


class AskedError(Exception):
    """Raised in the place of lending a program; tells what was asked for."""


class Asked:
    def borrow(self, key, build):
        raise AskedError(key)


def key_of(monkeypatch, *args, **changes):
    monkeypatch.setattr(_loop, "pool", Asked())
    with pytest.raises(AskedError) as asked:
        fit(*args, **changes)
    (key,) = asked.value.args
    assert {key: "found"}[key] == "found"
    return key


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.5},
        {"seed": 5},
        {"data": make_data([9, 1], seed=5)},
        {"validation": make_data([9, 1], seed=5)},
        {"epochs": 9, "batch_size": 2, "n_iter_no_change": 3, "tol": 0.1, "callbacks": [Recorder()], "verbose": 1},
        {"loss": keras.losses.MeanSquaredError()},
        {"optimizer": keras.optimizers.Adam},
        {"optimizer": keras.optimizers.Adam(0.5, clipnorm=1.0, name="mine")},
        {"routed": {"optimizer__beta_1": 0.9}},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_a_program_serves_whatever_does_not_shape_it(monkeypatch, changes):
    assert key_of(monkeypatch, **changes) == key_of(monkeypatch)


def decaying(rate):
    return keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 9, rate), clipnorm=1.0)


def test_what_shapes_a_program_asks_for_another(monkeypatch):
    asked = [
        {},
        {"loss": "mae"},
        {"loss": "huber"},
        {"loss": "huber", "routed": {"loss__delta": 2.0}},
        {"loss": keras.losses.mean_absolute_error},
        {"routed": {"optimizer__beta_1": 0.8}},
        {"clipnorm": 2.0},
        {"clipnorm": None},
        {"optimizer": "nadam"},
        {"optimizer": keras.optimizers.Adam(clipnorm=1.0, weight_decay=0.1)},
        {"optimizer": decaying(0.5)},
        {"optimizer": decaying(0.6)},
        *(
            {"architecture": replace(ARCHITECTURE, **change)}
            for change in (
                {"latent_dim": 4},
                {"units": (3, 3)},
                {"cell": "gru"},
                {"activation": "relu"},
                {"bidirectional": True},
                {"dropout": 0.1},
                {"heads": ("reconstruction", "prediction")},
                {"decoder": "conditional"},
                {"output_activation": "sigmoid"},
            )
        ),
    ]
    keys = [key_of(monkeypatch, **changes) for changes in asked]
    shared = [(asked[i], asked[j]) for i in range(len(keys)) for j in range(i) if keys[i] == keys[j]]
    assert shared == []


def test_the_delta_of_a_loss_is_that_of_the_fit_and_not_that_of_the_program_before():
    first, second = (
        fit(loss="huber", routed={"loss__delta": delta}, learning_rate=UNCHANGED, epochs=1).history["loss"][0]
        for delta in (1.0, 0.01)
    )
    assert second < 0.02 < 0.2 < first


def test_fits_of_one_shape_trace_once(monkeypatch, trained):
    """In a grid search only the first candidate of a shape may pay."""
    with monkeypatch.context() as patch:
        key = key_of(patch)
    with _loop.pool.borrow(key, lambda: "a new one") as program:
        assert program.train_step.experimental_get_tracing_count() == 1
    for changes in ({"learning_rate": 0.5}, {"seed": 5}, {"data": make_data([70, 1], seed=5)}, {"batch_size": 1}):
        fit(**changes)
    with _loop.pool.borrow(key, lambda: "a new one") as same:
        assert same is program
        assert same.train_step.experimental_get_tracing_count() == 1


def borrow(pool, key):
    """Borrow, give back, and return a program, new where none is idle."""
    with pool.borrow(key, object) as program:
        return program


def test_a_program_given_back_is_lent_again_for_the_same_key_only():
    pool = Pool(4)
    first = borrow(pool, "a")
    assert borrow(pool, "a") is first
    assert borrow(pool, "b") is not first


def raise_in_a_fit(pool, key, error=ArithmeticError):
    with pytest.raises(error), pool.borrow(key, object):
        raise error


@pytest.mark.parametrize("error", [ArithmeticError, KeyboardInterrupt])
def test_a_program_whose_fit_raised_is_thrown_away(error):
    pool = Pool(4)
    first = borrow(pool, "a")
    raise_in_a_fit(pool, "a", error)
    assert borrow(pool, "a") is not first


def test_a_program_is_lent_to_one_at_a_time():
    pool = Pool(4)
    with pool.borrow("a", object) as first, pool.borrow("a", object) as second:
        assert first is not second
    with pool.borrow("a", object) as third, pool.borrow("a", object) as fourth:
        assert {id(third), id(fourth)} == {id(first), id(second)}


def test_the_pool_is_bounded_and_forgets_the_least_recently_used():
    pool = Pool(2)
    a, b = borrow(pool, "a"), borrow(pool, "b")
    assert borrow(pool, "a") is a
    borrow(pool, "c")
    assert borrow(pool, "a") is a
    assert borrow(pool, "b") is not b


def test_programs_of_one_key_count_each():
    pool = Pool(2)
    with pool.borrow("a", object) as first, pool.borrow("a", object) as second, pool.borrow("a", object) as third:
        pass
    with pool.borrow("a", object) as x, pool.borrow("a", object) as y, pool.borrow("a", object) as z:
        assert len({id(first), id(second), id(third)} & {id(x), id(y), id(z)}) == 2


def test_a_program_thrown_away_is_in_nobodys_way():
    pool = Pool(1)
    borrow(pool, "a")
    raise_in_a_fit(pool, "a")
    b = borrow(pool, "b")
    c = borrow(pool, "c")  # which drives out that of b
    assert borrow(pool, "c") is c
    assert borrow(pool, "b") is not b


def test_a_program_on_loan_is_in_nobodys_way():
    pool = Pool(1)
    a = borrow(pool, "a")
    with pool.borrow("a", object):
        borrow(pool, "b")
        borrow(pool, "c")
    assert borrow(pool, "a") is a


class Meet(keras.callbacks.Callback):
    """Waits for the other fit to have begun."""

    both = Barrier(2)

    def on_train_begin(self, logs=None):
        self.both.wait(timeout=60)


def test_two_fits_at_once_are_those_in_a_row(trained):
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda seed: fit(seed=seed, callbacks=Meet()), [0, 1]))
    assert_same_weights(together[0], trained)
    assert_same_weights(together[1], fit(seed=1))


def test_training_never_changes_the_state_of_global_generators(monkeypatch):
    """Not even where a network is built, whose initializers draw their seeds from Python's."""

    def stop(*_):
        raise AskedError

    monkeypatch.setattr(_loop, "_run", stop)
    numpys = check_random_state(None)  # the one behind numpy.random
    before, numpys_before = random.getstate(), numpys.get_state()[1].copy()
    with pytest.raises(AskedError):
        fit(replace(ARCHITECTURE, latent_dim=5))
    is_unchanged = random.getstate() == before
    assert is_unchanged
    assert_array_equal(numpys.get_state()[1], numpys_before)


STATM = Path("/proc/self/statm")


@pytest.mark.skipif(not STATM.exists(), reason="memory is read where Linux tells it")
def test_thirty_fits_of_one_shape_take_no_memory_with_them(trained):
    """A network compiled anew leaves 17 MB behind; here the limit is 0.5 MB a fit."""

    def resident():
        return int(STATM.read_text().split()[1]) * 4096 / 2**20

    for seed in range(5):
        fit(seed=seed)
    before = resident()
    for seed in range(30):
        fit(seed=seed, learning_rate=[0.1, 0.01, 0.001][seed % 3])
    assert resident() - before < 15
