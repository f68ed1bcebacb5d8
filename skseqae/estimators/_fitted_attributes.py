"""FittedAttributesMixin: attributes of a fitted estimator, read from its fitted state."""

from ..mixins._pickling import TRAINED_CALLBACKS


class FittedAttributesMixin:
    """Read the fitted state (`_fitted`)."""

    @property
    def history_(self):
        """Losses of each epoch."""
        return self._state_for("history_").history

    @property
    def n_iter_(self):
        """Number of epochs."""
        return len(self._state_for("n_iter_").history["loss"])

    @property
    def baseline_loss_(self):
        """Loss of the mean of the targets."""
        return self._state_for("baseline_loss_").baseline_loss

    @property
    def callbacks_(self):
        """Copies of the callbacks, as training left them."""
        self._state_for("callbacks_")
        return list(vars(self).get(TRAINED_CALLBACKS, ()))

    def _state_for(self, attribute):
        """Return the fitted state; before `fit`, raise the error of a missing attribute."""
        if not hasattr(self, "_fitted"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {attribute!r}")
        return self._fitted

    @property
    def _layout(self):
        return self._fitted.input.layout

    @property
    def _padding_value(self):
        return self._fitted.input.padding_value

    @property
    def _n_features(self):
        return self._fitted.architecture.n_features

    def _accepts_missing(self, reset):
        return (getattr(self, "missing", "error") if reset else self._fitted.input.missing) == "mask"
