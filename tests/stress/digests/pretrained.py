"""Configurations of `Seq2SeqClassifier` with a pretrained encoder."""

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import cross_val_score

from skseqae import Seq2SeqClassifier
from tests.stress.digests.data import LABELS, NEW, NEW_LABELS, NUMBERS, RAGGED, STRINGS, X, labels_of
from tests.stress.digests.digest import digest, digest_all, digest_state
from tests.stress.digests.estimators import autoencoder, pickle_and_load, regressor, save_and_load
from tests.stress.digests.registry import configuration


@configuration
def classifier_pretrained_encoder():
    encoder = autoencoder(bidirectional=True, units=3, cell="gru").fit(X)
    fitted = Seq2SeqClassifier(encoder=encoder, epochs=2, batch_size=8, random_state=0).fit(X, LABELS)
    return digest_all(fitted, NEW, NEW_LABELS) | digest_state(encoder, "encoder.")


@configuration
def classifier_frozen_encoder():
    encoder = FrozenEstimator(autoencoder(units=(4, 3), activation="sigmoid").fit(X))
    settings = {"epochs": 2, "batch_size": 8, "random_state": 0}
    fitted = Seq2SeqClassifier(encoder=encoder, freeze_encoder=True, **settings).fit(X, RAGGED)
    found = digest_all(fitted, NEW, labels_of(NEW))
    found |= digest_all(save_and_load(fitted).partial_fit(X, RAGGED), NEW, labels_of(NEW), prefix="file.")
    found |= digest_all(clone(fitted).fit(X, RAGGED), NEW, labels_of(NEW), prefix="clone.")
    return found | digest_all(pickle_and_load(fitted).partial_fit(X, RAGGED), NEW, labels_of(NEW), prefix="pickle.")


@configuration
def classifier_frozen_encoder_of_regressor():
    encoder = FrozenEstimator(regressor().fit(X, NUMBERS))
    settings = {"epochs": 2, "batch_size": 8, "random_state": 0}
    fitted = Seq2SeqClassifier(encoder=encoder, freeze_encoder=True, **settings).fit(X, STRINGS)
    return digest_all(fitted, NEW, np.array(["slow", "medium", "fast"])[NEW_LABELS]) | {
        "cross_val_score": digest(cross_val_score(fitted, X, STRINGS, cv=2))
    }


@configuration
def classifier_encoder_warm_start():
    encoder = FrozenEstimator(autoencoder().fit(X))
    settings = {"epochs": 1, "batch_size": 8, "random_state": 0, "warm_start": True}
    fitted = Seq2SeqClassifier(encoder=encoder, freeze_encoder=True, **settings).fit(X, LABELS)
    other = FrozenEstimator(autoencoder(random_state=1).fit(NEW))
    return digest_all(fitted.set_params(encoder=other).fit(X, LABELS), NEW, NEW_LABELS)
