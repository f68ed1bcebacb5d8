"""Batches of similar lengths: each row once, in an order determined by the seed; and random parts of sequences."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skseqae.data._padding import mask_of, padded_and_mask
from skseqae.data._sequences import Sequences
from skseqae.data._targets import next_steps, reversed_in_time
from skseqae.training._batches import BATCHES_PER_CHUNK, Crops, TrainingData, shuffle_into_batches

LENGTHS = np.array([3, 0, 2])
X = Sequences.from_packed(np.arange(10, dtype=np.float32).reshape(5, 2), LENGTHS)
SHORTER = Sequences.from_packed(np.arange(3, dtype=np.float32), [2, 0, 1])
DATA = TrainingData(X, {"reconstruction": X, "prediction": SHORTER}, np.array([2.0, 1.0, 0.5]))
STEP_WEIGHTS = {"prediction": Sequences.from_packed(np.array([3.0, 0.0, 4.0]), SHORTER.lengths)}
WEIGHTED = TrainingData(DATA.x, DATA.targets, DATA.sample_weight, STEP_WEIGHTS)


def lengths_of(n_samples):
    return np.random.default_rng(n_samples).integers(0, 30, size=n_samples)


@pytest.mark.parametrize(("n_samples", "batch_size"), [(1, 1), (1, 8), (7, 7), (100, 7), (100, 100), (1000, 3)])
def test_batches_contain_each_row_exactly_once(n_samples, batch_size):
    batches = shuffle_into_batches(lengths_of(n_samples), batch_size, np.random.RandomState(0))
    assert_array_equal(np.sort(np.concatenate(batches)), np.arange(n_samples))


@pytest.mark.parametrize(("n_samples", "batch_size"), [(1, 8), (7, 7), (100, 7), (129, 64), (1000, 3)])
def test_as_few_batches_as_possible_differ_by_at_most_one_row(n_samples, batch_size):
    sizes = [len(rows) for rows in shuffle_into_batches(lengths_of(n_samples), batch_size, np.random.RandomState(0))]
    assert len(sizes) == -(-n_samples // batch_size)
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


def test_batches_are_the_same_for_the_same_seed_only():
    first, again, other = (
        np.concatenate(shuffle_into_batches(lengths_of(100), 8, np.random.RandomState(seed))) for seed in (0, 0, 1)
    )
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_order_differs_between_epochs():
    random_state = np.random.RandomState(0)
    first, second = (np.concatenate(shuffle_into_batches(lengths_of(100), 8, random_state)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_batches_contain_similar_lengths():
    """The batches of a chunk contain consecutive lengths, so that there is little padding."""
    lengths = np.random.default_rng(0).permutation(8 * BATCHES_PER_CHUNK)
    batches = shuffle_into_batches(lengths, 8, np.random.RandomState(0))
    assert len(batches) == BATCHES_PER_CHUNK
    assert all(np.ptp(lengths[rows]) == 7 for rows in batches)


def test_batches_are_not_sorted_by_length():
    lengths = np.arange(8 * BATCHES_PER_CHUNK)
    means = [lengths[rows].mean() for rows in shuffle_into_batches(lengths, 8, np.random.RandomState(0))]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.7


def test_the_composition_of_batches_differs_between_epochs():
    lengths, random_state = lengths_of(1000), np.random.RandomState(0)
    epochs = [shuffle_into_batches(lengths, 8, random_state) for _ in range(2)]
    first, second = (next(set(rows) for rows in batches if 0 in rows) for batches in epochs)
    assert first != second


def test_equal_lengths_are_shuffled_across_the_whole_training_set():
    first = shuffle_into_batches(np.full(1000, 5), 10, np.random.RandomState(0))[0]
    assert np.ptp(first) > 500


def test_masks_are_one_at_real_timesteps():
    mask = mask_of(LENGTHS, 4)
    assert mask.dtype == np.float32
    assert_array_equal(mask, [[1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0]])


def test_sequences_are_padded_to_the_largest_length():
    x, mask = padded_and_mask(X[[2, 1]])
    assert_array_equal(x, [[[6, 7], [8, 9]], [[0, 0], [0, 0]]])
    assert_array_equal(mask, [[1, 1], [0, 0]])


def test_empty_sequences_are_padded_to_one_timestep():
    x, mask = padded_and_mask(X[[1]])
    assert_array_equal(x, np.zeros((1, 1, 2)))
    assert_array_equal(mask, np.zeros((1, 1)))


@pytest.mark.parametrize(
    ("lengths", "n_timesteps"), [([5, 0, 1], 8), ([29, 7, 8], 32), ([200, 10, 11], 224), ([9] * 3, 12), ([0] * 3, 4)]
)
def test_filled_batches_of_all_lengths_have_one_shape(lengths, n_timesteps):
    x = Sequences(np.ones((sum(lengths), 1)), lengths)
    data = TrainingData(x, {"reconstruction": x}, np.ones(3))
    for rows in ([0], [1, 2], [2]):
        batch = data.batch(np.array(rows), 8)
        assert batch["x"].shape == (8, n_timesteps, 1)
        assert batch["mask"].sum() == np.take(lengths, rows).sum()


@pytest.mark.parametrize("n_features", [1, 3])
def test_refits_on_longer_series_need_few_shapes(n_features):
    """XLA compiles each shape anew. Lengths that are equal in one fit may grow from fit to fit."""
    shapes = set()
    for length in range(33, 65):
        x = Sequences(np.ones((3 * length, n_features)), [length] * 3)
        shapes.add(TrainingData(x, {"reconstruction": x}, np.ones(3)).batch(np.arange(3), 8)["x"].shape)
    assert shapes == {(8, n_timesteps, n_features) for n_timesteps in (40, 48, 56, 64)}


def test_batches_contain_the_requested_rows_of_all_arrays():
    batch = DATA.batch(np.array([2, 0]))
    assert {name: array.dtype for name, array in batch.items()} == dict.fromkeys(batch, np.float32)
    assert_array_equal(batch["reconstruction_weight"], [[0.5, 0.5, 0], [2, 2, 2]])
    assert_array_equal(batch["x"], batch["reconstruction"])
    assert_array_equal(batch["mask"], [[1, 1, 0], [1, 1, 1]])
    assert_array_equal(batch["reconstruction_mask"], batch["mask"])
    assert_array_equal(batch["prediction"], [[[2], [0]], [[0], [1]]])
    assert_array_equal(batch["prediction_mask"], [[1, 0], [1, 1]])


def test_timestep_weights_multiply_the_sample_weights():
    batch = WEIGHTED.take(np.array([1, 2, 0])).batch(np.array([1, 2]))
    assert_array_equal(batch["prediction_weight"], [[0.5 * 4, 0], [2 * 3, 0]])
    assert_array_equal(batch["prediction_mask"], [[1, 0], [1, 1]])
    assert_array_equal(batch["reconstruction_weight"], [[0.5, 0.5, 0], [2, 2, 2]])
    assert WEIGHTED.total_weight("prediction") == 2.0 * 3 + 0.5 * 4
    assert WEIGHTED.total_weight("reconstruction") == DATA.total_weight("reconstruction")


def test_hold_out_requires_two_samples():
    x = Sequences.from_list([np.ones((3, 1)), np.ones((2, 1))])
    data = TrainingData(x, {"reconstruction": x}, np.ones(2))
    assert len(data.hold_out(0.1, np.random.RandomState(0))) == 1
    message = r"requires at least 2 samples .* but 1 of 1 sample\(s\) can be used: pass more .* early_stopping=False"
    with pytest.raises(ValueError, match=message):
        data.take([0]).hold_out(0.1, np.random.RandomState(0))


def test_take_selects_samples_of_all_arrays():
    taken = DATA.take(np.array([2, 0]))
    assert len(taken) == 2
    assert_array_equal(taken.x.packed, [[6, 7], [8, 9], [0, 1], [2, 3], [4, 5]])
    assert_array_equal(taken.targets["prediction"].packed, [[2], [0], [1]])
    assert_array_equal(taken.sample_weight, [0.5, 2.0])


def test_total_weight_is_the_sum_of_weight_times_length():
    assert DATA.total_weight("reconstruction") == 2.0 * 3 + 0.5 * 2
    assert DATA.total_weight("prediction") == 2.0 * 2 + 0.5 * 1


# --- crops ------------------------------------------------------------------------------------------------------------


def numbered(lengths):
    """Return training data of one feature, whose values are the numbers of all timesteps from 1, with three targets."""
    x = Sequences.from_packed(np.arange(1, sum(lengths) + 1, dtype=np.float32)[:, None], lengths)
    targets = {"reconstruction": reversed_in_time(x), "prediction": next_steps(x), "same": x}
    weights = np.linspace(0.5, 2, len(lengths))
    return TrainingData(x, targets, weights, crops=Crops(0.5, 20), reversed_heads=("reconstruction",))


def real(batch, name):
    """Return the values of the real timesteps of each row."""
    masks = batch["mask" if name == "x" else f"{name}_mask"] > 0
    return [row[mask, 0] for row, mask in zip(batch[name], masks, strict=True)]


CROPPED_LENGTHS = [12, 0, 1, 2, 3, 50, 7, 20]


def test_a_crop_is_a_contiguous_part_and_its_targets_are_those_of_the_crop():
    data, random_state = numbered(CROPPED_LENGTHS), np.random.RandomState(0)
    rows = np.array([5, 0, 1, 2, 3, 4, 6, 7])
    first, last = np.cumsum(CROPPED_LENGTHS) - CROPPED_LENGTHS + 1, np.cumsum(CROPPED_LENGTHS)
    for n_rows in (None, 10) * 20:
        batch = data.batch(rows, n_rows, random_state)
        crops = real(batch, "x")
        for row, crop in zip(rows, crops, strict=False):
            assert_array_equal(np.diff(crop), 1)
            assert len(crop) == 0 or first[row] <= crop[0] <= crop[-1] <= last[row]
        expected = {"reconstruction": [crop[::-1] for crop in crops], "prediction": [crop[1:] for crop in crops]}
        for name, parts in (expected | {"same": crops}).items():
            for got, part, weight in zip(real(batch, name), parts, batch[f"{name}_weight"], strict=True):
                assert_array_equal(got, part)
                assert np.count_nonzero(weight) == len(part)


def test_crops_have_all_lengths_from_the_shortest_share_and_start_anywhere():
    lengths = np.array(CROPPED_LENGTHS)
    draws = [Crops(0.5, 20).draw(lengths, random_state) for random_state in [np.random.RandomState(0)] * 5000]
    starts, cropped = map(np.array, zip(*draws, strict=True))
    assert_array_equal(cropped.min(axis=0), [6, 0, 1, 2, 2, 10, 4, 10])
    assert_array_equal(cropped.max(axis=0), np.minimum(lengths, 20))
    assert starts.min() == 0
    assert_array_equal((starts + cropped).max(axis=0), lengths)
    assert_array_equal(np.unique(starts[:, 5]), np.arange(41))
    assert np.abs(cropped.mean(axis=0) - Crops(0.5, 20).mean_lengths(lengths))[[0, 5, 7]].max() < 0.3


def test_the_total_weight_of_crops_is_the_expected_one():
    data = replace(numbered([12, 50, 20]), crops=Crops(0.5, 20))
    random_state = np.random.RandomState(0)
    batches = [data.batch(np.arange(3), None, random_state) for _ in range(500)]
    mean = np.mean([batch["same_weight"].sum() for batch in batches])
    assert mean == pytest.approx(data.total_weight("same"), rel=0.02)


def test_validation_data_and_data_without_crops_are_not_cropped():
    data, rows = numbered(CROPPED_LENGTHS), np.arange(len(CROPPED_LENGTHS))
    whole = replace(data, crops=None)
    for batch in (data.batch(rows), whole.batch(rows, None, np.random.RandomState(0))):
        assert_array_equal([len(row) for row in real(batch, "x")], CROPPED_LENGTHS)
    assert whole.total_weight("same") == whole.sample_weight @ CROPPED_LENGTHS


def test_filled_crops_have_one_shape_that_ends_at_the_longest_crop():
    data, random_state = numbered(CROPPED_LENGTHS), np.random.RandomState(0)
    shapes = {data.batch(rows, 8, random_state)["x"].shape for rows in (np.array([1]), np.array([5, 7]))}
    assert shapes == {(8, 20, 1)}
