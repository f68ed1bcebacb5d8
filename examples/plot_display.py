"""
What a fitted autoencoder looks like
====================================

After a fit the same is always to be seen: did the loss fall, what does the network say of the sequences, where is it
wrong, do the encodings tell the classes apart, and what was trained at all? `skseqae.display` has a picture for each.

To run it::

    python examples/plot_display.py --picture display
"""

import argparse

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

losses = LossCurveDisplay.from_estimator(model.fit(X))
losses.figure_.savefig(f"{arguments.picture}_losses.png", dpi=120)

# %%
# The encodings: two principal components of the 16 dimensions. Classes come in by their colour alone.

encodings = EncodingDisplay.from_estimator(model, X, y)
encodings.figure_.savefig(f"{arguments.picture}_encodings.png", dpi=120)

# %%
# Labels that were measured have a colour bar: here how long each wave is, of which an encoding should know something.

lengths = EncodingDisplay.from_estimator(model, X, [float(len(x)) for x in X])
lengths.colorbar_.set_label("timesteps")
lengths.figure_.savefig(f"{arguments.picture}_lengths.png", dpi=120)

# %%
# Where reconstructions are wrong. The reconstruction begins with the last timestep, which was read last.

errors = ErrorMapDisplay.from_estimator(model, X[:60])
errors.figure_.savefig(f"{arguments.picture}_errors.png", dpi=120)

# %%
# Reconstructions beside their originals. Every display also draws on axes that are given to it as `ax`.

several = ReconstructionDisplay.from_estimator(model, X, samples=[0, 1, 2, 3])
several.figure_.savefig(f"{arguments.picture}_reconstructions.png", dpi=120)

# %%
# Of waves like these no pictures were published. The floor is the mean of the training set, whose error is 1 in these
# units.

if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print(f"{'':28}{'published':>10}{'floor':>8}{'obtained':>10}")
print(f"{'mean squared error':28}{'-':>10}{1.0:8.3f}{-model.score(X):10.3f}")
print(f"\nThe pictures are in {arguments.picture}_*.png")
