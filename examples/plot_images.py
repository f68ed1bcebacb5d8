"""
Image reconstruction and denoising
==================================

A feed-forward autoencoder compresses images to ten values, through layers of 1500, 1000 and 500 units, and reconstructs
them. PCA with ten components does the same with one linear layer and is the baseline. A second autoencoder is trained
to reconstruct clean images from noisy ones, and then removes noise from images that it has not seen.

To run it::

    python examples/plot_images.py --data fashion_mnist.npz --picture images.png

The published results for this network are on Fashion-MNIST. `--data` is an ``.npz`` file whose first array holds images
(N, height, width) with values from 0 to 255. Without `--data`, scikit-learn's digits are used instead.
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skseqae import DenseAutoencoderTransformer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", help="an .npz file of images, such as Fashion-MNIST (default: scikit-learn's digits)")
parser.add_argument("--picture", default="images.png", help="path of the figure (default: %(default)s)")
parser.add_argument("--seed", type=int, default=0, help="random seed of both autoencoders (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few images and epochs, as a smoke test")
arguments = parser.parse_args()

# %%
# Each image is a row of values from 0 to 1. The first 3,000 of every 3,615 images are the training set.

if arguments.data:
    with np.load(arguments.data) as archive:
        images = archive[archive.files[0]] / 255
else:
    images = load_digits().images / 16
if arguments.fast:
    images = images[:200]
height, width = images.shape[1:]
X = images.reshape(len(images), -1).astype("float32")
n_train = round(len(X) * 3000 / 3615)
X_train, X_test = X[:n_train], X[n_train:]

# %%
# The network is the published one, except for the batch size. It was trained on 60,000 images in batches of 2,048,
# which is about 600 steps in 20 epochs. With far fewer images, batches of 64 give as many steps or more in 20 epochs.
# The tolerance of early stopping is set to the scale of the loss, which is a few hundredths here.

autoencoder = DenseAutoencoderTransformer(
    latent_dim=10,
    hidden_layer_sizes=(1500, 1000, 500),
    latent_activation="sigmoid",
    scale=None,
    batch_size=64,
    learning_rate=5e-4,
    epochs=1 if arguments.fast else 20,
    early_stopping=True,
    n_iter_no_change=10,
    tol=1e-5,
    random_state=arguments.seed,
).fit(X_train)
pca = PCA(10, random_state=0).fit(X_train)

# %%
# Train the same network as a denoising autoencoder. `noise` is the standard deviation of the noise added to the inputs
# in training; the test images get noise of the same standard deviation.

noise = 0.3
denoiser = DenseAutoencoderTransformer(**{**autoencoder.get_params(), "noise": noise}).fit(X_train)
noisy = X_test + np.random.RandomState(arguments.seed).normal(scale=noise, size=X_test.shape).astype("float32")

# %%
# Plot the original images and the outputs of the three models.


def error(outputs):
    """Return the mean squared error per pixel, for pixels from 0 to 1."""
    return np.mean((outputs - X_test) ** 2)


outputs = {
    "original": X_test,
    "PCA": pca.inverse_transform(pca.transform(X_test)),
    "autoencoder": autoencoder.reconstruct(X_test),
    "noisy": noisy,
    "denoised": denoiser.reconstruct(noisy),
}
figure, axes = plt.subplots(len(outputs), 10, figsize=(10, 5.4), layout="constrained")
for row, (name, rows) in zip(axes, outputs.items(), strict=True):
    for axis, image in zip(row, rows, strict=False):
        axis.imshow(image.reshape(height, width), cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(name if name == "original" else f"{name}\n{error(rows):.4f}", rotation=0, ha="right", va="center")
figure.suptitle("Test images; below the names, the mean squared error per pixel")
figure.savefig(arguments.picture, dpi=120)

# %%
# Only images were published, without values. The baseline of the reconstruction is PCA on the same split.

if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print(f"{len(X_train)} training images and {len(X_test)} test images of {height} x {width} pixels")
print(f"{autoencoder.n_iter_} epochs, denoiser {denoiser.n_iter_}; mean squared error per pixel of the test images:\n")
print(f"{'':32}{'published':>10}{'baseline':>10}{'obtained':>10}")
pca_error, autoencoder_error = error(outputs["PCA"]), error(outputs["autoencoder"])
print(f"{'reconstruction (baseline: PCA)':32}{'images':>10}{pca_error:10.4f}{autoencoder_error:10.4f}")
print(f"{'denoising (baseline: noisy)':32}{'images':>10}{error(noisy):10.4f}{error(outputs['denoised']):10.4f}")
print(f"\nFigure saved to {arguments.picture}")
