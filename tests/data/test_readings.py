"""Inputs that are easily misread: each is read in its only sense, or refused, or warned of with both readings."""

from decimal import Decimal
from itertools import permutations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skseqae import LSTMAutoencoderTransformer, Sequences
from skseqae.data._check_sequences import check_sequences
from skseqae.data._labels import read_labels

NAMES = ["low", "mid", "high", "top"]  # in an order that is not that of the alphabet
LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}
every_library = pytest.mark.parametrize("make", LIBRARIES.values(), ids=LIBRARIES)
quick = {"latent_dim": 2, "units": 2, "epochs": 1, "random_state": 0}


def read(frame, **columns):
    return Sequences.from_frame(frame, **{"sample": "id", "time": "t"} | columns)


def frame_of(make, times, **columns):
    n = len(times)
    return make({"id": [1] * n, "t": times, "x": np.arange(float(n))} | columns)


# --- times ------------------------------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None)
@given(st.permutations(range(4)))
def test_ordered_categories_are_sorted_by_category(order):
    names = [NAMES[i] for i in order]
    categorical = pd.Categorical(names, categories=NAMES, ordered=True)
    enum = pl.Series("t", names, dtype=pl.Enum(NAMES))
    for frame in (frame_of(pd.DataFrame, categorical), frame_of(pl.DataFrame, enum)):
        assert_array_equal(read(frame)[0][:, 0], np.argsort(order))


@every_library
@pytest.mark.parametrize(
    "times", [["9:05", "10:05"], ["1", "12"], ["12/31/2019", "1/1/2020"], ["2020-1-2", "2020-10-01"], ["b", "a"]]
)
def test_text_that_sorts_as_text_is_refused(make, times):
    message = rf"Column 't' holds text \('{times[0]}' in row 0\), which sorts as text: .* pandas.to_datetime"
    with pytest.raises(TypeError, match=message):
        read(frame_of(make, times))


@every_library
@pytest.mark.parametrize("times", [["2020-01", "2019-12"], ["2020-01-02T10:00:00Z", "2020-01-02T09:59:59Z"]])
def test_text_that_sorts_as_it_means_is_a_time(make, times):
    assert_array_equal(read(frame_of(make, times))[0][:, 0], [1, 0])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_periods_dates_and_durations_are_sorted_by_value(order):
    for times in (pd.period_range("2020", periods=3, freq="M"), pd.to_timedelta([1, 20, 300], unit="D")):
        assert_array_equal(read(frame_of(pd.DataFrame, times[list(order)]))[0][:, 0], np.argsort(order))


def test_times_of_different_types_are_refused_by_row():
    with pytest.raises(TypeError, match="Column 't' has '2' in row 1, which cannot be compared with 1 in row 0"):
        read(frame_of(pd.DataFrame, [1, "2"]))


# --- samples and features of frames -----------------------------------------------------------------------------------


