"""Every class and method refuses invalid input with a TypeError or a ValueError that names it, and keeps its state."""

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
from skseqae.preprocessing import PerTimestep, Resampler, SequenceImputer, SequencePadder
from tests.support.bad_inputs import ARRAYS, BAD_ROWS, BAD_SEQUENCES, BAD_SHAPES, BAD_TYPES, BAD_VALUES
from tests.support.bad_targets import BAD_COUNTS, BAD_LABELS, BAD_TARGETS, BAD_TOKENS, BAD_WEIGHTS

Y = [0, 1, 0]
WORDS = [["a", "b"], ["b"], ["c", "a"]]
ROWS = np.arange(12.0).reshape(3, 4) ** 2
SHARED = {"epochs": 1, "random_state": 0}
UNFITTED = {
    "autoencoder": LSTMAutoencoderTransformer(3, objective="composite", **SHARED),
    "regressor": CompositeSequenceRegressor(3, **SHARED),
    "forecaster": CompositeSequenceRegressor(3, horizon=1, **SHARED),
    "classifier": Seq2SeqClassifier(3, **SHARED),
    "seq2seq": Seq2SeqClassifier(3, tokens=True, **SHARED),
    "dense": DenseAutoencoderTransformer(2, hidden_layer_sizes=(3,), **SHARED),
    "detector": SequenceOutlierDetector(LSTMAutoencoderTransformer(3, objective="composite", **SHARED)),
    "per timestep": PerTimestep(StandardScaler()),
    "padder": SequencePadder(9),
    "imputer": SequenceImputer(LSTMAutoencoderTransformer(3, missing="mask", **SHARED)),
    "resampler": Resampler(4),
}
# the arguments of `fit`; for the others, ARRAYS
DATA = {
    "regressor": (ARRAYS, [[0.5, 1.0], [1.5, 2.0], [2.5, 0.0]]),  # as wide as X: the forecaster has the same network
    "classifier": (ARRAYS, Y),
    "seq2seq": (WORDS, [word[::-1] for word in WORDS]),
    "dense": (ROWS,),
}
MISSING = {"NaN", "None", "NA", "null"}  # the first words of the names of missing values in `BAD_VALUES`
FITTED_ON_SEQUENCES = ["autoencoder", "regressor", "forecaster", "classifier", "detector", "padder", "resampler"]
METHODS = {
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
    return {name: clone(each).fit(*DATA.get(name, (ARRAYS,))) for name, each in UNFITTED.items()}


def assert_refused(estimator, method, error, message, *args, **kwargs):
    """Assert that a method raises the expected error and changes neither the estimator nor its arguments."""
    before, arguments = pickle.dumps(estimator), [content(value) for value in (*args, *kwargs.values())]
    with pytest.raises(error, match=message) as caught:
        getattr(estimator, method)(*args, **kwargs)
    assert isinstance(caught.value, TypeError | ValueError)
    assert len(str(caught.value)) < 500  # also for large and deeply nested input
    assert pickle.dumps(estimator) == before
    assert [content(value) for value in (*args, *kwargs.values())] == arguments


def content(value):
    """Return the content of a value if it can be pickled, otherwise its identity."""
    try:
        return value.to_csv() if isinstance(value, pd.DataFrame) else pickle.dumps(value)
    except Exception:
        return id(value)


def cases(*tables):
    ids = [name for table in tables for name in table]
    return pytest.mark.parametrize(("bad", "error", "message"), [c for t in tables for c in t.values()], ids=ids)


# --- sequences --------------------------------------------------------------------------------------------------------


@cases(BAD_SEQUENCES)
def test_fit_refuses_invalid_sequences(bad, error, message):
    for name in FITTED_ON_SEQUENCES:
        assert_refused(clone(UNFITTED[name]), "fit", error, message, bad, *DATA.get(name, ())[1:])


@cases(BAD_SEQUENCES)
def test_fitted_estimators_refuse_invalid_sequences(fitted, bad, error, message):
    for name, methods in METHODS.items():
        assert_refused(fitted[name], methods.split()[0], error, message, bad)


@cases(
    {
        name: BAD_SEQUENCES[name]
        for name in ("inf in a 3-D array", "a dict", "strings in nested lists", "other features")
    }
)
def test_every_method_refuses_invalid_sequences(fitted, bad, error, message):
    for name, methods in METHODS.items():
        for method in methods.split():
            assert_refused(fitted[name], method, error, message, bad)


@cases(BAD_TYPES, BAD_SHAPES, {name: case for name, case in BAD_VALUES.items() if name.split()[0] not in MISSING})
def test_transformers_that_accept_missing_values_refuse_other_invalid_sequences(fitted, bad, error, message):
    assert_refused(clone(UNFITTED["per timestep"]), "fit", error, message if "padding" not in message else "", bad)
    assert_refused(fitted["per timestep"], "transform", error, message, bad)
    assert_refused(fitted["per timestep"], "inverse_transform", error, message, bad)
    assert_refused(fitted["imputer"], "transform", error, message, bad)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "forecaster"])
