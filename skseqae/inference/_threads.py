"""Batches computed in parallel, in as many threads as NumPy's matrix products may use."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from threadpoolctl import ThreadpoolController


def count_threads():
    """Return the number of threads that NumPy's matrix products may use: in a joblib worker, the number granted."""
    return max((library["num_threads"] for library in _blas_libraries().info()), default=1)


def count_threads_for(batches):
    """Return the number of threads that compute some batches."""
    return min(count_threads(), len(batches)) if len(batches) > 1 else 1


def map_in_threads(function, batches):
    """Return the results of a function of each batch, in the order of the batches."""
    n_threads = count_threads_for(batches)
    if n_threads == 1:
        return [function(batch) for batch in batches]
    with ThreadPoolExecutor(n_threads) as threads:
        return list(threads.map(function, batches))


@cache
def _blas_libraries():
    return ThreadpoolController().select(user_api="blas")
