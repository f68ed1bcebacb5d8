"""Settings and strategies of property tests."""

import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st

seeds = st.integers(0, 2**31 - 1)


def property_settings(max_examples):
    """Return the settings of a property test: reproducible, no deadline, and no shrinking, which would take minutes."""
    return settings(max_examples=max_examples, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])


def draw_sequences(lengths, n_features, seed):
    """Return float64 arrays (T_i, F) of multiples of 1/8 from 0 to 1, which all floating-point types hold exactly."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 9, size=(length, n_features)) / 8 for length in lengths]


@st.composite
def training_lengths(draw, longest=None, min_length=0, max_size=12):
    """Draw three or more lengths from 2, and up to two of 0 or 1, all of them at least `min_length`.

    With `longest`, one of the lengths has this value.
    """
    lengths = draw(st.lists(st.integers(2, longest or 12), min_size=3, max_size=max_size - 3))
    lengths += [longest or draw(st.integers(2, 12)), *draw(st.lists(st.integers(0, 1), max_size=2))]
    return draw(st.permutations([max(min_length, length) for length in lengths]))
