"""Batches computed in parallel, each with single-threaded matrix products."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from threadpoolctl import threadpool_info, threadpool_limits

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_waves
from skseqae.inference._threads import _limit_products_to_one_thread, count_threads, map_in_threads


def threads_of_products():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def limit_products(n_threads):
    """Set a limit in a thread that ends: in threadpoolctl 3.8, only the thread that set a limit can set another."""
    thread = Thread(target=threadpool_limits, args=(n_threads, "blas"))
    thread.start()
    thread.join()


@pytest.fixture(autouse=True)
def three_threads():
    (before,) = set(threads_of_products())
    limit_products(3)
    yield
    limit_products(before)


def test_the_number_of_threads_is_that_of_matrix_products():
    assert count_threads() == 3
    with threadpool_limits(2, user_api="blas"):
        assert count_threads() == 2


def test_batches_are_computed_in_parallel_and_returned_in_order():
    together = Barrier(3)

    def work(batch):
        together.wait(timeout=30)
        return 10 * batch

    assert map_in_threads(work, [1, 2, 3]) == [10, 20, 30]


def test_products_are_single_threaded_during_a_call_only():
    assert map_in_threads(lambda batch: set(threads_of_products()), range(4)) == [{1}] * 4
    assert set(threads_of_products()) == {3}


def test_a_single_batch_is_computed_in_the_calling_thread():
    assert map_in_threads(lambda batch: set(threads_of_products()), [0]) == [{3}]


def test_overlapping_calls_restore_the_limit():
    first, second = _limit_products_to_one_thread(), _limit_products_to_one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert set(threads_of_products()) == {1}  # the other call is still running
    second.__exit__(None, None, None)
    assert set(threads_of_products()) == {3}


def test_nested_calls_are_computed_in_the_calling_thread():
    assert map_in_threads(lambda batch: map_in_threads(lambda inner: count_threads(), [0, 1]), [0, 1]) == [[1, 1]] * 2


def test_errors_in_a_batch_are_raised_and_the_limit_is_restored():
    def fail(batch):
        if batch == 2:
            raise MemoryError("no more")

    with pytest.raises(MemoryError, match="no more"):
        map_in_threads(fail, range(5))
    assert set(threads_of_products()) == {3}


def test_simultaneous_fits_and_encodings_equal_separate_ones():
    X, _ = make_waves(80, lengths=(3, 9), random_state=0)
    shared, fitting = (LSTMAutoencoderTransformer(3, epochs=3, random_state=seed) for seed in (0, 1))
    encodings, alone, done = shared.fit(X).transform(X), clone(fitting).fit(X).transform(X), Event()

    def encode_until_done(_):
        results = [shared.transform(X)]
        while not done.is_set():
            results.append(shared.transform(X))
        return results

    with ThreadPoolExecutor(3) as threads:
        meanwhile = threads.map(encode_until_done, range(3))
        try:
            assert_array_equal(fitting.fit(X).transform(X), alone)
        finally:
            done.set()
        for results in meanwhile:
            assert all(np.array_equal(result, encodings) for result in results)
    assert set(threads_of_products()) == {3}
