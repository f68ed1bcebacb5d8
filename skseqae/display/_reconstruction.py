"""ReconstructionDisplay: sequences and their reconstructions."""

import numpy as np

from ..mixins._pipelines import last_step
from ._axes import (
    BLUE,
    VERMILION,
    _check_estimator,
    _check_features,
    _check_grid,
    _check_indices,
    _check_sequences,
    _get_times,
    _place_legend_beside,
    _set_time_ticks,
)


class ReconstructionDisplay:
    """Visualise sequences and their reconstructions, with the difference as a band.

    The figure has one row of Axes per sample and one column per feature. Only real timesteps are plotted, not padding.
    The samples of a `DenseAutoencoderTransformer` are plotted over their features, in one column of Axes.

    Parameters
    ----------
    originals, reconstructions : list of ndarrays of shape (n_timesteps, n_features)
        The selected features of the selected samples, n_samples arrays each.
    samples : array-like of shape (n_samples,)
        The ids or the indices of the samples, for the titles.
    features : array-like of int or str of shape (n_features,), default=None
        The indices or names of the features, for the titles. If None, the samples have no time axis, and the x-axis
        shows the index of the feature.
    times : list of ndarrays of shape (n_timesteps,), default=None
        The times of the timesteps: numbers or dates, for the x-axis. If None, the x-axis shows the index of the
        timestep.

    Attributes
    ----------
    lines_, reconstruction_lines_ : ndarray of shape (n_samples, n_features) of matplotlib.lines.Line2D
        The lines of the originals and of the reconstructions.
    bands_ : ndarray of shape (n_samples, n_features) of matplotlib.collections.FillBetweenPolyCollection
        The bands between these lines.
    ax_ : ndarray of shape (n_samples, n_features) of matplotlib.axes.Axes
        The Axes.
    figure_ : matplotlib.figure.Figure
        The figure that contains the Axes.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skseqae import LSTMAutoencoderTransformer
    >>> from skseqae.datasets import make_waves
    >>> from skseqae.display import ReconstructionDisplay
    >>> X, y = make_waves(40, n_features=2, random_state=0)
    >>> model = LSTMAutoencoderTransformer(latent_dim=4, epochs=2, random_state=0).fit(X)
    >>> display = ReconstructionDisplay.from_estimator(model, X, samples=[0, 5, 9])
    >>> display.ax_.shape
    (3, 2)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, originals, reconstructions, samples, features=None, times=None):
        self.originals = originals
        self.reconstructions = reconstructions
        self.samples = samples
        self.features = features
        self.times = times

    @classmethod
    def from_estimator(cls, estimator, X, *, samples=None, features=None, ax=None):
        """Plot samples and the reconstructions that `reconstruct` returns.

        Parameters
        ----------
        estimator : fitted estimator
            Estimator of this package with `reconstruct`, or a pipeline whose last step is one. The other steps
            transform X first.
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for accepted containers. For a `DenseAutoencoderTransformer`, an
            array-like of shape (n_samples, n_features).
        samples : int or array-like of int, default=None
            Indices of the samples to plot, counted from 0. If None, the first three samples.
        features : int, str or array-like of them, default=None
            Indices of the features to plot, counted from 0, or names of features. If None, the first three features.
            Of a pipeline, the features that its last step reads.
        ax : matplotlib.axes.Axes or array-like of them, default=None
            Axes to draw on, one for each sample and feature. If None, a new figure is created.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no `reconstruct`, or `samples`, `features` or `ax` is of the wrong type.
        ValueError
            If `samples` or `features` is out of range or not a name of a feature, or if they select more than 30 Axes.
        """
        estimator, X = last_step(estimator, X)
        _check_estimator(estimator, "reconstruct", cls)
        sequences, is_rows = _check_sequences(estimator, X)
        samples = _check_indices(samples, len(sequences), "samples")
        selected = sequences[samples]
        samples = samples if selected.ids is None else selected.ids
        if is_rows:
            rows = selected.packed
            reconstructed = estimator.reconstruct(rows)
            return cls(originals=rows[:, :, None], reconstructions=reconstructed[:, :, None], samples=samples).plot(ax)
        features, names = _check_features(features, sequences, estimator)
        originals = [x[:, features] for x in selected]
        reconstructions = [x[:, features] for x in estimator.reconstruct(selected)]
        features = features if names is None else [names[i] for i in features]
        arrays = {"originals": originals, "reconstructions": reconstructions, "times": _get_times(selected)}
        return cls(samples=samples, features=features, **arrays).plot(ax)

    def plot(self, ax=None):
        """Plot the originals and the reconstructions.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array-like of them, default=None
            Axes to draw on, one for each sample and feature. If None, a new figure is created.

        Returns
        -------
        display : ReconstructionDisplay
        """
        shape = len(self.samples), 1 if self.features is None else len(self.features)
        self.ax_ = _check_grid(ax, shape, type(self))
        self.figure_ = self.ax_[0, 0].figure
        self.lines_, self.reconstruction_lines_, self.bands_ = (np.empty(shape, object) for _ in range(3))
        for row, column in np.ndindex(shape):
            values = self.originals[row][:, column], self.reconstructions[row][:, column]
            self._plot_panel((row, column), *values)
        if ax is None:  # The legend is placed above the panels, where it covers no data.
            handles = self.lines_[0, 0], self.reconstruction_lines_[0, 0], self.bands_[0, 0]
            self.figure_.legend(handles=handles, loc="outside upper center", ncols=3)
        else:
            _place_legend_beside(self.ax_[-1, -1])
        return self

    def _plot_panel(self, panel, original, reconstructed):
        """Plot two arrays (T,) on the Axes at (row, column)."""
        row, column = panel
        ax, times = self.ax_[panel], None if self.times is None else self.times[row]
        timesteps = np.arange(len(original)) if times is None else times
        marker = "o" if len(timesteps) == 1 else None  # A line through one point is invisible.
        (self.lines_[panel],) = ax.plot(timesteps, original, color=BLUE, marker=marker, label="original")
        style = {"color": VERMILION, "linestyle": "--", "marker": marker}
        (self.reconstruction_lines_[panel],) = ax.plot(timesteps, reconstructed, **style, label="reconstruction")
        band = {"color": "0.5", "alpha": 0.35, "lw": 0, "label": "error"}
        self.bands_[panel] = ax.fill_between(timesteps, original, reconstructed, **band)
        title = [f"sample {self.samples[row]}"]
        if self.features is not None:
            feature = self.features[column]
            title.append(feature if isinstance(feature, str) else f"feature {feature}")
        ax.set_title(", ".join(title + ["empty"] * (len(original) == 0)), fontsize="medium")
        if row == len(self.samples) - 1:
            ax.set_xlabel("feature" if self.features is None else "timestep" if times is None else "time")
        _set_time_ticks(ax.xaxis, times)
