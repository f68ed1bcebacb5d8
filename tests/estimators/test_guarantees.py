"""The laws that every estimator obeys, tried on each class in `sequence_strategies.COMBINATIONS`."""

import copy
import pickle
import random
from contextlib import suppress
from dataclasses import replace
from itertools import combinations

import joblib
import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras.src.random.seed_generator import global_seed_generator
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score

from skseqae import CompositeSequenceRegressor, LSTMAutoencoderTransformer, Seq2SeqClassifier
from skseqae.datasets import make_counters, make_waves
from skseqae.networks.keras_backend._networks import build_decoder
from tests.support.faults import Interrupter
from tests.support.global_state import NUMPY_GENERATOR, changed, global_state
from tests.support.strategies import (
    CASES,
    CONTAINERS,
    PLAIN,
    assert_same_bits,
    differ,
    draw_sequences,
    property_settings,
    outputs,
    parameters_for,
    run_in_fresh_process,
    seeds,
)


def each(cases):
    """Run a test for each case; in the scope of the module, so that networks of a case are built once for all tests."""
    return pytest.mark.parametrize("case", cases.values(), ids=cases, scope="module")


def those(condition, cases=CASES):
    return {name: case for name, case in cases.items() if condition(case)}


IN_TIME = those(lambda case: case.is_sequential)
OF_NUMBERS = those(lambda case: case.is_sequential and case.is_numeric)
PLAIN_IN_TIME = those(lambda case: case.is_sequential, PLAIN)
GOING_ON = those(lambda case: hasattr(case.estimator, "partial_fit"))
PLAIN_GOING_ON = those(lambda case: case in GOING_ON.values(), PLAIN)
PLAIN_IN_UNITS = those(lambda case: case.supported(loss="mse"), PLAIN_GOING_ON)  # classes have no units
RECONSTRUCTS_IN_TIME = those(lambda case: hasattr(case.estimator, "reconstruct"), PLAIN_IN_TIME)
UNCONDITIONAL = those(lambda case: case.parameters.get("decoder") != "conditional")
NEVER_DEAD = those(lambda case: case.parameters.get("activation") != "relu", OF_NUMBERS)
SOME = dict(list(CASES.items())[::3])

# where Keras 3 reads a variable, to schedule it, NumPy 2 warns of Keras' own code
keras_warns_of_its_own = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# too small a step to move a weight that is not zero
STILL = {"learning_rate": 1e-12, "epochs": 1}


# --- 1. padding -------------------------------------------------------------------------------------------------------


@each(CASES)
@property_settings(max_examples=3)
@given(st.data())
def test_neither_padding_nor_container_changes_an_encoding_or_a_loss(case, data):
    arrays = data.draw(case.sequences())
    plain = case.fit(arrays)
    expected = outputs(plain, arrays)
    held = case.containers
    for name in data.draw(st.lists(st.sampled_from(list(held)), min_size=3, max_size=3, unique=True)):
        X = held[name](arrays)
        fitted = case.fit(X, of=arrays, **parameters_for(name))
        assert fitted.history_ == plain.history_, name
        assert_same_bits(outputs(fitted, X), expected)


@each(CASES)
@property_settings(max_examples=2)
@given(st.data())
def test_an_estimator_fitted_on_one_container_reads_any_other(case, data):
    arrays = data.draw(case.sequences())
    fitted = case.fitted()
    expected = outputs(fitted, arrays)
    for name, held in case.containers.items():
        if not parameters_for(name):
            assert_same_bits(outputs(fitted, held(arrays)), expected)


@each(PLAIN)
@property_settings(max_examples=12)
@given(st.data(), st.sampled_from(["float16", "float32", "longdouble", "int8", "uint16", "int64", "bool", "object"]))
def test_no_number_type_changes_an_encoding_or_a_loss(case, data, dtype):
    arrays = data.draw(case.sequences())
    if np.dtype(dtype).kind in "iub":
        arrays = [array.round() for array in arrays]
    converted = [array.astype(dtype) for array in arrays]

    plain, other = case.fit(arrays), case.fit(converted, of=arrays)

    assert other.history_ == plain.history_
    np.testing.assert_array_equal(case.encode(other, converted), case.encode(plain, arrays))


# --- 2. company -------------------------------------------------------------------------------------------------------

N_CROWD = 300


@pytest.fixture(scope="module")
def crowds():
    """The crowd of each case with what it says, computed once."""
    known = {}

    def crowd_of(case):
        if case not in known:
            crowd = case.draw_mixed_lengths(N_CROWD)
            known[case] = crowd, outputs(case.fitted(), crowd)
        return known[case]

    return crowd_of


@each(CASES)
@pytest.mark.parametrize("n_samples", [1, 2, 15, 16, 17, 33, N_CROWD])
def test_a_row_is_the_same_bits_in_any_company(case, n_samples, crowds):
    crowd, expected = crowds(case)
    rng = np.random.default_rng(n_samples)
    for _ in range(3):
        rows = rng.permutation(N_CROWD)[:n_samples]
        rows[0] = rng.choice([i for i, x in enumerate(crowd) if len(x) > 1])  # all empty would be refused
        got = outputs(case.fitted(), [crowd[row] for row in rows])
        assert_same_bits(got, {verb: [said[row] for row in rows] for verb, said in expected.items()})


