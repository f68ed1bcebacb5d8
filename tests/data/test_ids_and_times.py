"""Ids of samples and times of timesteps: validation, and which operations keep them."""

import copy
import datetime
import pickle
from functools import cache

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, KFold, train_test_split
from sklearn.preprocessing import StandardScaler

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, SequenceOutlierDetector, Sequences
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder

quick = settings(max_examples=25, deadline=None, derandomize=True)
FIRST_DAY = np.datetime64("2024-03-30T21:00", "ns")
# kind of times: times that increase, from integers that increase
TIMES = {
    "numbers": lambda steps: steps,
    "floats": lambda steps: steps / 4,
    "dates": lambda steps: FIRST_DAY + steps * np.timedelta64(3600, "s"),
    "durations": lambda steps: steps * np.timedelta64(1500, "ms"),
    "time zone": lambda steps: (pd.to_datetime(FIRST_DAY + steps * np.timedelta64(3600, "s"), utc=True)).tz_convert(
        "Europe/Berlin"
    ),
    "text": lambda steps: np.datetime_as_string(FIRST_DAY + steps * np.timedelta64(1, "s")).astype(object),
}
# kind of ids: n ids
IDS = {
    "numbers": lambda n: np.arange(n)[::-1] * 7,
    "text": lambda n: [f"<pump {i}>" for i in range(n)],
    "dates": lambda n: np.datetime64("2024-01-01", "ns") + np.arange(n)[::-1] * np.timedelta64(1, "D"),
    "several": lambda n: [(f"site {i % 2}", i) for i in range(n)],
    "different types": lambda n: [i if i % 2 else f"{i}" for i in range(n)],
}


@st.composite
def sequences(draw, ids=tuple(IDS), times=tuple(TIMES), shortest=0):
    """Sequences with ids and times."""
    lengths = draw(st.lists(st.integers(shortest, 5), min_size=2, max_size=6).filter(any))
    n_rows = sum(lengths)
    values = np.random.default_rng(n_rows).normal(size=(n_rows, draw(st.integers(1, 2))))
    return Sequences.from_packed(
        values,
        lengths,
        ids=IDS[draw(st.sampled_from(ids))](len(lengths)),
        times=TIMES[draw(st.sampled_from(times))](np.arange(n_rows) ** 2),
    )


def small():
    """Return three sequences of two features with ids and dates."""
    times = TIMES["dates"](np.arange(12))
    values = np.random.default_rng(0).normal(size=(12, 2))
    return Sequences.from_packed(values, [5, 3, 4], ids=["a", "b", "c"], times=times)


def assert_same(got, expected):
    assert isinstance(got, Sequences)
    assert_array_equal(got.lengths, expected.lengths)
    assert_array_equal(got.packed, expected.packed)
    assert got.ids.tolist() == expected.ids.tolist()
    assert got.ids.dtype == expected.ids.dtype
    assert got.times.tolist() == expected.times.tolist()
    assert got.times.dtype == expected.times.dtype


def split_times(X):
    return np.split(X.times, np.cumsum(X.lengths)[:-1])


# --- containers -------------------------------------------------------------------------------------------------------


@quick
@given(sequences(), st.data())
def test_indexing_commutes_with_ids_and_times(X, data):
    n = len(X)
    rows = np.array(data.draw(st.lists(st.integers(-n, n - 1), max_size=7)), dtype=int)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    times = split_times(X)
    for key in (rows, rows.tolist(), mask, slice(None, None, -1), slice(1, None)):
        part = X[key]
        chosen = np.arange(n)[key]
        assert part.ids.tolist() == [X.ids.tolist()[i] for i in chosen]
        assert part.times.tolist() == [time for i in chosen for time in times[i].tolist()]
    assert isinstance(X[0], np.ndarray)


