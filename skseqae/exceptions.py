"""Exceptions of this package."""


class SkseqaeFormatError(ValueError):
    """A file holds no whole estimator of this package; the message says what is wrong, and where."""


class DivergedError(ValueError):
    """Training met numbers that are not finite."""
