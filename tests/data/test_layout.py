"""`Layout`: outputs in the container of X."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skseqae.data._check_sequences import check_sequences
from skseqae.data._layout import Layout
from tests.data.sequence_cases import NAN, assert_same, packed, padded_by_loop, quick, ragged


@quick
@given(ragged())
def test_a_list_of_2d_arrays_is_restored(arrays):
    sequences, layout = check_sequences(arrays)
    assert layout == Layout("list")
    assert_same(sequences, arrays)
    restored = layout.restore(sequences)
    assert isinstance(restored, list)
    for got, expected in zip(restored, arrays, strict=True):
        assert_array_equal(got, expected, strict=True)
        got += 1  # the restored arrays are copies
    assert_same(sequences, arrays)


@quick
@given(ragged())
def test_a_list_of_1d_arrays_is_restored(arrays):
    flat = [array[:, 0] for array in arrays]
    sequences, layout = check_sequences(flat)
    assert layout == Layout("list", univariate=True)
    assert_same(sequences, [array[:, :1] for array in arrays])
    for got, expected in zip(layout.restore(sequences), flat, strict=True):
        assert_array_equal(got, expected, strict=True)


@quick
@given(ragged(), st.sampled_from([None, NAN, -7.0, np.inf]), st.integers(0, 3))
def test_a_padded_array_is_restored_with_its_padding(arrays, padding_value, extra):
    filling = NAN if padding_value is None else padding_value
    X = padded_by_loop(arrays, max(map(len, arrays)) + extra, filling)
    sequences, layout = check_sequences(X, padding_value=padding_value)
    assert (layout.container, layout.n_timesteps, layout.univariate) == ("padded", X.shape[1], False)
    assert_same(sequences, arrays)
    assert_array_equal(layout.restore(sequences), X, strict=True)


@quick
@given(ragged(), st.sampled_from([None, -7.0]))
def test_a_2d_array_is_restored_with_its_padding(arrays, padding_value):
    filling = NAN if padding_value is None else padding_value
    arrays = [array[:, :1] for array in arrays]
    X = padded_by_loop(arrays, max(map(len, arrays)), filling)[:, :, 0]
    sequences, layout = check_sequences(X, padding_value=padding_value)
    assert layout == Layout("table", X.shape[1], univariate=True, padding_value=padding_value)
    assert_same(sequences, arrays)
    assert_array_equal(layout.restore(sequences), X, strict=True)


def test_a_layout_of_rows_restores_a_copy():
    rows = packed([np.full((1, 2), 3.0), np.full((1, 2), 4.0)])
    restored = Layout("rows").restore(rows)
    assert restored.tolist() == [[3.0, 3.0], [4.0, 4.0]]
    restored[:] = 0.0
    assert rows.packed.min() == 3.0


def test_restored_arrays_are_as_long_and_wide_as_the_outputs():
    longer = packed([np.ones((4, 1)), np.ones((2, 1))])
    assert Layout("table", 3, univariate=True).restore(longer).shape == (2, 4)
    assert Layout("padded", 3, padding_value=0.0).restore(longer)[1, :, 0].tolist() == [1, 1, 0, 0]
    wider = packed([np.ones((2, 3))])
    assert Layout("table", 3, univariate=True).restore(wider).shape == (1, 3, 3)
    assert Layout("list", univariate=True).restore(wider)[0].shape == (2, 3)
    assert Layout("padded", 3).restore(wider[:0]).shape == (0, 3, 3)