def test_another_number_of_features_is_refused(fitted, name):
    for method in METHODS[name].split():
        assert_refused(
            fitted[name], method, ValueError, "3 features per timestep, but .* fitted on 2", [np.ones((4, 3))]
        )


def test_methods_of_unfitted_estimators_raise_not_fitted_error():
    for name, estimator in UNFITTED.items():
        default = "transform" if hasattr(estimator, "transform") else "predict"
        for method in METHODS.get(name, default).split():
            if method != "partial_fit":
                assert_refused(clone(estimator), method, NotFittedError, "not fitted", DATA.get(name, (ARRAYS,))[0])


# --- rows, targets, labels, tokens, weights ---------------------------------------------------------------------------


@cases(BAD_ROWS)
def test_invalid_rows_and_encodings_are_refused(fitted, bad, error, message):
    assert_refused(clone(UNFITTED["dense"]), "fit", error, message.format("X", "X"), bad)
    for method in ("transform", "reconstruct", "reconstruction_error", "score"):
        assert_refused(fitted["dense"], method, error, message.format("X", "X"), bad)
    assert_refused(fitted["dense"], "inverse_transform", error, message.format("Z", "Z"), bad)
    assert_refused(fitted["autoencoder"], "inverse_transform", error, message.format("Z", "Z"), bad, n_timesteps=3)


@cases(BAD_TARGETS)
def test_invalid_targets_are_refused(fitted, bad, error, message):
    for method in ("fit", "partial_fit"):
        assert_refused(clone(UNFITTED["regressor"]), method, error, message, ARRAYS, bad)
    for method in ("partial_fit", "score"):
        assert_refused(fitted["regressor"], method, error, message, ARRAYS, bad)


@cases(BAD_LABELS)
def test_invalid_labels_are_refused(fitted, bad, error, message):
    for method in ("fit", "partial_fit"):
        assert_refused(clone(UNFITTED["classifier"]), method, error, message, ARRAYS, bad)
    for method in ("partial_fit", "score", "token_accuracy"):
        assert_refused(fitted["classifier"], method, error, message, ARRAYS, bad)


@cases(BAD_TOKENS)
def test_invalid_tokens_are_refused(fitted, bad, error, message):
    assert_refused(clone(UNFITTED["seq2seq"]), "fit", error, message, bad, [["a"], ["b"]])
    for method in ("predict", "predict_proba", "predict_beams"):
        assert_refused(fitted["seq2seq"], method, error, message, bad)


@cases(BAD_WEIGHTS)
def test_invalid_weights_are_refused(fitted, bad, error, message):
    for name in ("autoencoder", "regressor", "classifier", "seq2seq", "dense", "per timestep"):
        arguments = DATA.get(name, (ARRAYS,))
        assert_refused(clone(UNFITTED[name]), "fit", error, message, *arguments, sample_weight=bad)
        if name != "per timestep":
            assert_refused(fitted[name], "score", error, message, *arguments, sample_weight=bad)


def test_unknown_tokens_and_labels_are_refused_by_location(fitted):
    assert_refused(fitted["seq2seq"], "predict", ValueError, r"X\[1\] has 'z' at timestep 1", [["a"], ["b", "z"]])
    assert_refused(
        fitted["classifier"], "partial_fit", ValueError, r"y\[2\] has 7, which is not one of", ARRAYS, [0, 1, 7]
    )


# --- arguments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bad", "error"), BAD_COUNTS.values(), ids=BAD_COUNTS)
def test_invalid_lengths_are_refused(fitted, bad, error):
    encodings = np.zeros((3, 3))
    assert_refused(fitted["autoencoder"], "inverse_transform", error, "n_timesteps", encodings, n_timesteps=bad)
    assert_refused(fitted["forecaster"], "predict", error, "n_timesteps", ARRAYS, n_timesteps=bad)
    with pytest.raises((TypeError, ValueError), match="lengths"):
        Sequences.from_padded(np.ones((3, 4)), bad)
    with pytest.raises((TypeError, ValueError), match="lengths"):
        Sequences.from_packed(np.ones(6), bad)


