"""Configurations of pipelines and of the steps of `skseqae.preprocessing`."""

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skseqae.preprocessing import PerTimestep, Resampler, SequencePadder
from tests.stress.digests.data import (
    LABELS,
    NAMES,
    NEW,
    NUMBERS,
    UNIVARIATE,
    X,
    as_frame,
    as_padded,
    as_sequences,
    as_table,
)
from tests.stress.digests.digest import digest, digest_pipeline, digest_state
from tests.stress.digests.estimators import autoencoder, classifier, dense_autoencoder, regressor
from tests.stress.digests.registry import configuration


@configuration
def pipeline_standard_scaler():
    return digest_pipeline(make_pipeline(PerTimestep(StandardScaler()), autoencoder(scale=None)), X, NEW)


@configuration
def pipeline_padder():
    return digest_pipeline(make_pipeline(PerTimestep(StandardScaler()), SequencePadder(15), autoencoder()), X, NEW)


@configuration
def pipeline_padding_value():
    padder = SequencePadder(10, padding_value=-5.0, too_long="truncate")
    return digest_pipeline(make_pipeline(padder, autoencoder(padding_value=-5.0, cell="gru")), X, NEW)


@configuration
def pipeline_imputer_regressor():
    gaps = [np.where(np.arange(x.size).reshape(x.shape) % 7 == 3, np.nan, x) for x in X]
    return digest_pipeline(make_pipeline(PerTimestep(SimpleImputer()), regressor(cell="gru")), gaps, gaps[:5], NUMBERS)


@configuration
def pipeline_resampler_dense():
    return digest_pipeline(make_pipeline(Resampler(5), dense_autoencoder()), X, NEW)


@configuration
def pipeline_classifier():
    return digest_pipeline(make_pipeline(PerTimestep(MinMaxScaler()), classifier()), X, NEW, LABELS)


@configuration
def pipeline_pca_behind():
    pipeline = make_pipeline(PerTimestep(StandardScaler()), autoencoder(), PCA(2, svd_solver="full")).fit(X)
    return digest_state(pipeline[1]) | {"transform": digest(pipeline[:-1].transform(NEW))}


@configuration
def preprocessing_alone():
    found, named = {}, as_sequences(X).with_names(NAMES)
    weights = np.arange(len(X)) % 3
    for name, step in {
        "scaler": PerTimestep(StandardScaler()),
        "padder": SequencePadder(),
        "padder_truncates": SequencePadder(6, too_long="truncate"),
        "resampler": Resampler(6),
    }.items():
        for container, data in {
            "list": X,
            "float32": [x.astype(np.float32) for x in X],
            "padded": as_padded(X),
            "table": as_table(X),
            "frame": as_frame(X),
            "named": named,
            "univariate": UNIVARIATE,
        }.items():
            fitted = clone(step).fit(data)
            transformed = fitted.transform(data)
            found[f"{name}.{container}"] = digest(transformed)
            if hasattr(fitted, "get_feature_names_out"):
                found[f"{name}.{container}.names"] = digest(fitted.get_feature_names_out())
            if hasattr(fitted, "inverse_transform"):
                found[f"{name}.{container}.inverse"] = digest(fitted.inverse_transform(transformed))
    weighted = PerTimestep(StandardScaler()).fit(X, sample_weight=weights)
    filled = SequencePadder(padding_value=-3.0).fit(as_padded(X, -3.0))
    return found | {
        "weighted": digest(weighted.transform(NEW)),
        "padding_value": digest(filled.transform(X)),
        "padding_value.inverse": digest(filled.inverse_transform(filled.transform(X))),
    }
