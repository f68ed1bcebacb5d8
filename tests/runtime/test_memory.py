"""Operations that need more memory than is free raise an error with the number of bytes before they allocate it."""

import pickle
import resource

import numpy as np
import pytest

from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    Sequences,
)
from skseqae.preprocessing import Resampler, SequencePadder
from skseqae.runtime import _memory
from skseqae.runtime._memory import MIN_CHECKED_BYTES, check_memory, free_bytes

X = [np.ones((4, 2)), np.zeros((3, 2)), np.full((5, 2), 2.0)]
FIGURE = r"would take \d{12,} bytes \(\d+\.\d GB\), but \d+ are free\. [A-Z]"
FREE = 2 * MIN_CHECKED_BYTES
SHARED = {"epochs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    return {
        "autoencoder": LSTMAutoencoderTransformer(3, units=2, **SHARED).fit(X),
        "regressor": CompositeSequenceRegressor(3, units=2, horizon=1, **SHARED).fit(X),
        "classifier": Seq2SeqClassifier(3, tokens=True, **SHARED).fit([["a"], ["b", "a"]], [["a"], ["a", "b"]]),
    }


def one_long_sequence():
    lengths = np.append(np.ones(10**6, int), 10**6)
    return Sequences.from_packed(np.zeros(lengths.sum(), np.float32), lengths)


TOO_LARGE = {
    "to_padded": lambda: Sequences.from_list(X).to_padded(10**12),
    "to_padded of one long sequence": lambda: one_long_sequence().to_padded(),
    "from_padded": lambda: Sequences.from_padded(np.broadcast_to(1.0, (10**6, 10**4, 10**3))),
    "from_list": lambda: Sequences.from_list([np.broadcast_to(1.0, (10**6, 10**3))] * 1000),
    "SequencePadder": lambda: SequencePadder(10**12).fit_transform(X),
    "Resampler": lambda: Resampler(10**12).fit_transform(X),
    "dense autoencoder": lambda: DenseAutoencoderTransformer().fit(np.broadcast_to(1.0, (10**7, 10**5))),
    "units": lambda: LSTMAutoencoderTransformer(units=10**6).fit(X),
    "latent_dim": lambda: LSTMAutoencoderTransformer(10**9).fit(X),
    "hidden_layer_sizes": lambda: DenseAutoencoderTransformer(hidden_layer_sizes=(10**12,)).fit(np.ones((3, 4))),
    "classifier": lambda: Seq2SeqClassifier(10**6).fit(X, [0, 1, 0]),
    "regressor": lambda: CompositeSequenceRegressor(units=(10**6, 2)).fit(X, [0.0, 1.0, 0.0]),
    "batch": lambda: LSTMAutoencoderTransformer(2000, batch_size=10**6).fit(long_batch()),
}


def long_batch():
    return Sequences.from_packed(np.zeros((10**6, 1), np.float32), [10**4] * 100)


@pytest.mark.parametrize("operation", TOO_LARGE.values(), ids=TOO_LARGE)
def test_operations_larger_than_memory_raise_an_error_with_their_bytes(operation):
    with pytest.raises(MemoryError, match=FIGURE if operation is not TOO_LARGE["batch"] else r"would take \d+ bytes"):
        operation()


def test_an_estimator_is_unchanged_after_a_memory_error(fitted):
    calls = [
        ("autoencoder", "inverse_transform", (np.zeros((3, 3)), 10**12), {}),
        ("autoencoder", "inverse_transform", (np.zeros((3, 3)), [1, 10**18, 1]), {}),
        ("regressor", "predict", (X, 10**12), {}),
        ("classifier", "predict_beams", ([["a"]], 10**12), {}),
        ("classifier", "predict", ([["a"]],), {"max_length": 10**12}),
        ("classifier", "predict_proba", ([["a"]],), {"max_length": 10**12}),
        ("autoencoder", "fit", (X,), {"units": 10**6}),
        ("autoencoder", "transform", (np.broadcast_to(1.0, (10**6, 10**6, 2)),), {}),
    ]
    for name, method, arguments, parameters in calls:
        estimator = pickle.loads(pickle.dumps(fitted[name])).set_params(**parameters)
        before = pickle.dumps(estimator)
        with pytest.raises(MemoryError, match=FIGURE):
            getattr(estimator, method)(*arguments)
        assert pickle.dumps(estimator) == before


def test_truncation_needs_memory_only_for_its_output():
    padder = SequencePadder(2, too_long="truncate")
    assert padder.fit_transform(one_long_sequence()).shape == (10**6 + 1, 2, 1)


@pytest.mark.parametrize(("n_bytes", "raises"), [(MIN_CHECKED_BYTES, False), (FREE, False), (FREE + 1, True)])
def test_check_memory_raises_only_above_the_free_memory(monkeypatch, n_bytes, raises):
    monkeypatch.setattr(_memory, "free_bytes", lambda: FREE)
    if raises:
        with pytest.raises(MemoryError, match=f"This would take {n_bytes} bytes .*but {FREE} are free. Do less."):
            check_memory(n_bytes, "This", "Do less.")
    else:
        check_memory(n_bytes, "This", "Do less.")


@pytest.mark.parametrize("limit", _memory.LIMITS)
def test_free_bytes_respects_the_limit_of_a_container(monkeypatch, limit):
    texts = {limit: f"{2**30}\n", "/proc/self/statm": "900 100 0", "/proc/meminfo": "MemAvailable:  8000000 kB\n"}
    monkeypatch.setattr(_memory, "_read", lambda path: texts.get(path, ""))
    monkeypatch.setattr(_memory.os, "sysconf", lambda name: 4096)
    assert free_bytes() == 2**30 - 100 * 4096
    texts[limit] = "max\n"
    assert free_bytes() == 8_000_000 * 1024


def test_free_bytes_respects_the_limit_of_the_process(monkeypatch):
    monkeypatch.setattr(_memory.resource, "getrlimit", lambda which: (2**40, resource.RLIM_INFINITY))
    monkeypatch.setattr(_memory, "_read", lambda path: "")
    assert free_bytes() == 2**40


def test_unknown_memory_limits_never_raise(monkeypatch):
    monkeypatch.setattr(_memory, "_read", lambda path: "")
    monkeypatch.setattr(_memory, "resource", None)
    assert free_bytes() == np.inf
    check_memory(2**60, "This", "Do less.")
