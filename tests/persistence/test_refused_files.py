"""`load` refuses every file that `save` did not write, by one error, and runs nothing."""

import json
import os
import warnings

import numpy as np
import pytest

from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector, SkseqaeFormatError, load, save
from tests.persistence.cases import CASES, X, every_case, loads, run
from tests.support.estimators import quick
from tests.support.file_parts import FileParts, flipped
from tests.support.hostile_files import (
    BUILDERS,
    READER,
    SPECIAL_FILES,
    with_invalid_fields,
    with_unusual_fields,
    write_all,
)
from tests.support.hostile_manifests import attribute, setting

MEGABYTES = 2**20


# --- changes of valid files -------------------------------------------------------------------------------------------


def test_a_file_assembled_from_its_parts_is_loaded(saved, tmp_path):
    """So that the files below are refused because of their changes."""
    for name in CASES:
        parts = FileParts(saved(name))
        for i, content in enumerate([parts.assemble(), parts.with_tensors(lambda arrays: None)]):
            (tmp_path / f"{i}").write_bytes(content)
            assert load(tmp_path / f"{i}").get_params().keys() == load(tmp_path / "0").get_params().keys()


@every_case
def test_a_file_with_a_flipped_bit_or_truncated_is_refused(name, saved, tmp_path):
    content, random_state = saved(name), np.random.RandomState(0)
    for position in [*range(56), *random_state.randint(len(content), size=100)]:
        assert not loads(flipped(content, position), tmp_path / "file")
    for length in [*range(0, 64, 7), *random_state.randint(len(content), size=20), len(content) - 1]:
        assert not loads(content[:length], tmp_path / "file")


@every_case
def test_a_missing_unknown_or_mistyped_field_is_refused(name, saved, tmp_path):
    contents = dict(with_invalid_fields(FileParts(saved(name))))
    assert len(contents) > 250
    assert [path for path, content in contents.items() if loads(content, tmp_path / "file")] == []


@every_case
def test_any_value_in_a_field_gives_the_one_error_or_none(name, saved, tmp_path):
    parts, path = FileParts(saved(name)), tmp_path / "file"
    results = [loads(content, path) for content in with_unusual_fields(parts, every=11)]
    assert len(results) > 300
    assert sum(results) < len(results) / 4


# --- hostile files ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(saved, tmp_path_factory):
    """The results of reading every hostile file, in one process in which all actions are recorded."""
    folder = tmp_path_factory.mktemp("hostile")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of zipfile, because of a duplicate name
        write_all(folder, saved("autoencoder"))
    before = sorted(folder.iterdir())
    results, imported = json.loads(run(READER, folder))
    assert sorted(folder.iterdir()) == before
    assert imported == []
    assert results.pop("whole")["error"] == "none"
    return results


@pytest.mark.parametrize("name", [*BUILDERS, *SPECIAL_FILES])
def test_a_hostile_file_gives_the_one_error_and_has_no_other_effect(name, hostile):
    result = hostile[name.replace("/", " ")]
    assert result["error"] == "SkseqaeFormatError", result
    assert " is refused: " in result["message"]
    assert len(result["message"]) < 1000
    assert result["actions"] == []
    assert result["seconds"] < 1
    assert result["memory"] < 64 * MEGABYTES


# --- invalid descriptions of estimators -------------------------------------------------------------------------------

