"""scikit-learn's estimator checks, on the 2-D arrays for which they are written, and on sequences."""

import functools
import inspect
from itertools import cycle
from unittest import SkipTest

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

import skseqae
from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector, preprocessing
from skseqae.preprocessing import PerTimestep, Resampler, SequenceImputer, SequencePadder
from tests.support.estimators import (
    CLASSES,
    SEQUENCE_CLASSES,
    every_class,
    every_sequence_class,
    output_of,
    parameters_of,
    quick,
)

EXCUSED = {
    "check_sample_weight_equivalence_on_dense_data": (
        "float32 gradients are summed in another order for repeated samples, and Adam amplifies the difference: an "
        "absolute difference of 6e-7 was measured, and the check requires a relative one of 1e-7. "
        "test_full_batches_make_weights_equal_to_repeated_samples tests the property."
    )
}
EXCUSED_DETECTORS = {
    "check_sample_weight_equivalence_on_dense_data": (
        "the autoencoder is trained on other batches, and the folds follow the order of the samples, which the check "
        "changes. test_weights_are_equivalent_to_repeated_sequences tests the property with a frozen autoencoder."
    )
}

# Checks that scikit-learn generates only for its own estimators.
CHECKS_OF_TRANSFORMERS = [
    estimator_checks.check_get_feature_names_out_error,
    estimator_checks.check_global_output_transform_pandas,
    estimator_checks.check_global_set_output_transform_polars,
    estimator_checks.check_set_output_transform,
    estimator_checks.check_set_output_transform_pandas,
    estimator_checks.check_set_output_transform_polars,
    estimator_checks.check_transformer_get_feature_names_out,
    estimator_checks.check_transformer_get_feature_names_out_pandas,
]
MORE_CHECKS = [
    estimator_checks.check_dataframe_column_names_consistency,
    estimator_checks.check_inplace_ensure_writeable,
    estimator_checks.check_param_validation,
    *CHECKS_OF_TRANSFORMERS,
]


# --- classes that convert 2-D X to sequences --------------------------------------------------------------------------
#
# scikit-learn's checks use 2-D arrays only, but 3-D arrays and lists of arrays are the usual input of this package and
# are read by other code. Subclasses of the estimators therefore convert each row of a 2-D X to a sequence and then call
# the original method. Sequences have no columns: the subclasses check the number and the names of the columns of X.

METHODS = ("fit", "partial_fit", "transform", "predict", "predict_proba", "score", "score_samples")


def rows_as_sequences(X):
    """Return the rows of X (N, W) as timesteps (N, W, 2), and lengths that depend on the values of each row only."""
    X = np.asarray(X)
    steps = np.stack([X, X[:, ::-1]], axis=2)
    if X.dtype.kind not in "iuf":  # the original method must raise the errors for objects and complex numbers
        return steps, np.full(len(X), X.shape[1])
    return steps, np.count_nonzero(~(X[:, :1] > X), axis=1)  # at least 1, also if the first value is NaN


def as_padded(X):
    """Return an array (N, W, 2) with NaN beyond each row's length."""
    steps, lengths = rows_as_sequences(X)
    steps = steps.astype(np.result_type(steps, np.float32))  # a type that has NaN
    steps[np.arange(steps.shape[1]) >= lengths[:, None]] = np.nan
    steps.flags.writeable = False
    return steps


def as_ragged(X):
    """Return a list of N arrays (T_i, 2)."""
    steps, lengths = rows_as_sequences(X)
    steps.flags.writeable = False
    return [row[:length] for row, length in zip(steps, lengths, strict=True)]


def is_table(X):
    """Return whether X is 2-D with columns; any other X is passed to the original method unchanged."""
    is_sequences = isinstance(X, list | np.ndarray) and len(X) > 0 and np.ndim(X[0]) == 2
    return not is_sequences and np.ndim(np.asarray(X)) == 2 and np.shape(np.asarray(X))[1] > 0


def gives_columns(estimator):
    """Return whether `set_output` of a transformer applies to its output."""
    return bool(getattr(estimator, "_sklearn_auto_wrap_output_keys", ()))


def converting_method(cls, name, convert):
    """Return a method that accepts 2-D X and passes sequences to the original method."""
    original = getattr(cls, name)
    if name == "transform":  # scikit-learn wraps it for `set_output`, and will wrap the new method
        original = inspect.unwrap(original)

    @functools.wraps(original)
    def method(self, X, *args, **kwargs):
        if not is_table(X):
            return original(self, X, *args, **kwargs)
        is_first = name == "fit" or not hasattr(self, "n_features_in_")
        if not is_first:
            validate_data(self, X, reset=False, skip_check_array=True)
        result = original(self, convert(X), *args, **kwargs)
        if is_first:  # afterwards, since the original method has set the attributes of sequences
            validate_data(self, X, skip_check_array=True)
        return result

    return method


def converting_class(cls, convert):
    """Return a subclass whose methods accept the 2-D X of scikit-learn's checks."""
    methods = {name: converting_method(cls, name, convert) for name in METHODS if hasattr(cls, name)}
    if cls in SEQUENCE_CLASSES and hasattr(cls, "inverse_transform"):  # requires a length after unequal ones
        methods["inverse_transform"] = functools.partialmethod(cls.inverse_transform, n_timesteps=3)
    name = convert.__name__.removeprefix("as_").capitalize() + cls.__name__
    members = {**methods, "__module__": __name__, "__doc__": cls.__doc__}
    # a subclass inherits all class parameters except this one
    gives_sequences = hasattr(cls, "_sklearn_auto_wrap_output_keys") and not gives_columns(cls)
    return type(name, (cls,), members, **({"auto_wrap_output_keys": None} if gives_sequences else {}))


