"""Compiled programs kept for reuse: which fits share a program, and which programs the pool keeps."""

from dataclasses import replace

import keras
import pytest

from skseqae.training import _loop
from skseqae.training._pool import Pool
from tests.training.fits import ARCHITECTURE, ZERO_RATE, Recorder, fit, make_data

# --- keys -------------------------------------------------------------------------------------------------------------


class RequestError(Exception):
    """Raised instead of lending a program, with the requested key."""


class RaisingPool:
    def borrow(self, key, build):
        raise RequestError(key)


def key_of(monkeypatch, *args, **changes):
    """Return the key of the program that a fit requests."""
    monkeypatch.setattr(_loop, "pool", RaisingPool())
    with pytest.raises(RequestError) as request:
        fit(*args, **changes)
    (key,) = request.value.args
    assert {key: "found"}[key] == "found"
    return key


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.5},
        {"seed": 5},
        {"data": make_data([9, 1], seed=5)},
        {"validation": make_data([9, 1], seed=5)},
        {"epochs": 9, "batch_size": 2, "n_iter_no_change": 3, "tol": 0.1, "callbacks": [Recorder()], "verbose": 1},
        {"loss": keras.losses.MeanSquaredError()},
        {"optimizer": keras.optimizers.Adam},
        {"optimizer": keras.optimizers.Adam(0.5, clipnorm=1.0, name="mine")},
        {"routed": {"optimizer__beta_1": 0.9}},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_fits_that_differ_in_arrays_and_numbers_only_share_a_program(monkeypatch, changes):
    assert key_of(monkeypatch, **changes) == key_of(monkeypatch)


def decaying_adam(rate):
    return keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 9, rate), clipnorm=1.0)


def test_architectures_losses_and_optimizers_have_separate_programs(monkeypatch):
    requests = [
        {},
        {"loss": "mae"},
        {"loss": "huber"},
        {"loss": "huber", "routed": {"loss__delta": 2.0}},
        {"loss": keras.losses.mean_absolute_error},
        {"routed": {"optimizer__beta_1": 0.8}},
        {"clipnorm": 2.0},
        {"clipnorm": None},
        {"optimizer": "nadam"},
        {"optimizer": keras.optimizers.Adam(clipnorm=1.0, weight_decay=0.1)},
        {"optimizer": decaying_adam(0.5)},
        {"optimizer": decaying_adam(0.6)},
        *(
            {"architecture": replace(ARCHITECTURE, **change)}
            for change in (
                {"latent_dim": 4},
                {"units": (3, 3)},
                {"cell": "gru"},
                {"activation": "relu"},
                {"bidirectional": True},
                {"dropout": 0.1},
                {"heads": ("reconstruction", "prediction")},
                {"decoder": "conditional"},
                {"output_activation": "sigmoid"},
            )
        ),
    ]
    keys = [key_of(monkeypatch, **changes) for changes in requests]
    shared = [(requests[i], requests[j]) for i in range(len(keys)) for j in range(i) if keys[i] == keys[j]]
    assert shared == []


def test_parameters_of_a_loss_are_those_of_the_current_fit():
    first, second = (
        fit(loss="huber", routed={"loss__delta": delta}, learning_rate=ZERO_RATE, epochs=1).history["loss"][0]
        for delta in (1.0, 0.01)
    )
    assert second < 0.02 < 0.2 < first


def test_fits_of_one_architecture_trace_once(monkeypatch, result):
    """In a grid search, only the first candidate of an architecture compiles a program."""
    with monkeypatch.context() as patch:
        key = key_of(patch)
    with _loop.pool.borrow(key, lambda: "a new one") as program:
        assert program.train_step.experimental_get_tracing_count() == 1
    for changes in ({"learning_rate": 0.5}, {"seed": 5}, {"data": make_data([70, 1], seed=5)}, {"batch_size": 1}):
        fit(**changes)
    with _loop.pool.borrow(key, lambda: "a new one") as same:
        assert same is program
        assert same.train_step.experimental_get_tracing_count() == 1


# --- the pool ---------------------------------------------------------------------------------------------------------


def borrow(pool, key):
    """Return a program that was borrowed and given back; it is new unless one was idle."""
    with pool.borrow(key, object) as program:
        return program


def test_returned_programs_are_lent_again_for_the_same_key_only():
    pool = Pool(4)
    first = borrow(pool, "a")
    assert borrow(pool, "a") is first
    assert borrow(pool, "b") is not first


def fail_in_fit(pool, key, error=ArithmeticError):
    with pytest.raises(error), pool.borrow(key, object):
        raise error


@pytest.mark.parametrize("error", [ArithmeticError, KeyboardInterrupt])
def test_programs_are_discarded_after_a_failed_fit(error):
    pool = Pool(4)
    first = borrow(pool, "a")
    fail_in_fit(pool, "a", error)
    assert borrow(pool, "a") is not first


def test_programs_are_lent_to_one_fit_at_a_time():
    pool = Pool(4)
    with pool.borrow("a", object) as first, pool.borrow("a", object) as second:
        assert first is not second
    with pool.borrow("a", object) as third, pool.borrow("a", object) as fourth:
        assert {id(third), id(fourth)} == {id(first), id(second)}


def test_the_pool_drops_the_least_recently_used_program():
    pool = Pool(2)
    a, b = borrow(pool, "a"), borrow(pool, "b")
    assert borrow(pool, "a") is a
    borrow(pool, "c")
    assert borrow(pool, "a") is a
    assert borrow(pool, "b") is not b


def test_the_size_of_the_pool_counts_programs_of_equal_keys():
    pool = Pool(2)
    with pool.borrow("a", object) as first, pool.borrow("a", object) as second, pool.borrow("a", object) as third:
        pass
    with pool.borrow("a", object) as x, pool.borrow("a", object) as y, pool.borrow("a", object) as z:
        assert len({id(first), id(second), id(third)} & {id(x), id(y), id(z)}) == 2


def test_discarded_programs_do_not_count_towards_the_size_of_the_pool():
    pool = Pool(1)
    borrow(pool, "a")
    fail_in_fit(pool, "a")
    b = borrow(pool, "b")
    c = borrow(pool, "c")  # which replaces that of b
    assert borrow(pool, "c") is c
    assert borrow(pool, "b") is not b


def test_lent_programs_do_not_count_towards_the_size_of_the_pool():
    pool = Pool(1)
    a = borrow(pool, "a")
    with pool.borrow("a", object):
        borrow(pool, "b")
        borrow(pool, "c")
    assert borrow(pool, "a") is a
