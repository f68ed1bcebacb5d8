"""What LSTMAutoencoderTransformer says exactly; the laws that it shares with others are in `test_laws`."""

import csv
import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skseqae import LSTMAutoencoderTransformer, Sequences
from tests.support.strategies import (
    CONTAINERS,
    SENTINEL,
    UNIVARIATE_CONTAINERS,
    assert_same_bits,
    cases_of,
    containers,
    draw_sequences,
    outputs,
    packed,
    padded,
    parameters_for,
    run_in_fresh_process,
    table,
)

LENGTHS = [5, 2, 7, 1, 4, 7]
X = draw_sequences(LENGTHS, 2, seed=0)
UNIVARIATE = draw_sequences(LENGTHS, 1, seed=0)
OF_ONE_LENGTH = draw_sequences([6] * 4, 2, seed=0)

CASES = cases_of(LSTMAutoencoderTransformer)
# Keras has no layer that feeds its own output back
STOCK = {name: case for name, case in CASES.items() if case.parameters.get("decoder") != "conditional"}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES, scope="module")
# where Keras 3 reads a variable, to schedule or to save it, NumPy 2 warns of Keras' own code
keras_warns_of_its_own = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def autoencoder(**parameters):
    return LSTMAutoencoderTransformer(**{"latent_dim": 3, "epochs": 2, "random_state": 0} | parameters)


@pytest.fixture(scope="module")
def composite():
    """One that has every verb."""
    return autoencoder(objective="composite").fit(X)


@pytest.fixture(scope="module")
def reconstruction():
    """One that only reconstructs."""
    return autoencoder().fit(X)


# --- verbs give back the kind that came in ----------------------------------------------------------------------------

WITHOUT_ARRAYS = ["list", "tuple", "object array", "nest"]
UNIVARIATE_WITHOUT_ARRAYS = ["list of numbers", "nest of numbers"]


def ragged_shapes(rows):
    return [row.shape for row in rows]


@pytest.mark.parametrize("container", WITHOUT_ARRAYS)
def test_of_lists_come_lists_of_arrays(container, composite):
    held = CONTAINERS[container](X)
    assert ragged_shapes(composite.reconstruct(held)) == [(t, 2) for t in LENGTHS]
    assert ragged_shapes(composite.predict_next(held)) == [(t - 1, 2) for t in LENGTHS]
    assert ragged_shapes(composite.reconstruction_error(held, reduction="timestep")) == [(t,) for t in LENGTHS]
    assert isinstance(composite.reconstruct(held), list)


@pytest.mark.parametrize("container", UNIVARIATE_WITHOUT_ARRAYS)
def test_of_lists_of_numbers_come_lists_of_numbers(container):
    held = UNIVARIATE_CONTAINERS[container](UNIVARIATE)
    fitted = autoencoder(objective="composite").fit(held)
    assert ragged_shapes(fitted.reconstruct(held)) == [(t,) for t in LENGTHS]
    assert ragged_shapes(fitted.predict_next(held)) == [(t - 1,) for t in LENGTHS]
    assert ragged_shapes(fitted.reconstruction_error(held, reduction="timestep")) == [(t,) for t in LENGTHS]


@pytest.mark.parametrize("container", ["padded", "wider", "sentinel", "wider sentinel"])
def test_of_padded_arrays_come_arrays_that_are_padded_alike(container):
    held = CONTAINERS[container](X)
    fitted = autoencoder(objective="composite", **parameters_for(container)).fit(held)
    shorter = CONTAINERS[container]([x[1:] for x in X])

    assert_array_equal(is_padding(fitted.reconstruct(held)), is_padding(held), strict=True)
    assert_array_equal(is_padding(fitted.predict_next(held)), is_padding(shorter), strict=True)
    errors = fitted.reconstruction_error(held, reduction="timestep")
    assert_array_equal(is_padding(errors), is_padding(held)[:, :, 0], strict=True)


def is_padding(array):
    return np.isnan(array) | (array == SENTINEL)


@pytest.mark.parametrize("container", ["table", "wider table", "pandas", "polars"])
def test_of_tables_come_arrays_of_rows(container):
    held = UNIVARIATE_CONTAINERS[container](UNIVARIATE)
    fitted = autoencoder(objective="composite").fit(held)
    is_missing = np.isnan(held.to_numpy() if hasattr(held, "to_numpy") else held)

    assert_array_equal(np.isnan(fitted.reconstruct(held)), is_missing, strict=True)
    assert_array_equal(np.isnan(fitted.predict_next(held)), is_missing[:, 1:], strict=True)
    assert_array_equal(np.isnan(fitted.reconstruction_error(held, reduction="timestep")), is_missing, strict=True)