@quick
@given(sequences())
def test_copies_and_pickles_keep_ids_and_times(X):
    part = X[::-2]
    for copied in (copy.copy(part), copy.deepcopy(part), pickle.loads(pickle.dumps(part))):
        assert_same(copied, part)
    names = [f"x{i}" for i in range(X.n_features)]
    assert_same(part.with_names(names), part)


def test_joblib_files_keep_ids_and_times(tmp_path):
    joblib.dump(small(), tmp_path / "X.joblib")
    assert_same(joblib.load(tmp_path / "X.joblib"), small())
    assert_same(joblib.load(tmp_path / "X.joblib", mmap_mode="r"), small())


def test_ids_and_times_are_read_only_copies():
    ids, times = np.array([3, 1]), np.array([1.0, 2.0, 3.0])
    X = Sequences.from_packed([1.0, 2.0, 3.0], [1, 2], ids=ids, times=times)
    ids[:], times[:] = 0, 0
    assert X.ids.tolist() == [3, 1]
    assert X.times.tolist() == [1.0, 2.0, 3.0]
    for array in (X.ids, X.times, X[::-1].times):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5


def test_splitters_return_ids_and_times():
    X = small()
    train, test = train_test_split(X, random_state=0)
    assert sorted([*train.ids, *test.ids]) == ["a", "b", "c"]
    for train_rows, test_rows in KFold(3).split(X):
        assert_same(Sequences.concat([X[train_rows], X[test_rows]]), X[np.append(train_rows, test_rows)])


@quick
@given(sequences(), st.integers(1, 5))
def test_concatenated_parts_are_the_whole(X, cut):
    assert_same(Sequences.concat([X[:cut], X[cut:]] if cut < len(X) else [X]), X)
    assert_same(Sequences.concat([X[i : i + 1] for i in range(len(X))]), X)


def test_concat_promotes_types_and_keeps_names():
    first = Sequences.from_list([np.ones((2, 1), np.float32)], ids=["a"]).with_names(["x"])
    second = Sequences.from_list([np.zeros((1, 1))], ids=[4]).with_names(["x"])
    joined = Sequences.concat([first, second])
    assert joined.dtype == np.float64
    assert joined.feature_names == ("x",)
    assert joined.ids.tolist() == ["a", 4]
    assert Sequences.concat([first, first]).dtype == np.float32


def test_concat_refuses_parts_that_do_not_fit():
    X = small()
    bare = Sequences.from_packed(X.packed, X.lengths)
    for parts, message in [
        ([X, bare], r"parts\[1\] has no ids, but parts\[0\] has ids"),
        (
            [bare, Sequences.from_packed(X.packed, X.lengths, times=X.times)],
            r"parts\[1\] has times, but parts\[0\] has no",
        ),
        ([X, X.with_names(["p", "q"])], "feature_names"),
        ([bare, Sequences.from_list([[1.0]])], "n_features=1"),
        ([], "empty"),
    ]:
        with pytest.raises(ValueError, match=message):
            Sequences.concat(parts)
    for parts, message in [
        ([X, [1.0]], "of type list"),
        (X, "must be a list of Sequences"),
        ([X, Sequences.from_packed(X.packed, X.lengths, ids=X.ids, times=np.arange(12))], "of type number, but"),
    ]:
        with pytest.raises(TypeError, match=message):
            Sequences.concat(parts)


# --- dataframes -------------------------------------------------------------------------------------------------------


