"""Parameters that go on to Keras by SciKeras' routed names, such as `optimizer__beta_1` and `loss__delta`."""

import difflib
import inspect

ROUTES = ("optimizer", "loss")
PREFIXES = tuple(f"{route}__" for route in ROUTES)
# what has a parameter of its own, so that there is one way to set it
OWNED = {"optimizer__learning_rate": "learning_rate", "optimizer__clipnorm": "clipnorm"}


class RoutedParametersMixin:
    """Let an estimator's constructor, `get_params`, `set_params` and `clone` take routed names."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # scikit-learn takes every name in the signature for a parameter, and `**routed` is none
        _self, *parameters = inspect.signature(cls.__init__).parameters.values()
        cls.__signature__ = inspect.Signature([p for p in parameters if p.kind is not p.VAR_KEYWORD])

    def _set_routed(self, routed):
        """Take the constructor's `optimizer__*` and `loss__*`; refuse any other name at once."""
        for name, value in routed.items():
            self._check_routed_name(name, TypeError)
            setattr(self, name, value)

    @classmethod
    def _check_routed_name(cls, name, error):
        if name in OWNED:
            raise error(f"{name} has a parameter of its own: set {OWNED[name]} instead.")
        own = list(inspect.signature(cls).parameters)
        routes = [route for route in ROUTES if route in own]
        prefix, separator, suffix = name.partition("__")
        if separator and suffix and prefix in routes:
            return
        candidates = [f"{route}__{suffix}" for route in routes] if separator and routes else own
        near = difflib.get_close_matches(name, candidates, n=1, cutoff=0.0)[0]
        raise error(f"{cls.__name__} has no parameter {name!r}; the nearest is {near!r}.")

    @property
    def _routed(self):
        return {name: value for name, value in vars(self).items() if name.startswith(PREFIXES)}

    def get_params(self, deep=True):
        """Get parameters for this estimator.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the parameters of estimators among the parameters.

        Returns
        -------
        dict
            Names mapped to values, routed names such as `optimizer__beta_1` among them.
        """
        return super().get_params(deep=deep) | self._routed

    def set_params(self, **params):
        """Set the parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameters of the constructor, routed names such as `optimizer__beta_1` among them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is no such parameter; the nearest is named.
        """
        known = self.get_params(deep=False)
        for name in params:
            nested = hasattr(known.get(name.partition("__")[0]), "get_params")
            if name not in known and not nested:
                self._check_routed_name(name, ValueError)
        routed = {name: value for name, value in params.items() if name.startswith(PREFIXES)}
        super().set_params(**{name: value for name, value in params.items() if name not in routed})
        vars(self).update(routed)
        return self