def test_of_the_packages_own_sequences_come_such(composite):
    held = packed(X)
    said = composite.reconstruct(held), composite.predict_next(held)
    errors = composite.reconstruction_error(held, reduction="timestep")
    assert all(isinstance(rows, Sequences) for rows in [*said, errors])
    assert_array_equal(said[0].lengths, LENGTHS)
    assert_array_equal(said[1].lengths, np.subtract(LENGTHS, 1))
    assert (errors.n_features, errors.lengths.tolist()) == (1, LENGTHS)


@pytest.mark.parametrize("container", CONTAINERS)
def test_encodings_and_errors_are_arrays_of_a_row_for_each_sample(container):
    held = CONTAINERS[container](X)
    fitted = autoencoder(**parameters_for(container)).fit(held)
    assert fitted.transform(held).shape == (6, 3)
    assert fitted.reconstruction_error(held).shape == fitted.score_samples(held).shape == (6,)
    assert fitted.reconstruction_error(held, reduction="feature").shape == (6, 2)


@pytest.mark.parametrize(("dtype", "expected"), [("float32", "float32"), ("float64", "float64"), ("int32", "float64")])
def test_float32_comes_of_float32_and_float64_of_all_else(dtype, expected):
    held = [x.astype(dtype) for x in X]
    fitted = autoencoder(objective="composite").fit(held)
    assert fitted.transform(held).dtype == expected
    for rows in (fitted.reconstruct(held), fitted.predict_next(held)):
        assert {row.dtype for row in rows} == {np.dtype(expected)}


def test_the_columns_of_the_encodings_have_names(reconstruction):
    names = [f"lstmautoencodertransformer{i}" for i in range(3)]
    assert reconstruction.get_feature_names_out().tolist() == names


# --- decoding an encoding ---------------------------------------------------------------------------------------------


def test_encodings_decode_to_the_one_length_of_training():
    fitted = autoencoder().fit(OF_ONE_LENGTH)
    said = fitted.inverse_transform(fitted.transform(OF_ONE_LENGTH))
    assert_array_equal(said, fitted.reconstruct(OF_ONE_LENGTH), strict=True)


@pytest.mark.parametrize("container", ["list", "padded", "wider", "Sequences"])
def test_encodings_decode_to_the_kind_fitted_on(container):
    held = CONTAINERS[container](OF_ONE_LENGTH)
    fitted = autoencoder().fit(held)
    said = fitted.inverse_transform(fitted.transform(held))
    assert type(said) is type(held)
    assert_array_equal([np.shape(row) for row in said], [(6, 2)] * 4)


@pytest.mark.parametrize("container", ["table", "pandas", "polars"])
def test_encodings_decode_to_rows_after_a_table(container):
    held = UNIVARIATE_CONTAINERS[container](draw_sequences([6] * 4, 1, seed=0))
    fitted = autoencoder().fit(held)
    assert fitted.inverse_transform(fitted.transform(held)).shape == (4, 6)


def test_encodings_decode_to_lengths_asked_for_by_name(reconstruction):
    Z = reconstruction.transform(X)
    with pytest.raises(ValueError, match="from 1 to 7 timesteps: say n_timesteps, an int or an array"):
        reconstruction.inverse_transform(Z)
    assert ragged_shapes(reconstruction.inverse_transform(Z, 9)) == [(9, 2)] * 6
    assert ragged_shapes(reconstruction.inverse_transform(Z, n_timesteps=[0, 1, 2, 3, 4, 50])) == [
        (t, 2) for t in [0, 1, 2, 3, 4, 50]
    ]
    assert ragged_shapes(reconstruction.inverse_transform(Z, n_timesteps=0)) == [(0, 2)] * 6


def test_an_encoding_decodes_to_the_reconstruction_of_its_length(reconstruction):
    Z = reconstruction.transform(X)
    said = reconstruction.inverse_transform(Z, LENGTHS)
    for got, expected in zip(said, reconstruction.reconstruct(X), strict=True):
        assert_array_equal(got, expected, strict=True)


@pytest.mark.parametrize("n_timesteps", [-1, 2.0, "2", [1, 2], [[1] * 6], [1, 2, 3, 4, 5, -6]])
def test_other_lengths_are_refused(n_timesteps, reconstruction):
    with pytest.raises(ValueError, match=r"n_timesteps must be an int or an array of 6 ints, of at least 0, got"):
        reconstruction.inverse_transform(reconstruction.transform(X), n_timesteps)


@pytest.mark.parametrize("width", [2, 4])
def test_encodings_of_another_width_are_refused(width, reconstruction):
    with pytest.raises(ValueError, match=f"Z has {width} columns, but encodings have latent_dim=3"):
        reconstruction.inverse_transform(np.zeros((2, width)), 4)


def test_a_decoder_says_sequences_longer_than_any_in_training(reconstruction):
    (longer,) = draw_sequences([60], 2, seed=1)
    assert reconstruction.reconstruct([longer])[0].shape == (60, 2)


# --- each next timestep -----------------------------------------------------------------------------------------------


