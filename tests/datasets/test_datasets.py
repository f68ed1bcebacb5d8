"""What the data sets promise: the archive's values, and generators whose truth explains every number."""

import inspect
from importlib.resources import files

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.utils import check_random_state

from skseqae import datasets
from skseqae.datasets import load_japanese_vowels, make_counters, make_events, make_moving_digits, make_waves

GENERATORS = [make_waves, make_counters, make_events, make_moving_digits]
LENGTHS = {make: "n_timesteps" if make is make_moving_digits else "lengths" for make in GENERATORS}
all_generators = pytest.mark.parametrize("make", GENERATORS)


def assert_same_sequences(X, Y):
    assert len(X) == len(Y)
    for x, y in zip(X, Y, strict=True):
        assert_array_equal(x, y, strict=True)


# -- every generator


@all_generators
def test_the_same_seed_gives_the_same_bits(make):
    X, y = make(7, random_state=3)
    X_again, y_again = make(7, random_state=np.random.RandomState(3))
    assert_same_sequences(X, X_again)
    assert_array_equal(y, y_again, strict=True)


@all_generators
@pytest.mark.parametrize("seeds", [(0, 1), (None, None)])
def test_different_seeds_give_different_sequences(make, seeds):
    first, second = (make(7, random_state=seed)[0] for seed in seeds)
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(first, second, strict=True))


@all_generators
@pytest.mark.parametrize("seed", [None, 0])
def test_the_global_generator_is_never_touched(make, seed):
    numpys_own = check_random_state(None)
    before = numpys_own.get_state()
    make(7, random_state=seed)
    for was, now in zip(before, numpys_own.get_state(), strict=True):
        assert_array_equal(was, now)


@all_generators
def test_lengths_span_their_bounds_and_never_leave_them(make):
    X, _ = make(200, random_state=0, **{LENGTHS[make]: (0, 4)})
    assert {len(x) for x in X} == {0, 1, 2, 3, 4}


@all_generators
def test_one_number_for_the_length_is_the_length_of_all(make):
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
def test_only_the_number_of_samples_is_positional(make):
    kinds = [p.kind for p in inspect.signature(make).parameters.values()]
    assert kinds == [inspect.Parameter.POSITIONAL_OR_KEYWORD] + [inspect.Parameter.KEYWORD_ONLY] * (len(kinds) - 1)


@all_generators
@pytest.mark.parametrize("lengths", [-1, 2.5, (5, 4), (-1, 4), (1, 2, 3), "many", None, np.nan])
def test_a_bad_length_is_named_with_what_was_expected(make, lengths):
    name = LENGTHS[make]
    with pytest.raises(ValueError, match=rf"^{name}=.*expected an int in the range \[0, inf\).*low <= high"):
        make(5, **{name: lengths})


