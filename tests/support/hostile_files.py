"""Hostile files for `skseqae.load`: files that `skseqae.save` did not write.

Each builder is a function of `FileParts`, the parts of a valid file, that returns the content of a hostile file. The
checksum is valid if the builder targets a later check. `SPECIAL_FILES` are not regular files.
"""

import copy
import gzip
import hashlib
import io
import json
import os
import pickle
import re
import tarfile
import zipfile

import h5py
import joblib
import numpy as np

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
        self.content = content
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
        """Return a file with these parts and a valid checksum."""
        manifest = json.dumps(self.manifest) if manifest is None else manifest
        header = {"__metadata__": {"skseqae": manifest}} | (self.table if table is None else table)
        return sealed(framed(json.dumps(header).encode(), self.data if data is None else data))

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


def sealed(body, version=1):
    return MAGIC + version.to_bytes(8, "little") + hashlib.sha256(body).digest() + body


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


def flipped(content, position):
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


# --- other formats, and damaged files ---------------------------------------------------------------------------------

OTHER_FORMATS = {
    "an empty file": lambda parts: b"",
    "a byte": lambda parts: b"\x93",
    "the magic number alone": lambda parts: MAGIC,
    "a prefix cut off": lambda parts: parts.content[:47],
    "a prefix alone": lambda parts: sealed(b""),
    "a body of seven bytes": lambda parts: sealed(b"1234567"),
    "another magic number": lambda parts: b"\x89SKSEQAE" + parts.content[8:],
    "format version 0": lambda parts: sealed(parts.content[48:], version=0),
    "format version 2": lambda parts: sealed(parts.content[48:], version=2),
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

# --- the table of tensors, with a valid checksum ----------------------------------------------------------------------


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
    "a missing tensor": lambda parts: parts.with_tensors(lambda arrays: arrays.pop("estimator._weights.encoder.0")),
    "no tensors": lambda parts: parts.assemble(table={}, data=b""),
}

# --- the manifest, with a valid checksum ------------------------------------------------------------------------------


def setting(path, value):
    """Return a builder that sets one value in the manifest, by its path."""

    def make(parts):
        parts = parts.copy()
        *outer, last = path
        inner = parts.manifest
        for step in outer:
            inner = inner[step]
        inner[last] = value
        return parts.assemble()

    return make


def parameter(name, value):
    return setting(("estimator", "parameters", name), value)


def attribute(*path_and_value):
    *path, value = path_and_value
    return setting(("estimator", "fitted", *path), value)


def writing(name, *index_and_value):
    """Return a builder that sets one value of a tensor."""
    *index, value = index_and_value

    def make(parts):
        parts = parts.copy()
        parts.tensor(name)[tuple(index)] = value
        return parts.assemble()

    return make


def retyped(name, dtype):
    def change(arrays):
        arrays[f"estimator.{name}"] = arrays[f"estimator.{name}"].astype(dtype)

    return lambda parts: parts.with_tensors(change)


def reshaped(name):
    def change(arrays):
        arrays[f"estimator.{name}"] = np.ascontiguousarray(arrays[f"estimator.{name}"].T)

    return lambda parts: parts.with_tensors(change)


def nested(depth):
    """Return a builder that nests estimators as parameters of one another."""

    def make(parts):
        parts = parts.copy()
        text = json.dumps(parts.estimator)
        for _ in range(depth):
            inner = json.loads(text)
            inner["parameters"]["encoder"] = {"FrozenEstimator": "X"}
            text = json.dumps(inner).replace('"X"', text)
        parts.manifest["estimator"] = json.loads(text)
        return parts.assemble()

    return make


