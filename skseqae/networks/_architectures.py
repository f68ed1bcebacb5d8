"""What shapes a network; kept on a fitted estimator, and so free of Keras.

Every kind says which decoders there are (`heads`), how wide the target of each is (`width`), what the first step of a
decoder that is taught by its target reads in the place of one (`first_previous`, None where it is not taught so) and
which parts are not trained (`frozen`).
"""

from collections.abc import Callable
from dataclasses import dataclass, fields


class Shaped:
    """What all kinds have, and how one is compared with that of the weights to go on from."""

    decoder = None  # but for a function of the user's
    first_previous = None
    frozen = ()

    @property
    def shape(self):
        """All but what acts on training alone."""
        names = (field.name for field in fields(self))
        return {name: getattr(self, name) for name in names if name not in ("dropout", "noise", "frozen")}


@dataclass(frozen=True)
class Architecture(Shaped):
    """A recurrent autoencoder: all that decides which weights there are and what is computed from them."""

    n_features: int
    latent_dim: int
    units: tuple[int, ...]
    cell: str = "lstm"
    activation: str = "tanh"
    bidirectional: bool = False
    dropout: float = 0.0
    heads: tuple[str, ...] = ("reconstruction",)
    head_features: tuple[int, ...] = ()  # of each head; empty: all have n_features
    decoder: str | Callable = "repeat"
    n_timesteps: tuple[int, ...] = ()  # of each head, where the decoder is a function
    output_activation: str = "linear"
    reverse: bool = False  # whether reconstructions are said last timestep first

    def width(self, head):
        """Return the number of features that a decoder says."""
        return dict(zip(self.heads, self.head_features, strict=True))[head] if self.head_features else self.n_features

    @property
    def first_previous(self):
        """Zeros (in scaled units) stand before the first step of a conditional decoder."""
        return 0.0 if self.decoder == "conditional" else None


@dataclass(frozen=True)
class Seq2SeqArchitecture(Shaped):
    """A recurrent encoder, and a decoder of labels that starts from the encoder's state."""

    n_features: int  # 1 for symbols
    n_tokens: int | None  # numbered from 0; None: x is of real numbers
    n_classes: int
    units: tuple[int, ...]
    cell: str = "lstm"
    activation: str = "tanh"
    bidirectional: bool = False
    dropout: float = 0.0
    heads: tuple[str, ...] = ("label",)  # or ("sequence",)
    has_end: bool = False  # whether label sequences say where they end, as one class more
    frozen: tuple[str, ...] = ()

    def width(self, head):
        """Return 1: the target is the number of a class."""
        return 1

    @property
    def first_previous(self):
        """A number of its own stands before the first label."""
        return float(self.n_classes) if self.heads == ("sequence",) else None

    @property
    def n_outputs(self):
        """Classes, and the end where that is said."""
        return self.n_classes + self.has_end

    @property
    def n_states(self):
        """Parts of a layer's state: h, and c in an LSTM."""
        return 2 if self.cell == "lstm" else 1

    @property
    def state_units(self):
        """Width of each layer's state, both directions together."""
        return tuple(units * (2 if self.bidirectional else 1) for units in self.units)


@dataclass(frozen=True)
class DenseArchitecture(Shaped):
    """A feed-forward autoencoder, which takes each row for a sequence of one timestep."""

    n_features: int
    latent_dim: int
    hidden_layer_sizes: tuple[int, ...]
    activation: str = "relu"
    latent_activation: str = "linear"
    noise: float = 0.0
    output_activation: str = "linear"
    heads = ("reconstruction",)

    def width(self, head):
        """Return the number of features, all of which are said again."""
        return self.n_features