FRAME = pd.DataFrame({"id": [0, 0, 1], "x": [1.0, 2.0, 3.0]})
SEQUENCES = Sequences.from_list(ARRAYS)
INVALID_ARGUMENTS = {
    "from_padded padding": (lambda: Sequences.from_padded(np.ones((3, 4)), padding="left"), "padding must be"),
    "from_padded padding list": (lambda: Sequences.from_padded(np.ones((3, 4)), padding=[1, 2]), "padding must be"),
    "from_padded value": (lambda: Sequences.from_padded(np.ones((3, 4)), padding_value="0"), "padding_value must be"),
    "from_padded huge": (lambda: Sequences.from_padded(np.ones((3, 4)), padding_value=10**400), "padding_value is 10"),
    "from_padded of a list": (lambda: Sequences.from_padded([[1.0], [2.0, 3.0]]), "got a list of sequences"),
    "from_channels_first": (lambda: Sequences.from_channels_first(np.ones((3, 4))), r"Expected an array \(N, F, T\)"),
    "from_list": (lambda: Sequences.from_list(3), "is not iterable|Reshape|not numbers|0-d"),
    "from_packed": (lambda: Sequences.from_packed({}, [1]), "values is of type dict"),
    "from_frame": (lambda: Sequences.from_frame([1], sample="id"), "Expected a pandas or polars dataframe"),
    "from_frame sample": (lambda: Sequences.from_frame(FRAME, sample=[["id"]]), "sample and time must be column names"),
    "from_frame no sample": (lambda: Sequences.from_frame(FRAME, sample=[]), "sample must name at least one column"),
    "from_frame absent sample": (lambda: Sequences.from_frame(FRAME, sample="who"), "one column 'who', found 0"),
    "from_frame time": (
        lambda: Sequences.from_frame(FRAME, sample="id", time={}),
        "sample and time must be column names",
    ),
    "from_frame features": (
        lambda: Sequences.from_frame(FRAME, sample="id", features="x"),
        "features must be a list of column names",
    ),
    "from_frame array": (
        lambda: Sequences.from_frame(FRAME, sample="id", features=[[]]),
        "features must be column names",
    ),
    "from_arrow": (lambda: Sequences.from_arrow({}), "Expected a pyarrow column of lists, got dict"),
    "to_padded": (lambda: SEQUENCES.to_padded("9"), "n_timesteps must be an int or None, got '9'"),
    "to_padded short": (lambda: SEQUENCES.to_padded(2), "n_timesteps=2 is too short"),
    "to_padded value": (lambda: SEQUENCES.to_padded(9, padding_value=[0]), "padding_value must be a number"),
    "to_frame": (lambda: SEQUENCES.to_frame(features=["x"]), "Expected names of 2 features"),
    "to_frame string": (lambda: SEQUENCES.to_frame(features="xy"), "features must be a list of column names"),
    "to_frame twice": (lambda: SEQUENCES.to_frame(sample="x0"), "Column names must be unique"),
    "folds": (lambda: next(LengthStratifiedKFold(5).split(ARRAYS)), "n_splits=5 greater than the number of samples"),
    "folds value": (lambda: next(LengthStratifiedKFold(2, padding_value="0").split(ARRAYS)), "padding_value must be"),
    "scorer": (lambda: TimestepScorer(r2_score, "transform"), "response must be"),
    "scorer array": (lambda: TimestepScorer(r2_score, np.ones(2)), "response must be"),
    "scorer metric": (lambda: TimestepScorer("r2"), "metric must be a function"),
    "scorer method": (lambda: TimestepScorer(r2_score, "reconstruct")(StandardScaler(), ARRAYS), "has no such method"),
    "scorer y": (
        lambda: TimestepScorer(r2_score)(StandardScaler(), ARRAYS),
        "compares predictions with y, but y is None",
    ),
}


