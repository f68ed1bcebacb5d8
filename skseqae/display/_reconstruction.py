"""ReconstructionDisplay: sequences and their reconstructions."""

import numpy as np

from ..mixins._pipelines import last_step
from ._axes import (
    ORIGINAL,
    SAID,
    _check_estimator,
    _check_grid,
    _check_numbers,
    _count_in_whole_numbers,
    _put_legend_beside,
    _read,
)


class ReconstructionDisplay:
    """Show sequences and what is said of them again, the difference as a band.

    A row of panels for each sample and a column for each feature. Only real timesteps are drawn, never padding. The
    rows of a `DenseAutoencoderTransformer` are drawn over their features, in one column.

    Parameters
    ----------
    originals, reconstructions : list of S ndarrays of shape (T_i, K)
        The chosen samples and features.
    samples : array-like of int of shape (S,)
        The numbers of the samples, for the titles.
    features : array-like of int or str of shape (K,), default=None
        The numbers or names of the features, for the titles. None: the sequences are rows, and go over the features.

    Attributes
    ----------
    lines_, reconstruction_lines_ : ndarray of shape (S, K) of matplotlib.lines.Line2D
        The originals and what is said of them.
    bands_ : ndarray of shape (S, K) of matplotlib.collections.FillBetweenPolyCollection
        What is between them.
    ax_ : ndarray of shape (S, K) of matplotlib.axes.Axes
        What was drawn on.
    figure_ : matplotlib.figure.Figure
        What those are parts of.

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

    def __init__(self, *, originals, reconstructions, samples, features=None):
        self.originals = originals
        self.reconstructions = reconstructions
        self.samples = samples
        self.features = features

    @classmethod
    def from_estimator(cls, estimator, X, *, samples=None, features=None, ax=None):
        """Draw what `reconstruct` says of samples.

        Parameters
        ----------
        estimator : fitted estimator of this package that has `reconstruct`
            Or a pipeline that ends in one, of which is drawn what comes to it.
        X : sequences of N samples
            What `reconstruct` reads.
        samples : int or array-like of int, default=None
            Which samples to draw, counted from 0. None: the first three.
        features : int or array-like of int, default=None
            Which features of a timestep to draw, counted from 0. None: the first three.
        ax : matplotlib.axes.Axes or array-like of them, default=None
            What to draw on, one for each sample and feature. None: a new figure.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it does not reconstruct, or samples, features or `ax` are of a wrong type.
        ValueError
            If there are no such samples or features, or more panels than can be seen.
        """
        estimator, X = last_step(estimator, X)
        _check_estimator(estimator, "reconstruct", cls)
        sequences, is_rows = _read(estimator, X)
        samples = _check_numbers(samples, len(sequences), "samples")
        chosen = sequences[samples]
        if is_rows:
            said = estimator.reconstruct(chosen.packed)
            return cls(originals=chosen.packed[:, :, None], reconstructions=said[:, :, None], samples=samples).plot(ax)
        features = _check_numbers(features, sequences.n_features, "features")
        originals, said = ([x[:, features] for x in each] for each in (chosen, estimator.reconstruct(chosen)))
        features = features if sequences.feature_names is None else [sequences.feature_names[i] for i in features]
        return cls(originals=originals, reconstructions=said, samples=samples, features=features).plot(ax)

    def plot(self, ax=None):
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array-like of them, default=None
            What to draw on, one for each sample and feature. None: a new figure.

        Returns
        -------
        display : ReconstructionDisplay
        """
        shape = len(self.samples), 1 if self.features is None else len(self.features)
        self.ax_ = _check_grid(ax, shape, type(self))
        self.figure_ = self.ax_[0, 0].figure
        self.lines_, self.reconstruction_lines_, self.bands_ = (np.empty(shape, object) for _ in range(3))
        for row, column in np.ndindex(shape):
            pair = self.originals[row][:, column], self.reconstructions[row][:, column]
            self._plot_panel((row, column), *pair)
        if ax is None:  # above the panels, where it covers nothing
            handles = self.lines_[0, 0], self.reconstruction_lines_[0, 0], self.bands_[0, 0]
            self.figure_.legend(handles=handles, loc="outside upper center", ncols=3)
        else:
            _put_legend_beside(self.ax_[-1, -1])
        return self

    def _plot_panel(self, place, original, said):
        """Draw two arrays (T,)."""
        ax, timesteps = self.ax_[place], np.arange(len(original))
        marker = "o" if len(timesteps) == 1 else None  # a line of one point cannot be seen
        (self.lines_[place],) = ax.plot(timesteps, original, color=ORIGINAL, marker=marker, label="original")
        style = {"color": SAID, "linestyle": "--", "marker": marker}
        (self.reconstruction_lines_[place],) = ax.plot(timesteps, said, **style, label="reconstruction")
        self.bands_[place] = ax.fill_between(timesteps, original, said, color="0.5", alpha=0.35, lw=0, label="error")
        row, column = place
        title = [f"sample {self.samples[row]}"]
        if self.features is not None:
            feature = self.features[column]
            title.append(feature if isinstance(feature, str) else f"feature {feature}")
        ax.set_title(", ".join(title + ["empty"] * (len(original) == 0)), fontsize="medium")
        if row == len(self.samples) - 1:
            ax.set_xlabel("feature" if self.features is None else "timestep")
        _count_in_whole_numbers(ax.xaxis)
