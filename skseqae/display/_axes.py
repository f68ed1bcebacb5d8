"""Validation and axes that all displays share."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array, check_consistent_length, column_or_1d, get_tags
from sklearn.utils.validation import check_is_fitted

from ..data._arrays import is_missing
from ..data._tokens import unique_tokens

MAX_PANELS = 30
MAX_ROWS = 1000  # of a heat map: there are no more pixels
MAX_LABELS = 20  # with a colour and a shape each; of numbers that are measured there may be more
# shapes as well as colours, for those who see some colours alike; of 10 and of 7, no two labels up to 70 share both
MARKERS = "osD^vPX"
ORIGINAL, SAID = "#0072B2", "#D55E00"  # blue and vermilion, which everybody tells apart


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
    n_labels = len(unique_tokens(labels))
    if n_labels <= MAX_LABELS:
        return labels
    if all(isinstance(label, Real) for label in labels) and not all(isinstance(label, Integral) for label in labels):
        return check_array(labels, ensure_2d=False, dtype=np.float64, input_name="y")
    raise ValueError(
        f"y has {n_labels} different labels, but no more than {MAX_LABELS} can be told apart. Give numbers that were "
        "measured as floats: they get a colour bar."
    )


def _check_number_of_rows(count):
    if count > MAX_ROWS:
        raise ValueError(f"{count} samples are more rows than can be seen: give at most {MAX_ROWS}.")


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
    if n_rows * n_columns > MAX_PANELS:
        raise ValueError(
            f"{n_rows} samples of {n_columns} features make {n_rows * n_columns} panels, and more than {MAX_PANELS} "
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
