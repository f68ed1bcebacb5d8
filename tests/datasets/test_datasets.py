"""Data sets: the values of the archive, and generators whose ground truth explains every value."""

import inspect
from importlib.resources import files

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.utils import check_random_state

from skseqae import datasets
from skseqae.datasets import load_japanese_vowels, make_counters, make_events, make_moving_digits, make_waves
from skseqae.datasets._moving_digits import _bouncing_path, _render_video

GENERATORS = [make_waves, make_counters, make_events, make_moving_digits]
LENGTHS = {make: "n_timesteps" if make is make_moving_digits else "lengths" for make in GENERATORS}
all_generators = pytest.mark.parametrize("make", GENERATORS)


def assert_same_sequences(X, Y):
    assert len(X) == len(Y)
    for x, y in zip(X, Y, strict=True):
        assert_array_equal(x, y, strict=True)


# --- every generator


@all_generators
def test_the_same_seed_gives_bitwise_identical_sequences(make):
    X, y = make(7, random_state=3)
    X_second, y_second = make(7, random_state=np.random.RandomState(3))
    assert_same_sequences(X, X_second)
    assert_array_equal(y, y_second, strict=True)


@all_generators
@pytest.mark.parametrize("seeds", [(0, 1), (None, None)])
def test_different_seeds_give_different_sequences(make, seeds):
    first, second = (make(7, random_state=seed)[0] for seed in seeds)
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(first, second, strict=True))


@all_generators
@pytest.mark.parametrize("seed", [None, 0])
def test_the_global_generator_of_numpy_is_not_changed(make, seed):
    numpy_generator = check_random_state(None)
    before = numpy_generator.get_state()
    make(7, random_state=seed)
    for old, new in zip(before, numpy_generator.get_state(), strict=True):
        assert_array_equal(old, new)


@all_generators
def test_lengths_include_both_bounds_and_never_exceed_them(make):
    X, _ = make(200, random_state=0, **{LENGTHS[make]: (0, 4)})
    assert {len(x) for x in X} == {0, 1, 2, 3, 4}


@all_generators
def test_an_integer_is_the_length_of_all_sequences(make):
    X, _ = make(5, random_state=0, **{LENGTHS[make]: np.int64(6)})
    assert [len(x) for x in X] == [6] * 5


@all_generators
def test_longer_lengths_continue_the_same_sequences(make):
    noise = {"noise": 0.0} if make is make_waves else {}
    short, y_short = make(5, random_state=0, **{LENGTHS[make]: 6}, **noise)
    long, y_long = make(5, random_state=0, **{LENGTHS[make]: 30}, **noise)
    assert_array_equal(y_short, y_long)
    for x, longer in zip(short, long, strict=True):
        assert_allclose(x, longer[:6], rtol=0, atol=1e-12)


@all_generators
def test_sequences_are_a_list_of_2d_arrays_of_finite_floats(make):
    X, y = make(5, random_state=0)
    assert isinstance(X, list)
    assert len(X) == len(y) == 5
    dtype = np.float32 if make is make_moving_digits else np.float64
    assert all(x.ndim == 2 and x.dtype == dtype and np.isfinite(x).all() for x in X)


@all_generators
def test_only_n_samples_is_positional(make):
    kinds = [p.kind for p in inspect.signature(make).parameters.values()]
    assert kinds == [inspect.Parameter.POSITIONAL_OR_KEYWORD] + [inspect.Parameter.KEYWORD_ONLY] * (len(kinds) - 1)


@all_generators
@pytest.mark.parametrize("lengths", [-1, 2.5, (5, 4), (-1, 4), (1, 2, 3), "many", None, np.nan])
def test_an_invalid_length_raises_an_error_with_the_expected_range(make, lengths):
    name = LENGTHS[make]
    with pytest.raises(ValueError, match=rf"^{name}=.*expected an int in the range \[0, inf\).*low <= high"):
        make(5, **{name: lengths})


