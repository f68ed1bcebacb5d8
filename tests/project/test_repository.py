"""The README's code, the quickstart, the installation and the style."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import skseqae

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
USED_WITH = ("arrow", "display", "onnx", "pandas", "polars")  # the extras that the package itself imports
GUARANTEES = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", README)


@pytest.mark.parametrize(("file", "test"), GUARANTEES)
def test_tests_named_in_the_readme_exist(file, test):
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_the_readme_names_a_test_for_each_guarantee():
    numbers = re.findall(r"^\| (\d) \|", README, flags=re.MULTILINE)
    assert numbers == list("123456789")
    rows = re.findall(r"^\| \d \| .* \| (.*) \|$", README, flags=re.MULTILINE)
    assert len(rows) == len(numbers)
    assert all(re.match(r"`tests/[\w/]+\.py::test_\w+`", row) for row in rows)


def test_the_readmes_code_runs_as_printed(capsys, monkeypatch, tmp_path):
    """The blocks follow on one another, and the printed losses are those in the comments, seed by seed apart."""
    monkeypatch.chdir(tmp_path)  # a file is written there
    names = {}
    for block in CODE:
        exec(compile(block, "README.md", "exec"), names)
    reported, true = (float(line.split()[-1]) for line in capsys.readouterr().out.splitlines())
    assert true > 1.5 * reported
    assert names["encodings"].shape == (270, 256)


def test_the_quickstart_runs(tmp_path):
    picture = tmp_path / "quickstart.png"
    command = [sys.executable, ROOT / "examples" / "quickstart.py", "--fast", "--picture", picture]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "LSTM autoencoder:" in done.stdout
    assert picture.stat().st_size > 10_000


def test_python_started_above_a_clone_imports_the_package(tmp_path):
    """And not the folder of the clone, which has the same name, as an empty namespace package."""
    (tmp_path / "skseqae").mkdir()
    script = "import skseqae; print(skseqae.__version__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.stdout, done.stderr


def test_public_subpackages_are_imported_at_their_first_use():
    script = "import skseqae; print(skseqae.display.__name__, *dir(skseqae.display)); print(*dir(skseqae))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    display, package = (line.split() for line in done.stdout.splitlines())
    assert display == ["skseqae.display", *sorted(skseqae.display.__all__)]
    assert not [name for name in package if name.startswith("_") and name != "__version__"]


def test_help_begins_with_a_map_of_the_package():
    for name in {*dir(skseqae)} - {"SkseqaeFormatError", "__version__"}:
        assert name in skseqae.__doc__, name


@pytest.mark.parametrize(
    "command", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["codespell_lib"]], ids=" ".join
)
def test_the_code_is_tidy(command):
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lowest_versions_are_those_that_are_tried():
    """And `.ci/lowest.txt` names no version that nobody promised, except for companions of one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in USED_WITH for line in extras[extra])]
    promised = {r.name: str(r.specifier)[2:] for r in map(Requirement, lines) if str(r.specifier)[:2] == ">="}
    tried = dict(
        re.findall(r"^([\w-]+)==(.+)$", (ROOT / ".ci" / "lowest.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )
    for name, lowest in promised.items():
        assert f"{tried[name]}.".startswith(f"{lowest}."), name
