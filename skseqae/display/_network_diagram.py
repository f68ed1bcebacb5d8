"""plot_network: the layers of a network as boxes joined by arrows."""

from dataclasses import dataclass

from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from ..mixins._inspection import has_network, make_untrained
from ..mixins._pipelines import split_at_network
from ._axes import _check_ax, _check_matplotlib


def plot_network(estimator, X=None, y=None, *, ax=None):
    """Plot the layers of an estimator's network with their output shapes.

    The diagram shows `encoder_` and, below it, `decoder_`. These Keras models include the scaling. In a shape, B is the
    number of samples and T is the number of timesteps; both are variable. The masks, which every recurrent layer
    receives, are not drawn.

    Parameters
    ----------
    estimator : estimator of this package, or pipeline with one
    X : sequences of shape (n_samples,), default=None
        For an unfitted estimator, the X to fit it on, which determines the widths of the layers. Nothing is trained,
        and the estimator is not modified. Of a pipeline, clones of the steps before the network are fitted.
    y : targets or labels of shape (n_samples,), default=None
        For an unfitted estimator that requires y, the y to fit it on.
    ax : matplotlib.axes.Axes, default=None
        Axes to draw on. If None, a new figure is created that is large enough.

    Returns
    -------
    boxes : list of matplotlib.text.Text
        One box per layer, from top to bottom and from left to right.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted and X is None.
    TypeError
        If the estimator has no network, or `ax` is not a matplotlib Axes.
    ValueError
        If the estimator is fitted and X is not None, or if the estimator cannot be fitted on X.

    See Also
    --------
    keras.Model.summary : A table of the layers, for example by `estimator.encoder_.summary()`.
    keras.utils.plot_model : A graph of all tensors; it requires graphviz.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skseqae import LSTMAutoencoderTransformer
    >>> from skseqae.datasets import make_waves
    >>> from skseqae.display import plot_network
    >>> X, y = make_waves(40, random_state=0)
    >>> boxes = plot_network(LSTMAutoencoderTransformer(units=(16, 8), bidirectional=True), X)
    >>> plt.close(boxes[0].figure)
    """
    step, before = split_at_network(estimator)
    if not has_network(step):
        raise TypeError(
            f"{type(estimator).__name__} has no network, which plot_network draws. Expected an estimator of skseqae or "
            "a pipeline with one: for a search or a detector, pass the estimator inside it."
        )
    estimator = step
    if X is None:
        check_is_fitted(estimator, msg="%(name)s is not fitted: fit it, or pass plot_network the X and y to fit it on.")
    elif hasattr(estimator, "history_"):
        raise ValueError(
            f"{type(estimator).__name__} is fitted, so its trained network is drawn: omit X and y, or pass a clone."
        )
    else:
        for steps in before:
            X = clone(steps).fit_transform(X, y)
        estimator = make_untrained(estimator, X, y)
    _check_matplotlib("plot_network")
    return draw_diagram(estimator, ax if ax is None else _check_ax(ax, plot_network))


ROW_HEIGHT, COLUMN_WIDTH = 0.62, 3.8  # in inches, of a new figure
MAX_FONT_SIZE = 9
LINE_COLOUR = "0.25"
FILLS = {"input": "#fde3c4", "weights": "#d3e5f5", "plain": "#eeeeee"}


@dataclass(frozen=True)
class Box:
    """A layer: its name, type and output shape as text, and the key of its fill colour."""

    text: str
    fill: str


@dataclass(frozen=True)
class Part:
    """An encoder or a decoder: consecutive layers, and the further inputs of the first layer."""

    name: str
    n_weights: int
    boxes: list[Box]
    further_inputs: list[Box]


def draw_diagram(estimator, ax):
    """Draw the encoder of a fitted estimator and, below it, its decoders side by side.

    Parameters
    ----------
    estimator : fitted estimator of this package
    ax : matplotlib.axes.Axes or None
        Axes to draw on. If None, a new figure is created that is large enough.

    Returns
    -------
    boxes : list of matplotlib.text.Text
    """
    encoder, *decoders = _parts(estimator)
    widths = [1 + bool(part.further_inputs) for part in decoders]
    columns = [sum(widths[:i]) for i in range(len(widths))]
    middle, below = sum(columns) / len(columns), len(encoder.boxes) + 0.8
    n_rows, n_columns = below + max(len(part.boxes) for part in decoders) + 0.4, sum(widths)
    canvas = _Canvas(ax or _new_axes(n_rows, n_columns), n_rows, n_columns, [encoder, *decoders])
    texts = canvas.draw_part(encoder, middle, 0)
    bend = below - 1
    for part, column in zip(decoders, columns, strict=True):
        texts += canvas.draw_part(part, column, below)
        corner_rows = [bend - 1 + canvas.half_height, bend, bend]
        canvas.ax.plot([middle, middle, column], corner_rows, color=LINE_COLOUR, linewidth=1)
        canvas.draw_arrow((column, bend), (column, below - canvas.half_height))
    return texts


def _new_axes(n_rows, n_columns):
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(COLUMN_WIDTH * n_columns, ROW_HEIGHT * n_rows)).add_axes((0, 0, 1, 1))


