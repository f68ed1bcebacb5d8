"""ErrorMapDisplay: reconstruction errors over time."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..data._padding import pad
from ..mixins._pipelines import last_step
from ._axes import _check_ax, _check_estimator, _check_number_of_rows, _count_in_whole_numbers, _read


class ErrorMapDisplay:
    """Show where reconstructions are wrong: a row for each sample, a column for each timestep.

    Padding is left blank. The errors of a `DenseAutoencoderTransformer` are those of each feature.

    Parameters
    ----------
    errors : ndarray of shape (N, T)
        Mean squared error of each timestep, in units of the training standard deviation; NaN in padding.
    unit : {"timestep", "feature"}, default="timestep"
        What the columns are.

    Attributes
    ----------
    image_ : matplotlib.image.AxesImage
        The map.
    colorbar_ : matplotlib.colorbar.Colorbar
        What the colours mean.
    ax_ : matplotlib.axes.Axes
        What was drawn on.
    figure_ : matplotlib.figure.Figure
        What that is a part of.

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

    def __init__(self, *, errors, unit="timestep"):
        self.errors = errors
        self.unit = unit

    @classmethod
    def from_estimator(cls, estimator, X, *, ax=None, **image):
        """Draw what `reconstruction_error` gives for each timestep.

        Parameters
        ----------
        estimator : fitted estimator of this package that has `reconstruction_error`, or `SequenceOutlierDetector`
            Or a pipeline that ends in one, of which is drawn what comes to it.
        X : sequences of N samples
            What `reconstruction_error` reads, at most 1000.
        ax : matplotlib.axes.Axes, default=None
            What to draw on. None: a new figure.
        **image : dict
            More arguments for `matplotlib.axes.Axes.imshow`, such as `cmap` or `norm="log"`.

        Returns
        -------
        display : ErrorMapDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it does not reconstruct, or `ax` is no Axes.
        ValueError
            If X has more than 1000 samples.
        """
        if hasattr(estimator, "error_map"):  # a detector
            check_is_fitted(estimator)
            estimator = estimator.estimator_
        estimator, X = last_step(estimator, X)
        _check_estimator(estimator, "reconstruction_error", cls)
        sequences, is_rows = _read(estimator, X)
        _check_number_of_rows(len(sequences))
        if is_rows:
            errors = estimator.reconstruction_error(sequences.packed, reduction="feature")
            return cls(errors=errors, unit="feature").plot(ax, **image)
        errors = estimator.reconstruction_error(sequences, reduction="timestep")
        return cls(errors=pad(errors, value=np.nan)[:, :, 0]).plot(ax, **image)

    def plot(self, ax=None, **image):
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            What to draw on. None: a new figure.
        **image : dict
            More arguments for `matplotlib.axes.Axes.imshow`, such as `cmap` or `norm="log"`.

        Returns
        -------
        display : ErrorMapDisplay
        """
        _check_number_of_rows(len(self.errors))
        ax = _check_ax(ax, type(self), height=max(4.8, 1 + len(self.errors) / 80))  # so that each row has its pixel
        self.image_ = ax.imshow(self.errors, **{"aspect": "auto", "interpolation": "nearest", **image})
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax, label="squared error (training variance = 1)")
        ax.set(xlabel=self.unit, ylabel="sample")
        _count_in_whole_numbers(ax.xaxis)
        _count_in_whole_numbers(ax.yaxis)
        self.ax_, self.figure_ = ax, ax.figure
        return self
