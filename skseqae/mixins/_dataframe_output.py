"""Dataframe output of transformers, by scikit-learn's `set_output`."""

from sklearn.base import TransformerMixin

from ..runtime._optional_imports import import_optional


class FrameOutputMixin(TransformerMixin):
    """Mixin for transformers whose output can be a pandas or polars dataframe, set by `set_output`."""

    def set_output(self, *, transform=None):
        """Set the output container of `transform` and `fit_transform`.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            "default" for an array, "pandas" or "polars" for a dataframe with the column names of
            `get_feature_names_out`. If None, the configuration is unchanged.

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
