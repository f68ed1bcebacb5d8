"""The package without its extras: nothing heavy is imported, and errors name the extra to install."""

import re
import subprocess
import sys

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import CompositeSequenceRegressor, DenseAutoencoderTransformer, LSTMAutoencoderTransformer, Sequences
from skseqae.display import plot_network
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder

X = Sequences.from_list([[1.0, 2.0], [3.0]])
TRANSFORMERS = [
    CompositeSequenceRegressor(),
    DenseAutoencoderTransformer(),
    LSTMAutoencoderTransformer(),
    Resampler(),
    make_pipeline(PerTimestep(StandardScaler()), LSTMAutoencoderTransformer()),
]


class ArrowColumn:
    """An object with the Arrow stream interface, like a polars column."""

    def __arrow_c_stream__(self, requested_schema=None):
        raise AssertionError("nothing is read without pyarrow")


# matplotlib is in tests/display/test_axes.py, for each display
NEEDS = {
    "to_frame": ("pandas", "pandas", X.to_frame),
    "to_frame of polars": ("polars", "polars", lambda: X.to_frame(library="polars")),
    "to_arrow": ("pyarrow", "arrow", X.to_arrow),
    "from_arrow": ("pyarrow", "arrow", lambda: Sequences.from_arrow(ArrowColumn())),
    **{
        f"{type(each).__name__} by {library}": (library, library, lambda e=each, by=library: e.set_output(transform=by))
        for each in TRANSFORMERS
        for library in ("pandas", "polars")
    },
}


@pytest.mark.parametrize("need", NEEDS)
def test_a_package_that_is_not_there_is_named_with_what_installs_it(need, monkeypatch):
    package, extra, attempt = NEEDS[need]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'^{package} is not installed: pip install "skseqae\[{extra}\]"$'):
        attempt()


def test_what_gives_sequences_asks_for_no_frames(monkeypatch):
    for package in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, package, None)
        for step in (PerTimestep(StandardScaler()), SequencePadder()):
            assert step.set_output(transform=package) is step


def test_networks_are_drawn_without_graphviz(monkeypatch):
    for package in ("graphviz", "pydot"):
        monkeypatch.setitem(sys.modules, package, None)
    assert plot_network(DenseAutoencoderTransformer(2, hidden_layer_sizes=(3,)), [[1.0, 2.0], [3.0, 4.0]])


def test_importing_the_package_imports_no_extra():
    """Except for what scikit-learn imports itself, which includes pandas where it is installed."""
    modules = "skseqae, skseqae.datasets, skseqae.display, skseqae.model_selection, skseqae.preprocessing"
    heavy = {"keras", "tensorflow", "scikeras", "matplotlib", "pandas", "polars", "pyarrow", "torch", "skops"}
    script = (
        "import sys, sklearn; before = set(sys.modules)\n"
        f"import {modules}; print(sorted({heavy} & sys.modules.keys() - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout == "[]\n"


def test_extras_named_in_the_code_are_declared(pytestconfig):
    named = set()
    for path in (pytestconfig.rootpath / "skseqae").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        named |= set(re.findall(r"skseqae\[(\w+)\]", source))
        named |= set(re.findall(r'import_optional\("\w+", "(\w+)"', source))
    declared = re.findall(r"^(\w+) = \[", (pytestconfig.rootpath / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert named >= {"arrow", "display"}
    assert named <= set(declared)
