"""What a fitted estimator may hold: to the last number that may be, and what must agree with what."""

from dataclasses import replace

import numpy as np
import pytest

from skseqae import SkseqaeFormatError
from skseqae.data._layout import Layout
from skseqae.data._scaling import Scaling
from skseqae.data._targets import TargetLayout
from skseqae.networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from skseqae.networks._weight_shapes import weight_shapes
from skseqae.persistence._consistency import check_fitted
from skseqae.persistence._schema import CONTAINER, RECORD_RULES, RULES, SHARED

ENCODER = Architecture(2, 3, (4,), head_features=(2,))
BOTH = Architecture(2, 3, (4,), cell="gru", heads=("reconstruction", "prediction"), head_features=(2, 5))
SPELLER = Seq2SeqArchitecture(1, 7, 3, (4, 2), heads=("sequence",), has_end=True)
LABELLER = Seq2SeqArchitecture(2, None, 3, (4,))
DENSE = DenseArchitecture(2, 1, (3,))
MAX_INT = 2**31 - 1  # of the whole numbers in a file
ALL, CLASSES = np.array(list("abcdefg")), np.array(["x", "y", "z"])


def scaling(n_features):
    return Scaling(np.zeros(n_features), np.ones(n_features))


def fitted(architecture, **others):
    """Return all attributes of an estimator that is fitted, as `check_fitted` is given them."""
    shapes = weight_shapes(architecture)
    losses = ["loss", "val_loss", *(f"{head}_loss" for head in architecture.heads)]
    return {
        "_architecture": architecture,
        "_layout": Layout("list"),
        "_padding_value": None,
        "_length_range": (0, 5),
        "_random": np.random.RandomState(0),
        "_scaling": scaling(architecture.n_features),
        "_weights": {part: [np.ones(shape, np.float32) for shape in every] for part, every in shapes.items()},
        "_optimizer_state": [np.array(3), np.array(0.1, np.float32)]
        + [np.ones(shape, np.float32) for every in shapes.values() for shape in every],
        "history_": {loss: np.ones(2) for loss in losses},
        "n_iter_": 2,
        "n_features_in_": architecture.n_features,
        "feature_names_in_": None,
        "_feature_std": np.ones(architecture.n_features),
        **others,
    }


NO_CONFIG = {"_sklearn_output_config": None}
SAYS_Y = {"_horizon": None, "_target_layout": TargetLayout("vector"), "_target_scaling": scaling(5), **NO_CONFIG}
SPELLS = {"_feature_std": None, "_kind": "list", "_longest": 4, "classes_": CLASSES, "vocabulary_": ALL}
LABELS = {**SPELLS, "_kind": "label", "vocabulary_": None}
CASES = {
    "LSTMAutoencoderTransformer": lambda: fitted(ENCODER, **NO_CONFIG),
    "CompositeSequenceRegressor": lambda: fitted(BOTH, **SAYS_Y),
    "Seq2SeqClassifier": lambda: fitted(SPELLER, **SPELLS),
    "DenseAutoencoderTransformer": lambda: fitted(DENSE, **NO_CONFIG, _layout=Layout("rows")),
}
every_class = pytest.mark.parametrize("name", CASES)


def check(name, **changes):
    check_fitted(name, CASES[name]() | changes, "it")


def refused(message, name, **changes):
    with pytest.raises(SkseqaeFormatError, match=f"^it{message}"):
        check(name, **changes)


@every_class
def test_what_training_leaves_passes(name):
    assert CASES[name]().keys() == RULES[name].keys()
    check(name)


@every_class
def test_an_attribute_of_another_type_is_refused_by_its_name(name):
    for attribute in CASES[name]():
        refused(rf"\.{attribute} is '\{{7\}}', but must be ", name, **{attribute: {7}})


# --- each rule to its last value --------------------------------------------------------------------------------------

