"""Files of fitted estimators that run nothing when they are read."""

from ..exceptions import SkseqaeFormatError
from ._estimators import load, save

__all__ = ["SkseqaeFormatError", "load", "save"]