@each(IN_TIME)
@property_settings(max_examples=6)
@given(st.data())
def test_a_row_does_not_feel_how_long_its_mates_are(case, data):
    longest = case.decoder_timesteps or 200
    lengths = st.integers(0, longest) | st.sampled_from([0, 1, 2, longest])
    mates = case.draw(data.draw(st.lists(lengths, min_size=1, max_size=20)), data.draw(seeds))
    (one,) = case.draw([data.draw(st.integers(1, longest))], data.draw(seeds))
    place = data.draw(st.integers(0, len(mates)))

    alone = outputs(case.fitted(), [one])
    among = outputs(case.fitted(), [*mates[:place], one, *mates[place:]])

    assert_same_bits({verb: [said[place]] for verb, said in among.items()}, alone)


@each(PLAIN_IN_TIME)
def test_a_row_does_not_feel_a_mate_that_needs_smaller_batches(case):
    rows = case.draw(range(1, 41), seed=0)
    very_long = case.draw([2000, 20_000], seed=1)

    alone = outputs(case.fitted(), rows)
    among = outputs(case.fitted(), [very_long[0], *rows, very_long[1]])

    assert_same_bits({verb: said[1:-1] for verb, said in among.items()}, alone)


@pytest.mark.parametrize(
    ("units", "n_features", "loss"),
    [((129, 65), 13, "categorical_crossentropy"), (200, 64, "binary_crossentropy"), (1, 3, "mse")],
)
@each(PLAIN)
def test_no_width_and_no_output_activation_lets_a_row_feel_its_company(case, units, n_features, loss):
    case, scale = replace(case, n_features=n_features), "standard" if loss == "mse" else None
    X = case.draw(np.random.default_rng(0).integers(2, 30, size=50), seed=0)
    fitted = case.fit(X[:8], **case.width_parameters(3, units), **case.supported(loss=loss, scale=scale), epochs=1)
    expected = outputs(fitted, X)

    for rows in [slice(0, 1), slice(40, 57), slice(None, None, -1)]:
        assert_same_bits(outputs(fitted, X[rows]), {verb: said[rows] for verb, said in expected.items()})


# --- 3. real zeros are data -------------------------------------------------------------------------------------------


@each(NEVER_DEAD)
@property_settings(max_examples=6)
@given(st.data())
def test_a_zero_more_is_another_sequence(case, data):
    fitted = case.fitted()
    (x,) = case.draw([data.draw(st.integers(1, 12))], data.draw(seeds))
    place = data.draw(st.integers(0, len(x)))
    with_zero = np.insert(x, place, 0.0, axis=0)

    assert not np.array_equal(case.encode(fitted, [with_zero]), case.encode(fitted, [x]))


@each(PLAIN_IN_TIME)
def test_the_sequence_that_masking_zeros_confuses_with_another_keeps_its_own_encoding(case):
    fitted = case.fit(draw_sequences([4, 5, 6, 7], 1, seed=0))
    with_zeros, without = case.encode(fitted, [[1, 0, 2, 0, 3, 4], [1, 2, 3, 4]])
    assert not np.allclose(with_zeros, without)


@each(OF_NUMBERS)
@property_settings(max_examples=2)
@given(st.data())
def test_zeros_at_the_end_of_padded_arrays_are_data(case, data):
    arrays = data.draw(case.sequences())
    arrays = [np.concatenate([x[:-1], np.zeros((min(len(x), 1), case.n_features))]) for x in arrays]
    with pytest.warns(UserWarning, match="padding_value"):
        padded = case.fit(CONTAINERS["padded"](arrays), of=arrays)
    assert padded.history_ == case.fit(arrays).history_


@each(PLAIN_IN_TIME)
@property_settings(max_examples=8)
@given(st.data())
def test_zeros_inside_are_data_even_where_zeros_at_the_end_are_padding(case, data):
    arrays = data.draw(case.sequences())
    for x in arrays:
        x[data.draw(st.integers(0, 12)) :] = 0
        x[-1:] = 1
    padded = np.nan_to_num(CONTAINERS["wider"](arrays))
    held, plain = case.fit(padded, of=arrays, padding_value=0.0), case.fit(arrays)
    assert held.history_ == plain.history_
    np.testing.assert_array_equal(case.encode(held, padded), case.encode(plain, arrays))


# --- 4. the honest loss -----------------------------------------------------------------------------------------------

LOSSES = {
    "mse": lambda true, said: (true - said) ** 2,
    "mae": lambda true, said: abs(true - said),
    "huber": lambda true, said: np.where(abs(true - said) <= 1, (true - said) ** 2 / 2, abs(true - said) - 0.5),
    "binary_crossentropy": lambda true, said: -(true * np.log(said) + (1 - true) * np.log(1 - said)),
}


def moments(arrays, weights, scale="standard"):
    """Mean and standard deviation of each feature over real timesteps, or what changes nothing."""
    if scale is None:
        return 0, 1
    values, weights = np.concatenate(arrays), np.repeat(weights, [len(x) for x in arrays])
    mean = np.average(values, axis=0, weights=weights)
    std = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    return mean, np.where(std > 0, std, 1)


def read_and_asked_for(case, fitted, arrays, weights):
    """What is read, and by decoder what it shall say, in units of which mean and deviation, and the verb that does."""
    past, y, scale = arrays, case.y(arrays), fitted.scale
    if getattr(fitted, "horizon", None):
        past, y = ([x[: -fitted.horizon] for x in arrays], [x[-fitted.horizon :] for x in arrays])
    past = past if case.is_sequential else [x[None] for x in past]
    asked = {"reconstruction": (past, moments(past, weights, scale), "reconstruct")}
    if y is None:
        asked["prediction"] = ([x[1:] for x in past], asked["reconstruction"][1], "predict_next")
    else:
        y = [np.reshape(row, (1, -1)) if np.ndim(row) < 2 else row for row in y]
        asked["prediction"] = (y, moments(y, weights, scale), "predict")
    return past, {head: rest for head, rest in asked.items() if hasattr(fitted, rest[2])}


