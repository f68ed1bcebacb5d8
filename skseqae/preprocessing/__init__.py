"""Steps before an autoencoder, or instead of one: timesteps transformed, sequences padded, sequences resampled."""

from ._per_timestep import PerTimestep
from ._resampler import Resampler
from ._sequence_padder import SequencePadder

__all__ = ["PerTimestep", "Resampler", "SequencePadder"]
