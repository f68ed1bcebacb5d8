"""The house: who may know whom, and how large a room may be."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import skseqae

PACKAGE = Path(skseqae.__file__).parent
MODULES = {path.stem: path for path in sorted(PACKAGE.glob("*.py"))}
SEQUENCE_ROOMS = {
    "_sequences",
    "_packing",
    "_rows",
    "_memory",
    "_containers",
    "_symbols",
    "_targets",
    "_metrics",
    "_scaling",
    "_batches",
    "datasets",
}
# what trained networks compute
FORWARD_ROOMS = {"_products", "_recurrence", "_forward", "_threads", "_inference", "_decoding", "_onnx_graph"}
FILE_ROOMS = {"_integrity", "_storage", "_manifest", "_schema"}
NUMPY_ROOMS = SEQUENCE_ROOMS | FORWARD_ROOMS | FILE_ROOMS
PLAIN_ROOMS = {
    "_architecture",
    "_routing",
    "_shapes",
    "_version",
    "_progress",
    "_sklearn_callbacks",
    "_input",
    "_output",
    "preprocessing",
    "model_selection",
}
# those that compute, and training, which also makes what users name
COMPUTING_ROOMS = {
    "_process",
    "_cells",
    "_layers",
    "_networks",
    "_stock",
    "_decoder_functions",
    "_program",
}
KERAS_ROOMS = COMPUTING_ROOMS | {"_training"}
SHARED_BY_ESTIMATORS = {"_base", "_encoding"}
DISPLAY_ROOMS = {"display", "_diagram"}  # which draw what estimators say, and know none
ESTIMATORS = {"_autoencoder", "_composite", "_seq2seq", "_dense", "_outlier"}
ABOUT_ESTIMATORS = {"persistence", "_onnx"}
BACKENDS = {"keras", "tensorflow"}
MAX_LINES_PER_FILE = 300
MAX_LINES_PER_FUNCTION = 40
every_module = pytest.mark.parametrize("module", MODULES)


def parse(module):
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported_by(node):
    """The full names that one import statement asks for, `skseqae` for the package itself."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    source = node.module or ""
    if node.level or source == "skseqae":
        source = source.removeprefix("skseqae").lstrip(".")
        names = [source] if source else [alias.name for alias in node.names]
        return {f"skseqae.{name}" for name in names}
    return {source}


def imports_in(tree, *, everywhere=True):
    """All that is imported, or only what is when the module is."""
    nodes = list(ast.walk(tree)) if everywhere else list(walk_outside_functions(tree))
    return {name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for name in imported_by(node)}


def walk_outside_functions(node):
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from walk_outside_functions(child)


def packages(names):
    return {name.split(".")[0] for name in names}


def own_modules(names):
    """The modules of this package among the names; what is in none of them comes from the package itself."""
    asked = {name.split(".")[1] for name in names if name.startswith("skseqae.")}
    return {name if name in MODULES else "__init__" for name in asked}


def reachable_from(module):
    """All modules of this package that come along with one when it is imported."""
    found, waiting = set(), [module]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += own_modules(imports_in(parse(module), everywhere=False))
    return found


# --- who knows whom ---------------------------------------------------------------------------------------------------


def test_what_needs_no_keras_never_imports_it():
    for room in NUMPY_ROOMS | PLAIN_ROOMS:
        for module in reachable_from(room):
            assert not packages(imports_in(parse(module))) & BACKENDS, f"{room} imports {module}"


def test_what_computes_never_imports_scikit_learn_or_an_estimator():
    for room in COMPUTING_ROOMS:
        imported = imports_in(parse(room))
        assert not packages(imported) & {"sklearn", "scikeras"}, room
        assert not own_modules(imported) & (ESTIMATORS | SHARED_BY_ESTIMATORS | {"_training"}), room


def test_training_never_imports_an_estimator():
    assert not own_modules(imports_in(parse("_training"))) & (ESTIMATORS | SHARED_BY_ESTIMATORS)


