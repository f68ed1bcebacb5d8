"""What memory cannot hold is refused before it is asked for, with the figure."""

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
from skseqae.runtime._memory import SMALL, check_memory, free_bytes

X = [np.ones((4, 2)), np.zeros((3, 2)), np.full((5, 2), 2.0)]
FIGURE = r"would take \d{12,} bytes \(\d+\.\d GB\), but \d+ are free\. [A-Z]"
SHARED = {"epochs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    return {
        "autoencoder": LSTMAutoencoderTransformer(3, **SHARED).fit(X),
        "forecaster": CompositeSequenceRegressor(3, horizon=1, **SHARED).fit(X),
        "speller": Seq2SeqClassifier(3, tokens=True, **SHARED).fit([["a"], ["b", "a"]], [["a"], ["a", "b"]]),
    }


def long_among_short():
    lengths = np.append(np.ones(10**6, int), 10**6)
    return Sequences.from_packed(np.zeros(lengths.sum(), np.float32), lengths)


ASKED = {
    "to_padded": lambda: Sequences.from_list(X).to_padded(10**12),
    "one long among short": lambda: long_among_short().to_padded(),
    "from_padded": lambda: Sequences.from_padded(np.broadcast_to(1.0, (10**6, 10**4, 10**3))),
    "from_list": lambda: Sequences.from_list([np.broadcast_to(1.0, (10**6, 10**3))] * 1000),
    "SequencePadder": lambda: SequencePadder(10**12).fit_transform(X),
    "Resampler": lambda: Resampler(10**12).fit_transform(X),
    "rows": lambda: DenseAutoencoderTransformer().fit(np.broadcast_to(1.0, (10**7, 10**5))),
    "units": lambda: LSTMAutoencoderTransformer(units=10**6).fit(X),
    "latent_dim": lambda: LSTMAutoencoderTransformer(10**9).fit(X),
    "hidden_layer_sizes": lambda: DenseAutoencoderTransformer(hidden_layer_sizes=(10**12,)).fit(np.ones((3, 4))),
    "classifier": lambda: Seq2SeqClassifier(10**6).fit(X, [0, 1, 0]),
    "regressor": lambda: CompositeSequenceRegressor(units=(10**6, 2)).fit(X, [0.0, 1.0, 0.0]),
    "batch": lambda: LSTMAutoencoderTransformer(2000, batch_size=10**6).fit(long_batch()),
}


def long_batch():
    return Sequences.from_packed(np.zeros((10**6, 1), np.float32), [10**4] * 100)


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_what_cannot_be_held_is_refused_with_its_bytes(ask):
    with pytest.raises(MemoryError, match=FIGURE if ask is not ASKED["batch"] else r"would take \d+ bytes"):
        ask()


def test_decoding_what_cannot_be_held_is_refused_and_changes_nothing(fitted):
    calls = [
        ("autoencoder", "inverse_transform", (np.zeros((3, 3)), 10**12), {}),
        ("autoencoder", "inverse_transform", (np.zeros((3, 3)), [1, 10**18, 1]), {}),
        ("forecaster", "predict", (X, 10**12), {}),
        ("speller", "predict_beams", ([["a"]], 10**12), {}),
        ("speller", "predict", ([["a"]],), {"max_length": 10**12}),
        ("speller", "predict_proba", ([["a"]],), {"max_length": 10**12}),
        ("autoencoder", "fit", (X,), {"units": 10**6}),
        ("autoencoder", "transform", (np.broadcast_to(1.0, (10**6, 10**6, 2)),), {}),
    ]
    for name, verb, given, parameters in calls:
        estimator = pickle.loads(pickle.dumps(fitted[name])).set_params(**parameters)
        before = pickle.dumps(estimator)
        with pytest.raises(MemoryError, match=FIGURE):
            getattr(estimator, verb)(*given)
        assert pickle.dumps(estimator) == before


def test_cutting_long_sequences_needs_no_more_than_what_is_left():
    padder = SequencePadder(2, too_long="truncate")
    assert padder.fit_transform(long_among_short()).shape == (10**6 + 1, 2, 1)


@pytest.mark.parametrize(("n_bytes", "is_refused"), [(SMALL, False), (2 * SMALL, False), (2 * SMALL + 1, True)])
def test_only_what_is_more_than_is_free_is_refused(monkeypatch, n_bytes, is_refused):
    monkeypatch.setattr(_memory, "free_bytes", lambda: 2 * SMALL)
    if is_refused:
        with pytest.raises(MemoryError, match=f"This would take {n_bytes} bytes .*but {2 * SMALL} are free. Do less."):
            check_memory(n_bytes, "This", "Do less.")
    else:
        check_memory(n_bytes, "This", "Do less.")


@pytest.mark.parametrize("limit", _memory.LIMITS)
def test_the_limit_of_a_container_counts(monkeypatch, limit):
    texts = {limit: f"{2**30}\n", "/proc/self/statm": "900 100 0", "/proc/meminfo": "MemAvailable:  8000000 kB\n"}
    monkeypatch.setattr(_memory, "_read", lambda path: texts.get(path, ""))
    monkeypatch.setattr(_memory.os, "sysconf", lambda name: 4096)
    assert free_bytes() == 2**30 - 100 * 4096
    texts[limit] = "max\n"
    assert free_bytes() == 8_000_000 * 1024


def test_the_limit_of_the_process_counts(monkeypatch):
    monkeypatch.setattr(_memory.resource, "getrlimit", lambda which: (2**40, resource.RLIM_INFINITY))
    monkeypatch.setattr(_memory, "_read", lambda path: "")
    assert free_bytes() == 2**40


def test_a_system_that_says_nothing_refuses_nothing(monkeypatch):
    monkeypatch.setattr(_memory, "_read", lambda path: "")
    monkeypatch.setattr(_memory, "resource", None)
    assert free_bytes() == np.inf
    check_memory(2**60, "This", "Do less.")
