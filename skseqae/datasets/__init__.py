"""Data sets of sequences: one archive data set, and generators with known ground truth.

Every generator draws the parameters of a sequence before its length, and its noise last. With the same
``random_state``, longer lengths therefore continue the same sequences, and more noise is added to the same signals.
"""

from ._generators import make_counters, make_events, make_reversals, make_waves
from ._japanese_vowels import load_japanese_vowels
from ._moving_digits import make_moving_digits

__all__ = ["load_japanese_vowels", "make_counters", "make_events", "make_moving_digits", "make_reversals", "make_waves"]


def __dir__():
    """Return the public names of the module."""
    return __all__
