"""Batches computed at the same time, by as many threads as numpy's products may use."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Event, Lock, Thread

from threadpoolctl import ThreadpoolController

_lock = Lock()
_calls = []  # at this time, each by what ends the limit that they share


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
        _calls.append(_calls[0] if _calls else _begin_limit())
    try:
        yield
    finally:
        with _lock:
            end_limit = _calls.pop()
            if not _calls:
                end_limit()


def _begin_limit():
    """Set the limit, and return the function that puts back what was there.

    In a thread of its own: threadpoolctl lets the thread that sets a limit put it back, and no other before it has.
    """
    has_begun, is_over = Event(), Event()

    def hold():
        with _products().limit(limits=1):
            has_begun.set()
            is_over.wait()

    thread = Thread(target=hold, daemon=True)
    thread.start()
    has_begun.wait()

    def end():
        is_over.set()
        thread.join()

    return end
