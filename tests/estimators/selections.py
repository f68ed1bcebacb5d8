"""Selections of the cases in `tests.support.combinations`, by what the cases support."""

import pytest

from tests.support.combinations import CASES, PLAIN


def each(cases):
    """Run a test for each case; with the scope of the module, so that tests reuse the compiled networks of a case."""
    return pytest.mark.parametrize("case", cases.values(), ids=cases, scope="module")


def select(condition, cases=CASES):
    """Return the cases for which a condition holds, by name."""
    return {name: case for name, case in cases.items() if condition(case)}


SEQUENTIAL = select(lambda case: case.is_sequential)
SEQUENTIAL_NUMERIC = select(lambda case: case.is_sequential and case.is_numeric)
PLAIN_SEQUENTIAL = select(lambda case: case.is_sequential, PLAIN)
WITH_PARTIAL_FIT = select(lambda case: hasattr(case.estimator, "partial_fit"))
PLAIN_WITH_PARTIAL_FIT = select(lambda case: case in WITH_PARTIAL_FIT.values(), PLAIN)
EVERY_THIRD = dict(list(CASES.items())[::3])

# too small a step to change a weight that is not zero
NO_LEARNING = {"learning_rate": 1e-12, "epochs": 1}
