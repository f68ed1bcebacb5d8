"""The structure of the package: which module may import which, and how large modules, functions and classes may be."""

import ast
import subprocess
import sys
from dataclasses import is_dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import skseqae
from skseqae.networks import _layer_plan
from skseqae.networks._cells import CELLS
from skseqae.networks.keras_backend import _cells as keras_cells
from skseqae.networks.keras_backend import _networks as keras_networks
from skseqae.networks.onnx_backend import _networks as onnx_networks

PACKAGE = Path(skseqae.__file__).parent
PLAN = _layer_plan.__name__
# sub-package: the sub-packages that it may import, at once or inside functions
SUBPACKAGES = {
    "runtime": (),
    "exceptions": (),
    "datasets": (),
    "data": ("runtime",),
    "networks": ("runtime",),
    "training": ("runtime", "data", "networks", "exceptions"),
    "inference": ("runtime", "data", "networks"),
    "mixins": ("runtime", "data", "exceptions"),
    "estimators": ("runtime", "data", "networks", "training", "inference", "mixins", "exceptions"),
    "preprocessing": ("runtime", "data", "mixins"),
    "model_selection": ("data", "mixins"),
    "display": ("data", "mixins"),
    "persistence": ("runtime", "data", "networks", "mixins", "estimators", "preprocessing", "exceptions"),
    "export": ("runtime", "networks", "estimators", "preprocessing"),
}
MAX_LEVELS = 8  # the package itself included
# sub-package, or module with rules of its own: the packages that it may import, and those that only functions may
LIBRARIES = {
    "__init__": ((), ()),
    "_version": ((), ()),
    "exceptions": ((), ()),
    "runtime": (("numpy",), ("tensorflow", "keras")),
    "data": (("numpy", "sklearn"), ()),
    "networks": (("numpy",), ()),
    "networks.keras_backend": (("keras", "tensorflow", "numpy"), ()),
    "networks.onnx_backend": (("numpy",), ("onnx",)),
    "training": (("keras", "tensorflow", "numpy"), ()),
    "training._batches": (("numpy", "sklearn"), ()),
    "training._convergence": (("numpy", "sklearn"), ()),
    "training._optimizers": (("keras", "tensorflow", "numpy", "scikeras"), ()),
    "inference": (("numpy", "threadpoolctl"), ("onnxruntime",)),
    "inference._custom_decoding": (("numpy", "keras", "tensorflow"), ()),
    "mixins": (("numpy", "scipy", "sklearn"), ()),
    "estimators": (("numpy", "scipy", "sklearn"), ()),
    "preprocessing": (("numpy", "scipy", "sklearn"), ()),
    "model_selection": (("numpy", "scipy", "sklearn"), ()),
    "display": (("numpy", "sklearn"), ("matplotlib", "keras")),
    "persistence": (("numpy", "safetensors", "sklearn"), ()),
    "export": (("numpy", "sklearn"), ("onnxruntime",)),
    "datasets": (("numpy", "sklearn"), ()),
}
BACKENDS = {"keras", "tensorflow"}
ESTIMATORS = {"_autoencoder", "_composite", "_dense", "_outlier", "_seq2seq"}
MAX_LINES_PER_FILE = 250
MAX_LINES_PER_FUNCTION = 40
MAX_METHODS_PER_CLASS = 20


def dotted(path):
    """The name of a module below the package, "__init__" for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}
every_module = pytest.mark.parametrize("module", MODULES)


def parse(module):
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def subpackage_of(module):
    return module.split(".")[0]


def imported_names(module, node):
    """The absolute names that an import statement of a module asks for."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if not node.level:
        return {node.module}
    package = ["skseqae", *([] if module == "__init__" else module.split("."))]
    package = package if MODULES[module].name == "__init__.py" else package[:-1]
    base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
    return {".".join([*base, alias.name]) for alias in node.names}


