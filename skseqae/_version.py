"""The version of the package; apart, because what is saved names it."""

__version__ = "0.1.0.dev0"
