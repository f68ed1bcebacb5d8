"""Values are converted to JSON and back without a change of type; others are refused, and the error names the path."""

import json
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skseqae import SkseqaeFormatError
from skseqae.data._layout import Layout
from skseqae.data._scaling import Scaling
from skseqae.data._targets import TargetLayout
from skseqae.estimators._fitted_state import FittedInput, FittedLabels, FittedTarget
from skseqae.networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from skseqae.persistence._file_format import DTYPES
from skseqae.persistence._json_values import MAX_TOKEN_BYTES, RECORDS, check_keys, decode, encode


def converted(value):
    """Return a value without arrays after the conversion to JSON and back."""
    tensors = {}
    text = json.dumps(encode(value, "x", tensors), allow_nan=False)
    decoded = decode(json.loads(text), "x", tensors)
    assert tensors == {}
    return decoded


def object_array(*tokens):
    array = np.empty(len(tokens), dtype=object)
    array[:] = tokens
    return array


# --- round trips ------------------------------------------------------------------------------------------------------

VALUES = [
    *(None, True, False, 0, -(2**80), "ü\n", 1.5, -0.0, float("inf"), float("-inf"), b"", b"\x00\xff"),
    *([], [1, [2.5, "a"]], (), (1, (b"2",)), [(1, 2), {"a": (3,)}], [float("inf")]),
    *({}, {"a": 1, 2: "b", (1, 2): None}, {"dict": {"tuple": (1,)}}),
    Layout("table", 3, True, -1.0),
    TargetLayout("sequences", Layout("list"), 3, -2),
    Architecture(2, 3, (4, 5), head_features=(2,)),
    Seq2SeqArchitecture(1, 5, 4, (3,), frozen=("encoder",)),
    DenseArchitecture(6, 2, ()),
    FittedInput(Layout("list"), -1.0, (0, 5), None, None),
    FittedTarget(3, TargetLayout("sequences")),
    FittedLabels("list", 4),
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_keep_their_type(value):
    decoded = converted(value)
    assert repr(decoded) == repr(value)
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.int8(-3), -3), (np.float32(1.5), 1.5), (np.bool_(True), True), (np.str_("a"), "a"), (np.bytes_(b"a"), b"a")],
)
def test_numpy_scalars_become_python_scalars(value, expected):
    assert type(converted(value)) is type(expected)
    assert converted(value) == expected


def test_nan_is_kept():
    assert np.isnan(converted(float("nan")))
    assert np.isnan(converted(np.float64("nan")))


ARRAYS = [
    *(np.ones(shape, dtype) for dtype in DTYPES.values() for shape in ((), (2,), (1, 2, 3))),
    np.arange(6.0).reshape(2, 3).T,
    np.array(["ü", "ab"]),
    np.array([], dtype="U3"),
    np.array([b"a", b"\xff"], dtype="S4"),
    np.array([1, 2], dtype=">i2"),
    np.array([], dtype="f8"),
    object_array("a", 1, (1, b"x"), 2**70, None, float("inf")),
    object_array(),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str}{array.shape}")
def test_arrays_keep_their_dtype_and_are_copied(array):
    tensors = {}
    encoded = encode(array, "x", tensors)
    assert not any(np.shares_memory(array, tensor) for tensor in tensors.values())
    assert all(tensor.flags.c_contiguous for tensor in tensors.values())
    decoded = decode(encoded, "x", tensors)
    assert_array_equal(decoded, array, strict=True)
    assert list(map(type, decoded.ravel().tolist())) == list(map(type, array.ravel().tolist()))


def test_memory_maps_become_arrays(tmp_path):
    np.save(tmp_path / "array.npy", np.arange(3.0))
    tensors = {}
    encoded = encode(np.load(tmp_path / "array.npy", mmap_mode="r"), "x", tensors)
    assert type(decode(encoded, "x", tensors)) is np.ndarray


def test_tensors_are_named_after_their_paths():
    tensors = {}
    encode({"a": [np.ones(2), Scaling(np.ones(1), np.ones(1))], "b": (np.ones(3),)}, "x", tensors)
    assert sorted(tensors) == ["x.a.0", "x.a.1.mean", "x.a.1.std", "x.b.0"]


