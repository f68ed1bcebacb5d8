"""What the network must say back: the sequence itself, reversed or shifted."""

import numpy as np

from ._sequences import Sequences


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
