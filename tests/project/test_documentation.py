"""Docstrings agree with the code: defaults, parameters, examples."""

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import skseqae
from skseqae import datasets, display, model_selection, preprocessing

PACKAGE = Path(skseqae.__file__).parent
MODULES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


def is_ours(function):
    return inspect.isroutine(function) and inspect.unwrap(function).__module__.startswith("skseqae.")


def public_members(owner):
    """Name the public functions of a class, or of a module."""
    return {
        f"{owner.__name__}.{name}": member
        for name, member in inspect.getmembers(owner)
        if not name.startswith("_") and name in getattr(owner, "__all__", [name]) and is_ours(member)
    }


PUBLIC = {
    name: getattr(module, name)
    for module in (skseqae, preprocessing, model_selection, display)
    for name in module.__all__
}
CLASSES = {name: each for name, each in PUBLIC.items() if inspect.isclass(each) and not issubclass(each, Exception)}
FUNCTIONS = {name: each for name, each in PUBLIC.items() if inspect.isfunction(each)}
DOCUMENTED = CLASSES | FUNCTIONS | public_members(datasets)
for cls in CLASSES.values():
    DOCUMENTED |= public_members(cls)


def documented_parameters(docstring):
    """Map the names in a numpydoc Parameters section to what is written after the colon."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=\n\n\S|\Z)", docstring, flags=re.MULTILINE | re.DOTALL)
    entries = re.findall(r"^(\S.*?) : (.*)$", section[1] if section else "", flags=re.MULTILINE)
    return {name: kind for names, kind in entries for name in names.split(", ")}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_parameters_and_defaults_equal_the_signature(name):
    parameters = inspect.signature(DOCUMENTED[name]).parameters
    kinds = documented_parameters(inspect.getdoc(DOCUMENTED[name]))
    # scikit-learn takes what is in a class's signature for a parameter, so `**routed` is only documented
    written = [each.lstrip("*") for each in kinds if each != "**routed"]
    assert written == [each for each in parameters if each not in ("self", "cls")]
    for each, kind in kinds.items():
        default = re.search("default=(.*)", kind)
        if default:
            assert ast.literal_eval(default[1]) == parameters[each].default, each
        elif not each.startswith("*") and kind != "ignored":
            assert parameters[each].default is inspect.Parameter.empty, each


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module):
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0
    assert results.failed == 0


def test_public_names_are_in_the_reference():
    reference = (Path(__file__).parents[2] / "docs" / "api.rst").read_text(encoding="utf-8")
    listed = set()
    for section in reference.split(".. currentmodule:: ")[1:]:
        module, *lines = section.splitlines()
        listed |= {f"{module}.{line.strip()}" for line in lines if re.fullmatch(r" {3}\w+", line)}
    modules = (skseqae, preprocessing, model_selection, display, datasets)
    public = {f"{module.__name__}.{name}" for module in modules for name in module.__all__}
    assert listed == public - {"skseqae.__version__"}
