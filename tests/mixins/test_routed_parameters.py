"""Routed names: parameters like any others, refused where nothing would take them."""

import inspect
import pickle

import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import ParameterGrid

from skseqae.mixins._routed_parameters import RoutedParametersMixin


class Both(RoutedParametersMixin, BaseEstimator):
    def __init__(self, size=1, *, optimizer="adam", loss="mse", learning_rate=1e-3, clipnorm=1.0, **routed):
        self.size = size
        self.optimizer = optimizer
        self.loss = loss
        self.learning_rate = learning_rate
        self.clipnorm = clipnorm
        self._set_routed(routed)


class WithoutLoss(RoutedParametersMixin, BaseEstimator):
    def __init__(self, *, optimizer="adam", learning_rate=1e-3, **routed):
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self._set_routed(routed)


OWN = {"size": 1, "optimizer": "adam", "loss": "mse", "learning_rate": 1e-3, "clipnorm": 1.0}
ROUTED = {"optimizer__beta_1": 0.8, "loss__delta": 2.0}


def test_routed_names_are_parameters_like_any_others():
    assert Both(**ROUTED).get_params() == OWN | ROUTED
    assert Both(**ROUTED).get_params(deep=False) == OWN | ROUTED
    assert Both().get_params() == OWN


@pytest.mark.parametrize("copy", [clone, lambda e: pickle.loads(pickle.dumps(e))], ids=["clone", "pickle"])
def test_copies_keep_routed_names(copy):
    estimator = Both(size=3, **ROUTED)
    assert copy(estimator).get_params() == estimator.get_params()


def test_routed_names_can_be_set_and_set_again():
    estimator = Both(optimizer__beta_1=0.8)
    assert estimator.set_params(optimizer__beta_1=0.7, loss__delta=2.0, size=4) is estimator
    assert estimator.get_params() == OWN | {"optimizer__beta_1": 0.7, "loss__delta": 2.0, "size": 4}
    assert estimator.optimizer == "adam"


def test_setting_one_never_changes_another_estimator():
    first, second = Both(optimizer__beta_1=0.8), Both()
    copied = clone(first).set_params(optimizer__beta_1=0.7)
    assert [e._routed for e in (first, second, copied)] == [{"optimizer__beta_1": 0.8}, {}, {"optimizer__beta_1": 0.7}]


def test_what_a_grid_says_reaches_the_estimator():
    grid = ParameterGrid({"optimizer__beta_1": [0.7, 0.8], "optimizer": ["adam", "nadam"]})
    seen = [clone(Both()).set_params(**clone(point, safe=False)).get_params() for point in grid]
    assert [(p["optimizer"], p["optimizer__beta_1"]) for p in seen] == [
        (point["optimizer"], point["optimizer__beta_1"]) for point in grid
    ]


def test_routed_names_are_shown():
    assert repr(Both(optimizer__beta_1=0.8)) == "Both(optimizer__beta_1=0.8)"


def test_the_door_for_routed_names_is_no_parameter():
    assert "routed" not in Both().get_params()
    assert list(inspect.signature(Both).parameters) == list(OWN)
    with pytest.raises(TypeError, match="Both has no parameter 'routed'"):
        Both(routed=1)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("optimzer__beta_1", "optimizer__beta_1"),
        ("los__delta", "loss__delta"),
        ("learning_rat", "learning_rate"),
        ("optimizer__", "optimizer__"),
        ("sise", "size"),
    ],
)
def test_a_wrong_name_is_refused_at_once_with_the_nearest(name, nearest):
    with pytest.raises(TypeError, match=f"Both has no parameter '{name}'; the nearest is '{nearest}'"):
        Both(**{name: 1})


@pytest.mark.parametrize(
    ("name", "nearest"), [("optimzer__beta_1", "optimizer__beta_1"), ("los__delta", "loss__delta"), ("sise", "size")]
)
def test_a_wrong_name_is_refused_by_set_params_with_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=f"the nearest is '{nearest}'"):
        Both().set_params(**{name: 1})


