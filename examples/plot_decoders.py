"""
Custom decoders
===============

A decoder maps an encoding to a sequence. With ``decoder="repeat"`` an LSTM receives the encoding at every timestep;
with ``decoder="conditional"`` it also receives its previous output. Any other decoder is a function that returns a
Keras model from encodings (B, latent_dim) to sequences (B, n_timesteps, n_features). This example defines two decoders
that users often ask for: one reshapes the encoding into a short sequence, and one decodes several timesteps per step.

To run it::

    python examples/plot_decoders.py --picture decoders.png
"""

import argparse

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_waves

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="decoders.png", help="path of the figure (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs, as a smoke test")
arguments = parser.parse_args()

# %%
# The first decoder reshapes an encoding of 20 values to 10 timesteps of 2 features, which an LSTM of 5 units reads. The
# decoder functions are defined at the top level of a module, so that estimators that hold them can be pickled.


def unfold(n_timesteps, latent_dim, n_features):
    """Reshape the encoding to timesteps of 2 features, apply an LSTM of 5 units, and map to `n_timesteps`."""
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Reshape((latent_dim // 2, 2)),
            layers.LSTM(5, return_sequences=True),
            layers.Flatten(),
            layers.Dense(n_timesteps * n_features),
            layers.Reshape((n_timesteps, n_features)),
        ]
    )


# %%
# In the second decoder an LSTM of 50 units reads the encoding. Its final output is reshaped to 10 steps of 5 values,
# and a dense layer maps each step to the features: to several timesteps at once if the sequences have more than 10.


def strides(n_timesteps, latent_dim, n_features):
    """Reshape the output of an LSTM of 50 units to 10 steps of 5 values, and decode several timesteps per step."""
    width = -(-n_timesteps // 10)
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.RepeatVector(10),
            layers.LSTM(50),
            layers.Reshape((10, 5)),
            layers.Dense(width * n_features),
            layers.Reshape((10 * width, n_features)),
            layers.Cropping1D((0, 10 * width - n_timesteps)),
        ]
    )


# %%
# The sequences are sums of two sines and have 10 to 30 timesteps. The output of a custom decoder always has the length
# of the longest training sequence. Timesteps after the end of a shorter sequence are excluded from the loss and are not
# returned. All four autoencoders use the same encoder architecture. With `LAST_STATE`, the encoding is the last hidden
# state of one LSTM, as in the tutorials.

X, _ = make_waves(400, lengths=(10, 30), noise=0.05, random_state=0)
X_test, y_test = make_waves(100, lengths=(10, 30), noise=0.05, random_state=1)
decoders = {"repeat": "repeat", "conditional": "conditional", "unfold": unfold, "strides": strides}
fitted = {
    name: LSTMAutoencoderTransformer(
        latent_dim=20,
        decoder=decoder,
        epochs=2 if arguments.fast else 60,
        random_state=0,
        **LAST_STATE | WHOLE_SEQUENCES | {"units": 50, "learning_rate": 1e-2, "schedule": "cosine"},
    ).fit(X)
    for name, decoder in decoders.items()
}

# %%
# Plot the four reconstructions of one test sequence. The training loss of the conditional decoder is not comparable
# with the others: during training, this decoder receives the true previous timestep (teacher forcing). In the figure
# and in the table below it receives its own previous output.

figure, axes = plt.subplots(2, 2, figsize=(10, 6), sharex=True, sharey=True, layout="constrained")
example = next(x for x, label in zip(X_test, y_test, strict=True) if label == 1 and len(x) > 20)
for axis, (name, model) in zip(axes.flat, fitted.items(), strict=True):
    axis.plot(example, "o", color="0.7", label="true")
    axis.plot(model.reconstruct([example])[0], color="C0", label="reconstruction")
    axis.set_title(f"{name}: mean squared error {model.reconstruction_error([example])[0]:.3f}")
for axis in axes[-1]:
    axis.set_xlabel("timestep")
for axis in axes[:, 0]:
    axis.set_ylabel("value")
figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
figure.savefig(arguments.picture, dpi=120)

# %%
# Only the shapes were published. The baseline of the test error is that of predicting the mean, which is 1: errors are
# in units of the variance of each feature.

if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print(f"{'':14}{'published':>16}{'weights':>10}{'training':>10}{'test':>8}   mean squared error")
published = {"unfold": "20 -> (10, 2)", "strides": "50 -> (10, 5)"}
for name, model in fitted.items():
    n_weights = model.decoder_.count_params()
    errors = [np.mean(model.reconstruction_error(sequences)) for sequences in (X, X_test)]
    print(f"{name:14}{published.get(name, ''):>16}{n_weights:10d}{errors[0]:10.3f}{errors[1]:8.3f}")
print(f"\nFigure saved to {arguments.picture}")
