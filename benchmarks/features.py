"""Compare the features of libraries for sequences, by running each library, and write a table of the answers.

    python -m benchmarks.features              all installed libraries, about ten minutes
    python -m benchmarks.features skorch       some libraries

To write the page again without running any library, with the same libraries installed (the page lists their versions):

    python -c "from benchmarks.features import write; write()"

Each library is used as in its documentation, in a separate process. Each answer is the result of a small program:
`yes`, `no` with the result or error, or `-` if the question does not apply. Libraries that are not installed are
skipped with a message.
"""

import argparse
import importlib.util
import json
import os
import pickle
import random
import re
import signal
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

from benchmarks.commands import parse, write_below_mark
from benchmarks.libraries import LIBRARIES, InapplicableError

HERE = Path(__file__).parent
ANSWERS = HERE / "features.json"
PAGE = HERE.parent / "docs" / "features.md"
COMMAND = "python -m benchmarks.features"
MAX_CHECK_SECONDS = 300  # CPU seconds
NOT_RUN = ("not run", "")
MAX_ERROR_LENGTH = 160  # characters


def sequences(seed=0, n_samples=24):
    """Return random walks (T, 1) of 6 to 12 timesteps, float32."""
    rng = np.random.RandomState(seed)
    walks = [rng.normal(size=(length, 1)).cumsum(axis=0) for length in rng.randint(6, 13, size=n_samples)]
    walks[0] = rng.normal(size=(12, 1))
    return [walk.astype(np.float32) for walk in walks]


def fitted(library, **params):
    """Return an estimator fitted on the sequences, in the format of the library."""
    return library.fit(library.make(**params), library.data(sequences()))


def same(before, after):
    """Return whether two arrays are bitwise identical, and the difference as text."""
    before, after = np.asarray(before), np.asarray(after)
    if before.shape != after.shape:
        return False, f"shapes {before.shape} and {after.shape}"
    return np.array_equal(before, after), f"maximum difference {np.abs(before - after).max():.1e}"


# --- questions: each function returns whether the answer is yes, and the reason if it is not ----------------------


def _reads_unequal_lengths(library):
    X = library.unpadded(sequences())
    Z = library.encode(library.fit(library.make(), X), X)
    return len(Z) == len(X) and np.isfinite(Z).all(), "encodings are not finite"


def _padding_does_not_change_encodings(library):
    estimator = fitted(library)
    return same(*(library.encode(estimator, library.padded(sequences(), length)) for length in (12, 17)))


def _padding_does_not_change_the_loss(library):
    losses = [
        library.loss(library.fit(library.make(epochs=1), library.padded(sequences(), length))) for length in (12, 17)
    ]
    return np.isclose(*losses, rtol=1e-3), f"{losses[0]:.3f} and {losses[1]:.3f}"


def _zeros_are_data(library):
    pair = [np.array(x, np.float32)[:, None] for x in ([1, 0, 2, 0, 3, 4, 1, 2], [1, 2, 3, 4, 1, 2])]
    Z = np.asarray(library.encode(fitted(library), library.padded_or_list([*pair, *sequences()[:1]])))
    return not np.array_equal(Z[0], Z[1]), "[1, 0, 2, 0, 3, 4, 1, 2] is encoded as [1, 2, 3, 4, 1, 2]"


def _encodings_do_not_depend_on_the_batch(library):
    estimator, X = fitted(library), library.data(sequences())
    return same(library.encode(estimator, X)[3:4], library.encode(estimator, X[3:4]))


def _a_seed_is_reproducible(library):
    X = library.data(sequences())
    return same(*(library.encode(fitted(library, seed=7), X) for _ in range(2)))


def _fit_keeps_the_global_state(library):
    fitted(library)  # so that one-time changes in the first fit do not count
    np.random.random(), random.random()
    if "torch" in sys.modules:
        sys.modules["torch"].rand(1)
    before = global_state()
    fitted(library)
    changed = [name for name, state in global_state().items() if state != before.get(name)]
    return not changed, f"changed: {', '.join(changed)}"


