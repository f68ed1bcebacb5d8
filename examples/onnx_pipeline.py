"""
Serving a pipeline without scikit-learn and TensorFlow
======================================================

A search selects the regularisation of a classifier of vowels: a scaler of the 12 features at each timestep, an
LSTM autoencoder, a scaler of the encodings and a logistic regression. The best pipeline is exported to one file.
Another Python process, which imports only NumPy and ONNX Runtime, reads the utterances as they were recorded, of 7 to
29 timesteps, and returns labels and probabilities. They are compared with those of the search.

To run it::

    pip install "skseqae[export]"
    python examples/onnx_pipeline.py
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

SERVER = """
import json
import sys

import numpy as np
import onnxruntime

assert not {"keras", "onnx", "skl2onnx", "skseqae", "sklearn", "tensorflow"} & sys.modules.keys()

session = onnxruntime.InferenceSession("vowels.onnx", providers=["CPUExecutionProvider"])
print("steps:", *json.loads(session.get_modelmeta().custom_metadata_map["steps"]))
labels, probabilities = session.run(["labels", "probabilities"], dict(np.load("batch.npz")))
np.savez("served.npz", labels=labels, probabilities=probabilities)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="train for 1 epoch on little data, as a smoke test")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    import skseqae
    from skseqae.datasets import load_japanese_vowels
    from skseqae.preprocessing import PerTimestep

    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)
    budget = {}
    if arguments.fast:
        X, y, budget = X[::6], y[::6], {"epochs": 1}
    encoder = skseqae.LSTMAutoencoderTransformer(random_state=0, **budget)
    classifier = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.01, 0.1, 1.0]}, cv=3)
    model = make_pipeline(PerTimestep(StandardScaler()), encoder, StandardScaler(), classifier).fit(X, y)

    # the padding value does not matter: the lengths mark the ends of the sequences
    x = skseqae.Sequences.from_list(X_test).to_padded(dtype="float32")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vowels.onnx")
        skseqae.export_onnx(model, path)
        np.savez(os.path.join(folder, "batch.npz"), x=x, lengths=[len(each) for each in X_test])
        subprocess.run([sys.executable, "-c", SERVER], cwd=folder, check=True)
        kilobytes = os.path.getsize(path) / 1024
        served = dict(np.load(os.path.join(folder, "served.npz")))

    differences = np.abs(served["probabilities"] - model.predict_proba(X_test))
    print(f"{kilobytes:.0f} kB, {len(X_test)} utterances")
    print(f"accuracy of the file                  {np.mean(served['labels'] == y_test):.3f}")
    print(f"equal labels                          {np.mean(served['labels'] == model.predict(X_test)):.3f}")
    print(f"largest difference of a probability   {differences.max():.1e}")


if __name__ == "__main__":
    main()
