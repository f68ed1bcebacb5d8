"""Data of the display tests, and the calls that differ between the displays."""

import numpy as np
import pytest

from skseqae.datasets import make_waves
from skseqae.display import EncodingDisplay, ErrorMapDisplay, LossCurveDisplay, ReconstructionDisplay
from tests.support.estimators import packed

X, LABELS = make_waves(24, n_features=2, lengths=(1, 12), random_state=0)
LENGTHS = [len(x) for x in X]
ROWS = np.random.RandomState(0).normal(size=(20, 5))
DISPLAYS = [EncodingDisplay, ErrorMapDisplay, LossCurveDisplay, ReconstructionDisplay]
every_display = pytest.mark.parametrize("display", DISPLAYS)


def padded(value):
    array = np.full((len(X), max(LENGTHS) + 2, 2), value)
    for row, x in zip(array, X, strict=True):
        row[: len(x)] = x
    return array


CONTAINERS = {
    "list": list(X),
    "Sequences": packed(X),
    "padded with NaN": padded(np.nan),
    "padded with a sentinel": padded(-9.0),
}
every_container = pytest.mark.parametrize("container", CONTAINERS)


def draw(display, estimator, data=X, **options):
    """Call `from_estimator` with the data, which LossCurveDisplay does not accept."""
    data = () if display is LossCurveDisplay else (data,)
    return display.from_estimator(estimator, *data, **options)
