"""LSTMAutoencoderTransformer: output containers, decoded encodings, and fitted attributes."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skseqae import LSTMAutoencoderTransformer, Sequences
from tests.estimators.autoencoders import LENGTHS, UNIVARIATE, X, autoencoder, shapes
from tests.support.combinations import cases_of
from tests.support.containers import (
    CONTAINERS,
    SENTINEL,
    UNIVARIATE_CONTAINERS,
    containers,
    packed,
    parameters_for,
    table,
)
from tests.support.outputs import outputs
from tests.support.strategies import draw_sequences

EQUAL_LENGTHS = draw_sequences([6] * 4, 2, seed=0)
CASES = cases_of(LSTMAutoencoderTransformer)
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES, scope="module")


@pytest.fixture(scope="module")
def composite():
    """Return an autoencoder that has every method."""
    return autoencoder(objective="composite").fit(X)


@pytest.fixture(scope="module")
def reconstruction():
    """Return an autoencoder that only reconstructs."""
    return autoencoder().fit(X)


# --- output containers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("container", ["list", "tuple", "object array", "nest"])
def test_methods_return_lists_for_lists(container, composite):
    data = CONTAINERS[container](X)
    assert shapes(composite.reconstruct(data)) == [(t, 2) for t in LENGTHS]
    assert shapes(composite.predict_next(data)) == [(t - 1, 2) for t in LENGTHS]
    assert shapes(composite.reconstruction_error(data, reduction="timestep")) == [(t,) for t in LENGTHS]
    assert isinstance(composite.reconstruct(data), list)


@pytest.mark.parametrize("container", ["list of numbers", "nest of numbers"])
def test_methods_return_lists_of_1d_arrays_for_lists_of_1d_arrays(container):
    data = UNIVARIATE_CONTAINERS[container](UNIVARIATE)
    fitted = autoencoder(objective="composite").fit(data)
    assert shapes(fitted.reconstruct(data)) == [(t,) for t in LENGTHS]
    assert shapes(fitted.predict_next(data)) == [(t - 1,) for t in LENGTHS]
    assert shapes(fitted.reconstruction_error(data, reduction="timestep")) == [(t,) for t in LENGTHS]


@pytest.mark.parametrize("container", ["padded", "wider", "sentinel", "wider sentinel"])
def test_methods_return_arrays_with_the_padding_of_the_input(container):
    data = CONTAINERS[container](X)
    fitted = autoencoder(objective="composite", **parameters_for(container)).fit(data)
    shorter = CONTAINERS[container]([x[1:] for x in X])

    assert_array_equal(is_padding(fitted.reconstruct(data)), is_padding(data), strict=True)
    assert_array_equal(is_padding(fitted.predict_next(data)), is_padding(shorter), strict=True)
    errors = fitted.reconstruction_error(data, reduction="timestep")
    assert_array_equal(is_padding(errors), is_padding(data)[:, :, 0], strict=True)


def is_padding(array):
    return np.isnan(array) | (array == SENTINEL)


@pytest.mark.parametrize("container", ["table", "wider table", "pandas", "polars"])
def test_methods_return_2d_arrays_for_2d_arrays_and_dataframes(container):
    data = UNIVARIATE_CONTAINERS[container](UNIVARIATE)
    fitted = autoencoder(objective="composite").fit(data)
    is_missing = np.isnan(data.to_numpy() if hasattr(data, "to_numpy") else data)

    assert_array_equal(np.isnan(fitted.reconstruct(data)), is_missing, strict=True)
    assert_array_equal(np.isnan(fitted.predict_next(data)), is_missing[:, 1:], strict=True)
    assert_array_equal(np.isnan(fitted.reconstruction_error(data, reduction="timestep")), is_missing, strict=True)


def test_methods_return_sequences_for_sequences(composite):
    data = packed(X)
    decoded, predicted = composite.reconstruct(data), composite.predict_next(data)
    errors = composite.reconstruction_error(data, reduction="timestep")
    assert all(isinstance(rows, Sequences) for rows in (decoded, predicted, errors))
    assert_array_equal(decoded.lengths, LENGTHS)
    assert_array_equal(predicted.lengths, np.subtract(LENGTHS, 1))
    assert (errors.n_features, errors.lengths.tolist()) == (1, LENGTHS)


@pytest.mark.parametrize("container", CONTAINERS)
def test_encodings_and_errors_have_one_row_per_sample(container):
    data = CONTAINERS[container](X)
    fitted = autoencoder(**parameters_for(container)).fit(data)
    assert fitted.transform(data).shape == (6, 3)
    assert fitted.reconstruction_error(data).shape == fitted.score_samples(data).shape == (6,)
    assert fitted.reconstruction_error(data, reduction="feature").shape == (6, 2)


@pytest.mark.parametrize(("dtype", "expected"), [("float32", "float32"), ("float64", "float64"), ("int32", "float64")])
def test_outputs_are_float32_for_float32_and_otherwise_float64(dtype, expected):
    data = [x.astype(dtype) for x in X]
    fitted = autoencoder(objective="composite").fit(data)
    assert fitted.transform(data).dtype == expected
    for rows in (fitted.reconstruct(data), fitted.predict_next(data)):
        assert {row.dtype for row in rows} == {np.dtype(expected)}


def test_columns_of_encodings_are_named_after_the_class(reconstruction):
    names = [f"lstmautoencodertransformer{i}" for i in range(3)]
    assert reconstruction.get_feature_names_out().tolist() == names


# --- inverse_transform ------------------------------------------------------------------------------------------------


def test_inverse_transform_uses_the_constant_length_of_training():
    fitted = autoencoder().fit(EQUAL_LENGTHS)
    decoded = fitted.inverse_transform(fitted.transform(EQUAL_LENGTHS))
    assert_array_equal(decoded, fitted.reconstruct(EQUAL_LENGTHS), strict=True)


@pytest.mark.parametrize("container", ["list", "padded", "wider", "Sequences"])
def test_inverse_transform_returns_the_container_of_fit(container):
    data = CONTAINERS[container](EQUAL_LENGTHS)
    fitted = autoencoder().fit(data)
    decoded = fitted.inverse_transform(fitted.transform(data))
    assert type(decoded) is type(data)
    assert_array_equal(shapes(decoded), [(6, 2)] * 4)


@pytest.mark.parametrize("container", ["table", "pandas", "polars"])
def test_inverse_transform_returns_a_2d_array_after_fit_on_a_table(container):
    data = UNIVARIATE_CONTAINERS[container](draw_sequences([6] * 4, 1, seed=0))
    fitted = autoencoder().fit(data)
    assert fitted.inverse_transform(fitted.transform(data)).shape == (4, 6)


def test_inverse_transform_requires_n_timesteps_after_unequal_lengths(reconstruction):
    Z = reconstruction.transform(X)
    with pytest.raises(ValueError, match="from 1 to 7 timesteps: pass n_timesteps, an int or an array"):
        reconstruction.inverse_transform(Z)
    lengths = [0, 1, 2, 3, 4, 50]
    assert shapes(reconstruction.inverse_transform(Z, 9)) == [(9, 2)] * 6
    assert shapes(reconstruction.inverse_transform(Z, n_timesteps=lengths)) == [(t, 2) for t in lengths]
    assert shapes(reconstruction.inverse_transform(Z, n_timesteps=0)) == [(0, 2)] * 6


def test_inverse_transform_equals_reconstruct(reconstruction):
    decoded = reconstruction.inverse_transform(reconstruction.transform(X), LENGTHS)
    for actual, expected in zip(decoded, reconstruction.reconstruct(X), strict=True):
        assert_array_equal(actual, expected, strict=True)


@pytest.mark.parametrize("n_timesteps", [-1, 2.0, "2", [1, 2], [[1] * 6], [1, 2, 3, 4, 5, -6]])
def test_inverse_transform_refuses_invalid_lengths(n_timesteps, reconstruction):
    with pytest.raises(ValueError, match=r"n_timesteps must be an int or an array of 6 ints, of at least 0, got"):
        reconstruction.inverse_transform(reconstruction.transform(X), n_timesteps)


@pytest.mark.parametrize("width", [2, 4])
def test_inverse_transform_refuses_encodings_of_another_width(width, reconstruction):
    with pytest.raises(ValueError, match=f"Z has {width} columns, but encodings have 3 columns"):
        reconstruction.inverse_transform(np.zeros((2, width)), 4)


def test_reconstruct_accepts_sequences_longer_than_in_training(reconstruction):
    (longer,) = draw_sequences([60], 2, seed=1)
    assert reconstruction.reconstruct([longer])[0].shape == (60, 2)


# --- empty sequences --------------------------------------------------------------------------------------------------


@each_case
def test_an_empty_sequence_has_the_encoding_of_the_zero_state_and_no_error(case):
    """Where a linear layer follows the state, its bias is the encoding of the zero state, if that is not pooled."""
    fitted, empty = case.fitted(), case.training_set[0][:0]
    results = outputs(fitted, [empty, case.training_set[0], empty])
    architecture = fitted._fitted.architecture
    is_state = architecture.hidden_width == architecture.latent_dim
    expected = np.zeros(architecture.latent_dim) if is_state else fitted._fitted.weights["encoder"][-1]
    expected = fitted.transform([case.training_set[1], empty])[1] if architecture.pooling else expected

    for i in (0, 2):
        assert_array_equal(results["transform"][i], expected)
        assert results["score_samples"][i] == 0
        assert all(results[method][i].size == 0 for method in ("reconstruct", "predict_next") if method in results)


# --- fitted attributes ------------------------------------------------------------------------------------------------


def test_fitted_attributes_describe_the_training():
    fitted = autoencoder(objective="composite", epochs=3, early_stopping=True, validation_fraction=0.4).fit(X)
    names = [prefix + name for prefix in ("", "val_") for name in ("loss", "reconstruction_loss", "prediction_loss")]
    assert sorted(fitted.history_) == sorted(names)
    assert {len(values) for values in fitted.history_.values()} == {3}
    assert {type(value) for values in fitted.history_.values() for value in values} == {float}
    assert (fitted.n_iter_, fitted.n_features_in_) == (3, 2)
    assert not hasattr(fitted, "feature_names_in_")


def test_a_refit_without_column_names_removes_feature_names_in():
    frame = pd.DataFrame(table(UNIVARIATE), columns=[f"day {t}" for t in range(7)])
    fitted = autoencoder().fit(frame)
    assert fitted.feature_names_in_.tolist() == list(frame.columns)
    assert fitted.n_features_in_ == 7
    fitted.fit(UNIVARIATE)
    assert fitted.n_features_in_ == 1
    assert not hasattr(fitted, "feature_names_in_")


@pytest.mark.parametrize("container", containers(1))
def test_n_features_in_is_1_for_univariate_sequences_and_the_width_of_tables(container):
    data = containers(1)[container](UNIVARIATE)
    fitted = autoencoder(**parameters_for(container)).fit(data)
    is_table = container in ("table", "wider table", "pandas", "polars")
    assert fitted.n_features_in_ == (np.shape(data)[1] if is_table else 1)


@pytest.mark.parametrize("method", ["transform", "reconstruct", "score_samples", "reconstruction_error"])
def test_methods_refuse_another_number_of_features(method, reconstruction):
    with pytest.raises(
        ValueError, match="X has 1 features per timestep, but LSTMAutoencoderTransformer was fitted on 2"
    ):
        getattr(reconstruction, method)(UNIVARIATE)


@pytest.mark.parametrize("units", [0, (), (3, 0), (3, 2.5), ["3"], (True, "a")])
def test_invalid_units_are_refused(units):
    with pytest.raises(ValueError, match="units"):
        autoencoder(units=units).fit(X)
