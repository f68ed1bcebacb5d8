"""
Which sequences are anomalies, and where?
=========================================

An autoencoder that has learnt what is usual does badly on what is not: its error is a score of anomaly (Malhotra et
al. 2016, arXiv:1607.00148). Three questions remain. Above which error is a sequence an anomaly? Is the score better
than what is cheap? And where in the sequence does the anomaly lie?

A warning before the figures: what leaves the usual range is found by the largest value alone as well as by any network.
The autoencoder earns its time where something is wrong within the range. And a threshold from cross-validation is no
better here: from so few sequences it came out far too high, and half of the anomalies that the other thresholds find
pass below it.

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

from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector
from skseqae.datasets import make_waves
from skseqae.display import ErrorMapDisplay
from skseqae.preprocessing import Resampler

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="outliers.png", help="where to draw (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs, to see that everything runs")
arguments = parser.parse_args()

# %%
# Waves of two frequencies and of 20 to 40 timesteps. In an anomaly something is wrong for 8 timesteps: a jump, which
# leaves the usual range; a flat line and a faster wave, which do not. Of the training set one in twenty is an anomaly,
# and nothing says which; of the test set a third is.


def jump(x, start, rng):
    x[start : start + 8] += rng.choice([-2.5, 2.5])


def flat(x, start, rng):
    x[start : start + 8] = x[start]


def faster(x, start, rng):
    times = np.arange(8)[:, None]
    x[start : start + 8] = np.sin(2 * np.pi * 0.4 * times + rng.uniform(0, 2 * np.pi)) + rng.normal(0, 0.1, (8, 1))


KINDS = {"a jump": jump, "a flat line": flat, "a faster wave": faster}


def waves(n_samples, share, seed):
    """Return sequences, what is wrong with each, and where that begins."""
    X, _ = make_waves(n_samples, lengths=(20, 40), n_classes=2, random_state=seed)
    rng, kinds, starts = np.random.RandomState(seed), np.full(n_samples, "", dtype=object), np.zeros(n_samples, int)
    for i in range(int(share * n_samples)):  # the samples are in no order
        kinds[i] = list(KINDS)[i % len(KINDS)]
        starts[i] = rng.randint(len(X[i]) - 8)
        KINDS[kinds[i]](X[i], starts[i], rng)
    return X, kinds, starts


X_train, wrong_in_training, _ = waves(60 if arguments.fast else 240, 0.05, seed=0)
X_test, wrong, starts = waves(180, 1 / 3, seed=1)
is_wrong = wrong != ""

# %%
# Three thresholds of one autoencoder. `contamination` says how many of the training set are anomalies, where one knows.
# "auto" is the fence of a boxplot. With `cv` the fence is drawn about errors on sequences that were not learnt from:
# they are larger, as are those of new sequences.

autoencoder = LSTMAutoencoderTransformer(
    latent_dim=16, units=48, learning_rate=1e-2, epochs=2 if arguments.fast else 100, random_state=0
)
detectors = {
    "contamination=0.05": SequenceOutlierDetector(autoencoder, contamination=0.05),
    "auto": SequenceOutlierDetector(autoencoder),
    "auto, cv=3": SequenceOutlierDetector(autoencoder, cv=3),
}
for detector in detectors.values():
    detector.fit(X_train)
detector = detectors["auto"]

# %%
# What is cheap: an isolation forest and the reconstruction by principal components, both on sixteen timesteps of each
# sequence; and the largest value of all, which knows nothing but the range.


def pca_errors():
    pca = make_pipeline(Resampler(n_timesteps=16), PCA(8)).fit(X_train)
    rows = pca[0].transform(X_test)
    return ((rows - pca[1].inverse_transform(pca[1].transform(rows))) ** 2).mean(axis=1)


forest = make_pipeline(Resampler(n_timesteps=16), IsolationForest(random_state=0)).fit(X_train)
scores = {
    "LSTM autoencoder": -detector.score_samples(X_test),
    "isolation forest, 16 timesteps": -forest.score_samples(X_test),
    "PCA, 16 timesteps": pca_errors(),
    "largest value": np.array([np.abs(x).max() for x in X_test]),
}

# %%
# The scores by kind of anomaly; and where it lies, in one sequence of each kind.

figure, panels = plt.subplot_mosaic(
    [["roc", "map"], ["roc", "map"], ["errors", "errors"]], figsize=(12, 8), layout="constrained"
)
for name, score in scores.items():
    false, true, _ = roc_curve(is_wrong, score)
    panels["roc"].plot(false, true, label=name)
panels["roc"].set(xlabel="share of usual sequences taken for anomalies", ylabel="share of anomalies found", title="ROC")
panels["roc"].legend(loc="lower right")
shown = [int(np.flatnonzero(wrong == kind)[k]) for kind in KINDS for k in range(4)]
shown += np.flatnonzero(~is_wrong)[:4].tolist()
fitted = detector.estimator_
ErrorMapDisplay.from_estimator(fitted, [X_test[i] for i in shown], ax=panels["map"], cmap="magma_r")
for row, i in enumerate(shown):
    if is_wrong[i]:
        panels["map"].plot([starts[i] - 0.5, starts[i] + 7.5], [row + 0.5] * 2, color="C0", linewidth=2.5)
panels["map"].set_yticks([1.5, 5.5, 9.5, 13.5], [*KINDS, "as usual"], rotation=90, va="center")
panels["map"].set(ylabel=None, title="Errors; blue: where something is wrong")
errors = -fitted.score_samples(X_test)
groups = {"as usual": errors[~is_wrong]} | {kind: errors[wrong == kind] for kind in KINDS}
for row, values in enumerate(groups.values()):
    panels["errors"].plot(values, row + np.linspace(-0.25, 0.25, len(values)), ".", color="0.4")
for k, (name, each) in enumerate(detectors.items()):
    panels["errors"].axvline(-each.offset_, color=f"C{k}", linestyle=("-", "--", ":")[k], label=name)
panels["errors"].set(yticks=range(4), yticklabels=groups, xscale="log", xlabel="error", title="Errors and thresholds")
panels["errors"].invert_yaxis()
panels["errors"].legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3, frameon=False)
figure.savefig(arguments.picture, dpi=120)

# %%
# The numbers. ROC AUC is the chance that an anomaly scores above a usual sequence, average precision the area under
# the curve of precision and recall.

if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print("Published (Malhotra et al. 2016): that errors tell anomalies, on other data; no figure for these.")
print(f"Obtained, {is_wrong.sum()} anomalies among {len(wrong)} sequences:\n")
print(f"{'ROC AUC':32}" + "".join(f"{kind:>15}" for kind in KINDS) + f"{'all':>8}{'average precision':>20}")
for name, score in scores.items():
    cells = [roc_auc_score(is_wrong[rows], score[rows]) for rows in (~is_wrong | (wrong == kind) for kind in KINDS)]
    line = "".join(f"{cell:15.3f}" for cell in cells)
    total = f"{roc_auc_score(is_wrong, score):8.3f}{average_precision_score(is_wrong, score):20.3f}"
    print(f"{name:32}{line}{total}")
print(f"\n{'threshold':20}{'error above':>12}{'false alarms':>14}{'found':>8}")
for name, each in detectors.items():
    flagged = each.predict(X_test) == -1
    print(f"{name:20}{-each.offset_:12.3f}{flagged[~is_wrong].mean():14.1%}{flagged[is_wrong].mean():8.1%}")
highest = [int(np.argmax(x.mean(axis=1))) for x in detector.error_map([X_test[i] for i in np.flatnonzero(is_wrong)])]
hit = [start <= t < start + 8 for t, start in zip(highest, starts[is_wrong], strict=True)]
chance = np.mean([8 / len(X_test[i]) for i in np.flatnonzero(is_wrong)])
print(f"\nThe timestep of the largest error lies within the anomaly in {np.mean(hit):.0%}, by chance in {chance:.0%}.")
print(f"The picture is in {arguments.picture}")
