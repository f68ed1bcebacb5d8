"""Input checks and axes shared by the displays."""

from datetime import date
from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array, check_consistent_length, column_or_1d, get_tags
from sklearn.utils.validation import check_is_fitted

from ..data._arrays import is_missing
from ..data._tokens import unique_tokens
from ..mixins._inspection import check_fitted_input

MAX_PANELS = 30
MAX_ROWS = 1000  # of a heat map; a figure has no more pixels
MAX_FLOAT_LABELS = 20  # different floats; more are a continuous target
# Markers as well as colours, for readers with a colour vision deficiency. With 10 colours and 7 markers, no two of up
# to 70 labels share both.
MARKERS = "osD^vPX"
MAX_MARKED_LABELS = 70
ROWS_OF_LEGEND = 20
BLUE, VERMILION = "#0072B2", "#D55E00"  # distinguishable with any colour vision deficiency


def _check_matplotlib(name):
    """Return `matplotlib.pyplot`, or raise with the installation command if matplotlib is missing."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f'{name} requires matplotlib: pip install "skseqae[display]".') from error
    return plt


def _check_estimator(estimator, attribute, display):
    """Raise if the estimator is not fitted, or has no attribute that provides the data of the display."""
    _check_matplotlib(display.__name__)
    if attribute == "history_" or hasattr(estimator, attribute):
        check_is_fitted(estimator)
    try:
        getattr(estimator, attribute)
    except AttributeError as error:
        # Some estimators have an attribute with certain parameters only, and give the reason as the cause.
        raise TypeError(
            f"{type(estimator).__name__} has no {attribute}, which {display.__name__} draws. Expected a fitted "
            "estimator of skseqae that has one, or a pipeline that ends with one. "
            f"{error.__cause__ or 'For a search, pass best_estimator_.'}"
        ) from None


def _check_sequences(estimator, X):
    """Return X as `Sequences` without padding, and whether the samples are rows of one timestep each."""
    return check_fitted_input(estimator, X), not get_tags(estimator).input_tags.three_d_array


def _get_times(sequences):
    """Return the times of each sequence that matplotlib can draw as a list of arrays, otherwise None.

    These are numbers, dates and durations, in seconds. Periods, text and categories are drawn as timesteps.
    """
    times = sequences.times
    if times is None or (times.dtype.kind == "O" and not all(isinstance(time, date) for time in times)):
        return None
    times = times / np.timedelta64(1, "s") if times.dtype.kind == "m" else times
    return np.split(times, np.cumsum(sequences.lengths)[:-1])


def _check_indices(indices, count, name):
    """Return the indices of the samples or features to draw, an array of int of shape (K,); None selects three."""
    if indices is None:
        return np.arange(min(count, 3))
    array = np.atleast_1d(np.asarray(indices))
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size:
        raise TypeError(f"{name} must be an int or an array-like of int, got {indices!r}.")
    wrong = array[(array < 0) | (array >= count)]
    if wrong.size:
        raise ValueError(f"{name} contains {wrong[0]}, but X has {count} {name}: expected 0 to {count - 1}.")
    return array


def _check_features(features, sequences, estimator):
    """Return the indices of the features to draw, and the names of all features or None."""
    names = sequences.feature_names
    if names is None and len(getattr(estimator, "feature_names_in_", ())) == sequences.n_features:
        names = tuple(estimator.feature_names_in_)
    features = [features] if isinstance(features, str) else features
    if np.iterable(features) and any(isinstance(feature, str) for feature in features):
        if names is None:
            raise ValueError(
                f"features contains names, got {features!r}, but the features of X have no names: pass indices, or X "
                "with names by Sequences.with_names."
            )
        unknown = [feature for feature in features if isinstance(feature, str) and feature not in names]
        if unknown:
            raise ValueError(f"features contains {unknown[0]!r}, but the features of X are {list(names)}.")
        features = [names.index(feature) if isinstance(feature, str) else feature for feature in features]
    return _check_indices(features, sequences.n_features, "features"), names


def _check_labels(labels, encodings):
    """Return labels as an object array (N,), or as a float array (N,) if they are a continuous target."""
    labels = column_or_1d(labels, dtype=object)
    check_consistent_length(encodings, labels)
    if any(is_missing(label) for label in labels):
        raise ValueError("y has missing labels (None or NaN): drop these samples, or give them a label.")
    is_real = all(isinstance(label, Real) for label in labels)
    if not is_real or all(isinstance(label, Integral) for label in labels):
        return labels
    if len(unique_tokens(labels)) <= MAX_FLOAT_LABELS:
        return labels
    return check_array(labels, ensure_2d=False, dtype=np.float64, input_name="y")


def _check_number_of_rows(count):
    if count > MAX_ROWS:
        raise ValueError(f"{count} samples exceed the {MAX_ROWS} rows that can be displayed: pass fewer samples.")


def _check_ax(ax, display, height=4.8, width=6.4):
    """Return the Axes to draw on; if None, new Axes with the height and the width in inches."""
    plt = _check_matplotlib(display.__name__)
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    if not isinstance(ax, plt.Axes):
        raise TypeError(f"ax must be a matplotlib Axes, got {type(ax).__name__}.")
    return ax


def _check_grid(ax, shape, display):
    """Return an array of Axes of this shape (n_rows, n_columns), new ones if `ax` is None."""
    plt = _check_matplotlib(display.__name__)
    n_rows, n_columns = shape
    if n_rows * n_columns > MAX_PANELS:
        raise ValueError(
            f"{n_rows} samples with {n_columns} features require {n_rows * n_columns} panels, but at most "
            f"{MAX_PANELS} can be displayed: select fewer samples or features."
        )
    if ax is None:
        size = 1 + max(3.4 * n_columns, 4.4), 1 + 1.9 * n_rows
        return plt.subplots(n_rows, n_columns, squeeze=False, sharey="col", figsize=size, layout="constrained")[1]
    grid = np.asarray(ax, dtype=object)
    if grid.size != n_rows * n_columns:
        raise ValueError(
            f"ax must contain {n_rows * n_columns} Axes, one for each sample and feature, got {grid.size}."
        )
    for panel in grid.flat:
        _check_ax(panel, display)
    return grid.reshape(shape)


def _place_legend_beside(ax, n_columns=1):
    """Add a legend to the right of the axes, where it covers no data."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, ncols=n_columns)


def _set_time_ticks(axis, times):
    """Set ticks at times that an axis shows; None for timesteps."""
    if times is None:
        _set_integer_ticks(axis)
    elif np.asarray(times).dtype.kind in "MO":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=2, maxticks=5)  # for narrow panels
        axis.set_major_locator(locator)
        axis.set_major_formatter(ConciseDateFormatter(locator))


def _set_integer_ticks(axis, max_ticks="auto"):
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(max_ticks, integer=True, min_n_ticks=1))