@all_generators
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("n_samples", 0, "[1, inf)"), ("n_samples", 2.0, "int"), ("random_state", "lucky", "RandomState")],
)
def test_a_bad_argument_is_named_with_what_came(make, name, value, expected):
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
def test_an_argument_out_of_range_is_refused_by_name(make, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of {make.__name__} must be .* Got {value!r}"):
        make(**{name: value})


def test_the_public_names_are_the_documented_functions():
    assert sorted(datasets.__all__) == datasets.__all__
    for name in datasets.__all__:
        assert "Examples\n    --------" in getattr(datasets, name).__doc__


# -- waves


def test_frequency_and_phases_explain_every_value_of_a_noiseless_wave():
    X, _, truth = make_waves(20, n_features=3, noise=0.0, return_truth=True, random_state=0)
    for x, f, phase in zip(X, truth.frequency, truth.phase, strict=True):
        for t, j in np.ndindex(x.shape):
            slow, fast = np.sin(2 * np.pi * f * t + phase[0, j]), np.sin(4 * np.pi * f * t + phase[1, j]) / 2
            assert x[t, j] == pytest.approx(slow + fast, rel=0, abs=1e-12)


def test_the_class_of_a_wave_tells_its_frequency():
    _, y, truth = make_waves(20, n_classes=4, return_truth=True, random_state=0)
    assert_allclose(truth.frequency, np.array([0.05, 0.1, 0.15, 0.2])[y])


def test_the_classes_of_waves_have_as_many_samples_each_or_one_more():
    _, y = make_waves(17, n_classes=5, random_state=0)
    assert sorted(np.bincount(y)) == [3, 3, 3, 4, 4]


def test_one_class_of_waves_has_one_frequency():
    _, y, truth = make_waves(4, n_classes=1, return_truth=True, random_state=0)
    assert_array_equal(y, 0)
    assert_array_equal(truth.frequency, 0.05)


def test_noise_hides_the_same_truth():
    arguments = {"n_samples": 200, "n_features": 2, "return_truth": True, "random_state": 0}
    noisy, y_noisy, truth_noisy = make_waves(noise=0.3, **arguments)
    clean, y_clean, truth_clean = make_waves(noise=0.0, **arguments)
    assert_array_equal(y_noisy, y_clean)
    assert_array_equal(truth_noisy.phase, truth_clean.phase)
    noise = np.concatenate(noisy) - np.concatenate(clean)
    assert np.abs(noise.mean(axis=0)).max() < 0.02
    assert_allclose(noise.std(axis=0), 0.3, rtol=0.05)


# -- counters


def test_start_and_step_explain_every_value_of_a_counter():
    X, y = make_counters(20, random_state=0)
    for x, (start, step) in zip(X, y, strict=True):
        assert_array_equal(x, [[start + step * t] for t in range(len(x))])


def test_starts_and_steps_stay_between_their_bounds():
    _, y = make_counters(500, starts=(-2.0, 3.0), steps=(-0.5, -0.1), random_state=0)
    assert (y.min(axis=0) >= [-2.0, -0.5]).all()
    assert (y.max(axis=0) <= [3.0, -0.1]).all()
    assert (np.ptp(y, axis=0) > [4.9, 0.39]).all()


def test_the_counter_of_the_tutorials_is_one_of_them():
    X, y = make_counters(1, lengths=9, starts=0.1, steps=0.1)
    assert_allclose(X[0], np.arange(1, 10)[:, None] / 10, rtol=0, atol=1e-15)
    assert_array_equal(y, [[0.1, 0.1]])


@pytest.mark.parametrize("name", ["starts", "steps"])
@pytest.mark.parametrize("bounds", [np.nan, (0.0, np.inf), (1.0, 0.0), (0.0,), "fast", None, 1j])
def test_a_bad_start_or_step_is_named_with_what_was_expected(name, bounds):
    with pytest.raises(ValueError, match=rf"^{name}=.*expected a float in the range \(-inf, inf\).*low <= high"):
        make_counters(5, **{name: bounds})


# -- events


def test_a_timestep_of_events_is_one_hot_or_all_zeros():
    X, _ = make_events(200, n_kinds=5, random_state=0)
    steps = np.concatenate(X)
    assert steps.shape[1] == 5
    assert_array_equal(np.unique(steps), [0, 1])
    assert_array_equal(np.unique(steps.sum(axis=1)), [0, 1])


def test_events_happen_as_often_as_the_rate_says():
    X, y = make_events(50, lengths=2000, rates=(0.2, 0.9), random_state=0)
    assert 0.2 <= y.min() < 0.25
    assert 0.85 < y.max() <= 0.9
    assert_allclose([x.sum() / len(x) for x in X], y, rtol=0, atol=0.04)


def test_no_kind_of_event_is_more_likely_than_another_nor_than_nothing_at_its_rate():
    X, _ = make_events(2000, n_kinds=8, lengths=10, rates=8 / 9, random_state=0)
    steps = np.concatenate(X)
    assert_allclose([*steps.mean(axis=0), 1 - steps.sum(axis=1).mean()], 1 / 9, rtol=0, atol=0.01)


@pytest.mark.parametrize(("rate", "expected"), [(0, 0), (1, 1)])
def test_events_never_happen_at_rate_0_and_always_at_rate_1(rate, expected):
    X, y = make_events(20, rates=rate, random_state=0)
    assert_array_equal(np.concatenate(X).sum(axis=1), expected)
    assert_array_equal(y, rate)


def test_what_happens_in_one_sequence_says_nothing_of_the_next_timestep_or_sequence():
    X, _ = make_events(300, n_kinds=2, lengths=20, rates=2 / 3, random_state=0)
    steps = np.stack(X)
    pairs = [(steps[:, 1:], steps[:, :-1]), (steps[1:], steps[:-1])]
    for these, those in pairs:
        correlation = np.corrcoef(these.reshape(-1, 2).T, those.reshape(-1, 2).T)[:2, 2:]
        assert np.abs(correlation).max() < 0.05


def test_events_go_on_whatever_the_lengths_of_the_others():
    short, _ = make_events(30, lengths=(0, 6), random_state=0)
    long, _ = make_events(30, lengths=(8, 15), random_state=0)
    for x, longer in zip(short, long, strict=True):
        assert_array_equal(x, longer[: len(x)])


@pytest.mark.parametrize("bounds", [-0.1, 1.1, np.nan, (0.0, np.inf), (1.0, 0.0), (0.0,), "often", None])
def test_a_bad_rate_is_named_with_what_was_expected(bounds):
    with pytest.raises(ValueError, match=r"^rates=.*expected a float in the range \[0.0, 1.0\].*low <= high"):
        make_events(5, rates=bounds)


# -- moving digits


def digit_tracks(X, size):
    """Return the centre of mass (T, 2) of each film's frames."""
    films = [x.reshape(-1, size, size).astype(float) for x in X]
    grid = np.stack(np.mgrid[:size, :size], axis=-1)
    return [np.einsum("tij,ijk->tk", film, grid) / film.sum(axis=(1, 2))[:, None] for film in films]


def test_every_frame_of_a_digit_holds_the_same_ink():
    X, y = make_moving_digits(30, n_timesteps=(1, 40), size=13, speed=2.3, random_state=0)
    digits = load_digits()
    for x, label in zip(X, y, strict=True):
        ink = np.unique(np.sort(x * 16, axis=1), axis=0)
        assert len(ink) == 1  # the same brightnesses in every frame, wherever they are
        known = np.sort(digits.data[digits.target == label], axis=1)
        assert (known == ink[0, -64:]).all(axis=1).any()
        assert not ink[0, :-64].any()


def test_a_digit_drifts_at_constant_speed_and_bounces_off_both_walls():
    size, speed, n_timesteps = 20, 0.7, 300
    X, _ = make_moving_digits(10, n_timesteps=n_timesteps, size=size, speed=speed, random_state=0)
    room = size - 8
    for track in digit_tracks(X, size):
        step = np.diff(track, axis=0)
        assert np.abs(step).max() <= 1 + 1e-9  # below one pixel a timestep, no jump is longer than one
        travelled = np.abs(step).sum(axis=0) / (n_timesteps - 1)
        assert np.hypot(*travelled) == pytest.approx(speed, abs=0.05)
        fast = travelled > 0.1
        assert_allclose(np.ptp(track, axis=0)[fast], room, atol=1e-9)  # from one wall to the other


@pytest.mark.parametrize(("room", "speed"), [(1, 0.3), (8, 1.0), (8, 7.9), (24, 0.01)])
def test_bouncing_equals_a_walk_that_turns_at_the_walls(room, speed):
    start = room / np.pi  # never half a pixel, whose rounding would be a matter of the last bit
    place, direction, walked = start, -1, []
    for _ in range(60):
        walked.append(place)
        place += direction * speed
        if not 0 <= place <= room:
            place = -place if place < 0 else 2 * room - place
            direction = -direction
    corners = datasets._bouncing_path(np.array([[start]]), np.array([[-speed]]), 60, room)
    assert_array_equal(corners.ravel(), np.rint(walked))


def test_where_digits_overlap_the_brighter_one_shows():
    dark, bright = np.full((8, 8), 0.25, dtype=np.float32), np.float32(0.75) * np.eye(8, dtype=np.float32)
    corners = np.array([[[0, 0], [4, 4]], [[2, 1], [2, 1]]])
    frames = datasets._render_video([bright, dark], corners, size=12)
    expected = np.zeros((2, 12, 12))
    expected[0, 4:, 4:] = 0.25
    expected[0, range(8), range(8)] = 0.75
    expected[1, 2:10, 1:9] = np.where(np.eye(8), 0.75, 0.25)
    assert_array_equal(frames, expected)


def test_a_digit_at_no_speed_stands_still():
    X, _ = make_moving_digits(5, speed=0.0, random_state=0)
    for x in X:
        assert_array_equal(x, np.broadcast_to(x[0], x.shape))


def test_pixels_are_sixteenths_between_zero_and_one():
    X, _ = make_moving_digits(20, n_digits=2, random_state=0)
    pixels = np.concatenate(X)
    assert pixels.min() == 0
    assert pixels.max() == 1
    assert_array_equal(pixels * 16, np.rint(pixels * 16))


def test_several_digits_have_a_row_of_labels():
    X, y = make_moving_digits(50, n_digits=2, size=20, random_state=0)
    assert y.shape == (50, 2)
    assert np.issubdtype(y.dtype, np.integer)
    assert {x.shape for x in X} == {(20, 400)}
    assert set(np.unique(y)) == set(range(10))


@pytest.mark.parametrize(("subset", "low", "high"), [("train", 0, 1437), ("test", 1437, 1797), ("all", 0, 1797)])
def test_digits_come_from_their_own_subset_alone_and_from_all_of_it(subset, low, high):
    X, y = make_moving_digits(15_000, n_timesteps=1, size=9, subset=subset, random_state=0)
    digits, pool = load_digits(), set(range(low, high))
    which = {}
    for i, ink in enumerate(np.sort(digits.data, axis=1)):
        which.setdefault(ink.tobytes(), set()).add(i)  # a few digits have the same brightnesses, arranged otherwise
    chosen = [which[ink.astype(float).tobytes()] for ink in np.sort(16 * np.concatenate(X), axis=1)[:, -64:]]
    assert all(candidates & pool for candidates in chosen)
    assert set().union(*chosen) >= pool
    assert all(label in digits.target[list(candidates)] for label, candidates in zip(y, chosen, strict=True))


# -- Japanese Vowels


@pytest.mark.parametrize(("subset", "n_samples"), [("train", 270), ("test", 370), ("all", 640)])
def test_the_utterances_are_as_many_and_as_long_as_in_the_archive(subset, n_samples):
    X, y = load_japanese_vowels(subset=subset, return_X_y=True)
    assert isinstance(X, list)
    assert len(X) == len(y) == n_samples
    assert {x.shape[1] for x in X} == {12}
    assert all(x.dtype == np.float64 and np.isfinite(x).all() for x in X)
    lengths = [len(x) for x in X]
    assert (min(lengths), max(lengths)) == {"train": (7, 26), "test": (7, 29), "all": (7, 29)}[subset]


def test_the_speakers_speak_as_often_as_in_the_archive():
    for subset, counts in [("train", [30] * 9), ("test", [31, 35, 88, 44, 29, 24, 40, 50, 29])]:
        _, y = load_japanese_vowels(subset=subset, return_X_y=True)
        assert np.issubdtype(y.dtype, np.integer)
        assert_array_equal(y, np.repeat(np.arange(9), counts))


def test_the_coefficients_are_the_archives_own_decimals():
    X_train, _ = load_japanese_vowels(subset="train", return_X_y=True)
    X_test, _ = load_japanese_vowels(subset="test", return_X_y=True)
    first = [1.860936, -0.207383, 0.261557, -0.214562, -0.171253, -0.118167]
    first += [-0.277557, 0.025668, 0.126701, -0.306756, -0.213076, 0.088728]
    assert_array_equal(X_train[0][0], first)
    assert_array_equal(X_train[-1][-1, :3], [0.966744, -0.323093, 0.305467])
    assert_array_equal(X_test[0][0, :3], [1.635533, 0.024848, 0.432087])
    assert_array_equal(X_test[-1][-1, -3:], [-0.001849, -0.016634, 0.224688])
    every = np.concatenate(X_train + X_test)
    assert every.shape == (9961, 12)
    assert (every.min(), every.max()) == (-1.852765, 2.203141)


def test_all_utterances_are_those_of_training_and_then_those_of_testing():
    parts = [load_japanese_vowels(subset=subset) for subset in ("train", "test")]
    everything = load_japanese_vowels()
    assert_same_sequences(parts[0].data + parts[1].data, everything.data)
    assert_array_equal(np.concatenate([part.target for part in parts]), everything.target)


def test_writing_into_the_utterances_leaves_the_next_load_as_it_was():
    load_japanese_vowels().data[0][:] = 0
    assert load_japanese_vowels().data[0][0, 0] == 1.860936


def test_the_description_says_whose_the_utterances_are():
    description = " ".join(load_japanese_vowels().DESCR.split())
    for part in (
        "UCI Machine Learning Repository",
        "Kudo, M., Toyama, J. and Shimbo, M. (1999)",
        "Multidimensional curve classification using passing-through regions",
        "Pattern Recognition Letters, 20(11-13)",
        "CC BY 4.0",
        "What was changed",
    ):
        assert part in description


def test_the_bundled_file_is_small():
    assert len((files("skseqae.datasets.data") / "japanese_vowels.npz").read_bytes()) < 400_000