WHOLE, COUNT = [0, 1, MAX_INT], [1, MAX_INT]
TRUTH, NUMBER = [False, True], [-MAX_INT, MAX_INT, 0.5, float("nan"), float("-inf")]
NO_WHOLE, NO_COUNT = [-1, MAX_INT + 1, True, 1.0, "1"], [0, -1, MAX_INT + 1, True, 1.0, None]
NO_TRUTH, NO_NUMBER = [0, 1, None, np.True_], [-MAX_INT - 1, MAX_INT + 1, "0", True, np.float64(1.0)]
NAMES = {"activation": ["tanh", "relu", "sigmoid", "linear"], "output_activation": ["linear", "sigmoid", "softmax"]}
NO_NAME = ["", None, 1, ("linear",), ["linear"]]
SHARES = ([0.0, 0.999], [-1e-9, 1.0, float("nan"), 0, "0", np.float64(0.5)])
UNITS = ([(1,), (MAX_INT,), (1,) * 100], [(), (1,) * 101, [1], (0,), (True,), (1, 2.0), (MAX_INT + 1,), 1])
RECURRENT = {
    "units": UNITS,
    "cell": (["lstm", "gru"], ["rnn", None]),
    "activation": (NAMES["activation"], [*NO_NAME, "softmax"]),
    "bidirectional": (TRUTH, NO_TRUTH),
    "dropout": SHARES,
}
VALUES = {
    Architecture: RECURRENT
    | {
        "n_features": (COUNT, NO_COUNT),
        "latent_dim": (COUNT, NO_COUNT),
        "heads": (
            [("reconstruction",), ("prediction",), ("reconstruction", "prediction")],
            [(), ("label",), ["reconstruction"], ("prediction", "reconstruction"), ("prediction",) * 2, (1,)],
        ),
        "head_features": ([(1,), (1, MAX_INT)], [(), (1, 1, 1), [1], (0,), (1.0,)]),
        "decoder": (["repeat", "conditional"], ["none", None]),
        "n_timesteps": ([()], [(1,), [], None]),
        "output_activation": (NAMES["output_activation"], [*NO_NAME, "tanh"]),
        "reverse": (TRUTH, NO_TRUTH),
    },
    Seq2SeqArchitecture: RECURRENT
    | {
        "n_features": (COUNT, NO_COUNT),
        "n_tokens": ([*COUNT, None], NO_COUNT[:-1]),
        "n_classes": (COUNT, NO_COUNT),
        "heads": ([("label",), ("sequence",)], [(), ("reconstruction",), ("label", "sequence")]),
        "has_end": (TRUTH, NO_TRUTH),
        "frozen": ([(), ("encoder",)], [("label",), ("encoder",) * 2, [], None]),
    },
    DenseArchitecture: {
        "n_features": (COUNT, NO_COUNT),
        "latent_dim": (COUNT, NO_COUNT),
        "hidden_layer_sizes": ([(), *UNITS[0]], UNITS[1][1:]),
        "activation": (NAMES["activation"], [*NO_NAME, "softmax"]),
        "latent_activation": (NAMES["activation"], [*NO_NAME, "softmax"]),
        "noise": ([0.0, 1.0], [-1e-9, 1.001, float("nan"), 0]),
        "output_activation": (NAMES["output_activation"], [*NO_NAME, "tanh"]),
    },
    Layout: {
        "kind": (["list", "padded", "table", "rows", "sequences"], [*NO_NAME, "frame"]),
        "n_timesteps": ([*WHOLE, None], NO_WHOLE),
        "univariate": (TRUTH, NO_TRUTH),
        "padding_value": ([*NUMBER, None], NO_NUMBER),
        "feature_names": ([("a",), ("a", "b"), None], [(), ["a"], "a", ("a", 1), np.array(["a"])]),
    },
    TargetLayout: {
        "kind": (["number", "vector", "sequences"], [*NO_NAME, "list"]),
        "layout": ([Layout("list"), None], ["list", TargetLayout("vector")]),
        "length": ([*WHOLE, None], NO_WHOLE),
        "surplus": ([-MAX_INT, 0, MAX_INT, None], [-MAX_INT - 1, MAX_INT + 1, True, 0.0]),
    },
    "of every class": {
        "_padding_value": ([*NUMBER, None], NO_NUMBER),
        "_length_range": ([(0, 0), (1, MAX_INT)], [(), (1,), (1, 2, 3), [1, 2], (-1, 2), (1, 2.0)]),
        "n_iter_": (COUNT, NO_COUNT),
        "n_features_in_": (COUNT, NO_COUNT),
        "feature_names_in_": (
            [None, ALL, np.array([1.5, 2]), np.array([(1, ("a", b"b")), True, "c"], dtype=object)[:1]],
            [
                [],
                ["a"],
                np.array([]),
                np.array([["a"]]),
                np.array(["a", "a"]),
                np.array([None]),
                np.array([1, True, 1]),
            ],
        ),
        "_random": ([np.random.RandomState(1)], [None, 0, np.random.default_rng(0)]),
        "_feature_std": ([np.ones(1)], [None, [1.0]]),
    },
    "of containers": {"": (["default", "pandas", "polars"], ["numpy", None, ""])},
}
FIELDS = [(table, field) for table, fields in VALUES.items() for field in fields]


