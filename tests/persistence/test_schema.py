"""The values that the fitted state in a file may have, up to the limits, and which of them must match."""

from collections import OrderedDict
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from skseqae import SkseqaeFormatError
from skseqae.data._layout import Layout
from skseqae.data._scaling import Scaling
from skseqae.data._targets import TargetLayout
from skseqae.estimators._distance import Distance
from skseqae.estimators._fitted_state import FittedInput, FittedLabels, FittedState, FittedTarget
from skseqae.estimators._registry import ESTIMATORS
from skseqae.networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from skseqae.networks._cells import CELLS
from skseqae.networks._statistics import QUANTILES, SIZES
from skseqae.networks._weight_shapes import weight_shapes
from skseqae.persistence import _estimators
from skseqae.persistence._consistency import check_fitted
from skseqae.persistence._json_values import RECORDS
from skseqae.persistence._schema import CONTAINER, FEATURES, OPTIONAL, RECORD_RULES, RULES, STATES

MAX_INT = 2**31 - 1  # of the ints in a file
ENCODER = Architecture(2, 3, (4,), head_features=(2,))
POOLED = replace(ENCODER, pooling=("shares", "last"), n_encodings=5, differences=True, patch_size=2, time_features=True)
BOTH = Architecture(2, 3, (4,), cell="gru", heads=("reconstruction", "prediction"), head_features=(2, 5))
SEQUENCES = Seq2SeqArchitecture(1, 7, 3, (4, 2), has_end=True)
TABLES = replace(SEQUENCES, has_end=False)
SINGLE = Architecture(2, 4, (4,), heads=("label",), head_features=(1,), n_classes=3)
DENSE = DenseArchitecture(2, 1, (3,))
LETTERS, CLASSES = np.array(list("abcdefg")), np.array(["x", "y", "z"])


def scaling(n_features):
    return Scaling(np.zeros(n_features), np.ones(n_features))


LIST_OF_LABELS = FittedLabels("list", 4, CLASSES)
LABEL = FittedLabels("label", 1, CLASSES)
VECTOR = FittedTarget(None, TargetLayout("vector"), scaling(5))


def fitted(architecture, target=None, **input_fields):
    """Return all attributes of a fitted estimator, as `check_fitted` receives them."""
    shapes, n_features = weight_shapes(architecture), architecture.n_features
    description = {
        "layout": Layout("rows" if architecture is DENSE else "list"),
        "padding_value": None,
        "length_range": (0, 5),
        "scaling": scaling(n_features),
        "feature_std": np.ones(n_features),
        "vocabulary": None,
    }
    weights = {part: [np.ones(shape, np.float32) for shape in every] for part, every in shapes.items()}
    copies = [np.ones(array.shape, np.float32) for arrays in weights.values() for array in arrays]
    state = FittedState(
        architecture=architecture,
        weights=weights,
        optimizer_state=[np.array(3), np.array(0.1, np.float32), *copies],
        history={loss: np.ones(2) for loss in ("loss", "val_loss", *(f"{head}_loss" for head in architecture.heads))},
        generator=np.random.RandomState(0),
        input=FittedInput(**description | input_fields),
        target=target,
    )
    config = {} if isinstance(target, FittedLabels) else {"_sklearn_output_config": None}
    return {"_fitted": state, "n_features_in_": n_features, "feature_names_in_": None} | config


TOKENS = {"feature_std": None, "vocabulary": LETTERS}
CASES = {
    "LSTMAutoencoderTransformer": lambda: fitted(ENCODER),
    "CompositeSequenceRegressor": lambda: fitted(BOTH, VECTOR),
    "Seq2SeqClassifier": lambda: fitted(SEQUENCES, LIST_OF_LABELS, **TOKENS),
    "DenseAutoencoderTransformer": lambda: fitted(DENSE),
}
every_class = pytest.mark.parametrize("name", CASES)


def with_field(record, path, value):
    """Return a record with another value at a path of field names."""
    first, *rest = path
    return replace(record, **{first: with_field(getattr(record, first), rest, value) if rest else value})


def check(name, attributes=None, **changes):
    """Check the attributes of a class after changes; fields of the state are given as `input__layout`."""
    attributes = dict(attributes or CASES[name]())
    for path, value in changes.items():
        if path in attributes:
            attributes[path] = value
        else:
            attributes["_fitted"] = with_field(attributes["_fitted"], path.split("__"), value)
    check_fitted(name, attributes, "it")


