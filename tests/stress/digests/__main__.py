"""Digests of everything that skseqae computes, run by `python -m tests.stress.digests`.

    python -m tests.stress.digests OUT.json                     all configurations
    python -m tests.stress.digests OUT.json ae_gru "compiled_*" configurations by names or patterns
    python -m tests.stress.digests --list                       the names
    python -m tests.stress.digests --compare A.json B.json      the entries that differ; exit status 1 if there are any

OUT.json holds, for each configuration, a dict of entry to the first 16 characters of a SHA-256 digest. Equal digests
before and after a refactoring show that no bit of the fitted states and outputs has changed. Digests of different
machines or versions of the dependencies are not comparable.
"""

import os

# before TensorFlow is imported
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import argparse
import fnmatch
import json
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path

import skseqae
from tests.stress.digests.registry import CONFIGURATIONS

MODULES = ("autoencoders", "training", "containers", "copies", "regressors", "classifiers", "pretrained", "dense")
MODULES += ("detectors", "pipelines", "selection", "compiled", "export")


def compare(first, second):
    """Print the entries that differ between two files; return how many they are."""
    a, b = (json.loads(Path(path).read_text(encoding="utf-8")) for path in (first, second))
    differences = []
    for name in sorted(a.keys() | b.keys()):
        if name not in a or name not in b:
            differences.append(f"{name}: only in {first if name in a else second}")
            continue
        differences += [
            f"{name}: {entry}: {a[name].get(entry)} {b[name].get(entry)}"
            for entry in sorted(a[name].keys() | b[name].keys())
            if a[name].get(entry) != b[name].get(entry)
        ]
    for difference in differences:
        print(difference)
    n_entries = sum(map(len, a.values()))
    print(f"{len(a)} and {len(b)} configurations, {n_entries} entries, {len(differences)} differ")
    return len(differences)


def compute(names):
    """Return the digests of configurations, and the names of those that failed."""
    results, failed = {}, []
    for i, name in enumerate(names):
        start = time.perf_counter()
        try:
            results[name] = CONFIGURATIONS[name]()
        except Exception as error:
            failed.append(name)
            results[name] = {"error": f"{type(error).__name__}: {error}"}
            print(f"  failed: {type(error).__name__}: {error}")
        seconds = time.perf_counter() - start
        print(f"{i + 1:4d}  {name:52s} {len(results[name]):4d} entries {seconds:7.2f} s", flush=True)
    return results, failed


def main():
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress.digests", description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", metavar="OUT.json", help="the file to write")
    parser.add_argument("patterns", nargs="*", metavar="NAME", help="configurations, by names or patterns; all if none")
    parser.add_argument("--list", action="store_true", help="print the names of all configurations")
    parser.add_argument("--compare", nargs=2, metavar=("A.json", "B.json"), help="print the entries that differ")
    parser.add_argument("--reverse", action="store_true", help="run in reverse order, which must not change a digest")
    arguments = parser.parse_args()
    if arguments.compare:
        return 1 if compare(*arguments.compare) else 0
    for module in MODULES:
        import_module(f"tests.stress.digests.{module}")  # adds its configurations
    if arguments.list:
        print(*CONFIGURATIONS, sep="\n")
        return 0
    patterns = arguments.patterns or ["*"]
    names = [name for name in CONFIGURATIONS if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    if arguments.out is None or not names:
        parser.error("OUT.json is missing" if arguments.out is None else "no configuration has such a name")
    if arguments.reverse:
        names.reverse()
    print(f"skseqae {skseqae.__version__} from {skseqae.__file__}: {len(names)} configurations")
    warnings.simplefilter("ignore")
    begin = time.perf_counter()
    results, failed = compute(names)
    Path(arguments.out).write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    n_entries, seconds = sum(map(len, results.values())), time.perf_counter() - begin
    print(f"{len(results)} configurations, {n_entries} entries, {seconds:.0f} s, failed: {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