def global_state():
    """Return the global state that a fit should not change."""
    state = {"numpy.random": pickle.dumps(np.random.get_state()), "random": pickle.dumps(random.getstate())}
    if "torch" in sys.modules:
        state["torch's generator"] = sys.modules["torch"].get_rng_state().numpy().tobytes()
    if "tensorflow" in sys.modules:
        from tensorflow.python.framework import config

        state["TensorFlow's determinism"] = config.is_op_determinism_enabled()
    return state | {f"${name}": value for name, value in os.environ.items()}


def _clones(library):
    estimator = library.make()
    copied = clone(estimator).get_params(deep=False)
    lost = [name for name, value in estimator.get_params(deep=False).items() if repr(copied.get(name)) != repr(value)]
    return not lost, f"lost: {', '.join(lost)}"


def _can_be_searched(library):
    X = library.data(sequences())
    search = GridSearchCV(
        library.make(), library.grid(), cv=2, scoring=lambda *_: 0.0, error_score="raise", refit=False
    )
    library.fit(search, X)
    return len(search.cv_results_["params"]) == 2, "not searched"


def _pickles(library):
    estimator, X = fitted(library), library.data(sequences())
    return same(library.encode(estimator, X), library.encode(pickle.loads(pickle.dumps(estimator)), X))


def _encodes_without_its_backend(library):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "estimator.pickle"
        file.write_bytes(pickle.dumps(fitted(library)))
        command = [sys.executable, "-m", "benchmarks.features", "--encode", library.name, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent, timeout=300)
    lines = done.stderr.strip().splitlines() or [""]
    return done.returncode == 0, lines[-1]


def _interrupts_cleanly(library):
    estimator, X = fitted(library), library.data(sequences())
    before = np.array(library.encode(estimator, X))
    library.lengthen(estimator)
    signal.signal(signal.SIGALRM, lambda *_: signal.default_int_handler(signal.SIGINT, None))
    signal.setitimer(signal.ITIMER_REAL, 10)
    try:
        library.fit(estimator, library.data(sequences(seed=1)))
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    equal, reason = same(before, library.encode(estimator, X))
    return equal, f"encodings before and after: {reason}"


def _accepts_sample_weight(library):
    X = library.data(sequences())
    weights = np.where(np.arange(len(X)) < 3, 1.0, 0.0)
    weighted = library.encode(library.fit(library.make(), X, sample_weight=weights), X)
    return not np.array_equal(weighted, library.encode(fitted(library), X)), "the weights have no effect"


def _predicts_sequences(library):
    y = np.stack([x[:4] for x in sequences()]).repeat(2, axis=2)
    predictions = np.asarray(library.regress(sequences(), y))
    return predictions.shape == y.shape, f"predictions have shape {predictions.shape}, y {y.shape}"


def _supports_set_output(library):
    estimator, X = library.make(), library.data(sequences())
    Z = library.fit(estimator.set_output(transform="pandas"), X).transform(X)
    return hasattr(Z, "iloc"), f"got {type(Z).__name__}"


def _passes_scikit_learns_checks(library):
    def too_long(*_):
        raise TimeoutError(f"not finished within {MAX_CHECK_SECONDS} CPU seconds")

    estimator = library.checked()
    signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, MAX_CHECK_SECONDS)
    results = []
    try:
        check_estimator(estimator, on_skip=None, on_fail=None, callback=lambda **result: results.append(result))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    failed = [result["check_name"] for result in results if result["status"] == "failed"]
    return not failed, f"{len(failed)} of {len(results)} fail, the first is {failed[0] if failed else ''}"


QUESTIONS = {
    "Reads sequences of unequal length without padding": _reads_unequal_lengths,
    "More padding does not change the encodings": _padding_does_not_change_encodings,
    "More padding does not change the reported loss": _padding_does_not_change_the_loss,
    "Real zeros are data": _zeros_are_data,
    "Encodings do not depend on the batch (bitwise identical)": _encodings_do_not_depend_on_the_batch,
    "The same seed gives bitwise identical encodings": _a_seed_is_reproducible,
    "A seeded fit does not change global generators and the environment": _fit_keeps_the_global_state,
    "`clone` keeps all parameters": _clones,
    "`GridSearchCV` over the number of encoding columns": _can_be_searched,
    "Pickling does not change the encodings": _pickles,
    "Encodes if neither TensorFlow nor PyTorch can be imported": _encodes_without_its_backend,
    "Ctrl-C in a second `fit` does not change the estimator": _interrupts_cleanly,
    "`fit` accepts `sample_weight`": _accepts_sample_weight,
    "A regressor accepts y of shape (N, H, D)": _predicts_sequences,
    '`set_output(transform="pandas")`': _supports_set_output,
    "Passes scikit-learn's `check_estimator`": _passes_scikit_learns_checks,
}


