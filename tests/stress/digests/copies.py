"""Configurations of training in several calls, of copies, and of files."""

import copy

import numpy as np
from sklearn.base import clone

from tests.stress.digests.data import NAMES, NEW, X, as_frame, as_sequences
from tests.stress.digests.digest import digest_all, digest_outputs, digest_state
from tests.stress.digests.estimators import autoencoder, pickle_and_load, save_and_load
from tests.stress.digests.registry import configuration


@configuration
def ae_partial_fit():
    fitted = autoencoder(dropout=0.2)
    found = {}
    for i, chunk in enumerate((X[:8], X[8:], NEW)):
        found |= digest_state(fitted.partial_fit(chunk), f"{i}.")
    return found | digest_outputs(fitted, NEW)


@configuration
def ae_partial_fit_after_fit():
    return digest_all(autoencoder().fit(X).partial_fit(NEW, sample_weight=np.arange(7.0)), NEW)


@configuration
def ae_partial_fit_pickle():
    fitted = autoencoder(cell="gru", dropout=0.2).partial_fit(X).partial_fit(X)
    found = digest_all(pickle_and_load(fitted).partial_fit(NEW), X)
    return found | digest_all(fitted.partial_fit(NEW), X, prefix="original.")


@configuration
def ae_partial_fit_file():
    fitted = autoencoder(objective="composite", dropout=0.2).partial_fit(X).partial_fit(X)
    found = digest_all(save_and_load(fitted).partial_fit(NEW), X)
    return found | digest_all(fitted.partial_fit(NEW), X, prefix="original.")


@configuration
def ae_warm_start():
    fitted = autoencoder(warm_start=True).fit(X)
    return digest_state(fitted, "before.") | digest_all(fitted.set_params(epochs=1).fit(NEW), X)


@configuration
def ae_warm_start_file():
    return digest_all(save_and_load(autoencoder(warm_start=True, decoder="conditional").fit(X)).fit(NEW), X)


@configuration
def ae_warm_start_partial_fit():
    return digest_all(autoencoder(warm_start=True).fit(X).partial_fit(X).fit(NEW), X)


@configuration
def ae_deepcopy_and_clone():
    fitted = autoencoder().fit(X)
    found = digest_all(copy.deepcopy(fitted), NEW) | digest_all(copy.copy(fitted).partial_fit(X), NEW, prefix="copy.")
    return found | digest_all(clone(fitted).fit(X), NEW, prefix="clone.") | digest_all(fitted, NEW, prefix="original.")


@configuration
def ae_file():
    fitted = autoencoder(units=(4, 3), bidirectional=True, loss="huber", loss__delta=0.5).fit(X)
    return digest_all(save_and_load(fitted), NEW)


@configuration
def ae_file_of_frame():
    fitted = autoencoder().fit(as_frame(X)).set_output(transform="pandas")
    return digest_all(save_and_load(fitted), as_frame(X)[3:9])


@configuration
def ae_pickle():
    fitted = autoencoder(decoder="conditional", cell="gru").fit(as_sequences(X).with_names(NAMES))
    return digest_all(pickle_and_load(fitted), NEW)
