"""What the estimators share: checking, scaling, fitting on a copy, and the Keras models to give away."""

import copy
import inspect
import numbers

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..data._arrays import locate
from ..data._scaling import Scaling, weighted_moments
from ..data._tabular import check_sample_weight
from ..data._targets import TargetLayout
from ..inference._encode_decode import decode, encode
from ..mixins._fit_callbacks import CallbackSupportMixin, FitTask
from ..mixins._pickling import DigestedPickleMixin
from ..mixins._routed_parameters import RoutedParametersMixin
from ..mixins._sequence_input import SequenceInputMixin
from ..runtime._memory import check_memory
from ..runtime._tensorflow import check_tensorflow
from ..training._batches import TrainingData, training_bytes

# by the loss' name as Keras has it, without underscores
OUTPUT_ACTIVATIONS = {
    "binarycrossentropy": "sigmoid",
    "bce": "sigmoid",
    "categoricalcrossentropy": "softmax",
}
# of estimators whose encoder is recurrent
RECURRENT_CONSTRAINTS = {
    "cell": [StrOptions({"lstm", "gru"})],
    "units": [Interval(numbers.Integral, 1, None, closed="left"), tuple, list, None],
    "bidirectional": ["boolean"],
    "activation": [StrOptions({"tanh", "relu", "sigmoid", "linear"})],
    "dropout": [Interval(numbers.Real, 0, 1, closed="left")],
    "padding_value": [numbers.Real, None],
}


