"""What the network is trained on, cut into batches of like lengths."""

from dataclasses import dataclass, field
from math import ceil, log2, prod

import numpy as np
from sklearn.model_selection import train_test_split

from ..data._padding import mask_of, pad, padded_and_mask
from ..data._sequences import Sequences
from ..networks._weight_shapes import weight_shapes

# a chunk of this many batches is sorted by length: long enough to bring like lengths together, short enough to shuffle
BATCHES_PER_CHUNK = 16
COPIES_OF_WEIGHTS = 10  # drawn, trained, returned; their gradient; the optimizer's two means, at first, now, returned


@dataclass(frozen=True)
class TrainingData:
    """Everything that a network is trained on, in scaled units, as float32.

    Attributes
    ----------
    x : Sequences of N sequences (T_i, F)
    targets : dict of str to Sequences
        What each head must say back.
    sample_weight : array of shape (N,)
        Above 0.
    step_weights : dict of str to Sequences of one feature
        How much each timestep of a head's targets counts, at least 0, on top of that; for some heads or none.
    """

    x: Sequences
    targets: dict[str, Sequences]
    sample_weight: np.ndarray
    step_weights: dict[str, Sequences] = field(default_factory=dict)

    def __len__(self):
        return len(self.x)

    def take(self, rows):
        """Return the data of some samples."""
        targets, step_weights = ({h: s[rows] for h, s in part.items()} for part in (self.targets, self.step_weights))
        return TrainingData(self.x[rows], targets, self.sample_weight[rows], step_weights)

    def hold_out(self, fraction, random_state):
        """Return the rows of a share of the samples, in order, of those on which every head has something to say."""
        eligible = np.flatnonzero(np.all([target.lengths > 0 for target in self.targets.values()], axis=0))
        if len(eligible) < 2:
            raise ValueError(
                f"Early stopping holds out samples to validate with, but of {len(self)} there are {len(eligible)} to "
                "choose from: give at least 2, or set early_stopping=False."
            )
        n_held_out = max(1, min(ceil(fraction * len(self)), len(eligible) - 1))
        return np.sort(train_test_split(eligible, test_size=n_held_out, random_state=random_state)[1])

    def total_weight(self, head):
        """Return the loss' denominator, the sum of the weights of all timesteps."""
        lengths = self.targets[head].lengths
        if head not in self.step_weights:
            return float(self.sample_weight @ lengths)
        return float(np.repeat(self.sample_weight, lengths) @ self.step_weights[head].packed[:, 0])

    def batch(self, rows, n_rows=None):
        """Return padded arrays: `x` (B, T, F), `mask` (B, T), and `{head}`, `{head}_mask` and `{head}_weight` alike.

        With `n_rows` they are filled up to so many rows, and to few numbers of timesteps.
        """
        arrays = dict(zip(("x", "mask"), _filled(self.x, rows, n_rows), strict=True))
        for head, target in self.targets.items():
            arrays[head], arrays[f"{head}_mask"] = _filled(target, rows, n_rows)
            weight = arrays[f"{head}_mask"].copy()
            weight[: len(rows)] *= self.sample_weight[rows].astype(np.float32)[:, None]
            if head in self.step_weights:
                weight *= _filled(self.step_weights[head], rows, n_rows)[0][:, :, 0]
            arrays[f"{head}_weight"] = weight
        return arrays


def _filled(sequences, rows, n_rows):
    """Return some sequences padded at the end, (B, T, F), and their mask (B, T); with `n_rows`, empty ones after them.

    T is then a power of two, but that all sequences may have one length.
    """
    chosen = sequences[rows]
    if n_rows is None:
        return padded_and_mask(chosen)
    n_timesteps = _timesteps_to_fill(sequences, max(1, int(chosen.lengths.max())))
    lengths = np.pad(chosen.lengths, (0, n_rows - len(chosen)))
    return pad(Sequences(chosen.packed, lengths), n_timesteps), mask_of(lengths, n_timesteps)


def _timesteps_to_fill(sequences, longest):
    """Return to how many timesteps a batch is filled whose longest sequence has so many."""
    have_one_length = sequences.lengths.min() == sequences.lengths.max() == longest
    return longest if have_one_length else max(16, 2 ** ceil(log2(longest)))


def training_bytes(architecture, data, batch_size):
    """Estimate the bytes that training takes: the weights, and what a step computes of the longest batch.

    Every product with an array of weights is there at each timestep, once itself and once as its gradient.
    """
    n_rows, n_weights, n_values = min(len(data), batch_size), 0, 0
    for part, shapes in weight_shapes(architecture).items():
        if part != "encoder" and callable(architecture.decoder):
            continue  # of the user's function nothing is known
        sequences = data.targets.get(part, data.x)
        n_steps = n_rows * _timesteps_to_fill(sequences, max(1, int(sequences.lengths.max())))
        n_weights += sum(prod(shape) for shape in shapes)
        n_values += n_steps * sum(2 * shape[-1] for shape in shapes if len(shape) == 2)
        n_values += n_steps * 5 * (sequences.n_features + 1)  # padded, with the mask, here and in TensorFlow
    return 4 * (COPIES_OF_WEIGHTS * n_weights + n_values)


def shuffled_rows(lengths, batch_size, random_state):
    """Cut a random order of samples into batches of like lengths, in random order.

    Parameters
    ----------
    lengths : array of shape (N,)
    batch_size : int
    random_state : numpy.random.RandomState

    Returns
    -------
    list of arrays of rows, each of at most `batch_size`
    """
    order = random_state.permutation(len(lengths))
    batches = []
    for chunk in _cut(order, batch_size * BATCHES_PER_CHUNK):
        alike = _cut(chunk[np.argsort(lengths[chunk], kind="stable")], batch_size)
        batches += [alike[i] for i in random_state.permutation(len(alike))]
    return batches


def _cut(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]
