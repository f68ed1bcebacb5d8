"""Mutation testing, run by `python -m tests.mutants [module ...]`; what came of it is kept in `mutants.md`.

A mutant is a module with one small change. It is killed if a test of the module fails, or takes too long. Where a
module has many, a sample is drawn, which an edit elsewhere in the module leaves the same. `--survivors` tries those
again that survived the last time.

Each mutant is put into a fork of the process that has collected the tests. Training is no business of these modules and
its results are kept from run to run, so that a second is enough for most. What tests do in processes
of their own no change reaches: those are left out.
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

from skseqae.persistence._estimators import CLASSES

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).parent / "mutants.md"
SAMPLE = 40  # of a module
BAR = " \\| "  # within a cell of the table
HEAD = """# Mutants of the file format and the validators

By `python -m tests.mutants`: each is one change of a module, killed if a test of that module fails. Not changed are
texts, annotations, numbers within messages and what decorates a class. At most {sample} of a module are tried, drawn by
the checksums of their names.
"""
# what is tried in processes of its own, which a change does not reach, or takes long
LONG = ("hostile_file", "keras_opens", "skops", "fresh_process", "killed_at", "full_disk", "in_a_field", "goes_on")
LONG += ("any_parameters", "every_optimizer", "changed_bit", "another_type", "not_finite")
SEQUENCES = ["test_sequences.py", "test_containers.py"]
GROUPS = {
    "file format": {
        "_storage": ["test_storage.py"],
        "_manifest": ["test_manifest.py"],
        "_schema": ["test_schema.py"],
        "_shapes": ["test_shapes.py"],
        "persistence": ["test_persistence.py"],
        "_integrity": ["test_integrity.py"],
    },
    "validators": {
        "_sequences": SEQUENCES,
        "_containers": [*SEQUENCES, "test_symbols.py"],
        "_packing": SEQUENCES,
        "_symbols": ["test_symbols.py"],
        "_targets": ["test_targets.py"],
        "_routing": ["test_routing.py"],
        "_input": ["test_input.py"],
    },
}
TESTS = {module: tests for modules in GROUPS.values() for module, tests in modules.items()}
OTHER = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult},
    **{ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr},
}


# --- What is changed --------------------------------------------------------------------------------------------------


def code_in(node):
    """Yield the nodes of a tree in order, but for texts made of values, annotations and what decorates classes."""
    yield node
    skipped = ("annotation", "returns", "decorator_list" if isinstance(node, ast.ClassDef) else "")
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr) and name not in skipped:
                yield from code_in(child)


def changes_of(node):
    """Yield every change of one node: in words, the line, and a function that makes it."""
    if isinstance(node, ast.Compare):
        for i, operator in enumerate(node.ops):
            if type(operator) in OTHER:
                yield _swap(operator), node, partial(node.ops.__setitem__, i, OTHER[type(operator)]())
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign) and type(node.op) in OTHER:
        yield _swap(node.op), node, partial(setattr, node, "op", OTHER[type(node.op)]())
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield f"{node.value} to {not node.value}", node, partial(setattr, node, "value", not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for step in (1, -1):
            yield f"{node.value} {step:+}", node, partial(setattr, node, "value", node.value + step)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", node, partial(setattr, node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    elif isinstance(node, ast.Slice):
        for end in ("lower", "upper", "step"):
            if getattr(node, end) is not None:
                yield f"slice without its {end}", node, partial(setattr, node, end, None)
    elif isinstance(node, ast.Return) and getattr(node.value, "value", node) is not None:
        yield "returns None", node, partial(setattr, node, "value", None)
    elif isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
        for i, caught in enumerate(node.type.elts):
            yield f"{ast.unparse(caught)} not caught", node, partial(node.type.elts.pop, i)
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "condition negated", node, partial(setattr, node, "test", ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "without its if", node.ifs[0], node.ifs.clear
    for statements in (getattr(node, "body", None), getattr(node, "orelse", None), getattr(node, "finalbody", None)):
        for i, statement in enumerate(statements if isinstance(statements, list) else ()):
            told = isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant)
            if told or isinstance(statement, ast.Raise | ast.Continue | ast.Break | ast.AugAssign):
                yield "statement deleted", statement, partial(statements.__setitem__, i, ast.Pass())


def _swap(operator):
    return f"{type(operator).__name__} to {OTHER[type(operator)].__name__}"


def changes_in(tree):
    return (change for node in code_in(tree) for change in changes_of(node))


def mutants_of(module):
    """Return the name of every mutant of a module: the line of code, the change, and which of those alike."""
    source, names, seen = source_of(module), [], {}
    lines = source.splitlines()
    for words, node, _ in changes_in(ast.parse(source)):
        alike = (lines[node.lineno - 1].strip(), words)
        seen[alike] = seen.get(alike, 0) + 1
        names.append((*alike, seen[alike]))
    return names


def mutated(module, number):
    """Return the source of a module with one of its changes made."""
    tree = ast.parse(source_of(module))
    _, _, make = next(islice(changes_in(tree), number, None))
    make()
    return ast.unparse(ast.fix_missing_locations(tree))


def source_of(module):
    return (ROOT / "skseqae" / f"{module}.py").read_text(encoding="utf-8")


# --- Running tests ----------------------------------------------------------------------------------------------------


def install(module, source):
    """Put a changed module in the place of the one that is imported, in all that has imported from it."""
    names = vars(sys.modules[f"skseqae.{module}"])
    before = dict(names)
    exec(compile(source, f"{module}.py", "exec"), names)
    for name, old in before.items():
        new = names[name]
        if new is old or name.startswith("__"):
            continue
        if isinstance(old, type):  # which instances and subclasses have
            graft(old, new)
            names[name] = old
            continue
        for each in [each for each in sys.modules.values() if vars(each).get(name) is old]:
            setattr(each, name, new)


def graft(old, new):
    """Give a class the methods and attributes of another; what calls `super()` in a method stays the old one's."""
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


