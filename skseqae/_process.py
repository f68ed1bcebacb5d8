"""The process that TensorFlow runs in."""

import os
from multiprocessing import current_process

import keras
import tensorflow as tf

_PID = os.getpid()


def _limit_threads():
    """In a joblib worker, use the threads that joblib grants it; elsewhere leave TensorFlow as it is."""
    granted = os.environ.get("OMP_NUM_THREADS", "")
    if not (current_process().name.startswith("LokyProcess") and granted.isdigit()):
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(int(granted))
        tf.config.threading.set_inter_op_parallelism_threads(int(granted))
    except RuntimeError:
        return  # this worker has computed with TensorFlow before: its threads are the caller's choice


_limit_threads()


def check_process():
    """Refuse to compute where TensorFlow would hang, or with another Keras backend."""
    if os.getpid() != _PID:
        raise RuntimeError(
            "TensorFlow was used before this process was forked, and would hang in it. Start processes with the "
            "'spawn' or 'forkserver' method, or use joblib's default 'loky' backend."
        )
    if keras.config.backend() != "tensorflow":
        raise RuntimeError(
            f"skseqae runs on Keras' TensorFlow backend, but Keras was configured for {keras.config.backend()!r}: "
            "set the environment variable KERAS_BACKEND=tensorflow before the first import of keras."
        )