@pytest.mark.parametrize(("table", "field"), FIELDS, ids=lambda x: getattr(x, "__name__", x))
def test_a_rule_holds_to_its_last_value_and_no_further(table, field):
    tables = RECORD_RULES | {"of every class": SHARED, "of containers": {"": CONTAINER}}
    rule, (right, wrong) = tables[table][field], VALUES[table][field]
    for value in right:
        rule.check(value, "it")
    for value in wrong:
        with pytest.raises(SkseqaeFormatError, match="(?s)^it is .*, but must be "):
            rule.check(value, "it")


def test_every_field_of_every_record_has_its_rule():
    for record, rules in RECORD_RULES.items():
        assert rules.keys() == VALUES[record].keys() == record.__dataclass_fields__.keys()


def test_what_comes_out_is_set_by_the_name_of_a_container():
    for right in (None, {"transform": "pandas"}):
        check("DenseAutoencoderTransformer", _sklearn_output_config=right)
    for wrong in ("pandas", {}, {"transform": "numpy"}, {"predict": "pandas"}, {"transform": "pandas", "more": 1}):
        refused(r"\._sklearn_output_config is", "DenseAutoencoderTransformer", _sklearn_output_config=wrong)


def test_a_value_in_a_message_is_cut():
    with pytest.raises(SkseqaeFormatError) as caught:
        check("Seq2SeqClassifier", _kind="x" * 999)
    assert str(caught.value) == f"it._kind is '{'x' * 100}', but must be one of ('label', 'table', 'list')."


# --- what must agree --------------------------------------------------------------------------------------------------


def test_records_in_records_are_held_to_their_rules():
    broken = TargetLayout("sequences", Layout("list", univariate=1))
    refused(r"\._target_layout\.layout\.univariate is '1'", "CompositeSequenceRegressor", _target_layout=broken)
    refused(
        r"\._layout\.feature_names are those",
        "CompositeSequenceRegressor",
        _layout=Layout("list", feature_names=("a",)),
    )
    for kind in ("padded", "table"):
        refused(r"\._layout\.n_timesteps is missing", "CompositeSequenceRegressor", _layout=Layout(kind))
    check("CompositeSequenceRegressor", _layout=Layout("padded", 0))


@pytest.mark.parametrize("name", list(CASES)[:3])
def test_rows_are_the_layout_of_one_class_alone(name):
    refused(rf"\._layout is not one of {name}", name, _layout=Layout("rows"))
    refused(r"\._layout is not one of Dense", "DenseAutoencoderTransformer", _layout=Layout("list"))


@every_class
def test_weights_are_those_of_the_network(name):
    whole = CASES[name]()["_weights"]
    part, arrays = next(iter(whole.items()))
    where, first = rf"\._weights\.{part}", arrays[0]
    for parts in ({}, {"encoder": whole["encoder"]}, whole | {"more": []}):
        refused(r"\._weights must be those of \['encoder', ", name, _weights=parts)
    for wrong in (tuple(arrays), arrays[:-1], [*arrays, first], None):
        refused(rf"{where} must be {len(arrays)} arrays", name, _weights=whole | {part: wrong})
    for wrong in (first.astype(np.float64), first[:-1], first.tolist(), None):
        refused(rf"{where}\.0 must be an array of <f4", name, _weights=whole | {part: [wrong, *arrays[1:]]})
    for number in (np.nan, np.inf, -np.inf):
        wrong = first.copy()
        wrong.flat[-1] = number
        refused(rf"{where}\.0 holds numbers that are not", name, _weights=whole | {part: [wrong, *arrays[1:]]})


