"""
Moving digits: reconstruct, predict, or both
============================================

Srivastava et al. (2015, arXiv:1502.04681) trained LSTM autoencoders on videos of moving digits, and found that

- reconstruction in reverse order is easier;
- a conditional decoder, which also reads its previous output frame, predicts slightly better, but its encoder does not
  give better features;
- an encoder that both reconstructs the past and predicts the future improves on both: its predictions are not worse,
  and its features are the best for a classifier with few labels.

This example repeats these comparisons on small videos of scikit-learn's digits: 9 frames of 10 by 10 pixels. The
encoder reads the first 6 frames, and the last 3 are the target of the prediction. All networks are instances of
`CompositeSequenceRegressor` with different parameters.

To run it::

    python examples/plot_moving_digits.py --picture moving_digits.png
"""

import argparse
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tutorial_parameters import LAST_STATE

from skseqae import CompositeSequenceRegressor, Sequences
from skseqae.datasets import make_moving_digits

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="moving_digits.png", help="path of the figure (default: %(default)s)")
parser.add_argument("--seeds", type=int, default=5, help="number of repetitions, at least 2 (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="train for 2 epochs only, as a smoke test")
arguments, _ = parser.parse_known_args()
if arguments.fast:
    arguments.seeds = 2

# %%
# The test videos show other digits than the training videos. One mean and one standard deviation over all pixels scale
# the brightness, so that predicting the mean has an error of about 1.

SIZE, N_FRAMES, HORIZON = 10, 9, 3


def videos(n_samples, subset, seed):
    X, y = make_moving_digits(n_samples, n_timesteps=N_FRAMES, size=SIZE, subset=subset, random_state=seed)
    return np.stack(X), y


X_train, y_train = videos(200 if arguments.fast else 600, "train", 0)
X_test, y_test = videos(400, "test", 1)
mean, std = X_train.mean(), X_train.std()
X_train, X_test = (X_train - mean) / std, (X_test - mean) / std

# %%
# The encoding is the last hidden state, as in the paper: `LAST_STATE` replaces the default statistics of all hidden
# states. There are five networks of the same width, and an encoder without pretraining, whose learning rate is too
# small to change the weights noticeably. `reconstruction_weight` is the weight of the reconstruction of the past in the
# loss; the prediction of the future has the remaining weight. All networks are compared after the same 20 epochs, at
# which their losses still fall: `fit` would warn of that. Two further encoders have default parameters, whose encodings
# are statistics of all hidden states: one is trained for both objectives, the other keeps its random weights.

NETWORKS = {
    "no pretraining": {"epochs": 1, "learning_rate": 1e-9},
    "future": {"reconstruction_weight": 0.0},
    "autoencoder": {"reconstruction_weight": 1.0},
    "autoencoder, not reversed": {"reconstruction_weight": 1.0, "reverse": False},
    "composite": {"reconstruction_weight": 0.5},
    "composite, conditional": {"reconstruction_weight": 0.5, "decoder": "conditional"},
}
STATISTICS = {
    "statistics, no pretraining": {"epochs": 1, "learning_rate": 1e-9},
    "statistics, composite": {"reconstruction_weight": 0.5} | ({"epochs": 2} if arguments.fast else {}),
}
ENCODERS = NETWORKS | STATISTICS
EPOCHS = 2 if arguments.fast else 20


warnings.filterwarnings("ignore", category=ConvergenceWarning)


def trained(name, seed):
    if name in STATISTICS:
        settings = STATISTICS[name] | {"horizon": HORIZON, "scale": None, "random_state": seed}
        return CompositeSequenceRegressor(**settings).fit(Sequences.from_padded(X_train))
    settings = LAST_STATE | {"epochs": EPOCHS, "learning_rate": 4e-3} | NETWORKS[name]
    network = CompositeSequenceRegressor(64, horizon=HORIZON, scale=None, random_state=seed, **settings)
    return network.fit(Sequences.from_padded(X_train))


# %%
# Three quantities are measured: the reconstruction loss in training, the squared error of the predicted future frames
# of the test videos, and the accuracy of a linear classifier trained on the encodings of 5 labelled videos per class.
# This accuracy is a mean over ten choices of the labelled videos, which are the same for every network.


def future_error(network):
    predictions = network.predict(X_test[:, :-HORIZON])
    return np.mean((predictions - X_test[:, -HORIZON:]) ** 2)


def few_labels_accuracy(network, n_labels=5, n_choices=10):
    Z_train, Z_test = (network.transform(X[:, :-HORIZON]) for X in (X_train, X_test))
    accuracies = []
    for choice in range(n_choices):
        rng = np.random.RandomState(choice)
        rows = np.concatenate([rng.permutation(np.flatnonzero(y_train == digit))[:n_labels] for digit in range(10)])
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        accuracies.append(classifier.fit(Z_train[rows], y_train[rows]).score(Z_test, y_test))
    return np.mean(accuracies)


losses = {name: [] for name in ENCODERS}
errors = {name: [] for name in ENCODERS}
accuracies = {name: [] for name in ENCODERS}
examples = {}
for seed in range(arguments.seeds):
    for name in ENCODERS:
        network = trained(name, seed)
        losses[name].append(network.history_["reconstruction_loss"])
        errors[name].append(future_error(network))
        accuracies[name].append(few_labels_accuracy(network))
        if seed == 0:
            examples[name] = network.predict(X_test[:1, :-HORIZON])[0]

# %%
# Plot one test video, the future frames that two networks predict, and the reconstruction loss of each seed.

strips = {
    "frames 1 to 3, input": X_test[0, :HORIZON],
    "frames 4 to 6, input": X_test[0, HORIZON:-HORIZON],
    "frames 7 to 9, true": X_test[0, -HORIZON:],
    "predicted by the future-only network": examples["future"],
    "predicted by the composite network": examples["composite"],
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
# Print the table. Differences are computed within each seed; the last column counts the seeds in which the difference
# has the published sign.


def spread(values):
    """Return the mean and its standard error as text."""
    values = np.asarray(values)
    return f"{values.mean():.3f} +- {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def compare(claim, values, lower, higher):
    """Print a published claim, the values obtained, and the number of seeds in which the claim holds."""
    difference = np.subtract(values[higher], values[lower])
    count = f"{np.sum(difference > 0)} of {len(difference)}"
    print(f"{claim:<62}{spread(values[lower]):<17}{spread(values[higher]):<17}{spread(difference):<18}{count}")


last = {name: [curve[-1] for curve in curves] for name, curves in losses.items()}
if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print(f"Means +- standard errors over {arguments.seeds} seeds\n")
print(f"{'published':<62}{'lower':<17}{'higher':<17}{'difference':<18}seeds")
compare("loss: reversed < not reversed", last, "autoencoder", "autoencoder, not reversed")
compare("future error: conditional < repeat (slightly)", errors, "composite, conditional", "composite")
compare("future error: composite <= future only", errors, "composite", "future")
compare("accuracy: no pretraining (63.7) < future (64.9)", accuracies, "no pretraining", "future")
compare("accuracy: future (64.9) < autoencoder (66.2)", accuracies, "future", "autoencoder")
compare("accuracy: autoencoder (66.2) < composite (67.0)", accuracies, "autoencoder", "composite")
compare("accuracy: conditional not better than repeat", accuracies, "composite, conditional", "composite")

# %%
# The published accuracies are for human actions in real videos and are quoted from memory: only their order can be
# compared.

print(f"\n{'network':<28}{'future error':<18}accuracy, 5 labels per class")
for name in ENCODERS:
    predicts = ENCODERS[name].get("reconstruction_weight", 1.0) < 1
    print(f"{name:<28}{spread(errors[name]) if predicts else '-':<18}{spread(accuracies[name])}")
print(f"\nFigure saved to {arguments.picture}")
