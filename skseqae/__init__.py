"""LSTM sequence autoencoders for scikit-learn."""

from ._autoencoder import LSTMAutoencoderTransformer
from ._composite import CompositeSequenceRegressor
from ._dense import DenseAutoencoderTransformer
from ._onnx import export_onnx
from ._outlier import SequenceOutlierDetector
from ._seq2seq import Seq2SeqClassifier
from ._version import __version__
from .data._sequences import Sequences
from .persistence import SkseqaeFormatError, load, save

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
