"""LSTM sequence autoencoders for scikit-learn."""

from ._autoencoder import LSTMAutoencoderTransformer
from ._sequences import Sequences

__all__ = ["LSTMAutoencoderTransformer", "Sequences"]
__version__ = "0.1.0.dev0"
