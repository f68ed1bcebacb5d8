"""Files of earlier versions: they are loaded with the same weights and outputs, or refused if they are damaged."""

import inspect
import json
import math
import warnings
from dataclasses import replace

import numpy as np
import pytest

import skseqae
from examples.tutorial_parameters import LAST_STATE, LAST_STATE_CLASSIFIER, WHOLE_SEQUENCES
from skseqae import SequenceOutlierDetector, SkseqaeFormatError, load, save
from skseqae.estimators._registry import ESTIMATORS
from skseqae.persistence import _file_format, _saving, _versions
from skseqae.persistence._file_format import FORMAT
from skseqae.persistence._versions import CHANGES, Change
from tests.persistence.cases import assert_same, loads, run, state
from tests.persistence.make_files import FILES, as_json, call, data_of, describe, write
from tests.support.file_parts import FileParts, flipped
from tests.support.hostile_files import READER, with_invalid_fields, with_unusual_fields
from tests.support.hostile_headers import deep

RECORDS = {f"{path.parent.name}/{path.stem}": path for path in sorted(FILES.glob("*/*.json"))}
FIRST = "0.1.0.dev0"  # wrote format 1
NEXT_FORMAT = FORMAT + 1
NESTED = {"encoder", "estimator"}  # parameters that hold estimators
OF_FORMAT_1 = [name for name in RECORDS if name.startswith(f"{FIRST}/")]
every_file = pytest.mark.parametrize("name", RECORDS)
every_file_of_format_1 = pytest.mark.parametrize("name", OF_FORMAT_1)


def record_of(name):
    return json.loads(RECORDS[name].read_text(encoding="utf-8"))


def bytes_of(name):
    return RECORDS[name].with_suffix(".skseqae").read_bytes()


def load_file(name):
    return load(RECORDS[name].with_suffix(".skseqae"))


def loaded(content, path):
    path.write_bytes(content)
    return load(path)


# --- loading ----------------------------------------------------------------------------------------------------------


def test_every_class_has_a_file_of_the_first_version():
    assert {record_of(name)["class"] for name in OF_FORMAT_1} == {
        "CompositeSequenceRegressor",
        "DenseAutoencoderTransformer",
        "LSTMAutoencoderTransformer",
        "Seq2SeqClassifier",
        "SequenceOutlierDetector",
    }
    assert {FileParts(bytes_of(name)).version for name in OF_FORMAT_1} == {1}


# the defaults of the parameters that a format added or changed, so that a file of one before means what it meant
LAST_STATES = LAST_STATE | {"latent_dim": 32, "max_steps": 300}
DEFAULTS_BEFORE = {
    3: {
        "LSTMAutoencoderTransformer": LAST_STATES | WHOLE_SEQUENCES | {"epochs": 100},
        "CompositeSequenceRegressor": LAST_STATES | {"epochs": 200, "max_steps": 600},
        "SequenceOutlierDetector": {"method": "error"},
    },
    4: {"Seq2SeqClassifier": LAST_STATE_CLASSIFIER | {"epochs": 100}},
}


def parameters_of(record, version):
    """Return all parameters of the recorded estimator, without nested estimators."""
    defaults = inspect.signature(ESTIMATORS[record["class"]]).parameters.values()
    parameters = {each.name: each.default for each in defaults if each.kind is not each.VAR_KEYWORD}
    for changed in (each for each in DEFAULTS_BEFORE if version < each):
        parameters |= DEFAULTS_BEFORE[changed].get(record["class"], {})
    return {name: value for name, value in parameters.items() if name not in NESTED} | record["parameters"]


