"""
Images, and images without their noise
======================================

A feed-forward autoencoder narrows images down to ten numbers, through layers of 1500, 1000 and 500, and says them
again. PCA with ten components does the same by one linear layer, and is the floor. A second autoencoder is given noisy
images in training and must say the clean ones, which removes noise from images that it has not seen.

To run it::

    python examples/plot_images.py --data fashion_mnist.npz --picture images.png

The figures that were published for this network are of Fashion-MNIST. Without `--data`, an ``.npz`` file whose first
array holds its images (N, height, width) from 0 to 255, scikit-learn's digits take their place.
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skseqae import DenseAutoencoderTransformer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", help="an .npz file of images, such as Fashion-MNIST (default: scikit-learn's digits)")
parser.add_argument("--picture", default="images.png", help="where to draw (default: %(default)s)")
parser.add_argument("--seed", type=int, default=0, help="of both autoencoders (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few images and epochs, to see that everything runs")
arguments = parser.parse_args()

# %%
# The images, from 0 to 1, a row each; of every 3,615 the first 3,000 to train on.

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
# The network as published, but for the size of the batches. It was trained on 60,000 images in batches of 2,048: some
# 600 steps in 20 epochs. From far fewer images, batches of 64 make as many steps or more of 20 epochs. The tolerance of
# early stopping is set to the scale of the loss, which here is a few hundredths.

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
# The same network as a denoiser. `noise` is the standard deviation of what is added to the rows in training; the test
# images get noise of the same strength.

noise = 0.3
denoiser = DenseAutoencoderTransformer(**{**autoencoder.get_params(), "noise": noise}).fit(X_train)
noisy = X_test + np.random.RandomState(arguments.seed).normal(scale=noise, size=X_test.shape).astype("float32")

# %%
# The originals beside what the three make of them.


def error(said):
    """Return the mean squared error per pixel, of pixels from 0 to 1."""
    return np.mean((said - X_test) ** 2)


said = {
    "original": X_test,
    "PCA": pca.inverse_transform(pca.transform(X_test)),
    "autoencoder": autoencoder.reconstruct(X_test),
    "noisy": noisy,
    "denoised": denoiser.reconstruct(noisy),
}
figure, axes = plt.subplots(len(said), 10, figsize=(10, 5.4), layout="constrained")
for row, (name, rows) in zip(axes, said.items(), strict=True):
    for axis, image in zip(row, rows, strict=False):
        axis.imshow(image.reshape(height, width), cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(name if name == "original" else f"{name}\n{error(rows):.4f}", rotation=0, ha="right", va="center")
figure.suptitle("Test images; beneath the names, the mean squared error per pixel")
figure.savefig(arguments.picture, dpi=120)

# %%
# Published were pictures, without figures; the floor is PCA on the same split.

if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print(f"{len(X_train)} images to train on, {len(X_test)} to test, of {height} x {width} pixels")
print(f"{autoencoder.n_iter_} epochs, denoiser {denoiser.n_iter_}; mean squared error per pixel of the test images:\n")
print(f"{'':28}{'published':>10}{'floor':>9}{'obtained':>10}")
print(f"{'reconstruction (floor: PCA)':28}{'pictures':>10}{error(said['PCA']):9.4f}{error(said['autoencoder']):10.4f}")
print(f"{'denoising (floor: noisy)':28}{'pictures':>10}{error(noisy):9.4f}{error(said['denoised']):10.4f}")
print(f"\nThe picture is in {arguments.picture}")
