"""The maps from hidden states to encodings, and from encodings to latent vectors.

They are computed in closed form, after training.

An encoding is made of statistics of the hidden states. A user usually standardises the columns of encodings. This would
make as much of the last principal component of the statistics as of the first. So the components are rotated by a
random rotation. It spreads the variance over all columns and keeps all distances.
"""

from dataclasses import replace
from math import ceil

import numpy as np

from ..inference._batching import make_batches, model_inputs
from ..inference._encode_decode import encode
from ..networks._statistics import QUANTILES
from ._principal_components import principal_components, standardise

MAX_TIMESTEPS, MAX_SAMPLES = 20_000, 10_000  # from which quantiles and maps are computed
RIDGE = 1e-3  # penalty of the regression of latent vectors, relative to the variance of the encodings


def fit_encoding(state, x, sample_weight):
    """Return a fitted state with the weights of its parts "encoding" and "inverse"; without pooling, the same state.

    Parameters
    ----------
    state : FittedState
        Its network is trained, or has initial weights.
    x : Sequences
        The training set, in scaled units.
    sample_weight : array of shape (N,)
        Above 0.

    Returns
    -------
    FittedState
    """
    architecture = state.architecture
    if not getattr(architecture, "pooling", ()):
        return state
    has_shares = "shares" in architecture.pooling
    thresholds = [_fit_thresholds(state.network, x, sample_weight)] if has_shares else []
    rows = spread_samples(len(x))
    x, sample_weight = x[rows], sample_weight[rows]
    pooled = replace(state, weights=state.weights | {"encoding": thresholds}).unmapped
    encodings, arrays = encode(pooled.network, x).astype(np.float64), []
    if architecture.n_encodings:
        arrays = kernel, bias = _fit_map(encodings, sample_weight, architecture.n_encodings)
        encodings = encodings @ kernel + bias
    state = replace(state, weights=state.weights | {"encoding": [*thresholds, *arrays]})
    if architecture.n_classes:  # the latent vectors of a classifier are for training alone
        return state
    inverse = _fit_inverse(encodings, encode(state.network, x, "latent"), sample_weight)
    return replace(state, weights=state.weights | {"inverse": inverse})


def spread_samples(n_samples):
    """Return the indices of at most `MAX_SAMPLES` samples, evenly spaced."""
    return _spread(np.arange(n_samples), n_samples / MAX_SAMPLES)


def _spread(rows, share):
    """Return each `share`-th row, all rows if it is below 1."""
    return rows[:: max(1, ceil(share))]


def _fit_thresholds(network, x, sample_weight):
    """Return the quantiles of each hidden state over real timesteps of the training set: (Q, D)."""
    model, size = network.model("hidden"), network.architecture.patch_size
    n_patches = -(-x.lengths // size)
    rows = _spread(np.flatnonzero(x.lengths), n_patches.sum() / MAX_TIMESTEPS)
    states, weights = [], []
    for batch in make_batches(x.lengths[rows]):
        chosen = rows[batch]
        (h,) = model(**model_inputs(network.architecture, x[chosen]))
        is_real = np.arange(len(h))[:, None] < n_patches[chosen]
        states.append(h[is_real])
        weights.append(np.broadcast_to(sample_weight[chosen], is_real.shape)[is_real])
    return _weighted_quantiles(np.concatenate(states), np.concatenate(weights))


def _weighted_quantiles(values, weights):
    """Return the quantiles of each column, as if each row was repeated by its weight: (Q, D).

    They lie halfway between a value and the next larger one, so that rounding errors change no share of the training
    set.
    """
    order = np.argsort(values, axis=0, kind="stable")
    values = np.take_along_axis(values, order, axis=0)
    shares = np.cumsum(weights[order], axis=0)
    shares /= shares[-1]
    rows = [np.minimum((shares < quantile).sum(axis=0), len(values) - 1) for quantile in QUANTILES]
    below = np.stack([values[row, np.arange(values.shape[1])] for row in rows])
    above = np.stack([np.where(values > value, values, np.inf).min(axis=0) for value in below])
    return np.where(np.isfinite(above), (below + above) / 2, below).astype(np.float32)


def _fit_map(statistics, sample_weight, n_encodings):
    """Return kernel and bias of the map to rotated principal components of the standardised statistics.

    Of the rotations, the one nearest to a fixed random matrix is chosen. It does not depend on the signs and the order
    in which the components are computed.
    """
    standardised, mean, std = standardise(statistics, sample_weight)
    weighted = standardised * np.sqrt(sample_weight / sample_weight.sum())[:, None]
    _, components = principal_components(weighted)
    components = components[:, :n_encodings]
    target = np.random.RandomState(0).standard_normal((len(mean), n_encodings))
    u, _, v = np.linalg.svd(components.T @ target, full_matrices=False)
    kernel = (components @ (u @ v)) / std[:, None]
    return [kernel.astype(np.float32), (-mean @ kernel).astype(np.float32)]


def _fit_inverse(encodings, latent, sample_weight):
    """Return kernel and bias of the ridge regression of latent vectors on encodings."""
    weights = sample_weight / sample_weight.sum()
    mean, target_mean = weights @ encodings, weights @ latent
    centred = (encodings - mean) * np.sqrt(weights)[:, None]
    target = (latent - target_mean) * np.sqrt(weights)[:, None]
    products = centred.T @ centred
    penalty = RIDGE * max(np.trace(products) / len(products), np.finfo(float).tiny)
    kernel = np.linalg.solve(products + penalty * np.eye(len(products)), centred.T @ target)
    return [kernel.astype(np.float32), (target_mean - mean @ kernel).astype(np.float32)]
