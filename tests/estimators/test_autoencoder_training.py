"""LSTMAutoencoderTransformer: optimizers, losses, early stopping and callbacks."""

import csv

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.estimators.autoencoders import UNSTABLE, X, autoencoder
from tests.support.outputs import assert_same_bits, outputs
from tests.support.strategies import draw_sequences

# NumPy 2 warns about code of Keras 3 that reads a variable for a learning rate schedule
ignore_keras_warning = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

UNUSED = {"learning_rate": 3e-3}  # the default, which an optimizer instance requires

# --- optimizers -------------------------------------------------------------------------------------------------------


def test_an_optimizer_instance_equals_its_name_with_routed_parameters():
    instance = autoencoder(optimizer=keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), **UNUSED).fit(X)
    name = autoencoder(
        optimizer="sgd", learning_rate=0.05, clipnorm=None, optimizer__momentum=0.9, optimizer__nesterov=True
    ).fit(X)
    assert_same_bits(outputs(instance, X), outputs(name, X))


@pytest.mark.parametrize(("name", "value"), [("learning_rate", 0.1), ("clipnorm", None), ("clipnorm", 2.0)])
def test_optimizer_parameters_are_refused_with_an_optimizer_instance(name, value):
    with pytest.raises(ValueError, match=rf"{name}={value} has no effect, because optimizer is an instance"):
        autoencoder(optimizer=keras.optimizers.SGD(), **UNUSED | {name: value}).fit(X)


def test_a_learning_rate_schedule_is_followed():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3], [0.05, 0.0])
    fitted = autoencoder(optimizer=keras.optimizers.SGD(schedule), epochs=8, **UNUSED).fit(X)
    losses = fitted.history_["loss"]
    assert losses[0] > losses[1] > losses[2] > losses[3]
    assert_allclose(losses[5:], losses[4], rtol=1e-6)


def test_a_schedule_as_learning_rate_is_refused_with_the_optimizer_that_follows_it():
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-2, 10, 0.9)
    with pytest.raises(ValueError, match=r"a float, got ExponentialDecay.*optimizer=keras.optimizers.Adam\(schedule\)"):
        autoencoder(learning_rate=schedule).fit(X)


# --- losses of probabilities and of numbers of at least 0 -------------------------------------------------------------

PROBABILITIES = ["binary_crossentropy", "categorical_crossentropy", "kl_divergence", "binary_focal_crossentropy"]
COUNTS = [np.random.default_rng(i).poisson([0.5, 4, 30], size=(n, 3)) for i, n in enumerate([5, 3, 8, 6, 1])]


@pytest.mark.parametrize("loss", [*PROBABILITIES, keras.losses.BinaryCrossentropy(), keras.losses.KLDivergence])
def test_losses_of_probabilities_require_no_scaling(loss):
    with pytest.raises(ValueError, match=r"compares probabilities: set scale=None, got scale='standard'"):
        autoencoder(loss=loss).fit(X)


@pytest.mark.parametrize("loss", ["poisson", "mean_squared_logarithmic_error", "msle", keras.losses.Poisson()])
def test_losses_of_numbers_of_at_least_0_require_no_scaling(loss):
    with pytest.raises(ValueError, match=r"compares numbers of at least 0, .* set scale=None, got scale='standard'"):
        autoencoder(loss=loss).fit(COUNTS)
    arrays = [x - 1.0 for x in COUNTS]
    with pytest.raises(ValueError, match=r"X\[0\] has -1 at timestep \d, feature 0, but loss=.* of at least 0\."):
        autoencoder(loss=loss, scale=None).fit(arrays)


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_poisson_predicts_positive_rates_better_than_their_mean(decoder):
    parameters = {"loss": "poisson", "scale": None, "decoder": decoder, "objective": "composite"}
    fitted = autoencoder(**parameters, learning_rate=0.05, epochs=60).fit(COUNTS)
    values = np.concatenate([*fitted.reconstruct(COUNTS), *fitted.predict_next(COUNTS)])
    assert values.min() > 0
    assert_allclose(values.mean(axis=0), [0.5, 4, 30], rtol=0.5)
    assert fitted.history_["loss"][-1] < fitted.history_["loss"][0]


