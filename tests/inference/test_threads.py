"""Batches computed at the same time, each by products of one thread."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from threadpoolctl import threadpool_info, threadpool_limits

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_waves
from skseqae.inference._threads import _each_product_in_one_thread, count_threads, in_threads


def threads_of_products():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def limit_products(n_threads):
    """Set a limit in a thread that ends: with threadpoolctl 3.8 none but the thread that set one can set another."""
    thread = Thread(target=threadpool_limits, args=(n_threads, "blas"))
    thread.start()
    thread.join()


@pytest.fixture(autouse=True)
def three_threads():
    (before,) = set(threads_of_products())
    limit_products(3)
    yield
    limit_products(before)


def test_as_many_threads_are_used_as_products_may_use():
    assert count_threads() == 3
    with threadpool_limits(2, user_api="blas"):
        assert count_threads() == 2


def test_batches_are_computed_at_the_same_time_and_come_back_in_order():
    together = Barrier(3)

    def work(batch):
        together.wait(timeout=30)
        return 10 * batch

    assert in_threads(work, [1, 2, 3]) == [10, 20, 30]


def test_each_product_is_of_one_thread_meanwhile_and_of_as_many_as_before_afterwards():
    assert in_threads(lambda batch: set(threads_of_products()), range(4)) == [{1}] * 4
    assert set(threads_of_products()) == {3}


def test_one_batch_is_computed_where_it_is_asked_for():
    assert in_threads(lambda batch: set(threads_of_products()), [0]) == [{3}]


def test_calls_that_overlap_leave_the_limit_as_it_was():
    first, second = _each_product_in_one_thread(), _each_product_in_one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert set(threads_of_products()) == {1}  # the other still runs
    second.__exit__(None, None, None)
    assert set(threads_of_products()) == {3}


def test_a_call_meanwhile_is_computed_in_its_own_thread():
    assert in_threads(lambda batch: in_threads(lambda inner: count_threads(), [0, 1]), [0, 1]) == [[1, 1]] * 2


def test_an_error_in_one_batch_is_raised_and_the_limit_put_back():
    def fail(batch):
        if batch == 2:
            raise MemoryError("no more")

    with pytest.raises(MemoryError, match="no more"):
        in_threads(fail, range(5))
    assert set(threads_of_products()) == {3}


def test_a_fit_in_one_thread_and_encodings_in_others_are_what_they_are_alone():
    X, _ = make_waves(80, lengths=(3, 9), random_state=0)
    shared, fitting = (LSTMAutoencoderTransformer(3, epochs=3, random_state=seed) for seed in (0, 1))
    encodings, alone, done = shared.fit(X).transform(X), clone(fitting).fit(X).transform(X), Event()

    def encode_until_done(_):
        said = [shared.transform(X)]
        while not done.is_set():
            said.append(shared.transform(X))
        return said

    with ThreadPoolExecutor(3) as threads:
        meanwhile = threads.map(encode_until_done, range(3))
        try:
            assert_array_equal(fitting.fit(X).transform(X), alone)
        finally:
            done.set()
        for said in meanwhile:
            assert all(np.array_equal(each, encodings) for each in said)
    assert set(threads_of_products()) == {3}