def test_what_comes_next_is_aligned_with_all_but_the_first_timestep():
    """What was learnt of a counter is the value after, not the one before or the same."""
    counters = [np.arange(t, dtype=float)[:, None] for t in (6, 7, 8)]
    fitted = autoencoder(objective="prediction", latent_dim=8, epochs=400, learning_rate=0.02).fit(counters)
    for x, said in zip(counters, fitted.predict_next(counters), strict=True):
        assert_allclose(said, x[1:], atol=0.3)


@pytest.mark.parametrize("objective", ["prediction", "composite"])
def test_after_one_timestep_or_none_nothing_comes_next(objective):
    fitted = autoencoder(objective=objective).fit([*X, X[0][:0]])
    one, none = X[0][:1], X[0][:0]
    assert ragged_shapes(fitted.predict_next([one])) == [(0, 2)]
    assert ragged_shapes(fitted.predict_next([one, none, X[0]])) == [(0, 2), (0, 2), (4, 2)]
    assert fitted.predict_next(padded([one, one])).shape == (2, 0, 2)
    assert (autoencoder(objective="prediction").fit(X).score_samples([one, none, one]) == 0).all()


def test_reverse_means_nothing_to_prediction():
    either = [autoencoder(objective="prediction", reverse=reverse).fit(X) for reverse in (True, False)]
    assert either[0].history_ == either[1].history_
    assert_same_bits(*(outputs(fitted, X) for fitted in either))


@pytest.mark.parametrize("objective", ["prediction", "composite"])
def test_prediction_needs_a_timestep_after_the_first(objective):
    with pytest.raises(ValueError, match=f"objective='{objective}' needs a sequence of 2 timesteps or more.* has 1"):
        autoencoder(objective=objective).fit([x[:1] for x in X])


def test_reconstructions_are_said_first_timestep_first_whatever_is_learnt_first():
    """A constant of its own for each timestep is easy to say and easy to tell from its reverse."""
    steps = [np.arange(6, dtype=float)[:, None]] * 4
    for reverse in (True, False):
        fitted = autoencoder(reverse=reverse, latent_dim=8, epochs=400, learning_rate=0.02).fit(steps)
        assert_allclose(fitted.reconstruct(steps[:1])[0], steps[0], atol=0.3)


@pytest.mark.parametrize(
    ("objective", "missing"),
    [
        ("prediction", ["reconstruct", "inverse_transform", "reconstruction_error"]),
        ("reconstruction", ["predict_next"]),
        ("composite", []),
    ],
)
def test_a_verb_is_there_only_where_its_decoder_is(objective, missing):
    verbs = ["reconstruct", "inverse_transform", "reconstruction_error", "predict_next", "score_samples", "score"]
    unfitted = autoencoder(objective=objective)
    fitted = autoencoder(objective=objective).fit(X).set_params(objective="composite")
    for estimator in (unfitted, fitted):
        assert [verb for verb in verbs if not hasattr(estimator, verb)] == sorted(missing, key=verbs.index)
    for verb in missing:
        with pytest.raises(AttributeError, match=verb) as error:
            getattr(unfitted, verb)
        assert f"objective='{objective}'" in str(error.value.__cause__)


# --- errors and scores ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[{}, {"scale": None, "loss": "mae"}], ids=["scaled", "raw"])
def errors_by_numpy(request):
    """A fitted autoencoder, sequences, and their squared errors in units of the weighted training deviation."""
    spread = [x * [1.0, 100.0] for x in X]
    weights = np.arange(1.0, 7.0)
    fitted = autoencoder(objective="composite", **request.param).fit(spread, sample_weight=weights)
    values, repeated = np.concatenate(spread), np.repeat(weights, LENGTHS)
    std = np.sqrt(np.cov(values.T, aweights=repeated, ddof=0).diagonal())
    held = [*spread, spread[0][:0]]
    said = fitted.reconstruct(held)
    return fitted, held, [((x - s) / std) ** 2 for x, s in zip(held, said, strict=True)]


def test_errors_are_averages_of_squares_in_units_of_the_training_deviation(errors_by_numpy):
    fitted, held, squares = errors_by_numpy
    filled = squares[:-1]  # the empty sequence has errors of zero
    assert_allclose(fitted.reconstruction_error(held), [*(e.mean() for e in filled), 0])
    assert_allclose(fitted.reconstruction_error(held, reduction="feature"), [*(e.mean(axis=0) for e in filled), [0, 0]])
    for got, e in zip(fitted.reconstruction_error(held, reduction="timestep"), squares, strict=True):
        assert_allclose(got, e.mean(axis=1))


def test_scores_are_minus_the_errors(errors_by_numpy):
    fitted, held, _ = errors_by_numpy
    errors, weights = fitted.reconstruction_error(held), np.arange(len(held))
    assert_array_equal(fitted.score_samples(held), -errors)
    assert fitted.score(held) == pytest.approx(-errors.mean())
    assert fitted.score(held, sample_weight=weights) == pytest.approx(-np.average(errors, weights=weights))


