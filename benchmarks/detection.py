"""Detect injected faults, other classes and recorded failures, and write tables of scores.

    python -m benchmarks.detection             everything, about a quarter of an hour on two cores
    python -m benchmarks.detection gunpoint    some data sets
    python -m benchmarks.detection --fast      only check that everything runs; writes nothing

Each detector is trained on the training part of a data set, without labels. ROC AUC is the probability that an
anomalous sequence has a higher score than a normal one. The faults are injected into copies of the test part.

The machine temperature is of the Numenta Anomaly Benchmark (MIT license); the pulse is series 135 of the UCR Anomaly
Archive, which is part of aeon. The other data sets are those of benchmarks.quality.
"""

import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from benchmarks.commands import FAST, parse, write_below_mark
from benchmarks.quality import DATA, PACKAGES, default_autoencoder, few_samples, is_skipped, random_autoencoder
from skseqae import SequenceOutlierDetector
from skseqae.preprocessing import Resampler

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "detection.md"
COMMAND = "python -m benchmarks.detection"
SEEDS = range(3)
MAX_TEST_SAMPLES = 200
# of windows in which the Numenta Anomaly Benchmark has the failures of the machine
FAILURES = (
    ("2013-12-10 06:25", "2013-12-12 05:35"),
    ("2013-12-15 17:50", "2013-12-17 17:00"),
    ("2014-01-27 14:20", "2014-01-29 13:30"),
    ("2014-02-07 14:55", "2014-02-09 14:05"),
)

# --- faults: each function takes a sequence (T, F), standard deviations and a generator, and returns a copy -----------


