"""
Sequences of unequal length
===========================

The first part encodes four sequences of real values, with 9, 8, 4 and 4 timesteps, as points in a plane. The second
part reconstructs 5,000 sequences of events, with 0 to 10 timesteps: each timestep is one of eight events, one-hot
encoded, or no event, encoded as all zeros. These zeros are data, and sequences may be empty; a mask computed from
values supports neither.

To run it::

    python examples/plot_variable_length.py --picture variable_length.png
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
from tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_events

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="variable_length.png", help="path of the figure (default: %(default)s)")
parser.add_argument("--seed", type=int, default=0, help="random seed (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few sequences and epochs, as a smoke test")
arguments = parser.parse_args()

# %%
# The real-valued sequences are a list of arrays (T_i, 1), which are standardised over the real timesteps. The encoding
# is the last hidden state (`LAST_STATE`), and the encoder has two units, so that the encodings can be plotted without a
# projection. One of the four sequences is held out for validation. The patience is as long as the training, so that all
# 400 epochs run; the best weights are restored.

names = ["rises", "rises, shorter", "falls", "stays"]
X = [np.arange(1, 10)[:, None], np.arange(1, 9)[:, None], np.arange(4, 0, -1)[:, None], np.full((4, 1), 5)]
epochs = 5 if arguments.fast else 400
plane = LSTMAutoencoderTransformer(
    latent_dim=2,
    epochs=epochs,
    early_stopping=True,
    validation_fraction=0.25,
    n_iter_no_change=epochs,
    random_state=arguments.seed,
    **LAST_STATE | WHOLE_SEQUENCES | {"learning_rate": 1e-2},
).fit(X)
encodings = plane.transform(X)

# %%
# Generate the events. Each timestep has one of nine values (eight events, or no event), which are equally likely and
# independent. The sequences are therefore incompressible: ten timesteps are ten choices out of nine. With binary
# cross-entropy the outputs are probabilities, and `scale=None` leaves the zeros and ones unscaled.

n_samples, n_kinds = (200 if arguments.fast else 5000), 8
events, _ = make_events(n_samples, n_kinds=n_kinds, rates=n_kinds / (n_kinds + 1), random_state=arguments.seed)
new_events, _ = make_events(1000, n_kinds=n_kinds, rates=n_kinds / (n_kinds + 1), random_state=arguments.seed + 1000)

# %%
# A linear activation preserves information best: a bounded activation would attenuate it at every timestep. The
# learning rate decays to zero with half a cosine (`schedule`).

autoencoder = LSTMAutoencoderTransformer(
    latent_dim=128,
    cell="gru",
    activation="linear",
    loss="binary_crossentropy",
    scale=None,
    epochs=2 if arguments.fast else 25,
    random_state=arguments.seed,
    **LAST_STATE | WHOLE_SEQUENCES | {"learning_rate": 0.01, "schedule": "cosine"},
).fit(events)

# %%
# A timestep is correct if all of its eight outputs are, rounded at 0.5. An empty sequence has no timesteps, and its
# reconstruction is empty.


def correct(sequences, reconstructions):
    """Return for each sequence a boolean array (T_i,): whether each timestep is correct."""
    return [((r > 0.5) == (x > 0.5)).all(axis=1) for r, x in zip(reconstructions, sequences, strict=True)]


reconstructions = autoencoder.reconstruct(events)
is_correct, has_no_event = np.concatenate(correct(events, reconstructions)), np.concatenate(events).sum(axis=1) == 0
n_empty = sum(len(x) == 0 for x in events)
n_empty_reconstructed = sum(len(x) == len(r) == 0 for x, r in zip(events, reconstructions, strict=True))
new_correct = correct(new_events, autoencoder.reconstruct(new_events))
by_length = [np.concatenate([c for c in new_correct if len(c) == n]).mean() for n in range(1, 11)]

# %%
# Plot the loss curves, the encodings in the plane, and the accuracy of reconstructed events in new sequences.

figure, axes = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
(curves, scatter), (learning, accuracy) = axes
for key, label in [("loss", "three sequences, training"), ("val_loss", "one sequence, validation")]:
    curves.plot(np.arange(1, plane.n_iter_ + 1), plane.history_[key], label=label)
curves.set(xlabel="epoch", ylabel="mean squared error, scaled units", yscale="log", title="Real values: loss")
curves.legend()
for name, x, point, marker in zip(names, X, encodings, "^>vs", strict=True):
    scatter.plot(*point, marker, markersize=9, label=f"{name}, {len(x)} timesteps")
scatter.margins(0.2)
scatter.legend()
scatter.set(xlabel="first component", ylabel="second component", title="Real values: encodings")
learning.plot(np.arange(1, autoencoder.n_iter_ + 1), autoencoder.history_["loss"])
learning.set(xlabel="epoch", ylabel="binary cross-entropy", yscale="log", title="Events: training loss")
accuracy.bar(range(1, 11), by_length)
accuracy.axhline(1 / (n_kinds + 1), color="0.3", linestyle="--", label="chance")
accuracy.set(xlabel="timesteps of the sequence", ylabel="share of correct timesteps", xticks=range(1, 11))
accuracy.set(ylim=(0, 1.2), yticks=np.linspace(0, 1, 6), title="Events: new sequences")
accuracy.legend(loc="upper right")
figure.savefig(arguments.picture, dpi=120)

# %%
# Only the task was published for the events, without values. The accuracy on new sequences is lower: the training set
# holds some hundreds of the billions of possible long sequences.

if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print(f"four sequences: published two plots, obtained {len(encodings)} encodings of {encodings.shape[1]} values")
for label, key in [("training", "loss"), ("validation", "val_loss")]:
    losses = plane.history_[key]
    print(f"  {label + ' loss':16}{losses[0]:.3f} in the first epoch, {min(losses):.3f} in the best of {plane.n_iter_}")
print(f"\n{'events, share of correct timesteps':40}{'published':>10}{'limit':>8}{'obtained':>10}")
print(f"{f'{n_samples} training sequences':40}{'none':>10}{0.99:8.2f}{is_correct.mean():10.4f}")
print(f"{'  timesteps without an event':40}{'none':>10}{0.99:8.2f}{is_correct[has_no_event].mean():10.4f}")
print(f"{f'{len(new_events)} new sequences':40}{'none':>10}{'':8}{np.concatenate(new_correct).mean():10.4f}")
print(f"{'empty sequences reconstructed as empty':40}{'none':>10}{n_empty:8d}{n_empty_reconstructed:10d}")
print(f"\nFigure saved to {arguments.picture}")
