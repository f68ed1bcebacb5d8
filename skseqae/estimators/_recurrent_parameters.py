"""The parameters that all estimators with a recurrent encoder have."""

from math import ceil
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ..networks._architectures import RECURRENT_OPTIONS, STATISTICS
from ..networks._statistics import DEFAULT_STATISTICS

MAX_STEPS_READ = 256  # of a sequence of median length, with patch_size="auto"


class RecurrentParametersMixin:
    """Check parameters of the encoder and of the training budget, and resolve those that depend on others or on X."""

    _parameter_constraints: dict = {
        **{name: [StrOptions(set(options))] for name, options in RECURRENT_OPTIONS.items()},
        "units": [Interval(Integral, 1, None, closed="left"), tuple, list, None],
        "bidirectional": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "padding_value": [Real, None],
        "missing": [StrOptions({"error", "mask"})],
        "pooling": [StrOptions({"statistics", "last"}), tuple],
        "differences": ["boolean"],
        "patch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "schedule": [StrOptions({"cosine", "constant"})],
        "max_steps": [Interval(Integral, 1, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: whether values may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mask"
        return tags

    def _check_units(self, default):
        """Return the widths of the recurrent layers as a tuple."""
        units = (default,) if self.units is None else self.units
        units = tuple(np.atleast_1d(np.asarray(units, dtype=object)))
        if not units or not all(isinstance(u, Integral) and u >= 1 for u in units):
            raise ValueError(f"units must be an int or a tuple of ints of at least 1, got {self.units!r}.")
        return tuple(int(u) for u in units)

    def _check_pooling(self):
        """Return the statistics that are read from hidden states; none for the last state."""
        if self.pooling == "last":
            return ()
        names = DEFAULT_STATISTICS if self.pooling == "statistics" else self.pooling
        if not names or len(set(names)) < len(names) or not set(names) <= set(STATISTICS):
            raise ValueError(f"pooling must be 'statistics', 'last' or some of {STATISTICS}, got {self.pooling!r}.")
        return tuple(names)

    def _choose_patch_size(self, lengths):
        """Return the number of timesteps that are read as one."""
        if self.patch_size != "auto":
            return int(self.patch_size)
        return max(1, ceil(float(np.median(lengths)) / MAX_STEPS_READ))