@pytest.mark.parametrize(("call", "message"), INVALID_ARGUMENTS.values(), ids=INVALID_ARGUMENTS)
def test_invalid_arguments_are_refused_by_name(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


INVALID_CALLS = {
    "reduction": ("autoencoder", "reconstruction_error", {"X": ARRAYS, "reduction": "row"}, "reduction must be one of"),
    "reduction array": ("autoencoder", "reconstruction_error", {"X": ARRAYS, "reduction": np.ones(2)}, "reduction"),
    "reduction of rows": ("dense", "reconstruction_error", {"X": ROWS, "reduction": "timestep"}, "reduction must be"),
    "beams": ("seq2seq", "predict_beams", {"X": WORDS, "num_beams": 0}, "num_beams must be an int of at least 1"),
    "beams float": ("seq2seq", "predict_beams", {"X": WORDS, "num_beams": 2.0}, "num_beams must be an int"),
    "columns": ("autoencoder", "inverse_transform", {"Z": np.ones((2, 5)), "n_timesteps": 2}, "Z has 5 columns"),
    "n_timesteps required": ("autoencoder", "inverse_transform", {"Z": np.ones((2, 3))}, "pass n_timesteps"),
    "needless n_timesteps": ("regressor", "predict", {"X": ARRAYS, "n_timesteps": 2}, "n_timesteps=2 does not apply"),
    "y and horizon": ("forecaster", "score", {"X": ARRAYS, "y": Y}, "y and horizon=1 both determine"),
    "too short": ("forecaster", "score", {"X": [np.ones((1, 2))]}, r"X\[0\] has 1 timesteps, but horizon=1 requires"),
    "too long": ("padder", "transform", {"X": [np.ones((12, 2))]}, r"X\[0\] has 12 timesteps, but n_timesteps_ is 9"),
    "classes": ("classifier", "partial_fit", {"X": ARRAYS, "y": Y, "classes": "ab"}, "classes must be a list"),
    "unhashable class": ("classifier", "partial_fit", {"X": ARRAYS, "y": Y, "classes": [{}]}, r"classes\[0\] has \{\}"),
    "other classes": (
        "classifier",
        "partial_fit",
        {"X": ARRAYS, "y": Y, "classes": [5]},
        "classes must be the same as in the",
    ),
    "names": ("resampler", "get_feature_names_out", {"input_features": list("abc")}, "number of features"),
}


@pytest.mark.parametrize(("name", "method", "arguments", "message"), INVALID_CALLS.values(), ids=INVALID_CALLS)
def test_invalid_calls_of_fitted_estimators_are_refused_by_name(fitted, name, method, arguments, message):
    assert_refused(fitted[name], method, (TypeError, ValueError), message, **arguments)


@pytest.mark.parametrize("weights", [{0: -1}, {0: np.nan}, {0: np.inf}, {0: "1"}, {0: None}, {"no such": 1.0}])
def test_invalid_class_weights_are_refused(weights):
    classifier = clone(UNFITTED["classifier"]).set_params(class_weight=weights)
    assert_refused(classifier, "fit", ValueError, "class_weight must give finite weights", ARRAYS, Y)


def test_invalid_input_is_refused_before_tensorflow_is_loaded():
    """By estimators that are not fitted, in a new process."""
    script = """
import sys
from tests.support.bad_inputs import ARRAYS, BAD_ROWS, BAD_SEQUENCES
from tests.support.bad_targets import BAD_LABELS, BAD_TARGETS, BAD_TOKENS
from skseqae import *
functions = [
    (LSTMAutoencoderTransformer().fit, BAD_SEQUENCES),
    (SequenceOutlierDetector().fit, BAD_SEQUENCES),
    (DenseAutoencoderTransformer().fit, BAD_ROWS),
    (lambda y: CompositeSequenceRegressor().fit(ARRAYS, y), BAD_TARGETS),
    (lambda y: Seq2SeqClassifier().fit(ARRAYS, y), BAD_LABELS),
    (lambda X: Seq2SeqClassifier(tokens=True).fit(X, [0, 1]), BAD_TOKENS),
]
for function, table in functions:
    for bad, error, _ in table.values():
        try:
            function(bad)
        except error:
            continue
        raise AssertionError(bad)
print(sorted({"keras", "tensorflow"} & sys.modules.keys()))
"""
    here = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=here, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def test_there_are_at_least_150_invalid_inputs():
    tables = (BAD_SEQUENCES, BAD_ROWS, BAD_TARGETS, BAD_LABELS, BAD_TOKENS, BAD_WEIGHTS, BAD_COUNTS, INVALID_ARGUMENTS)
    assert sum(map(len, (*tables, INVALID_CALLS))) >= 150
