"""Fixtures of the display tests: fitted estimators, and figures without a screen."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from examples.tutorial_parameters import LAST_STATE, WHOLE_SEQUENCES
from skseqae import DenseAutoencoderTransformer, LSTMAutoencoderTransformer
from skseqae.preprocessing import PerTimestep
from tests.display.samples import ROWS, X
from tests.support.estimators import quick


@pytest.fixture(autouse=True)
def canvas():
    """Draw without a screen; close all figures and restore the backend afterwards."""
    backend = matplotlib.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


@pytest.fixture(scope="session")
def autoencoder():
    """An autoencoder with a history whose lowest validation loss is in epochs 2 and 4."""
    parameters = {"latent_dim": 3, "epochs": 4, "early_stopping": True, "validation_fraction": 0.3}
    fitted = quick(LSTMAutoencoderTransformer, **LAST_STATE | WHOLE_SEQUENCES | parameters).fit(X)
    fitted.history_["val_loss"] = [0.9, 0.5, 0.7, 0.5]
    return fitted


@pytest.fixture(scope="session")
def sentinel_autoencoder():
    """An autoencoder with a padding value and without a validation set."""
    return quick(LSTMAutoencoderTransformer, latent_dim=3, units=3, padding_value=-9.0).fit(X)


@pytest.fixture(scope="session")
def dense_autoencoder():
    return quick(DenseAutoencoderTransformer, latent_dim=2, hidden_layer_sizes=(4,)).fit(ROWS)


@pytest.fixture(scope="session")
def scaled_pipeline():
    """A pipeline of a scaler and an autoencoder."""
    return make_pipeline(PerTimestep(StandardScaler()), quick(LSTMAutoencoderTransformer, latent_dim=2, units=2)).fit(X)
