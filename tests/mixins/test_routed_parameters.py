"""Routed parameters behave like all other parameters; unknown names raise."""

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


CONSTRUCTOR_PARAMETERS = {"size": 1, "optimizer": "adam", "loss": "mse", "learning_rate": 1e-3, "clipnorm": 1.0}
ROUTED = {"optimizer__beta_1": 0.8, "loss__delta": 2.0}


def test_get_params_includes_routed_parameters():
    assert Both(**ROUTED).get_params() == CONSTRUCTOR_PARAMETERS | ROUTED
    assert Both(**ROUTED).get_params(deep=False) == CONSTRUCTOR_PARAMETERS | ROUTED
    assert Both().get_params() == CONSTRUCTOR_PARAMETERS


@pytest.mark.parametrize("copy", [clone, lambda e: pickle.loads(pickle.dumps(e))], ids=["clone", "pickle"])
def test_copies_keep_routed_parameters(copy):
    estimator = Both(size=3, **ROUTED)
    assert copy(estimator).get_params() == estimator.get_params()


def test_set_params_replaces_routed_parameters():
    estimator = Both(optimizer__beta_1=0.8)
    assert estimator.set_params(optimizer__beta_1=0.7, loss__delta=2.0, size=4) is estimator
    assert estimator.get_params() == CONSTRUCTOR_PARAMETERS | {"optimizer__beta_1": 0.7, "loss__delta": 2.0, "size": 4}
    assert estimator.optimizer == "adam"


def test_set_params_does_not_change_another_estimator():
    first, second = Both(optimizer__beta_1=0.8), Both()
    copied = clone(first).set_params(optimizer__beta_1=0.7)
    assert [e._routed for e in (first, second, copied)] == [{"optimizer__beta_1": 0.8}, {}, {"optimizer__beta_1": 0.7}]


def test_parameter_grids_set_routed_parameters():
    grid = ParameterGrid({"optimizer__beta_1": [0.7, 0.8], "optimizer": ["adam", "nadam"]})
    parameters = [clone(Both()).set_params(**clone(point, safe=False)).get_params() for point in grid]
    assert [(p["optimizer"], p["optimizer__beta_1"]) for p in parameters] == [
        (point["optimizer"], point["optimizer__beta_1"]) for point in grid
    ]


def test_repr_includes_routed_parameters():
    assert repr(Both(optimizer__beta_1=0.8)) == "Both(optimizer__beta_1=0.8)"


def test_routed_kwargs_is_not_a_parameter():
    assert "routed" not in Both().get_params()
    assert list(inspect.signature(Both).parameters) == list(CONSTRUCTOR_PARAMETERS)
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
def test_the_constructor_raises_for_unknown_names_with_the_nearest(name, nearest):
    with pytest.raises(TypeError, match=f"Both has no parameter '{name}'; the nearest is '{nearest}'"):
        Both(**{name: 1})


@pytest.mark.parametrize(
    ("name", "nearest"), [("optimzer__beta_1", "optimizer__beta_1"), ("los__delta", "loss__delta"), ("sise", "size")]
)
def test_set_params_raises_for_unknown_names_with_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=f"the nearest is '{nearest}'"):
        Both().set_params(**{name: 1})


@pytest.mark.parametrize("name", ["learning_rate", "clipnorm"])
def test_routed_names_of_constructor_parameters_raise(name):
    message = f"optimizer__{name} is not a routed parameter: set {name} instead"
    with pytest.raises(TypeError, match=message):
        Both(**{f"optimizer__{name}": 0.1})
    with pytest.raises(ValueError, match=message):
        Both().set_params(**{f"optimizer__{name}": 0.1})


def test_routed_loss_parameters_require_a_loss_parameter():
    message = "WithoutLoss has no parameter 'loss__delta'; the nearest is 'optimizer__delta'"
    with pytest.raises(TypeError, match=message):
        WithoutLoss(loss__delta=1.0)
    with pytest.raises(ValueError, match=message):
        WithoutLoss().set_params(loss__delta=1.0)


def test_a_failed_set_params_changes_no_parameter():
    estimator = Both(optimizer__beta_1=0.8)
    for wrong in ({"optimizer__learning_rate": 1.0}, {"sise": 2}):
        with pytest.raises(ValueError):
            estimator.set_params(optimizer__beta_1=0.7, **wrong)
        assert estimator.get_params() == CONSTRUCTOR_PARAMETERS | {"optimizer__beta_1": 0.8}


class WithoutConstructor(RoutedParametersMixin, BaseEstimator):
    """A base class without a constructor, as the base class of the estimators."""


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


def test_parameters_are_those_of_the_signature_and_not_of_the_base_class():
    assert list(inspect.signature(Derived).parameters) == ["depth", "optimizer"]
    assert list(inspect.signature(DerivedAgain).parameters) == ["height", "loss"]
    assert Derived(optimizer__beta_1=0.8).get_params() == {"depth": 1, "optimizer": "adam", "optimizer__beta_1": 0.8}
    assert DerivedAgain(loss__delta=2.0).get_params() == {"height": 1, "loss": "mse", "loss__delta": 2.0}
    with pytest.raises(TypeError, match="DerivedAgain has no parameter 'optimizer__beta_1'"):
        DerivedAgain(optimizer__beta_1=0.8)


class Meta(RoutedParametersMixin, BaseEstimator):
    def __init__(self, inner=None, *, optimizer="adam", **routed):
        self.inner = inner
        self.optimizer = optimizer
        self._set_routed(routed)


def test_nested_parameters_are_set_on_the_nested_estimator():
    meta = Meta(Ridge(), optimizer__beta_1=0.8)
    assert meta.get_params()["inner__alpha"] == 1.0
    assert meta.get_params(deep=False).keys() == {"inner", "optimizer", "optimizer__beta_1"}
    meta.set_params(inner__alpha=2.0, optimizer__beta_1=0.7)
    assert meta.inner.alpha == 2.0
    assert vars(meta).keys() == {"inner", "optimizer", "optimizer__beta_1"}
    with pytest.raises(ValueError, match="Invalid parameter 'beta' for estimator Ridge"):
        meta.set_params(inner__beta=1)


def test_init_subclass_of_other_base_classes_is_called():
    class Base:
        def __init_subclass__(cls, *, note, **options):
            super().__init_subclass__(**options)
            cls.note = note

    class Noted(RoutedParametersMixin, Base, note="text"):
        def __init__(self, optimizer="adam", **routed):
            self.optimizer = optimizer

    assert Noted.note == "text"
    assert list(inspect.signature(Noted).parameters) == ["optimizer"]
