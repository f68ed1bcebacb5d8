"""Values become JSON and come back to the type; anything else is refused by its place."""

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
from skseqae.networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from skseqae.persistence._file_format import DTYPES
from skseqae.persistence._json_values import MAX_TOKEN_BYTES, check_keys, decode, encode


def through_json(value):
    tensors = {}
    text = json.dumps(encode(value, "x", tensors), allow_nan=False)
    read = decode(json.loads(text), "x", tensors)
    assert tensors == {}
    return read


def of_objects(*symbols):
    array = np.empty(len(symbols), dtype=object)
    array[:] = symbols
    return array


# --- there and back ---------------------------------------------------------------------------------------------------

VALUES = [
    *(None, True, False, 0, -(2**80), "ü\n", 1.5, -0.0, float("inf"), float("-inf"), b"", b"\x00\xff"),
    *([], [1, [2.5, "a"]], (), (1, (b"2",)), [(1, 2), {"a": (3,)}], [float("inf")]),
    *({}, {"a": 1, 2: "b", (1, 2): None}, {"dict": {"tuple": (1,)}}),
    Layout("table", 3, True, -1.0),
    TargetLayout("sequences", Layout("list"), 3, -2),
    Architecture(2, 3, (4, 5), head_features=(2,)),
    Seq2SeqArchitecture(1, 5, 4, (3,), frozen=("encoder",)),
    DenseArchitecture(6, 2, ()),
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_comes_back_to_the_type(value):
    read = through_json(value)
    assert repr(read) == repr(value)
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.int8(-3), -3), (np.float32(1.5), 1.5), (np.bool_(True), True), (np.str_("a"), "a"), (np.bytes_(b"a"), b"a")],
)
def test_a_number_of_numpy_is_one_of_python(value, expected):
    assert type(through_json(value)) is type(expected)
    assert through_json(value) == expected


def test_not_a_number_comes_back():
    assert np.isnan(through_json(float("nan")))
    assert np.isnan(through_json(np.float64("nan")))


ARRAYS = [
    *(np.ones(shape, dtype) for dtype in DTYPES.values() for shape in ((), (2,), (1, 2, 3))),
    np.arange(6.0).reshape(2, 3).T,
    np.array(["ü", "ab"]),
    np.array([], dtype="U3"),
    np.array([b"a", b"\xff"], dtype="S4"),
    np.array([1, 2], dtype=">i2"),
    np.array([], dtype="f8"),
    of_objects("a", 1, (1, b"x"), 2**70, None, float("inf")),
    of_objects(),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str}{array.shape}")
def test_an_array_comes_back_to_the_type_and_is_nobody_elses(array):
    tensors = {}
    encoded = encode(array, "x", tensors)
    assert not any(np.shares_memory(array, tensor) for tensor in tensors.values())
    assert all(tensor.flags.c_contiguous for tensor in tensors.values())
    read = decode(encoded, "x", tensors)
    assert_array_equal(read, array, strict=True)
    assert list(map(type, read.ravel().tolist())) == list(map(type, array.ravel().tolist()))


def test_a_memory_map_comes_back_as_an_array(tmp_path):
    np.save(tmp_path / "array.npy", np.arange(3.0))
    tensors = {}
    encoded = encode(np.load(tmp_path / "array.npy", mmap_mode="r"), "x", tensors)
    assert type(decode(encoded, "x", tensors)) is np.ndarray


def test_arrays_are_named_after_their_places():
    tensors = {}
    encode({"a": [np.ones(2), Scaling(np.ones(1), np.ones(1))], "b": (np.ones(3),)}, "x", tensors)
    assert sorted(tensors) == ["x.a.0", "x.a.1.mean", "x.a.1.std", "x.b.0"]


@pytest.mark.parametrize("drawn", [0, 1, 2])
def test_random_numbers_go_on_as_if_they_had_not_been_kept(drawn):
    random_state = np.random.RandomState(5)
    random_state.standard_normal(drawn)
    tensors = {}
    read = decode(json.loads(json.dumps(encode(random_state, "x", tensors))), "x", tensors)
    assert pickle.dumps(read.get_state()) == pickle.dumps(random_state.get_state())
    assert_array_equal(read.standard_normal(1000), random_state.standard_normal(1000))


# --- what no file holds -----------------------------------------------------------------------------------------------


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [{1}, 1j, int, len, OrderedDict(), Text("a"), np.longdouble(1), np.random.RandomState(np.random.PCG64(0))],
    ids=lambda value: type(value).__name__,
)
def test_what_a_file_cannot_hold_is_refused_by_its_place(value):
    for nested, place in ((value, "x"), ([0, (value,)], r"x\.1\.0"), ({"a": value}, r"x\.a")):
        with pytest.raises(TypeError, match=f"^{place} is .*which is of type {type(value).__name__}: a file holds"):
            encode(nested, "x", {})


@pytest.mark.parametrize(
    "array", [np.array(["2020-01-01"], "M8[D]"), np.empty((0, 2)), np.array([["a"]]), of_objects(1).reshape(1, 1)]
)
def test_an_array_that_no_file_holds_is_refused(array):
    with pytest.raises(TypeError, match=r"^x is an array of .* of shape .*, which a file does not hold"):
        encode(array, "x", {})
    with pytest.raises(TypeError, match=r"^x\.1 is \{3\}"):
        encode(of_objects(1, {3}), "x", {})


# --- what no file says ------------------------------------------------------------------------------------------------

