"""The recipes of the documentation run as printed, if the libraries that they use are installed."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skseqae import Sequences

DOCS = Path(__file__).parents[2] / "docs"


def recipes_on(page):
    """The blocks of code on a page of the documentation, by the heading above and their number below it."""
    sections = re.split(r"^#+ ", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        f"{section.splitlines()[0]} {i}": block
        for section in sections
        for i, block in enumerate(re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL))
    }


def run(recipe):
    """Run a block, and return its names."""
    imported = [node for node in ast.walk(ast.parse(recipe)) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imported:
        for name in [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]:
            pytest.importorskip(name)  # of scikit-learn some have no `callback`
    names = {}
    exec(compile(recipe, "recipe", "exec"), names)
    return names


CONVERSIONS, RECIPES = recipes_on("containers.md"), recipes_on("recipes.md") | recipes_on("settings.md")


@pytest.mark.filterwarnings("ignore")  # the other libraries' own
@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversions_give_the_same_sequences(name):
    X = run(CONVERSIONS[name])["X"]
    assert isinstance(X, Sequences)
    assert X.lengths.tolist() == [3, 2]
    assert_array_equal(X.packed, np.outer([1, 2, 3, 4, 5], [1, 10][: X.n_features]))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", RECIPES)
def test_recipes_run_as_printed(name):
    run(RECIPES[name])


def test_all_blocks_are_found():
    assert len(CONVERSIONS) >= 21
    assert len(RECIPES) >= 5