def imports_of(module, *, everywhere=True):
    """The absolute names that a module imports, anywhere or only outside functions."""
    nodes = ast.walk(parse(module)) if everywhere else nodes_outside_functions(parse(module))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    return {name for node in imports for name in imported_names(module, node)}


def nodes_outside_functions(node):
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from nodes_outside_functions(child)


def own_modules(names):
    """The modules of this package among imported names, without the package itself."""
    found = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == "skseqae" and len(parts) > 1:
            inner = parts[1:]
            while inner and ".".join(inner) not in MODULES:
                inner = inner[:-1]
            found.add(".".join(inner) or "__init__")
    return found


def libraries(names):
    """The third-party packages among imported names."""
    return {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"skseqae"}


def reached_by(module):
    """All modules of this package that are imported with a module."""
    found, waiting = set(), [module]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += own_modules(imports_of(module, everywhere=False))
    return found


# --- which imports which ----------------------------------------------------------------------------------------------


def test_every_module_belongs_to_a_known_subpackage():
    assert {subpackage_of(module) for module in MODULES} == {*SUBPACKAGES, "__init__", "_version"}


@every_module
def test_modules_import_only_allowed_subpackages(module):
    if module == "__init__":
        return
    allowed = {subpackage_of(module), "_version", *SUBPACKAGES.get(subpackage_of(module), ())}
    assert {subpackage_of(each) for each in own_modules(imports_of(module))} <= allowed


@every_module
def test_modules_import_only_allowed_libraries(module):
    parts = module.split(".")
    keys = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    at_once, inside_functions = next(LIBRARIES[key] for key in keys if key in LIBRARIES)
    assert libraries(imports_of(module, everywhere=False)) <= set(at_once)
    assert libraries(imports_of(module)) <= {*at_once, *inside_functions}


def test_imports_point_downwards_on_few_levels():
    graph = {name: set(below) for name, below in SUBPACKAGES.items()} | {"__init__": set(SUBPACKAGES)}
    levels = {}
    for name in TopologicalSorter(graph).static_order():
        levels[name] = 1 + max((levels[below] for below in graph[name]), default=0)
    assert max(levels.values()) <= MAX_LEVELS


def test_modules_import_one_another_without_cycles():
    """Imports inside functions count."""
    TopologicalSorter({module: own_modules(imports_of(module)) - {module} for module in MODULES}).prepare()


def test_only_the_detector_and_the_registry_import_other_estimators():
    for module in ESTIMATORS - {"_outlier"}:
        others = {f"estimators.{other}" for other in ESTIMATORS - {module}}
        assert not own_modules(imports_of(f"estimators.{module}")) & others, module


def test_tensorflow_is_reached_only_inside_functions():
    """Modules that import Keras when they are imported may be imported at once by one another alone."""
    importing = {module for module in MODULES if libraries(imports_of(module, everywhere=False)) & BACKENDS}
    for module in MODULES:
        inside = module.startswith(("networks.keras_backend", "training.")) or module == "inference._custom_decoding"
        if not inside or module == "training._batches":
            assert not reached_by(module) & importing, module


@pytest.mark.parametrize("backend", ["keras_backend", "onnx_backend"])
def test_backends_never_import_one_another(backend):
    for module in MODULES:
        if module.startswith(f"networks.{backend}"):
            others = {each for each in own_modules(imports_of(module)) if each.startswith("networks.")}
            assert not {each for each in others if "_backend" in each and backend not in each}, module


def test_keras_has_every_cell():
    """ONNX takes the cells from their records."""
    assert keras_cells.CELLS.keys() == CELLS.keys()


@pytest.mark.parametrize("backend", [keras_networks, onnx_networks], ids=["keras", "onnx"])
def test_backends_have_every_layer_of_the_plan(backend):
    """ONNX computes a part that reads its own output as a whole."""
    layers = {each for each in vars(_layer_plan).values() if is_dataclass(each) and each.__module__ == PLAN}
    assert set(backend.LAYERS) | {_layer_plan.Feedback} == layers


