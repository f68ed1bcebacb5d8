"""
Sequences of unequal length
===========================

Four sequences of real values, of 9, 8, 4 and 4 timesteps, become points in a plane. Then 5,000 sequences of events, of
0 to 10 timesteps, are said again: at each timestep one of eight things happens, which is one-hot, or nothing, which is
all zeros. Here zeros are data, and empty sequences are sequences; a mask that is made from values knows neither.

To run it::

    python examples/plot_variable_length.py --picture variable_length.png
"""

import argparse

import keras
import matplotlib.pyplot as plt
import numpy as np

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_events

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="variable_length.png", help="where to draw (default: %(default)s)")
parser.add_argument("--seed", type=int, default=0, help="of everything random (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few sequences and epochs, to see that everything runs")
arguments = parser.parse_args()

# %%
# Real values first, a list of arrays (T_i, 1). They are standardised over the real timesteps. An encoder of two units
# makes two numbers of each, so that no projection is needed to see them. Of four sequences, one is held out for
# validation; patience as long as training lets all 400 epochs run, and the weights of the best one come back.

names = ["rises", "rises, cut short", "falls", "stays"]
X = [np.arange(1, 10)[:, None], np.arange(1, 9)[:, None], np.arange(4, 0, -1)[:, None], np.full((4, 1), 5)]
epochs = 5 if arguments.fast else 400
plane = LSTMAutoencoderTransformer(
    latent_dim=2,
    learning_rate=1e-2,
    epochs=epochs,
    early_stopping=True,
    validation_fraction=0.25,
    n_iter_no_change=epochs,
    random_state=arguments.seed,
).fit(X)
encodings = plane.transform(X)

# %%
# Now the events. Each timestep is one of nine things, all equally likely and independent, so that nothing can be left
# out of the encoding: ten of them are ten choices in nine. With binary cross-entropy the outputs are probabilities, and
# zeros and ones are left as they are by `scale=None`.

n_samples, n_kinds = (200 if arguments.fast else 5000), 8
events, _ = make_events(n_samples, n_kinds=n_kinds, rates=n_kinds / (n_kinds + 1), random_state=arguments.seed)
others, _ = make_events(1000, n_kinds=n_kinds, rates=n_kinds / (n_kinds + 1), random_state=arguments.seed + 1000)

# %%
# What has to be remembered is remembered best by a linear cell: squashed at every timestep, it would fade. The step
# size falls to nothing along half a cosine: an optimizer of one's own may bring its schedule.

n_epochs, batch_size = (2 if arguments.fast else 25), 32
schedule = keras.optimizers.schedules.CosineDecay(0.01, n_epochs * -(-n_samples // batch_size))
memory = LSTMAutoencoderTransformer(
    latent_dim=128,
    cell="gru",
    activation="linear",
    loss="binary_crossentropy",
    scale=None,
    optimizer=keras.optimizers.Adam(schedule, clipnorm=1.0),
    epochs=n_epochs,
    batch_size=batch_size,
    random_state=arguments.seed,
).fit(events)

# %%
# A timestep is right when all its eight outputs are, rounded at 0.5. An empty sequence has none, and comes back empty.


def right(sequences, said):
    """Return for each sequence which of its timesteps are right, (T_i,) each."""
    return [((s > 0.5) == (x > 0.5)).all(axis=1) for s, x in zip(said, sequences, strict=True)]


said = memory.reconstruct(events)
are_right, are_nothing = np.concatenate(right(events, said)), np.concatenate(events).sum(axis=1) == 0
n_empty = sum(len(x) == 0 for x in events)
n_empty_again = sum(len(x) == len(s) == 0 for x, s in zip(events, said, strict=True))
right_elsewhere = right(others, memory.reconstruct(others))
by_length = [np.concatenate([r for r in right_elsewhere if len(r) == n]).mean() for n in range(1, 11)]

# %%
# The loss curves, the plane, and how well the events of new sequences are said.

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
scatter.set(xlabel="first number", ylabel="second number", title="Real values: encodings")
learning.plot(np.arange(1, memory.n_iter_ + 1), memory.history_["loss"])
learning.set(xlabel="epoch", ylabel="binary cross-entropy", yscale="log", title="Events: training loss")
accuracy.bar(range(1, 11), by_length)
accuracy.axhline(1 / (n_kinds + 1), color="0.3", linestyle="--", label="chance")
accuracy.set(xlabel="timesteps of the sequence", ylabel="share of timesteps right", xticks=range(1, 11))
accuracy.set(ylim=(0, 1.2), yticks=np.linspace(0, 1, 6), title="Events: new sequences")
accuracy.legend(loc="upper right")
figure.savefig(arguments.picture, dpi=120)

# %%
# Nothing was published of the events but the task. On sequences that it has not seen it is not as good: of the billions
# of long ones it has been shown some hundreds.

if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print(f"four sequences: published two plots, obtained {len(encodings)} encodings of {encodings.shape[1]} numbers")
for label, key in [("training", "loss"), ("validation", "val_loss")]:
    losses = plane.history_[key]
    print(f"  {label + ' loss':16}{losses[0]:.3f} at first, {min(losses):.3f} at best, of {plane.n_iter_} epochs")
print(f"\n{'events, share of timesteps right':36}{'published':>10}{'limit':>8}{'obtained':>10}")
print(f"{f'{n_samples} sequences trained on':36}{'none':>10}{0.99:8.2f}{are_right.mean():10.4f}")
print(f"{'  where nothing happens':36}{'none':>10}{0.99:8.2f}{are_right[are_nothing].mean():10.4f}")
print(f"{f'{len(others)} new sequences':36}{'none':>10}{'':8}{np.concatenate(right_elsewhere).mean():10.4f}")
print(f"{'empty sequences that come back empty':36}{'none':>10}{n_empty:8d}{n_empty_again:10d}")
print(f"\nThe picture is in {arguments.picture}")
