"""Imports of packages that are installed by an extra."""

from importlib import import_module


def import_optional(package, extra):
    """Import an optional package, or raise an error that names the extra that installs it."""
    try:
        return import_module(package)
    except ImportError:
        raise ImportError(f'{package} is not installed: pip install "skseqae[{extra}]"') from None
