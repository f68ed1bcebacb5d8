"""Training that goes on across copies, files and processes, and workers that fail or are killed."""

import copy
import pickle
import tempfile
from itertools import cycle
from pathlib import Path

import joblib
import numpy as np
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_validate

import skseqae
from tests.runtime.test_tensorflow import IN_A_FORK, REFUSAL
from tests.runtime.test_tensorflow import run as run_script
from tests.support.estimators import CLASSES, EXAMPLES, data_for, quick, said, y
from tests.support.faults import InAWorker, contents, state, unlike
from tests.support.strategies import CASES, outputs, run_in_fresh_process

N_EPOCHS = 4


# --- going on ---------------------------------------------------------------------------------------------------------


def through_joblib(estimator, path):
    joblib.dump(estimator, path)
    return joblib.load(path)


def through_a_file(estimator, path):
    skseqae.save(estimator, path)
    return skseqae.load(path)


WAYS = [
    lambda estimator, path: pickle.loads(pickle.dumps(estimator)),
    lambda estimator, path: copy.deepcopy(estimator),
    through_joblib,
    through_a_file,
]


def samples_for(case):
    """Return few samples, as long as the case needs."""
    return case.draw([max(case.shortest, length) for length in (case.reach or 5, *range(1, 7))], seed=1)


def going_on(folder):
    """Return how many calls of `partial_fit` were made, a copy after each, and how many differ from epochs of a fit."""
    n_tried = n_failed = 0
    for case in CASES.values():
        if not hasattr(case.estimator, "partial_fit"):
            continue
        X, parts, one = samples_for(case), case.make(), case.make()
        ways = cycle(WAYS[:3] if case.reach else WAYS)  # functions are in no file
        for _ in range(N_EPOCHS):
            parts = next(ways)(case.go_on(parts, X), folder / "copy")
            one = case.go_on(one, X)
            n_tried, n_failed = n_tried + 1, n_failed + bool(unlike(fitted(parts), fitted(one)))
        whole = fitted(case.fit(X, epochs=N_EPOCHS, early_stopping=False))
        n_failed += bool(unlike(whole, fitted(parts)))
    return n_tried, n_failed


def fitted(estimator):
    """Return the digests of all that was learnt, the optimizer's state and that of random numbers too."""
    learnt = copy.copy(estimator)
    learnt._optimizer_state = [np.asarray(value) for value in estimator._optimizer_state]
    return {name: value for name, value in contents(learnt).items() if name not in estimator.get_params()}


IN_A_FRESH_PROCESS = """
import pickle, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.stress.processes import samples_for
from tests.support.strategies import CASES, outputs

said = {name: outputs(case.fit(samples_for(case)), samples_for(case)) for name, case in list(CASES.items())[1::3]}
Path(sys.argv[2]).write_bytes(pickle.dumps(said))
"""


def in_a_fresh_process(folder):
    """Return how many estimators were trained here and in a new process, and how many say other bits."""
    run_in_fresh_process(IN_A_FRESH_PROCESS, Path(__file__).parents[2], folder / "said")
    there = pickle.loads((folder / "said").read_bytes())
    n_failed = 0
    for name, case in list(CASES.items())[1::3]:  # the tests of laws try the first of three
        here = outputs(case.fit(samples_for(case)), samples_for(case))
        n_failed += joblib.hash(here) != joblib.hash(there[name])
    return len(there), n_failed


# --- workers ----------------------------------------------------------------------------------------------------------


def search(estimator, n_jobs=2, **changes):
    """Return a search over learning rates in workers."""
    options = {"cv": KFold(2), "error_score": "raise", "n_jobs": n_jobs, "scoring": EXAMPLES[type(estimator)].scoring}
    return GridSearchCV(estimator.set_params(**changes), {"learning_rate": [1e-3, 1e-2]}, **options)


def failing_workers(errors):
    """Return how many searches failed in a worker, and how many left a trace here or in the next search."""
    n_tried = n_failed = 0
    for cls in CLASSES:
        data = data_for(cls)
        alone = search(quick(cls), n_jobs=1).fit(data, y)
        for error in errors:
            estimator = quick(cls, epochs=1).fit(data, y).set_params(epochs=2, callbacks=InAWorker(error))
            tried, before = search(estimator), state(estimator)
            try:
                tried.fit(data, y)
                n_failed += 1
            except error:
                pass
            n_failed += bool(unlike(state(estimator), before)) + hasattr(tried, "best_estimator_")
            after = search(quick(cls)).fit(data, y)
            n_failed += not np.allclose(said(after.best_estimator_), said(alone.best_estimator_), rtol=0, atol=1e-5)
            n_tried += 1
    return n_tried, n_failed


def validated(cls, n_jobs):
    """Return what cross-validation gives of a class: scores and, where it predicts, predictions."""
    data, options = data_for(cls), {"cv": KFold(3), "n_jobs": n_jobs}
    results = cross_validate(quick(cls), data, y, scoring=EXAMPLES[cls].scoring, error_score="raise", **options)
    verb = next((verb for verb in ("predict_proba", "predict") if hasattr(cls, verb)), None)
    predicted = cross_val_predict(quick(cls), data, y, method=verb, **options) if verb else []
    return np.append(results["test_score"], predicted)


def in_two_workers():
    """Return how many results of cross-validation came from two workers, and how many are off by more than 1e-5."""
    far = [np.abs(validated(cls, n_jobs=1) - validated(cls, n_jobs=2)) > 1e-5 for cls in CLASSES]
    return sum(map(len, far)), sum(map(np.count_nonzero, far))


FORKS = """
estimator.fit(X)
before = estimator.transform(X)

def use():
    assert np.array_equal(estimator.transform(X), before)

for _ in range(25):
    in_a_fork({"fit": lambda: estimator.fit(X), "use": use})
"""


def forks():
    """Return how many forks were made, and how many times a fit was not refused in a second or an encoding differed."""
    lines = run_script(IN_A_FORK, FORKS).stdout.splitlines()
    right = [line.startswith(f"fit in time {REFUSAL}") or line == "use in time worked" for line in lines]
    return 50, 50 - sum(right)


def processes():
    """Training across copies and processes, bit for bit, and workers and forks that fail."""
    with tempfile.TemporaryDirectory() as folder:
        yield "calls of `partial_fit`, a copy or file after each, that are no epochs of a fit", *going_on(Path(folder))
        yield "fits in a new process that say other bits", *in_a_fresh_process(Path(folder))
    yield "numbers of two workers that are off by more than 1e-5", *in_two_workers()
    yield "searches that raise in a worker, and leave a trace", *failing_workers([RuntimeError, MemoryError])
    yield "searches of which a worker is killed, that leave a trace", *failing_workers([TerminatedWorkerError])
    yield "forks after a fit that train, hang, or encode otherwise", *forks()