@every_file
def test_a_file_loads_with_the_same_parameters_attributes_and_weights(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator = load_file(name)
    record, description = record_of(name), describe(estimator)
    parameters = {key: as_json(value) for key, value in estimator.get_params(deep=False).items() if key not in NESTED}
    assert parameters == as_json(parameters_of(record, FileParts(bytes_of(name)).version))
    assert {key: record[key] for key in description if key != "parameters"} == {
        key: value for key, value in description.items() if key != "parameters"
    }
    assert any(content for key, content in description.items() if key.startswith("weights"))
    if type(estimator) is not SequenceOutlierDetector:
        assert estimator.n_iter_ == len(estimator.history_["loss"]) == record["attributes"]["n_iter_"]


@every_file
def test_a_loaded_file_gives_the_recorded_outputs(name):
    estimator, record = load_file(name), record_of(name)
    assert len(record["calls"]) >= 4
    for each in record["calls"]:
        value = call(estimator, record, each["method"], each["data"], each["arguments"])
        assert_close(value, each["value"], f"{each['method']} {each['arguments']}")


def assert_close(value, expected, path):
    """Compare outputs; activation functions may differ in the last bit between processors."""
    if isinstance(expected, list):
        assert isinstance(value, list), path
        assert len(value) == len(expected), path
        for i, pair in enumerate(zip(value, expected, strict=True)):
            assert_close(*pair, f"{path}[{i}]")
    elif isinstance(expected, float):
        assert math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-6), path
    else:
        assert (type(value), value) == (type(expected), expected), path


def tensors_of(parts):
    """Return all tensors of a file, regardless of their names."""
    arrays = {name: parts.tensor(name.removeprefix("estimator.")) for name in parts.table}
    return sorted((array.dtype.str, array.shape, array.tobytes()) for array in arrays.values())


@every_file
def test_a_file_saved_again_has_the_current_format_and_the_same_tensors(name, tmp_path):
    estimator = load_file(name)
    save(estimator, tmp_path / "file")
    again, before = FileParts((tmp_path / "file").read_bytes()), FileParts(bytes_of(name))
    assert again.version == again.manifest["format"] == FORMAT
    assert again.manifest["versions"]["skseqae"] == skseqae.__version__
    assert again.estimator["class"] == before.estimator["class"]
    assert tensors_of(again) == tensors_of(before)
    assert {key: again.parameters[key] for key in before.parameters if key not in NESTED} == {
        key: value for key, value in before.parameters.items() if key not in NESTED
    }
    assert_same(state(load(tmp_path / "file")), state(estimator))


def train(estimator, record):
    """Train an estimator for one epoch more by every method that can."""
    X, y = data_of(record, "X"), data_of(record, "y") if "y" in record else None
    if record["container"] == "tokens":
        X = y = [["a"], ["c", "b"], ["b", "a", "c"]]  # warm start needs all tokens and labels of the first fit
    if hasattr(estimator, "partial_fit"):
        estimator.partial_fit(X, y)
    if "warm_start" in estimator.get_params():
        # three samples are too few for a validation set
        estimator.set_params(warm_start=True, epochs=1, early_stopping=False).fit(X, y)
    else:
        estimator.fit(X, y)
    return estimator


@every_file
def test_a_loaded_file_can_be_trained_further(name, tmp_path):
    record, before = record_of(name), load_file(name)
    save(before, tmp_path / "file")
    one, other = train(load_file(name), record), train(load(tmp_path / "file"), record)
    assert_same(state(one), state(other))  # the generator and the state of the optimizer are restored
    states = [getattr(each, "estimator_", each)._fitted for each in (before, one)]
    weights, trained = (each.weights for each in states)
    assert weights.keys() == trained.keys()
    parts = weights.keys() - states[0].architecture.frozen
    changed = [(a != b).any() for part in parts for a, b in zip(weights[part], trained[part], strict=True)]
    assert sum(changed) > len(changed) / 4
    assert all(np.isfinite(array).all() for part in trained.values() for array in part)


def test_partial_fit_adds_epochs_to_the_history_of_a_file():
    name = f"{FIRST}/autoencoder_gru_conditional_composite_named"
    estimator, record = load_file(name), record_of(name)
    estimator.partial_fit(data_of(record, "X"))
    assert estimator.n_iter_ == record["attributes"]["n_iter_"] + 1
    assert estimator.history_["loss"][:-1] == record["attributes"]["history_"]["loss"]


# --- files that are refused -------------------------------------------------------------------------------------------