def test_the_optimizers_state_is_of_the_weights_shapes():
    name = "LSTMAutoencoderTransformer"
    for shape in ((), (2, 16), (2,), (16,), (3, 16)):  # of a weight, or of one without an axis
        for dtype in ("<f4", "<i4", "<i8"):
            check(name, _optimizer_state=[np.ones(shape, dtype)])
    for wrong in (np.ones((16, 2), np.float32), np.ones((2, 16, 1), np.float32), np.ones(5, np.float32), 1.0, None):
        refused(r"\._optimizer_state\.1 has not the shape", name, _optimizer_state=[np.array(1), wrong])
    refused(r"\._optimizer_state\.0 must be an array of <f4 or", name, _optimizer_state=[np.ones(16)])
    refused(r"\._optimizer_state\.0 holds", name, _optimizer_state=[np.full(16, np.nan, np.float32)])


def test_the_history_is_of_the_losses_and_the_main_one_of_every_epoch():
    name = "CompositeSequenceRegressor"
    check(name, history_={"loss": np.ones(2), "val_prediction_loss": np.ones(1), "reconstruction_loss": np.ones(2)})
    for wrong in ({}, {"val_loss": np.ones(2)}, {"loss": np.ones(2), "label_loss": np.ones(2)}):
        refused(r"\.history_ must be of 'loss' and others of", name, history_=wrong)
    for wrong in (np.ones(1), np.ones(3), np.ones((2, 1)), np.ones(2, np.float32), [1.0, 1.0], np.array(1.0)):
        refused(r"\.history_\.loss must be an array of <f8", name, history_={"loss": wrong})
    for wrong in (np.ones(3), np.ones((2, 1)), [1.0], np.array(1.0)):
        refused(r"\.history_\.val_loss must be", name, history_={"loss": np.ones(2), "val_loss": wrong})
    refused(r"\.history_\.loss holds numbers", name, history_={"loss": np.array([1.0, np.nan])})


@every_class
def test_scales_are_finite_and_above_0(name):
    n_features = CASES[name]()["_architecture"].n_features
    for part in ("mean", "std"):
        for wrong in (np.ones(n_features + 1), np.ones(n_features, np.float32), [1.0] * n_features):
            refused(rf"\._scaling\.{part} must be", name, _scaling=replace(scaling(n_features), **{part: wrong}))
        wrong = np.full(n_features, np.inf)
        refused(rf"\._scaling\.{part} holds", name, _scaling=replace(scaling(n_features), **{part: wrong}))
    check(name, _scaling=Scaling(-np.ones(n_features), np.full(n_features, 1e-9)))
    for wrong in (np.zeros(n_features), np.r_[np.ones(n_features - 1), -1.0]):
        refused(r"\._scaling\.std must be above 0", name, _scaling=replace(scaling(n_features), std=wrong))
        refused(r"\._feature_std must be above 0", name, _feature_std=wrong)
    refused(r"\._feature_std must be an array", name, _feature_std=np.ones(n_features + 1))
    refused(r"\._feature_std holds", name, _feature_std=np.full(n_features, np.inf))


def test_lengths_features_and_names_agree():
    name = "LSTMAutoencoderTransformer"
    for right in ((0, 1), (3, 3)):
        check(name, _length_range=right)
    for wrong in ((0, 0), (4, 3)):
        refused(r"\._length_range must be two lengths, the lower first", name, _length_range=wrong)
    refused(r"\.n_features_in_ is 3, but the network reads 2", name, n_features_in_=3)
    table = {"_layout": Layout("table", 3), "n_features_in_": 3}
    check(name, **table)
    names = np.array(["a", "b", "c"])
    check(name, **table, feature_names_in_=names.astype(object))
    refused(r"\.feature_names_in_ must be 3 names", name, **table, feature_names_in_=names[:2])
    refused(r"\.feature_names_in_ must be strings", name, **table, feature_names_in_=np.array(["a", "b", 3], object))


