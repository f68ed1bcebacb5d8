"""The sequence classifier: every kind of y and X, what it says of them, transfer, and what it refuses."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.class_weight import compute_class_weight

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, Seq2SeqClassifier
from skseqae.data._check_sequences import check_sequences
from skseqae.data._padding import pad
from skseqae.datasets import make_reversals, make_waves
from tests.support.strategies import draw_sequences

X, LABELS = make_waves(30, n_features=2, lengths=(3, 12), n_classes=3, random_state=0)
NAMES = np.array(["low", "mid", "top"])[LABELS]
TABLE = np.column_stack([LABELS, LABELS[::-1], np.arange(30) % 2])
RAGGED = [["a", "b", "c", "b"][: 1 + (label + i) % 4] for i, label in enumerate(LABELS)]
WORDS, BACKWARDS = make_reversals(60, lengths=(1, 4), n_symbols=3, random_state=0)
UNEQUAL = np.where(np.arange(30) % 5, NAMES, "mid")
KINDS = {"label": NAMES, "table": TABLE, "list": RAGGED}
every_kind = pytest.mark.parametrize("kind", KINDS)


def classifier(**parameters):
    return Seq2SeqClassifier(**{"units": 5, "epochs": 2, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def fitted():
    return {kind: classifier().fit(X, y) for kind, y in KINDS.items()}


@pytest.fixture(scope="module")
def speller():
    return classifier(units=32, tokens=True, epochs=80, learning_rate=0.02).fit(WORDS, BACKWARDS)


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))


# --- one label each ---------------------------------------------------------------------------------------------------


def test_one_label_each_makes_an_ordinary_classifier(fitted):
    said = fitted["label"].predict(X)
    assert said.shape == (30,)
    assert set(said) <= set(fitted["label"].classes_)
    assert fitted["label"].classes_.tolist() == ["low", "mid", "top"]
    probabilities = fitted["label"].predict_proba(X)
    assert probabilities.shape == (30, 3)
    assert_allclose(probabilities.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert_array_equal(fitted["label"].classes_[probabilities.argmax(axis=1)], said)
    assert fitted["label"].score(X, NAMES) == accuracy_score(NAMES, said) == fitted["label"].token_accuracy(X, NAMES)
    weights = np.arange(30) % 3
    assert fitted["label"].score(X, NAMES, weights) == accuracy_score(NAMES, said, sample_weight=weights)


def test_it_learns_classes():
    waves, classes = make_waves(90, lengths=(20, 40), n_classes=3, random_state=0)
    assert cross_val_score(classifier(units=16, epochs=30, learning_rate=0.02), waves, classes, cv=3).mean() > 0.8


def test_it_goes_where_classifiers_go():
    calibrated = CalibratedClassifierCV(classifier(), cv=2).fit(X, NAMES)
    assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    scores = cross_val_score(classifier(), X, LABELS, cv=2, scoring="roc_auc_ovr", error_score="raise")
    assert np.isfinite(scores).all()
    assert cross_val_predict(classifier(), X, NAMES, cv=2, method="predict_proba").shape == (30, 3)


def test_it_says_no_sequences_where_there_is_one_label_each(fitted):
    assert not hasattr(fitted["label"], "predict_beams")
    assert hasattr(classifier(), "predict_beams")


def test_labels_of_any_hashable_kind_come_back():
    labels = [frozenset("ab") if label else None.__class__ for label in LABELS]
    said = classifier().fit(X, labels).predict(X)
    assert set(said) <= set(labels)


# --- sequences of labels ----------------------------------------------------------------------------------------------


def test_tables_of_labels_are_said_as_tables(fitted):
    said, probabilities = fitted["table"].predict(X), fitted["table"].predict_proba(X)
    assert said.shape == TABLE.shape
    assert probabilities.shape == (30, 3, 3)
    assert_allclose(probabilities.sum(axis=2), 1)
    assert_array_equal(probabilities.argmax(axis=2), said)


def test_lists_of_labels_are_said_as_lists(fitted):
    said, probabilities = fitted["list"].predict(X), fitted["list"].predict_proba(X)
    assert [len(row) for row in said] == [len(row) for row in probabilities]
    assert max(map(len, said)) <= 4
    for row, p in zip(said, probabilities, strict=True):
        assert_allclose(p.sum(axis=1), 1)
        assert_array_equal(fitted["list"].classes_[p.argmax(axis=1)], row)


def test_words_are_said_backwards_and_end_of_themselves(speller):
    assert speller.score(WORDS, BACKWARDS) > 0.95
    assert speller.token_accuracy(WORDS, BACKWARDS) >= speller.score(WORDS, BACKWARDS)
    assert speller.predict([np.array([1, 2, 3])])[0].tolist() == [3, 2, 1]


def test_a_sequence_is_right_where_all_of_it_is(speller):
    said = speller.predict(WORDS)
    assert speller.score(WORDS, said) == speller.token_accuracy(WORDS, said) == 1
    longer = [[*row, 1] for row in said]
    assert speller.score(WORDS, longer) == 0
    assert speller.token_accuracy(WORDS, longer) == pytest.approx(sum(map(len, said)) / sum(map(len, longer)))
    wrong = [row if i else [*row[:-1], 99] for i, row in enumerate(said)]  # a label that was never there
    assert speller.score(WORDS, wrong) == pytest.approx(59 / 60)
    assert speller.score(WORDS, wrong, sample_weight=np.arange(60) > 0) == 1


def test_max_length_cuts_what_is_said(speller):
    short = clone(speller).set_params(max_length=2).fit(WORDS, BACKWARDS)
    assert max(len(row) for row in short.predict(WORDS)) == 2
    assert max(len(row) for row in short.predict_beams(WORDS, num_beams=2)[0][0]) <= 2
    assert_array_equal(short.predict(WORDS)[0], speller.predict(WORDS)[0][:2])


def test_beams_come_best_first_and_predict_says_the_best(speller):
    sequences, scores = speller.predict_beams(WORDS, num_beams=3)
    assert scores.shape == (60, 3)
    assert (np.diff(scores, axis=1) <= 0).all()
    assert (scores <= 0).all()
    speller = pickle.loads(pickle.dumps(speller)).set_params(num_beams=3)
    assert same(speller.predict(WORDS), [beams[0] for beams in sequences])
    assert same(speller.predict_beams(WORDS)[1], scores)


def test_there_are_no_more_beams_than_sequences(fitted):
    sequences, scores = fitted["table"].predict_beams(X, num_beams=40)
    assert sequences.shape == (30, 27, 3)
    assert scores.shape == (30, 27)
    assert_allclose(np.exp(3 * scores).sum(axis=1), 1, rtol=1e-5)
    with pytest.raises(ValueError, match="num_beams must be an int of at least 1, got 0"):
        fitted["table"].predict_beams(X, num_beams=0)


def test_lists_of_arrays_are_cut_into_folds_as_they_are_and_lists_of_lists_by_a_splitter():
    arrays = [np.array(row) for row in RAGGED]
    expected = cross_val_score(classifier(), X, RAGGED, cv=KFold(3), error_score="raise")
    assert_array_equal(cross_val_score(classifier(), X, arrays, cv=3, error_score="raise"), expected)


@every_kind
def test_a_grid_may_search_over_it(kind):
    search = GridSearchCV(classifier(), {"units": [3, (4, 3)]}, cv=KFold(2), error_score="raise").fit(X, KINDS[kind])
    assert same(search.predict(X), clone(search.best_estimator_).fit(X, KINDS[kind]).predict(X))


# --- symbols ----------------------------------------------------------------------------------------------------------


def test_symbols_are_read_from_lists_and_tables_alike():
    words = np.array([["a", "b", "c"], ["c", "a", "a"], ["b", "b", "c"], ["c", "c", "b"]] * 4)
    expected = classifier(tokens=True).fit(words.tolist(), words[:, 0]).predict_proba(words.tolist())
    for held in (words, words.astype(object), pd.DataFrame(words), [tuple(row) for row in words]):
        assert_array_equal(classifier(tokens=True).fit(held, words[:, 0]).predict_proba(held), expected)


def test_a_symbol_is_a_one_hot_vector(speller):
    words = [np.eye(3)[word - 1] for word in WORDS]
    dense = classifier(epochs=1, scale=None).fit(words, BACKWARDS)
    tokens = classifier(epochs=1, tokens=True).fit(WORDS, BACKWARDS)
    assert_allclose(tokens.history_["loss"], dense.history_["loss"], rtol=1e-5)
    assert tokens.vocabulary_.tolist() == [1, 2, 3]
    assert not hasattr(dense, "vocabulary_")


def test_an_unknown_symbol_is_an_error_or_none_of_them(speller):
    with pytest.raises(ValueError, match=r"X\[1\] has 7 at timestep 1, which was not there in training"):
        speller.predict([[1, 2], [1, 7]])
    ignoring = pickle.loads(pickle.dumps(speller)).set_params(handle_unknown="ignore")
    assert same(ignoring.predict([[1, 2], [1, 7]]), ignoring.predict([[1, 2], [1, "?"]]))
    assert_array_equal(ignoring.predict([[1, 2], [1, 7]])[0], speller.predict([[1, 2]])[0])


def test_symbols_of_rows_without_weight_are_not_learned():
    weights = np.arange(60) > 0
    words = [[1, 9, 9], *WORDS[1:]]
    fitted = classifier(tokens=True).fit(words, ["x", *["yz"[len(w) % 2] for w in WORDS[1:]]], weights)
    assert fitted.vocabulary_.tolist() == [1, 2, 3]
    assert fitted.classes_.tolist() == ["y", "z"]


def test_the_width_of_a_table_of_symbols_is_fixed(speller):
    fitted = classifier(tokens=True).fit(np.array([[1, 2, 3], [3, 2, 1]]), [0, 1])
    assert fitted.n_features_in_ == 3
    with pytest.raises(ValueError, match="X has 2 features, but Seq2SeqClassifier is expecting 3 features"):
        fitted.predict(np.array([[1, 2]]))
    assert fitted.predict([[1, 2]]).shape == (1,)
    assert speller.n_features_in_ == 1


# --- weights ----------------------------------------------------------------------------------------------------------


@every_kind
def test_a_balanced_weight_is_the_weight_that_scikit_learn_computes(kind):
    y = UNEQUAL if kind == "label" else KINDS[kind]
    values = np.concatenate([np.atleast_1d(row) for row in y])
    classes = np.unique(values)
    weights = dict(zip(classes.tolist(), compute_class_weight("balanced", classes=classes, y=values), strict=True))
    balanced, given = (classifier(class_weight=w).fit(X, y) for w in ("balanced", weights))
    assert_allclose(balanced.history_["loss"], given.history_["loss"], rtol=1e-6)
    assert abs(balanced.history_["loss"][0] - classifier().fit(X, y).history_["loss"][0]) > 1e-4


def test_class_weights_of_single_labels_are_sample_weights():
    weights = {"low": 2.0, "top": 0.0}
    by_sample = np.array([weights.get(name, 1.0) for name in NAMES])
    weighted = classifier(class_weight=weights, batch_size=64).fit(X, NAMES)
    assert_allclose(weighted.history_["loss"][0], classifier(batch_size=64).fit(X, NAMES).history_["loss"][0], rtol=0.5)
    rows = by_sample > 0
    probabilities = weighted.predict_proba(X)
    losses = -np.log(probabilities[np.arange(30), LABELS])
    still = classifier(class_weight=weights, batch_size=64, epochs=1, learning_rate=1e-12).fit(X, NAMES)
    losses = -np.log(still.predict_proba(X)[np.arange(30), LABELS])
    assert_allclose(still.history_["loss"][0], np.average(losses[rows], weights=by_sample[rows]), rtol=1e-5)


@pytest.mark.parametrize("weights", [{"low": 1, "none": 2}, {"low": -1}])
def test_bad_class_weights_are_refused(weights):
    with pytest.raises(ValueError, match="class_weight must give finite weights of at least 0 to some of the classes"):
        classifier(class_weight=weights).fit(X, NAMES)


def test_the_loss_is_the_mean_cross_entropy_over_labels_with_the_end():
    fitted = classifier(epochs=1, learning_rate=1e-12).fit(X, RAGGED)
    longest = max(map(len, RAGGED)) + 1
    numbers = [[*("abc".index(label) for label in row), 3] for row in RAGGED]
    previous = np.zeros((30, longest, 1), np.float32)
    for row, said in zip(previous, numbers, strict=True):
        row[: len(said), 0] = [3, *said[:-1]]
    probabilities = np.asarray(fitted.model_([*padded_and_mask(X), previous]))
    losses = [-np.log(p[np.arange(len(said)), said]) for p, said in zip(probabilities, numbers, strict=True)]
    assert_allclose(fitted.history_["loss"][0], np.concatenate(losses).mean(), rtol=1e-5)


# --- Keras models -----------------------------------------------------------------------------------------------------


def padded_and_mask(arrays):
    sequences, _ = check_sequences(arrays)
    x = pad(sequences).astype(np.float32)
    return x, (np.arange(x.shape[1]) < sequences.lengths[:, None]).astype(np.float32)


@pytest.mark.parametrize(
    "parameters",
    [{}, {"cell": "gru", "bidirectional": True}, {"units": (4, 3), "bidirectional": True, "activation": "relu"}],
    ids=["lstm", "gru both ways", "stacked relu"],
)
@every_kind
def test_the_keras_model_says_what_the_verbs_say(kind, parameters):
    fitted = classifier(**parameters).fit(X, KINDS[kind])
    model, inputs, expected = fitted.model_, padded_and_mask(X), fitted.predict_proba(X)
    own = {type(layer).__module__ for layer in model._flatten_layers() if "skseqae" in type(layer).__module__}
    assert not own
    if kind == "label":
        assert_allclose(model(list(inputs)), expected, atol=1e-5)
        return
    said = fitted.predict(X)
    n_steps = max(map(len, said))
    previous = np.full((30, n_steps, 1), 3, np.float32)
    for row, labels in zip(previous, said, strict=True):
        row[1 : len(labels), 0] = np.searchsorted(fitted.classes_, labels[:-1])
    got = np.asarray(model([*inputs, previous]))[:, :, :3]
    for p, q in zip(got, expected, strict=True):
        assert_allclose(p[: len(q)] / p[: len(q)].sum(axis=1, keepdims=True), q, atol=1e-5)


def test_the_keras_model_of_symbols_reads_their_places(speller):
    symbols = pad(check_sequences([np.asarray(word, float) - 1 for word in WORDS])[0]).astype(np.float32)
    mask = padded_and_mask([np.asarray(word, float) for word in WORDS])[1]
    previous = np.full((60, 1, 1), 3, np.float32)
    got = np.asarray(speller.model_([symbols, mask, previous]))[:, 0]
    expected = [p[0] for p in speller.predict_proba(WORDS)]
    assert_allclose(got[:, :3] / got[:, :3].sum(axis=1, keepdims=True), expected, atol=1e-5)


# --- transfer ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoder():
    return LSTMAutoencoderTransformer(
        4, units=(6, 5), cell="gru", bidirectional=True, activation="sigmoid", epochs=2, random_state=0
    ).fit([5 * x + 1 for x in X])


@every_kind
def test_the_given_encoder_seeds_the_weights_and_is_never_changed(kind, encoder):
    before = pickle.dumps(encoder)
    given = classifier(units=None, encoder=FrozenEstimator(encoder), learning_rate=1e-12, epochs=1).fit(X, KINDS[kind])
    for got, expected in zip(given._weights["encoder"], encoder._weights["encoder"], strict=False):
        assert_allclose(got, expected, atol=1e-9)
    assert given._scaling is encoder._scaling
    trained = classifier(units=None, encoder=encoder, learning_rate=0.01).fit(X, KINDS[kind])
    assert not np.allclose(trained._weights["encoder"][0], encoder._weights["encoder"][0], atol=1e-4)
    assert pickle.dumps(encoder) == before


@every_kind
def test_a_frozen_encoder_stays_as_it_is_and_the_rest_learns(kind, encoder):
    options = {"units": None, "encoder": encoder, "freeze_encoder": True, "learning_rate": 0.01}
    frozen = classifier(**options, epochs=5).fit(X, KINDS[kind])
    for got, expected in zip(frozen._weights["encoder"], encoder._weights["encoder"], strict=False):
        assert_array_equal(got, expected)
    assert frozen.history_["loss"][-1] < frozen.history_["loss"][0]


def test_a_composite_gives_its_encoder_too():
    composite = CompositeSequenceRegressor(5, epochs=2, random_state=0).fit(X, LABELS.astype(float))
    given = classifier(units=None, encoder=composite, freeze_encoder=True).fit(X, NAMES)
    assert_array_equal(given._weights["encoder"][1], composite._weights["encoder"][1])
    assert given._architecture.units == (5,)


def test_a_frozen_estimator_survives_clone_and_cross_validation(encoder):
    given = classifier(units=None, encoder=FrozenEstimator(encoder))
    assert_array_equal(clone(given).fit(X, NAMES).predict_proba(X), given.fit(X, NAMES).predict_proba(X))
    assert len(cross_val_score(given, X, NAMES, cv=2, error_score="raise")) == 2
    with pytest.raises(ValueError, match="wrap it in sklearn.frozen.FrozenEstimator"):
        clone(classifier(units=None, encoder=encoder)).fit(X, NAMES)


BAD_ENCODERS = {
    "not of this package": ({"encoder": PCA()}, TypeError, "encoder must be a fitted LSTMAutoencoderTransformer or"),
    "not fitted": ({"encoder": LSTMAutoencoderTransformer()}, ValueError, "encoder is not fitted"),
    "other units": ({"units": 7, "encoder": "fitted"}, ValueError, r"units=7, but encoder has \(6, 5\)"),
    "nothing to freeze": ({"freeze_encoder": True}, ValueError, "freeze_encoder=True needs an encoder"),
    "symbols": ({"encoder": "fitted", "tokens": True}, ValueError, "An encoder reads real numbers"),
}


@pytest.mark.parametrize(("options", "error", "message"), BAD_ENCODERS.values(), ids=BAD_ENCODERS)
def test_bad_encoders_are_refused(options, error, message, encoder):
    options = {name: encoder if value == "fitted" else value for name, value in options.items()}
    x, y = (WORDS, BACKWARDS) if options.get("tokens") else (X, NAMES)
    with pytest.raises(error, match=message):
        classifier(**({"units": None} | options)).fit(x, y)


def test_an_encoder_of_other_features_is_refused(encoder):
    with pytest.raises(ValueError, match="X has 3 features per timestep, but encoder was fitted on 2"):
        classifier(units=None, encoder=encoder).fit(draw_sequences([3, 4], 3, seed=0), ["a", "b"])


# --- training goes on -------------------------------------------------------------------------------------------------


@every_kind
def test_partial_fit_is_one_epoch_with_the_classes_of_the_first_call(kind):
    y = KINDS[kind]
    fitted = classifier().partial_fit(
        X[:10], y[:10], classes=[*np.unique(np.concatenate([np.atleast_1d(r) for r in y]))]
    )
    classes = fitted.classes_
    fitted.partial_fit(X, y)
    assert fitted.n_iter_ == 2
    assert_array_equal(fitted.classes_, classes)
    other = [["?"], ["a"]] if kind == "list" else np.full_like(np.asarray(y)[:2], 9)
    with pytest.raises(ValueError, match=r"y\[0\] has .* which is none of the classes"):
        fitted.partial_fit(X[:2], other)


def test_another_kind_of_y_is_refused(fitted):
    for kind, other in [("label", "table"), ("table", "list"), ("list", "label")]:
        with pytest.raises(ValueError, match="y is of another kind"):
            pickle.loads(pickle.dumps(fitted[kind])).partial_fit(X, KINDS[other])
    with pytest.raises(ValueError, match="y is of another kind"):
        fitted["label"].score(X, RAGGED)
    with pytest.raises(ValueError, match="y has 2 labels for each sample, but those before had 3"):
        pickle.loads(pickle.dumps(fitted["table"])).partial_fit(X, TABLE[:, :2])


def test_as_many_labels_as_samples_are_asked_for():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier().fit(X, NAMES[:-1])


def test_it_ends_a_pipeline():
    z = np.array([pad(check_sequences([x])[0], 12)[0, :, 0] for x in X])
    pipeline = make_pipeline(PCA(6), classifier()).fit(z, NAMES)
    assert pipeline.score(z, NAMES) == pipeline[-1].score(pipeline[0].transform(z), NAMES)


@pytest.mark.parametrize(("name", "y"), [("classes_", np.where(NAMES == "low", "new", NAMES)), ("vocabulary_", NAMES)])
def test_warm_start_never_goes_on_with_other_labels_or_symbols(name, y):
    words = [WORDS[i] for i in range(30)]
    warm = classifier(tokens=True, warm_start=True).fit(words, NAMES)
    warm.fit(words, NAMES)
    if name == "vocabulary_":
        words = [word + 1 for word in words]
    with pytest.raises(ValueError, match=f"warm_start=True goes on from weights for {name}"):
        warm.fit(words, y)


def test_a_frozen_encoder_is_the_given_one_after_a_warm_start_too(encoder):
    warm = classifier(units=None, encoder=encoder, warm_start=True, learning_rate=0.1).fit(X, NAMES)
    warm.set_params(freeze_encoder=True).fit(X, NAMES)
    assert_array_equal(warm._weights["encoder"][0], encoder._weights["encoder"][0])


def test_all_ends_at_once_are_learned_by_none_but_scored():
    with pytest.raises(ValueError, match="All sequences of y with a sample_weight above zero are empty"):
        classifier().fit(X[:2], [[], []])
    short = classifier(epochs=60, learning_rate=0.05).fit(X[:4], [[], [], [], ["a"]])
    assert short.token_accuracy(X[:2], [[], []]) == short.score(X[:2], [[], []]) == 1


def test_classes_are_said_once():
    fitted = classifier().partial_fit(X, NAMES, classes=["low", "mid", "top"])
    fitted.partial_fit(X, NAMES, classes=["top", "mid", "low"])
    with pytest.raises(ValueError, match="classes are those of the first call"):
        fitted.partial_fit(X, NAMES, classes=["low", "mid"])


def test_a_class_weight_may_name_a_class_that_a_fold_lacks():
    weights = {"low": 1.0, "mid": 2.0, "top": 1.0, "rare": 9.0}
    assert classifier(class_weight=weights).fit(X, NAMES).classes_.tolist() == ["low", "mid", "top"]
