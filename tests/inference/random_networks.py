"""Random networks and samples, drawn by NumPy alone, and the bits of what the networks compute for each sample."""

import numpy as np

from skseqae.data._sequences import Sequences
from skseqae.inference._encode_decode import decode, encode
from skseqae.inference._label_search import beams, greedy, greedy_logits, label_logits
from skseqae.inference._network import Network
from skseqae.networks._architectures import ACTIVATIONS, Architecture, DenseArchitecture, Seq2SeqArchitecture
from skseqae.networks._cells import CELLS
from skseqae.networks._statistics import SIZES
from skseqae.networks._weight_shapes import weight_shapes

NARROW = range(1, 10)
# around the widths of vector registers and of the blocks of matrix products, and between them
WIDTHS = (*range(1, 18), 24, 31, 32, 33, 48, 63, 64, 65, 96, 100, 127, 128, 129, 140)
LENGTHS = (0, 1, 2, 3, 5, 8, 13, 40)
KINDS = ("encoder", "repeat", "conditional", "dense", "label", "greedy", "beam")


def draw_architecture(kind, rng, widths=WIDTHS, cells=tuple(CELLS)):
    """Return an architecture with random values of all options that inference depends on."""
    n_features, latent_dim, n_tokens, *units = map(int, rng.choice(widths, size=rng.integers(4, 6)))
    cell, activation = str(rng.choice(cells)), str(rng.choice(ACTIVATIONS))
    is_bidirectional, coin = map(bool, rng.integers(2, size=2))
    output = {"output_activation": str(rng.choice(["linear", "sigmoid", "softmax"]))}
    if kind == "dense":
        return DenseArchitecture(n_features, latent_dim, tuple(units[coin:]), activation, "tanh", **output)
    options = {"cell": cell, "activation": activation, "bidirectional": is_bidirectional}
    if kind in ("greedy", "beam"):
        n_features, n_tokens = (1, n_tokens) if coin else (n_features, None)
        has_end = bool(rng.integers(2))
        return Seq2SeqArchitecture(n_features, n_tokens, latent_dim, tuple(units), **options, has_end=has_end)
    if kind == "label":
        n_features, n_tokens = (1, n_tokens) if coin else (n_features, None)
        pooling = (*map(str, rng.choice([*SIZES], size=rng.integers(len(SIZES)), replace=False)),)
        options |= {"n_tokens": n_tokens, "n_classes": latent_dim, "pooling": pooling, "readout": bool(pooling)}
        options |= {} if coin else {"differences": bool(rng.integers(2)), "patch_size": int(rng.choice([1, 2, 7]))}
        width = units[-1] * (1 + is_bidirectional) * (1 + options.get("differences", False))
        return Architecture(n_features, width, tuple(units), heads=("label",), head_features=(1,), **options)
    latent_dim = units[-1] * (1 + is_bidirectional) if coin else latent_dim  # without and with a dense layer
    options |= {"decoder": "conditional" if kind == "conditional" else "repeat"}
    options |= {"differences": bool(rng.integers(2)), "patch_size": int(rng.choice([1, 1, 2, 3, 7]))}
    if kind == "repeat":
        options["time_features"] = bool(rng.integers(2))
    if kind == "encoder" and rng.integers(3):
        pooling = rng.choice([*SIZES], size=rng.integers(1, len(SIZES) + 1), replace=False)
        options |= {"pooling": (*map(str, pooling),), "n_encodings": latent_dim if coin else None}
    return Architecture(n_features, latent_dim, tuple(units), **options, **output)


def draw_network(architecture, rng):
    """Return a network whose states neither vanish nor saturate."""

    def draw(shape):
        return (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)

    return Network(architecture, {part: [*map(draw, shapes)] for part, shapes in weight_shapes(architecture).items()})


def draw_sequences(architecture, lengths, rng):
    """Return sequences of real numbers, or of the indices of tokens, of which the last is that of unknown tokens."""
    shape, n_tokens = (int(sum(lengths)), architecture.n_features), getattr(architecture, "n_tokens", None)
    values = rng.integers(0, n_tokens + 1, size=shape) if n_tokens else rng.normal(size=shape)
    return Sequences.from_packed(values.astype(np.float32), lengths)


def draw_lengths(rng, n_samples):
    """Return lengths, one of which is sometimes far larger than the others."""
    return np.append(rng.choice(LENGTHS, size=n_samples - 1), rng.choice([1, 40, 300], p=[0.4, 0.5, 0.1]))


def draw_rows(rng, n_samples):
    """Return the samples of a batch, among which one may be more than once: often few of them."""
    few_or_many = np.minimum([1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 130], n_samples)
    return rng.integers(n_samples, size=rng.choice(few_or_many))


def draw_computation(kind, architecture, rng, lengths):
    """Return a function of the indices of samples, which returns the bits that a new network computes for each."""
    network, n_steps, n_beams = draw_network(architecture, rng), int(rng.integers(1, 6)), int(rng.integers(1, 5))
    lengths = np.ones_like(lengths) if architecture.is_tabular else lengths
    x = draw_sequences(architecture, lengths, rng)
    Z = rng.normal(size=(len(lengths), getattr(architecture, "latent_dim", 1)))

    def compute(rows):
        outputs = []
        if kind in ("encoder", "dense"):
            outputs.append(encode(network, x[rows]))
        if kind in ("repeat", "conditional", "dense"):
            outputs.append(decode(network, "reconstruction", Z[rows], lengths[rows]))
        if kind == "label":
            outputs.append(label_logits(network, x[rows]))
        if kind == "greedy":
            n_labels, logits = greedy_logits(network, x[rows], n_steps)
            outputs += [*greedy(network, x[rows], n_steps), [row[:n] for row, n in zip(logits, n_labels, strict=True)]]
        if kind == "beam":
            outputs += beams(network, x[rows], n_steps, n_beams)
        return np.array(
            [b"".join(np.asarray(output[i]).tobytes() for output in outputs) for i in range(len(rows))], object
        )

    return compute
