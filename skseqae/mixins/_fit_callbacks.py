"""Calls of scikit-learn's callbacks during fit. They require scikit-learn 1.9; without it, nothing is called."""

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:

    class CallbackSupportMixin:
        """Empty replacement of the mixin, which scikit-learn before 1.9 does not have."""


# Attributes that scikit-learn sets on an estimator: the callbacks of `set_callbacks`, and the contexts during a fit.
CALLBACKS = "_skl_callbacks"
CONTEXT_ATTRIBUTES = {"_callback_fit_ctx", "_parent_callback_ctx", "_skl_callbacks_to_teardown"}


class FitTask:
    """A running fit, or a running part of a fit.

    Parameters
    ----------
    estimator : estimator
        The estimator that is being fitted.
    context : sklearn.callback.CallbackContext or None
        The position in the tree of tasks. None if there are no callbacks.
    callback_kwargs : dict
        The X, y and metadata that are passed to the callbacks.
    """

    def __init__(self, estimator, context, callback_kwargs):
        self._estimator, self._context, self._callback_kwargs = estimator, context, callback_kwargs
        if context:
            context.call_on_fit_task_begin(estimator=estimator, **callback_kwargs)

    @classmethod
    def begin(cls, estimator, n_parts, X, y, sample_weight=None):
        """Begin a fit of at most `n_parts` consecutive parts."""
        context = None
        if hasattr(estimator, "set_callbacks"):
            context = estimator._init_callback_context(max_subtasks=n_parts)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        return cls(estimator, context, {"X": X, "y": y, "metadata": metadata})

    def begin_part(self, name):
        """Begin the next part."""
        context = self._context and self._context.subcontext(task_name=name)
        return FitTask(self._estimator, context, self._callback_kwargs)

    def fit_part(self, name, estimator, X, **fit_params):
        """Fit an estimator on X as the next part, with its tasks below it; return the result of its `fit`."""
        if not self._context:
            return estimator.fit(X, None, **fit_params)  # FrozenEstimator.fit requires y.
        context = self._context.subcontext(task_name=name)
        with context.propagate_callback_context(estimator):
            part = FitTask(self._estimator, context, {"X": X})
            fitted = estimator.fit(X, None, **fit_params)
            part.end()
        return fitted

    def end(self, make_fitted=None):
        """End the task and return whether a callback requests that the fit stops here.

        `make_fitted` returns the estimator that the fit would give if it stopped here. It is called only if a callback
        requests the fitted estimator.
        """
        if not self._context:
            return False
        # `__dict__` replaces all attributes, so that no attribute of an earlier fit remains.
        attributes = make_fitted and (lambda: {"__dict__": _attributes_without_context(make_fitted())})
        return self._context.call_on_fit_task_end(
            estimator=self._estimator, **self._callback_kwargs, reconstruction_attributes=attributes
        )


def _attributes_without_context(estimator):
    return {name: value for name, value in vars(estimator).items() if name not in CONTEXT_ATTRIBUTES}
