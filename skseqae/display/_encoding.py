"""EncodingDisplay: encodings in the plane."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.utils import check_array

from ..data._tokens import unique_tokens
from ._axes import MARKERS, _check_ax, _check_estimator, _check_labels, _put_legend_beside


class EncodingDisplay:
    """Show encodings in the plane, coloured by label.

    Encodings of two dimensions are drawn as they are. Of more, the two principal components are, whose labels tell
    their shares of the variance. Those of one dimension are drawn against the number of the sample.

    Labels have a colour and a shape each, and a legend. Where they are numbers that were measured (floats of more than
    20 different values, such as the targets of a regression), a colour bar tells them instead.

    Parameters
    ----------
    encodings : ndarray of shape (N, L)
        The encodings.
    labels : array-like of shape (N,), default=None
        A label for each, of which there may be 20 different ones, or any number of floats.

    Attributes
    ----------
    points_ : ndarray of shape (N, 2)
        Where they are drawn.
    explained_variance_ratio_ : ndarray of shape (2,) or None
        The shares of the variance, where L is more than 2.
    scatters_ : list of matplotlib.collections.PathCollection
        The points of each label in the order of the legend; all in one where there are no labels or a colour bar.
    colorbar_ : matplotlib.colorbar.Colorbar or None
        What the colours mean, where labels are floats of more than 20 different values.
    ax_ : matplotlib.axes.Axes
        What was drawn on.
    figure_ : matplotlib.figure.Figure
        What that is a part of.

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
        """Draw what `transform` gives.

        Parameters
        ----------
        estimator : fitted transformer, or pipeline of such
        X : sequences of N samples
            What `transform` reads.
        y : array-like of shape (N,), default=None
            A label for each, of which there may be 20 different ones, or any number of floats.
        ax : matplotlib.axes.Axes, default=None
            What to draw on. None: a new figure.
        **scatter : dict
            More arguments for `matplotlib.axes.Axes.scatter`, such as `s` or `alpha`.

        Returns
        -------
        display : EncodingDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it has no `transform`, or `ax` is no Axes.
        ValueError
            If there are other than N labels, missing or infinite ones, or more than 20 different ones that are not
            floats; or if encodings of more than two dimensions are all the same and have no principal components.
        """
        _check_estimator(estimator, "transform", cls)
        return cls(encodings=np.asarray(estimator.transform(X)), labels=y).plot(ax, **scatter)

    def plot(self, ax=None, **scatter):
        """Draw the encodings.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            What to draw on. None: a new figure.
        **scatter : dict
            More arguments for `matplotlib.axes.Axes.scatter`, such as `s` or `alpha`.

        Returns
        -------
        display : EncodingDisplay
        """
        labels = None if self.labels is None else _check_labels(self.labels, self.encodings)
        names = self._project()
        ax = _check_ax(ax, type(self))
        if labels is not None and labels.dtype.kind == "f":
            self._plot_numbers(labels, ax, scatter)
        else:
            self._plot_groups(labels, ax, scatter)
        ax.set(xlabel=names[0], ylabel=names[1])
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_numbers(self, numbers, ax, scatter):
        """Draw all points at once, coloured by numbers (N,)."""
        self.scatters_ = [ax.scatter(*self.points_.T, c=numbers, **{"alpha": 0.7, **scatter})]
        self.colorbar_ = ax.figure.colorbar(self.scatters_[0], ax=ax, label="label")
        self.colorbar_.solids.set_alpha(1)  # stripes show where its steps would overlap

    def _plot_groups(self, labels, ax, scatter):
        """Draw the points of each label, of which there may be none."""
        from matplotlib import color_sequences

        groups = (
            [(None, slice(None))] if labels is None else [(str(each), labels == each) for each in unique_tokens(labels)]
        )
        self.scatters_, self.colorbar_ = [], None
        for i, (name, rows) in enumerate(groups):
            style = {"color": color_sequences["petroff10"][i % 10], "marker": MARKERS[i % len(MARKERS)], "alpha": 0.7}
            self.scatters_.append(ax.scatter(*self.points_[rows].T, label=name, **{**style, **scatter}))
        if labels is not None:
            _put_legend_beside(ax)

    def _project(self):
        """Find the place of each encoding, and return the names of the axes."""
        Z, self.explained_variance_ratio_ = check_array(self.encodings, input_name="encodings"), None
        if Z.shape[1] == 1:
            self.points_ = np.column_stack([Z[:, 0], np.arange(len(Z))])
            return "encoding", "sample"
        if Z.shape[1] == 2:
            self.points_ = Z
            return "encoding 0", "encoding 1"
        if not np.ptp(Z, axis=0).any():
            raise ValueError(
                f"{len(Z)} encoding(s) of {Z.shape[1]} dimensions do not differ, and have no principal components: "
                "give at least two sequences whose encodings differ."
            )
        pca = PCA(2, svd_solver="full").fit(Z)
        self.points_, self.explained_variance_ratio_ = pca.transform(Z), pca.explained_variance_ratio_
        shares = enumerate(self.explained_variance_ratio_, start=1)
        return [f"principal component {i} ({share:.0%} of variance)" for i, share in shares]