class BaseSequenceEstimator(
    CallbackSupportMixin, SequenceInputMixin, DigestedPickleMixin, RoutedParametersMixin, BaseEstimator
):
    """Parameters and NumPy arrays, and what every estimator does with them.

    A subclass says which network it needs (`_architecture_for`), what the network must say back (`_targets_for`) and
    how much each of its heads counts (`_head_weights`). One that is given a y reads it (`_check_target`), and learns
    from it what it must know of it (`_fit_target`).
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

    def __dir__(self):
        """List the attributes, without those that build a Keras model: a look at an estimator must not."""
        # not super's, which asks for every attribute, to leave out those that are not available
        cheap = (name for name in object.__dir__(self) if name not in ("model_", "encoder_", "decoder_"))
        return [name for name in cheap if hasattr(self, name)]

    @property
    def _n_features(self):
        return self._architecture.n_features

    def _read(self, X):
        """Return X as `Sequences`, its layout, and the `Sequences` in scaled units."""
        check_is_fitted(self)
        sequences, layout = self._check_input(X)
        return sequences, layout, self._scaling.apply(sequences)

    def _fit(self, X, y, sample_weight, *, partial=False, **known):
        """Fit a copy and take it over by one update, so that a failure leaves everything as it was.

        `known` is what the caller knows of y beside it.
        """
        generator = self.random_state if isinstance(self.random_state, np.random.RandomState) else None
        state = generator and generator.get_state()
        try:
            task = FitTask.begin(self, 1 if partial else self.epochs, X, self._shown_target(X, y), sample_weight)
            fitted = self._copy()
            fitted._learn(self, X, y, sample_weight, partial, known, task)
            task.end(lambda: fitted)
            self.__dict__ = vars(fitted)
        except BaseException:
            if generator:  # a parameter, which is as before too
                generator.set_state(state)
            raise
        return self

    def _copy(self):
        """Return a copy that can train without a trace here."""
        copied = copy.copy(self)
        copied._random = copy.deepcopy(getattr(self, "_random", None))
        return copied

    def _shown_target(self, X, y):
        """Return the y that scikit-learn's callbacks are shown."""
        # without a y to score by, ScoringMonitor scores nothing
        return X if y is None and not get_tags(self).target_tags.required else y

    def _untrained(self, X, y):
        """Return a copy with the network that `fit` would train, before its first step."""
        check_tensorflow()
        from ..networks.keras_backend._custom_decoders import build_custom_decoders
        from ..networks.keras_backend._networks import join

        untrained = copy.copy(self)
        untrained._validate_params()
        untrained.random_state = 0  # nothing comes of it, and a generator of the caller's must not advance
        architecture, _ = untrained._prepare(self, X, y, None, False, {})
        _, parts = join(architecture, build_custom_decoders(architecture))
        untrained._architecture = architecture
        untrained._weights = {name: part.get_weights() for name, part in parts.items()}
        return untrained

    def _learn(self, before, X, y, sample_weight, partial, known, task):
        going_on = partial and hasattr(before, "_architecture")
        architecture, data = self._prepare(before, X, y, sample_weight, going_on, known)
        self._train(architecture, data, partial, going_on, task)

    def _prepare(self, before, X, y, sample_weight, going_on, known):
        """Return the architecture, and what to train it on, of which what must be known later is taken."""
        continued = getattr(before, "_architecture", None) if going_on or self.warm_start else None
        sequences, layout = self._check_input(X, reset=not going_on)
        sequences, target = self._check_target(sequences, y, reset=not going_on, **known)
        sequences, target, sample_weight = _weighted_rows(sequences, target, sample_weight)
        if not going_on:
            self._layout, self._padding_value = layout, getattr(self, "padding_value", None)
            self._length_range = int(sequences.lengths.min()), int(sequences.lengths.max())
            sequences = self._fit_input(sequences, sample_weight)
            self._random = np.random.RandomState(check_random_state(self.random_state).randint(2**31 - 1))
        self._fit_target(sequences, target, sample_weight, reset=not going_on)
        architecture = continued if going_on else self._architecture_for(sequences, target)
        if continued and continued.shape != architecture.shape:
            raise ValueError(_changed_architecture(continued, architecture))
        if continued:
            self._check_continues(before)
        x = self._scaling.apply(sequences)
        targets = self._targets_for(architecture, x, target)
        for head, says in targets.items():
            _check_decodable(architecture, head, says.lengths)
        return architecture, TrainingData(x, targets, sample_weight, self._step_weights_for(targets))

    def _check_target(self, sequences, y, *, reset):
        """Return the sequences to read and what was asked for with them, None where that is in the sequences."""
        return sequences, None

    def _fit_target(self, sequences, target, sample_weight, *, reset):
        """Take what must be known of the targets, or hold them against what is."""

    def _reads_y(self, head):
        """Tell whether what a decoder says is y, and not X."""
        return False

    def _step_weights_for(self, targets):
        """Return how much single timesteps of the targets count, `Sequences` by head."""
        return {}

    def _fit_input(self, sequences, sample_weight):
        """Take the scaling from the sequences, and return those to read."""
        mean, self._feature_std = weighted_moments(sequences, sample_weight)
        standard = self.scale == "standard"
        self._scaling = Scaling(mean, self._feature_std) if standard else Scaling.identity(len(mean))
        return sequences

    def _check_continues(self, before):
        """Refuse to go on from weights that meant something else."""

    def _seeds(self):
        """Return weights to start from, by part of the network."""
        return {}

    def _loss_and_routed(self):
        """Return the loss, and the routed parameters of the loss and the optimizer."""
        return self.loss, self._routed

    def _train(self, architecture, data, partial, going_on, task):
        check_memory(
            training_bytes(architecture, data, self.batch_size),
            "Training",
            "Set a smaller batch_size or fewer units, or cut long sequences.",
        )
        # TensorFlow loads here, at the first fit, and not with the package
        check_tensorflow()
        from ..training._loop import train

        validation = None
        if self.early_stopping and not partial:
            held = data.hold_out(self.validation_fraction, self._random)
            data, validation = data.take(np.setdiff1d(np.arange(len(data)), held)), data.take(held)
        weights, seeds = getattr(self, "_weights", None) if going_on or self.warm_start else None, self._seeds()
        if weights:  # of the seeds only what is not trained
            weights = weights | {name: seeds[name] for name in architecture.frozen}
        losses_before = self.history_ if going_on else {}

        def begin_epoch():
            epoch = task.begin_part("epoch")
            return lambda trained: epoch.end(lambda: self._copy()._take(architecture, trained(), losses_before))

        trained = train(
            architecture,
            self._settings(partial, stop_early=validation is not None),
            data,
            validation,
            self._random,
            weights=weights,
            optimizer_state=self._optimizer_state if going_on else None,
            seeds=seeds,
            begin_epoch=begin_epoch,
        )
        self._take(architecture, trained, losses_before)

    def _take(self, architecture, trained, losses_before):
        """Take what training left behind; return self."""
        self._architecture = architecture
        self._weights, self._optimizer_state = trained.weights, trained.optimizer_state
        self.history_ = {name: losses_before.get(name, []) + values for name, values in trained.history.items()}
        self.n_iter_ = len(self.history_["loss"])
        return self

    def _settings(self, partial, *, stop_early):
        from ..training._loop import Settings

        if not isinstance(self.optimizer, str | type):
            for name in ("learning_rate", "clipnorm"):
                default = inspect.signature(type(self)).parameters[name].default
                if getattr(self, name) != default:
                    raise ValueError(
                        f"{name}={getattr(self, name)!r} has no effect on an optimizer that is an instance: set it in "
                        f"the optimizer and leave {name}={default!r}, or give the optimizer by name."
                    )
        loss, routed = self._loss_and_routed()
        return Settings(
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            clipnorm=self.clipnorm,
            loss=loss,
            routed=routed,
            epochs=1 if partial else self.epochs,
            batch_size=self.batch_size,
            head_weights=self._head_weights(),
            n_iter_no_change=self.n_iter_no_change if stop_early else None,
            tol=self.tol,
            callbacks=self.callbacks,
            verbose=int(self.verbose),
        )

    def _units(self, default):
        """Return the widths of the recurrent layers as a tuple."""
        units = (default,) if self.units is None else self.units
        units = tuple(np.atleast_1d(np.asarray(units, dtype=object)))
        if not units or not all(isinstance(u, numbers.Integral) and u >= 1 for u in units):
            raise ValueError(f"units must be an int or a tuple of ints of at least 1, got {self.units!r}.")
        return tuple(int(u) for u in units)

    def _output_activation(self, said):
        """Return the activation that the loss asks for; refuse targets, a dict by head, that it cannot reach."""
        loss = self.loss
        name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
        activation = OUTPUT_ACTIVATIONS.get(name.lower().replace("_", ""), "linear")
        if activation == "linear":
            return activation
        if self.scale is not None:
            raise ValueError(f"loss={name!r} compares probabilities: set scale=None, got scale={self.scale!r}.")
        for head, sequences in said.items():
            outside = np.argwhere((sequences.packed < 0) | (sequences.packed > 1))
            if len(outside):
                row, feature = outside[0]
                i, t = locate(row, sequences.lengths)
                place = f"{'y' if self._reads_y(head) else 'X'}[{i}]"
                raise ValueError(
                    f"{place} has {sequences.packed[row, feature]:g} at timestep {t}, feature {feature}, but "
                    f"loss={name!r} needs values from 0 to 1."
                )
        return activation

    @property
    def encoder_(self):
        """A `keras.Model` of stock layers, of what is read in the data's units; see the class' attributes."""
        check_is_fitted(self)
        check_tensorflow()
        from ..networks.keras_backend._exported_models import export_encoder

        return export_encoder(self._architecture, self._weights, self._scaling)

    @property
    def decoder_(self):
        """A `keras.Model` from what the encoder gives to the data's units; see the class' attributes.

        Of stock layers, but for a conditional decoder, for which Keras has none. With two decoders, a dict of outputs.
        """
        check_is_fitted(self)
        check_tensorflow()
        from ..networks.keras_backend._exported_models import export_decoder

        return export_decoder(self._architecture, self._weights, self._says)

    @property
    def model_(self):
        """A `keras.Model`, `decoder_` after `encoder_`; see the class' attributes."""
        from ..networks.keras_backend._exported_models import export_model

        return export_model(self.encoder_, self.decoder_)

    def _says(self, head):
        """Return the scaling of what a decoder says, and the layout that has its lengths."""
        return self._scaling, TargetLayout("sequences", length_offset=-1 if head == "prediction" else 0)

    def _encode(self, x):
        """Return the encodings of scaled sequences: (N, L), float32."""
        return encode(self._architecture, self._weights, x)

    def _decode(self, head, Z, lengths):
        """Return the scaled sequences that encodings stand for, in the order in which the decoder says them."""
        _check_decodable(self._architecture, head, lengths)
        if not callable(self._architecture.decoder):
            return decode(self._architecture, self._weights, head, Z, lengths)
        check_tensorflow()
        from ..inference._custom_decoding import decode as decode_by_function

        return decode_by_function(self._architecture, self._weights, head, Z, lengths)