@every_module
def test_cells_are_named_in_their_own_modules_only(module):
    """Elsewhere a name of a cell is at most a default."""
    if module.split(".")[-1] == "_cells":
        return
    compared = [node for node in ast.walk(parse(module)) if isinstance(node, ast.Compare | ast.Dict)]
    constants = {each.value for node in compared for each in ast.walk(node) if isinstance(each, ast.Constant)}
    assert not constants & CELLS.keys()


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("display")])
def test_displays_read_no_private_attribute(module):
    for node in ast.walk(parse(module)):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            assert getattr(node.value, "id", "") in ("self", "cls"), f"{module}: {ast.unparse(node)}"


def test_only_the_optimizers_module_imports_scikeras():
    assert [module for module in MODULES if "scikeras" in libraries(imports_of(module))] == ["training._optimizers"]


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith(("persistence", "export"))])
def test_persistence_and_export_never_import_keras(module):
    assert not libraries(imports_of(module)) & BACKENDS


def test_the_rules_find_imports():
    """So that the rules above are about something."""
    assert "networks._cells" in own_modules(imports_of("networks.keras_backend._cells"))
    assert "tensorflow" in libraries(imports_of("networks.keras_backend._cells", everywhere=False))
    assert "training._loop" in own_modules(imports_of("estimators._fitting"))
    assert "training._loop" not in own_modules(imports_of("estimators._fitting", everywhere=False))


def test_importing_the_package_loads_neither_keras_nor_tensorflow_nor_onnx_nor_matplotlib():
    names = "{'keras', 'tensorflow', 'scikeras', 'onnx', 'onnxruntime', 'matplotlib'}"
    script = f"import sys, skseqae; print(sorted({names} & sys.modules.keys()))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "[]\n"


def test_subpackages_are_described_and_import_nothing_unless_they_are_public():
    for module, path in MODULES.items():
        if path.name == "__init__.py" and module not in ("__init__", "datasets.data"):
            tree = parse(module)
            assert ast.get_docstring(tree), module
            if subpackage_of(module) not in ("preprocessing", "display", "datasets", "persistence"):
                assert len(tree.body) == 1, module


# --- names and sizes --------------------------------------------------------------------------------------------------


def test_no_module_is_named_for_having_no_subject():
    names = {part.strip("_") for module in MODULES for part in module.split(".")}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc", "tools"}


def docstring_lines(tree):
    """The numbers of the lines that docstrings take."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = [n.body[0] for n in ast.walk(tree) if isinstance(n, documented) and ast.get_docstring(n) is not None]
    return {number for node in docstrings for number in range(node.lineno, node.end_lineno + 1)}


def functions_in(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@every_module
def test_files_are_short_without_docstrings(module):
    code = MODULES[module].read_text(encoding="utf-8").splitlines()
    lines = {number for number, line in enumerate(code, start=1) if line.strip()}
    assert len(lines - docstring_lines(parse(module))) <= MAX_LINES_PER_FILE


@every_module
def test_functions_are_short_without_signature_and_docstring(module):
    """Signatures are written out in each class: the one repetition that is right."""
    tree = parse(module)
    not_counted = docstring_lines(tree)
    sizes = {n.name: len({*range(n.body[0].lineno, n.end_lineno + 1)} - not_counted) for n in functions_in(tree)}
    assert {name: size for name, size in sizes.items() if size > MAX_LINES_PER_FUNCTION} == {}


@every_module
def test_classes_have_few_methods(module):
    classes = [node for node in ast.walk(parse(module)) if isinstance(node, ast.ClassDef)]
    sizes = {cls.name: sum(isinstance(node, ast.FunctionDef) for node in cls.body) for cls in classes}
    assert {name: size for name, size in sizes.items() if size > MAX_METHODS_PER_CLASS} == {}


@every_module
def test_functions_have_names(module):
    assert "_" not in {node.name for node in functions_in(parse(module))}
