"""CompositeSequenceRegressor: targets of further calls of `partial_fit`, and targets that are refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.estimators.regressors import ARRAYS, LENGTHS, LONGER, NUMBERS, UNRELATED, VECTORS, X, regressor

# --- further calls ----------------------------------------------------------------------------------------------------


def test_partial_fit_accepts_parts_of_the_data_alternately():
    fitted = regressor()
    for _ in range(3):
        fitted.partial_fit(X[:3], VECTORS[:3]).partial_fit(X[3:], VECTORS[3:])
    assert fitted.n_iter_ == 6
    assert fitted.predict(X).shape == (6, 3)


def test_partial_fit_keeps_the_scaling_of_the_first_y():
    fitted = regressor(learning_rate=1e-12).partial_fit(X, NUMBERS)
    predicted = fitted.predict(X)
    fitted.partial_fit(X, NUMBERS * 1000)
    assert_allclose(fitted.predict(X), predicted, rtol=1e-6)
    assert fitted.history_["prediction_loss"][1] > 1000 * fitted.history_["prediction_loss"][0]


@pytest.mark.parametrize(("y", "lengths"), [(LONGER, [t + 2 for t in LENGTHS]), (UNRELATED, None)])
def test_lengths_are_inferred_as_long_as_every_call_has_the_same_offset(y, lengths):
    fitted = regressor().partial_fit(X[:3], LONGER[:3]).partial_fit(X, y)
    if lengths is None:
        with pytest.raises(ValueError, match="Cannot infer the length of the predictions"):
            fitted.predict(X)
    else:
        assert [len(row) for row in fitted.predict(X)] == lengths


@pytest.mark.parametrize("method", ["partial_fit", "score"])
@pytest.mark.parametrize(("y", "n_outputs"), [(NUMBERS, 1), (VECTORS[:, :2], 2), (ARRAYS[:, :, :1], 1)])
def test_another_number_of_outputs_is_refused(method, y, n_outputs):
    fitted = regressor().fit(X, VECTORS)
    with pytest.raises(ValueError, match=f"y has {n_outputs} features or outputs, but .* was fitted on 3"):
        getattr(fitted, method)(X, y)


@pytest.mark.parametrize("method", ["partial_fit", "score"])
@pytest.mark.parametrize(("first", "second"), [(VECTORS, ARRAYS), (ARRAYS, VECTORS), (NUMBERS, NUMBERS[:, None, None])])
def test_another_type_of_y_is_refused(method, first, second):
    fitted = regressor().fit(X, first)
    with pytest.raises(ValueError, match="y is of another type"):
        getattr(fitted, method)(X, second)


# --- invalid targets --------------------------------------------------------------------------------------------------

WITH_NAN, WITH_INF = NUMBERS.copy(), VECTORS.copy()
WITH_NAN[2], WITH_INF[4, 1] = np.nan, np.inf
WITH_INNER_NAN = ARRAYS.copy()
WITH_INNER_NAN[3, 1, 0] = np.nan
INVALID = {
    "None": (None, ValueError, "requires y to be passed, but the target y is None"),
    "fewer": (NUMBERS[:5], ValueError, "inconsistent numbers of samples: .*6.*5"),
    "fewer sequences": (LONGER[:5], ValueError, "inconsistent numbers of samples: .*6.*5"),
    "more": (np.zeros(7), ValueError, "inconsistent numbers of samples: .*6.*7"),
    "NaN": (WITH_NAN, ValueError, r"y\[\d+\] has NaN"),
    "inf": (WITH_INF, ValueError, r"y\[\d+\] has inf"),
    "NaN inside a sequence": (WITH_INNER_NAN, ValueError, r"y\[3\] has NaN at timestep 1, feature 0"),
    "NaN in a list": ([*LONGER[:2], LONGER[2] * np.nan, *LONGER[3:]], ValueError, r"y\[2\] has NaN at timestep 0"),
    "strings": (list("abcdef"), TypeError, r"y\[0\] is of type str"),
    "a string among numbers": ([1.0, 2.0, "c", 4.0, 5.0, 6.0], TypeError, r"y\[2\] is of type str"),
    "strings in arrays": ([np.array(["a", "b"])] * 6, TypeError, r"y\[0\], timestep 0 is 'a'"),
    "complex": (NUMBERS + 1j, ValueError, r"y\[0\] is .*Complex data not supported"),
    "complex sequences": (ARRAYS + 1j, ValueError, r"y\[0\], timestep 0, feature 0 is .*Complex data not supported"),
    "dates": (np.array(["2020-01-01"] * 6, "M8[D]"), TypeError, r"y\[0\] is of type datetime64\[D\]"),
    "4-D": (np.zeros((6, 2, 3, 4)), ValueError, r"\by\b.* 4-D of shape \(6, 2, 3, 4\)"),
    "unequal numbers of outputs": ([*LONGER[:5], np.zeros((3, 2))], ValueError, r"y\[5\] has 2 features"),
    "empty": ([], ValueError, r"\by\b.*0 sample"),
    "no outputs": (np.zeros((6, 0)), ValueError, r"0 feature\(s\) \(shape=\(6, 0\)\)"),
    "empty sequences": ([np.zeros((0, 3))] * 6, ValueError, r"\by\b.*empty"),
    "a dict": ({"a": 1}, TypeError, "y is of type dict"),
    "overflow": ([np.full((2, 3), 1e300)] * 6, ValueError, r"y\[0\] has 1e\+300 at timestep 0.*overflows float32"),
    "overflow of numbers": (NUMBERS * 1e200, ValueError, r"y\[0\].*overflows float32"),
    "masked": (np.ma.masked_equal(NUMBERS, NUMBERS[0]), TypeError, "y is a masked array"),
}


@pytest.mark.parametrize(("y", "error", "message"), INVALID.values(), ids=INVALID)
def test_invalid_targets_are_refused_by_location(y, error, message):
    estimator = regressor()
    with pytest.raises(error, match=message):
        estimator.fit(X, y)
    assert not hasattr(estimator, "history_")


def test_targets_that_overflow_float32_in_scaled_units_are_refused():
    with pytest.raises(ValueError, match=r"y\[2\].*float32"):
        regressor().fit(X, LONGER).partial_fit(X, [*LONGER[:2], np.full((9, 3), 1e38) * 9, *LONGER[3:]])


def test_empty_targets_of_all_samples_of_positive_weight_are_refused():
    y = [row if i else row[:0] for i, row in enumerate(LONGER)]
    with pytest.raises(ValueError, match="All targets are empty, or have sample_weight 0"):
        regressor().fit(X, y, sample_weight=[1, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("weight", [-0.1, 1.1, "half"])
def test_a_reconstruction_weight_out_of_range_is_refused(weight):
    with pytest.raises(ValueError, match="The 'reconstruction_weight' parameter of CompositeSequenceRegressor must be"):
        regressor(reconstruction_weight=weight).fit(X, NUMBERS)


def test_binary_crossentropy_requires_y_from_0_to_1():
    with pytest.raises(ValueError, match=r"y\[0\] has .* at timestep 0, feature 0, but loss='binary_crossentropy'"):
        regressor(loss="binary_crossentropy", scale=None).fit(X, NUMBERS)
    predicted = regressor(loss="binary_crossentropy", scale=None).fit(X, np.arange(6) % 2).predict(X)
    assert predicted.min() > 0
    assert predicted.max() < 1
