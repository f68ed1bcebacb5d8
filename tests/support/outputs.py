"""The outputs of all methods of an estimator, and their comparison."""

from itertools import zip_longest

import numpy as np

from tests.support.containers import SENTINEL

METHODS = (
    "transform",
    "reconstruct",
    "predict_next",
    "predict",
    "predict_proba",
    "predict_beams",
    "reconstruction_error",
    "score_samples",
)


def outputs(fitted, X):
    """Return the outputs of all methods: a dict of lists of N flat arrays without padding."""
    results = {method: getattr(fitted, method)(X) for method in METHODS if hasattr(fitted, method)}
    if "predict_beams" in results:
        sequences, results["scores of beams"] = results.pop("predict_beams")
        results["beams"] = [np.concatenate(list(beams)) for beams in sequences]
    return {method: [_without_padding(row) for row in rows] for method, rows in results.items()}


def _without_padding(row):
    row = np.ravel(row)
    if row.dtype.kind != "f":
        return row
    is_data = np.flatnonzero(~np.isnan(row) & (row != SENTINEL))
    return row[: is_data[-1] + 1 if is_data.size else 0]


def assert_same_bits(got, expected):
    """Assert that two results of `outputs` are identical bit for bit."""
    assert got.keys() == expected.keys()
    for method in expected:
        pairs = zip_longest(got[method], expected[method])
        different = [i for i, (a, b) in enumerate(pairs) if not np.array_equal(a, b)]
        assert not different, f"{method} differs in samples {different}"


def differ(got, expected):
    """Return whether the output of any method differs."""
    pairs = ((a, b) for method in expected for a, b in zip(got[method], expected[method], strict=True))
    return any(not np.array_equal(a, b) for a, b in pairs)
