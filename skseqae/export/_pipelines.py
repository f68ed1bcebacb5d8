"""Pipelines and searches: the steps around a network, and the ONNX graph that joins them."""

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from ..estimators._registry import ESTIMATORS
from ..networks.onnx_backend._graph import Graph
from ..networks.onnx_backend._layers import size, zero_padding
from ..preprocessing._per_timestep import PerTimestep
from ..preprocessing._row_wise import selects_by_name
from ._sklearn_steps import add_step, convert_step


def steps_of(estimator, name=""):
    """Return the steps of nested pipelines and fitted searches, pairs of name and step; else one pair."""
    estimator = estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator
    if hasattr(estimator, "best_estimator_"):
        return steps_of(estimator.best_estimator_, name)
    if isinstance(estimator, Pipeline):
        prefix = f"{name}__" if name else ""
        return [pair for key, step in estimator.steps for pair in steps_of(step, prefix + key)]
    return [] if estimator is None or isinstance(estimator, str) else [(name, estimator)]


def split_at_network(steps):
    """Return the steps before the first estimator of this package that trains a network, it, and those after it."""
    for i, (_, step) in enumerate(steps):
        if type(step) in ESTIMATORS.values():
            return steps[:i], step, steps[i + 1 :]
    return steps, None, []


def convert_steps_before(steps, network):
    """Return the models of the transformers whose output the network reads, for timesteps or rows."""
    reads_sequences, models = get_tags(network).input_tags.three_d_array, []
    for name, step in steps:
        if isinstance(step, PerTimestep) != reads_sequences:
            only = "only PerTimestep" if reads_sequences else "only transformers of rows"
            raise ValueError(
                f"Step {name!r}, {type(step).__name__}, cannot be exported: before {type(network).__name__}, {only} "
                "can be."
            )
        if reads_sequences and selects_by_name(step.transformer_):
            raise ValueError(
                f"Step {name!r}, {type(step).__name__}, cannot be exported: its ColumnTransformer selects columns by "
                "name, and the input of the graph has no names. Select columns by number."
            )
        inner = steps_of(step.transformer_, name) if reads_sequences else [(name, step)]
        models += [convert_step(*each, ["transform"]) for each in inner]
    return models


def convert_steps_after(steps):
    """Return the models of the steps that read encodings."""
    *between, last = steps
    return [*(convert_step(*step, ["transform"]) for step in between), convert_step(*last)]


class PipelineGraph(Graph):
    """A graph whose network reads `x` as transformed by other steps, and whose encodings further steps read."""

    def __init__(self, before, requested):
        super().__init__()
        self._before, self._requested, self._encodings = before, requested, None

    def input(self, name, dtype, shape, meaning=""):
        """Add an input of the graph and return it, `x` as the network reads it."""
        if name != "x" or not self._before:
            return super().input(name, dtype, shape, meaning)
        width = self._before[0].n_features
        rows = x = super().input(name, dtype, [*shape[:-1], width], meaning)
        if len(shape) == 3:
            x = self("Transpose", x, perm=[1, 0, 2])
            rows = self("Reshape", zero_padding(self, x, "lengths", size(self, x, 0)), [-1, width])
        for model in self._before:
            (rows,) = add_step(self, model, rows)
        rows = self.cast(rows, dtype)
        if len(shape) < 3:
            return rows
        shape = self("Concat", self("Shape", x, start=0, end=2), [shape[-1]], axis=0)
        return self("Transpose", self("Reshape", rows, shape), perm=[1, 0, 2])

    def output(self, name, value, dtype, shape, meaning=""):
        """Make a value an output of the graph, if it is requested."""
        if name == "encodings":
            self._encodings = value
        if name in self._requested:
            super().output(name, value, dtype, shape, meaning)

    def add_steps_after(self, models):
        """Add the requested outputs of the last of the steps that read encodings."""
        (*between, last), rows = models, self._encodings
        names = [name for name in last.outputs if name in self._requested]
        if not names:
            return
        for model in between:
            (rows,) = add_step(self, model, rows)
        for name, value in zip(names, add_step(self, last, rows, names), strict=True):
            output = last.outputs[name]
            value = value if output.dtype is object else self.cast(value, output.dtype)
            self.output(name, value, output.dtype, ["N", *output.shape], f"the output of {output.method}")

    def add_model(self, model, x):
        """Add the nodes of a model for its input x and return its outputs."""
        model = self._onnx.compose.add_prefix(model, self._name("step") + "_")
        (x_inside,) = model.graph.input
        self._nodes.append(self._onnx.helper.make_node("Identity", [x], [x_inside.name], self._name("node")))
        self._nodes.extend(model.graph.node)
        self._constants.extend(model.graph.initializer)
        self._domains.update(opset.domain for opset in model.opset_import)
        return [each.name for each in model.graph.output]
