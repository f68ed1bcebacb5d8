"""Transformers of scikit-learn that may be called once with the timesteps of all sequences, and columns by name."""

from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_selection import SelectKBest, SelectPercentile, VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

# Classes whose `transform` and `inverse_transform` compute each row from this row alone, without a sum over a row, so
# that the bits of a row do not depend on the other rows. Matrix products depend on the number of rows. Subclasses may
# compute anything: the type must be exactly one of these.
ROW_WISE = (
    *(StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, PowerTransformer, QuantileTransformer),
    *(Binarizer, KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures),
    *(SimpleImputer, MissingIndicator, SelectKBest, SelectPercentile, VarianceThreshold),
)


def is_row_wise(transformer):
    """Return whether a fitted transformer returns the same bits for a row with any other rows beside it.

    Parameters
    ----------
    transformer : fitted transformer
        A pipeline, a union or a `ColumnTransformer` is row-wise if all its steps are.

    Returns
    -------
    bool
    """
    kind = type(transformer)
    if isinstance(transformer, str) or transformer is None:  # "drop" or "passthrough"
        return True
    if kind is FunctionTransformer:  # that of "passthrough"; others call functions of the user
        return transformer.func is None and transformer.inverse_func is None
    if kind is FrozenEstimator:
        return is_row_wise(transformer.estimator)
    attribute = {Pipeline: "steps", FeatureUnion: "transformer_list", ColumnTransformer: "transformers_"}.get(kind)
    if attribute is not None:
        return all(is_row_wise(step[1]) for step in getattr(transformer, attribute))
    return kind in ROW_WISE


def selects_by_name(transformer):
    """Return whether a transformer is, or has among its steps, a `ColumnTransformer` with columns by name."""
    parts = [transformer, *transformer.get_params().values()] if hasattr(transformer, "get_params") else [transformer]
    return any(
        _is_by_name(columns)
        for part in parts
        if isinstance(part, ColumnTransformer)
        for _, _, columns in part.transformers
    )


def _is_by_name(columns):
    if isinstance(columns, slice):
        columns = [columns.start, columns.stop]
    if isinstance(columns, str | make_column_selector):
        return True
    return not callable(columns) and hasattr(columns, "__iter__") and any(isinstance(each, str) for each in columns)
