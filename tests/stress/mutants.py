"""Mutation tests, run by `python -m tests.stress.mutants [module ...]`. The results are tables in `mutants.md`.

A mutant is a module with one small change. It is killed if a test of the module fails or takes too long. If a module
has many mutants, a sample is drawn, which does not change with edits elsewhere in the module. `--survivors` tries only
the mutants that survived the last run.

Each mutant runs in a fork of the process that has collected the tests. The results of training, which these modules do
not affect, are cached, so that most mutants take about a second. Tests that start processes are left out, because the
changed module does not reach those processes.
"""

import argparse
import ast
import json
import os
import re
import signal
import sys
import tempfile
import time
from functools import partial, wraps
from itertools import islice
from pathlib import Path
from types import FunctionType, MemberDescriptorType
from zlib import crc32

import joblib
import numpy as np
import pytest

from skseqae.estimators._registry import ESTIMATORS
from tests.stress.changes import changes_in

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).parent / "mutants.md"
MAX_MUTANTS = 40  # of a module
BAR = " \\| "  # within a cell of the table
HEADER = """# Mutation tests of the file format and the validators

Written by `python -m tests.stress.mutants`. A mutant is one change of a module, and is killed if a test of the module
fails. Strings, annotations, numbers in messages and class decorators are not changed. At most {sample} mutants of a
module are tried, drawn by the checksums of their names.
"""
# words in the names of tests that start processes, which a change does not reach, or that take long
LONG = ("hostile_file", "keras_opens", "skops", "fresh_process", "killed_at", "full_disk", "in_a_field", "resumed")
LONG += ("any_parameters", "every_optimizer", "flipped_bit", "mistyped_field", "not_finite", "damaged_file")
LONG += ("assembled_from", "trained_further", "large_manifests", "the_script_writes")
# modules, and the files or folders of their tests, in the order in which these run
GROUPS = {
    "file format": {
        "persistence._file_format": ["persistence/test_file_format.py"],
        "runtime._atomic_write": ["persistence/test_file_format.py"],
        "persistence._json_values": ["persistence/test_json_values.py"],
        "persistence._rules": ["persistence/test_rules.py"],
        "persistence._schema": ["persistence/test_schema.py"],
        "persistence._consistency": ["persistence/test_schema.py", "persistence/test_refused_files.py"],
        "networks._weight_shapes": ["networks/test_weight_shapes.py"],
        "networks._layer_plan": ["networks"],
        "persistence._estimators": [
            *("persistence/test_round_trip.py", "persistence/test_refused_estimators.py"),
            *("persistence/test_refused_files.py", "persistence/test_writing.py", "persistence/test_versions.py"),
        ],
        "persistence._versions": ["persistence/test_versions.py"],
        "persistence._saving": ["persistence/test_round_trip.py", "persistence/test_refused_files.py"],
        "persistence._pipelines": ["persistence/test_pipelines.py"],
        "persistence._scikit_learn": ["persistence/test_pipelines.py"],
        "mixins._pickling": ["mixins/test_pickling.py"],
    },
    "validators": {
        "data._sequences": ["data"],
        "data._check_sequences": ["data"],
        "data._padding": ["data"],
        "data._layout": ["data"],
        "data._arrays": ["data"],
        "data._dataframes": ["data"],
        "data._arrow": ["data"],
        "data._packing": ["data"],
        "data._tokens": ["data"],
        "data._labels": ["data"],
        "data._targets": ["data"],
        "data._tabular": ["data"],
        "mixins._routed_parameters": ["mixins/test_routed_parameters.py"],
        "mixins._sequence_input": ["mixins/test_sequence_input.py"],
    },
}
TESTS = {module: tests for modules in GROUPS.values() for module, tests in modules.items()}


# --- Mutants ----------------------------------------------------------------------------------------------------------


def mutants_of(module):
    """Return the names of all mutants of a module: the line of code, the change, and a number among equal ones."""
    source, names, seen = source_of(module), [], {}
    lines = source.splitlines()
    for description, node, _ in changes_in(ast.parse(source)):
        name = (lines[node.lineno - 1].strip(), description)
        seen[name] = seen.get(name, 0) + 1
        names.append((*name, seen[name]))
    return names