@every_library
@settings(derandomize=True, deadline=None, max_examples=20)
@given(keys=st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ab"), st.booleans()), min_size=1, max_size=12))
def test_samples_may_be_identified_by_several_columns(make, keys):
    columns = dict(zip(("plant", "unit", "run"), map(list, zip(*keys, strict=True)), strict=True))
    got = Sequences.from_frame(make(columns | {"x": np.arange(float(len(keys)))}), sample=["plant", "unit", "run"])
    expected = {key: [float(i) for i, each in enumerate(keys) if each == key] for key in dict.fromkeys(keys)}
    assert [each[:, 0].tolist() for each in got] == list(expected.values())


def test_decimals_are_numbers():
    frame = pd.DataFrame({"id": [1, 1], "x": [Decimal("1.5"), Decimal("2")]})
    assert_array_equal(Sequences.from_frame(frame, sample="id").packed, [[1.5], [2]])
    assert_array_equal(check_sequences([[Decimal("0.5"), 1]])[0].packed, [[0.5], [1]])


def test_errors_name_the_feature():
    frame = pd.DataFrame({"id": [1, 1], "speed": [1.0, 2.0], "load": [1.0, np.nan]})
    with pytest.raises(ValueError, match="Sample 1 has NaN at timestep 1, feature 'load'"):
        Sequences.from_frame(frame, sample="id")
    sequences = Sequences.from_frame(frame, sample="id", allow_missing=True)
    with pytest.raises(ValueError, match=r"X\[0\] has NaN at timestep 1, feature 'load'"):
        check_sequences(sequences)


@every_library
def test_a_column_of_text_is_named_with_what_to_do(make):
    frame = make({"id": [1, 1], "x": [1.0, 2.0], "state": ["ok", "bad"]})
    with pytest.raises(TypeError, match=r"Column 'state' holds text \('ok' in row 0\).* features=\[...\], or encode"):
        Sequences.from_frame(frame, sample="id")
    frame = make({"id": [1, 1], "x": [1.0, 2.0], "when": ["2020-01-01 10:00", "2020-01-01 11:00"]})
    with pytest.raises(TypeError, match="Column 'when' holds text .* pass time='when'"):
        Sequences.from_frame(frame, sample="id")


# --- rows that may not be sequences -----------------------------------------------------------------------------------


def test_a_frame_with_several_index_levels_is_refused():
    index = pd.MultiIndex.from_product([["a", "b"], range(3)], names=["unit", "cycle"])
    with pytest.raises(TypeError, match=r"Sequences.from_frame\(X, sample='unit', time='cycle'\)"):
        LSTMAutoencoderTransformer(**quick).fit(pd.DataFrame({"x": range(6), "y": range(6)}, index=index))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"load": range(9)}, index=pd.date_range("2020", periods=9, freq="h")),
        pd.DataFrame({"load": range(9), "temp": range(9)}, index=pd.period_range("2020", periods=9, freq="D")),
        pd.DataFrame({"load": range(9), "temp": range(9), "rpm": range(9)}),
        pl.DataFrame({"load": range(9), "temp": range(9), "rpm": range(9)}),
    ],
)
def test_a_frame_whose_columns_may_be_features_is_warned_of_at_the_line_of_the_user(frame):
    with pytest.warns(UserWarning, match=r"read as 9 univariate sequences, .* pass \[X\]; .*from_frame") as caught:
        LSTMAutoencoderTransformer(**quick).fit(frame)
    assert [warning.filename for warning in caught] == [__file__]


def test_a_frame_whose_columns_are_timesteps_is_not_warned_of():
    table = np.arange(18.0).reshape(9, 2)
    for frame in (pd.DataFrame(table), pd.DataFrame(table, columns=["t0", "t1"])):
        check_sequences(frame, warn=True)
    check_sequences(pd.DataFrame({"load": range(9), "temp": range(9)}), warn=False)


def test_a_table_of_another_width_is_refused_with_what_to_do():
    fitted = LSTMAutoencoderTransformer(**quick).fit(np.ones((4, 7)) * np.arange(7))
    with pytest.raises(ValueError, match="is expecting 7 features as input. The columns .* timesteps.*from_padded"):
        fitted.transform(np.ones((4, 8)))


# --- axes of arrays ---------------------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None, max_examples=30)
@given(n_rows=st.integers(1, 40), n_columns=st.integers(1, 40), n_samples=st.integers(1, 3), is_list=st.booleans())
def test_arrays_of_few_timesteps_with_many_features_are_warned_of(n_rows, n_columns, n_samples, is_list):
    X = np.random.default_rng(0).normal(size=(n_samples, n_rows, n_columns))
    X = list(X) if is_list else X
    confirmed = Sequences.from_list(X) if is_list else Sequences.from_padded(X)
    check_sequences(confirmed, warn=True)
    if n_rows <= 16 < n_columns:
        expected = f"of {n_rows} timesteps with {n_columns} features .*from_channels_first.*from_{'list' * is_list}"
        with pytest.warns(UserWarning, match=expected) as caught:
            check_sequences(X, warn=True)
        assert len(caught) == 1
    else:
        check_sequences(X, warn=True)


