"""Pickles that detect damaged arrays."""

import hashlib
import warnings
from dataclasses import fields, is_dataclass

import numpy as np

from .._version import __version__
from ..exceptions import SkseqaeFormatError

TRAINED_CALLBACKS = "_trained_callbacks"  # an attribute that is neither part of pickles nor of files


class DigestedPickleMixin:
    """Mixin that stores a digest of the arrays and the package version in pickles, and checks both on loading."""

    def __copy__(self):
        """Return a shallow copy without computing a digest: arrays in memory need no check."""
        copied = type(self).__new__(type(self))
        vars(copied).update(vars(self))
        return copied

    def __getstate__(self):
        """Return the attributes, the digest of their arrays, and the version."""
        state = {name: value for name, value in super().__getstate__().items() if name != TRAINED_CALLBACKS}
        return state | {"_skseqae_version": __version__, "_digest": digest(state)}

    def __setstate__(self, state):
        """Set the attributes; raise if an array is damaged and warn if the version differs."""
        state = dict(state)
        version, expected = state.pop("_skseqae_version", None), state.pop("_digest", None)
        name = type(self).__name__
        if digest(state) != expected:
            raise SkseqaeFormatError(
                f"This pickle of {name} is damaged: the SHA-256 digest of its arrays differs from the stored one. "
                "Restore the pickle from another copy, or refit the estimator."
            )
        if version != __version__:
            warnings.warn(
                f"This {name} was pickled with skseqae {version} and is loaded with skseqae {__version__}, which may "
                "interpret it differently. Use skseqae.save to write files that other versions can load.",
                UserWarning,
                stacklevel=2,
            )
        super().__setstate__(state)


def digest(state):
    """Return the SHA-256 digest of all arrays in a dict of attributes and of their names: 64 hexadecimal digits."""
    sha = hashlib.sha256()
    for name in sorted(state):
        for array in _arrays_in(state[name]):
            sha.update(f"{name} {array.dtype.str} {array.shape} ".encode())
            sha.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
    return sha.hexdigest()


def _arrays_in(value):
    """Yield all arrays in nested containers, except object arrays, whose bytes are only references."""
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype != object:
            yield np.asarray(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _arrays_in(item)
    elif isinstance(value, dict):
        yield from _arrays_in(list(value.values()))
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _arrays_in([getattr(value, field.name) for field in fields(value)])