def test_the_score_of_a_predictor_is_that_of_its_predictions():
    fitted = autoencoder(objective="prediction").fit(X)
    std = np.concatenate(X).std(axis=0)
    squares = [((x[1:] - said) / std) ** 2 for x, said in zip(X, fitted.predict_next(X), strict=True)]
    expected = [-e.mean() if e.size else 0 for e in squares]
    assert_allclose(fitted.score_samples(X), expected)
    assert fitted.score(X) == pytest.approx(np.mean(expected))


def test_another_reduction_is_refused(reconstruction):
    with pytest.raises(ValueError, match="must be one of 'sample', 'timestep', 'feature', 'none', got 'mean'"):
        reconstruction.reconstruction_error(X, reduction="mean")


# --- a decoder of the user's own --------------------------------------------------------------------------------------


class RecordingDecoder:
    """Says a linear function of the encoding, and remembers what it was called for."""

    def __init__(self):
        self.calls = []

    def __call__(self, n_timesteps, latent_dim, n_features):
        self.calls.append((n_timesteps, latent_dim, n_features))
        size = n_timesteps * n_features
        layers = [keras.layers.Dense(size), keras.layers.Reshape((n_timesteps, n_features))]
        return keras.Sequential([keras.Input((latent_dim,)), *layers])


def test_a_decoder_function_is_called_once_a_fit_for_the_longest_length():
    decoder = RecordingDecoder()
    fitted = autoencoder(decoder=decoder).fit(X)
    fitted.reconstruct(X)
    fitted.inverse_transform(fitted.transform(X), 3)
    assert decoder.calls == [(7, 3, 2)]
    fitted.fit(X[:1])
    assert decoder.calls == [(7, 3, 2), (5, 3, 2)]


def test_after_a_decoder_function_longer_sequences_are_refused():
    fitted = autoencoder(decoder=RecordingDecoder()).fit(X)
    longer = [X[0], *draw_sequences([8], 2, seed=0)]
    assert fitted.transform(longer).shape == (2, 3)  # an encoder reads any length
    message = "Sequence 1 has 8 timesteps.*called for 7, the longest in training"
    for verb in (fitted.reconstruct, fitted.reconstruction_error, fitted.score_samples):
        with pytest.raises(ValueError, match=message):
            verb(longer)
    with pytest.raises(ValueError, match="called for 7, the longest in training"):
        fitted.inverse_transform(np.zeros((1, 3)), 8)
    with pytest.raises(ValueError, match="longest"):
        fitted.partial_fit(longer)


def test_sequences_after_a_prediction_function_may_be_as_long_as_in_training():
    fitted = autoencoder(decoder=RecordingDecoder(), objective="prediction").fit(X)
    assert ragged_shapes(fitted.predict_next(X)) == [(t - 1, 2) for t in LENGTHS]
    with pytest.raises(ValueError, match="the longest in training"):
        fitted.predict_next(draw_sequences([8], 2, seed=0))


def too_short(n_timesteps, latent_dim, n_features):
    return RecordingDecoder()(n_timesteps - 1, latent_dim, n_features)


def too_wide(n_timesteps, latent_dim, n_features):
    return RecordingDecoder()(n_timesteps, latent_dim, n_features + 1)


def too_flat(n_timesteps, latent_dim, n_features):
    return keras.Sequential([keras.Input((latent_dim,)), keras.layers.Dense(n_features)])


@pytest.mark.parametrize(
    ("decoder", "got"),
    [(too_short, r"\(None, 6, 2\)"), (too_wide, r"\(None, 7, 3\)"), (too_flat, r"\(None, 2\)")],
)
def test_a_decoder_function_of_another_shape_is_refused(decoder, got):
    with pytest.raises(ValueError, match=rf"from \(batch, 3\) to \(batch, 7, 2\), but its output is {got}"):
        autoencoder(decoder=decoder).fit(X)


def no_model(n_timesteps, latent_dim, n_features):
    return keras.layers.Dense(n_features)


def nothing(n_timesteps, latent_dim, n_features):
    return None


@pytest.mark.parametrize(("decoder", "got"), [(no_model, "Dense"), (nothing, "NoneType")])
def test_a_decoder_function_that_makes_no_model_is_refused(decoder, got):
    with pytest.raises(TypeError, match=rf"decoder must return a keras.Model from .*, but gave .*{got}"):
        autoencoder(decoder=decoder).fit(X)


def reads_more(n_timesteps, latent_dim, n_features):
    return RecordingDecoder()(n_timesteps, latent_dim + 1, n_features)


def test_a_decoder_function_that_reads_another_width_is_refused():
    with pytest.raises(ValueError, match=r"decoder must return a keras.Model from \(batch, 3\) to \(batch, 7, 2\)"):
        autoencoder(decoder=reads_more).fit(X)


