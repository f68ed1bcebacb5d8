"""Exceptions of this package."""


class SkseqaeFormatError(ValueError):
    """A file does not contain a complete estimator of this package; the message names the fault and its location."""


class DivergedError(ValueError):
    """Training encountered values that are not finite."""