def numpy_losses(case, fitted, arrays, weights):
    """What each sample adds to the numerator and to the denominator of each decoder's loss: a dict of pairs."""
    if hasattr(fitted, "predict_proba"):
        return cross_entropies(case, fitted, arrays, weights)
    losses = {}
    past, asked = read_and_asked_for(case, fitted, arrays, weights)
    for head, (true, (mean, std), verb) in asked.items():
        if getattr(fitted, "decoder", None) == "conditional":
            backwards = head == "reconstruction" and fitted.reverse
            true = [t[::-1] if backwards else t for t in true]
            said = [s * std + mean for s in teacher_forced(fitted, head, past, [(t - mean) / std for t in true])]
        else:
            said = getattr(fitted, verb)(past if case.is_sequential else arrays)
        said = [np.reshape(s, np.shape(t)) for s, t in zip(said, true, strict=True)]
        parts = [LOSSES[fitted.loss](t / std, s / std).mean(axis=1).sum() for t, s in zip(true, said, strict=True)]
        losses[head] = weights * parts, weights * [len(t) for t in true]
    return losses


def teacher_forced(fitted, head, arrays, scaled):
    """What the decoder says in training, from the layers themselves."""
    decoder = build_decoder(fitted._architecture, head)
    decoder.set_weights(fitted._weights[head])
    previous = [np.concatenate([np.zeros((1, s.shape[1])), s])[: len(s)] for s in scaled]
    mask = CONTAINERS["sentinel"]([np.ones((max(len(s), 1), 1)) for s in scaled])[:, :, 0] > 0
    inputs = np.zeros((*mask.shape, scaled[0].shape[1]), np.float32)
    for row, p in zip(inputs, previous, strict=True):
        row[: len(p)] = p
    said = decoder([fitted.transform(arrays), mask.astype(np.float32), inputs])
    return [np.asarray(row, dtype=float)[: len(s)] for row, s in zip(said, scaled, strict=True)]


def cross_entropies(case, fitted, arrays, weights):
    """As `numpy_losses`, each label having been said after the true ones before it, and then the end."""
    y = [np.atleast_1d(row) for row in case.y(arrays)]
    counts = np.array([(np.concatenate(y) == label).sum() for label in fitted.classes_])
    balanced = {None: np.ones(len(counts)), "balanced": counts.sum() / (len(counts) * counts)}[fitted.class_weight]
    end, has_end = len(counts), isinstance(case.y(arrays), list)
    numbers = [[*np.searchsorted(fitted.classes_, row), *[end] * has_end] for row in y]
    said = probabilities_after_the_true(case, fitted, arrays, numbers)
    counted = [np.append(balanced, 1.0)[row] for row in numbers]
    parts = [c @ -np.log(p[np.arange(len(n)), n]) for c, p, n in zip(counted, said, numbers, strict=True)]
    return {"labels": (weights * parts, weights * [c.sum() for c in counted])}


def probabilities_after_the_true(case, fitted, arrays, numbers):
    """What the model that is given away says of each sequence: an array for each, of a row for each step."""
    places = (x if case.is_numeric else np.searchsorted(fitted.vocabulary_, x)[:, None] for x in arrays)
    x, start = CONTAINERS["padded"](list(places)), len(fitted.classes_)
    inputs = [np.nan_to_num(x).astype(np.float32), (~np.isnan(x[:, :, 0])).astype(np.float32)]
    if not hasattr(fitted, "predict_beams"):
        return np.asarray(fitted.model_(inputs), float)[:, None]
    previous = np.zeros((len(numbers), max(map(len, numbers)), 1), np.float32)
    for row, n in zip(previous, numbers, strict=True):
        row[: len(n), 0] = [start, *n[:-1]]
    return np.asarray(fitted.model_([*inputs, previous]), float)


def mean_losses(losses, fitted, rows=slice(None)):
    """The loss over some samples, and where there are two decoders that of each."""
    means = {head: over[rows].sum() / under[rows].sum() for head, (over, under) in losses.items()}
    if len(means) == 1:
        return {"loss": next(iter(means.values()))}
    counts = getattr(fitted, "reconstruction_weight", 0.5)
    total = counts * means["reconstruction"] + (1 - counts) * means["prediction"]
    return {"loss": total} | {f"{head}_loss": mean for head, mean in means.items()}


def last_epoch(history, prefix=""):
    return {name.removeprefix(prefix): values[-1] for name, values in history.items() if name.startswith(prefix)}


def same_numbers(got, expected):
    return got.keys() == expected.keys() and all(np.isclose(got[k], expected[k], rtol=2e-5) for k in got)


@each(CASES)
@pytest.mark.parametrize("batch_size", [3, 64])
@property_settings(max_examples=4)
@given(st.data())
def test_the_loss_is_the_weighted_mean_over_real_timesteps(case, batch_size, data):
    arrays = data.draw(case.sequences())
    weights = np.random.default_rng(data.draw(seeds)).uniform(0.25, 4, size=len(arrays))
    still = STILL | {"batch_size": batch_size, "early_stopping": False} | case.supported(dropout=0.0, noise=0.0)

    fitted = case.fit(arrays, weights, **still)

    losses = numpy_losses(case, fitted, arrays, weights)
    got, expected = last_epoch(fitted.history_), mean_losses(losses, fitted)
    assert same_numbers(got, expected), f"{got} is not {expected}"


