"""The process that TensorFlow runs in: forked, of another backend, or a worker."""

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
from tests.support.faults import InAWorker, state, unlike

PRELUDE = """
    import os, sys, time
    import numpy as np
    from skseqae import LSTMAutoencoderTransformer

    X = [np.ones((3, 1)), np.zeros((2, 1))]
    estimator = LSTMAutoencoderTransformer(2, epochs=1, random_state=0)
"""


def run(*scripts, **environment):
    """Run scripts one after another in a process of their own; what it says, and how it ended."""
    code = "".join(map(textwrap.dedent, [PRELUDE, *scripts]))
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | environment
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment, check=False
    )


IN_A_FORK = """
    def report(name, verb):
        start = time.perf_counter()
        try:
            verb()
            said = "worked"
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        print(name, "in time" if time.perf_counter() - start < 1 else "late", said, flush=True)

    def in_a_fork(verbs, seconds=5):
        pid = os.fork()
        if pid == 0:
            for name, verb in verbs.items():
                report(name, verb)
            os._exit(0)
        for _ in range(10 * seconds):
            time.sleep(0.1)
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        os.kill(pid, 9)
        print("hung", flush=True)
"""
REFUSAL = "RuntimeError: TensorFlow was used before this process was forked, and would hang in it. Start processes with"
only_with_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


@only_with_fork
def test_a_fork_after_a_fit_is_refused_in_time_and_leaves_the_parent_alone():
    script = """
        estimator.fit(X)
        verbs = {
            "fit": lambda: estimator.fit(X),
            "encoder_": lambda: estimator.encoder_,
            "decoder_": lambda: estimator.decoder_,
        }
        in_a_fork(verbs)
        print(estimator.transform(X).shape)
    """
    ended = run(IN_A_FORK, script)
    *said, from_parent = ended.stdout.splitlines()
    assert len(said) == 3, ended.stderr
    for line, name in zip(said, ["fit", "encoder_", "decoder_"], strict=True):
        assert line.startswith(f"{name} in time {REFUSAL}")
    assert from_parent == "(2, 2)"


@only_with_fork
def test_what_was_fitted_before_a_fork_may_be_used_in_it():
    script = """
        X = [np.random.default_rng(i).normal(size=(20 + i % 7, 1)) for i in range(600)]
        estimator.fit(X[:5])
        Z, said = estimator.transform(X), estimator.reconstruct(X)

        def use():
            assert np.array_equal(estimator.transform(X), Z)
            assert all(map(np.array_equal, estimator.reconstruct(X), said))

        in_a_fork({"use": use})
    """
    ended = run(IN_A_FORK, script)
    assert ended.stdout.endswith(" worked\n"), ended.stdout + ended.stderr


def test_what_was_pickled_is_used_without_tensorflow(tmp_path):
    path = str(tmp_path / "estimator.pickle")
    write = f"""
        import pickle
        estimator.fit(X)
        pickle.dump((estimator, estimator.transform(X), estimator.reconstruct(X)), open({path!r}, "wb"))
    """
    read = f"""
        import pickle
        estimator, Z, said = pickle.load(open({path!r}, "rb"))
        assert np.array_equal(estimator.transform(X), Z)
        assert all(map(np.array_equal, estimator.reconstruct(X), said))
        print(sorted({{"keras", "tensorflow"}} & sys.modules.keys()))
    """
    run(write)
    ended = run(read)
    assert ended.stdout == "[]\n", ended.stderr


@only_with_fork
def test_a_fork_after_the_user_used_tensorflow_is_refused_in_time():
    script = """
        import tensorflow as tf
        tf.linalg.inv(tf.eye(500))
        in_a_fork({"fit": lambda: estimator.fit(X)})
    """
    ended = run(IN_A_FORK, script)
    assert "hung" not in ended.stdout
    assert REFUSAL in ended.stdout, ended.stderr


@only_with_fork
def test_a_fork_before_tensorflow_was_used_is_welcome():
    script = """
        def check():
            from skseqae.runtime._tensorflow import check_tensorflow
            check_tensorflow()

        in_a_fork({"check": check}, seconds=60)
    """
    ended = run(IN_A_FORK, script)
    assert ended.stdout.endswith(" worked\n"), ended.stderr


def test_another_backend_of_keras_is_refused(monkeypatch):
    check_tensorflow()
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(RuntimeError, match="TensorFlow backend, .* 'torch': set .* KERAS_BACKEND=tensorflow before"):
        check_tensorflow()


def test_a_backend_that_is_not_installed_is_refused_by_the_same_words():
    ended = run("estimator.fit(X)", KERAS_BACKEND="jax")
    assert ended.returncode == 1
    assert "set the environment variable KERAS_BACKEND=tensorflow" in ended.stderr


COUNT_THREADS = """
    import joblib

    def count_threads():
        import tensorflow as tf
        from skseqae.runtime._tensorflow import check_tensorflow
        check_tensorflow()
        threading = tf.config.threading
        return threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()
"""


def test_a_worker_of_joblib_uses_the_threads_that_joblib_grants_it():
    script = """
        with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=3):
            print(joblib.Parallel()([joblib.delayed(count_threads)()]))
    """
    ended = run(COUNT_THREADS, script)
    assert ended.stdout == "[(3, 3)]\n", ended.stderr


def test_elsewhere_the_number_of_threads_is_left_alone():
    ended = run(COUNT_THREADS, "print(count_threads())", OMP_NUM_THREADS="3")
    assert ended.stdout == "(0, 0)\n", ended.stderr


@pytest.mark.filterwarnings("ignore:A worker stopped while some jobs were given:UserWarning")
def test_a_worker_that_fails_or_is_killed_leaves_the_parent_as_it_was_and_the_next_search_works():
    data = data_for(DenseAutoencoderTransformer)
    estimator = quick(DenseAutoencoderTransformer).fit(data)
    alone = cross_val_score(estimator, data, cv=2, error_score="raise")
    for error in (MemoryError, TerminatedWorkerError):
        estimator.set_params(callbacks=InAWorker(error))
        before = state(estimator)
        with pytest.raises(error):
            cross_val_score(estimator, data, cv=2, n_jobs=2, error_score="raise")
        assert unlike(state(estimator), before) == []
    scores = cross_val_score(estimator.set_params(callbacks=None), data, cv=2, n_jobs=2, error_score="raise")
    assert_allclose(scores, alone, rtol=0, atol=1e-5)
