"""Pictures of what was learnt, in the manner of scikit-learn's displays; they need matplotlib.

Each display keeps what it shows and draws it by `plot`, as often as wanted; `from_estimator` asks a fitted estimator
for it and draws at once. Legends stand beside the axes, where they cover nothing: a figure of your own has room for
them if it is made with `layout="constrained"`.
"""

from numbers import Integral, Real

import numpy as np
from sklearn.decomposition import PCA
from sklearn.utils import check_array, check_consistent_length, column_or_1d, get_tags
from sklearn.utils.validation import check_is_fitted

from ._diagram import draw_diagram
from .data._arrays import is_missing
from .data._padding import pad
from .data._tokens import distinct
from .mixins._pipelines import last_step

__all__ = ["EncodingDisplay", "ErrorMapDisplay", "LossCurveDisplay", "ReconstructionDisplay", "plot_network"]
MOST_PANELS = 30
MOST_ROWS = 1000  # of a heat map: there are no more pixels
MOST_LABELS = 20  # with a colour and a shape each; of numbers that are measured there may be more
# shapes as well as colours, for those who see some colours alike; of 10 and of 7, no two labels up to 70 share both
MARKERS = "osD^vPX"
ORIGINAL, SAID = "#0072B2", "#D55E00"  # blue and vermilion, which everybody tells apart


class LossCurveDisplay:
    """Show how the loss fell in training.

    Parameters
    ----------
    loss : array-like of shape (E,)
        The training loss of each epoch.
    val_loss : array-like of shape (E,), default=None
        That of the data held out, where there are such.

    Attributes
    ----------
    best_epoch_ : int or None
        The epoch of the lowest validation loss, counted from 1, whose weights early stopping keeps.
    line_, val_line_, best_line_ : matplotlib.lines.Line2D
        The curves, and what marks the best epoch; the last two are None where nothing was held out.
    ax_ : matplotlib.axes.Axes
        What was drawn on.
    figure_ : matplotlib.figure.Figure
        What that is a part of.

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
        """Draw the losses of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator of this package
        ax : matplotlib.axes.Axes, default=None
            What to draw on. None: a new figure.
        log_scale : bool, default=False
            Whether the axis of the loss is logarithmic.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it keeps no history, or `ax` is no Axes.
        """
        estimator, _ = last_step(estimator)
        _check_estimator(estimator, "history_", cls)
        history = estimator.history_
        return cls(loss=history["loss"], val_loss=history.get("val_loss")).plot(ax, log_scale=log_scale)

    def plot(self, ax=None, *, log_scale=False):
        """Draw the losses.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            What to draw on. None: a new figure.
        log_scale : bool, default=False
            Whether the axis of the loss is logarithmic.

        Returns
        -------
        display : LossCurveDisplay
        """
        ax = _check_ax(ax, type(self))
        epochs = np.arange(1, len(self.loss) + 1)
        marker = "o" if len(epochs) == 1 else None  # a line of one point cannot be seen
        (self.line_,) = ax.plot(epochs, self.loss, color=ORIGINAL, marker=marker, label="training")
        self.val_line_ = self.best_line_ = self.best_epoch_ = None
        if self.val_loss is not None:
            check_consistent_length(self.loss, self.val_loss)
            self.best_epoch_ = int(np.argmin(self.val_loss)) + 1
            style = {"color": SAID, "linestyle": "--", "marker": marker}
            (self.val_line_,) = ax.plot(epochs, self.val_loss, **style, label="validation")
            label = f"best epoch: {self.best_epoch_}"
            self.best_line_ = ax.axvline(self.best_epoch_, color="0.4", linestyle=":", label=label)
        ax.set(xlabel="epoch", ylabel="loss", yscale="log" if log_scale else "linear")
        _count_in_whole_numbers(ax.xaxis)
        _put_legend_beside(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


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

        groups = [(None, slice(None))] if labels is None else [(str(each), labels == each) for each in distinct(labels)]
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


def plot_network(estimator, X=None, y=None, *, ax=None):
    """Draw the layers of a network with the shapes that they give.

    Those of `encoder_` and, below it, of `decoder_`, as they are given away: with the scaling inside. B is the number
    of sequences and T that of timesteps, both of which are free. Masks, which every recurrent layer reads, are not
    drawn.

    Parameters
    ----------
    estimator : estimator of this package
    X : sequences of N samples, default=None
        For an estimator that is not fitted, what it would be fitted on, from which the widths of its layers follow.
        Nothing is trained, and the estimator stays as it is.
    y : targets or labels of N samples, default=None
        The same, for an estimator that reads them.
    ax : matplotlib.axes.Axes, default=None
        What to draw on. None: a new figure that is large enough.

    Returns
    -------
    boxes : list of matplotlib.text.Text
        What tells of each layer, top down and left to right.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted, and there is no X.
    TypeError
        If it has no network, or `ax` is no Axes.
    ValueError
        If it is fitted, and there is an X; or if X is not what it could be fitted on.

    See Also
    --------
    keras.Model.summary : The same as plain text, such as `estimator.encoder_.summary()`.
    keras.utils.plot_model : Each tensor, where graphviz is installed.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skseqae import LSTMAutoencoderTransformer
    >>> from skseqae.datasets import make_waves
    >>> from skseqae.display import plot_network
    >>> X, y = make_waves(40, random_state=0)
    >>> boxes = plot_network(LSTMAutoencoderTransformer(units=(16, 8), bidirectional=True), X)
    >>> plt.close(boxes[0].figure)
    """
    if not hasattr(estimator, "_untrained"):
        raise TypeError(_without("network", estimator, "plot_network"))
    if X is None:
        check_is_fitted(estimator, msg="%(name)s is not fitted: fit it, or give plot_network the X and y to fit it on.")
    elif hasattr(estimator, "history_"):
        raise ValueError(
            f"{type(estimator).__name__} is fitted, and drawn as it is: leave out X and y, or give a clone of it."
        )
    else:
        estimator = estimator._untrained(X, y)
    _check_matplotlib("plot_network")
    return draw_diagram(estimator, ax if ax is None else _check_ax(ax, plot_network))


def _check_matplotlib(name):
    """Refuse to draw without matplotlib, and return its pyplot."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f'{name} needs matplotlib: pip install "skseqae[display]".') from error
    return plt


