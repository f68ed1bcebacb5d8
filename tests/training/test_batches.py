"""Batches of like lengths: every row once, in an order that the seed decides."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skseqae.data._padding import mask_of, padded_and_mask
from skseqae.data._sequences import Sequences
from skseqae.training._batches import BATCHES_PER_CHUNK, TrainingData, shuffled_rows

LENGTHS = np.array([3, 0, 2])
X = Sequences.from_packed(np.arange(10, dtype=np.float32).reshape(5, 2), LENGTHS)
SHORTER = Sequences.from_packed(np.arange(3, dtype=np.float32), [2, 0, 1])
DATA = TrainingData(X, {"reconstruction": X, "prediction": SHORTER}, np.array([2.0, 1.0, 0.5]))
STEP_WEIGHTS = {"prediction": Sequences.from_packed(np.array([3.0, 0.0, 4.0]), SHORTER.lengths)}
WEIGHTED = TrainingData(DATA.x, DATA.targets, DATA.sample_weight, STEP_WEIGHTS)


def lengths_of(n_samples):
    return np.random.default_rng(n_samples).integers(0, 30, size=n_samples)


@pytest.mark.parametrize(("n_samples", "batch_size"), [(1, 1), (1, 8), (7, 7), (100, 7), (100, 100), (1000, 3)])
def test_every_row_comes_exactly_once_an_epoch(n_samples, batch_size):
    batches = shuffled_rows(lengths_of(n_samples), batch_size, np.random.RandomState(0))
    assert_array_equal(np.sort(np.concatenate(batches)), np.arange(n_samples))


@pytest.mark.parametrize(("n_samples", "batch_size"), [(1, 8), (7, 7), (100, 7), (1000, 3)])
def test_all_batches_but_one_are_full(n_samples, batch_size):
    sizes = sorted(map(len, shuffled_rows(lengths_of(n_samples), batch_size, np.random.RandomState(0))))
    rest = n_samples % batch_size
    assert sizes == ([rest] if rest else []) + [batch_size] * (n_samples // batch_size)


def test_batches_are_the_same_for_the_same_seed_only():
    first, again, other = (
        np.concatenate(shuffled_rows(lengths_of(100), 8, np.random.RandomState(seed))) for seed in (0, 0, 1)
    )
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_each_epoch_has_an_order_of_its_own():
    random_state = np.random.RandomState(0)
    first, second = (np.concatenate(shuffled_rows(lengths_of(100), 8, random_state)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_like_lengths_come_together():
    """Within one chunk batches hold lengths that follow one another, so that little is padded."""
    lengths = np.random.default_rng(0).permutation(8 * BATCHES_PER_CHUNK)
    batches = shuffled_rows(lengths, 8, np.random.RandomState(0))
    assert len(batches) == BATCHES_PER_CHUNK
    assert all(np.ptp(lengths[rows]) == 7 for rows in batches)


def test_batches_do_not_come_in_the_order_of_their_lengths():
    lengths = np.arange(8 * BATCHES_PER_CHUNK)
    means = [lengths[rows].mean() for rows in shuffled_rows(lengths, 8, np.random.RandomState(0))]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.7


def test_short_sequences_come_in_the_company_of_others_in_another_epoch():
    lengths, random_state = lengths_of(1000), np.random.RandomState(0)
    company = [
        next(set(rows) for rows in shuffled_rows(lengths, 8, random_state) if 0 in rows) for _ in range(2)
    ]  # fmt: skip
    assert company[0] != company[1]


def test_equal_lengths_are_shuffled_through_the_whole_set():
    first = shuffled_rows(np.full(1000, 5), 10, np.random.RandomState(0))[0]
    assert np.ptp(first) > 500


def test_a_mask_is_one_for_real_timesteps():
    mask = mask_of(LENGTHS, 4)
    assert mask.dtype == np.float32
    assert_array_equal(mask, [[1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0]])


def test_sequences_are_padded_to_the_longest_of_them():
    x, mask = padded_and_mask(X[[2, 1]])
    assert_array_equal(x, [[[6, 7], [8, 9]], [[0, 0], [0, 0]]])
    assert_array_equal(mask, [[1, 1], [0, 0]])


def test_empty_sequences_alone_are_padded_to_one_timestep():
    x, mask = padded_and_mask(X[[1]])
    assert_array_equal(x, np.zeros((1, 1, 2)))
    assert_array_equal(mask, np.zeros((1, 1)))


def test_a_batch_has_the_rows_asked_for_of_everything():
    batch = DATA.batch(np.array([2, 0]))
    assert {name: array.dtype for name, array in batch.items()} == dict.fromkeys(batch, np.float32)
    assert_array_equal(batch["reconstruction_weight"], [[0.5, 0.5, 0], [2, 2, 2]])
    assert_array_equal(batch["x"], batch["reconstruction"])
    assert_array_equal(batch["mask"], [[1, 1, 0], [1, 1, 1]])
    assert_array_equal(batch["reconstruction_mask"], batch["mask"])
    assert_array_equal(batch["prediction"], [[[2], [0]], [[0], [1]]])
    assert_array_equal(batch["prediction_mask"], [[1, 0], [1, 1]])


def test_a_timestep_may_have_a_weight_of_its_own():
    batch = WEIGHTED.take(np.array([1, 2, 0])).batch(np.array([1, 2]))
    assert_array_equal(batch["prediction_weight"], [[0.5 * 4, 0], [2 * 3, 0]])
    assert_array_equal(batch["prediction_mask"], [[1, 0], [1, 1]])
    assert_array_equal(batch["reconstruction_weight"], [[0.5, 0.5, 0], [2, 2, 2]])
    assert WEIGHTED.total_weight("prediction") == 2.0 * 3 + 0.5 * 4
    assert WEIGHTED.total_weight("reconstruction") == DATA.total_weight("reconstruction")


def test_of_a_single_sample_nothing_can_be_held_out():
    x = Sequences.from_list([np.ones((3, 1)), np.ones((2, 1))])
    data = TrainingData(x, {"reconstruction": x}, np.ones(2))
    assert len(data.hold_out(0.1, np.random.RandomState(0))) == 1
    with pytest.raises(
        ValueError, match="of 1 there are 1 to choose from: give at least 2, or set early_stopping=False"
    ):
        data.take([0]).hold_out(0.1, np.random.RandomState(0))


def test_taking_samples_takes_them_of_everything():
    taken = DATA.take(np.array([2, 0]))
    assert len(taken) == 2
    assert_array_equal(taken.x.packed, [[6, 7], [8, 9], [0, 1], [2, 3], [4, 5]])
    assert_array_equal(taken.targets["prediction"].packed, [[2], [0], [1]])
    assert_array_equal(taken.sample_weight, [0.5, 2.0])


def test_the_mass_of_a_head_is_its_sum_of_weight_times_length():
    assert DATA.total_weight("reconstruction") == 2.0 * 3 + 0.5 * 2
    assert DATA.total_weight("prediction") == 2.0 * 2 + 0.5 * 1
