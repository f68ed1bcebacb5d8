"""Every class and verb refuses bad input by one typed error that names it, and is then as it was."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SequenceOutlierDetector,
    Sequences,
)
from skseqae.model_selection import LengthStratifiedKFold, TimestepScorer
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder
from tests.support.bad_inputs import (
    ARRAYS,
    BAD_COUNTS,
    BAD_LABELS,
    BAD_ROWS,
    BAD_SEQUENCES,
    BAD_TARGETS,
    BAD_TOKENS,
    BAD_WEIGHTS,
    BAD_VALUES,
    BAD_TYPES,
    BAD_SHAPES,
)

Y = [0, 1, 0]
WORDS = [["a", "b"], ["b"], ["c", "a"]]
ROWS = np.arange(12.0).reshape(3, 4) ** 2
SHARED = {"epochs": 1, "random_state": 0}
UNFITTED = {
    "autoencoder": LSTMAutoencoderTransformer(3, objective="composite", **SHARED),
    "regressor": CompositeSequenceRegressor(3, **SHARED),
    "forecaster": CompositeSequenceRegressor(3, horizon=1, **SHARED),
    "classifier": Seq2SeqClassifier(3, **SHARED),
    "speller": Seq2SeqClassifier(3, tokens=True, **SHARED),
    "dense": DenseAutoencoderTransformer(2, hidden_layer_sizes=(3,), **SHARED),
    "detector": SequenceOutlierDetector(LSTMAutoencoderTransformer(3, objective="composite", **SHARED)),
    "per timestep": PerTimestep(StandardScaler()),
    "padder": SequencePadder(9),
    "resampler": Resampler(4),
}
GIVEN = {
    "regressor": (ARRAYS, [[0.5, 1.0], [1.5, 2.0], [2.5, 0.0]]),  # as wide as what is forecast: one network to compile
    "classifier": (ARRAYS, Y),
    "speller": (WORDS, [word[::-1] for word in WORDS]),
    "dense": (ROWS,),
}
GAPS = {"NaN", "None", "NA", "null"}  # what may stand inside sequences is named by these words
LEARNERS = ["autoencoder", "regressor", "forecaster", "classifier", "detector", "padder", "resampler"]
VERBS = {
    "autoencoder": "transform reconstruct reconstruction_error predict_next score_samples score partial_fit",
    "regressor": "predict transform reconstruct reconstruction_error",
    "forecaster": "predict score transform",
    "classifier": "predict predict_proba",
    "detector": "predict decision_function score_samples error_map",
    "padder": "transform inverse_transform",
    "resampler": "transform",
}


@pytest.fixture(scope="module")
def fitted():
    return {name: clone(each).fit(*GIVEN.get(name, (ARRAYS,))) for name, each in UNFITTED.items()}


def refused(estimator, verb, error, message, *args, **kwargs):
    """Call a verb; see that it raises as it should, and leaves the estimator and what it was given alone."""
    before, given = pickle.dumps(estimator), [frozen(value) for value in (*args, *kwargs.values())]
    with pytest.raises(error, match=message) as caught:
        getattr(estimator, verb)(*args, **kwargs)
    assert isinstance(caught.value, TypeError | ValueError)
    assert len(str(caught.value)) < 500  # however large or deep what came in
    assert pickle.dumps(estimator) == before
    assert [frozen(value) for value in (*args, *kwargs.values())] == given


def frozen(value):
    """What a value holds, if that can be told."""
    try:
        return value.to_csv() if isinstance(value, pd.DataFrame) else pickle.dumps(value)
    except Exception:
        return id(value)


def cases(*tables):
    ids = [name for table in tables for name in table]
    return pytest.mark.parametrize(("bad", "error", "message"), [c for t in tables for c in t.values()], ids=ids)


# --- sequences --------------------------------------------------------------------------------------------------------


@cases(BAD_SEQUENCES)
def test_fit_refuses_bad_sequences(bad, error, message):
    for name in LEARNERS:
        refused(clone(UNFITTED[name]), "fit", error, message, bad, *GIVEN.get(name, ())[1:])


@cases(BAD_SEQUENCES)
def test_fitted_estimators_refuse_bad_sequences(fitted, bad, error, message):
    for name, verbs in VERBS.items():
        refused(fitted[name], verbs.split()[0], error, message, bad)


@cases({name: BAD_SEQUENCES[name] for name in ("inf in a 3-D array", "a dict", "strings in nested lists", "other features")})
def test_every_verb_refuses_bad_sequences(fitted, bad, error, message):
    for name, verbs in VERBS.items():
        for verb in verbs.split():
            refused(fitted[name], verb, error, message, bad)


@cases(BAD_TYPES, BAD_SHAPES, {name: case for name, case in BAD_VALUES.items() if name.split()[0] not in GAPS})
def test_what_lets_missing_values_in_refuses_all_else(fitted, bad, error, message):
    refused(clone(UNFITTED["per timestep"]), "fit", error, message if "padding" not in message else "", bad)
    refused(fitted["per timestep"], "transform", error, message, bad)
    refused(fitted["per timestep"], "inverse_transform", error, message, bad)


@pytest.mark.parametrize("name", [name for name in VERBS if name != "forecaster"])
def test_another_number_of_features_is_refused(fitted, name):
    for verb in VERBS[name].split():
        refused(fitted[name], verb, ValueError, "3 features per timestep, but .* fitted on 2", [np.ones((4, 3))])


def test_what_is_not_fitted_says_nothing():
    for name, estimator in UNFITTED.items():
        for verb in VERBS.get(name, "transform" if name in ("dense", "per timestep") else "predict").split():
            if verb != "partial_fit":
                refused(clone(estimator), verb, NotFittedError, "not fitted", GIVEN.get(name, (ARRAYS,))[0])


# --- rows, targets, labels, tokens, weights ---------------------------------------------------------------------------


@cases(BAD_ROWS)
def test_bad_rows_and_encodings_are_refused(fitted, bad, error, message):
    refused(clone(UNFITTED["dense"]), "fit", error, message.format("X", "X"), bad)
    for verb in ("transform", "reconstruct", "reconstruction_error", "score"):
        refused(fitted["dense"], verb, error, message.format("X", "X"), bad)
    refused(fitted["dense"], "inverse_transform", error, message.format("Z", "Z"), bad)
    refused(fitted["autoencoder"], "inverse_transform", error, message.format("Z", "Z"), bad, n_timesteps=3)


@cases(BAD_TARGETS)
def test_bad_targets_are_refused(fitted, bad, error, message):
    for verb in ("fit", "partial_fit"):
        refused(clone(UNFITTED["regressor"]), verb, error, message, ARRAYS, bad)
    for verb in ("partial_fit", "score"):
        refused(fitted["regressor"], verb, error, message, ARRAYS, bad)


@cases(BAD_LABELS)
def test_bad_labels_are_refused(fitted, bad, error, message):
    for verb in ("fit", "partial_fit"):
        refused(clone(UNFITTED["classifier"]), verb, error, message, ARRAYS, bad)
    for verb in ("partial_fit", "score", "token_accuracy"):
        refused(fitted["classifier"], verb, error, message, ARRAYS, bad)


@cases(BAD_TOKENS)
def test_bad_tokens_are_refused(fitted, bad, error, message):
    refused(clone(UNFITTED["speller"]), "fit", error, message, bad, [["a"], ["b"]])
    for verb in ("predict", "predict_proba", "predict_beams"):
        refused(fitted["speller"], verb, error, message, bad)


@cases(BAD_WEIGHTS)
def test_bad_weights_are_refused(fitted, bad, error, message):
    for name in ("autoencoder", "regressor", "classifier", "speller", "dense", "per timestep"):
        given = GIVEN.get(name, (ARRAYS,))
        refused(clone(UNFITTED[name]), "fit", error, message, *given, sample_weight=bad)
        if name != "per timestep":
            refused(fitted[name], "score", error, message, *given, sample_weight=bad)


def test_a_token_or_a_label_that_was_not_there_is_named(fitted):
    refused(fitted["speller"], "predict", ValueError, r"X\[1\] has 'z' at timestep 1", [["a"], ["b", "z"]])
    refused(fitted["classifier"], "partial_fit", ValueError, r"y\[2\] has 7, which is none of", ARRAYS, [0, 1, 7])


# --- arguments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bad", "error"), BAD_COUNTS.values(), ids=BAD_COUNTS)
def test_bad_lengths_are_refused(fitted, bad, error):
    encodings = np.zeros((3, 3))
    refused(fitted["autoencoder"], "inverse_transform", error, "n_timesteps", encodings, n_timesteps=bad)
    refused(fitted["forecaster"], "predict", error, "n_timesteps", ARRAYS, n_timesteps=bad)
    with pytest.raises((TypeError, ValueError), match="lengths"):
        Sequences.from_padded(np.ones((3, 4)), bad)
    with pytest.raises((TypeError, ValueError), match="lengths"):
        Sequences.from_packed(np.ones(6), bad)


FRAME = pd.DataFrame({"id": [0, 0, 1], "x": [1.0, 2.0, 3.0]})
HELD = Sequences.from_list(ARRAYS)
ARGUMENTS = {
    "from_padded padding": (lambda: Sequences.from_padded(np.ones((3, 4)), padding="left"), "padding must be"),
    "from_padded no padding": (lambda: Sequences.from_padded(np.ones((3, 4)), padding=[1, 2]), "padding must be"),
    "from_padded value": (lambda: Sequences.from_padded(np.ones((3, 4)), padding_value="0"), "padding_value must be"),
    "from_padded huge": (lambda: Sequences.from_padded(np.ones((3, 4)), padding_value=10**400), "padding_value is 10"),
    "from_padded of a list": (lambda: Sequences.from_padded([[1.0], [2.0, 3.0]]), "got a list of sequences"),
    "from_channels_first": (lambda: Sequences.from_channels_first(np.ones((3, 4))), r"Expected an array \(N, F, T\)"),
    "from_list": (lambda: Sequences.from_list(3), "is not iterable|Reshape|not numbers|0-d"),
    "from_packed": (lambda: Sequences.from_packed({}, [1]), "values is of type dict"),
    "from_frame": (lambda: Sequences.from_frame([1], sample="id"), "Expected a pandas or polars dataframe"),
    "from_frame sample": (lambda: Sequences.from_frame(FRAME, sample=["id"]), "sample and time must be names"),
    "from_frame no sample": (lambda: Sequences.from_frame(FRAME, sample="who"), "one column 'who', found 0"),
    "from_frame time": (lambda: Sequences.from_frame(FRAME, sample="id", time={}), "sample and time must be names"),
    "from_frame features": (lambda: Sequences.from_frame(FRAME, sample="id", features="x"), "features must be a list"),
    "from_frame array": (lambda: Sequences.from_frame(FRAME, sample="id", features=[[]]), "features must be names"),
    "from_arrow": (lambda: Sequences.from_arrow({}), "Expected a pyarrow column of lists, got dict"),
    "to_padded": (lambda: HELD.to_padded("9"), "n_timesteps must be an int or None, got '9'"),
    "to_padded short": (lambda: HELD.to_padded(2), "n_timesteps=2 is too short"),
    "to_padded value": (lambda: HELD.to_padded(9, padding_value=[0]), "padding_value must be a number"),
    "to_frame": (lambda: HELD.to_frame(features=["x"]), "Expected names of 2 features"),
    "to_frame string": (lambda: HELD.to_frame(features="xy"), "features must be a list of names"),
    "to_frame twice": (lambda: HELD.to_frame(sample="x0"), "Column names must be unique"),
    "folds": (lambda: next(LengthStratifiedKFold(5).split(ARRAYS)), "n_splits=5 greater than the number of samples"),
    "folds value": (lambda: next(LengthStratifiedKFold(2, padding_value="0").split(ARRAYS)), "padding_value must be"),
    "scorer": (lambda: TimestepScorer(r2_score, "transform"), "response must be"),
    "scorer array": (lambda: TimestepScorer(r2_score, np.ones(2)), "response must be"),
    "scorer metric": (lambda: TimestepScorer("r2"), "metric must be a function"),
    "scorer verb": (lambda: TimestepScorer(r2_score, "reconstruct")(StandardScaler(), ARRAYS), "has no such method"),
    "scorer y": (lambda: TimestepScorer(r2_score)(StandardScaler(), ARRAYS), "scored against y, which is None"),
}


@pytest.mark.parametrize(("call", "message"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


BAD_CALLS = {
    "reduction": ("autoencoder", "reconstruction_error", {"X": ARRAYS, "reduction": "row"}, "reduction must be one of"),
    "reduction array": ("autoencoder", "reconstruction_error", {"X": ARRAYS, "reduction": np.ones(2)}, "reduction"),
    "reduction of rows": ("dense", "reconstruction_error", {"X": ROWS, "reduction": "timestep"}, "reduction must be"),
    "beams": ("speller", "predict_beams", {"X": WORDS, "num_beams": 0}, "num_beams must be an int of at least 1"),
    "beams float": ("speller", "predict_beams", {"X": WORDS, "num_beams": 2.0}, "num_beams must be an int"),
    "columns": ("autoencoder", "inverse_transform", {"Z": np.ones((2, 5)), "n_timesteps": 2}, "Z has 5 columns"),
    "no length": ("autoencoder", "inverse_transform", {"Z": np.ones((2, 3))}, "say n_timesteps"),
    "a length for numbers": ("regressor", "predict", {"X": ARRAYS, "n_timesteps": 2}, "n_timesteps=2 has no meaning"),
    "y and horizon": ("forecaster", "score", {"X": ARRAYS, "y": Y}, "y and horizon=1 both say"),
    "too short": ("forecaster", "score", {"X": [np.ones((1, 2))]}, r"X\[0\] has 1 timesteps, but horizon=1 needs"),
    "too long": ("padder", "transform", {"X": [np.ones((12, 2))]}, r"X\[0\] has 12 timesteps, but n_timesteps_ is 9"),
    "classes": ("classifier", "partial_fit", {"X": ARRAYS, "y": Y, "classes": "ab"}, "classes must be a list"),
    "unhashable class": ("classifier", "partial_fit", {"X": ARRAYS, "y": Y, "classes": [{}]}, r"classes\[0\] has \{\}"),
    "other classes": ("classifier", "partial_fit", {"X": ARRAYS, "y": Y, "classes": [5]}, "classes are those of the"),
    "names": ("resampler", "get_feature_names_out", {"input_features": ["a"]}, "number of features"),
}


@pytest.mark.parametrize(("name", "verb", "given", "message"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_bad_calls_are_refused_by_name(fitted, name, verb, given, message):
    refused(fitted[name], verb, (TypeError, ValueError), message, **given)


@pytest.mark.parametrize("weights", [{0: -1}, {0: np.nan}, {0: np.inf}, {0: "1"}, {0: None}, {"no such": 1.0}])
def test_bad_class_weights_are_refused(weights):
    classifier = clone(UNFITTED["classifier"]).set_params(class_weight=weights)
    refused(classifier, "fit", ValueError, "class_weight must give finite weights", ARRAYS, Y)


def test_bad_input_is_refused_before_tensorflow_loads():
    """Each refusal of an estimator that is not fitted, in a process of its own."""
    script = """
