"""
Network diagrams
================

`plot_network` draws the layers of an autoencoder with the shapes of the tensors between them. `LossCurveDisplay` plots
the training loss and the validation loss, and marks the epoch whose weights are kept.

To run it::

    python examples/plot_networks.py --picture networks.png
"""

import argparse

import keras
import matplotlib.pyplot as plt

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import load_japanese_vowels
from skseqae.display import LossCurveDisplay, plot_network

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="networks.png", help="path of the figure (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few epochs, as a smoke test")
arguments = parser.parse_args()

# %%
# The autoencoder has two bidirectional layers in the encoder and two layers in the decoder. The utterances have
# 7 to 26 timesteps. With early stopping, a tenth of the utterances are held out for validation, training ends after ten
# epochs without improvement, and the best weights are restored.

X, _ = load_japanese_vowels(subset="train", return_X_y=True)
model = LSTMAutoencoderTransformer(
    units=(32, 16), max_steps=20 if arguments.fast else 600, early_stopping=True, random_state=0
).fit(X)

# %%
# `encoder_` and `decoder_` are Keras models, built from the fitted weights at each access. Keras' `summary` lists their
# layers.

model.encoder_.summary()
model.decoder_.summary()

# %%
# Plot the network with the shapes between layers. B is the number of sequences and T the number of timesteps; both are
# variable. The second panel shows the training loss and the validation loss.

figure, (left, right) = plt.subplots(1, 2, figsize=(13, 7), layout="constrained")
plot_network(model, ax=left)
best = LossCurveDisplay.from_estimator(model, ax=right).best_epoch_ - 1
right.set_ylim(bottom=0)
figure.savefig(arguments.picture, dpi=120)


def layers_of(network):
    """Return the layers of a network, including the layers of nested networks."""
    layers = []
    for layer in network.layers:
        nested = [inner for inner in getattr(layer, "layers", []) if not isinstance(inner, keras.layers.InputLayer)]
        layers += nested or [layer]
    return layers


# %%
# Such diagrams were published without values. Predicting the mean has an error of 1 in scaled units.

if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print(f"\n{'':22}{'published':>10}{'obtained':>12}")
for name, network in [("encoder", model.encoder_), ("decoder", model.decoder_)]:
    print(f"{name:22}{'diagram':>10}{len(layers_of(network)):12d} layers, {network.count_params():,} weights")
print(f"{'epochs':22}{'':>10}{model.n_iter_:12d}")
print(f"{'training loss':22}{'curve':>10}{model.history_['loss'][best]:12.3f}")
print(f"{'validation loss':22}{'curve':>10}{model.history_['val_loss'][best]:12.3f}")
print(f"\nFigure saved to {arguments.picture}")