def refused(message, name, attributes=None, **changes):
    with pytest.raises(SkseqaeFormatError, match=f"^it{message}"):
        check(name, attributes, **changes)


def field_paths(record, path=()):
    """Yield the paths of all fields of a record and of the records in it."""
    for field in fields(record):
        yield (*path, field.name)
        if is_dataclass(getattr(record, field.name)):
            yield from field_paths(getattr(record, field.name), (*path, field.name))


@every_class
def test_a_state_as_training_leaves_it_is_accepted(name):
    assert CASES[name]().keys() == RULES[name].keys()
    check(name)


@every_class
def test_a_value_of_another_type_is_refused_by_its_path(name):
    attributes = CASES[name]()
    for attribute in attributes:
        refused(rf"\.{attribute} is '\{{7\}}', but must be ", name, **{attribute: {7}})
    paths = list(field_paths(attributes["_fitted"]))
    assert len(paths) > 25
    for path in paths:
        of_scaling = path[-1] in ("mean", "std")  # arrays, whose shape depends on the architecture
        message = "must be an array of <f8" if of_scaling else r"is '\{7\}', but must be "
        refused(rf"\._fitted\.{'.'.join(path)} {message}", name, **{"__".join(path): {7}})


@every_class
def test_architecture_and_target_are_those_of_the_class(name):
    state = CASES[name]()["_fitted"]
    for other in (ENCODER, SEQUENCES, DENSE):
        if type(other) not in STATES[name][0]:
            required = " or a ".join(each.__name__ for each in STATES[name][0])
            refused(rf"\._fitted\.architecture must be a {required}\.", name, architecture=other)
    for other in (None, VECTOR, LABEL):
        if type(other) is not type(state.target):
            required = "None" if state.target is None else f"a {type(state.target).__name__}"
            refused(rf"\._fitted\.target must be {required}\.", name, target=other)


# --- the rule of each field, up to its limits -------------------------------------------------------------------------

