"""What `save` writes `load` gives back bit for bit, and nothing else is loaded."""

import copy
import json
import os
import pickle
import stat
import subprocess
import sys
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import StandardScaler

import skseqae
from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SkseqaeFormatError,
    load,
    persistence,
    save,
)
from skseqae.datasets import make_reversals
from tests.support import hostile_files
from tests.support.estimators import data_for, every_class, quick, output_of, resume_training, y

MEGABYTES = 2**20
X = data_for(LSTMAutoencoderTransformer)
TABLE = pd.DataFrame(np.stack([x[:3, 0] for x in X]), columns=["a", "b", "c"])
FUTURES = [x[: len(x) // 2] for x in X]
WORDS, BACKWARDS = make_reversals(24, lengths=(2, 4), n_symbols=4, random_state=0)
LETTERS = np.array(list("abcdefgh"))
LABELS = np.array(["no", "yes"])[y]


def frozen():
    return FrozenEstimator(quick(LSTMAutoencoderTransformer, latent_dim=3).fit(X))


# a class, its parameters, and what it is fitted on
CASES = {
    "autoencoder": (LSTMAutoencoderTransformer, {"latent_dim": 3, "units": [4, 3], "optimizer__beta_1": 0.8}, (X,)),
    "both objectives": (
        LSTMAutoencoderTransformer,
        {"latent_dim": 3, "objective": "composite", "decoder": "conditional", "cell": "gru", "dropout": 0.1},
        (X,),
    ),
    "a table with names": (
        LSTMAutoencoderTransformer,
        {"latent_dim": 2, "early_stopping": True, "bidirectional": True, "optimizer": "nadam"},
        (TABLE,),
    ),
    "numbers": (
        CompositeSequenceRegressor,
        {"latent_dim": 3, "random_state": np.random.RandomState(5), "loss": "huber", "loss__delta": 0.5},
        (X, y.astype(float)),
    ),
    "sequences": (CompositeSequenceRegressor, {"latent_dim": 3}, (X, FUTURES)),
    "a forecast": (CompositeSequenceRegressor, {"latent_dim": 3, "horizon": 2, "clipnorm": None}, (X,)),
    "labels": (Seq2SeqClassifier, {"units": (3,), "class_weight": {"no": 1, "yes": 2.5}}, (X, LABELS)),
    "a frozen encoder": (Seq2SeqClassifier, {"encoder": frozen, "freeze_encoder": True}, (X, y.astype(bool))),
    "tables of labels": (Seq2SeqClassifier, {"units": 3, "cell": "gru"}, (X, np.c_[y, 1 - y].astype("i2"))),
    "words": (
        Seq2SeqClassifier,
        {"units": 3, "tokens": True, "num_beams": 2, "handle_unknown": "ignore"},
        ([LETTERS[word] for word in WORDS], [[("n", int(n)) for n in word] for word in BACKWARDS]),
    ),
    "rows": (
        DenseAutoencoderTransformer,
        {"latent_dim": 2, "hidden_layer_sizes": np.array([4, 3]), "noise": 0.1, "optimizer": "rmsprop"},
        (TABLE,),
    ),
}
every_case = pytest.mark.parametrize("name", CASES)


@pytest.fixture(scope="module")
def fitted():
    """Return the estimator of each case, fitted once and on with `partial_fit`; to be copied by those who change it."""
    estimators = {}

    def of(name):
        if name not in estimators:
            cls, parameters, data = CASES[name]
            parameters = {
                key: value() if callable(value) else copy.deepcopy(value) for key, value in parameters.items()
            }
            estimators[name] = go_on(quick(cls, **parameters).fit(*data), data)
        return estimators[name]

    return of


@pytest.fixture(scope="module")
def whole(fitted, tmp_path_factory):
    """Return the bytes of the file of a case."""
    path = tmp_path_factory.mktemp("whole") / "file"

    def of(name):
        save(fitted(name), path)
        return path.read_bytes()

    return of


def go_on(estimator, data):
    """Train for one more epoch, where the class has `partial_fit`."""
    return estimator.partial_fit(*data) if hasattr(estimator, "partial_fit") else estimator


def through_a_file(estimator, folder):
    save(estimator, folder / "estimator.skseqae")
    return load(folder / "estimator.skseqae")


def outputs(estimator, data):
    """What all verbs say of the data."""
    verbs = ("transform", "predict", "predict_proba", "predict_beams", "reconstruct", "predict_next", "score_samples")
    lengths = {"n_timesteps": 3} if len(data) > 1 and data[1] is FUTURES else {}
    return {
        verb: getattr(estimator, verb)(data[0], **(lengths if verb == "predict" else {}))
        for verb in verbs
        if hasattr(estimator, verb)
    }


def assert_same(one, other, place=""):
    """Hold two values of any nesting against one another, to the bit and the type."""
    assert type(one) is type(other), place
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, place
        assert_array_equal(one, other, place, strict=True)
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif isinstance(one, np.random.RandomState):
        assert_same(one.get_state(), other.get_state(), place)
    elif isinstance(one, dict):
        assert list(one) == list(other), place
        for key in one:
            assert_same(one[key], other[key], f"{place}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), place
        for i, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{place}.{i}")
    elif hasattr(one, "__dict__"):
        assert_same(state(one), state(other), place)
    else:
        assert one == other, place


def state(thing):
    """All attributes, by name, numbers of the optimizer as arrays."""
    found = dict(sorted(vars(thing).items()))
    if "_optimizer_state" in found:
        found["_optimizer_state"] = [np.asarray(value) for value in found["_optimizer_state"]]
    return found


# --- There and back ---------------------------------------------------------------------------------------------------


@every_case
def test_a_loaded_estimator_is_the_saved_one_to_the_last_attribute(name, fitted, tmp_path):
    estimator = fitted(name)
    before = pickle.dumps(estimator)
    loaded = through_a_file(estimator, tmp_path)
    assert type(loaded) is type(estimator)
    assert_same(state(loaded), state(estimator))
    assert pickle.dumps(estimator) == before
    assert_same(outputs(loaded, CASES[name][2]), outputs(estimator, CASES[name][2]))


@every_case
def test_training_goes_on_as_if_there_had_been_no_file(name, fitted, tmp_path):
    data = CASES[name][2]
    estimator, loaded = copy.deepcopy(fitted(name)), through_a_file(fitted(name), tmp_path)
    before = copy.deepcopy(estimator._weights)
    for each in (estimator, loaded):
        go_on(each, data)
    assert_same(state(loaded), state(estimator))
    for each in (estimator, loaded):
        each.set_params(warm_start=True, epochs=1).fit(*data)
    assert_same(state(loaded), state(estimator))
    assert any((a != b).any() for part in before for a, b in zip(before[part], estimator._weights[part], strict=True))
    assert_same(outputs(loaded, data), outputs(estimator, data))


@every_class
def test_a_loaded_estimator_can_be_written_to_cloned_and_pickled(cls, tmp_path):
    estimator = resume_training(quick(cls))
    loaded = through_a_file(estimator, tmp_path)
    assert all(array.flags.writeable and array.flags.aligned for part in loaded._weights.values() for array in part)
    assert_same(output_of(pickle.loads(pickle.dumps(loaded))), output_of(estimator))
    assert_same(output_of(resume_training(clone(loaded))), output_of(resume_training(clone(estimator))))


def test_what_was_set_to_come_out_is_kept(tmp_path):
    estimator = quick(LSTMAutoencoderTransformer).fit(X).set_output(transform="pandas")
    assert type(through_a_file(estimator, tmp_path).transform(X)) is pd.DataFrame


def of_objects(*symbols):
    array = np.empty(len(symbols), dtype=object)
    array[:] = symbols
    return array


def shown(value):
    """Return what tells two values apart, to the type; a number of NumPy counts as one of Python."""
    if isinstance(value, np.random.RandomState):
        return pickle.dumps(value.get_state())
    value = value.item() if isinstance(value, np.generic) else value
    return type(value), repr(value)


@pytest.mark.parametrize(
    "classes",
    [
        np.array(['ü\n"\\', "\ud800\U0001f600"]),
        np.array(["a", "b"], dtype="U9"),
        np.array([-1, 2**62]),
        np.array([1, 2], dtype=">i2"),
        np.array([0, 2**64 - 1], dtype="u8"),
        np.array([False, True]),
        np.array([0.1, -0.0], dtype="f4"),
        np.array([1e300, 5e-324]),
        np.array([b"a", b"\xff"]),
        of_objects("a", 1),
        of_objects(2**70, True),
        of_objects((1, ("b",)), 1.5),
        of_objects(b"c", float("inf")),
        of_objects(np.int64(3), np.str_("x")),
    ],
    ids=str,
)
def test_labels_of_any_type_are_kept(classes, fitted, tmp_path):
    estimator = copy.copy(fitted("labels"))
    estimator.classes_ = classes
    loaded = through_a_file(estimator, tmp_path)
    assert loaded.classes_.dtype == classes.dtype
    assert list(map(shown, loaded.classes_.tolist())) == list(map(shown, classes.tolist()))
    assert_array_equal(loaded.predict(X), estimator.predict(X))


# --- Parameters -------------------------------------------------------------------------------------------------------

INTS, SHARES = st.integers(1, 2**40), st.floats(0, 1, exclude_max=True)
POSITIVE = st.floats(5e-324, 1e300)
NUMBERS = st.floats(allow_nan=True) | st.integers(-(2**70), 2**70)
NAMES = st.text(max_size=8)
SIZES = st.lists(INTS, min_size=1, max_size=3)
SIZED = SIZES | SIZES.map(tuple) | INTS | SIZES.map(np.array)
LABEL = st.text(max_size=3) | st.integers() | st.booleans() | st.tuples(st.integers(), st.text(max_size=2))
ACTIVATIONS = st.sampled_from(["tanh", "relu", "sigmoid", "linear"])
VALUES = {
    "latent_dim": INTS | INTS.map(np.int64),
    "objective": st.sampled_from(["reconstruction", "prediction", "composite"]),
    "decoder": st.sampled_from(["repeat", "conditional"]),
    "cell": st.sampled_from(["lstm", "gru"]),
    "units": st.none() | SIZES | SIZES.map(tuple) | INTS,
    "hidden_layer_sizes": SIZED,
    "noise": SHARES,
    "dropout": SHARES,
    "padding_value": st.none() | NUMBERS,
    "scale": st.sampled_from(["standard", None]),
    "loss": NAMES,
    "optimizer": NAMES,
    "learning_rate": POSITIVE | POSITIVE.map(np.float64),
    "clipnorm": st.none() | POSITIVE,
    "epochs": INTS,
    "batch_size": INTS,
    "validation_fraction": st.floats(1e-9, 0.999),
    "n_iter_no_change": INTS,
    "tol": st.floats(0, 1e300),
    "callbacks": st.sampled_from([None, [], ()]),
    "verbose": st.integers(0, 3) | st.booleans(),
    "random_state": st.none() | st.integers(0, 2**32 - 1) | st.integers(0, 99).map(np.random.RandomState),
    "horizon": st.none() | INTS,
    "reconstruction_weight": st.floats(0, 1),
    "handle_unknown": st.sampled_from(["error", "ignore"]),
    "num_beams": INTS,
    "max_length": st.none() | INTS,
    "encoder": st.none(),
    "class_weight": st.sampled_from([None, "balanced"]) | st.dictionaries(LABEL, SHARES, max_size=3),
    "activation": ACTIVATIONS,
    "latent_activation": ACTIVATIONS,
    **dict.fromkeys(
        ("reverse", "bidirectional", "tokens", "freeze_encoder", "early_stopping", "warm_start"),
        st.booleans() | st.booleans().map(np.bool_),
    ),
}
ROUTED = st.dictionaries(
    st.text(min_size=1, max_size=8).map("optimizer__{}".format), st.none() | NUMBERS | NAMES, max_size=2
)
OF_CLASS = {case[0]: name for name, case in reversed(CASES.items())}


@every_class
@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(draws=st.data())
def test_any_parameters_survive(cls, fitted, tmp_path, draws):
    own = {name: VALUES[name] for name in cls().get_params()}
    routed = draws.draw(ROUTED)
    estimator = copy.copy(fitted(OF_CLASS[cls]))
    vars(estimator).update(draws.draw(st.fixed_dictionaries(own)) | routed)
    before = estimator.get_params(deep=False)
    after = through_a_file(estimator, tmp_path).get_params(deep=False)
    assert {name: shown(value) for name, value in after.items()} == {
        name: shown(value) for name, value in before.items()
    }


def make_decoder(n_timesteps, latent_dim, n_features):
    return keras.Sequential(
        [keras.Input((latent_dim,)), keras.layers.RepeatVector(n_timesteps), keras.layers.Dense(n_features)]
    )


CODE = {
    "decoder": make_decoder,
    "callbacks": [keras.callbacks.Callback()],
    "optimizer": keras.optimizers.Adam(),
    "loss": keras.losses.MeanSquaredError(),
    "optimizer__weight_decay": keras.ops.abs,
    "units": [3, LSTMAutoencoderTransformer],
    "random_state": np.random.RandomState(np.random.PCG64(0)),
}


@pytest.mark.parametrize("name", CODE)
def test_a_parameter_that_is_code_is_refused_by_its_name(name, fitted, tmp_path):
    estimator = copy.copy(fitted("autoencoder"))
    vars(estimator)[name] = CODE[name]
    with pytest.raises(TypeError, match=rf"estimator\.{name}(\.\d)? is .*, which is of type .*: a file holds numbers"):
        save(estimator, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_an_optimizer_or_loss_that_is_a_class_is_refused(fitted, tmp_path):
    for name, cls in {"optimizer": keras.optimizers.Adam, "loss": keras.losses.Huber}.items():
        estimator = copy.copy(fitted("autoencoder"))
        vars(estimator)[name] = cls
        with pytest.raises(TypeError, match=rf"estimator\.{name} is <class .*of type type"):
            save(estimator, tmp_path / "file")


def test_a_network_made_by_a_function_is_refused_whatever_the_parameter_is_now(tmp_path):
    estimator = quick(LSTMAutoencoderTransformer, decoder=make_decoder).fit(X).set_params(decoder="repeat")
    with pytest.raises(TypeError, match=r"estimator\._architecture\.decoder is <function make_decoder"):
        save(estimator, tmp_path / "file")


@every_class
def test_what_is_not_fitted_is_refused(cls, tmp_path):
    with pytest.raises(NotFittedError, match=f"This {cls.__name__} instance is not fitted yet"):
        save(cls(), tmp_path / "file")
    assert not list(tmp_path.iterdir())


class Subclass(LSTMAutoencoderTransformer):
    pass


@pytest.mark.parametrize("thing", [StandardScaler(), Subclass(), LSTMAutoencoderTransformer, None, "file"], ids=str)
def test_what_is_none_of_the_classes_is_refused(thing, tmp_path):
    with pytest.raises(TypeError, match="estimator must be one of .*, and no other class or subclass, got"):
        save(thing, tmp_path / "file")


def test_an_attribute_that_is_no_business_of_the_class_is_refused(fitted, tmp_path):
    estimator = copy.copy(fitted("autoencoder"))
    estimator.note = "mine"
    with pytest.raises(TypeError, match="estimator has an attribute 'note', which a file does not hold: delete it"):
        save(estimator, tmp_path / "file")


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("n_iter_", 99, "history_.loss must be an array of <f8 of shape"),
        ("_random", None, "_random is 'None', but must be a RandomState"),
        ("feature_names_in_", np.array(["2020-01-01"], dtype="M8[D]"), "feature_names_in_ is an array of datetime64"),
        ("epochs", 0, "'epochs' parameter of LSTMAutoencoderTransformer must be an int in the range"),
    ],
)
def test_what_load_would_refuse_is_not_saved(attribute, value, message, fitted, tmp_path):
    estimator = copy.copy(fitted("autoencoder"))
    vars(estimator)[attribute] = value
    with pytest.raises((SkseqaeFormatError, TypeError), match=message):
        save(estimator, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_an_encoder_is_kept_frozen_or_not_and_must_be_fitted(fitted, tmp_path):
    estimator = copy.copy(fitted("a frozen encoder"))
    inner = estimator.encoder.estimator
    assert_same(through_a_file(estimator, tmp_path).encoder, estimator.encoder)
    estimator.encoder = inner
    assert_same(through_a_file(estimator, tmp_path).encoder, inner)
    estimator.encoder = FrozenEstimator(clone(inner))
    with pytest.raises(NotFittedError):
        save(estimator, tmp_path / "file")
    estimator.encoder = StandardScaler()
    with pytest.raises(TypeError, match=r"estimator\.encoder must be one of"):
        save(estimator, tmp_path / "file")


# --- The file ---------------------------------------------------------------------------------------------------------


def test_after_48_bytes_a_file_is_safetensors(whole):
    content = whole("a forecast")
    kit = hostile_files.FileParts(content)
    tensors = safetensors.numpy.load(content[48:])
    assert_array_equal(tensors["estimator._weights.encoder.0"], kit.tensor("_weights.encoder.0"))
    assert kit.manifest["versions"]["skseqae"] == skseqae.__version__
    assert kit.manifest["versions"].keys() == {"skseqae", "python", *persistence.LIBRARIES}


def test_a_file_taken_apart_and_put_together_loads(whole, tmp_path):
    """So that what is refused below is refused for what was changed."""
    for name in CASES:
        kit = hostile_files.FileParts(whole(name))
        for number, content in enumerate([kit.assemble(), kit.with_tensors(lambda arrays: None)]):
            (tmp_path / f"{number}").write_bytes(content)
            assert load(tmp_path / f"{number}").get_params().keys() == load(tmp_path / "0").get_params().keys()


@every_case
def test_no_changed_bit_and_no_cut_loads(name, whole, tmp_path):
    content, random_state = whole(name), np.random.RandomState(0)
    for place in [*range(56), *random_state.randint(len(content), size=100)]:
        assert not loads(hostile_files.flipped(content, place), tmp_path / "file")
    for length in [*range(0, 64, 7), *random_state.randint(len(content), size=20), len(content) - 1]:
        assert not loads(content[:length], tmp_path / "file")


@every_case
def test_a_field_that_is_missing_or_unknown_or_of_another_type_is_refused(name, whole, tmp_path):
    wrong = dict(hostile_files.with_invalid_fields(hostile_files.FileParts(whole(name))))
    assert len(wrong) > 250
    assert [place for place, content in wrong.items() if loads(content, tmp_path / "file")] == []


@every_case
def test_whatever_is_in_a_field_there_is_the_one_error_or_none(name, whole, tmp_path):
    changed = list(hostile_files.with_unusual_fields(hostile_files.FileParts(whole(name))))
    for i in np.random.RandomState(0).choice(len(changed), 300, replace=False):
        loads(changed[i], tmp_path / "file")


def loads(content, path):
    """Tell whether bytes load, or are refused by the one error."""
    path.write_bytes(content)
    try:
        load(path)
    except SkseqaeFormatError:
        return False
    return True


@pytest.fixture(scope="module")
def hostile(whole, tmp_path_factory):
    """Read every hostile file in one process that watches, and return what came of each."""
    folder = tmp_path_factory.mktemp("hostile")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile's, of a name that comes twice
        hostile_files.write_all(folder, whole("autoencoder"))
    before = sorted(folder.iterdir())
    done = run(hostile_files.READER, folder)
    assert sorted(folder.iterdir()) == before
    results, imported = json.loads(done)
    assert imported == []
    assert results.pop("whole")["error"] == "none"
    return results


def run(script, *arguments):
    """Return what a Python script prints in a process of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", [*hostile_files.BUILDERS, *hostile_files.SPECIAL_FILES])
def test_a_hostile_file_gives_the_one_error_and_nothing_else(kind, hostile):
    result = hostile[kind]
    assert result["error"] == "SkseqaeFormatError", result
    assert " is refused: " in result["message"]
    assert len(result["message"]) < 1000
    assert result["actions"] == []
    assert result["seconds"] < 1
    assert result["memory"] < 64 * MEGABYTES


SAYS = ("_target_layout", "TargetLayout")
DISAGREEMENTS = [
    ("labels", ("_kind",), "table", "_kind is 'table'"),
    ("labels", ("classes_",), {"symbols": ["<U1", ["a", "b", "c"]]}, "classes_ must be 2 labels"),
    ("words", ("_architecture", "Seq2SeqArchitecture", "has_end"), False, "_weights.sequence.3 must be an array"),
    ("words", ("vocabulary_",), {"symbols": ["<U1", ["a"]]}, "vocabulary_ must be . symbols"),
    ("words", ("vocabulary_",), None, "vocabulary_ must be . symbols"),
    ("sequences", (*SAYS, "layout"), None, "layout does not go with its kind"),
    ("sequences", (*SAYS, "layout", "Layout", "kind"), "padded", "n_timesteps is missing for an array"),
    ("numbers", (*SAYS, "kind"), "sequences", "layout does not go with its kind"),
    ("numbers", ("_horizon",), 2, "_target_layout.kind is not that of a horizon"),
    ("a forecast", ("_horizon",), None, "layout does not go with its kind"),
]


@pytest.mark.parametrize(("name", "place", "value", "message"), DISAGREEMENTS)
def test_attributes_that_disagree_are_refused(name, place, value, message, whole, tmp_path):
    (tmp_path / "file").write_bytes(hostile_files.attribute(*place, value)(hostile_files.FileParts(whole(name))))
    with pytest.raises(SkseqaeFormatError, match=message):
        load(tmp_path / "file")


@every_case
def test_a_number_that_is_not_finite_is_refused_wherever_it_is(name, whole, tmp_path):
    kit = hostile_files.FileParts(whole(name))
    floats = [place for place, entry in kit.table.items() if entry["dtype"].startswith("F")]
    assert len(floats) > 10
    for place in floats:
        changed = kit.copy()
        changed.tensor(place.removeprefix("estimator.")).flat[-1] = np.nan
        assert not loads(changed.assemble(), tmp_path / "file"), place


def test_a_truth_value_of_seven_is_refused(whole, tmp_path):
    kit = hostile_files.FileParts(whole("a frozen encoder"))
    kit.tensor("classes_").view(np.uint8)[1] = 7
    assert not loads(kit.assemble(), tmp_path / "file")


def test_a_file_larger_than_max_size_is_refused_unread(whole, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(whole("autoencoder"))
    size = path.stat().st_size
    load(path, max_size=size)
    with pytest.raises(SkseqaeFormatError, match=f"it has {size} bytes, more than max_size={size - 1}"):
        load(path, max_size=size - 1)
    for wrong in (0, 1.5, None):
        with pytest.raises(ValueError, match="'max_size' parameter of load must be an int in the range"):
            load(path, max_size=wrong)


def test_no_file_is_the_systems_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")
    with pytest.raises(ValueError, match="'path' parameter of load must be an instance of 'str'"):
        load(3)


OPTIMIZERS = [
    name
    for name, cls in vars(keras.optimizers).items()
    if isinstance(cls, type) and not name.startswith(("Optimizer", "Loss", "Multi"))
]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_of_every_optimizer_of_keras_is_read(name, fitted, tmp_path):
    estimator = copy.copy(fitted("autoencoder"))
    optimizer = getattr(keras.optimizers, name)(use_ema=True, gradient_accumulation_steps=2)
    optimizer.build([keras.Variable(array) for part in estimator._weights.values() for array in part])
    estimator._optimizer_state = [variable.numpy() for variable in optimizer.variables]
    assert len(through_a_file(estimator, tmp_path)._optimizer_state) == len(optimizer.variables)


# --- Writing ----------------------------------------------------------------------------------------------------------


def test_a_new_file_has_the_rights_of_any_other_and_an_old_one_keeps_its_own(fitted, tmp_path):
    path, plain = tmp_path / "file", tmp_path / "plain"
    before = os.umask(0o027)
    try:
        save(fitted("autoencoder"), path)
        plain.touch()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode) == 0o640
    path.chmod(0o604)
    save(fitted("autoencoder"), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_what_a_link_points_to_is_replaced(fitted, tmp_path):
    (tmp_path / "folder").mkdir()
    link, path = tmp_path / "link", tmp_path / "folder" / "file"
    link.symlink_to(path)
    save(fitted("autoencoder"), str(link))
    assert link.is_symlink()
    assert_same(state(load(path)), state(fitted("autoencoder")))
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_what_is_no_file_is_not_replaced(fitted, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(FileExistsError, match="exists and is not a regular file"):
            save(fitted("autoencoder"), place)
    with pytest.raises(FileNotFoundError):
        save(fitted("autoencoder"), tmp_path / "no folder" / "file")
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("step", ["os.fsync", "os.replace", "os.chmod"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_after_any_failure_the_old_file_stays_and_nothing_beside_it(step, error, fitted, tmp_path, monkeypatch):
    def fail(*arguments):
        raise error("as if")

    path = tmp_path / "file"
    save(fitted("autoencoder"), path)
    before = path.read_bytes()
    monkeypatch.setattr(f"skseqae.runtime._atomic_write.{step}", fail)
    with pytest.raises(error):
        save(fitted("numbers"), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


FULL = """
import os, resource, signal, sys
import skseqae

old, new, path = sys.argv[1:]
estimator = skseqae.load(new)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for limit in (0, 100, 4096, os.path.getsize(new) - 1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        skseqae.save(estimator, path)
    except OSError:
        print("OSError")
"""


def test_on_a_full_disk_the_old_file_stays_and_nothing_beside_it(whole, tmp_path):
    old, new, path = tmp_path / "old", tmp_path / "new", tmp_path / "file"
    old.write_bytes(whole("autoencoder"))
    path.write_bytes(whole("autoencoder"))
    new.write_bytes(whole("numbers"))
    assert run(FULL, old, new, path) == "OSError\n" * 4
    assert path.read_bytes() == old.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "new", "old"]


KILLED = """
import os, random, signal, sys, time
import skseqae

one, other, path, n_times = sys.argv[1:]
estimators = [skseqae.load(one), skseqae.load(other)]
contents = [open(name, "rb").read() for name in (one, other)]
random.seed(0)
for _ in range(2):
    start = time.perf_counter()
    skseqae.save(estimators[0], path)
    taken = time.perf_counter() - start
found, cut = [0, 0], 0
for _ in range(int(n_times)):
    child = os.fork()
    if not child:
        while True:
            for estimator in estimators:
                skseqae.save(estimator, path)
    time.sleep(random.uniform(0, 10) * taken)  # however busy the machine is
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    skseqae.load(path)
    found[contents.index(open(path, "rb").read())] += 1
    left = [name for name in os.listdir(os.path.dirname(path)) if name.endswith(".tmp")]
    cut += len(left)  # killed while it wrote
    for name in left:
        os.unlink(os.path.join(os.path.dirname(path), name))
print(*found, cut)
"""


def test_killed_at_any_time_there_is_the_old_file_or_the_new(whole, tmp_path):
    one, other, path = tmp_path / "one", tmp_path / "other", tmp_path / "file"
    for place, name in ((one, "autoencoder"), (other, "numbers"), (path, "autoencoder")):
        place.write_bytes(whole(name))
    found = list(map(int, run(KILLED, one, other, path, 20).split()))
    assert found[0] + found[1] == 20
    assert min(found[:2]) > 0


# --- Other processes, and other libraries -----------------------------------------------------------------------------

FRESH = """
import pickle, sys
from pathlib import Path
import skseqae

folder = Path(sys.argv[1])
loaded = {path.stem: skseqae.load(path) for path in folder.glob("*.skseqae")}
assert not {"tensorflow", "keras"} & sys.modules.keys()
data = pickle.loads((folder / "data").read_bytes())
said = {name: estimator.transform(X) if hasattr(estimator, "transform") else estimator.predict_proba(X)
        for name, estimator in loaded.items() for X in [data[name]]}
(folder / "said").write_bytes(pickle.dumps(said))
"""


def test_a_fresh_process_loads_without_keras_and_says_the_same_bits(fitted, tmp_path):
    for name in CASES:
        save(fitted(name), tmp_path / f"{name}.skseqae")
    (tmp_path / "data").write_bytes(pickle.dumps({name: case[2][0] for name, case in CASES.items()}))
    run(FRESH, tmp_path)
    there = pickle.loads((tmp_path / "said").read_bytes())
    for name in CASES:
        here = outputs(fitted(name), CASES[name][2])
        assert_same(there[name], here["transform" if "transform" in here else "predict_proba"])


KERAS_ALONE = """
import sys
import keras
import numpy as np

folder, *names = sys.argv[1:]
for name in names:
    given = np.load(f"{folder}/{name}.npz")
    model = keras.models.load_model(f"{folder}/{name}.keras")
    inputs = [given[f"arr_{i}"] for i in range(len(given.files))]
    said = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    np.savez(f"{folder}/{name}-said.npz", *(said if isinstance(said, list) else [said]))
assert "skseqae" not in sys.modules
"""


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own, when it saves
def test_an_encoder_of_keras_opens_where_this_package_is_not(fitted, tmp_path):
    padded, mask = np.zeros((24, 12, 2), np.float32), np.zeros((24, 12), np.float32)
    for i, x in enumerate(X):
        padded[i, : len(x)], mask[i, : len(x)] = x, 1
    inputs = {name: [padded, mask] for name in ("autoencoder", "both objectives", "a forecast", "labels")}
    inputs["rows"] = [TABLE.to_numpy(np.float32)]
    for name, arrays in inputs.items():
        fitted(name).encoder_.save(tmp_path / f"{name}.keras")
        np.savez(tmp_path / f"{name}.npz", *arrays)
    run(KERAS_ALONE, tmp_path, *inputs)
    for name, arrays in inputs.items():
        with np.load(tmp_path / f"{name}-said.npz") as there:
            said = there["arr_0"]
        estimator = fitted(name)
        assert_array_equal(said, estimator.encoder_.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0))
        if hasattr(estimator, "transform"):
            np.testing.assert_allclose(said, estimator.transform(CASES[name][2][0]), rtol=0, atol=1e-5)


def test_skops_keeps_an_estimator_that_trusts_our_own_types_alone(fitted, tmp_path):
    io = pytest.importorskip("skops.io")
    for name in OF_CLASS.values():
        io.dump(fitted(name), tmp_path / "file.skops")
        untrusted = io.get_untrusted_types(file=tmp_path / "file.skops")
        loaded = io.load(tmp_path / "file.skops", trusted=untrusted)
        assert_same(outputs(loaded, CASES[name][2]), outputs(fitted(name), CASES[name][2]))
        assert [each for each in untrusted if not each.startswith("skseqae.")] == []
