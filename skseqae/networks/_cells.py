"""Recurrent cells: one record of each, which all backends, weight shapes and file rules interpret.

The equations are in `keras_backend._cells`, with their gradient; ONNX has an operator for each.
"""

from typing import NamedTuple


class CellRecord(NamedTuple):
    """The properties of a recurrent cell, without its equations.

    Attributes
    ----------
    gates : tuple of str
        The gates, in the order in which Keras keeps their weights.
    states : tuple of str
        The parts of the state. The first is the output.
    is_summed : bool
        Whether a gate sees the projected input and the recurrent product as one sum, so that one bias is enough.
        Otherwise the recurrent product has a bias of its own: the bias has two rows.
    initial_bias : tuple of float
        The initial bias of each gate.
    keras_layer : str
        The layer of `keras.layers` with the same weights.
    onnx_operator : str
        The operator of ONNX with the same equations.
    onnx_gates : tuple of str
        The gates, in the order in which ONNX keeps their weights.
    onnx_activations : tuple of str
        The activations that ONNX asks for; "activation" stands for that of the layer.
    onnx_attributes : tuple of (str, int)
        Further attributes of the operator.
    onnx_is_exact : bool
        Whether the operator of ONNX Runtime computes a row as in any other batch, and zeros for empty sequences.
        Otherwise further nodes ensure both.
    """

    gates: tuple[str, ...]
    states: tuple[str, ...]
    is_summed: bool
    initial_bias: tuple[float, ...]
    keras_layer: str
    onnx_operator: str
    onnx_gates: tuple[str, ...]
    onnx_activations: tuple[str, ...]
    onnx_attributes: tuple[tuple[str, int], ...] = ()
    onnx_is_exact: bool = True

    def weight_shapes(self, input_width, units):
        """Return the shapes of kernel, recurrent kernel and bias of one direction of a layer."""
        width = len(self.gates) * units
        return [(input_width, width), (units, width), (width,) if self.is_summed else (2, width)]


CELLS = {
    # Hochreiter and Schmidhuber (1997), doi:10.1162/neco.1997.9.8.1735; the forget gate's bias as in Jozefowicz et al.
    # (2015), PMLR 37:2342
    "lstm": CellRecord(
        gates=("input", "forget", "candidate", "output"),
        states=("h", "c"),
        is_summed=True,
        initial_bias=(0.0, 1.0, 0.0, 0.0),
        keras_layer="LSTM",
        onnx_operator="LSTM",
        onnx_gates=("input", "output", "forget", "candidate"),
        onnx_activations=("sigmoid", "activation", "activation"),
    ),
    # Cho et al. (2014), arXiv:1406.1078, in the variant that resets after the product
    "gru": CellRecord(
        gates=("update", "reset", "candidate"),
        states=("h",),
        is_summed=False,
        initial_bias=(0.0, 0.0, 0.0),
        keras_layer="GRU",
        onnx_operator="GRU",
        onnx_gates=("update", "reset", "candidate"),
        onnx_activations=("sigmoid", "activation"),
        onnx_attributes=(("linear_before_reset", 1),),
    ),
    # Elman (1990), doi:10.1207/s15516709cog1402_1
    "rnn": CellRecord(
        gates=("candidate",),
        states=("h",),
        is_summed=True,
        initial_bias=(0.0,),
        keras_layer="SimpleRNN",
        onnx_operator="RNN",
        onnx_gates=("candidate",),
        onnx_activations=("activation",),
        onnx_is_exact=False,
    ),
}