ARCHITECTURE = ("_architecture", "Architecture")
MANIFESTS = {
    "a manifest that is not JSON": with_manifest(lambda text: "import os"),
    "a manifest that is a list": with_manifest(lambda text: "[]"),
    "an empty manifest": with_manifest(lambda text: "{}"),
    "a manifest with NaN": with_manifest(lambda text: text.replace('"epochs": 2', '"epochs": NaN')),
    "a routed parameter of NaN": with_manifest(lambda text: text.replace('_1": 0.8', '_1": NaN')),
    "a routed parameter with an invalid tuple": parameter("optimizer__beta_1", {"tuple": "ab"}),
    "a finite float that is encoded": parameter("tol", {"float": "0.5"}),
    "a manifest with -Infinity": with_manifest(lambda text: text.replace('"epochs": 2', '"epochs": -Infinity')),
    "a manifest with a number too large": with_manifest(lambda text: text.replace('"tol": 0.0001', '"tol": 1e999')),
    "a manifest with a key twice": with_manifest(lambda text: text.replace('"epochs":', '"epochs": 1, "epochs":')),
    "a manifest of deeply nested lists": with_manifest(lambda text: deep(9_000)),
    "a manifest with deeply nested objects": with_manifest(
        lambda text: text.replace('"epochs": 2', '"epochs": ' + deep(9_000))
    ),
    "a manifest that is not ASCII": with_manifest(lambda text: text.replace("adam", "ädam")),
    "a manifest of lone surrogates": with_manifest(lambda text: text.replace("adam", "\ud800")),
    "another format version in the manifest": setting(("format",), 2),
    "a format version that is a bool": setting(("format",), True),
    "a class of os.system": setting(("estimator", "class"), "os.system"),
    "a class of builtins.eval": setting(("estimator", "class"), "builtins.eval"),
    "a class of the package that is not registered": setting(("estimator", "class"), "Sequences"),
    "a class of scikit-learn": setting(("estimator", "class"), "sklearn.pipeline.Pipeline"),
    "a class that is a list": setting(("estimator", "class"), ["LSTMAutoencoderTransformer"]),
    "another registered class": setting(("estimator", "class"), "DenseAutoencoderTransformer"),
    "a Lambda layer as a parameter": parameter("decoder", LAMBDA),
    "a function as a parameter": parameter("decoder", {"function": "os.system"}),
    "a function's name as a parameter": parameter("decoder", "os.system"),
    "an optimizer as Keras writes it": parameter("optimizer", {"class_name": "Adam", "config": {}}),
    "callbacks": parameter("callbacks", ["os.system"]),
    "an unknown parameter": parameter("shell", True),
    "an unknown routed parameter": parameter("os__system", 1),
    "a routed parameter that duplicates a parameter": parameter("optimizer__learning_rate", 1.0),
    "epochs below one": parameter("epochs", -1),
    "epochs as a string": parameter("epochs", "2"),
    "epochs that are not an integer": parameter("epochs", 1.5),
    "units of zero": parameter("units", [0]),
    "a seed below zero": parameter("random_state", -1),
    "a tolerance of NaN": parameter("tol", {"float": "nan"}),
    "an invalid float": parameter("tol", {"float": "__import__('os')"}),
    "an invalid tuple": parameter("units", {"tuple": 3}),
    "an invalid dict": parameter("units", {"dict": [[1]]}),
    "a dict with a key twice": parameter("optimizer__beta_1", {"dict": [[1, 2], [1, 3]]}),
    "a dict with an unhashable key": parameter("units", {"dict": [[[1], 2]]}),
    "invalid bytes": parameter("loss", {"bytes": "xyz"}),
    "a value with two types": parameter("units", {"tuple": [3], "float": "nan"}),
    "a value with an unknown type": parameter("units", {"os.system": "touch /tmp/skseqae-was-here"}),
    "a weight tensor as a parameter": parameter("units", {"tensor": "estimator._weights.encoder.0"}),
    "a tensor by a path": parameter("units", {"tensor": "/etc/passwd"}),
    "an unknown attribute": attribute("__class__", "os.system"),
    "a method as an attribute": attribute("transform", "os.system"),
    "an architecture of another class": attribute("_architecture", {"DenseArchitecture": {}}),
    "units of 10**9": attribute(*ARCHITECTURE, "units", {"tuple": [10**9]}),
    "units beyond 64 bits": attribute(*ARCHITECTURE, "units", {"tuple": [2**80]}),
    "100,000 layers": attribute(*ARCHITECTURE, "units", {"tuple": [1] * 100_000}),
    "encodings of 10**9 values": attribute(*ARCHITECTURE, "latent_dim", 10**9),
    "10**9 features": attribute(*ARCHITECTURE, "n_features", 10**9),
    "unknown heads": attribute(*ARCHITECTURE, "heads", {"tuple": ["os.system"]}),
    "features of more heads than exist": attribute(*ARCHITECTURE, "head_features", {"tuple": [2, 2]}),
    "a function as a decoder": attribute(*ARCHITECTURE, "decoder", "os.system"),
    "an unknown cell": attribute(*ARCHITECTURE, "cell", "rnn"),
    "an unknown layout": attribute("_layout", "Layout", "kind", "frame"),
    "an array layout without its length": attribute("_layout", "Layout", "kind", "padded"),
    "a layout of rows for sequences": attribute("_layout", "Layout", "kind", "rows"),
    "more epochs than the history": attribute("n_iter_", 7),
    "a history with an unknown name": attribute("history_", "dict", 0, 0, "os"),
    "more features than the network": attribute("n_features_in_", 3),
    "names of other features": attribute("feature_names_in_", {"symbols": ["<U1", ["a"]]}),
    "a name bomb": attribute("feature_names_in_", {"symbols": ["<U9999999", ["a"] * 10_000]}),
    "a name of width zero": attribute("feature_names_in_", {"symbols": ["<U0", ["a", "b"]]}),
    "names of a structured dtype": attribute("feature_names_in_", {"symbols": ["f4,O", ["a", "b"]]}),
    "names that are lists": attribute("feature_names_in_", {"symbols": ["|O", [["a"], ["b"]]]}),
    "names that are numbers": attribute("feature_names_in_", {"symbols": ["|O", [1, 2]]}),
    "a name twice": attribute("feature_names_in_", {"symbols": ["<U1", ["a", "a"]]}),
    "a length range in reverse": attribute("_length_range", {"tuple": [9, 3]}),
    "an unknown output container": attribute("_sklearn_output_config", {"dict": [["transform", "os.system"]]}),
    "a position after the end of the generator state": attribute("_random", "RandomState", 1, 2**31),
    "a negative position in the generator state": attribute("_random", "RandomState", 1, -1),
    "a flag of the generator that is not 0 or 1": attribute("_random", "RandomState", 2, 2),
    "a cached draw of the generator that is NaN": attribute("_random", "RandomState", 3, {"float": "nan"}),
    "a generator state of another tensor": attribute(
        "_random", "RandomState", 0, {"tensor": "estimator._scaling.mean"}
    ),
    "a weight of NaN": writing("_weights.encoder.0", 0, 0, np.nan),
    "a weight of infinity": writing("_weights.reconstruction.1", 0, 0, np.inf),
    "an optimizer state of NaN": writing("_optimizer_state.2", 0, 0, np.nan),
    "a history of NaN": writing("history_.loss", 0, np.nan),
    "a mean of infinity": writing("_scaling.mean", 0, -np.inf),
    "a standard deviation of zero": writing("_scaling.std", 0, 0.0),
    "a standard deviation below zero": writing("_feature_std", 0, -1.0),
    "weights in float64": retyped("_weights.encoder.0", np.float64),
    "weights as integers": retyped("_weights.encoder.0", np.int32),
    "a scaling in float32": retyped("_scaling.mean", np.float32),
    "a generator state of 64 bits": retyped("_random.0", np.int64),
    "transposed weights": reshaped("_weights.encoder.0"),
    "a transposed optimizer state": reshaped("_optimizer_state.2"),
    "missing weights": attribute("_weights", "dict", 0, 1, []),
    "weights of another part": attribute("_weights", "dict", 0, 0, "decoder"),
    "a parameter that is an estimator": nested(1),
    "a hundred nested estimators": nested(100),
}

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
read(os.path.join(folder, "whole"))  # the first call has side effects of its own, such as imports
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


