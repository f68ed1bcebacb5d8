"""Remove values from sequences, and measure errors of filled values and accuracies of classifiers behind them.

    python -m benchmarks.missing               everything, about 40 minutes on one core
    python -m benchmarks.missing gunpoint      some data sets
    python -m benchmarks.missing --fast        only check that everything runs; writes nothing

Everything runs on one core. The data sets are those of `benchmarks.quality`.
"""

import os
import warnings

import numpy as np
from sklearn.impute import SimpleImputer

from benchmarks.commands import FAST, parse, write_below_mark
from benchmarks.quality import DATA, HERE, PACKAGES, SEEDS, few_samples, is_skipped, ridge
from skseqae import LSTMAutoencoderTransformer
from skseqae.preprocessing import PerTimestep, SequenceImputer

PAGE = HERE.parent / "docs" / "missing.md"
COMMAND = "python -m benchmarks.missing"
NAMES = ("vowels", "motions", "gunpoint", "italy", "arrowhead")
SHARES = (0.1, 0.3, 0.5)
BLOCK = 0.1  # length of a block, as a share of the sequence


def remove(X, share, in_blocks, rng):
    """Return sequences with NaN in place of a share of the values of each feature, at random or in blocks."""
    removed = []
    for x in X:
        is_removed = rng.random_sample(x.shape) < share
        if in_blocks:
            size = max(2, round(BLOCK * len(x)))
            is_removed = np.stack([_blocks(len(x), size, share, rng) for _ in x.T], axis=1)
        is_removed[rng.randint(len(x))] = False
        removed.append(np.where(is_removed, np.nan, x))
    return removed


def _blocks(n_timesteps, size, share, rng):
    is_removed = np.zeros(n_timesteps, bool)
    while is_removed.mean() < share:
        start = rng.randint(max(1, n_timesteps - size + 1))
        is_removed[start : start + size] = True
    return is_removed


class FillForward:
    """Repeat the last observed value, before the first one the next."""

    def fit(self, X):
        """Do nothing."""
        return self

    def transform(self, X):
        """Return filled sequences; every feature of each has a value."""
        filled = []
        for x in X:
            steps = np.arange(len(x))[:, None]
            last = np.maximum.accumulate(np.where(np.isnan(x), -1, steps), axis=0)
            first = np.isnan(x).argmin(axis=0)
            filled.append(np.take_along_axis(x, np.where(last < 0, first, last), axis=0))
        return filled


class Interpolation:
    """Interpolate linearly over time."""

    def fit(self, X):
        """Do nothing."""
        return self

    def transform(self, X):
        """Return filled sequences; every feature of each has a value."""
        return [np.stack([self._fill(values) for values in x.T], axis=1) for x in X]

    def _fill(self, values):
        steps = np.flatnonzero(~np.isnan(values))
        return np.interp(np.arange(len(values)), steps, values[steps])


def masking(seed):
    """Return an autoencoder with default parameters that reads missing values."""
    return LSTMAutoencoderTransformer(missing="mask", random_state=seed)


IMPUTERS = {  # a function of the seed returns each
    "`SimpleImputer`, the mean": lambda seed: PerTimestep(SimpleImputer()),
    "last value": lambda seed: FillForward(),
    "linear interpolation": lambda seed: Interpolation(),
    "`SequenceImputer`": lambda seed: SequenceImputer(masking(seed)),
}
RECONSTRUCTION, MASK = '`reconstruct`, `missing="mask"`', 'no imputer, `missing="mask"`'


def measure(data, share, in_blocks, seeds):
    """Return the mean squared errors of removed values in units of variances, and the accuracies, by method."""
    train, y_train, test, y_test = data
    errors, accuracies = {}, {}
    for seed in seeds:
        rng = np.random.RandomState(seed)
        X, X_test = (remove(part, share, in_blocks, rng) for part in (train, test))
        is_removed, std = np.isnan(np.concatenate(X_test)), np.nanstd(np.concatenate(X), axis=0)

        def error(filled, is_removed=is_removed, std=std):
            return np.mean((((np.concatenate(filled) - np.concatenate(test)) / std) ** 2)[is_removed])

        def accuracy(encoder, X, X_test):
            return ridge().fit(encoder.transform(X), y_train).score(encoder.transform(X_test), y_test)

        for name, make in IMPUTERS.items():
            imputer = make(seed).fit(X)
            filled, filled_test = imputer.transform(X), imputer.transform(X_test)
            errors.setdefault(name, []).append(error(filled_test))
            encoder = LSTMAutoencoderTransformer(random_state=seed).fit(filled)
            accuracies.setdefault(name, []).append(accuracy(encoder, filled, filled_test))
        autoencoder = imputer.estimator_
        errors.setdefault(RECONSTRUCTION, []).append(error(autoencoder.reconstruct(X_test)))
        accuracies.setdefault(MASK, []).append(accuracy(autoencoder, X, X_test))
    return errors, accuracies


def table(results, title, methods, lowest):
    """Return one table in Markdown: a row for each data set, kind and share."""
    lines = [f"## {title}", "", f"| | removed | {' | '.join(methods)} |", "|---" * (len(methods) + 2) + "|"]
    for (name, kind, share), measured in results.items():
        means = [np.mean(measured[method]) for method in methods]
        best = min(means) if lowest else max(means)
        cells = [f"**{mean:.3f}**" if mean == best else f"{mean:.3f}" for mean in means]
        lines.append(f"| {name} | {share:.0%} {kind} | {' | '.join(cells)} |")
    means = [np.mean([np.mean(measured[method]) for measured in results.values()]) for method in methods]
    lines.append(f"| mean | | {' | '.join(f'{mean:.3f}' for mean in means)} |")
    return "\n".join(lines)


def main():
    """Measure, and write the tables."""
    arguments = parse(COMMAND, __doc__, "data set", {name: DATA[name] for name in NAMES}, FAST)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warnings.simplefilter("ignore")
    errors, accuracies = {}, {}
    for name in arguments.names:
        if is_skipped(name, PACKAGES.get(name, "aeon")):
            continue
        data = few_samples(DATA[name]()) if arguments.fast else DATA[name]()
        for kind in ("at random", "in blocks"):
            for share in SHARES[:1] if arguments.fast else SHARES:
                key, seeds = (name, kind, share), SEEDS[:1] if arguments.fast else SEEDS
                errors[key], accuracies[key] = measure(data, share, kind == "in blocks", seeds)
                print(
                    *key, {method: f"{np.mean(values):.3f}" for method, values in accuracies[key].items()}, flush=True
                )
    text = table(errors, "Mean squared error of removed values", [*IMPUTERS, RECONSTRUCTION], lowest=True)
    text += "\n\n" + table(accuracies, "Accuracy with `RidgeClassifierCV`", [*IMPUTERS, MASK], lowest=False)
    print(text)
    if not arguments.fast:
        write_below_mark(PAGE, COMMAND, text)


if __name__ == "__main__":
    main()
