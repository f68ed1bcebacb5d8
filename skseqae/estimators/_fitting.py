"""Fitting in four steps: read the problem, choose the architecture, train, commit the fitted state.

A subclass adapts them by at most five hooks: `_describe_input`, `_read_target`, `_describe_target`, `_architecture_for`
and `_training_targets`. The commit is one assignment, in `BaseSequenceEstimator._fit`.
"""

import copy
import inspect
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.utils import check_random_state

from ..data._dataframes import has_columns
from ..data._missing import interpolate, split_observed
from ..data._readings import warn_of_one_sequence
from ..data._sequences import Sequences
from ..data._tabular import check_sample_weight
from ..mixins._pickling import TRAINED_CALLBACKS
from ..runtime._memory import check_memory
from ..runtime._tensorflow import check_tensorflow
from ..training._batches import Crops, TrainingData, training_bytes
from ..training._schedule import count_epochs
from ._fitted_state import FittedInput, FittedLabels, FittedState, FittedTarget
from ._readout import fit_maps


@dataclass(frozen=True, eq=False)
class Problem:
    """The samples of positive weight, and the description of the data that later calls need.

    Attributes
    ----------
    sequences : Sequences
        The input, in the units of the data.
    target : Sequences, Tokens or None
    sample_weight : array of shape (N,)
        Above 0.
    fitted_input : FittedInput
    fitted_target : FittedTarget, FittedLabels or None
    generator : numpy.random.RandomState
    continued : FittedState or None
        The state from which `partial_fit` continues.
    """

    sequences: Sequences
    target: object
    sample_weight: np.ndarray
    fitted_input: FittedInput
    fitted_target: FittedTarget | FittedLabels | None
    generator: np.random.RandomState
    continued: FittedState | None


@dataclass(frozen=True, eq=False)
class TrainingTargets:
    """The targets and the loss of the decoders.

    Attributes
    ----------
    targets : dict of str to Sequences
        The target of each head, in scaled units, with NaN where a value is missing.
    head_weights : dict of str to float
        The weight of each head's loss.
    loss : str or callable
    step_weights : dict of str to Sequences of one feature
        Weights of single timesteps of a head's targets.
    routed : dict
        Routed parameters of the optimizer and the loss.
    pretrained_weights : dict of str to list of arrays
        Initial weights of some parts.
    crops : Crops or None
        The parts of sequences that training steps see; None: whole sequences.
    max_steps : int or None
        The number of training steps if `epochs` is None; None: the parameter of the estimator.
    """

    targets: dict[str, Sequences]
    head_weights: dict[str, float]
    loss: object
    routed: dict
    step_weights: dict[str, Sequences] = field(default_factory=dict)
    pretrained_weights: dict[str, list] = field(default_factory=dict)
    crops: Crops | None = None
    max_steps: int | None = None


def fit(estimator, X, y, sample_weight, task, *, partial, **target_options):
    """Return the fitted state of an estimator, on which only the attributes of scikit-learn are set.

    Parameters
    ----------
    estimator : estimator
        A copy of the estimator whose method was called.
    X, y, sample_weight : the data, as in the public method
    task : FitTask
    partial : bool
        Whether to train for one epoch, and to continue from the fitted state if there is one.
    **target_options : dict
        Further arguments of `_read_target`.

    Returns
    -------
    FittedState
    """
    previous = getattr(estimator, "_fitted", None)
    problem = read_problem(estimator, X, y, sample_weight, previous if partial else None, target_options)
    architecture = choose_architecture(estimator, problem, previous)
    data, training_targets = prepare_training(estimator, architecture, problem)
    # training needs only the description of the problem: its samples would take memory
    problem = replace(problem, sequences=None, target=None, sample_weight=None)
    return train_network(estimator, architecture, problem, data, training_targets, task, previous, partial=partial)


