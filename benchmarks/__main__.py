"""Measure skseqae and its peers, each in a separate process, and write tables and plots.

    python -m benchmarks                      everything, about an hour on two cores
    python -m benchmarks networks search      some sections
    python -m benchmarks --fast               only check that everything runs

Times are medians of interleaved runs, A B A B ...; ratios are ratios of medians.
"""

import importlib.util
import json
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.commands import FAST, parse, write_below_mark
from benchmarks.report import draw, tables

COMMAND = "python -m benchmarks"
HERE = Path(__file__).parent
BASE = {"lengths": [50, 50], "n_samples": 2000, "n_features": 8, "units": 64, "batch_size": 32, "epochs": 3}
TINY = {"lengths": [10, 10], "n_samples": 20, "n_features": 3, "units": 8, "batch_size": 32, "epochs": 1}
NETWORKS = {
    "T 50": BASE,
    "T 200": BASE | {"lengths": [200, 200], "n_samples": 500, "epochs": 2},
    "T 50, H 128, batches of 128": BASE | {"units": 128, "batch_size": 128},
    "T 9, H 100": BASE | {"lengths": [9, 9], "n_features": 1, "units": 100, "epochs": 5},
    "T 10 to 200": BASE | {"lengths": [10, 200], "n_samples": 1000, "n_features": 4},
    "T 40 to 400": BASE | {"lengths": [40, 400], "n_samples": 500, "n_features": 12, "epochs": 2},
}
# the quantity that grows: its sizes, and the parameters of the case for each size
GROWTH = {
    "samples": {n: {"n_samples": n} for n in (250, 500, 1000, 2000, 4000)},
    "timesteps": {n: {"lengths": [n, n]} for n in (12, 25, 50, 100, 200)},
    "features": {n: {"n_features": n} for n in (1, 4, 16, 64)},
    "units": {n: {"units": n} for n in (16, 32, 64, 128, 256)},
    "ratio of the longest to the shortest length": {n: {"lengths": [200 // n, 200]} for n in (1, 2, 4, 8, 16)},
}


class Peer:
    """A process that runs the methods of one implementation on request."""

    def __init__(self, name, case):
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers", name, json.dumps(case)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HERE.parent,
        )

    def end(self):
        """End the process."""
        self.process.kill()
        self.process.communicate()

    def call(self, method):
        """Return the seconds that a method took, or the number that it returned."""
        self.process.stdin.write(f"{method}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("result "):
                return float(line.removeprefix("result "))
        raise RuntimeError(f"{self.name} failed in {method}:\n{self.process.stderr.read()[-2000:]}")


def networks():
    """Return the names of the peers that are installed."""
    return ["Skseqae", "Keras", *(["Torch"] if importlib.util.find_spec("torch") else [])]


def measure_interleaved(names, case, methods, runs):
    """Return medians by method and peer; `first` is the first fit of each peer, before all other runs."""
    peers = [Peer(name, case) for name in names]
    try:
        times = {"first": {peer.name: [peer.call("fit")] for peer in peers}}
        for method in methods:
            times[method] = {peer.name: [] for peer in peers}
            for _ in range(runs):
                for peer in peers:
                    times[method][peer.name].append(peer.call(method))
    finally:
        for peer in peers:
            peer.end()
    return {
        method: {name: statistics.median(seconds) for name, seconds in by_peer.items()}
        for method, by_peer in times.items()
    }


def measure_networks(fast):
    """Measure fit, transform and the encoding of single samples for each network and peer."""
    cases = {"tiny": TINY} if fast else NETWORKS
    methods, runs = ["fit", "transform", "single"], 1 if fast else 3
    return {name: measure_interleaved(networks(), case, methods, runs) for name, case in cases.items()}


def measure_growth(fast):
    """Measure fit and transform while one quantity grows."""
    base = TINY if fast else BASE | {"n_samples": 1000, "epochs": 1}
    names = [name for name in networks() if name != "Keras"]
    growth = {"samples": {20: {"n_samples": 20}}} if fast else GROWTH
    return {
        quantity: [
            (size, measure_interleaved(names, base | change, ["fit", "transform"], 2))
            for size, change in changes.items()
        ]
        for quantity, changes in growth.items()
    }


def measure_search(fast):
    """Measure a grid search of 12 candidates and 3 folds."""
    case = {"epochs": 1 if fast else 20}
    return measure_interleaved(["SkseqaeSearch"] if fast else ["SkseqaeSearch", "KerasSearch"], case, [], 0)


def measure_seq2seq(fast):
    """Measure training an encoder-decoder for one epoch and decoding."""
    case = {"n_samples": 200 if fast else 100_000}
    return measure_interleaved(["SkseqaeSeq2Seq"] if fast else ["SkseqaeSeq2Seq", "KerasSeq2Seq"], case, [], 0)


def measure_first(fast):
    """Measure the first fit of a process, on tiny data."""
    cases = {"one length": TINY, "unequal lengths": TINY | {"lengths": [3, 30]}}
    return {name: measure_interleaved(["Skseqae"], case, [], 0)["first"]["Skseqae"] for name, case in cases.items()}


def measure_memory(fast):
    """Return the megabytes by which a process grows per fit, and its size after each new architecture."""
    n_fits, case = 5 if fast else 200, TINY | {"lengths": [20, 20], "n_samples": 256}
    peer = Peer("Skseqae", case)
    try:
        for _ in range(5):
            peer.call("fit")
        before = peer.call("memory")
        for _ in range(n_fits):
            peer.call("fit")
        by_fit = (peer.call("memory") - before) / n_fits
        grown = [peer.call("fit_another") and peer.call("memory") for _ in range(3 if fast else 100)]
    finally:
        peer.end()
    return {"per fit": by_fit, "after each new architecture": grown}


SECTIONS = {
    "networks": measure_networks,
    "growth": measure_growth,
    "search": measure_search,
    "seq2seq": measure_seq2seq,
    "first": measure_first,
    "memory": measure_memory,
}


def main():
    """Measure, and write the results."""
    arguments = parse(COMMAND, __doc__, "section", SECTIONS, FAST)
    file = HERE / "results.json"
    results = json.loads(file.read_text()) if file.exists() and not arguments.fast else {}
    for name in arguments.names:
        print(f"{name} ...", flush=True)
        results[name] = SECTIONS[name](arguments.fast)
        if not arguments.fast:
            file.write_text(json.dumps(results, indent=1) + "\n")
    print(tables(results))
    if not arguments.fast:
        write_below_mark(HERE / "README.md", COMMAND, tables(results))
        draw(results, HERE)


if __name__ == "__main__":
    main()
