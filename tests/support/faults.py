"""Fault injection: an error is raised at a point where training can fail, at one of the times that it is reached."""

import copy
import os
import signal
import sys
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import current_process
from unittest import mock

import joblib
import keras
import numpy as np
import tensorflow as tf
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler

from skseqae.estimators import _base, _fitting, _outlier
from skseqae.training import _early_stopping, _loop, _pool, _program
from skseqae.training._batches import TrainingData

ERRORS = (RuntimeError, KeyboardInterrupt, MemoryError)
HOOKS = ["set_params", "set_model", "__deepcopy__"] + [
    f"on_{event}_{edge}" for event in ("train", "epoch", "train_batch", "batch") for edge in ("begin", "end")
]


class FaultInjector:
    """Counts how often each fault point is reached, and raises an error at one point, at one of those times."""

    def __init__(self):
        self.counts, self._point, self._n_left, self._error = {}, None, 0, None

    @contextmanager
    def inject(self, point, time, error):
        """Raise the error when the point is reached for the `time`-th time, counted from 1."""
        self._point, self._n_left, self._error = point, time, error
        try:
            yield
        finally:
            self._point = None

    def count(self, function, *arguments):
        """Return how often each point is reached while a function runs: a dict."""
        self.counts = {}
        function(*arguments)
        return self.counts

    def reach(self, point):
        """Count the point, and raise the error if its time has come."""
        self.counts[point] = self.counts.get(point, 0) + 1
        if point == self._point:
            self._n_left -= 1
            if self._n_left == 0:
                raise self._error(f"a fault at {point}")

    def __deepcopy__(self, memo):
        return self


FAULTS = FaultInjector()


# --- objects that users pass ------------------------------------------------------------------------------------------


class FaultyCallback(keras.callbacks.Callback):
    """A callback that reaches a fault point in each hook."""

    def __deepcopy__(self, memo):
        FAULTS.reach("__deepcopy__")
        return FaultyCallback()


def _with_fault_point(hook):
    def reach(self, *arguments, **named):
        FAULTS.reach(hook)
        return getattr(super(FaultyCallback, self), hook)(*arguments, **named)

    return reach


for _hook in HOOKS:
    if _hook != "__deepcopy__":
        setattr(FaultyCallback, _hook, _with_fault_point(_hook))


def _graph_fault_point(point):
    """Return an operation that reaches the point whenever TensorFlow runs the traced function."""
    return tf.py_function(lambda: FAULTS.reach(point), [], [])


def faulty_loss(y_true, y_pred):
    """Return the mean squared error."""
    FAULTS.reach("the loss, traced")
    with tf.control_dependencies([_graph_fault_point("the loss, run")]):
        return tf.reduce_mean((y_true - y_pred) ** 2, axis=-1)


class FaultySGD(keras.optimizers.SGD):
    """An optimizer that reaches a fault point before it applies gradients."""

    def apply(self, grads, trainable_variables=None):
        FAULTS.reach("the optimizer, traced")
        with tf.control_dependencies([_graph_fault_point("the optimizer, run")]):
            return super().apply([tf.identity(grad) for grad in grads], trainable_variables)


class FaultyScaler(StandardScaler):
    """A scaler that reaches a fault point before and after `fit`."""

    def fit(self, X, y=None, sample_weight=None):
        FAULTS.reach("before the transformer")
        super().fit(X, y, sample_weight)
        FAULTS.reach("after the transformer")
        return self


# --- functions of this package ----------------------------------------------------------------------------------------

FAULT_POINTS = {
    "the TensorFlow check": (_fitting, "check_tensorflow"),
    "the moments": (_base, "weighted_moments"),
    "the data": (_fitting, "TrainingData"),
    "the optimizer": (_loop, "make_optimizer_and_loss"),
    "the pool": (_pool.Pool, "borrow"),
    "the construction": (_loop, "Program"),
    "the initial weights": (_loop, "initial_weights"),
    "the start": (_program.Program, "start"),
    "the seeding": (_program.Program, "seed"),
    "the shuffling": (_loop, "shuffle_into_batches"),
    "an epoch": (_loop, "_run_epoch"),
    "a batch": (TrainingData, "batch"),
    "the validation": (_loop, "_evaluate"),
    "the early stopping": (_early_stopping.EarlyStopping, "update"),
    "the losses": (_loop.Totals, "make_logs"),
    "the check for finite values": (_loop, "_check_finite"),
    "the moving averages": (keras.optimizers.Optimizer, "finalize_variable_values"),
    "the result": (_loop, "TrainingResult"),
    "the threshold": (_outlier.SequenceOutlierDetector, "_offset"),
}


def _before_and_after(function, point):
    def reach(*arguments, **named):
        FAULTS.reach(f"before {point}")
        result = function(*arguments, **named)
        FAULTS.reach(f"after {point}")
        return result

    return reach


