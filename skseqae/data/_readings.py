"""Warnings about arrays whose shape suggests another reading than the one that the documentation states."""

from ..runtime._warnings import warn_user

MAX_CHANNELS = 16  # arrays with at most this many rows, and more columns, may be (feature, timestep)
MAX_FEATURES = 8  # tables with at most this many columns, and many rows, may be one sequence
ROWS_PER_COLUMN = 20


def _from_padded(padding_value):
    """Return the call that reads an array as sequences without a warning."""
    return f"Sequences.from_padded(X{'' if padding_value is None else f', padding_value={padding_value:g}'})"


def warn_of_channels_first(X, padding_value=None):
    """Warn of an array (N, A, B), or a list of arrays (A, B), of which B may be time."""
    is_list = isinstance(X, list)
    shapes = {x.shape for x in X} if is_list else {X.shape[1:]}
    shape = shapes.pop()
    if shapes or len(shape) != 2 or not 0 < shape[0] <= MAX_CHANNELS < shape[1]:
        return
    found = f"is a list of arrays of shape {shape}" if is_list else f"has shape {X.shape}"
    warn_user(
        f"X {found}, which is read as {len(X)} sequence(s) of {shape[0]} timesteps with {shape[1]} features each. If "
        "the last axis is time, pass Sequences.from_channels_first(X). If it is not, confirm it by "
        f"{'Sequences.from_list(X)' if is_list else _from_padded(padding_value)}."
    )


def warn_of_one_sequence(shape, padding_value=None):
    """Warn of an array (N, T) without a y whose rows may be the timesteps of one sequence."""
    n_rows, n_columns = shape
    if n_columns <= MAX_FEATURES and n_rows >= ROWS_PER_COLUMN * n_columns and n_columns > 1:
        warn_user(
            f"X has shape {shape}, which is read as {n_rows} univariate sequences of {n_columns} timesteps. If it is "
            f"one sequence of {n_rows} timesteps with {n_columns} features, pass [X], or parts of it as a list. If the "
            f"rows are sequences, confirm it by {_from_padded(padding_value)}."
        )
