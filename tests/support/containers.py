"""The containers that hold sequences, tokens and rows, as functions of a list of arrays."""

import numpy as np
import pandas as pd
import polars as pl

from skseqae import Sequences

SENTINEL = -1.0  # no sequence of `draw_sequences` has negative values


def padded(arrays, fill=np.nan, extra=0):
    """Return an array (N, T, F), where T is the largest length plus `extra`."""
    n_timesteps = max(map(len, arrays)) + extra
    out = np.full((len(arrays), n_timesteps, arrays[0].shape[1]), fill, np.result_type(arrays[0], np.float16))
    for row, array in zip(out, arrays, strict=True):
        row[: len(array)] = array
    return out


def objects(arrays):
    """Return an object array (N,) of arrays."""
    out = np.empty(len(arrays), dtype=object)
    out[:] = arrays
    return out


def packed(arrays):
    """Return `Sequences`."""
    return Sequences.from_packed(np.concatenate(arrays), [len(array) for array in arrays])


def table(arrays, extra=0):
    """Return an array (N, T) of univariate sequences."""
    return padded(arrays, extra=extra)[:, :, 0]


CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "object array": objects,
    "nest": lambda arrays: [array.tolist() for array in arrays],
    "Sequences": packed,
    "padded": padded,
    "wider": lambda arrays: padded(arrays, extra=9),
    "sentinel": lambda arrays: padded(arrays, SENTINEL),
    "wider sentinel": lambda arrays: padded(arrays, SENTINEL, extra=9),
}
UNIVARIATE_CONTAINERS = {
    "list of numbers": lambda arrays: [array[:, 0] for array in arrays],
    "nest of numbers": lambda arrays: [array[:, 0].tolist() for array in arrays],
    "table": table,
    "wider table": lambda arrays: table(arrays, extra=9),
    "pandas": lambda arrays: pd.DataFrame(table(arrays)),
    "polars": lambda arrays: pl.DataFrame(table(arrays), schema=[f"t{t}" for t in range(max(map(len, arrays)))]),
}


def token_table(words, extra=0):
    """Return an object array (N, T) of tokens, with None after the end of each sequence."""
    out = np.full((len(words), max(map(len, words)) + extra), None)
    for row, word in zip(out, words, strict=True):
        row[: len(word)] = word
    return out


TOKEN_CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "object array": objects,
    "nest": lambda words: [word.tolist() for word in words],
    "array": token_table,
    "wider array": lambda words: token_table(words, extra=9),
    "pandas": lambda words: pd.DataFrame(token_table(words)),
}
ROW_CONTAINERS = {
    "list": list,
    "nest": lambda rows: [row.tolist() for row in rows],
    "array": np.stack,
    "by columns": lambda rows: np.asfortranarray(np.stack(rows)),
    "pandas": lambda rows: pd.DataFrame(np.stack(rows)),
}


def containers(n_features):
    """Return the functions that put sequences with this number of features into a container, by name."""
    return CONTAINERS | (UNIVARIATE_CONTAINERS if n_features == 1 else {})


def parameters_for(container):
    """Return the parameters that an estimator needs to read a container."""
    return {"padding_value": SENTINEL} if "sentinel" in container else {}
