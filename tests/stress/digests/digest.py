"""Digests of values, of the fitted state of an estimator, and of the outputs of its methods."""

import hashlib

import numpy as np
import pandas as pd
from sklearn.base import clone

from skseqae import DenseAutoencoderTransformer, SequenceOutlierDetector, Sequences

FITTED_NAMES = ("n_iter_", "n_features_in_", "feature_names_in_", "classes_", "vocabulary_", "offset_")


def weights_of(estimator):
    """Return the trained weights, a dict of part to arrays, and the optimizer state, a list of arrays."""
    return estimator._fitted.weights, estimator._fitted.optimizer_state


def digest(value):
    """Return the first 16 characters of the SHA-256 digest of a value: of its types, shapes and bits."""
    sha = hashlib.sha256()
    _update(sha, value)
    return sha.hexdigest()[:16]


def _update(sha, value):
    """Add a value to a SHA-256 hash, with everything that it contains."""

    def tag(*parts):
        sha.update(("|".join(map(str, parts)) + ";").encode())

    if isinstance(value, np.ndarray) and value.dtype == object:
        tag("objects", value.shape)
        sha.update(repr(value.tolist()).encode())
    elif isinstance(value, np.ndarray):
        tag("array", value.dtype.str, value.shape)
        sha.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, bool | np.bool_ | str | bytes | None):
        tag("plain", repr(value))
    elif isinstance(value, int | np.integer):
        tag("int", int(value))
    elif isinstance(value, float | np.floating):
        tag("float")
        sha.update(np.float64(value).tobytes())
    elif isinstance(value, list | tuple):
        tag("list", len(value))
        for each in value:
            _update(sha, each)
    elif isinstance(value, dict):
        tag("dict", len(value))
        for key in sorted(value):
            tag("key", key)
            _update(sha, value[key])
    elif isinstance(value, Sequences):
        tag("Sequences")
        _update(sha, [value.packed, value.lengths, value.feature_names])
    elif isinstance(value, pd.DataFrame):
        tag("frame", list(map(str, value.columns)))
        _update(sha, [value[column].to_numpy() for column in value.columns])
    elif type(value).__module__.startswith("polars"):
        tag("polars", value.columns)
        _update(sha, [value[column].to_numpy() for column in value.columns])
    else:
        raise TypeError(f"no digest of {type(value)}")


def digest_state(estimator, prefix=""):
    """Return the digests of the fitted state."""
    if isinstance(estimator, SequenceOutlierDetector):
        found = {"offset_": digest(estimator.offset_), "n_features_in_": digest(estimator.n_features_in_)}
        return {prefix + name: each for name, each in found.items()}
    weights, state = weights_of(estimator)
    found = {f"weights.{part}": digest([np.asarray(each) for each in weights[part]]) for part in sorted(weights)}
    found["optimizer_state"] = digest([np.asarray(each) for each in state])
    found["history_"] = digest({key: np.asarray(estimator.history_[key], np.float64) for key in estimator.history_})
    found |= {name: digest(getattr(estimator, name)) for name in FITTED_NAMES if hasattr(estimator, name)}
    return {prefix + name: each for name, each in found.items()}


def sample_weights(n):
    """Return n different sample weights."""
    return np.linspace(0.5, 2.0, n)


def digest_outputs(estimator, X, y=None, *, n_timesteps=None, prefix=""):
    """Return the digests of the outputs of all methods that the estimator has."""
    found, is_dense = {}, isinstance(estimator, DenseAutoencoderTransformer)

    def add(name, compute):
        found[prefix + name] = digest(compute())

    for name in ("reconstruct", "predict_next", "score_samples", "predict_proba", "decision_function", "error_map"):
        if hasattr(estimator, name):
            add(name, lambda name=name: getattr(estimator, name)(X))
    if hasattr(estimator, "transform"):
        add("transform", lambda: estimator.transform(X))
        add("get_feature_names_out", estimator.get_feature_names_out)
    if hasattr(estimator, "reconstruction_error"):
        add("reconstruction_error", lambda: estimator.reconstruction_error(X))
        for reduction in ("sample", "feature") if is_dense else ("sample", "timestep", "feature", "none"):
            add(f"reconstruction_error.{reduction}", lambda r=reduction: estimator.reconstruction_error(X, r))
    if hasattr(estimator, "inverse_transform"):
        Z = np.asarray(estimator.transform(X))
        if is_dense:
            add("inverse_transform", lambda: estimator.inverse_transform(Z))
        else:
            add("inverse_transform", lambda: estimator.inverse_transform(Z, 7))
            add("inverse_transform.lengths", lambda: estimator.inverse_transform(Z, np.arange(len(Z)) % 8))
    if hasattr(estimator, "predict"):
        arguments = {} if n_timesteps is None else {"n_timesteps": n_timesteps}
        add("predict", lambda: estimator.predict(X, **arguments))
    if hasattr(estimator, "predict_beams"):
        add("predict_beams", lambda: estimator.predict_beams(X))
        add("predict_beams.3", lambda: estimator.predict_beams(X, num_beams=3))
    if hasattr(estimator, "token_accuracy"):
        add("token_accuracy", lambda: estimator.token_accuracy(X, y))
        add("token_accuracy.weighted", lambda: estimator.token_accuracy(X, y, sample_weights(len(y))))
    if hasattr(estimator, "score"):
        add("score", lambda: estimator.score(X, y))
        add("score.weighted", lambda: estimator.score(X, y, sample_weights(len(X))))
    return found


def digest_all(estimator, X, y=None, **options):
    """Return the digests of the fitted state and of all outputs."""
    prefix = options.get("prefix", "")
    return digest_state(estimator, prefix) | digest_outputs(estimator, X, y, **options)


def digest_detector(detector, X, new):
    """Return the digests of a fitted detector, of its outputs for new sequences and of `fit_predict`."""
    fitted = detector.fit(X)
    found = digest_state(fitted) | digest_outputs(fitted, new)
    return found | {"fit_predict": digest(clone(detector).fit_predict(X))}


def digest_pipeline(pipeline, X, new, y=None):
    """Return the digests of the fitted last step of a pipeline, and of outputs of the pipeline."""
    fitted = pipeline.fit(X) if y is None else pipeline.fit(X, y)
    found = digest_state(fitted[-1])
    for name in ("transform", "reconstruct", "score_samples", "predict", "predict_proba"):
        if hasattr(fitted, name):
            found[name] = digest(getattr(fitted, name)(new))
    return found
