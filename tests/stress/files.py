"""Saved files and pickles: damaged or hostile files, and writes in a killed process or to a full disk."""

import json
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.frozen import FrozenEstimator

import skseqae
from skseqae.datasets import make_reversals, make_waves
from tests.mixins.test_pickling import pickles_with_flipped_bits
from tests.persistence.test_writing import KILL_WHILE_SAVING, SAVE_TO_FULL_DISK
from tests.support import hostile_files


def fitted():
    """Return a fitted estimator of each class, and a classifier that contains another estimator."""
    X, y = make_waves(40, n_features=2, lengths=(3, 12), n_classes=2, random_state=0)
    words, reversed_words = make_reversals(40, lengths=(2, 5), n_symbols=5, random_state=0)
    shared = {"epochs": 2, "random_state": 0}
    encoder = skseqae.LSTMAutoencoderTransformer(8, optimizer__beta_1=0.8, **shared).fit(X)
    frozen = {"encoder": FrozenEstimator(encoder), "freeze_encoder": True}
    return {
        "autoencoder": encoder,
        "regressor": skseqae.CompositeSequenceRegressor(8, decoder="conditional", **shared).fit(X, y.astype(float)),
        "classifier": skseqae.Seq2SeqClassifier(**frozen, **shared).fit(X, y),
        "seq2seq": skseqae.Seq2SeqClassifier(8, tokens=True, **shared).fit(words, reversed_words),
        "dense": skseqae.DenseAutoencoderTransformer(2, hidden_layer_sizes=(8,), **shared).fit(np.eye(20, 6)),
    }


def load_all(contents, path):
    """Write and load each content; return the number of contents and how many loaded.

    An error other than SkseqaeFormatError ends the stress test.
    """
    n_trials = n_failed = 0
    for content in contents:
        n_trials += 1
        path.write_bytes(content)
        try:
            skseqae.load(path)
            n_failed += 1
        except skseqae.SkseqaeFormatError:
            pass
    return n_trials, n_failed


def flip_bits(contents, n_flips, random_state):
    for i in range(n_flips):
        content = bytearray(contents[i % len(contents)])
        content[random_state.randint(len(content))] ^= 1 << random_state.randint(8)
        yield bytes(content)


def truncate(contents, n_contents, random_state):
    for i in range(n_contents):
        content = contents[i % len(contents)]
        yield content[: random_state.randint(len(content))]


def load_pickles(estimators, n_flips):
    """Return the number of damaged pickles, and how many loaded."""
    n_trials = n_failed = 0
    for estimator in estimators:
        for content in pickles_with_flipped_bits(estimator, n_flips // len(estimators)):
            n_trials += 1
            try:
                pickle.loads(content)
                n_failed += 1
            except skseqae.SkseqaeFormatError:
                pass
    return n_trials, n_failed


def run(script, *arguments):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def load_hostile_files(contents, folder):
    """Return the number of hostile files, and how many did not only raise the error, in little time and memory."""
    n_trials = n_failed = 0
    for i, content in enumerate(contents):
        (folder / str(i)).mkdir()
        hostile_files.write_all(folder / str(i), content)
        results, imported = json.loads(run(hostile_files.READER, folder / str(i)))
        assert results.pop("whole")["error"] == "none"
        n_trials += len(results)
        n_failed += len(imported) + sum(
            result["error"] != "SkseqaeFormatError"
            or bool(result["actions"])
            or result["seconds"] >= 1
            or result["memory"] >= 2**26
            for result in results.values()
        )
    return n_trials, n_failed


def load_invalid_fields(contents, path):
    parts = map(hostile_files.FileParts, contents)
    changed = (content for each in parts for _, content in hostile_files.with_invalid_fields(each))
    return load_all(changed, path)


def load_unusual_fields(contents, path):
    """Return the number of files; an error other than SkseqaeFormatError ends the stress test."""
    parts = map(hostile_files.FileParts, contents)
    changed = (content for each in parts for content in hostile_files.with_unusual_fields(each, every=7))
    return load_all(changed, path)[0], 0


def kill_while_saving(paths, path, n_times):
    path.write_bytes(paths[0].read_bytes())
    one, other, _ = map(int, run(KILL_WHILE_SAVING, *paths[:2], path, n_times).split())
    return n_times, n_times - one - other


def save_to_full_disk(paths, path):
    """Return the number of writes to a full disk, and how many changed the old file or left another file."""
    n_failed = 0
    for new in paths[1:]:
        path.write_bytes(paths[0].read_bytes())
        refused = run(SAVE_TO_FULL_DISK, paths[0], new, path).count("OSError")
        left = [file for file in path.parent.iterdir() if file.suffix == ".tmp"]
        n_failed += 4 - refused + len(left) + (path.read_bytes() != paths[0].read_bytes())
    return 4 * (len(paths) - 1), n_failed


def files():
    """Saved files and pickles: damaged or hostile files, and writes in a killed process or to a full disk."""
    with tempfile.TemporaryDirectory() as folder:
        folder, estimators = Path(folder), fitted()
        for name, estimator in estimators.items():
            skseqae.save(estimator, folder / name)
        paths = [folder / name for name in estimators]
        contents = [path.read_bytes() for path in paths]
        file, random_state = folder / "file", np.random.RandomState(0)
        yield "files with a flipped bit that load", *load_all(flip_bits(contents, 10_000, random_state), file)
        yield "truncated files that load", *load_all(truncate(contents, 1_000, random_state), file)
        yield "pickles with a flipped bit in the weights that load", *load_pickles(estimators.values(), 1_000)
        yield "hostile files not refused within 1 s and 64 MB", *load_hostile_files(contents[:1], folder)
        yield "files with a missing, unknown or mistyped field that load", *load_invalid_fields(contents, file)
        yield "files with another value in a field that raise another error", *load_unusual_fields(contents, file)
        yield "kills while saving that leave neither the old nor the new file", *kill_while_saving(paths, file, 300)
        yield "writes to a full disk that change the old file or leave another", *save_to_full_disk(paths, file)
