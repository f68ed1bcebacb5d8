"""Fits as scikit-learn's own callbacks follow them, from scikit-learn 1.9 on; before there is nothing to tell."""

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:

    class CallbackSupportMixin:
        """Stand where scikit-learn before 1.9 has nothing."""


# where scikit-learn keeps what `set_callbacks` was given, and what else it keeps while an estimator is fitted
CALLBACKS = "_skl_callbacks"
WHILE_FITTING = {"_callback_fit_ctx", "_parent_callback_ctx", "_skl_callbacks_to_teardown"}


class FitTask:
    """A fit, or a part of one, that has begun.

    Parameters
    ----------
    estimator : estimator
        Whose fit it is.
    context : sklearn.callback.CallbackContext or None
        Where in the tree of tasks it is. None: nobody follows.
    told : dict
        The X, y and metadata that callbacks are told.
    """

    def __init__(self, estimator, context, told):
        self._estimator, self._context, self._told = estimator, context, told
        if context:
            context.call_on_fit_task_begin(estimator=estimator, **told)

    @classmethod
    def begin(cls, estimator, n_parts, X, y, sample_weight=None):
        """Begin a fit of at most so many parts, one after the other."""
        context = None
        if hasattr(estimator, "set_callbacks"):
            context = estimator._init_callback_context(max_subtasks=n_parts)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        return cls(estimator, context, {"X": X, "y": y, "metadata": metadata})

    def begin_part(self, name):
        """Begin the next part."""
        context = self._context and self._context.subcontext(task_name=name)
        return FitTask(self._estimator, context, self._told)

    def fit_part(self, name, estimator, X):
        """Fit an estimator on X as the next part, in which its own tasks are; return what its `fit` returns."""
        if not self._context:
            return estimator.fit(X, None)  # a frozen one asks for a y
        context = self._context.subcontext(task_name=name)
        with context.propagate_callback_context(estimator):
            part = FitTask(self._estimator, context, {"X": X})
            fitted = estimator.fit(X, None)
            part.end()
        return fitted

    def end(self, make_fitted=None):
        """End it, and tell whether a callback asks that no other part follows.

        `make_fitted` returns the estimator as it would be if this were the end of the fit; it is called if a callback
        asks for that.
        """
        if not self._context:
            return False
        # all attributes at once: what an earlier fit left on the estimator must not be among them
        made = make_fitted and (lambda: {"__dict__": _without_traces(make_fitted())})
        return self._context.call_on_fit_task_end(
            estimator=self._estimator, **self._told, reconstruction_attributes=made
        )


def _without_traces(estimator):
    return {name: value for name, value in vars(estimator).items() if name not in WHILE_FITTING}
