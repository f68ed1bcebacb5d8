"""The sessions of ONNX Runtime: made when first used, shared by threads, not part of copies, and usable in forks."""

import asyncio
import copy
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import joblib
import numpy as np
import onnxruntime
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from threadpoolctl import threadpool_limits

import skseqae
from examples.tutorial_parameters import LAST_STATE
from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, Seq2SeqClassifier, config_context
from skseqae.inference import _network
from skseqae.inference._encode_decode import encode
from skseqae.runtime._config import get_providers
from tests.inference.many_calls import measure
from tests.inference.random_networks import draw_architecture, draw_network, draw_sequences
from tests.runtime.test_tensorflow import only_with_fork
from tests.support.estimators import CLASSES, X, data_for, every_class, output_of, quick, y
from tests.support.processes import run_in_fresh_process

AVAILABLE = onnxruntime.get_available_providers()
IN_FORKS = """
import multiprocessing, sys
import numpy as np
from threadpoolctl import threadpool_limits
import skseqae
from skseqae.datasets import make_waves

estimator, (X, _) = skseqae.load(sys.argv[1]), make_waves(600, n_features=2, random_state=0)

def transform(_):
    return estimator.transform(X)

with threadpool_limits(2, "blas"):  # batches in two threads
    expected = transform(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        results = pool.map_async(transform, range(6)).get(timeout=60)
assert all(np.array_equal(result, expected) for result in results)
assert "tensorflow" not in sys.modules
"""


SMALL = {"latent_dim": 5, "units": 4}
WIDTHS = {LSTMAutoencoderTransformer: SMALL, CompositeSequenceRegressor: SMALL}


@pytest.fixture(scope="module")
def estimators():
    """Return a fitted estimator of each class, for tests to copy by `fresh`."""
    return {cls: quick(cls, **WIDTHS.get(cls, {})).fit(data_for(cls), y) for cls in CLASSES}


@pytest.fixture
def fresh(estimators):
    """Return a function that returns a fitted estimator without sessions."""
    return lambda cls=LSTMAutoencoderTransformer: pickle.loads(pickle.dumps(estimators[cls]))


@pytest.fixture
def made(monkeypatch):
    """Return a list of the providers of each session that is made during a test."""
    made, make = [], _network._make_session
    monkeypatch.setattr(
        _network, "_make_session", lambda model, providers: [made.append(providers), make(model, providers)][1]
    )
    return made


def draw(n_samples=64):
    """Return a network without sessions, and sequences for its encoder, which are one batch in one thread."""
    rng = np.random.default_rng(0)
    architecture = draw_architecture("encoder", rng, widths=[32])
    return draw_network(architecture, rng), draw_sequences(architecture, np.full(n_samples, 50), rng)


# --- made when first used ---------------------------------------------------------------------------------------------


@every_class
def test_only_statistics_need_sessions_in_fit(cls):
    """A session would raise an error."""
    parameters = {"latent_dim": 3} | LAST_STATE if cls in WIDTHS else {}
    parameters |= {"pooling": "last"} if cls is Seq2SeqClassifier else {}
    with config_context(providers=["NoSuchProvider"]):
        quick(cls, **parameters).fit(data_for(cls), y)
        if cls in WIDTHS:
            with pytest.raises(ValueError, match="no provider 'NoSuchProvider'"):
                quick(cls, **WIDTHS[cls]).fit(data_for(cls), y)


@every_class
def test_sessions_are_made_by_the_first_call_of_a_method_and_not_kept_by_fit(cls, estimators, fresh, made):
    assert "network" not in vars(estimators[cls]._fitted)
    fitted = fresh(cls)
    expected, n_made = output_of(fitted), len(made)
    assert n_made > 0
    assert_array_equal(output_of(fitted), expected)
    assert len(made) == n_made


def test_each_method_makes_the_sessions_that_it_needs(fresh, made):
    fitted = fresh()
    fitted.transform(X)
    assert len(made) == 1
    fitted.reconstruct(X)
    assert len(made) == 3  # latent vectors and sequences
    fitted.inverse_transform(fitted.transform(X), n_timesteps=3)
    assert len(made) == 4  # latent vectors of encodings


def test_last_states_are_latent_vectors_and_need_one_session(made):
    fitted = quick(LSTMAutoencoderTransformer, latent_dim=3, **LAST_STATE).fit(X)
    fitted.transform(X)
    assert len(made) == 1
    fitted.inverse_transform(fitted.transform(X), n_timesteps=3)
    assert len(made) == 2
    fitted.reconstruct(X)
    assert len(made) == 2


def test_further_training_makes_new_sessions(fresh, made):
    fitted = fresh()
    before = fitted.transform(X)
    n_made = len(made)
    assert_array_equal(fitted.transform(X), before)
    assert len(made) == n_made == 1
    fitted.partial_fit(X)
    n_made = len(made)
    after = fitted.transform(X)
    assert len(made) == n_made + 1
    assert (before != after).any()