REFUSED = [
    ({}, "x is an object of 0 keys, and not of one"),
    ({"tuple": [], "float": "nan"}, "x is an object of 2 keys"),
    ([0, [{}]], r"x\.1\.0 is an object of 0 keys"),
    ({"set": []}, "x is no set: KeyError"),
    ({"float": "1.0"}, "x is no float"),
    ({"float": 1.5}, "x is no float"),
    ({"float": "NaN"}, "x is no float"),
    ({"float": ["nan"]}, "x is no float"),
    ({"bytes": "0"}, "x is no bytes: ValueError"),
    ({"bytes": 0}, "x is no bytes: TypeError"),
    ({"tuple": "ab"}, "x is no tuple"),
    ({"tuple": 3}, "x is no tuple"),
    ({"tuple": [{"tuple": 3}]}, r"x\.0 is no tuple"),
    ({"dict": [[1, 2], [1, 3]]}, "x has a key twice"),
    ({"dict": [[1, 2, 3]]}, "x is no dict: ValueError"),
    ({"dict": [[[], 1]]}, "x is no dict: TypeError"),
    ({"dict": 3}, "x is no dict: TypeError"),
    ({"tensor": "other"}, "x is a tensor that is missing, or used twice"),
    ({"tensor": ["key"]}, "x is a tensor that is missing"),
    ([{"tensor": "key"}, {"tensor": "key"}], r"x\.1 is a tensor that is missing, or used twice"),
    ({"symbols": ["<i8"]}, "x is no symbols: ValueError"),
    ({"symbols": 3}, "x is no symbols: TypeError"),
    ({"symbols": [3, []]}, "x has an unknown dtype"),
    ({"symbols": ["<M8[D]", []]}, "x has an unknown dtype"),
    ({"symbols": ["<i8 ", []]}, "x has an unknown dtype"),
    ({"symbols": ["<U0", [""]]}, "x has an unknown dtype"),
    ({"symbols": ["<i8", [1.5]]}, "x has values of another dtype"),
    ({"symbols": ["<i8", [[1], [2]]]}, "x has values of another dtype"),
    ({"symbols": ["<i8", [[1, 2]]]}, "x has values of another dtype"),
    ({"symbols": ["<i8", "12"]}, "x has values of another dtype"),
    ({"symbols": ["|i1", [300]]}, "x has values that are no int8"),
    ({"symbols": ["<i8", ["a"]]}, "x is no symbols: ValueError"),
    ({"symbols": ["<U1", ["ab"]]}, "x has values of another dtype"),
    ({"symbols": ["<i8", 3]}, "x is no symbols: TypeError"),
    ({"symbols": ["|O", [[1]]]}, "x is no symbols: TypeError"),
    ({"symbols": ["<U4194305", ["a"]]}, "x has more than 16777216 bytes"),
    ({"symbols": ["|S8388609", ["a", "b"]]}, "x has more than 16777216 bytes"),
    ({"Layout": 3}, "x is no Layout"),
    ({"Layout": {"kind": "list"}}, r"x lacks \['feature_names', 'n_timesteps', 'padding_value'\]"),
    ({"Scaling": {"mean": 1, "std": 1, "more": 1}}, r"x has \['more'\], which is unknown there"),
    ({"Scaling": {"mean": {"float": "no"}, "std": 1}}, r"x\.mean is no float"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED, ids=str)
def test_what_stands_for_nothing_is_refused_by_its_place(content, message):
    with pytest.raises(SkseqaeFormatError, match=f"^{message}"):
        decode(content, "x", {"key": np.ones(624, np.uint32)})


def test_as_many_bytes_of_symbols_are_read_as_may_be():
    n = MAX_TOKEN_BYTES // 4
    assert decode({"symbols": [f"<U{n}", ["a"]]}, "x", {}).dtype == f"<U{n}"


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
        ("has_gauss", 2, "by 0 or 1 whether a draw is kept"),
        ("has_gauss", True, "by 0 or 1 whether a draw is kept"),
        ("cached", 1, "a draw that is a finite float"),
        ("cached", float("inf"), "a draw that is a finite float"),
    ],
)
def test_a_state_of_random_numbers_that_is_none_is_refused(part, wrong, message):
    tensors = {}
    encoded = {"RandomState": encode(list((STATE | {part: wrong}).values()), "x", tensors)}
    with pytest.raises(SkseqaeFormatError, match=f"^x must .*{message}"):
        decode(encoded, "x", tensors)


@pytest.mark.parametrize(("part", "right"), [("position", 0), ("position", 624), ("has_gauss", 0), ("cached", -1.5)])
def test_every_state_of_random_numbers_is_read(part, right):
    tensors, state = {}, STATE | {part: right}
    read = decode({"RandomState": encode(list(state.values()), "x", tensors)}, "x", tensors).get_state()
    assert read[0] == "MT19937"
    assert_array_equal(read[1], KEY)
    assert list(read[2:]) == list(state.values())[1:]


def test_keys_are_those_that_are_wanted():
    check_keys({"a": 1, "b": 2}, ["b", "a"], "x")
    with pytest.raises(SkseqaeFormatError, match=r"^x has \['c', 'd', 'e'\], which is unknown there\.$"):
        check_keys(dict.fromkeys("afedc"), ["a"], "x")
    with pytest.raises(SkseqaeFormatError, match=r"^x lacks \['b', 'c', 'd'\]\.$"):
        check_keys({"a": 1}, list("aedcb"), "x")
