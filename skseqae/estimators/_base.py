"""BaseSequenceEstimator: the base class of all estimators that train a network."""

import copy
import numbers
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..data._arrays import locate
from ..data._missing import interpolate
from ..data._scaling import Scaling, weighted_moments
from ..inference._encode_decode import decode, encode
from ..mixins._fit_callbacks import CallbackSupportMixin, FitTask
from ..mixins._pickling import DigestedPickleMixin
from ..mixins._routed_parameters import RoutedParametersMixin
from ..mixins._sequence_input import SequenceInputMixin
from ..runtime._tensorflow import check_tensorflow
from ._fitted_attributes import FittedAttributesMixin
from ._fitted_state import FittedInput
from ._fitting import check_decodable, fit
from ._keras_models import KerasModelsMixin

# the output activation and the largest value, by names of losses in Keras that need values of at least 0, in lower case
# and without underscores
NON_NEGATIVE_LOSSES = {
    **dict.fromkeys(("binarycrossentropy", "bce", "binaryfocalcrossentropy"), ("sigmoid", 1)),
    **dict.fromkeys(("categoricalcrossentropy", "categoricalfocalcrossentropy"), ("softmax", 1)),
    **dict.fromkeys(("kldivergence", "kld", "kullbackleiblerdivergence"), ("softmax", 1)),
    "poisson": ("exponential", np.inf),
    **dict.fromkeys(("meansquaredlogarithmicerror", "msle"), ("linear", np.inf)),
}


