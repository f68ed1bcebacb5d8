"""Forks, other Keras backends and the workers of joblib."""

import os
import subprocess
import sys
import textwrap

import keras
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError
from numpy.testing import assert_allclose
from sklearn.model_selection import cross_val_score

from skseqae import DenseAutoencoderTransformer
from skseqae.runtime._tensorflow import check_tensorflow
from tests.support.estimators import data_for, quick
from tests.support.faults import FaultyWorkerCallback, differing_attributes, state

PRELUDE = """
    import os, sys, time
    import numpy as np
    from skseqae import LSTMAutoencoderTransformer

    X = [np.ones((3, 1)), np.zeros((2, 1))]
    estimator = LSTMAutoencoderTransformer(2, epochs=1, random_state=0)
"""


def run(*scripts, **environment):
    """Run concatenated scripts in a new process, and return the completed process."""
    code = "".join(map(textwrap.dedent, [PRELUDE, *scripts]))
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | environment
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment, check=False
    )


IN_A_FORK = """
    def report(name, function):
        start = time.perf_counter()
        try:
            function()
            outcome = "worked"
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"
        print(name, "in time" if time.perf_counter() - start < 1 else "late", outcome, flush=True)

    def in_a_fork(functions, seconds=5):
        pid = os.fork()
        if pid == 0:
            for name, function in functions.items():
                report(name, function)
            os._exit(0)
        for _ in range(10 * seconds):
            time.sleep(0.1)
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        os.kill(pid, 9)
        print("hung", flush=True)
"""
REFUSAL = "RuntimeError: TensorFlow was used before this process was forked, and would hang in it. Start processes with"
only_with_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


@only_with_fork
def test_training_in_a_fork_after_a_fit_raises_an_error_within_a_second():
    script = """
        estimator.fit(X)
        functions = {
            "fit": lambda: estimator.fit(X),
            "encoder_": lambda: estimator.encoder_,
            "decoder_": lambda: estimator.decoder_,
        }
        in_a_fork(functions)
        print(estimator.transform(X).shape)
    """
    process = run(IN_A_FORK, script)
    *lines, from_parent = process.stdout.splitlines()
    assert len(lines) == 3, process.stderr
    for line, name in zip(lines, ["fit", "encoder_", "decoder_"], strict=True):
        assert line.startswith(f"{name} in time {REFUSAL}")
    assert from_parent == "(2, 2)"


@only_with_fork
def test_an_estimator_fitted_before_a_fork_works_in_the_fork():
    script = """
        X = [np.random.default_rng(i).normal(size=(20 + i % 7, 1)) for i in range(600)]
        estimator.fit(X[:5])
        Z, decoded = estimator.transform(X), estimator.reconstruct(X)

        def use():
            assert np.array_equal(estimator.transform(X), Z)
            assert all(map(np.array_equal, estimator.reconstruct(X), decoded))

        in_a_fork({"use": use})
    """
    process = run(IN_A_FORK, script)
    assert process.stdout.endswith(" worked\n"), process.stdout + process.stderr


def test_an_unpickled_estimator_works_without_importing_tensorflow(tmp_path):
    path = str(tmp_path / "estimator.pickle")
    write = f"""
        import pickle
        estimator.fit(X)
        pickle.dump((estimator, estimator.transform(X), estimator.reconstruct(X)), open({path!r}, "wb"))
    """
    read = f"""
        import pickle
        estimator, Z, decoded = pickle.load(open({path!r}, "rb"))
        assert np.array_equal(estimator.transform(X), Z)
        assert all(map(np.array_equal, estimator.reconstruct(X), decoded))
        print(sorted({{"keras", "tensorflow"}} & sys.modules.keys()))
    """
    run(write)
    process = run(read)
    assert process.stdout == "[]\n", process.stderr


@only_with_fork
def test_training_in_a_fork_after_other_use_of_tensorflow_raises_an_error_within_a_second():
    script = """
        import tensorflow as tf
        tf.linalg.inv(tf.eye(500))
        in_a_fork({"fit": lambda: estimator.fit(X)})
    """
    process = run(IN_A_FORK, script)
    assert "hung" not in process.stdout
    assert REFUSAL in process.stdout, process.stderr


@only_with_fork
def test_a_fork_before_the_first_use_of_tensorflow_is_accepted():
    script = """
        def check():
            from skseqae.runtime._tensorflow import check_tensorflow
            check_tensorflow()

        in_a_fork({"check": check}, seconds=60)
    """
    process = run(IN_A_FORK, script)
    assert process.stdout.endswith(" worked\n"), process.stderr


def test_another_keras_backend_raises_an_error(monkeypatch):
    check_tensorflow()
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(RuntimeError, match="TensorFlow backend, .* 'torch': set .* KERAS_BACKEND=tensorflow before"):
        check_tensorflow()


def test_a_backend_that_is_not_installed_raises_the_same_error():
    process = run("estimator.fit(X)", KERAS_BACKEND="jax")
    assert process.returncode == 1
    assert "set the environment variable KERAS_BACKEND=tensorflow" in process.stderr


COUNT_THREADS = """
    import joblib

    def count_threads():
        import tensorflow as tf
        from skseqae.runtime._tensorflow import check_tensorflow
        check_tensorflow()
        threading = tf.config.threading
        return threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()
"""


def test_a_joblib_worker_uses_the_threads_that_joblib_assigns():
    script = """
        with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=3):
            print(joblib.Parallel()([joblib.delayed(count_threads)()]))
    """
    process = run(COUNT_THREADS, script)
    assert process.stdout == "[(3, 3)]\n", process.stderr


def test_the_number_of_threads_is_unchanged_outside_joblib_workers():
    process = run(COUNT_THREADS, "print(count_threads())", OMP_NUM_THREADS="3")
    assert process.stdout == "(0, 0)\n", process.stderr


@pytest.mark.filterwarnings("ignore:A worker stopped while some jobs were given:UserWarning")
def test_a_failed_or_killed_worker_changes_neither_the_estimator_nor_the_next_search():
    data = data_for(DenseAutoencoderTransformer)
    estimator = quick(DenseAutoencoderTransformer).fit(data)
    expected = cross_val_score(estimator, data, cv=2, error_score="raise")
    for error in (MemoryError, TerminatedWorkerError):
        estimator.set_params(callbacks=FaultyWorkerCallback(error))
        before = state(estimator)
        with pytest.raises(error):
            cross_val_score(estimator, data, cv=2, n_jobs=2, error_score="raise")
        assert differing_attributes(state(estimator), before) == []
    scores = cross_val_score(estimator.set_params(callbacks=None), data, cv=2, n_jobs=2, error_score="raise")
    assert_allclose(scores, expected, rtol=0, atol=1e-5)
