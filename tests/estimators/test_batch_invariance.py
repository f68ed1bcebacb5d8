"""Guarantee 2: outputs for a sample do not depend on the other samples in the batch, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estimators.selections import PLAIN_SEQUENTIAL, SEQUENTIAL, each
from tests.support.combinations import CASES, PLAIN
from tests.support.outputs import assert_same_bits, outputs
from tests.support.strategies import property_settings, seeds

N_SAMPLES = 300


def rows_of(results, rows):
    """Return the outputs of some samples, given by a list of indices or a slice."""
    rows = range(len(next(iter(results.values()))))[rows] if isinstance(rows, slice) else rows
    return {method: [output[row] for row in rows] for method, output in results.items()}


@pytest.fixture(scope="module")
def samples_and_outputs():
    """Return a function that returns many samples of a case and their outputs, computed once."""
    cached = {}

    def samples_and_outputs_of(case):
        if case not in cached:
            samples = case.draw_mixed_lengths(N_SAMPLES)
            cached[case] = samples, outputs(case.fitted(), samples)
        return cached[case]

    return samples_and_outputs_of


@each(CASES)
@pytest.mark.parametrize("n_samples", [1, 2, 15, 16, 17, 33, N_SAMPLES])
def test_outputs_do_not_depend_on_the_batch(case, n_samples, samples_and_outputs):
    samples, expected = samples_and_outputs(case)
    rng = np.random.default_rng(n_samples)
    for _ in range(3):
        rows = rng.permutation(N_SAMPLES)[:n_samples]
        rows[0] = rng.choice([i for i, x in enumerate(samples) if len(x) > 1])  # X must not be all empty
        assert_same_bits(outputs(case.fitted(), [samples[row] for row in rows]), rows_of(expected, rows))


@each(SEQUENTIAL)
@property_settings(max_examples=6)
@given(st.data())
def test_outputs_do_not_depend_on_other_lengths(case, data):
    longest = case.decoder_timesteps or 200
    lengths = st.integers(0, longest) | st.sampled_from([0, 1, 2, longest])
    others = case.draw(data.draw(st.lists(lengths, min_size=1, max_size=20)), data.draw(seeds))
    (x,) = case.draw([data.draw(st.integers(1, longest))], data.draw(seeds))
    row = data.draw(st.integers(0, len(others)))

    alone = outputs(case.fitted(), [x])
    with_others = outputs(case.fitted(), [*others[:row], x, *others[row:]])

    assert_same_bits(rows_of(with_others, [row]), alone)


@each(PLAIN_SEQUENTIAL)
def test_outputs_do_not_depend_on_samples_that_require_smaller_batches(case):
    samples = case.draw(range(1, 41), seed=0)
    very_long = case.draw([2000, 20_000], seed=1)

    expected = outputs(case.fitted(), samples)
    with_others = outputs(case.fitted(), [very_long[0], *samples, very_long[1]])

    assert_same_bits(rows_of(with_others, slice(1, -1)), expected)


@pytest.mark.parametrize(
    ("units", "n_features", "loss"),
    [((129, 65), 13, "categorical_crossentropy"), (200, 64, "binary_crossentropy"), (1, 3, "mse")],
)
@each(PLAIN)
def test_outputs_of_any_width_and_activation_do_not_depend_on_the_batch(case, units, n_features, loss):
    case, scale = replace(case, n_features=n_features), "standard" if loss == "mse" else None
    X = case.draw(np.random.default_rng(0).integers(2, 30, size=50), seed=0)
    fitted = case.fit(X[:8], **case.width_parameters(3, units), **case.supported(loss=loss, scale=scale), epochs=1)
    expected = outputs(fitted, X)

    for rows in [slice(0, 1), slice(40, 57), slice(None, None, -1)]:
        assert_same_bits(outputs(fitted, X[rows]), rows_of(expected, rows))
