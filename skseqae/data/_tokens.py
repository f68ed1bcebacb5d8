"""Sequences of tokens, which may be any hashable objects: validation and encoding as indices."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ._arrays import as_any_array, is_missing, locate, short_repr
from ._sequences import Sequences


@dataclass(frozen=True)
class Tokens:
    """The concatenated tokens of N sequences.

    Parameters
    ----------
    container : {"label", "table", "list"}
        One token per sample, (N,); an array (N, H) with H tokens per sample; or a list of N sequences of their own
        lengths.
    values : ndarray of shape (S,)
        All tokens; None in place of missing labels.
    lengths : int array of shape (N,)
    """

    container: Literal["label", "table", "list"]
    values: np.ndarray
    lengths: np.ndarray

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, rows):
        kept = np.zeros(len(self), bool)
        kept[rows] = True  # rows are sorted
        return Tokens(self.container, self.values[np.repeat(kept, self.lengths)], self.lengths[rows])

    def indices_in(self, vocabulary):
        """Return the index in the vocabulary of each token, `len(vocabulary)` for an unknown token."""
        index_of = {token: index for index, token in enumerate(vocabulary.tolist())}
        indices = (index_of.get(token, len(vocabulary)) for token in self.values.tolist())
        return np.fromiter(indices, np.int64, len(self.values))

    def locate(self, position):
        """Return the token at a position in `values`, with its sample and its timestep."""
        return self.values[[position]].tolist()[0], *locate(position, self.lengths)


def unique_tokens(values):
    """Return the unique tokens, sorted, or by first appearance if they cannot be compared; without missing ones."""
    if values.dtype != object:
        return np.unique(values)
    tokens = [token for token in dict.fromkeys(values.tolist()) if token is not None]
    try:
        return as_array(sorted(tokens))
    except TypeError:
        return as_array(tokens)


def as_array(tokens):
    """Return a list of tokens as an array, of type object if NumPy would convert the tokens to another type."""
    types = {type(token) for token in tokens}
    array = np.asarray(tokens) if len(types) <= 1 else None
    # NumPy converts integers beyond 64 bits to floats
    if array is None or array.ndim != 1 or array.dtype.kind not in ("biu" if types == {int} else "biufUSM"):
        array = np.empty(len(tokens), dtype=object)
        array[:] = tokens
    return array


def indices_as_sequences(indices, lengths):
    """Return indices as `Sequences` of one feature, float32."""
    return Sequences(indices.astype(np.float32)[:, None], lengths)


def read_tokens(X, padding_value=None):
    """Read the X of a classifier of tokens.

    Parameters
    ----------
    X : list of N lists or arrays of tokens (T_i,), or array of shape (N, T)
        Trailing None, NaN or `padding_value` of an array is padding.
    padding_value : float, default=None

    Returns
    -------
    Tokens

    Raises
    ------
    TypeError, ValueError
        If X does not hold N sequences, or a token is missing or not hashable.
    """
    if hasattr(X, "__array__") and not isinstance(X, type):
        X = as_any_array(X, "X")
    if not isinstance(X, np.ndarray) or (X.dtype == object and X.ndim == 1):
        tokens = _concatenate("list", _as_lists(X, "X"), "X")
    elif X.ndim == 2:
        rows = X.tolist()
        _check_tokens(rows, "X", may_be_missing=True)
        tokens = _concatenate("table", [_strip_padding(row, padding_value) for row in rows], "X")
    else:
        raise ValueError(f"Expected tokens as an array (N, T) or N sequences, got shape {X.shape}.")
    if not tokens.lengths.any():
        raise ValueError(f"All {len(tokens)} sequences of X are empty: at least one token is required.")
    return tokens


def _check_tokens(rows, name, *, may_be_missing=False, is_one_each=False):
    """Raise an error that names the first token that is not hashable or is missing."""
    for i, row in enumerate(rows):
        for t, token in enumerate(row):
            try:
                hash(token)
            except Exception:  # foreign code
                error = TypeError, "which cannot be hashed"
            else:
                if may_be_missing or not is_missing(token):
                    continue
                error = ValueError, f"expected a {'label' if name == 'y' else 'token'}"
            location = "" if is_one_each else f" at timestep {t}"
            raise error[0](f"{name}[{i}] has {short_repr(token)}{location}, {error[1]}.")


def _as_lists(X, name):
    """Return sequences of tokens as a list of lists."""
    if not isinstance(X, list | tuple | np.ndarray):
        raise TypeError(f"{name} is of type {type(X).__name__}, expected a list of sequences of tokens.")
    rows = []
    for i, row in enumerate(X):
        if isinstance(row, str | bytes) or not isinstance(row, list | tuple | np.ndarray):
            raise TypeError(
                f"{name}[{i}] is {short_repr(row)}, expected a sequence of tokens: a list, tuple or array. "
                "Split a string into its tokens first, for example with list(...)."
            )
        if isinstance(row, np.ndarray) and row.ndim != 1:
            raise ValueError(f"{name}[{i}] has shape {row.shape}, expected (T_i,).")
        rows.append(row.tolist() if isinstance(row, np.ndarray) else list(row))
    return rows


def _concatenate(container, rows, name):
    """Return lists of tokens as `Tokens`."""
    _check_tokens(rows, name)
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    if not len(lengths):
        raise ValueError(f"Found {name} with 0 sample(s) while a minimum of 1 is required.")
    return Tokens(container, as_array([token for row in rows for token in row]), lengths)


def _strip_padding(row, padding_value):
    end = len(row)
    while end and (is_missing(row[end - 1]) or (padding_value is not None and row[end - 1] == padding_value)):
        end -= 1
    return row[:end]
