"""Transformers that PerTimestep calls once for all sequences: a row has the same bits in any call."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, SelectPercentile, VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from skseqae import LSTMAutoencoderTransformer, Sequences, export_onnx
from skseqae.preprocessing import PerTimestep
from skseqae.preprocessing._row_wise import ROW_WISE, is_row_wise, selects_by_name
from tests.support.strategies import property_settings, seeds

TRANSFORMERS = [
    *(StandardScaler(), StandardScaler(with_mean=False), MinMaxScaler(), MinMaxScaler(clip=True), MaxAbsScaler()),
    *(RobustScaler(), RobustScaler(unit_variance=True), PowerTransformer(), PowerTransformer(standardize=False)),
    *(QuantileTransformer(n_quantiles=9), QuantileTransformer(n_quantiles=20, output_distribution="normal")),
    *(Binarizer(), KBinsDiscretizer(3, strategy="uniform"), PolynomialFeatures(3)),
    *(OneHotEncoder(handle_unknown="ignore"), OneHotEncoder(min_frequency=2, handle_unknown="infrequent_if_exist")),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    *(SimpleImputer(), SimpleImputer(strategy="most_frequent", add_indicator=True), MissingIndicator(features="all")),
    *(VarianceThreshold(), SelectKBest(k=2), SelectPercentile(percentile=70)),
    make_union(StandardScaler(), "passthrough", OneHotEncoder(handle_unknown="ignore")),
    make_pipeline(SimpleImputer(), "passthrough", PowerTransformer()),
    ColumnTransformer(
        [("p", "passthrough", [0]), ("d", "drop", [1]), ("b", PowerTransformer(), [2])], remainder=StandardScaler()
    ),
    make_column_transformer((OneHotEncoder(handle_unknown="ignore"), [0]), sparse_threshold=1.0),
]


def name_of(transformer):
    return " ".join(str(transformer).split())[:60]


def test_every_class_of_the_table_is_tested():
    assert {type(transformer) for transformer in TRANSFORMERS} >= set(ROW_WISE)


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=name_of)
@property_settings(12)
@given(
    cuts=st.lists(st.integers(1, 40), max_size=6, unique=True), is_float32=st.booleans(), seed=seeds,
)  # fmt: skip
def test_rows_have_the_same_bits_in_any_split(transformer, cuts, is_float32, seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((41, 4)) * 10.0 ** rng.integers(-3, 4, size=(41, 1))
    rows[:, 0] = rng.integers(0, 4, size=41)
    if is_float32:
        rows = rows.astype(np.float32)
    fitted = clone(transformer).fit(rows[:30], rng.integers(0, 2, size=30))
    assert is_row_wise(fitted)
    steps, methods = (fitted, *fitted.get_params().values()), ["transform", "inverse_transform"]
    if any(isinstance(each, SimpleImputer | MissingIndicator) for each in steps):
        rows[rng.uniform(size=rows.shape) < 0.2] = np.nan
        methods = methods[: 1 + getattr(fitted, "add_indicator", False)]
    for method in methods:
        if not hasattr(fitted, method):
            break
        together = dense(getattr(fitted, method)(rows))
        pieces = [dense(getattr(fitted, method)(piece)) for piece in np.split(rows, sorted(cuts))]
        assert_array_equal(np.concatenate(pieces), together, strict=True)
        rows = together if method == "transform" else rows


def dense(rows):
    return rows.toarray() if hasattr(rows, "toarray") else rows


class Subclass(StandardScaler):
    pass


@pytest.mark.parametrize(
    "transformer",
    [
        *(PCA(1), KNNImputer(), Normalizer(), FunctionTransformer(np.sqrt), Subclass(), FrozenEstimator(PCA(1))),
        make_pipeline(StandardScaler(), PCA(1)), make_union(StandardScaler(), PCA(1)),
        make_column_transformer((StandardScaler(), [0]), remainder=PCA(1)),
    ],
    ids=name_of,
)  # fmt: skip
def test_other_transformers_are_called_once_per_sequence(transformer):
    rows = np.abs(np.random.default_rng(0).standard_normal((9, 3)))
    if isinstance(transformer, FrozenEstimator):
        transformer.estimator.fit(rows)
    assert not is_row_wise(transformer.fit(rows, None))


def test_a_frozen_scaler_is_called_once():
    assert is_row_wise(FrozenEstimator(StandardScaler().fit([[1.0], [2.0]])))


@pytest.mark.parametrize(("transformer", "n_calls"), [(StandardScaler(), 1), (PCA(1), 3)])
def test_the_number_of_calls(transformer, n_calls, monkeypatch):
    X = [np.random.default_rng(0).standard_normal((n, 2)) for n in (3, 0, 4, 5)]
    step, calls = PerTimestep(transformer).fit(X), []
    transform = type(transformer).transform
    monkeypatch.setattr(type(transformer), "transform", lambda self, X: calls.append(len(X)) or transform(self, X))
    step.transform(X)
    assert sum(calls) == 12
    assert len(calls) == n_calls


# --- columns by name --------------------------------------------------------------------------------------------------

X = Sequences.from_list([[[0.0, 5.0], [1.0, 6.0]], [[2.0, 9.0]]]).with_names(["kind", "load"])
BY_NAME = [
    make_column_transformer((StandardScaler(), ["load"]), remainder="passthrough"),
    make_column_transformer((StandardScaler(), slice("load", "load")), remainder="passthrough"),
    make_column_transformer((StandardScaler(), make_column_selector("lo")), remainder="passthrough"),
    make_pipeline(
        make_column_transformer((StandardScaler(), ["load"]), remainder="passthrough"), MinMaxScaler((0, 0.5))
    ),
    make_union(make_column_transformer((PCA(1), ["load"])), make_column_transformer((StandardScaler(), [0]))),
]


@pytest.mark.parametrize("transformer", BY_NAME, ids=name_of)
def test_columns_are_selected_by_name(transformer):
    assert selects_by_name(transformer)
    frame = pd.DataFrame(X.packed, columns=X.feature_names)
    expected = clone(transformer).fit(frame)
    step = PerTimestep(transformer).fit(X)
    transformed = step.transform(X)
    np.testing.assert_allclose(transformed.packed, expected.transform(frame), atol=1e-12)
    assert list(transformed.feature_names) == expected.get_feature_names_out().tolist()
    without_names = step.transform(X.to_list())  # read in the order of fit
    assert_array_equal(np.concatenate(without_names), transformed.packed)
    assert_array_equal(step.transform(X[1:])[0], transformed[1])


def test_columns_by_number_and_by_function_receive_arrays():
    for columns in ([0], slice(0, 1), [True, False], lambda rows: [rows.ndim - 2]):
        transformer = make_column_transformer((StandardScaler(), columns))
        assert not selects_by_name(transformer)
        assert PerTimestep(transformer).fit_transform(X).n_features == 1


def test_names_of_columns_without_names_of_features_are_refused():
    table = pd.DataFrame({"monday": [1.0, 2.0], "tuesday": [3.0, 4.0]}).to_numpy()
    for transformer in BY_NAME:
        for unnamed in (X.to_list(), table):
            with pytest.raises(
                ValueError, match="selects columns by name, but .*with_names.* or select columns by num"
            ):
                PerTimestep(transformer).fit(unnamed)


def test_pipelines_with_columns_by_name_are_not_exported(tmp_path):
    model = make_pipeline(PerTimestep(BY_NAME[0]), LSTMAutoencoderTransformer(2, units=2, epochs=1)).fit(X)
    with pytest.raises(ValueError, match="'pertimestep', PerTimestep, cannot be exported: .* Select columns by number"):
        export_onnx(model, tmp_path / "model.onnx")
