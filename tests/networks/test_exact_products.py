"""Matrix products whose bits do not depend on the order of summation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skseqae.networks.numpy_backend._exact_products import Product


def draw(rng, *shape, spread=0):
    return (rng.normal(size=shape) * 10.0 ** rng.uniform(-spread, spread, size=shape)).astype(np.float32)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 600), st.integers(1, 200), st.integers(1, 60), st.floats(0, 8), st.integers(0, 2**31))
def test_columns_do_not_depend_on_other_columns_and_their_position(n_columns, inner, width, spread, seed):
    rng = np.random.default_rng(seed)
    x, kernel = draw(rng, inner, n_columns, spread=spread), draw(rng, inner, width, spread=spread)
    product = Product(kernel)
    together = product(x)
    order = rng.permutation(n_columns)
    assert_array_equal(product(x[:, order]), together[:, order])
    for column in rng.integers(0, n_columns, size=3):
        assert_array_equal(product(x[:, column]), together[:, column])
        assert_array_equal(product(x[:, None, : column + 1])[:, 0], together[:, : column + 1])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 70), st.integers(1, 200), st.booleans(), st.integers(0, 2**31))
def test_products_of_states_do_not_depend_on_other_columns(n_columns, inner, is_bounded, seed):
    rng = np.random.default_rng(seed)
    h, kernel = np.tanh(draw(rng, inner, n_columns)), draw(rng, inner, 6)
    h *= 1.0 if is_bounded else 1e4
    out, last_out = np.empty((6, n_columns), np.float32), np.empty((6, 1), np.float32)
    multiply = Product(kernel).of(h, out, is_bounded=is_bounded)
    for _ in range(2):  # the product reads the current state at each call
        multiply()
        last = np.ascontiguousarray(h[:, -1:])
        Product(kernel).of(last, last_out, is_bounded=is_bounded)()
        assert_array_equal(out[:, -1:], last_out)
        assert_allclose(out, kernel.T.astype(np.float64) @ h, rtol=1e-5, atol=1e-5 * np.abs(h).max())
        h *= -0.5


@pytest.mark.parametrize("inner", [1, 2, 3, 64, 65, 1000, 4097])
def test_products_do_not_depend_on_the_order_of_summation(inner):
    rng = np.random.default_rng(inner)
    x, kernel = draw(rng, inner, 5), draw(rng, inner, 7)
    order = rng.permutation(inner)
    assert_array_equal(Product(kernel[order])(x[order]), Product(kernel)(x))


@pytest.mark.parametrize("inner", [1, 3, 64, 256, 1024])
def test_products_have_the_precision_of_float32(inner):
    rng = np.random.default_rng(inner)
    x, kernel = draw(rng, inner, 50), draw(rng, inner, 30)
    exact = kernel.T.astype(np.float64) @ x.astype(np.float64)
    scale = np.abs(x).max(axis=0) * np.abs(kernel).max(axis=0)[:, None] * np.sqrt(inner)
    assert np.max(np.abs(Product(kernel)(x) - exact) / scale) < 4e-7


@pytest.mark.parametrize("size", [0.0, 1e-45, 1e-38, 1e-20, 1.0, 1e19, 1e38])
def test_products_of_very_small_and_very_large_numbers_are_correct(size):
    x, kernel = np.array([[size, 0.0], [-size / 2, size]], np.float32), np.array([[1.0, 0.5], [-1.0, 0.25]], np.float32)
    assert_allclose(Product(kernel)(x), kernel.T @ x.astype(np.float64), rtol=1e-6, atol=1e-37)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 100), st.integers(1, 40), st.integers(0, 2**31), st.sampled_from([np.tanh, np.exp]))
def test_activations_do_not_depend_on_the_position_in_the_array(n_rows, n_columns, seed, function):
    """Activations are computed element by element, on arrays without gaps: on some processors NumPy has other code for
    arrays with strides.
    """
    for dtype in (np.float32, np.float64):
        x = (4 * np.random.default_rng(seed).normal(size=(n_rows, n_columns))).astype(dtype)
        together = function(x)
        assert_array_equal(function(np.ascontiguousarray(x[:, -1])), together[:, -1])
        assert_array_equal(function(x[-1:, -1:]), together[-1:, -1:])
        assert_array_equal(function(np.ascontiguousarray(x[:, ::-1])), together[:, ::-1])
