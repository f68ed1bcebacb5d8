"""Properties of all preprocessing transformers: independence of padding and batch, failed fits, feature names."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import skseqae.preprocessing
from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder
from tests.preprocessing.steps import NAMED, STEPS, TABLE, as_list, assert_same_sequences, every_step, lengths_to_fit
from tests.support.containers import containers, padded, parameters_for
from tests.support.strategies import draw_sequences, property_settings, seeds


def test_the_module_lists_public_names_only():
    assert dir(skseqae.preprocessing) == sorted(skseqae.preprocessing.__all__)


@every_step
@pytest.mark.filterwarnings("ignore:.* samples end in timesteps whose features are all zero:UserWarning")
@property_settings(15)
@given(lengths=lengths_to_fit, n_features=st.integers(1, 3), seed=seeds)
def test_transform_does_not_depend_on_padding_or_container(make, lengths, n_features, seed):
    arrays = draw_sequences(lengths, n_features, seed)
    expected = make().fit_transform(arrays)
    for name, contain in containers(n_features).items():
        X = contain(arrays)
        options = parameters_for(name)
        got = make(**options).fit_transform(X)
        if isinstance(expected, list):
            got, plain = (as_list(sequences, **options) for sequences in (got, expected))
            assert_same_sequences(got, plain)
        else:
            filled = got if not options or got.ndim == 2 else np.where(got == options["padding_value"], np.nan, got)
            assert_array_equal(filled, expected, strict=True)


@every_step
@property_settings(15)
@given(lengths=lengths_to_fit, n_features=st.sampled_from([1, 2, 33]), seed=seeds)
@pytest.mark.filterwarnings("ignore:X is a list of arrays of shape")  # few timesteps with many features
def test_transform_does_not_depend_on_the_batch(make, lengths, n_features, seed):
    arrays = [np.sqrt(array) for array in draw_sequences(lengths, n_features, seed)]  # sums of these are rounded
    step = make().fit(arrays)
    together = step.transform(arrays)
    order = np.random.default_rng(seed).permutation(len(arrays))
    shuffled = step.transform([arrays[i] for i in order])
    for i in range(len(arrays)):
        if len(arrays[i]):
            assert_array_equal(step.transform([arrays[i]])[0], together[i], strict=True)
        assert_array_equal(shuffled[list(order).index(i)], together[i], strict=True)


@pytest.mark.parametrize("name", ["scaler", "imputer", "PCA", "padder", "resampler"])
def test_float32_input_gives_float32_output(name):
    arrays = [array.astype(np.float32) for array in draw_sequences([3, 1, 4], 2, seed=0)]
    assert {array.dtype for array in STEPS[name]().fit_transform(arrays)} == {np.dtype(np.float32)}


@every_step
def test_the_input_is_not_modified_and_shares_no_memory_with_the_output(make):
    for X in (draw_sequences([3, 0, 4], 2, seed=0), padded(draw_sequences([3, 2, 4], 2, seed=0))):
        before = pickle.dumps(X)
        transformed = make().fit_transform(X)
        for array in transformed:
            array[...] = 7.0
        assert pickle.dumps(X) == before


@every_step
def test_a_failed_fit_keeps_the_fitted_state(make):
    step = make().fit(draw_sequences([3, 4], 2, seed=0))
    before = dict(vars(step))
    with pytest.raises(ValueError, match="inf"):
        step.fit([[1.0, np.inf]])
    assert vars(step) == before


@every_step
def test_another_number_of_features_raises(make):
    step = make().fit(draw_sequences([3, 4], 2, seed=0))
    with pytest.raises(ValueError, match=r"X has 3 features per timestep, but \w+ was fitted on 2"):
        step.transform(draw_sequences([3, 4], 3, seed=0))


@every_step
def test_a_pickle_transforms_identically(make):
    X = draw_sequences([3, 4, 2], 2, seed=0)
    step = make().fit(X)
    assert_same_sequences(pickle.loads(pickle.dumps(step)).transform(X), step.transform(X))


@pytest.mark.parametrize(
    "X",
    [NAMED, TABLE, np.arange(24.0).reshape(3, 4, 2), [np.ones((4, 2)), np.zeros((3, 2))]],
    ids=["named", "table", "3-D", "list"],
)
@pytest.mark.parametrize(
    "step",
    [PerTimestep(StandardScaler()), PerTimestep(PolynomialFeatures(2)), SequencePadder(5)],
    ids=["scaler", "polynomial", "padder"],
)
def test_feature_names_of_a_pipeline_match_its_output_columns(step, X):
    pipeline = make_pipeline(step, Resampler(3)).fit(X)
    names = pipeline.get_feature_names_out()
    assert len(names) == len(set(names)) == pipeline.transform(X).shape[1]
    assert pipeline.set_output(transform="pandas").transform(X).shape[1] == len(names)