class FaultyProgram(_program.Program):
    """A program that reaches a fault point before and after each step, and whenever its weights are read."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        for name in ("train_step", "evaluate_step"):
            setattr(self, name, _before_and_after(getattr(self, name), name))

    @property
    def weights(self):
        FAULTS.reach("before the weights")
        weights = super().weights
        FAULTS.reach("after the weights")
        return weights


_built = {}


def build_once(architecture, custom_decoders, optimizer, losses, n_pieces, **options):
    """Return a cached program instead of a new one, to save time: it must be equivalent, also after a failed fit."""
    functions = tuple(getattr(loss, "__func__", loss) for loss in losses.values())
    key = architecture, type(optimizer), functions, n_pieces, options["weighs_values"]
    if key not in _built:
        _built[key] = FaultyProgram(architecture, custom_decoders, optimizer, losses, n_pieces, **options)
    return _built[key]


def drop_programs(*, with_cache):
    """Empty the pool, so that the next fit asks for a new program; with `with_cache` it also gets a new one."""
    _loop.pool = _pool.Pool(_pool.N_PROGRAMS_KEPT)
    if with_cache:
        _built.clear()


@contextmanager
def fault_injection():
    """Let the functions of this package reach a fault point before and after each call, with a separate pool."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(_loop, "Program", build_once))
        stack.enter_context(mock.patch.object(_loop, "pool", _loop.pool))
        drop_programs(with_cache=True)
        for point, (owner, name) in FAULT_POINTS.items():
            stack.enter_context(mock.patch.object(owner, name, _before_and_after(getattr(owner, name), point)))
        yield


# --- interrupts, and workers that are killed --------------------------------------------------------------------------


class Interrupter:
    """Raises KeyboardInterrupt at the n-th executed line of the package."""

    def __init__(self, n):
        self.n, self.n_lines = n, 0

    def __call__(self, frame, event, argument):
        if f"{os.sep}skseqae{os.sep}" not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.n_lines += 1
            if self.n_lines == self.n:
                raise KeyboardInterrupt
        return self

    def run(self, function, *arguments):
        before = sys.gettrace()
        sys.settrace(self)
        try:
            with suppress(KeyboardInterrupt):
                function(*arguments)
        finally:
            sys.settrace(before)
        return self.n_lines


class FaultyWorkerCallback(keras.callbacks.Callback):
    """Kills the joblib worker in which it runs, or raises there, in the second epoch; does nothing elsewhere."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1 and current_process().name.startswith("LokyProcess"):
            if self.error is TerminatedWorkerError:
                os.kill(os.getpid(), signal.SIGKILL)
            raise self.error("a fault in a worker")


# --- the state of estimators ------------------------------------------------------------------------------------------


def state(estimator):
    """Return the identity and a digest of each attribute, including parameters."""
    return {name: (id(value), content(value)) for name, value in vars(estimator).items()}


def content(value):
    """Return a digest of a value, which is equal for equal values only."""
    if isinstance(value, BaseEstimator):
        return type(value).__name__, contents(value)
    return joblib.hash(value.get_state() if isinstance(value, np.random.RandomState) else value)


def contents(estimator):
    """Return a digest of each attribute."""
    return {name: content(value) for name, value in vars(estimator).items()}


def differing_attributes(one, other):
    """Return the names of the attributes that differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def list_fault_points(estimator, train):
    """Return each point and time that training reaches, a list of pairs; a copy of the estimator is trained."""
    copied = copy.deepcopy(estimator)
    drop_programs(with_cache=False)
    counts = FAULTS.count(train, copied)
    return [(point, time) for point, n_times in counts.items() for time in range(1, n_times + 1)]


def differences_after_fault(estimator, train, point, time, error, expected):
    """Train with a fault and then without; return what differs from the expected states, an empty list if nothing.

    Parameters
    ----------
    estimator : estimator
        A copy of it is trained.
    train : function of an estimator
    point, time : str and int
        From `list_fault_points`.
    error : class of exceptions
    expected : dict
        The `contents` of an estimator that was trained without a fault.
    """
    tried = copy.deepcopy(estimator)
    before = state(tried)
    if point.endswith(("construction", "traced", "run")):  # reached, or reached more often, without a program
        drop_programs(with_cache=point.endswith("traced"))
    try:
        with FAULTS.inject(point, time, error):
            train(tried)
        return ["no fault"]
    except BaseException as raised:
        if f"a fault at {point}" not in f"{raised} {raised.__cause__}":
            raise
    errors = [f"{name} is not as before" for name in differing_attributes(state(tried), before)]
    train(tried)
    return errors + [f"{name} is not as without a fault" for name in differing_attributes(contents(tried), expected)]
