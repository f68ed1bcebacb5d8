"""PerTimestep applies a scikit-learn transformer to the real timesteps."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler

from skseqae import LSTMAutoencoderTransformer, Sequences
from skseqae.preprocessing import PerTimestep, Resampler
from tests.preprocessing.steps import NAMED, TABLE, as_list, assert_same_sequences, every_transformer
from tests.support.containers import containers, padded, table
from tests.support.strategies import draw_sequences

NAN = np.nan


@every_transformer
def test_transform_equals_the_transformer_on_all_timesteps(make):
    arrays = draw_sequences([4, 0, 1, 6], 2, seed=1)
    rows = make().fit_transform(np.concatenate(arrays))
    rows = rows.toarray() if hasattr(rows, "toarray") else rows
    got = PerTimestep(make()).fit_transform(arrays)
    assert [len(array) for array in got] == [4, 0, 1, 6]
    assert_allclose(np.concatenate(got), rows, rtol=0, atol=1e-12)


def test_fit_ignores_padding():
    arrays = draw_sequences([4, 2, 7], 2, seed=1)
    step = PerTimestep(StandardScaler(), padding_value=-5.0).fit(padded(arrays, -5.0, extra=3))
    assert_array_equal(step.transformer_.mean_, StandardScaler().fit(np.concatenate(arrays)).mean_)


@pytest.mark.parametrize("padding_value", [None, -5.0])
def test_arrays_keep_their_shape_and_padding(padding_value):
    arrays = draw_sequences([4, 2, 7], 2, seed=1)
    X = padded(arrays, NAN if padding_value is None else padding_value, extra=3)
    transformed = PerTimestep(StandardScaler(), padding_value=padding_value).fit_transform(X)
    is_padding = np.isnan(X) if padding_value is None else np.equal(X, padding_value)
    assert transformed.shape == X.shape
    assert_array_equal(transformed[is_padding], X[is_padding])
    assert_same_sequences(as_list(transformed, padding_value), PerTimestep(StandardScaler()).fit_transform(arrays))


def test_transform_returns_the_container_of_the_input():
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
@pytest.mark.parametrize("container", ["list", "padded", "table", "Sequences"])
def test_inverse_transform_inverts_transform(make, container):
    n_features = 1 if container == "table" else 2
    arrays = draw_sequences([4, 2, 7], n_features, seed=1)
    if n_features == 1 and isinstance(make(), PCA):
        make = PCA
    X = table(arrays) if container == "table" else containers(2)[container](arrays)
    step = PerTimestep(make())
    restored = step.inverse_transform(step.fit_transform(X))
    assert type(restored) is type(X)
    assert np.shape(restored) == np.shape(X) if isinstance(X, np.ndarray) else len(restored) == len(X)
    for a, b in zip(as_list(restored), arrays, strict=True):
        assert_allclose(a, b, atol=1e-12)
    with pytest.raises(ValueError, match=r"X has 9 features per timestep, but \w+ outputs"):
        step.inverse_transform(np.ones((2, 3, 9)))


def test_imputed_sequences_are_accepted_by_an_autoencoder_and_others_raise():
    X = draw_sequences([4, 6, 5, 3], 2, seed=0)
    X[1][2, 0] = X[3][-1] = NAN
    imputed = make_pipeline(PerTimestep(SimpleImputer()), LSTMAutoencoderTransformer(4, epochs=1, random_state=0))
    assert np.isfinite(imputed.fit_transform(X)).all()
    for with_gaps in (X, Sequences.from_list(X, allow_missing=True)):
        scaled = PerTimestep(StandardScaler()).fit_transform(with_gaps)
        assert np.isnan(scaled[1][2, 0])
        with pytest.raises(ValueError, match=r"X\[1\] has NaN at timestep 2, feature 0\. Impute missing values first"):
            imputed[-1].transform(scaled)
        with pytest.raises(ValueError, match="PCA does not accept missing values"):
            PerTimestep(PCA(1)).fit(with_gaps)


def test_trailing_timesteps_of_nan_are_padding_and_inner_ones_are_imputed():
    X = np.array([[[1.0, NAN], [NAN, NAN], [3.0, 4.0]], [[5.0, 6.0], [NAN, NAN], [NAN, NAN]]])
    transformed = PerTimestep(SimpleImputer()).fit_transform(X)
    expected = [[[1, 5], [3, 5], [3, 4]], [[5, 6], [NAN, NAN], [NAN, NAN]]]
    assert_array_equal(transformed, expected)


def test_sample_weights_are_repeated_for_each_timestep():
    arrays, weights = draw_sequences([4, 2, 7], 2, seed=1), [0.0, 2.0, 0.5]
    step = PerTimestep(StandardScaler()).fit(arrays, sample_weight=weights)
    expected = StandardScaler().fit(np.concatenate(arrays), sample_weight=np.repeat(weights, [4, 2, 7]))
    assert_array_equal(step.transformer_.mean_, expected.mean_)
    assert_array_equal(step.transformer_.var_, expected.var_)
    with pytest.raises(ValueError, match="SimpleImputer does not accept sample_weight: omit it"):
        PerTimestep(SimpleImputer()).fit(arrays, sample_weight=weights)


@pytest.mark.parametrize("contain", [list, np.array, pd.Series])
def test_y_is_repeated_for_each_timestep(contain):
    arrays, y = draw_sequences([4, 2, 7], 3, seed=1), contain(["a", "b", "a"])
    for array, label in zip(arrays, y, strict=True):
        array[:, 2] += label == "a"
    step = PerTimestep(SelectKBest(k=1)).fit(arrays, y)
    assert step.transformer_.get_support().tolist() == [False, False, True]
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        PerTimestep(SelectKBest(k=1)).fit(arrays)
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[3, 2\]"):
        PerTimestep(SelectKBest(k=1)).fit(arrays, y[:2])


def test_a_grid_search_sets_parameters_of_the_transformer():
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


# --- output of the transformer ----------------------------------------------------------------------------------------


def test_transformers_with_dataframe_output_are_accepted():
    X = draw_sequences([4, 6, 5], 2, seed=0)
    transformed = PerTimestep(StandardScaler().set_output(transform="pandas")).fit_transform(X)
    assert_same_sequences(transformed, PerTimestep(StandardScaler()).fit_transform(X))


class InvalidTransformer(TransformerMixin, BaseEstimator):
    """A transformer whose output a function computes."""

    def __init__(self, compute):
        self.compute = compute

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return self.compute(X)


@pytest.mark.parametrize(
    ("compute", "error", "message"),
    [
        (lambda X: X[:, 0], ValueError, r"InvalidTransformer.transform\(X\) has shape \(1,\), expected one row for"),
        (lambda X: np.vstack([X, X]), ValueError, r"has shape \(2, 2\), expected one row for each of 1 timesteps"),
        (
            lambda X: X.astype(str).astype(object),
            TypeError,
            r"InvalidTransformer.transform\(X\), timestep 0, feature 0 is '.*': ",
        ),
    ],
    ids=["1-D", "too many rows", "strings"],
)
def test_transformers_without_one_row_of_numbers_per_timestep_raise(compute, error, message):
    with pytest.raises(error, match=message):
        PerTimestep(InvalidTransformer(compute)).fit([[[1.0, 2.0]]])


def test_estimators_without_transform_raise():
    with pytest.raises(ValueError, match="'transformer' parameter of PerTimestep must be an object implementing 'fit'"):
        PerTimestep(LogisticRegression()).fit([[1.0, 2.0]])


# --- feature names ----------------------------------------------------------------------------------------------------


def test_optional_methods_exist_only_if_the_transformer_has_them():
    assert hasattr(PerTimestep(StandardScaler()), "inverse_transform")
    assert not hasattr(PerTimestep(PolynomialFeatures()), "inverse_transform")
    assert hasattr(PerTimestep(PolynomialFeatures()), "get_feature_names_out")
    assert not hasattr(PerTimestep(FunctionTransformer(np.log1p)), "get_feature_names_out")


def test_feature_names_are_those_of_the_transformer():
    X = [np.array([[1.0, 0.0], [2.0, 1.0]]), np.array([[3.0, 0.0]])]
    step = PerTimestep(make_column_transformer((StandardScaler(), [0]), (OneHotEncoder(), [1]))).fit(X)
    assert step.get_feature_names_out(["speed", "gear"]).tolist() == [
        "standardscaler__speed",
        "onehotencoder__gear_0.0",
        "onehotencoder__gear_1.0",
    ]
    assert step.get_feature_names_out()[0] == "standardscaler__x0"


def test_column_names_are_kept_if_the_output_is_2d():
    assert PerTimestep(StandardScaler()).fit(TABLE).get_feature_names_out().tolist() == list(TABLE.columns)
    assert PerTimestep(StandardScaler()).fit(TABLE.to_numpy()).get_feature_names_out().tolist() == ["x0", "x1", "x2"]
    assert PerTimestep(PolynomialFeatures(2)).fit(TABLE).get_feature_names_out().tolist() == ["1", "x0", "x0^2"]
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        PerTimestep(PolynomialFeatures(2)).fit(TABLE).get_feature_names_out(["a", "b", "c"])


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
def test_transformed_sequences_have_the_output_feature_names(transformer, names):
    step = PerTimestep(transformer).fit(NAMED)
    transformed = step.transform(NAMED)
    assert transformed.feature_names == names
    resampled_names = Resampler(2).fit(transformed).get_feature_names_out()
    assert list(resampled_names[:2]) == [f"{name}_t0" for name in names or ("x0", "x1")]
    if hasattr(step, "inverse_transform"):
        assert step.inverse_transform(transformed).feature_names == ("rain", "wind")
