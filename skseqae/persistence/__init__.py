"""Files of fitted estimators; reading one executes no code."""

from ..exceptions import SkseqaeFormatError
from ._saving import load, save

__all__ = ["SkseqaeFormatError", "load", "save"]


def __dir__():
    """Return the public names of the module."""
    return __all__
