"""Batches computed in parallel, in as many threads as NumPy's matrix products may use."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Event, Lock, Thread

from threadpoolctl import ThreadpoolController

_lock = Lock()
_running_calls = []  # one entry per running call: the function that ends the shared limit


def count_threads():
    """Return the number of threads that NumPy's matrix products may use: in a joblib worker, the number granted."""
    return max((library["num_threads"] for library in _blas_libraries().info()), default=1)


def map_in_threads(function, batches):
    """Return the results of a function of each batch, in the order of the batches."""
    n_threads = min(count_threads(), len(batches))
    if n_threads <= 1:
        return [function(batch) for batch in batches]
    with _limit_products_to_one_thread(), ThreadPoolExecutor(n_threads) as threads:
        return list(threads.map(function, batches))


@cache
def _blas_libraries():
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def _limit_products_to_one_thread():
    """Limit each matrix product to one thread. The last of several such calls to end restores the previous limit."""
    with _lock:
        _running_calls.append(_running_calls[0] if _running_calls else _begin_limit())
    try:
        yield
    finally:
        with _lock:
            end_limit = _running_calls.pop()
            if not _running_calls:
                end_limit()


def _begin_limit():
    """Set the limit, and return the function that restores the previous one.

    A separate thread holds the limit, because threadpoolctl requires that the thread that sets a limit restores it.
    """
    has_begun, has_ended = Event(), Event()

    def hold():
        with _blas_libraries().limit(limits=1):
            has_begun.set()
            has_ended.wait()

    thread = Thread(target=hold, daemon=True)
    thread.start()
    has_begun.wait()

    def end():
        has_ended.set()
        thread.join()

    return end
