"""Fitting: its hooks, its one fitted state, and targets outside the range of a loss."""

import numpy as np
import pytest

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, Seq2SeqClassifier
from skseqae.estimators._base import BaseSequenceEstimator
from skseqae.estimators._fitted_state import FittedState
from tests.support.estimators import data_for, every_class, quick, y

HOOKS = {"_describe_input", "_read_target", "_describe_target", "_architecture_for", "_training_targets"}
INPUT = {"_check_input"}  # of the mixin that validates X, also in methods after `fit`


@every_class
def test_subclasses_adapt_fitting_by_hooks_only(cls):
    between = [each for each in cls.__mro__[:-1] if issubclass(each, BaseSequenceEstimator)]
    between.remove(BaseSequenceEstimator)
    overridden = {name for each in between for name in vars(each) if name in vars(BaseSequenceEstimator)}
    assert {name for name in overridden if not name.startswith("__")} <= HOOKS | INPUT | {
        "_parameter_constraints",
        "_abc_impl",
        "_sklearn_auto_wrap_output_keys",
    }
    assert len(HOOKS) <= 5


@every_class
def test_fits_leave_one_state_beside_the_attributes_of_scikit_learn(cls):
    estimator = quick(cls)
    before = set(vars(estimator))
    fitted = set(vars(estimator.fit(data_for(cls), y)))
    assert fitted - before <= {"_fitted", "n_features_in_", "feature_names_in_"}
    assert type(estimator._fitted) is FittedState


@every_class
def test_attributes_of_unfitted_estimators_are_missing_by_their_public_names(cls):
    names = ["history_", "n_iter_"] + ["classes_", "vocabulary_"] * (cls is Seq2SeqClassifier)
    for name in names:
        with pytest.raises(AttributeError, match=f"'{cls.__name__}' object has no attribute '{name}'"):
            getattr(cls(), name)


@pytest.mark.parametrize(
    ("estimator", "timestep"),
    [
        (LSTMAutoencoderTransformer(2, objective="composite"), 0),
        (LSTMAutoencoderTransformer(2, objective="composite"), 2),
        (CompositeSequenceRegressor(2, horizon=1), 0),
        (CompositeSequenceRegressor(2, horizon=1), 2),
    ],
)
def test_every_target_is_checked_against_the_range_of_the_loss(estimator, timestep):
    X = [np.full((4, 1), 0.5), np.full((5, 1), 0.5)]
    X[1][timestep] = 9.0
    estimator.set_params(loss="binary_crossentropy", scale=None)
    with pytest.raises(ValueError, match=rf"X\[1\] has 9 at timestep {timestep}, feature 0"):
        estimator.fit(X)
