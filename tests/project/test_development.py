"""The recipes for contributors name modules that exist, and few enough of them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
MAX_MODULES = {
    "Add a recurrent cell": 5,
    "Add a decoder": 7,
    "Add a pooling option": 8,
    "Add an estimator on existing networks": 6,
}


def steps_of(recipe):
    """The modules to change, one for each numbered step of a recipe."""
    section = re.search(rf"^## {recipe}\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)[1]
    steps = re.findall(r"^\d+\. (.*)$", section, flags=re.MULTILINE)
    return [re.match(r"`(skseqae/[^`]+\.py)`: ", step)[1] for step in steps]


@pytest.mark.parametrize("recipe", MAX_MODULES)
def test_recipes_name_existing_modules(recipe):
    modules = [module for module in steps_of(recipe) if "<name>" not in module]
    assert [module for module in modules if not (ROOT / module).exists()] == []


@pytest.mark.parametrize(("recipe", "most"), MAX_MODULES.items())
def test_recipes_touch_few_modules(recipe, most):
    assert 2 <= len(steps_of(recipe)) <= most


@pytest.mark.parametrize("path", re.findall(r"`((?:skseqae|tests|docs)/[^`<>]+)`", PAGE))
def test_paths_on_the_page_exist(path):
    assert (ROOT / path).exists()