WHOLE, COUNT = [0, 1, MAX_INT], [1, MAX_INT]
BOOL, NUMBER = [False, True], [-MAX_INT, MAX_INT, 0.5, float("nan"), float("-inf")]
NOT_WHOLE, NOT_COUNT = [-1, MAX_INT + 1, True, 1.0, "1"], [0, -1, MAX_INT + 1, True, 1.0, None]
NOT_BOOL, NOT_NUMBER = [0, 1, None, np.True_], [-MAX_INT - 1, MAX_INT + 1, "0", True, np.float64(1.0)]
OUTPUTS = ["linear", "sigmoid", "softmax", "exponential"]
NAMES = {"activation": ["tanh", "relu", "sigmoid", "linear"], "output_activation": OUTPUTS}
NOT_NAME = ["", None, 1, ("linear",), ["linear"]]
FRACTIONS = ([0.0, 0.999], [-1e-9, 1.0, float("nan"), 0, "0", np.float64(0.5)])
UNITS = ([(1,), (MAX_INT,), (1,) * 100], [(), (1,) * 101, [1], (0,), (True,), (1, 2.0), (MAX_INT + 1,), 1])
TOKEN_ARRAYS = [LETTERS, np.array([1.5, 2]), np.array([(1, ("a", b"b")), True, "c"], dtype=object)[:1]]
NOT_TOKENS = [
    *([], ["a"], np.array([]), np.array([["a"]]), np.array(["a", "a"]), np.array([None]), np.array([1, True, 1])),
]
RECURRENT = {
    "units": UNITS,
    "cell": ([*CELLS], ["elman", None]),
    "activation": (NAMES["activation"], [*NOT_NAME, "softmax"]),
    "bidirectional": (BOOL, NOT_BOOL),
    "dropout": FRACTIONS,
    "differences": (BOOL, NOT_BOOL),
    "patch_size": (COUNT, NOT_COUNT),
    "n_features": (COUNT, NOT_COUNT),
    "n_tokens": ([*COUNT, None], NOT_COUNT[:-1]),
    "frozen": ([(), ("encoder",)], [("label",), ("encoder",) * 2, [], None]),
}
INPUT = FittedInput(Layout("list"), None, (0, 1), scaling(1), None)
VALUES = {
    Architecture: RECURRENT
    | {
        "latent_dim": (COUNT, NOT_COUNT),
        "heads": (
            [("reconstruction",), ("prediction",), ("reconstruction", "prediction"), ("reconstruction", "label")],
            [(), ("sequence",), ["reconstruction"], ("prediction", "reconstruction"), ("label",) * 2, (1,)],
        ),
        "head_features": ([(1,), (1, MAX_INT)], [(), (1, 1, 1), [1], (0,), (1.0,)]),
        "decoder": (["repeat", "conditional"], ["none", None]),
        "n_timesteps": ([()], [(1,), [], None]),
        "output_activation": (NAMES["output_activation"], [*NOT_NAME, "tanh"]),
        "reverse": (BOOL, NOT_BOOL),
        "pooling": (
            [(), ("shares",), ("last", "mean"), tuple(SIZES)],
            [["mean"], "mean", ("median",), ("statistics",), (1,), (None,), ("mean",) * (len(SIZES) + 1), None],
        ),
        "n_encodings": ([*COUNT, None], NOT_COUNT[:-1]),
        "time_features": (BOOL, NOT_BOOL),
        "readout": (BOOL, NOT_BOOL),
        "n_classes": ([*COUNT, None], NOT_COUNT[:-1]),
    },
    Seq2SeqArchitecture: RECURRENT
    | {
        "n_classes": (COUNT, NOT_COUNT),
        "heads": ([("sequence",)], [(), ("reconstruction",), ("label",), ("label", "sequence")]),
        "has_end": (BOOL, NOT_BOOL),
    },
    DenseArchitecture: {
        "n_features": (COUNT, NOT_COUNT),
        "latent_dim": (COUNT, NOT_COUNT),
        "hidden_layer_sizes": ([(), *UNITS[0]], UNITS[1][1:]),
        "activation": (NAMES["activation"], [*NOT_NAME, "softmax"]),
        "latent_activation": (NAMES["activation"], [*NOT_NAME, "softmax"]),
        "noise": ([0.0, 1.0], [-1e-9, 1.001, float("nan"), 0]),
        "output_activation": (NAMES["output_activation"], [*NOT_NAME, "tanh"]),
    },
    Layout: {
        "container": (["list", "padded", "table", "rows", "sequences"], [*NOT_NAME, "frame"]),
        "n_timesteps": ([*WHOLE, None], NOT_WHOLE),
        "univariate": (BOOL, NOT_BOOL),
        "padding_value": ([*NUMBER, None], NOT_NUMBER),
        "feature_names": ([("a",), ("a", "b"), None], [(), ["a"], "a", ("a", 1), np.array(["a"])]),
    },
    TargetLayout: {
        "target_type": (["number", "vector", "sequences"], [*NOT_NAME, "list"]),
        "layout": ([Layout("list"), None], ["list", TargetLayout("vector")]),
        "length": ([*WHOLE, None], NOT_WHOLE),
        "length_offset": ([-MAX_INT, 0, MAX_INT, None], [-MAX_INT - 1, MAX_INT + 1, True, 0.0]),
    },
    FittedInput: {
        "layout": ([Layout("list")], [None, "list", TargetLayout("vector")]),
        "padding_value": ([*NUMBER, None], NOT_NUMBER),
        "length_range": ([(0, 0), (1, MAX_INT)], [(), (1,), (1, 2, 3), [1, 2], (-1, 2), (1, 2.0)]),
        "scaling": ([scaling(1)], [None, {}, np.ones(1), Layout("list")]),
        "feature_std": ([np.ones(1), None], [[1.0], (1.0,), 1.0]),
        "vocabulary": ([None, *TOKEN_ARRAYS], NOT_TOKENS),
        "missing": (["error", "mask"], [None, "nan", True]),
    },
    FittedTarget: {
        "horizon": ([*COUNT, None], NOT_COUNT[:-1]),
        "layout": ([TargetLayout("vector")], [None, "vector", Layout("list")]),
        "scaling": ([scaling(1)], [None, {}, np.ones(1), Layout("list")]),
    },
    FittedLabels: {
        "label_type": (["label", "table", "list"], [*NOT_NAME, "sequence"]),
        "max_length": (COUNT, NOT_COUNT),
        "classes": (TOKEN_ARRAYS, [None, *NOT_TOKENS]),
    },
    FittedState: {
        "architecture": ([ENCODER, SEQUENCES, DENSE], [None, {}, "lstm", Layout("list"), INPUT]),
        "weights": ([{}], [None, [], OrderedDict()]),
        "optimizer_state": ([[]], [None, (), {}, np.ones(1)]),
        "history": ([{}], [None, [], OrderedDict()]),
        "generator": ([np.random.RandomState(1)], [None, 0, np.random.default_rng(0)]),
        "input": ([INPUT], [None, {}, Layout("list"), LABEL]),
        "target": ([None, VECTOR, LABEL], [{}, "label", TargetLayout("vector"), INPUT]),
        "baseline_loss": ([None, 0.0, 1e9], ["1.0", float("nan"), float("inf"), 1, np.float64(1.0)]),
    },
    "features": {
        "n_features_in_": (COUNT, NOT_COUNT),
        "feature_names_in_": ([None, *TOKEN_ARRAYS], NOT_TOKENS),
    },
    "output config": {"container": (["default", "pandas", "polars"], ["numpy", None, ""])},
}
FIELDS = [(record, field) for record, values in VALUES.items() for field in values]


