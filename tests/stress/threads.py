"""Estimators that threads share, and fits beside one another."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from threading import Event

import numpy as np
from threadpoolctl import threadpool_info

from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector
from skseqae.datasets import make_reversals, make_waves
from tests.stress.files import fitted
from tests.support.estimators import CLASSES, data_for, quick, said, y
from tests.support.faults import contents, unlike

N_THREADS, N_CALLS = 8, 1_000
VERBS = ["transform", "reconstruct", "reconstruction_error", "score_samples", "predict", "predict_proba"]
VERBS += ["predict_beams", "decision_function", "error_map"]


def calls():
    """Return functions that say something of a shared estimator: all its verbs, of few samples and of many."""
    waves, _ = make_waves(90, n_features=2, lengths=(3, 12), random_state=1)
    words, _ = make_reversals(90, lengths=(2, 5), n_symbols=5, random_state=1)
    read = {"speller": words, "dense": np.random.RandomState(0).normal(size=(90, 6))}
    autoencoder = quick(LSTMAutoencoderTransformer, latent_dim=3)
    estimators = fitted() | {"detector": SequenceOutlierDetector(autoencoder).fit(waves)}
    return [
        partial(getattr(estimator, verb), read.get(name, waves)[rows])
        for name, estimator in estimators.items()
        for verb in VERBS
        if hasattr(estimator, verb)
        for rows in (slice(0, 90), slice(3, 13), slice(40, 41))
    ]


def bits(result):
    """Return all numbers of a result as bytes."""
    if isinstance(result, np.ndarray) and result.dtype != object:
        return result.tobytes()
    return b"".join(map(bits, result)) if isinstance(result, list | tuple | np.ndarray) else repr(result).encode()


def wrong_calls(shared, expected, thread, n_calls):
    """Return how many of so many calls in one thread say anything else than alone."""
    order = np.random.RandomState(thread).randint(len(shared), size=n_calls)
    return sum(bits(shared[i]()) != expected[i] for i in order)


def beside_fits(shared, expected, n_fits):
    """Return how many calls were made in seven threads while one fitted, and how many of all were wrong."""
    classes = [CLASSES[i % len(CLASSES)] for i in range(n_fits)]
    alone, done, called = {cls: said(quick(cls).fit(data_for(cls), y)) for cls in CLASSES}, Event(), count()

    def call(thread):
        n_wrong = 0
        while not done.is_set():
            n_wrong += wrong_calls(shared, expected, thread, n_calls=10)
            next(called)
        return n_wrong

    with ThreadPoolExecutor(N_THREADS) as threads:
        running = [threads.submit(call, thread) for thread in range(N_THREADS - 1)]
        try:
            n_wrong = sum(bits(said(quick(cls).fit(data_for(cls), y))) != bits(alone[cls]) for cls in classes)
        finally:
            done.set()
        return n_fits + 10 * next(called), n_wrong + sum(each.result() for each in running)


def fits_at_once(n_pairs):
    """Return how many fits were made two at once, of one class or of two, and how many gave other bits than in turn."""

    def fit(seed):
        cls = CLASSES[seed // 2 % len(CLASSES)]
        return contents(quick(cls, random_state=seed % 3).fit(data_for(cls), y))

    expected = [fit(seed) for seed in range(2 * n_pairs)]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(fit, range(2 * n_pairs)))
    return 2 * n_pairs, sum(bool(unlike(*pair)) for pair in zip(together, expected, strict=True))


def threads():
    """One estimator of each class in eight threads, and fits at the same time, against one thread."""
    shared, before = calls(), threadpool_info()
    expected = [bits(call()) for call in shared]
    with ThreadPoolExecutor(N_THREADS) as executor:
        wrong = list(executor.map(lambda thread: wrong_calls(shared, expected, thread, N_CALLS), range(N_THREADS)))
    yield "calls of all verbs in 8 threads that say anything else", N_THREADS * N_CALLS, sum(wrong)
    yield "fits, and calls in 7 threads meanwhile, that give anything else", *beside_fits(shared, expected, 40)
    yield "fits, two at once, that give other bits than in turn", *fits_at_once(40)
    yield "limits of threads that are not as before", len(before), int(threadpool_info() != before)
