"""LossCurveDisplay: losses over epochs."""

import numpy as np
from sklearn.utils import check_consistent_length

from ..mixins._pipelines import last_step
from ._axes import BLUE, VERMILION, _check_ax, _check_estimator, _place_legend_beside, _set_integer_ticks

END_SHARE = 0.95  # of the fall of the loss, after which training could have ended


class LossCurveDisplay:
    """Visualise the training and validation loss over the epochs.

    Parameters
    ----------
    loss : array-like of shape (n_epochs,)
        The training loss of each epoch.
    val_loss : array-like of shape (n_epochs,), default=None
        The validation loss of each epoch, if a validation set was held out.
    baseline_loss : float, default=None
        The loss of the mean of the targets, for labels of their frequencies. A network with a higher loss has learnt
        nothing.

    Attributes
    ----------
    best_epoch_ : int or None
        The epoch with the lowest validation loss, counted from 1. Early stopping keeps the weights of this epoch. None
        without a validation loss.
    end_epoch_ : int or None
        The first epoch after 95 % of the fall of the training loss, counted from 1: training could have ended there.
        None with a validation loss, or if the loss did not fall.
    line_, val_line_, baseline_line_, best_line_, end_line_ : matplotlib.lines.Line2D or None
        The curves, the line of `baseline_loss`, and the lines that mark the best epoch and the possible end.
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

    def __init__(self, *, loss, val_loss=None, baseline_loss=None):
        self.loss = loss
        self.val_loss = val_loss
        self.baseline_loss = baseline_loss

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
        history, baseline_loss = estimator.history_, estimator.baseline_loss_
        display = cls(loss=history["loss"], val_loss=history.get("val_loss"), baseline_loss=baseline_loss)
        return display.plot(ax, log_scale=log_scale)

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
        self.val_line_ = self.baseline_line_ = self.best_line_ = self.end_line_ = None
        self.best_epoch_ = self.end_epoch_ = None
        if self.baseline_loss is not None:
            style = {"color": "0.4", "linestyle": "-.", "linewidth": 1}
            self.baseline_line_ = ax.axhline(self.baseline_loss, **style, label="mean of the targets")
        if self.val_loss is not None:
            check_consistent_length(self.loss, self.val_loss)
            self.best_epoch_ = int(np.argmin(self.val_loss)) + 1
            style = {"color": VERMILION, "linestyle": "--", "marker": marker}
            (self.val_line_,) = ax.plot(epochs, self.val_loss, **style, label="validation")
            label = f"best epoch: {self.best_epoch_}"
            self.best_line_ = ax.axvline(self.best_epoch_, color="0.4", linestyle=":", label=label)
        elif self.loss[-1] < self.loss[0]:
            share_left = (np.asarray(self.loss) - self.loss[-1]) / (self.loss[0] - self.loss[-1])
            self.end_epoch_ = int(np.argmax(share_left <= 1 - END_SHARE)) + 1
            label = f"{END_SHARE:.0%} of the fall: epoch {self.end_epoch_}"
            self.end_line_ = ax.axvline(self.end_epoch_, color="0.4", linestyle=":", label=label)
        ax.set(xlabel="epoch", ylabel="loss", yscale="log" if log_scale else "linear")
        _set_integer_ticks(ax.xaxis)
        _place_legend_beside(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self
