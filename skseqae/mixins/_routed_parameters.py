"""Parameters routed to Keras objects by SciKeras' names, such as `optimizer__beta_1` and `loss__delta`."""

import difflib
import inspect

ROUTES = ("optimizer", "loss")
PREFIXES = tuple(f"{route}__" for route in ROUTES)
# Routed names that are refused because the estimator has a parameter for them: there is one way to set each value.
CONSTRUCTOR_PARAMETERS = {"optimizer__learning_rate": "learning_rate", "optimizer__clipnorm": "clipnorm"}
# names that other libraries use for a parameter of this package
SYNONYMS = {
    "lr": "learning_rate",
    "hidden_size": "units",
    "hidden_units": "units",
    "n_units": "units",
    "num_layers": "units",
    "bottleneck": "latent_dim",
    "encoding_dim": "latent_dim",
    "n_components": "latent_dim",
    "embedding_dim": "latent_dim",
    "patience": "n_iter_no_change",
    "min_delta": "tol",
    "max_iter": "max_steps",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "validation_split": "validation_fraction",
    "mask_value": "padding_value",
    "seed": "random_state",
    "beam_width": "num_beams",
    "lookahead": "horizon",
    "n_forecast": "horizon",
}


class RoutedParametersMixin:
    """Mixin whose constructor, `get_params`, `set_params` and `clone` accept routed parameters."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # scikit-learn treats every name in the signature as a parameter, so `**routed` must not be part of it.
        _self, *parameters = inspect.signature(cls.__init__).parameters.values()
        cls.__signature__ = inspect.Signature([p for p in parameters if p.kind is not p.VAR_KEYWORD])

    def _set_routed(self, routed):
        """Set the routed parameters `optimizer__*` and `loss__*` of the constructor; raise for any other name."""
        for name, value in routed.items():
            self._check_routed_name(name, TypeError)
            setattr(self, name, value)

    @classmethod
    def _check_routed_name(cls, name, error):
        if name in CONSTRUCTOR_PARAMETERS:
            raise error(f"{name} is not a routed parameter: set {CONSTRUCTOR_PARAMETERS[name]} instead.")
        parameters = list(inspect.signature(cls).parameters)
        routes = [route for route in ROUTES if route in parameters]
        prefix, separator, suffix = name.partition("__")
        if separator and suffix and prefix in routes:
            return
        candidates = [f"{route}__{suffix}" for route in routes] if separator and routes else parameters
        synonym = SYNONYMS.get(name)
        closest = synonym if synonym in parameters else difflib.get_close_matches(name, candidates, n=1, cutoff=0.0)[0]
        raise error(f"{cls.__name__} has no parameter {name!r}; the nearest is {closest!r}.")

    @property
    def _routed(self):
        return {name: value for name, value in vars(self).items() if name.startswith(PREFIXES)}

    def get_params(self, deep=True):
        """Get parameters for this estimator.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the parameters of parameters that are estimators.

        Returns
        -------
        dict
            Parameter names mapped to their values, including routed parameters such as `optimizer__beta_1`.
        """
        return super().get_params(deep=deep) | self._routed

    def set_params(self, **params):
        """Set the parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameters of the constructor, including routed parameters such as `optimizer__beta_1`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the estimator has no parameter of this name. The message contains the nearest name.
        """
        valid = self.get_params(deep=False)
        for name in params:
            nested = hasattr(valid.get(name.partition("__")[0]), "get_params")
            if name not in valid and not nested:
                self._check_routed_name(name, ValueError)
        routed = {name: value for name, value in params.items() if name.startswith(PREFIXES)}
        super().set_params(**{name: value for name, value in params.items() if name not in routed})
        vars(self).update(routed)
        return self
