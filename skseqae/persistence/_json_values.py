"""Conversion of values of a fixed list of types to JSON and back; arrays are names in a table of tensors.

A value that JSON can hold is written as it is. Any other is an object with one key, the name of its type:
`{"tuple": [...]}`.
"""

import math
import re
from dataclasses import fields

import numpy as np

from ..data._layout import Layout
from ..data._scaling import Scaling
from ..data._targets import TargetLayout
from ..estimators._distance import Distance
from ..estimators._fitted_state import FittedInput, FittedLabels, FittedState, FittedTarget
from ..exceptions import SkseqaeFormatError
from ..networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from ._file_format import DTYPES, require

RECORDS = {
    cls.__name__: cls
    for cls in (
        *(Architecture, Seq2SeqArchitecture, DenseArchitecture),
        *(Layout, TargetLayout, Scaling),
        *(FittedState, FittedInput, FittedTarget, FittedLabels, Distance),
    )
}
MAX_TOKEN_BYTES = 2**24
TOKEN_DTYPE = re.compile(r"[<>|](b1|[iu][1248]|f[248]|[US][1-9][0-9]{0,6}|O)")


def encode(value, path, tensors):
    """Return a value as JSON, and add its arrays to `tensors`, named after their paths.

    Raises
    ------
    TypeError
        If the value, or a part of it, is not of one of the supported types; the error names the path.
    """
    if isinstance(value, np.generic) and not isinstance(value.item(), np.generic):
        value = value.item()
    cls = type(value)
    if value is None or cls in (bool, int, str) or (cls is float and math.isfinite(value)):
        return value
    if cls in (float, bytes):
        return {cls.__name__: repr(value) if cls is float else value.hex()}
    if cls in (list, tuple):
        items = [encode(item, f"{path}.{i}", tensors) for i, item in enumerate(value)]
        return items if cls is list else {"tuple": items}
    if cls is dict:
        pairs = value.items()
        return {"dict": [[encode(key, path, tensors), encode(item, f"{path}.{key}", tensors)] for key, item in pairs]}
    if cls in (np.ndarray, np.memmap):
        return _encode_array(value, path, tensors)
    if cls is np.random.RandomState and value.get_state(legacy=False)["bit_generator"] == "MT19937":
        return {"RandomState": encode(list(value.get_state()[1:]), path, tensors)}
    if RECORDS.get(cls.__name__) is cls:
        items = {each.name: getattr(value, each.name) for each in fields(cls)}
        return {cls.__name__: {name: encode(item, f"{path}.{name}", tensors) for name, item in items.items()}}
    raise TypeError(
        f"{path} is {value!r}, which is of type {cls.__name__}: a file holds numbers, strings, containers "
        "and arrays of them, and no code. Pass it by name or leave it out, or pickle the estimator."
    )


def _encode_array(array, path, tensors):
    if array.size and array.dtype in DTYPES.values():
        tensors[path] = np.array(array, order="C")  # as safetensors requires
        return {"tensor": path}
    if array.ndim != 1 or not TOKEN_DTYPE.fullmatch(array.dtype.str):
        raise TypeError(f"{path} is an array of {array.dtype} of shape {array.shape}, which a file cannot hold.")
    return {"tokens": [array.dtype.str, encode(array.tolist(), path, tensors)]}


def decode(value, path, tensors):
    """Return the value that JSON describes, and remove its arrays from `tensors`.

    Raises
    ------
    SkseqaeFormatError
        If the JSON does not describe a value; the error names the path.
    """
    if type(value) is list:
        # most items are numbers or strings, and there may be many
        return [
            decode(item, f"{path}.{i}", tensors) if isinstance(item, dict | list) else item
            for i, item in enumerate(value)
        ]
    if type(value) is not dict:
        return value
    require(len(value) == 1, f"{path} is an object with {len(value)} keys, but must have one, the name of a type.")
    ((name, content),) = value.items()
    if name in RECORDS:
        return _decode_record(RECORDS[name], content, path, tensors)
    try:
        return DECODERS[name](content, path, tensors)
    except SkseqaeFormatError:
        raise
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise SkseqaeFormatError(
            f"{path} is not a valid {name[:80]}: {type(error).__name__}: {str(error)[:200]}"
        ) from None


