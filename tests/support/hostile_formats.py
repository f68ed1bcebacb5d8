"""Files of other formats, and damaged files."""

import gzip
import io
import json
import os
import pickle
import tarfile
import zipfile

import h5py
import joblib
import numpy as np

from skseqae.persistence._file_format import FORMAT
from tests.support.file_parts import MAGIC, flipped, sealed


class Command:
    """An object that runs a command when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch /tmp/skseqae-was-here",)


def zipped(*members, symlink=None, size=0):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in members:
            archive.writestr(name, b"\0" * size or b"data")
        if symlink:
            entry = zipfile.ZipInfo("link")
            entry.external_attr = 0o120777 << 16
            archive.writestr(entry, symlink)
    return buffer.getvalue()


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("../../etc/passwd")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    return buffer.getvalue()


def hdf5():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["weights"] = np.zeros(3)
    return buffer.getvalue()


def numpy_bytes(save, *arrays):
    buffer = io.BytesIO()
    save(buffer, *arrays)
    return buffer.getvalue()


LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": {"class_name": "__lambda__"}}}


def keras_with_lambda():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": [LAMBDA]}}))
    return buffer.getvalue()


OTHER_FORMATS = {
    "an empty file": lambda parts: b"",
    "a byte": lambda parts: b"\x93",
    "the magic number alone": lambda parts: MAGIC,
    "a prefix cut off": lambda parts: parts.content[:47],
    "a prefix alone": lambda parts: sealed(b""),
    "a body of seven bytes": lambda parts: sealed(b"1234567"),
    "another magic number": lambda parts: b"\x89SKSEQAE" + parts.content[8:],
    "format version 0": lambda parts: sealed(parts.content[48:], version=0),
    "another format version": lambda parts: sealed(parts.content[48:], version=FORMAT - 1),
    "the next format version": lambda parts: sealed(parts.content[48:], version=FORMAT + 1),
    "the largest format version": lambda parts: sealed(parts.content[48:], version=2**64 - 1),
    "a bit flipped in the checksum": lambda parts: flipped(parts.content, 20),
    "a bit flipped in the header": lambda parts: flipped(parts.content, 300),
    "a bit flipped in the weights": lambda parts: flipped(parts.content, -20),
    "the last byte missing": lambda parts: parts.content[:-1],
    "the first half": lambda parts: parts.content[: len(parts.content) // 2],
    "an additional byte": lambda parts: parts.content + b"\0",
    "the file twice": lambda parts: parts.content * 2,
    "random bytes": lambda parts: np.random.RandomState(0).bytes(5000),
    "random bytes behind the magic number": lambda parts: MAGIC + np.random.RandomState(0).bytes(5000),
    "a line of text": lambda parts: b"import os; os.system('touch /tmp/skseqae-was-here')\n",
    "a pickle renamed": lambda parts: pickle.dumps(Command()),
    "a pickle behind the prefix": lambda parts: sealed(pickle.dumps(Command())),
    "a joblib dump": lambda parts: numpy_bytes(lambda buffer: joblib.dump({"weights": np.ones(9)}, buffer)),
    "an .h5 file": lambda parts: hdf5(),
    "an .npy file of objects": lambda parts: numpy_bytes(np.save, np.array([{}, Command], dtype=object)),
    "an .npz file": lambda parts: numpy_bytes(np.savez, np.ones(3)),
    "a .keras file with a Lambda layer": lambda parts: keras_with_lambda(),
    "a zip file with a path to a parent folder": lambda parts: zipped("../../../tmp/skseqae-was-here"),
    "a zip file with an absolute path": lambda parts: zipped("/tmp/skseqae-was-here"),
    "a zip file with a link": lambda parts: zipped("a", symlink="/etc/passwd"),
    "a zip bomb": lambda parts: zipped("bomb", size=50_000_000),
    "a zip file with duplicates": lambda parts: zipped("a", "a"),
    "a tar file with a link": lambda parts: tarred(),
    "a gzip bomb": lambda parts: gzip.compress(b"\0" * 50_000_000),
    "the file compressed by gzip": lambda parts: gzip.compress(parts.content),
    "a safetensors file without a prefix": lambda parts: parts.content[48:],
}
