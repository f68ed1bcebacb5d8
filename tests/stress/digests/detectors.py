"""Configurations of `SequenceOutlierDetector`."""

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector
from skseqae.model_selection import LengthStratifiedKFold
from skseqae.preprocessing import PerTimestep
from tests.stress.digests.data import NEW, X, as_frame
from tests.stress.digests.digest import digest_detector, digest_outputs, digest_state
from tests.stress.digests.estimators import autoencoder, pickle_and_load, save_and_load
from tests.stress.digests.registry import configuration, configurations

DETECTORS = {
    "small": SequenceOutlierDetector(autoencoder()),
    "contamination": SequenceOutlierDetector(autoencoder(cell="gru"), contamination=0.2),
    "cv": SequenceOutlierDetector(autoencoder(), cv=3),
    "cv_contamination": SequenceOutlierDetector(autoencoder(objective="prediction"), cv=2, contamination=0.3),
    "length_stratified": SequenceOutlierDetector(autoencoder(), cv=LengthStratifiedKFold(3)),
    "almost_default": SequenceOutlierDetector(LSTMAutoencoderTransformer(epochs=5, random_state=0)),
    "pipeline": SequenceOutlierDetector(make_pipeline(PerTimestep(StandardScaler()), autoencoder())),
}


@configurations("detector_", DETECTORS)
def digest_small_detector(detector):
    return digest_detector(detector, X, NEW)


@configuration
def detector_frozen():
    fitted = autoencoder(objective="composite").fit(X)
    found = digest_detector(SequenceOutlierDetector(FrozenEstimator(fitted)), X, NEW)
    return found | digest_state(fitted, "estimator.")


@configuration
def detector_file_and_pickle():
    fitted = SequenceOutlierDetector(autoencoder(), contamination=0.1).fit(as_frame(X))
    found = digest_outputs(fitted, as_frame(X)[2:8]) | digest_state(fitted.estimator_, "estimator.")
    loaded = save_and_load(fitted)
    found |= digest_outputs(loaded, as_frame(X)[2:8], prefix="file.")
    found |= digest_state(loaded.estimator_, "file.estimator.")
    return found | digest_outputs(pickle_and_load(fitted), as_frame(X)[2:8], prefix="pickle.")
