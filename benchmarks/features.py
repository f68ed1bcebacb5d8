"""Ask libraries what they can do with sequences, by running each, and write a table of the answers.

    python -m benchmarks.features              all libraries that are installed, about ten minutes
    python -m benchmarks.features skorch       some

To ask none, and write the page again where the same libraries are installed, since it names their versions:

    python -c "from benchmarks.features import write; write()"

Each library is used as its documentation says, in a process of its own. Each answer is a small program that was run:
`yes`, `no` with what came instead, or `-` where the question does not apply. What is not installed is left out, and
named.
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
LONGEST_CHECKS = 300  # seconds of the processor
NOT_RUN = ("not run", "")
LONGEST_ERROR = 160  # characters


def sequences(seed=0, n_samples=24):
    """Return random walks (T, 1) of 6 to 12 timesteps, float32."""
    rng = np.random.RandomState(seed)
    walks = [rng.normal(size=(length, 1)).cumsum(axis=0) for length in rng.randint(6, 13, size=n_samples)]
    walks[0] = rng.normal(size=(12, 1))
    return [walk.astype(np.float32) for walk in walks]


def fitted(library, **given):
    """Return an estimator that was fitted on the sequences, as the library wants them."""
    return library.fit(library.make(**given), library.data(sequences()))


def same(before, after):
    """Return whether two arrays are the same bits, and by how much they differ if not."""
    before, after = np.asarray(before), np.asarray(after)
    if before.shape != after.shape:
        return False, f"shapes {before.shape} and {after.shape}"
    return np.array_equal(before, after), f"they differ by {np.abs(before - after).max():.1e}"


# --- questions: each returns whether, and what there was instead --------------------------------------------------


def _reads_unequal_lengths(library):
    X = library.unpadded(sequences())
    Z = library.encode(library.fit(library.make(), X), X)
    return len(Z) == len(X) and np.isfinite(Z).all(), "encodings are not finite"


def _padding_changes_no_encoding(library):
    estimator = fitted(library)
    return same(*(library.encode(estimator, library.padded(sequences(), length)) for length in (12, 17)))


def _padding_changes_no_loss(library):
    losses = [
        library.loss(library.fit(library.make(epochs=1), library.padded(sequences(), length))) for length in (12, 17)
    ]
    return np.isclose(*losses, rtol=1e-3), f"{losses[0]:.3f} and {losses[1]:.3f}"


def _zeros_are_data(library):
    pair = [np.array(x, np.float32)[:, None] for x in ([1, 0, 2, 0, 3, 4, 1, 2], [1, 2, 3, 4, 1, 2])]
    Z = np.asarray(library.encode(fitted(library), library.padded_or_list([*pair, *sequences()[:1]])))
    return not np.array_equal(Z[0], Z[1]), "[1, 0, 2, 0, 3, 4, 1, 2] is encoded as [1, 2, 3, 4, 1, 2]"


def _company_changes_no_bit(library):
    estimator, X = fitted(library), library.data(sequences())
    return same(library.encode(estimator, X)[3:4], library.encode(estimator, X[3:4]))


def _a_seed_gives_the_same_bits(library):
    X = library.data(sequences())
    return same(*(library.encode(fitted(library, seed=7), X) for _ in range(2)))


def _fit_changes_nothing_global(library):
    fitted(library)  # what happens once, in the first
    np.random.random(), random.random()
    if "torch" in sys.modules:
        sys.modules["torch"].rand(1)
    before = global_state()
    fitted(library)
    changed = [name for name, state in global_state().items() if state != before.get(name)]
    return not changed, f"changed: {', '.join(changed)}"


def global_state():
    """Return what a fit should leave alone."""
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


def _is_searched(library):
    X = library.data(sequences())
    search = GridSearchCV(
        library.make(), library.grid(), cv=2, scoring=lambda *_: 0.0, error_score="raise", refit=False
    )
    library.fit(search, X)
    return len(search.cv_results_["params"]) == 2, "not searched"


def _pickles(library):
    estimator, X = fitted(library), library.data(sequences())
    return same(library.encode(estimator, X), library.encode(pickle.loads(pickle.dumps(estimator)), X))


def _serves_without_its_trainer(library):
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
    equal, instead = same(before, library.encode(estimator, X))
    return equal, f"encodings of before and after: {instead}"


def _weighs_samples(library):
    X = library.data(sequences())
    weights = np.where(np.arange(len(X)) < 3, 1.0, 0.0)
    weighted = library.encode(library.fit(library.make(), X, sample_weight=weights), X)
    return not np.array_equal(weighted, library.encode(fitted(library), X)), "weights changed nothing"


def _predicts_sequences(library):
    y = np.stack([x[:4] for x in sequences()]).repeat(2, axis=2)
    said = np.asarray(library.regress(sequences(), y))
    return said.shape == y.shape, f"predictions have shape {said.shape}, y {y.shape}"


def _sets_its_output(library):
    estimator, X = library.make(), library.data(sequences())
    Z = library.fit(estimator.set_output(transform="pandas"), X).transform(X)
    return hasattr(Z, "iloc"), f"got {type(Z).__name__}"


def _passes_scikit_learns_checks(library):
    def too_long(*_):
        raise TimeoutError(f"not done in {LONGEST_CHECKS} s of the processor")

    estimator = library.checked()
    signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, LONGEST_CHECKS)
    results = []
    try:
        check_estimator(estimator, on_skip=None, on_fail=None, callback=lambda **each: results.append(each))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    failed = [each["check_name"] for each in results if each["status"] == "failed"]
    return not failed, f"{len(failed)} of {len(results)} fail, the first is {failed[0] if failed else ''}"


QUESTIONS = {
    "Sequences of unequal length are read as they are": _reads_unequal_lengths,
    "More padding changes no encoding": _padding_changes_no_encoding,
    "More padding changes no reported loss": _padding_changes_no_loss,
    "Real zeros are data": _zeros_are_data,
    "A sequence's encoding is the same bits in any batch": _company_changes_no_bit,
    "A seed gives the same bits twice": _a_seed_gives_the_same_bits,
    "A seeded fit leaves global generators and the environment as they are": _fit_changes_nothing_global,
    "`clone` keeps all parameters": _clones,
    "`GridSearchCV` over the width of encodings": _is_searched,
    "A pickle encodes the same": _pickles,
    "Encodes where neither TensorFlow nor PyTorch can be imported": _serves_without_its_trainer,
    "Ctrl-C in a second `fit` leaves the estimator as it was": _interrupts_cleanly,
    "`fit` takes `sample_weight`": _weighs_samples,
    "A regressor takes y (N, H, D)": _predicts_sequences,
    '`set_output(transform="pandas")`': _sets_its_output,
    "Passes scikit-learn's `check_estimator`": _passes_scikit_learns_checks,
}


def ask(question, library):
    """Return a library's answer and the reason."""
    try:
        whether, instead = question(library)
    except InapplicableError as reason:
        return "-", str(reason)
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
        return "no", f"{type(error).__name__}: {lines[0][:LONGEST_ERROR]}"
    return ("yes", "") if whether else ("no", instead)


