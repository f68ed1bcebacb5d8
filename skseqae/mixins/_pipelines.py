"""The last step of a fitted pipeline."""

from sklearn.pipeline import Pipeline


def last_step(estimator, X=None):
    """Return the last step of a fitted pipeline and X as transformed by the other steps.

    Any other estimator and its X are returned unchanged.
    """
    while isinstance(estimator, Pipeline):
        X = estimator[:-1].transform(X) if X is not None and len(estimator) > 1 else X
        estimator = estimator[-1]
    return estimator, X
