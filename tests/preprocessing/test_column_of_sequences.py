"""A column of sequences in a ColumnTransformer: its name is the only input feature."""

from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils.fixes import parse_version

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer
from skseqae.preprocessing import PerTimestep, Resampler
from tests.preprocessing.steps import assert_same_sequences
from tests.support.strategies import draw_sequences

KEEPS_INDEX_OF_SERIES = parse_version(sklearn.__version__) >= parse_version("1.9")
quick = {"latent_dim": 2, "units": 2, "epochs": 1, "random_state": 0}
ENCODERS = {
    "autoencoder": lambda: LSTMAutoencoderTransformer(**quick),
    "composite": lambda: CompositeSequenceRegressor(horizon=1, **quick),
    "resampler": lambda: Resampler(2),
    "pipeline": lambda: make_pipeline(PerTimestep(StandardScaler()), LSTMAutoencoderTransformer(**quick)),
    "union": lambda: make_pipeline(PerTimestep(StandardScaler()), make_union(Resampler(2))),
}
RESAMPLED = ["ecg_x0_t0", "ecg_x1_t0", "ecg_x0_t1", "ecg_x1_t1"]
NAMES = {
    "autoencoder": ["lstmautoencodertransformer0", "lstmautoencodertransformer1"],
    "composite": ["compositesequenceregressor0", "compositesequenceregressor1"],
    "resampler": RESAMPLED,
    "pipeline": ["lstmautoencodertransformer0", "lstmautoencodertransformer1"],
    "union": [f"resampler__{name}" for name in RESAMPLED],
}
ARRAYS = draw_sequences([4, 6, 5, 4], 2, seed=0)
LISTS = [array.tolist() for array in ARRAYS]
FRAMES = {
    "arrays": pd.DataFrame({"ecg": ARRAYS, "age": [1.0, 2.0, 3.0, 4.0]}, index=list("abcd")),
    "lists": pd.DataFrame({"ecg": LISTS, "age": [1.0, 2.0, 3.0, 4.0]}),
    "polars": pl.DataFrame({"ecg": LISTS, "age": [1.0, 2.0, 3.0, 4.0]}),
}


@cache
def fitted(encoder, selection):
    columns = list(selection) if isinstance(selection, tuple) else selection
    steps = [("seq", ENCODERS[encoder](), columns), ("num", StandardScaler(), ["age"])]
    return ColumnTransformer(steps).fit(FRAMES["arrays"])


@pytest.mark.parametrize("selection", ["ecg", ("ecg",)])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_output_columns_of_a_column_of_sequences_have_names(encoder, selection):
    columns, frame = fitted(encoder, selection), FRAMES["arrays"]
    if selection == "ecg" and not KEEPS_INDEX_OF_SERIES:  # set_output does not keep the index of a Series
        frame = frame.reset_index(drop=True)
    names = [*(f"seq__{name}" for name in NAMES[encoder]), "num__age"]
    assert columns.get_feature_names_out().tolist() == names
    values = columns.transform(frame)
    try:
        for output in ("pandas", "polars"):
            got = columns.set_output(transform=output).transform(frame)
            assert list(got.columns) == names
            assert_array_equal(got.to_numpy(), values)
            assert output == "polars" or got.index.equals(frame.index)
    finally:
        columns.set_output(transform="default")


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_column_of_any_library_is_encoded_as_the_list_of_its_sequences(encoder):
    columns = fitted(encoder, "ecg")
    encodings = columns.named_transformers_["seq"].transform(ARRAYS)
    for frame in FRAMES.values():
        assert_array_equal(columns.transform(frame)[:, :-1], encodings)


def test_a_fit_on_sequences_of_equal_length_fixes_no_length():
    frame = pd.DataFrame({"ecg": [[1.0, 2.0], [3.0, 4.0]]})
    columns = ColumnTransformer([("seq", Resampler(2), "ecg")]).fit(frame)
    assert columns.transform(pd.DataFrame({"ecg": [[1.0, 2.0, 3.0]]})).tolist() == [[1, 3]]
    assert columns.get_feature_names_out().tolist() == ["seq__ecg_t0", "seq__ecg_t1"]


def test_features_with_names_keep_them():
    cells = [pd.DataFrame(array, columns=["load", "speed"]) for array in ARRAYS]
    records = [cell.to_dict("records") for cell in cells]
    for column in (cells, records):
        frame = pd.DataFrame({"ecg": column})
        names = ColumnTransformer([("seq", Resampler(2), "ecg")]).fit(frame).get_feature_names_out()
        assert names.tolist() == ["seq__load_t0", "seq__speed_t0", "seq__load_t1", "seq__speed_t1"]


def test_the_outputs_of_a_transformer_are_named_after_the_column():
    step = PerTimestep(PolynomialFeatures(2, include_bias=False)).fit(pd.Series(ARRAYS))
    names = ["ecg_x0", "ecg_x1", "ecg_x0^2", "ecg_x0 ecg_x1", "ecg_x1^2"]
    assert step.get_feature_names_out(["ecg"]).tolist() == names


def test_transformed_sequences_keep_the_index_of_pandas():
    for column in (FRAMES["arrays"].ecg, FRAMES["arrays"].ecg[["d", "a"]]):  # the latter have one length
        expected = PerTimestep(StandardScaler()).fit_transform(list(column))
        for X in (column, column.to_frame()):
            got = PerTimestep(StandardScaler()).fit_transform(X)
            assert type(got) is type(X)
            assert got.index.equals(column.index)
            assert_same_sequences(got if X is column else got["ecg"], expected)
    assert isinstance(PerTimestep(StandardScaler()).fit_transform(FRAMES["polars"]["ecg"]), list)


@pytest.mark.parametrize("X", [np.ones((3, 2)), np.ones((3, 4, 2))])
def test_arrays_are_not_columns(X):
    with pytest.raises(ValueError, match="input_features should have length equal to number of features"):
        Resampler(2).fit(X).get_feature_names_out(["ecg"])
