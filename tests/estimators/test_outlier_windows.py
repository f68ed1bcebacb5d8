"""Outlier intervals in long series, and forecasters that are trained on windows."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, SequenceOutlierDetector, Sequences
from skseqae.data._intervals import frame_of_intervals

TIMES = pd.date_range("2024-01-01", periods=400, freq="min")


@cache
def windows():
    """Windows of a sine and of one with a jump."""
    normal = np.sin(np.arange(400.0)) + np.random.default_rng(0).normal(0, 0.1, 400)
    jump = normal[::-1].copy()
    jump[300:320] = 9.0
    series = Sequences.from_list([normal, jump], ids=["normal", "jump"], times=[TIMES, TIMES])
    return series.windows(20, step=5)


@cache
def detector():
    autoencoder = LSTMAutoencoderTransformer(4, units=4, epochs=2, random_state=0)
    return SequenceOutlierDetector(autoencoder).fit(windows())


def test_the_interval_of_an_anomaly_is_reported_with_id_and_times():
    intervals = detector().outlier_intervals(windows())
    assert intervals.columns.tolist() == ["sample", "start", "end", "score"]
    lowest = intervals.loc[intervals["score"].idxmin()]
    assert lowest["sample"] == "jump"
    assert lowest["start"] <= TIMES[300]
    assert lowest["end"] >= TIMES[319]
    assert lowest["end"] - lowest["start"] < pd.Timedelta(minutes=60)


def test_intervals_are_the_timesteps_below_the_threshold():
    intervals = detector().outlier_intervals(windows())
    scores = windows().stitch(detector().score_samples(windows()))
    frame = scores.to_frame(features=["score"])
    is_reported = np.zeros(len(frame), bool)
    for _, row in intervals.iterrows():
        inside = (frame["sample"] == row["sample"]) & frame["timestep"].between(row["start"], row["end"])
        assert frame["score"][inside].min() == row["score"]
        is_reported |= inside
    assert_array_equal(is_reported, frame["score"] < detector().offset_)


def test_other_containers_are_refused():
    with pytest.raises(
        TypeError, match=r"X is of type list: pass windows, such as Sequences.from_list\(\[x\]\).windows"
    ):
        detector().outlier_intervals(windows().to_list())
    with pytest.raises(TypeError, match="X is of type Sequences"):
        detector().outlier_intervals(windows().series)


@pytest.mark.parametrize("seed", range(20))
def test_intervals_are_maximal_runs_within_each_series(seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 6, 5)
    lengths[0] = 3
    values = rng.choice([-1.0, 0.5, -2.0, np.nan], lengths.sum())
    scores = Sequences.from_packed(values, lengths, allow_missing=True)
    expected = []
    for i, x in enumerate(scores):
        run = []
        for t, value in enumerate([*x[:, 0], np.inf]):
            if value < 0:
                run.append((t, value))
            elif run:
                expected.append((i, run[0][0], run[-1][0], min(value for _, value in run)))
                run = []
    intervals = frame_of_intervals(scores, 0.0)
    assert list(intervals.itertuples(index=False, name=None)) == expected


def test_without_outliers_there_are_no_intervals():
    scores = Sequences.from_packed([1.0, 2.0], [2], ids=["a"], times=pd.date_range("2024", periods=2, tz="UTC"))
    intervals = frame_of_intervals(scores, 0.0)
    assert intervals.shape == (0, 4)


def test_intervals_keep_time_zones():
    times = pd.date_range("2024", periods=3, tz="Europe/Berlin")
    intervals = frame_of_intervals(Sequences.from_packed([1.0, -1.0, -2.0], [3], ids=["a"], times=times), 0.0)
    assert intervals.loc[0].tolist() == ["a", times[1], times[2], -2.0]


# --- forecasters ------------------------------------------------------------------------------------------------------


def test_a_forecaster_of_one_series_is_warned_about():
    x = np.sin(np.arange(60.0))
    regressor = CompositeSequenceRegressor(2, horizon=3, units=2, epochs=1, random_state=0)
    with pytest.warns(UserWarning, match=r"one sequence of 60 timesteps.*\.windows\(size, horizon=3\)"):
        regressor.fit([x])


def test_a_forecaster_is_trained_on_windows_and_forecasts_after_the_end():
    series = Sequences.from_list([np.sin(np.arange(60.0)), np.cos(np.arange(50.0))], ids=["sine", "cosine"])
    cut = series.windows(10, step=5, horizon=3)
    regressor = CompositeSequenceRegressor(2, horizon=3, units=2, epochs=1, random_state=0).fit(cut)
    future = regressor.predict(series.last(10))
    assert future.lengths.tolist() == [3, 3]
    assert future.ids.tolist() == ["sine", "cosine"]
    stitched = cut.stitch(regressor.predict(cut.past))
    assert stitched.lengths.tolist() == [60, 50]
    assert_array_equal([np.isnan(x).sum() for x in stitched], [10 + 2 * 9, 10 + 2 * 7])
    assert_array_equal(stitched[0][10:13], regressor.predict(series[:1].windows(10)[:1])[0])
