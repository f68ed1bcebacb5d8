"""
Decoders of one's own
=====================

A decoder makes a sequence from an encoding. "repeat" shows the encoding to an LSTM at every timestep; "conditional"
also shows it what it has said before. Any other is a function that returns a Keras model, from encodings
(B, latent_dim) to sequences (B, n_timesteps, n_features). Two that are often asked for: one unfolds the encoding into a
short sequence of its own, and one says the sequence in fewer, wider strides.

To run it::

    python examples/plot_decoders.py --picture decoders.png
"""

import argparse

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_waves

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="decoders.png", help="where to draw (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs, to see that everything runs")
arguments = parser.parse_args()

# %%
# An encoding of 20 is read as 10 timesteps of 2 numbers each, and an LSTM of 5 goes over them. Functions are defined at
# the top level of a module, so that estimators that hold them can be pickled.


def unfold(n_timesteps, latent_dim, n_features):
    """Read the encoding as timesteps of two, then an LSTM of 5, then as many timesteps as there should be."""
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
# An LSTM of 50 reads the encoding, and what it ends with is read as 10 timesteps of 5 numbers each, from which a dense
# layer says the features: where the sequences are longer than that, several timesteps at once.


def strides(n_timesteps, latent_dim, n_features):
    """Read an LSTM of 50 as 10 strides of 5 numbers, and say as many timesteps from each as it takes."""
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
# The sequences are sums of two sines, of 10 to 30 timesteps. A decoder of one's own always says as
# many timesteps as the longest training sequence has; what is beyond the end of a shorter one is neither counted in the
# loss nor returned. The encoder is the same for all four.

X, _ = make_waves(400, lengths=(10, 30), noise=0.05, random_state=0)
X_test, y_test = make_waves(100, lengths=(10, 30), noise=0.05, random_state=1)
decoders = {"repeat": "repeat", "conditional": "conditional", "unfold": unfold, "strides": strides}
fitted = {
    name: LSTMAutoencoderTransformer(
        latent_dim=20,
        units=50,
        decoder=decoder,
        learning_rate=3e-3,
        epochs=2 if arguments.fast else 60,
        random_state=0,
    ).fit(X)
    for name, decoder in decoders.items()
}

# %%
# What they make of one test sequence, and how they learned. (The loss of the conditional decoder is not comparable: in
# training it is shown the true timestep before, here and in the table it must do without.)

figure, axes = plt.subplots(2, 2, figsize=(10, 6), sharex=True, sharey=True, layout="constrained")
example = next(x for x, kind in zip(X_test, y_test, strict=True) if kind == 1 and len(x) > 20)
for axis, (name, model) in zip(axes.flat, fitted.items(), strict=True):
    axis.plot(example, "o", color="0.7", label="true")
    axis.plot(model.reconstruct([example])[0], color="C0", label="said")
    axis.set_title(f"{name}: mean squared error {model.reconstruction_error([example])[0]:.3f}")
for axis in axes[-1]:
    axis.set_xlabel("timestep")
for axis in axes[:, 0]:
    axis.set_ylabel("value")
figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
figure.savefig(arguments.picture, dpi=120)

# %%
# Nothing was published but the shapes. The floor of the test error is that of the mean, which is 1: errors are in
# units of each feature's variance.

if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print(f"{'':14}{'published':>16}{'weights':>10}{'training':>10}{'test':>8}   mean squared error")
published = {"unfold": "20 -> (10, 2)", "strides": "50 -> (10, 5)"}
for name, model in fitted.items():
    n_weights = model.decoder_.count_params()
    errors = [np.mean(model.reconstruction_error(sequences)) for sequences in (X, X_test)]
    print(f"{name:14}{published.get(name, ''):>16}{n_weights:10d}{errors[0]:10.3f}{errors[1]:8.3f}")
print(f"\nThe picture is in {arguments.picture}")