def mutated(module, number):
    """Return the source of a module with one change."""
    tree = ast.parse(source_of(module))
    _, _, make = next(islice(changes_in(tree), number, None))
    make()
    return ast.unparse(ast.fix_missing_locations(tree))


def source_of(module):
    return ROOT.joinpath("skseqae", *module.split(".")).with_suffix(".py").read_text(encoding="utf-8")


# --- Running tests ----------------------------------------------------------------------------------------------------


def install(module, source):
    """Replace an imported module by a changed one, also in modules that have imported names from it."""
    names = vars(sys.modules[f"skseqae.{module}"])
    before = dict(names)
    exec(compile(source, f"{module}.py", "exec"), names)
    for name, old in before.items():
        new = names[name]
        if new is old or name.startswith("__"):
            continue
        if isinstance(old, type):  # instances and subclasses refer to the old class
            graft(old, new)
            names[name] = old
            continue
        for importing in [other for other in sys.modules.values() if vars(other).get(name) is old]:
            setattr(importing, name, new)


def graft(old, new):
    """Set the methods and attributes of a class to those of another; methods with `super()` keep the old class."""
    for name, value in vars(new).items():
        function, replaced = function_of(value), function_of(vars(old).get(name))
        if not isinstance(function, FunctionType):
            if not name.startswith("__") and not isinstance(value, MemberDescriptorType):
                setattr(old, name, value)
        elif isinstance(replaced, FunctionType) and function.__code__.co_freevars == replaced.__code__.co_freevars:
            for part in ("__code__", "__defaults__", "__kwdefaults__"):
                setattr(replaced, part, getattr(function, part))
        else:
            setattr(old, name, value)
    if "__init_subclass__" in vars(old):
        for subclass in old.__subclasses__():
            subclass.__init_subclass__()


def function_of(value):
    return getattr(value, "__func__", None) or getattr(value, "fget", None) or value


def cached(train, folder):
    """Return a training method that caches its results in files."""

    @wraps(train)
    def trained(self, *data, **options):
        path = folder / joblib.hash((type(self).__name__, train.__name__, vars(self), data, options))
        if path.exists():
            vars(self).update(joblib.load(path))
            return self
        train(self, *data, **options)
        joblib.dump(vars(self), path)
        return self

    return trained


class MutationPlugin:
    """A pytest plugin that runs the collected tests once for each mutant, each time in a fork."""

    def __init__(self, modules, survivors_only, folder):
        self.modules, self.survivors_only, self.folder = modules, survivors_only, folder

    def pytest_runtestloop(self, session):
        for cls in ESTIMATORS.values():
            for method in {"fit", "partial_fit"} & vars(cls).keys():
                setattr(cls, method, cached(getattr(cls, method), self.folder))
        for module in self.modules:
            self.try_module(session, module)
        return True

    def try_module(self, session, module):
        """Try mutants of a module, and write the results to the table."""
        start, tests = time.monotonic(), [item for item in session.items if is_test_of(item, module)]
        killer, seconds = self.first_failing(session, tests, None, 3600)
        if killer:
            pytest.exit(f"{killer} fails without a change of {module}.", returncode=1)
        tests.sort(key=lambda item: (position_of(item, module), seconds[item.nodeid]))
        counts, reasons = read_table()
        mutants = mutants_of(module)
        before = {key[1:]: reason for key, reason in reasons.items() if key[0] == module}
        sample = sorted(mutants, key=lambda name: crc32(str(name).encode()))[:MAX_MUTANTS]
        survivors = []
        for name in [name for name in sample if name in before or not self.survivors_only]:
            change = partial(install, module, mutated(module, mutants.index(name)))
            killer, _ = self.first_failing(session, tests, change, 30 + 3 * sum(seconds.values()))
            report(f"{module} | {' | '.join(map(str, name))} | {killer or 'SURVIVED'}")
            survivors += [] if killer else [name]
        counts[module] = (len(mutants), len(sample), len(sample) - len(survivors))
        reasons = {key: reason for key, reason in reasons.items() if key[0] != module}
        write_table(counts, reasons | {(module, *name): before.get(name, "") for name in survivors})
        report(f"{module}: {len(survivors)} survive, {time.monotonic() - start:.0f} s")

    def first_failing(self, session, tests, change, timeout):
        """Run tests in a fork until one fails; return its name, or None, and the duration of each test."""
        result, start = self.folder / "result", time.monotonic()
        result.write_text("the process ended")
        child = os.fork()
        if not child:
            try:
                os.setsid()  # so that processes started by a test can be ended too
                if change:
                    change()
                result.write_text(json.dumps(run_until_one_fails(session, tests)))
            except BaseException as error:  # raised when the changed module is executed
                result.write_text(f"{error!r}")
            finally:
                os._exit(0)
        while not os.waitpid(child, os.WNOHANG)[0]:
            if time.monotonic() - start > timeout:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return "took too long", {}
            time.sleep(0.01)
        try:
            return json.loads(result.read_text())
        except ValueError:
            return result.read_text(), {}


