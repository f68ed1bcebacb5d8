"""Bytes on disk: a magic number, a checksum, and a safetensors file of arrays and one JSON text.

The first 48 bytes are the magic number (8), the version of the format (8, little-endian) and the SHA-256 of all bytes
after them (32). What follows is a safetensors file, whose metadata hold the text under the one key "skseqae". It is
written by the safetensors package and read here: that package copies every array before any can be looked at, and
leaves duplicate keys alone.
"""

import hashlib
import json
import math
import os
import stat

import numpy as np
from safetensors.numpy import save as as_safetensors

from ..exceptions import SkseqaeFormatError

MAGIC = b"\x93SKSEQAE"
FORMAT = 1
DTYPES = {
    name: np.dtype(dtype)
    for name, dtype in {
        **{"BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4"},
        **{"U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8"},
    }.items()
}
PREFIX = 48
# what little text can grow to as Python objects stays within some 30 MB
MAX_HEADER_BYTES = 2**21
MAX_CONTAINERS = 20_000


def require(condition, message):
    """Raise the one error of this format where the condition does not hold."""
    if not condition:
        raise SkseqaeFormatError(message)


def pack(manifest, tensors):
    """Return the bytes of a file.

    Parameters
    ----------
    manifest : dict
        Of what JSON has.
    tensors : dict of str to ndarray
        Of the types in `DTYPES`, without empty ones.
    """
    body = as_safetensors(tensors, {"skseqae": json.dumps(manifest, allow_nan=False)})
    return b"".join([MAGIC, FORMAT.to_bytes(8, "little"), hashlib.sha256(body).digest(), body])


def unpack(content):
    """Return the manifest and the tensors of a file; these are views of it.

    Parameters
    ----------
    content : ndarray of shape (n_bytes,), uint8

    Returns
    -------
    manifest : dict
    tensors : dict of str to ndarray

    Raises
    ------
    SkseqaeFormatError
        If a byte is not as it was written, or an array lies anywhere but between its neighbours.
    """
    magic = content[: len(MAGIC)].tobytes()
    require(magic == MAGIC, f"it begins with {magic!r}, and not with {MAGIC!r} as what skseqae.save writes.")
    version = int.from_bytes(content[8:16], "little")
    require(version == FORMAT, f"its format has version {version}, this skseqae reads version {FORMAT}.")
    body = content[PREFIX:]
    require(
        hashlib.sha256(body).digest() == content[16:PREFIX].tobytes(),
        "its SHA-256 checksum is not that of its bytes: it is damaged or cut off.",
    )
    n_header = int.from_bytes(body[:8], "little")
    require(n_header <= MAX_HEADER_BYTES, f"its header has {n_header} bytes, more than {MAX_HEADER_BYTES}.")
    header = _parse(body[8 : 8 + n_header].tobytes(), "the header")
    metadata = header.pop("__metadata__", None)
    require(
        isinstance(metadata, dict) and list(metadata) == ["skseqae"] and isinstance(metadata["skseqae"], str),
        "the header's __metadata__ must hold one text, 'skseqae'.",
    )
    tensors = _cut(header, body[8 + n_header :])
    return _parse(metadata["skseqae"].encode("utf-8", "surrogatepass"), "the manifest"), tensors


def _parse(text, name):
    """Return a JSON object; refuse what is no JSON, or another one to another reader."""
    n_containers = text.count(b"{") + text.count(b"[")
    require(n_containers <= MAX_CONTAINERS, f"{name} nests {n_containers} objects, more than {MAX_CONTAINERS}.")
    try:
        parsed = json.loads(
            text.decode("ascii"), object_pairs_hook=_without_duplicates, parse_constant=_number, parse_float=_number
        )
    except SkseqaeFormatError as error:
        raise SkseqaeFormatError(f"{name}: {error}") from None
    except RecursionError:
        raise SkseqaeFormatError(f"{name} is nested too deeply.") from None
    except ValueError as error:
        raise SkseqaeFormatError(f"{name} is not JSON: {error}") from None
    require(isinstance(parsed, dict), f"{name} is no JSON object.")
    return parsed


def _without_duplicates(pairs):
    together = dict(pairs)
    if len(together) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SkseqaeFormatError(f"the key {twice[:80]!r} comes twice.")
    return together


def _number(text):
    require(math.isfinite(float(text)), f"{text[:80]} is not a finite number.")
    return float(text)


def _cut(table, data):
    """Return the tensors by name, which must lie one after another and fill all of the data."""
    views, at = {}, 0
    for name, entry in table.items():
        place = f"tensor {name[:80]!r}"
        require(isinstance(entry, dict) and entry.keys() == {"dtype", "shape", "data_offsets"}, f"{place} is no entry.")
        shape, offsets = entry["shape"], entry["data_offsets"]
        known = isinstance(entry["dtype"], str) and entry["dtype"] in DTYPES
        require(known, f"{place} has an unknown dtype, {str(entry['dtype'])[:80]!r}.")
        require(_are_whole(shape, 1) and len(shape) <= 4, f"{place} has no shape of whole numbers of at least 1.")
        require(_are_whole(offsets, 0) and len(offsets) == 2, f"{place} has no two offsets of at least 0.")
    for name, entry in sorted(table.items(), key=lambda item: item[1]["data_offsets"]):
        (begin, end), dtype, shape = entry["data_offsets"], DTYPES[entry["dtype"]], entry["shape"]
        require(
            begin == at and end - begin == math.prod(shape) * dtype.itemsize and end <= len(data),
            f"tensor {name[:80]!r} must follow on the one before it, have as many bytes as its shape and end with the "
            "file at the latest.",
        )
        views[name], at = data[begin:end].view(dtype).reshape(shape), end
        require(dtype != np.bool_ or data[begin:end].max() <= 1, f"tensor {name[:80]!r} holds what is no truth value.")
    require(at == len(data), f"{len(data) - at} bytes at the end belong to no tensor.")
    return views


def _are_whole(numbers, least):
    return isinstance(numbers, list) and all(type(number) is int and number >= least for number in numbers)


def read_file(path, max_size):
    """Return the bytes of a regular file: an array of shape (n_bytes,), uint8, nobody else's.

    Raises
    ------
    SkseqaeFormatError
        If it is a directory or no regular file, or has more than `max_size` bytes.
    """
    # whatever waits for a writer, such as a named pipe, must not be waited for
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
        require(stat.S_ISREG(status.st_mode), "it is no regular file.")
        require(
            status.st_size <= max_size,
            f"it has {status.st_size} bytes, more than max_size={max_size}.",
        )
        content = np.empty(status.st_size, np.uint8)
        with open(descriptor, "rb", closefd=False) as file:
            require(file.readinto(content.data) == len(content), "it became shorter while it was read.")
    finally:
        os.close(descriptor)
    return content