@pytest.mark.parametrize("n_draws", [0, 1, 2])
def test_a_restored_generator_continues_the_sequence(n_draws):
    random_state = np.random.RandomState(5)
    random_state.standard_normal(n_draws)
    tensors = {}
    decoded = decode(json.loads(json.dumps(encode(random_state, "x", tensors))), "x", tensors)
    assert pickle.dumps(decoded.get_state()) == pickle.dumps(random_state.get_state())
    assert_array_equal(decoded.standard_normal(1000), random_state.standard_normal(1000))


# --- values that cannot be encoded ------------------------------------------------------------------------------------


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [{1}, 1j, int, len, OrderedDict(), Text("a"), np.longdouble(1), np.random.RandomState(np.random.PCG64(0))],
    ids=lambda value: type(value).__name__,
)
def test_unsupported_values_are_refused_by_their_path(value):
    for nested, path in ((value, "x"), ([0, (value,)], r"x\.1\.0"), ({"a": value}, r"x\.a")):
        with pytest.raises(TypeError, match=f"^{path} is .*which is of type {type(value).__name__}: a file holds"):
            encode(nested, "x", {})


@pytest.mark.parametrize(
    "array", [np.array(["2020-01-01"], "M8[D]"), np.empty((0, 2)), np.array([["a"]]), object_array(1).reshape(1, 1)]
)
def test_unsupported_arrays_are_refused(array):
    with pytest.raises(TypeError, match=r"^x is an array of .* of shape .*, which a file cannot hold"):
        encode(array, "x", {})
    with pytest.raises(TypeError, match=r"^x\.1 is \{3\}"):
        encode(object_array(1, {3}), "x", {})


# --- JSON that cannot be decoded --------------------------------------------------------------------------------------