def recurrent_decoder(n_timesteps, latent_dim, n_features):
    """As in the tutorials."""
    layers = [
        keras.layers.RepeatVector(n_timesteps),
        keras.layers.LSTM(4, return_sequences=True),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(n_features),
    ]
    return keras.Sequential([keras.Input((latent_dim,)), *layers])


def test_the_tutorials_decoder_is_a_decoder_function():
    first, second = (autoencoder(decoder=recurrent_decoder, epochs=30, learning_rate=0.05).fit(X) for _ in range(2))
    assert first.history_ == second.history_
    assert first.history_["loss"][-1] < 0.9 * first.history_["loss"][0]
    assert_array_equal(pickle.loads(pickle.dumps(first)).transform(X), second.transform(X))


# --- the conditional decoder ------------------------------------------------------------------------------------------


def test_a_conditional_decoder_reads_its_own_output_outside_of_training():
    """What it says depends on the encoding and on what it said before, and on nothing that comes after."""
    fitted = autoencoder(decoder="conditional", reverse=False).fit(X)
    Z = fitted.transform(X)
    one, many = (fitted.inverse_transform(Z, n_timesteps) for n_timesteps in (1, 9))
    for short, long, said in zip(one, many, fitted.reconstruct(X), strict=True):
        assert_array_equal(long[:1], short)
        assert_array_equal(long[: len(said)], said[:9])


def test_a_conditional_decoder_hears_the_truth_only_in_training():
    """A still network told the truth has one loss, and left to itself another."""
    fitted = autoencoder(decoder="conditional", epochs=1, learning_rate=1e-12).fit(X)
    std = np.concatenate(X).std(axis=0)
    squares = [((x - said) / std) ** 2 for x, said in zip(X, fitted.reconstruct(X), strict=True)]
    alone = np.concatenate(squares).mean()
    assert not np.isclose(fitted.history_["loss"][0], alone, rtol=1e-4)

    of_one_timestep = [x[:1] for x in X]  # there both read the zeros
    fitted = autoencoder(decoder="conditional", epochs=1, learning_rate=1e-12).fit(of_one_timestep)
    assert fitted.history_["loss"][0] == pytest.approx(-fitted.score(of_one_timestep), rel=1e-5)


# --- optimizers and losses --------------------------------------------------------------------------------------------


def test_an_optimizer_instance_is_its_name_with_its_configuration():
    made = autoencoder(optimizer=keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)).fit(X)
    named = autoencoder(
        optimizer="sgd", learning_rate=0.05, clipnorm=None, optimizer__momentum=0.9, optimizer__nesterov=True
    ).fit(X)
    assert_same_bits(outputs(made, X), outputs(named, X))


@pytest.mark.parametrize(("name", "value"), [("learning_rate", 0.1), ("clipnorm", None), ("clipnorm", 2.0)])
def test_beside_an_optimizer_instance_its_own_parameters_are_refused(name, value):
    with pytest.raises(ValueError, match=rf"{name}={value} has no effect on an optimizer that is an instance"):
        autoencoder(optimizer=keras.optimizers.SGD(), **{name: value}).fit(X)


def test_a_schedule_that_stands_still_moves_nothing_after_it():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3], [0.05, 0.0])
    fitted = autoencoder(optimizer=keras.optimizers.SGD(schedule), epochs=8).fit(X)
    losses = fitted.history_["loss"]
    assert losses[0] > losses[1] > losses[2] > losses[3]
    assert_allclose(losses[5:], losses[4], rtol=1e-6)


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy", keras.losses.BinaryCrossentropy()])
def test_probabilities_must_not_be_scaled(loss):
    with pytest.raises(ValueError, match=r"compares probabilities: set scale=None, got scale='standard'"):
        autoencoder(loss=loss).fit(X)


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy"])
@pytest.mark.parametrize("wrong", [-0.125, 1.125])
def test_probabilities_must_be_from_0_to_1(loss, wrong):
    outside = [x.copy() for x in X]
    outside[2][4, 1] = wrong
    message = rf"X\[2\] has {wrong} at timestep 4, feature 1, but loss='{loss}' needs values from 0 to 1\."
    with pytest.raises(ValueError, match=message):
        autoencoder(loss=loss, scale=None).fit(outside)


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_what_is_said_under_binary_crossentropy_lies_between_0_and_1(decoder):
    far = {"loss": "binary_crossentropy", "scale": None, "decoder": decoder, "objective": "composite"}
    fitted = autoencoder(**far, learning_rate=0.5, epochs=20).fit([np.round(x) for x in X])
    said = np.concatenate([*fitted.reconstruct(X), *fitted.predict_next(X)])
    assert said.min() >= 0
    assert said.max() <= 1
    assert np.ptp(said) > 0.2


