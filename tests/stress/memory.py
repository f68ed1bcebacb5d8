"""The memory that a thousand fits leave allocated."""

import gc
from pathlib import Path

import numpy as np

from skseqae import LSTMAutoencoderTransformer
from skseqae.datasets import make_waves
from tests.support.estimators import CLASSES, data_for, quick, y

STATM = Path("/proc/self/statm")
N_FITS, N_WARM, MAX_MEGABYTES = 1_000, 100, 50


def resident():
    """Return the resident memory of this process in megabytes."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * 4096 / 2**20


def fit_another(i):
    """Fit one of a few architectures with new data, seed and learning rate; one in twenty fits is compiled by XLA."""
    random_state = np.random.RandomState(i)
    changes = {"random_state": i, "learning_rate": 10 ** random_state.uniform(-4, -2)}
    if i % 20 == 0:
        X, _ = make_waves(30, lengths=(10, 16), random_state=i)
        quick(LSTMAutoencoderTransformer, latent_dim=3, batch_size=3, **changes).fit(X)
        return
    cls = CLASSES[i % len(CLASSES)]
    data, rows = data_for(cls), np.r_[0, 1, 1 + random_state.permutation(len(y) - 1)[: random_state.randint(8, 20)]]
    data = data[rows] if isinstance(data, np.ndarray) else [data[row] for row in rows]
    quick(cls, batch_size=8, **changes).fit(data, y[rows])


def memory():
    """Fits of all classes in one process, each with another seed, learning rate, size and length."""
    sizes = []
    for i in range(N_WARM + N_FITS):
        if i >= N_WARM and (i - N_WARM) % 100 == 0:
            sizes.append(resident())
            print(f"{i - N_WARM} fits: {sizes[-1]:.0f} MB", flush=True)
        fit_another(i)
    grown = resident() - sizes[0]
    failure = f"fits after the first {N_WARM}: memory growth above {MAX_MEGABYTES} MB (measured {grown:.0f} MB)"
    yield failure, N_FITS, int(grown > MAX_MEGABYTES)
