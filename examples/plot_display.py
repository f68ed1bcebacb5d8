"""
What a fitted autoencoder looks like
====================================

After a fit the same is always to be seen: did the loss fall, what does the network say of the sequences, where is it
wrong, do the encodings tell the classes apart, and what was trained at all? `skseqae.display` has a picture for each.

    python examples/plot_display.py --picture display
"""

import argparse

import matplotlib.pyplot as plt

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_waves
from skseqae.display import EncodingDisplay, ErrorMapDisplay, LossCurveDisplay, ReconstructionDisplay, plot_network

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="display", help="how the pictures' names begin (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs, to see that everything runs")
arguments = parser.parse_args()

# %%
# Waves of three frequencies, of which nothing is said in training, and of 10 to 40 timesteps. The network can be looked
# at before it is trained: it is the one that `fit` would make for these data.

X, y = make_waves(300, lengths=(10, 40), random_state=0)
model = LSTMAutoencoderTransformer(
    latent_dim=16,
    units=48,
    learning_rate=1e-2,
    epochs=3 if arguments.fast else 150,
    early_stopping=True,
    n_iter_no_change=30,
    random_state=0,
)
boxes = plot_network(model, X)
boxes[0].figure.savefig(f"{arguments.picture}_network.png", dpi=120)

# %%
# How training went. The best epoch is the one whose weights are kept.

model.fit(X)
figure, ((losses, encodings), (errors, first)) = plt.subplots(2, 2, figsize=(13, 9), layout="constrained")
LossCurveDisplay.from_estimator(model, ax=losses)
losses.set_title("Loss")

# %%
# The encodings: two principal components of the 16 dimensions. Classes come in by their colour alone.

EncodingDisplay.from_estimator(model, X, y, ax=encodings)
encodings.set_title("Encodings, by class")

# %%
# Where reconstructions are wrong. The reconstruction begins with the last timestep, which was read last.

ErrorMapDisplay.from_estimator(model, X[:60], ax=errors)
errors.set_title("Errors of the first 60 sequences")

# %%
# A reconstruction beside its original. Axes may be given, or be made, one for each sample and feature.

ReconstructionDisplay.from_estimator(model, X, samples=0, ax=first)
figure.savefig(f"{arguments.picture}.png", dpi=120)
several = ReconstructionDisplay.from_estimator(model, X, samples=[0, 1, 2, 3])
several.figure_.savefig(f"{arguments.picture}_reconstructions.png", dpi=120)

# %%
# Of waves like these no pictures were published. The floor is the mean of the training set, whose error is 1 in these
# units.

print(f"{'':28}{'published':>10}{'floor':>8}{'obtained':>10}")
print(f"{'mean squared error':28}{'-':>10}{1.0:8.3f}{-model.score(X):10.3f}")
print(f"\nThe pictures are in {arguments.picture}.png and {arguments.picture}_*.png")