@pytest.mark.parametrize("decoder", ["repeat", "conditional"])
def test_what_is_said_under_categorical_crossentropy_are_distributions(decoder):
    classes = [np.eye(3)[(x[:, 0] * 2.9).astype(int)] for x in X]
    far = {"loss": "categorical_crossentropy", "scale": None, "decoder": decoder, "objective": "composite"}
    fitted = autoencoder(**far, learning_rate=0.05, epochs=20).fit(classes)
    said = np.concatenate([*fitted.reconstruct(classes), *fitted.predict_next(classes)])
    assert said.min() >= 0
    assert_allclose(said.sum(axis=1), 1, rtol=1e-5)
    assert fitted.history_["loss"][-1] < 0.9 * fitted.history_["loss"][0]


# --- early stopping ---------------------------------------------------------------------------------------------------

JUMPY = {"early_stopping": True, "validation_fraction": 0.3, "learning_rate": 1.0, "epochs": 12, "tol": 0.0}


def test_early_stopping_gives_back_the_weights_of_the_lowest_validation_loss():
    Y = draw_sequences(range(2, 32), 2, seed=3)
    whole = autoencoder(**JUMPY, n_iter_no_change=99).fit(Y)
    best = int(np.argmin(whole.history_["val_loss"]))
    assert 0 < best < 11  # or there would be nothing to give back

    until_then = autoencoder(**JUMPY | {"epochs": best + 1}, n_iter_no_change=99).fit(Y)

    assert until_then.history_["val_loss"] == whole.history_["val_loss"][: best + 1]
    assert_same_bits(outputs(until_then, Y), outputs(whole, Y))


@pytest.mark.parametrize("n_iter_no_change", [1, 2, 4])
@pytest.mark.parametrize("tol", [0.0, 0.01])
def test_training_stops_after_so_many_epochs_without_a_fall(n_iter_no_change, tol):
    Y = draw_sequences(range(2, 32), 2, seed=3)
    fitted = autoencoder(**JUMPY | {"tol": tol, "epochs": 30}, n_iter_no_change=n_iter_no_change).fit(Y)
    losses = fitted.history_["val_loss"]

    lowest, waited, stops = np.inf, 0, 30
    for epoch, loss in enumerate(losses, start=1):
        waited = 0 if loss < lowest - tol else waited + 1
        lowest = min(lowest, loss) if waited == 0 else lowest
        if waited == n_iter_no_change:
            stops = epoch
            break
    assert fitted.n_iter_ == len(losses) == stops < 30


def test_without_early_stopping_exactly_so_many_epochs_run():
    fitted = autoencoder(epochs=7, n_iter_no_change=1, tol=1e9, validation_fraction=0.9).fit(X)
    assert fitted.n_iter_ == 7
    assert list(fitted.history_) == ["loss"]


@pytest.mark.parametrize("objective", ["reconstruction", "prediction", "composite"])
def test_early_stopping_bears_sequences_that_say_nothing(objective):
    """Whichever samples are held out: those of no timesteps, or of one where the next is asked for."""
    half_empty = [x if i % 2 else x[: i // 2 % 2] for i, x in enumerate(draw_sequences([4] * 8, 2, seed=0))]
    for seed in range(6):
        fitted = autoencoder(objective=objective, early_stopping=True, random_state=seed).fit(half_empty)
        assert np.isfinite(fitted.history_["val_loss"]).all()


# --- callbacks --------------------------------------------------------------------------------------------------------


def test_a_lambda_callback_may_hear_every_event():
    heard = []
    fitted = autoencoder(
        batch_size=3,
        epochs=1,
        callbacks=keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs: heard.append("train begins"),
            on_epoch_begin=lambda epoch, logs: heard.append(f"epoch {epoch} begins"),
            on_train_batch_begin=lambda batch, logs: heard.append(f"batch {batch} begins"),
            on_train_batch_end=lambda batch, logs: heard.append(f"batch {batch} ends"),
            on_epoch_end=lambda epoch, logs: heard.append((f"epoch {epoch} ends", logs["loss"])),
            on_train_end=lambda logs: heard.append(("train ends", logs["loss"])),
        ),
    ).fit(X)
    batches = [f"batch {i} {edge}" for i in (0, 1) for edge in ("begins", "ends")]
    loss = fitted.history_["loss"][0]
    assert heard == ["train begins", "epoch 0 begins", *batches, ("epoch 0 ends", loss), ("train ends", loss)]


def test_a_callback_may_stop_training():
    stopper = keras.callbacks.EarlyStopping(monitor="loss", min_delta=1e9, patience=2)
    for _ in range(2):  # the second fit finds it as the first did
        assert autoencoder(epochs=9, callbacks=[stopper]).fit(X).n_iter_ == 3
    assert stopper.model is None


def test_a_callback_may_watch_the_validation_loss_and_give_back_its_best_weights():
    Y = draw_sequences(range(2, 32), 2, seed=3)
    own = autoencoder(**JUMPY, n_iter_no_change=3).fit(Y)
    stopper = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
    keras_own = autoencoder(**JUMPY, n_iter_no_change=99, callbacks=stopper).fit(Y)
    assert keras_own.history_ == own.history_
    assert_same_bits(outputs(keras_own, Y), outputs(own, Y))


@keras_warns_of_its_own
@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate if epoch < 2 else 0.0),
        keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=1e-9, min_delta=1e9, patience=1),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_what_a_callback_does_to_the_learning_rate_ends_with_the_fit(callback):
    before = autoencoder(epochs=6).fit(X)
    slowed = autoencoder(epochs=6, callbacks=callback).fit(X)
    after = autoencoder(epochs=6).fit(X)

    losses = slowed.history_["loss"]
    assert losses[:2] == before.history_["loss"][:2]
    assert_allclose(losses[3:], losses[2], rtol=1e-6)
    assert losses[2] > before.history_["loss"][-1]
    assert_same_bits(outputs(after, X), outputs(before, X))


