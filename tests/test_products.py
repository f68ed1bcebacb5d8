"""Products whose bits depend on no order of summation."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skseqae._products import product_with


def draw(rng, *shape, spread=0):
    return (rng.normal(size=shape) * 10.0 ** rng.uniform(-spread, spread, size=shape)).astype(np.float32)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 300), st.integers(1, 200), st.integers(1, 60), st.floats(0, 8), st.integers(0, 2**31))
def test_a_row_is_the_same_bits_in_any_company_and_any_place(n_rows, inner, width, spread, seed):
    rng = np.random.default_rng(seed)
    x, kernel = draw(rng, n_rows, inner, spread=spread), draw(rng, inner, width, spread=spread)
    product = product_with(tf.constant(kernel))
    together = product(x).numpy()
    order = rng.permutation(n_rows)
    assert_array_equal(product(x[order]), together[order])
    for row in rng.integers(0, n_rows, size=3):
        assert_array_equal(product(x[row : row + 1])[0], together[row])
        assert_array_equal(product(x[None, : row + 1])[0], together[: row + 1])


@pytest.mark.parametrize("inner", [1, 2, 3, 64, 65, 1000, 4097])
def test_no_order_of_summation_changes_a_bit(inner):
    rng = np.random.default_rng(inner)
    x, kernel = draw(rng, 5, inner), draw(rng, inner, 7)
    order = rng.permutation(inner)
    assert_array_equal(product_with(tf.constant(kernel[order]))(x[:, order]), product_with(tf.constant(kernel))(x))


@pytest.mark.parametrize("inner", [1, 3, 64, 256, 1024])
def test_it_is_as_exact_as_float32(inner):
    rng = np.random.default_rng(inner)
    x, kernel = draw(rng, 50, inner), draw(rng, inner, 30)
    exact = x.astype(np.float64) @ kernel.astype(np.float64)
    scale = np.abs(x).max(axis=1, keepdims=True) * np.abs(kernel).max(axis=0) * np.sqrt(inner)
    assert np.max(np.abs(product_with(tf.constant(kernel))(x) - exact) / scale) < 4e-7


@pytest.mark.parametrize("size", [0.0, 1e-45, 1e-38, 1e-20, 1.0, 1e19, 1e38])
def test_any_size_of_number_is_multiplied(size):
    x = np.array([[size, -size / 2], [0.0, size]], np.float32)
    got = product_with(tf.constant([[1.0, 0.5], [-1.0, 0.25]]))(x)
    assert_allclose(got, x.astype(np.float64) @ [[1.0, 0.5], [-1.0, 0.25]], rtol=1e-6, atol=1e-37)


def test_float64_is_multiplied_as_ever():
    x, kernel = tf.random.stateless_normal((2, 3, 4), (0, 0), dtype=tf.float64)
    assert_array_equal(product_with(tf.transpose(kernel))(x), tf.matmul(x, kernel, transpose_b=True))
