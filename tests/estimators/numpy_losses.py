"""The losses of fitted estimators, computed by NumPy from their outputs."""

import copy
from dataclasses import replace

import numpy as np
from scipy.special import log_softmax

from skseqae.data._padding import padded_and_mask
from skseqae.networks.keras_backend._networks import build_decoder, join
from tests.support.containers import CONTAINERS

LOSSES = {
    "mse": lambda true, pred: (true - pred) ** 2,
    "mae": lambda true, pred: abs(true - pred),
    "huber": lambda true, pred: np.where(abs(true - pred) <= 1, (true - pred) ** 2 / 2, abs(true - pred) - 0.5),
    "binary_crossentropy": lambda true, pred: -(true * np.log(pred) + (1 - true) * np.log(1 - pred)),
}


def mean_losses(losses, fitted, rows=slice(None)):
    """Return the loss of some samples, and with two heads also the loss of each, from `numpy_losses`."""
    means = {head: numerators[rows].sum() / weights[rows].sum() for head, (numerators, weights) in losses.items()}
    if len(means) == 1:
        return {"loss": next(iter(means.values()))}
    weight = getattr(fitted, "reconstruction_weight", 0.5)
    total = sum((weight if head == "reconstruction" else 1 - weight) * mean for head, mean in means.items())
    return {"loss": total} | {f"{head}_loss": mean for head, mean in means.items()}


def numpy_losses(case, fitted, arrays, sample_weight):
    """Return the contribution of each sample to the loss of each head: numerators and denominators, by head."""
    if hasattr(fitted, "predict_beams"):
        return cross_entropies(case, fitted, arrays, sample_weight)
    if hasattr(fitted, "predict_proba"):
        return losses_of_one_label(case, fitted, arrays, sample_weight)
    losses, fitted = {}, predicting_by_its_decoder(fitted)
    inputs, targets = inputs_and_targets(case, fitted, arrays, sample_weight)
    for head, (true, (mean, std), method) in targets.items():
        if getattr(fitted, "decoder", None) == "conditional":
            is_reversed = head == "reconstruction" and fitted.reverse
            true = [t[::-1] if is_reversed else t for t in true]
            scaled = teacher_forced(fitted, head, inputs, [(t - mean) / std for t in true])
            decoded = [s * std + mean for s in scaled]
        else:
            decoded = getattr(fitted, method)(inputs if case.is_sequential else arrays)
        decoded = [np.reshape(d, np.shape(t)) for d, t in zip(decoded, true, strict=True)]
        sums = [LOSSES[fitted.loss](t / std, d / std).mean(axis=1).sum() for t, d in zip(true, decoded, strict=True)]
        losses[head] = sample_weight * sums, sample_weight * [len(t) for t in true]
    return losses


def predicting_by_its_decoder(fitted):
    """Return an estimator whose predictions are those of the decoder that was trained, and not of a readout."""
    state = fitted._fitted
    if getattr(state.architecture, "readout", False):
        fitted = copy.copy(fitted)
        fitted._fitted = replace(state, architecture=replace(state.architecture, readout=False))
    return fitted


def inputs_and_targets(case, fitted, arrays, sample_weight):
    """Return what the encoder reads, and for each head the targets, their mean and deviation, and the method."""
    inputs, y, scale = arrays, case.y(arrays), fitted.scale
    if getattr(fitted, "horizon", None):
        inputs, y = ([x[: -fitted.horizon] for x in arrays], [x[-fitted.horizon :] for x in arrays])
    inputs = inputs if case.is_sequential else [x[None] for x in inputs]
    targets = {"reconstruction": (inputs, moments(inputs, sample_weight, scale), "reconstruct")}
    if y is None:
        targets["prediction"] = ([x[1:] for x in inputs], targets["reconstruction"][1], "predict_next")
    else:
        y = [np.reshape(row, (1, -1)) if np.ndim(row) < 2 else row for row in y]
        targets["prediction"] = (y, moments(y, sample_weight, scale), "predict")
    return inputs, {head: rest for head, rest in targets.items() if hasattr(fitted, rest[2])}


def moments(arrays, sample_weight, scale="standard"):
    """Return the mean and the standard deviation of each feature over real timesteps; 0 and 1 without scaling."""
    if scale is None:
        return 0, 1
    values, weights = np.concatenate(arrays), np.repeat(sample_weight, [len(x) for x in arrays])
    mean = np.average(values, axis=0, weights=weights)
    std = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    return mean, np.where(std > 0, std, 1)


