"""The last step of a pipeline, and the step that trains a network."""

from sklearn.pipeline import Pipeline

from ._inspection import has_network


def last_step(estimator, X=None):
    """Return the last step of a fitted pipeline and X as transformed by the other steps.

    Any other estimator and its X are returned unchanged.
    """
    while isinstance(estimator, Pipeline):
        X = estimator[:-1].transform(X) if X is not None and len(estimator) > 1 else X
        estimator = estimator[-1]
    return estimator, X


def split_at_network(estimator):
    """Return the last step of a pipeline that trains a network, and the pipelines of the steps before it, in order.

    Any other estimator is returned unchanged, with no pipelines.
    """
    before = []
    while isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps]
        with_network = [i for i, step in enumerate(steps) if has_network(split_at_network(step)[0])]
        if not with_network:
            break
        if with_network[-1]:
            before.append(estimator[: with_network[-1]])
        estimator = steps[with_network[-1]]
    return estimator, before