@pytest.mark.parametrize(("record", "field"), FIELDS, ids=lambda x: getattr(x, "__name__", x))
def test_a_rule_accepts_all_values_up_to_its_limits_and_no_others(record, field):
    tables = RECORD_RULES | {"features": FEATURES, "output config": {"container": CONTAINER}}
    rule, (right, wrong) = tables[record][field], VALUES[record][field]
    for value in right:
        rule.check(value, "it")
    for value in wrong:
        with pytest.raises(SkseqaeFormatError, match="(?s)^it is .*, but must be "):
            rule.check(value, "it")


def test_every_field_of_every_record_has_a_rule():
    for record, rules in RECORD_RULES.items():
        assert rules.keys() == VALUES[record].keys() == record.__dataclass_fields__.keys()
    assert set(RECORDS.values()) - RECORD_RULES.keys() == {Scaling, Distance}  # whose arrays depend on others


def test_every_attribute_of_every_class_has_a_rule():
    assert RULES.keys() == _estimators.CLASSES.keys()
    assert STATES.keys() == CASES.keys() == ESTIMATORS.keys() - {"SequenceOutlierDetector"}
    for name in CASES:
        assert RULES[name].keys() - {"_fitted", "_sklearn_output_config"} == FEATURES.keys()
    assert RULES["SequenceOutlierDetector"].keys() == FEATURES.keys() | {"estimator_", "offset_", "_distance"}
    for name in ("PerTimestep", "Resampler", "SequencePadder"):
        fitted = _estimators.CLASSES[name](*[StandardScaler()] * (name == "PerTimestep")).fit([[1.0, 2.0], [3.0]])
        assert RULES[name].keys() - {"_sklearn_output_config"} | {*fitted.get_params(deep=False)} >= vars(fitted).keys()
    assert RULES["SequenceImputer"].keys() - FEATURES.keys() == {
        *("estimator_", "correlations_", "_layout", "_padding_value", "_n_features")
    }
    assert {"feature_names_in_", "_sklearn_output_config"} == OPTIONAL


def test_the_output_config_is_the_name_of_a_container():
    for right in (None, {"transform": "pandas"}):
        check("DenseAutoencoderTransformer", _sklearn_output_config=right)
    for wrong in ("pandas", {}, {"transform": "numpy"}, {"predict": "pandas"}, {"transform": "pandas", "more": 1}):
        refused(r"\._sklearn_output_config is", "DenseAutoencoderTransformer", _sklearn_output_config=wrong)


def test_a_long_value_is_abbreviated_in_the_message():
    with pytest.raises(SkseqaeFormatError) as caught:
        check("Seq2SeqClassifier", target__label_type="x" * 999)
    message = f"it._fitted.target.label_type is '{'x' * 100}', but must be one of ('label', 'table', 'list')."
    assert str(caught.value) == message


# --- values that must match -------------------------------------------------------------------------------------------


def test_records_in_records_are_checked():
    name = "CompositeSequenceRegressor"
    broken = TargetLayout("sequences", Layout("list", univariate=1))
    refused(r"\._fitted\.target\.layout\.layout\.univariate is '1'", name, target__layout=broken)
    with_names = Layout("list", feature_names=("a",))
    refused(r"\._fitted\.input\.layout\.feature_names require", name, input__layout=with_names)
    check(name, input__layout=replace(with_names, container="sequences"))
    for container in ("padded", "table"):
        refused(r"\._fitted\.input\.layout\.n_timesteps is missing", name, input__layout=Layout(container))
    check(name, input__layout=Layout("padded", 0))