def read_problem(estimator, X, y, sample_weight, continued, target_options):
    """Return the problem: validated samples of positive weight, and their description."""
    sequences, layout = estimator._check_input(X, reset=continued is None)
    if y is None and continued is None and layout.container == "table" and not has_columns(X):
        warn_of_one_sequence((len(sequences), layout.n_timesteps), layout.padding_value)
    sequences, target, fitted_target = estimator._read_target(sequences, y, continued, **target_options)
    sequences, target, sample_weight = _with_positive_weight(sequences, target, sample_weight)
    if continued is None:
        sequences, fitted_input = estimator._describe_input(sequences, layout, sample_weight)
        generator = np.random.RandomState(check_random_state(estimator.random_state).randint(2**31 - 1))
    else:
        fitted_input, generator = continued.input, copy.deepcopy(continued.generator)
    fitted_target = estimator._describe_target(fitted_target, sequences, target, sample_weight, continued)
    return Problem(sequences, target, sample_weight, fitted_input, fitted_target, generator, continued)


def choose_architecture(estimator, problem, previous):
    """Return the architecture; refuse one that does not match the weights from which training continues."""
    continued = problem.continued
    architecture = continued.architecture if continued else estimator._architecture_for(problem)
    if previous and (continued or estimator.warm_start):
        if previous.architecture.shape != architecture.shape:
            raise ValueError(_changed_architecture(previous.architecture, architecture))
        _check_same_tokens(previous, problem)
    return architecture


def train_network(estimator, architecture, problem, data, training_targets, task, previous, *, partial):
    """Train the network; return the fitted state."""
    check_memory(
        training_bytes(architecture, data, estimator.batch_size),
        "Training",
        "Set a smaller batch_size or fewer units, or split long sequences.",
    )
    # TensorFlow is loaded by the first fit, not by importing the package
    check_tensorflow()
    from ..training._loop import train

    validation, whole = None, data
    if estimator.early_stopping and not partial:
        held_out = data.hold_out(estimator.validation_fraction, problem.generator)
        rest = np.setdiff1d(np.arange(len(data)), held_out)
        data, validation = data.take(rest), data.take(held_out)

    def begin_epoch():
        epoch = task.begin_part("epoch")
        return lambda make_result: epoch.end(lambda: fitted_now(make_result()))

    def fitted_now(result):
        fitted = copy.copy(estimator)
        state = make_fitted_state(architecture, problem, result, whole)
        fitted._fitted = replace(state, generator=copy.deepcopy(state.generator))
        return fitted

    result = train(
        architecture,
        make_settings(estimator, training_targets, data, partial=partial, stops_early=validation is not None),
        data,
        validation,
        problem.generator,
        weights=_initial_weights(estimator, architecture, problem, training_targets, previous),
        optimizer_state=problem.continued.optimizer_state if problem.continued else None,
        pretrained_weights=training_targets.pretrained_weights,
        begin_epoch=begin_epoch,
    )
    vars(estimator).pop(TRAINED_CALLBACKS, None)
    if result.callbacks:
        vars(estimator)[TRAINED_CALLBACKS] = result.callbacks
    return make_fitted_state(architecture, problem, result, whole)


def _initial_weights(estimator, architecture, problem, training_targets, previous):
    """Return the weights from which training continues, or None."""
    if previous is None or not (problem.continued or estimator.warm_start):
        return None
    # pretrained weights replace only those that are not trained
    pretrained_weights = training_targets.pretrained_weights
    return previous.weights | {name: pretrained_weights[name] for name in architecture.frozen}


def make_fitted_state(architecture, problem, result, data):
    """Return the fitted state, with the maps that are computed from the training data."""
    before = problem.continued.history if problem.continued else {}
    state = FittedState(
        architecture=architecture,
        weights=result.weights,
        optimizer_state=result.optimizer_state,
        history={name: before.get(name, []) + values for name, values in result.history.items()},
        generator=problem.generator,
        input=problem.fitted_input,
        target=problem.fitted_target,
        baseline_loss=result.baseline_loss if np.isfinite(result.baseline_loss) else None,
    )
    return fit_maps(state, data, problem.continued)


def prepare_training(estimator, architecture, problem):
    """Return the training data, in scaled units, and the `TrainingTargets`."""
    scaled = problem.fitted_input.scaling.apply(problem.sequences)
    training_targets = estimator._training_targets(architecture, scaled, problem)
    targets, step_weights = {}, {}
    for head, target in training_targets.targets.items():
        check_decodable(architecture, head, target.lengths)
        targets[head], weights = split_observed(target, training_targets.step_weights.get(head))
        if weights is not None:
            step_weights[head] = weights
    data = TrainingData(
        interpolate(scaled),
        targets,
        problem.sample_weight,
        step_weights,
        training_targets.crops,
        ("reconstruction",) if getattr(architecture, "reverse", False) else (),
    )
    return data, training_targets


