"""Windows of long series: which timesteps they hold, and how values return to the timesteps of the series."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GroupKFold, train_test_split

from skseqae import Sequences, Windows

quick = settings(max_examples=60, deadline=None, derandomize=True)
VALUES = [0.1, -0.0, 0.0, 1 / 3, 1e-300, 3e38, -7.3, np.nan]


@st.composite
def cut_series(draw, horizons=(0, 3), missing=True):
    """Series, and their windows."""
    lengths = draw(st.lists(st.integers(0, 12), min_size=1, max_size=4).filter(lambda each: max(each) > horizons[1]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = rng.choice(VALUES if missing else VALUES[:-1], (sum(lengths), draw(st.integers(1, 2))))
    values = values.astype(draw(st.sampled_from([np.float32, np.float64])))
    series = Sequences.from_packed(
        values,
        lengths,
        allow_missing=True,
        ids=[f"s{i}" for i in range(len(lengths))],
        times=np.arange(len(values)) // 2,
    )
    series = series[draw(st.permutations(range(len(lengths))))]
    size, horizon = draw(st.integers(1, 6)), draw(st.integers(*horizons))
    return series, series.windows(size, draw(st.integers(1, size + horizon)), horizon)


def assert_same_bits(got, expected):
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    assert got.tobytes() == expected.tobytes()


def coverage(windows):
    """Return how many windows hold each timestep of each series."""
    counts = [np.zeros(n, int) for n in windows.series.lengths]
    for i, start, length in zip(windows.series_index, windows.positions, windows.lengths, strict=True):
        counts[i][start : start + length] += 1
    return counts


def long_series(n_series=1, n_timesteps=10):
    values = np.random.default_rng(0).normal(size=(n_series * n_timesteps, 1))
    return Sequences.from_packed(values, [n_timesteps] * n_series)


# --- which timesteps --------------------------------------------------------------------------------------------------


@quick
@given(cut_series())
def test_windows_are_parts_of_their_series_with_ids_and_times(cut):
    series, windows = cut
    ends = np.cumsum(series.lengths)
    window_ends = np.cumsum(windows.lengths)
    for k, window in enumerate(windows):
        i, start = windows.series_index[k], windows.positions[k]
        assert 0 <= start <= start + len(window) <= series.lengths[i]
        assert_same_bits(window, series[int(i)][start : start + len(window)])
        assert np.shares_memory(window, series._values)
        assert windows.ids[k] == series.ids[i]
        times = series.times[ends[i] - series.lengths[i] :][start : start + len(window)]
        assert_array_equal(windows.times[window_ends[k] - len(window) : window_ends[k]], times)


@quick
@given(cut_series())
def test_every_timestep_is_in_a_window_unless_the_series_is_too_short(cut):
    series, windows = cut
    for length, counts in zip(series.lengths, coverage(windows), strict=True):
        assert (counts > 0).all() if length > windows.horizon else not counts.any()
    assert (windows.lengths > windows.horizon).all()


@quick
@given(cut_series(), st.integers(1, 4))
def test_the_first_windows_start_a_step_apart(cut, n_series):
    _, windows = cut
    for i in range(len(windows.series)):
        positions = windows.positions[windows.series_index == i]
        gaps = np.diff(positions)
        assert (gaps > 0).all()
        assert len(set(gaps[:-1])) <= 1
        assert len(gaps) < 2 or gaps[-1] <= gaps[0]


def test_a_series_of_the_length_of_a_window_is_one_window():
    assert long_series().windows(10).positions.tolist() == [0]
    assert long_series().windows(7, horizon=3).positions.tolist() == [0]
    assert long_series().windows(20, step=20).lengths.tolist() == [10]
    assert long_series().windows(20, horizon=9).past.lengths.tolist() == [1]


def test_windows_without_ids_have_the_numbers_of_their_series():
    windows = long_series(2).windows(5, step=5)
    assert windows.ids.tolist() == [0, 0, 1, 1]
    assert windows.times is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"size": 0}, ValueError, "size must be at least 1, got 0"),
        ({"size": 2.0}, TypeError, "size must be an int, got 2.0"),
        ({"size": True}, TypeError, "size must be an int, got True"),
        ({"size": 2, "step": 0}, ValueError, "step must be at least 1"),
        ({"size": 2, "horizon": -1}, ValueError, "horizon must be at least 0"),
        ({"size": 2, "horizon": None}, TypeError, "horizon must be an int"),
        ({"size": 2, "step": 3}, ValueError, "no window would contain the timesteps between"),
        ({"size": 2, "step": 4, "horizon": 1}, ValueError, r"at most size \+ horizon = 3"),
        ({"size": 2, "horizon": 10}, ValueError, "no sequence has more than horizon=10 timesteps, the longest has 10"),
    ],
)
def test_invalid_parameters_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        long_series().windows(**arguments)


# --- containers -------------------------------------------------------------------------------------------------------


def assert_same_windows(got, expected):
    assert type(got) is Windows
    assert_same_bits(got.packed, expected.packed)
    for attribute in ("series_index", "positions", "lengths", "ids", "times"):
        assert_array_equal(getattr(got, attribute), getattr(expected, attribute))
    assert got.horizon == expected.horizon
    assert got.feature_names == expected.feature_names
    assert_same_bits(got.stitch(got).packed, expected.stitch(expected).packed)


@quick
@given(cut_series())
def test_copies_and_pickles_of_windows_are_windows(cut):
    _, windows = cut
    for each in (windows, windows[::-2]):
        for copied in (copy.copy(each), copy.deepcopy(each), pickle.loads(pickle.dumps(each))):
            assert_same_windows(copied, each)


def test_a_pickle_holds_the_values_once():
    windows = long_series(n_timesteps=5000).windows(200)
    assert windows.packed.nbytes > 7_000_000
    assert len(pickle.dumps(windows)) < 300_000


def test_named_windows_are_windows():
    windows = long_series().windows(3).with_names(["x"])
    assert type(windows) is Windows
    assert windows.stitch(windows).feature_names == ("x",)


def test_splitters_return_windows_and_keep_series_apart():
    windows = long_series(4).windows(4, step=2)
    train, test = train_test_split(windows, random_state=0)
    assert type(train) is type(test) is Windows
    for train, test in GroupKFold(2).split(windows, groups=windows.series_index):
        assert not set(windows[train].series_index) & set(windows[test].series_index)


def test_constructors_of_windows_return_sequences():
    assert type(Windows.from_list([[1.0]])) is Sequences
    windows = long_series().windows(4)
    assert type(Windows.concat([windows, windows])) is Sequences


def test_past_is_without_the_horizon():
    windows = long_series().windows(4, horizon=2)
    for past, window in zip(windows.past, windows, strict=True):
        assert_array_equal(past, window[:-2])


# --- stitch -----------------------------------------------------------------------------------------------------------


@quick
@given(cut_series(horizons=(0, 0)), st.integers(0, 99))
def test_stitched_windows_are_the_series_bit_for_bit(cut, seed):
    """In each order of the windows, and in the other containers of windows."""
    series, windows = cut
    shuffled = windows[np.random.default_rng(seed).permutation(len(windows))]
    for each, values in [
        (windows, windows),
        (shuffled, shuffled),
        (windows, windows.to_list()),
        (windows, windows.to_padded()),
        (windows[[*range(len(windows)), 0]], windows[[*range(len(windows)), 0]]),
    ]:
        stitched = each.stitch(values)
        assert_same_bits(stitched.packed, series.packed)
        assert_array_equal(stitched.lengths, series.lengths)
        assert_array_equal(stitched.ids, series.ids)
        assert_array_equal(stitched.times, series.times)


@quick
@given(cut_series(missing=False), st.integers(0, 99))
def test_one_value_per_window_becomes_the_mean_over_the_windows_of_a_timestep(cut, seed):
    _, windows = cut
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(len(windows), 2))
    sums, counts = [np.zeros((n, 2)) for n in windows.series.lengths], coverage(windows)
    for k, (i, start) in enumerate(zip(windows.series_index, windows.positions, strict=True)):
        sums[i][start : start + windows.lengths[k]] += scores[k]
    with np.errstate(invalid="ignore"):
        expected = np.concatenate([s / n[:, None] for s, n in zip(sums, counts, strict=True)])
    assert_allclose(windows.stitch(scores).packed, expected, atol=1e-12)
    assert_allclose(windows.stitch(scores[:, 0]).packed[:, 0], expected[:, 0], atol=1e-12)
    order = rng.permutation(len(windows))
    assert_same_bits(windows[order].stitch(scores[order]).packed, windows.stitch(scores).packed)


@quick
@given(cut_series(missing=False), st.data())
def test_timesteps_of_windows_that_are_left_out_are_nan(cut, data):
    _, windows = cut
    kept = windows[np.array(data.draw(st.lists(st.booleans(), min_size=len(windows), max_size=len(windows))))]
    if not len(kept):
        return
    stitched = kept.stitch(kept)
    for x, original, counts in zip(stitched, windows.series, coverage(kept), strict=True):
        assert_array_equal(np.isnan(x).all(axis=1), counts == 0)
        assert_same_bits(x[counts > 0], original[counts > 0])


@quick
@given(cut_series(horizons=(1, 3), missing=False))
def test_forecasts_are_at_the_timesteps_that_they_predict(cut):
    """A forecast that is right equals the series there; the others have none."""
    series, windows = cut
    forecasts = [window[-windows.horizon :] for window in windows]
    for values in (forecasts, Sequences.from_list(forecasts), np.array(forecasts)):
        for i, (x, original) in enumerate(zip(windows.stitch(values), series, strict=True)):
            is_target = np.zeros(len(x), bool)
            for k in np.flatnonzero(windows.series_index == i):
                end = windows.positions[k] + windows.lengths[k]
                is_target[end - windows.horizon : end] = True
            assert_same_bits(x[is_target], original[is_target])
            assert np.isnan(x[~is_target]).all()


def test_predictions_of_next_timesteps_are_at_the_next_timesteps():
    windows = long_series().windows(4, step=2)
    stitched = windows.stitch([window[1:] for window in windows])[0]
    assert np.isnan(stitched[0, 0])
    assert_array_equal(stitched[1:], windows.series[0][1:])


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (np.ones(3), ValueError, "values has 3 items, expected one for each of 7 windows"),
        ([np.ones((4, 1))] * 3, ValueError, "values has 3 items, expected one for each of 7"),
        ([np.ones((3, 1))] * 6 + [np.ones((4, 1))], ValueError, r"values\[0\] has 3 timesteps, expected .* 4"),
        ([np.ones((2, 1))] * 7, ValueError, r"values\[0\] has 2 timesteps"),
        (np.ones((7, 2, 1)), ValueError, r"values\[0\] has 2 timesteps, expected those of its window, 4"),
        ([np.ones((5, 1))] * 7, ValueError, r"values\[0\] has 5 timesteps"),
        (np.array([1.0] * 6 + [np.nan]), ValueError, r"values\[6\] has NaN"),
        (["a"] * 7, TypeError, r"values\[0\] is of type str, not numbers"),
        (1.0, ValueError, "values has shape"),
    ],
)
def test_values_of_other_shapes_are_refused(values, error, message):
    with pytest.raises(error, match=message):
        long_series().windows(4).stitch(values)


def test_stitched_scores_merge_with_the_original_rows():
    times = pd.date_range("2024-01-01", periods=6, freq="h")
    frame = pd.DataFrame({"id": ["a"] * 3 + ["b"] * 3, "t": times, "x": np.arange(6.0)})
    windows = Sequences.from_frame(frame, sample="id", time="t").windows(2)
    scores = windows.stitch(np.arange(len(windows))).to_frame(sample="id", time="t", features=["score"])
    merged = frame[::-1].merge(scores, on=["id", "t"])
    assert_array_equal(merged["score"][::-1], [0, 0.5, 1, 2, 2.5, 3])
