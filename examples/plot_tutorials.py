"""
The tutorials' autoencoders
===========================

Tutorials of LSTM autoencoders start from one sequence, 0.1, 0.2 … 0.9, and say it again (reconstruction), say each next
timestep (prediction), or both from one encoding (composite). Then they throw the decoder away and keep the encoder.
Here are all of these. A tutorial prints the outcome of one seed; below is the median of five.

To run it::

    python examples/plot_tutorials.py --picture tutorials.png
"""

import argparse
import tempfile
from pathlib import Path

import joblib
import keras
import matplotlib.pyplot as plt
import numpy as np

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="tutorials.png", help="where to draw (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs and seeds, to see that everything runs")
arguments = parser.parse_args()
seeds = range(1) if arguments.fast else range(5)

# %%
# One sequence of nine timesteps and one feature, and what the tutorials set: 100 units of relu, the target in forward
# order, and 300 steps of Adam. The tutorials feed the numbers as they are; here they are standardised before they reach
# the network, which is the default, and what comes out is in the data's own units again.

X = np.arange(1, 10).reshape(1, 9, 1) / 10
as_in_the_tutorials = {
    "latent_dim": 100,
    "activation": "relu",
    "reverse": False,
    "epochs": 5 if arguments.fast else 300,
    "batch_size": 1,
}

# %%
# Reconstruction, prediction, and the composite of both. With `objective="prediction"` the target is the input shifted
# by one: eight timesteps.

objectives = ("reconstruction", "prediction", "composite")
fitted = {
    objective: [
        LSTMAutoencoderTransformer(objective=objective, random_state=seed, **as_in_the_tutorials).fit(X)
        for seed in seeds
    ]
    for objective in objectives
}

# %%
# The composite once more, as a regressor: here the second decoder says whatever is given as y, and y happens to be the
# input shifted by one.

fitted["composite regressor"] = [
    CompositeSequenceRegressor(random_state=seed, **as_in_the_tutorials).fit(X, X[:, 1:]) for seed in seeds
]


def said(model):
    """Return what a model says of X: its reconstruction and each next timestep, where it says them."""
    parts = {}
    if hasattr(model, "reconstruct"):
        parts["reconstruction"] = model.reconstruct(X)
    if hasattr(model, "predict_next"):
        parts["next timestep"] = model.predict_next(X)
    if hasattr(model, "predict"):
        parts["next timestep"] = model.predict(X)
    return parts


truth = {"reconstruction": X, "next timestep": X[:, 1:]}
errors = {
    name: [max(np.abs(part - truth[what]).max() for what, part in said(model).items()) for model in models]
    for name, models in fitted.items()
}

# %%
# The encoder is what remains. `transform` gives the encoding; the estimator can be dumped by joblib (or pickle), and
# `encoder_` is a Keras model of stock layers that is read back without this package. Its inputs are the sequences and a
# mask that says which timesteps are real.

encoder = fitted["reconstruction"][0]
encoding = encoder.transform(X)
with tempfile.TemporaryDirectory() as folder:
    joblib.dump(encoder, Path(folder) / "encoder.joblib")
    encoder.encoder_.save(Path(folder) / "encoder.keras")
    same_by_joblib = np.array_equal(joblib.load(Path(folder) / "encoder.joblib").transform(X), encoding)
    loaded = keras.models.load_model(Path(folder) / "encoder.keras")
by_keras = loaded.predict([X.astype("float32"), np.ones((1, 9), bool)], verbose=0)

# %%
# On the left what the composite of the first seed says; on the right the largest error of each seed, of which the
# median is judged.

limits = {"reconstruction": 0.01, "prediction": 0.035, "composite": 0.04, "composite regressor": 0.04}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
steps = np.arange(1, 10)
left.plot(steps, X[0, :, 0], color="0.7", linewidth=5, label="the sequence")
for (what, part), marker in zip(said(fitted["composite"][0]).items(), "ox", strict=True):
    left.plot(steps[-part.shape[1] :], part[0, :, 0], marker, color="C0" if marker == "o" else "C1", label=what)
left.set(xlabel="timestep", ylabel="value", title="What the composite says")
left.legend()
for row, (name, values) in enumerate(errors.items()):
    right.plot(values, np.full(len(values), row), "o", color="C0", alpha=0.5, label="a seed" if row == 0 else None)
    right.plot(np.median(values), row, "|", color="C0", markersize=24, label="median" if row == 0 else None)
    right.plot(limits[name], row, "|", color="C3", markersize=24, label="limit" if row == 0 else None)
right.set(xscale="log", xlabel="largest error", yticks=range(len(errors)), yticklabels=errors, title="Every seed")
right.set(ylim=(len(errors) - 0.5, -0.5))
right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, frameon=False, markerscale=0.5)
figure.savefig(arguments.picture, dpi=120)

# %%
# Published are the values that the tutorials print, for reconstruction and prediction; of the composite no more is
# asked than that both its parts are as near as those.

published = {
    "reconstruction": [0.104, 0.200, 0.299, 0.399, 0.499, 0.600, 0.700, 0.800, 0.900],
    "prediction": [0.166, 0.289, 0.403, 0.510, 0.610, 0.707, 0.800, 0.890],
}
if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print(f"{'largest error':22}{'published':>10}{'limit':>8}{'median':>9}{'best':>9}{'worst':>9}   ({len(seeds)} seeds)")
for name, values in errors.items():
    printed = published.get(name)
    largest = "" if printed is None else f"{np.abs(np.array(printed) - X[0, -len(printed) :, 0]).max():.3f}"
    print(
        f"{name:22}{largest:>10}{limits[name]:8.3f}{np.median(values):9.4f}{np.min(values):9.4f}{np.max(values):9.4f}"
    )
print(f"\nstandalone encoder: published a vector of shape (1, 100), obtained {encoding.shape}")
print(f"  saved by joblib and loaded: {'the same bits' if same_by_joblib else 'different'}")
print(f"  saved as .keras and loaded: largest difference {np.abs(by_keras - encoding).max():.1e}")
print(f"\nThe picture is in {arguments.picture}")