def tables(answers):
    """Return the table and the reasons in Markdown."""
    lines = ["| | " + " | ".join(answers) + " |"]
    lines.append("|---" * (len(answers) + 1) + "|")
    reasons = []
    for question in QUESTIONS:
        said = {name: by_question.get(question, NOT_RUN) for name, by_question in answers.items()}
        lines.append(f"| {question} | " + " | ".join(answer for answer, _ in said.values()) + " |")
        reasons += [f"\n**{question}**\n"]
        reasons += [f"- {name}: {answer}; {literal(reason)}" for name, (answer, reason) in said.items() if reason]
    packages = ["skseqae", *dict.fromkeys(LIBRARIES[name].package for name in answers if name != "skseqae")]
    packages = [*packages, "scikit-learn", "tensorflow", "torch", "numpy"]
    used = [f"- {name}: {LIBRARIES[name].used}" for name in answers]
    return "\n".join([*_versions(packages), "", *lines, "", "## What was run", "", *used, "", "## Why", *reasons])


def literal(reason):
    """Return an error as Markdown that shows it letter by letter, cut where a sentence ends; or our own words."""
    kind, _, message = reason.partition(": ")
    if not kind.endswith("Error"):
        return reason
    if len(message) == LONGEST_ERROR:  # it went on
        message = " ".join([*(re.split(r"(?<=[.:;]) ", message)[:-1] or [message]), "..."])
    return f"`` {kind}: {message} ``"


def _versions(packages):
    said = [f"{p} {version(p)}" for p in dict.fromkeys(packages) if importlib.util.find_spec(p) and p != "skseqae"]
    return [f"skseqae {__import__('skseqae').__version__}, {', '.join(said)}, scikit-learn {version('scikit-learn')}."]


def ask_all(name, file):
    """Keep the answers of one library in a file, each as it comes."""
    for title, question in QUESTIONS.items():
        answer = ask(question, LIBRARIES[name])
        answers = json.loads(file.read_text()) if file.exists() else {}
        answers.setdefault(name, {})[title] = answer
        file.write_text(json.dumps(answers, indent=1) + "\n")
        print(f"  {title}: {' '.join(answer)}", flush=True)


def encode(name, file):
    """Encode by an estimator from a file, without what trained it."""
    sys.modules |= dict.fromkeys(("tensorflow", "keras", "torch"))
    library = LIBRARIES[name]
    library.encode(pickle.loads(Path(file).read_bytes()), library.data(sequences()))


def write():
    """Write the page of the answers that were kept."""
    kept = json.loads(ANSWERS.read_text())
    written = tables({name: kept[name] for name in LIBRARIES if name in kept})
    print(written)
    write_below_mark(PAGE, COMMAND, written)


def main():
    """Ask, and write the answers."""
    hidden = ("--ask", {"help": argparse.SUPPRESS}), ("--encode", {"nargs": 2, "help": argparse.SUPPRESS})
    arguments = parse(COMMAND, __doc__, "library", LIBRARIES, *hidden)
    warnings.simplefilter("ignore")
    if arguments.ask:
        return ask_all(arguments.ask, ANSWERS)
    if arguments.encode:
        return encode(*arguments.encode)
    for name in arguments.names:
        if importlib.util.find_spec(LIBRARIES[name].package) is None:
            print(f"{name}: left out, {LIBRARIES[name].package} is not installed", flush=True)
            continue
        print(f"{name} ...", flush=True)
        subprocess.run([sys.executable, "-m", "benchmarks.features", "--ask", name], cwd=HERE.parent, check=True)
    write()


if __name__ == "__main__":
    main()
