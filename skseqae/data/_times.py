"""Columns of times: in which order their values are, by value and never by text."""

import re

import numpy as np

from ._arrays import NUMERIC_KINDS, is_missing, short_repr

# text that sorts as it means: ISO 8601 without an offset from UTC, of one length
ISO_8601 = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}(:\d{2}(:\d{2}([.,]\d+)?)?)?Z?)?)?")

TIME_TEXT = re.compile(r"[\dT:.,/Z +-]*\d[:/-]\d[\dT:.,/Z +-]*")  # digits, at least one separator between two of them


def sortable_times(column, name, source):
    """Return a column of times as an array that sorts by value.

    Parameters
    ----------
    column : column of a pandas or polars dataframe, without missing values
        Numbers, dates, durations, periods, ordered categories (which sort by category), or ISO 8601 text of one length.
    name, source : str
        Its name, and the expression that gives it, for errors.

    Returns
    -------
    array of shape (S,)

    Raises
    ------
    TypeError
        If it holds text that does not sort as it means, or values of different types.
    """
    codes = _category_codes(column)
    if codes is not None:
        return codes
    times = np.asarray(column)
    if times.dtype.kind in NUMERIC_KINDS + "mM":
        return times
    items = times.tolist()
    if all(isinstance(item, str) for item in items):
        if len({len(item) for item in items}) == 1 and all(map(ISO_8601.fullmatch, items)):
            return times.astype(str)
        raise TypeError(
            f"{name} holds text ({short_repr(items[0])} in row 0), which sorts as text: convert it to numbers or dates "
            f"first, for example by pandas.to_datetime({source}) or astype(float)."
        )
    row = next((i for i, item in enumerate(items) if not _is_comparable(item, items[0])), None)
    if row is not None:
        raise TypeError(
            f"{name} has {short_repr(items[row])} in row {row}, which cannot be compared with "
            f"{short_repr(items[0])} in row 0: convert {source} to one type, for example by astype(float)."
        )
    return times


def looks_like_times(column):
    """Return whether a column holds dates, or text that reads like dates or times."""
    values = np.asarray(column)
    if values.dtype.kind in "mM":
        return True
    items = [item for item in values.tolist() if not is_missing(item)][:100]
    return bool(items) and all(hasattr(item, "isoformat") or _reads_like_a_time(item) for item in items)


def _reads_like_a_time(item):
    return isinstance(item, str) and TIME_TEXT.fullmatch(item) is not None


def _category_codes(column):
    """Return the codes of ordered categories, in the order of the categories; None for other columns."""
    if getattr(getattr(column, "dtype", None), "ordered", False):  # pandas
        return np.asarray(getattr(column, "array", column).codes)
    if type(getattr(column, "dtype", None)).__name__ == "Enum":  # polars
        return np.asarray(column.to_physical())
    return None


def _is_comparable(item, first):
    try:
        return bool(item < first) or bool(item >= first)
    except (TypeError, ValueError):
        return False
