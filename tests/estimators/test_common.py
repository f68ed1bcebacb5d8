"""scikit-learn's own checks, on the 2-D arrays that they are written for, then on sequences."""

import functools
import inspect
from unittest import SkipTest

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

import skseqae
from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector, preprocessing
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder
from tests.support.estimators import CLASSES, SEQUENCE_CLASSES, every_class, every_sequence_class, output_of

EXCUSED = {
    "check_sample_weight_equivalence_on_dense_data": (
        "float32 gradients are summed in another order for repeated rows, and Adam carries the difference on; measured "
        "6e-7 absolute, where 1e-7 relative is asked for. test_full_batches_make_weights_equal_to_repeated_rows holds "
        "the law itself."
    )
}

# What scikit-learn generates for its own estimators only.
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


# --- The port ---------------------------------------------------------------------------------------------------------
#
# scikit-learn's checks make 2-D arrays, and look at nothing else. But 3-D arrays and ragged lists are what this package
# is for, and other code reads them. So the checks are ported: each row of their X becomes a sequence on its way to the
# real verb. What is about columns (their number, their names) means nothing to a sequence; the port does that part.

VERBS = ("fit", "partial_fit", "transform", "predict", "predict_proba", "score", "score_samples")


def rows_as_sequences(X):
    """Read the rows of X (N, W) as timesteps (N, W, 2), and lengths that depend on each row's own values only."""
    X = np.asarray(X)
    steps = np.stack([X, X[:, ::-1]], axis=2)
    if X.dtype.kind not in "iuf":  # objects, complex numbers: the real verb shall see them all
        return steps, np.full(len(X), X.shape[1])
    return steps, np.count_nonzero(~(X[:, :1] > X), axis=1)  # at least 1, for a NaN in front too


def as_padded(X):
    """Return an array (N, W, 2) with NaN beyond each row's length."""
    steps, lengths = rows_as_sequences(X)
    steps = steps.astype(np.result_type(steps, np.float32))  # integers have no NaN
    steps[np.arange(steps.shape[1]) >= lengths[:, None]] = np.nan
    steps.flags.writeable = False
    return steps


def as_ragged(X):
    """Return a list of N arrays (T_i, 2)."""
    steps, lengths = rows_as_sequences(X)
    steps.flags.writeable = False
    return [row[:length] for row, length in zip(steps, lengths, strict=True)]


def is_table(X):
    """Whether X is 2-D, with columns. What is not goes to the real verb as it is, and so do sequences lifted before."""
    is_sequences = isinstance(X, list | np.ndarray) and len(X) > 0 and np.ndim(X[0]) == 2
    return not is_sequences and np.ndim(np.asarray(X)) == 2 and np.shape(np.asarray(X))[1] > 0


def gives_columns(estimator):
    """Whether it is a transformer whose output has columns, that a dataframe can be made of."""
    return bool(getattr(estimator, "_sklearn_auto_wrap_output_keys", ()))


def ported_verb(cls, name, lift):
    """Return a verb that takes 2-D X and hands sequences to the real one."""
    real = getattr(cls, name)
    if name == "transform":  # wrapped by scikit-learn for `set_output`, as the ported one will be too
        real = inspect.unwrap(real)

    @functools.wraps(real)
    def verb(self, X, *args, **kwargs):
        if not is_table(X):
            return real(self, X, *args, **kwargs)
        is_first = name == "fit" or not hasattr(self, "n_features_in_")
        if not is_first:
            validate_data(self, X, reset=False, skip_check_array=True)
        result = real(self, lift(X), *args, **kwargs)
        if is_first:  # after the real one, which has written what is true of sequences
            validate_data(self, X, skip_check_array=True)
        return result

    return verb


def ported(cls, lift):
    """Return a class with cls's verbs for scikit-learn's 2-D X."""
    verbs = {name: ported_verb(cls, name, lift) for name in VERBS if hasattr(cls, name)}
    if cls in SEQUENCE_CLASSES and hasattr(
        cls, "inverse_transform"
    ):  # which must be told a length, where those in training were unequal
        verbs["inverse_transform"] = functools.partialmethod(cls.inverse_transform, n_timesteps=3)
    name = lift.__name__.removeprefix("as_").capitalize() + cls.__name__
    members = {**verbs, "__module__": __name__, "__doc__": cls.__doc__}
    # of what a class says of itself, a subclass inherits all but this
    gives_sequences = hasattr(cls, "_sklearn_auto_wrap_output_keys") and not gives_columns(cls)
    return type(name, (cls,), members, **({"auto_wrap_output_keys": None} if gives_sequences else {}))


