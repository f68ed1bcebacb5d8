"""The bytes of a file: a magic number, a checksum, and a safetensors file of arrays and one JSON text.

The first 48 bytes are the magic number (8), the version of the format (8, little-endian) and the SHA-256 of all bytes
after them (32). The rest is a safetensors file, whose metadata hold the text under the only key "skseqae". It is
written by the safetensors package, but read here: that package copies all arrays before any can be checked, and
accepts duplicate keys.
"""

import hashlib
import json
import math
import os
import stat

import numpy as np
from safetensors.numpy import save as as_safetensors

from ..exceptions import SkseqaeFormatError

OTHER_FILES = {  # the first bytes of files that are often confused with those of this package
    b"PK\x03\x04": "a zip file, such as a .keras file, which keras.saving.load_model reads",
    b"\x89HDF": "an HDF5 file, such as .h5, which keras.saving.load_model reads",
    b"\x80": "a pickle, which joblib.load reads; it runs any code in the file",
    b"\x08": "an ONNX file, which onnxruntime.InferenceSession runs",
}
MAGIC = b"\x93SKSEQAE"
FORMAT = 5  # `_versions` upgrades files of earlier formats
DTYPES = {
    name: np.dtype(dtype)
    for name, dtype in {
        **{"BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4"},
        **{"U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8"},
    }.items()
}
PREFIX = 48
# limits of the Python objects that a short text can expand to, about 30 MB
MAX_HEADER_BYTES = 2**21
MAX_CONTAINERS = 20_000


def require(condition, message):
    """Raise `SkseqaeFormatError` unless the condition holds."""
    if not condition:
        raise SkseqaeFormatError(message)


def pack(manifest, tensors):
    """Return the bytes of a file.

    Parameters
    ----------
    manifest : dict
        JSON values.
    tensors : dict of str to ndarray
        Non-empty arrays of the types in `DTYPES`.
    """
    body = as_safetensors(tensors, {"skseqae": json.dumps(manifest, allow_nan=False)})
    return b"".join([MAGIC, FORMAT.to_bytes(8, "little"), hashlib.sha256(body).digest(), body])


def unpack(content):
    """Return the manifest and the tensors of a file, which are views of its content.

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
        If the file is damaged, of a later format, or not one that `pack` writes.
    """
    magic = content[: len(MAGIC)].tobytes()
    if magic != MAGIC:
        kind = next((kind for start, kind in OTHER_FILES.items() if magic.startswith(start)), None)
        found = f"it looks like {kind}" if kind else f"it begins with {magic!r}, and not with {MAGIC!r}"
        raise SkseqaeFormatError(f"{found}. skseqae.save writes the files that are read here.")
    version = int.from_bytes(content[8:16], "little")
    require(1 <= version <= FORMAT, f"its format has version {version}, this skseqae reads versions 1 to {FORMAT}.")
    body = content[PREFIX:]
    require(
        hashlib.sha256(body).digest() == content[16:PREFIX].tobytes(),
        "its SHA-256 checksum is not that of its bytes: it is damaged or truncated.",
    )
    n_header = int.from_bytes(body[:8], "little")
    require(n_header <= MAX_HEADER_BYTES, f"its header has {n_header} bytes, more than {MAX_HEADER_BYTES}.")
    header = _parse(body[8 : 8 + n_header].tobytes(), "the header")
    metadata = header.pop("__metadata__", None)
    require(
        isinstance(metadata, dict) and list(metadata) == ["skseqae"] and isinstance(metadata["skseqae"], str),
        "the header's __metadata__ must hold one text, 'skseqae'.",
    )
    tensors = _split(header, body[8 + n_header :])
    manifest = _parse(metadata["skseqae"].encode("utf-8", "surrogatepass"), "the manifest")
    stated = manifest.get("format")
    require(type(stated) is int and stated == version, f"the format of the manifest must be {version}.")
    return manifest, tensors


def _parse(text, name):
    """Return a JSON object; refuse text that is not JSON, or that other parsers may read differently."""
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
    require(isinstance(parsed, dict), f"{name} is not a JSON object.")
    return parsed


def _without_duplicates(pairs):
    together = {}
    for name, value in pairs:
        require(name not in together, f"the key {name[:80]!r} is duplicated.")
        together[name] = value
    return together


def _number(text):
    require(math.isfinite(float(text)), f"{text[:80]} is not a finite number.")
    return float(text)


def _split(table, data):
    """Return the tensors by name; without gaps, they must fill all of the data."""
    views, position = {}, 0
    for name, entry in table.items():
        path = f"tensor {name[:80]!r}"
        require(
            isinstance(entry, dict) and entry.keys() == {"dtype", "shape", "data_offsets"}, f"{path} is not an entry."
        )
        shape, offsets = entry["shape"], entry["data_offsets"]
        known = isinstance(entry["dtype"], str) and entry["dtype"] in DTYPES
        require(known, f"{path} has an unknown dtype, {str(entry['dtype'])[:80]!r}.")
        require(_are_ints(shape, 1) and len(shape) <= 4, f"{path} must have a shape of at most 4 ints of at least 1.")
        require(_are_ints(offsets, 0) and len(offsets) == 2, f"{path} must have two offsets of at least 0.")
    for name, entry in sorted(table.items(), key=lambda item: item[1]["data_offsets"]):
        (begin, end), dtype, shape = entry["data_offsets"], DTYPES[entry["dtype"]], entry["shape"]
        require(
            begin == position and end - begin == math.prod(shape) * dtype.itemsize and end <= len(data),
            f"tensor {name[:80]!r} must begin where the one before it ends, have the size of its shape and not "
            "exceed the file.",
        )
        views[name], position = data[begin:end].view(dtype).reshape(shape), end
        require(
            dtype != np.bool_ or data[begin:end].max() <= 1, f"tensor {name[:80]!r} holds values that are not booleans."
        )
    require(position == len(data), f"{len(data) - position} bytes at the end do not belong to a tensor.")
    return views


def _are_ints(values, least):
    return isinstance(values, list) and all(type(value) is int and value >= least for value in values)


def read_file(path, max_size):
    """Return the bytes of a regular file: a new array of shape (n_bytes,), uint8.

    Raises
    ------
    SkseqaeFormatError
        If it is not a regular file, or has more than `max_size` bytes.
    """
    # non-blocking: opening a named pipe would wait for a writer
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
        require(stat.S_ISREG(status.st_mode), "it is not a regular file.")
        require(
            status.st_size <= max_size,
            f"it has {status.st_size} bytes, more than max_size={max_size}.",
        )
        content = np.empty(status.st_size, np.uint8)
        with open(descriptor, "rb", closefd=False) as file:
            require(file.readinto(content.data) == len(content), "it was truncated while it was read.")
    finally:
        os.close(descriptor)
    return content
