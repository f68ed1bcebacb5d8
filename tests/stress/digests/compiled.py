"""Configurations that XLA compiles: fits of 128 timesteps an epoch or more."""

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import Seq2SeqClassifier, SequenceOutlierDetector
from skseqae.datasets import make_reversals, make_waves
from skseqae.preprocessing import PerTimestep
from tests.stress.digests.data import LONG, LONG_LABELS, LONGER, NEW, NEW_LABELS, X, labels_of, table_of_labels
from tests.stress.digests.digest import digest_all, digest_detector, digest_pipeline, digest_state
from tests.stress.digests.estimators import autoencoder, classifier, dense_autoencoder, pickle_and_load, regressor
from tests.stress.digests.registry import configuration, configurations

AUTOENCODERS = {
    "lstm": {},
    "gru": {"cell": "gru"},
    "conditional": {"decoder": "conditional"},
    "conditional_gru_composite": {"decoder": "conditional", "cell": "gru", "objective": "composite"},
    "dropout": {"dropout": 0.3},
    "dropout_bidirectional_gru": {"dropout": 0.2, "bidirectional": True, "cell": "gru"},
    "bidirectional_conditional": {"bidirectional": True, "decoder": "conditional"},
    "stacked_relu_gru": {"units": (4, 3), "activation": "relu", "cell": "gru"},
    "stacked_sigmoid_mae": {"units": (4, 3), "activation": "sigmoid", "loss": "mae"},
    "linear_huber_sgd": {"activation": "linear", "loss": "huber", "loss__delta": 0.5, "optimizer": "sgd"},
    "early_stopping": {"early_stopping": True, "n_iter_no_change": 1, "tol": 0.0, "epochs": 3},
}


@configurations("compiled_ae_", AUTOENCODERS)
def digest_compiled(parameters):
    return digest_all(autoencoder(**parameters).fit(LONG), NEW)


@configuration
def compiled_ae_many_lengths():
    return digest_all(autoencoder().fit(LONGER), NEW)


@configuration
def compiled_ae_sample_weight_partial_fit():
    weights = np.arange(64) % 4
    fitted = autoencoder().partial_fit(LONG, sample_weight=weights)
    found = digest_all(pickle_and_load(fitted).partial_fit(LONG), NEW)
    return found | digest_state(fitted.partial_fit(LONG), "original.")


@configuration
def compiled_ae_one_length():
    return digest_all(autoencoder().fit(make_waves(48, n_features=2, lengths=23, random_state=7)[0]), NEW)


@configuration
def compiled_ae_three_pieces():
    X = make_waves(288, n_features=2, lengths=(40, 60), random_state=8)[0]
    return digest_all(autoencoder(batch_size=96, epochs=1).fit(X), NEW)


@configuration
def compiled_regressor_vector():
    y = np.array([[x.mean(), x.std()] for x in LONG])
    return digest_all(regressor().fit(LONG, y), LONG[:7], y[:7])


@configuration
def compiled_regressor_horizon_gru():
    return digest_all(regressor(cell="gru", horizon=3).fit(LONG), LONG[:7])


@configuration
def compiled_regressor_sequences_conditional():
    y = [x[: len(x) // 2] for x in LONG]
    return digest_all(regressor(decoder="conditional").fit(LONG, y), LONG[:7], y[:7], n_timesteps=5)


@configuration
def compiled_classifier_label():
    return digest_all(classifier(class_weight="balanced").fit(LONG, LONG_LABELS), NEW, NEW_LABELS)


@configuration
def compiled_classifier_ragged_gru_dropout():
    fitted = classifier(cell="gru", dropout=0.2, epochs=2).fit(LONG, labels_of(LONG))
    return digest_all(fitted, NEW, labels_of(NEW))


@configuration
def compiled_classifier_table_bidirectional():
    fitted = classifier(bidirectional=True, epochs=2, num_beams=3).fit(LONG, table_of_labels(LONG))
    return digest_all(fitted, NEW, table_of_labels(NEW))


@configuration
def compiled_classifier_tokens():
    x, y = make_reversals(128, lengths=(3, 8), n_symbols=6, random_state=0)
    return digest_all(classifier(tokens=True, epochs=2).fit(x, y), x[:7], y[:7])


@configuration
def compiled_classifier_frozen_encoder():
    encoder = FrozenEstimator(autoencoder().fit(X))
    settings = {"epochs": 2, "batch_size": 8, "random_state": 0, "freeze_encoder": True}
    return digest_all(Seq2SeqClassifier(encoder=encoder, **settings).fit(LONG, LONG_LABELS), NEW, NEW_LABELS)


@configuration
def compiled_dense_noise():
    rows = np.random.RandomState(0).normal(size=(1200, 6)).astype(np.float32)
    return digest_all(dense_autoencoder(noise=0.2, epochs=1).fit(rows), rows[:7])


@configuration
def compiled_detector_cv():
    return digest_detector(SequenceOutlierDetector(autoencoder(epochs=1), cv=2), LONGER, NEW)


@configuration
def compiled_pipeline():
    return digest_pipeline(make_pipeline(PerTimestep(StandardScaler()), autoencoder(scale=None)), LONG, NEW)
