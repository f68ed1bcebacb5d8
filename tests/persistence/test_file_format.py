"""The bytes of a file: each is what was written, or the file is refused; and files are replaced in one step."""

import hashlib
import json
import os
import stat

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skseqae import SkseqaeFormatError
from skseqae.persistence._file_format import DTYPES, MAGIC, MAX_CONTAINERS, MAX_HEADER_BYTES, pack, read_file, unpack
from skseqae.runtime._atomic_write import write_file


def bytes_of(content):
    return np.frombuffer(content, np.uint8)


def sealed(body, magic=MAGIC, version=1):
    """Return a file of these bytes, with their checksum."""
    return bytes_of(magic + version.to_bytes(8, "little") + hashlib.sha256(body).digest() + body)


def file_of(header, data=b""):
    """Return a file with this header, as bytes or as what JSON has."""
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return sealed(len(header).to_bytes(8, "little") + header + data)


def with_manifest(text):
    return file_of({"__metadata__": {"skseqae": text}})


def with_tensors(table, n_bytes):
    return file_of({"__metadata__": {"skseqae": "{}"}} | table, bytes(n_bytes))


def entry(dtype="U8", shape=(4,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


# --- what is read -----------------------------------------------------------------------------------------------------


def test_tensors_of_every_type_and_shape_come_back_as_views():
    rng, shapes = np.random.default_rng(0), [(), (3,), (2, 3), (1, 1, 1, 2)]
    tensors = {
        f"{name}{shape}": rng.integers(0, 2, shape).astype(dtype) for name, dtype in DTYPES.items() for shape in shapes
    }
    manifest = {"text": "ü\ud800", "numbers": [1, -2.5, 2**70], "nothing": None, "deep": {"er": [[]]}}
    content = bytes_of(pack(manifest, tensors))
    read, views = unpack(content)
    assert read == manifest
    assert views.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert_array_equal(views[name], tensor, strict=True)
        assert np.shares_memory(views[name], content)


def test_a_file_is_its_magic_number_its_version_and_the_digest_of_the_rest():
    content = pack({}, {})
    assert content[:8] == b"\x93SKSEQAE"
    assert content[8:16] == b"\x01" + bytes(7)
    assert content[16:48] == hashlib.sha256(content[48:]).digest()
    assert_array_equal(sealed(content[48:]), bytes_of(content))
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({"number": float("nan")}, {})


def test_tensors_may_be_listed_in_another_order_than_they_lie():
    _, views = unpack(with_tensors({"b": entry("U8", (2,), (1, 3)), "a": entry("I8", (1,), (0, 1))}, 3))
    assert {name: view.shape for name, view in views.items()} == {"a": (1,), "b": (2,)}


def test_as_much_is_read_as_may_be():
    n = MAX_CONTAINERS - 4  # and the header, its metadata, the manifest and its list
    read, _ = unpack(with_manifest(nest_of("{},[]", n // 2)))
    assert len(read["a"]) == n
    with pytest.raises(SkseqaeFormatError, match="its header has 2097153 bytes, more than 2097152"):
        unpack(sealed((MAX_HEADER_BYTES + 1).to_bytes(8, "little")))
    with pytest.raises(SkseqaeFormatError, match="the header is not JSON"):
        unpack(sealed(MAX_HEADER_BYTES.to_bytes(8, "little")))


def nest_of(item, n_items):
    return '{"a":[' + ",".join([item] * n_items) + "]}"


DISGUISED = nest_of("[]", MAX_CONTAINERS - 1).replace("[", r"\u005b").replace('"', r"\"").encode()
REFUSED = {
    "another magic number": (sealed(b"", magic=b"\x93SKSEQAF"), r"it begins with .*SKSEQAF', and not with"),
    "nothing": (bytes_of(b""), "it begins with b''"),
    "the version before": (sealed(b"", version=0), "its format has version 0, this skseqae reads version 1"),
    "a later version": (sealed(b"", version=2), "its format has version 2"),
    "a much later version": (sealed(b"", version=2**56 + 1), "its format has version 72057594037927937"),
    "a byte more": (np.append(sealed(b"x"), np.uint8(0)), "its SHA-256 checksum is not that of its bytes"),
    "a header longer than memory": (sealed(bytes(7) + b"\x01"), "its header has 72057594037927936 bytes"),
    "no JSON": (file_of(b"{"), "the header is not JSON"),
    "no text": (file_of(b"\xff"), "the header is not JSON"),
    "a list": (file_of([]), "the header is no JSON object"),
    "a key twice": (file_of(b'{"b": 0, "a": 1, "a": 2}'), "the header: the key 'a' comes twice"),
    "no metadata": (file_of({}), "__metadata__ must hold one text"),
    "metadata that are a list": (file_of({"__metadata__": ["skseqae"]}), "__metadata__ must hold one text"),
    "more metadata": (file_of({"__metadata__": {"skseqae": "{}", "more": ""}}), "__metadata__ must hold one text"),
    "metadata that are no text": (file_of({"__metadata__": {"skseqae": {}}}), "__metadata__ must hold one text"),
    "a manifest that is a list": (with_manifest("[]"), "the manifest is no JSON object"),
    "a manifest with a key twice": (with_manifest('{"a": {"b": 1, "b": 1}}'), "the manifest: the key 'b' comes twice"),
    "a surrogate": (with_manifest('{"\ud800": 1}'), "the manifest is not JSON"),
    "not a number": (with_manifest('{"a": NaN}'), "the manifest: NaN is not a finite number"),
    "infinity": (with_manifest('{"a": -Infinity}'), "the manifest: -Infinity is not a finite number"),
    "more than infinity": (with_manifest('{"a": 1e999}'), "the manifest: 1e999 is not a finite number"),
    "a nest too deep": (with_manifest('{"a": ' + "[" * 9999), "the manifest is nested too deeply"),
    "too many objects": (
        with_manifest(nest_of("{}", MAX_CONTAINERS - 3)),
        "the header nests 20001 objects, more than",
    ),
    "too many lists": (with_manifest(nest_of("[]", MAX_CONTAINERS - 3)), "the header nests 20001 objects, more than"),
    "too many objects in disguise": (
        file_of(json.dumps({"__metadata__": {"skseqae": "X"}}).encode().replace(b"X", DISGUISED)),
        "the manifest nests 20001 objects, more than 20000",
    ),
}
TABLES = {
    "no entry": ({"t": [1]}, 4, "tensor 't' is no entry"),
    "an entry that lacks its shape": ({"t": {"dtype": "U8", "data_offsets": [0, 4]}}, 4, "is no entry"),
    "an entry that has more": ({"t": entry() | {"more": 1}}, 4, "is no entry"),
    "an unknown type": ({"t": entry("F8")}, 4, "has an unknown dtype, 'F8'"),
    "a type that is no text": ({"t": entry(["U8"])}, 4, "has an unknown dtype"),
    "a shape that is a number": ({"t": entry() | {"shape": 4}}, 4, "has no shape of whole numbers"),
    "an axis of nothing": ({"t": entry(shape=(0,), offsets=(0, 0))}, 0, "has no shape of whole numbers of at least 1"),
    "an axis of a truth value": ({"t": entry(shape=(True, 4))}, 4, "has no shape of whole numbers"),
    "an axis that is no whole number": ({"t": entry(shape=(4.0,))}, 4, "has no shape of whole numbers"),
    "five axes": ({"t": entry(shape=(1, 1, 1, 1, 4))}, 4, "has no shape of whole numbers"),
    "one offset": ({"t": entry(offsets=(0,))}, 4, "has no two offsets"),
    "three offsets": ({"t": entry(offsets=(0, 4, 4))}, 4, "has no two offsets"),
    "an offset below 0": ({"t": entry(offsets=(-1, 3))}, 4, "has no two offsets of at least 0"),
    "a gap before": ({"t": entry(offsets=(1, 5))}, 5, "tensor 't' must follow on the one before it"),
    "a gap between": (
        {"s": entry(shape=(1,), offsets=(0, 1)), "t": entry(offsets=(2, 6))},
        6,
        "tensor 't' must follow on the one before it",
    ),
    "what overlaps": ({"s": entry(), "t": entry(offsets=(3, 7))}, 7, "tensor 't' must follow on the one before it"),
    "bytes too few": ({"t": entry(offsets=(0, 3))}, 3, "have as many bytes as its shape"),
    "bytes too many": ({"t": entry(offsets=(0, 5))}, 5, "have as many bytes as its shape"),
    "a type of two bytes": ({"t": entry("U16")}, 4, "have as many bytes as its shape"),
    "more than the file": ({"t": entry()}, 3, "end with the file at the latest"),
    "bytes that belong to nothing": ({"t": entry()}, 6, "2 bytes at the end belong to no tensor"),
    "bytes without a tensor": ({}, 1, "1 bytes at the end belong to no tensor"),
}
REFUSED |= {what: (with_tensors(table, n), message) for what, (table, n, message) in TABLES.items()}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_what_was_not_written_so_is_refused(content, message):
    with pytest.raises(SkseqaeFormatError, match=message):
        unpack(content)


def test_truth_values_are_0_or_1_and_other_numbers_anything():
    header = {"__metadata__": {"skseqae": "{}"}, "t": entry("BOOL", (3,), (0, 3))}
    assert unpack(file_of(header, b"\x00\x01\x00"))[1]["t"].tolist() == [False, True, False]
    with pytest.raises(SkseqaeFormatError, match="tensor 't' holds what is no truth value"):
        unpack(file_of(header, b"\x01\x02\x00"))
    header["t"]["dtype"] = "U8"
    assert unpack(file_of(header, b"\x01\x02\x00"))[1]["t"].tolist() == [1, 2, 0]


# --- files ------------------------------------------------------------------------------------------------------------


def open_files():
    return sorted(os.listdir("/proc/self/fd"))


def test_a_file_is_read_whole_and_closed(tmp_path):
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


def test_what_is_no_regular_file_is_not_read_nor_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(SkseqaeFormatError, match=r"it is no regular file\."):
            read_file(path, 2**30)


def test_a_file_that_becomes_shorter_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    longer = os.stat_result([*os.stat(path)[:6], 6, *os.stat(path)[7:]])
    monkeypatch.setattr("skseqae.persistence._file_format.os.fstat", lambda descriptor: longer)
    with pytest.raises(SkseqaeFormatError, match="it became shorter while it was read"):
        read_file(path, 6)


def test_all_is_on_the_disk_before_the_name_is_and_the_name_before_it_ends(tmp_path, monkeypatch):
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


def test_where_nothing_can_be_written_nothing_is_left(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        write_file(tmp_path / "no folder" / "file", b"12345")
    with pytest.raises(FileExistsError, match="exists and is not a regular file"):
        write_file(tmp_path, b"12345")
    monkeypatch.setattr("skseqae.runtime._atomic_write.os.replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_file(tmp_path / "file", b"12345")
    assert os.listdir(tmp_path) == []


def test_another_system_has_no_folder_to_write_through(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("skseqae.runtime._atomic_write.os.open", lambda *arguments: pytest.fail("a folder was opened"))
        patched.setattr("skseqae.runtime._atomic_write.os.name", "nt")
        write_file(str(tmp_path / "file"), b"12345")
    assert (tmp_path / "file").read_bytes() == b"12345"
