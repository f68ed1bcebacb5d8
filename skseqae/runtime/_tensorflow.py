"""The process that runs TensorFlow: forks, the Keras backend and threads."""

import os
import sys
from functools import cache
from multiprocessing import current_process

_forked_after_tensorflow = False


def check_tensorflow():
    """Raise an error if TensorFlow would hang, or Keras uses another backend. Call this before importing Keras.

    Raises
    ------
    RuntimeError
        If this process was forked from a process that had used TensorFlow, or Keras is configured for another backend.
    """
    if _forked_after_tensorflow:
        raise RuntimeError(
            "TensorFlow was used before this process was forked, and would hang in it. Start processes with the "
            "'spawn' or 'forkserver' method, or use joblib's default 'loky' backend."
        )
    backend = "tensorflow" if "keras" in sys.modules else os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend == "tensorflow":
        import keras

        backend = keras.config.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            f"skseqae runs on Keras' TensorFlow backend, but Keras was configured for {backend!r}: set the environment "
            "variable KERAS_BACKEND=tensorflow before the first import of keras."
        )
    _limit_threads()


@cache
def _limit_threads():
    """In a joblib worker, limit TensorFlow to the threads that joblib assigns. Elsewhere, leave it unchanged."""
    n_threads = os.environ.get("OMP_NUM_THREADS", "")
    if not (current_process().name.startswith("LokyProcess") and n_threads.isdigit()):
        return
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(int(n_threads))
        tf.config.threading.set_inter_op_parallelism_threads(int(n_threads))
    except RuntimeError:
        return  # this worker has used TensorFlow before, with the number of threads of the caller


def _note_fork():
    """In a new fork, record whether TensorFlow had started its threads, which a fork does not inherit."""
    global _forked_after_tensorflow
    context = getattr(sys.modules.get("tensorflow.python.eager.context"), "context_safe", lambda: None)()
    _forked_after_tensorflow = _forked_after_tensorflow or getattr(context, "_initialized", False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
