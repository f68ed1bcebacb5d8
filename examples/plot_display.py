"""
Visualising a fitted autoencoder
================================

After a fit the same questions come up: did the loss decrease, how good are the reconstructions, at which timesteps are
the errors, do the encodings separate the classes, and which network was trained? `skseqae.display` has a plot for each.

To run it::

    python examples/plot_display.py --picture display
"""

import argparse

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_waves
from skseqae.display import EncodingDisplay, ErrorMapDisplay, LossCurveDisplay, ReconstructionDisplay, plot_network

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="display", help="prefix of the figures' paths (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs, as a smoke test")
arguments = parser.parse_args()

# %%
# The data are waves of three frequencies, with 10 to 40 timesteps; the frequency is the label, which is not used in
# training. The network can be plotted before training: the diagram shows the network that `fit` would build for these
# data.

X, y = make_waves(300, lengths=(10, 40), random_state=0)
model = LSTMAutoencoderTransformer(
    max_steps=20 if arguments.fast else 1000, early_stopping=True, n_iter_no_change=30, random_state=0
)
boxes = plot_network(model, X)
boxes[0].figure.savefig(f"{arguments.picture}_network.png", dpi=120)

# %%
# Plot the loss curves. The marked epoch is the best one, whose weights are kept.

losses = LossCurveDisplay.from_estimator(model.fit(X))
losses.figure_.savefig(f"{arguments.picture}_losses.png", dpi=120)

# %%
# Plot two principal components of the 256-dimensional encodings. The class labels only determine the colours.

encodings = EncodingDisplay.from_estimator(model, X, y)
encodings.figure_.savefig(f"{arguments.picture}_encodings.png", dpi=120)

# %%
# Continuous labels get a colour bar. Here the label is the length of each wave, about which an encoding should hold
# some information.

lengths = EncodingDisplay.from_estimator(model, X, [float(len(x)) for x in X])
lengths.colorbar_.set_label("timesteps")
lengths.figure_.savefig(f"{arguments.picture}_lengths.png", dpi=120)

# %%
# Plot the reconstruction error of each timestep. The decoder starts with the last timestep, which the encoder read
# last.

errors = ErrorMapDisplay.from_estimator(model, X[:60])
errors.figure_.savefig(f"{arguments.picture}_errors.png", dpi=120)

# %%
# Plot reconstructions and the original sequences. Every display also accepts existing axes as `ax`.

several = ReconstructionDisplay.from_estimator(model, X, samples=[0, 1, 2, 3])
several.figure_.savefig(f"{arguments.picture}_reconstructions.png", dpi=120)

# %%
# There are no published results for these waves. The baseline is the mean of the training set, whose error is 1 in
# scaled units.

if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print(f"{'':28}{'published':>10}{'baseline':>10}{'obtained':>10}")
print(f"{'mean squared error':28}{'-':>10}{1.0:10.3f}{-model.score(X):10.3f}")
print(f"\nFigures saved to {arguments.picture}_*.png")
