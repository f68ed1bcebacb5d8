import pytest

from tests.training.fits import fit


@pytest.fixture(scope="module")
def result():
    """The result of a fit with the default arguments, which no test may change."""
    return fit()
