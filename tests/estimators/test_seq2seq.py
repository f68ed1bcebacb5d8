"""Seq2SeqClassifier: every type of y and X, predictions, pretrained encoders, and invalid arguments."""

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
WORDS, REVERSED = make_reversals(60, lengths=(1, 4), n_symbols=3, random_state=0)
UNEQUAL = np.where(np.arange(30) % 5, NAMES, "mid")
LABELS_BY_TYPE = {"label": NAMES, "table": TABLE, "list": RAGGED}
every_label_type = pytest.mark.parametrize("label_type", LABELS_BY_TYPE)


def classifier(**parameters):
    return Seq2SeqClassifier(**{"units": 5, "epochs": 2, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def fitted():
    return {label_type: classifier().fit(X, y) for label_type, y in LABELS_BY_TYPE.items()}


@pytest.fixture(scope="module")
def seq2seq():
    return classifier(units=32, tokens=True, epochs=80, learning_rate=0.02).fit(WORDS, REVERSED)


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))


# --- one label per sample ---------------------------------------------------------------------------------------------


def test_one_label_per_sample_gives_an_ordinary_classifier(fitted):
    predicted = fitted["label"].predict(X)
    assert predicted.shape == (30,)
    assert set(predicted) <= set(fitted["label"].classes_)
    assert fitted["label"].classes_.tolist() == ["low", "mid", "top"]
    probabilities = fitted["label"].predict_proba(X)
    assert probabilities.shape == (30, 3)
    assert_allclose(probabilities.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert_array_equal(fitted["label"].classes_[probabilities.argmax(axis=1)], predicted)
    assert (
        fitted["label"].score(X, NAMES) == accuracy_score(NAMES, predicted) == fitted["label"].token_accuracy(X, NAMES)
    )
    weights = np.arange(30) % 3
    assert fitted["label"].score(X, NAMES, weights) == accuracy_score(NAMES, predicted, sample_weight=weights)


def test_cross_validated_accuracy_beats_chance():
    waves, classes = make_waves(90, lengths=(20, 40), n_classes=3, random_state=0)
    assert cross_val_score(classifier(units=16, epochs=30, learning_rate=0.02), waves, classes, cv=3).mean() > 0.8


def test_calibration_and_probability_scores_accept_the_classifier():
    calibrated = CalibratedClassifierCV(classifier(), cv=2).fit(X, NAMES)
    assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    scores = cross_val_score(classifier(), X, LABELS, cv=2, scoring="roc_auc_ovr", error_score="raise")
    assert np.isfinite(scores).all()
    assert cross_val_predict(classifier(), X, NAMES, cv=2, method="predict_proba").shape == (30, 3)


def test_predict_beams_exists_only_for_sequences_of_labels(fitted):
    assert not hasattr(fitted["label"], "predict_beams")
    assert hasattr(classifier(), "predict_beams")


def test_labels_may_be_any_hashable_objects():
    labels = [frozenset("ab") if label else None.__class__ for label in LABELS]
    predicted = classifier().fit(X, labels).predict(X)
    assert set(predicted) <= set(labels)


# --- sequences of labels ----------------------------------------------------------------------------------------------


def test_predict_returns_an_array_for_an_array_of_labels(fitted):
    predicted, probabilities = fitted["table"].predict(X), fitted["table"].predict_proba(X)
    assert predicted.shape == TABLE.shape
    assert probabilities.shape == (30, 3, 3)
    assert_allclose(probabilities.sum(axis=2), 1)
    assert_array_equal(probabilities.argmax(axis=2), predicted)


def test_predict_returns_a_list_for_a_list_of_label_sequences(fitted):
    predicted, probabilities = fitted["list"].predict(X), fitted["list"].predict_proba(X)
    assert [len(row) for row in predicted] == [len(row) for row in probabilities]
    assert max(map(len, predicted)) <= 4
    for row, p in zip(predicted, probabilities, strict=True):
        assert_allclose(p.sum(axis=1), 1)
        assert_array_equal(fitted["list"].classes_[p.argmax(axis=1)], row)


def test_reversed_words_and_their_lengths_are_learnt(seq2seq):
    assert seq2seq.score(WORDS, REVERSED) > 0.95
    assert seq2seq.token_accuracy(WORDS, REVERSED) >= seq2seq.score(WORDS, REVERSED)
    assert seq2seq.predict([np.array([1, 2, 3])])[0].tolist() == [3, 2, 1]


def test_the_score_counts_completely_correct_sequences(seq2seq):
    predicted = seq2seq.predict(WORDS)
    assert seq2seq.score(WORDS, predicted) == seq2seq.token_accuracy(WORDS, predicted) == 1
    longer = [[*row, 1] for row in predicted]
    assert seq2seq.score(WORDS, longer) == 0
    assert seq2seq.token_accuracy(WORDS, longer) == pytest.approx(sum(map(len, predicted)) / sum(map(len, longer)))
    wrong = [row if i else [*row[:-1], 99] for i, row in enumerate(predicted)]  # a label that is not in y
    assert seq2seq.score(WORDS, wrong) == pytest.approx(59 / 60)
    assert seq2seq.score(WORDS, wrong, sample_weight=np.arange(60) > 0) == 1


def test_max_length_limits_predictions(seq2seq):
    short = clone(seq2seq).set_params(max_length=2).fit(WORDS, REVERSED)
    assert max(len(row) for row in short.predict(WORDS)) == 2
    assert max(len(row) for row in short.predict_beams(WORDS, num_beams=2)[0][0]) <= 2
    assert_array_equal(short.predict(WORDS)[0], seq2seq.predict(WORDS)[0][:2])


def test_beams_are_sorted_and_predict_returns_the_best(seq2seq):
    sequences, scores = seq2seq.predict_beams(WORDS, num_beams=3)
    assert scores.shape == (60, 3)
    assert (np.diff(scores, axis=1) <= 0).all()
    assert (scores <= 0).all()
    seq2seq = pickle.loads(pickle.dumps(seq2seq)).set_params(num_beams=3)
    assert same(seq2seq.predict(WORDS), [beams[0] for beams in sequences])
    assert same(seq2seq.predict_beams(WORDS)[1], scores)


def test_there_are_no_more_beams_than_possible_sequences(fitted):
    sequences, scores = fitted["table"].predict_beams(X, num_beams=40)
    assert sequences.shape == (30, 27, 3)
    assert scores.shape == (30, 27)
    assert_allclose(np.exp(3 * scores).sum(axis=1), 1, rtol=1e-5)
    with pytest.raises(ValueError, match="num_beams must be an int of at least 1, got 0"):
        fitted["table"].predict_beams(X, num_beams=0)


def test_lists_of_arrays_are_split_without_a_splitter_and_lists_of_lists_with_kfold():
    arrays = [np.array(row) for row in RAGGED]
    expected = cross_val_score(classifier(), X, RAGGED, cv=KFold(3), error_score="raise")
    assert_array_equal(cross_val_score(classifier(), X, arrays, cv=3, error_score="raise"), expected)


@every_label_type
def test_a_grid_search_accepts_every_type_of_y(label_type):
    search = GridSearchCV(classifier(), {"units": [3, (4, 3)]}, cv=KFold(2), error_score="raise").fit(
        X, LABELS_BY_TYPE[label_type]
    )
    assert same(search.predict(X), clone(search.best_estimator_).fit(X, LABELS_BY_TYPE[label_type]).predict(X))


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_tokens_in_lists_arrays_and_dataframes_give_the_same_probabilities():
    words = np.array([["a", "b", "c"], ["c", "a", "a"], ["b", "b", "c"], ["c", "c", "b"]] * 4)
    expected = classifier(tokens=True).fit(words.tolist(), words[:, 0]).predict_proba(words.tolist())
    for data in (words, words.astype(object), pd.DataFrame(words), [tuple(row) for row in words]):
        assert_array_equal(classifier(tokens=True).fit(data, words[:, 0]).predict_proba(data), expected)


def test_a_token_is_encoded_as_a_one_hot_vector(seq2seq):
    words = [np.eye(3)[word - 1] for word in WORDS]
    dense = classifier(epochs=1, scale=None).fit(words, REVERSED)
    tokens = classifier(epochs=1, tokens=True).fit(WORDS, REVERSED)
    assert_allclose(tokens.history_["loss"], dense.history_["loss"], rtol=1e-5)
    assert tokens.vocabulary_.tolist() == [1, 2, 3]
    assert not hasattr(dense, "vocabulary_")


def test_unknown_tokens_raise_an_error_or_are_encoded_as_zeros(seq2seq):
    with pytest.raises(ValueError, match=r"X\[1\] has 7 at timestep 1, which was not in the training set"):
        seq2seq.predict([[1, 2], [1, 7]])
    ignoring = pickle.loads(pickle.dumps(seq2seq)).set_params(handle_unknown="ignore")
    assert same(ignoring.predict([[1, 2], [1, 7]]), ignoring.predict([[1, 2], [1, "?"]]))
    assert_array_equal(ignoring.predict([[1, 2], [1, 7]])[0], seq2seq.predict([[1, 2]])[0])


def test_samples_of_weight_zero_add_no_tokens_and_no_classes():
    weights = np.arange(60) > 0
    words = [[1, 9, 9], *WORDS[1:]]
    fitted = classifier(tokens=True).fit(words, ["x", *["yz"[len(w) % 2] for w in WORDS[1:]]], weights)
    assert fitted.vocabulary_.tolist() == [1, 2, 3]
    assert fitted.classes_.tolist() == ["y", "z"]


def test_an_array_of_tokens_fixes_the_width_of_arrays(seq2seq):
    fitted = classifier(tokens=True).fit(np.array([[1, 2, 3], [3, 2, 1]]), [0, 1])
    assert fitted.n_features_in_ == 3
    with pytest.raises(ValueError, match="X has 2 features, but Seq2SeqClassifier is expecting 3 features"):
        fitted.predict(np.array([[1, 2]]))
    assert fitted.predict([[1, 2]]).shape == (1,)
    assert seq2seq.n_features_in_ == 1


# --- class weights and the loss ---------------------------------------------------------------------------------------


@every_label_type
def test_balanced_class_weights_equal_those_of_scikit_learn(label_type):
    y = UNEQUAL if label_type == "label" else LABELS_BY_TYPE[label_type]
    values = np.concatenate([np.atleast_1d(row) for row in y])
    classes = np.unique(values)
    weights = dict(zip(classes.tolist(), compute_class_weight("balanced", classes=classes, y=values), strict=True))
    balanced, by_class = (classifier(class_weight=w).fit(X, y) for w in ("balanced", weights))
    assert_allclose(balanced.history_["loss"], by_class.history_["loss"], rtol=1e-6)
    assert abs(balanced.history_["loss"][0] - classifier().fit(X, y).history_["loss"][0]) > 1e-4


def test_class_weights_of_single_labels_equal_sample_weights():
    weights = {"low": 2.0, "top": 0.0}
    by_sample = np.array([weights.get(name, 1.0) for name in NAMES])
    last_state = {"pooling": "last", "reconstruction_weight": 0.0, "batch_size": 64}
    weighted = classifier(class_weight=weights, **last_state).fit(X, NAMES)
    unweighted = classifier(**last_state).fit(X, NAMES)
    assert_allclose(weighted.history_["loss"][0], unweighted.history_["loss"][0], rtol=0.5)
    rows = by_sample > 0
    untrained = classifier(class_weight=weights, **last_state, epochs=1, learning_rate=1e-12).fit(X, NAMES)
    losses = -np.log(untrained.predict_proba(X)[np.arange(30), LABELS])
    assert_allclose(untrained.history_["loss"][0], np.average(losses[rows], weights=by_sample[rows]), rtol=1e-5)


@pytest.mark.parametrize("weights", [{"low": 1, "none": 2}, {"low": -1}])
def test_invalid_class_weights_are_refused(weights):
    with pytest.raises(ValueError, match="class_weight must give finite weights of at least 0 to some of the classes"):
        classifier(class_weight=weights).fit(X, NAMES)


def test_the_loss_is_the_mean_cross_entropy_including_end_tokens():
    fitted = classifier(epochs=1, learning_rate=1e-12).fit(X, RAGGED)
    longest = max(map(len, RAGGED)) + 1
    indices = [[*("abc".index(label) for label in row), 3] for row in RAGGED]
    previous = np.zeros((30, longest, 1), np.float32)
    for row, labels in zip(previous, indices, strict=True):
        row[: len(labels), 0] = [3, *labels[:-1]]
    probabilities = np.asarray(fitted.model_([*padded_and_mask(X), previous]))
    losses = [-np.log(p[np.arange(len(i)), i]) for p, i in zip(probabilities, indices, strict=True)]
    assert_allclose(fitted.history_["loss"][0], np.concatenate(losses).mean(), rtol=1e-5)


# --- Keras models -----------------------------------------------------------------------------------------------------


def padded_and_mask(arrays):
    sequences, _ = check_sequences(arrays)
    x = pad(sequences).astype(np.float32)
    return x, (np.arange(x.shape[1]) < sequences.lengths[:, None]).astype(np.float32)


@pytest.mark.parametrize(
    "parameters",
    [{}, {"cell": "gru", "bidirectional": True}, {"units": (4, 3), "bidirectional": True, "activation": "relu"}],
    ids=["lstm", "bidirectional gru", "stacked relu"],
)
@every_label_type
def test_the_keras_model_equals_predict_proba(label_type, parameters):
    fitted = classifier(**parameters).fit(X, LABELS_BY_TYPE[label_type])
    model, inputs, expected = fitted.model_, padded_and_mask(X), fitted.predict_proba(X)
    modules = {type(layer).__module__ for layer in model._flatten_layers()}
    assert not any("skseqae" in module for module in modules)
    if label_type == "label":
        assert_allclose(model(list(inputs)), expected, atol=1e-5)
        return
    predicted = fitted.predict(X)
    n_steps = max(map(len, predicted))
    previous = np.full((30, n_steps, 1), 3, np.float32)
    for row, labels in zip(previous, predicted, strict=True):
        row[1 : len(labels), 0] = np.searchsorted(fitted.classes_, labels[:-1])
    actual = np.asarray(model([*inputs, previous]))[:, :, :3]
    for p, q in zip(actual, expected, strict=True):
        assert_allclose(p[: len(q)] / p[: len(q)].sum(axis=1, keepdims=True), q, atol=1e-5)


def test_the_keras_model_of_tokens_reads_indices(seq2seq):
    indices = pad(check_sequences([np.asarray(word, float) - 1 for word in WORDS])[0]).astype(np.float32)
    mask = padded_and_mask([np.asarray(word, float) for word in WORDS])[1]
    previous = np.full((60, 1, 1), 3, np.float32)
    actual = np.asarray(seq2seq.model_([indices, mask, previous]))[:, 0]
    expected = [p[0] for p in seq2seq.predict_proba(WORDS)]
    assert_allclose(actual[:, :3] / actual[:, :3].sum(axis=1, keepdims=True), expected, atol=1e-5)


# --- pretrained encoders ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoder():
    return LSTMAutoencoderTransformer(
        4, units=(6, 5), cell="gru", bidirectional=True, activation="sigmoid", epochs=2, random_state=0
    ).fit([5 * x + 1 for x in X])


def encoder_weights(fitted):
    return fitted._fitted.weights["encoder"]


@every_label_type
def test_training_starts_from_the_encoder_and_never_modifies_it(label_type, encoder):
    before = pickle.dumps(encoder)
    y, options = LABELS_BY_TYPE[label_type], {"units": None, "encoder": FrozenEstimator(encoder)}
    untrained = classifier(**options, learning_rate=1e-12, epochs=1).fit(X, y)
    for actual, expected in zip(encoder_weights(untrained), encoder_weights(encoder), strict=False):
        assert_allclose(actual, expected, atol=1e-9)
    assert untrained._fitted.input.scaling is encoder._fitted.input.scaling
    trained = classifier(units=None, encoder=encoder, learning_rate=0.01).fit(X, y)
    assert not np.allclose(encoder_weights(trained)[0], encoder_weights(encoder)[0], atol=1e-4)
    assert pickle.dumps(encoder) == before


@every_label_type
def test_a_frozen_encoder_keeps_its_weights_while_the_rest_learns(label_type, encoder):
    options = {"units": None, "encoder": encoder, "freeze_encoder": True, "learning_rate": 0.01}
    frozen = classifier(**options, epochs=5).fit(X, LABELS_BY_TYPE[label_type])
    for actual, expected in zip(encoder_weights(frozen), encoder_weights(encoder), strict=False):
        assert_array_equal(actual, expected)
    assert frozen.history_["loss"][-1] < frozen.history_["loss"][0]


def test_the_encoder_may_be_a_composite_regressor():
    composite = CompositeSequenceRegressor(6, units=5, epochs=2, random_state=0).fit(X, LABELS.astype(float))
    frozen = classifier(units=None, encoder=composite, freeze_encoder=True).fit(X, NAMES)
    assert_array_equal(encoder_weights(frozen)[1], encoder_weights(composite)[1])
    assert frozen._fitted.architecture.units == (5,)


def test_frozen_estimators_stay_fitted_in_clone_and_cross_validation(encoder):
    estimator = classifier(units=None, encoder=FrozenEstimator(encoder))
    assert_array_equal(clone(estimator).fit(X, NAMES).predict_proba(X), estimator.fit(X, NAMES).predict_proba(X))
    assert len(cross_val_score(estimator, X, NAMES, cv=2, error_score="raise")) == 2
    with pytest.raises(ValueError, match="wrap the encoder in sklearn.frozen.FrozenEstimator"):
        clone(classifier(units=None, encoder=encoder)).fit(X, NAMES)


INVALID_ENCODERS = {
    "another class": ({"encoder": PCA()}, TypeError, "encoder must be a fitted LSTMAutoencoderTransformer or"),
    "not fitted": ({"encoder": LSTMAutoencoderTransformer()}, ValueError, "encoder is not fitted"),
    "other units": ({"units": 7, "encoder": "fitted"}, ValueError, r"units=7, but encoder has \(6, 5\)"),
    "no encoder to freeze": ({"freeze_encoder": True}, ValueError, "freeze_encoder=True requires encoder"),
    "tokens": ({"encoder": "fitted", "tokens": True}, ValueError, "A pretrained encoder reads real numbers"),
}


@pytest.mark.parametrize(("options", "error", "message"), INVALID_ENCODERS.values(), ids=INVALID_ENCODERS)
def test_invalid_encoders_are_refused(options, error, message, encoder):
    options = {name: encoder if value == "fitted" else value for name, value in options.items()}
    x, y = (WORDS, REVERSED) if options.get("tokens") else (X, NAMES)
    with pytest.raises(error, match=message):
        classifier(**({"units": None} | options)).fit(x, y)


def test_an_encoder_fitted_on_other_features_is_refused(encoder):
    with pytest.raises(ValueError, match="X has 3 features per timestep, but encoder was fitted on 2"):
        classifier(units=None, encoder=encoder).fit(draw_sequences([3, 4], 3, seed=0), ["a", "b"])


# --- resumed training -------------------------------------------------------------------------------------------------


@every_label_type
def test_partial_fit_runs_one_epoch_and_keeps_the_classes_of_the_first_call(label_type):
    y = LABELS_BY_TYPE[label_type]
    fitted = classifier().partial_fit(
        X[:10], y[:10], classes=[*np.unique(np.concatenate([np.atleast_1d(r) for r in y]))]
    )
    classes = fitted.classes_
    fitted.partial_fit(X, y)
    assert fitted.n_iter_ == 2
    assert_array_equal(fitted.classes_, classes)
    other = [["?"], ["a"]] if label_type == "list" else np.full_like(np.asarray(y)[:2], 9)
    with pytest.raises(ValueError, match=r"y\[0\] has .* which is not one of the classes"):
        fitted.partial_fit(X[:2], other)


def test_another_type_of_y_is_refused(fitted):
    for label_type, other in [("label", "table"), ("table", "list"), ("list", "label")]:
        with pytest.raises(ValueError, match="y is of another type"):
            pickle.loads(pickle.dumps(fitted[label_type])).partial_fit(X, LABELS_BY_TYPE[other])
    with pytest.raises(ValueError, match="y is of another type"):
        fitted["label"].score(X, RAGGED)
    with pytest.raises(ValueError, match="y has 2 labels for each sample, but those before had 3"):
        pickle.loads(pickle.dumps(fitted["table"])).partial_fit(X, TABLE[:, :2])


def test_x_and_y_must_have_the_same_number_of_samples():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier().fit(X, NAMES[:-1])


def test_the_classifier_is_the_last_step_of_a_pipeline():
    z = np.array([pad(check_sequences([x])[0], 12)[0, :, 0] for x in X])
    pipeline = make_pipeline(PCA(6), classifier()).fit(z, NAMES)
    assert pipeline.score(z, NAMES) == pipeline[-1].score(pipeline[0].transform(z), NAMES)


@pytest.mark.parametrize(("name", "y"), [("classes_", np.where(NAMES == "low", "new", NAMES)), ("vocabulary_", NAMES)])
def test_warm_start_refuses_other_classes_and_vocabularies(name, y):
    words = [WORDS[i] for i in range(30)]
    warm = classifier(tokens=True, warm_start=True).fit(words, NAMES)
    warm.fit(words, NAMES)
    if name == "vocabulary_":
        words = [word + 1 for word in words]
    with pytest.raises(ValueError, match=f"continues from weights that were trained with {name}="):
        warm.fit(words, y)


def test_warm_start_uses_the_frozen_encoder_of_the_parameter(encoder):
    settings = {"units": None, "reconstruction_weight": 0.0, "warm_start": True, "learning_rate": 0.1}
    warm = classifier(encoder=encoder, **settings).fit(X, NAMES)
    warm.set_params(freeze_encoder=True).fit(X, NAMES)
    assert_array_equal(encoder_weights(warm)[0], encoder_weights(encoder)[0])


def test_empty_label_sequences_are_scored_but_not_enough_to_train():
    with pytest.raises(ValueError, match="All sequences of y are empty, or have sample_weight 0"):
        classifier().fit(X[:2], [[], []])
    short = classifier(epochs=60, learning_rate=0.05).fit(X[:4], [[], [], [], ["a"]])
    assert short.token_accuracy(X[:2], [[], []]) == short.score(X[:2], [[], []]) == 1


def test_later_calls_of_partial_fit_must_pass_the_same_classes():
    fitted = classifier().partial_fit(X, NAMES, classes=["low", "mid", "top"])
    fitted.partial_fit(X, NAMES, classes=["top", "mid", "low"])
    with pytest.raises(ValueError, match="classes must be the same as in the first call"):
        fitted.partial_fit(X, NAMES, classes=["low", "mid"])


def test_class_weights_may_name_classes_that_are_not_in_y():
    weights = {"low": 1.0, "mid": 2.0, "top": 1.0, "rare": 9.0}
    assert classifier(class_weight=weights).fit(X, NAMES).classes_.tolist() == ["low", "mid", "top"]
