"""What shapes a network; kept on a fitted estimator, and so free of Keras."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """All that decides which weights there are and what is computed from them."""

    n_features: int
    latent_dim: int
    units: tuple[int, ...]
    cell: str = "lstm"
    activation: str = "tanh"
    bidirectional: bool = False
    dropout: float = 0.0
    heads: tuple[str, ...] = ("reconstruction",)
    decoder: str | Callable = "repeat"
    n_timesteps: tuple[int, ...] = ()  # of each head, where the decoder is a function
    output_activation: str = "linear"
    reverse: bool = False  # whether reconstructions are said last timestep first
