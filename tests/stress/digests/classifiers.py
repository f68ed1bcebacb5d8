"""Configurations of `Seq2SeqClassifier`: one label, tables and sequences of labels, and tokens."""

import numpy as np

from skseqae import Seq2SeqClassifier
from skseqae.datasets import make_reversals
from tests.stress.digests.data import (
    LABELS,
    NEW,
    NEW_LABELS,
    RAGGED,
    REVERSED,
    STRINGS,
    TABLE_OF_LABELS,
    WEIGHTS,
    WORDS,
    X,
    as_frame,
    as_sequences,
    as_table,
    labels_of,
)
from tests.stress.digests.digest import digest_all
from tests.stress.digests.estimators import classifier, pickle_and_load, save_and_load
from tests.stress.digests.registry import configuration, configurations

CASES = {  # X, y, and parameters
    "label": (X, LABELS, {}),
    "label_strings_gru": (X, STRINGS, {"cell": "gru"}),
    "label_bidirectional_stacked": (X, LABELS, {"units": (4, 3), "bidirectional": True}),
    "label_balanced": (X, STRINGS, {"class_weight": "balanced"}),
    "label_class_weight": (X, STRINGS, {"class_weight": {"slow": 3.0, "fast": 0.5}}),
    "label_early_stopping": (X, LABELS, {"early_stopping": True, "validation_fraction": 0.25}),
    "label_dropout_unscaled": (X, LABELS, {"dropout": 0.3, "scale": None, "activation": "relu"}),
    "label_table_of_numbers": (as_table(X), LABELS, {}),
    "label_frame": (as_frame(X), LABELS, {"optimizer": "sgd", "optimizer__momentum": 0.5}),
    "table": (X, TABLE_OF_LABELS, {}),
    "table_gru_stacked": (X, TABLE_OF_LABELS, {"cell": "gru", "units": (4, 3)}),
    "table_class_weight": (X, TABLE_OF_LABELS, {"class_weight": {0: 2.0, 1: 0.5, 2: 1.0}}),
    "ragged": (X, RAGGED, {}),
    "ragged_beams": (X, RAGGED, {"num_beams": 3, "max_length": 4}),
    "ragged_max_length": (X, RAGGED, {"max_length": 9, "bidirectional": True}),
    "ragged_balanced_gru": (X, RAGGED, {"class_weight": "balanced", "cell": "gru", "activation": "sigmoid"}),
    "ragged_sequences": (as_sequences(X), RAGGED, {"activation": "linear"}),
    "tokens_strings": (WORDS, REVERSED, {"tokens": True}),
    "tokens_strings_beams": (WORDS, REVERSED, {"tokens": True, "num_beams": 3, "cell": "gru"}),
    "tokens_label": (WORDS, ["short" if len(word) < 3 else "long" for word in WORDS], {"tokens": True}),
}


@configurations("classifier_", CASES)
def digest_classifier(case):
    x, y, parameters = case
    return digest_all(classifier(**parameters).fit(x, y), x[3:11], y[3:11])


@configuration
def classifier_tokens_integers():
    x, y = make_reversals(16, lengths=(2, 5), n_symbols=6, random_state=0)
    return digest_all(classifier(tokens=True, bidirectional=True).fit(x, y), x[:6], y[:6])


@configuration
def classifier_tokens_table():
    x, y = (np.array(part) for part in make_reversals(16, lengths=4, n_symbols=6, random_state=1))
    return digest_all(classifier(tokens=True).fit(x, y), x[:6], y[:6])


@configuration
def classifier_tokens_padded_table():
    x, y = make_reversals(16, lengths=(1, 5), n_symbols=6, random_state=2)
    rows = np.array([np.pad(row, (0, 5 - len(row)), constant_values=-1) for row in x])
    return digest_all(classifier(tokens=True, padding_value=-1).fit(rows, y), rows[:6], y[:6])


@configuration
def classifier_tokens_unknown():
    fitted = classifier(tokens=True, handle_unknown="ignore").fit(WORDS, REVERSED)
    return digest_all(fitted, [list("azb"), list("q"), list("cc")], [list("ba"), list("c"), list("cc")])


@configuration
def classifier_tokens_sample_weight():
    fitted = classifier(tokens=True, dropout=0.2).fit(WORDS, REVERSED, sample_weight=WEIGHTS)
    return digest_all(fitted, WORDS[:6], REVERSED[:6])


@configuration
def classifier_default_units():
    fitted = Seq2SeqClassifier(epochs=1, random_state=0).fit(X, RAGGED)
    return digest_all(fitted, NEW, labels_of(NEW))


@configuration
def classifier_warm_start():
    return digest_all(classifier(warm_start=True).fit(X, LABELS).fit(X, LABELS), NEW, NEW_LABELS)


@configuration
def classifier_partial_fit_classes():
    fitted = classifier().partial_fit(X[:4], LABELS[:4], classes=[0, 1, 2, 9])
    fitted.partial_fit(X[4:], LABELS[4:], sample_weight=WEIGHTS[4:])
    return digest_all(fitted, NEW, NEW_LABELS)


@configuration
def classifier_partial_fit_ragged_pickle_and_file():
    fitted = classifier(dropout=0.1).partial_fit(X[:8], RAGGED[:8], classes=["up", "down"])
    found = digest_all(pickle_and_load(fitted).partial_fit(X[8:], RAGGED[8:]), X, RAGGED, prefix="pickle.")
    found |= digest_all(save_and_load(fitted).partial_fit(X[8:], RAGGED[8:]), X, RAGGED, prefix="file.")
    return found | digest_all(fitted.partial_fit(X[8:], RAGGED[8:]), X, RAGGED)


@configuration
def classifier_file_of_tokens():
    fitted = classifier(tokens=True, handle_unknown="ignore", num_beams=2).fit(WORDS, REVERSED)
    return digest_all(save_and_load(fitted), WORDS[:6], REVERSED[:6])