# --- copies -----------------------------------------------------------------------------------------------------------


def test_shallow_copies_share_sessions(fresh, made):
    fitted = fresh()
    expected = fitted.transform(X)
    assert_array_equal(copy.copy(fitted).transform(X), expected)
    assert len(made) == 1


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda fitted: pickle.loads(pickle.dumps(fitted))], ids=["deep", "pickle"]
)
@every_class
def test_other_copies_make_their_own_sessions(cls, copied, fresh, made):
    fitted = fresh(cls)
    expected, n_made = output_of(fitted), len(made)
    assert_array_equal(output_of(copied(fitted)), expected)
    assert len(made) == 2 * n_made


@every_class
def test_pickles_files_and_clones_are_the_same_before_and_after_a_call(cls, fresh, tmp_path):
    fitted, written = fresh(cls), []
    for name in ("before", "after"):
        skseqae.save(fitted, tmp_path / name)
        joblib.dump(fitted, tmp_path / f"{name} joblib")
        files = [(tmp_path / name).read_bytes(), (tmp_path / f"{name} joblib").read_bytes()]
        written.append([pickle.dumps(fitted), pickle.dumps(clone(fitted)), *files])
        output_of(fitted)
    assert written[0] == written[1]


# --- threads and forks ------------------------------------------------------------------------------------------------


def threads_of_this_process():
    return set(os.listdir("/proc/self/task"))


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="this system does not list threads")
def test_a_batch_is_computed_in_the_calling_thread():
    (network, x), before = draw(), threads_of_this_process()
    with threadpool_limits(1, "blas"):
        encode(network, x)
    assert threads_of_this_process() <= before


def test_threads_that_use_a_network_at_once_share_one_session(made):
    (network, x), together = draw(), Barrier(8)
    expected = encode(network, x)

    def work(_):
        together.wait(timeout=30)
        return [encode(network, x) for _ in range(5)]

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(work, range(8)))
    assert len(made) == 1
    for result in results:
        assert_array_equal(result, [expected] * 5)


@only_with_fork
def test_sessions_work_in_the_forks_of_a_process_that_has_used_them(fresh, tmp_path):
    path = tmp_path / "estimator"
    skseqae.save(fresh(), path)
    run_in_fresh_process(IN_FORKS, path)


def test_memory_does_not_grow_with_the_calls(fresh, tmp_path):
    path = tmp_path / "estimator"
    skseqae.save(fresh(), path)
    before, after = measure(path, (50, 400))
    assert after - before < 60


# --- providers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("providers", ["CPUExecutionProvider", None, [], [("CPUExecutionProvider", {})]])
def test_providers_other_than_a_list_of_names_are_refused(providers):
    with pytest.raises(TypeError, match="providers must be a list of names"), config_context(providers=providers):
        pass


def test_a_provider_that_is_not_available_is_refused_with_those_that_are(fresh):
    fitted = fresh()
    expected = fitted.transform(X)
    message = r"no provider 'NoSuchProvider' here: providers must be some of \[.*'CPUExecutionProvider'.*\]"
    with config_context(providers=["NoSuchProvider", "CPUExecutionProvider"]):
        for method in (fitted.transform, fitted.reconstruct):
            with pytest.raises(ValueError, match=message):
                method(X)
    assert_array_equal(fitted.transform(X), expected)


def test_the_setting_ends_with_the_statement_also_after_errors():
    with suppress(KeyError), config_context(providers=["A"]):
        with config_context(providers=["B", "C"]):
            assert get_providers() == ("B", "C")
        assert get_providers() == ("A",)
        raise KeyError
    assert get_providers() == ("CPUExecutionProvider",)


def test_the_setting_applies_to_the_current_thread_and_task():
    async def set_and_wait(name):
        with config_context(providers=[name]):
            await asyncio.sleep(0)
            return get_providers()

    async def both():
        return await asyncio.gather(set_and_wait("A"), set_and_wait("B"))

    assert asyncio.run(both()) == [("A",), ("B",)]
    with config_context(providers=["A"]), ThreadPoolExecutor(1) as thread:
        assert thread.submit(get_providers).result() == ("CPUExecutionProvider",)


def test_sessions_are_kept_for_each_choice_of_providers(fresh, made):
    fitted, choices = fresh(), [("CPUExecutionProvider",), tuple(AVAILABLE)]
    for _ in range(2):
        for providers in choices:
            with config_context(providers=providers):
                fitted.transform(X)
    assert made == [*dict.fromkeys(choices)]


@pytest.mark.skipif("AzureExecutionProvider" not in AVAILABLE, reason="this build has no second provider for the CPU")
@every_class
def test_providers_that_leave_the_network_to_the_cpu_compute_the_same_bits(cls, fresh):
    fitted = fresh(cls)
    expected = output_of(fitted)
    with config_context(providers=["AzureExecutionProvider", "CPUExecutionProvider"]):
        assert_array_equal(output_of(fitted), expected)