@pytest.mark.parametrize("name", list(CASES)[:3])
def test_rows_are_the_layout_of_one_class_only(name):
    refused(rf"\._fitted\.input\.layout is not one of {name}", name, input__layout=Layout("rows"))
    name = "DenseAutoencoderTransformer"
    refused(rf"\._fitted\.input\.layout is not one of {name}", name, input__layout=Layout("list"))


@every_class
def test_weights_have_the_shapes_of_the_network(name):
    whole = CASES[name]()["_fitted"].weights
    part, arrays = next(iter(whole.items()))
    path, first = rf"\._fitted\.weights\.{part}", arrays[0]
    for parts in ({}, {"encoder": whole["encoder"]}, whole | {"more": []}):
        refused(r"\._fitted\.weights must be those of \['encoder', ", name, weights=parts)
    for wrong in (tuple(arrays), arrays[:-1], [*arrays, first], None):
        refused(rf"{path} must be {len(arrays)} arrays", name, weights=whole | {part: wrong})
    for wrong in (first.astype(np.float64), first[:-1], first.tolist(), None):
        refused(rf"{path}\.0 must be an array of <f4", name, weights=whole | {part: [wrong, *arrays[1:]]})
    for number in (np.nan, np.inf, -np.inf):
        wrong = first.copy()
        wrong.flat[-1] = number
        refused(rf"{path}\.0 holds numbers that are not", name, weights=whole | {part: [wrong, *arrays[1:]]})


def test_the_optimizer_state_has_shapes_of_weights():
    name, path = "LSTMAutoencoderTransformer", r"\._fitted\.optimizer_state"
    for shape in ((), (2, 16), (2,), (16,), (3, 16)):  # of a weight, or of one without an axis
        for dtype in ("<f4", "<i4", "<i8"):
            check(name, optimizer_state=[np.ones(shape, dtype)])
    check(name, optimizer_state=[np.ones(4, np.float32)])  # the recurrent kernel (4, 16) without its last axis
    regressor = "CompositeSequenceRegressor"
    check(regressor, optimizer_state=[np.ones(12, np.float32)])  # the bias (2, 12) of a GRU without its first axis
    refused(rf"{path}\.0 is not an array", regressor, optimizer_state=[np.ones(7, np.float32)])
    for wrong in (np.ones((16, 2), np.float32), np.ones((2, 16, 1), np.float32), np.ones(5, np.float32), 1.0, None):
        refused(rf"{path}\.1 is not an array with the shape", name, optimizer_state=[np.array(1), wrong])
    refused(rf"{path}\.0 must be an array of <f4 or", name, optimizer_state=[np.ones(16)])
    refused(rf"{path}\.0 holds", name, optimizer_state=[np.full(16, np.nan, np.float32)])


def test_the_history_holds_the_losses_of_the_network_and_the_main_one_of_every_epoch():
    name, path = "CompositeSequenceRegressor", r"\._fitted\.history"
    check(name, history={"loss": np.ones(2), "val_prediction_loss": np.ones(1), "reconstruction_loss": np.ones(2)})
    check(name, history={"loss": np.ones(1)})
    losses = ("loss", "reconstruction_loss", "prediction_loss")
    check(name, history={f"{prefix}{loss}": np.ones(3) for loss in losses for prefix in ("", "val_")})
    for wrong in ({}, {"val_loss": np.ones(2)}, {"loss": np.ones(2), "label_loss": np.ones(2)}):
        refused(rf"{path} must be of 'loss' and others of", name, history=wrong)
    for wrong in (np.ones((2, 1)), np.ones(2, np.float32)):
        refused(rf"{path}\.loss must be an array of <f8", name, history={"loss": wrong})
    for wrong in (np.ones(0), np.array(1.0), [1.0, 1.0], [[1.0], [1.0, 2.0]], (1.0,), "a", None, 1.0):
        refused(rf"{path}\.loss must be an array of at least one epoch", name, history={"loss": wrong})
    for wrong in (np.ones(3), np.ones(0), np.ones((2, 1)), [1.0], [[1.0], [1.0, 2.0]], np.array(1.0)):
        refused(rf"{path}\.val_loss must be", name, history={"loss": np.ones(2), "val_loss": wrong})
    refused(rf"{path}\.loss holds numbers", name, history={"loss": np.array([1.0, np.nan])})


