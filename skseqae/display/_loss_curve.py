"""LossCurveDisplay: losses over epochs."""

import numpy as np
from sklearn.utils import check_consistent_length

from ..mixins._pipelines import last_step
from ._axes import BLUE, VERMILION, _check_ax, _check_estimator, _place_legend_beside, _set_integer_ticks


class LossCurveDisplay:
    """Visualise the training and validation loss over the epochs.

    Parameters
    ----------
    loss : array-like of shape (n_epochs,)
        The training loss of each epoch.
    val_loss : array-like of shape (n_epochs,), default=None
        The validation loss of each epoch, if a validation set was held out.

    Attributes
    ----------
    best_epoch_ : int or None
        The epoch with the lowest validation loss, counted from 1. Early stopping keeps the weights of this epoch.
    line_, val_line_, best_line_ : matplotlib.lines.Line2D
        The curves, and the line that marks the best epoch. The last two are None without a validation loss.
    ax_ : matplotlib.axes.Axes
        The Axes with the curves.
    figure_ : matplotlib.figure.Figure
        The figure that contains the Axes.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores against the number of samples.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skseqae import LSTMAutoencoderTransformer
    >>> from skseqae.datasets import make_waves
    >>> from skseqae.display import LossCurveDisplay
    >>> X, y = make_waves(40, random_state=0)
    >>> model = LSTMAutoencoderTransformer(latent_dim=4, epochs=3, early_stopping=True, random_state=0).fit(X)
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> display.best_epoch_ in (1, 2, 3)
    True
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, loss, val_loss=None):
        self.loss = loss
        self.val_loss = val_loss

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, log_scale=False):
        """Plot the loss curves of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator
            Estimator of this package, or a pipeline whose last step is one.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on. If None, a new figure is created.
        log_scale : bool, default=False
            Whether the loss axis is logarithmic.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no `history_`, or `ax` is not a matplotlib Axes.
        """
        estimator, _ = last_step(estimator)
        _check_estimator(estimator, "history_", cls)
        history = estimator.history_
        return cls(loss=history["loss"], val_loss=history.get("val_loss")).plot(ax, log_scale=log_scale)

    def plot(self, ax=None, *, log_scale=False):
        """Plot the loss curves.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on. If None, a new figure is created.
        log_scale : bool, default=False
            Whether the loss axis is logarithmic.

        Returns
        -------
        display : LossCurveDisplay
        """
        ax = _check_ax(ax, type(self))
        epochs = np.arange(1, len(self.loss) + 1)
        marker = "o" if len(epochs) == 1 else None  # A line through one point is invisible.
        (self.line_,) = ax.plot(epochs, self.loss, color=BLUE, marker=marker, label="training")
        self.val_line_ = self.best_line_ = self.best_epoch_ = None
        if self.val_loss is not None:
            check_consistent_length(self.loss, self.val_loss)
            self.best_epoch_ = int(np.argmin(self.val_loss)) + 1
            style = {"color": VERMILION, "linestyle": "--", "marker": marker}
            (self.val_line_,) = ax.plot(epochs, self.val_loss, **style, label="validation")
            label = f"best epoch: {self.best_epoch_}"
            self.best_line_ = ax.axvline(self.best_epoch_, color="0.4", linestyle=":", label=label)
        ax.set(xlabel="epoch", ylabel="loss", yscale="log" if log_scale else "linear")
        _set_integer_ticks(ax.xaxis)
        _place_legend_beside(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self
