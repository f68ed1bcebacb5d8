"""Faults at every place where training can fail: a fuse that blows at one of the times that training comes by."""

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

from skseqae.estimators import _base, _outlier
from skseqae.training import _early_stopping, _loop, _pool, _program
from skseqae.training._batches import TrainingData

ERRORS = (RuntimeError, KeyboardInterrupt, MemoryError)
HOOKS = ["set_params", "set_model", "__deepcopy__"] + [
    f"on_{event}_{edge}" for event in ("train", "epoch", "train_batch", "batch") for edge in ("begin", "end")
]


class Fuse:
    """Counts how often each place is passed, and raises at one of the times at one of the places."""

    def __init__(self):
        self.passed, self._place, self._left, self._error = {}, None, 0, None

    @contextmanager
    def armed(self, place, time, error):
        """Raise at that time, the first being 1."""
        self._place, self._left, self._error = place, time, error
        try:
            yield
        finally:
            self._place = None

    def count(self, function, *arguments):
        """Return how often each place is passed while a function runs: a dict."""
        self.passed = {}
        function(*arguments)
        return self.passed

    def come_by(self, place):
        """Raise, or take note."""
        self.passed[place] = self.passed.get(place, 0) + 1
        if place == self._place:
            self._left -= 1
            if self._left == 0:
                raise self._error(f"a fault at {place}")

    def __deepcopy__(self, memo):
        return self


FUSE = Fuse()


# --- what users give --------------------------------------------------------------------------------------------------


class Shaky(keras.callbacks.Callback):
    """Comes by at every hook."""

    def __deepcopy__(self, memo):
        FUSE.come_by("__deepcopy__")
        return Shaky()


def _comes_by(hook):
    def come_by(self, *arguments, **named):
        FUSE.come_by(hook)
        return getattr(super(Shaky, self), hook)(*arguments, **named)

    return come_by


for _hook in HOOKS:
    if _hook != "__deepcopy__":
        setattr(Shaky, _hook, _comes_by(_hook))


def _in_the_graph(place):
    """Come by whenever TensorFlow runs what it has traced here."""
    return tf.py_function(lambda: FUSE.come_by(place), [], [])


def shaky_loss(true, said):
    """The mean squared error."""
    FUSE.come_by("the loss, traced")
    with tf.control_dependencies([_in_the_graph("the loss, run")]):
        return tf.reduce_mean((true - said) ** 2, axis=-1)


class ShakySGD(keras.optimizers.SGD):
    """Comes by before it applies gradients."""

    def apply(self, grads, trainable_variables=None):
        FUSE.come_by("the optimizer, traced")
        with tf.control_dependencies([_in_the_graph("the optimizer, run")]):
            return super().apply([tf.identity(grad) for grad in grads], trainable_variables)


class ShakyScaler(StandardScaler):
    """Comes by before and after it learns."""

    def fit(self, X, y=None, sample_weight=None):
        FUSE.come_by("before the transformer")
        super().fit(X, y, sample_weight)
        FUSE.come_by("after the transformer")
        return self


# --- what this package does -------------------------------------------------------------------------------------------

PLACES = {
    "the process": (_base, "check_tensorflow"),
    "the moments": (_base, "weighted_moments"),
    "the data": (_base, "TrainingData"),
    "the optimizer": (_loop, "make_optimizer_and_loss"),
    "the borrowing": (_pool.Pool, "borrow"),
    "the building": (_loop, "Program"),
    "the first weights": (_loop, "initial_weights"),
    "the start": (_program.Program, "start"),
    "the seeding": (_program.Program, "seed"),
    "the shuffling": (_loop, "shuffled_rows"),
    "an epoch": (_loop, "_epoch"),
    "a batch": (TrainingData, "batch"),
    "the validation": (_loop, "_evaluate"),
    "the patience": (_early_stopping.EarlyStopping, "update"),
    "the losses": (_loop, "_logs"),
    "the look for numbers": (_loop, "_check_finite"),
    "the moving averages": (keras.optimizers.Optimizer, "finalize_variable_values"),
    "the result": (_loop, "Trained"),
    "the threshold": (_outlier.SequenceOutlierDetector, "_offset"),
}


def _before_and_after(function, place):
    def come_by(*arguments, **named):
        FUSE.come_by(f"before {place}")
        result = function(*arguments, **named)
        FUSE.come_by(f"after {place}")
        return result

    return come_by


