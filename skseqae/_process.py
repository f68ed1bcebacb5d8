"""The process that TensorFlow runs in."""

import os

import keras

_PID = os.getpid()


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
