"""Files that somebody could give to `skseqae.load`, none of which is one that `skseqae.save` wrote.

Each kind is a function of a `Kit`, a whole file taken apart, that returns the bytes of another one; where its point is
a later check, those have the right checksum. A few need a place on disk that is no file of bytes: `PLACES`.
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


class Kit:
    """The parts of a whole file, to be changed and put together again."""

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
        return Kit(self.content)

    def together(self, manifest=None, table=None, data=None):
        """Return a file of these parts, with the right checksum."""
        manifest = json.dumps(self.manifest) if manifest is None else manifest
        header = {"__metadata__": {"skseqae": manifest}} | (self.table if table is None else table)
        return sealed(framed(json.dumps(header).encode(), self.data if data is None else data))

    def tensor(self, name):
        """Return a view of one tensor, to be written into, and make the data writable."""
        if not isinstance(self.data, bytearray):
            self.data = bytearray(self.data)
        entry = next(entry for key, entry in self.table.items() if key == f"estimator.{name}")
        begin, end = entry["data_offsets"]
        dtype = {value: key for key, value in NAMES.items()}[entry["dtype"]]
        return np.frombuffer(self.data, np.uint8)[begin:end].view(dtype).reshape(entry["shape"])

    def with_tensors(self, change):
        """Return a file whose tensors, a dict of arrays, were changed."""
        arrays = {name: self.copy().tensor(name.removeprefix("estimator.")) for name in self.table}
        change(arrays)
        table, data = {}, b""
        for name, array in arrays.items():
            offsets = [len(data), len(data) + array.nbytes]
            table[name] = {"dtype": NAMES[str(array.dtype)], "shape": list(array.shape), "data_offsets": offsets}
            data += array.tobytes()
        return self.together(table=table, data=data)


def framed(header, data):
    return len(header).to_bytes(8, "little") + bytes(header) + bytes(data)


def sealed(body, version=1):
    return MAGIC + version.to_bytes(8, "little") + hashlib.sha256(body).digest() + body


class Command:
    """What a pickle can make of its reader."""

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


def flipped(content, place):
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


# --- other formats, and damage ----------------------------------------------------------------------------------------

STRANGERS = {
    "an empty file": lambda kit: b"",
    "a byte": lambda kit: b"\x93",
    "the magic number alone": lambda kit: MAGIC,
    "a prefix cut off": lambda kit: kit.content[:47],
    "a prefix alone": lambda kit: sealed(b""),
    "a body of seven bytes": lambda kit: sealed(b"1234567"),
    "another magic number": lambda kit: b"\x89SKSEQAE" + kit.content[8:],
    "format version 0": lambda kit: sealed(kit.content[48:], version=0),
    "format version 2": lambda kit: sealed(kit.content[48:], version=2),
    "the largest format version": lambda kit: sealed(kit.content[48:], version=2**64 - 1),
    "a bit flipped in the checksum": lambda kit: flipped(kit.content, 20),
    "a bit flipped in the header": lambda kit: flipped(kit.content, 300),
    "a bit flipped in the weights": lambda kit: flipped(kit.content, -20),
    "the last byte missing": lambda kit: kit.content[:-1],
    "half of it": lambda kit: kit.content[: len(kit.content) // 2],
    "a byte more": lambda kit: kit.content + b"\0",
    "itself twice": lambda kit: kit.content * 2,
    "random bytes": lambda kit: np.random.RandomState(0).bytes(5000),
    "random bytes behind the magic number": lambda kit: MAGIC + np.random.RandomState(0).bytes(5000),
    "a line of text": lambda kit: b"import os; os.system('touch /tmp/skseqae-was-here')\n",
    "a pickle renamed": lambda kit: pickle.dumps(Command()),
    "a pickle behind the prefix": lambda kit: sealed(pickle.dumps(Command())),
    "a joblib dump": lambda kit: numpy_bytes(lambda buffer: joblib.dump({"weights": np.ones(9)}, buffer)),
    "an .h5 file": lambda kit: hdf5(),
    "an .npy file of objects": lambda kit: numpy_bytes(np.save, np.array([{}, Command], dtype=object)),
    "an .npz file": lambda kit: numpy_bytes(np.savez, np.ones(3)),
    "a .keras file with a Lambda layer": lambda kit: keras_with_lambda(),
    "a zip file that climbs": lambda kit: zipped("../../../tmp/skseqae-was-here"),
    "a zip file of an absolute path": lambda kit: zipped("/tmp/skseqae-was-here"),
    "a zip file of a link": lambda kit: zipped("a", symlink="/etc/passwd"),
    "a zip bomb": lambda kit: zipped("bomb", size=50_000_000),
    "a zip file of duplicates": lambda kit: zipped("a", "a"),
    "a tar file of a link": lambda kit: tarred(),
    "a gzip bomb": lambda kit: gzip.compress(b"\0" * 50_000_000),
    "a gzip file of itself": lambda kit: gzip.compress(kit.content),
    "a safetensors file without a prefix": lambda kit: kit.content[48:],
}

# --- the table of tensors, under the right checksum -------------------------------------------------------------------


def with_header(header):
    """A kind whose header is these bytes, or what a function makes of the right one."""

    def make(kit):
        right = json.dumps({"__metadata__": {"skseqae": json.dumps(kit.manifest)}} | kit.table).encode()
        return sealed(framed(header(right) if callable(header) else header, kit.data))

    return make


def with_manifest(change):
    """A kind whose manifest is what a function makes of the text of the right one."""
    return lambda kit: kit.together(manifest=change(json.dumps(kit.manifest)))


def with_entry(**changed):
    """A kind in whose table the entry of the first tensor is another; None takes a key out."""

    def make(kit):
        table = copy.deepcopy(kit.table)
        entry = next(iter(table.values()))
        entry |= changed
        for name in [name for name, value in changed.items() if value is None]:
            del entry[name]
        return kit.together(table=table)

    return make


def with_table(change):
    def make(kit):
        table = copy.deepcopy(kit.table)
        change(table)
        return kit.together(table=table)

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
    "a header longer than the file": lambda kit: sealed((2**20).to_bytes(8, "little") + b"{}"),
    "a header of 2**63 bytes": lambda kit: sealed((2**63).to_bytes(8, "little") + b"{}"),
    "a header of no bytes": with_header(b""),
    "a header of ten million bytes": with_header(b"[" + b'"ab",' * 2_000_000 + b'"ab"]'),
    "a header of a million braces": with_header(b'{"a":[' + b"{}," * 690_000 + b"{}]}"),
    "a header of a million strings": with_header(b"[" + b'"ab",' * 400_000 + b'"ab"]'),
    "a header that is no JSON": with_header(b"{'a': 1}"),
    "a header that is a list": with_header(b"[]"),
    "a header that is a number": with_header(b"1"),
    "a header that is not UTF-8": with_header(b'{"\xff\xfe": 1}'),
    "a header in UTF-16": with_header(lambda right: right.decode().encode("utf-16")),
    "a header behind a byte order mark": with_header(lambda right: b"\xef\xbb\xbf" + right),
    "a header with more behind it": with_header(lambda right: right + b"{}"),
    "a header with NaN": with_header(lambda right: right.replace(b'"dtype"', b'"x": NaN, "dtype"', 1)),
    "a header of deep lists": with_header(b'{"a":' + deep(9_000).encode() + b"}"),
    "a header of a number of digits": with_header(b'{"a":' + b"9" * 100_000 + b"}"),
    "a tensor twice": with_header(lambda right: right[:-1] + b',"a":' + json.dumps(ENTRY).encode() + b',"a":1}'),
    "a text twice": with_header(lambda right: right.replace(b'{"skseqae":', b'{"skseqae": "", "skseqae":', 1)),
    "no metadata": with_header(lambda right: json.dumps({"a": ENTRY}).encode()),
    "metadata that are a list": with_header(b'{"__metadata__": ["skseqae"]}'),
    "metadata of more": with_header(lambda right: right.replace(b'{"skseqae":', b'{"pickle": "x", "skseqae":', 1)),
    "metadata of a number": with_header(b'{"__metadata__": {"skseqae": 1}}'),
    "a negative offset": with_entry(data_offsets=[-4, 0]),
    "a huge offset": with_entry(data_offsets=[0, 2**62]),
    "an offset beyond 64 bits": with_entry(data_offsets=[2**70, 2**70 + 4]),
    "offsets in reverse": with_entry(data_offsets=[8, 0]),
    "three offsets": with_entry(data_offsets=[0, 4, 8]),
    "offsets that are floats": with_entry(data_offsets=[0.0, 4.0]),
    "offsets that are strings": with_entry(data_offsets=["0", "4"]),
    "no offsets": with_entry(data_offsets=None),
    "overlapping tensors": with_table(overlap),
    "all tensors in one place": with_table(lambda table: [entry.update(ENTRY) for entry in table.values()]),
    "tensors in one another's place": with_table(swap_offsets),
    "a gap before the tensors": lambda kit: kit.together(data=b"\0" * 8 + bytes(kit.data)),
    "bytes behind the tensors": lambda kit: kit.together(data=bytes(kit.data) + b"\0" * 8),
    "no data": lambda kit: kit.together(data=b""),
    "an unknown dtype": with_entry(dtype="BF16"),
    "a dtype of objects": with_entry(dtype="O"),
    "a dtype that is a list": with_entry(dtype=["F32"]),
    "no dtype": with_entry(dtype=None),
    "a negative dimension": with_entry(shape=[-1]),
    "a dimension of zero": with_entry(shape=[0, 2**62]),
    "a shape bomb": with_entry(shape=[2**31, 2**31, 2**31]),
    "a shape beyond 64 bits": with_entry(shape=[2**70]),
    "a shape that is a truth value": with_entry(shape=[True]),
    "a shape of floats": with_entry(shape=[1e300]),
    "a shape of a thousand dimensions": with_entry(shape=[1] * 1000),
    "no shape": with_entry(shape=None),
    "more in a tensor's entry": with_entry(file="/etc/passwd"),
    "a tensor that is a number": with_table(lambda table: table.update({next(iter(table)): 1})),
    "a tensor too many, whose name climbs": lambda kit: kit.with_tensors(
        lambda arrays: arrays.update({"../../etc/passwd": np.ones(3, np.float32)})
    ),
    "a tensor less": lambda kit: kit.with_tensors(lambda arrays: arrays.pop("estimator._weights.encoder.0")),
    "no tensors": lambda kit: kit.together(table={}, data=b""),
}

# --- the manifest, under the right checksum ---------------------------------------------------------------------------


def setting(path, value):
    """A kind in whose manifest a value is another, by its place."""

    def make(kit):
        kit = kit.copy()
        *way, last = path
        inner = kit.manifest
        for step in way:
            inner = inner[step]
        inner[last] = value
        return kit.together()

    return make


def parameter(name, value):
    return setting(("estimator", "parameters", name), value)


def attribute(*path_and_value):
    *path, value = path_and_value
    return setting(("estimator", "fitted", *path), value)


def writing(name, *place_and_value):
    """A kind in which a number of a tensor is another."""
    *place, value = place_and_value

    def make(kit):
        kit = kit.copy()
        kit.tensor(name)[tuple(place)] = value
        return kit.together()

    return make


def retyped(name, dtype):
    def change(arrays):
        arrays[f"estimator.{name}"] = arrays[f"estimator.{name}"].astype(dtype)

    return lambda kit: kit.with_tensors(change)


def reshaped(name):
    def change(arrays):
        arrays[f"estimator.{name}"] = np.ascontiguousarray(arrays[f"estimator.{name}"].T)

    return lambda kit: kit.with_tensors(change)


def nested(depth):
    """A classifier in a classifier in a classifier."""

    def make(kit):
        kit = kit.copy()
        text = json.dumps(kit.estimator)
        for _ in range(depth):
            inner = json.loads(text)
            inner["parameters"]["encoder"] = {"FrozenEstimator": "X"}
            text = json.dumps(inner).replace('"X"', text)
        kit.manifest["estimator"] = json.loads(text)
        return kit.together()

    return make


ARCHITECTURE = ("_architecture", "Architecture")
MANIFESTS = {
    "a manifest that is no JSON": with_manifest(lambda text: "import os"),
    "a manifest that is a list": with_manifest(lambda text: "[]"),
    "an empty manifest": with_manifest(lambda text: "{}"),
    "a manifest with NaN": with_manifest(lambda text: text.replace('"epochs": 2', '"epochs": NaN')),
    "a routed parameter of NaN": with_manifest(lambda text: text.replace('_1": 0.8', '_1": NaN')),
    "a routed parameter of a tuple that is none": parameter("optimizer__beta_1", {"tuple": "ab"}),
    "a float that JSON has": parameter("tol", {"float": "0.5"}),
    "a manifest with -Infinity": with_manifest(lambda text: text.replace('"epochs": 2', '"epochs": -Infinity')),
    "a manifest with a number too large": with_manifest(lambda text: text.replace('"tol": 0.0001', '"tol": 1e999')),
    "a manifest with a key twice": with_manifest(lambda text: text.replace('"epochs":', '"epochs": 1, "epochs":')),
    "a manifest of deep lists": with_manifest(lambda text: deep(9_000)),
    "a manifest of deep objects": with_manifest(lambda text: text.replace('"epochs": 2', '"epochs": ' + deep(9_000))),
    "a manifest that is not ASCII": with_manifest(lambda text: text.replace("adam", "ädam")),
    "a manifest of lone surrogates": with_manifest(lambda text: text.replace("adam", "\ud800")),
    "another format inside": setting(("format",), 2),
    "a format that is a truth value": setting(("format",), True),
    "a class of os.system": setting(("estimator", "class"), "os.system"),
    "a class of builtins.eval": setting(("estimator", "class"), "builtins.eval"),
    "a class of the package that is none of the list": setting(("estimator", "class"), "Sequences"),
    "a class of scikit-learn": setting(("estimator", "class"), "sklearn.pipeline.Pipeline"),
    "a class that is a list": setting(("estimator", "class"), ["LSTMAutoencoderTransformer"]),
    "another class of the list": setting(("estimator", "class"), "DenseAutoencoderTransformer"),
    "a Lambda layer as a parameter": parameter("decoder", LAMBDA),
    "a function as a parameter": parameter("decoder", {"function": "os.system"}),
    "a function's name as a parameter": parameter("decoder", "os.system"),
    "an optimizer as Keras writes it": parameter("optimizer", {"class_name": "Adam", "config": {}}),
    "callbacks": parameter("callbacks", ["os.system"]),
    "an unknown parameter": parameter("shell", True),
    "a routed name that is none": parameter("os__system", 1),
    "a routed name that has a parameter": parameter("optimizer__learning_rate", 1.0),
    "epochs below one": parameter("epochs", -1),
    "epochs of a string": parameter("epochs", "2"),
    "epochs of half": parameter("epochs", 1.5),
    "units of zero": parameter("units", [0]),
    "a seed below zero": parameter("random_state", -1),
    "a tolerance of NaN": parameter("tol", {"float": "nan"}),
    "a float that is none": parameter("tol", {"float": "__import__('os')"}),
    "a tuple that is none": parameter("units", {"tuple": 3}),
    "a dict that is none": parameter("units", {"dict": [[1]]}),
    "a dict with a key twice": parameter("optimizer__beta_1", {"dict": [[1, 2], [1, 3]]}),
    "a dict whose key has no hash": parameter("units", {"dict": [[[1], 2]]}),
    "bytes that are none": parameter("loss", {"bytes": "xyz"}),
    "a value of two types": parameter("units", {"tuple": [3], "float": "nan"}),
    "a value of an unknown type": parameter("units", {"os.system": "touch /tmp/skseqae-was-here"}),
    "a tensor of another's as a parameter": parameter("units", {"tensor": "estimator._weights.encoder.0"}),
    "a tensor by a path": parameter("units", {"tensor": "/etc/passwd"}),
    "an unknown attribute": attribute("__class__", "os.system"),
    "a method as an attribute": attribute("transform", "os.system"),
    "an architecture of another kind": attribute("_architecture", {"DenseArchitecture": {}}),
    "units of a thousand million": attribute(*ARCHITECTURE, "units", {"tuple": [10**9]}),
    "units beyond 64 bits": attribute(*ARCHITECTURE, "units", {"tuple": [2**80]}),
    "a hundred thousand layers": attribute(*ARCHITECTURE, "units", {"tuple": [1] * 100_000}),
    "encodings of a thousand million": attribute(*ARCHITECTURE, "latent_dim", 10**9),
    "features of a thousand million": attribute(*ARCHITECTURE, "n_features", 10**9),
    "heads that are none": attribute(*ARCHITECTURE, "heads", {"tuple": ["os.system"]}),
    "features of more heads than there are": attribute(*ARCHITECTURE, "head_features", {"tuple": [2, 2]}),
    "a decoder of a function": attribute(*ARCHITECTURE, "decoder", "os.system"),
    "a cell that is none": attribute(*ARCHITECTURE, "cell", "rnn"),
    "a layout that is none": attribute("_layout", "Layout", "kind", "frame"),
    "an array's layout without its length": attribute("_layout", "Layout", "kind", "padded"),
    "rows' layout for sequences": attribute("_layout", "Layout", "kind", "rows"),
    "epochs that history lacks": attribute("n_iter_", 7),
    "a history of another name": attribute("history_", "dict", 0, 0, "os"),
    "features that the network lacks": attribute("n_features_in_", 3),
    "names of other features": attribute("feature_names_in_", {"symbols": ["<U1", ["a"]]}),
    "a name bomb": attribute("feature_names_in_", {"symbols": ["<U9999999", ["a"] * 10_000]}),
    "a name of no width": attribute("feature_names_in_", {"symbols": ["<U0", ["a", "b"]]}),
    "names of a structured dtype": attribute("feature_names_in_", {"symbols": ["f4,O", ["a", "b"]]}),
    "names that are lists": attribute("feature_names_in_", {"symbols": ["|O", [["a"], ["b"]]]}),
    "names that are numbers": attribute("feature_names_in_", {"symbols": ["|O", [1, 2]]}),
    "a name twice": attribute("feature_names_in_", {"symbols": ["<U1", ["a", "a"]]}),
    "lengths the wrong way round": attribute("_length_range", {"tuple": [9, 3]}),
    "an output container that is none": attribute("_sklearn_output_config", {"dict": [["transform", "os.system"]]}),
    "a position beyond the random numbers": attribute("_random", "RandomState", 1, 2**31),
    "a position before the random numbers": attribute("_random", "RandomState", 1, -1),
    "a random draw kept twice": attribute("_random", "RandomState", 2, 2),
    "a random draw of NaN": attribute("_random", "RandomState", 3, {"float": "nan"}),
    "random numbers of another tensor": attribute("_random", "RandomState", 0, {"tensor": "estimator._scaling.mean"}),
    "a weight of NaN": writing("_weights.encoder.0", 0, 0, np.nan),
    "a weight of infinity": writing("_weights.reconstruction.1", 0, 0, np.inf),
    "an optimizer's state of NaN": writing("_optimizer_state.2", 0, 0, np.nan),
    "a history of NaN": writing("history_.loss", 0, np.nan),
    "a mean of infinity": writing("_scaling.mean", 0, -np.inf),
    "a standard deviation of zero": writing("_scaling.std", 0, 0.0),
    "a standard deviation below zero": writing("_feature_std", 0, -1.0),
    "weights in float64": retyped("_weights.encoder.0", np.float64),
    "weights as integers": retyped("_weights.encoder.0", np.int32),
    "a scaling in float32": retyped("_scaling.mean", np.float32),
    "random numbers in 64 bits": retyped("_random.0", np.int64),
    "weights on their side": reshaped("_weights.encoder.0"),
    "an optimizer's state on its side": reshaped("_optimizer_state.2"),
    "a weight less": attribute("_weights", "dict", 0, 1, []),
    "weights of another part": attribute("_weights", "dict", 0, 0, "decoder"),
    "a parameter that is an estimator": nested(1),
    "a hundred estimators in one another": nested(100),
}

KINDS = STRANGERS | HEADERS | MANIFESTS


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
    os.truncate(path, 2**31)  # takes no room


def _long_and_empty(path, whole):
    path.write_bytes(whole[:48])
    os.truncate(path, 2**24)


PLACES = {
    "a directory": _directory,
    "a link to a directory": _link_to_a_directory,
    "a link to a device": _device,
    "a named pipe": _pipe,
    "a file beyond the largest size": _too_large,
    "a long file of zeros behind the prefix": _long_and_empty,
}

READER = """
import json, os, sys, time, tracemalloc
import skseqae