@all_generators
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("n_samples", 0, "[1, inf)"), ("n_samples", 2.0, "int"), ("random_state", "seed", "RandomState")],
)
def test_an_invalid_argument_raises_an_error_with_its_name_and_value(make, name, value, expected):
    with pytest.raises(ValueError) as error:
        make(**{name: value})
    for part in (f"'{name}'", make.__name__, expected, repr(value)):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (make_waves, "n_features", 0),
        (make_waves, "n_classes", 0),
        (make_waves, "noise", -0.1),
        (make_waves, "noise", np.nan),
        (make_waves, "return_truth", "yes"),
        (make_events, "n_kinds", 0),
        (make_events, "n_kinds", 2.5),
        (make_moving_digits, "n_digits", 0),
        (make_moving_digits, "size", 8),
        (make_moving_digits, "speed", -1.0),
        (make_moving_digits, "speed", np.inf),
        (make_moving_digits, "subset", "validation"),
        (load_japanese_vowels, "subset", "validation"),
        (load_japanese_vowels, "return_X_y", None),
    ],
)
def test_an_argument_out_of_range_raises_an_error_with_its_name(make, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of {make.__name__} must be .* Got {value!r}"):
        make(**{name: value})


def test_public_functions_are_sorted_and_have_examples():
    assert sorted(datasets.__all__) == datasets.__all__
    for name in datasets.__all__:
        assert "Examples\n    --------" in getattr(datasets, name).__doc__


# --- waves


def test_waves_without_noise_are_determined_by_frequency_and_phases():
    X, _, truth = make_waves(20, n_features=3, noise=0.0, return_truth=True, random_state=0)
    for x, f, phase in zip(X, truth.frequency, truth.phase, strict=True):
        for t, j in np.ndindex(x.shape):
            slow, fast = np.sin(2 * np.pi * f * t + phase[0, j]), np.sin(4 * np.pi * f * t + phase[1, j]) / 2
            assert x[t, j] == pytest.approx(slow + fast, rel=0, abs=1e-12)


def test_the_class_of_a_wave_determines_its_frequency():
    _, y, truth = make_waves(20, n_classes=4, return_truth=True, random_state=0)
    assert_allclose(truth.frequency, np.array([0.05, 0.1, 0.15, 0.2])[y])


def test_class_sizes_of_waves_differ_by_at_most_one():
    _, y = make_waves(17, n_classes=5, random_state=0)
    assert sorted(np.bincount(y)) == [3, 3, 3, 4, 4]


def test_one_class_of_waves_has_one_frequency():
    _, y, truth = make_waves(4, n_classes=1, return_truth=True, random_state=0)
    assert_array_equal(y, 0)
    assert_array_equal(truth.frequency, 0.05)


def test_noise_does_not_change_the_ground_truth():
    arguments = {"n_samples": 200, "n_features": 2, "return_truth": True, "random_state": 0}
    noisy, y_noisy, truth_noisy = make_waves(noise=0.3, **arguments)
    clean, y_clean, truth_clean = make_waves(noise=0.0, **arguments)
    assert_array_equal(y_noisy, y_clean)
    assert_array_equal(truth_noisy.phase, truth_clean.phase)
    noise = np.concatenate(noisy) - np.concatenate(clean)
    assert np.abs(noise.mean(axis=0)).max() < 0.02
    assert_allclose(noise.std(axis=0), 0.3, rtol=0.05)


# --- counters


def test_counters_are_determined_by_start_and_step():
    X, y = make_counters(20, random_state=0)
    for x, (start, step) in zip(X, y, strict=True):
        assert_array_equal(x, [[start + step * t] for t in range(len(x))])


def test_starts_and_steps_are_between_their_bounds():
    _, y = make_counters(500, starts=(-2.0, 3.0), steps=(-0.5, -0.1), random_state=0)
    assert (y.min(axis=0) >= [-2.0, -0.5]).all()
    assert (y.max(axis=0) <= [3.0, -0.1]).all()
    assert (np.ptp(y, axis=0) > [4.9, 0.39]).all()


def test_counters_include_the_sequence_of_the_tutorials():
    X, y = make_counters(1, lengths=9, starts=0.1, steps=0.1)
    assert_allclose(X[0], np.arange(1, 10)[:, None] / 10, rtol=0, atol=1e-15)
    assert_array_equal(y, [[0.1, 0.1]])


@pytest.mark.parametrize("name", ["starts", "steps"])
@pytest.mark.parametrize("bounds", [np.nan, (0.0, np.inf), (1.0, 0.0), (0.0,), "fast", None, 1j])
def test_an_invalid_start_or_step_raises_an_error_with_the_expected_range(name, bounds):
    with pytest.raises(ValueError, match=rf"^{name}=.*expected a float in the range \(-inf, inf\).*low <= high"):
        make_counters(5, **{name: bounds})


# --- events


def test_timesteps_of_events_are_one_hot_or_all_zeros():
    X, _ = make_events(200, n_kinds=5, random_state=0)
    steps = np.concatenate(X)
    assert steps.shape[1] == 5
    assert_array_equal(np.unique(steps), [0, 1])
    assert_array_equal(np.unique(steps.sum(axis=1)), [0, 1])


def test_the_frequency_of_events_is_their_rate():
    X, y = make_events(50, lengths=2000, rates=(0.2, 0.9), random_state=0)
    assert 0.2 <= y.min() < 0.25
    assert 0.85 < y.max() <= 0.9
    assert_allclose([x.sum() / len(x) for x in X], y, rtol=0, atol=0.04)


def test_all_kinds_of_events_are_equally_likely():
    X, _ = make_events(2000, n_kinds=8, lengths=10, rates=8 / 9, random_state=0)
    steps = np.concatenate(X)
    assert_allclose([*steps.mean(axis=0), 1 - steps.sum(axis=1).mean()], 1 / 9, rtol=0, atol=0.01)


@pytest.mark.parametrize(("rate", "expected"), [(0, 0), (1, 1)])
def test_rate_0_gives_no_events_and_rate_1_an_event_per_timestep(rate, expected):
    X, y = make_events(20, rates=rate, random_state=0)
    assert_array_equal(np.concatenate(X).sum(axis=1), expected)
    assert_array_equal(y, rate)


def test_events_of_consecutive_timesteps_and_sequences_are_uncorrelated():
    X, _ = make_events(300, n_kinds=2, lengths=20, rates=2 / 3, random_state=0)
    steps = np.stack(X)
    pairs = [(steps[:, 1:], steps[:, :-1]), (steps[1:], steps[:-1])]
    for later, earlier in pairs:
        correlation = np.corrcoef(later.reshape(-1, 2).T, earlier.reshape(-1, 2).T)[:2, 2:]
        assert np.abs(correlation).max() < 0.05


def test_events_do_not_depend_on_the_lengths_of_other_sequences():
    short, _ = make_events(30, lengths=(0, 6), random_state=0)
    long, _ = make_events(30, lengths=(8, 15), random_state=0)
    for x, longer in zip(short, long, strict=True):
        assert_array_equal(x, longer[: len(x)])


@pytest.mark.parametrize("bounds", [-0.1, 1.1, np.nan, (0.0, np.inf), (1.0, 0.0), (0.0,), "often", None])
def test_an_invalid_rate_raises_an_error_with_the_expected_range(bounds):
    with pytest.raises(ValueError, match=r"^rates=.*expected a float in the range \[0.0, 1.0\].*low <= high"):
        make_events(5, rates=bounds)


# --- moving digits


def digit_tracks(X, size):
    """Return the centres of mass (T, 2) of the frames of each video."""
    videos = [x.reshape(-1, size, size).astype(float) for x in X]
    grid = np.stack(np.mgrid[:size, :size], axis=-1)
    return [np.einsum("tij,ijk->tk", video, grid) / video.sum(axis=(1, 2))[:, None] for video in videos]


def test_all_frames_of_a_digit_contain_the_same_pixel_values():
    X, y = make_moving_digits(30, n_timesteps=(1, 40), size=13, speed=2.3, random_state=0)
    digits = load_digits()
    for x, label in zip(X, y, strict=True):
        ink = np.unique(np.sort(x * 16, axis=1), axis=0)
        assert len(ink) == 1  # the same values in every frame, at any position
        originals = np.sort(digits.data[digits.target == label], axis=1)
        assert (originals == ink[0, -64:]).all(axis=1).any()
        assert not ink[0, :-64].any()


def test_digits_move_at_constant_speed_and_bounce_off_both_walls():
    size, speed, n_timesteps = 20, 0.7, 300
    X, _ = make_moving_digits(10, n_timesteps=n_timesteps, size=size, speed=speed, random_state=0)
    max_position = size - 8
    for track in digit_tracks(X, size):
        step = np.diff(track, axis=0)
        assert (
            np.abs(step).max() <= 1 + 1e-9
        )  # below one pixel per timestep, the rounded position moves by at most one pixel
        travelled = np.abs(step).sum(axis=0) / (n_timesteps - 1)
        assert np.hypot(*travelled) == pytest.approx(speed, abs=0.05)
        fast = travelled > 0.1
        assert_allclose(np.ptp(track, axis=0)[fast], max_position, atol=1e-9)  # from one wall to the other


@pytest.mark.parametrize(("max_position", "speed"), [(1, 0.3), (8, 1.0), (8, 7.9), (24, 0.01)])
def test_a_bouncing_path_equals_a_loop_that_turns_at_the_walls(max_position, speed):
    start = max_position / np.pi  # never half a pixel, whose rounding would depend on the last bit
    position, direction, path = start, -1, []
    for _ in range(60):
        path.append(position)
        position += direction * speed
        if not 0 <= position <= max_position:
            position = -position if position < 0 else 2 * max_position - position
            direction = -direction
    corners = _bouncing_path(np.array([[start]]), np.array([[-speed]]), 60, max_position)
    assert_array_equal(corners.ravel(), np.rint(path))


def test_overlapping_digits_show_the_brighter_pixels():
    dark, bright = np.full((8, 8), 0.25, dtype=np.float32), np.float32(0.75) * np.eye(8, dtype=np.float32)
    corners = np.array([[[0, 0], [4, 4]], [[2, 1], [2, 1]]])
    frames = _render_video([bright, dark], corners, size=12)
    expected = np.zeros((2, 12, 12))
    expected[0, 4:, 4:] = 0.25
    expected[0, range(8), range(8)] = 0.75
    expected[1, 2:10, 1:9] = np.where(np.eye(8), 0.75, 0.25)
    assert_array_equal(frames, expected)


def test_digits_of_speed_0_do_not_move():
    X, _ = make_moving_digits(5, speed=0.0, random_state=0)
    for x in X:
        assert_array_equal(x, np.broadcast_to(x[0], x.shape))


def test_pixels_are_multiples_of_one_sixteenth_from_0_to_1():
    X, _ = make_moving_digits(20, n_digits=2, random_state=0)
    pixels = np.concatenate(X)
    assert pixels.min() == 0
    assert pixels.max() == 1
    assert_array_equal(pixels * 16, np.rint(pixels * 16))


def test_videos_of_several_digits_have_one_label_per_digit():
    X, y = make_moving_digits(50, n_digits=2, size=20, random_state=0)
    assert y.shape == (50, 2)
    assert np.issubdtype(y.dtype, np.integer)
    assert {x.shape for x in X} == {(20, 400)}
    assert set(np.unique(y)) == set(range(10))


@pytest.mark.parametrize(("subset", "low", "high"), [("train", 0, 1437), ("test", 1437, 1797), ("all", 0, 1797)])
def test_all_digits_of_the_subset_and_no_others_are_drawn(subset, low, high):
    X, y = make_moving_digits(15_000, n_timesteps=1, size=9, subset=subset, random_state=0)
    digits, pool = load_digits(), set(range(low, high))
    which = {}
    for i, ink in enumerate(np.sort(digits.data, axis=1)):
        which.setdefault(ink.tobytes(), set()).add(i)  # a few digits have the same pixel values in another arrangement
    chosen = [which[ink.astype(float).tobytes()] for ink in np.sort(16 * np.concatenate(X), axis=1)[:, -64:]]
    assert all(candidates & pool for candidates in chosen)
    assert set().union(*chosen) >= pool
    assert all(label in digits.target[list(candidates)] for label, candidates in zip(y, chosen, strict=True))


# --- Japanese Vowels


@pytest.mark.parametrize(("subset", "n_samples"), [("train", 270), ("test", 370), ("all", 640)])
def test_the_number_and_the_lengths_of_utterances_equal_those_of_the_archive(subset, n_samples):
    X, y = load_japanese_vowels(subset=subset, return_X_y=True)
    assert isinstance(X, list)
    assert len(X) == len(y) == n_samples
    assert {x.shape[1] for x in X} == {12}
    assert all(x.dtype == np.float64 and np.isfinite(x).all() for x in X)
    lengths = [len(x) for x in X]
    assert (min(lengths), max(lengths)) == {"train": (7, 26), "test": (7, 29), "all": (7, 29)}[subset]


def test_the_class_sizes_equal_those_of_the_archive():
    for subset, counts in [("train", [30] * 9), ("test", [31, 35, 88, 44, 29, 24, 40, 50, 29])]:
        _, y = load_japanese_vowels(subset=subset, return_X_y=True)
        assert np.issubdtype(y.dtype, np.integer)
        assert_array_equal(y, np.repeat(np.arange(9), counts))


def test_the_coefficients_equal_the_decimals_of_the_archive():
    X_train, _ = load_japanese_vowels(subset="train", return_X_y=True)
    X_test, _ = load_japanese_vowels(subset="test", return_X_y=True)
    first = [1.860936, -0.207383, 0.261557, -0.214562, -0.171253, -0.118167]
    first += [-0.277557, 0.025668, 0.126701, -0.306756, -0.213076, 0.088728]
    assert_array_equal(X_train[0][0], first)
    assert_array_equal(X_train[-1][-1, :3], [0.966744, -0.323093, 0.305467])
    assert_array_equal(X_test[0][0, :3], [1.635533, 0.024848, 0.432087])
    assert_array_equal(X_test[-1][-1, -3:], [-0.001849, -0.016634, 0.224688])
    values = np.concatenate(X_train + X_test)
    assert values.shape == (9961, 12)
    assert (values.min(), values.max()) == (-1.852765, 2.203141)


def test_subset_all_concatenates_training_and_test_utterances():
    parts = [load_japanese_vowels(subset=subset) for subset in ("train", "test")]
    together = load_japanese_vowels()
    assert_same_sequences(parts[0].data + parts[1].data, together.data)
    assert_array_equal(np.concatenate([part.target for part in parts]), together.target)


def test_modified_utterances_do_not_affect_the_next_load():
    load_japanese_vowels().data[0][:] = 0
    assert load_japanese_vowels().data[0][0, 0] == 1.860936


def test_the_description_contains_source_licence_and_changes():
    description = " ".join(load_japanese_vowels().DESCR.split())
    for part in (
        "UCI Machine Learning Repository",
        "Kudo, M., Toyama, J. and Shimbo, M. (1999)",
        "Multidimensional curve classification using passing-through regions",
        "Pattern Recognition Letters, 20(11-13)",
        "CC BY 4.0",
        "## Changes",
    ):
        assert part in description


def test_the_bundled_file_is_small():
    assert len((files("skseqae.datasets.data") / "japanese_vowels.npz").read_bytes()) < 400_000
