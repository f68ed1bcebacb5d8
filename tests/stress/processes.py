"""Training resumed from copies, files and in other processes, and workers that fail or are killed."""

import copy
import pickle
import tempfile
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import joblib
import numpy as np
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_validate

import skseqae
from tests.runtime.test_tensorflow import IN_A_FORK, REFUSAL
from tests.runtime.test_tensorflow import run as run_script
from tests.support.combinations import CASES
from tests.support.estimators import CLASSES, EXAMPLES, data_for, output_of, quick, y
from tests.support.faults import FaultyWorkerCallback, contents, differing_attributes, state
from tests.support.outputs import outputs
from tests.support.processes import run_in_fresh_process

N_EPOCHS = 4


# --- resuming ---------------------------------------------------------------------------------------------------------


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
    """Return a few samples, of the lengths that a case requires."""
    return case.draw([max(case.min_length, length) for length in (case.decoder_timesteps or 5, *range(1, 7))], seed=1)


def resume(folder):
    """Return the number of calls of `partial_fit`, each on a new copy, and how many differ from the epochs of a fit."""
    n_trials = n_failed = 0
    for case in CASES.values():
        if not hasattr(case.estimator, "partial_fit"):
            continue
        X, parts, one = samples_for(case), case.make(), case.make()
        ways = cycle(WAYS[:3] if case.decoder_timesteps else WAYS)  # files cannot contain a custom decoder
        for _ in range(N_EPOCHS):
            parts = next(ways)(case.resume(parts, X), folder / "copy")
            one = case.resume(one, X)
            n_trials, n_failed = n_trials + 1, n_failed + bool(differing_attributes(fitted(parts), fitted(one)))
        whole = fitted(case.fit(X, epochs=N_EPOCHS, early_stopping=False))
        n_failed += bool(differing_attributes(whole, fitted(parts)))
    return n_trials, n_failed


def fitted(estimator):
    """Return digests of all fitted attributes, including the states of the optimizer and the random generator."""
    copied = copy.copy(estimator)
    optimizer_state = [np.asarray(value) for value in estimator._fitted.optimizer_state]
    copied._fitted = replace(estimator._fitted, optimizer_state=optimizer_state)
    return {name: value for name, value in contents(copied).items() if name not in estimator.get_params()}


IN_A_FRESH_PROCESS = """
import pickle, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.stress.processes import samples_for
from tests.support.combinations import CASES
from tests.support.outputs import outputs

results = {name: outputs(case.fit(samples_for(case)), samples_for(case)) for name, case in list(CASES.items())[1::3]}
Path(sys.argv[2]).write_bytes(pickle.dumps(results))
"""


def fit_in_fresh_process(folder):
    """Return the number of estimators fitted here and in a new process, and how many have different outputs."""
    run_in_fresh_process(IN_A_FRESH_PROCESS, Path(__file__).parents[2], folder / "outputs")
    others = pickle.loads((folder / "outputs").read_bytes())
    n_failed = 0
    for name, case in list(CASES.items())[1::3]:  # the tests of guarantees run another third of the cases
        here = outputs(case.fit(samples_for(case)), samples_for(case))
        n_failed += joblib.hash(here) != joblib.hash(others[name])
    return len(others), n_failed


# --- workers ----------------------------------------------------------------------------------------------------------


def search(estimator, n_jobs=2, **changes):
    """Return a search over learning rates, by default in two workers."""
    options = {"cv": KFold(2), "error_score": "raise", "n_jobs": n_jobs, "scoring": EXAMPLES[type(estimator)].scoring}
    return GridSearchCV(estimator.set_params(**changes), {"learning_rate": [1e-3, 1e-2]}, **options)


def fail_in_workers(errors):
    """Return the number of searches that fail in a worker, and how many change the estimator or the next search."""
    n_trials = n_failed = 0
    for cls in CLASSES:
        data = data_for(cls)
        alone = search(quick(cls), n_jobs=1).fit(data, y)
        for error in errors:
            estimator = quick(cls, epochs=1).fit(data, y).set_params(epochs=2, callbacks=FaultyWorkerCallback(error))
            tried, before = search(estimator), state(estimator)
            try:
                tried.fit(data, y)
                n_failed += 1
            except error:
                pass
            n_failed += bool(differing_attributes(state(estimator), before)) + hasattr(tried, "best_estimator_")
            after = search(quick(cls)).fit(data, y)
            found, expected = output_of(after.best_estimator_), output_of(alone.best_estimator_)
            n_failed += not np.allclose(found, expected, rtol=0, atol=1e-5)
            n_trials += 1
    return n_trials, n_failed


def cross_validation_results(cls, n_jobs):
    """Return the scores of cross-validation of a class and, if it predicts, the predictions."""
    data, options = data_for(cls), {"cv": KFold(3), "n_jobs": n_jobs}
    results = cross_validate(quick(cls), data, y, scoring=EXAMPLES[cls].scoring, error_score="raise", **options)
    method = next((method for method in ("predict_proba", "predict") if hasattr(cls, method)), None)
    predicted = cross_val_predict(quick(cls), data, y, method=method, **options) if method else []
    return np.append(results["test_score"], predicted)


def validate_in_two_workers():
    """Return the number of results of cross-validation in two workers, and how many differ by more than 1e-5."""
    pairs = ([cross_validation_results(cls, n_jobs) for n_jobs in (1, 2)] for cls in CLASSES)
    differs = [np.abs(one - two) > 1e-5 for one, two in pairs]
    return sum(map(len, differs)), sum(map(np.count_nonzero, differs))


FORKS = """
estimator.fit(X)
before = estimator.transform(X)

def use():
    assert np.array_equal(estimator.transform(X), before)

for _ in range(25):
    in_a_fork({"fit": lambda: estimator.fit(X), "use": use})
"""


def fork():
    """Return the number of forks, and in how many a fit was not refused within a second or an encoding differed."""
    lines = run_script(IN_A_FORK, FORKS).stdout.splitlines()
    is_expected = [line.startswith(f"fit in time {REFUSAL}") or line == "use in time worked" for line in lines]
    return 50, 50 - sum(is_expected)


def processes():
    """Training resumed from copies and in other processes, bit for bit, and workers and forks that fail."""
    with tempfile.TemporaryDirectory() as folder:
        yield "calls of `partial_fit` on a copy or from a file that differ from an epoch of fit", *resume(Path(folder))
        yield "fits in a new process with other outputs", *fit_in_fresh_process(Path(folder))
    yield "results of two workers that differ by more than 1e-5", *validate_in_two_workers()
    yield "searches with an error in a worker that have side effects", *fail_in_workers([RuntimeError, MemoryError])
    yield "searches with a killed worker that have side effects", *fail_in_workers([TerminatedWorkerError])
    yield "forks after a fit that train, hang or return other encodings", *fork()
