"""LSTM sequence autoencoders for scikit-learn."""

from ._version import __version__
from .data._sequences import Sequences
from .estimators._autoencoder import LSTMAutoencoderTransformer
from .estimators._composite import CompositeSequenceRegressor
from .estimators._dense import DenseAutoencoderTransformer
from .estimators._outlier import SequenceOutlierDetector
from .estimators._seq2seq import Seq2SeqClassifier
from .export._onnx import export_onnx
from .persistence import SkseqaeFormatError
from .persistence._estimators import load, save

__all__ = [
    "CompositeSequenceRegressor",
    "DenseAutoencoderTransformer",
    "LSTMAutoencoderTransformer",
    "Seq2SeqClassifier",
    "SequenceOutlierDetector",
    "Sequences",
    "SkseqaeFormatError",
    "__version__",
    "export_onnx",
    "load",
    "save",
]
