"""Very small and very large values, single samples and timesteps, and integers that float32 cannot represent."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skseqae import CompositeSequenceRegressor, DenseAutoencoderTransformer, LSTMAutoencoderTransformer, Sequences
from skseqae.data._check_sequences import MAX_EXACT_INTEGER
from skseqae.data._scaling import Scaling, weighted_moments
from skseqae.datasets import make_waves
from skseqae.preprocessing import Resampler, SequencePadder

X, _ = make_waves(20, n_features=2, lengths=(4, 9), random_state=0)
QUICK = {"epochs": 2, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    return LSTMAutoencoderTransformer(3, **QUICK).fit(X)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.integers(-100, 100), min_size=2, max_size=2), st.sampled_from([np.float32, np.float64]))
def test_scaled_values_do_not_depend_on_units(exponents, dtype):
    """Each feature has another unit, from 2**-100 (about 1e-30) to 2**100 (about 1e30); the bits are identical."""
    arrays = [x.astype(np.float32).astype(dtype) for x in X]
    both = [Sequences.from_list(arrays), Sequences.from_list([np.ldexp(x, exponents).astype(dtype) for x in arrays])]
    moments = [weighted_moments(sequences, np.ones(len(X))) for sequences in both]
    scaled = [Scaling(*m).apply(sequences).packed for m, sequences in zip(moments, both, strict=True)]
    assert_array_equal(scaled[0], scaled[1])
    assert_array_equal(moments[1][1], np.ldexp(moments[0][1], exponents))


def test_training_does_not_depend_on_units(fitted):
    unit = np.array([100, -100])
    huge = [np.ldexp(x, unit) for x in X]
    again = LSTMAutoencoderTransformer(3, **QUICK).fit(huge)
    assert_array_equal(again.transform(huge), fitted.transform(X))
    assert again.history_ == fitted.history_
    assert_array_equal(again.reconstruction_error(huge), fitted.reconstruction_error(X))
    for actual, expected in zip(again.reconstruct(huge), fitted.reconstruct(X), strict=True):
        assert_array_equal(actual, np.ldexp(expected, unit))


@pytest.mark.parametrize("unit", [-1000, 1000])
def test_only_the_proportions_of_sample_weights_matter(fitted, unit):
    weights = np.linspace(1, 2, len(X))
    one, other = (
        LSTMAutoencoderTransformer(3, **QUICK).fit(X, sample_weight=w) for w in (weights, weights * 2.0**unit)
    )
    assert_array_equal(one.transform(X), other.transform(X))
    assert one.history_ == other.history_


def test_outputs_beyond_float32_are_clipped_to_its_largest_value():
    scaling = Scaling(np.zeros(1), np.full(1, 3e38))
    decoded = scaling.undo(Sequences.from_packed(np.float32([2.0, -2.0, 0.5]), [3]), np.float32).packed
    assert_allclose(decoded[:, 0], [np.finfo(np.float32).max, -np.finfo(np.float32).max, 1.5e38], rtol=1e-6)


def test_a_constant_feature_is_reconstructed():
    constant = [np.column_stack([x[:, 0], np.full(len(x), 1e30)]) for x in X]
    fitted = LSTMAutoencoderTransformer(3, **QUICK).fit(constant)
    assert np.isfinite(fitted.transform(constant)).all()
    assert_allclose(np.concatenate(fitted.reconstruct(constant))[:, 1], 1e30, rtol=1e-6)


def test_one_sample_of_one_timestep_is_sufficient(fitted):
    assert fitted.transform([np.ones((1, 2))]).shape == (1, 3)
    assert fitted.reconstruct([np.ones((1, 2))])[0].shape == (1, 2)
    alone = LSTMAutoencoderTransformer(3, **QUICK).fit([np.ones((1, 2))])
    assert np.isfinite(alone.transform([np.ones((1, 2))])).all()


# --- integers ---------------------------------------------------------------------------------------------------------

TOO_LARGE = MAX_EXACT_INTEGER + 1
LARGE_INTEGERS = {
    "list": [np.array([[1, 2]]), np.array([[3, 4], [5, TOO_LARGE]])],
    "3-D array": np.array([[[1, 2], [3, 4]], [[5, 6], [7, -TOO_LARGE]]]),
    "nested lists": [[[1, 2]], [[3, 4], [5, TOO_LARGE]]],
}


@pytest.mark.parametrize("data", LARGE_INTEGERS.values(), ids=LARGE_INTEGERS)
def test_integers_that_float32_cannot_represent_cause_one_warning_per_call(fitted, data):
    with pytest.warns(
        UserWarning, match=r"X\[1\] has the integer -?16777217 at timestep 1.*2\*\*24.*Subtract"
    ) as caught:
        fitted.transform(data)
    assert len(caught) == 1


def test_large_integers_in_rows_and_targets_cause_a_warning():
    rows = pd.DataFrame({"a": [1, 2, TOO_LARGE], "b": [1, 2, 3]})
    with pytest.warns(UserWarning, match=r"X\[2\] has the integer 16777217"):
        DenseAutoencoderTransformer(1, hidden_layer_sizes=(2,), **QUICK).fit(rows)
    with (
        pytest.warns(UserWarning, match=r"y\[1\] has the integer 16777217"),
        pytest.raises(ValueError, match="inconsistent"),
    ):
        CompositeSequenceRegressor(3).fit(X, [1, TOO_LARGE])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [MAX_EXACT_INTEGER, -MAX_EXACT_INTEGER, float(TOO_LARGE), 1e30])
def test_exact_integers_and_large_floats_cause_no_warning(fitted, value):
    fitted.transform([np.full((2, 2), value)])


def test_transformers_in_double_precision_do_not_warn_about_integers():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Resampler(2).fit_transform([np.array([TOO_LARGE, 2**53])]).tolist() == [[TOO_LARGE, 2**53]]
        assert SequencePadder().fit_transform([np.array([TOO_LARGE])])[0, 0, 0] == TOO_LARGE