def test_labels_and_symbols_are_those_of_the_network():
    name = "Seq2SeqClassifier"
    spelled = fitted(SPELLER, **SPELLS)
    of_rows = replace(SPELLER, has_end=False)
    check(name, **fitted(of_rows, **SPELLS | {"_kind": "table"}))
    check(name, **fitted(LABELLER, **LABELS | {"_feature_std": np.ones(2)}))
    for kind in ("label", "table"):
        refused(rf"\._kind is '{kind}', but its network says a sequence", name, **spelled | {"_kind": kind})
    for kind in ("list", "label"):
        refused(rf"\._kind is '{kind}'", name, **fitted(of_rows, **SPELLS | {"_kind": kind}))
    for kind in ("table", "list"):
        refused(
            rf"\._kind is '{kind}', but its network says a label", name, **fitted(LABELLER, **LABELS | {"_kind": kind})
        )
    with_end = fitted(replace(LABELLER, has_end=True), **LABELS)
    refused(r"\._kind is 'label'", name, **with_end)
    for wrong in (CLASSES[:2], ALL):
        refused(r"\.classes_ must be 3 labels", name, classes_=wrong)
    for wrong in (None, ALL[:6]):
        refused(r"\.vocabulary_ must be 7 symbols", name, vocabulary_=wrong)
    refused(r"\.vocabulary_ must be None symbols", name, **fitted(LABELLER, **LABELS | {"vocabulary_": ALL}))
    wide = fitted(replace(SPELLER, n_features=2), **SPELLS)
    refused(r"\._architecture\.n_features must be 1 of symbols", name, **wide)


def test_each_head_of_an_autoencoder_says_what_is_read():
    name = "LSTMAutoencoderTransformer"
    check(name, **fitted(replace(BOTH, head_features=(2, 2)), **NO_CONFIG))
    check(name, **fitted(replace(ENCODER, reverse=True), **NO_CONFIG))
    check(name, **fitted(replace(ENCODER, heads=("prediction",)), **NO_CONFIG))
    for architecture in (replace(ENCODER, head_features=(3,)), BOTH):
        refused(r"\._architecture\.head_features must be those of", name, **fitted(architecture, **NO_CONFIG))
    backwards = replace(ENCODER, heads=("prediction",), reverse=True)
    refused(r"\._architecture\.reverse has no meaning", name, **fitted(backwards, **NO_CONFIG))


def test_the_future_or_the_target_of_a_regressor_is_what_its_layout_says():
    name = "CompositeSequenceRegressor"
    sequences = TargetLayout("sequences", Layout("list"))
    check(name, _target_layout=sequences)
    check(name, **fitted(replace(BOTH, head_features=(2, 1)), **SAYS_Y | {"_target_scaling": scaling(1)}))
    forecast = fitted(replace(BOTH, head_features=(2, 2)), **SAYS_Y)
    forecast |= {"_target_scaling": scaling(2), "_horizon": 3, "_target_layout": TargetLayout("sequences")}
    check(name, **forecast)
    layout = r"\._target_layout\.layout does not go with its kind"
    refused(layout, name, _target_layout=TargetLayout("sequences"))
    refused(layout, name, _target_layout=TargetLayout("vector", Layout("list")))
    refused(layout, name, **forecast | {"_target_layout": sequences})
    kind = r"\._target_layout\.kind is not that of a horizon"
    refused(kind, name, **forecast | {"_target_layout": TargetLayout("vector")})
    refused(r"\._horizon forecasts what is read", name, _horizon=3, _target_layout=TargetLayout("sequences"))
    refused(r"\._target_layout\.kind must be 'vector'", name, _target_layout=TargetLayout("number"))
    one = fitted(replace(BOTH, head_features=(2, 1)), **SAYS_Y | {"_target_scaling": scaling(1)})
    check(name, **one | {"_target_layout": TargetLayout("number")})
    refused(r"\._target_scaling\.mean must be", name, _target_scaling=scaling(2))
    refused(r"\._target_scaling\.std must be above 0", name, _target_scaling=Scaling(np.ones(5), np.zeros(5)))
    alone = fitted(ENCODER, **SAYS_Y | {"_target_scaling": scaling(2)})
    refused(r"\._architecture\.heads must be both", name, **alone)
    reads_other = replace(BOTH, head_features=(3, 5))
    refused(r"\._architecture\.head_features must be those of what is read", name, **fitted(reads_other, **SAYS_Y))


def test_heads_without_their_features_are_refused():
    whole = fitted(BOTH, **SAYS_Y)
    for features in ((2,), (2, 5, 5)):
        whole["_architecture"] = replace(BOTH, head_features=features)
        refused(r"\._architecture\.head_features", "CompositeSequenceRegressor", **whole)
