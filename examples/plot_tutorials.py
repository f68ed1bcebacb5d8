"""
Autoencoders from tutorials
===========================

Tutorials on LSTM autoencoders use one sequence, 0.1, 0.2 … 0.9, and reconstruct it (reconstruction), predict each next
timestep (prediction), or do both from one encoding (composite). Then they discard the decoder and keep the encoder.
This example reproduces all of these systems. A tutorial prints the result of one seed; this example reports the median
of five.

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
from tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="tutorials.png", help="path of the figure (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs and seeds, as a smoke test")
arguments = parser.parse_args()
seeds = range(1) if arguments.fast else range(5)

# %%
# The data are one sequence of nine timesteps and one feature. The parameters are those of the tutorials: 100 units with
# relu activation, the target in forward order, and 300 steps of Adam; `LAST_STATE` and `WHOLE_SEQUENCES` replace the
# other defaults, so that the encoding is the last hidden state of one encoder. The tutorials do not scale the values.
# Here they are standardised before training, which is the default; the outputs are in the original units.

X = np.arange(1, 10).reshape(1, 9, 1) / 10
tutorial_parameters = LAST_STATE | {
    "latent_dim": 100,
    "activation": "relu",
    "reverse": False,
    "epochs": 5 if arguments.fast else 300,
    "batch_size": 1,
}

# %%
# Fit an autoencoder for each objective: reconstruction, prediction, and the composite of both. With
# `objective="prediction"` the target is the input shifted by one, which has eight timesteps.

objectives = ("reconstruction", "prediction", "composite")
fitted = {
    objective: [
        LSTMAutoencoderTransformer(
            objective=objective, random_state=seed, **tutorial_parameters, **WHOLE_SEQUENCES
        ).fit(X)
        for seed in seeds
    ]
    for objective in objectives
}

# %%
# Fit the composite also as a regressor: its second decoder predicts an arbitrary target y, which here is the input
# shifted by one.

fitted["composite regressor"] = [
    CompositeSequenceRegressor(random_state=seed, **tutorial_parameters).fit(X, X[:, 1:]) for seed in seeds
]


def outputs(model):
    """Return the reconstruction of X and the prediction of each next timestep, if the model has them."""
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
    name: [max(np.abs(part - truth[key]).max() for key, part in outputs(model).items()) for model in models]
    for name, models in fitted.items()
}

# %%
# Keep the encoder alone. `transform` returns the encoding. The estimator can be saved with joblib (or pickle), and
# `encoder_` is a Keras model of standard layers, which can be loaded without this package. Its inputs are the sequences
# and a mask of the real timesteps.

encoder = fitted["reconstruction"][0]
encoding = encoder.transform(X)
with tempfile.TemporaryDirectory() as folder:
    joblib.dump(encoder, Path(folder) / "encoder.joblib")
    encoder.encoder_.save(Path(folder) / "encoder.keras")
    joblib_is_identical = np.array_equal(joblib.load(Path(folder) / "encoder.joblib").transform(X), encoding)
    loaded = keras.models.load_model(Path(folder) / "encoder.keras")
keras_encoding = loaded.predict([X.astype("float32"), np.ones((1, 9), bool)], verbose=0)

# %%
# Plot the outputs of the composite with the first seed (left), and the largest error of each seed (right). The limit
# applies to the median.

limits = {"reconstruction": 0.01, "prediction": 0.035, "composite": 0.04, "composite regressor": 0.04}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
steps = np.arange(1, 10)
left.plot(steps, X[0, :, 0], color="0.7", linewidth=5, label="the sequence")
for (key, part), marker in zip(outputs(fitted["composite"][0]).items(), "ox", strict=True):
    left.plot(steps[-part.shape[1] :], part[0, :, 0], marker, color="C0" if marker == "o" else "C1", label=key)
left.set(xlabel="timestep", ylabel="value", title="Outputs of the composite")
left.legend()
for row, (name, values) in enumerate(errors.items()):
    right.plot(values, np.full(len(values), row), "o", color="C0", alpha=0.5, label="one seed" if row == 0 else None)
    right.plot(np.median(values), row, "|", color="C0", markersize=24, label="median" if row == 0 else None)
    right.plot(limits[name], row, "|", color="C3", markersize=24, label="limit" if row == 0 else None)
right.set(
    xscale="log", xlabel="largest error", yticks=range(len(errors)), yticklabels=errors, title="Errors of all seeds"
)
right.set(ylim=(len(errors) - 0.5, -0.5))
right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, frameon=False, markerscale=0.5)
figure.savefig(arguments.picture, dpi=120)

# %%
# The published values are those that the tutorials print for reconstruction and prediction. The limit of the composite
# requires about the same accuracy of both its outputs.

published = {
    "reconstruction": [0.104, 0.200, 0.299, 0.399, 0.499, 0.600, 0.700, 0.800, 0.900],
    "prediction": [0.166, 0.289, 0.403, 0.510, 0.610, 0.707, 0.800, 0.890],
}
if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print(f"{'largest error':22}{'published':>10}{'limit':>8}{'median':>9}{'best':>9}{'worst':>9}   ({len(seeds)} seeds)")
for name, values in errors.items():
    printed = published.get(name)
    largest = "" if printed is None else f"{np.abs(np.array(printed) - X[0, -len(printed) :, 0]).max():.3f}"
    print(
        f"{name:22}{largest:>10}{limits[name]:8.3f}{np.median(values):9.4f}{np.min(values):9.4f}{np.max(values):9.4f}"
    )
print(f"\nstandalone encoder: published shape (1, 100), obtained shape {encoding.shape}")
print(f"  saved by joblib and loaded: {'bitwise identical' if joblib_is_identical else 'different'}")
print(f"  saved as .keras and loaded: largest difference {np.abs(keras_encoding - encoding).max():.1e}")
print(f"\nFigure saved to {arguments.picture}")
