"""plot_network: the layers of a network as boxes joined by arrows."""

from dataclasses import dataclass

from sklearn.utils.validation import check_is_fitted

from ._axes import _check_ax, _check_matplotlib, _without


def plot_network(estimator, X=None, y=None, *, ax=None):
    """Draw the layers of a network with the shapes that they give.

    Those of `encoder_` and, below it, of `decoder_`, as they are given away: with the scaling inside. B is the number
    of sequences and T that of timesteps, both of which are free. Masks, which every recurrent layer reads, are not
    drawn.

    Parameters
    ----------
    estimator : estimator of this package
    X : sequences of N samples, default=None
        For an estimator that is not fitted, what it would be fitted on, from which the widths of its layers follow.
        Nothing is trained, and the estimator stays as it is.
    y : targets or labels of N samples, default=None
        The same, for an estimator that reads them.
    ax : matplotlib.axes.Axes, default=None
        What to draw on. None: a new figure that is large enough.

    Returns
    -------
    boxes : list of matplotlib.text.Text
        What tells of each layer, top down and left to right.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted, and there is no X.
    TypeError
        If it has no network, or `ax` is no Axes.
    ValueError
        If it is fitted, and there is an X; or if X is not what it could be fitted on.

    See Also
    --------
    keras.Model.summary : The same as plain text, such as `estimator.encoder_.summary()`.
    keras.utils.plot_model : Each tensor, where graphviz is installed.

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
    if not hasattr(estimator, "_untrained"):
        raise TypeError(_without("network", estimator, "plot_network"))
    if X is None:
        check_is_fitted(estimator, msg="%(name)s is not fitted: fit it, or give plot_network the X and y to fit it on.")
    elif hasattr(estimator, "history_"):
        raise ValueError(
            f"{type(estimator).__name__} is fitted, and drawn as it is: leave out X and y, or give a clone of it."
        )
    else:
        estimator = estimator._untrained(X, y)
    _check_matplotlib("plot_network")
    return draw_diagram(estimator, ax if ax is None else _check_ax(ax, plot_network))


ROW, COLUMN = 0.62, 3.8  # inches that a box takes of a figure of our own
MAX_FONT_SIZE = 9
LINE = "0.25"
FILLS = {"input": "#fde3c4", "weights": "#d3e5f5", "plain": "#eeeeee"}


@dataclass(frozen=True)
class Box:
    """A layer: what it is called, what it gives, and which fill it has."""

    text: str
    fill: str


@dataclass(frozen=True)
class Part:
    """An encoder or a decoder: layers in a row, and what else the first of them reads."""

    name: str
    n_weights: int
    boxes: list[Box]
    beside: list[Box]


def draw_diagram(estimator, ax):
    """Draw the encoder of a fitted estimator, and below it its decoders beside one another.

    Parameters
    ----------
    estimator : fitted estimator of this package
    ax : matplotlib.axes.Axes or None
        None: of a new figure that is large enough.

    Returns
    -------
    boxes : list of matplotlib.text.Text
    """
    encoder, *decoders = _parts(estimator)
    widths = [1 + bool(part.beside) for part in decoders]
    columns = [sum(widths[:i]) for i in range(len(widths))]
    middle, below = sum(columns) / len(columns), len(encoder.boxes) + 0.8
    n_rows, n_columns = below + max(len(part.boxes) for part in decoders) + 0.4, sum(widths)
    pen = _Pen(ax or _new_axes(n_rows, n_columns), n_rows, n_columns, [encoder, *decoders])
    texts = pen.draw_part(encoder, middle, 0)
    bend = below - 1
    for part, column in zip(decoders, columns, strict=True):
        texts += pen.draw_part(part, column, below)
        pen.ax.plot([middle, middle, column], [bend - 1 + pen.half, bend, bend], color=LINE, linewidth=1)
        pen.draw_arrow((column, bend), (column, below - pen.half))
    return texts


def _new_axes(n_rows, n_columns):
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(COLUMN * n_columns, ROW * n_rows)).add_axes((0, 0, 1, 1))


class _Pen:
    """Draw in rows and columns, with letters as large as there is room for."""

    def __init__(self, ax, n_rows, n_columns, parts):
        self.ax = ax
        ax.set(xlim=(-0.5, n_columns - 0.5), ylim=(n_rows - 0.8, -0.8))
        ax.axis("off")
        inches = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
        row, self.column = 72 * inches.height / n_rows, 72 * inches.width / n_columns  # in points
        longest = max(_n_letters(box) for part in parts for box in part.boxes)
        # two lines, their box and an arrow in each row, and the longest line in a column
        self.font = min(MAX_FONT_SIZE, row / 4.4, self.column / (0.55 * longest + 4))
        self.half = 1.75 * self.font / row  # of a box's height

    def draw_part(self, part, column, top):
        """Draw a frame around the boxes of an encoder or a decoder."""
        from matplotlib.patches import Rectangle

        width, height = 0.94 + bool(part.beside), len(part.boxes) + 0.3
        frame = {"facecolor": "none", "edgecolor": "0.6", "linestyle": ":"}
        self.ax.add_patch(Rectangle((column - 0.47, top - 0.75), width, height, **frame))
        style = {"fontsize": self.font, "style": "italic", "va": "top", "color": LINE}
        self.ax.text(column - 0.45, top - 0.71, part.name, ha="left", **style)
        self.ax.text(column - 0.49 + width, top - 0.71, f"{part.n_weights:,} weights", ha="right", **style)
        texts = [self.draw_box(box, column, top + row) for row, box in enumerate(part.boxes)]
        for row in range(len(part.boxes) - 1):
            self.draw_arrow((column, top + row + self.half), (column, top + row + 1 - self.half))
        for box in part.beside:
            texts.append(self.draw_box(box, column + 1, top))
            self.draw_arrow((column + 1 - self.half_width(box), top), (column + self.half_width(part.boxes[0]), top))
        return texts

    def draw_box(self, box, x, y):
        """Draw a layer."""
        frame = {"boxstyle": "round,pad=0.4", "facecolor": FILLS[box.fill], "edgecolor": LINE}
        return self.ax.text(x, y, box.text, ha="center", va="center", fontsize=self.font, bbox=frame)

    def draw_arrow(self, start, end):
        """Draw what goes from layer to layer."""
        self.ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": LINE, "shrinkA": 0, "shrinkB": 0})

    def half_width(self, box):
        """Return how far a box goes to each side, in columns."""
        return self.font * (0.28 * _n_letters(box) + 0.6) / self.column


def _n_letters(box):
    return max(len(line) for line in box.text.split("\n"))


def _parts(estimator):
    """Return the encoder, then the decoder of each head."""
    encoder, decoder = estimator.encoder_, estimator.decoder_
    boxes = [_box(layer) for layer in _layers(encoder) if layer.name != "mask"]
    parts = [Part("encoder", encoder.count_params(), boxes, [])]
    for head in estimator._architecture.heads:
        inside = decoder.get_layer(f"{head}_decoder")
        boxes = [_box(layer) for layer in _layers(inside) if not _is_input(layer)]
        boxes += [_box(layer) for layer in decoder.layers if layer.name == head]  # undoes the scaling
        beside = [_box(layer) for layer in inside.layers if layer.name == "previous"]
        parts.append(Part(f"{head} decoder", inside.count_params(), boxes, beside))
    return parts


def _layers(network):
    """Return the layers of a network, in the place of each network inside it those of that."""
    layers = []
    for layer in network.layers:
        inside = _layers(layer) if _is_network(layer) else [layer]
        layers += [each for each in inside if layer is each or not _is_input(each)]
    return layers


def _is_network(layer):
    import keras

    return isinstance(layer, keras.Sequential | keras.Function)


def _is_input(layer):
    return type(layer).__name__ == "InputLayer"


def _box(layer):
    kind = type(layer).__name__
    if kind == "Bidirectional":
        kind = f"Bidirectional {type(layer.forward_layer).__name__}"
    n_weights = layer.count_params()
    fill = "input" if _is_input(layer) else "weights" if n_weights else "plain"
    about = f"{layer.name}: {kind}" + (f", {n_weights:,} weights" if n_weights else "")
    outputs = layer.output if isinstance(layer.output, list | tuple) else [layer.output]
    return Box(f"{about}\n{', '.join(_shape(output.shape) for output in outputs)}", fill)


def _shape(shape):
    return f"({', '.join(str(size or 'BT'[axis]) for axis, size in enumerate(shape))})"