def _check_estimator(estimator, attribute, display):
    """Refuse what is not fitted, or cannot tell what is to be drawn."""
    _check_matplotlib(display.__name__)
    if attribute == "history_" or hasattr(estimator, attribute):
        check_is_fitted(estimator)
    try:
        getattr(estimator, attribute)
    except AttributeError as error:
        raise TypeError(_without(attribute, estimator, display.__name__, error.__cause__)) from None


def _without(attribute, estimator, name, reason=None):
    return (
        f"{type(estimator).__name__} has no {attribute}, which {name} draws. Expected a fitted estimator of skseqae "
        f"that has, or a pipeline that ends in one. {reason or 'Of a search give best_estimator_.'}"
    )


def _read(estimator, X):
    """Return X as `Sequences` without padding, and whether they are rows of one timestep each."""
    sequences, _ = estimator._check_input(X)
    return sequences, not get_tags(estimator).input_tags.three_d_array


def _check_numbers(numbers, count, name):
    """Return which of so many samples or features to draw: an array of int of shape (K,)."""
    if numbers is None:
        return np.arange(min(count, 3))
    array = np.atleast_1d(np.asarray(numbers))
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size:
        raise TypeError(f"{name} must be an int or several, got {numbers!r}.")
    wrong = array[(array < 0) | (array >= count)]
    if wrong.size:
        raise ValueError(f"{name} holds {wrong[0]}, but X has {count} {name}: count from 0 to {count - 1}.")
    return array


def _check_labels(labels, encodings):
    """Return labels as objects (N,), or as floats where they were measured."""
    labels = column_or_1d(labels, dtype=object)
    check_consistent_length(encodings, labels)
    if any(is_missing(label) for label in labels):
        raise ValueError("y has missing labels (None or NaN): drop such samples, or give them a label of their own.")
    n_labels = len(distinct(labels))
    if n_labels <= MOST_LABELS:
        return labels
    if all(isinstance(label, Real) for label in labels) and not all(isinstance(label, Integral) for label in labels):
        return check_array(labels, ensure_2d=False, dtype=np.float64, input_name="y")
    raise ValueError(
        f"y has {n_labels} different labels, but no more than {MOST_LABELS} can be told apart. Give numbers that were "
        "measured as floats: they get a colour bar."
    )


def _check_number_of_rows(count):
    if count > MOST_ROWS:
        raise ValueError(f"{count} samples are more rows than can be seen: give at most {MOST_ROWS}.")


def _check_ax(ax, display, height=4.8):
    """Return the Axes to draw on, new ones for None, of a height in inches."""
    plt = _check_matplotlib(display.__name__)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, height), layout="constrained")
    if not isinstance(ax, plt.Axes):
        raise TypeError(f"ax must be a matplotlib Axes, got {type(ax).__name__}.")
    return ax


def _check_grid(ax, shape, display):
    """Return Axes in an array of this shape (S, K), new ones for None."""
    plt = _check_matplotlib(display.__name__)
    n_rows, n_columns = shape
    if n_rows * n_columns > MOST_PANELS:
        raise ValueError(
            f"{n_rows} samples of {n_columns} features make {n_rows * n_columns} panels, and more than {MOST_PANELS} "
            "cannot be seen: choose fewer samples or features."
        )
    if ax is None:
        size = 1 + max(3.4 * n_columns, 4.4), 1 + 1.9 * n_rows
        return plt.subplots(n_rows, n_columns, squeeze=False, sharey="col", figsize=size, layout="constrained")[1]
    grid = np.asarray(ax, dtype=object)
    if grid.size != n_rows * n_columns:
        raise ValueError(f"ax must hold {n_rows * n_columns} Axes, one for each sample and feature, not {grid.size}.")
    for each in grid.flat:
        _check_ax(each, display)
    return grid.reshape(shape)


def _put_legend_beside(ax):
    """Put a legend where it covers nothing."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)


def _count_in_whole_numbers(axis):
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
