"""Classify sequences by encodings, and by what one would take instead, and write tables of accuracies and times.

    python -m benchmarks.quality               everything, about forty minutes on one core
    python -m benchmarks.quality gunpoint      some data sets
    python -m benchmarks.quality --fast        only show that all of it runs; writes nothing

What is in benchmarks/quality.json is not measured again: without that file, all is.

All runs on one core, and seconds are those of the processor. What is not installed is left out, and named. The data
come with aeon, but for the Japanese Vowels, which come with this package.
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
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from benchmarks.commands import FAST, parse, write_below_mark
from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import load_japanese_vowels
from skseqae.preprocessing import Resampler, SequencePadder

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "comparison.md"
COMMAND = "python -m benchmarks.quality"
SEEDS = range(3)
FEW = 5  # labels a class
LOUD = 0.5  # standard deviation of the noise that is added, in that of the feature

# --- what is classified -----------------------------------------------------------------------------------------------


def from_aeon(loader):
    """Return a function that loads a data set of aeon's as lists of arrays (T, F)."""

    def load():
        from aeon import datasets

        parts = [getattr(datasets, loader)(split=subset) for subset in ("train", "test")]
        return [part for X, y in parts for part in ([np.ascontiguousarray(x.T) for x in X], np.asarray(y))]

    return load


def japanese_vowels():
    """Return the training utterances, their speakers, the test utterances and theirs."""
    return [part for subset in ("train", "test") for part in load_japanese_vowels(subset=subset, return_X_y=True)]


DATA = {
    "vowels": japanese_vowels,
    "motions": from_aeon("load_basic_motions"),
    "gunpoint": from_aeon("load_gunpoint"),
    "italy": from_aeon("load_italy_power_demand"),
    "wiimote": from_aeon("load_pickup_gesture_wiimoteZ"),
}

# --- what encodes: each takes a seed and gives a transformer of lists of arrays (T, F) --------------------------------


def default_autoencoder(seed):
    """Make the autoencoder as it comes."""
    return LSTMAutoencoderTransformer(random_state=seed)


def longer_autoencoder(seed):
    """Make the one as it comes, and train it ten times as long: of 50 samples a hundred epochs are but 200 steps."""
    return LSTMAutoencoderTransformer(epochs=1000, random_state=seed)


def larger_autoencoder(seed):
    """Make the one that the search of examples/quickstart.py takes, by folds of the vowels' training set."""
    return LSTMAutoencoderTransformer(
        latent_dim=128, units=64, bidirectional=True, learning_rate=3e-3, random_state=seed
    )


def resampled(seed):
    """Take sixteen timesteps of each sequence, in a row."""
    return Resampler(n_timesteps=16)


def padded_pca(seed):
    """Take the principal components of the zero-padded array that hold 0.99 of its variance."""
    padder = SequencePadder(padding_value=0.0, too_long="truncate")
    return make_pipeline(padder, FunctionTransformer(rows), PCA(0.99, svd_solver="full"))


def rows(X):
    """Return arrays (N, T, F) as rows."""
    return X.reshape(len(X), -1)


def channels_first(X):
    """Return sequences as aeon reads them: an array (N, F, T) if they have one length, else a list of (F, T)."""
    flipped = [np.ascontiguousarray(x.T) for x in X]
    return np.stack(flipped) if len({len(x) for x in X}) == 1 else flipped


class PaddedMiniRocket:
    """MiniRocket of aeon, which reads one length: zeros make others as long as the longest of the training set."""

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
    """Compute the 22 features of each channel."""
    from aeon.transformations.collection.feature_based import Catch22

    return make_pipeline(FunctionTransformer(channels_first), Catch22(replace_nans=True))


class TsfreshFeatures:
    """The ten features of tsfresh of each channel that take no time; what is not defined becomes zero."""

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
    """Compute the features of tsfresh."""
    return TsfreshFeatures()


# name: what makes it, what must be installed, and whether the seed changes it
METHODS = {
    "16 timesteps (`Resampler`)": (resampled, "skseqae", False),
    "PCA of the zero-padded array": (padded_pca, "sklearn", False),
    "tsfresh, minimal": (minimal_tsfresh, "tsfresh", False),
    "catch22 (aeon)": (catch22, "aeon", False),
    "MiniRocket (aeon), zero-padded": (PaddedMiniRocket, "aeon", True),
    "LSTM autoencoder, as it comes": (default_autoencoder, "skseqae", True),
    "LSTM autoencoder, 1,000 epochs": (longer_autoencoder, "skseqae", True),
    "LSTM autoencoder, larger": (larger_autoencoder, "skseqae", True),
}

# --- how it is measured -----------------------------------------------------------------------------------------------


def ridge():
    """Make the classifier that MiniRocket's authors take."""
    return make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)))


