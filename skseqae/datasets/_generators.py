"""Generators of sequences with known ground truth."""

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
    """Generate sums of two sines, whose frequency depends on the class.

    With the frequency f_i of its class and random phases φ_i, feature j of sample i is::

        x_i[t, j] = sin(2π f_i t + φ_i[0, j]) + sin(4π f_i t + φ_i[1, j]) / 2 + noise

    Parameters
    ----------
    n_samples : int, default=100
        The number of sequences, at least 1.
    n_features : int, default=1
        The number of features per timestep, at least 1. They share the frequency, not the phases.
    lengths : int or (int, int), default=(10, 40)
        The number of timesteps of every sequence, or its minimum and maximum, both included. At least 0.
    noise : float, default=0.1
        The standard deviation of the Gaussian noise, at least 0.
    n_classes : int, default=3
        The number of classes, at least 1. Their frequencies are evenly spaced from 0.05 to 0.2 cycles per timestep
        (0.05 if there is one class). The numbers of samples of two classes differ by at most 1.
    return_truth : bool, default=False
        Whether to return the frequencies and phases too.
    random_state : int, RandomState instance or None, default=None
        Determines random number generation. Pass an int for reproducible output. None uses a new seed, without
        changing the state of NumPy's global generator.

    Returns
    -------
    X : list of n_samples float64 arrays of shape (n_timesteps_i, n_features)
        The sequences.
    y : int array of shape (n_samples,)
        The classes, from 0 (the lowest frequency) to ``n_classes - 1``.
    truth : Bunch, only if ``return_truth``
        frequency : float array of shape (n_samples,)
            Cycles per timestep.
        phase : float array of shape (n_samples, 2, n_features)
            Phases of the two sines, in radians from 0 to 2π.

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

    The value that follows the last one is ``start + len(x) * step``. The sequence 0.1, 0.2 … 0.9 of the tutorials is
    such a counter.

    Parameters
    ----------
    n_samples : int, default=100
        The number of sequences, at least 1.
    lengths : int or (int, int), default=(5, 15)
        The number of timesteps of every sequence, or its minimum and maximum, both included. At least 0.
    starts : float or (float, float), default=(0.0, 1.0)
        The first value of every sequence, or its minimum and maximum.
    steps : float or (float, float), default=(0.05, 0.2)
        The step of every sequence, or its minimum and maximum. A negative step counts down.
    random_state : int, RandomState instance or None, default=None
        Determines random number generation. Pass an int for reproducible output. None uses a new seed, without
        changing the state of NumPy's global generator.

    Returns
    -------
    X : list of n_samples float64 arrays of shape (n_timesteps_i, 1)
        The sequences.
    y : float64 array of shape (n_samples, 2)
        The start and the step of each sequence.

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
    """Generate sequences of categorical events, with at most one event per timestep.

    An event is a one-hot vector. A timestep without an event is all zeros, which is data and not padding. The timesteps
    are independent, so that no part of a sequence determines the rest.

    Parameters
    ----------
    n_samples : int, default=100
        The number of sequences, at least 1.
    n_kinds : int, default=8
        The number of kinds of events, at least 1. All kinds are equally likely.
    lengths : int or (int, int), default=(0, 10)
        The number of timesteps of every sequence, or its minimum and maximum, both included. At least 0.
    rates : float or (float, float), default=(0.0, 1.0)
        The probability of an event at each timestep of every sequence, from 0 to 1, or its minimum and maximum. With
        ``n_kinds / (n_kinds + 1)``, no event is as likely as an event of any one kind.
    random_state : int, RandomState instance or None, default=None
        Determines random number generation. Pass an int for reproducible output. None uses a new seed, without
        changing the state of NumPy's global generator.

    Returns
    -------
    X : list of n_samples float64 arrays of shape (n_timesteps_i, n_kinds)
        The sequences, of zeros and ones.
    y : float64 array of shape (n_samples,)
        The rate of each sequence.

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
    # One generator per sequence, so that the events of a sequence do not depend on the lengths of the others.
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
    """Generate random sequences of tokens and their reversals.

    All tokens are equally likely and independent, so that a token cannot be predicted from the others.

    Parameters
    ----------
    n_samples : int, default=100
        The number of sequences, at least 1.
    lengths : int or (int, int), default=6
        The number of tokens of every sequence, or its minimum and maximum, both included. At least 0.
    n_symbols : int, default=50
        The number of distinct tokens, at least 1.
    n_reversed : int, default=None
        The number of first tokens to reverse, at least 1. y does not contain the others. None: all.
    random_state : int, RandomState instance or None, default=None
        Determines random number generation. Pass an int for reproducible output. None uses a new seed, without
        changing the state of NumPy's global generator.

    Returns
    -------
    X : list of n_samples int arrays of shape (n_timesteps_i,)
        The tokens, from 1 to `n_symbols`.
    y : list of n_samples int arrays of shape (min(n_timesteps_i, n_reversed),)
        The first `n_reversed` tokens of each sequence in reverse order.

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
    tokens = rng.randint(1, n_symbols + 1, size=lengths.sum())
    X = np.split(tokens, np.cumsum(lengths)[:-1])
    return X, [x[:n_reversed][::-1].copy() for x in X]


def _wave(frequency, phase, n_timesteps):
    """Return Σ_k sin(2π k f t + φ_k) / k for k = 1, 2, with phases (2, F), as an array (T, F)."""
    k = np.array([[1], [2]])
    t = np.arange(n_timesteps)[:, None, None]
    return (np.sin(2 * np.pi * k * frequency * t + phase) / k).sum(axis=1)


def _events(rng, n_kinds, rate, n_timesteps):
    """Return an array (T, K) of one-hot rows and rows of zeros."""
    occurrence, event = rng.uniform(size=(n_timesteps, 2)).T
    return (np.arange(n_kinds) == np.floor(event * n_kinds)[:, None]) * (occurrence < rate)[:, None].astype(np.float64)
