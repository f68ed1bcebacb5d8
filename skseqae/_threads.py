"""Batches computed at the same time, by as many threads as numpy's products may use."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController

_lock = Lock()
_limits = []  # of each call at this time, what puts the limit back that it found


def count_threads():
    """Return the number of threads that numpy's products may use: in a joblib worker, those that it is granted."""
    return max((library["num_threads"] for library in _products().info()), default=1)


def in_threads(function, batches):
    """Return what the function gives for each batch, in their order."""
    n_threads = min(count_threads(), len(batches))
    if n_threads <= 1:
        return [function(batch) for batch in batches]
    with _each_product_in_one_thread(), ThreadPoolExecutor(n_threads) as threads:
        return list(threads.map(function, batches))


@cache
def _products():
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def _each_product_in_one_thread():
    """Let no product use several threads; the limit of the process is as before when the last such call has ended."""
    with _lock:
        _limits.append(_products().limit(limits=1))
    try:
        yield
    finally:
        with _lock:
            limit = _limits.pop()
            if not _limits:
                limit.restore_original_limits()
