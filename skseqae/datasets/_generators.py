"""Generators of sequences whose ground truth is known."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, validate_params

from ._arguments import _FINITE, _LENGTHS, _PROBABILITY, _check_bounds, _check_generator, _draw_lengths


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
