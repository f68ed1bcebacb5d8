"""Estimators shared by threads, and simultaneous fits."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from threading import Event

import numpy as np
from threadpoolctl import threadpool_info

from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector
from skseqae.datasets import make_reversals, make_waves
from tests.stress.files import fitted
from tests.support.estimators import CLASSES, data_for, output_of, quick, y
from tests.support.faults import contents, differing_attributes

N_THREADS, N_CALLS = 8, 1_000
METHODS = ["transform", "reconstruct", "reconstruction_error", "score_samples", "predict", "predict_proba"]
METHODS += ["predict_beams", "decision_function", "error_map"]


def make_calls():
    """Return functions that call the methods of shared estimators on few and on many samples."""
    waves, _ = make_waves(90, n_features=2, lengths=(3, 12), random_state=1)
    words, _ = make_reversals(90, lengths=(2, 5), n_symbols=5, random_state=1)
    data = {"seq2seq": words, "dense": np.random.RandomState(0).normal(size=(90, 6))}
    autoencoder = quick(LSTMAutoencoderTransformer, latent_dim=3)
    estimators = fitted() | {"detector": SequenceOutlierDetector(autoencoder).fit(waves)}
    return [
        partial(getattr(estimator, method), data.get(name, waves)[rows])
        for name, estimator in estimators.items()
        for method in METHODS
        if hasattr(estimator, method)
        for rows in (slice(0, 90), slice(3, 13), slice(40, 41))
    ]


def to_bytes(result):
    """Return all values of a result as bytes."""
    if isinstance(result, np.ndarray) and result.dtype != object:
        return result.tobytes()
    return b"".join(map(to_bytes, result)) if isinstance(result, list | tuple | np.ndarray) else repr(result).encode()


def count_wrong_calls(calls, expected, thread, n_calls):
    """Return how many of `n_calls` random calls in one thread do not return the expected result."""
    order = np.random.RandomState(thread).randint(len(calls), size=n_calls)
    return sum(to_bytes(calls[i]()) != expected[i] for i in order)


def call_during_fits(calls, expected, n_fits):
    """Return the number of fits in one thread and calls in seven others at the same time, and how many were wrong."""
    classes = [CLASSES[i % len(CLASSES)] for i in range(n_fits)]
    alone = {cls: to_bytes(output_of(quick(cls).fit(data_for(cls), y))) for cls in CLASSES}
    done, rounds = Event(), count()

    def call(thread):
        n_wrong = 0
        while not done.is_set():
            n_wrong += count_wrong_calls(calls, expected, thread, n_calls=10)
            next(rounds)
        return n_wrong

    with ThreadPoolExecutor(N_THREADS) as threads:
        running = [threads.submit(call, thread) for thread in range(N_THREADS - 1)]
        try:
            n_wrong = sum(to_bytes(output_of(quick(cls).fit(data_for(cls), y))) != alone[cls] for cls in classes)
        finally:
            done.set()
        return n_fits + 10 * next(rounds), n_wrong + sum(future.result() for future in running)


def fit_in_pairs(n_pairs):
    """Return the number of fits in pairs of threads, and how many differ from those fitted one after another."""

    def fit(seed):
        cls = CLASSES[seed // 2 % len(CLASSES)]
        return contents(quick(cls, random_state=seed % 3).fit(data_for(cls), y))

    expected = [fit(seed) for seed in range(2 * n_pairs)]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(fit, range(2 * n_pairs)))
    return 2 * n_pairs, sum(bool(differing_attributes(*pair)) for pair in zip(together, expected, strict=True))


def threads():
    """One estimator of each class in eight threads, and simultaneous fits, compared with one thread."""
    calls, before = make_calls(), threadpool_info()
    expected = [to_bytes(call()) for call in calls]
    with ThreadPoolExecutor(N_THREADS) as executor:
        work = partial(count_wrong_calls, calls, expected, n_calls=N_CALLS)
        n_wrong = list(executor.map(work, range(N_THREADS)))
    yield "calls of all methods in 8 threads with another result", N_THREADS * N_CALLS, sum(n_wrong)
    yield "fits, and calls in 7 other threads meanwhile, with another result", *call_during_fits(calls, expected, 40)
    yield "fits in pairs of threads with another result", *fit_in_pairs(40)
    yield "thread limits that changed", len(before), int(threadpool_info() != before)
