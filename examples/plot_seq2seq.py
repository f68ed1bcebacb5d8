"""
Sequences of labels: an encoder-decoder that says symbols backwards
===================================================================

The textbook problem of encoder-decoders: read six numbers, say the first three of them backwards. The network is taught
by the true labels and decodes by its own, a whole batch at a time. Then words of letters, each of its own length:
where a word ends has to be learned too.

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
parser.add_argument("--fast", action="store_true", help="few samples and one epoch, to see that everything runs")
parser.add_argument("--seed", type=int, default=0, help="of everything random (default: %(default)s)")
arguments = parser.parse_args()
n_train, n_words, epochs = (500, 500, 1) if arguments.fast else (100_000, 30_000, 3)

# %%
# The learning rate falls to zero over the training, so that the last steps settle what the first have found.


def falling(n_samples):
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(4e-3, decay_steps=n_samples // 32))


# %%
# Numbers from 1 to 50, of which each sample has six; one epoch of 100,000 samples. Every sample has three labels, and
# so the network says exactly three.

X, y = make_reversals(n_train + 1000, n_reversed=3, random_state=arguments.seed)
X, y = np.stack(X), np.stack(y)
settings = {"units": 128, "tokens": True, "random_state": arguments.seed}
classifier = Seq2SeqClassifier(**settings, epochs=1, optimizer=falling(n_train))
start = perf_counter()
classifier.fit(X[:n_train], y[:n_train])
trained = perf_counter()
exact = classifier.score(X[n_train:], y[n_train:])
decoded = perf_counter()
print(f"{X[-1]} -> {classifier.predict(X[-1:])[0]}")

# %%
# Words of two to six letters. A list of sequences is taken for labels that end of themselves. Beam search follows
# several words at a time, and says how likely each is.

LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
numbers, backwards = make_reversals(n_words + 1000, lengths=(2, 6), n_symbols=26, random_state=arguments.seed)
words, spoken = [LETTERS[x - 1] for x in numbers], [LETTERS[x - 1] for x in backwards]
speller = Seq2SeqClassifier(**settings, epochs=epochs, optimizer=falling(epochs * n_words))
speller.fit(words[:n_words], spoken[:n_words])
exact_words = speller.score(words[n_words:], spoken[n_words:])
sequences, scores = speller.predict_beams([list("lstm")], num_beams=3)
for said, score in zip(sequences[0], scores[0], strict=True):
    print(f"lstm -> {''.join(said):8} {score:.3f}")

# %%
# What was published beside what was obtained here.

if arguments.fast:
    print("--fast: too little training for these figures to mean anything")
print(f"""
{"1,000 new sequences said exactly":44} {"published":>12} {"obtained":>12}
{"first 3 of 6 numbers backwards, one epoch":44} {"98-100 %":>12} {100 * exact:>10.1f} %
{"  seconds to train":44} {"50-76":>12} {trained - start:>12.0f}
{"  seconds to decode":44} {"":>12} {decoded - trained:>12.1f}
{"words of 2 to 6 letters backwards":44} {"-":>12} {100 * exact_words:>10.1f} %
""")
