"""Sequences to learn from: one archive data set, and generators whose truth is known.

Every generator draws what is true of a sequence before its length, and its noise last. So the same ``random_state``
with longer lengths continues the same sequences, and with more noise hides the same truth.
"""

from ._generators import make_counters, make_events, make_reversals, make_waves
from ._japanese_vowels import load_japanese_vowels
from ._moving_digits import make_moving_digits

__all__ = ["load_japanese_vowels", "make_counters", "make_events", "make_moving_digits", "make_reversals", "make_waves"]