@every_class
def test_scalings_are_finite_and_standard_deviations_positive(name):
    n_features, path = CASES[name]()["_fitted"].architecture.n_features, r"\._fitted\.input"
    for part in ("mean", "std"):
        for wrong in (np.ones(n_features + 1), np.ones(n_features, np.float32), [1.0] * n_features):
            refused(rf"{path}\.scaling\.{part} must be", name, **{f"input__scaling__{part}": wrong})
        wrong = np.full(n_features, np.inf)
        refused(rf"{path}\.scaling\.{part} holds", name, **{f"input__scaling__{part}": wrong})
    check(name, input__scaling=Scaling(-np.ones(n_features), np.full(n_features, 1e-9)))
    for wrong in (np.zeros(n_features), np.r_[np.ones(n_features - 1), -1.0]):
        refused(rf"{path}\.scaling\.std must be above 0", name, input__scaling__std=wrong)
        refused(rf"{path}\.feature_std must be above 0", name, input__feature_std=wrong)
    refused(rf"{path}\.feature_std must be an array", name, input__feature_std=np.ones(n_features + 1))
    refused(rf"{path}\.feature_std holds", name, input__feature_std=np.full(n_features, np.inf))
    if name != "Seq2SeqClassifier":
        refused(rf"{path}\.feature_std is missing", name, input__feature_std=None)
        refused(rf"{path}\.vocabulary is not one of {name}", name, input__vocabulary=LETTERS)


def test_lengths_features_and_names_match():
    name = "LSTMAutoencoderTransformer"
    for right in ((0, 1), (3, 3)):
        check(name, input__length_range=right)
    for wrong in ((0, 0), (4, 3)):
        message = r"\._fitted\.input\.length_range must be two lengths, the lower first"
        refused(message, name, input__length_range=wrong)
    refused(r"\.n_features_in_ is 3, but the network reads 2", name, n_features_in_=3)
    table = {"input__layout": Layout("table", 3), "n_features_in_": 3}
    check(name, **table)
    names = np.array(["a", "b", "c"])
    check(name, **table, feature_names_in_=names.astype(object))
    refused(r"\.feature_names_in_ must be 3 names", name, **table, feature_names_in_=names[:2])
    refused(r"\.feature_names_in_ must be strings", name, **table, feature_names_in_=np.array(["a", "b", 3], object))


def test_labels_and_tokens_match_the_network():
    name, target = "Seq2SeqClassifier", r"\._fitted\.target"
    tables = fitted(TABLES, replace(LIST_OF_LABELS, label_type="table"), **TOKENS)
    label = fitted(SINGLE, LABEL, feature_std=None)
    check(name, tables)
    check(name, label)
    check(name, label, input__feature_std=np.ones(2))
    for label_type in ("label", "table"):
        message = rf"{target}\.label_type is '{label_type}', but the network predicts a sequence"
        refused(message, name, target__label_type=label_type)
    for label_type in ("list", "label"):
        refused(rf"{target}\.label_type is '{label_type}'", name, tables, target__label_type=label_type)
    for label_type in ("table", "list"):
        message = rf"{target}\.label_type is '{label_type}', but the network predicts a label"
        refused(message, name, label, target__label_type=label_type)
    one_label_tokens = fitted(replace(SINGLE, n_features=1, n_tokens=7), LABEL, **TOKENS)
    check(name, one_label_tokens)
    for wrong in (CLASSES[:2], LETTERS):
        refused(rf"{target}\.classes must be 3 labels", name, target__classes=wrong)
    for wrong in (None, LETTERS[:6]):
        refused(r"\._fitted\.input\.vocabulary must be 7 tokens", name, input__vocabulary=wrong)
    refused(r"\._fitted\.input\.vocabulary must be None tokens", name, label, input__vocabulary=LETTERS)
    wide = fitted(replace(SEQUENCES, n_features=2), LIST_OF_LABELS, **TOKENS)
    refused(r"\._fitted\.architecture\.n_features must be 1 for tokens", name, wide)