class BaseSequenceEstimator(
    CallbackSupportMixin,
    FittedAttributesMixin,
    SequenceInputMixin,
    DigestedPickleMixin,
    RoutedParametersMixin,
    KerasModelsMixin,
    BaseEstimator,
):
    """Parameters, the fitted state (`_fitted`), and the hooks of fitting.

    A subclass chooses the network (`_architecture_for`) and what it is trained to output (`_training_targets`). One
    with a y reads it (`_read_target`) and describes it (`_describe_target`).
    """

    _parameter_constraints: dict = {
        "scale": [StrOptions({"standard"}), None],
        "optimizer": [str, HasMethods(["get_config", "apply_gradients"])],
        "learning_rate": [Interval(numbers.Real, 0, None, closed="neither")],
        "clipnorm": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "epochs": [Interval(numbers.Integral, 1, None, closed="left")],
        "batch_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(numbers.Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(numbers.Integral, 1, None, closed="left")],
        "tol": [Interval(numbers.Real, 0, None, closed="left")],
        "callbacks": [list, tuple, HasMethods(["on_epoch_end", "set_model"]), None],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    _computes_in_float32 = True

    def _validate_params(self):
        if hasattr(self.learning_rate, "get_config"):
            raise ValueError(
                f"The 'learning_rate' parameter of {type(self).__name__} must be a float, got "
                f"{type(self.learning_rate).__name__}. An optimizer follows a schedule of Keras: set "
                "optimizer=keras.optimizers.Adam(schedule), and leave learning_rate and clipnorm at their defaults."
            )
        super()._validate_params()

    def _fit(self, X, y, sample_weight, *, partial=False, **target_options):
        """Fit a copy and take its attributes by one assignment, so that a failure changes nothing."""
        with _restored_on_error(self.random_state):
            # without a y, callbacks of scikit-learn receive X as y: ScoringMonitor does nothing if y is None
            shown_target = X if y is None and not get_tags(self).target_tags.required else y
            task = FitTask.begin(self, 1 if partial else self.epochs, X, shown_target, sample_weight)
            fitted = copy.copy(self)
            fitted._fitted = fit(fitted, X, y, sample_weight, task, partial=partial, **target_options)
            task.end(lambda: fitted)
            self.__dict__ = vars(fitted)
        return self

    # --- hooks of fitting ---

    def _describe_input(self, sequences, layout, sample_weight):
        """Return the sequences that the network reads, and their `FittedInput`."""
        mean, std = weighted_moments(sequences, sample_weight)
        scaling = Scaling(mean, std) if self.scale == "standard" else Scaling.identity(len(mean))
        return sequences, self._fitted_input(sequences, layout, scaling, std)

    def _read_target(self, sequences, y, continued):
        """Return the sequences that the encoder reads, the target and its description; None for a target that is X."""
        return sequences, None, None

    def _describe_target(self, fitted_target, sequences, target, sample_weight, continued):
        """Return the complete description of the target; refuse one that differs from the state to continue from."""
        return fitted_target

    def _architecture_for(self, problem):
        """Return the architecture."""
        raise NotImplementedError

    def _training_targets(self, architecture, x, problem):
        """Return the `TrainingTargets` for scaled sequences x."""
        raise NotImplementedError

    # --- what subclasses use ---

    def _fitted_input(self, sequences, layout, scaling, feature_std, vocabulary=None):
        """Return the description of X, with the range of its lengths and the padding value of the estimator."""
        lengths = int(sequences.lengths.min()), int(sequences.lengths.max())
        options = getattr(self, "padding_value", None), lengths, scaling, feature_std, vocabulary
        return FittedInput(layout, *options, missing=getattr(self, "missing", "error"))

    def _read(self, X):
        """Return X as `Sequences`, its layout, and the `Sequences` that the network reads."""
        check_is_fitted(self)
        # without the columns that a forecaster predicts, a table is read as in training
        horizon = getattr(self._fitted.target, "horizon", None)
        sequences, layout = self._check_input(X, n_target_columns=horizon or 0)
        return sequences, layout, self._scale(sequences)

    def _scale(self, sequences):
        """Return sequences as the network reads them: in scaled units, without missing values."""
        return interpolate(self._fitted.input.scaling.apply(sequences))

    def _encode(self, x):
        """Return the encodings of scaled sequences: (N, L), float32."""
        return encode(self._fitted.network, x)

    def _encode_latent(self, x):
        """Return the latent vectors of scaled sequences, which the decoders read: (N, L), float32."""
        return encode(self._fitted.network, x, "latent")

    def _decode(self, head, Z, lengths):
        """Return the scaled sequences of a decoder, in the order in which it outputs timesteps."""
        architecture = self._fitted.architecture
        check_decodable(architecture, head, lengths)
        if not callable(architecture.decoder):
            return decode(self._fitted.network, head, Z, lengths)
        check_tensorflow()
        from ..inference._custom_decoding import decode as decode_by_keras

        return decode_by_keras(architecture, self._fitted.weights, head, Z, lengths)


def output_activation(loss, scale, targets):
    """Return the output activation that a loss requires; refuse targets outside its range.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss
    scale : str or None
    targets : list of (str, Sequences)
        Pairs of the name that error messages use, and the target.

    Returns
    -------
    {"linear", "sigmoid", "softmax", "exponential"}
    """
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    activation, largest = NON_NEGATIVE_LOSSES.get(name.lower().replace("_", ""), ("linear", None))
    if largest is None:
        return activation
    if scale is not None:
        compared = "probabilities" if largest == 1 else "numbers of at least 0, and not standardised ones"
        raise ValueError(f"loss={name!r} compares {compared}: set scale=None, got scale={scale!r}.")
    for target_name, sequences in targets:
        outside = np.argwhere((sequences.packed < 0) | (sequences.packed > largest))
        if len(outside):
            row, feature = outside[0]
            i, t = locate(row, sequences.lengths)
            raise ValueError(
                f"{target_name}[{i}] has {sequences.packed[row, feature]:g} at timestep {t}, feature {feature}, but "
                f"loss={name!r} needs values {'from 0 to 1' if largest == 1 else 'of at least 0'}."
            )
    return activation


@contextmanager
def _restored_on_error(random_state):
    """Restore the state of `random_state`, if it is a generator, when an error occurs."""
    generator = random_state if isinstance(random_state, np.random.RandomState) else None
    state = generator and generator.get_state()
    try:
        yield
    except BaseException:
        if generator:
            generator.set_state(state)
        raise
