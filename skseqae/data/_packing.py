"""Validation and packing of lists and padded arrays: all timesteps in one array, and the lengths."""

from numbers import Real

import numpy as np

from ..runtime._memory import check_memory
from ._arrays import NUMERIC_KINDS, as_any_array, as_arrays, as_floats, locate, short_repr

FLOAT32_MAX = np.finfo(np.float32).max
_BLOCK = 65_536  # timesteps checked at a time, so that a memory map is never loaded as a whole
RESHAPE = "Reshape your data: one sequence is [X] or X.reshape(1, -1), one value per sample is X.reshape(-1, 1)."
ADVICE_ON_NAN = (
    "Impute missing values first, for example with PerTimestep(SimpleImputer()), or set missing='mask' in an estimator "
    "that has this parameter. To create Sequences with missing values, pass allow_missing=True. Only padding at the "
    "end of a sequence is removed."
)
ADVICE_ON_MEMORY = "Pass fewer samples at a time, or store them in a memory map and read it with Sequences.from_packed."


def pack_list(arrays, name="X", allow_missing=False, feature_names=None):
    """Return packed values (S, F) and lengths (N,) of a list of arrays (T_i, F) or (T_i,)."""
    for i, array in enumerate(arrays):
        if array.ndim == 0:
            raise ValueError(f"{name}[{i}] is a single number, not a sequence. {RESHAPE}")
        if array.ndim > 2:
            raise ValueError(f"{name}[{i}] has shape {array.shape}, expected (T_i, F) or (T_i,).")
    lengths = np.array([len(array) for array in arrays], dtype=np.int64)
    check_not_empty(lengths)
    filled = [i for i, array in enumerate(arrays) if array.shape != (0,)]  # arrays (0,) fit any number of features
    first = filled[0]
    for i in filled:
        if arrays[i].shape[1:] != arrays[first].shape[1:]:
            is_flipped = len({array.shape[:1] for array in arrays}) == 1
            raise ValueError(
                f"{name}[{i}] has {_describe(arrays[i])}, but {name}[{first}] has {_describe(arrays[first])}. "
                "All sequences must have shape (T_i, F) with the same F, or all must have shape (T_i,)."
                f"{' Sequences.from_channels_first reads arrays (F, T_i).' if is_flipped else ''}"
            )
    n_values = float(sum(array.size for array in arrays))
    check_memory(16 * n_values, f"Packing {len(arrays)} sequences into one array", ADVICE_ON_MEMORY)
    # Arrays without timesteps do not affect the dtype.
    values = as_floats(np.concatenate([arrays[i] for i in filled if lengths[i]]), name)
    values = values.reshape(lengths.sum(), arrays[first].shape[1] if arrays[first].ndim == 2 else 1)
    options = {"allow_missing": allow_missing, "feature_names": feature_names}
    check_values(values, lengths, (name + "[{}]").format, **options)
    return values, lengths


def _describe(array):
    return f"{array.shape[1]} features per timestep" if array.ndim == 2 else "no feature axis"


def pack_padded(X, lengths, padding, padding_value, name="X", allow_missing=False):
    """Return packed values (S, F) and lengths (N,) of an array, as `Sequences.from_padded` documents."""
    if not isinstance(padding, str) or padding not in ("post", "pre"):
        raise ValueError(f"padding must be 'post' or 'pre', got {short_repr(padding)}.")
    padding_value = check_padding_value(padding_value)
    if lengths is not None and padding_value is not None:
        raise ValueError("lengths and padding_value both define where sequences end: pass only one of them.")
    array = _check_padded(X, name)
    n_samples, n_timesteps, _ = array.shape
    check_memory(
        # whether each value is padding, and a copy of the real values
        array.size * (2 + array.itemsize),
        f"Removing the padding of an array {array.shape} of {array.dtype}",
        ADVICE_ON_MEMORY,
    )
    if lengths is None:
        lengths = _lengths_of_padded(array, padding, padding_value)
    else:
        lengths = check_lengths(lengths, n_timesteps, n_samples)
    first = n_timesteps - lengths if padding == "pre" else np.zeros_like(lengths)
    if lengths.min() == n_timesteps:  # a copy is three times as fast as picking timesteps
        values = np.array(array.reshape(-1, array.shape[2]))
    else:
        timesteps = np.arange(n_timesteps)
        values = array[(timesteps >= first[:, None]) & (timesteps < (first + lengths)[:, None])]
    check_values(values, lengths, (name + "[{}]").format, first, allow_missing)
    return values, lengths