def teacher_forced(fitted, head, inputs, scaled):
    """Return the outputs of a conditional decoder that reads the true previous timesteps."""
    decoder = build_decoder(fitted._fitted.architecture, head)
    decoder.set_weights(fitted._fitted.weights[head])
    previous = [np.concatenate([np.zeros((1, s.shape[1])), s])[: len(s)] for s in scaled]
    mask = CONTAINERS["sentinel"]([np.ones((max(len(s), 1), 1)) for s in scaled])[:, :, 0] > 0
    padded = np.zeros((*mask.shape, scaled[0].shape[1]), np.float32)
    for row, p in zip(padded, previous, strict=True):
        row[: len(p)] = p
    _, _, x = fitted._read(inputs)
    decoded = decoder([fitted._encode_latent(x), mask.astype(np.float32), padded])
    return [np.asarray(row, dtype=float)[: len(s)] for row, s in zip(decoded, scaled, strict=True)]


def cross_entropies(case, fitted, arrays, sample_weight):
    """Return the same as `numpy_losses` for sequences of labels, with teacher forcing and end tokens."""
    y = [np.atleast_1d(row) for row in case.y(arrays)]
    weights = class_weights(fitted, np.concatenate(y))
    end, has_end = len(weights), isinstance(case.y(arrays), list)
    indices = [[*np.searchsorted(fitted.classes_, row), *[end] * has_end] for row in y]
    probabilities = teacher_forced_probabilities(case, fitted, arrays, indices)
    step_weights = [np.append(weights, 1.0)[row] for row in indices]
    sums = [w @ -np.log(p[np.arange(len(i)), i]) for w, p, i in zip(step_weights, probabilities, indices, strict=True)]
    return {"labels": (sample_weight * sums, sample_weight * [w.sum() for w in step_weights])}


def losses_of_one_label(case, fitted, arrays, sample_weight):
    """Return the same as `numpy_losses` for one label for each sample, from the outputs of the network in training."""
    state, (_, _, x) = fitted._fitted, fitted._read(arrays)
    network, parts = join(state.architecture, {})
    for name, part in parts.items():
        part.set_weights(state.weights[name])
    padded, mask = padded_and_mask(x)
    inputs = {"x": padded, "mask": mask, "reconstruction_mask": mask, "label_mask": np.ones((len(x), 1), np.float32)}
    outputs = {
        head: np.asarray(y, float)
        for head, y in network({key.name: inputs[key.name] for key in network.inputs}).items()
    }
    y = np.asarray(case.y(arrays))
    weights = class_weights(fitted, y)[np.searchsorted(fitted.classes_, y)] * sample_weight
    log_p = log_softmax(outputs["label"][:, 0], axis=1)
    losses = {"label": (-weights * log_p[np.arange(len(y)), np.searchsorted(fitted.classes_, y)], weights)}
    if "reconstruction" in outputs:
        decoded = (row[: len(each)] for row, each in zip(outputs["reconstruction"], x, strict=True))
        sums = [((each[::-1] - row) ** 2).mean(axis=1).sum() for each, row in zip(x, decoded, strict=True)]
        losses = {"reconstruction": (sample_weight * sums, sample_weight * x.lengths)} | losses
    return losses


def class_weights(fitted, labels):
    """Return the weight of each class, given the labels of all samples."""
    counts = np.array([(labels == label).sum() for label in fitted.classes_])
    return {None: np.ones(len(counts)), "balanced": counts.sum() / (len(counts) * counts)}[fitted.class_weight]


def teacher_forced_probabilities(case, fitted, arrays, indices):
    """Return the probabilities that `model_` computes: an array for each sample, with a row for each step."""
    columns = (x if case.is_numeric else np.searchsorted(fitted.vocabulary_, x)[:, None] for x in arrays)
    x, start = CONTAINERS["padded"](list(columns)), len(fitted.classes_)
    inputs = [np.nan_to_num(x).astype(np.float32), (~np.isnan(x[:, :, 0])).astype(np.float32)]
    previous = np.zeros((len(indices), max(map(len, indices)), 1), np.float32)
    for row, i in zip(previous, indices, strict=True):
        row[: len(i), 0] = [start, *i[:-1]]
    return np.asarray(fitted.model_([*inputs, previous]), float)
