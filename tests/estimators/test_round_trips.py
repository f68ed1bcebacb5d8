"""Guarantee 7: copies, pickles and clones give the same results, in the same process and in a new one.

Files of `save` are tested in `tests/persistence`.
"""

import copy
import pickle

import joblib
import pytest
from sklearn.base import clone

from tests.estimators.selections import EVERY_THIRD, each
from tests.support.combinations import CASES
from tests.support.outputs import assert_same_bits, outputs
from tests.support.processes import run_in_fresh_process


def joblib_copy(estimator, path):
    joblib.dump(estimator, path)
    return joblib.load(path)


COPIES = {
    "deepcopy": lambda estimator, path: copy.deepcopy(estimator),
    "copy": lambda estimator, path: copy.copy(estimator),
    "pickle": lambda estimator, path: pickle.loads(pickle.dumps(estimator)),
    "joblib": joblib_copy,
}


@each(CASES)
@pytest.mark.parametrize("way", COPIES)
def test_copies_give_the_same_outputs_and_continue_training_alike(case, way, tmp_path):
    X = case.training_set
    original = case.fitted()
    copied = COPIES[way](original, tmp_path / "estimator.joblib")
    assert copied.history_ == original.history_
    assert_same_bits(outputs(copied, X), outputs(original, X))

    expected, resumed = (case.resume(copy.deepcopy(estimator), X) for estimator in (original, copied))
    assert_same_bits(outputs(resumed, X), outputs(expected, X))


@each(CASES)
def test_training_a_copy_does_not_change_the_original(case):
    original = copy.deepcopy(case.fitted())
    before = pickle.dumps(original)
    for method in case.training_methods():
        case.train(copy.copy(original), method, case.training_set[1:])
    assert pickle.dumps(original) == before


@each(CASES)
def test_clones_have_the_same_parameters_and_fit_to_the_same_bits(case):
    X = case.training_set
    cloned = clone(case.fitted())
    assert cloned.get_params() == case.make().get_params()
    assert not hasattr(cloned, "history_")
    assert_same_bits(outputs(case.train(cloned, "fit", X), X), outputs(case.fitted(), X))


# --- a new process ----------------------------------------------------------------------------------------------------

SCRIPT = """
import pickle, sys
from pathlib import Path
from tests.support.combinations import CASES
from tests.support.outputs import outputs

folder, names_to_fit = Path(sys.argv[1]), sys.argv[2].split(",")
results = {}
for name, case in CASES.items():
    fitted = pickle.loads((folder / name).read_bytes())
    results[name, "unpickled"] = outputs(fitted, case.training_set)
for name in names_to_fit:
    fitted = CASES[name].fit(CASES[name].training_set)
    results[name, "fitted"] = outputs(fitted, CASES[name].training_set)
(folder / "results").write_bytes(pickle.dumps(results))
"""


@pytest.fixture(scope="module")
def outputs_of_new_process(tmp_path_factory):
    """Return the outputs of unpickled and of newly fitted estimators in a new process."""
    folder = tmp_path_factory.mktemp("pickled")
    for name, case in CASES.items():
        (folder / name).write_bytes(pickle.dumps(case.fitted()))
    run_in_fresh_process(SCRIPT, folder, ",".join(EVERY_THIRD))
    return pickle.loads((folder / "results").read_bytes())


@pytest.mark.parametrize("name", CASES)
def test_unpickled_estimators_give_the_same_outputs_in_a_new_process(name, outputs_of_new_process):
    case = CASES[name]
    assert_same_bits(outputs_of_new_process[name, "unpickled"], outputs(case.fitted(), case.training_set))


@pytest.mark.parametrize("name", EVERY_THIRD)
def test_the_same_seed_gives_the_same_bits_in_a_new_process(name, outputs_of_new_process):
    case = CASES[name]
    assert_same_bits(outputs_of_new_process[name, "fitted"], outputs(case.fitted(), case.training_set))
