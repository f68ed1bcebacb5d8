"""
An encoder seeds a classifier
=============================

Labels are dear and sequences cheap. An LSTM autoencoder is trained on all training sequences, without their labels,
and its encoder becomes the encoder of an LSTM classifier that sees 1, 5 or 20 labels a class. Srivastava et al. (2015,
arXiv:1502.04681) found that this helps most where labels are few. Here it is tried on spoken vowels and on films of
moving digits, in two ways: the given encoder is trained further with the rest, or stays as it is.

A warning before the figures: a fresh classifier that is trained with care is a strong rival. On the vowels, which it
learns well from 5 labels a speaker, training the given encoder further forgets some of what it knew, and it is the
frozen one that gains. On the films, which are harder, both ways gain at 5 labels a class.

To run it::

    python examples/plot_few_labels.py --picture few_labels.png
    python examples/plot_few_labels.py --seeds 10 --labels 5
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import t as student
from sklearn.frozen import FrozenEstimator

from skseqae import LSTMAutoencoderTransformer, Seq2SeqClassifier
from skseqae.datasets import load_japanese_vowels, make_moving_digits

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="few_labels.png", help="where to draw (default: %(default)s)")
parser.add_argument("--seeds", type=int, default=5, help="labelled subsets to try, at least 2 (default: %(default)s)")
parser.add_argument("--labels", type=int, nargs="+", default=[1, 5, 20], help="labels a class (default: 1 5 20)")
parser.add_argument("--fast", action="store_true", help="train for 2 epochs only, to see that everything runs")
arguments, _ = parser.parse_known_args()
if arguments.fast:
    arguments.seeds, arguments.labels = 2, [1, 5]

# %%
# Two data sets. The vowels are split as in the archive, by occasion; the digits of the test films are in other hands
# than those of the training films. All is scaled here, by the training sequences, and ``scale=None`` below: so every
# classifier reads the same numbers, and only the weights that it starts from are different.


def scaled(train, test, axis):
    """Return both in units of the standard deviation of the training timesteps, of each feature or of all."""
    packed = np.concatenate(train)
    mean, std = packed.mean(axis), packed.std(axis)
    return [(x - mean) / std for x in train], [(x - mean) / std for x in test]


def vowels():
    X_train, y_train = load_japanese_vowels(subset="train", return_X_y=True)
    X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)
    return *scaled(X_train, X_test, axis=0), y_train, y_test


def films():
    X_train, y_train = make_moving_digits(1000, n_timesteps=8, size=12, subset="train", random_state=0)
    X_test, y_test = make_moving_digits(400, n_timesteps=8, size=12, subset="test", random_state=1)
    return *scaled(X_train, X_test, axis=None), y_train, y_test


DATA = {"Japanese Vowels": vowels(), "moving digits": films()}

# %%
# One autoencoder for each, which sees no label.

PRETRAINING = {
    "Japanese Vowels": {"latent_dim": 128, "units": 64, "bidirectional": True, "dropout": 0.2, "epochs": 100},
    "moving digits": {"latent_dim": 128, "units": 128, "epochs": 50, "batch_size": 50},
}


def pretrained(name):
    """Return an autoencoder of the training sequences."""
    settings = PRETRAINING[name] | ({"epochs": 2} if arguments.fast else {})
    autoencoder = LSTMAutoencoderTransformer(scale=None, learning_rate=3e-3, random_state=0, **settings)
    return autoencoder.fit(DATA[name][0])


ENCODERS = {name: FrozenEstimator(pretrained(name)) for name in DATA}

# %%
# The same classifier three times for each labelled subset and seed: fresh; from the encoder; from the encoder, which
# stays as it is. Stochastic gradient descent with momentum suits so few labels better than Adam: with Adam even the
# last, linear layer alone does worse on the same encodings. All are trained until they know their labels.

SETTINGS = {
    "optimizer": "sgd",
    "optimizer__momentum": 0.9,
    "learning_rate": 0.1,
    "batch_size": 200,  # all labelled sequences at once
    "epochs": 2 if arguments.fast else 120,
    "scale": None,
}
WAYS = ["fresh", "seeded", "seeded, frozen"]


def labelled(y, n_labels, seed):
    """Return the rows of a few samples of each class."""
    rng = np.random.RandomState(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(y == label))[:n_labels] for label in np.unique(y)])


def accuracy(way, name, n_labels, seed):
    """Return the test accuracy of a classifier that saw a few labels a class."""
    X_train, X_test, y_train, y_test = DATA[name]
    if way == "fresh":
        start = {key: PRETRAINING[name].get(key, False) for key in ("units", "bidirectional")}
    else:
        start = {"encoder": ENCODERS[name], "freeze_encoder": way == "seeded, frozen"}
    rows = labelled(y_train, n_labels, seed)
    classifier = Seq2SeqClassifier(random_state=seed, **start, **SETTINGS)
    return classifier.fit([X_train[i] for i in rows], y_train[rows]).score(X_test, y_test)


accuracies = {
    (name, n_labels, way): np.array([accuracy(way, name, n_labels, seed) for seed in range(arguments.seeds)])
    for name in DATA
    for n_labels in arguments.labels
    for way in WAYS
}

# %%
# The curves of learning from few labels. Bars are standard errors.


def standard_error(values):
    return values.std(ddof=1) / np.sqrt(len(values))


figure, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for panel, name in zip(panels, DATA, strict=True):
    for way in WAYS:
        runs = [accuracies[name, n_labels, way] for n_labels in arguments.labels]
        panel.errorbar(
            arguments.labels,
            [r.mean() for r in runs],
            [standard_error(r) for r in runs],
            marker="o",
            capsize=3,
            label=way,
        )
    panel.set(xscale="log", xlabel="labels a class", ylabel="test accuracy", title=name)
    panel.set_xticks(arguments.labels, arguments.labels)
    panel.minorticks_off()
panels[0].legend()
figure.savefig(arguments.picture, dpi=120)

# %%
# The gains are differences between classifiers of the same labelled subset and seed, with their 95 % intervals. One
# autoencoder serves all of them: the intervals speak of labelled subsets and of starting weights, not of other
# pretrainings.

if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print("Published (Srivastava et al. 2015): a seeded classifier is better, most where labels are few; no figure here.")
print(
    f"Obtained: test accuracy, mean +- standard error over {arguments.seeds} seeds; gain over fresh with 95 % interval"
)
for name in DATA:
    print(
        f"\n{name}\n  {'labels a class':<16}"
        + "".join(f"{way:<18}" for way in WAYS)
        + "gain of seeded          of frozen"
    )
    for n_labels in arguments.labels:
        fresh, *others = (accuracies[name, n_labels, way] for way in WAYS)
        line = "".join(f"{runs.mean():.3f} +- {standard_error(runs):.3f}    " for runs in (fresh, *others))
        for runs in others:
            gain = runs - fresh
            half = student.ppf(0.975, len(gain) - 1) * standard_error(gain)
            line += f"{gain.mean():+.3f} [{gain.mean() - half:+.3f}, {gain.mean() + half:+.3f}] "
        print(f"  {n_labels:<16}{line}")
print(f"\nThe picture is in {arguments.picture}")
