"""Random networks and random batches of their samples."""

import numpy as np
from threadpoolctl import threadpool_limits

from tests.inference.random_networks import KINDS, draw_architecture, draw_computation, draw_lengths, draw_rows

N_NETWORKS, N_BATCHES, N_SAMPLES = 150, 20, 150  # networks of each kind, batches of each, and samples to choose from
NAMES = {"encoder": "encoders", "repeat": "decoders that repeat the encoding", "conditional": "conditional decoders"}
NAMES |= {"dense": "dense autoencoders", "label": "label logits", "greedy": "greedy search", "beam": "beam search"}


def count_differences(kind, seed):
    """Return in how many batches of a random network a sample has other bits than among all samples."""
    rng = np.random.default_rng(seed)
    architecture = draw_architecture(kind, rng)
    compute = draw_computation(kind, architecture, rng, draw_lengths(rng, N_SAMPLES))
    expected, n_different = compute(np.arange(N_SAMPLES)), 0
    for _ in range(N_BATCHES):
        rows = draw_rows(rng, N_SAMPLES)
        with threadpool_limits(int(rng.choice([1, 2, 4])), "blas"):
            n_different += (compute(rows) != expected[rows]).any()
    if n_different:
        print(f"seed {seed}: {n_different} batches of {architecture}", flush=True)
    return n_different


def batches():
    """Pairs of a random network and a random batch, of all cells and activations and of 1 to 140 units."""
    for i, kind in enumerate(KINDS):
        n_different = sum(count_differences(kind, [i, seed]) for seed in range(N_NETWORKS))
        yield f"{NAMES[kind]}: batches in which a sample has other bits", N_NETWORKS * N_BATCHES, n_different
