"""ONNX graphs: nodes, loops, inputs and outputs."""

import numpy as np

# those of ONNX 1.12, which ONNX Runtime has read since its own 1.12
OPSETS = {"": 17, "ai.onnx.ml": 3}
IR_VERSION = 8


class Graph:
    """Nodes, added by calls in the order in which they are computed."""

    def __init__(self):
        import onnx  # not with the package: it takes 0.3 s

        self._onnx = onnx
        self._nodes, self._constants, self._inputs, self._outputs = [], [], [], []
        self._domains, self._n_names = {""}, 0

    def __call__(self, operator, *inputs, **attributes):
        """Add a node and return its output."""
        return self.node(operator, inputs, [True], **attributes)[0]

    def node(self, operator, inputs, required, domain="", **attributes):
        """Add a node and return its outputs, "" in place of those that are not required."""
        outputs = [self._name(operator) if each else "" for each in required]
        inputs = [each if isinstance(each, str) else self._constant(each) for each in inputs]
        make_node = self._onnx.helper.make_node
        self._nodes.append(make_node(operator, inputs, outputs, self._name("node"), domain=domain, **attributes))
        self._domains.add(domain)
        return outputs

    def cast(self, value, dtype):
        """Return a value in another type."""
        return self("Cast", value, to=self._type(dtype))

    def loop(self, n_steps, states, step):
        """Add a loop of at most `n_steps` steps.

        Parameters
        ----------
        n_steps : value
        states : list of values
        step : callable
            Adds one step to the graph: a function of the states that returns whether to continue (None: always), the
            new states, and a list of outputs.

        Returns
        -------
        list of values
            The outputs of all steps, along a new first axis.
        """
        helper, (outside, self._nodes) = self._onnx.helper, (self._nodes, [])
        before = [self._name("before") for _ in range(2 + len(states))]  # step number, condition, states
        condition, after, step_outputs = step(before[2:])
        after = [condition or self("Identity", before[1]), *after, *step_outputs]
        inputs, outputs = ([helper.make_empty_tensor_value_info(name) for name in names] for names in (before, after))
        inputs[:2] = [self._describe(name, kind, []) for name, kind in zip(before, (np.int64, bool), strict=False)]
        body = helper.make_graph(self._nodes, self._name("step"), inputs, outputs)
        self._nodes = outside
        required = [True] * (len(states) + len(step_outputs))
        return self.node("Loop", [n_steps, True, *states], required, body=body)[len(states) :]

    def input(self, name, dtype, shape, meaning=""):
        """Add an input of the graph and return it."""
        self._inputs.append(self._describe(name, dtype, shape, meaning))
        return name

    def output(self, name, value, dtype, shape, meaning=""):
        """Make a value an output of the graph, under this name."""
        self._nodes.append(self._onnx.helper.make_node("Identity", [value], [name], self._name("node")))
        self._outputs.append(self._describe(name, dtype, shape, meaning))

    def model(self, name, version="", metadata=None):
        """Return the bytes of a file with this graph, checked; `metadata` is a dict of strings."""
        helper = self._onnx.helper
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._constants)
        opsets = [helper.make_opsetid(domain, OPSETS[domain]) for domain in sorted(self._domains)]
        origin = {"producer_name": "skseqae", "producer_version": version}
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, **origin)
        helper.set_model_props(model, metadata or {})
        self._onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)

    def _name(self, kind):
        self._n_names += 1
        return f"{kind}_{self._n_names}"

    def _constant(self, value):
        value, name = np.asarray(value), self._name("constant")
        self._constants.append(self._onnx.numpy_helper.from_array(value, name))
        return name

    def _describe(self, name, dtype, shape, meaning=""):
        return self._onnx.helper.make_tensor_value_info(name, self._type(dtype), shape, meaning)

    def _type(self, dtype):
        return self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
