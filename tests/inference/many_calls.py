"""The memory of a process after many calls of the methods of an estimator."""

import gc
import json
import sys
from pathlib import Path

import numpy as np

import skseqae
from tests.support.processes import run_in_fresh_process

SCRIPT = "from tests.inference.many_calls import main; main()"


def measure(path, n_calls):
    """Return the megabytes of a new process after each of several numbers of calls, with the estimator of a file."""
    result = path.with_suffix(".json")
    run_in_fresh_process(SCRIPT, path, result, *n_calls)
    return json.loads(result.read_text())


def main():
    """Measure with the arguments of the command: the file, the file for the result, and the numbers of calls."""
    path, result, *n_calls = sys.argv[1:]
    estimator, rng, sizes = skseqae.load(path), np.random.default_rng(0), {}
    for i in range(1, int(n_calls[-1]) + 1):
        lengths = rng.integers(1, rng.choice([2, 30, 100]), size=rng.choice([1, 3, 20, 100]))
        lengths = np.array([200_000]) if i % 200 == 100 else lengths
        values = rng.normal(size=(lengths.sum(), estimator.n_features_in_)).astype(np.float32)
        X = skseqae.Sequences.from_packed(values, lengths)
        if i % 5:
            estimator.transform(X)
        else:
            estimator.reconstruct(X)
        if str(i) in n_calls:
            gc.collect()
            sizes[i] = int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
    Path(result).write_text(json.dumps([*sizes.values()]))