@quick
@given(sequences(shortest=1), st.sampled_from(["pandas", "polars"]))
def test_frames_round_trip(X, library):
    if library == "polars" and len(set(map(type, X.ids.tolist()))) > 1:
        return  # of its columns each has one type
    sample = ["site", "number"] if isinstance(X.ids[0], tuple) else "sample"
    frame = X.to_frame(sample=sample, time="when", library=library)
    got = Sequences.from_frame(frame, sample=sample, time="when")
    assert_array_equal(got.lengths, X.lengths)
    assert_array_equal(got.packed, X.packed)
    as_frame = got.to_frame(sample=sample, time="when", library=library)
    assert as_frame.equals(frame)
    if X.ids.dtype.kind != "M":  # dates as ids are objects of the library afterwards
        assert got.ids.tolist() == X.ids.tolist()
    assert (got.times == X.times).all()
    shuffled = (
        frame.sample(frac=1, random_state=0) if library == "pandas" else frame.sample(fraction=1, shuffle=True, seed=0)
    )
    again = Sequences.from_frame(shuffled, sample=sample, time="when")
    order = [again.ids.tolist().index(label) for label in got.ids.tolist()]
    assert_same(again[order], got)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_time_zones_of_columns_round_trip(library):
    times = pd.date_range("2024-03-30 22:00", periods=4, freq="h", tz="Europe/Berlin")
    frame = pd.DataFrame({"id": ["a", "a", "b", "b"], "t": times, "x": np.arange(4.0)})
    frame = frame if library == "pandas" else pl.from_pandas(frame).cast({"t": pl.Datetime("us", "Europe/Berlin")})
    X = Sequences.from_frame(frame, sample="id", time="t")
    assert X.times[0].utcoffset() == datetime.timedelta(hours=1)
    back = X.to_frame(sample="id", time="t", library=library)
    assert (back["t"].to_list(), str(back["t"].dtype)) == (frame["t"].to_list(), str(frame["t"].dtype))


def test_categories_sort_in_their_order_and_are_kept_as_labels():
    days = pd.Categorical(["wed", "mon", "tue"], categories=["mon", "tue", "wed"], ordered=True)
    frame = pd.DataFrame({"id": 1, "day": days, "x": [3.0, 1.0, 2.0]})
    X = Sequences.from_frame(frame, sample="id", time="day")
    assert X.times.tolist() == ["mon", "tue", "wed"]
    assert X.ids.tolist() == [1]


def test_frames_without_a_time_column_have_ids_only():
    frame = pd.DataFrame({"id": ["b", "a", "b"], "x": [1.0, 2.0, 3.0]})
    X = Sequences.from_frame(frame, sample="id")
    assert X.ids.tolist() == ["b", "a"]
    assert X.times is None
    assert X.to_frame()["sample"].tolist() == ["b", "b", "a"]
    assert X.to_frame()["timestep"].tolist() == [0, 1, 0]


def test_to_frame_asks_for_a_name_for_each_part_of_the_ids():
    X = Sequences.from_list([[1.0]], ids=[("a", 1)])
    with pytest.raises(ValueError, match=r"pass one name for each part of the ids, sample=\[\.\.\.\]"):
        X.to_frame()
    assert X.to_frame(sample=["site", "number"]).columns.tolist() == ["site", "number", "timestep", "x0"]
    with pytest.raises(ValueError, match="do not fit 2 sample column"):
        Sequences.from_list([[1.0]], ids=["a"]).to_frame(sample=["site", "number"])


def test_duplicated_times_are_refused_with_advice():
    frame = pd.DataFrame({"id": "a", "t": [1, 1], "x": [1.0, 2.0]})
    with pytest.raises(ValueError, match=r"frame.drop_duplicates\(\['id', 't'\]\); or pass time=None"):
        Sequences.from_frame(frame, sample="id", time="t")
    with pytest.raises(ValueError, match=r"frame.unique\(\['id', 't'\]\)"):
        Sequences.from_frame(pl.DataFrame({"id": ["a", "a"], "t": [1, 1], "x": [1.0, 2.0]}), sample="id", time="t")


def test_lists_of_dataframes_have_the_times_of_their_indexes():
    index = pd.date_range("2024-01-01", periods=3, freq="D")
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=index)
    X = Sequences.from_list([frame, frame[:1]])
    assert_array_equal(X.times, [*index.to_numpy(), index.to_numpy()[0]])
    assert Sequences.from_list([frame, frame.reset_index(drop=True)]).times is None
    assert Sequences.from_list([frame], times=[1, 2, 3]).times.tolist() == [1, 2, 3]
    assert Sequences.from_list([frame["x"].tz_localize("UTC")]).times[0] == pd.Timestamp("2024-01-01", tz="UTC")
    with pytest.raises(ValueError, match=r"index of X\[1\]: the times of the sequence decrease at timestep 1"):
        Sequences.from_list([frame, frame[::-1]])


