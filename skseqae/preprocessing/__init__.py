"""Transformers that precede or replace an autoencoder: per-timestep transformation, imputation, padding, resampling."""

from ._per_timestep import PerTimestep
from ._resampler import Resampler
from ._sequence_imputer import SequenceImputer
from ._sequence_padder import SequencePadder

__all__ = ["PerTimestep", "Resampler", "SequenceImputer", "SequencePadder"]


def __dir__():
    """Return the public names of the module."""
    return __all__
