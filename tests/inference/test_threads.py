"""Batches computed in parallel, in as many threads as matrix products may use."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread, current_thread

import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from threadpoolctl import threadpool_info, threadpool_limits

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_waves
from skseqae.inference._threads import count_threads, map_in_threads


def limit_products(n_threads):
    """Set a limit in a thread that ends: in threadpoolctl 3.8, only the thread that set a limit can set another."""
    thread = Thread(target=threadpool_limits, args=(n_threads, "blas"))
    thread.start()
    thread.join()


@pytest.fixture(autouse=True)
def three_threads():
    (before,) = {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}
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


def test_a_limit_of_one_thread_and_a_single_batch_are_computed_in_the_calling_thread():
    def name_thread(batch):
        return current_thread().name

    assert map_in_threads(name_thread, [0]) == [current_thread().name]
    with threadpool_limits(1, user_api="blas"):
        assert map_in_threads(name_thread, range(3)) == [current_thread().name] * 3


def test_errors_in_a_batch_are_raised():
    def fail(batch):
        if batch == 2:
            raise MemoryError("no more")

    with pytest.raises(MemoryError, match="no more"):
        map_in_threads(fail, range(5))


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
            assert all((result == encodings).all() for result in results)
