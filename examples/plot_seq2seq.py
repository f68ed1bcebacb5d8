"""
Reversing sequences with an encoder-decoder
===========================================

This is the textbook problem for encoder-decoders: read six numbers and predict the first three of them in reverse
order. The network is trained with teacher forcing, and decodes whole batches from its own predictions. The second part
reverses words of variable length: the network also learns where the output ends.

To run it::

    python examples/plot_seq2seq.py
"""

import argparse
from time import perf_counter

import keras
import numpy as np

from skseqae import Seq2SeqClassifier
from skseqae.datasets import make_reversals

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--fast", action="store_true", help="few samples and one epoch, as a smoke test")
parser.add_argument("--seed", type=int, default=0, help="random seed (default: %(default)s)")
arguments = parser.parse_args()
n_train, n_words, epochs = (500, 500, 1) if arguments.fast else (100_000, 30_000, 3)

# %%
# The learning rate decays to zero during training, so that the weights converge in the last steps.


def decaying(n_samples):
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(4e-3, decay_steps=n_samples // 32))


# %%
# Each sample has six numbers from 1 to 50. The training is one epoch of 100,000 samples. Every target has three labels,
# so the network predicts exactly three.

X, y = make_reversals(n_train + 1000, n_reversed=3, random_state=arguments.seed)
X, y = np.stack(X), np.stack(y)
settings = {"units": 128, "tokens": True, "random_state": arguments.seed}
classifier = Seq2SeqClassifier(**settings, epochs=1, optimizer=decaying(n_train))
start = perf_counter()
classifier.fit(X[:n_train], y[:n_train])
trained = perf_counter()
exact = classifier.score(X[n_train:], y[n_train:])
decoded = perf_counter()
print(f"{X[-1]} -> {classifier.predict(X[-1:])[0]}")

# %%
# Words have two to six letters. If y is a list of sequences, the network also learns when the output ends. Beam search
# keeps several candidate words at each step, and returns a score for each: its log-probability divided by its length.

LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
numbers, reversed_numbers = make_reversals(n_words + 1000, lengths=(2, 6), n_symbols=26, random_state=arguments.seed)
words, targets = [LETTERS[x - 1] for x in numbers], [LETTERS[x - 1] for x in reversed_numbers]
word_classifier = Seq2SeqClassifier(**settings, epochs=epochs, optimizer=decaying(epochs * n_words))
word_classifier.fit(words[:n_words], targets[:n_words])
exact_words = word_classifier.score(words[n_words:], targets[n_words:])
sequences, scores = word_classifier.predict_beams([list("lstm")], num_beams=3)
for sequence, score in zip(sequences[0], scores[0], strict=True):
    print(f"lstm -> {''.join(sequence):8} {score:.3f}")

# %%
# Print the published results beside the obtained ones.

if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print(f"""
{"exact matches on 1,000 new sequences":44} {"published":>12} {"obtained":>12}
{"first 3 of 6 numbers reversed, one epoch":44} {"98-100 %":>12} {100 * exact:>10.1f} %
{"  seconds to train":44} {"50-76":>12} {trained - start:>12.0f}
{"  seconds to decode":44} {"":>12} {decoded - trained:>12.1f}
{"words of 2 to 6 letters reversed":44} {"-":>12} {100 * exact_words:>10.1f} %
""")
