"""
Serving encodings without TensorFlow
====================================

ONNX Runtime encodes sequences in a process that imports neither TensorFlow nor skseqae. An LSTM autoencoder is trained
on utterances of 7 to 29 timesteps and exported to one file. Another Python process, which imports only NumPy and ONNX
Runtime, loads the file and encodes the utterances, first as one batch and then one at a time. Its encodings are
compared with those of `transform`.

To run it::

    pip install skseqae
    python examples/onnx_serving.py
"""

import argparse
import os
import subprocess
import sys
import tempfile
from time import perf_counter

import numpy as np

SERVER = """
import sys
from time import perf_counter

import numpy as np
import onnxruntime

assert not {"keras", "onnx", "skseqae", "sklearn", "tensorflow"} & sys.modules.keys()

session = onnxruntime.InferenceSession("encoder.onnx", providers=["CPUExecutionProvider"])
batch = dict(np.load("batch.npz"))
(encodings,) = session.run(["encodings"], batch)
start = perf_counter()
for x, length in zip(batch["x"], batch["lengths"]):
    session.run(["encodings"], {"x": x[None, :length], "lengths": [length]})
seconds = (perf_counter() - start) / len(batch["x"])
np.savez("served.npz", encodings=encodings, seconds=seconds)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="train for 1 epoch on little data, as a smoke test")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    import skseqae
    from skseqae.datasets import load_japanese_vowels

    X, _ = load_japanese_vowels(subset="train", return_X_y=True)
    X, budget = [x.astype(np.float32) for x in X], {}
    if arguments.fast:
        X, budget = X[:32], {"epochs": 1}
    encoder = skseqae.LSTMAutoencoderTransformer(random_state=0, **budget)
    expected = encoder.fit(X).transform(X)
    start = perf_counter()
    for x in X:
        encoder.transform([x])
    seconds = (perf_counter() - start) / len(X)

    # the padding value does not matter: the lengths mark the ends of the sequences
    batch = {"x": skseqae.Sequences.from_list(X).to_padded(), "lengths": np.array([len(x) for x in X])}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "encoder.onnx")
        skseqae.export_onnx(encoder, path, outputs=["encodings"])
        np.savez(os.path.join(folder, "batch.npz"), **batch)
        subprocess.run([sys.executable, "-c", SERVER], cwd=folder, check=True)
        kilobytes = os.path.getsize(path) / 1024
        served = dict(np.load(os.path.join(folder, "served.npz")))

    print(f"{kilobytes:.0f} kB, {len(X)} utterances of {min(map(len, X))} to {max(map(len, X))} timesteps")
    print(f"largest difference     {np.abs(served['encodings'] - expected).max():.1e}")
    print(f"one utterance, skseqae {1e6 * seconds:.0f} µs")
    print(f"one utterance, ONNX    {1e6 * served['seconds']:.0f} µs")


if __name__ == "__main__":
    main()