def _check_padded(X, name):
    """Return an array (N, T, F) of floats."""
    array = as_arrays(X, name)
    if isinstance(array, list):
        raise ValueError(
            "Expected an array (N, T, F) or (N, T), got a list of sequences, which has no padding. Pass "
            "Sequences.from_list(X)."
        )
    if array.ndim < 2:
        raise ValueError(f"Expected an array (N, T, F) or (N, T), got shape {array.shape}. {RESHAPE}")
    if array.ndim > 3:
        raise ValueError(
            f"Expected an array (N, T, F) or (N, T), got {array.ndim}-D of shape {array.shape}. If its first axes "
            "are samples and time, pass a.reshape(*a.shape[:2], -1) of this array a."
        )
    check_shape(array.shape, ("sample", "timestep", "feature") if array.ndim == 3 else ("sample", "feature"))
    if array.dtype.kind not in NUMERIC_KINDS:
        array = np.stack([as_floats(row, f"{name}[{i}]") for i, row in enumerate(array)])
    array = as_floats(array, name)
    return array if array.ndim == 3 else array[:, :, None]


def check_shape(shape, axes):
    """Raise scikit-learn's error about the first of the named axes whose size is 0."""
    for count, axis in zip(shape, axes, strict=True):
        if count == 0:
            raise ValueError(f"Found array with 0 {axis}(s) (shape={shape}) while a minimum of 1 is required.")


def check_not_empty(lengths):
    """Raise an error if there is no sample or no timestep."""
    check_shape(lengths.shape, ("sample",))
    if not lengths.any():
        raise ValueError(f"All {len(lengths)} sequences are empty: at least one timestep is required.")


def check_padding_value(padding_value):
    """Return the padding value as a float, or None for NaN, which is the default."""
    if padding_value is None:
        return None
    if not isinstance(padding_value, Real):
        raise TypeError(f"padding_value must be a number or None, got {short_repr(padding_value)}.")
    try:
        value = float(padding_value)
    except OverflowError:
        raise ValueError(f"padding_value is {short_repr(padding_value)}, which overflows a float.") from None
    return None if np.isnan(value) else value


def _lengths_of_padded(array, padding, padding_value):
    """Count the timesteps of (N, T, F) up to the outermost that is not padding."""
    is_filling = np.isnan(array) if padding_value is None else array == padding_value
    is_data = ~is_filling.all(axis=2)
    from_outside = is_data[:, ::-1] if padding == "post" else is_data
    return np.where(is_data.any(axis=1), array.shape[1] - from_outside.argmax(axis=1), 0)


def check_lengths(lengths, longest, n_samples=None):
    """Return lengths as int64, each from 0 to `longest`."""
    array = as_any_array(lengths, "lengths")
    if array.ndim != 1 or n_samples not in (None, len(array)):
        expected = "(N,)" if n_samples is None else f"({n_samples},), one for each sample"
        raise ValueError(f"lengths has shape {array.shape}, expected {expected}.")
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"lengths must be integers, got {array.dtype}.")
    wrong = np.flatnonzero((array < 0) | (array > longest))
    if wrong.size:
        raise ValueError(f"lengths[{wrong[0]}] is {array[wrong[0]]}, expected 0 to {longest}.")
    return array.astype(np.int64)


def check_values(values, lengths, name="X[{}]".format, first=None, allow_missing=False, feature_names=None):
    """Raise an error that names the first packed value with which a network cannot compute.

    `name` returns the name of a sample, `first` is the timestep at which each sample starts in the array of the user,
    and `allow_missing` accepts NaN.
    """
    check_not_empty(lengths)
    check_shape(values.shape, ("timestep", "feature"))
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        if block.min() >= -FLOAT32_MAX and block.max() <= FLOAT32_MAX:  # false for NaN too
            continue
        is_invalid = ~(np.abs(block) <= FLOAT32_MAX)
        if allow_missing:
            is_invalid &= ~np.isnan(block)
            if not is_invalid.any():
                continue
        row, feature = np.argwhere(is_invalid)[0]
        sample, timestep = locate(start + row, lengths)
        timestep += 0 if first is None else first[sample]
        feature_name = repr(feature_names[feature]) if feature_names else feature
        has_feature = feature_names or values.shape[1] > 1
        location = f"timestep {timestep}" + (f", feature {feature_name}" if has_feature else "")
        value, advice = describe_invalid_value(block[row, feature])
        raise ValueError(f"{name(sample)} has {value} at {location}. {advice}")


def describe_invalid_value(value, advice_on_nan=ADVICE_ON_NAN):
    """Return a description of an invalid value, and advice."""
    if np.isnan(value):
        return "NaN", advice_on_nan
    if np.isinf(value):
        return str(value), "Replace infinite values first."
    return f"{value:g}", f"It overflows float32, whose largest value is {FLOAT32_MAX:g}. Rescale this feature."