def test_tokens_have_no_differences_and_no_patches():
    for change in ({"differences": True}, {"patch_size": 2}):
        architecture = replace(SEQUENCES, **change)
        refused(
            r"\._fitted\.architecture: tokens have no differences and no patches",
            "Seq2SeqClassifier",
            fitted(architecture, LIST_OF_LABELS, **TOKENS),
        )
        check("Seq2SeqClassifier", fitted(replace(SINGLE, **change), LABEL))


def test_the_architecture_of_one_label_is_refused_for_other_classes_and_where_it_does_not_match():
    name, path = "Seq2SeqClassifier", r"\._fitted\.architecture"
    both = replace(SINGLE, heads=("reconstruction", "label"), head_features=(2, 1), reverse=True)
    pooled = replace(both, pooling=("shares", "mean"), readout=True, frozen=("encoder",))
    for right in (both, pooled):
        check(name, fitted(right, LABEL))
    for architecture, change, message in (
        (SINGLE, {"n_classes": None}, "n_classes does not match"),
        (pooled, {"readout": False}, "readout is missing"),
        (both, {"readout": True}, "readout has no meaning"),
        (SINGLE, {"head_features": (2,)}, "head_features must be"),
        (SINGLE, {"reverse": True}, "reverse has no meaning"),
    ):
        wrong = replace(architecture, **change)
        refused(rf"{path}\.{message}", name, fitted(architecture, LABEL), architecture=wrong)
    tokens = replace(both, n_features=1, head_features=(1, 1), n_tokens=7)
    refused(rf"{path}\.heads: tokens are not reconstructed", name, fitted(tokens, LABEL, **TOKENS))
    pooled_tokens = replace(SINGLE, n_features=1, n_tokens=7, pooling=("mean",), readout=True)
    check(name, fitted(pooled_tokens, LABEL, **TOKENS))
    for other, target in (("LSTMAutoencoderTransformer", None), ("CompositeSequenceRegressor", VECTOR)):
        attributes = fitted(both, target)
        refused(rf"{path}\.heads must be those of an autoencoder", other, attributes)
    for change in ({"n_tokens": 7}, {"frozen": ("encoder",)}):
        message = rf"{path}\.n_tokens and frozen have no meaning"
        refused(message, "LSTMAutoencoderTransformer", fitted(replace(ENCODER, **change)))


NAME, POOLED_PATH = "LSTMAutoencoderTransformer", r"\._fitted"


def test_architectures_with_statistics_are_accepted():
    for change in (
        {},
        {"n_encodings": None},
        {"pooling": ("mean",)},
        {"pooling": tuple(SIZES), "bidirectional": True, "units": (2, 3)},
        {"time_features": False, "decoder": "conditional"},
        {"heads": BOTH.heads, "head_features": (2, 2)},
    ):
        check(NAME, fitted(replace(POOLED, **change)))
    check(NAME, fitted(replace(ENCODER, differences=True, patch_size=3, time_features=True)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pooling": ("mean", "mean")}, "pooling names a statistic twice"),
        ({"pooling": ()}, "n_encodings has no meaning without pooling"),
        ({"decoder": "conditional"}, "time_features has no meaning"),
        ({"readout": True}, "readout has no meaning"),
        ({"pooling": ("median",)}, r"pooling is .*median.*, but must be a tuple"),
        ({"n_encodings": 0}, "n_encodings is '0', but must be "),
    ],
)
def test_impossible_statistics_are_refused(change, message):
    refused(rf"{POOLED_PATH}\.architecture\.{message}", NAME, fitted(POOLED), architecture=replace(POOLED, **change))


def test_a_readout_predicts_one_value_for_each_sequence():
    name, architecture = "CompositeSequenceRegressor", replace(POOLED, heads=BOTH.heads, readout=True)
    architecture, scaling = replace(architecture, head_features=(2, 2)), Scaling(np.zeros(2), np.ones(2))
    check(name, fitted(architecture, FittedTarget(None, TargetLayout("vector", length=1), scaling)))
    sequences = FittedTarget(1, TargetLayout("sequences"), scaling)
    refused(r"\._fitted\.architecture\.readout does not match the target type", name, fitted(architecture, sequences))


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": ("last",)},
        {"pooling": ("shares",)},
        {"pooling": ("shares", "last", "mean")},
        {"pooling": (), "n_encodings": None},
        {"n_encodings": None},
        {"n_encodings": 6},
        {"latent_dim": 4},
        {"units": (5,)},
        {"bidirectional": True},
        {"differences": False},
        {"patch_size": 3},
        {"time_features": False},
    ],
    ids=str,
)
def test_weights_with_statistics_are_those_of_the_architecture(change):
    changed = replace(POOLED, **change)
    refused(rf"{POOLED_PATH}\.weights", NAME, fitted(POOLED), architecture=changed)
    refused(rf"{POOLED_PATH}\.weights", NAME, fitted(changed), architecture=POOLED)


