"""EncodingDisplay: encodings as a two-dimensional scatter plot."""

from math import ceil

import numpy as np
from sklearn.decomposition import PCA
from sklearn.utils import check_array

from ..data._tokens import unique_tokens
from ._axes import (
    MARKERS,
    MAX_MARKED_LABELS,
    ROWS_OF_LEGEND,
    _check_ax,
    _check_estimator,
    _check_labels,
    _place_legend_beside,
)


class EncodingDisplay:
    """Visualise encodings as a scatter plot, coloured by label.

    Two-dimensional encodings are plotted directly. Of encodings with more dimensions, the first two principal
    components are plotted, and the axis labels contain their shares of the variance. One-dimensional encodings are
    plotted against the index of the sample.

    Each label has a colour, a marker and an entry in the legend. A continuous target (floats with more than 20
    different values, such as the targets of a regression) has a colour bar instead. So do more than 70 labels, sorted.

    Parameters
    ----------
    encodings : ndarray of shape (n_samples, latent_dim)
        The encodings, or the output of another transformer with any number of columns.
    labels : array-like of shape (n_samples,), default=None
        The label of each sample, or a continuous target.

    Attributes
    ----------
    points_ : ndarray of shape (n_samples, 2)
        The plotted coordinates.
    explained_variance_ratio_ : ndarray of shape (2,) or None
        The shares of the variance of the two principal components; None if the encodings have at most two dimensions.
    scatters_ : list of matplotlib.collections.PathCollection
        The points of each label in the order of the legend; one collection without labels or with a colour bar.
    colorbar_ : matplotlib.colorbar.Colorbar or None
        The colour bar of a continuous target, or of more than 70 labels.
    ax_ : matplotlib.axes.Axes
        The Axes with the scatter plot.
    figure_ : matplotlib.figure.Figure
        The figure that contains the Axes.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skseqae import LSTMAutoencoderTransformer
    >>> from skseqae.datasets import make_waves
    >>> from skseqae.display import EncodingDisplay
    >>> X, y = make_waves(40, random_state=0)
    >>> model = LSTMAutoencoderTransformer(latent_dim=4, epochs=2, random_state=0).fit(X)
    >>> display = EncodingDisplay.from_estimator(model, X, y)
    >>> len(display.scatters_)
    3
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, encodings, labels=None):
        self.encodings = encodings
        self.labels = labels

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, ax=None, **scatter):
        """Plot the encodings that `transform` returns.

        Parameters
        ----------
        estimator : fitted transformer, or pipeline of such
        X : sequences of shape (n_samples,)
            The input of `transform`; see :ref:`sequences` for accepted containers.
        y : array-like of shape (n_samples,), default=None
            The label of each sample, or a continuous target.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on. If None, a new figure is created.
        **scatter : dict
            Further keyword arguments of `matplotlib.axes.Axes.scatter`, such as `s` or `alpha`.

        Returns
        -------
        display : EncodingDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no `transform`, or `ax` is not a matplotlib Axes.
        ValueError
            If the number of labels is not n_samples, or if labels are missing or infinite; or if encodings with more
            than two dimensions are all equal, so that they have no principal components.
        """
        _check_estimator(estimator, "transform", cls)
        return cls(encodings=np.asarray(estimator.transform(X)), labels=y).plot(ax, **scatter)

    def plot(self, ax=None, **scatter):
        """Plot the encodings.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on. If None, a new figure is created.
        **scatter : dict
            Further keyword arguments of `matplotlib.axes.Axes.scatter`, such as `s` or `alpha`.

        Returns
        -------
        display : EncodingDisplay
        """
        labels = None if self.labels is None else _check_labels(self.labels, self.encodings)
        names = self._project()
        is_continuous = labels is not None and labels.dtype.kind == "f"
        unique = [] if labels is None or is_continuous else list(unique_tokens(labels))
        n_columns = ceil(len(unique) / ROWS_OF_LEGEND) if len(unique) <= MAX_MARKED_LABELS else 1
        ax = _check_ax(ax, type(self), width=6.4 + 1.3 * max(0, n_columns - 1))
        if is_continuous:
            self._plot_continuous(labels, ax, scatter)
        elif len(unique) > MAX_MARKED_LABELS:
            self._plot_many_labels(labels, unique, ax, scatter)
        else:
            self._plot_labels(labels, unique, ax, scatter)
            if unique:
                _place_legend_beside(ax, n_columns)
        ax.set(xlabel=names[0], ylabel=names[1])
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_continuous(self, target, ax, scatter):
        """Plot all points as one collection, coloured by a continuous target (N,)."""
        self.scatters_ = [ax.scatter(*self.points_.T, c=target, **{"alpha": 0.7, **scatter})]
        self.colorbar_ = ax.figure.colorbar(self.scatters_[0], ax=ax, label="label")
        self.colorbar_.solids.set_alpha(1)  # Overlapping colour steps would show as stripes.

    def _plot_many_labels(self, labels, unique, ax, scatter):
        """Plot all points as one collection, coloured by the position of the label among the sorted labels."""
        index_of = {label: index for index, label in enumerate(unique)}
        self._plot_continuous(np.array([index_of[label] for label in labels]), ax, scatter)
        ticks = np.unique(np.linspace(0, len(unique) - 1, ROWS_OF_LEGEND).round().astype(int))
        self.colorbar_.set_ticks(ticks, labels=[str(unique[tick]) for tick in ticks])

    def _plot_labels(self, labels, unique, ax, scatter):
        """Plot one collection of points per label, or a single one if labels is None."""
        from matplotlib import color_sequences

        groups = [(str(label), labels == label) for label in unique] if unique else [(None, slice(None))]
        self.scatters_, self.colorbar_ = [], None
        for i, (name, rows) in enumerate(groups):
            style = {"color": color_sequences["petroff10"][i % 10], "marker": MARKERS[i % len(MARKERS)], "alpha": 0.7}
            self.scatters_.append(ax.scatter(*self.points_[rows].T, label=name, **{**style, **scatter}))

    def _project(self):
        """Set the coordinates of the points, and return the labels of the axes."""
        Z, self.explained_variance_ratio_ = check_array(self.encodings, input_name="encodings"), None
        if Z.shape[1] == 1:
            self.points_ = np.column_stack([Z[:, 0], np.arange(len(Z))])
            return "encoding", "sample"
        if Z.shape[1] == 2:
            self.points_ = Z
            return "encoding 0", "encoding 1"
        if not np.ptp(Z, axis=0).any():
            raise ValueError(
                f"All {len(Z)} encodings with {Z.shape[1]} dimensions are equal, so they have no principal components: "
                "pass at least two sequences with different encodings."
            )
        pca = PCA(2, svd_solver="full").fit(Z)
        self.points_, self.explained_variance_ratio_ = pca.transform(Z), pca.explained_variance_ratio_
        shares = enumerate(self.explained_variance_ratio_, start=1)
        return [f"principal component {i} ({share:.0%} of variance)" for i, share in shares]
