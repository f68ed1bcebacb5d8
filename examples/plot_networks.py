"""
Pictures of the networks
========================

What is trained, as a diagram with the shapes of everything that goes from layer to layer, and how training went:
training against validation loss, and the epoch whose weights are kept.

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
# `plot_network` draws what is in them, with the shapes that go from layer to layer. B is the number of sequences and T
# that of timesteps, both of which are free. Beside it the loss, of the data that are trained on and of those held out.

figure, (left, right) = plt.subplots(1, 2, figsize=(13, 7), layout="constrained")
plot_network(model, ax=left)
best = LossCurveDisplay.from_estimator(model, ax=right).best_epoch_ - 1
right.set_ylim(bottom=0)
figure.savefig(arguments.picture, dpi=120)


def layers_of(network):
    """Return the layers of a network, those of the networks inside it among them."""
    layers = []
    for layer in network.layers:
        inside = [inner for inner in getattr(layer, "layers", []) if not isinstance(inner, keras.layers.InputLayer)]
        layers += inside or [layer]
    return layers


# %%
# Published are such diagrams, without figures. The mean's error is 1 in these units.

if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print(f"\n{'':22}{'published':>10}{'obtained':>12}")
for name, network in [("encoder", model.encoder_), ("decoder", model.decoder_)]:
    print(f"{name:22}{'diagram':>10}{len(layers_of(network)):12d} layers, {network.count_params():,} weights")
print(f"{'epochs':22}{'':>10}{model.n_iter_:12d}")
print(f"{'training loss':22}{'curve':>10}{model.history_['loss'][best]:12.3f}")
print(f"{'validation loss':22}{'curve':>10}{model.history_['val_loss'][best]:12.3f}")
print(f"\nThe picture is in {arguments.picture}")