# --- validation -------------------------------------------------------------------------------------------------------

CONSTRUCTORS = {
    "from_list": lambda **labels: Sequences.from_list([[1.0, 2.0], [3.0]], **labels),
    "from_padded": lambda **labels: Sequences.from_padded([[1.0, 2.0], [3.0, np.nan]], **labels),
    "from_channels_first": lambda **labels: Sequences.from_channels_first([[[1.0, 2.0]], [[3.0]]], **labels),
    "from_channels_first, array": lambda **labels: Sequences.from_channels_first(
        np.array([[[1.0, 2.0]], [[3.0, np.nan]]]), **labels
    ),
    "from_packed": lambda **labels: Sequences.from_packed([1.0, 2.0, 3.0], [2, 1], **labels),
    "from_arrow": lambda **labels: Sequences.from_arrow(pl.Series([[1.0, 2.0], [3.0]]), **labels),
}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_constructors_accept_ids_and_times(name):
    for times in ([1, 2, 3], np.array([1, 2, 3]), [[1, 2], [3]], pd.Series([1, 2, 3])):
        X = CONSTRUCTORS[name](ids=["a", ("b", 1)], times=times)
        assert X.ids.tolist() == ["a", ("b", 1)]
        assert X.times.tolist() == [1, 2, 3]
    bare = CONSTRUCTORS[name]()
    assert bare.ids is None
    assert bare.times is None


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ({"ids": ["a"]}, ValueError, "Expected one id for each of 2 samples, got 1"),
        ({"ids": ["a", None]}, ValueError, r"ids\[1\] is missing"),
        ({"ids": [("a", 1), ("b", np.nan)]}, ValueError, r"ids\[1\] is missing"),
        ({"ids": np.array([1.0, np.nan])}, ValueError, r"ids\[1\] is missing"),
        ({"ids": ["a", ["b"]]}, TypeError, r"ids\[1\] is \['b'\], which is not hashable"),
        ({"ids": "ab"}, TypeError, "ids must be an array"),
        ({"ids": 5}, TypeError, "ids must be an array"),
        ({"ids": np.ones((2, 2))}, ValueError, r"ids must have shape \(n,\)"),
        ({"times": [1, 2]}, ValueError, "Expected one time for each of 3 timesteps, got 2"),
        ({"times": [[1, 2]]}, ValueError, "Expected the times of 2 sequences, got 1"),
        ({"times": [[1], [2, 3]]}, ValueError, r"times\[0\] holds 1 times, but its sequence has 2"),
        ({"times": [2, 1, 3]}, ValueError, "the times of sequence 0 decrease at timestep 1, from 2 to 1"),
        ({"times": [[2, 1], [3]]}, ValueError, r"times\[0\]: the times of the sequence decrease at timestep 1"),
        ({"times": [1.0, np.nan, 3.0]}, ValueError, r"times\[1\] is missing"),
        ({"times": np.array(["2024", "NaT", "2025"], "M8[s]")}, ValueError, r"times\[1\] is missing"),
        ({"times": ["1/2", "2/2", "3/2"]}, TypeError, "times holds text"),
        ({"times": [1, "a", 3]}, TypeError, "times has 'a' in row 1"),
        ({"times": [[1, 2], [np.datetime64("2024")]]}, TypeError, r"times\[1\] holds times of type datetime64"),
        ({"times": np.ones((3, 1))}, ValueError, r"times must have shape \(n,\)"),
    ],
)
def test_invalid_ids_and_times_are_refused(labels, error, message):
    with pytest.raises(error, match=message):
        CONSTRUCTORS["from_packed"](**labels)


