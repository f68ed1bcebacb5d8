"""LSTM sequence autoencoders for scikit-learn.

Estimators
    LSTMAutoencoderTransformer     encodings of variable-length sequences
    CompositeSequenceRegressor     reconstruct a sequence and predict values or sequences from one encoding
    Seq2SeqClassifier              one label, or a sequence of labels, for each sequence
    DenseAutoencoderTransformer    encodings of rows of equal length
    SequenceOutlierDetector        outliers by their distance from the training set

Data and files
    Sequences                      the container of variable-length sequences
    Windows                        windows of long sequences, which Sequences.windows returns
    save, load                     files of fitted estimators, which run no code
    export_onnx                    files for ONNX Runtime
    config_context                 the hardware on which methods compute

Sub-packages
    preprocessing                  transformers of sequences: PerTimestep, Resampler, SequencePadder
    model_selection                splitters and scorers for sequences
    display                        plots of losses, reconstructions, encodings, errors and networks
    datasets                       a data set and generators
"""

from importlib import import_module

from ._version import __version__
from .data._sequences import Sequences, Windows
from .estimators._autoencoder import LSTMAutoencoderTransformer
from .estimators._composite import CompositeSequenceRegressor
from .estimators._dense import DenseAutoencoderTransformer
from .estimators._outlier import SequenceOutlierDetector
from .estimators._seq2seq import Seq2SeqClassifier
from .exceptions import SkseqaeFormatError
from .export._onnx import export_onnx
from .persistence import load, save
from .runtime._config import config_context

_SUBMODULES = ("datasets", "display", "model_selection", "preprocessing")

__all__ = [
    "CompositeSequenceRegressor",
    "DenseAutoencoderTransformer",
    "LSTMAutoencoderTransformer",
    "Seq2SeqClassifier",
    "SequenceOutlierDetector",
    "Sequences",
    "SkseqaeFormatError",
    "Windows",
    "__version__",
    "config_context",
    "export_onnx",
    "load",
    "save",
]


def __getattr__(name):
    """Import a public sub-package at its first use."""
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    """List the public names."""
    return sorted([*__all__, *_SUBMODULES])
