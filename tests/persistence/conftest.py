"""Fixtures of the persistence tests: the fitted estimator of each case, and its file."""

import copy

import pytest

from skseqae import save
from tests.persistence.cases import CASES, resume
from tests.support.estimators import quick


@pytest.fixture(scope="session")
def fitted():
    """A function that returns the estimator of a case, fitted and trained further once; tests change copies of it."""
    estimators = {}

    def get_fitted(name):
        if name not in estimators:
            cls, parameters, data = CASES[name]
            parameters = {
                key: value() if callable(value) else copy.deepcopy(value) for key, value in parameters.items()
            }
            estimators[name] = resume(quick(cls, **parameters).fit(*data), data)
        return estimators[name]

    return get_fitted


@pytest.fixture(scope="session")
def saved(fitted, tmp_path_factory):
    """A function that returns the bytes of the file of a case."""
    path = tmp_path_factory.mktemp("saved") / "file"

    def get_saved(name):
        save(fitted(name), path)
        return path.read_bytes()

    return get_saved