# Beside the estimators of `every_estimator`: how to make them, and the sequences that their checks can read. What gives
# a list back is not tried on ragged ones: scikit-learn's checks compare arrays.
OTHERS = {
    SequenceOutlierDetector: (
        lambda cls: cls(LSTMAutoencoderTransformer(epochs=2, random_state=0)),
        [as_padded, as_ragged],
    ),
    PerTimestep: (lambda cls: cls(StandardScaler()), [as_padded]),
    Resampler: (lambda cls: cls(), [as_padded, as_ragged]),
    SequencePadder: (lambda cls: cls(), [as_padded, as_ragged]),
}
PORTED = [ported(cls, lift) for cls in SEQUENCE_CLASSES for lift in (as_padded, as_ragged)]
PORTED_OTHERS = [(make, ported(cls, lift)) for cls, (make, lifts) in OTHERS.items() for lift in lifts]
# pickle looks classes up by name
globals().update({cls.__name__: cls for cls in [*PORTED, *(cls for _, cls in PORTED_OTHERS)]})

# Two epochs are enough for most checks. These ask whether something was learned.
LEARNED_BY = {
    "check_class_weight_classifiers",
    "check_classifiers_train",
    "check_regressors_train",
    "check_sample_weight_equivalence_on_dense_data",
}

ESTIMATORS = [cls(epochs=2) for cls in CLASSES + PORTED]
ESTIMATORS += [make(cls) for cls, (make, _) in OTHERS.items()] + [make(cls) for make, cls in PORTED_OTHERS]


# --- The checks -------------------------------------------------------------------------------------------------------


def run(check, *args):
    """Run a check of scikit-learn; one that skips itself has shown nothing."""
    try:
        check(*args)
    except SkipTest as skipped:
        pytest.fail(f"skipped: {skipped}")


def trains_a_network(estimator):
    return "epochs" in estimator.get_params()


def excused(estimator):
    return EXCUSED if trains_a_network(estimator) else {}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=excused)
def test_scikit_learns_checks_pass(estimator, check):
    if check.func.__name__ in LEARNED_BY and trains_a_network(estimator):
        estimator = clone(estimator).set_params(epochs=type(estimator)().epochs)  # the others share this one
    run(check, estimator)


# Those about `set_output` fit on a dataframe and transform an array, and the other way round.
@pytest.mark.filterwarnings("ignore:X does not have valid feature names", "ignore:X has feature names")
@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.__name__}")
        for estimator in ESTIMATORS
        for check in MORE_CHECKS
        if gives_columns(estimator) or check not in CHECKS_OF_TRANSFORMERS
    ],
)
def test_the_checks_that_scikit_learn_keeps_for_itself_pass(estimator, check, monkeypatch):
    # Some look at a docstring only where the module is one of scikit-learn's.
    monkeypatch.setattr(estimator, "__module__", "sklearn.invited", raising=False)
    run(check, type(estimator).__name__, estimator)


@every_class
def test_no_tag_asks_for_weaker_checks(cls):
    tags = get_tags(cls())
    kinds = [kind for kind in (tags.classifier_tags, tags.regressor_tags) if kind is not None]
    weaker = [tags.no_validation, tags.non_deterministic, tags._skip_test, *(kind.poor_score for kind in kinds)]
    assert not any(weaker)


def test_every_public_estimator_is_checked():
    public = [getattr(module, name) for module in (skseqae, preprocessing) for name in module.__all__]
    estimators = [cls for cls in public if inspect.isclass(cls) and issubclass(cls, BaseEstimator)]
    assert sorted(estimators, key=repr) == sorted([*CLASSES, *OTHERS], key=repr)


@pytest.mark.parametrize("lift", [np.asarray, as_padded, as_ragged], ids=["table", "padded", "ragged"])
@every_sequence_class
def test_full_batches_make_weights_equal_to_repeated_rows(cls, lift):
    rng = np.random.default_rng(0)
    X, y, weights = rng.normal(size=(12, 6)), np.arange(12) % 3, np.arange(12) % 4
    rows = np.repeat(np.arange(12), weights)

    def encodings(X_train, y_train, sample_weight):
        estimator = cls(epochs=30, batch_size=100, random_state=0)
        return output_of(estimator.fit(lift(X_train), y_train, sample_weight), lift(X))

    weighted = encodings(X, y, weights)
    assert_allclose(weighted, encodings(X[rows], y[rows], None), rtol=0, atol=1e-5)
    assert np.abs(weighted - encodings(X, y, None)).max() > 1e-3
