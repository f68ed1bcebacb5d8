"""What the network must say back: the sequence itself, reversed or shifted, its future, or the y of a regressor."""

import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ._arrays import as_any_array, as_arrays, short_repr
from ._check_sequences import check_sequences, warn_large_integers
from ._layout import Layout
from ._sequences import Sequences, rows_as_sequences
from ._tabular import read_rows


def reversed_in_time(sequences):
    """Reverse each sequence within its own length.

    Parameters
    ----------
    sequences : Sequences of N sequences (T_i, F)

    Returns
    -------
    Sequences of N sequences (T_i, F)
    """
    lengths = sequences.lengths
    ends = np.cumsum(lengths)
    steps_into = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    return Sequences(sequences.packed[np.repeat(ends - 1, lengths) - steps_into], lengths)


def next_steps(sequences):
    """Drop each sequence's first timestep: what a reader of the rest should have said at every step.

    Parameters
    ----------
    sequences : Sequences of N sequences (T_i, F)

    Returns
    -------
    Sequences of N sequences (max(T_i - 1, 0), F), aligned with x[1:]
    """
    lengths = sequences.lengths
    starts = (np.cumsum(lengths) - lengths)[lengths > 0]
    return Sequences(np.delete(sequences.packed, starts, axis=0), np.maximum(lengths - 1, 0))


def split_future(sequences, horizon):
    """Cut the last timesteps off each sequence.

    Parameters
    ----------
    sequences : Sequences of N sequences (T_i, F)
    horizon : int
        Timesteps to cut off, at least 1.

    Returns
    -------
    past, future : Sequences of N sequences (T_i - horizon, F) and (horizon, F)

    Raises
    ------
    ValueError
        If a sequence has no more timesteps than that.
    """
    lengths = sequences.lengths
    short = np.flatnonzero(lengths <= horizon)
    if len(short):
        raise ValueError(
            f"X[{short[0]}] has {lengths[short[0]]} timesteps, but horizon={horizon} needs more than so many: those "
            "before the last are read, the last are said."
        )
    is_future = np.repeat(np.cumsum(lengths) - horizon, lengths) <= np.arange(lengths.sum())
    past = Sequences(sequences.packed[~is_future], lengths - horizon)
    return past, Sequences(sequences.packed[is_future], np.full_like(lengths, horizon))


@dataclass(frozen=True)
class TargetLayout:
    """The kind of what a decoder says, and how long it is.

    Parameters
    ----------
    kind : {"number", "vector", "sequences"}
        One number a sample, (N,); one vector, (N, K); or sequences.
    layout : Layout, default=None
        The kind of sequences.
    length : int, default=None
        Timesteps of every target, where they all have as many.
    length_offset : int, default=None
        How many more timesteps than its sample every target has, where that is the same for all.
    """

    kind: Literal["number", "vector", "sequences"]
    layout: Layout | None = None
    length: int | None = None
    length_offset: int | None = None

    def restore(self, sequences):
        """Give sequences back as the kind of y."""
        if self.kind == "sequences":
            # an array is as long as the longest of these, whatever those in training were
            return replace(self.layout, n_timesteps=0).restore(sequences)
        return (sequences.packed[:, 0] if self.kind == "number" else sequences.packed).copy()

    def measured(self, lengths, target_lengths):
        """Return the layout with the rules that the lengths of these samples and targets obey."""
        return replace(self, length=_the_one(target_lengths), length_offset=_the_one(target_lengths - lengths))

    def agreed(self, other):
        """Return the layout with the rules that the other one has too."""
        length = self.length if self.length == other.length else None
        return replace(
            self, length=length, length_offset=self.length_offset if self.length_offset == other.length_offset else None
        )

    def lengths_for(self, lengths, n_timesteps=None):
        """Return the timesteps of each target, for samples of these lengths.

        Raises
        ------
        ValueError
            If they follow no rule and `n_timesteps` is not given, or it is not N lengths, or means nothing.
        """
        if n_timesteps is not None and self.kind != "sequences":
            raise ValueError(
                f"n_timesteps={short_repr(n_timesteps)} has no meaning: y had one value or vector for each sample."
            )
        if n_timesteps is not None:
            return check_n_timesteps(n_timesteps, len(lengths))
        if self.length is not None:
            return np.full_like(lengths, self.length)
        if self.length_offset is not None:
            return np.maximum(lengths + self.length_offset, 0)
        raise ValueError(
            "The lengths of y in training follow no rule (neither all alike nor those of X and a constant): say "
            "n_timesteps, an int or an array of one length for each sample."
        )


def check_n_timesteps(n_timesteps, n_samples):
    """Return one length for each of N samples, from an int or an array of N."""
    lengths = as_any_array(n_timesteps, "n_timesteps")
    if lengths.dtype.kind not in "iu" or lengths.shape not in ((), (n_samples,)) or (lengths < 0).any():
        raise ValueError(
            f"n_timesteps must be an int or an array of {n_samples} ints, of at least 0, got {short_repr(n_timesteps)}."
        )
    return np.broadcast_to(lengths, n_samples).astype(np.int64)


def check_target(y, estimator):
    """Read the y of a regressor.

    Parameters
    ----------
    y : array-like of shape (N,), (N, K) or (N, H, D), list of N arrays, or Sequences
    estimator : estimator
        Named in errors.

    Returns
    -------
    target : Sequences of N sequences
        Of one timestep where y holds numbers or vectors.
    layout : TargetLayout

    Raises
    ------
    TypeError, ValueError
        If y is None or not of finite real numbers, or its shape is none of those.
    """
    if y is None:
        name = type(estimator).__name__
        raise ValueError(f"This {name} requires y to be passed, but the target y is None (or set its horizon).")
    try:
        return _read_target(y)
    except (TypeError, ValueError) as error:
        # what is common to X and y does not say which it is about
        raise error if re.search(r"\by\b", str(error)) else type(error)(f"In y: {error}") from None


def _read_target(y):
    arrays = y if isinstance(y, Sequences) else as_arrays(y, "y")
    if isinstance(arrays, Sequences | list) or arrays.ndim > 2:
        target, layout = check_sequences(arrays, for_float32=True, name="y")
        return target, TargetLayout("sequences", layout)
    values = read_rows(arrays, "y", ndim=(1, 2))
    kind = "number" if values.ndim == 1 else "vector"
    target = rows_as_sequences(values.reshape(len(values), -1))
    if arrays.dtype.kind in "iu":
        warn_large_integers(target, "y")
    return target, TargetLayout(kind)


def _the_one(numbers):
    """Return the number that all are, or None."""
    return int(numbers[0]) if (numbers == numbers[0]).all() else None