def test_what_estimators_share_never_imports_one():
    for room in SHARED_BY_ESTIMATORS:
        assert not own_modules(imports_in(parse(room))) & ESTIMATORS, room


def test_what_draws_never_imports_an_estimator_nor_matplotlib_before_it_draws():
    for room in DISPLAY_ROOMS:
        assert not own_modules(imports_in(parse(room))) & (ESTIMATORS | SHARED_BY_ESTIMATORS), room
    for module in MODULES:
        assert "matplotlib" not in packages(imports_in(parse(module), everywhere=False)), module


def test_every_room_has_its_place():
    """So that a new one cannot escape the rules."""
    estimating = [SHARED_BY_ESTIMATORS, ESTIMATORS, ABOUT_ESTIMATORS, DISPLAY_ROOMS]
    placed = [{"__init__"}, NUMPY_ROOMS, PLAIN_ROOMS, KERAS_ROOMS, *estimating]
    assert sorted(MODULES) == sorted(name for rooms in placed for name in rooms)


def test_reading_a_file_never_imports_keras():
    """Neither when the module is imported nor later."""
    for module in FILE_ROOMS | ABOUT_ESTIMATORS:
        assert not packages(imports_in(parse(module))) & BACKENDS, module


def test_only_training_imports_scikeras():
    assert [module for module in MODULES if "scikeras" in packages(imports_in(parse(module)))] == ["_training"]


def test_estimators_never_import_one_another():
    for estimator in ESTIMATORS - {"_outlier"}:  # which is about one
        assert not own_modules(imports_in(parse(estimator))) & (ESTIMATORS - {estimator}), estimator


def test_only_the_keras_rooms_import_keras_when_they_are_imported():
    for module in MODULES.keys() - KERAS_ROOMS:
        for reached in reachable_from(module):
            assert not packages(imports_in(parse(reached), everywhere=False)) & BACKENDS, f"{module} imports {reached}"


def test_every_module_is_read_when_imports_are_counted():
    """So that the rules above are about something."""
    assert "_cells" in own_modules(imports_in(parse("_layers")))
    assert "tensorflow" in packages(imports_in(parse("_cells"), everywhere=False))
    assert "_training" in own_modules(imports_in(parse("_base")))
    assert "_training" not in own_modules(imports_in(parse("_base"), everywhere=False))


def test_imports_go_round_in_no_circle():
    """Those within functions count too."""
    TopologicalSorter({module: own_modules(imports_in(parse(module))) for module in MODULES}).prepare()


def test_importing_the_package_loads_neither_keras_nor_tensorflow_nor_onnx():
    script = "import sys, skseqae; print(sorted({'keras', 'tensorflow', 'scikeras', 'onnx'} & sys.modules.keys()))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "[]\n"


# --- how large a room may be ------------------------------------------------------------------------------------------


def test_no_module_is_named_for_having_no_subject():
    assert not {name.strip("_") for name in MODULES} & {"utils", "util", "helpers", "helper", "common", "misc", "tools"}


def docstring_lines(tree):
    """The numbers of the lines that docstrings take."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = [n.body[0] for n in ast.walk(tree) if isinstance(n, documented) and ast.get_docstring(n) is not None]
    return {number for node in docstrings for number in range(node.lineno, node.end_lineno + 1)}


@every_module
def test_a_file_is_short_without_its_docstrings(module):
    code = MODULES[module].read_text(encoding="utf-8").splitlines()
    lines = {number for number, line in enumerate(code, start=1) if line.strip()}
    assert len(lines - docstring_lines(parse(module))) <= MAX_LINES_PER_FILE


@every_module
def test_a_function_is_short_without_its_signature_and_its_docstring(module):
    """Signatures are written out in each class: the one repetition that is right."""
    tree = parse(module)
    not_counted = docstring_lines(tree)
    long = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = set(range(node.body[0].lineno, node.end_lineno + 1)) - not_counted
            if len(lines) > MAX_LINES_PER_FUNCTION:
                long[node.name] = len(lines)
    assert long == {}
