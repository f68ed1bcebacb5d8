"""The memory that ten thousand calls of an estimator's methods leave allocated."""

import tempfile
from pathlib import Path

import skseqae
from skseqae.datasets import make_waves
from tests.inference.many_calls import measure

N_CALLS, MAX_MEGABYTES = (1_000, 10_000), 20


def calls():
    """Calls of `transform` and `reconstruct` with samples of random numbers and lengths, in a new process."""
    X, _ = make_waves(40, n_features=2, random_state=0)
    for decoder in ("repeat", "conditional"):
        estimator = skseqae.LSTMAutoencoderTransformer(16, decoder=decoder, epochs=1, random_state=0).fit(X)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "estimator"
            skseqae.save(estimator, path)
            before, after = measure(path, N_CALLS)
        failure = f"decoder {decoder}, calls after the first {N_CALLS[0]:,}: memory growth above {MAX_MEGABYTES} MB"
        n_calls = N_CALLS[1] - N_CALLS[0]
        yield f"{failure} (measured from {before:.0f} to {after:.0f} MB)", n_calls, int(after - before > MAX_MEGABYTES)
