"""The linear map from encodings to predictions or logits, which is fitted after training.

It replaces the decoder that was trained with the encoder: it reads statistics that have no gradient, and its penalty
prevents overfitting where samples are few.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import RidgeCV

from ..inference._encode_decode import encode
from ._encoding import fit_encoding, spread_samples
from ._principal_components import standardise

PENALTIES = np.logspace(-5, 2, 15)  # of the regression of targets, of which cross-validation chooses one
BIAS_SCALE = 10.0  # the penalty of the bias is divided by its square
MAX_ITERATIONS, TOLERANCE = 1000, 1e-4  # of the logistic regression; the tolerance is that of scikit-learn


def fit_maps(state, data, previous=None):
    """Return a trained state with the weights of all parts that are computed from its training data afterwards.

    Parameters
    ----------
    state : FittedState
    data : TrainingData
    previous : FittedState or None
        The state from which training continued. The logistic regression starts from its own, and stays near it.
    """
    state = fit_encoding(state, data.x, data.sample_weight)
    if not getattr(state.architecture, "readout", False):
        return state
    rows = spread_samples(len(data))
    encodings = encode(state.network, data.x[rows]).astype(np.float64)
    head = "label" if state.architecture.n_classes else "prediction"
    target, sample_weight = data.targets[head].packed[rows], data.sample_weight[rows]
    if state.architecture.n_classes:
        start = previous.weights["readout"] if previous else None
        class_weight = _class_weights(state.architecture.n_classes, data)
        known = target[:, 0] < state.architecture.n_classes  # other labels are missing
        samples = _merge_equal(encodings[known], target[known], sample_weight[known])
        arrays = _fit_logistic(*samples, class_weight, start)
    elif head in data.step_weights:
        arrays = _fit_observed(encodings, target, sample_weight, data.step_weights[head].packed[rows] > 0)
    else:
        arrays = _fit_ridge(*_merge_equal(encodings, target, sample_weight))
    return replace(state, weights=state.weights | {"readout": [array.astype(np.float32) for array in arrays]})


def _merge_equal(encodings, target, sample_weight):
    """Return equal samples as one of their total weight, so that a weight is equivalent to a repetition."""
    _, first, inverse = np.unique(np.hstack([encodings, target]), axis=0, return_index=True, return_inverse=True)
    return encodings[first], target[first], np.bincount(inverse.ravel(), sample_weight)


def _fit_observed(encodings, target, sample_weight, is_observed):
    """Return kernel and bias of the ridge regression of each target on the samples of which it is observed."""
    kernels, biases = [], []
    for values, rows in zip(target.T, is_observed.T, strict=True):
        kernel, bias = np.zeros((encodings.shape[1], 1)), np.zeros(1)  # the mean, if none is observed
        if rows.any():
            kernel, bias = _fit_ridge(*_merge_equal(encodings[rows], values[rows, None], sample_weight[rows]))
        kernels.append(kernel)
        biases.append(bias)
    return np.hstack(kernels), np.concatenate(biases)


def _fit_ridge(encodings, target, sample_weight):
    """Return kernel and bias of the ridge regression of targets (N, F)."""
    centred = encodings - np.average(encodings, axis=0, weights=sample_weight)
    total = np.average(centred**2, axis=0, weights=sample_weight).mean() * sample_weight.sum()
    if total > 0:
        ridge = RidgeCV(PENALTIES * total).fit(encodings, target, sample_weight)
        return ridge.coef_.reshape(-1, encodings.shape[1]).T, np.reshape(ridge.intercept_, -1)
    # one sample, or equal encodings
    return np.zeros((encodings.shape[1], target.shape[1])), np.average(target, axis=0, weights=sample_weight)


def _class_weights(n_classes, data):
    """Return the weight of each class (C,)."""
    weights = np.ones(n_classes + 1)  # and of missing labels
    if "label" in data.step_weights:
        weights[data.targets["label"].packed[:, 0].astype(int)] = data.step_weights["label"].packed[:, 0]
    return weights[:-1]


def _fit_logistic(encodings, target, sample_weight, class_weight, start=None):
    """Return kernel and bias of the multinomial logistic regression of class indices (N, 1) on standardised encodings.

    Half the squared distance from the start, or from zeros, is added to the cross-entropy of N samples of mean weight
    1, as scikit-learn does with C=1. For the bias, it counts little without a start. With one it counts in full, so
    that a class that `partial_fit` does not see in a call remains.
    """
    standardised, mean, std = standardise(encodings, sample_weight)
    weights = sample_weight * class_weight[target[:, 0].astype(int)]
    weights /= max(weights.mean(), np.finfo(float).tiny)  # all class weights may be 0
    is_class = target == np.arange(len(class_weight))
    prior, scale = np.zeros((len(mean) + 1, len(class_weight))), BIAS_SCALE
    if start:
        kernel, bias = start
        prior[:-1], prior[-1] = kernel * np.where(np.isfinite(std), std, 0)[:, None], bias + mean @ kernel
        scale = 1.0
    x = np.hstack([standardised, np.full((len(encodings), 1), scale)])

    def objective(flat):
        coefficients = flat.reshape(prior.shape)
        logits, change = x @ coefficients, coefficients - prior
        loss = -weights @ log_softmax(logits, axis=1)[is_class] + 0.5 * np.sum(change**2)
        gradient = x.T @ (weights[:, None] * (softmax(logits, axis=1) - is_class)) + change
        return loss, gradient.ravel()

    options = {"maxiter": MAX_ITERATIONS, "gtol": TOLERANCE, "ftol": 0.0}
    found = minimize(objective, prior.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(prior.shape)
    kernel = found[:-1] / std[:, None]
    return kernel, scale * found[-1] - mean @ kernel
