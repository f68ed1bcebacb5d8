"""
Pictures of the networks
========================

What is trained, as a diagram with the shapes of everything that goes from layer to layer, and how training went:
training against validation loss, and the epoch whose weights are kept.

    python examples/plot_networks.py --picture networks.png
"""

import argparse

import keras
import matplotlib.pyplot as plt
import numpy as np

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import load_japanese_vowels

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="networks.png", help="where to draw (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs, to see that everything runs")
arguments = parser.parse_args()

# %%
# An autoencoder of two recurrent layers each way, on utterances of 7 to 26 timesteps. With early stopping a tenth of
# them is held out, training ends when ten epochs have brought nothing, and the best weights come back.

X, _ = load_japanese_vowels(subset="train", return_X_y=True)
model = LSTMAutoencoderTransformer(
    latent_dim=16,
    units=(64, 32),
    learning_rate=1e-2,
    epochs=3 if arguments.fast else 100,
    early_stopping=True,
    random_state=0,
).fit(X)

# %%
# `encoder_` and `decoder_` are Keras models, made from the fitted weights whenever they are asked for. Keras' own
# summary tells what is in them.

model.encoder_.summary()
model.decoder_.summary()

# %%
# `keras.utils.plot_model` draws them where graphviz is installed. A diagram without it takes little more than the same
# list of layers. B is the number of sequences and T that of timesteps, both of which are free. The mask tells where
# each sequence ends.


def layers_of(network):
    """Return the layers of a network, those of the networks inside it among them."""
    layers = []
    for layer in network.layers:
        inside = [inner for inner in getattr(layer, "layers", []) if not isinstance(inner, keras.layers.InputLayer)]
        layers += inside or [layer]
    return layers


def draw_layer(axis, layer, x, y):
    """Draw a box that tells a layer's name, its kind, how many weights it has, and the shape that it gives."""
    kind, n_weights = type(layer).__name__, layer.count_params()
    color = "C1" if kind == "InputLayer" else "C0" if n_weights else "0.6"
    about = f"{kind}, {n_weights:,} weights" if n_weights else kind
    shape = ", ".join(str(n or "BT"[i]) for i, n in enumerate(layer.output.shape))
    box = {"boxstyle": "round,pad=0.5", "facecolor": color, "alpha": 0.25, "edgecolor": color}
    axis.text(x, y, f"{layer.name}: {about}\n({shape})", va="center", ha="center", fontsize=9, bbox=box)


def draw_network(axis, network, title):
    """Draw a network's layers one below the other, and its mask beside those that read it."""
    (mask,) = [layer for layer in network.layers if layer.name == "mask"]
    layers = [layer for layer in layers_of(network) if layer is not mask]
    draw_layer(axis, mask, 0.83, 0)
    for row, layer in enumerate(layers):
        draw_layer(axis, layer, 0.33, row)
        if row:
            axis.annotate("", (0.33, row - 0.28), (0.33, row - 0.72), arrowprops={"arrowstyle": "->"})
        if isinstance(layer, keras.layers.LSTM):
            bent = {"arrowstyle": "->", "linestyle": ":", "connectionstyle": "angle,angleA=90,angleB=0", "color": "C1"}
            axis.annotate("", (0.58, row), (0.83, 0.28), arrowprops=bent)
    axis.set(xlim=(0, 1), ylim=(len(layers) - 0.5, -0.5), title=title)
    axis.axis("off")


figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 6), layout="constrained")
draw_network(left, model.encoder_, "Encoder")
draw_network(middle, model.decoder_, "Decoder")

# %%
# The loss, of the data that are trained on and of those held out.

loss, val_loss = np.array(model.history_["loss"]), np.array(model.history_["val_loss"])
best = int(val_loss.argmin())
right.plot(np.arange(1, model.n_iter_ + 1), loss, label="training")
right.plot(np.arange(1, model.n_iter_ + 1), val_loss, label="validation")
right.axvline(best + 1, color="0.5", linestyle=":", label=f"best epoch: {best + 1}")
right.set(xlabel="epoch", ylabel="mean squared error, scaled units", ylim=(0, None), title="Loss")
right.legend()
figure.savefig(arguments.picture, dpi=120)

# %%
# Published are such diagrams, without figures. The mean's error is 1 in these units.

print(f"\n{'':22}{'published':>10}{'obtained':>12}")
for name, network in [("encoder", model.encoder_), ("decoder", model.decoder_)]:
    print(f"{name:22}{'diagram':>10}{len(layers_of(network)):12d} layers, {network.count_params():,} weights")
print(f"{'epochs':22}{'':>10}{model.n_iter_:12d}")
print(f"{'training loss':22}{'curve':>10}{loss[best]:12.3f}")
print(f"{'validation loss':22}{'curve':>10}{val_loss[best]:12.3f}")
print(f"\nThe picture is in {arguments.picture}")