class ShakyProgram(_program.Program):
    """Comes by before and after each step, and whenever its weights are taken."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        for name in ("train_step", "evaluate_step"):
            setattr(self, name, _before_and_after(getattr(self, name), name))

    @property
    def weights(self):
        FUSE.come_by("before the weights")
        weights = super().weights
        FUSE.come_by("after the weights")
        return weights


_built = {}


def build_once(architecture, made, optimizer, loss, n_pieces, autograph):
    """Return a program, in the place of a new one that whose fit failed: it must be as good, and is there sooner."""
    key = architecture, type(optimizer), getattr(loss, "__func__", loss), n_pieces
    if key not in _built:
        _built[key] = ShakyProgram(architecture, made, optimizer, loss, n_pieces, autograph=autograph)
    return _built[key]


def forget_programs(*, built_too):
    """Let the next fit ask for a new program, and get one if those that are built are forgotten too."""
    _loop.pool = _pool.Pool(_pool.N_PROGRAMS_KEPT)
    if built_too:
        _built.clear()


@contextmanager
def shaky():
    """Let this package come by before and after whatever it does, with programs of its own."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(_loop, "Program", build_once))
        stack.enter_context(mock.patch.object(_loop, "pool", _loop.pool))
        forget_programs(built_too=True)
        for place, (owner, name) in PLACES.items():
            stack.enter_context(mock.patch.object(owner, name, _before_and_after(getattr(owner, name), place)))
        yield


# --- what users press, and what workers die of ------------------------------------------------------------------------


class Interrupter:
    """Presses Ctrl-C at the n-th line of the package that runs."""

    def __init__(self, n):
        self.n, self.seen = n, 0

    def __call__(self, frame, event, argument):
        if f"{os.sep}skseqae{os.sep}" not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.seen += 1
            if self.seen == self.n:
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
        return self.seen


class InAWorker(keras.callbacks.Callback):
    """Ends the worker of joblib that it is in, or raises there, in the second epoch; does nothing elsewhere."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1 and current_process().name.startswith("LokyProcess"):
            if self.error is TerminatedWorkerError:
                os.kill(os.getpid(), signal.SIGKILL)
            raise self.error("a fault in a worker")


# --- what must be as before -------------------------------------------------------------------------------------------


def state(estimator):
    """Every attribute, parameters too: which object it is, and what it holds, bit for bit."""
    return {name: (id(value), content(value)) for name, value in vars(estimator).items()}


def content(value):
    """Return a digest of what a value holds, by which alone two can be compared."""
    if isinstance(value, BaseEstimator):
        return type(value).__name__, contents(value)
    return joblib.hash(value.get_state() if isinstance(value, np.random.RandomState) else value)


def contents(estimator):
    """Return a digest of each attribute."""
    return {name: content(value) for name, value in vars(estimator).items()}


def unlike(one, other):
    """Name the attributes that differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def points(estimator, train):
    """Return each place and time that training comes by, a list of pairs; the estimator is copied."""
    copied = copy.deepcopy(estimator)
    forget_programs(built_too=False)
    passed = FUSE.count(train, copied)
    return [(place, time) for place, n_times in passed.items() for time in range(1, n_times + 1)]


def what_a_fault_leaves(estimator, train, place, time, error, expected):
    """Train with a fault and then without; return what is wrong, nothing if all is well.

    Parameters
    ----------
    estimator : estimator
        Is copied.
    train : function of an estimator
    place, time : str and int
        From `points`.
    error : class of exceptions
    expected : dict
        The `contents` of an estimator that was trained without a fault.
    """
    tried = copy.deepcopy(estimator)
    before = state(tried)
    if place.endswith(("building", "traced", "run")):  # which is done, or done more, where there is no program yet
        forget_programs(built_too=place.endswith("traced"))
    try:
        with FUSE.armed(place, time, error):
            train(tried)
        return ["no fault"]
    except BaseException as raised:
        if f"a fault at {place}" not in f"{raised} {raised.__cause__}":
            raise
    wrong = [f"{name} is not as before" for name in unlike(state(tried), before)]
    train(tried)
    return wrong + [f"{name} is not as without a fault" for name in unlike(contents(tried), expected)]