REFUSED = [
    ({}, "x is an object with 0 keys, but must have one"),
    ({"tuple": [], "float": "nan"}, "x is an object with 2 keys"),
    ([0, [{}]], r"x\.1\.0 is an object with 0 keys"),
    ({"set": []}, "x is not a valid set: KeyError"),
    ({"float": "1.0"}, "x is not a float"),
    ({"float": 1.5}, "x is not a float"),
    ({"float": "NaN"}, "x is not a float"),
    ({"float": ["nan"]}, "x is not a float"),
    ({"bytes": "0"}, "x is not a valid bytes: ValueError"),
    ({"bytes": 0}, "x is not a valid bytes: TypeError"),
    ({"tuple": "ab"}, "x is not a tuple"),
    ({"tuple": 3}, "x is not a tuple"),
    ({"tuple": [{"tuple": 3}]}, r"x\.0 is not a tuple"),
    ({"dict": [[1, 2], [1, 3]]}, "x has a duplicate key"),
    ({"dict": [[1, 2, 3]]}, "x is not a valid dict: ValueError"),
    ({"dict": [[[], 1]]}, "x is not a valid dict: TypeError"),
    ({"dict": 3}, "x is not a valid dict: TypeError"),
    ({"tensor": "other"}, "x is a tensor that is missing, or used twice"),
    ({"tensor": ["key"]}, "x is a tensor that is missing"),
    ([{"tensor": "key"}, {"tensor": "key"}], r"x\.1 is a tensor that is missing, or used twice"),
    ({"tokens": ["<i8"]}, "x is not a valid tokens: ValueError"),
    ({"tokens": 3}, "x is not a valid tokens: TypeError"),
    ({"tokens": [3, []]}, "x has an unknown dtype"),
    ({"tokens": ["<M8[D]", []]}, "x has an unknown dtype"),
    ({"tokens": ["<i8 ", []]}, "x has an unknown dtype"),
    ({"tokens": ["<U0", [""]]}, "x has an unknown dtype"),
    ({"tokens": ["<i8", [1.5]]}, "x has values of another dtype"),
    ({"tokens": ["<i8", [[1], [2]]]}, "x has values of another dtype"),
    ({"tokens": ["<i8", [[1, 2]]]}, "x has values of another dtype"),
    ({"tokens": ["<i8", "12"]}, "x has values of another dtype"),
    ({"tokens": ["|i1", [300]]}, "x has values that do not fit int8"),
    ({"tokens": ["<i8", ["a"]]}, "x is not a valid tokens: ValueError"),
    ({"tokens": ["<f4", [10**400]]}, "x is not a valid tokens: OverflowError"),
    ({"tokens": ["<U1", ["ab"]]}, "x has values of another dtype"),
    ({"tokens": ["<i8", 3]}, "x is not a valid tokens: TypeError"),
    ({"tokens": ["|O", [[1]]]}, "x is not a valid tokens: TypeError"),
    ({"tokens": ["<U4194305", ["a"]]}, "x has more than 16777216 bytes"),
    ({"tokens": ["|S8388609", ["a", "b"]]}, "x has more than 16777216 bytes"),
    ({"symbols": ["<i8", [1]]}, "x is not a valid symbols: KeyError"),  # the name in files of format 1
    ({"Layout": 3}, "x is not a Layout"),
    ({"Layout": {"container": "list"}}, r"x lacks \['feature_names', 'n_timesteps', 'padding_value'\]"),
    ({"Layout": {"kind": "list"}}, r"x has \['kind'\], which is unknown\."),
    ({"Scaling": {"mean": 1, "std": 1, "more": 1}}, r"x has \['more'\], which is unknown\."),
    ({"Scaling": {"mean": {"float": "no"}, "std": 1}}, r"x\.mean is not a float"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED, ids=str)
def test_invalid_json_is_refused_by_its_path(content, message):
    with pytest.raises(SkseqaeFormatError, match=f"^{message}"):
        decode(content, "x", {"key": np.ones(624, np.uint32)})


@pytest.mark.parametrize("name", RECORDS)
def test_records_must_have_all_fields_and_no_others(name):
    fields = dict.fromkeys(RECORDS[name].__dataclass_fields__)
    decode({name: fields}, "x", {})
    with pytest.raises(SkseqaeFormatError, match=r"^x has \['more'\], which is unknown\."):
        decode({name: fields | {"more": None}}, "x", {})
    for field in fields:
        with pytest.raises(SkseqaeFormatError, match=rf"^x lacks \['{field}'\]\."):
            decode({name: {other: None for other in fields if other != field}}, "x", {})


def test_tokens_up_to_the_limits_are_decoded():
    assert decode({"tokens": ["|i1", [-128, 127]]}, "x", {}).tolist() == [-128, 127]
    for beyond in (-129, 128):
        with pytest.raises(SkseqaeFormatError, match="^x has values that do not fit int8"):
            decode({"tokens": ["|i1", [beyond]]}, "x", {})
    n = MAX_TOKEN_BYTES // 4
    assert decode({"tokens": [f"<U{n}", ["a"]]}, "x", {}).dtype == f"<U{n}"


KEY = np.arange(624, dtype=np.uint32)
STATE = {"key": KEY, "position": 3, "has_gauss": 1, "cached": 0.5}


@pytest.mark.parametrize(
    ("part", "wrong", "message"),
    [
        ("key", KEY[1:], "a key of 624 numbers"),
        ("key", KEY.astype(np.int32), "a key of 624 numbers"),
        ("key", KEY.tolist(), "a key of 624 numbers"),
        ("position", -1, "a position from 0 to 624"),
        ("position", 625, "a position from 0 to 624"),
        ("position", True, "a position from 0 to 624"),
        ("position", 1.0, "a position from 0 to 624"),
        ("has_gauss", 2, "a flag of 0 or 1 for a cached draw"),
        ("has_gauss", True, "a flag of 0 or 1 for a cached draw"),
        ("cached", 1, "a cached draw that is a finite float"),
        ("cached", float("inf"), "a cached draw that is a finite float"),
    ],
)
def test_invalid_generator_states_are_refused(part, wrong, message):
    tensors = {}
    encoded = {"RandomState": encode(list((STATE | {part: wrong}).values()), "x", tensors)}
    with pytest.raises(SkseqaeFormatError, match=f"^x must .*{message}"):
        decode(encoded, "x", tensors)


@pytest.mark.parametrize(("part", "right"), [("position", 0), ("position", 624), ("has_gauss", 0), ("cached", -1.5)])
def test_all_valid_generator_states_are_decoded(part, right):
    tensors, state = {}, STATE | {part: right}
    decoded = decode({"RandomState": encode(list(state.values()), "x", tensors)}, "x", tensors).get_state()
    assert decoded[0] == "MT19937"
    assert_array_equal(decoded[1], KEY)
    assert list(decoded[2:]) == list(state.values())[1:]


def test_keys_must_be_the_required_ones():
    check_keys({"a": 1, "b": 2}, ["b", "a"], "x")
    with pytest.raises(SkseqaeFormatError, match=r"^x has \['c', 'd', 'e'\], which is unknown\.$"):
        check_keys(dict.fromkeys("afedc"), ["a"], "x")
    with pytest.raises(SkseqaeFormatError, match=r"^x lacks \['b', 'c', 'd'\]\.$"):
        check_keys({"a": 1}, list("aedcb"), "x")
