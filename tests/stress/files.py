"""Saved files and pickles: damaged, hostile, and written while the process is killed or the disk is full."""

import json
import pickle
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np
from sklearn.frozen import FrozenEstimator

import skseqae
from skseqae.datasets import make_reversals, make_waves
from tests.mixins.test_pickling import flips_in_arrays
from tests.persistence.test_estimators import FULL, KILLED
from tests.support import hostile_files


def fitted():
    """Return a fitted estimator of each class, and a classifier that holds another estimator."""
    X, y = make_waves(40, n_features=2, lengths=(3, 12), n_classes=2, random_state=0)
    words, backwards = make_reversals(40, lengths=(2, 5), n_symbols=5, random_state=0)
    shared = {"epochs": 2, "random_state": 0}
    encoder = skseqae.LSTMAutoencoderTransformer(8, optimizer__beta_1=0.8, **shared).fit(X)
    frozen = {"encoder": FrozenEstimator(encoder), "freeze_encoder": True}
    return {
        "autoencoder": encoder,
        "regressor": skseqae.CompositeSequenceRegressor(8, decoder="conditional", **shared).fit(X, y.astype(float)),
        "classifier": skseqae.Seq2SeqClassifier(**frozen, **shared).fit(X, y),
        "speller": skseqae.Seq2SeqClassifier(8, tokens=True, **shared).fit(words, backwards),
        "dense": skseqae.DenseAutoencoderTransformer(2, hidden_layer_sizes=(8,), **shared).fit(np.eye(20, 6)),
    }


def n_loaded(contents, path):
    """Write each content, and return how many were tried and how many loaded; another error than the one stops it."""
    n_tried = n_failed = 0
    for content in contents:
        n_tried += 1
        path.write_bytes(content)
        try:
            skseqae.load(path)
            n_failed += 1
        except skseqae.SkseqaeFormatError:
            pass
    return n_tried, n_failed


def flips(contents, n_flips, random_state):
    for i in range(n_flips):
        content = bytearray(contents[i % len(contents)])
        content[random_state.randint(len(content))] ^= 1 << random_state.randint(8)
        yield bytes(content)


def cuts(contents, n_cuts, random_state):
    for i in range(n_cuts):
        content = contents[i % len(contents)]
        yield content[: random_state.randint(len(content))]


def pickles(estimators, n_flips):
    """Return how many damaged pickles were tried, and how many were read."""
    n_tried = n_failed = 0
    for estimator in estimators:
        for content in flips_in_arrays(estimator, n_flips // len(estimators)):
            n_tried += 1
            try:
                pickle.loads(content)
                n_failed += 1
            except skseqae.SkseqaeFormatError:
                pass
    return n_tried, n_failed


def run(script, *arguments):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def corpus(contents, folder):
    """Return how many hostile files were read, and how many did anything but give the one error, soon and in little."""
    n_tried = n_failed = 0
    for i, content in enumerate(contents):
        (folder / str(i)).mkdir()
        hostile_files.write_all(folder / str(i), content)
        results, imported = json.loads(run(hostile_files.READER, folder / str(i)))
        assert results.pop("whole")["error"] == "none"
        n_tried += len(results)
        n_failed += len(imported) + sum(
            result["error"] != "SkseqaeFormatError"
            or bool(result["done"])
            or result["seconds"] >= 1
            or result["more"] >= 2**26
            for result in results.values()
        )
    return n_tried, n_failed


def wrong_fields(contents, path):
    changed = (
        file for content in contents for _, file in hostile_files.with_each_field_wrong(hostile_files.Kit(content))
    )
    return n_loaded(changed, path)


def nasty_fields(contents, path):
    """Return how many files were tried; one that gives another error than the one stops everything."""
    changed = (file for content in contents for file in hostile_files.with_each_field_nasty(hostile_files.Kit(content)))
    return n_loaded(islice(changed, 0, None, 7), path)[0], 0


def kills(paths, path, n_times):
    path.write_bytes(paths[0].read_bytes())
    one, other, _ = map(int, run(KILLED, *paths[:2], path, n_times).split())
    return n_times, n_times - one - other


def full_disks(paths, path):
    """Return how many writes were tried that found no room, and how many changed the old file or left another."""
    n_failed = 0
    for new in paths[1:]:
        path.write_bytes(paths[0].read_bytes())
        refused = run(FULL, paths[0], new, path).count("OSError")
        left = [each for each in path.parent.iterdir() if each.suffix == ".tmp"]
        n_failed += 4 - refused + len(left) + (path.read_bytes() != paths[0].read_bytes())
    return 4 * (len(paths) - 1), n_failed


def files():
    """Saved files and pickles: damaged, hostile, and written while the process is killed or the disk is full."""
    with tempfile.TemporaryDirectory() as folder:
        folder, estimators = Path(folder), fitted()
        for name, estimator in estimators.items():
            skseqae.save(estimator, folder / name)
        paths = [folder / name for name in estimators]
        contents = [path.read_bytes() for path in paths]
        file, random_state = folder / "file", np.random.RandomState(0)
        yield "single bits flipped in files, that load", *n_loaded(flips(contents, 10_000, random_state), file)
        yield "files cut off, that load", *n_loaded(cuts(contents, 1_000, random_state), file)
        yield "single bits flipped in the weights of pickles, that load", *pickles(estimators.values(), 1_000)
        yield "hostile files that do not give the one error, in 1 s and 64 MB", *corpus(contents[:1], folder)
        yield "fields missing, unknown or mistyped, that load", *wrong_fields(contents, file)
        yield "fields of anything else, that give another error", *nasty_fields(contents, file)
        yield "kills while saving, after which there is neither file", *kills(paths, file, 300)
        yield "full disks, after which there is not the old file alone", *full_disks(paths, file)