@each(UNCONDITIONAL)
@property_settings(max_examples=4)
@given(st.data())
def test_the_validation_loss_is_that_of_the_samples_held_out(case, data):
    """Which samples those are is drawn: some split has to give both numbers."""
    arrays = data.draw(case.sequences(max_size=7))
    n_held_out = -(-len(arrays) // 2)
    split = {"early_stopping": True, "validation_fraction": n_held_out / len(arrays)}

    fitted = case.fit(arrays, **STILL | split | case.supported(dropout=0.0, noise=0.0))

    losses = numpy_losses(case, fitted, arrays, np.ones(len(arrays)))
    held_out = last_epoch(fitted.history_, "val_")
    trained = {name: values[-1] for name, values in fitted.history_.items() if not name.startswith("val_")}
    everyone = set(range(len(arrays)))
    assert any(
        same_numbers(held_out, mean_losses(losses, fitted, list(rows)))
        and same_numbers(trained, mean_losses(losses, fitted, list(everyone - set(rows))))
        for rows in combinations(everyone, n_held_out)
    )


@each(RECONSTRUCTS_IN_TIME)
def test_the_mean_over_padding_would_be_another_loss(case):
    """The tutorials' loss, with its target of zeros on padding, is off by a tenth and more."""
    arrays = draw_sequences([2, 3, 4, 5, 30], case.n_features, seed=0)
    fitted = case.fit(arrays, **STILL, scale=None)
    honest = fitted.history_.get("reconstruction_loss", fitted.history_["loss"])[-1]

    target = CONTAINERS["padded"](arrays)
    padding = np.isnan(target)
    mask = np.ones(target.shape[:2], np.float32)
    said = fitted.decoder_.predict([fitted.transform(arrays), mask], verbose=0)
    said = said["reconstruction"] if isinstance(said, dict) else said
    counted = np.mean((np.nan_to_num(target) - said) ** 2)
    diluted = np.mean((np.nan_to_num(target) - np.where(padding, 0, said)) ** 2)

    over, under = numpy_losses(case, fitted, arrays, np.ones(5))["reconstruction"]
    assert_allclose(honest, over.sum() / under.sum(), rtol=1e-5)
    assert abs(counted / honest - 1) > 0.1
    assert abs(diluted / honest - 1) > 0.1


# --- 5. the seed ------------------------------------------------------------------------------------------------------


@each(CASES)
@property_settings(max_examples=2)
@given(st.data())
def test_the_same_seed_gives_the_same_bits_whatever_was_trained_in_between(case, data):
    arrays, seed = data.draw(case.sequences()), data.draw(seeds)
    other_network = next(other for other in CASES.values() if other is not case)

    first = case.fit(arrays, random_state=seed)
    case.fit(arrays, random_state=seed + 1 if seed < 2**31 - 1 else 0, learning_rate=0.5)
    other_network.fit(other_network.training_set)
    second = case.fit(arrays, random_state=seed)

    assert second.history_ == first.history_
    assert_same_bits(outputs(second, arrays), outputs(first, arrays))


@each(PLAIN)
def test_a_larger_network_on_several_threads_gives_the_same_bits(case):
    X = replace(case, n_features=5).draw(np.random.default_rng(0).integers(1, 90, size=130), seed=0)
    large = case.width_parameters(40, layers=48) | case.supported(dropout=0.2, noise=0.2) | {"batch_size": 64}
    a, b = (case.fit(X, **large) for _ in range(2))
    assert a.history_ == b.history_
    assert_same_bits(outputs(a, X), outputs(b, X))


@each(CASES)
def test_two_seeds_give_two_results(case):
    X = case.training_set
    assert differ(outputs(case.fit(X, random_state=1), X), outputs(case.fit(X, random_state=2), X))


@each(PLAIN)
def test_a_random_state_advances_and_two_of_them_differ(case):
    X, generator = case.training_set, np.random.RandomState(0)
    first, second = (case.fit(X, random_state=generator) for _ in range(2))
    again = case.fit(X, random_state=np.random.RandomState(0))
    other = case.fit(X, random_state=np.random.RandomState(1))

    assert_same_bits(outputs(again, X), outputs(first, X))
    assert differ(outputs(second, X), outputs(first, X))
    assert differ(outputs(other, X), outputs(first, X))


@pytest.fixture
def own_global_seeds():
    """Give back Python's and NumPy's generators after a test that seeds them."""
    states = random.getstate(), NUMPY_GENERATOR.get_state()
    yield
    random.setstate(states[0])
    NUMPY_GENERATOR.set_state(states[1])


def use_everything(case, **changes):
    """Fit, go on, say everything, and build the models to give away."""
    X = case.training_set
    fitted = case.fit(X, **changes)
    case.resume(fitted, X)
    return outputs(fitted, X), fitted.model_


@each(SOME)
def test_nothing_global_changes(case, own_global_seeds, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = global_state()
    use_everything(case, batch_size=7)
    assert changed(before, global_state()) == []


def seed_globally(seed):
    global_seed_generator()  # which Keras 3.8 makes once, by a draw, and does not seed
    keras.utils.set_random_seed(seed)
    global_seed_generator().state.assign([seed, 0])


def global_draws():
    return [
        random.random(),
        float(NUMPY_GENERATOR.uniform()),
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
        float(keras.layers.Dense(1).add_weight(shape=(1, 1), initializer="glorot_uniform")[0, 0]),
    ]


@each(PLAIN)
def test_whoever_seeded_a_global_generator_draws_the_same_after_a_fit(case, own_global_seeds):
    seed_globally(3)
    expected = global_draws()
    seed_globally(3)
    use_everything(case, **case.width_parameters(5))
    assert global_draws() == expected


@each(PLAIN)
def test_no_global_seed_reaches_a_seeded_fit(case, own_global_seeds):
    X, results = case.training_set, []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        drawing = case.supported(dropout=0.2, noise=0.2)
        results.append(outputs(case.fit(X, **case.width_parameters(5 + seed % 2), **drawing), X))
        results.append(outputs(case.fit(X, **drawing), X))
    assert_same_bits(results[3], results[1])


# --- 6. all or nothing ------------------------------------------------------------------------------------------------

EVENTS = [f"on_{event}_{edge}" for event in ("train", "epoch", "train_batch") for edge in ("begin", "end")]


class Raises(keras.callbacks.Callback):
    """Raises at the second chance, or the only one."""

    def __init__(self, event, error):
        super().__init__()
        setattr(self, event, self.interfere)
        self.event, self.error, self.chances = event, error, 0 if event.startswith("on_train_") else 1

    def interfere(self, *arguments):
        if self.chances or self.event in ("on_train_begin", "on_train_end"):
            raise self.error(f"at {self.event}")
        self.chances += 1


def exact_state(estimator):
    """Every attribute: which object it is, and what it holds."""
    return {name: (id(value), pickle.dumps(value)) for name, value in vars(estimator).items()}


def fails_and_changes_nothing(case, estimator, verb, X, event, error):
    estimator.set_params(callbacks=Raises(event, error))
    before = exact_state(estimator)
    with pytest.raises(error, match=event):
        case.train(estimator, verb, X)
    assert exact_state(estimator) == before
    estimator.set_params(callbacks=None)


each_accident = pytest.mark.parametrize(
    ("event", "error"), [(event, error) for event in EVENTS for error in (RuntimeError, KeyboardInterrupt)]
)


@each(PLAIN)
@each_accident
def test_a_failed_first_fit_changes_nothing(case, event, error):
    X, estimator = case.training_set, case.make()
    fails_and_changes_nothing(case, estimator, "fit", X, event, error)
    assert_same_bits(outputs(case.train(estimator, "fit", X), X), outputs(case.fitted(), X))


@each(PLAIN)
@each_accident
def test_a_failed_refit_changes_nothing(case, event, error):
    X = case.training_set
    estimator = copy.deepcopy(case.fitted())
    fails_and_changes_nothing(case, estimator, "fit", [x[..., :2] for x in X[3:]], event, error)
    assert_same_bits(outputs(case.train(estimator, "fit", X), X), outputs(case.fitted(), X))


@each(PLAIN_GOING_ON)
@each_accident
def test_a_failed_partial_fit_changes_nothing(case, event, error):
    X = case.training_set
    estimator = copy.deepcopy(case.fitted())
    untroubled = case.resume(copy.deepcopy(estimator), X)
    fails_and_changes_nothing(case, estimator, "partial_fit", X, event, error)
    assert_same_bits(outputs(case.resume(estimator, X), X), outputs(untroubled, X))


def raises(n_timesteps, latent_dim, n_features):
    raise RuntimeError("a decoder function of no use")


def with_nan(arrays):
    return [np.where(x == x[-1], np.nan, x) for x in arrays]


REFUSED = {
    "NaN": ("fit", {}, with_nan, None, ValueError),
    "features": ("partial_fit", {}, lambda arrays: [x[..., :1] for x in arrays], None, ValueError),
    "weights": ("fit", {}, list, 0.0, ValueError),
    "negative weights": ("partial_fit", {}, list, -1.0, ValueError),
    "parameter": ("fit", {"epochs": 0}, list, None, ValueError),
    "routed parameter": ("fit", {"optimizer__momentum": 0.9}, list, None, ValueError),
    "loss": ("fit", {"loss": "no such loss"}, list, None, ValueError),
    "decoder": ("fit", {"decoder": raises}, list, None, RuntimeError),
    "class_weight": ("fit", {"class_weight": {"no such class": 1.0}}, list, None, ValueError),
    "nothing": ("partial_fit", {}, lambda arrays: [], None, ValueError),
}
REFUSALS = {
    f"{name}-{reason}": (case, *refused)
    for name, case in PLAIN.items()
    for reason, refused in REFUSED.items()
    if hasattr(case.estimator, refused[0]) and case.supports(refused[1])
}


@pytest.mark.parametrize(("case", "verb", "changes", "spoil", "weight", "error"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_refused_changes_nothing(case, verb, changes, spoil, weight, error):
    estimator = copy.deepcopy(case.fitted()).set_params(**changes)
    before = exact_state(estimator)
    arrays = case.training_set
    X = spoil(arrays)
    with pytest.raises(error):
        case.train(estimator, verb, X, arrays, sample_weight=None if weight is None else np.full(len(X), weight))
    assert exact_state(estimator) == before


@pytest.fixture(scope="module")
def n_lines():
    """How many lines run when a network of a case is built and trained, counted once."""
    known = {}

    def n_lines_of(case):
        if case not in known:
            known[case] = Interrupter(-1).run(case.fit, case.draw([2, 3], seed=0))
        return known[case]

    return n_lines_of


@each(PLAIN)
@property_settings(max_examples=8)
@given(data=st.data(), when=st.integers(1, 1000))
def test_an_interrupt_at_any_line_leaves_the_estimator_as_it_was_or_as_it_will_be(case, data, when, n_lines):
    X, verb = case.draw([2, 3, 4], seed=0), data.draw(st.sampled_from(case.training_methods()))
    estimator = case.fit(X, epochs=1, **case.width_parameters(2))
    before = pickle.dumps(vars(estimator))
    after = pickle.dumps(vars(case.train(copy.deepcopy(estimator), verb, X[1:])))

    Interrupter(-(-when * n_lines(case) // 1000)).run(case.train, estimator, verb, X[1:])

    assert pickle.dumps(vars(estimator)) in (before, after)


def at_epoch_2(epoch, rate):
    return 1e30 if epoch == 2 else rate


FAR = {"activation": "linear", "learning_rate": 1e30}
DIVERGING = {
    "rectified": ("fit", FAR | {"activation": "relu"}, "epoch 1"),
    "linear": ("fit", FAR | {"optimizer": "sgd"}, "epoch 1"),
    "held out": ("fit", FAR | {"early_stopping": True}, "epoch 1"),
    # one batch, whose loss was finite when it was computed: the weights after it are not
    "last step": (
        "fit",
        FAR | {"optimizer": "sgd", "learning_rate": 3e38, "scale": None, "batch_size": 99, "epochs": 1},
        "epoch 1",
    ),
    "later": (
        "fit",
        {"activation": "relu", "epochs": 4, "callbacks": keras.callbacks.LearningRateScheduler(at_epoch_2)},
        "epoch 3",
    ),
    "partial": ("partial_fit", FAR, "epoch 1"),
}


@keras_warns_of_its_own
@each(PLAIN)
@pytest.mark.parametrize(("verb", "parameters", "epoch"), DIVERGING.values(), ids=DIVERGING)
def test_a_diverging_training_is_an_error_that_names_the_epoch(case, verb, parameters, epoch):
    X = [x * 1e3 for x in case.training_set]
    estimator = case.make(clipnorm=None, **parameters)
    before = exact_state(estimator)
    with pytest.raises(ValueError, match=f"diverged in {epoch}.*learning_rate"):
        case.train(estimator, verb if hasattr(estimator, verb) else "fit", X)
    assert exact_state(estimator) == before


@each(PLAIN)
@property_settings(max_examples=6)
@given(rate=st.floats(1e-3, 3e38), activation=st.sampled_from(["relu", "linear"]), seed=seeds)
def test_fit_raises_or_returns_finite_weights(case, rate, activation, seed):
    with suppress(ValueError):
        X, wild = case.training_set, {"learning_rate": rate, "activation": activation, "clipnorm": None}
        estimator = case.fit(X, random_state=seed, **wild)
        assert all(np.isfinite(weight).all() for part in estimator._weights.values() for weight in part)


# --- 7. the round trip ------------------------------------------------------------------------------------------------


def joblib_copy(estimator, path):
    joblib.dump(estimator, path)
    return joblib.load(path)


COPIES = {
    "deepcopy": lambda estimator, path: copy.deepcopy(estimator),
    "copy": lambda estimator, path: copy.copy(estimator),
    "pickle": lambda estimator, path: pickle.loads(pickle.dumps(estimator)),
    "joblib": joblib_copy,
}


@each(CASES)
@pytest.mark.parametrize("way", COPIES)
def test_a_copy_says_the_same_and_trains_on_the_same(case, way, tmp_path):
    X = case.training_set
    original = case.fitted()
    copied = COPIES[way](original, tmp_path / "estimator.joblib")
    assert copied.history_ == original.history_
    assert_same_bits(outputs(copied, X), outputs(original, X))

    going_on, gone_on = (case.resume(copy.deepcopy(estimator), X) for estimator in (original, copied))
    assert_same_bits(outputs(gone_on, X), outputs(going_on, X))


@each(CASES)
def test_training_a_copy_leaves_the_original_alone(case):
    original = copy.deepcopy(case.fitted())
    before = pickle.dumps(original)
    for verb in case.training_methods():
        case.train(copy.copy(original), verb, case.training_set[1:])
    assert pickle.dumps(original) == before


@each(CASES)
def test_a_clone_has_the_parameters_and_fits_to_the_same_bits(case):
    X = case.training_set
    cloned = clone(case.fitted())
    assert cloned.get_params() == case.make().get_params()
    assert not hasattr(cloned, "history_")
    assert_same_bits(outputs(case.train(cloned, "fit", X), X), outputs(case.fitted(), X))


IN_A_FRESH_PROCESS = """
import pickle, sys
from pathlib import Path
from tests.support.strategies import CASES, outputs

folder, fitted_there = Path(sys.argv[1]), sys.argv[2].split(",")
results = {}
for name, case in CASES.items():
    fitted = pickle.loads((folder / name).read_bytes())
    results[name, "unpickled"] = outputs(fitted, case.training_set)
for name in fitted_there:
    fitted = CASES[name].fit(CASES[name].training_set)
    results[name, "fitted"] = outputs(fitted, CASES[name].training_set)
(folder / "results").write_bytes(pickle.dumps(results))
"""
FITTED_THERE = list(CASES)[::3]


@pytest.fixture(scope="module")
def fresh_process(tmp_path_factory):
    """What a new process says, with pickled estimators and with its own."""
    folder = tmp_path_factory.mktemp("pickled")
    for name, case in CASES.items():
        (folder / name).write_bytes(pickle.dumps(case.fitted()))
    run_in_fresh_process(IN_A_FRESH_PROCESS, folder, ",".join(FITTED_THERE))
    return pickle.loads((folder / "results").read_bytes())


@pytest.mark.parametrize("name", CASES)
def test_unpickled_in_a_fresh_process_it_says_the_same(name, fresh_process):
    case = CASES[name]
    assert_same_bits(fresh_process[name, "unpickled"], outputs(case.fitted(), case.training_set))


@pytest.mark.parametrize("name", FITTED_THERE)
def test_the_same_seed_gives_the_same_bits_in_a_fresh_process(name, fresh_process):
    case = CASES[name]
    assert_same_bits(fresh_process[name, "fitted"], outputs(case.fitted(), case.training_set))


# --- 8. purity --------------------------------------------------------------------------------------------------------


def frozen(X):
    """Make what can be made read-only so, and return it."""
    parts = [X, *X] if isinstance(X, list | tuple | np.ndarray) else [X]
    for part in parts:
        if isinstance(part, np.ndarray):
            part.flags.writeable = False
    return X


@each(CASES)
@property_settings(max_examples=3)
@given(st.data())
def test_the_data_are_never_written_to(case, data):
    arrays = data.draw(case.sequences())
    held = case.containers
    name = data.draw(st.sampled_from(list(held)))
    X, y = frozen(held[name]([x.copy() for x in arrays])), frozen(case.y(arrays))
    weights = frozen(np.linspace(1, 2, len(arrays)))
    before = pickle.dumps((X, y, weights))

    fitted = case.make(**parameters_for(name)).fit(X, y, sample_weight=weights)
    for verb in case.training_methods():
        getattr(fitted, verb)(X, y, sample_weight=weights)
    fitted.score(X, y)
    outputs(fitted, X)

    assert pickle.dumps((X, y, weights)) == before


@each(CASES)
def test_what_a_verb_returns_shares_no_memory_with_the_data(case):
    X, fitted = case.as_array(case.training_set), case.fitted()
    for verb in outputs(fitted, X).keys() & set(dir(fitted)):
        assert not any(np.shares_memory(row, X) for row in getattr(fitted, verb)(X))


@each(PLAIN)
def test_parameters_stay_the_objects_that_they_were(case):
    given = case.width_parameters(4, layers=[4, 3]) | {
        "callbacks": [keras.callbacks.EarlyStopping(monitor="loss"), keras.callbacks.History()],
        "optimizer": keras.optimizers.Adam(0.01, beta_1=0.8),
        "random_state": np.random.RandomState(3),
        **case.supported(loss=keras.losses.LogCosh()),
    }
    # all that an optimizer, a loss or a callback holds, but for a generator, which must advance
    whole = {name: pickle.dumps(given[name]) for name in given.keys() - {"optimizer", "random_state"}}
    config = given["optimizer"].get_config()

    fitted = case.fit(case.training_set, **given)
    case.resume(fitted, case.training_set)
    outputs(fitted, case.training_set)

    assert all(getattr(fitted, name) is value for name, value in given.items())
    assert {name: pickle.dumps(given[name]) for name in whole} == whole
    assert given["optimizer"].get_config() == config
    assert not given["optimizer"].built
    assert given["callbacks"][1].model is None
    assert pickle.dumps(given["random_state"]) != pickle.dumps(np.random.RandomState(3))


# --- 9. it learns -----------------------------------------------------------------------------------------------------


def mean_squared_error(X, said):
    return np.mean(np.concatenate([((a - b) ** 2).ravel() for a, b in zip(X, said, strict=True)]))


def pca_error(X, n_components):
    """The error over real timesteps of PCA on the sequences padded with zeros."""
    rows = np.nan_to_num(CONTAINERS["padded"](X)).reshape(len(X), -1)
    pca = PCA(n_components, random_state=0).fit(rows)
    said = pca.inverse_transform(pca.transform(rows))
    return mean_squared_error(X, [row[: len(x), None] for row, x in zip(said, X, strict=True)])


TRAINED = {"epochs": 80, "learning_rate": 0.01, "random_state": 0}
LEARNS = [
    LSTMAutoencoderTransformer(latent_dim=2, units=16, **TRAINED),
    CompositeSequenceRegressor(latent_dim=3, units=16, **TRAINED),
]
each_learner = pytest.mark.parametrize("learner", LEARNS, ids=lambda learner: type(learner).__name__)


@each_learner
def test_it_says_counters_better_than_their_mean_and_than_pca(learner):
    X, y = make_counters(120, random_state=0)
    fitted = clone(learner).fit(X, y)
    error = mean_squared_error(X, fitted.reconstruct(X))
    mean = np.concatenate(X).mean()

    assert fitted.history_["loss"][-1] < 0.25 * fitted.history_["loss"][0]
    assert error < 0.25 * mean_squared_error(X, [np.full_like(x, mean) for x in X])
    assert error < 0.75 * pca_error(X, n_components=2)


@each_learner
def test_its_encodings_tell_waves_apart(learner):
    X, y = make_waves(150, lengths=(15, 30), random_state=0)
    fitted = clone(learner).set_params(latent_dim=8, epochs=40).fit(X, y)
    losses = fitted.history_["loss"]

    assert losses[-1] < 0.9 * losses[0]
    assert cross_val_score(LogisticRegression(max_iter=1000), fitted.transform(X), y).mean() > 0.75  # chance is 1/3


def test_it_predicts_the_step_of_counters_better_than_the_mean_and_than_a_linear_model():
    """A slope is no linear function of counters that were resampled to one length."""
    X, y = make_counters(240, lengths=(3, 20), random_state=0)
    train, test = slice(160), slice(160, None)
    regressor = CompositeSequenceRegressor(latent_dim=8, units=16, reconstruction_weight=0.2, **TRAINED)
    score = regressor.fit(X[train], y[train]).score(X[test], y[test])

    rows = resampled(X, 8)
    assert score > Ridge(1e-3).fit(rows[train], y[train]).score(rows[test], y[test])
    assert score > 0.9  # that of the mean is 0


def resampled(X, n_timesteps):
    """Univariate sequences as rows of so many timesteps, by linear interpolation."""
    at = np.linspace(0, 1, n_timesteps)
    return np.array([np.interp(at, np.linspace(0, 1, len(x)), x[:, 0]) for x in X])


def test_it_tells_waves_apart_that_it_has_not_seen():
    X, y = make_waves(200, lengths=(15, 30), random_state=0)
    classifier = Seq2SeqClassifier(16, **TRAINED | {"epochs": 30}).fit(X[:140], y[:140])
    losses = classifier.history_["loss"]

    assert losses[-1] < 0.5 * losses[0]
    assert classifier.score(X[140:], y[140:]) > 0.75  # chance is 1/3


# --- going on ---------------------------------------------------------------------------------------------------------


@each(GOING_ON)
@property_settings(max_examples=2)
@given(st.data())
def test_k_calls_of_partial_fit_are_a_fit_of_k_epochs(case, data):
    arrays, k = data.draw(case.sequences()), data.draw(st.integers(1, 4))
    whole = case.fit(arrays, epochs=k, early_stopping=False)
    parts = case.make()
    for _ in range(k):
        parts = case.resume(pickle.loads(pickle.dumps(parts)), arrays)

    assert parts.history_ == whole.history_
    assert parts.n_iter_ == whole.n_iter_ == k
    assert_same_bits(outputs(parts, arrays), outputs(whole, arrays))


@each(PLAIN_GOING_ON)
def test_partial_fit_goes_on_where_fit_ended(case):
    X = case.training_set
    assert_same_bits(outputs(case.resume(case.fit(X, epochs=2), X), X), outputs(case.fit(X, epochs=3), X))


@each(PLAIN_IN_UNITS)
def test_partial_fit_keeps_the_scaling_of_the_first_call(case):
    X = case.training_set
    far = [x * 50 + 1000 for x in X]
    fitted = case.resume(case.make(**STILL), X)
    encodings = fitted.transform(X)
    assert_allclose(case.resume(fitted, far).transform(X), encodings, atol=1e-6)
    assert np.ptp(fitted.history_["loss"]) > 1e3  # units apart


@each(PLAIN)
def test_a_warm_start_keeps_the_weights(case):
    X = case.training_set
    fitted = case.fit(X, random_state=1, epochs=5)
    encodings = case.encode(fitted, X)
    case.train(fitted.set_params(warm_start=True, random_state=2, **STILL), "fit", X)
    assert_allclose(case.encode(fitted, X), encodings, atol=1e-6)
    assert fitted.n_iter_ == len(fitted.history_["loss"]) == 1


@each(PLAIN_GOING_ON)
def test_a_warm_start_forgets_the_optimizer(case):
    """Adagrad slows down by all gradients that it has seen; these moved no weight."""
    X = case.training_set
    one_batch = {"batch_size": len(X), "optimizer": "adagrad", "optimizer__initial_accumulator_value": 1e-12}
    quick = {"learning_rate": 0.02, "epochs": 3}
    fresh = case.fit(X, **one_batch, **quick)
    seasoned = case.fit(X, **one_batch, learning_rate=1e-30, epochs=20).set_params(**quick)
    going_on = case.resume(case.resume(copy.deepcopy(seasoned), X), X)
    warm = case.train(seasoned.set_params(warm_start=True), "fit", X)

    start, after_one = fresh.history_["loss"][:2]
    assert_allclose(warm.history_["loss"], fresh.history_["loss"], rtol=1e-5)
    assert start - going_on.history_["loss"][-1] < 0.5 * (start - after_one)


OTHER_ARCHITECTURES = {
    f"{name}-{parameter}": (case, {parameter: value})
    for name, case in PLAIN.items()
    for parameter, value in case.supported(
        latent_dim=4, units=7, cell="gru", bidirectional=True, decoder="conditional", hidden_layer_sizes=(7,)
    ).items()
}


@pytest.mark.parametrize(("case", "change"), OTHER_ARCHITECTURES.values(), ids=OTHER_ARCHITECTURES)
def test_a_warm_start_refuses_another_architecture(case, change):
    fitted = copy.deepcopy(case.fitted()).set_params(warm_start=True, **change)
    before = exact_state(fitted)
    with pytest.raises(ValueError, match=f"warm_start=True.*{next(iter(change))}"):
        case.train(fitted, "fit", case.training_set)
    assert exact_state(fitted) == before


@each(PLAIN)
def test_a_warm_start_refuses_another_number_of_features(case):
    fitted = copy.deepcopy(case.fitted()).set_params(warm_start=True)
    with pytest.raises(ValueError, match="warm_start=True.*n_features"):
        case.train(fitted, "fit", [x[..., :1] for x in case.training_set])


@each(PLAIN)
def test_a_parameter_set_after_fit_changes_nothing_before_the_next(case):
    X = case.training_set
    fitted = copy.deepcopy(case.fitted())
    fitted.set_params(**case.width_parameters(9, layers=(2, 2)), activation="linear", scale=None)
    fitted.set_params(**case.supported(padding_value=0.5, loss="mae", reverse=False, decoder="conditional", horizon=2))
    fitted.set_params(**case.supported(cell="gru", bidirectional=True, tokens=True, latent_activation="tanh"))
    assert_same_bits(outputs(fitted, X), outputs(case.fitted(), X))


@each(CASES)
def test_rows_of_weight_zero_touch_nothing(case):
    X = case.training_set
    weights = np.ones(len(X))
    weights[[1, 4, 5]] = 0
    X_far = [x if w else case.make_outlier(x) for x, w in zip(X, weights, strict=True)]
    some = [x for x, w in zip(X, weights, strict=True) if w]

    weighted, without = case.fit(X_far, weights), case.fit(some)

    assert weighted.history_ == without.history_
    assert_same_bits(outputs(weighted, some), outputs(without, some))