def ask(question, library):
    """Return a library's answer and the reason."""
    try:
        is_yes, reason = question(library)
    except InapplicableError as error:
        return "-", str(error)
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
        return "no", f"{type(error).__name__}: {lines[0][:MAX_ERROR_LENGTH]}"
    return ("yes", "") if is_yes else ("no", reason)


def tables(answers):
    """Return the table and the reasons in Markdown."""
    lines = ["| | " + " | ".join(answers) + " |"]
    lines.append("|---" * (len(answers) + 1) + "|")
    reasons = []
    for question in QUESTIONS:
        row = {name: by_question.get(question, NOT_RUN) for name, by_question in answers.items()}
        lines.append(f"| {question} | " + " | ".join(answer for answer, _ in row.values()) + " |")
        reasons += [f"\n**{question}**\n"]
        reasons += [f"- {name}: {answer}; {literal(reason)}" for name, (answer, reason) in row.items() if reason]
    packages = ["skseqae", *dict.fromkeys(LIBRARIES[name].package for name in answers if name != "skseqae")]
    packages = [*packages, "scikit-learn", "tensorflow", "torch", "numpy"]
    used = [f"- {name}: {LIBRARIES[name].used}" for name in answers]
    return "\n".join(
        [*_versions(packages), "", *lines, "", "## Setup of each library", "", *used, "", "## Reasons", *reasons]
    )


def literal(reason):
    """Return an error verbatim as Markdown, truncated at the end of a sentence; return other reasons unchanged."""
    error, _, message = reason.partition(": ")
    if not error.endswith("Error"):
        return reason
    if len(message) == MAX_ERROR_LENGTH:  # the message was truncated
        message = " ".join([*(re.split(r"(?<=[.:;]) ", message)[:-1] or [message]), "..."])
    return f"`` {error}: {message} ``"


def _versions(packages):
    installed = [f"{p} {version(p)}" for p in dict.fromkeys(packages) if importlib.util.find_spec(p) and p != "skseqae"]
    return [
        f"skseqae {__import__('skseqae').__version__}, {', '.join(installed)}, scikit-learn {version('scikit-learn')}."
    ]


def ask_all(name, file):
    """Write the answers of one library to a file, one after another."""
    for title, question in QUESTIONS.items():
        answer = ask(question, LIBRARIES[name])
        answers = json.loads(file.read_text()) if file.exists() else {}
        answers.setdefault(name, {})[title] = answer
        file.write_text(json.dumps(answers, indent=1) + "\n")
        print(f"  {title}: {' '.join(answer)}", flush=True)


def encode(name, file):
    """Encode with an estimator from a file, without its deep learning backend."""
    sys.modules |= dict.fromkeys(("tensorflow", "keras", "torch"))
    library = LIBRARIES[name]
    library.encode(pickle.loads(Path(file).read_bytes()), library.data(sequences()))


def write():
    """Write the page from the answers in the file."""
    answers = json.loads(ANSWERS.read_text())
    text = tables({name: answers[name] for name in LIBRARIES if name in answers})
    print(text)
    write_below_mark(PAGE, COMMAND, text)


def main():
    """Run the questions, and write the answers."""
    hidden = ("--ask", {"help": argparse.SUPPRESS}), ("--encode", {"nargs": 2, "help": argparse.SUPPRESS})
    arguments = parse(COMMAND, __doc__, "library", LIBRARIES, *hidden)
    warnings.simplefilter("ignore")
    if arguments.ask:
        return ask_all(arguments.ask, ANSWERS)
    if arguments.encode:
        return encode(*arguments.encode)
    for name in arguments.names:
        if importlib.util.find_spec(LIBRARIES[name].package) is None:
            print(f"{name}: skipped, {LIBRARIES[name].package} is not installed", flush=True)
            continue
        print(f"{name} ...", flush=True)
        subprocess.run([sys.executable, "-m", "benchmarks.features", "--ask", name], cwd=HERE.parent, check=True)
    write()


if __name__ == "__main__":
    main()
