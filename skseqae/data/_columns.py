"""Columns of sequences: one sequence per cell, as an array, a list of timesteps or a list of records."""

from collections.abc import Mapping

import numpy as np

from ..runtime._optional_imports import import_optional
from ._arrays import as_floats, as_numeric, first_cell, is_missing, is_sequence, short_repr
from ._dataframes import ADVICE_ON_RECORDS, has_columns


class Records:
    """Records of one sequence, read as a dataframe: field names as columns, and the values as an array."""

    def __init__(self, columns, values):
        self.columns = columns
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __len__(self):
        return len(self.values)


def open_column(X, name="X"):
    """Return X as a list of arrays and dataframes if it is a column of sequences, otherwise X.

    Parameters
    ----------
    X : object
        Opened are a Series or an object array (N,) whose cells are sequences, and a dataframe with one such column.
        Sequences of records (dicts with the same fields) become `Records`, in lists too.
    name : str, default="X"
        Name of X in error messages.

    Returns
    -------
    X : list of N items, or X

    Raises
    ------
    TypeError
        If one of several columns of a dataframe holds sequences.
    ValueError
        If a sequence is missing, or records have different fields.
    """
    if has_columns(X) and not isinstance(X, type):
        X = _only_column(X, name)
    if isinstance(X, list | tuple):
        return _open_records(X, name)
    is_object_array = isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype == object
    cell = first_cell(X) if _is_series(X) or is_object_array else None
    if isinstance(cell, Mapping):
        raise TypeError(f"{name} is a column of records. {ADVICE_ON_RECORDS}")
    if not is_sequence(cell):
        return X
    # NumPy would lose the names of the fields of a polars column
    cells = X.to_list() if "Struct" in str(X.dtype) else list(np.asarray(X))
    for i, cell in enumerate(cells):
        if not is_sequence(cell) and is_missing(cell):
            raise ValueError(
                f"{name}[{i}] is missing ({short_repr(cell)}). Drop it, or replace it by an empty list for an empty "
                "sequence."
            )
    items = _open_records(cells, name)
    # The cells of a column are sequences of their own lengths, also if all lengths are equal.
    is_nested = [isinstance(item, list | tuple) for item in items]
    return [as_numeric(item, f"{name}[{i}]") if is_nested[i] else item for i, item in enumerate(items)]


def with_index_of(X, items):
    """Return a list of N items as a column with the index of X if X is a column of pandas, otherwise unchanged."""
    if not (hasattr(X, "iloc") and hasattr(X, "index")):
        return items
    cells = np.empty(len(items), object)
    for i, item in enumerate(items):  # arrays of one shape could not be assigned at once
        cells[i] = item
    column = import_optional("pandas", "pandas").Series(cells, index=X.index)
    return column.to_frame(X.columns[0]) if has_columns(X) else column


def _only_column(frame, name):
    """Return the column of a dataframe if it is the only one and holds sequences, otherwise the dataframe."""
    dtypes = list(getattr(frame, "dtypes", ()))
    if not any(getattr(dtype, "kind", "O") == "O" for dtype in dtypes):
        return frame
    columns = frame.get_columns() if hasattr(frame, "get_columns") else [column for _, column in frame.items()]
    labels, cells = list(frame.columns), [first_cell(column) for column in columns]
    nested = [i for i, cell in enumerate(cells) if is_sequence(cell)]
    if len(columns) == 1 and nested:
        return columns[0]
    for label, cell in zip(labels, cells, strict=True):
        if isinstance(cell, Mapping):
            raise TypeError(f"{name} is a dataframe with records in column {label!r}. {ADVICE_ON_RECORDS}")
    if not nested:
        return frame
    first = f"{name}[{short_repr(labels[nested[0]])}]"
    if len(nested) == 1:
        advice = f"Pass {first}, or a ColumnTransformer for the other columns."
    else:
        advice = (
            f"Pass one of them, such as {first}. If they are the features of one sequence, pass "
            f"[np.column_stack(row) for row in {name}.to_numpy()]."
        )
    raise TypeError(
        f"{name} is a dataframe in which each cell of {short_repr([labels[i] for i in nested])} is a sequence. {advice}"
    )


def _is_series(X):
    is_other = isinstance(X, type) or hasattr(X, "to_padded") or has_columns(X)  # a class, Sequences, a dataframe
    return hasattr(X, "to_list") and hasattr(X, "__array__") and not is_other


def _open_records(items, name):
    """Return items with sequences of records as `Records`, or the same object if there are none."""
    if len(items) and isinstance(items[0], Mapping):
        raise TypeError(
            f"{name}[0] is of type dict, not a sequence. A sequence of records is a list with one dict per timestep: "
            f"pass [{name}] if these are the timesteps of one sequence. A dict of columns is read as "
            f"pandas.DataFrame({name}[0])."
        )
    first = next((item for item in items if _is_records(item)), None)
    if first is None:
        return items
    fields = list(first[0])
    is_read = [_is_records(item) or (isinstance(item, list | tuple | np.ndarray) and not len(item)) for item in items]
    return [
        Records(fields, _read_records(item, fields, f"{name}[{i}]")) if is_read[i] else item
        for i, item in enumerate(items)
    ]


def _is_records(item):
    is_list = isinstance(item, list | tuple) or (isinstance(item, np.ndarray) and item.dtype == object and item.ndim)
    return bool(is_list) and len(item) > 0 and isinstance(item[0], Mapping)


def _read_records(records, fields, name):
    """Return records as an array (T, F), with the fields in the given order."""
    for t, record in enumerate(records):
        if not isinstance(record, Mapping):
            found = f"{name}, timestep 0 is {short_repr(records[0])}, but timestep {t} is {short_repr(record)}"
            raise TypeError(f"{found}. All timesteps must be records (dicts with the same keys), or none.")
        if set(record) != set(fields):
            raise ValueError(
                f"{name} has the fields {short_repr(list(record))} at timestep {t}, but the first record has "
                f"{short_repr(fields)}. All records must have the same fields; None is a missing value."
            )
    columns = [np.empty(len(records), object) for _ in fields]
    for field, column in zip(fields, columns, strict=True):
        for t, record in enumerate(records):
            column[t] = record[field]
    values = [
        as_floats(column, f"{name}, field {field!r}", ("timestep",))
        for field, column in zip(fields, columns, strict=True)
    ]
    return np.stack(values, axis=1) if fields else np.empty((len(records), 0))