def test_a_later_format_is_refused(tmp_path):
    parts = FileParts(bytes_of(OF_FORMAT_1[0]))
    parts.version = parts.manifest["format"] = NEXT_FORMAT
    message = rf"is refused: its format has version {NEXT_FORMAT}, this skseqae reads versions 1 to {FORMAT}\.$"
    with pytest.raises(SkseqaeFormatError, match=message):
        loaded(parts.assemble(), tmp_path / "file")


AUTOENCODER, TOKENS = f"{FIRST}/autoencoder_bidirectional_frame", f"{FIRST}/classifier_tokens_ragged"
REGRESSOR, DETECTOR = f"{FIRST}/regressor_vector_gru", f"{FIRST}/detector"
LAYOUT, TARGET_LAYOUT = ("fitted", "_layout", "Layout"), ("fitted", "_target_layout", "TargetLayout")
OTHER = "it is not a file of format 1: "
CHANGED = {  # a file, the path of a value in its estimator, the value (None: remove), the message
    "an unknown attribute": (AUTOENCODER, ("fitted", "os"), 1, r"estimator\.fitted has \['os'\], which is unknown"),
    "an attribute of format 2": (
        AUTOENCODER,
        ("fitted", "_fitted"),
        {},
        f"{OTHER}'_fitted' is an attribute of a later",
    ),
    "a missing attribute": (AUTOENCODER, ("fitted", "_scaling"), None, f"{OTHER}KeyError: '_scaling'"),
    "an attribute of another class": (
        AUTOENCODER,
        ("fitted", "vocabulary_"),
        {"symbols": ["<U1", ["a"]]},
        r"estimator\.fitted has \['vocabulary_'\], which is unknown",
    ),
    "an unknown field": (AUTOENCODER, (*LAYOUT, "os"), 1, r"\.layout has \['os'\], which is unknown"),
    "a missing field": (AUTOENCODER, (*LAYOUT, "kind"), None, r"\.layout lacks \['container'\]"),
    "a field of format 2": (
        REGRESSOR,
        (*TARGET_LAYOUT, "length_offset"),
        1,
        rf"{OTHER}TargetLayout has \['length_offset'\], of a later format",
    ),
    "a type of format 2": (
        TOKENS,
        ("fitted", "classes_"),
        {"tokens": ["<U1", ["a", "b", "c"]]},
        f"{OTHER}'tokens' is a type of a later format",
    ),
    "a missing parameter": (AUTOENCODER, ("parameters", "epochs"), None, r"estimator\.parameters lacks \['epochs'\]"),
    "an unknown parameter": (AUTOENCODER, ("parameters", "os"), 1, r"estimator\.parameters has \['os'\], which is unk"),
    "fewer epochs than losses": (AUTOENCODER, ("fitted", "n_iter_"), 1, f"{OTHER}n_iter_ is not the number of epochs"),
    "more epochs than losses": (TOKENS, ("fitted", "n_iter_"), 3, f"{OTHER}n_iter_ is not the number of epochs"),
    "epochs that are a float": (TOKENS, ("fitted", "n_iter_"), 2.0, f"{OTHER}n_iter_ is not the number of epochs"),
    "a history without a loss": (TOKENS, ("fitted", "history_"), {"dict": []}, f"{OTHER}KeyError: 'loss'"),
    "a loss that is a number": (TOKENS, ("fitted", "history_"), {"dict": [["loss", 3]]}, f"{OTHER}TypeError: "),
    "a history of triples": (TOKENS, ("fitted", "history_"), {"dict": [["loss", 3, 3]]}, f"{OTHER}ValueError: "),
    "a layout that is a list": (TOKENS, ("fitted", "_layout"), {"Layout": []}, f"{OTHER}AttributeError: "),
    "fitted attributes that are a list": (
        AUTOENCODER,
        ("fitted",),
        [["n_iter_", 2]],
        f"{OTHER}a fitted estimator has no fitted attributes",
    ),
    "features of another detector": (
        DETECTOR,
        ("fitted", "n_features_in_"),
        3,
        r"estimator\.n_features_in_ is not that of its autoencoder",
    ),
    "an invalid epoch number in a detector": (
        DETECTOR,
        ("fitted", "estimator_", "Estimator", "fitted", "n_iter_"),
        7,
        f"{OTHER}n_iter_ is not the number of epochs",
    ),
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_file_that_is_not_one_of_its_format_is_refused(case, tmp_path):
    name, (*outer, last), value, message = CHANGED[case]
    parts = FileParts(bytes_of(name))
    inner = parts.estimator
    for step in outer:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    with pytest.raises(SkseqaeFormatError, match=message):
        loaded(parts.assemble(), tmp_path / "file")


@pytest.mark.parametrize("version", range(1, FORMAT + 1))
@every_file
def test_a_file_with_the_version_of_another_format_is_refused(name, version, tmp_path):
    parts = FileParts(bytes_of(name))
    if version == parts.version:
        assert loads(parts.assemble(), tmp_path / "file")
        return
    parts.version = parts.manifest["format"] = version
    assert not loads(parts.assemble(), tmp_path / "file")


# --- damaged files ----------------------------------------------------------------------------------------------------


@every_file
def test_a_damaged_file_is_refused(name, tmp_path):
    content, random_state, path = bytes_of(name), np.random.RandomState(0), tmp_path / "file"
    assert loads(FileParts(content).assemble(), path)  # so that the changes below are the reason
    lengths = [*range(0, 64, 7), *random_state.randint(len(content), size=300), len(content) - 1]
    assert [length for length in lengths if loads(content[:length], path)] == []
    positions = [*range(56), *random_state.randint(len(content), size=300)]
    flips = [(position, random_state.randint(8)) for position in positions]
    assert [flip for flip in flips if loads(flipped(content, *flip), path)] == []


@every_file_of_format_1
def test_a_missing_unknown_or_mistyped_field_of_format_1_is_refused(name, tmp_path):
    contents = dict(with_invalid_fields(FileParts(bytes_of(name))))
    assert len(contents) > 250
    assert [path for path, content in contents.items() if loads(content, tmp_path / "file")] == []


@every_file_of_format_1
def test_any_value_in_a_field_of_format_1_gives_the_one_error_or_none(name, tmp_path):
    parts, path = FileParts(bytes_of(name)), tmp_path / "file"
    results = [loads(content, path) for content in with_unusual_fields(parts, every=11)]
    assert len(results) > 300
    assert sum(results) < len(results) / 4


@pytest.mark.parametrize("depth", [100, 450, 700, 950, 5000])
def test_deep_nests_in_format_1_are_refused(depth, tmp_path):
    parts = FileParts(bytes_of(AUTOENCODER))
    text = json.dumps(parts.manifest)
    for nest in (deep(depth), '{"tuple":' * depth + "[]" + "}" * depth):
        content = parts.assemble(manifest=text.replace('"epochs": 2', f'"epochs": {nest}'))
        assert not loads(content, tmp_path / "file")


def test_large_manifests_of_format_1_take_little_memory_and_time(tmp_path):
    parts = FileParts(bytes_of(AUTOENCODER))
    text = json.dumps(parts.manifest)
    items = {"lists": "[]," * 19_000, "objects": '{"symbols":1},' * 19_000, "numbers": "0.5," * 300_000}
    items["strings"] = '"ab",' * 250_000
    (tmp_path / "whole").write_bytes(parts.content)
    for name, item in items.items():
        manifest = text.replace('"epochs": 2', f'"epochs": [{item[:-1]}]')
        (tmp_path / name).write_bytes(parts.assemble(manifest=manifest))
    results, imported = json.loads(run(READER, tmp_path))
    assert imported == []
    assert results.pop("whole")["error"] == "none"
    for name in items:
        assert results[name]["error"] == "SkseqaeFormatError", (name, results[name])
        assert " is refused: estimator." in results[name]["message"], (name, results[name])
        assert results[name]["memory"] < 2**26
        assert results[name]["seconds"] < 2
        assert results[name]["actions"] == []


# --- changes of formats -----------------------------------------------------------------------------------------------


def test_the_changes_of_every_format_are_recorded():
    assert sorted(CHANGES) == list(range(2, FORMAT + 1))


def without(content, parameters, path):
    """Return the parts of a file without some parameters and without one field."""
    parts = FileParts(content)
    for name in parameters:
        del parts.parameters[name]
    *outer, last = path
    inner = parts.fitted
    for step in outer:
        inner = inner[step]
    del inner[last]
    return parts


ADDED_PARAMETERS = {"clipnorm": 5.0, "units": {"tuple": [4]}}
CURRENT_LAYOUT = ("_fitted", "FittedState", "input", "FittedInput", "layout", "Layout")
every_earlier_format = pytest.mark.parametrize(("version", "layout"), [(1, LAYOUT[1:]), (FORMAT, CURRENT_LAYOUT)])


@pytest.fixture
def add_format(monkeypatch):
    """A function that makes the next format the current one: it adds a field to a record and parameters to a class."""
    change = Change(
        added_fields={"Layout": {"univariate": False}},
        added_parameters={"LSTMAutoencoderTransformer": ADDED_PARAMETERS},
    )

    def add():
        monkeypatch.setitem(CHANGES, NEXT_FORMAT, change)
        for module in (_file_format, _versions, _saving):
            monkeypatch.setattr(module, "FORMAT", NEXT_FORMAT)

    return add


@every_earlier_format
def test_a_file_of_an_earlier_format_gets_the_recorded_defaults(version, layout, add_format, tmp_path):
    path, expected = tmp_path / "file", load_file(AUTOENCODER)
    assert expected._layout.univariate is True
    save(expected, path)
    content = bytes_of(AUTOENCODER) if version == 1 else path.read_bytes()
    parts = without(content, ADDED_PARAMETERS, (*layout, "univariate"))
    assert parts.version == version
    assert not loads(parts.assemble(), path)
    add_format()
    estimator = loaded(parts.assemble(), path)
    fitted_input = expected._fitted.input
    fitted_input = replace(fitted_input, layout=replace(fitted_input.layout, univariate=False))
    expected.set_params(clipnorm=5.0, units=(4,))._fitted = replace(expected._fitted, input=fitted_input)
    assert_same(state(estimator), state(expected))
    save(estimator.set_params(clipnorm=2.0), path)
    assert FileParts(path.read_bytes()).version == NEXT_FORMAT
    assert_same(state(load(path)), state(estimator))


@every_earlier_format
def test_an_addition_of_a_later_format_is_refused_in_an_earlier_file(version, layout, add_format, tmp_path):
    path = tmp_path / "file"
    save(load_file(AUTOENCODER), path)
    content = bytes_of(AUTOENCODER) if version == 1 else path.read_bytes()
    add_format()
    for present in (*ADDED_PARAMETERS, "univariate"):
        complete, partial = FileParts(content), without(content, ADDED_PARAMETERS, (*layout, "univariate"))
        if present == "univariate":
            partial.estimator["fitted"] = complete.estimator["fitted"]
        else:
            partial.parameters[present] = complete.parameters[present]
        with pytest.raises(SkseqaeFormatError, match=rf"has \['{present}'\], of a later format"):
            loaded(partial.assemble(), path)


# --- the script that writes the files of the next version -------------------------------------------------------------


def test_the_script_writes_files_of_every_class_for_the_next_version(tmp_path):
    folder = tmp_path / "next"
    write(folder)
    records = {path: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    assert {record["class"] for record in records.values()} == ESTIMATORS.keys()
    assert {path.stem for path in records} >= {RECORDS[name].stem for name in OF_FORMAT_1}
    for path, record in records.items():
        estimator = load(path.with_suffix(".skseqae"))
        description = describe(estimator)
        assert {key: record[key] for key in description} == description
        for each in record["calls"]:
            value = call(estimator, record, each["method"], each["data"], each["arguments"])
            assert_close(value, each["value"], f"{path.stem} {each['method']}")


def test_the_script_does_not_overwrite_files():
    with pytest.raises(FileExistsError, match="exists: files of a version are never changed"):
        write(FILES / FIRST)
