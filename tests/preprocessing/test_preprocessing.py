"""Transformers of timesteps, padding and resampling: the same for a sequence whatever comes with it."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from skseqae import LSTMAutoencoderTransformer, Sequences
from skseqae.data._check_sequences import check_sequences
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder
from tests.support.strategies import containers, draw_sequences, laws, padded, parameters_for, seeds, table

NAN = np.nan
TRANSFORMERS = {
    "scaler": StandardScaler,
    "imputer": SimpleImputer,
    "PCA": lambda: PCA(1, random_state=0),
    "pipeline": lambda: make_pipeline(SimpleImputer(), MinMaxScaler(), PolynomialFeatures(2)),
    "one-hot": lambda: OneHotEncoder(handle_unknown="ignore"),
    "columns": lambda: make_column_transformer((StandardScaler(), [0]), (OneHotEncoder(), [-1])),
}
every_transformer = pytest.mark.parametrize("make", TRANSFORMERS.values(), ids=TRANSFORMERS)
STEPS = {
    **{name: lambda make=make, **kw: PerTimestep(make(), **kw) for name, make in TRANSFORMERS.items()},
    "padder": lambda **kw: SequencePadder(20, **kw),
    "resampler": lambda **kw: Resampler(5, **kw),
}
every_step = pytest.mark.parametrize("make", STEPS.values(), ids=STEPS)
lengths = st.lists(st.integers(0, 9), min_size=2, max_size=8).filter(any)


def as_list(X, padding_value=None):
    return check_sequences(X, padding_value=padding_value, allow_missing=True)[0].to_list()


def assert_same_sequences(got, expected):
    for a, b in zip(got, expected, strict=True):
        assert_array_equal(a, b, strict=True)


# --- the laws, for each of them ---------------------------------------------------------------------------------------


@every_step
@laws(15)
@given(lengths=lengths, n_features=st.integers(1, 3), seed=seeds)
def test_neither_padding_nor_container_changes_anything(make, lengths, n_features, seed):
    arrays = draw_sequences(lengths, n_features, seed)
    expected = make().fit_transform(arrays)
    for name, contain in containers(n_features).items():
        X = contain(arrays)
        options = parameters_for(name)
        got = make(**options).fit_transform(X)
        if isinstance(expected, list):
            got, plain = (as_list(each, **options) for each in (got, expected))
            assert_same_sequences(got, plain)
        else:
            filled = got if not options or got.ndim == 2 else np.where(got == options["padding_value"], NAN, got)
            assert_array_equal(filled, expected, strict=True)


@every_step
@laws(15)
@given(lengths=lengths, n_features=st.sampled_from([1, 2, 33]), seed=seeds)
def test_a_sequence_becomes_the_same_bits_in_any_company(make, lengths, n_features, seed):
    arrays = [np.sqrt(array) for array in draw_sequences(lengths, n_features, seed)]  # sums of these are rounded
    step = make().fit(arrays)
    together = step.transform(arrays)
    order = np.random.default_rng(seed).permutation(len(arrays))
    shuffled = step.transform([arrays[i] for i in order])
    for i in range(len(arrays)):
        if len(arrays[i]):
            assert_array_equal(step.transform([arrays[i]])[0], together[i], strict=True)
        assert_array_equal(shuffled[list(order).index(i)], together[i], strict=True)


@pytest.mark.parametrize("make", [STEPS[name] for name in ("scaler", "imputer", "PCA", "padder", "resampler")])
def test_float32_stays_float32(make):
    arrays = [array.astype(np.float32) for array in draw_sequences([3, 1, 4], 2, seed=0)]
    assert {each.dtype for each in make().fit_transform(arrays)} == {np.dtype(np.float32)}


@every_step
def test_nothing_is_written_into_x_nor_shared_with_it(make):
    for X in (draw_sequences([3, 0, 4], 2, seed=0), padded(draw_sequences([3, 2, 4], 2, seed=0))):
        before = pickle.dumps(X)
        out = make().fit_transform(X)
        for each in out:
            each[...] = 7.0
        assert pickle.dumps(X) == before


@every_step
def test_what_was_fitted_is_kept_where_the_next_fit_fails(make):
    step = make().fit(draw_sequences([3, 4], 2, seed=0))
    before = dict(vars(step))
    with pytest.raises(ValueError, match="inf"):
        step.fit([[1.0, np.inf]])
    assert vars(step) == before


@every_step
def test_another_number_of_features_is_refused(make):
    step = make().fit(draw_sequences([3, 4], 2, seed=0))
    with pytest.raises(ValueError, match=r"X has 3 features per timestep, but \w+ was fitted on 2"):
        step.transform(draw_sequences([3, 4], 3, seed=0))


@every_step
def test_a_pickle_says_the_same(make):
    X = draw_sequences([3, 4, 2], 2, seed=0)
    step = make().fit(X)
    assert_same_sequences(pickle.loads(pickle.dumps(step)).transform(X), step.transform(X))


# --- PerTimestep ------------------------------------------------------------------------------------------------------


@every_transformer
def test_timesteps_become_what_the_transformer_makes_of_all_of_them(make):
    arrays = draw_sequences([4, 0, 1, 6], 2, seed=1)
    rows = make().fit_transform(np.concatenate(arrays))
    rows = rows.toarray() if hasattr(rows, "toarray") else rows
    got = PerTimestep(make()).fit_transform(arrays)
    assert [len(each) for each in got] == [4, 0, 1, 6]
    assert_allclose(np.concatenate(got), rows, rtol=0, atol=1e-12)


def test_padding_is_no_timestep_to_fit_on():
    arrays = draw_sequences([4, 2, 7], 2, seed=1)
    step = PerTimestep(StandardScaler(), padding_value=-5.0).fit(padded(arrays, -5.0, extra=3))
    assert_array_equal(step.transformer_.mean_, StandardScaler().fit(np.concatenate(arrays)).mean_)


@pytest.mark.parametrize("padding_value", [None, -5.0])
def test_arrays_keep_their_shape_and_their_padding(padding_value):
    arrays = draw_sequences([4, 2, 7], 2, seed=1)
    X = padded(arrays, NAN if padding_value is None else padding_value, extra=3)
    out = PerTimestep(StandardScaler(), padding_value=padding_value).fit_transform(X)
    is_padding = np.isnan(X) if padding_value is None else np.equal(X, padding_value)
    assert out.shape == X.shape
    assert_array_equal(out[is_padding], X[is_padding])
    assert_same_sequences(as_list(out, padding_value), PerTimestep(StandardScaler()).fit_transform(arrays))


def test_each_kind_comes_back_as_that_kind():
    arrays = draw_sequences([4, 2, 7], 1, seed=1)
    step = PerTimestep(StandardScaler()).fit(arrays)
    assert [x.shape for x in step.transform(arrays)] == [(4, 1), (2, 1), (7, 1)]
    assert [x.shape for x in step.transform([x[:, 0] for x in arrays])] == [(4,), (2,), (7,)]
    assert isinstance(step.transform(Sequences.from_list(arrays)), Sequences)
    assert step.transform(padded(arrays)).shape == (3, 7, 1)
    assert step.transform(table(arrays)).shape == (3, 7)
    assert PerTimestep(PolynomialFeatures(2)).fit_transform(table(arrays)).shape == (3, 7, 3)


@pytest.mark.parametrize(
    "make",
    [StandardScaler, MinMaxScaler, lambda: PCA(2), OneHotEncoder],
    ids=["StandardScaler", "MinMaxScaler", "PCA", "OneHotEncoder"],
)
@pytest.mark.parametrize("kind", ["list", "padded", "table", "Sequences"])
def test_inverse_transform_undoes_transform(make, kind):
    n_features = 1 if kind == "table" else 2
    arrays = draw_sequences([4, 2, 7], n_features, seed=1)
    if n_features == 1 and isinstance(make(), PCA):
        make = PCA
    X = {"table": table} | containers(2)
    X = X[kind](arrays)
    step = PerTimestep(make())
    back = step.inverse_transform(step.fit_transform(X))
    assert type(back) is type(X)
    assert np.shape(back) == np.shape(X) if isinstance(X, np.ndarray) else len(back) == len(X)
    for a, b in zip(as_list(back), arrays, strict=True):
        assert_allclose(a, b, atol=1e-12)
    with pytest.raises(ValueError, match=r"X has 9 features per timestep, but \w+ gives"):
        step.inverse_transform(np.ones((2, 3, 9)))


def test_there_is_an_inverse_and_there_are_names_only_where_the_transformer_has_them():
    assert hasattr(PerTimestep(StandardScaler()), "inverse_transform")
    assert not hasattr(PerTimestep(PolynomialFeatures()), "inverse_transform")
    assert hasattr(PerTimestep(PolynomialFeatures()), "get_feature_names_out")
    assert not hasattr(PerTimestep(FunctionTransformer(np.log1p)), "get_feature_names_out")


def test_names_of_features_are_the_transformers():
    X = [np.array([[1.0, 0.0], [2.0, 1.0]]), np.array([[3.0, 0.0]])]
    step = PerTimestep(make_column_transformer((StandardScaler(), [0]), (OneHotEncoder(), [1]))).fit(X)
    assert step.get_feature_names_out(["speed", "gear"]).tolist() == [
        "standardscaler__speed",
        "onehotencoder__gear_0.0",
        "onehotencoder__gear_1.0",
    ]
    assert step.get_feature_names_out()[0] == "standardscaler__x0"


def test_imputed_sequences_pass_into_an_autoencoder_and_others_are_refused():
    X = draw_sequences([4, 6, 5, 3], 2, seed=0)
    X[1][2, 0] = X[3][-1] = NAN
    gapless = make_pipeline(PerTimestep(SimpleImputer()), LSTMAutoencoderTransformer(4, epochs=1, random_state=0))
    assert np.isfinite(gapless.fit_transform(X)).all()
    for held in (X, Sequences.from_list(X, allow_missing=True)):
        scaled = PerTimestep(StandardScaler()).fit_transform(held)
        assert np.isnan(scaled[1][2, 0])
        with pytest.raises(
            ValueError, match=r"X\[1\] has NaN at timestep 2, feature 0\. Fill gaps first, by PerTimestep"
        ):
            gapless[-1].transform(scaled)
        with pytest.raises(ValueError, match="PCA does not accept missing values"):
            PerTimestep(PCA(1)).fit(held)


def test_trailing_timesteps_without_any_value_are_padding_and_others_are_filled():
    X = np.array([[[1.0, NAN], [NAN, NAN], [3.0, 4.0]], [[5.0, 6.0], [NAN, NAN], [NAN, NAN]]])
    out = PerTimestep(SimpleImputer()).fit_transform(X)
    expected = [[[1, 5], [3, 5], [3, 4]], [[5, 6], [NAN, NAN], [NAN, NAN]]]
    assert_array_equal(out, expected)


def test_weights_of_sequences_are_those_of_their_timesteps():
    arrays, weights = draw_sequences([4, 2, 7], 2, seed=1), [0.0, 2.0, 0.5]
    step = PerTimestep(StandardScaler()).fit(arrays, sample_weight=weights)
    alone = StandardScaler().fit(np.concatenate(arrays), sample_weight=np.repeat(weights, [4, 2, 7]))
    assert_array_equal(step.transformer_.mean_, alone.mean_)
    assert_array_equal(step.transformer_.var_, alone.var_)
    with pytest.raises(ValueError, match="SimpleImputer takes no sample_weight"):
        PerTimestep(SimpleImputer()).fit(arrays, sample_weight=weights)


@pytest.mark.parametrize("contain", [list, np.array, pd.Series])
def test_a_transformer_gets_the_y_of_each_timesteps_sequence(contain):
    arrays, y = draw_sequences([4, 2, 7], 3, seed=1), contain(["a", "b", "a"])
    for array, label in zip(arrays, y, strict=True):
        array[:, 2] += label == "a"
    step = PerTimestep(SelectKBest(k=1)).fit(arrays, y)
    assert step.transformer_.get_support().tolist() == [False, False, True]
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        PerTimestep(SelectKBest(k=1)).fit(arrays)
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[3, 2\]"):
        PerTimestep(SelectKBest(k=1)).fit(arrays, y[:2])


def test_a_search_reaches_into_the_transformer_and_past_it():
    X, y = draw_sequences([4, 6, 5, 3] * 4, 2, seed=0), [0, 1] * 8
    pipeline = make_pipeline(
        PerTimestep(StandardScaler()), LSTMAutoencoderTransformer(3, epochs=1, random_state=0), LogisticRegression()
    )
    grid = {"pertimestep__transformer__with_mean": [True, False]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    assert search.predict(X[:3]).shape == (3,)
    assert search.best_estimator_[0].transformer_.with_mean is search.best_params_[next(iter(grid))]
    copied = clone(pipeline)
    assert copied[0].transformer is not pipeline[0].transformer
    assert not hasattr(pipeline[0].transformer, "mean_")


def test_frames_are_asked_of_the_steps_that_have_columns_only():
    X = draw_sequences([4, 6, 5], 2, seed=0)
    pipeline = make_pipeline(PerTimestep(StandardScaler()), Resampler(2)).set_output(transform="pandas")
    frame = pipeline.fit_transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == ["x0_t0", "x1_t0", "x0_t1", "x1_t1"]


def test_a_transformer_that_gives_frames_is_read():
    X = draw_sequences([4, 6, 5], 2, seed=0)
    framed = PerTimestep(StandardScaler().set_output(transform="pandas")).fit_transform(X)
    assert_same_sequences(framed, PerTimestep(StandardScaler()).fit_transform(X))


class Odd(TransformerMixin, BaseEstimator):
    """Gives what no transformer should."""

    def __init__(self, give):
        self.give = give

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return self.give(X)


@pytest.mark.parametrize(
    ("give", "error", "message"),
    [
        (lambda X: X[:, 0], ValueError, r"Odd.transform\(X\) has shape \(1,\), expected a row for each of 1 timesteps"),
        (lambda X: np.vstack([X, X]), ValueError, r"has shape \(2, 2\), expected a row for each of 1 timesteps"),
        (lambda X: X.astype(str).astype(object), TypeError, r"Odd.transform\(X\), timestep 0, feature 0 is '.*': each"),
    ],
)
def test_a_transformer_that_gives_no_row_of_numbers_for_each_row_is_refused(give, error, message):
    with pytest.raises(error, match=message):
        PerTimestep(Odd(give)).fit([[[1.0, 2.0]]])


def test_what_cannot_transform_is_refused():
    with pytest.raises(ValueError, match="'transformer' parameter of PerTimestep must be an object implementing 'fit'"):
        PerTimestep(LogisticRegression()).fit([[1.0, 2.0]])


# --- SequencePadder ---------------------------------------------------------------------------------------------------


@laws(20)
@given(lengths=lengths, n_features=st.integers(1, 3), seed=seeds, padding_value=st.sampled_from([None, -1.0]))
def test_unpadding_undoes_padding(lengths, n_features, seed, padding_value):
    for X in (
        draw_sequences(lengths, n_features, seed),
        Sequences.from_list(draw_sequences(lengths, n_features, seed)),
    ):
        padder = SequencePadder(padding_value=padding_value)
        out = padder.fit_transform(X)
        assert out.shape == (len(X), max(lengths), n_features)
        back = padder.inverse_transform(out)
        assert type(back) is type(X)
        assert_same_sequences(back, X)


def test_the_length_is_that_of_the_longest_in_training_or_the_one_named():
    X = draw_sequences([4, 2, 7], 2, seed=1)
    padder = SequencePadder().fit(X)
    assert padder.n_timesteps_ == 7
    assert padder.transform(X[:2]).shape == (2, 7, 2)
    assert SequencePadder(9).fit(X).transform(X).shape == (3, 9, 2)


def test_longer_sequences_are_refused_or_cut():
    X = draw_sequences([4, 2, 7], 2, seed=1)
    with pytest.raises(
        ValueError, match=r"X\[2\] has 7 timesteps, but arrays have 4: set n_timesteps to more, or too_lo"
    ):
        SequencePadder().fit(X[:2]).transform(X)
    cut = SequencePadder(4, too_long="truncate").fit(X).transform(X)
    assert_array_equal(cut, padded(X)[:, :4])


def test_unpadding_holds_the_number_of_features():
    padder = SequencePadder().fit(draw_sequences([4, 2], 2, seed=1))
    with pytest.raises(ValueError, match="X has 3 features per timestep, but SequencePadder was fitted on 2"):
        padder.inverse_transform(np.ones((2, 3, 3)))


# --- Resampler --------------------------------------------------------------------------------------------------------


@laws(20)
@given(lengths=lengths, n_features=st.integers(1, 3), seed=seeds, n_timesteps=st.integers(2, 12))
def test_rows_are_what_numpy_interpolates(lengths, n_features, seed, n_timesteps):
    arrays = draw_sequences(lengths, n_features, seed)
    rows = Resampler(n_timesteps).fit_transform(arrays).reshape(len(arrays), n_timesteps, n_features)
    for row, array in zip(rows, arrays, strict=True):
        if len(array):
            places = np.linspace(0, len(array) - 1, n_timesteps)
            expected = [np.interp(places, np.arange(len(array)), feature) for feature in array.T]
            assert_allclose(row, np.transpose(expected), rtol=0, atol=1e-12)
            assert_array_equal(row[[0, -1]], array[[0, -1]])
        else:
            assert_array_equal(row, 0)


def test_a_sequence_of_so_many_timesteps_stays_what_it_is():
    X = np.random.default_rng(0).normal(size=(5, 11, 3))
    assert_array_equal(Resampler(11).fit_transform(X), X.reshape(5, 33))
    assert_array_equal(Resampler(6).fit_transform(X), X[:, ::2].reshape(5, 18))


def test_columns_are_named_by_feature_and_timestep():
    X = draw_sequences([4, 6, 5], 2, seed=0)
    resampler = Resampler(2).fit(X)
    assert resampler.get_feature_names_out(["speed", "height"]).tolist() == [
        "speed_t0",
        "height_t0",
        "speed_t1",
        "height_t1",
    ]
    with pytest.raises(ValueError, match="input_features should have length equal to number of features"):
        resampler.get_feature_names_out(["speed"])
    days = pd.DataFrame(np.ones((3, 5)), columns=list("abcde"))
    assert Resampler(2).fit(days).get_feature_names_out().tolist() == ["x0_t0", "x0_t1"]


# --- names of features ------------------------------------------------------------------------------------------------

TABLE = pd.DataFrame({"monday": [1.0, 4.0, 2.0], "tuesday": [2.0, 5.0, 1.0], "wednesday": [3.0, np.nan, 0.0]})


def test_columns_of_a_table_keep_their_names_where_they_stay_columns():
    assert PerTimestep(StandardScaler()).fit(TABLE).get_feature_names_out().tolist() == list(TABLE.columns)
    assert PerTimestep(StandardScaler()).fit(TABLE.to_numpy()).get_feature_names_out().tolist() == ["x0", "x1", "x2"]
    assert PerTimestep(PolynomialFeatures(2)).fit(TABLE).get_feature_names_out().tolist() == ["1", "x0", "x0^2"]
    assert SequencePadder().fit(TABLE).get_feature_names_out().tolist() == ["x0"]
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        PerTimestep(PolynomialFeatures(2)).fit(TABLE).get_feature_names_out(["a", "b", "c"])


WEATHER = Sequences.from_list([np.eye(2), np.ones((3, 2))]).with_names(["rain", "wind"])


@pytest.mark.parametrize(
    ("transformer", "names"),
    [
        (StandardScaler(), ("rain", "wind")),
        (PCA(2), ("pca0", "pca1")),
        (
            make_column_transformer((StandardScaler(), [1]), remainder="passthrough"),
            ("standardscaler__wind", "remainder__rain"),
        ),
        (make_pipeline(FunctionTransformer(np.abs), StandardScaler()), None),
        (FunctionTransformer(np.abs), None),
    ],
    ids=["scaler", "pca", "columns", "a step without names", "no names"],
)
def test_names_of_features_go_with_the_timesteps(transformer, names):
    step = PerTimestep(transformer).fit(WEATHER)
    after = step.transform(WEATHER)
    assert after.feature_names == names
    assert list(Resampler(2).fit(after).get_feature_names_out()[:2]) == [f"{name}_t0" for name in names or ("x0", "x1")]
    if hasattr(step, "inverse_transform"):
        assert step.inverse_transform(after).feature_names == ("rain", "wind")
    padder = SequencePadder().fit(WEATHER)
    assert padder.inverse_transform(padder.transform(WEATHER)).feature_names == ("rain", "wind")


@pytest.mark.parametrize(
    "X",
    [WEATHER, TABLE, np.arange(24.0).reshape(3, 4, 2), [np.ones((4, 2)), np.zeros((3, 2))]],
    ids=["named", "table", "3-D", "list"],
)
@pytest.mark.parametrize("step", [PerTimestep(StandardScaler()), PerTimestep(PolynomialFeatures(2)), SequencePadder(5)])
def test_names_go_through_a_pipeline_to_the_columns_that_come_out(step, X):
    pipeline = make_pipeline(step, Resampler(3)).fit(X)
    names = pipeline.get_feature_names_out()
    assert len(names) == len(set(names)) == pipeline.transform(X).shape[1]
    assert pipeline.set_output(transform="pandas").transform(X).shape[1] == len(names)