def token_bytes(value):
    """Return the size of all arrays of tokens that JSON describes, which may be many times that of the JSON."""
    if type(value) is list:
        return sum(map(token_bytes, value))
    if type(value) is not dict:
        return 0
    match value:
        case {"tokens": [str(dtype), list(tokens)]} if TOKEN_DTYPE.fullmatch(dtype):
            own = np.dtype(dtype).itemsize * len(tokens)
        case _:
            own = 0
    return own + sum(map(token_bytes, value.values()))


def _decode_record(cls, content, path, tensors):
    names = [each.name for each in fields(cls)]
    require(isinstance(content, dict), f"{path} is not a {cls.__name__}.")
    check_keys(content, names, path)
    return cls(**{name: decode(content[name], f"{path}.{name}", tensors) for name in names})


def check_keys(given, required, path):
    """Refuse unknown and missing keys."""
    unknown, missing = sorted(given.keys() - set(required)), sorted(set(required) - given.keys())
    require(not unknown, f"{path} has {unknown[:3]}, which is unknown.")
    require(not missing, f"{path} lacks {missing[:3]}.")


def _decode_float(content, path, tensors):
    require(content in ("nan", "inf", "-inf"), f"{path} is not a float.")
    return float(content)


def _decode_tuple(content, path, tensors):
    require(isinstance(content, list), f"{path} is not a tuple.")
    return tuple(decode(content, path, tensors))


def _decode_dict(content, path, tensors):
    pairs = dict(decode(content, path, tensors))
    require(len(pairs) == len(content), f"{path} has a duplicate key.")
    return pairs


def _decode_tensor(content, path, tensors):
    require(isinstance(content, str) and content in tensors, f"{path} is a tensor that is missing, or used twice.")
    return tensors.pop(content)


def _decode_random_state(content, path, tensors):
    key, position, has_gauss, cached = decode(content, path, tensors)
    require(
        isinstance(key, np.ndarray) and key.dtype == np.uint32 and key.shape == (624,),
        f"{path} must have a key of 624 numbers of 32 bits.",
    )
    require(type(position) is int and 0 <= position <= 624, f"{path} must have a position from 0 to 624.")
    require(type(has_gauss) is int and has_gauss in (0, 1), f"{path} must have a flag of 0 or 1 for a cached draw.")
    require(type(cached) is float and math.isfinite(cached), f"{path} must have a cached draw that is a finite float.")
    random_state = np.random.RandomState(0)
    random_state.set_state(("MT19937", key, position, has_gauss, cached))
    return random_state


def _decode_tokens(content, path, tensors):
    dtype, values = content
    require(isinstance(dtype, str) and TOKEN_DTYPE.fullmatch(dtype), f"{path} has an unknown dtype.")
    dtype, values = np.dtype(dtype), decode(values, path, tensors)
    require(dtype.itemsize * len(values) <= MAX_TOKEN_BYTES, f"{path} has more than {MAX_TOKEN_BYTES} bytes.")
    if dtype.kind in "iu":
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        fit = all(type(value) is not int or least <= value <= most for value in values)
        require(fit, f"{path} has values that do not fit {dtype}.")  # NumPy 1 would accept them with a warning
    if dtype.kind != "O":
        # before NumPy converts them: an array among the values could take many times its size
        are_scalars = all(type(value) in (bool, int, float, str, bytes) for value in values)
        require(are_scalars, f"{path} has values of another dtype.")
        array = np.array(values, dtype)
        require(array.shape == (len(values),) and array.tolist() == values, f"{path} has values of another dtype.")
        return array
    hash(tuple(values))
    return np.fromiter(values, object, len(values))


DECODERS = {
    "float": _decode_float,
    "bytes": lambda content, path, tensors: bytes.fromhex(content),
    "tuple": _decode_tuple,
    "dict": _decode_dict,
    "tensor": _decode_tensor,
    "tokens": _decode_tokens,
    "RandomState": _decode_random_state,
}