watched, seen = False, []


def watch(event, arguments):
    if watched:
        reads = event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        looks = event in ("builtins.id", "object.__getattr__")  # of what checks the arguments of a function
        seen.append(None if reads or looks else f"{event} {arguments!r}"[:200])


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
read(os.path.join(folder, "whole"))  # what the first call alone does is no file's doing
results, modules = {}, set(sys.modules)
for name in sorted(os.listdir(folder)):
    path = os.path.join(folder, name)
    seen[:] = []
    error, message, seconds = read(path)
    done = [event for event in seen if event]
    tracemalloc.start()  # apart, since it takes most of the time
    read(path)
    more = tracemalloc.get_traced_memory()[1] - (os.stat(path).st_size if os.path.isfile(path) else 0)
    tracemalloc.stop()
    results[name] = {"error": error, "message": message, "seconds": seconds, "more": more, "done": done}
print(json.dumps([results, sorted(set(sys.modules) - modules)]))
"""


def write_all(folder, whole):
    """Write the whole file and each hostile one, and return the names of the latter."""
    (folder / "whole").write_bytes(whole)
    kit = Kit(whole)
    for name, make in KINDS.items():
        (folder / name.replace("/", " ")).write_bytes(make(kit.copy()))
    for name, make in PLACES.items():
        make(folder / name, whole)
    return [name.replace("/", " ") for name in (*KINDS, *PLACES)]


def with_each_field_wrong(kit):
    """Yield files whose manifest lacks a key, has one more, or has a value of another type, for every place in it.

    Left out is what may be anything: routed parameters, labels that are objects, and the weights of classes and the
    sizes of layers, which `fit` checks.
    """
    for place in _places(kit.manifest):
        name = ".".join(map(str, place))
        if re.search(
            r"parameters\.(optimizer|loss)__|class_weight\.dict|layer_sizes\.tuple|classes_\.symbols\.1", name
        ):
            continue
        for way, change in WRONGS.items():
            changed = kit.copy()
            *outer, last = place
            inner = changed.manifest
            for step in outer:
                inner = inner[step]
            if change(inner, last):
                yield f"{name} {way}", changed.together()


def _take_out(inner, key):
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


# what somebody could try in every place
NASTY = [
    *(None, True, -1, 0, 10**30, 1.5, "", "x" * 1000, [], {}, [[]], {"tuple": []}, {"dict": []}, {"float": "nan"}),
    *({"symbols": ["|O", []]}, {"symbols": ["<f4", [1]]}, {"tensor": "estimator._scaling.mean"}, {"Layout": {}}),
    *(
        {"tuple": [{"tensor": "estimator._scaling.mean"}]},
        {"dict": [["transform", {"tensor": "estimator._scaling.mean"}]]},
    ),
]


def with_each_field_nasty(kit):
    """Yield files with something else in each place, or one thing less in each list; some of them may be whole."""
    for place in _places(kit.manifest):
        *outer, last = place
        for i in range(len(NASTY) + isinstance(last, int)):
            changed = kit.copy()
            inner = changed.manifest
            for step in outer:
                inner = inner[step]
            if i < len(NASTY):
                inner[last] = NASTY[i]
            else:
                del inner[last]
            yield changed.together()


WRONGS = {"lacks": _take_out, "has more": _add, "mistyped": _mistype}


def _places(value, place=()):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*place, key)
        if isinstance(inner, dict | list):
            yield from _places(inner, (*place, key))