def remembering(train, folder):
    """Return a `fit` that keeps in files what it gives."""

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


class Campaign:
    """A plugin of pytest that runs the collected tests once for each mutant, each time in a fork."""

    def __init__(self, modules, survivors_only, folder):
        self.modules, self.survivors_only, self.folder = modules, survivors_only, folder

    def pytest_runtestloop(self, session):
        for cls in CLASSES.values():
            for verb in {"fit", "partial_fit"} & vars(cls).keys():
                setattr(cls, verb, remembering(getattr(cls, verb), self.folder))
        for module in self.modules:
            self.try_module(session, module)
        return True

    def try_module(self, session, module):
        """Try mutants of a module, and keep what came of them in the table."""
        start, tests = time.monotonic(), [item for item in session.items if is_test_of(item, module)]
        killer, seconds = self.first_failing(session, tests, None, 3600)
        if killer:
            pytest.exit(f"{killer} fails of {module} as it is.", returncode=1)
        tests.sort(key=lambda item: (TESTS[module].index(item.path.name), seconds[item.nodeid]))
        counts, reasons = read_table()
        every = mutants_of(module)
        before = {key[1:]: why for key, why in reasons.items() if key[0] == module}
        sample = sorted(every, key=lambda name: crc32(str(name).encode()))[:SAMPLE]
        survivors = []
        for name in [name for name in sample if name in before or not self.survivors_only]:
            changed = partial(install, module, mutated(module, every.index(name)))
            killer, _ = self.first_failing(session, tests, changed, 30 + 3 * sum(seconds.values()))
            say(f"{module} | {' | '.join(map(str, name))} | {killer or 'SURVIVED'}")
            survivors += [] if killer else [name]
        counts[module] = (len(every), len(sample), len(sample) - len(survivors))
        reasons = {key: why for key, why in reasons.items() if key[0] != module}
        write_table(counts, reasons | {(module, *name): before.get(name, "") for name in survivors})
        say(f"{module}: {len(survivors)} survive, {time.monotonic() - start:.0f} s")

    def first_failing(self, session, tests, change, timeout):
        """Run tests in a fork until one fails; return its name, or None, and how long each took."""
        told, start = self.folder / "told", time.monotonic()
        told.write_text("it ends the process")
        child = os.fork()
        if not child:
            try:
                os.setsid()  # so that what a test starts ends with it
                if change:
                    change()
                told.write_text(json.dumps(run_until_one_fails(session, tests)))
            except BaseException as error:  # of the changed module, when it is imported
                told.write_text(f"{error!r}")
            finally:
                os._exit(0)
        while not os.waitpid(child, os.WNOHANG)[0]:
            if time.monotonic() - start > timeout:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return "took too long", {}
            time.sleep(0.01)
        try:
            return json.loads(told.read_text())
        except ValueError:
            return told.read_text(), {}


def say(text):
    print(f"\n{text}", file=sys.__stderr__, flush=True)


def is_test_of(item, module):
    return item.path.name in TESTS[module] and not any(word in item.name for word in LONG)


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
    """Return what is in the table: the numbers of each module, and why each survivor lives."""
    text = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    rows = [
        [cell.strip("`").replace(BAR, " | ") for cell in row.split(" | ")]
        for row in re.findall(r"^\| (`.*) \|$", text, flags=re.M)
    ]
    counts = {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows if row[0] in TESTS and row[4][-1] == "%"}
    reasons = {(*row[:3], int(row[3])): row[4] for row in rows if row[0] in TESTS and row[4][-1] != "%"}
    return counts, reasons


def write_table(counts, reasons):
    lines = [HEAD.format(sample=SAMPLE)]
    for group, modules in GROUPS.items():
        lines += [f"\n## The {group}\n", "| module | mutants | tried | killed | share |", "|---|---|---|---|---|"]
        if not counts.keys() & modules.keys():
            continue
        told = {module: counts[module] for module in modules if module in counts}
        for name, (n_all, n_tried, n_killed) in (told | {"all": np.sum([*told.values()], axis=0)}).items():
            lines.append(f"| `{name}` | {n_all} | {n_tried} | {n_killed} | {n_killed / n_tried:.0%} |")
        lines += ["\n| survivor | line | change | number | why |", "|---|---|---|---|---|"]
        lines += [
            f"| `{module}` | `{line.replace(' | ', BAR)}` | {words} | {which} | {why or 'not explained'} |"
            for (module, line, words, which), why in reasons.items()
            if module in modules
        ]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    """Try mutants, print what becomes of each, and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(TESTS)}; default: all")
    parser.add_argument("--survivors", action="store_true", help="try those again that survived the last time")
    arguments = parser.parse_args()
    modules = arguments.modules or list(TESTS)
    package = joblib.hash([path.read_bytes() for path in sorted((ROOT / "skseqae").glob("*.py"))])
    folder = Path(tempfile.gettempdir()) / f"skseqae-mutants-{os.getuid()}-{package}"
    folder.mkdir(exist_ok=True)
    files = {str(ROOT / "tests" / file) for module in modules for file in TESTS[module]}
    options = ["-q", "-p", "no:cacheprovider", "--tb=no", f"--basetemp={folder / 'tests'}"]
    pytest.main([*options, *sorted(files)], plugins=[Campaign(modules, arguments.survivors, folder)])


if __name__ == "__main__":
    main()
