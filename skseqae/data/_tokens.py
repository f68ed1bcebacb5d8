"""Tokens, which may be any hashable objects: validation and numbering."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ._arrays import as_any_array, is_missing, locate, short_repr
from ._sequences import Sequences


@dataclass(frozen=True)
class Tokens:
    """N sequences of symbols, one after another.

    Parameters
    ----------
    kind : {"label", "table", "list"}
        One symbol for each sample, as (N,); N rows of as many, as (N, H); or a list of N sequences of their own
        lengths.
    values : ndarray of shape (S,)
        All symbols.
    lengths : int array of shape (N,)
    """

    kind: Literal["label", "table", "list"]
    values: np.ndarray
    lengths: np.ndarray

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, rows):
        kept = np.zeros(len(self), bool)
        kept[rows] = True  # rows come in order
        return Tokens(self.kind, self.values[np.repeat(kept, self.lengths)], self.lengths[rows])

    def indices_in(self, known):
        """Return the place of each symbol among those known, one after another, `len(known)` for any other."""
        place_of = {symbol: place for place, symbol in enumerate(known.tolist())}
        places = (place_of.get(symbol, len(known)) for symbol in self.values.tolist())
        return np.fromiter(places, np.int64, len(self.values))

    def locate(self, place):
        """Return a symbol by its place among all, with its sample and its timestep."""
        return self.values[[place]].tolist()[0], *locate(place, self.lengths)


def unique_tokens(values):
    """Return each symbol once: sorted, or where they have no order as they first appear."""
    if values.dtype != object:
        return np.unique(values)
    symbols = list(dict.fromkeys(values.tolist()))
    try:
        return as_array(sorted(symbols))
    except TypeError:
        return as_array(symbols)


def as_array(symbols):
    """Return a list of symbols as an array, of objects where numpy would turn them into something else."""
    kinds = {type(symbol) for symbol in symbols}
    array = np.asarray(symbols) if len(kinds) <= 1 else None
    # of integers beyond 64 bits NumPy makes floats
    if array is None or array.ndim != 1 or array.dtype.kind not in ("biu" if kinds == {int} else "biufUSM"):
        array = np.empty(len(symbols), dtype=object)
        array[:] = symbols
    return array


def indices_as_sequences(numbers, lengths):
    """Return numbers as `Sequences` of one feature, float32."""
    return Sequences(numbers.astype(np.float32)[:, None], lengths)


def read_tokens(X, padding_value=None):
    """Read the X of a classifier of symbols.

    Parameters
    ----------
    X : list of N lists or arrays of symbols (T_i,), or array of shape (N, T)
        Trailing None, NaN or `padding_value` of an array is padding.
    padding_value : float, default=None

    Returns
    -------
    Tokens

    Raises
    ------
    TypeError, ValueError
        If X is not N sequences, or a symbol is missing or cannot be hashed.
    """
    if hasattr(X, "__array__") and not isinstance(X, type):
        X = as_any_array(X, "X")
    if not isinstance(X, np.ndarray) or (X.dtype == object and X.ndim == 1):
        symbols = _joined("list", _rows(X, "X"), "X")
    elif X.ndim == 2:
        rows = X.tolist()
        _check_symbols(rows, "X", may_be_missing=True)
        symbols = _joined("table", [_without_padding(row, padding_value) for row in rows], "X")
    else:
        raise ValueError(f"Expected symbols as an array (N, T) or N sequences, got shape {X.shape}.")
    if not symbols.lengths.any():
        raise ValueError(f"All {len(symbols)} sequences of X are empty: at least one needs a symbol.")
    return symbols


def _check_symbols(rows, name, *, may_be_missing=False, is_one_each=False):
    """Refuse what cannot be hashed or is missing, naming the first."""
    for i, row in enumerate(rows):
        for t, symbol in enumerate(row):
            try:
                hash(symbol)
            except Exception:  # foreign code
                error = TypeError, "which cannot be hashed"
            else:
                if may_be_missing or not is_missing(symbol):
                    continue
                error = ValueError, f"where a {'label' if name == 'y' else 'symbol'} should be"
            place = "" if is_one_each else f" at timestep {t}"
            raise error[0](f"{name}[{i}] has {short_repr(symbol)}{place}, {error[1]}.")


def _rows(X, name):
    """Return the sequences of symbols as lists."""
    if not isinstance(X, list | tuple | np.ndarray):
        raise TypeError(f"{name} is of type {type(X).__name__}, expected a list of sequences of symbols.")
    rows = []
    for i, row in enumerate(X):
        if isinstance(row, str | bytes) or not isinstance(row, list | tuple | np.ndarray):
            raise TypeError(
                f"{name}[{i}] is {short_repr(row)}, expected a sequence of symbols: a list, tuple or array. "
                "Split a string into its symbols first, for example by list(...)."
            )
        if isinstance(row, np.ndarray) and row.ndim != 1:
            raise ValueError(f"{name}[{i}] has shape {row.shape}, expected (T_i,).")
        rows.append(row.tolist() if isinstance(row, np.ndarray) else list(row))
    return rows


def _joined(kind, rows, name):
    """Return lists of symbols as `Tokens`."""
    _check_symbols(rows, name)
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    if not len(lengths):
        raise ValueError(f"Found {name} with 0 sample(s) while a minimum of 1 is required.")
    return Tokens(kind, as_array([symbol for row in rows for symbol in row]), lengths)


def _without_padding(row, padding_value):
    end = len(row)
    while end and (is_missing(row[end - 1]) or (padding_value is not None and row[end - 1] == padding_value)):
        end -= 1
    return row[:end]
