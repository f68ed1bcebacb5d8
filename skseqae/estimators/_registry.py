"""The public estimators by name: the classes that can be saved, loaded and exported."""

from ._autoencoder import LSTMAutoencoderTransformer
from ._composite import CompositeSequenceRegressor
from ._dense import DenseAutoencoderTransformer
from ._outlier import SequenceOutlierDetector
from ._seq2seq import Seq2SeqClassifier

ESTIMATORS = {
    cls.__name__: cls
    for cls in (
        CompositeSequenceRegressor,
        DenseAutoencoderTransformer,
        LSTMAutoencoderTransformer,
        Seq2SeqClassifier,
        SequenceOutlierDetector,
    )
}


def check_registered(estimator, name, advice, allowed=ESTIMATORS):
    """Return the class name of an estimator; raise an error for subclasses and for classes that are not allowed."""
    class_name = type(estimator).__name__
    if allowed.get(class_name) is not type(estimator):
        raise TypeError(
            f"{name} must be one of {sorted(allowed)}, and not of another class or a subclass, got {estimator!r}. "
            f"{advice}"
        )
    return class_name
