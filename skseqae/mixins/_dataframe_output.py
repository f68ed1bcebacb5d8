"""How everything here that transforms gives dataframes: by scikit-learn's `set_output`."""

from sklearn.base import TransformerMixin

from ..runtime._optional_imports import import_optional


class FrameOutputMixin(TransformerMixin):
    """Give encodings as a dataframe of pandas or polars where `set_output` asks for one."""

    def set_output(self, *, transform=None):
        """Choose what `transform` and `fit_transform` give.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            An array, or a dataframe of one of these, whose columns are named by `get_feature_names_out`. None: as it
            was.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If pandas or polars is not installed.
        """
        if transform in ("pandas", "polars"):  # now, not after a long fit
            import_optional(transform, transform)
        return super().set_output(transform=transform)
