"""Values as JSON has them, and back: a closed list of types, and arrays by their names in a table of tensors.

What JSON has is itself. Anything else is an object of one key, the name of its type: `{"tuple": [...]}`.
"""

import math
import re
from dataclasses import fields

import numpy as np

from ..data._layout import Layout
from ..data._scaling import Scaling
from ..data._targets import TargetLayout
from ..exceptions import SkseqaeFormatError
from ..networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture
from ._file_format import DTYPES, require

RECORDS = {
    cls.__name__: cls for cls in (Architecture, Seq2SeqArchitecture, DenseArchitecture, Layout, TargetLayout, Scaling)
}
MAX_TOKEN_BYTES = 2**24
TOKEN_DTYPE = re.compile(r"[<>|](b1|[iu][1248]|f[248]|[US][1-9][0-9]{0,6}|O)")


def encode(value, place, tensors):
    """Return a value as JSON has it, and put its arrays into `tensors`, named after its place.

    Raises
    ------
    TypeError
        If it is, or holds, what is not in the closed list; the place is named.
    """
    if isinstance(value, np.generic) and not isinstance(value.item(), np.generic):
        value = value.item()
    kind = type(value)
    if value is None or kind in (bool, int, str) or (kind is float and math.isfinite(value)):
        return value
    if kind in (float, bytes):
        return {kind.__name__: repr(value) if kind is float else value.hex()}
    if kind in (list, tuple):
        items = [encode(item, f"{place}.{i}", tensors) for i, item in enumerate(value)]
        return items if kind is list else {"tuple": items}
    if kind is dict:
        pairs = value.items()
        return {"dict": [[encode(key, place, tensors), encode(item, f"{place}.{key}", tensors)] for key, item in pairs]}
    if kind in (np.ndarray, np.memmap):
        return _encode_array(value, place, tensors)
    if kind is np.random.RandomState and value.get_state(legacy=False)["bit_generator"] == "MT19937":
        return {"RandomState": encode(list(value.get_state()[1:]), place, tensors)}
    if RECORDS.get(kind.__name__) is kind:
        items = {each.name: getattr(value, each.name) for each in fields(kind)}
        return {kind.__name__: {name: encode(item, f"{place}.{name}", tensors) for name, item in items.items()}}
    raise TypeError(
        f"{place} is {value!r}, which is of type {kind.__name__}: a file holds numbers, strings, containers "
        "and arrays of them, and nothing that is code. Give it by name or leave it out, or pickle the estimator."
    )


def _encode_array(array, place, tensors):
    if array.size and array.dtype in DTYPES.values():
        tensors[place] = np.array(array, order="C")  # as safetensors wants it
        return {"tensor": place}
    if array.ndim != 1 or not TOKEN_DTYPE.fullmatch(array.dtype.str):
        raise TypeError(f"{place} is an array of {array.dtype} of shape {array.shape}, which a file does not hold.")
    return {"symbols": [array.dtype.str, encode(array.tolist(), place, tensors)]}


def decode(value, place, tensors):
    """Return the value that JSON stands for, and take its arrays out of `tensors`.

    Raises
    ------
    SkseqaeFormatError
        If it stands for none; the place is named.
    """
    if type(value) is list:
        # most are numbers or strings, and there may be many
        return [
            decode(item, f"{place}.{i}", tensors) if isinstance(item, dict | list) else item
            for i, item in enumerate(value)
        ]
    if type(value) is not dict:
        return value
    require(len(value) == 1, f"{place} is an object of {len(value)} keys, and not of one, the name of a type.")
    ((kind, content),) = value.items()
    if kind in RECORDS:
        return _decode_record(RECORDS[kind], content, place, tensors)
    try:
        return DECODERS[kind](content, place, tensors)
    except SkseqaeFormatError:
        raise
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise SkseqaeFormatError(f"{place} is no {kind[:80]}: {type(error).__name__}: {str(error)[:200]}") from None


def _decode_record(cls, content, place, tensors):
    names = [each.name for each in fields(cls)]
    require(isinstance(content, dict), f"{place} is no {cls.__name__}.")
    check_keys(content, names, place)
    return cls(**{name: decode(content[name], f"{place}.{name}", tensors) for name in names})


def check_keys(given, wanted, place):
    """Refuse unknown and missing keys."""
    unknown, missing = sorted(given.keys() - set(wanted)), sorted(set(wanted) - given.keys())
    require(not unknown, f"{place} has {unknown[:3]}, which is unknown there.")
    require(not missing, f"{place} lacks {missing[:3]}.")


def _decode_float(content, place, tensors):
    require(content in ("nan", "inf", "-inf"), f"{place} is no float.")
    return float(content)


def _decode_tuple(content, place, tensors):
    require(isinstance(content, list), f"{place} is no tuple.")
    return tuple(decode(content, place, tensors))


def _decode_dict(content, place, tensors):
    pairs = dict(decode(content, place, tensors))
    require(len(pairs) == len(content), f"{place} has a key twice.")
    return pairs


def _decode_tensor(content, place, tensors):
    require(isinstance(content, str) and content in tensors, f"{place} is a tensor that is missing, or used twice.")
    return tensors.pop(content)


def _decode_random_state(content, place, tensors):
    key, position, has_gauss, cached = decode(content, place, tensors)
    require(
        isinstance(key, np.ndarray) and key.dtype == np.uint32 and key.shape == (624,),
        f"{place} must have a key of 624 numbers of 32 bits.",
    )
    require(type(position) is int and 0 <= position <= 624, f"{place} must have a position from 0 to 624.")
    require(type(has_gauss) is int and has_gauss in (0, 1), f"{place} must say by 0 or 1 whether a draw is kept.")
    require(type(cached) is float and math.isfinite(cached), f"{place} must keep a draw that is a finite float.")
    random_state = np.random.RandomState(0)
    random_state.set_state(("MT19937", key, position, has_gauss, cached))
    return random_state


def _decode_symbols(content, place, tensors):
    dtype, values = content
    require(isinstance(dtype, str) and TOKEN_DTYPE.fullmatch(dtype), f"{place} has an unknown dtype.")
    dtype, values = np.dtype(dtype), decode(values, place, tensors)
    require(dtype.itemsize * len(values) <= MAX_TOKEN_BYTES, f"{place} has more than {MAX_TOKEN_BYTES} bytes.")
    if dtype.kind in "iu":
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        fit = all(type(value) is not int or least <= value <= most for value in values)
        require(fit, f"{place} has values that are no {dtype}.")  # NumPy 1 would take them and warn
    if dtype.kind != "O":
        array = np.array(values, dtype)
        require(array.shape == (len(values),) and array.tolist() == values, f"{place} has values of another dtype.")
        return array
    hash(tuple(values))
    return np.fromiter(values, object, len(values))


DECODERS = {
    "float": _decode_float,
    "bytes": lambda content, place, tensors: bytes.fromhex(content),
    "tuple": _decode_tuple,
    "dict": _decode_dict,
    "tensor": _decode_tensor,
    "symbols": _decode_symbols,
    "RandomState": _decode_random_state,
}
