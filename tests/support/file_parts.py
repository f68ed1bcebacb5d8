"""The parts of a saved file, which can be changed and assembled again."""

import hashlib
import json

import numpy as np

from skseqae.persistence._file_format import FORMAT

MAGIC = b"\x93SKSEQAE"
NAMES = {
    "float32": "F32",
    "float64": "F64",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "uint32": "U32",
    "bool": "BOOL",
}


class FileParts:
    """The parts of a valid file, which can be changed and assembled again."""

    def __init__(self, content):
        self.content, self.version = content, int.from_bytes(content[8:16], "little")
        n_header = int.from_bytes(content[48:56], "little")
        header = json.loads(content[56 : 56 + n_header])
        self.manifest = json.loads(header.pop("__metadata__")["skseqae"])
        self.data = content[56 + n_header :]
        self.table = header
        self.estimator = self.manifest["estimator"]
        self.parameters, self.fitted = self.estimator["parameters"], self.estimator["fitted"]

    def copy(self):
        return FileParts(self.content)

    def assemble(self, manifest=None, table=None, data=None):
        """Return a file with these parts, the format version of the original and a valid checksum."""
        manifest = json.dumps(self.manifest) if manifest is None else manifest
        header = {"__metadata__": {"skseqae": manifest}} | (self.table if table is None else table)
        return sealed(framed(json.dumps(header).encode(), self.data if data is None else data), self.version)

    def tensor(self, name):
        """Return a writable view of one tensor."""
        if not isinstance(self.data, bytearray):
            self.data = bytearray(self.data)
        entry = next(entry for key, entry in self.table.items() if key == f"estimator.{name}")
        begin, end = entry["data_offsets"]
        dtype = {value: key for key, value in NAMES.items()}[entry["dtype"]]
        return np.frombuffer(self.data, np.uint8)[begin:end].view(dtype).reshape(entry["shape"])

    def with_tensors(self, change):
        """Return a file after `change(arrays)` has changed its tensors, a dict of arrays."""
        arrays = {name: self.copy().tensor(name.removeprefix("estimator.")) for name in self.table}
        change(arrays)
        table, data = {}, b""
        for name, array in arrays.items():
            offsets = [len(data), len(data) + array.nbytes]
            table[name] = {"dtype": NAMES[str(array.dtype)], "shape": list(array.shape), "data_offsets": offsets}
            data += array.tobytes()
        return self.assemble(table=table, data=data)


def framed(header, data):
    return len(header).to_bytes(8, "little") + bytes(header) + bytes(data)


def sealed(body, version=FORMAT):
    return MAGIC + version.to_bytes(8, "little") + hashlib.sha256(body).digest() + body


def flipped(content, position, bit=0):
    """Return a file with one bit flipped."""
    changed = bytearray(content)
    changed[position] ^= 1 << bit
    return bytes(changed)