class _Canvas:
    """Axes with rows and columns for boxes, and the largest font size at which the boxes fit."""

    def __init__(self, ax, n_rows, n_columns, parts):
        self.ax = ax
        ax.set(xlim=(-0.5, n_columns - 0.5), ylim=(n_rows - 0.8, -0.8))
        ax.axis("off")
        inches = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
        row, self.column = 72 * inches.height / n_rows, 72 * inches.width / n_columns  # in points
        longest = max(_line_length(box) for part in parts for box in part.boxes)
        # A row must fit two lines of text, the frame and an arrow; a column must fit the longest line.
        self.font_size = min(MAX_FONT_SIZE, row / 4.4, self.column / (0.55 * longest + 4))
        self.half_height = 1.75 * self.font_size / row  # of a box, in rows

    def draw_part(self, part, column, top):
        """Draw the boxes of an encoder or a decoder, and a frame around them."""
        from matplotlib.patches import Rectangle

        width, height = 0.94 + bool(part.further_inputs), len(part.boxes) + 0.3
        frame = {"facecolor": "none", "edgecolor": "0.6", "linestyle": ":"}
        self.ax.add_patch(Rectangle((column - 0.47, top - 0.75), width, height, **frame))
        style = {"fontsize": self.font_size, "style": "italic", "va": "top", "color": LINE_COLOUR}
        self.ax.text(column - 0.45, top - 0.71, part.name, ha="left", **style)
        self.ax.text(column - 0.49 + width, top - 0.71, f"{part.n_weights:,} weights", ha="right", **style)
        texts = [self.draw_box(box, column, top + row) for row, box in enumerate(part.boxes)]
        for row in range(len(part.boxes) - 1):
            self.draw_arrow((column, top + row + self.half_height), (column, top + row + 1 - self.half_height))
        for box in part.further_inputs:
            texts.append(self.draw_box(box, column + 1, top))
            self.draw_arrow((column + 1 - self.half_width(box), top), (column + self.half_width(part.boxes[0]), top))
        return texts

    def draw_box(self, box, x, y):
        """Draw the box of a layer."""
        frame = {"boxstyle": "round,pad=0.4", "facecolor": FILLS[box.fill], "edgecolor": LINE_COLOUR}
        return self.ax.text(x, y, box.text, ha="center", va="center", fontsize=self.font_size, bbox=frame)

    def draw_arrow(self, start, end):
        """Draw an arrow between two boxes."""
        style = {"arrowstyle": "->", "color": LINE_COLOUR, "shrinkA": 0, "shrinkB": 0}
        self.ax.annotate("", end, start, arrowprops=style)

    def half_width(self, box):
        """Return half of the width of a box, in columns."""
        return self.font_size * (0.28 * _line_length(box) + 0.6) / self.column


def _line_length(box):
    """Return the number of characters of the longest line."""
    return max(len(line) for line in box.text.split("\n"))


def _parts(estimator):
    """Return the encoder and the decoder of each head as a list of `Part`."""
    encoder, decoder = estimator.encoder_, estimator.decoder_
    boxes = [_box(layer) for layer in _layers(encoder) if layer.name != "mask"]
    parts = [Part("encoder", encoder.count_params(), boxes, [])]
    for head in _heads(decoder):
        network = next((layer for layer in decoder.layers if layer.name == f"{head}_decoder"), None)
        if network is None:  # a readout: a linear layer, and perhaps the scaling
            layers = [layer for layer in decoder.layers if layer.name in ("readout", head)]
            n_weights = sum(layer.count_params() for layer in layers)
            parts.append(Part(head, n_weights, [_box(layer) for layer in layers], []))
            continue
        maps = [layer for layer in decoder.layers if layer.name == "inverse"]  # from encodings to latent vectors
        boxes = [_box(layer) for layer in (*maps, *_layers(network)) if not _is_input(layer)]
        boxes += [_box(layer) for layer in decoder.layers if layer.name == head]  # inverts the scaling
        further_inputs = [_box(layer) for layer in network.layers if layer.name == "previous"]
        n_weights = sum(layer.count_params() for layer in (*maps, network))
        parts.append(Part(f"{head} decoder", n_weights, boxes, further_inputs))
    return parts


def _heads(decoder):
    """Return the heads of a Keras decoder: the names of its outputs, or of its only nested decoder, or one label."""
    if isinstance(decoder.output, dict):
        return list(decoder.output)
    nested = [layer.name.removesuffix("_decoder") for layer in decoder.layers if layer.name.endswith("_decoder")]
    return nested or ["label"]


def _layers(network):
    """Return the layers of a network, with each nested network replaced by its layers, except its inputs."""
    layers = []
    for layer in network.layers:
        if _is_network(layer):
            layers += [nested for nested in _layers(layer) if not _is_input(nested)]
        else:
            layers.append(layer)
    return layers


def _is_network(layer):
    import keras

    return isinstance(layer, keras.Sequential | keras.Function)


def _is_input(layer):
    return type(layer).__name__ == "InputLayer"


def _box(layer):
    layer_type = type(layer).__name__
    if layer_type == "Bidirectional":
        layer_type = f"Bidirectional {type(layer.forward_layer).__name__}"
    n_weights = layer.count_params()
    fill = "input" if _is_input(layer) else "weights" if n_weights else "plain"
    description = f"{layer.name}: {layer_type}" + (f", {n_weights:,} weights" if n_weights else "")
    outputs = layer.output if isinstance(layer.output, list | tuple) else [layer.output]
    return Box(f"{description}\n{', '.join(_shape(output.shape) for output in outputs)}", fill)


def _shape(shape):
    return f"({', '.join(str(size or 'BT'[axis]) for axis, size in enumerate(shape))})"
