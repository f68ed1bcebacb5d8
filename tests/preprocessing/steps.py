"""The transformers that the preprocessing tests run over, and shared data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler

from skseqae import Sequences
from skseqae.data._check_sequences import check_sequences
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder

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
    **{name: lambda make=make, **options: PerTimestep(make(), **options) for name, make in TRANSFORMERS.items()},
    "padder": lambda **options: SequencePadder(20, **options),
    "resampler": lambda **options: Resampler(5, **options),
}
every_step = pytest.mark.parametrize("make", STEPS.values(), ids=STEPS)
lengths = st.lists(st.integers(0, 9), min_size=2, max_size=8).filter(any)
lengths_to_fit = lengths.filter(lambda lengths: sum(lengths) > 1)  # PCA divides by the number of timesteps minus 1

TABLE = pd.DataFrame({"monday": [1.0, 4.0, 2.0], "tuesday": [2.0, 5.0, 1.0], "wednesday": [3.0, np.nan, 0.0]})
NAMED = Sequences.from_list([np.eye(2), np.ones((3, 2))]).with_names(["rain", "wind"])


def as_list(X, padding_value=None):
    return check_sequences(X, padding_value=padding_value, allow_missing=True)[0].to_list()


def assert_same_sequences(got, expected):
    for a, b in zip(got, expected, strict=True):
        assert_array_equal(a, b, strict=True)
