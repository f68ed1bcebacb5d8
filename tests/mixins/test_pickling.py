"""Pickles detect damaged arrays and another version of the package."""

import copy
import pickle
import warnings
from dataclasses import replace

import joblib
import numpy as np
import pytest

import skseqae
from skseqae import LSTMAutoencoderTransformer, SkseqaeFormatError
from skseqae.mixins._pickling import digest
from tests.support.estimators import every_class, output_of, quick, resume_training


@pytest.fixture(scope="module")
def fitted():
    """A function that returns a fitted estimator of a class, one per class."""
    estimators = {}

    def get_fitted(cls):
        if cls not in estimators:
            estimators[cls] = resume_training(quick(cls))
        return estimators[cls]

    return get_fitted


def pickles_with_flipped_bits(estimator, n_flips, protocol=pickle.HIGHEST_PROTOCOL):
    """Yield pickles with one bit of a weight flipped, at a different position each."""
    content, random_state = pickle.dumps(estimator, protocol), np.random.RandomState(0)
    # The position of an array is found by its bytes, which must be enough to be unique.
    arrays = [array.tobytes() for part in estimator._fitted.weights.values() for array in part if array.nbytes >= 16]
    positions = [start + i for array in arrays for start in [content.index(array)] for i in range(len(array))]
    for position in random_state.choice(positions, n_flips):
        flipped = bytearray(content)
        flipped[position] ^= 1 << random_state.randint(8)
        yield bytes(flipped)


@every_class
def test_pickles_with_a_changed_weight_raise(cls, fitted):
    for damaged in pickles_with_flipped_bits(fitted(cls), 50):
        with pytest.raises(SkseqaeFormatError, match=f"This pickle of {cls.__name__} is damaged: the SHA-256 digest"):
            pickle.loads(damaged)


def replace_field(record, path, value):
    """Return a record with one field replaced; dots in the path lead to fields of nested records."""
    name, _, rest = path.partition(".")
    return replace(record, **{name: replace_field(getattr(record, name), rest, value) if rest else value})


@pytest.mark.parametrize("path", ["weights", "optimizer_state", "input.scaling", "input.feature_std"])
@pytest.mark.parametrize("value", [None, [np.ones(3, np.float32)]], ids=["missing", "replaced"])
def test_missing_and_replaced_arrays_raise(path, value, fitted):
    state = fitted(LSTMAutoencoderTransformer).__getstate__()
    state["_fitted"] = replace_field(state["_fitted"], path, value)
    with pytest.raises(SkseqaeFormatError, match="is damaged"):
        LSTMAutoencoderTransformer().__setstate__(state)


@pytest.mark.parametrize("name", ["_fitted", "_digest"])
@pytest.mark.parametrize("change", [dict.pop, lambda state, name: state.update({name: "0" * 64})], ids=["pop", "set"])
def test_a_missing_or_replaced_fitted_state_or_digest_raises(change, name, fitted):
    state = fitted(LSTMAutoencoderTransformer).__getstate__()
    change(state, name)
    with pytest.raises(SkseqaeFormatError, match="is damaged"):
        LSTMAutoencoderTransformer().__setstate__(state)


def test_the_digest_depends_on_dtype_shape_position_and_bytes():
    ones = np.ones((2, 3), np.float32)
    states = [
        {"a": ones},
        {"b": ones},
        {"a": ones.T},
        {"a": ones.view(np.int32)},
        {"a": ones * 2},
        {"a": [ones, ones]},
        {"a": {"a": ones}, "c": ones},
        {},
    ]
    assert len(set(map(digest, states))) == len(states)
    assert digest({"a": ones, "c": "text"}) == digest({"c": None, "a": np.asfortranarray(ones)})


def test_another_version_causes_a_warning_with_both_versions(fitted, monkeypatch):
    estimator = fitted(LSTMAutoencoderTransformer)
    monkeypatch.setattr("skseqae.mixins._pickling.__version__", "0.0.7")
    content = pickle.dumps(estimator)
    monkeypatch.undo()
    with pytest.warns(
        UserWarning, match=f"pickled with skseqae 0.0.7 and is loaded with skseqae {skseqae.__version__}"
    ) as caught:
        loaded = pickle.loads(content)
    assert caught[0].filename == __file__  # the line that loads the pickle
    np.testing.assert_array_equal(output_of(loaded), output_of(estimator))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(pickle.dumps(loaded))


@every_class
def test_copies_have_no_further_attributes(cls, fitted, tmp_path):
    estimator = fitted(cls)
    joblib.dump(estimator, tmp_path / "dump")
    copies = [pickle.loads(pickle.dumps(estimator)), copy.copy(estimator), copy.deepcopy(estimator)]
    copies += [joblib.load(tmp_path / "dump"), joblib.load(tmp_path / "dump", mmap_mode="r")]
    for copied in copies:
        assert vars(copied).keys() == vars(estimator).keys()
        np.testing.assert_array_equal(output_of(copied), output_of(estimator))
    assert pickle.loads(pickle.dumps(cls())).get_params() == cls().get_params()


def test_a_shallow_copy_computes_no_digest(fitted, monkeypatch):
    estimator = fitted(LSTMAutoencoderTransformer)
    monkeypatch.setattr("skseqae.mixins._pickling.digest", lambda state: pytest.fail("a digest was computed"))
    copied = copy.copy(estimator)
    assert copied._fitted is estimator._fitted
    copied.epochs = 99
    assert estimator.epochs != 99