def test_a_csv_logger_writes_the_history(tmp_path):
    path = tmp_path / "log.csv"
    fitted = autoencoder(objective="composite", epochs=3, callbacks=keras.callbacks.CSVLogger(str(path))).fit(X)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row.pop("epoch") for row in rows] == ["0", "1", "2"]
    assert {name: [float(row[name]) for row in rows] for name in fitted.history_} == fitted.history_


def test_progress_is_shown_where_it_is_asked_for_and_nowhere_else(capfd):
    autoencoder().fit(X)
    assert capfd.readouterr().out == ""
    autoencoder(verbose=2).fit(X)
    assert "Epoch 2/2" in capfd.readouterr().out


# --- empty sequences --------------------------------------------------------------------------------------------------


@each_case
def test_an_empty_sequence_has_the_zero_state_and_no_error(case):
    """Where a linear layer follows the state, that of zeros is its bias."""
    fitted, empty = case.fitted(), case.training_set[0][:0]
    said = outputs(fitted, [empty, case.training_set[0], empty])
    architecture = fitted._architecture
    width = architecture.units[-1] * (1 + architecture.bidirectional)
    expected = np.zeros(3) if width == 3 else fitted._weights["encoder"][-1]

    for i in (0, 2):
        assert_array_equal(said["transform"][i], expected)
        assert said["score_samples"][i] == 0
        assert all(said[verb][i].size == 0 for verb in ("reconstruct", "predict_next") if verb in said)


@pytest.mark.parametrize("objective", ["reconstruction", "prediction", "composite"])
def test_empty_sequences_add_nothing_to_the_loss(objective):
    """An epoch that moves nothing, in one batch: more samples share the same loss."""
    still = autoencoder(objective=objective, epochs=1, learning_rate=1e-12, batch_size=99)
    empty = X[0][:0]
    without = still.fit(X).history_
    among = still.fit([empty, *X, empty, empty]).history_
    assert among.keys() == without.keys()
    assert_allclose([*among.values()], [*without.values()], rtol=1e-6)


# --- the Keras models that are given away -----------------------------------------------------------------------------


def x_and_mask(arrays):
    """Right-padded float32 arrays, as anybody would write them."""
    mask = ~np.isnan(padded(arrays)[:, :, 0])
    return [np.nan_to_num(padded(arrays)).astype(np.float32), mask.astype(np.float32)]


def cut(rows, arrays, drop=0):
    return np.concatenate([np.asarray(row)[: max(len(x) - drop, 0)] for row, x in zip(rows, arrays, strict=True)])


def assert_says_as_the_verbs(said, fitted, arrays):
    """Compare a dict of padded outputs, or one of them, to the verbs."""
    verbs = {"reconstruction": ("reconstruct", 0), "prediction": ("predict_next", 1)}
    heads = [head for head, (verb, _) in verbs.items() if hasattr(fitted, verb)]
    said = said if isinstance(said, dict) else {heads[0]: said}
    assert sorted(said) == sorted(heads)
    for head in heads:
        verb, drop = verbs[head]
        expected = np.concatenate([*getattr(fitted, verb)(arrays)])
        assert_allclose(cut(said[head], arrays, drop), expected, atol=1e-5)


@each_case
def test_the_models_say_what_the_verbs_say(case):
    fitted, arrays = case.fitted(), case.training_set
    x, mask = x_and_mask(arrays)
    Z = fitted.transform(arrays)

    assert_allclose(fitted.encoder_([x, mask]), Z, atol=1e-5)
    assert_says_as_the_verbs(fitted.model_([x, mask]), fitted, arrays)
    assert_says_as_the_verbs(fitted.decoder_([Z.astype(np.float32), mask]), fitted, arrays)


def modules(model):
    """Where a model's layers, and those inside them, are defined."""
    inner = [module for layer in getattr(model, "layers", []) for module in modules(layer)]
    return {type(model).__module__, *inner}


@each_case
def test_the_models_are_made_of_stock_layers_but_where_keras_has_none(case):
    of_encoder, of_model = (
        {module for module in modules(model) if not module.startswith("keras.")}
        for model in (case.fitted().encoder_, case.fitted().model_)
    )
    assert of_encoder == set()
    assert of_model == (set() if case in STOCK.values() else {"skseqae.networks.keras_backend._layers"})


