"""
Moving digits: reconstruct, predict, or both
============================================

Srivastava et al. (2015, arXiv:1502.04681) trained LSTM autoencoders on films of moving digits, and found that

- it is easier to reconstruct the last frame first;
- a decoder that also reads its own last frame predicts slightly better, but its encoder gives no better features;
- an encoder that must both reconstruct the past and predict the future does better at each: its predictions are no
  worse, and its features are the best for a classifier that has few labels.

Here the same is tried on small films of scikit-learn's digits: 9 frames of 10 by 10 pixels, of which the encoder reads
6 and the last 3 are to be predicted. All of it is one class, `CompositeSequenceRegressor`, with other settings.

To run it::

    python examples/plot_moving_digits.py --picture moving_digits.png
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import CompositeSequenceRegressor
from skseqae.datasets import make_moving_digits

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="moving_digits.png", help="where to draw (default: %(default)s)")
parser.add_argument(
    "--seeds", type=int, default=5, help="how often to repeat it all, at least 2 (default: %(default)s)"
)
parser.add_argument("--fast", action="store_true", help="train for 2 epochs only, to see that everything runs")
arguments, _ = parser.parse_known_args()
if arguments.fast:
    arguments.seeds = 2

# %%
# Films to train on, and films of other digits to test with. Brightness is scaled over all pixels alike, so that an
# error of 1 is about that of predicting the mean.

SIZE, N_FRAMES, HORIZON = 10, 9, 3


def films(n_samples, subset, seed):
    X, y = make_moving_digits(n_samples, n_timesteps=N_FRAMES, size=SIZE, subset=subset, random_state=seed)
    return np.stack(X), y


X_train, y_train = films(200 if arguments.fast else 600, "train", 0)
X_test, y_test = films(400, "test", 1)
mean, std = X_train.mean(), X_train.std()
X_train, X_test = (X_train - mean) / std, (X_test - mean) / std

# %%
# Five networks of the same width, and an encoder that has learnt nothing: it takes one step too small to matter.
# `reconstruction_weight` says how much the past counts in the loss, and the future counts the rest.

NETWORKS = {
    "no pretraining": {"epochs": 1, "learning_rate": 1e-9},
    "future": {"reconstruction_weight": 0.0},
    "autoencoder": {"reconstruction_weight": 1.0},
    "autoencoder, not reversed": {"reconstruction_weight": 1.0, "reverse": False},
    "composite": {"reconstruction_weight": 0.5},
    "composite, conditional": {"reconstruction_weight": 0.5, "decoder": "conditional"},
}
EPOCHS = 2 if arguments.fast else 20


def trained(name, seed):
    settings = {"epochs": EPOCHS, "learning_rate": 4e-3} | NETWORKS[name]
    network = CompositeSequenceRegressor(64, horizon=HORIZON, scale=None, random_state=seed, **settings)
    return network.fit(X_train)


# %%
# What is measured: the loss of the reconstruction in training, the squared error of the future frames of the test
# films, and the accuracy of a linear classifier that reads encodings of 5 labelled films a class. That accuracy is a
# mean over ten choices of the films, the same for every network.


def future_error(network):
    said = network.predict(X_test[:, :-HORIZON])
    return np.mean((said - X_test[:, -HORIZON:]) ** 2)


def few_labels_accuracy(network, n_labels=5, n_choices=10):
    Z_train, Z_test = (network.transform(X[:, :-HORIZON]) for X in (X_train, X_test))
    accuracies = []
    for choice in range(n_choices):
        rng = np.random.RandomState(choice)
        rows = np.concatenate([rng.permutation(np.flatnonzero(y_train == digit))[:n_labels] for digit in range(10)])
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        accuracies.append(classifier.fit(Z_train[rows], y_train[rows]).score(Z_test, y_test))
    return np.mean(accuracies)


losses = {name: [] for name in NETWORKS}
errors = {name: [] for name in NETWORKS}
accuracies = {name: [] for name in NETWORKS}
shown = {}
for seed in range(arguments.seeds):
    for name in NETWORKS:
        network = trained(name, seed)
        losses[name].append(network.history_["reconstruction_loss"])
        errors[name].append(future_error(network))
        accuracies[name].append(few_labels_accuracy(network))
        if seed == 0:
            shown[name] = network.predict(X_test[:1, :-HORIZON])[0]

# %%
# One test film, what two networks say comes after its first frames, and the losses of reconstruction, seed by seed.

strips = {
    "frames 1 to 3, read": X_test[0, :HORIZON],
    "frames 4 to 6, read": X_test[0, HORIZON:-HORIZON],
    "frames 7 to 9, true": X_test[0, -HORIZON:],
    "as the future-only network says": shown["future"],
    "as the composite says": shown["composite"],
}
figure = plt.figure(figsize=(11, 5), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=[1, 1.3])
grid = left.subplots(len(strips), HORIZON)
for row, (title, frames) in zip(grid, strips.items(), strict=True):
    row[0].set_title(title, loc="left", fontsize=9)
    for panel, frame in zip(row, frames, strict=True):
        panel.imshow(frame.reshape(SIZE, SIZE), cmap="gray", vmin=X_test.min(), vmax=X_test.max())
        panel.set_axis_off()
panel = right.subplots()
for name, color in {"autoencoder": "C0", "autoencoder, not reversed": "C1"}.items():
    curves = np.transpose(losses[name])
    lines = panel.plot(np.arange(1, EPOCHS + 1), curves, color=color, alpha=0.7)
    lines[0].set_label("reversed" if name == "autoencoder" else "not reversed")
panel.set(xlabel="epoch", ylabel="mean squared error of reconstruction", title="Training loss", ylim=(0, None))
panel.legend()
figure.savefig(arguments.picture, dpi=120)

# %%
# The table. A difference is taken within each seed; the last column counts the seeds in which it has the published
# sign.


def spread(values):
    """Return the mean and its standard error, to print."""
    values = np.asarray(values)
    return f"{values.mean():.3f} +- {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def compare(claim, values, lower, higher):
    """Print one published claim, what came out, and in how many seeds it held."""
    difference = np.subtract(values[higher], values[lower])
    held = f"{np.sum(difference > 0)} of {len(difference)}"
    print(f"{claim:<62}{spread(values[lower]):<17}{spread(values[higher]):<17}{spread(difference):<18}{held}")


last = {name: [curve[-1] for curve in curves] for name, curves in losses.items()}
if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print(f"Means +- standard errors over {arguments.seeds} seeds\n")
print(f"{'published':<62}{'lower':<17}{'higher':<17}{'difference':<18}seeds")
compare("loss: reversed < not reversed", last, "autoencoder", "autoencoder, not reversed")
compare("future error: conditional < repeat (slightly)", errors, "composite, conditional", "composite")
compare("future error: composite <= future only", errors, "composite", "future")
compare("accuracy: no pretraining (63.7) < future (64.9)", accuracies, "no pretraining", "future")
compare("accuracy: future (64.9) < autoencoder (66.2)", accuracies, "future", "autoencoder")
compare("accuracy: autoencoder (66.2) < composite (67.0)", accuracies, "autoencoder", "composite")
compare("accuracy: conditional no better than repeat", accuracies, "composite, conditional", "composite")

# %%
# The published accuracies are of human actions in real films, quoted from memory: only their order can be compared.

print(f"\n{'network':<28}{'future error':<18}accuracy, 5 labels a class")
for name in NETWORKS:
    predicts = NETWORKS[name].get("reconstruction_weight", 1.0) < 1
    print(f"{name:<28}{spread(errors[name]) if predicts else '-':<18}{spread(accuracies[name])}")
print(f"\nThe picture is in {arguments.picture}")