def spikes(x, std, rng):
    """Add 5 standard deviations to one in fifty timesteps of a feature, at least one."""
    x, feature = x.copy(), rng.integers(x.shape[1])
    steps = rng.choice(len(x), max(1, len(x) // 50), replace=False)
    x[steps, feature] += rng.choice([-5, 5], len(steps)) * std[feature]
    return x


def stuck(x, std, rng):
    """Repeat one value of a feature over a third of the sequence."""
    x, feature, steps = x.copy(), rng.integers(x.shape[1]), _third(x, rng)
    x[steps, feature] = x[steps.start, feature]
    return x


def reversed_in_time(x, std, rng):
    """Reverse the sequence."""
    return x[::-1].copy()


def shifted(x, std, rng):
    """Add 2 standard deviations to a feature over a third of the sequence."""
    x, feature, steps = x.copy(), rng.integers(x.shape[1]), _third(x, rng)
    x[steps, feature] += rng.choice([-2, 2]) * std[feature]
    return x


def changed_frequency(x, std, rng):
    """Play the sequence at half or double speed, reflected at its end."""
    n_steps = len(x) - 1
    at = np.arange(len(x)) * rng.choice([0.5, 2.0])
    at = n_steps - np.abs(at - n_steps)
    return np.stack([np.interp(at, np.arange(len(x)), values) for values in x.T], axis=1)


def _third(x, rng):
    n_steps = max(2, len(x) // 3)
    start = rng.integers(len(x) - n_steps + 1)
    return slice(start, start + n_steps)


FAULTS = {
    "spikes": spikes,
    "stuck": stuck,
    "reversed": reversed_in_time,
    "shifted": shifted,
    "frequency": changed_frequency,
}

# --- detectors: each function takes the training set and a seed, and returns a function from sequences to scores ------


def default_detector(train, seed):
    """Return the negative scores of the detector with default parameters."""
    return _detector(train, default_autoencoder(seed))


def random_detector(train, seed):
    """Return the scores of the same detector around an autoencoder with random weights."""
    return _detector(train, random_autoencoder(seed))


def error_detector(train, seed):
    """Return the reconstruction errors of the autoencoder with default parameters."""
    return _detector(train, default_autoencoder(seed), method="error")


def _detector(train, autoencoder, **parameters):
    detector = SequenceOutlierDetector(autoencoder, **parameters).fit(train)

    def score(X):
        return -detector.decision_function(X)  # above 0 for outliers

    return score


def largest_value(train, seed):
    """Return the largest absolute value of each sequence, in standard deviations from the mean."""
    values = np.concatenate(train)
    mean, std = values.mean(axis=0), values.std(axis=0)
    return lambda X: np.array([np.abs((x - mean) / std).max() for x in X])


def pca_error(train, seed):
    """Return the errors of a PCA of sixteen resampled timesteps that explains 0.95 of the variance."""
    resampler = Resampler(n_timesteps=16).fit(train)
    pca = PCA(0.95, svd_solver="full").fit(resampler.transform(train))

    def score(X):
        rows = resampler.transform(X)
        return ((rows - pca.inverse_transform(pca.transform(rows))) ** 2).mean(axis=1)

    return score


def isolation_forest(train, seed):
    """Return the scores of an isolation forest on mean, deviation, extremes and mean change of each feature."""
    forest = IsolationForest(random_state=seed).fit(_statistics(train))
    return lambda X: -forest.score_samples(_statistics(X))


def _statistics(X):
    functions = (np.mean, np.std, np.min, np.max, lambda x, axis: np.abs(np.diff(x, axis=axis)).mean(axis=axis))
    return np.array([np.concatenate([function(x, axis=0) for function in functions]) for x in X])


METHODS = {
    "`SequenceOutlierDetector`, default parameters": default_detector,
    "the same with random weights": random_detector,
    '`method="error"`': error_detector,
    "largest absolute z-score": largest_value,
    "error of PCA, 16 timesteps": pca_error,
    "isolation forest on statistics": isolation_forest,
}

# --- problems: each function returns the training set, normal test sequences, and anomalous ones by kind --------------


def injected(name):
    """Return the parts of a data set, with faults in copies of the test part."""

    def load(fast):
        train, _, test, _ = few_samples(DATA[name]()) if fast else DATA[name]()
        rng, std = np.random.default_rng(0), np.concatenate(train).std(axis=0)
        normal = [test[i] for i in rng.permutation(len(test))[:MAX_TEST_SAMPLES]]
        return train, normal, {fault: [make(x, std, rng) for x in normal] for fault, make in FAULTS.items()}

    return load


def one_class(name):
    """Return the sequences of the first class of a data set, and those of the other classes as anomalies."""

    def load(fast):
        train, y_train, test, y_test = few_samples(DATA[name]()) if fast else DATA[name]()
        first = np.unique(y_train)[0]
        normal = [x for x, y in zip(test, y_test, strict=True) if y == first]
        others = [x for x, y in zip(test, y_test, strict=True) if y != first]
        return [x for x, y in zip(train, y_train, strict=True) if y == first], normal, {"other classes": others}

    return load


def machine_temperature(fast):
    """Return windows of half a day; the training set has all of them, with the failures."""
    table = pd.read_csv(HERE / "machine_temperature.csv.gz", parse_dates=["timestamp"])
    is_failure = np.zeros(len(table), bool)
    for start, end in FAILURES:
        is_failure |= table["timestamp"].between(start, end).to_numpy()
    windows, labels = _windows(table["value"].to_numpy()[:, None], is_failure, size=144, step=48 if not fast else 480)
    return windows, windows[~labels], {"failures": windows[labels]}


def pulse(fast):
    """Return windows of one or two heartbeats, some of which a test series has with a premature beat."""
    from aeon.datasets import load_kdd_tsad_135

    parts = [load_kdd_tsad_135(split=split) for split in ("train", "test")]
    train, test = (_windows(x[:, None].astype(float), y > 0, size=200, step=20 if not fast else 200) for x, y in parts)
    return train[0], test[0][~test[1]], {"the anomaly": test[0][test[1]]}


def _windows(values, is_anomalous, size, step):
    """Return windows (N, T, F), and whether each has an anomalous timestep."""
    starts = np.arange(0, len(values) - size + 1, step)
    rows = starts[:, None] + np.arange(size)
    return values[rows], is_anomalous[rows].any(axis=1)


PROBLEMS = {
    **{name: injected(name) for name in DATA},
    **{f"{name}, one class": one_class(name) for name in ("gunpoint", "italy", "wiimote", "arrowhead", "coffee")},
    "machine temperature": machine_temperature,
    "pulse": pulse,
}

# --- measurements and tables ------------------------------------------------------------------------------------------


def measure(method, problem):
    """Return, as means over seeds, the AUC of each kind, the shares of false alarms and of detections, and seconds."""
    train, normal, anomalous = problem
    results = []
    for seed in SEEDS if method in (default_detector, random_detector, error_detector, isolation_forest) else [0]:
        start = time.process_time()
        score = method(train, seed)
        scores = score(normal)
        seconds = time.process_time() - start
        by_kind = {kind: score(X) for kind, X in anomalous.items()}
        labels = {kind: np.repeat([0, 1], [len(scores), len(each)]) for kind, each in by_kind.items()}
        aucs = [roc_auc_score(labels[kind], np.append(scores, each)) for kind, each in by_kind.items()]
        detected = np.mean([(each > 0).mean() for each in by_kind.values()])
        results.append([*aucs, (scores > 0).mean(), detected, seconds])
    *aucs, false_alarms, detected, seconds = np.mean(results, axis=0)
    return {"auc": dict(zip(anomalous, aucs, strict=True)), "threshold": [false_alarms, detected], "seconds": seconds}


def tables(results):
    """Return the tables in Markdown: results by problem and method."""
    groups = {
        "Injected faults: ROC AUC, mean of five kinds": [name for name in results if name in DATA],
        "Other anomalies: ROC AUC": [name for name in results if name not in DATA],
    }
    parts = []
    for title, names in groups.items():
        rows = {
            method: [np.mean([*results[name][method]["auc"].values()]) for name in names] for method in METHODS if names
        }
        parts.append(_table(title, names, rows))
    injected = groups[next(iter(groups))]
    rows = {
        method: [np.mean([results[name][method]["auc"][fault] for name in injected]) for fault in FAULTS]
        for method in METHODS
        if injected
    }
    parts.append(_table("Injected faults: ROC AUC by kind, mean of the data sets", list(FAULTS), rows))
    with_threshold = list(METHODS)[:3] if injected else []
    for i, title in enumerate(("False alarms", "Faults detected")):
        rows = {method: [results[name][method]["threshold"][i] for name in injected] for method in with_threshold}
        parts.append(_table(f"{title} at the default threshold", injected, rows))
    rows = {method: [results[name][method]["seconds"] for name in results] for method in METHODS}
    parts.append(_table("CPU seconds to train and to score the normal test sequences", list(results), rows, "{:.1f}"))
    return "\n\n".join(parts)


def _table(title, columns, rows, form="{:.3f}"):
    lines = [f"## {title}", "", f"| | {' | '.join(columns)} | mean |", "|---" * (len(columns) + 2) + "|"]
    for name, values in rows.items():
        lines.append(f"| {name} | {' | '.join(form.format(value) for value in [*values, np.mean(values)])} |")
    return "\n".join(lines)


def main():
    """Measure, and write the tables."""
    arguments = parse(COMMAND, __doc__, "data set", PROBLEMS, FAST)
    warnings.simplefilter("ignore")  # aeon warns about the versions of other packages
    results = {}
    for name in arguments.names:
        package = "skseqae" if name == "machine temperature" else PACKAGES.get(name.split(",")[0], "aeon")
        if is_skipped(name, package):
            continue
        problem = PROBLEMS[name](arguments.fast)
        results[name] = {method: measure(function, problem) for method, function in METHODS.items()}
        aucs = [np.mean([*each["auc"].values()]) for each in results[name].values()]
        print(f"{name}: {' '.join(f'{auc:.3f}' for auc in aucs)}", flush=True)
    print(tables(results))
    if not arguments.fast and arguments.names == list(PROBLEMS):
        write_below_mark(PAGE, COMMAND, tables(results))


if __name__ == "__main__":
    main()