def test_equal_times_and_equal_ids_are_accepted():
    X = Sequences.from_packed([1.0, 2.0, 3.0], [2, 1], ids=["a", "a"], times=[5, 5, 1])
    assert X.ids.tolist() == ["a", "a"]


def test_last_returns_the_last_timesteps_with_ids_and_times():
    X = small()
    last = X.last(4)
    assert last.lengths.tolist() == [4, 3, 4]
    assert np.shares_memory(last[0], X.packed)
    for got, x, times, expected in zip(last, X, split_times(last), split_times(X), strict=True):
        assert_array_equal(got, x[-4:])
        assert_array_equal(times, expected[-4:])
    assert last.ids.tolist() == X.ids.tolist()
    with pytest.raises(TypeError, match="n_timesteps must be an int"):
        X.last(2.0)
    with pytest.raises(ValueError, match="n_timesteps must be at least 1"):
        X.last(0)


# --- notebooks --------------------------------------------------------------------------------------------------------


def test_the_table_for_notebooks_escapes_labels():
    X = Sequences.from_packed([[1.0]] * 7, [1] * 7, ids=["<b>"] * 7, times=list(range(7))).with_names(["<script>"])
    html = X._repr_html_()
    assert "<b>" not in html
    assert "<script>" not in html
    assert html.count("&lt;b&gt;") == 5
    assert "and 2 more" in html
    assert repr(X) == "Sequences(N=7, lengths 1-1, n_features=1, float64)"


@quick
@given(sequences())
def test_every_table_for_notebooks_is_made(X):
    for each in (X, X[:0], Sequences.from_packed(X.packed, X.lengths)):
        assert each._repr_html_().count("<tr>") == 1 + min(len(each), 5)


# --- estimators -------------------------------------------------------------------------------------------------------


@cache
def fitted(**parameters):
    return LSTMAutoencoderTransformer(2, units=2, epochs=1, random_state=0, **parameters).fit(small())


def test_reconstructions_and_errors_keep_ids_and_times():
    X, model = small(), fitted()
    detector = SequenceOutlierDetector(clone(model), method="error").fit(X)
    for got in (
        model.reconstruct(X),
        model.reconstruction_error(X, reduction="timestep"),
        model.reconstruction_error(X, reduction="none"),
        detector.error_map(X),
    ):
        assert_array_equal(got.lengths, X.lengths)
        assert got.ids.tolist() == X.ids.tolist()
        assert_array_equal(got.times, X.times)


def test_results_do_not_depend_on_ids_and_times():
    X, model = small(), fitted()
    bare = Sequences.from_packed(X.packed, X.lengths)
    assert_array_equal(model.transform(X), model.transform(bare), strict=True)
    assert_array_equal(model.reconstruct(X).packed, model.reconstruct(bare).packed, strict=True)
    assert model.reconstruct(bare).ids is None
    refitted = clone(model).fit(bare)
    assert_array_equal(refitted.transform(X), model.transform(X), strict=True)


def test_predictions_of_next_timesteps_have_the_times_of_those():
    X = small()
    predicted = fitted(objective="composite").predict_next(X)
    assert predicted.ids.tolist() == X.ids.tolist()
    assert_array_equal(predicted.times, np.concatenate([times[1:] for times in split_times(X)]))


def test_predictions_of_sequences_have_ids_and_aligned_times():
    X = small()
    options = {"latent_dim": 2, "units": 2, "epochs": 1, "random_state": 0}
    tagger = CompositeSequenceRegressor(**options).fit(X, Sequences.from_packed(X.packed[:, :1], X.lengths))
    predicted = tagger.predict(X)
    assert predicted.ids.tolist() == X.ids.tolist()
    assert_array_equal(predicted.times, X.times)
    assert tagger.predict(X, n_timesteps=2).times is None
    forecasts = CompositeSequenceRegressor(horizon=2, **options).fit(X).predict(X[:1])
    assert forecasts.ids.tolist() == ["a"]
    assert forecasts.times is None