def logistic():
    """Make the classifier of this package's examples."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def few_rows(y, seed):
    """Return the rows of a few samples of each class."""
    rng = np.random.RandomState(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(y == label))[:FEW] for label in np.unique(y)])


def noisy(X, std, rng):
    """Return sequences with noise added."""
    return [x + LOUD * std * rng.normal(size=x.shape) for x in X]


def encode(make, seed, train, test):
    """Return the encodings of both parts, and the seconds that training and encoding them took."""
    encoder, start = make(seed), time.process_time()
    encoder.fit(train)
    return encoder.transform(train), encoder.transform(test), time.process_time() - start


def measure(make, seeds, data):
    """Return by setting the accuracy of each seed, and the seconds."""
    train, y_train, test, y_test = data
    std = np.concatenate(train).std(axis=0)
    make(seeds[0]).fit(train[:20]).transform(test[:20])  # compiles what is to be compiled
    taken = {what: [] for what in TITLES}
    for seed in seeds:
        Z, Z_test, seconds = encode(make, seed, train, test)
        taken["seconds"].append(seconds)
        taken["ridge"].append(ridge().fit(Z, y_train).score(Z_test, y_test))
        taken["logistic"].append(logistic().fit(Z, y_train).score(Z_test, y_test))
        for draw in SEEDS:  # the same few labels for each method
            few = few_rows(y_train, draw)
            taken["few"].append(ridge().fit(Z[few], y_train[few]).score(Z_test, y_test))
    for seed in SEEDS:
        rng = np.random.RandomState(seed)
        Z, Z_test, _ = encode(make, seed, noisy(train, std, rng), noisy(test, std, rng))
        taken["noise"].append(ridge().fit(Z, y_train).score(Z_test, y_test))
    return taken


def few_samples(data):
    """Return 30 samples of each part, to be fast."""
    rng, (train, y_train, test, y_test) = np.random.RandomState(0), data
    parts = []
    for X, y in ((train, y_train), (test, y_test)):
        chosen = rng.permutation(len(y))[:30]
        parts += [[X[i] for i in chosen], y[chosen]]
    return parts


def is_left_out(method, package):
    """Return whether a package is not installed, and say so."""
    missing = importlib.util.find_spec(package) is None
    if missing:
        print(f"{method}: left out, {package} is not installed", flush=True)
    return missing


# --- what is written --------------------------------------------------------------------------------------------------

TITLES = {
    "ridge": "Accuracy on the archive's test part, `RidgeClassifierCV` on the encodings",
    "logistic": "The same by `LogisticRegression`",
    "few": f"Encoders trained on all training sequences, {FEW} labels a class, three draws of them for each encoder",
    "noise": f"Noise added to training and test sequences, {LOUD} standard deviations of the feature",
    "seconds": "CPU seconds to train on the training part and encode both, compilation not counted",
}


def tables(results):
    """Return the tables in Markdown."""
    names = ["scikit-learn", "numpy", "tensorflow", "keras", "aeon", "tsfresh"]
    installed = [f"{n} {version(n)}" for n in names if importlib.util.find_spec(n.replace("scikit-learn", "sklearn"))]
    parts = [f"One core, Python {platform.python_version()}, {', '.join(installed)}."]
    for what, title in TITLES.items():
        lines = [f"## {title}", "", "| | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
        best = {name: max(np.mean(taken[what] or 0) for taken in methods.values()) for name, methods in results.items()}
        for method in METHODS:
            cells = [_cell(methods.get(method), what, best[name]) for name, methods in results.items()]
            lines.append(f"| {method} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _cell(taken, what, best):
    if taken is None or not taken[what]:
        return "not run"
    values = np.array(taken[what])
    if what == "seconds":
        return f"{np.median(values):.2g}"
    said = f"{values.mean():.3f}" + (f" ± {values.std(ddof=1):.3f}" if len(values) > 1 else "")
    return f"**{said}**" if values.mean() == best else said


def main():
    """Measure, and write what was measured."""
    arguments = parse(COMMAND, __doc__, "data set", DATA, FAST)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warnings.simplefilter("ignore")  # of the peers about one another's versions
    file = HERE / "quality.json"
    results = json.loads(file.read_text()) if file.exists() and not arguments.fast else {}
    names = [name for name in arguments.names if name == "vowels" or not is_left_out(name, "aeon")]
    data = {name: few_samples(DATA[name]()) if arguments.fast else DATA[name]() for name in names}
    for method, (make, package, seeded) in METHODS.items():
        if is_left_out(method, package):
            continue
        for name in names:
            if method in results.get(name, {}):
                continue
            taken = measure(make, SEEDS if seeded else SEEDS[:1], data[name])
            results.setdefault(name, {})[method] = taken
            print(f"{method}, {name}: {np.mean(taken['ridge']):.3f}", flush=True)
            if not arguments.fast:
                file.write_text(json.dumps(results, indent=1) + "\n")
    print(tables(results))
    if not arguments.fast:
        write_below_mark(PAGE, COMMAND, tables(results))


if __name__ == "__main__":
    main()