def report(text):
    print(f"\n{text}", file=sys.__stderr__, flush=True)


def is_test_of(item, module):
    return position_of(item, module) is not None and not any(word in item.name for word in LONG)


def position_of(item, module):
    """Return the index of a test's file or folder among those of the module, None if it is not one of them."""
    path = item.path.relative_to(ROOT / "tests")
    return next((i for i, name in enumerate(TESTS[module]) if path.is_relative_to(name)), None)


def run_until_one_fails(session, tests):
    seconds = {}
    for item, following in zip(tests, [*tests[1:], None], strict=True):
        start = time.monotonic()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        seconds[item.nodeid] = time.monotonic() - start
        if session.testsfailed:
            return item.nodeid, seconds
    return None, seconds


# --- The table --------------------------------------------------------------------------------------------------------


def read_table():
    """Return the contents of the table: the counts of each module, and the reason why each survivor is not killed."""
    text = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    rows = [
        [cell.strip("`").replace(BAR, " | ") for cell in row.split(" | ")]
        for row in re.findall(r"^\| (`.*) \|$", text, flags=re.M)
    ]
    counts = {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows if row[0] in TESTS and row[4][-1] == "%"}
    reasons = {(*row[:3], int(row[3])): row[4] for row in rows if row[0] in TESTS and row[4][-1] != "%"}
    return counts, reasons


def write_table(counts, reasons):
    lines = [HEADER.format(sample=MAX_MUTANTS)]
    for group, modules in GROUPS.items():
        lines += [f"\n## The {group}\n", "| module | mutants | tried | killed | share |", "|---|---|---|---|---|"]
        if not counts.keys() & modules.keys():
            continue
        found = {module: counts[module] for module in modules if module in counts}
        for name, (n_all, n_tried, n_killed) in (found | {"all": np.sum([*found.values()], axis=0)}).items():
            lines.append(f"| `{name}` | {n_all} | {n_tried} | {n_killed} | {n_killed / n_tried:.0%} |")
        lines += ["\n| survivor | line | change | number | reason |", "|---|---|---|---|---|"]
        lines += [
            f"| `{module}` | `{line.replace(' | ', BAR)}` | {change} | {number} | {reason or 'not explained'} |"
            for (module, line, change, number), reason in reasons.items()
            if module in modules
        ]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    """Try mutants, print the result of each, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(TESTS)}; default: all")
    parser.add_argument("--survivors", action="store_true", help="try only the mutants that survived the last run")
    arguments = parser.parse_args()
    modules = arguments.modules or list(TESTS)
    package = joblib.hash([path.read_bytes() for path in sorted((ROOT / "skseqae").rglob("*.py"))])
    folder = Path(tempfile.gettempdir()) / f"skseqae-mutants-{os.getuid()}-{package}"
    folder.mkdir(exist_ok=True)
    files = {str(ROOT / "tests" / file) for module in modules for file in TESTS[module]}
    options = ["-q", "-p", "no:cacheprovider", "--tb=no", f"--basetemp={folder / 'tests'}"]
    pytest.main([*options, *sorted(files)], plugins=[MutationPlugin(modules, arguments.survivors, folder)])


if __name__ == "__main__":
    main()
