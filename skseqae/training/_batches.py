"""Training data, split into batches of similar lengths."""

from dataclasses import dataclass, field
from math import ceil, log2, prod

import numpy as np
from sklearn.model_selection import train_test_split

from ..data._padding import mask_of, pad, padded_and_mask
from ..data._sequences import Sequences
from ..networks._weight_shapes import weight_shapes

# A chunk of this many batches is sorted by length: large enough to group similar lengths, small enough to shuffle.
BATCHES_PER_CHUNK = 16
# Initial, trained and returned weights, the gradient, and the optimizer's two means: initial, current and returned.
COPIES_OF_WEIGHTS = 10


@dataclass(frozen=True)
class TrainingData:
    """Everything that a network is trained on, in scaled units, as float32.

    Attributes
    ----------
    x : Sequences of N sequences (T_i, F)
    targets : dict of str to Sequences
        The target of each head.
    sample_weight : array of shape (N,)
        Above 0.
    step_weights : dict of str to Sequences of one feature
        Non-negative weights of the timesteps of a head's target, multiplied by the sample weight. A head may be absent.
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
        """Return the sorted rows of a fraction of the samples, drawn from those with target timesteps for each head."""
        eligible = np.flatnonzero(np.all([target.lengths > 0 for target in self.targets.values()], axis=0))
        if len(eligible) < 2:
            raise ValueError(
                f"Early stopping requires at least 2 samples to hold out validation samples from, but {len(eligible)} "
                f"of {len(self)} sample(s) can be used: pass more samples, or set early_stopping=False."
            )
        n_held_out = max(1, min(ceil(fraction * len(self)), len(eligible) - 1))
        return np.sort(train_test_split(eligible, test_size=n_held_out, random_state=random_state)[1])

    def total_weight(self, head):
        """Return the denominator of the loss: the sum of the weights of all timesteps."""
        lengths = self.targets[head].lengths
        if head not in self.step_weights:
            return float(self.sample_weight @ lengths)
        return float(np.repeat(self.sample_weight, lengths) @ self.step_weights[head].packed[:, 0])

    def batch(self, rows, n_rows=None):
        """Return padded arrays: `x` (B, T, F), `mask` (B, T), and `{head}`, `{head}_mask` and `{head}_weight` likewise.

        With `n_rows` the arrays are filled up to `n_rows` rows, and to one number of timesteps for all batches.
        """
        arrays = dict(zip(("x", "mask"), _fill(self.x, rows, n_rows), strict=True))
        for head, target in self.targets.items():
            arrays[head], arrays[f"{head}_mask"] = _fill(target, rows, n_rows)
            weight = arrays[f"{head}_mask"].copy()
            weight[: len(rows)] *= self.sample_weight[rows].astype(np.float32)[:, None]
            if head in self.step_weights:
                weight *= _fill(self.step_weights[head], rows, n_rows)[0][:, :, 0]
            arrays[f"{head}_weight"] = weight
        return arrays


def _fill(sequences, rows, n_rows):
    """Return some sequences, padded at the end, (B, T, F), and their mask (B, T).

    With `n_rows`, empty sequences follow up to `n_rows` rows, and T is the same for all batches.
    """
    chosen = sequences[rows]
    if n_rows is None:
        return padded_and_mask(chosen)
    n_timesteps = _timesteps_to_fill(sequences)
    lengths = np.pad(chosen.lengths, (0, n_rows - len(chosen)))
    return pad(Sequences(chosen.packed, lengths), n_timesteps), mask_of(lengths, n_timesteps)


def _timesteps_to_fill(sequences):
    """Return the number of timesteps of all filled batches: the longest length, rounded up if lengths differ.

    One shape needs one compiled program, which runs as many timesteps as the longest sequence of a batch has. Rounding
    lets the folds of a cross-validation share it.
    """
    longest = max(1, int(sequences.lengths.max()))
    if sequences.lengths.min() == sequences.lengths.max():
        return longest
    multiple = max(4, 2 ** ceil(log2(longest)) // 8)
    return ceil(longest / multiple) * multiple


def training_bytes(architecture, data, batch_size):
    """Estimate the bytes that training needs: the weights, and the intermediate arrays of a step on the longest batch.

    Each product with a weight array is kept at each timestep, with its gradient. Custom decoders are left out, because
    nothing is known about them.
    """
    n_rows, n_weights, n_values = min(len(data), batch_size), 0, 0
    for part, shapes in weight_shapes(architecture).items():
        sequences = data.targets.get(part, data.x)
        n_steps = n_rows * _timesteps_to_fill(sequences)
        n_weights += sum(prod(shape) for shape in shapes)
        n_values += n_steps * sum(2 * shape[-1] for shape in shapes if len(shape) == 2)
        n_values += n_steps * 5 * (sequences.n_features + 1)  # padded values and mask, in NumPy and in TensorFlow
    return 4 * (COPIES_OF_WEIGHTS * n_weights + n_values)


def shuffle_into_batches(lengths, batch_size, random_state):
    """Split a random order of the samples into batches of similar lengths, in random order.

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
    for chunk in _split(order, batch_size * BATCHES_PER_CHUNK):
        similar = _split(chunk[np.argsort(lengths[chunk], kind="stable")], batch_size)
        batches += [similar[i] for i in random_state.permutation(len(similar))]
    return batches


def _split(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]
