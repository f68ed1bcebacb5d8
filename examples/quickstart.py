"""Classify nine speakers by their utterances of unequal length.

An LSTM autoencoder is trained without labels on the 270 training utterances of Japanese Vowels (7 to 29 timesteps of
12 features). It encodes each utterance as a vector of fixed length, and a logistic regression predicts the speaker from
this vector. The autoencoder has its default parameters. Two baselines put the accuracy in context: the same logistic
regression on the zero-padded values, and on each utterance resampled to 16 timesteps.

To run it::

    python examples/quickstart.py --picture quickstart.png
"""

import argparse
import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import load_japanese_vowels


def padded(X, n_timesteps):
    """Return each sequence, padded with zeros at its end, as one row."""
    return np.stack([np.pad(x, ((0, n_timesteps - len(x)), (0, 0))).ravel() for x in X])


def resampled(X, n_timesteps=16):
    """Return each sequence, linearly interpolated at evenly spaced times, as one row."""
    rows = []
    for x in X:
        times = np.linspace(0, len(x) - 1, n_timesteps)
        rows.append(np.concatenate([np.interp(times, np.arange(len(x)), feature) for feature in x.T]))
    return np.stack(rows)


def classifier(*steps):
    """Return a pipeline that ends in a logistic regression on standardised columns."""
    return make_pipeline(*steps, StandardScaler(), LogisticRegression(max_iter=1000))


def plot(encoder, X, y, path):
    """Plot the training loss of an autoencoder and its encodings of the test utterances."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    left.plot(np.arange(1, encoder.n_iter_ + 1), encoder.history_["loss"])
    left.set(xlabel="epoch", ylabel="mean squared error, scaled units", title="Training loss", ylim=(0, None))
    components = PCA(2).fit_transform(encoder.transform(X))
    points = right.scatter(*components.T, c=y, cmap="tab10", vmin=-0.5, vmax=9.5, s=14)
    right.set(xlabel="first component", ylabel="second component", title="Encodings of the test utterances (PCA)")
    right.legend(*points.legend_elements(num=range(9)), title="speaker", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", default="quickstart.png", help="path of the figure (default: %(default)s)")
    parser.add_argument("--fast", action="store_true", help="train for 2 steps only, as a smoke test")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # hides most of TensorFlow's start-up messages

    X_train, y_train = load_japanese_vowels(subset="train", return_X_y=True)
    X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)

    budget = {"max_steps": 2} if arguments.fast else {}
    encoders = [LSTMAutoencoderTransformer(random_state=seed, verbose=1, **budget) for seed in range(3)]
    accuracies = [classifier(encoder).fit(X_train, y_train).score(X_test, y_test) for encoder in encoders]
    plot(encoders[0], X_test, y_test, arguments.picture)

    if arguments.fast:
        print("\n--fast: the training is too short for meaningful results")
    longest = max(map(len, X_train + X_test))
    on_padded = classifier().fit(padded(X_train, longest), y_train).score(padded(X_test, longest), y_test)
    on_resampled = classifier().fit(resampled(X_train), y_train).score(resampled(X_test), y_test)
    print(f"\nAccuracy on the {len(X_test)} test utterances:")
    print(f"  padded values:            {on_padded:.3f}")
    print(f"  resampled to 16:          {on_resampled:.3f}")
    print(f"  LSTM autoencoder:         {accuracies[0]:.3f}  (other seeds: {accuracies[1]:.3f}, {accuracies[2]:.3f})")
    print(f"\nFigure saved to {arguments.picture}")


if __name__ == "__main__":
    main()
