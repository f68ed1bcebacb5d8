"""Labels as targets of a classifier: their description, and their class indices."""

from dataclasses import replace

import numpy as np

from ..data._labels import class_weights
from ..data._sequences import Sequences
from ..data._tokens import indices_as_sequences, unique_tokens


def describe_labels(fitted, labels, name):
    """Return the description of the labels.

    Parameters
    ----------
    fitted : FittedLabels
        The description so far, or that of the fitted state from which training continues.
    labels : Tokens
        Of samples of positive weight.
    name : str
        The class of the estimator, for errors.

    Returns
    -------
    FittedLabels
    """
    if fitted.classes is None:
        fitted = replace(fitted, classes=unique_tokens(labels.values))
    if not len(fitted.classes):
        raise ValueError(
            "All sequences of y are empty, or have sample_weight 0. At least one sequence with a positive weight must "
            "have a label."
        )
    if labels.container != fitted.label_type:
        raise ValueError(f"y is of another type than the labels that {name} was fitted on.")
    if fitted.label_type == "table" and fitted.max_length not in (0, labels.lengths[0]):
        raise ValueError(f"y has {labels.lengths[0]} labels for each sample, but those before had {fitted.max_length}.")
    is_known = labels.indices_in(fitted.classes) < len(fitted.classes)
    unknown = np.flatnonzero(~is_known & (labels.values != None))  # noqa: E711
    if len(unknown):
        label, i, _ = labels.locate(unknown[0])
        raise ValueError(
            f"y[{i}] has {label!r}, which is not one of the classes: {fitted.classes}. Pass all of them to the first "
            "call of partial_fit."
        )
    return replace(fitted, max_length=max(fitted.max_length, int(labels.lengths.max())))


def encode_labels(architecture, labels, fitted, class_weight):
    """Return the targets and the weights of their steps, both `Sequences` by head.

    The target of a missing label is the index of no class, of weight 0: the decoder then reads the start token.

    Parameters
    ----------
    architecture : Architecture or Seq2SeqArchitecture
    labels : Tokens
    fitted : FittedLabels
    class_weight : dict, "balanced" or None
    """
    head = architecture.heads[-1]
    indices, lengths = labels.indices_in(fitted.classes), labels.lengths
    weights = (indices < len(fitted.classes)).astype(np.float64)  # 0 for missing labels
    is_weighted = class_weight is not None or not weights.all()
    if class_weight is not None:
        weights *= np.append(class_weights(class_weight, fitted.classes, indices), 0.0)[indices]
    if fitted.label_type == "list":
        ends = np.cumsum(lengths)
        indices, weights, lengths = (
            np.insert(indices, ends, architecture.n_classes),
            np.insert(weights, ends, 1.0),
            lengths + 1,
        )
    targets = {head: indices_as_sequences(indices, lengths)}
    return targets, {head: Sequences(weights[:, None], lengths)} if is_weighted else {}
