"""Training data, split into batches of similar lengths."""

from dataclasses import dataclass, field, replace
from math import ceil, log2, prod

import numpy as np
from sklearn.model_selection import train_test_split

from ..data._padding import mask_of, pad, padded_and_mask
from ..data._sequences import Sequences, crop
from ..networks._weight_shapes import weight_shapes

# A chunk of this many batches is sorted by length: large enough to group similar lengths, small enough to shuffle.
BATCHES_PER_CHUNK = 16
# Initial, trained and returned weights, the gradient, and the optimizer's two means: initial, current and returned.
COPIES_OF_WEIGHTS = 10


@dataclass(frozen=True)
class Crops:
    """Random contiguous parts of sequences, of which each training step sees one.

    Attributes
    ----------
    min_share : float
        The shortest share of a sequence, in (0, 1]; the shares are uniformly distributed up to 1.
    max_timesteps : int
        The length at which a sequence is cut before its share is taken.
    """

    min_share: float
    max_timesteps: int

    def draw(self, lengths, random_state):
        """Return the starts and the lengths of a crop of each sequence, of at least two timesteps where it has them."""
        shares = random_state.uniform(self.min_share, 1, size=len(lengths))
        cropped = np.maximum(np.rint(shares * self._limit(lengths)), np.minimum(lengths, 2)).astype(np.int64)
        return (random_state.uniform(size=len(lengths)) * (lengths - cropped + 1)).astype(np.int64), cropped

    def mean_lengths(self, lengths):
        """Return the mean length of the crops of each sequence."""
        return (1 + self.min_share) / 2 * self._limit(lengths)

    def _limit(self, lengths):
        return np.minimum(lengths, self.max_timesteps)


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
    step_weights : dict of str to Sequences of one feature, or of those of the target
        Non-negative weights of the timesteps, or of the values, of a head's target, multiplied by the sample weight. A
        head may be absent.
    crops : Crops or None
        The parts of sequences that training steps see; None: whole sequences. Targets are then x, in order of time
        without its first timesteps, or else reversed.
    reversed_heads : tuple of str
        The heads whose target is reversed.
    """

    x: Sequences
    targets: dict[str, Sequences]
    sample_weight: np.ndarray
    step_weights: dict[str, Sequences] = field(default_factory=dict)
    crops: Crops | None = None
    reversed_heads: tuple[str, ...] = ()

    def __len__(self):
        return len(self.x)

    def take(self, rows):
        """Return the data of some samples."""
        parts = {name: _take(getattr(self, name), rows) for name in ("targets", "step_weights")}
        return replace(self, **parts, x=self.x[rows], sample_weight=self.sample_weight[rows])

    def hold_out(self, fraction, random_state):
        """Return the sorted rows of a fraction of the samples, drawn from those with target timesteps for each head."""
        eligible = np.flatnonzero(np.all([self._has_target(head) for head in self.targets], axis=0))
        if len(eligible) < 2:
            raise ValueError(
                f"Early stopping requires at least 2 samples to hold out validation samples from, but {len(eligible)} "
                f"of {len(self)} sample(s) can be used: pass more samples, or set early_stopping=False."
            )
        n_held_out = max(1, min(ceil(fraction * len(self)), len(eligible) - 1))
        return np.sort(train_test_split(eligible, test_size=n_held_out, random_state=random_state)[1])

    @property
    def weighs_values(self):
        """The heads of whose target each value has a weight of its own, a tuple."""
        return tuple(head for head, weights in self.step_weights.items() if weights.n_features > 1)

    def _has_target(self, head):
        """Return whether each sample has a target timestep, with step weights one of positive weight."""
        lengths = self.targets[head].lengths
        if head not in self.step_weights:
            return lengths > 0
        weights = self.step_weights[head].packed.sum(axis=1)
        return np.bincount(np.repeat(np.arange(len(self)), lengths), weights, minlength=len(self)) > 0

    def total_weight(self, head):
        """Return the denominator of the loss: the sum of the weights of all timesteps; of crops, its expectation."""
        lengths = self.targets[head].lengths
        seen = self.crops.mean_lengths(lengths) if self.crops else lengths
        if head in self.step_weights:
            weights = np.repeat(self.sample_weight * (seen / np.maximum(lengths, 1)), lengths)
            return float(weights @ self.step_weights[head].packed.sum(axis=1))
        return float(self.sample_weight @ seen)

    def batch(self, rows, n_rows=None, random_state=None):
        """Return padded arrays: `x` (B, T, F), `mask` (B, T), and `{head}`, `{head}_mask` and `{head}_weight` likewise.

        Where values have weights of their own, `{head}_weight` is (B, T, F). With `n_rows` the arrays are filled up to
        `n_rows` rows, and to one number of timesteps for all batches. With `random_state`, sequences are cropped if
        there are `crops`.
        """
        x, targets, step_weights = self.x[rows], _take(self.targets, rows), _take(self.step_weights, rows)
        if self.crops and random_state:
            starts, lengths = self.crops.draw(x.lengths, random_state)
            for head, target in targets.items():
                is_reversed, n_absent = head in self.reversed_heads, x.lengths - target.lengths
                part = x.lengths - starts - lengths if is_reversed else starts, np.maximum(lengths - n_absent, 0)
                targets[head] = crop(target, *part)
                if head in step_weights:
                    step_weights[head] = crop(step_weights[head], *part)
            x = crop(x, starts, lengths)
        arrays = dict(zip(("x", "mask"), _fill(x, n_rows, self.n_timesteps("x")), strict=True))
        for head, target in targets.items():
            n_timesteps = self.n_timesteps(head)
            arrays[head], arrays[f"{head}_mask"] = _fill(target, n_rows, n_timesteps)
            weight = arrays[f"{head}_mask"].copy()
            weight[: len(rows)] *= self.sample_weight[rows].astype(np.float32)[:, None]
            if head in step_weights:
                by_step = _fill(step_weights[head], n_rows, n_timesteps)[0].astype(np.float32)
                weight = weight[:, :, None] * by_step if by_step.shape[2] > 1 else weight * by_step[:, :, 0]
            arrays[f"{head}_weight"] = weight
        return arrays

    def n_timesteps(self, name):
        """Return the number of timesteps of all filled batches of "x" or of a head's target.

        It is the longest length, rounded up. One shape needs one compiled program, which runs as many timesteps as the
        longest sequence of a batch has. Rounding lets the folds of a cross-validation share it, and refits on series
        that grow.
        """
        lengths = (self.x if name == "x" else self.targets[name]).lengths
        longest = max(1, int(lengths.max()))
        if self.crops:
            longest = min(longest, self.crops.max_timesteps)
        multiple = max(4, 2 ** ceil(log2(longest)) // 8)
        return ceil(longest / multiple) * multiple


def _take(sequences_by_head, rows):
    """Return some samples of each of several `Sequences`."""
    return {head: sequences[rows] for head, sequences in sequences_by_head.items()}


def _fill(sequences, n_rows, n_timesteps):
    """Return sequences, padded at the end, (B, T, F), and their mask (B, T).

    With `n_rows`, empty sequences follow up to `n_rows` rows, and T is `n_timesteps`.
    """
    if n_rows is None:
        return padded_and_mask(sequences)
    lengths = np.pad(sequences.lengths, (0, n_rows - len(sequences)))
    return pad(Sequences(sequences.packed, lengths), n_timesteps), mask_of(lengths, n_timesteps)


def training_bytes(architecture, data, batch_size):
    """Estimate the bytes that training needs: the weights, and the intermediate arrays of a step on the longest batch.

    Each product with a weight array is kept at each timestep, with its gradient. Custom decoders are left out, because
    nothing is known about them.
    """
    n_rows, n_weights, n_values = min(len(data), batch_size), 0, 0
    for part, shapes in weight_shapes(architecture).items():
        name = part if part in data.targets else "x"
        sequences = data.targets.get(part, data.x)
        n_steps = n_rows * data.n_timesteps(name)
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
    list of arrays of rows, each of at most `batch_size`, of about the same size
    """
    pieces = np.array_split(random_state.permutation(len(lengths)), ceil(len(lengths) / batch_size))
    batches = []
    for start in range(0, len(pieces), BATCHES_PER_CHUNK):
        chunk = pieces[start : start + BATCHES_PER_CHUNK]
        rows = np.concatenate(chunk)
        similar = np.array_split(rows[np.argsort(lengths[rows], kind="stable")], len(chunk))
        batches += [similar[i] for i in random_state.permutation(len(chunk))]
    return batches
