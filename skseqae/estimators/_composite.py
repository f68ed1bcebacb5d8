"""CompositeSequenceRegressor: reconstruction of a sequence, and prediction of its target or its future."""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ..data._scaling import Scaling, weighted_moments
from ..data._sequences import Sequences
from ..data._tabular import check_sample_weight
from ..data._targets import TargetLayout, check_target, reversed_in_time, split_future
from ..inference._encode_decode import read_out
from ..runtime._warnings import warn_user
from ._fitted_state import FittedTarget
from ._fitting import TrainingTargets
from ._recurrent_autoencoder import BaseRecurrentAutoencoder


class CompositeSequenceRegressor(RegressorMixin, BaseRecurrentAutoencoder):
    """Predict numbers, vectors or sequences from variable-length sequences by an LSTM encoder with two decoders.

    An LSTM encoder compresses a sequence into a vector of `latent_dim` values. From this vector, one decoder
    reconstructs the sequence and another predicts the target. Reconstruction acts as a regulariser that preserves
    information about the whole input; prediction discourages the encoder from memorising irrelevant details [1]_. After
    fitting, `transform` returns the encodings.

    If the target is a number or a vector and the loss is "mse", `fit` ends with a ridge regression of the target on the
    encodings, which predicts in place of the decoder: it reads statistics that have no gradient. Its penalty is chosen
    by cross-validation. It requires statistics as encodings, and a built-in decoder. `history_` has the losses of the
    decoder.

    Parameters
    ----------
    latent_dim : int or None, default=256
        Number of columns of `transform`, at least 1. With statistics, a linear map that is computed after training
        leads to them: standardised principal components, rotated by a random rotation, so that a scaler does not
        amplify the last components. If None, there is no map: the statistics are the encoding. With `pooling="last"`,
        the number of values that the decoder reads, and a trained linear layer computes them if the hidden state does
        not have as many.
    pooling : {"statistics", "last"} or tuple of str, default="statistics"
        What an encoding is made of. "last" is the last hidden state of the encoder, as in [1]_. "statistics" are
        statistics of each hidden state over the real timesteps: the shares of timesteps at which it exceeds seven
        quantiles of its values on the training set [2]_, its maximum, its minimum and its mean absolute change. A tuple
        names the statistics: some of "shares", "max", "min", "mean_abs_change", "mean", "std" and "last". With
        statistics, the decoder reads a latent vector, a linear layer of statistics that have a gradient.
    differences : bool, default=True
        Whether a second encoder of the same kind reads the first differences of the sequence. Its hidden states stand
        beside those of the first.
    patch_size : int or "auto", default="auto"
        Number of timesteps that the network reads, and that a "repeat" decoder reconstructs, as one step, at least 1.
        "auto" is the median length divided by 256, rounded up. Outputs are always per timestep.
    horizon : int, default=None
        Number of timesteps to forecast, at least 1. `fit` is then called without y: the target is the last `horizon`
        timesteps of each sequence of X, and the encoder reads the timesteps before them. If None, the target is y. In a
        cross-validation, score by `TimestepScorer` without y: scikit-learn's scorers require one. After a fit on a 2-D
        X, all methods except `fit`, `partial_fit` and `score` also read the columns before the target alone.
    reconstruction_weight : float, default=0.5
        Weight of the reconstruction in the loss, in [0, 1]. The weight of the prediction is
        `1 - reconstruction_weight`.
    decoder : {"repeat", "conditional"} or callable, default="repeat"
        What the decoder reads, beside the latent vector (with `pooling="last"`, the encoding). A "repeat" decoder reads
        the same at every timestep. A "conditional" decoder also reads the timestep that precedes in decoding order. In
        the training and validation loss, this is the true timestep (teacher forcing). Elsewhere, it is the decoder's
        own output. At the first step, the decoder reads zeros in scaled units. A function
        `(n_timesteps, width, n_features) -> keras.Model` returns a custom Keras model from arrays of shape
        (n_samples, width), the latent vectors, to (n_samples, n_timesteps, n_features). `fit` calls the function once
        for each decoder, with the length of the longest training target. Methods raise an error for longer sequences.
        Define the function at the level of a module to be able to pickle the estimator.
    reverse : bool, default=True
        Whether to reconstruct the sequence in reverse order of time, excluding padding, which makes optimisation easier
        [1]_. Methods return the original order.
    time_features : bool, default=True
        Whether a "repeat" decoder also reads the position in the sequence, as eight polynomials. They make the
        reconstruction more accurate.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        The recurrent cell. "rnn" is the simple recurrent network of Elman (1990), doi:10.1207/s15516709cog1402_1.
    units : int or tuple of int, default=32
        Number of units of the recurrent layer, or a tuple with the number of units of each of several stacked layers,
        each at least 1. The decoder has the same numbers of units in reverse order, and reads forwards only. If None,
        one layer of `latent_dim` units.
    bidirectional : bool, default=True
        Whether each layer of the encoder reads the sequence in both directions, which doubles the width of its output.
    activation : {"tanh", "relu", "sigmoid", "linear"}, default="tanh"
        Activation function of the recurrent cell.
    dropout : float, default=0.0
        Fraction of the inputs of each recurrent layer that is dropped in training, in [0, 1). The same inputs are
        dropped at every timestep of a sequence.
    padding_value : float, default=None
        Padding value of 2-D and 3-D arrays. Trailing timesteps whose features all equal this value are padding. If
        None, the padding value is NaN. If set, NaN is not padding. Lists and `Sequences` have no padding.
    missing : {"error", "mask"}, default="error"
        How to treat missing values (NaN) inside sequences. "error": raise an error. "mask": they are not observed. The
        network reads linearly interpolated values in their place (the mean of a feature of which a sequence has none).
        NaN in y is not observed either. Scaling, loss, errors and scores use the observed values alone, and
        reconstructions fill every value. The loss must be the mean over the features of a loss of each value, such as
        "mse" or "mae". Trailing timesteps of an array whose features are all NaN are padding in any case.
    scale : {"standard", None}, default="standard"
        If "standard", each feature of X and each output of y is standardised over the real timesteps of the training
        set, and outputs are converted back to the units of the data.
    loss : str or callable, default="mse"
        A Keras loss (name, class or instance), or a function of (y_true, y_pred). Both arguments have shape (n_samples,
        n_timesteps, n_features), and the function returns an array of shape (n_samples, n_timesteps). Both decoders use
        this loss. With "binary_crossentropy", the output activation is a sigmoid; with "categorical_crossentropy" and
        "kl_divergence", a softmax; with "poisson", the exponential function; otherwise it is linear. All of these, and
        "mean_squared_logarithmic_error", require `scale=None` and values of X and y of at least 0; those with a sigmoid
        or a softmax, up to 1.
    optimizer : str, keras.optimizers.Optimizer or its class, default="adam"
        The Keras optimizer. If it is an instance, only its configuration is used, and `learning_rate` and `clipnorm`
        must keep their default values.
    learning_rate : float, default=3e-3
        Learning rate of the optimizer, above 0.
    schedule : {"cosine", "constant"}, default="cosine"
        With "cosine", the learning rate rises to `learning_rate` in the first 5 % of the training steps and then falls
        to 0 by half a cosine [3]_. Callbacks that change the learning rate require "constant". `partial_fit`, and an
        optimizer that is an instance, always have a constant one.
    clipnorm : float, default=1.0
        Maximum norm of the gradient of each weight array, above 0. If None, gradients are not clipped.
    max_steps : int, default=600
        Number of gradient steps, at least 1, for any number of samples: `fit` runs as many epochs as they need, at
        least two. It ends before if the loss no longer falls. Not used if `epochs` is set.
    epochs : int, default=None
        Number of passes over the training set, at least 1. With `early_stopping`, the maximum number. If None,
        `max_steps` determines it.
    batch_size : int, default=32
        Number of sequences per gradient step, at least 1.
    early_stopping : bool, default=False
        Whether to hold out part of the samples, stop training when the loss on them no longer falls, and restore the
        best weights. `validation_fraction`, `n_iter_no_change` and `tol` are used only if True.
    validation_fraction : float, default=0.1
        Fraction of the samples that is held out, in (0, 1).
    n_iter_no_change : int, default=10
        Number of consecutive epochs without an improvement after which training stops, at least 1.
    tol : float, default=1e-4
        Tolerance, at least 0: an epoch is an improvement if the validation loss falls by more than `tol`.
    callbacks : keras.callbacks.Callback or list of them, default=None
        Keras callbacks. They receive the Keras network. `fit` uses deep copies, `callbacks_`, so the callbacks
        passed here do not change. To register callbacks of scikit-learn (1.9 or later), call `set_callbacks`. Those
        receive the estimator, and observe pipelines and searches as well as epochs.
    warm_start : bool, default=False
        Whether `fit` starts from the weights of the previous fit. The state of the optimizer is not kept.
    verbose : int, default=0
        0 is silent, 1 shows one line of progress, 2 one line per epoch.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the samples, the validation split and dropout.
    **routed : dict
        Further arguments of the optimizer and the loss, as nested parameters such as `optimizer__beta_1=0.8` or
        `loss__delta=2.0` (SciKeras calls them routed parameters). Set the learning rate and the gradient norm by
        `learning_rate` and `clipnorm`.

    Attributes
    ----------
    history_ : dict of str to list of float
        The "loss", "reconstruction_loss" and "prediction_loss" of each epoch, with early stopping also "val_loss" and
        so on: means over real timesteps, in scaled units.
    baseline_loss_ : float or None
        The loss of a prediction of the mean of the targets. The loss of a network that has learnt nothing is about the
        same. None in estimators that an earlier version saved.
    callbacks_ : list of keras.callbacks.Callback
        The copies of `callbacks` that the last training used, as training left them, without the network. Pickles, deep
        copies and files do not contain them: there, the list is empty.
    n_iter_ : int
        Number of epochs run.
    n_features_in_ : int
        Number of columns if X is 2-D. Otherwise, the number of features per timestep.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns of X if it was a dataframe with string column names, or of the features of X if it had
        named features. Defined only in these cases.
    encoder_, decoder_, model_ : keras.Model
        The encoder, the decoders, and the encoder followed by the decoders, built from standard Keras layers at each
        access. `encoder_` and `model_` read `[x, mask]`. `x` has shape (n_samples, n_timesteps, n_features), in the
        units of the data. `mask` has shape (n_samples, n_timesteps) and is 1 for real timesteps and 0 for padding.
        `decoder_` reads `[encodings, mask]`. `decoder_` and `model_` return a dict of "reconstruction" and
        "prediction". If the lengths of y were neither constant nor at a constant offset from those of X, they read a
        third input, the mask of the timesteps to predict. A conditional decoder feeds its own output back, for which
        Keras has no layer: then `decoder_` and `model_` contain a layer of this package.

    See Also
    --------
    LSTMAutoencoderTransformer : Encodings without a target.
    sklearn.compose.TransformedTargetRegressor : Regression on a transformed y.

    References
    ----------
    .. [1] Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). Unsupervised Learning of Video Representations
       using LSTMs. arXiv:1502.04681.
    .. [2] Dempster, A., Schmidt, D. F. and Webb, G. I. (2021). MiniRocket: A Very Fast (Almost) Deterministic Transform
       for Time Series Classification. doi:10.1145/3447548.3467231.
    .. [3] Loshchilov, I. and Hutter, F. (2017). SGDR: Stochastic Gradient Descent with Warm Restarts. arXiv:1608.03983.

    Examples
    --------
    >>> from skseqae import CompositeSequenceRegressor
    >>> from skseqae.datasets import make_counters
    >>> X, y = make_counters(40, random_state=0)  # y: the first value and the step of each counter
    >>> regressor = CompositeSequenceRegressor(latent_dim=8, epochs=2, random_state=0).fit(X, y)
    >>> regressor.predict(X).shape
    (40, 2)
    >>> forecaster = CompositeSequenceRegressor(latent_dim=8, horizon=3, epochs=2, random_state=0).fit(X)
    >>> forecaster.predict(X[:1])[0].shape
    (3, 1)
    """

    _parameter_constraints: dict = {
        **BaseRecurrentAutoencoder._parameter_constraints,
        "horizon": [Interval(Integral, 1, None, closed="left"), None],
        "reconstruction_weight": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self,
        latent_dim=256,
        *,
        pooling="statistics",
        differences=True,
        patch_size="auto",
        horizon=None,
        reconstruction_weight=0.5,
        decoder="repeat",
        reverse=True,
        time_features=True,
        cell="lstm",
        units=32,
        bidirectional=True,
        activation="tanh",
        dropout=0.0,
        padding_value=None,
        missing="error",
        scale="standard",
        loss="mse",
        optimizer="adam",
        learning_rate=3e-3,
        schedule="cosine",
        clipnorm=1.0,
        max_steps=600,
        epochs=None,
        batch_size=32,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-4,
        callbacks=None,
        warm_start=False,
        verbose=0,
        random_state=None,
        **routed,
    ):
        self.latent_dim = latent_dim
        self.pooling = pooling
        self.differences = differences
        self.patch_size = patch_size
        self.horizon = horizon
        self.reconstruction_weight = reconstruction_weight
        self.decoder = decoder
        self.reverse = reverse
        self.time_features = time_features
        self.cell = cell
        self.units = units
        self.bidirectional = bidirectional
        self.activation = activation
        self.dropout = dropout
        self.padding_value = padding_value
        self.missing = missing
        self.scale = scale
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.clipnorm = clipnorm
        self.max_steps = max_steps
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state
        self._set_routed(routed)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Train the encoder and both decoders.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        y : array-like or sequences of shape (n_samples,), default=None
            The targets: numbers of shape (n_samples,), vectors of shape (n_samples, n_outputs), sequences of equal
            length of shape (n_samples, n_timesteps, n_outputs), or a list of sequences. None if `horizon` is set.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative sample weights. A weight of 0 is equivalent to removing the sample.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of finite numbers, if y does not contain one finite target for each of them,
            if both or neither of y and `horizon` are given, if a sequence has only `horizon` timesteps or fewer, if a
            parameter is out of its range, if training diverges, or if the architecture changed with `warm_start=True`.
            The estimator then keeps its previous state.
        """
        return self._fit(X, y, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for exactly one epoch, from scratch in the first call.

        The first call determines the scaling and the type of y. The state of the optimizer is kept between calls, and
        no samples are held out for validation. What is computed after training, the map to `latent_dim` columns and the
        regression of numbers and vectors, is computed from the samples of this call alone: pass enough of them.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        y : array-like or sequences of shape (n_samples,), default=None
            The targets: numbers of shape (n_samples,), vectors of shape (n_samples, n_outputs), sequences of equal
            length of shape (n_samples, n_timesteps, n_outputs), or a list of sequences. None if `horizon` is set.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative sample weights. A weight of 0 is equivalent to removing the sample.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As in `fit`, and if y has another type or number of outputs than in the first call. The estimator then keeps
            its previous state.
        """
        return self._fit(X, y, sample_weight, partial=True)

    def predict(self, X, n_timesteps=None):
        """Predict the target of each sequence; with `horizon`, the timesteps that follow X.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        n_timesteps : int or array-like of int of shape (n_samples,), default=None
            Length of each prediction, at least 0. It applies only if the targets are sequences. If None and all
            training targets had the same length, that length is used. If None and the difference between target length
            and input length was constant, the difference is added to the length of each input sequence. Otherwise,
            `n_timesteps` is required.

        Returns
        -------
        y : ndarray or sequences of shape (n_samples,)
            The predictions, in the type and units of y; with `horizon`, in the container of X. `Sequences` have the ids
            of X. They have the times of X if the targets in training had the lengths of X, which were not all equal.

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences with the number of features seen in training, or if `n_timesteps` is
            required or does not apply.
        """
        sequences, layout, x = self._read(X)
        fitted_target = self._fitted.target
        lengths = fitted_target.layout.lengths_for(sequences.lengths, n_timesteps)
        is_aligned = fitted_target.layout.follows_input and np.array_equal(lengths, sequences.lengths)
        predicted, times = self._predict(x, lengths, sequences.dtype).packed, sequences.times if is_aligned else None
        predicted = Sequences(predicted, lengths, ids=sequences.ids, times=times)
        return (replace(layout, n_timesteps=0) if fitted_target.horizon else fitted_target.layout).restore(predicted)

    def score(self, X, y=None, sample_weight=None):
        """Return the coefficient of determination R², averaged over the outputs.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        y : array-like or sequences of shape (n_samples,), default=None
            The true targets, in the type of y in `fit`; sequences may have any lengths. None with `horizon`: the last
            `horizon` timesteps of X are the targets and not read.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        score : float
            At most 1; higher is better, and predicting the mean has a score of 0. R² is computed over all observed
            values of real timesteps, and all outputs have equal weight.
        """
        sequences, target = self._input_and_target(X, y)
        predicted = self._predict(self._scale(sequences), target.lengths, np.float64)
        weights = np.repeat(check_sample_weight(sample_weight, len(target)), target.lengths)
        scores = []
        for y_true, y_pred in zip(target.packed.T, predicted.packed.T, strict=True):
            rows = np.flatnonzero(~np.isnan(y_true))
            scores.append(r2_score(y_true[rows], y_pred[rows], sample_weight=weights[rows]))
        return float(np.mean(scores))

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: y may have several outputs."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _heads(self):
        return ("reconstruction", "prediction")

    def _input_and_target(self, X, y=None):
        """Return the `Sequences` that `predict` reads and the true targets; with `horizon`, both are parts of X."""
        check_is_fitted(self)
        sequences, _ = self._check_input(X)
        sequences, target, _ = self._read_target(sequences, y, self._fitted)
        return sequences, target

    def _read_target(self, sequences, y, continued):
        horizon = continued.target.horizon if continued else self.horizon
        if horizon is None:
            target, layout = check_target(y, self, allow_missing=self._accepts_missing(reset=continued is None))
            check_consistent_length(sequences, target)
        elif y is not None:
            raise ValueError(
                f"y and horizon={horizon} both determine the target: pass only one of them. In a cross-validation by "
                "a metric, pass scoring=TimestepScorer(metric) and no y."
            )
        else:
            if len(sequences) == 1 and not continued:
                _warn_of_one_series(sequences, horizon)
            sequences, target = split_future(sequences, horizon)
            layout = TargetLayout("sequences")
        if continued:
            self._check_same_target(continued, target, layout)
        return sequences, target, FittedTarget(horizon, layout)

    def _check_same_target(self, fitted, target, layout):
        """Refuse targets of another type or width than in training."""
        width = fitted.architecture.width("prediction")
        if target.n_features != width:
            raise ValueError(
                f"y has {target.n_features} features or outputs, but {type(self).__name__} was fitted on {width}."
            )
        if (layout.target_type == "sequences") != (fitted.target.layout.target_type == "sequences"):
            raise ValueError(f"y is of another type than the one that {type(self).__name__} was fitted on.")

    def _describe_target(self, fitted_target, sequences, target, sample_weight, continued):
        if not target.lengths.any():
            raise ValueError(
                "All targets are empty, or have sample_weight 0. At least one target with a positive weight must have "
                "a timestep."
            )
        if continued:
            layout = continued.target.layout
            layout = layout.intersect(layout.infer_lengths(sequences.lengths, target.lengths))
            return replace(continued.target, layout=layout)
        layout = fitted_target.layout.infer_lengths(sequences.lengths, target.lengths)
        mean, std = weighted_moments(target, sample_weight, "X" if fitted_target.horizon else "y")
        scaling = Scaling(mean, std) if self.scale == "standard" else Scaling.identity(len(mean))
        return replace(fitted_target, layout=layout, scaling=scaling)

    def _architecture_for(self, problem):
        targets = {"reconstruction": problem.sequences, "prediction": problem.target}
        names = ["X", "X" if self.horizon else "y"]
        architecture = self._recurrent_architecture(problem.sequences, targets, target_names=names)
        has_one_value = problem.fitted_target.layout.target_type != "sequences"
        minimises_squares = self.loss in ("mse", "mean_squared_error") and not callable(self.decoder)
        return replace(architecture, readout=bool(architecture.pooling) and has_one_value and minimises_squares)

    def _training_targets(self, architecture, x, problem):
        targets = {
            "reconstruction": reversed_in_time(x) if architecture.reverse else x,
            "prediction": problem.fitted_target.scaling.apply(problem.target, "y"),
        }
        head_weights = {"reconstruction": self.reconstruction_weight, "prediction": 1 - self.reconstruction_weight}
        return TrainingTargets(targets, head_weights, self.loss, self._routed)

    def _predict(self, x, lengths, dtype):
        if self._fitted.architecture.readout:
            predicted = Sequences(read_out(self._fitted.network, self._encode(x)), lengths)
        else:
            predicted = self._decode("prediction", self._encode_latent(x), lengths)
        return self._fitted.target.scaling.undo(predicted, dtype)


def _warn_of_one_series(sequences, horizon):
    warn_user(
        f"X is one sequence of {sequences.lengths[0]} timesteps, read as one sample, of which only the last {horizon} "
        "are the target. To train a forecaster on all parts of a long series, pass windows of it: "
        f"Sequences.from_list(X).windows(size, horizon={horizon}), where size is the number of timesteps before them."
    )