def test_arrays_whose_features_have_names_or_whose_shapes_differ_are_not_warned_of():
    X = np.random.default_rng(0).normal(size=(3, 4, 20))
    check_sequences([pd.DataFrame(x).add_prefix("x") for x in X], warn=True)
    check_sequences([X[0], X[1][:3]], warn=True)
    with pytest.warns(UserWarning, match=r"Sequences.from_padded\(X, padding_value=-1\)"):
        check_sequences(X, padding_value=-1, warn=True)


def test_a_table_of_many_short_rows_is_warned_of_unless_there_is_a_y():
    X, autoencoder = np.random.default_rng(0).normal(size=(100, 5)), LSTMAutoencoderTransformer(**quick, batch_size=100)
    message = r"\(100, 5\), which is read as 100 univariate .*pass \[X\].*padded\(X\)"
    with pytest.warns(UserWarning, match=message) as caught:
        autoencoder.fit(X)
    assert [warning.filename for warning in caught] == [__file__]
    for arguments in ((X[:99],), (Sequences.from_padded(X),), (X, np.arange(100))):
        autoencoder.fit(*arguments)


# --- padding ----------------------------------------------------------------------------------------------------------


def padded_in_front(value, n_features):
    X = np.full((20, 8, n_features), value)
    for i, x in enumerate(X):
        x[1 + i % 5 :] = np.arange(1, 8 - i % 5)[:, None]
    return X if n_features > 1 else X[:, :, 0]


@pytest.mark.parametrize("n_features", [1, 3])
@pytest.mark.parametrize(("value", "padding_value"), [(0.0, None), (0.0, 0.0), (-99.0, -99.0)])
def test_padding_in_front_is_warned_of(value, padding_value, n_features):
    X = padded_in_front(value, n_features)
    X[:, 0] = value
    X[::2, 1] = value  # so that runs differ
    message = rf"begin with timesteps .* {value:g}\..*padding='pre', padding_value={value:g}\)"
    with pytest.warns(UserWarning, match=message):
        check_sequences(X, padding_value=padding_value, warn=True)
    check_sequences(Sequences.from_padded(X, padding="pre", padding_value=value), warn=True)


def test_trailing_zeros_of_a_table_are_warned_of_if_they_differ_in_number():
    X = padded_in_front(0.0, 1)[:, ::-1].copy()
    X[::2, -2:] = 0
    with pytest.warns(UserWarning, match=r"samples end in timesteps .* padding_value=0.0"):
        check_sequences(X, warn=True)
    X = np.ones((10, 4))
    X[:, 3] = 0  # one timestep
    check_sequences(X, warn=True)


# --- labels, steps of scikit-learn, names of parameters ---------------------------------------------------------------


def test_one_hot_labels_are_warned_of():
    with pytest.warns(UserWarning, match=r"read as 3 labels for each sample. .* y.argmax\(axis=1\)"):
        read_labels(np.eye(3)[[0, 2, 1, 1]], None)
    read_labels(np.array([[1, 0], [1, 1]]), None)


def test_sequences_are_not_converted_to_arrays():
    with pytest.raises(TypeError, match=r"PerTimestep\(StandardScaler\(\)\)"):
        np.asarray(Sequences.from_list([[1.0, 2.0], [3.0]]))


@pytest.mark.parametrize(
    ("name", "expected"), [("lr", "learning_rate"), ("hidden_size", "units"), ("patience", "n_iter_no_change")]
)
def test_names_of_other_libraries_lead_to_the_parameter(name, expected):
    with pytest.raises(ValueError, match=f"has no parameter '{name}'; the nearest is '{expected}'"):
        LSTMAutoencoderTransformer().set_params(**{name: 3})
