"""
Detecting and locating anomalies
================================

An autoencoder trained on normal sequences reconstructs anomalous ones badly: its reconstruction error is an anomaly
score (Malhotra et al. 2016, arXiv:1607.00148). So is the distance of its hidden states from those of the training set,
which `SequenceOutlierDetector` uses by default. This example answers three questions. Which score is better, also than
inexpensive baselines? Above which score is a sequence an anomaly? At which timesteps is the anomaly?

A note on the results: values outside the usual range are detected by the largest absolute value as well as by any
network. The autoencoder is worth its training time for anomalies within the usual range.

To run it::

    python examples/plot_outliers.py --picture outliers.png
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from sklearn.pipeline import make_pipeline
from tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES

from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector
from skseqae.datasets import make_waves
from skseqae.display import ErrorMapDisplay
from skseqae.preprocessing import Resampler

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="outliers.png", help="path of the figure (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs, as a smoke test")
arguments = parser.parse_args()

# %%
# The data are waves of two frequencies, with 20 to 40 timesteps. An anomaly lasts 8 timesteps: a jump, which leaves the
# usual range, or a flat line or a faster wave, which stay within it. One in twenty training sequences is an anomaly,
# and none is labelled; a third of the test sequences are anomalies.


def jump(x, start, rng):
    x[start : start + 8] += rng.choice([-2.5, 2.5])


def flat(x, start, rng):
    x[start : start + 8] = x[start]


def faster(x, start, rng):
    times = np.arange(8)[:, None]
    x[start : start + 8] = np.sin(2 * np.pi * 0.4 * times + rng.uniform(0, 2 * np.pi)) + rng.normal(0, 0.1, (8, 1))


ANOMALIES = {"a jump": jump, "a flat line": flat, "a faster wave": faster}


def waves(n_samples, share, seed):
    """Return sequences, the anomaly in each ("" for none), and the first timestep of the anomaly."""
    X, _ = make_waves(n_samples, lengths=(20, 40), n_classes=2, random_state=seed)
    rng = np.random.RandomState(seed)
    anomalies, starts = np.full(n_samples, "", dtype=object), np.zeros(n_samples, int)
    for i in range(int(share * n_samples)):  # the order of the samples is random
        anomalies[i] = list(ANOMALIES)[i % len(ANOMALIES)]
        starts[i] = rng.randint(len(X[i]) - 8)
        ANOMALIES[anomalies[i]](X[i], starts[i], rng)
    return X, anomalies, starts


X_train, _, _ = waves(60 if arguments.fast else 240, 0.05, seed=0)
X_test, anomaly, starts = waves(180, 1 / 3, seed=1)
is_anomaly = anomaly != ""

# %%
# Train the detector with default parameters, and one that uses the reconstruction error of an autoencoder like those of
# the paper. The threshold of both is the upper fence of a boxplot of the distances or errors in the training set. If
# the share of anomalies in the training set is known, `contamination` gives it.

published = LAST_STATE | WHOLE_SEQUENCES | {"units": 48, "learning_rate": 1e-2, "schedule": "cosine"}
autoencoder = LSTMAutoencoderTransformer(
    latent_dim=16, epochs=2 if arguments.fast else 200, random_state=0, **published
)
default = LSTMAutoencoderTransformer(epochs=2 if arguments.fast else None, random_state=0)
detectors = {
    "default parameters": SequenceOutlierDetector(default),
    "reconstruction error": SequenceOutlierDetector(autoencoder, method="error"),
    "reconstruction error, contamination=0.05": SequenceOutlierDetector(
        autoencoder, method="error", contamination=0.05
    ),
}
for detector in detectors.values():
    detector.fit(X_train)
detector = detectors["reconstruction error"]

# %%
# The inexpensive baselines are an isolation forest and the reconstruction error of PCA, both on sixteen resampled
# timesteps of each sequence, and the largest absolute value, which depends on the range only.


def pca_errors():
    pca = make_pipeline(Resampler(n_timesteps=16), PCA(8)).fit(X_train)
    rows = pca[0].transform(X_test)
    return ((rows - pca[1].inverse_transform(pca[1].transform(rows))) ** 2).mean(axis=1)


forest = make_pipeline(Resampler(n_timesteps=16), IsolationForest(random_state=0)).fit(X_train)
scores = {
    "distance of hidden states": -detectors["default parameters"].score_samples(X_test),
    "reconstruction error": -detector.score_samples(X_test),
    "isolation forest, 16 timesteps": -forest.score_samples(X_test),
    "PCA, 16 timesteps": pca_errors(),
    "largest value": np.array([np.abs(x).max() for x in X_test]),
}

# %%
# Plot the ROC curves of the scores, the errors of single timesteps in four sequences of each type, and the distances of
# all test sequences with the threshold.

figure, panels = plt.subplot_mosaic(
    [["roc", "map"], ["roc", "map"], ["distances", "distances"]], figsize=(12, 8), layout="constrained"
)
for name, score in scores.items():
    false, true, _ = roc_curve(is_anomaly, score)
    panels["roc"].plot(false, true, label=name)
panels["roc"].set(xlabel="false positive rate", ylabel="true positive rate", title="ROC")
panels["roc"].legend(loc="lower right")
plotted = [int(np.flatnonzero(anomaly == name)[k]) for name in ANOMALIES for k in range(4)]
plotted += np.flatnonzero(~is_anomaly)[:4].tolist()
fitted = detector.estimator_
ErrorMapDisplay.from_estimator(fitted, [X_test[i] for i in plotted], ax=panels["map"], cmap="magma_r")
for row, i in enumerate(plotted):
    if is_anomaly[i]:
        panels["map"].plot([starts[i] - 0.5, starts[i] + 7.5], [row + 0.5] * 2, color="C0", linewidth=2.5)
panels["map"].set_yticks([1.5, 5.5, 9.5, 13.5], [*ANOMALIES, "normal"], rotation=90, va="center")
panels["map"].set(ylabel=None, title="Errors; blue: timesteps of the anomaly")
distances = -detectors["default parameters"].score_samples(X_test)
groups = {"normal": distances[~is_anomaly]} | {name: distances[anomaly == name] for name in ANOMALIES}
for row, values in enumerate(groups.values()):
    panels["distances"].plot(values, row + np.linspace(-0.25, 0.25, len(values)), ".", color="0.4")
panels["distances"].axvline(-detectors["default parameters"].offset_, color="C0", label="threshold")
panels["distances"].set(yticks=range(4), yticklabels=groups, xscale="log", xlabel="squared distance", title="Distances")
panels["distances"].invert_yaxis()
panels["distances"].legend(loc="lower right")
figure.savefig(arguments.picture, dpi=120)

# %%
# Print the scores. ROC AUC is the probability that an anomaly has a higher score than a normal sequence; average
# precision is the area under the precision-recall curve.

if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print(
    "Published (Malhotra et al. 2016): reconstruction errors detect anomalies, on other data; no value for these data."
)
print(f"Obtained, {is_anomaly.sum()} anomalies among {len(anomaly)} sequences:\n")
print(f"{'ROC AUC':32}" + "".join(f"{name:>15}" for name in ANOMALIES) + f"{'all':>8}{'average precision':>20}")
for name, score in scores.items():
    subsets = [~is_anomaly | (anomaly == name) for name in ANOMALIES]
    cells = [roc_auc_score(is_anomaly[subset], score[subset]) for subset in subsets]
    line = "".join(f"{cell:15.3f}" for cell in cells)
    total = f"{roc_auc_score(is_anomaly, score):8.3f}{average_precision_score(is_anomaly, score):20.3f}"
    print(f"{name:32}{line}{total}")
print(f"\n{'detector':44}{'threshold':>12}{'false alarms':>14}{'detected':>10}")
for name, fitted_detector in detectors.items():
    flagged = fitted_detector.predict(X_test) == -1
    false_alarms, detected = flagged[~is_anomaly].mean(), flagged[is_anomaly].mean()
    print(f"{name:44}{-fitted_detector.offset_:12.3g}{false_alarms:14.1%}{detected:10.1%}")
highest = [int(np.argmax(x.mean(axis=1))) for x in detector.error_map([X_test[i] for i in np.flatnonzero(is_anomaly)])]
hit = [start <= t < start + 8 for t, start in zip(highest, starts[is_anomaly], strict=True)]
chance = np.mean([8 / len(X_test[i]) for i in np.flatnonzero(is_anomaly)])
print(f"\nThe timestep of the largest error is within the anomaly in {np.mean(hit):.0%}, by chance in {chance:.0%}.")
print(f"Figure saved to {arguments.picture}")