def test_each_array_of_statistics_has_its_shape():
    weights = fitted(POOLED)["_fitted"].weights
    assert [array.shape for array in weights["encoding"]] == [(len(QUANTILES), 8), (8 * (len(QUANTILES) + 1), 5), (5,)]
    for part in ("latent", "encoding", "inverse"):
        refused(rf"{POOLED_PATH}\.weights must be those", NAME, fitted(POOLED), weights={**weights} | {"more": []})
        without_part = {name: arrays for name, arrays in weights.items() if name != part}
        refused(rf"{POOLED_PATH}\.weights must be those", NAME, fitted(POOLED), weights=without_part)
        for i, array in enumerate(weights[part]):
            path = rf"{POOLED_PATH}\.weights\.{part}"
            for wrong in (array[:-1], array[None], array.astype(np.float64), array * np.nan):
                arrays = [*weights[part][:i], wrong, *weights[part][i + 1 :]]
                refused(rf"{path}\.{i} ", NAME, fitted(POOLED), weights=weights | {part: arrays})
            fewer = weights[part][:i] + weights[part][i + 1 :]
            refused(path, NAME, fitted(POOLED), weights=weights | {part: fewer})


def test_each_head_of_an_autoencoder_has_the_features_of_x():
    name, path = "LSTMAutoencoderTransformer", r"\._fitted\.architecture"
    check(name, fitted(replace(BOTH, head_features=(2, 2))))
    check(name, fitted(replace(ENCODER, reverse=True)))
    check(name, fitted(replace(ENCODER, heads=("prediction",))))
    for architecture in (replace(ENCODER, head_features=(3,)), BOTH):
        refused(rf"{path}\.head_features must be those of X", name, fitted(architecture))
    backwards = replace(ENCODER, heads=("prediction",), reverse=True)
    refused(rf"{path}\.reverse has no meaning", name, fitted(backwards))


def test_the_target_of_a_regressor_matches_its_layout_and_horizon():
    name, target = "CompositeSequenceRegressor", r"\._fitted\.target"
    sequences = TargetLayout("sequences", Layout("list"))
    check(name, target__layout=sequences)
    single = fitted(replace(BOTH, head_features=(2, 1)), replace(VECTOR, scaling=scaling(1)))
    check(name, single)
    check(name, single, target__layout=TargetLayout("number"))
    forecast = fitted(replace(BOTH, head_features=(2, 2)), FittedTarget(3, TargetLayout("sequences"), scaling(2)))
    check(name, forecast)
    layout = rf"{target}\.layout\.layout does not match the target type"
    refused(layout, name, target__layout=TargetLayout("sequences"))
    refused(layout, name, target__layout=TargetLayout("vector", Layout("list")))
    refused(layout, name, forecast, target__layout=sequences)
    not_of_horizon = rf"{target}\.layout\.target_type is not that of a horizon"
    refused(not_of_horizon, name, forecast, target__layout=TargetLayout("vector"))
    other_features = {"target__horizon": 3, "target__layout": TargetLayout("sequences")}
    refused(rf"{target}\.horizon requires the features of X", name, **other_features)
    refused(rf"{target}\.layout\.target_type must be 'vector'", name, target__layout=TargetLayout("number"))
    refused(rf"{target}\.scaling\.mean must be", name, target__scaling=scaling(2))
    refused(rf"{target}\.scaling\.std must be above 0", name, target__scaling=Scaling(np.ones(5), np.zeros(5)))
    alone = fitted(ENCODER, replace(VECTOR, scaling=scaling(2)))
    refused(r"\._fitted\.architecture\.heads must be both", name, alone)
    reads_other = fitted(replace(BOTH, head_features=(3, 5)), VECTOR)
    refused(r"\._fitted\.architecture\.head_features must be those of X", name, reads_other)


def test_heads_without_their_features_are_refused():
    for features in ((2,), (2, 5, 5)):
        message = r"\._fitted\.architecture\.head_features"
        refused(message, "CompositeSequenceRegressor", architecture__head_features=features)
