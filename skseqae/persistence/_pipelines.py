"""Pipelines in files: the names of the steps, and an estimator for each."""

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from ..exceptions import SkseqaeFormatError
from ..mixins._fit_callbacks import CALLBACKS
from ._estimators import describe_estimator, restore_estimator
from ._file_format import require
from ._json_values import check_keys, decode, encode
from ._scikit_learn import describe_scikit_learn, restore_scikit_learn

OPTIONS = ("transform_input", "verbose")  # all parameters but `steps` and `memory`, a folder of pickles


def describe(estimator, path, tensors):
    """Return a pipeline, or an estimator of this package, as JSON, and add its arrays to `tensors`."""
    if type(estimator) is not Pipeline:
        return describe_estimator(estimator, path, tensors)
    if estimator.memory is not None:
        raise TypeError(f"{path}.memory is {estimator.memory!r}, which a file cannot hold: set memory=None first.")
    unknown = sorted(vars(estimator).keys() - {"steps", "memory", CALLBACKS, *OPTIONS})
    if unknown:
        raise TypeError(f"{path} has an attribute {unknown[0]!r}, which a file cannot hold: delete it first.")
    steps = [[name, _describe_step(step, f"{path}[{name!r}]", tensors)] for name, step in estimator.steps]
    options = {name: encode(getattr(estimator, name), f"{path}.{name}", tensors) for name in OPTIONS}
    return {"Pipeline": {"steps": steps} | options}


def _describe_step(step, path, tensors):
    if step is None or type(step) is str:
        return step
    if type(step) is FrozenEstimator:
        return {"FrozenEstimator": _describe_step(step.estimator, path, tensors)}
    if type(step) is not Pipeline and type(step).__module__.startswith("sklearn."):
        return {"skops": describe_scikit_learn(step, path, tensors)}
    return describe(step, path, tensors)


def restore(described, path, tensors):
    """Return the pipeline or the estimator that JSON describes, and remove its arrays from `tensors`."""
    if not (isinstance(described, dict) and described.keys() == {"Pipeline"}):
        return restore_estimator(described, path, tensors)
    content = described["Pipeline"]
    require(isinstance(content, dict), f"{path} is not a pipeline.")
    check_keys(content, ["steps", *OPTIONS], path)
    require(isinstance(content["steps"], list), f"{path}.steps is not a list.")
    steps, options = content["steps"], {name: decode(content[name], f"{path}.{name}", tensors) for name in OPTIONS}
    is_pair = [isinstance(step, list) and len(step) == 2 and type(step[0]) is str for step in steps]
    require(all(is_pair), f"{path}.steps must be pairs of a name and a step.")
    names = options["transform_input"]
    are_names = names is None or (type(names) is list and all(type(name) is str for name in names))
    require(are_names and type(options["verbose"]) is bool, f"{path} must have names to transform and a bool verbose.")
    steps = [(name, _restore_step(step, f"{path}[{name[:80]!r}]", tensors)) for name, step in steps]
    pipeline = Pipeline(steps, **options)
    try:
        pipeline._validate_steps()
    except Exception as error:  # of a step of scikit-learn whose attributes do not match
        raise SkseqaeFormatError(f"{path}.steps: {type(error).__name__}: {str(error)[:300]}") from None
    return pipeline


def _restore_step(described, path, tensors):
    if described is None or described == "passthrough":
        return described
    require(isinstance(described, dict), f"{path} is not an estimator.")
    if described.keys() == {"FrozenEstimator"}:
        return FrozenEstimator(_restore_step(described["FrozenEstimator"], path, tensors))
    if described.keys() == {"skops"}:
        return restore_scikit_learn(described["skops"], path, tensors)
    return restore(described, path, tensors)
