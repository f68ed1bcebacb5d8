"""Targets of the decoders: the reversed or shifted sequence, its last timesteps, or the y of a regressor."""

import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ._arrays import as_any_array, as_arrays, short_repr
from ._check_sequences import check_sequences, warn_large_integers
from ._layout import Layout
from ._sequences import Sequences, crop, rows_as_sequences
from ._tabular import read_rows

EXPECTED = (
    "one number (N,), one vector (N, K) or one sequence (N, T, D) for each sample, a list of arrays (T_i, D), or "
    "Sequences. For labels, use Seq2SeqClassifier"
)


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
    """Drop the first timestep of each sequence: the target of next-step prediction.

    Parameters
    ----------
    sequences : Sequences of N sequences (T_i, F)

    Returns
    -------
    Sequences of N sequences (max(T_i - 1, 0), F), aligned with x[1:], as a view with ids and times
    """
    return crop(sequences, np.minimum(sequences.lengths, 1), np.maximum(sequences.lengths - 1, 0))


def split_future(sequences, horizon):
    """Split each sequence into its last timesteps and those before.

    Parameters
    ----------
    sequences : Sequences of N sequences (T_i, F)
    horizon : int
        Number of last timesteps, at least 1.

    Returns
    -------
    past, future : Sequences of N sequences (T_i - horizon, F) and (horizon, F)

    Raises
    ------
    ValueError
        If a sequence has fewer than `horizon + 1` timesteps.
    """
    lengths = sequences.lengths
    short = np.flatnonzero(lengths <= horizon)
    if len(short):
        raise ValueError(
            f"X[{short[0]}] has {lengths[short[0]]} timesteps, but horizon={horizon} requires at least {horizon + 1} "
            f"timesteps: the last {horizon} are the target and the earlier ones the input."
        )
    is_future = np.repeat(np.cumsum(lengths) - horizon, lengths) <= np.arange(lengths.sum())
    past = Sequences(sequences.packed[~is_future], lengths - horizon)
    return past, Sequences(sequences.packed[is_future], np.full_like(lengths, horizon))


@dataclass(frozen=True)
class TargetLayout:
    """The container of y, to which predictions are restored, and the lengths of its sequences.

    Parameters
    ----------
    target_type : {"number", "vector", "sequences"}
        One number per sample, (N,); one vector per sample, (N, K); or sequences.
    layout : Layout, default=None
        The container of sequences.
    length : int, default=None
        Number of timesteps of every target, if it is constant.
    length_offset : int, default=None
        Length of a target minus the length of its sample, if that difference is constant.
    """

    target_type: Literal["number", "vector", "sequences"]
    layout: Layout | None = None
    length: int | None = None
    length_offset: int | None = None

    def restore(self, sequences):
        """Return sequences in the container of y."""
        if self.target_type == "sequences":
            # an array is as wide as its longest sequence, independently of the targets in training
            return replace(self.layout, n_timesteps=0).restore(sequences)
        return (sequences.packed[:, 0] if self.target_type == "number" else sequences.packed).copy()

    @property
    def follows_input(self):
        """Whether each target has a timestep for each timestep of its sample, and not by a constant length."""
        return self.length is None and self.length_offset == 0

    def infer_lengths(self, lengths, target_lengths):
        """Return the layout with the `length` and the `length_offset` of these samples and targets."""
        return replace(
            self, length=_common_value(target_lengths), length_offset=_common_value(target_lengths - lengths)
        )

    def intersect(self, other):
        """Return the layout with only the `length` and the `length_offset` that equal those of the other layout."""
        length = self.length if self.length == other.length else None
        return replace(
            self, length=length, length_offset=self.length_offset if self.length_offset == other.length_offset else None
        )

    def lengths_for(self, lengths, n_timesteps=None):
        """Return the number of timesteps of each target, for samples of these lengths.

        Raises
        ------
        ValueError
            If the lengths cannot be inferred and `n_timesteps` is None, or `n_timesteps` is not one length per sample,
            or y does not hold sequences.
        """
        if n_timesteps is not None and self.target_type != "sequences":
            raise ValueError(
                f"n_timesteps={short_repr(n_timesteps)} does not apply: y had one number or vector for each sample in "
                "`fit`. Omit n_timesteps."
            )
        if n_timesteps is not None:
            return check_n_timesteps(n_timesteps, len(lengths))
        if self.length is not None:
            return np.full_like(lengths, self.length)
        if self.length_offset is not None:
            return np.maximum(lengths + self.length_offset, 0)
        raise ValueError(
            "Cannot infer the length of the predictions: target lengths in training were neither constant nor at a "
            "constant offset from the lengths of X. Pass n_timesteps (int or array of shape (n_samples,))."
        )


def check_n_timesteps(n_timesteps, n_samples):
    """Return one length per sample, from an int or an array of `n_samples` ints."""
    lengths = as_any_array(n_timesteps, "n_timesteps")
    if lengths.dtype.kind not in "iu" or lengths.shape not in ((), (n_samples,)) or (lengths < 0).any():
        raise ValueError(
            f"n_timesteps must be an int or an array of {n_samples} ints, of at least 0, got {short_repr(n_timesteps)}."
        )
    return np.broadcast_to(lengths, n_samples).astype(np.int64)


def check_target(y, estimator, *, allow_missing=False):
    """Read the y of a regressor.

    Parameters
    ----------
    y : array-like of shape (N,), (N, K) or (N, H, D), list of N arrays, or Sequences
    estimator : estimator
        Named in error messages.
    allow_missing : bool, default=False
        Whether values may be missing (NaN).

    Returns
    -------
    target : Sequences of N sequences
        Sequences of one timestep if y holds numbers or vectors.
    layout : TargetLayout

    Raises
    ------
    TypeError, ValueError
        If y is None, does not hold finite real numbers, or has another shape than above.
    """
    if y is None:
        name = type(estimator).__name__
        raise ValueError(f"This {name} requires y to be passed, but the target y is None. Pass y, or set horizon.")
    try:
        return _read_target(y, allow_missing)
    except (TypeError, ValueError) as error:
        # messages that X and y share do not name either
        raise error if re.search(r"\by\b", str(error)) else type(error)(f"In y: {error}") from None


def _read_target(y, allow_missing):
    arrays = y if isinstance(y, Sequences) else as_arrays(y, "y", expected=EXPECTED)
    if isinstance(arrays, Sequences | list) or arrays.ndim > 2:
        target, layout = check_sequences(arrays, for_float32=True, allow_missing=allow_missing, name="y")
        return target, TargetLayout("sequences", layout)
    values = read_rows(arrays, "y", ndim=(1, 2), allow_missing=allow_missing)
    target_type = "number" if values.ndim == 1 else "vector"
    target = rows_as_sequences(values.reshape(len(values), -1))
    if arrays.dtype.kind in "iu":
        warn_large_integers(target, "y")
    return target, TargetLayout(target_type)


def _common_value(values):
    """Return the value that all elements have, or None if they differ."""
    return int(values[0]) if (values == values[0]).all() else None