import sys
from tests.support.bad_inputs import ARRAYS, BAD_LABELS, BAD_ROWS, BAD_SEQUENCES, BAD_TARGETS, BAD_TOKENS
from skseqae import *
reading = [
    (LSTMAutoencoderTransformer().fit, BAD_SEQUENCES),
    (SequenceOutlierDetector().fit, BAD_SEQUENCES),
    (DenseAutoencoderTransformer().fit, BAD_ROWS),
    (lambda y: CompositeSequenceRegressor().fit(ARRAYS, y), BAD_TARGETS),
    (lambda y: Seq2SeqClassifier().fit(ARRAYS, y), BAD_LABELS),
    (lambda X: Seq2SeqClassifier(tokens=True).fit(X, [0, 1]), BAD_TOKENS),
]
for read, table in reading:
    for bad, error, _ in table.values():
        try:
            read(bad)
        except error:
            continue
        raise AssertionError(bad)
print(sorted({"keras", "tensorflow"} & sys.modules.keys()))
"""
    here = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", script], cwd=here, capture_output=True, text=True, timeout=120)
    assert (ended.stdout, ended.returncode) == ("[]\n", 0), ended.stderr


def test_there_are_many():
    tables = (BAD_SEQUENCES, BAD_ROWS, BAD_TARGETS, BAD_LABELS, BAD_TOKENS, BAD_WEIGHTS, BAD_COUNTS, ARGUMENTS)
    assert sum(map(len, (*tables, BAD_CALLS))) >= 150