@pytest.mark.parametrize("name", ["learning_rate", "clipnorm"])
def test_what_has_a_parameter_of_its_own_is_refused_naming_it(name):
    message = f"optimizer__{name} has a parameter of its own: set {name} instead"
    with pytest.raises(TypeError, match=message):
        Both(**{f"optimizer__{name}": 0.1})
    with pytest.raises(ValueError, match=message):
        Both().set_params(**{f"optimizer__{name}": 0.1})


def test_a_class_without_a_loss_takes_no_routed_names_for_one():
    message = "WithoutLoss has no parameter 'loss__delta'; the nearest is 'optimizer__delta'"
    with pytest.raises(TypeError, match=message):
        WithoutLoss(loss__delta=1.0)
    with pytest.raises(ValueError, match=message):
        WithoutLoss().set_params(loss__delta=1.0)


def test_a_refusal_by_set_params_leaves_everything_as_it_was():
    estimator = Both(optimizer__beta_1=0.8)
    for wrong in ({"optimizer__learning_rate": 1.0}, {"sise": 2}):
        with pytest.raises(ValueError):
            estimator.set_params(optimizer__beta_1=0.7, **wrong)
        assert estimator.get_params() == OWN | {"optimizer__beta_1": 0.8}


class WithoutConstructor(RoutedParametersMixin, BaseEstimator):
    """As the estimators' common base."""


class Derived(WithoutConstructor):
    def __init__(self, depth=1, *, optimizer="adam", **routed):
        self.depth = depth
        self.optimizer = optimizer
        self._set_routed(routed)


class DerivedAgain(Derived):
    def __init__(self, height=1, *, loss="mse", **routed):
        self.height = height
        self.loss = loss
        self._set_routed(routed)


def test_each_class_takes_the_names_of_its_own_signature_and_not_those_of_its_parents():
    assert list(inspect.signature(Derived).parameters) == ["depth", "optimizer"]
    assert list(inspect.signature(DerivedAgain).parameters) == ["height", "loss"]
    assert Derived(optimizer__beta_1=0.8).get_params() == {"depth": 1, "optimizer": "adam", "optimizer__beta_1": 0.8}
    assert DerivedAgain(loss__delta=2.0).get_params() == {"height": 1, "loss": "mse", "loss__delta": 2.0}
    with pytest.raises(TypeError, match="DerivedAgain has no parameter 'optimizer__beta_1'"):
        DerivedAgain(optimizer__beta_1=0.8)


class Holder(RoutedParametersMixin, BaseEstimator):
    def __init__(self, inner=None, *, optimizer="adam", **routed):
        self.inner = inner
        self.optimizer = optimizer
        self._set_routed(routed)


def test_parameters_of_an_estimator_among_the_parameters_are_set_in_it():
    holder = Holder(Ridge(), optimizer__beta_1=0.8)
    assert holder.get_params()["inner__alpha"] == 1.0
    assert holder.get_params(deep=False).keys() == {"inner", "optimizer", "optimizer__beta_1"}
    holder.set_params(inner__alpha=2.0, optimizer__beta_1=0.7)
    assert holder.inner.alpha == 2.0
    assert vars(holder).keys() == {"inner", "optimizer", "optimizer__beta_1"}
    with pytest.raises(ValueError, match="Invalid parameter 'beta' for estimator Ridge"):
        holder.set_params(inner__beta=1)


def test_what_other_bases_do_with_a_subclass_is_done():
    class Base:
        def __init_subclass__(cls, *, note, **options):
            super().__init_subclass__(**options)
            cls.note = note

    class Noted(RoutedParametersMixin, Base, note="mine"):
        def __init__(self, optimizer="adam", **routed):
            self.optimizer = optimizer

    assert Noted.note == "mine"
    assert list(inspect.signature(Noted).parameters) == ["optimizer"]