@pytest.mark.parametrize("loss", PROBABILITIES)
@pytest.mark.parametrize("value", [-0.125, 1.125])
def test_losses_of_probabilities_require_values_from_0_to_1(loss, value):
    arrays = [x.copy() for x in X]
    arrays[2][4, 1] = value
    message = rf"X\[2\] has {value} at timestep 4, feature 1, but loss='{loss}' needs values from 0 to 1\."
    with pytest.raises(ValueError, match=message):
        autoencoder(loss=loss, scale=None).fit(arrays)


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_outputs_lie_between_0_and_1_with_binary_crossentropy(decoder):
    parameters = {"loss": "binary_crossentropy", "scale": None, "decoder": decoder, "objective": "composite"}
    fitted = autoencoder(**parameters, learning_rate=0.5, epochs=20).fit([np.round(x) for x in X])
    values = np.concatenate([*fitted.reconstruct(X), *fitted.predict_next(X)])
    assert values.min() >= 0
    assert values.max() <= 1
    assert np.ptp(values) > 0.2


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_outputs_sum_to_1_with_categorical_crossentropy(decoder):
    classes = [np.eye(3)[(x[:, 0] * 2.9).astype(int)] for x in X]
    parameters = {"loss": "categorical_crossentropy", "scale": None, "decoder": decoder, "objective": "composite"}
    fitted = autoencoder(**parameters, learning_rate=0.05, epochs=20).fit(classes)
    values = np.concatenate([*fitted.reconstruct(classes), *fitted.predict_next(classes)])
    assert values.min() >= 0
    assert_allclose(values.sum(axis=1), 1, rtol=1e-5)
    assert fitted.history_["loss"][-1] < 0.9 * fitted.history_["loss"][0]


@pytest.mark.parametrize("objective", ["reconstruction", "prediction", "composite"])
def test_empty_sequences_add_nothing_to_the_loss(objective):
    """With steps too small to change a weight, in one batch."""
    estimator = autoencoder(objective=objective, epochs=1, learning_rate=1e-12, batch_size=99)
    empty = X[0][:0]
    without = estimator.fit(X).history_
    with_empty = estimator.fit([empty, *X, empty, empty]).history_
    assert with_empty.keys() == without.keys()
    assert_allclose([*with_empty.values()], [*without.values()], rtol=1e-6)


# --- early stopping ---------------------------------------------------------------------------------------------------

MANY = draw_sequences(range(2, 32), 2, seed=3)


def test_early_stopping_restores_the_weights_of_the_lowest_validation_loss():
    all_epochs = autoencoder(**UNSTABLE, n_iter_no_change=99).fit(MANY)
    best = int(np.argmin(all_epochs.history_["val_loss"]))
    assert 0 < best < 11  # otherwise there would be nothing to restore

    stopped = autoencoder(**UNSTABLE | {"epochs": best + 1}, n_iter_no_change=99).fit(MANY)

    assert stopped.history_["val_loss"] == all_epochs.history_["val_loss"][: best + 1]
    assert_same_bits(outputs(stopped, MANY), outputs(all_epochs, MANY))


@pytest.mark.parametrize("n_iter_no_change", [1, 2, 4])
@pytest.mark.parametrize("tol", [0.0, 0.01])
def test_training_stops_after_n_iter_no_change_epochs_without_improvement(n_iter_no_change, tol):
    fitted = autoencoder(**UNSTABLE | {"tol": tol, "epochs": 30}, n_iter_no_change=n_iter_no_change).fit(MANY)
    losses = fitted.history_["val_loss"]

    lowest, n_without_improvement, last_epoch = np.inf, 0, 30
    for epoch, loss in enumerate(losses, start=1):
        n_without_improvement = 0 if loss < lowest - tol else n_without_improvement + 1
        lowest = min(lowest, loss) if n_without_improvement == 0 else lowest
        if n_without_improvement == n_iter_no_change:
            last_epoch = epoch
            break
    assert fitted.n_iter_ == len(losses) == last_epoch < 30


