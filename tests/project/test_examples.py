"""Every example runs unchanged, and prints published figures beside those it obtains."""

import subprocess
import sys
from pathlib import Path

import pytest

# NumPy 2 deprecates how Keras converts TensorFlow's variables, for example when it saves a model.
WARNINGS = ["-W", "error", "-W", "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"]
# With `--fast`, training is too short, and reports that.
WARNINGS += ["-W", "ignore:Training ended after", "-W", "ignore:The loss after"]
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("plot_*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run_without_warnings_and_print_published_figures(example, tmp_path):
    command = [sys.executable, *WARNINGS, example, "--fast"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "published" in done.stdout.lower()
    for picture in tmp_path.iterdir():  # and nothing else is left behind
        assert picture.suffix == ".png"
        assert picture.stat().st_size > 10_000


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_have_a_title_and_blocks(example):
    """sphinx-gallery requires both."""
    _, title, rule, empty, *lines = example.read_text(encoding="utf-8").splitlines()
    assert title[0].isupper()
    assert rule == "=" * len(title)
    assert not empty
    assert sum(line == "# %%" for line in lines) >= 3
