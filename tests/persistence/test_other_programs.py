"""Files in new processes, and what other libraries read of files and estimators."""

import pickle

import numpy as np
import pytest
import safetensors.numpy
from numpy.testing import assert_array_equal

import skseqae
from skseqae import save
from skseqae.persistence._saving import LIBRARIES
from tests.persistence.cases import CASE_OF_CLASS, CASES, TABLE, X, assert_same, outputs, run
from tests.support.file_parts import FileParts


def test_a_file_is_a_safetensors_file_after_48_bytes(saved):
    content = saved("forecast")
    parts = FileParts(content)
    tensors = safetensors.numpy.load(content[48:])
    name = "_fitted.weights.encoder.0"
    assert_array_equal(tensors[f"estimator.{name}"], parts.tensor(name))
    assert parts.manifest["versions"]["skseqae"] == skseqae.__version__
    assert parts.manifest["versions"].keys() == {"skseqae", "python", *LIBRARIES}


NEW_PROCESS = """
import pickle, sys
from pathlib import Path
import skseqae

folder = Path(sys.argv[1])
loaded = {path.stem: skseqae.load(path) for path in folder.glob("*.skseqae")}
assert not {"tensorflow", "keras"} & sys.modules.keys()
data = pickle.loads((folder / "data").read_bytes())
outputs = {name: estimator.transform(X) if hasattr(estimator, "transform") else estimator.predict_proba(X)
           for name, estimator in loaded.items() for X in [data[name]]}
(folder / "outputs").write_bytes(pickle.dumps(outputs))
"""


def test_a_fresh_process_loads_without_keras_and_gives_the_same_outputs(fitted, tmp_path):
    for name in CASES:
        save(fitted(name), tmp_path / f"{name}.skseqae")
    (tmp_path / "data").write_bytes(pickle.dumps({name: case[2][0] for name, case in CASES.items()}))
    run(NEW_PROCESS, tmp_path)
    other = pickle.loads((tmp_path / "outputs").read_bytes())
    for name in CASES:
        own = outputs(fitted(name), CASES[name][2])
        assert_same(other[name], own["transform" if "transform" in own else "predict_proba"])


KERAS_ONLY = """
import sys
import keras
import numpy as np

folder, *names = sys.argv[1:]
for name in names:
    arrays = np.load(f"{folder}/{name}.npz")
    model = keras.models.load_model(f"{folder}/{name}.keras")
    inputs = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    np.savez(f"{folder}/{name}-outputs.npz", *(outputs if isinstance(outputs, list) else [outputs]))
assert "skseqae" not in sys.modules
"""


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras, when it saves
def test_keras_opens_a_saved_encoder_without_this_package(fitted, tmp_path):
    padded, mask = np.zeros((24, 12, 2), np.float32), np.zeros((24, 12), np.float32)
    for i, x in enumerate(X):
        padded[i, : len(x)], mask[i, : len(x)] = x, 1
    inputs = {name: [padded, mask] for name in ("autoencoder", "two objectives", "forecast", "labels")}
    inputs["rows"] = [TABLE.to_numpy(np.float32)]
    for name, arrays in inputs.items():
        fitted(name).encoder_.save(tmp_path / f"{name}.keras")
        np.savez(tmp_path / f"{name}.npz", *arrays)
    run(KERAS_ONLY, tmp_path, *inputs)
    for name, arrays in inputs.items():
        with np.load(tmp_path / f"{name}-outputs.npz") as other:
            encodings = other["arr_0"]
        estimator = fitted(name)
        assert_array_equal(encodings, estimator.encoder_.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0))
        if hasattr(estimator, "transform"):
            np.testing.assert_allclose(encodings, estimator.transform(CASES[name][2][0]), rtol=0, atol=1e-5)


def test_skops_needs_no_trust_in_types_of_other_packages(fitted, tmp_path):
    io = pytest.importorskip("skops.io")
    for name in CASE_OF_CLASS.values():
        io.dump(fitted(name), tmp_path / "file.skops")
        untrusted = io.get_untrusted_types(file=tmp_path / "file.skops")
        loaded = io.load(tmp_path / "file.skops", trusted=untrusted)
        assert_same(outputs(loaded, CASES[name][2]), outputs(fitted(name), CASES[name][2]))
        assert [each for each in untrusted if not each.startswith("skseqae.")] == []
