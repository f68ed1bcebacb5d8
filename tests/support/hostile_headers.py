"""Files with an invalid table of tensors and a valid checksum."""

import copy
import json

import numpy as np

from tests.support.file_parts import framed, sealed


def with_header(header):
    """Return a builder that sets the header to these bytes, or to the result of a function of the valid header."""

    def make(parts):
        valid = json.dumps({"__metadata__": {"skseqae": json.dumps(parts.manifest)}} | parts.table).encode()
        return sealed(framed(header(valid) if callable(header) else header, parts.data))

    return make


def with_manifest(change):
    """Return a builder that sets the manifest to the result of a function of the valid manifest's text."""
    return lambda parts: parts.assemble(manifest=change(json.dumps(parts.manifest)))


def with_entry(**changed):
    """Return a builder that changes the first tensor's entry in the table; None removes a key."""

    def make(parts):
        table = copy.deepcopy(parts.table)
        entry = next(iter(table.values()))
        entry |= changed
        for name in [name for name, value in changed.items() if value is None]:
            del entry[name]
        return parts.assemble(table=table)

    return make


def with_table(change):
    def make(parts):
        table = copy.deepcopy(parts.table)
        change(table)
        return parts.assemble(table=table)

    return make


def swap_offsets(table):
    first, second = list(table.values())[:2]
    first["data_offsets"], second["data_offsets"] = second["data_offsets"], first["data_offsets"]


def overlap(table):
    _, second = sorted(table.values(), key=lambda entry: entry["data_offsets"])[:2]
    second["data_offsets"] = [offset - 4 for offset in second["data_offsets"]]


def deep(n, brackets="[]"):
    return brackets[0] * n + brackets[1] * n


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
HEADERS = {
    "a header longer than the file": lambda parts: sealed((2**20).to_bytes(8, "little") + b"{}"),
    "a header of 2**63 bytes": lambda parts: sealed((2**63).to_bytes(8, "little") + b"{}"),
    "an empty header": with_header(b""),
    "a header of ten million bytes": with_header(b"[" + b'"ab",' * 2_000_000 + b'"ab"]'),
    "a header of a million braces": with_header(b'{"a":[' + b"{}," * 690_000 + b"{}]}"),
    "a header of a million strings": with_header(b"[" + b'"ab",' * 400_000 + b'"ab"]'),
    "a header that is not JSON": with_header(b"{'a': 1}"),
    "a header that is a list": with_header(b"[]"),
    "a header that is a number": with_header(b"1"),
    "a header that is not UTF-8": with_header(b'{"\xff\xfe": 1}'),
    "a header in UTF-16": with_header(lambda valid: valid.decode().encode("utf-16")),
    "a header after a byte order mark": with_header(lambda valid: b"\xef\xbb\xbf" + valid),
    "a header followed by more text": with_header(lambda valid: valid + b"{}"),
    "a header with NaN": with_header(lambda valid: valid.replace(b'"dtype"', b'"x": NaN, "dtype"', 1)),
    "a header with deeply nested lists": with_header(b'{"a":' + deep(9_000).encode() + b"}"),
    "a header with a number of 100,000 digits": with_header(b'{"a":' + b"9" * 100_000 + b"}"),
    "a tensor twice": with_header(lambda valid: valid[:-1] + b',"a":' + json.dumps(ENTRY).encode() + b',"a":1}'),
    "metadata twice": with_header(lambda valid: valid.replace(b'{"skseqae":', b'{"skseqae": "", "skseqae":', 1)),
    "no metadata": with_header(lambda valid: json.dumps({"a": ENTRY}).encode()),
    "metadata that is a list": with_header(b'{"__metadata__": ["skseqae"]}'),
    "metadata with an additional key": with_header(
        lambda valid: valid.replace(b'{"skseqae":', b'{"pickle": "x", "skseqae":', 1)
    ),
    "metadata with a number": with_header(b'{"__metadata__": {"skseqae": 1}}'),
    "a negative offset": with_entry(data_offsets=[-4, 0]),
    "a huge offset": with_entry(data_offsets=[0, 2**62]),
    "an offset beyond 64 bits": with_entry(data_offsets=[2**70, 2**70 + 4]),
    "offsets in reverse": with_entry(data_offsets=[8, 0]),
    "three offsets": with_entry(data_offsets=[0, 4, 8]),
    "offsets that are floats": with_entry(data_offsets=[0.0, 4.0]),
    "offsets that are strings": with_entry(data_offsets=["0", "4"]),
    "no offsets": with_entry(data_offsets=None),
    "overlapping tensors": with_table(overlap),
    "all tensors at the same offsets": with_table(lambda table: [entry.update(ENTRY) for entry in table.values()]),
    "swapped offsets": with_table(swap_offsets),
    "a gap before the tensors": lambda parts: parts.assemble(data=b"\0" * 8 + bytes(parts.data)),
    "bytes after the tensors": lambda parts: parts.assemble(data=bytes(parts.data) + b"\0" * 8),
    "no data": lambda parts: parts.assemble(data=b""),
    "an unknown dtype": with_entry(dtype="BF16"),
    "a dtype of objects": with_entry(dtype="O"),
    "a dtype that is a list": with_entry(dtype=["F32"]),
    "no dtype": with_entry(dtype=None),
    "a negative dimension": with_entry(shape=[-1]),
    "a dimension of zero": with_entry(shape=[0, 2**62]),
    "a shape bomb": with_entry(shape=[2**31, 2**31, 2**31]),
    "a shape beyond 64 bits": with_entry(shape=[2**70]),
    "a shape that is a bool": with_entry(shape=[True]),
    "a shape of floats": with_entry(shape=[1e300]),
    "a shape of a thousand dimensions": with_entry(shape=[1] * 1000),
    "no shape": with_entry(shape=None),
    "an additional key in a tensor's entry": with_entry(file="/etc/passwd"),
    "a tensor that is a number": with_table(lambda table: table.update({next(iter(table)): 1})),
    "an additional tensor with a path as its name": lambda parts: parts.with_tensors(
        lambda arrays: arrays.update({"../../etc/passwd": np.ones(3, np.float32)})
    ),
    "a missing tensor": lambda parts: parts.with_tensors(
        lambda arrays: arrays.pop("estimator._fitted.weights.encoder.0")
    ),
    "no tensors": lambda parts: parts.assemble(table={}, data=b""),
}
