"""Videos of moving digits."""

from numbers import Integral, Real

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils._param_validation import Interval, validate_params

from ._arguments import _LENGTHS, _SUBSETS, _check_bounds, _check_generator, _draw_lengths, _subset

_DIGITS_TRAIN = 1437  # four fifths; consecutive digits share a writer, so that most test digits are by other writers
_DIGIT_SIZE = 8


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
    """Generate videos of handwritten digits that move inside a square and bounce off its walls.

    The digits are those of scikit-learn, of 8 by 8 pixels. Each digit starts at a random position and moves at constant
    speed in a random direction. It is drawn at the nearest whole pixel. Where digits overlap, the brighter one shows.

    Parameters
    ----------
    n_samples : int, default=100
        The number of videos, at least 1.
    n_timesteps : int or (int, int), default=20
        The number of frames of every video, or its minimum and maximum, both included. At least 0.
    n_digits : int, default=1
        The number of digits per video, at least 1.
    size : int, default=16
        The side of the square in pixels, at least 9.
    speed : float, default=1.0
        Pixels per timestep, at least 0.
    subset : {"train", "test", "all"}, default="all"
        The digits to draw from: the first 1437, the other 360, or all of them.
    random_state : int, RandomState instance or None, default=None
        Determines random number generation. Pass an int for reproducible output. None uses a new seed, without
        changing the state of NumPy's global generator.

    Returns
    -------
    X : list of n_samples float32 arrays of shape (n_timesteps_i, size * size)
        The videos, one frame per row, from 0 (background) to 1 (ink). Values are multiples of 1/16, which float32
        represents exactly. ``x.reshape(-1, size, size)`` returns the frames as images.
    y : int array of shape (n_samples,), or (n_samples, n_digits) if ``n_digits`` is above 1
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
    max_position = size - _DIGIT_SIZE

    chosen = rng.randint(len(images), size=(n_samples, n_digits))
    start = rng.uniform(0, max_position, size=(n_samples, n_digits, 2))
    angle = rng.uniform(0, 2 * np.pi, size=(n_samples, n_digits))
    velocity = speed * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    lengths = _draw_lengths(rng, bounds, n_samples)

    X = [
        _render_video(images[digits], _bouncing_path(corner, v, t, max_position), size).reshape(t, size * size)
        for digits, corner, v, t in zip(chosen, start, velocity, lengths, strict=True)
    ]
    y = labels[chosen]
    return X, y[:, 0] if n_digits == 1 else y


def _load_digits(subset):
    """Return float32 images (M, 8, 8) from 0 to 1, and their labels (M,)."""
    digits = load_digits()
    part = _subset(subset, _DIGITS_TRAIN)
    return (digits.images[part] / 16).astype(np.float32), digits.target[part]


def _bouncing_path(start, velocity, n_timesteps, max_position):
    """Return whole-pixel corners (T, D, 2) from 0 to ``max_position``, from starts and velocities (D, 2)."""
    path = start + velocity * np.arange(n_timesteps)[:, None, None]
    # A path that bounces between two walls is a triangle wave of period 2 * max_position.
    folded = max_position - np.abs(max_position - path % (2 * max_position))
    return np.rint(folded).astype(np.intp)


def _render_video(images, corners, size):
    """Return frames (T, size, size) with images (D, 8, 8) at corners (T, D, 2)."""
    frames = np.zeros((len(corners), size, size), dtype=np.float32)
    frame = np.arange(len(corners))[:, None, None]
    row, column = np.ogrid[:_DIGIT_SIZE, :_DIGIT_SIZE]
    for d, image in enumerate(images):
        top, left = np.moveaxis(corners[:, d], -1, 0)[:, :, None, None]
        window = frame, top + row, left + column
        frames[window] = np.maximum(frames[window], image)
    return frames
