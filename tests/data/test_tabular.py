"""Arrays with one row per sample."""

import numpy as np
import pytest

from skseqae.data._sequences import rows_as_sequences
from skseqae.data._tabular import read_rows
from tests.data.sequence_cases import assert_same


def test_read_rows_names_the_first_row_that_overflows():
    rows = np.ones((3, 4))
    rows[1, 2], rows[2, 0], rows[0, 3] = -1e39, 1e40, np.float64(np.finfo(np.float32).max)
    with pytest.raises(ValueError, match=r"^Z\[1\] has -1e\+39 in column 2\. It overflows float32"):
        read_rows(rows, "Z")
    assert_same(rows_as_sequences(read_rows(rows[:1], "Z")), [rows[:1]])