def _weighted_rows(sequences, target, sample_weight):
    """Return the samples of a weight above zero, and their weights: zero is as good as absence."""
    weights = check_sample_weight(sample_weight, len(sequences))
    # only proportions matter: by a power of two, which changes no bit of them, so that float32 can hold them
    weights = np.ldexp(weights, 1 - np.frexp(weights.max())[1])
    rows = np.flatnonzero(weights)
    sequences = sequences[rows]
    if not sequences.lengths.any():
        raise ValueError("All sequences with a sample_weight above zero are empty: at least one needs a timestep.")
    return sequences, None if target is None else target[rows], weights[rows]


def _check_decodable(architecture, head, lengths):
    """Refuse sequences longer than what a decoder function was called for."""
    if not callable(architecture.decoder):
        return
    limit = dict(zip(architecture.heads, architecture.n_timesteps, strict=True))[head]
    too_long = np.flatnonzero(lengths > limit)
    if len(too_long):
        raise ValueError(
            f"Sequence {too_long[0]} has {lengths[too_long[0]]} timesteps to decode, but the decoder function was "
            f"called for {limit}, the longest in training. Fit on longer sequences, or use decoder='repeat'."
        )


def _changed_architecture(before, after):
    changed = [
        f"{field}: {getattr(before, field)!r} -> {getattr(after, field)!r}"
        for field in before.shape
        if before.shape[field] != after.shape[field]
    ]
    return (
        f"warm_start=True goes on from the last fit's weights, but what shapes them changed ({'; '.join(changed)}). "
        "Set warm_start=False, or clone the estimator."
    )
