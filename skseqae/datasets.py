"""Sequences to learn from: one archive data set, and generators whose truth is known.

Every generator draws what is true of a sequence before its length, and its noise last. So the same ``random_state``
with longer lengths continues the same sequences, and with more noise hides the same truth.
"""

from importlib.resources import files
from numbers import Integral, Real

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

__all__ = ["load_japanese_vowels", "make_counters", "make_events", "make_moving_digits", "make_reversals", "make_waves"]

_VOWELS_TRAIN = 270  # the archive's own split
_DIGITS_TRAIN = 1437  # four fifths; neighbours share a writer, so that a cut leaves mostly new hands to the test
_DIGIT_SIZE = 8

_SUBSETS = StrOptions({"train", "test", "all"})
_LENGTHS = Interval(Integral, 0, None, closed="left")
_FINITE = Interval(Real, None, None, closed="neither")
_PROBABILITY = Interval(Real, 0, 1, closed="both")


@validate_params({"subset": [_SUBSETS], "return_X_y": ["boolean"]}, prefer_skip_nested_validation=True)
def load_japanese_vowels(*, subset="all", return_X_y=False):
    """Load the Japanese Vowels: nine speakers saying /ae/, to be told apart.

    =================   ==================================
    Classes             9 speakers
    Samples             640: 270 to train on, 370 to test on
    Timesteps           7 to 29
    Features            12 LPC cepstrum coefficients, real
    =================   ==================================

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The archive's training utterances, its test utterances (the same speakers on other occasions), or the former
        followed by the latter.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch, or the tuple ``(data, target)`` if ``return_X_y``
        data : list of N float64 arrays of shape (T_i, 12)
            The utterances, T_i from 7 to 29 timesteps of 6.4 ms.
        target : int array of shape (N,)
            The speakers, from 0 to 8.
        DESCR : str
            What the data is, whose, and under which licence.

    References
    ----------
    Kudo, M., Toyama, J. and Shimbo, M. (1999). "Multidimensional curve classification using passing-through regions".
    Pattern Recognition Letters, 20(11-13), 1103-1111. doi:10.1016/S0167-8655(99)00077-X

    Kudo, M., Toyama, J. and Shimbo, M. (1999). Japanese Vowels. UCI Machine Learning Repository, CC BY 4.0.
    doi:10.24432/C5NS47

    Examples
    --------
    >>> from skseqae.datasets import load_japanese_vowels
    >>> X_train, y_train = load_japanese_vowels(subset="train", return_X_y=True)
    >>> X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)
    >>> len(X_train), len(X_test), X_train[0].shape
    (270, 370, (20, 12))
    """
    folder = files("skseqae.data")
    with (folder / "japanese_vowels.npz").open("rb") as file, np.load(file) as archive:
        ends = np.cumsum(archive["lengths"], dtype=np.intp)
        # The source has six decimals: whole millionths hold them exactly, and in less space than floats.
        values = archive["millionths"] / 1e6
        target = archive["target"].astype(np.int64)

    part = _subset(subset, _VOWELS_TRAIN)
    X, y = np.split(values, ends[:-1])[part], target[part]
    if return_X_y:
        return X, y
    return Bunch(data=X, target=y, DESCR=(folder / "README.md").read_text(encoding="utf-8"))


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "n_classes": [Interval(Integral, 1, None, closed="left")],
        "return_truth": ["boolean"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_waves(
    n_samples=100, *, n_features=1, lengths=(10, 40), noise=0.1, n_classes=3, return_truth=False, random_state=None
):
    """Generate sums of two sines, whose frequency tells the class.

    With the class's frequency f_i and phases φ_i of the sample's own, feature j of sample i is::

        x_i[t, j] = sin(2π f_i t + φ_i[0, j]) + sin(4π f_i t + φ_i[1, j]) / 2 + noise

    Parameters
    ----------
    n_samples : int, default=100
        The number of sequences N, at least 1.
    n_features : int, default=1
        The number of features F per timestep, at least 1. They share the frequency, not the phases.
    lengths : int or (int, int), default=(10, 40)
        The number of timesteps of every sequence, or the least and the most, both included. At least 0.
    noise : float, default=0.1
        The standard deviation of the Gaussian noise, at least 0.
    n_classes : int, default=3
        The number of frequencies, at least 1, evenly spaced from 0.05 to 0.2 cycles per timestep (0.05 alone if 1).
        The classes have as many samples each, or one more.
    return_truth : bool, default=False
        Also return the frequencies and phases.
    random_state : int, RandomState instance or None, default=None
        Where the numbers come from. None seeds afresh and leaves NumPy's global generator alone.

    Returns
    -------
    X : list of N float64 arrays of shape (T_i, F)
        The sequences.
    y : int array of shape (N,)
        Their classes, from 0 (the slowest) to ``n_classes - 1``.
    truth : Bunch, only if ``return_truth``
        frequency : float array of shape (N,)
            Cycles per timestep.
        phase : float array of shape (N, 2, F)
            Radians, from 0 to 2π, of the two sines.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> from skseqae.datasets import make_waves
    >>> X, y = make_waves(6, lengths=(10, 40), random_state=0)
    >>> [x.shape for x in X]
    [(29, 1), (15, 1), (40, 1), (25, 1), (25, 1), (10, 1)]
    >>> y
    array([2, 2, 1, 0, 0, 1])
    """
    rng = _check_generator(random_state)
    bounds = _check_bounds(lengths, _LENGTHS, "lengths")

    y = rng.permutation(np.arange(n_samples) % n_classes)
    frequency = np.linspace(0.05, 0.2, n_classes)[y]
    phase = rng.uniform(0, 2 * np.pi, size=(n_samples, 2, n_features))
    n_timesteps = _draw_lengths(rng, bounds, n_samples)

    X = [_wave(f, p, t) for f, p, t in zip(frequency, phase, n_timesteps, strict=True)]
    X = [x + rng.normal(scale=noise, size=x.shape) for x in X]
    return (X, y, Bunch(frequency=frequency, phase=phase)) if return_truth else (X, y)


@validate_params(
    {"n_samples": [Interval(Integral, 1, None, closed="left")], "random_state": ["random_state"]},
    prefer_skip_nested_validation=True,
)
def make_counters(n_samples=100, *, lengths=(5, 15), starts=(0.0, 1.0), steps=(0.05, 0.2), random_state=None):
    """Generate sequences that count from a random start by a random step.

    The value after the last is known: ``start + len(x) * step``. The 0.1, 0.2 … 0.9 of the tutorials is one of them.

    Parameters
    ----------
    n_samples : int, default=100
        The number of sequences N, at least 1.
    lengths : int or (int, int), default=(5, 15)
        The number of timesteps of every sequence, or the least and the most, both included. At least 0.
    starts : float or (float, float), default=(0.0, 1.0)
        The first value of every sequence, or the least and the most.
    steps : float or (float, float), default=(0.05, 0.2)
        The step of every sequence, or the least and the most. A negative step counts down.
    random_state : int, RandomState instance or None, default=None
        Where the numbers come from. None seeds afresh and leaves NumPy's global generator alone.

    Returns
    -------
    X : list of N float64 arrays of shape (T_i, 1)
        The sequences.
    y : float64 array of shape (N, 2)
        Their starts and steps.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> from skseqae.datasets import make_counters
    >>> X, y = make_counters(1, lengths=9, starts=0.1, steps=0.1)
    >>> X[0].ravel().round(1)
    array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    >>> start, step = y[0]
    >>> print(start + len(X[0]) * step)
    1.0
    """
    rng = _check_generator(random_state)
    bounds = _check_bounds(lengths, _LENGTHS, "lengths")
    starts = _check_bounds(starts, _FINITE, "starts")
    steps = _check_bounds(steps, _FINITE, "steps")

    start = rng.uniform(*starts, size=n_samples)
    step = rng.uniform(*steps, size=n_samples)
    n_timesteps = _draw_lengths(rng, bounds, n_samples)

    X = [(a + b * np.arange(t))[:, None] for a, b, t in zip(start, step, n_timesteps, strict=True)]
    return X, np.column_stack([start, step])


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_kinds": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_events(n_samples=100, *, n_kinds=8, lengths=(0, 10), rates=(0.0, 1.0), random_state=None):
    """Generate sequences in which, at each timestep, one of several kinds of events happens or nothing does.

    An event is one-hot and nothing is all zeros: data like the rest, which must not be taken for padding. Timesteps are
    independent, so that nothing short of the whole sequence tells it.

    Parameters
    ----------
    n_samples : int, default=100
        The number of sequences N, at least 1.
    n_kinds : int, default=8
        The number of kinds of events K, at least 1, all equally likely.
    lengths : int or (int, int), default=(0, 10)
        The number of timesteps of every sequence, or the least and the most, both included. At least 0.
    rates : float or (float, float), default=(0.0, 1.0)
        The probability of an event at each timestep, from 0 to 1, of every sequence, or the least and the most. At
        ``n_kinds / (n_kinds + 1)``, nothing is as likely as each of the kinds.
    random_state : int, RandomState instance or None, default=None
        Where the numbers come from. None seeds afresh and leaves NumPy's global generator alone.

    Returns
    -------
    X : list of N float64 arrays of shape (T_i, K)
        The sequences, of zeros and ones.
    y : float64 array of shape (N,)
        Their rates.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> from skseqae.datasets import make_events
    >>> X, y = make_events(4, n_kinds=3, lengths=(0, 6), random_state=4)
    >>> [x.shape for x in X]
    [(5, 3), (6, 3), (1, 3), (0, 3)]
    >>> X[0]
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 0., 0.],
           [0., 1., 0.],
           [1., 0., 0.]])
    >>> y.round(2)
    array([0.97, 0.55, 0.97, 0.71])
    """
    rng = _check_generator(random_state)
    bounds = _check_bounds(lengths, _LENGTHS, "lengths")
    rates = _check_bounds(rates, _PROBABILITY, "rates")

    rate = rng.uniform(*rates, size=n_samples)
    # A generator for each sequence: however long the others are, longer ones begin with the events of shorter ones.
    generators = [np.random.RandomState(seed) for seed in rng.randint(2**31, size=n_samples)]
    n_timesteps = _draw_lengths(rng, bounds, n_samples)

    X = [_events(g, n_kinds, p, t) for g, p, t in zip(generators, rate, n_timesteps, strict=True)]
    return X, rate


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_digits": [Interval(Integral, 1, None, closed="left")],
        "size": [Interval(Integral, _DIGIT_SIZE + 1, None, closed="left")],
        "speed": [Interval(Real, 0, None, closed="left")],
        "subset": [_SUBSETS],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_moving_digits(
    n_samples=100, *, n_timesteps=20, n_digits=1, size=16, speed=1.0, subset="all", random_state=None
):
    """Generate films of handwritten digits that drift through a square and bounce off its walls.

    scikit-learn's digits, 8 by 8 pixels each, start anywhere inside the square and move in a direction of their own at
    constant speed, drawn at the nearest whole pixel. Where digits overlap, the brighter one shows.

    Parameters
    ----------
    n_samples : int, default=100
        The number of films N, at least 1.
    n_timesteps : int or (int, int), default=20
        The number of frames of every film, or the least and the most, both included. At least 0.
    n_digits : int, default=1
        The number of digits in a film, at least 1.
    size : int, default=16
        The side of the square in pixels, at least 9.
    speed : float, default=1.0
        Pixels per timestep, at least 0.
    subset : {"train", "test", "all"}, default="all"
        The handwriting to choose from: the first 1437 digits, the other 360, or all of them.
    random_state : int, RandomState instance or None, default=None
        Where the numbers come from. None seeds afresh and leaves NumPy's global generator alone.

    Returns
    -------
    X : list of N float32 arrays of shape (T_i, size * size)
        The films, a frame a row, from 0 (background) to 1 (ink). Brightness comes in sixteenths, which float32 holds
        exactly; ``x.reshape(-1, size, size)`` shows the frames.
    y : int array of shape (N,), or (N, n_digits) where ``n_digits`` is above 1
        The digits, from 0 to 9.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). "Unsupervised learning of video representations using
    LSTMs". International Conference on Machine Learning. arXiv:1502.04681

    Alpaydin, E. and Kaynak, C. (1998). Optical Recognition of Handwritten Digits. UCI Machine Learning Repository.
    doi:10.24432/C50P49

    Examples
    --------
    >>> from skseqae.datasets import make_moving_digits
    >>> X, y = make_moving_digits(4, n_timesteps=(10, 20), n_digits=2, random_state=0)
    >>> [x.shape for x in X]
    [(20, 256), (14, 256), (17, 256), (13, 256)]
    >>> y.shape
    (4, 2)
    """
    rng = _check_generator(random_state)
    bounds = _check_bounds(n_timesteps, _LENGTHS, "n_timesteps")
    images, labels = _load_digits(subset)
    room = size - _DIGIT_SIZE

    chosen = rng.randint(len(images), size=(n_samples, n_digits))
    start = rng.uniform(0, room, size=(n_samples, n_digits, 2))
    angle = rng.uniform(0, 2 * np.pi, size=(n_samples, n_digits))
    velocity = speed * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    lengths = _draw_lengths(rng, bounds, n_samples)

    X = [
        _film(images[digits], _bounce(corner, v, t, room), size).reshape(t, size * size)
        for digits, corner, v, t in zip(chosen, start, velocity, lengths, strict=True)
    ]
    y = labels[chosen]
    return X, y[:, 0] if n_digits == 1 else y


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "lengths": [_LENGTHS, tuple, list],
        "n_symbols": [Interval(Integral, 1, None, closed="left")],
        "n_reversed": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_reversals(n_samples=100, *, lengths=6, n_symbols=50, n_reversed=None, random_state=None):
    """Draw sequences of symbols, and what a reader who says them backwards should say.

    Each symbol is as likely as any other, whatever stands before it: there is nothing to guess from.

    Parameters
    ----------
    n_samples : int, default=100
        The number of sequences N, at least 1.
    lengths : int or (int, int), default=6
        The number of symbols of every sequence, or the least and the most, both included. At least 0.
    n_symbols : int, default=50
        The number of symbols to choose from, at least 1.
    n_reversed : int, default=None
        How many of the first symbols are said backwards, at least 1; the others are not said. None: all.
    random_state : int, RandomState instance or None, default=None
        Where the numbers come from. None seeds afresh and leaves NumPy's global generator alone.

    Returns
    -------
    X : list of N int arrays of shape (T_i,)
        The symbols, from 1 to `n_symbols`.
    y : list of N int arrays of shape (min(T_i, n_reversed),)
        The first of them, the last of those first.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Sutskever, I., Vinyals, O. and Le, Q. V. (2014). "Sequence to sequence learning with neural networks". Advances in
    Neural Information Processing Systems 27. arXiv:1409.3215

    Examples
    --------
    >>> from skseqae.datasets import make_reversals
    >>> X, y = make_reversals(3, lengths=(2, 5), n_symbols=9, n_reversed=3, random_state=0)
    >>> X[0], y[0]
    (array([1, 4]), array([4, 1]))
    """
    rng = _check_generator(random_state)
    lengths = _draw_lengths(rng, _check_bounds(lengths, _LENGTHS, "lengths"), n_samples)
    symbols = rng.randint(1, n_symbols + 1, size=lengths.sum())
    X = np.split(symbols, np.cumsum(lengths)[:-1])
    return X, [x[:n_reversed][::-1].copy() for x in X]


def _wave(frequency, phase, n_timesteps):
    """Return Σ_k sin(2π k f t + φ_k) / k for k = 1, 2: phases (2, F) to values (T, F)."""
    k = np.array([[1], [2]])
    t = np.arange(n_timesteps)[:, None, None]
    return (np.sin(2 * np.pi * k * frequency * t + phase) / k).sum(axis=1)


def _events(rng, n_kinds, rate, n_timesteps):
    """Return zeros (T, K) with a one in the rows in which something happens."""
    happens, which = rng.uniform(size=(n_timesteps, 2)).T
    return (np.arange(n_kinds) == np.floor(which * n_kinds)[:, None]) * (happens < rate)[:, None].astype(np.float64)


def _load_digits(subset):
    """Return float32 images (M, 8, 8) from 0 to 1, and their labels (M,)."""
    digits = load_digits()
    part = _subset(subset, _DIGITS_TRAIN)
    return (digits.images[part] / 16).astype(np.float32), digits.target[part]


def _bounce(start, velocity, n_timesteps, room):
    """Return whole-pixel corners (T, D, 2) between 0 and ``room``, from starts and velocities (D, 2)."""
    path = start + velocity * np.arange(n_timesteps)[:, None, None]
    # Bouncing between two walls is a straight path folded at each of them: a triangle wave of period 2 * room.
    folded = room - np.abs(room - path % (2 * room))
    return np.rint(folded).astype(np.intp)


def _film(images, corners, size):
    """Return frames (T, size, size) that show images (D, 8, 8) at corners (T, D, 2)."""
    frames = np.zeros((len(corners), size, size), dtype=np.float32)
    frame = np.arange(len(corners))[:, None, None]
    row, column = np.ogrid[:_DIGIT_SIZE, :_DIGIT_SIZE]
    for d, image in enumerate(images):
        top, left = np.moveaxis(corners[:, d], -1, 0)[:, :, None, None]
        window = frame, top + row, left + column
        frames[window] = np.maximum(frames[window], image)
    return frames


def _subset(subset, n_train):
    """Return the slice of a data set that begins with its ``n_train`` training samples."""
    return {"train": slice(n_train), "test": slice(n_train, None), "all": slice(None)}[subset]


def _check_generator(random_state):
    """Return a RandomState that is never NumPy's global one unless it was given."""
    return np.random.RandomState() if random_state is None else check_random_state(random_state)


def _check_bounds(bounds, allowed, name):
    """Return the least and the most, from an allowed number or a pair of them."""
    is_pair = isinstance(bounds, (tuple, list)) and len(bounds) == 2
    low, high = bounds if is_pair else (bounds, bounds)
    if not (allowed.is_satisfied_by(low) and allowed.is_satisfied_by(high) and low <= high):
        raise ValueError(f"{name}={bounds!r}, expected {allowed}, or two of them (low, high) with low <= high.")
    return low, high


def _draw_lengths(rng, bounds, n_samples):
    """Return lengths (N,) between two bounds, both included."""
    low, high = bounds
    return rng.randint(low, high + 1, size=n_samples)
