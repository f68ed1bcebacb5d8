"""Pickles that detect damage to their arrays."""

import hashlib
import warnings
from dataclasses import is_dataclass

import numpy as np

from .._version import __version__
from ..exceptions import SkseqaeFormatError


class DigestedPickleMixin:
    """Give pickles a digest of their arrays and the version that wrote them, and check both."""

    def __copy__(self):
        """Return a shallow copy, at once: there is nothing to check in what never left the process."""
        copied = type(self).__new__(type(self))
        vars(copied).update(vars(self))
        return copied

    def __getstate__(self):
        """Return the attributes, the digest of their arrays, and the version."""
        state = super().__getstate__()
        return state | {"_skseqae_version": __version__, "_digest": digest(state)}

    def __setstate__(self, state):
        """Take the attributes; refuse damaged arrays, and warn of another version."""
        state = dict(state)
        version, expected = state.pop("_skseqae_version", None), state.pop("_digest", None)
        name = type(self).__name__
        if digest(state) != expected:
            raise SkseqaeFormatError(
                f"This pickle of {name} is damaged: its arrays are not those that were pickled, by their SHA-256 "
                "digest. Restore it from another copy, or fit the estimator again."
            )
        if version != __version__:
            warnings.warn(
                f"This {name} was pickled by skseqae {version}, but this is skseqae {__version__}, which may read it "
                "otherwise. skseqae.save writes files for other versions.",
                UserWarning,
                stacklevel=2,
            )
        super().__setstate__(state)


def digest(state):
    """Return the SHA-256 of the arrays among attributes, and of the attributes' names: a str of 64 hexadecimals."""
    sha = hashlib.sha256()
    for name in sorted(state):
        for array in _arrays_in(state[name]):
            sha.update(f"{name} {array.dtype.str} {array.shape} ".encode())
            sha.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
    return sha.hexdigest()


def _arrays_in(value):
    """Yield all arrays in nested containers, but for those of objects, which have no bytes of their own."""
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype != object:
            yield np.asarray(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _arrays_in(item)
    elif isinstance(value, dict) or (is_dataclass(value) and not isinstance(value, type)):
        yield from _arrays_in(list((value if isinstance(value, dict) else vars(value)).values()))
