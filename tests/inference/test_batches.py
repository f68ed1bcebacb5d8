"""Guarantee 2 for random networks: a sample's bits depend neither on the batch nor on how it is computed."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_array_equal
from threadpoolctl import threadpool_limits

from skseqae.inference import _batching
from skseqae.networks._cells import CELLS
from tests.inference.random_networks import (
    KINDS,
    NARROW,
    WIDTHS,
    draw_architecture,
    draw_computation,
    draw_lengths,
    draw_rows,
)
from tests.support.strategies import property_settings, seeds

every_kind = pytest.mark.parametrize("kind", KINDS)
N_SAMPLES = 40


def draw(kind, seed, **options):
    """Return a generator, the bits of all samples by a random network, and a check of those of some of them."""
    rng = np.random.default_rng(seed)
    architecture = draw_architecture(kind, rng, **options)
    compute = draw_computation(kind, architecture, rng, draw_lengths(rng, N_SAMPLES))
    expected = compute(np.arange(N_SAMPLES))
    return rng, expected, lambda rows: assert_array_equal(compute(rows), expected[rows], err_msg=str(architecture))


@pytest.mark.parametrize("widths", [NARROW, WIDTHS], ids=["narrow", "wide"])
@every_kind
@property_settings(max_examples=12)
@given(seeds)
def test_the_bits_of_a_sample_do_not_depend_on_the_other_samples(kind, widths, seed):
    rng, _, check = draw(kind, seed, widths=widths)
    for row in (*range(0, N_SAMPLES, 8), N_SAMPLES - 1):
        check(np.array([row]))
    for rows in (draw_rows(rng, N_SAMPLES), draw_rows(rng, N_SAMPLES), rng.permutation(N_SAMPLES)):
        check(rows)


@every_kind
@property_settings(max_examples=6)
@given(seeds)
def test_the_bits_depend_neither_on_threads_nor_on_the_size_of_batches(kind, seed):
    rng, _, check = draw(kind, seed)
    for n_threads in (1, 2, 4):
        sizes = {
            "MIN_ROWS": rng.integers(1, 30),
            "MAX_ROWS": rng.integers(1, 200),
            "MAX_BATCH_SIZE": 2 ** rng.integers(14),
        }
        with threadpool_limits(n_threads, "blas"), patch.multiple(_batching, **sizes):
            check(np.arange(N_SAMPLES))


@pytest.mark.parametrize("cell", CELLS)
@every_kind
def test_the_bits_of_networks_whose_widths_are_all_one_do_not_depend_on_the_batch(kind, cell):
    for seed in range(4):
        _, _, check = draw(kind, seed, widths=[1], cells=[cell])
        for row in range(0, N_SAMPLES, 5):
            check(np.array([row]))


@every_kind
def test_random_networks_distinguish_the_samples(kind):
    """Otherwise equal bits would show nothing."""
    assert np.mean([len(set(draw(kind, seed, widths=[8])[1])) for seed in range(5)]) > 5
