"""Conversion between packed values and Arrow columns of lists."""

import numpy as np

from ..runtime._optional_imports import import_optional
from ._arrays import NUMERIC_KINDS, as_floats, locate


def pack_arrow(column):
    """Flatten an Arrow column of N lists into packed values (S,) or (S, F), names of the features and lengths (N,).

    The fields of lists of structs name the features; otherwise, the names are None.
    """
    if hasattr(getattr(column, "array", None), "__arrow_array__"):  # pandas before version 3 has no Arrow interface
        column = column.array.__arrow_array__()
    if hasattr(column, "__arrow_c_stream__") and not hasattr(column, "combine_chunks"):
        column = import_optional("pyarrow", "arrow").chunked_array(column)
    array = _unwrap_extension(column.combine_chunks() if hasattr(column, "combine_chunks") else column)
    if not hasattr(array, "value_lengths"):
        advice = " Pass one of its columns, such as table['x']." if hasattr(array, "column_names") else ""
        arrow_type = getattr(array, "type", type(array).__name__)
        raise TypeError(f"Expected a pyarrow column of lists, got {arrow_type}.{advice}")
    values, lengths = _flatten_lists(array, "X[{}]".format)

    def name(row):
        return "X[{}], timestep {}".format(*locate(row, lengths))

    if hasattr(values, "field"):
        return *_read_structs(values, name), lengths
    if not hasattr(values, "value_lengths"):
        return values.to_numpy(zero_copy_only=False), None, lengths
    values, widths = _flatten_lists(values, name)
    wrong = np.flatnonzero(widths != widths[:1])
    if wrong.size:
        raise ValueError(f"{name(wrong[0])} has {widths[wrong[0]]} features, but the first timestep has {widths[0]}.")
    shape = (len(widths), widths[0] if widths.size else 1)
    return values.to_numpy(zero_copy_only=False).reshape(shape), None, lengths


def _read_structs(structs, name):
    """Return the values (S, F) of an Arrow array of structs, and the names of the fields."""
    _check_no_nulls(structs, name)
    names, columns = [field.name for field in structs.type], []
    for field, column in zip(structs.type, structs.flatten(), strict=True):
        values = _unwrap_extension(column).to_numpy(zero_copy_only=False)
        if values.dtype.kind not in NUMERIC_KINDS and not str(field.type).startswith(("decimal", "null", "bool")):
            raise TypeError(
                f"Field {field.name!r} holds values of type {field.type}, but features must be numbers. Leave it out, "
                "or convert it to one field of numbers per feature."
            )
        columns.append(as_floats(values, f"field {field.name!r}", ("row",)))
    return (np.stack(columns, axis=1) if columns else np.empty((len(structs), 0))), names


def _flatten_lists(array, name):
    """Return the concatenated items of the lists of an Arrow array, and the length of each list."""
    _check_no_nulls(array, name)
    return _unwrap_extension(array.flatten()), array.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)


def _check_no_nulls(array, name):
    if array.null_count:
        row = array.is_null().to_pylist().index(True)
        raise ValueError(f"{name(row)} is null. Drop it, or replace it by an empty list for an empty sequence.")


def _unwrap_extension(array):
    """Return the storage of an Arrow array of an extension type, such as Awkward Array's."""
    return getattr(array, "storage", array)


def make_arrow(values, lengths):
    """Return packed values (S, F) and lengths (N,) as an Arrow column of lists."""
    arrow = import_optional("pyarrow", "arrow")
    steps = arrow.array(values.ravel())
    if values.shape[1] > 1:
        steps = arrow.FixedSizeListArray.from_arrays(steps, values.shape[1])
    # large lists, because a memory map may have more timesteps than 32 bits can count
    return arrow.LargeListArray.from_arrays(np.append(0, np.cumsum(lengths)), steps)