def test_a_forecast_of_as_many_timesteps_has_no_times():
    """It follows X."""
    X = small().last(3)
    regressor = CompositeSequenceRegressor(2, horizon=1, units=2, epochs=1, random_state=0).fit(X)
    assert regressor.predict(X.last(1)).times is None


def test_per_timestep_keeps_ids_and_times():
    X = small()
    scaler = PerTimestep(StandardScaler()).fit(X)
    scaled = scaler.transform(X)
    for got in (scaled, scaler.inverse_transform(scaled)):
        assert got.ids.tolist() == X.ids.tolist()
        assert_array_equal(got.times, X.times)
    assert SequencePadder().fit_transform(X).shape == (3, 5, 2)


@pytest.mark.parametrize("make", [lambda: clone(fitted()), lambda: Resampler(3)], ids=["autoencoder", "resampler"])
def test_the_index_of_pandas_output_is_the_ids(make):
    X = small()
    transformer = make().set_output(transform="pandas").fit(X)
    expected = make().fit(X).transform(X)
    for frame in (transformer.transform(X), make().set_output(transform="pandas").fit_transform(X)):
        assert frame.index.tolist() == ["a", "b", "c"]
        assert frame.columns.tolist() == transformer.get_feature_names_out().tolist()
        assert_array_equal(frame.to_numpy(), expected, strict=True)
    bare = Sequences.from_packed(X.packed, X.lengths)
    assert transformer.transform(bare).index.tolist() == [0, 1, 2]
    keyed = Sequences.from_packed(X.packed, X.lengths, ids=[("a", 1), ("a", 2), ("b", 1)])
    assert transformer.transform(keyed).index.nlevels == 2
    polars = make().set_output(transform="polars").fit(X).transform(X)
    assert_array_equal(polars.to_numpy(), expected)


def test_ids_are_groups_of_splitters():
    X = Sequences.from_packed(np.ones((6, 1)), [1] * 6, ids=["a", "b", "c"] * 2)
    for train, test in GroupKFold(3).split(X, groups=X.ids):
        assert not set(X[train].ids) & set(X[test].ids)


# --- time since the timestep before -----------------------------------------------------------------------------------

SECONDS = {"numbers": 1, "floats": 1 / 4, "dates": 3600, "durations": 1.5, "time zone": 3600}


@quick
@given(data=st.data(), kind=st.sampled_from([*SECONDS]))
def test_time_differences_are_those_of_consecutive_timesteps(data, kind):
    X = data.draw(sequences(times=[kind]))
    named = X.with_names([f"f{i}" for i in range(X.n_features)])
    for got in (X.with_time_differences(), named.with_time_differences("gap")):
        squares = np.split(np.arange(sum(X.lengths)) ** 2, np.cumsum(X.lengths)[:-1])
        for before, after, steps in zip(X, got, squares, strict=True):
            assert_array_equal(after[:, :-1], before)
            assert_array_equal(after[:1, -1], 0.0)
            np.testing.assert_allclose(after[1:, -1], np.diff(steps) * SECONDS[kind])
        assert_array_equal(got.ids, X.ids)
        assert_array_equal(got.times, X.times)
    assert got.feature_names == (*named.feature_names, "gap")


def test_time_differences_require_times_with_a_difference():
    X = Sequences.from_list([np.ones(2), np.ones(1)])
    with pytest.raises(ValueError, match="The sequences have no times. Pass times to the constructor"):
        X.with_time_differences()
    X = Sequences.from_packed(np.ones(2), [2], times=["2024-01-01", "2024-01-02"]).with_names(["load"])
    with pytest.raises(TypeError, match="'2024-01-01' have no difference in seconds: convert them to numbers or dates"):
        X.with_time_differences()
    X = Sequences.from_packed(np.ones(2), [2], times=[0, 1]).with_names(["load"])
    with pytest.raises(ValueError, match="Expected 2 different feature_names"):
        X.with_time_differences("load")
