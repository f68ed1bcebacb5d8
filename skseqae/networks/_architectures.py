"""What determines a network: plain records, which are kept on fitted estimators and in files.

Every architecture has decoders (`heads`), the width of each decoder's target (`width`), the value that a decoder with
teacher forcing reads in place of a target before the first (`first_previous`, None without teacher forcing), and the
parts that are not trained (`frozen`).
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

from ._cells import CELLS
from ._statistics import SIZES, n_statistics

ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear")
# the names that estimators and files accept, by parameter and field: of all recurrent networks, and of autoencoders
RECURRENT_OPTIONS = {"cell": tuple(CELLS), "activation": ACTIVATIONS}
AUTOENCODER_OPTIONS = RECURRENT_OPTIONS | {"decoder": ("repeat", "conditional")}
STATISTICS = tuple(SIZES)


class BaseArchitecture:
    """What all architectures share."""

    decoder = None  # a custom decoder is a function
    first_previous = None
    frozen = ()
    is_tabular = False  # whether samples are rows, which the training network reads as sequences of one timestep

    @property
    def shape(self):
        """All fields that trained weights depend on: a dict."""
        names = (field.name for field in fields(self))
        return {name: getattr(self, name) for name in names if name not in ("dropout", "noise", "frozen", "readout")}


@dataclass(frozen=True)
class Architecture(BaseArchitecture):
    """A recurrent autoencoder, or a recurrent encoder with a label for each sequence."""

    n_features: int  # 1 for tokens
    latent_dim: int  # width of the vector that the decoders read
    units: tuple[int, ...]
    cell: str = "lstm"
    activation: str = "tanh"
    bidirectional: bool = False
    dropout: float = 0.0
    heads: tuple[str, ...] = ("reconstruction",)
    head_features: tuple[int, ...] = ()  # of each head's target, 1 for labels; empty: all have n_features
    decoder: str | Callable = "repeat"
    n_timesteps: tuple[int, ...] = ()  # of each head, for a custom decoder
    output_activation: str = "linear"
    reverse: bool = False  # whether sequences are reconstructed in reverse order of time
    pooling: tuple[str, ...] = ()  # statistics that encodings are made of; empty: the latent vector is the encoding
    n_encodings: int | None = None  # columns of a linear map of the statistics; None: there is no map
    differences: bool = False  # whether a second encoder reads the first differences
    patch_size: int = 1  # timesteps that are read as one
    time_features: bool = False  # whether the decoders read the position in the sequence
    # whether predictions or logits are a linear map of encodings; their decoder is then for training alone
    readout: bool = False
    n_tokens: int | None = None  # tokens are numbered from 0; None: x holds real numbers
    n_classes: int | None = None  # of labels; None: there is no head "label"
    frozen: tuple[str, ...] = ()

    @property
    def encoding_width(self):
        """Number of columns of encodings."""
        return (self.n_encodings or n_statistics(self.pooling, self.hidden_width)) if self.pooling else self.latent_dim

    def width(self, head):
        """Return the number of features that a decoder outputs."""
        return dict(zip(self.heads, self.head_features, strict=True))[head] if self.head_features else self.n_features

    @property
    def first_previous(self):
        """Zeros (in scaled units) precede the first timestep of a conditional decoder."""
        return 0.0 if self.decoder == "conditional" else None

    @property
    def hidden_width(self):
        """Number of hidden states of the top layer, of all directions and of both encoders."""
        return self.units[-1] * (1 + self.bidirectional) * (1 + self.differences)

    @property
    def readout_width(self):
        """Number of columns of the linear map of encodings."""
        return self.n_classes or self.width("prediction")


@dataclass(frozen=True)
class Seq2SeqArchitecture(BaseArchitecture):
    """A recurrent encoder, and a decoder of sequences of labels that starts from the encoder's state."""

    n_features: int  # 1 for tokens
    n_tokens: int | None  # tokens are numbered from 0; None: x holds real numbers
    n_classes: int
    units: tuple[int, ...]
    cell: str = "lstm"
    activation: str = "tanh"
    bidirectional: bool = False
    dropout: float = 0.0
    heads: tuple[str, ...] = ("sequence",)
    has_end: bool = False  # whether an end token, which is one more class, ends each sequence of labels
    frozen: tuple[str, ...] = ()
    differences: bool = False  # whether a second encoder reads the first differences
    patch_size: int = 1  # timesteps that are read as one

    def width(self, head):
        """Return 1: the target is the index of a class."""
        return 1

    @property
    def first_previous(self):
        """A start token precedes the first label."""
        return float(self.n_classes)

    @property
    def n_outputs(self):
        """Number of classes, and one more for the end token."""
        return self.n_classes + self.has_end

    @property
    def n_states(self):
        """Number of parts of a layer's state; `networks._cells` names them."""
        return len(CELLS[self.cell].states)

    @property
    def state_units(self):
        """Width of each layer's state, of all directions and of both encoders."""
        return tuple(units * (1 + self.bidirectional) * (1 + self.differences) for units in self.units)


@dataclass(frozen=True)
class DenseArchitecture(BaseArchitecture):
    """A feed-forward autoencoder."""

    n_features: int
    latent_dim: int
    hidden_layer_sizes: tuple[int, ...]
    activation: str = "relu"
    latent_activation: str = "linear"
    noise: float = 0.0
    output_activation: str = "linear"
    heads = ("reconstruction",)
    is_tabular = True

    @property
    def encoding_width(self):
        """Number of columns of encodings."""
        return self.latent_dim

    def width(self, head):
        """Return the number of features, all of which are reconstructed."""
        return self.n_features