# Estimators that are not in CLASSES: how to construct them, and the conversions. PerTimestep returns lists for lists,
# which scikit-learn's checks cannot compare.
OTHERS = {
    SequenceOutlierDetector: (
        lambda cls: cls(quick(LSTMAutoencoderTransformer)),
        [as_ragged],
    ),
    PerTimestep: (lambda cls: cls(StandardScaler()), [as_padded]),
    Resampler: (lambda cls: cls(), [as_padded, as_ragged]),
    SequenceImputer: (lambda cls: cls(quick(LSTMAutoencoderTransformer, missing="mask")), []),
    SequencePadder: (lambda cls: cls(), [as_padded, as_ragged]),
}
# by turns: both containers are read by the same code of all classes
CONVERTING = [converting_class(cls, convert) for cls, convert in zip(SEQUENCE_CLASSES, cycle((as_padded, as_ragged)))]
CONVERTING_OTHERS = [
    (make, converting_class(cls, convert)) for cls, (make, conversions) in OTHERS.items() for convert in conversions
]
# pickle finds classes by their names
globals().update({cls.__name__: cls for cls in [*CONVERTING, *(cls for _, cls in CONVERTING_OTHERS)]})

# Two epochs are sufficient for most checks; these require the default number, because they test what was learnt.
WITH_DEFAULT_EPOCHS = {
    "check_class_weight_classifiers",
    "check_classifiers_train",
    "check_regressors_train",
    "check_sample_weight_equivalence_on_dense_data",
}

ESTIMATORS = [cls(epochs=2) for cls in CLASSES] + [quick(cls) for cls in CONVERTING]
ESTIMATORS += [make(cls) for cls, (make, _) in OTHERS.items()] + [make(cls) for make, cls in CONVERTING_OTHERS]


# --- the checks -------------------------------------------------------------------------------------------------------


def run(check, *args):
    """Run a check of scikit-learn; a check that is skipped fails."""
    try:
        check(*args)
    except SkipTest as skipped:
        pytest.fail(f"skipped: {skipped}")


def trains_a_network(estimator):
    return "epochs" in estimator.get_params()


def excused(estimator):
    if isinstance(estimator, SequenceOutlierDetector):
        return EXCUSED_DETECTORS
    return EXCUSED if trains_a_network(estimator) else {}


@pytest.mark.filterwarnings("ignore:X has shape .* univariate")  # tables of two columns without y
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=excused)
def test_scikit_learns_checks_pass(estimator, check):
    if check.func.__name__ in WITH_DEFAULT_EPOCHS and trains_a_network(estimator):
        estimator = type(estimator)()  # checks share the estimator
    run(check, estimator)


# the checks of `set_output` fit on a dataframe and transform an array, and vice versa
@pytest.mark.filterwarnings("ignore:X does not have valid feature names", "ignore:X has feature names")
@pytest.mark.filterwarnings("ignore:X has shape .* univariate")
@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.__name__}")
        for estimator in ESTIMATORS
        for check in MORE_CHECKS
        if gives_columns(estimator) or check not in CHECKS_OF_TRANSFORMERS
    ],
)
def test_checks_of_scikit_learns_own_estimators_pass(estimator, check, monkeypatch):
    # some check docstrings only if the module belongs to scikit-learn
    monkeypatch.setattr(estimator, "__module__", "sklearn.skseqae", raising=False)
    run(check, type(estimator).__name__, estimator)


@every_class
def test_no_tag_weakens_the_checks(cls):
    tags = get_tags(cls())
    specific = [each for each in (tags.classifier_tags, tags.regressor_tags) if each is not None]
    weaker = [tags.no_validation, tags.non_deterministic, tags._skip_test, *(each.poor_score for each in specific)]
    assert not any(weaker)


def test_every_public_estimator_is_checked():
    public = [getattr(module, name) for module in (skseqae, preprocessing) for name in module.__all__]
    estimators = [cls for cls in public if inspect.isclass(cls) and issubclass(cls, BaseEstimator)]
    assert sorted(estimators, key=repr) == sorted([*CLASSES, *OTHERS], key=repr)


@pytest.mark.parametrize("convert", [np.asarray, as_padded, as_ragged], ids=["2-D", "padded", "ragged"])
@every_sequence_class
def test_full_batches_make_weights_equal_to_repeated_samples(cls, convert):
    rng = np.random.default_rng(0)
    X, y, weights = rng.normal(size=(12, 6)), np.arange(12) % 3, np.arange(12) % 4
    rows = np.repeat(np.arange(12), weights)

    def encodings(X_train, y_train, sample_weight):
        # a crop is drawn for each sample: repeated samples have different ones
        whole = {"min_crop": 1.0} if "min_crop" in parameters_of(cls) else {}
        estimator = cls(epochs=30, batch_size=100, random_state=0, **whole)
        return output_of(estimator.fit(convert(X_train), y_train, sample_weight), convert(X))

    weighted = encodings(X, y, weights)
    assert_allclose(weighted, encodings(X[rows], y[rows], None), rtol=1e-5, atol=2e-5)
    assert np.abs(weighted - encodings(X, y, None)).max() > 1e-3
