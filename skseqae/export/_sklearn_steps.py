"""Steps of scikit-learn as ONNX models, made by skl2onnx and compared with the steps themselves."""

import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np
from sklearn.base import is_classifier, is_regressor

from ..networks.onnx_backend._graph import OPSETS
from ..runtime._optional_imports import import_optional
from ._outputs import TENSOR_TYPES

OUTPUTS_OF = {
    "predict": "labels",
    "predict_proba": "probabilities",
    "decision_function": "decision_function",
    "transform": "transformed",
}


@dataclass(frozen=True)
class Output:
    """The output of a method: where the model has it, its shape without the samples, and its type in the file."""

    method: str
    index: int
    column: int | None  # None: all
    shape: tuple
    dtype: type


@dataclass(frozen=True)
class StepModel:
    """An ONNX model of a step, with one input (N, n_features)."""

    model: object
    dtype: type  # of the input
    n_features: int
    outputs: dict  # name: Output


# of rows on which a step is compared: some accept positive numbers, integers or few categories only
KINDS = (np.asarray, np.abs, np.rint, np.ones_like)


def convert_step(name, step, methods=tuple(OUTPUTS_OF)):
    """Return the model of a fitted step, with the outputs of those methods that it computes as the step does.

    The model computes in float64 if possible. A step without such outputs is refused.
    """
    to_onnx = import_optional("skl2onnx", "export").to_onnx
    methods = [method for method in methods if hasattr(step, method)]
    best, reason = StepModel(None, None, 0, {}), None
    all_options = [{id(step): {"zipmap": False}}, None] if is_classifier(step) else [None]
    for kind in KINDS:
        for dtype, options in product([np.float64, np.float32], all_options):
            try:
                with warnings.catch_warnings(action="ignore"):
                    rows, expected = _call(step, methods, kind)
                    rows = rows.astype(dtype)
                    model = to_onnx(step, rows, options=options, target_opset=OPSETS)
                    outputs = _find_outputs(step, expected, _run(model, rows))
            except Exception as error:  # converters and ONNX Runtime raise any class
                reason = reason or str(error).strip().split("\n")[0][:300]
                continue
            reason = "the model that skl2onnx makes of it computes something else."
            if len(outputs) > len(best.outputs):
                best = StepModel(model, dtype, rows.shape[1], outputs)
            if len(outputs) == len(methods):
                break
        if best.outputs:
            return best
    raise ValueError(f"Step {name!r}, {type(step).__name__}, cannot be exported: {reason}")


def _call(step, methods, kind):
    """Return rows of a kind, small and large, and the outputs of the methods for them."""
    rows = np.random.default_rng(0).normal(size=(50, step.n_features_in_)) * np.geomspace(0.01, 10, 50)[:, None]
    rows = kind(rows.astype(np.float32))
    try:
        expected = {method: getattr(step, method)(rows) for method in methods}
    except ValueError:  # some accept the type of their training data only
        expected = {method: getattr(step, method)(rows.astype(np.float64)) for method in methods}
    return rows, {method: _as_array(values) for method, values in expected.items()}


def _as_array(values):
    values = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
    return np.array(values.tolist()) if values.dtype == object else values


def _run(model, rows):
    """Return the outputs of a model."""
    import onnxruntime  # not with the package: it takes 0.2 s

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # failures are raised
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [np.asarray(each) for each in session.run(None, {model.graph.input[0].name: rows})]


def _find_outputs(step, expected, computed):
    """Return the outputs of those methods whose values a model computes, by name."""
    outputs = {}
    for method, values in expected.items():
        # of two columns for two classes, decision_function returns one
        columns = [(i, j) for i, each in enumerate(computed) for j in range(each.shape[1] if each.ndim == 2 else 0)]
        places = [(i, None) for i in range(len(computed))] + columns * (values.ndim == 1)
        for i, column in places:
            if _is_equal(computed[i] if column is None else computed[i][:, column], values):
                name = "prediction" if method == "predict" and is_regressor(step) else OUTPUTS_OF[method]
                dtype = TENSOR_TYPES[values.dtype.kind] if name == "labels" else np.float32
                outputs[name] = Output(method, i, column, values.shape[1:], dtype)
                break
    return outputs


def _is_equal(computed, values):
    if computed.size != values.size:
        return False
    computed = computed.reshape(values.shape)
    if values.dtype.kind != "f" or computed.dtype == object:
        return np.array_equal(computed, values)
    return np.allclose(computed, values, rtol=1e-5, atol=1e-5 * max(1, abs(values).max()))


def add_step(graph, step_model, x, names=("transformed",)):
    """Add the nodes of a step for x (N, F) to a graph, and return the values of the named outputs."""
    values = graph.add_model(step_model.model, graph.cast(x, step_model.dtype))
    return [_add_output(graph, values, step_model.outputs[name]) for name in names]


def _add_output(graph, values, output):
    value = values[output.index]
    if output.column is not None:
        value = graph("Gather", value, output.column, axis=1)
    return graph("Reshape", value, np.array([-1, *output.shape]))