def _count_epochs(estimator, training_targets, n_samples):
    """Return the number of epochs of `fit`: the parameter, or what the budget of steps requires."""
    if estimator.epochs is not None:
        return estimator.epochs
    return count_epochs(training_targets.max_steps or estimator.max_steps, n_samples, estimator.batch_size)


def make_settings(estimator, training_targets, data, *, partial, stops_early):
    """Return the `Settings` of training."""
    from ..training._loop import Settings

    is_name = isinstance(estimator.optimizer, str | type)
    if not is_name:
        for name in ("learning_rate", "clipnorm"):
            default = inspect.signature(type(estimator)).parameters[name].default
            if getattr(estimator, name) != default:
                raise ValueError(
                    f"{name}={getattr(estimator, name)!r} has no effect, because optimizer is an instance. Set the "
                    f"value in the optimizer instance and keep {name}={default!r}, or pass the optimizer by name."
                )
    return Settings(
        optimizer=estimator.optimizer,
        learning_rate=estimator.learning_rate,
        clipnorm=estimator.clipnorm,
        loss=training_targets.loss,
        routed=training_targets.routed,
        schedule="constant" if partial or not is_name else getattr(estimator, "schedule", "constant"),
        epochs=1 if partial else _count_epochs(estimator, training_targets, len(data)),
        ends_on_plateau=estimator.epochs is None and not partial,
        batch_size=estimator.batch_size,
        head_weights=training_targets.head_weights,
        n_iter_no_change=estimator.n_iter_no_change if stops_early else None,
        tol=estimator.tol,
        callbacks=estimator.callbacks,
        verbose=int(estimator.verbose),
        warns=not partial,
    )


def check_decodable(architecture, head, lengths):
    """Raise an error for sequences that are longer than those for which a custom decoder was called."""
    if not callable(architecture.decoder):
        return
    limit = dict(zip(architecture.heads, architecture.n_timesteps, strict=True))[head]
    too_long = np.flatnonzero(lengths > limit)
    if len(too_long):
        raise ValueError(
            f"Sequence {too_long[0]} has {lengths[too_long[0]]} timesteps to decode, but the decoder function was "
            f"called for {limit}, the longest in training. Fit on longer sequences, or use decoder='repeat'."
        )


def _with_positive_weight(sequences, target, sample_weight):
    """Return the samples of positive weight, and their weights: a weight of 0 is equivalent to removing the sample."""
    weights = check_sample_weight(sample_weight, len(sequences))
    # only the proportions matter: scaling by a power of two is exact and keeps the weights in the range of float32
    weights = np.ldexp(weights, 1 - np.frexp(weights.max())[1])
    rows = np.flatnonzero(weights)
    sequences = sequences[rows]
    if not sequences.lengths.any():
        raise ValueError(
            "All sequences are empty, or have sample_weight 0. At least one sequence with a positive weight must have "
            "a timestep."
        )
    return sequences, None if target is None else target[rows], weights[rows]


def _check_same_tokens(previous, problem):
    """Raise an error if the weights to continue from were trained for other classes or another vocabulary."""
    new = {"classes_": getattr(problem.fitted_target, "classes", None), "vocabulary_": problem.fitted_input.vocabulary}
    for name, old in previous.tokens.items():
        if not np.array_equal(old, new[name]):
            raise ValueError(
                f"warm_start=True continues from weights that were trained with {name}={old}, but now it is "
                f"{new[name]}. Set warm_start=False, or clone the estimator."
            )


def _changed_architecture(before, after):
    parameters = {"n_encodings": "latent_dim"}  # of the estimator, that are called differently
    changed = [
        f"{parameters.get(field, field)}: {getattr(before, field)!r} -> {getattr(after, field)!r}"
        for field in before.shape
        if before.shape[field] != after.shape[field]
    ]
    return (
        "warm_start=True continues from the weights of the last fit, but their architecture changed "
        f"({'; '.join(changed)}). Set warm_start=False, or clone the estimator."
    )
