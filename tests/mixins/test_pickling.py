"""Pickles notice damage to their arrays, and another version."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pytest

import skseqae
from skseqae import LSTMAutoencoderTransformer, SkseqaeFormatError
from skseqae.mixins._pickling import digest
from tests.support.estimators import every_class, quick, said, train_on


@pytest.fixture(scope="module")
def fitted():
    estimators = {}

    def of(cls):
        if cls not in estimators:
            estimators[cls] = train_on(quick(cls))
        return estimators[cls]

    return of


def flips_in_arrays(estimator, n_flips, protocol=pickle.HIGHEST_PROTOCOL):
    """Yield pickles with a bit flipped in a weight, each in another one."""
    content, random_state = pickle.dumps(estimator, protocol), np.random.RandomState(0)
    # each array is found by its bytes, of which there must be enough
    arrays = [array.tobytes() for part in estimator._weights.values() for array in part if array.nbytes >= 16]
    places = [place + i for array in arrays for place in [content.index(array)] for i in range(len(array))]
    for place in random_state.choice(places, n_flips):
        flipped = bytearray(content)
        flipped[place] ^= 1 << random_state.randint(8)
        yield bytes(flipped)


@every_class
def test_no_pickle_with_a_changed_weight_is_read(cls, fitted):
    for damaged in flips_in_arrays(fitted(cls), 50):
        with pytest.raises(SkseqaeFormatError, match=f"This pickle of {cls.__name__} is damaged: its arrays are not"):
            pickle.loads(damaged)


@pytest.mark.parametrize("name", ["_weights", "_optimizer_state", "_scaling", "_feature_std", "_digest"])
def test_arrays_that_are_others_or_missing_are_noticed(name, fitted):
    estimator = fitted(LSTMAutoencoderTransformer)
    for change in (lambda state: state.pop(name), lambda state: state.update({name: [np.ones(3, np.float32)]})):
        state = estimator.__getstate__()
        change(state)
        with pytest.raises(SkseqaeFormatError, match="is damaged"):
            LSTMAutoencoderTransformer().__setstate__(state)


def test_the_digest_is_of_type_shape_place_and_bytes():
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


def test_another_version_is_warned_of_and_both_are_named(fitted, monkeypatch):
    estimator = fitted(LSTMAutoencoderTransformer)
    monkeypatch.setattr("skseqae.mixins._pickling.__version__", "0.0.7")
    content = pickle.dumps(estimator)
    monkeypatch.undo()
    with pytest.warns(
        UserWarning, match=f"pickled by skseqae 0.0.7, but this is skseqae {skseqae.__version__}"
    ) as caught:
        loaded = pickle.loads(content)
    assert caught[0].filename == __file__  # where it was read
    np.testing.assert_array_equal(said(loaded), said(estimator))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(pickle.dumps(loaded))


@every_class
def test_what_a_pickle_adds_is_on_no_estimator(cls, fitted, tmp_path):
    estimator = fitted(cls)
    joblib.dump(estimator, tmp_path / "dump")
    copies = [pickle.loads(pickle.dumps(estimator)), copy.copy(estimator), copy.deepcopy(estimator)]
    copies += [joblib.load(tmp_path / "dump"), joblib.load(tmp_path / "dump", mmap_mode="r")]
    for copied in copies:
        assert vars(copied).keys() == vars(estimator).keys()
        np.testing.assert_array_equal(said(copied), said(estimator))
    assert pickle.loads(pickle.dumps(cls())).get_params() == cls().get_params()


def test_a_shallow_copy_reads_no_array(fitted, monkeypatch):
    estimator = fitted(LSTMAutoencoderTransformer)
    monkeypatch.setattr("skseqae.mixins._pickling.digest", lambda state: pytest.fail("a digest was taken"))
    copied = copy.copy(estimator)
    assert copied._weights is estimator._weights
    copied.epochs = 99
    assert estimator.epochs != 99