def test_without_early_stopping_exactly_epochs_are_run():
    fitted = autoencoder(epochs=7, n_iter_no_change=1, tol=1e9, validation_fraction=0.9).fit(X)
    assert fitted.n_iter_ == 7
    assert list(fitted.history_) == ["loss"]


@pytest.mark.parametrize("objective", ["reconstruction", "prediction", "composite"])
def test_early_stopping_accepts_held_out_sequences_without_targets(objective):
    """Empty sequences, and for predictions sequences of one timestep, whichever of them are held out."""
    half_empty = [x if i % 2 else x[: i // 2 % 2] for i, x in enumerate(draw_sequences([4] * 8, 2, seed=0))]
    for seed in range(6):
        fitted = autoencoder(objective=objective, early_stopping=True, random_state=seed).fit(half_empty)
        assert np.isfinite(fitted.history_["val_loss"]).all()


# --- callbacks --------------------------------------------------------------------------------------------------------


def test_callbacks_receive_every_event():
    events = []
    fitted = autoencoder(
        batch_size=3,
        epochs=1,
        callbacks=keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs: events.append("train begins"),
            on_epoch_begin=lambda epoch, logs: events.append(f"epoch {epoch} begins"),
            on_train_batch_begin=lambda batch, logs: events.append(f"batch {batch} begins"),
            on_train_batch_end=lambda batch, logs: events.append(f"batch {batch} ends"),
            on_epoch_end=lambda epoch, logs: events.append((f"epoch {epoch} ends", logs["loss"])),
            on_train_end=lambda logs: events.append(("train ends", logs["loss"])),
        ),
    ).fit(X)
    batches = [f"batch {i} {edge}" for i in (0, 1) for edge in ("begins", "ends")]
    loss = fitted.history_["loss"][0]
    assert events == ["train begins", "epoch 0 begins", *batches, ("epoch 0 ends", loss), ("train ends", loss)]


def test_callbacks_can_stop_training():
    stopper = keras.callbacks.EarlyStopping(monitor="loss", min_delta=1e9, patience=2)
    for _ in range(2):  # the first fit does not change the callback
        assert autoencoder(epochs=9, callbacks=[stopper]).fit(X).n_iter_ == 3
    assert stopper.model is None


def test_keras_early_stopping_equals_early_stopping():
    expected = autoencoder(**UNSTABLE, n_iter_no_change=3).fit(MANY)
    stopper = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
    fitted = autoencoder(**UNSTABLE, n_iter_no_change=99, callbacks=stopper).fit(MANY)
    assert fitted.history_ == expected.history_
    assert_same_bits(outputs(fitted, MANY), outputs(expected, MANY))


@ignore_keras_warning
@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate if epoch < 2 else 0.0),
        keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=1e-9, min_delta=1e9, patience=1),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_learning_rates_set_by_callbacks_last_until_the_end_of_the_fit(callback):
    before = autoencoder(epochs=6).fit(X)
    slowed = autoencoder(epochs=6, callbacks=callback).fit(X)
    after = autoencoder(epochs=6).fit(X)

    losses = slowed.history_["loss"]
    assert losses[:2] == before.history_["loss"][:2]
    assert_allclose(losses[3:], losses[2], rtol=1e-6)
    assert losses[2] > before.history_["loss"][-1]
    assert_same_bits(outputs(after, X), outputs(before, X))


def test_csv_logger_writes_the_history(tmp_path):
    path = tmp_path / "log.csv"
    fitted = autoencoder(objective="composite", epochs=3, callbacks=keras.callbacks.CSVLogger(str(path))).fit(X)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row.pop("epoch") for row in rows] == ["0", "1", "2"]
    assert {name: [float(row[name]) for row in rows] for name in fitted.history_} == fitted.history_


def test_progress_is_printed_only_with_verbose(capfd):
    autoencoder().fit(X)
    assert capfd.readouterr().out == ""
    autoencoder(verbose=2).fit(X)
    assert "Epoch 2/2" in capfd.readouterr().out