def with_invalid_fields(parts):
    """Yield files whose manifest lacks a key, has an additional key or has a value of another type, at each path.

    Omitted are values that may have any type: routed parameters, labels that are objects, and class weights and layer
    sizes, which `fit` checks.
    """
    for path in _paths(parts.manifest):
        name = ".".join(map(str, path))
        if re.search(
            r"parameters\.(optimizer|loss)__|class_weight\.dict|layer_sizes\.tuple|classes_\.symbols\.1", name
        ):
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


# values to try at each path
UNUSUAL_VALUES = [
    *(None, True, -1, 0, 10**30, 1.5, "", "x" * 1000, [], {}, [[]], {"tuple": []}, {"dict": []}, {"float": "nan"}),
    *({"symbols": ["|O", []]}, {"symbols": ["<f4", [1]]}, {"tensor": "estimator._scaling.mean"}, {"Layout": {}}),
    *(
        {"tuple": [{"tensor": "estimator._scaling.mean"}]},
        {"dict": [["transform", {"tensor": "estimator._scaling.mean"}]]},
    ),
]


def with_unusual_fields(parts):
    """Yield files with another value at each path, or without one element of a list; some of them may be valid."""
    for path in _paths(parts.manifest):
        *outer, last = path
        for i in range(len(UNUSUAL_VALUES) + isinstance(last, int)):
            changed = parts.copy()
            inner = changed.manifest
            for step in outer:
                inner = inner[step]
            if i < len(UNUSUAL_VALUES):
                inner[last] = UNUSUAL_VALUES[i]
            else:
                del inner[last]
            yield changed.assemble()


CHANGES = {"missing": _remove, "with an additional key": _add, "mistyped": _mistype}


def _paths(value, path=()):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from _paths(inner, (*path, key))