ESTIMATOR, NESTED = ("estimator",), ("estimator", "parameters", "encoder")
DENSE = {"class": "DenseAutoencoderTransformer", "parameters": {}, "fitted": {}}
INVALID = {  # the path of a value in the manifest, the value, the message
    "an additional key": (("more",), 1, r"the manifest has \['more'\], which is unknown"),
    "versions that are a list": (("versions",), [], "versions must be an object"),
    "an unknown library": (("versions", "more"), "1.0", r"versions has \['more'\], which is unknown"),
    "a version that is a number": (("versions", "numpy"), 2.0, "versions must be strings"),
    "an estimator that is a list": (ESTIMATOR, [], "estimator is not an object"),
    "an additional key of an estimator": ((*ESTIMATOR, "more"), 1, r"estimator has \['more'\], which is unknown"),
    "a class that is a list": ((*ESTIMATOR, "class"), ["Seq2SeqClassifier"], "estimator.class must be one of"),
    "an unknown class": ((*ESTIMATOR, "class"), "os.system", "estimator.class must be one of"),
    "parameters that are a list": ((*ESTIMATOR, "parameters"), [], "estimator has no parameters"),
    "an invalid parameter": ((*ESTIMATOR, "parameters", "epochs"), 0, r"estimator\.parameters: .*epochs"),
    "an unknown routed parameter": ((*ESTIMATOR, "parameters", "os__a"), 1, r"parameters has \['os__a'\]"),
    "units of zero": ((*ESTIMATOR, "parameters", "units"), [0], r"estimator\.parameters: units must be an int or"),
    "callbacks": ((*ESTIMATOR, "parameters", "callbacks"), ["os.system"], r"estimator\.callbacks must be None"),
    "no fitted attributes": ((*ESTIMATOR, "fitted"), None, "estimator has no fitted attributes"),
    "a nested estimator that is a list": (NESTED, [], r"estimator\.encoder is not an estimator"),
    "a nested estimator of two types": ((*NESTED, "more"), 1, r"estimator\.encoder has \['more'\], which is unknown"),
    "a nested estimator of an unknown type": (NESTED, {"os": {}}, r"estimator\.encoder has \['os'\]"),
    "a nested estimator of another class": (NESTED, {"Estimator": DENSE}, r"encoder\.class must be one of \['Comp"),
    "a nested estimator that is not fitted": (
        (*NESTED, "FrozenEstimator", "fitted"),
        None,
        r"estimator\.encoder has no fitted attributes",
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_description_is_refused_by_its_path(case, saved, tmp_path):
    path, value, message = INVALID[case]
    (tmp_path / "file").write_bytes(setting(path, value)(FileParts(saved("frozen encoder"))))
    with pytest.raises(SkseqaeFormatError, match=f"is refused: .*{message}"):
        load(tmp_path / "file")


def test_an_unused_tensor_is_refused(saved, tmp_path):
    parts = FileParts(saved("frozen encoder"))
    (tmp_path / "file").write_bytes(parts.with_tensors(lambda arrays: arrays.update(more=np.ones(2))))
    with pytest.raises(SkseqaeFormatError, match="tensor 'more' is not used"):
        load(tmp_path / "file")


# --- values that do not match -----------------------------------------------------------------------------------------

STATE = ("_fitted", "FittedState")
ARCHITECTURE = (*STATE, "architecture", "Seq2SeqArchitecture")
VOCABULARY = (*STATE, "input", "FittedInput", "vocabulary")
LABELS, TARGET = (*STATE, "target", "FittedLabels"), (*STATE, "target", "FittedTarget")
TARGET_LAYOUT = (*TARGET, "layout", "TargetLayout")
LETTERS = {"tokens": ["<U1", ["a", "b", "c"]]}
AUTOENCODER = (*STATE, "architecture", "Architecture")
MISMATCHES = [
    ("statistics", (*AUTOENCODER, "pooling"), {"tuple": ["shares", "median", "last"]}, "architecture.pooling is"),
    ("statistics", (*AUTOENCODER, "pooling"), {"tuple": ["shares", "last", "last"]}, "names a statistic twice"),
    ("statistics", (*AUTOENCODER, "pooling"), {"tuple": ["mean", "last"]}, r"weights\.encoding must be 0 arrays"),
    ("statistics", (*AUTOENCODER, "pooling"), {"tuple": []}, r"weights must be those of \['encoder', 'recon"),
    ("statistics", (*AUTOENCODER, "n_encodings"), 3, r"weights\.encoding must be 3 arrays"),
    ("statistics", (*AUTOENCODER, "differences"), False, r"weights\.encoder must be 6 arrays"),
    ("statistics", (*AUTOENCODER, "patch_size"), 10**9, r"weights\.encoder\.0 must be an array"),
    ("autoencoder", (*AUTOENCODER, "n_encodings"), 10**9, r"weights\.encoding\.1 must be an array"),
    ("two objectives", (*AUTOENCODER, "n_encodings"), 3, "n_encodings has no meaning without pooling"),
    ("two objectives", (*AUTOENCODER, "time_features"), True, "time_features has no meaning"),
    ("tokens", (*ARCHITECTURE, "patch_size"), 2, "tokens have no differences and no patches"),
    ("labels", (*LABELS, "label_type"), "table", "target.label_type is 'table'"),
    ("labels", (*AUTOENCODER, "n_classes"), None, "n_classes does not match the heads"),
    ("labels", (*AUTOENCODER, "n_classes"), 3, r"weights\.readout\.0 must be an array"),
    ("labels", (*AUTOENCODER, "readout"), False, "readout is missing"),
    ("labels", (*AUTOENCODER, "reverse"), 1, "architecture.reverse is '1'"),
    ("labels", (*LABELS, "classes"), LETTERS, "target.classes must be 2 labels"),
    ("labels", (*STATE, "target"), None, "_fitted.target must be a FittedLabels"),
    ("tokens", (*ARCHITECTURE, "has_end"), False, r"weights\.sequence\.3 must be an array"),
    ("tokens", VOCABULARY, {"tokens": ["<U1", ["a"]]}, "input.vocabulary must be . tokens"),
    ("tokens", VOCABULARY, None, "input.vocabulary must be . tokens"),
    ("autoencoder", VOCABULARY, LETTERS, "input.vocabulary is not one of LSTMAutoencoderTransformer"),
    ("sequence targets", (*TARGET_LAYOUT, "layout"), None, "target.layout.layout does not match the target type"),
    (
        "sequence targets",
        (*TARGET_LAYOUT, "layout", "Layout", "container"),
        "padded",
        r"target\.layout\.layout\.n_timesteps is missing for an array",
    ),
    ("number targets", (*TARGET_LAYOUT, "target_type"), "sequences", "target.layout.layout does not match"),
    ("number targets", (*TARGET, "horizon"), 2, "target.layout.target_type is not that of a horizon"),
    ("forecast", (*TARGET, "horizon"), None, "target.layout.layout does not match the target type"),
]


@pytest.mark.parametrize(("name", "path", "value", "message"), MISMATCHES)
def test_values_that_do_not_match_are_refused(name, path, value, message, saved, tmp_path):
    (tmp_path / "file").write_bytes(attribute(*path, value)(FileParts(saved(name))))
    with pytest.raises(SkseqaeFormatError, match=message):
        load(tmp_path / "file")


@pytest.mark.parametrize("name", ["encoding.0", "inverse.0", "latent.0"], ids=["thresholds", "inverse", "latent"])
@pytest.mark.parametrize("change", [np.transpose, lambda array: array[:-1], np.float64], ids=["turned", "short", "f8"])
def test_statistics_of_another_shape_or_type_are_refused(name, change, saved, tmp_path):
    path = f"estimator._fitted.weights.{name}"

    def forge(arrays):
        arrays[path] = np.ascontiguousarray(change(arrays[path]))

    (tmp_path / "file").write_bytes(FileParts(saved("statistics")).with_tensors(forge))
    with pytest.raises(SkseqaeFormatError, match=rf"weights\.{name} must be an array"):
        load(tmp_path / "file")


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    """The parts of the file of an outlier detector."""
    path = tmp_path_factory.mktemp("detector") / "file"
    save(SequenceOutlierDetector(quick(LSTMAutoencoderTransformer, latent_dim=2, units=2)).fit(X), path)
    return FileParts(path.read_bytes())


def test_a_missing_unknown_or_mistyped_field_of_a_detector_is_refused(detector, tmp_path):
    assert loads(detector.assemble(), tmp_path / "file")
    contents = dict(with_invalid_fields(detector))
    assert len(contents) > 250
    assert [path for path, content in contents.items() if loads(content, tmp_path / "file")] == []


@pytest.mark.parametrize(
    ("name", "value"), [("n_features_in_", 3), ("feature_names_in_", {"tokens": ["<U1", ["a", "b"]]})]
)
def test_features_of_a_detector_are_those_of_its_autoencoder(name, value, detector, tmp_path):
    (tmp_path / "file").write_bytes(attribute(name, value)(detector))
    with pytest.raises(SkseqaeFormatError, match=f"estimator.{name} is not that of its autoencoder"):
        load(tmp_path / "file")


@every_case
def test_a_number_that_is_not_finite_is_refused_in_every_tensor(name, saved, tmp_path):
    parts = FileParts(saved(name))
    floats = [path for path, entry in parts.table.items() if entry["dtype"].startswith("F")]
    assert len(floats) > 10
    for path in floats:
        changed = parts.copy()
        changed.tensor(path.removeprefix("estimator.")).flat[-1] = np.nan
        assert not loads(changed.assemble(), tmp_path / "file"), path


def test_a_boolean_of_seven_is_refused(saved, tmp_path):
    parts = FileParts(saved("frozen encoder"))
    parts.tensor("_fitted.target.classes").view(np.uint8)[1] = 7
    assert not loads(parts.assemble(), tmp_path / "file")


# --- arguments of load ------------------------------------------------------------------------------------------------


def test_a_file_larger_than_max_size_is_refused_unread(saved, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(saved("autoencoder"))
    size = path.stat().st_size
    load(path, max_size=size)
    with pytest.raises(SkseqaeFormatError, match=f"it has {size} bytes, more than max_size={size - 1}"):
        load(path, max_size=size - 1)
    with pytest.raises(SkseqaeFormatError, match=r"more than max_size=1\."):
        load(path, max_size=1)
    os.truncate(path, 2**30 + 1)  # a sparse file, which takes no space on disk
    with pytest.raises(SkseqaeFormatError, match=rf"more than max_size={2**30}\."):
        load(path)
    for wrong in (0, 1.5, None):
        with pytest.raises(ValueError, match="'max_size' parameter of load must be an int in the range"):
            load(path, max_size=wrong)


def test_a_missing_file_gives_the_error_of_the_operating_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "missing")
    with pytest.raises(ValueError, match="'path' parameter of load must be an instance of 'str'"):
        load(3)
