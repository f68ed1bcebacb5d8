"""Global state of the process that a call of the package must not change."""

import decimal
import gc
import locale
import logging
import multiprocessing
import os
import pickle
import random
import signal
import socket
import sys
import tempfile
import threading
import warnings

import keras
import matplotlib
import numpy as np
import sklearn
import tensorflow as tf
from keras.src.saving import object_registration
from sklearn.utils import check_random_state
from tensorflow.python.eager import context
from tensorflow.python.framework import config
from threadpoolctl import threadpool_info

NUMPY_GENERATOR = check_random_state(None)  # the global generator of numpy.random


def global_state():
    """Return the global state, by name."""
    return python_state() | library_state() | keras_state() | tensorflow_state()


def changed(before, after):
    """Return the names of what has changed. New loggers are ignored."""
    loggers = {name: after["loggers"].get(name) for name in before["loggers"]}
    return sorted(name for name in before if before[name] != (loggers if name == "loggers" else after[name]))


def python_state():
    loggers = {"": logging.root} | logging.root.manager.loggerDict
    return {
        "python": random.getstate(),
        "environment": dict(os.environ),
        "folder": (os.getcwd(), sorted(os.listdir())),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "hooks": (sys.displayhook, sys.excepthook, sys.gettrace(), sys.getprofile(), threading.excepthook),
        "module paths": list(sys.path),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), threading.stack_size()),
        "collector": (gc.isenabled(), gc.get_threshold()),
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "timer": signal.getitimer(signal.ITIMER_REAL),
        "loggers": {
            name: (logger.level, logger.disabled, logger.propagate, list(logger.handlers))
            for name, logger in loggers.items()
            if isinstance(logger, logging.Logger)
        },
        "minimum log level": logging.root.manager.disable,
        "process start method": multiprocessing.get_start_method(allow_none=True),
        "socket timeout": socket.getdefaulttimeout(),
        "temporary folder": tempfile.tempdir,
        "decimals": repr(decimal.getcontext()),
    }


def library_state():
    return {
        "numpy": pickle.dumps(NUMPY_GENERATOR.get_state()),
        "numpy errors": (np.geterr(), np.geterrcall()),
        "numpy printing": np.get_printoptions(),
        "scikit-learn": sklearn.get_config(),
        "threads of matrix products": [(library["filepath"], library["num_threads"]) for library in threadpool_info()],
        "matplotlib": (matplotlib.get_backend(), dict(matplotlib.rcParams)),
    }


def keras_state():
    return {
        "backend": keras.config.backend(),
        "floatx": keras.config.floatx(),
        "epsilon": keras.config.epsilon(),
        "image data format": keras.config.image_data_format(),
        "policy": keras.config.dtype_policy().name,
        "keras tracebacks": keras.config.is_traceback_filtering_enabled(),
        "interactive": keras.config.is_interactive_logging_enabled(),
        "custom objects": dict(keras.saving.get_custom_objects()),
        "registered": (dict(object_registration.GLOBAL_CUSTOM_OBJECTS), dict(object_registration.GLOBAL_CUSTOM_NAMES)),
    }


def tensorflow_state():
    return {
        "eager": tf.config.functions_run_eagerly(),
        "deterministic": config.is_op_determinism_enabled(),
        "seed": context.global_seed(),
        "jit": tf.config.optimizer.get_jit(),
        "optimizations": tf.config.optimizer.get_experimental_options(),
        "threads within": tf.config.threading.get_intra_op_parallelism_threads(),
        "threads between": tf.config.threading.get_inter_op_parallelism_threads(),
        "placement": tf.config.get_soft_device_placement(),
        "devices": tf.config.get_visible_devices(),
        "tensor floats": tf.config.experimental.tensor_float_32_execution_enabled(),
        "tracebacks": tf.debugging.is_traceback_filtering_enabled(),
    }
