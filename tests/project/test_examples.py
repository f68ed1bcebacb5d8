"""Every example runs as it stands, and says what was published beside what it obtained."""

import subprocess
import sys
from pathlib import Path

import pytest

# NumPy 2 objects to how Keras reads TensorFlow's variables, as in saving a model.
WARNINGS = ["-W", "error", "-W", "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"]
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("plot_*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_without_a_warning_and_compares_with_what_was_published(example, tmp_path):
    command = [sys.executable, *WARNINGS, example, "--fast"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "published" in done.stdout.lower()
    for picture in tmp_path.iterdir():  # and nothing else is left behind
        assert picture.suffix == ".png"
        assert picture.stat().st_size > 10_000


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_begins_with_a_title_and_goes_on_in_blocks(example):
    """As sphinx-gallery reads them."""
    _, title, rule, empty, *lines = example.read_text(encoding="utf-8").splitlines()
    assert title[0].isupper()
    assert rule == "=" * len(title)
    assert not empty
    assert sum(line == "# %%" for line in lines) >= 3
