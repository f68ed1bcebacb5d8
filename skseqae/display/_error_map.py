"""ErrorMapDisplay: reconstruction errors over time."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..data._padding import pad
from ..mixins._pipelines import last_step
from ._axes import (
    _check_ax,
    _check_estimator,
    _check_number_of_rows,
    _check_sequences,
    _get_times,
    _set_integer_ticks,
)

MAX_LABELLED_ROWS = 20


class ErrorMapDisplay:
    """Visualise reconstruction errors as a heat map, with one row per sample and one column per timestep.

    Padding is blank. For a `DenseAutoencoderTransformer`, the map has one column per feature.

    Parameters
    ----------
    errors : ndarray of shape (n_samples, n_timesteps) or (n_samples, n_features)
        Mean squared error of each timestep, or squared error of each feature, in units of the variance of each feature
        in training; NaN in padding.
    unit : {"timestep", "feature"}, default="timestep"
        What a column represents, which is the label of the x-axis.
    samples : array-like of shape (n_samples,), default=None
        The ids of the samples, which label the rows of at most 20 samples. If None, the rows have indices.
    times : array-like of shape (n_timesteps,), default=None
        The times of the columns. If None, the columns have indices.

    Attributes
    ----------
    image_ : matplotlib.image.AxesImage
        The heat map.
    colorbar_ : matplotlib.colorbar.Colorbar
        The scale of the colours.
    ax_ : matplotlib.axes.Axes
        The Axes with the map.
    figure_ : matplotlib.figure.Figure
        The figure that contains the Axes.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skseqae import LSTMAutoencoderTransformer
    >>> from skseqae.datasets import make_waves
    >>> from skseqae.display import ErrorMapDisplay
    >>> X, y = make_waves(40, lengths=(5, 30), random_state=0)
    >>> model = LSTMAutoencoderTransformer(latent_dim=4, epochs=2, random_state=0).fit(X)
    >>> display = ErrorMapDisplay.from_estimator(model, X)
    >>> display.errors.shape
    (40, 30)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, errors, unit="timestep", samples=None, times=None):
        self.errors = errors
        self.unit = unit
        self.samples = samples
        self.times = times

    @classmethod
    def from_estimator(cls, estimator, X, *, ax=None, **image):
        """Plot the reconstruction error of each timestep.

        Ids of X label the rows. Times of X label the columns if they are the same for all samples.

        Parameters
        ----------
        estimator : fitted estimator
            Estimator of this package with `reconstruction_error`, `SequenceOutlierDetector`, or a pipeline whose last
            step is one of the former. The other steps transform X first.
        X : sequences of shape (n_samples,)
            The sequences, at most 1000; see :ref:`sequences` for accepted containers. For a
            `DenseAutoencoderTransformer`, an array-like of shape (n_samples, n_features).
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on. If None, a new figure is created.
        **image : dict
            Further keyword arguments of `matplotlib.axes.Axes.imshow`, such as `cmap` or `norm="log"`.

        Returns
        -------
        display : ErrorMapDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no `reconstruction_error`, or `ax` is not a matplotlib Axes.
        ValueError
            If X has more than 1000 samples.
        """
        if hasattr(estimator, "error_map"):  # SequenceOutlierDetector
            check_is_fitted(estimator)
            estimator = estimator.estimator_
        estimator, X = last_step(estimator, X)
        _check_estimator(estimator, "reconstruction_error", cls)
        sequences, is_rows = _check_sequences(estimator, X)
        _check_number_of_rows(len(sequences))
        if is_rows:
            errors = estimator.reconstruction_error(sequences.packed, reduction="feature")
            return cls(errors=errors, unit="feature").plot(ax, **image)
        errors = estimator.reconstruction_error(sequences, reduction="timestep")
        times = _common_times(sequences)
        return cls(errors=pad(errors, value=np.nan)[:, :, 0], samples=sequences.ids, times=times).plot(ax, **image)

    def plot(self, ax=None, **image):
        """Plot the heat map.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on. If None, a new figure is created.
        **image : dict
            Further keyword arguments of `matplotlib.axes.Axes.imshow`, such as `cmap` or `norm="log"`.

        Returns
        -------
        display : ErrorMapDisplay
        """
        _check_number_of_rows(len(self.errors))
        ax = _check_ax(ax, type(self), height=max(4.8, 1 + len(self.errors) / 80))  # at least one pixel per row
        self.image_ = ax.imshow(self.errors, **{"aspect": "auto", "interpolation": "nearest", **image})
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax, label="squared error (training variance = 1)")
        ax.set(xlabel=self.unit if self.times is None else "time", ylabel="sample")
        _set_integer_ticks(ax.xaxis)
        _set_integer_ticks(ax.yaxis)
        if self.times is not None:
            _set_integer_ticks(ax.xaxis, max_ticks=5)
            ax.xaxis.set_major_formatter(lambda column, _: _label_at(self.times, column))
            ax.tick_params(axis="x", labelrotation=15)
        if self.samples is not None and len(self.samples) <= MAX_LABELLED_ROWS:
            ax.set_yticks(range(len(self.samples)), map(str, self.samples))
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _common_times(sequences):
    """Return the times of the longest sequence if the others have the same times as far as they go, otherwise None."""
    times = _get_times(sequences)
    if times is None:
        return None
    longest = max(times, key=len)
    return longest if all(np.array_equal(each, longest[: len(each)]) for each in times) else None


def _label_at(times, column):
    """Return the label of a tick."""
    if not 0 <= column < len(times):
        return ""
    time = times[int(column)]
    if isinstance(time, np.datetime64):
        return str(time.astype("datetime64[s]")).replace("T", " ").removesuffix(":00")
    return str(time)
