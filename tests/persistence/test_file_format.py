"""The bytes of a file: they are those that were written, or the file is refused. A file is replaced in one step."""

import hashlib
import json
import os
import stat

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skseqae import SkseqaeFormatError
from skseqae.persistence._file_format import (
    DTYPES,
    FORMAT,
    MAGIC,
    MAX_CONTAINERS,
    MAX_HEADER_BYTES,
    pack,
    read_file,
    unpack,
)
from skseqae.runtime._atomic_write import write_file


def bytes_of(content):
    return np.frombuffer(content, np.uint8)


def sealed(body, magic=MAGIC, version=FORMAT):
    """Return a file with this body and a valid checksum."""
    return bytes_of(magic + version.to_bytes(8, "little") + hashlib.sha256(body).digest() + body)


def file_of(header, data=b"", version=FORMAT):
    """Return a file with this header: bytes, or a JSON value."""
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return sealed(len(header).to_bytes(8, "little") + header + data, version=version)


def with_manifest(text, version=FORMAT):
    return file_of({"__metadata__": {"skseqae": text}}, version=version)


def with_tensors(table, n_bytes):
    return file_of({"__metadata__": {"skseqae": json.dumps({"format": FORMAT})}} | table, bytes(n_bytes))


def entry(dtype="U8", shape=(4,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


# --- files that are read ----------------------------------------------------------------------------------------------


def test_tensors_of_every_dtype_and_shape_are_read_as_views():
    rng, shapes = np.random.default_rng(0), [(), (3,), (2, 3), (1, 1, 1, 2)]
    tensors = {
        f"{name}{shape}": rng.integers(0, 2, shape).astype(dtype) for name, dtype in DTYPES.items() for shape in shapes
    }
    manifest = {
        "format": FORMAT,
        "text": "ü\ud800",
        "numbers": [1, -2.5, 2**70],
        "none": None,
        "nested": {"list": [[]]},
    }
    content = bytes_of(pack(manifest, tensors))
    read, views = unpack(content)
    assert read == manifest
    assert views.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert_array_equal(views[name], tensor, strict=True)
        assert np.shares_memory(views[name], content)


def test_a_file_begins_with_its_magic_number_its_version_and_the_digest_of_the_rest():
    content = pack({}, {})
    assert content[:8] == b"\x93SKSEQAE"
    assert content[8:16] == bytes([FORMAT]) + bytes(7)
    assert content[16:48] == hashlib.sha256(content[48:]).digest()
    assert_array_equal(sealed(content[48:]), bytes_of(content))
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({"number": float("nan")}, {})


@pytest.mark.parametrize("version", range(1, FORMAT + 1))
def test_every_format_up_to_the_current_one_is_read(version):
    manifest, tensors = unpack(with_manifest(json.dumps({"format": version}), version))
    assert manifest == {"format": version}
    assert tensors == {}


def test_tensors_may_be_listed_in_another_order_than_they_are_stored():
    _, views = unpack(with_tensors({"b": entry("U8", (2,), (1, 3)), "a": entry("I8", (1,), (0, 1))}, 3))
    assert {name: view.shape for name, view in views.items()} == {"a": (1,), "b": (2,)}


def test_files_up_to_the_limits_are_read():
    n = MAX_CONTAINERS - 4  # and the header, its metadata, the manifest and its list
    read, _ = unpack(with_manifest(nest_of("{},[]", n // 2)))
    assert len(read["a"]) == n
    with pytest.raises(SkseqaeFormatError, match="its header has 2097153 bytes, more than 2097152"):
        unpack(sealed((MAX_HEADER_BYTES + 1).to_bytes(8, "little")))
    with pytest.raises(SkseqaeFormatError, match="the header is not JSON"):
        unpack(sealed(MAX_HEADER_BYTES.to_bytes(8, "little")))


def nest_of(item, n_items):
    return f'{{"format":{FORMAT},"a":[' + ",".join([item] * n_items) + "]}"


# --- files that are refused -------------------------------------------------------------------------------------------

ESCAPED = nest_of("[]", MAX_CONTAINERS - 1).replace("[", r"\u005b").replace('"', r"\"").encode()
NO_TEXT = "__metadata__ must hold one text"
REFUSED = {
    "another magic number": (sealed(b"", magic=b"\x93SKSEQAF"), r"it begins with .*SKSEQAF', and not with"),
    "no bytes": (bytes_of(b""), "it begins with b''"),
    "a pickle": (bytes_of(b"\x80\x04" + bytes(99)), "it looks like a pickle, which joblib.load reads"),
    "a zip file": (bytes_of(b"PK\x03\x04" + bytes(99)), "it looks like a zip file, such as a .keras file"),
    "version 0": (sealed(b"", version=0), f"its format has version 0, this skseqae reads versions 1 to {FORMAT}"),
    "the next version": (
        sealed(b"", version=FORMAT + 1),
        f"its format has version {FORMAT + 1}, this skseqae reads versions 1 to {FORMAT}",
    ),
    "a much later version": (sealed(b"", version=2**56 + 1), "its format has version 72057594037927937"),
    "an additional byte": (np.append(sealed(b"x"), np.uint8(0)), "its SHA-256 checksum is not that of its bytes"),
    "a header longer than memory": (sealed(bytes(7) + b"\x01"), "its header has 72057594037927936 bytes"),
    "a header that is not JSON": (file_of(b"{"), "the header is not JSON"),
    "a header that is not text": (file_of(b"\xff"), "the header is not JSON"),
    "a header that is a list": (file_of([]), "the header is not a JSON object"),
    "a duplicate key": (file_of(b'{"b": 0, "a": 1, "a": 2}'), "the header: the key 'a' is duplicated"),
    "no metadata": (file_of({}), NO_TEXT),
    "metadata that are a list": (file_of({"__metadata__": ["skseqae"]}), NO_TEXT),
    "additional metadata": (file_of({"__metadata__": {"skseqae": "{}", "more": ""}}), NO_TEXT),
    "metadata that are not text": (file_of({"__metadata__": {"skseqae": {}}}), NO_TEXT),
    "a manifest that is a list": (with_manifest("[]"), "the manifest is not a JSON object"),
    "a duplicate key in the manifest": (
        with_manifest('{"a": {"b": 1, "b": 1}}'),
        "the manifest: the key 'b' is duplicated",
    ),
    "a surrogate": (with_manifest('{"\ud800": 1}'), "the manifest is not JSON"),
    "NaN": (with_manifest('{"a": NaN}'), "the manifest: NaN is not a finite number"),
    "infinity": (with_manifest('{"a": -Infinity}'), "the manifest: -Infinity is not a finite number"),
    "a number that overflows": (with_manifest('{"a": 1e999}'), "the manifest: 1e999 is not a finite number"),
    "too deep a nest": (with_manifest('{"a": ' + "[" * 9999), "the manifest is nested too deeply"),
    "too many objects": (
        with_manifest(nest_of("{}", MAX_CONTAINERS - 3)),
        "the header nests 20001 objects, more than",
    ),
    "too many lists": (with_manifest(nest_of("[]", MAX_CONTAINERS - 3)), "the header nests 20001 objects, more than"),
    "too many escaped objects": (
        file_of(json.dumps({"__metadata__": {"skseqae": "X"}}).encode().replace(b"X", ESCAPED)),
        "the manifest nests 20001 objects, more than 20000",
    ),
    "no format in the manifest": (with_manifest("{}"), f"the format of the manifest must be {FORMAT}"),
    "another format in the manifest": (with_manifest('{"format": 1}'), f"the format of the manifest must be {FORMAT}"),
    "a later format in the manifest": (with_manifest('{"format": 2}', 1), "the format of the manifest must be 1"),
    "a format that is a float": (
        with_manifest(json.dumps({"format": float(FORMAT)})),
        f"the format of the manifest must be {FORMAT}",
    ),
    "a format that is a boolean": (with_manifest('{"format": true}', 1), "the format of the manifest must be 1"),
}
NO_SHAPE = "must have a shape of at most 4 ints of at least 1"
NO_OFFSETS = "must have two offsets of at least 0"
GAP, SIZE = "must begin where the one before it ends", "have the size of its shape"
TABLES = {
    "an entry that is a list": ({"t": [1]}, 4, "tensor 't' is not an entry"),
    "an entry without a shape": ({"t": {"dtype": "U8", "data_offsets": [0, 4]}}, 4, "is not an entry"),
    "an entry with an additional key": ({"t": entry() | {"more": 1}}, 4, "is not an entry"),
    "an unknown dtype": ({"t": entry("F8")}, 4, "has an unknown dtype, 'F8'"),
    "a dtype that is not text": ({"t": entry(["U8"])}, 4, "has an unknown dtype"),
    "a shape that is a number": ({"t": entry() | {"shape": 4}}, 4, NO_SHAPE),
    "an axis of length 0": ({"t": entry(shape=(0,), offsets=(0, 0))}, 0, NO_SHAPE),
    "an axis that is a boolean": ({"t": entry(shape=(True, 4))}, 4, NO_SHAPE),
    "an axis that is a float": ({"t": entry(shape=(4.0,))}, 4, NO_SHAPE),
    "five axes": ({"t": entry(shape=(1, 1, 1, 1, 4))}, 4, NO_SHAPE),
    "one offset": ({"t": entry(offsets=(0,))}, 4, NO_OFFSETS),
    "three offsets": ({"t": entry(offsets=(0, 4, 4))}, 4, NO_OFFSETS),
    "a negative offset": ({"t": entry(offsets=(-1, 3))}, 4, NO_OFFSETS),
    "a gap before": ({"t": entry(offsets=(1, 5))}, 5, f"tensor 't' {GAP}"),
    "a gap between": (
        {"s": entry(shape=(1,), offsets=(0, 1)), "t": entry(offsets=(2, 6))},
        6,
        f"tensor 't' {GAP}",
    ),
    "an overlap": ({"s": entry(), "t": entry(offsets=(3, 7))}, 7, f"tensor 't' {GAP}"),
    "too few bytes": ({"t": entry(offsets=(0, 3))}, 3, SIZE),
    "too many bytes": ({"t": entry(offsets=(0, 5))}, 5, SIZE),
    "a dtype of two bytes": ({"t": entry("U16")}, 4, SIZE),
    "a tensor beyond the file": ({"t": entry()}, 3, "not exceed the file"),
    "bytes after the last tensor": ({"t": entry()}, 6, "2 bytes at the end do not belong to a tensor"),
    "bytes without a tensor": ({}, 1, "1 bytes at the end do not belong to a tensor"),
}
REFUSED |= {name: (with_tensors(table, n), message) for name, (table, n, message) in TABLES.items()}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_bytes_that_were_not_written_by_save_are_refused(content, message):
    with pytest.raises(SkseqaeFormatError, match=message):
        unpack(content)


def test_booleans_are_0_or_1_and_other_dtypes_hold_any_number():
    header = {"__metadata__": {"skseqae": json.dumps({"format": FORMAT})}, "t": entry("BOOL", (3,), (0, 3))}
    assert unpack(file_of(header, b"\x00\x01\x00"))[1]["t"].tolist() == [False, True, False]
    with pytest.raises(SkseqaeFormatError, match="tensor 't' holds values that are not booleans"):
        unpack(file_of(header, b"\x01\x02\x00"))
    other = header | {"s": entry(shape=(2,), offsets=(3, 5))}
    assert unpack(file_of(other, b"\x00\x01\x00\x02\x03"))[1]["s"].tolist() == [2, 3]
    header["t"]["dtype"] = "U8"
    assert unpack(file_of(header, b"\x01\x02\x00"))[1]["t"].tolist() == [1, 2, 0]


# --- reading ----------------------------------------------------------------------------------------------------------


def open_files():
    return sorted(os.listdir("/proc/self/fd"))


def test_a_file_is_read_completely_and_closed(tmp_path):
    path, before = tmp_path / "file", open_files()
    for content in (b"", b"12345"):
        path.write_bytes(content)
        read = read_file(path, 5)
        assert read.tobytes() == content
        assert read.dtype == np.uint8
        assert read.flags.writeable
    with pytest.raises(SkseqaeFormatError, match=r"it has 5 bytes, more than max_size=4\."):
        read_file(path, 4)
    assert open_files() == before


def test_only_regular_files_are_read_and_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(SkseqaeFormatError, match=r"it is not a regular file\."):
            read_file(path, 2**30)


def test_a_file_that_is_truncated_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    longer = os.stat_result([*os.stat(path)[:6], 6, *os.stat(path)[7:]])
    monkeypatch.setattr("skseqae.persistence._file_format.os.fstat", lambda descriptor: longer)
    with pytest.raises(SkseqaeFormatError, match="it was truncated while it was read"):
        read_file(path, 6)


# --- writing ----------------------------------------------------------------------------------------------------------


def test_the_bytes_are_on_disk_before_the_file_is_renamed_and_the_folder_after(tmp_path, monkeypatch):
    path, steps, before = tmp_path / "file", [], open_files()
    path.write_bytes(b"old")
    path.chmod(0o604)
    sync, replace = os.fsync, os.replace

    def synced(descriptor):
        status = os.fstat(descriptor)
        steps.append("folder" if stat.S_ISDIR(status.st_mode) else status.st_size)
        sync(descriptor)

    def replaced(source, target):
        steps.append((oct(stat.S_IMODE(os.stat(source).st_mode)), os.path.dirname(source), target))
        replace(source, target)

    monkeypatch.setattr("skseqae.runtime._atomic_write.os.fsync", synced)
    monkeypatch.setattr("skseqae.runtime._atomic_write.os.replace", replaced)
    write_file(path, b"12345")
    assert steps == [5, ("0o604", str(tmp_path), str(path)), "folder"]
    assert path.read_bytes() == b"12345"
    assert os.listdir(tmp_path) == ["file"]
    assert open_files() == before


def test_a_failed_write_leaves_no_file(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        write_file(tmp_path / "no folder" / "file", b"12345")
    with pytest.raises(FileExistsError, match="exists and is not a regular file"):
        write_file(tmp_path, b"12345")
    monkeypatch.setattr("skseqae.runtime._atomic_write.os.replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_file(tmp_path / "file", b"12345")
    assert os.listdir(tmp_path) == []


def test_on_windows_no_folder_is_opened(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("skseqae.runtime._atomic_write.os.open", lambda *arguments: pytest.fail("a folder was opened"))
        patched.setattr("skseqae.runtime._atomic_write.os.name", "nt")
        write_file(str(tmp_path / "file"), b"12345")
    assert (tmp_path / "file").read_bytes() == b"12345"
