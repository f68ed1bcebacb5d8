"""CompositeSequenceRegressor: say a sequence again, and say what follows or belongs to it."""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ..data._scaling import Scaling, weighted_moments
from ..data._tabular import check_sample_weight
from ..data._targets import TargetLayout, check_target, reversed_in_time, split_future
from ._fitted_state import FittedTarget
from ._fitting import TrainingTargets
from ._recurrent_autoencoder import BaseRecurrentAutoencoder


class CompositeSequenceRegressor(RegressorMixin, BaseRecurrentAutoencoder):
    """Predict values or sequences from variable-length sequences, by an encoder that must also reconstruct them.

    One LSTM encoder reads each sequence into one vector; from that alone one decoder says the sequence again and
    another says the target. Reconstruction keeps the encoder from forgetting what the target does not need, and
    prediction from memorising what nobody asks for [1]_. The encodings are there too: `transform` gives them.

    Parameters
    ----------
    latent_dim : int, default=32
        Columns L of `transform`, at least 1.
    horizon : int, default=None
        Forecast without a y: the last `horizon` timesteps of each sequence of X, at least 1, are the target, and only
        those before them are read in training. None: the target is y.
    reconstruction_weight : float, default=0.5
        How much the reconstruction counts in the loss, in [0, 1]; the prediction counts the rest.
    decoder : {"repeat", "conditional"} or callable, default="repeat"
        "repeat" reads the encoding at every timestep and nothing else. "conditional" also reads the timestep before:
        the true one in the training and validation loss, its own output everywhere else, zeros (in scaled units) at
        the first step. A function `(n_timesteps, latent_dim, n_features) -> keras.Model` makes a model from
        (B, latent_dim) to (B, n_timesteps, n_features) of any kind; it is called once a fit for each decoder, for the
        longest training length, and longer sequences are refused later. A module-level function can be pickled.
    reverse : bool, default=True
        Whether the reconstruction is said last timestep first, within each sequence's own length.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        The recurrent cell. "rnn" is the simple recurrent network of Elman (1990), doi:10.1207/s15516709cog1402_1.
    units : int or tuple of int, default=None
        Width of the recurrent layer, or of several stacked ones, each at least 1; the decoder mirrors them. None: one
        of `latent_dim`. Where the state of the top layer is not `latent_dim` wide, a linear layer follows it.
    bidirectional : bool, default=False
        Whether each layer of the encoder reads both ways, which doubles its width.
    activation : {"tanh", "relu", "sigmoid", "linear"}, default="tanh"
        Activation of the cell.
    dropout : float, default=0.0
        Share of each recurrent layer's inputs dropped in training, in [0, 1), the same at every timestep of a sequence.
    padding_value : float, default=None
        What 2-D and 3-D arrays are padded with at the end: trailing timesteps all equal to it are padding. None: NaN.
    scale : {"standard", None}, default="standard"
        Whether each feature of X and each output of y is standardised over the real timesteps of the training set,
        which outputs undo.
    loss : str or callable, default="mse"
        A Keras loss by name, class or instance, or a function of (true, said), each (B, T, F), that gives (B, T), for
        both decoders. With "binary_crossentropy" outputs are sigmoid, with "categorical_crossentropy" softmax; both
        need `scale=None`.
    optimizer : str, keras.optimizers.Optimizer or its class, default="adam"
        The Keras optimizer. Of an instance the configuration is used; `learning_rate` and `clipnorm` must then be left
        at their defaults.
    learning_rate : float, default=1e-3
        Step size, above 0.
    clipnorm : float, default=1.0
        Largest norm of the gradient of one weight array, above 0. None: any.
    epochs : int, default=200
        Passes over the training set, at least 1; with `early_stopping`, at most so many.
    batch_size : int, default=32
        Sequences per gradient step, at least 1.
    early_stopping : bool, default=False
        Whether part of the data is held out, training stops when the loss there does not fall, and the best weights
        come back. `validation_fraction`, `n_iter_no_change` and `tol` act only then.
    validation_fraction : float, default=0.1
        Share of the samples held out, in (0, 1).
    n_iter_no_change : int, default=10
        Epochs without a fall of more than `tol` after which training stops, at least 1.
    tol : float, default=1e-4
        What counts as a fall of the validation loss, at least 0.
    callbacks : keras.callbacks.Callback or list of them, default=None
        Called at the events of training that Keras defines, with its network; `fit` works on deep copies. Callbacks of
        scikit-learn, which are given estimators and follow searches, pipelines and epochs, go to `set_callbacks`, from
        scikit-learn 1.9 on.
    warm_start : bool, default=False
        Whether `fit` starts from the weights of the last one. The optimizer starts afresh.
    verbose : int, default=0
        0 is silent, 1 shows one line of progress, 2 a line per epoch.
    random_state : int, RandomState instance or None, default=None
        Draws the initial weights, the order of samples, the validation split and dropout.
    **routed : dict
        More arguments for the optimizer and the loss under SciKeras' routed names, such as `optimizer__beta_1=0.8` or
        `loss__delta=2.0`.

    Attributes
    ----------
    history_ : dict of str to list of float
        Mean over real timesteps of each epoch's "loss", "reconstruction_loss" and "prediction_loss", in scaled units;
        with early stopping of "val_loss" and so on too.
    n_iter_ : int
        Epochs run.
    n_features_in_ : int
        Features per timestep; for 2-D X the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names, or of the features of named `Sequences`.
    encoder_, decoder_, model_ : keras.Model
        The encoder, the decoders, and both in a row, built at each access from stock Keras layers; inputs are
        `[x, mask]`, arrays (B, T, F) in the data's own units and (B, T), and outputs a dict of "reconstruction" and
        "prediction". Where the lengths of y follow no rule, a third input, a mask (B, T'), says them. A conditional
        decoder feeds its own output back, for which Keras has no layer: then there is one of this package.

    See Also
    --------
    LSTMAutoencoderTransformer : Encodings without a target.
    sklearn.compose.TransformedTargetRegressor : A transformed y.

    References
    ----------
    .. [1] Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). Unsupervised Learning of Video Representations
       using LSTMs. arXiv:1502.04681.

    Examples
    --------
    >>> from skseqae import CompositeSequenceRegressor
    >>> from skseqae.datasets import make_counters
    >>> X, y = make_counters(40, random_state=0)  # y: where each counter started, and its step
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
        latent_dim=32,
        *,
        horizon=None,
        reconstruction_weight=0.5,
        decoder="repeat",
        reverse=True,
        cell="lstm",
        units=None,
        bidirectional=False,
        activation="tanh",
        dropout=0.0,
        padding_value=None,
        scale="standard",
        loss="mse",
        optimizer="adam",
        learning_rate=1e-3,
        clipnorm=1.0,
        epochs=200,
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
        self.horizon = horizon
        self.reconstruction_weight = reconstruction_weight
        self.decoder = decoder
        self.reverse = reverse
        self.cell = cell
        self.units = units
        self.bidirectional = bidirectional
        self.activation = activation
        self.dropout = dropout
        self.padding_value = padding_value
        self.scale = scale
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.clipnorm = clipnorm
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
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : array-like of shape (N,), (N, K) or (N, H, D), or sequences of N samples, default=None
            A number, a vector or a sequence for each sample; with `horizon` None.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts, at least 0; one of weight 0 is as good as absent.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of finite numbers, or y not as many finite targets, or there is neither a y nor a
            `horizon` or both, or a sequence has no more timesteps than `horizon`, or a parameter is out of its range,
            or training diverged, or, with `warm_start`, the architecture changed. The estimator is then as it was
            before.
        """
        return self._fit(X, y, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for exactly one more epoch, the first time from scratch.

        The scaling and the kind of y are those of the first call. The optimizer's state is kept from call to call, and
        nothing is held out for validation.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : array-like of shape (N,), (N, K) or (N, H, D), or sequences of N samples, default=None
            A number, a vector or a sequence for each sample; with `horizon` None.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts, at least 0; one of weight 0 is as good as absent.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As `fit`, and if y has other features than in the first call. The estimator is then as it was before.
        """
        return self._fit(X, y, sample_weight, partial=True)

    def predict(self, X, n_timesteps=None):
        """Predict the target of each sequence; with `horizon`, the timesteps that follow all of X.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        n_timesteps : int or array-like of int of shape (N,), default=None
            Length of each prediction, at least 0, for a y of sequences. None: that of the training targets where they
            had one length, or that of X and the constant by which all training targets were longer or shorter.

        Returns
        -------
        y : ndarray of shape (N,), (N, K) or (N, H, D), or sequences of N samples
            The kind that y was, in its units; with `horizon` the kind of X.

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of as many features as in training, or `n_timesteps` is needed or means nothing.
        """
        sequences, layout, x = self._read(X)
        fitted_target = self._fitted.target
        lengths = fitted_target.layout.lengths_for(sequences.lengths, n_timesteps)
        predicted = self._predict(x, lengths, sequences.dtype)
        return (replace(layout, n_timesteps=0) if fitted_target.horizon else fitted_target.layout).restore(predicted)

    def score(self, X, y=None, sample_weight=None):
        """Return the coefficient of determination R², averaged over outputs.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : array-like of shape (N,), (N, K) or (N, H, D), or sequences of N samples, default=None
            The true targets, of any lengths; with `horizon` None, and the last timesteps of X are held back.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts.

        Returns
        -------
        score : float
            At most 1, the best; 0 is that of the mean. Each output counts alike, over all real timesteps.
        """
        check_is_fitted(self)
        sequences, _ = self._check_input(X)
        sequences, target, _ = self._read_target(sequences, y, self._fitted)
        predicted = self._predict(self._fitted.input.scaling.apply(sequences), target.lengths, np.float64)
        weights = check_sample_weight(sample_weight, len(target))
        return r2_score(target.packed, predicted.packed, sample_weight=np.repeat(weights, target.lengths))

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: y may have several outputs."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _heads(self):
        return ("reconstruction", "prediction")

    def _read_target(self, sequences, y, continued):
        horizon = continued.target.horizon if continued else self.horizon
        if horizon is None:
            target, layout = check_target(y, self)
            check_consistent_length(sequences, target)
        elif y is not None:
            raise ValueError(f"y and horizon={horizon} both determine the target: pass only one of them.")
        else:
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
            raise ValueError("All targets with a sample_weight above zero are empty: at least one needs a timestep.")
        if continued:
            layout = continued.target.layout
            layout = layout.intersect(layout.infer_lengths(sequences.lengths, target.lengths))
            return replace(continued.target, layout=layout)
        layout = fitted_target.layout.infer_lengths(sequences.lengths, target.lengths)
        mean, std = weighted_moments(target, sample_weight)
        scaling = Scaling(mean, std) if self.scale == "standard" else Scaling.identity(len(mean))
        return replace(fitted_target, layout=layout, scaling=scaling)

    def _architecture_for(self, problem):
        targets = {"reconstruction": problem.sequences, "prediction": problem.target}
        names = ["X", "X" if self.horizon else "y"]
        return self._recurrent_architecture(problem.sequences.n_features, targets, target_names=names)

    def _training_targets(self, architecture, x, problem):
        targets = {
            "reconstruction": reversed_in_time(x) if architecture.reverse else x,
            "prediction": problem.fitted_target.scaling.apply(problem.target, "y"),
        }
        head_weights = {"reconstruction": self.reconstruction_weight, "prediction": 1 - self.reconstruction_weight}
        return TrainingTargets(targets, head_weights, self.loss, self._routed)

    def _predict(self, x, lengths, dtype):
        return self._fitted.target.scaling.undo(self._decode("prediction", self._encode(x), lengths), dtype)
