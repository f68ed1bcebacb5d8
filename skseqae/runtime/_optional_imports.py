"""Import packages that are installed by an extra."""

from importlib import import_module


def import_optional(package, extra):
    """Import a package that is not always there."""
    try:
        return import_module(package)
    except ImportError:
        raise ImportError(f'{package} is not installed: pip install "skseqae[{extra}]"') from None
