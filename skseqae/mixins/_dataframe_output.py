"""Dataframe output of transformers, by scikit-learn's `set_output`."""

from sklearn.base import TransformerMixin
from sklearn.utils._set_output import _get_output_config

from ..runtime._optional_imports import import_optional


class FrameOutputMixin(TransformerMixin):
    """Mixin for transformers whose output can be a pandas or polars dataframe, set by `set_output`."""

    def set_output(self, *, transform=None):
        """Set the output container of `transform` and `fit_transform`.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            "default" for an array, "pandas" or "polars" for a dataframe with the column names of
            `get_feature_names_out`. The index of a pandas dataframe is the ids of X, if X is `Sequences` with ids. If
            None, the configuration is unchanged.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If pandas or polars is not installed.
        """
        if transform in ("pandas", "polars"):  # Raise before a long fit, not after it.
            import_optional(transform, transform)
        return super().set_output(transform=transform)

    def _index_by_ids(self, rows, sequences):
        """Return rows as a pandas dataframe whose index is the ids of X, if pandas is set and X has ids.

        scikit-learn keeps the index of a dataframe, and sets its column names.
        """
        if sequences.ids is None or _get_output_config("transform", self)["dense"] != "pandas":
            return rows
        pandas = import_optional("pandas", "pandas")
        labels = sequences.ids.tolist() if sequences.ids.dtype.kind == "O" else sequences.ids
        return pandas.DataFrame(rows, index=pandas.Index(labels), copy=False)