def test_the_models_are_never_kept(composite):
    before = dict(vars(composite))
    assert composite.model_ is not composite.model_
    assert vars(composite) == before


OPENED_ELSEWHERE = """
import sys
from pathlib import Path
import keras, numpy as np

for path in Path(sys.argv[1]).glob("*.keras"):
    model = keras.saving.load_model(path)
    with np.load(path.with_suffix(".npz")) as inputs:
        said = model([inputs["x"], inputs["mask"]])
    said = said if isinstance(said, dict) else {"said": said}
    np.savez(path.with_suffix(".said.npz"), **{name: np.asarray(value) for name, value in said.items()})
assert "skseqae" not in sys.modules
"""


@pytest.fixture(scope="module")
def opened_elsewhere(tmp_path_factory):
    """What saved models say in a process that does not know this package."""
    folder = tmp_path_factory.mktemp("models")
    models = {f"{name}-encoder": case.fitted().encoder_ for name, case in CASES.items()}
    models |= {f"{name}-model": case.fitted().model_ for name, case in STOCK.items()}
    for name, model in models.items():
        model.save(folder / f"{name}.keras")
        x, mask = x_and_mask(CASES[name.rpartition("-")[0]].training_set)
        np.savez(folder / f"{name}.npz", x=x, mask=mask)
    run_in_fresh_process(OPENED_ELSEWHERE, folder)

    def said_by(name):
        with np.load(folder / f"{name}.said.npz") as archive:
            said = dict(archive)
        return said.get("said", said)

    return said_by


@keras_warns_of_its_own
@pytest.mark.parametrize("name", CASES)
def test_a_saved_encoder_opens_where_this_package_is_not_known(name, opened_elsewhere):
    case = CASES[name]
    expected = case.fitted().transform(case.training_set)
    assert_allclose(opened_elsewhere(f"{name}-encoder"), expected, atol=1e-5)


@keras_warns_of_its_own
@pytest.mark.parametrize("name", STOCK)
def test_a_saved_model_of_stock_layers_opens_where_this_package_is_not_known(name, opened_elsewhere):
    case = CASES[name]
    assert_says_as_the_verbs(opened_elsewhere(f"{name}-model"), case.fitted(), case.training_set)


def test_the_models_read_large_offsets_as_the_verbs_do():
    far = [x * 0.01 + 1000 for x in X]
    fitted = autoencoder().fit(far)
    assert_allclose(fitted.encoder_(x_and_mask(far)), fitted.transform(far), atol=1e-2)


# --- what was fitted --------------------------------------------------------------------------------------------------


def test_what_was_fitted_is_told():
    fitted = autoencoder(objective="composite", epochs=3, early_stopping=True, validation_fraction=0.4).fit(X)
    names = [prefix + name for prefix in ("", "val_") for name in ("loss", "reconstruction_loss", "prediction_loss")]
    assert sorted(fitted.history_) == sorted(names)
    assert {len(values) for values in fitted.history_.values()} == {3}
    assert {type(value) for values in fitted.history_.values() for value in values} == {float}
    assert (fitted.n_iter_, fitted.n_features_in_) == (3, 2)
    assert not hasattr(fitted, "feature_names_in_")


def test_the_names_of_columns_are_told_and_forgotten():
    frame = pd.DataFrame(table(UNIVARIATE), columns=[f"day {t}" for t in range(7)])
    fitted = autoencoder().fit(frame)
    assert fitted.feature_names_in_.tolist() == list(frame.columns)
    assert fitted.n_features_in_ == 7
    fitted.fit(UNIVARIATE)
    assert fitted.n_features_in_ == 1
    assert not hasattr(fitted, "feature_names_in_")


@pytest.mark.parametrize("container", containers(1))
def test_univariate_sequences_of_any_container_are_of_one_feature_a_timestep(container):
    held = containers(1)[container](UNIVARIATE)
    fitted = autoencoder(**parameters_for(container)).fit(held)
    is_table = container in ("table", "wider table", "pandas", "polars")
    assert fitted.n_features_in_ == (np.shape(held)[1] if is_table else 1)


@pytest.mark.parametrize("verb", ["transform", "reconstruct", "score_samples", "reconstruction_error"])
def test_another_number_of_features_is_refused(verb, reconstruction):
    with pytest.raises(
        ValueError, match="X has 1 features per timestep, but LSTMAutoencoderTransformer was fitted on 2"
    ):
        getattr(reconstruction, verb)(UNIVARIATE)


@pytest.mark.parametrize("units", [0, (), (3, 0), (3, 2.5), ["3"], (True, "a")])
def test_units_that_are_no_widths_are_refused(units):
    with pytest.raises(ValueError, match="units"):
        autoencoder(units=units).fit(X)
