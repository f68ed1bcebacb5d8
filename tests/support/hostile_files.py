"""Hostile files for `skseqae.load`: files that `skseqae.save` did not write.

Each builder is a function of `FileParts`, the parts of a valid file, that returns the content of a hostile file. The
checksum is valid if the builder targets a later check. `SPECIAL_FILES` are not regular files.
"""

import os
import re

from tests.support.file_parts import FileParts
from tests.support.hostile_formats import OTHER_FORMATS
from tests.support.hostile_headers import HEADERS
from tests.support.hostile_manifests import MANIFESTS

BUILDERS = OTHER_FORMATS | HEADERS | MANIFESTS


def _directory(folder, whole):
    folder.mkdir()


def _link_to_a_directory(folder, whole):
    folder.symlink_to("/etc")


def _device(path, whole):
    path.symlink_to("/dev/zero")


def _pipe(path, whole):
    os.mkfifo(path)


def _too_large(path, whole):
    path.write_bytes(whole)
    os.truncate(path, 2**31)  # a sparse file, which takes no space on disk


def _long_and_empty(path, whole):
    path.write_bytes(whole[:48])
    os.truncate(path, 2**24)


SPECIAL_FILES = {
    "a directory": _directory,
    "a link to a directory": _link_to_a_directory,
    "a link to a device": _device,
    "a named pipe": _pipe,
    "a file larger than the limit": _too_large,
    "a long file of zeros after the prefix": _long_and_empty,
}

READER = """
import json, os, sys, time, tracemalloc
import skseqae

watched, events = False, []


def watch(event, arguments):
    if watched:
        reads = event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        inspects = event in ("builtins.id", "object.__getattr__")  # raised by code that checks arguments
        events.append(None if reads or inspects else f"{event} {arguments!r}"[:200])


def read(path):
    global watched
    start, watched = time.perf_counter(), True
    try:
        skseqae.load(path)
        error, message = "none", ""
    except BaseException as raised:
        error, message = type(raised).__name__, str(raised)
    watched = False
    return error, message, time.perf_counter() - start


sys.addaudithook(watch)
folder = sys.argv[1]
read(os.path.join(folder, "whole"))  # the first call has additional side effects, such as imports
results, modules = {}, set(sys.modules)
for name in sorted(os.listdir(folder)):
    path = os.path.join(folder, name)
    events[:] = []
    error, message, seconds = read(path)
    actions = [event for event in events if event]
    tracemalloc.start()  # in a separate call, because it takes most of the time
    read(path)
    memory = tracemalloc.get_traced_memory()[1] - (os.stat(path).st_size if os.path.isfile(path) else 0)
    tracemalloc.stop()
    results[name] = {"error": error, "message": message, "seconds": seconds, "memory": memory, "actions": actions}
print(json.dumps([results, sorted(set(sys.modules) - modules)]))
"""


def write_all(folder, whole):
    """Write the valid file and all hostile ones, and return the names of the hostile ones."""
    (folder / "whole").write_bytes(whole)
    parts = FileParts(whole)
    for name, make in BUILDERS.items():
        (folder / name.replace("/", " ")).write_bytes(make(parts.copy()))
    for name, make in SPECIAL_FILES.items():
        make(folder / name, whole)
    return [name.replace("/", " ") for name in (*BUILDERS, *SPECIAL_FILES)]


# paths of values that may have any type, in all formats
ANY_TYPE = r"parameters\.(optimizer|loss)__|class_weight\.dict|layer_sizes\.tuple|classes_?\.(symbols|tokens)\.1"


def with_invalid_fields(parts):
    """Yield files whose manifest lacks a key, has an additional key or has a value of another type, at each path.

    Omitted are values that may have any type: routed parameters, labels that are objects, and class weights and layer
    sizes, which `fit` checks.
    """
    for path in _paths(parts.manifest):
        name = ".".join(map(str, path))
        if re.search(ANY_TYPE, name):
            continue
        for description, change in CHANGES.items():
            changed = parts.copy()
            *outer, last = path
            inner = changed.manifest
            for step in outer:
                inner = inner[step]
            if change(inner, last):
                yield f"{name} {description}", changed.assemble()


def _remove(inner, key):
    if isinstance(inner, dict):
        del inner[key]
        return True
    return False


def _add(inner, key):
    if isinstance(inner[key], dict):
        inner[key]["os.system"] = 1
    elif isinstance(inner[key], list):
        inner[key].append({"os.system": 1})
    return isinstance(inner[key], dict | list)


def _mistype(inner, key):
    inner[key] = -7 if isinstance(inner[key], str) else "os.system"
    return True


def unusual_values(parts):
    """Return the values to try at each path, with the names of types and fields in all formats."""
    mean = {"tensor": next(name for name in parts.table if name.endswith("scaling.mean"))}
    layouts = ({"Layout": content} for content in ({}, [], None, {"kind": "list", "container": "list"}))
    return [
        *(None, True, -1, 0, 10**30, 1.5, "", "x" * 1000, [], {}, [[]], [[1], [1, 2]], {"a": {}, "b": 1}),
        *({"tuple": []}, {"dict": []}, {"float": "nan"}, mean, {"tuple": [mean]}, {"dict": [["transform", mean]]}),
        *({"dict": [["loss", mean]]}, {"dict": [["loss", [[1], [1, 2]]]]}),
        *(
            {name: content}
            for name in ("symbols", "tokens")
            for content in (["|O", []], ["<f8", []], ["<f4", [1]], mean)
        ),
        *(*layouts, {"FittedState": {}}, {"FittedInput": {"layout": None}}, {"FittedLabels": {}}),
    ]


def with_unusual_fields(parts, every=1):
    """Yield files with another value at each path, or without one element of a list; some of them may be valid.

    Only one in `every` of these files is built.
    """
    values, n_files = unusual_values(parts), 0
    for path in _paths(parts.manifest):
        *outer, last = path
        for i in range(len(values) + isinstance(last, int)):
            n_files += 1
            if n_files % every:
                continue
            changed = parts.copy()
            inner = changed.manifest
            for step in outer:
                inner = inner[step]
            if i < len(values):
                inner[last] = values[i]
            else:
                del inner[last]
            yield changed.assemble()


CHANGES = {"missing": _remove, "with an additional key": _add, "mistyped": _mistype}


def _paths(value, path=()):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from _paths(inner, (*path, key))
