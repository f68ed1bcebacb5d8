"""LSTMAutoencoderTransformer: encodings of variable-length sequences."""

from dataclasses import replace
from numbers import Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if

from ..data._reconstruction_errors import mean_by_sample, squared_errors
from ..data._sequences import replace_values
from ..data._targets import check_n_timesteps, next_steps, reversed_in_time
from ..inference._encode_decode import latent_vectors
from ..training._batches import Crops
from ._autoencoder_mixin import mean_score
from ._fitting import TrainingTargets
from ._recurrent_autoencoder import BaseRecurrentAutoencoder, has_head

MAX_CROP = 256  # steps of the network that a training step sees of a sequence
HEADS = {
    "reconstruction": ("reconstruction",),
    "prediction": ("prediction",),
    "composite": ("reconstruction", "prediction"),
}


class LSTMAutoencoderTransformer(BaseRecurrentAutoencoder):
    """Encode variable-length sequences as fixed-length vectors by an LSTM autoencoder.

    The encoder compresses a sequence into a vector of `latent_dim` values, and the decoder reconstructs the sequence
    from that vector. After fitting, `transform` returns the encodings. Padding is neither read by the encoder nor
    counted in the loss, so encodings do not depend on it.

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
    objective : {"reconstruction", "prediction", "composite"}, default="reconstruction"
        Output of the decoder: the sequence itself, each next timestep (the sequence shifted by one), or both, by two
        decoders.
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
        [1]_: the timestep that was read last is reconstructed first. Methods return the original order.
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
        Scaling, loss, errors and scores use the observed values alone, and reconstructions fill every value. The loss
        must be the mean over the features of a loss of each value, such as "mse" or "mae". Trailing timesteps of an
        array whose features are all NaN are padding in any case.
    scale : {"standard", None}, default="standard"
        If "standard", each feature is standardised over the real timesteps of the training set, and outputs are
        converted back to the units of X.
    loss : str or callable, default="mse"
        A Keras loss (name, class or instance), or a function of (y_true, y_pred). Both arguments have shape (n_samples,
        n_timesteps, n_features), and the function returns an array of shape (n_samples, n_timesteps). With
        `objective="composite"`, both decoders use this loss. With "binary_crossentropy", the output activation is a
        sigmoid; with "categorical_crossentropy" and "kl_divergence", a softmax; with "poisson", the exponential
        function; otherwise it is linear. All of these, and "mean_squared_logarithmic_error", require `scale=None` and
        values of at least 0; those with a sigmoid or a softmax, up to 1.
    min_crop : float, default=0.5
        Each training step sees a random contiguous part of each sequence: a share of at least `min_crop`, in (0, 1], of
        the sequence, and at most 256 steps (of `patch_size` timesteps). If 1, whole sequences.
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
    max_steps : int, default=300
        Number of gradient steps, at least 1, for any number of samples: `fit` runs as many epochs as they need, at
        least two. It ends before if the loss no longer falls. Not used if `epochs` is set.
    epochs : int, default=None
        Number of passes over the training set, at least 1. With `early_stopping`, the maximum number. If None,
        `max_steps` determines it.
    batch_size : int, default=16
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
        The "loss" of each epoch, with early stopping also the "val_loss": means over real timesteps, in scaled units.
        With two decoders, also the loss of each decoder, such as "reconstruction_loss".
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
        The encoder, the decoder, and the encoder followed by the decoder, built from standard Keras layers at each
        access. `encoder_` and `model_` read `[x, mask]`. `x` has shape (n_samples, n_timesteps, n_features), in the
        units of the data. `mask` has shape (n_samples, n_timesteps) and is 1 for real timesteps and 0 for padding.
        `decoder_` reads `[encodings, mask]`. With `objective="composite"`, `decoder_` and `model_` return a dict of
        "reconstruction" and "prediction". A conditional decoder feeds its own output back, for which Keras has no
        layer: then `decoder_` and `model_` contain a layer of this package.

    See Also
    --------
    sklearn.decomposition.PCA : Encodings of rows of equal length.

    References
    ----------
    .. [1] Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). Unsupervised Learning of Video Representations
       using LSTMs. arXiv:1502.04681.
    .. [2] Dempster, A., Schmidt, D. F. and Webb, G. I. (2021). MiniRocket: A Very Fast (Almost) Deterministic Transform
       for Time Series Classification. doi:10.1145/3447548.3467231.
    .. [3] Loshchilov, I. and Hutter, F. (2017). SGDR: Stochastic Gradient Descent with Warm Restarts. arXiv:1608.03983.

    Examples
    --------
    >>> from skseqae import LSTMAutoencoderTransformer
    >>> from skseqae.datasets import make_waves
    >>> X, y = make_waves(40, lengths=(10, 40), random_state=0)
    >>> encoder = LSTMAutoencoderTransformer(latent_dim=8, epochs=2, random_state=0)
    >>> encoder.fit_transform(X).shape
    (40, 8)
    >>> encoder.reconstruct(X[:1])[0].shape == X[0].shape
    True
    """

    _parameter_constraints: dict = {
        **BaseRecurrentAutoencoder._parameter_constraints,
        "objective": [StrOptions(set(HEADS))],
        "min_crop": [Interval(Real, 0, 1, closed="right")],
    }

    def __init__(
        self,
        latent_dim=256,
        *,
        pooling="statistics",
        differences=True,
        patch_size="auto",
        objective="reconstruction",
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
        min_crop=0.5,
        optimizer="adam",
        learning_rate=3e-3,
        schedule="cosine",
        clipnorm=1.0,
        max_steps=300,
        epochs=None,
        batch_size=16,
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
        self.objective = objective
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
        self.min_crop = min_crop
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
        """Train the autoencoder on sequences.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        y : ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative sample weights. A weight of 0 is equivalent to removing the sample.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of finite numbers, if a parameter is out of its range, if training diverges,
            or if the architecture changed with `warm_start=True`. The estimator then keeps its previous state.
        """
        return self._fit(X, y, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for exactly one epoch, from scratch in the first call.

        The first call determines the scaling. The state of the optimizer is kept between calls, and no samples are held
        out for validation. What is computed after training, the thresholds of shares and the map to `latent_dim`
        columns, is computed from the samples of this call alone: pass enough of them.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        y : ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative sample weights. A weight of 0 is equivalent to removing the sample.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As in `fit`. The estimator then keeps its previous state.
        """
        return self._fit(X, y, sample_weight, partial=True)

    @available_if(has_head("reconstruction"))
    def inverse_transform(self, Z, n_timesteps=None):
        """Decode encodings into sequences, in the container that `fit` received.

        Parameters
        ----------
        Z : array-like of shape (n_samples, latent_dim)
            The encodings.
        n_timesteps : int or array-like of int of shape (n_samples,), default=None
            Length of each decoded sequence, at least 0. If None, the length of the training sequences, which must all
            have had the same length.

        Returns
        -------
        X : sequences of shape (n_samples,)
            The decoded sequences, in the units of the training set.

        Raises
        ------
        ValueError
            If Z does not have `latent_dim` columns, or if `n_timesteps` is out of range, or None where it is required.
        """
        Z = self._check_encodings(Z)
        lengths = self._lengths_to_decode(n_timesteps, len(Z))
        latent = latent_vectors(self._fitted.network, Z)
        decoded = self._reconstruct(latent, lengths, Z.dtype)
        return replace(self._layout, n_timesteps=int(lengths.max())).restore(decoded)

    @available_if(has_head("prediction"))
    def predict_next(self, X):
        """Predict the next timestep for each timestep but the last.

        As in training, the encoder reads all of X, including the timesteps to predict: this is not a forecast of
        timesteps that are not in X. For forecasts, see `CompositeSequenceRegressor(horizon=...)`.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.

        Returns
        -------
        predicted : sequences of shape (n_samples,)
            The predictions of `x[1:]` for each sequence x, in the container and units of X, with its ids and times.
            Each has one timestep fewer than x, none if x has one timestep.
        """
        sequences, layout, x = self._read(X)
        predicted = self._predict_next(self._encode_latent(x), sequences.lengths, sequences.dtype)
        predicted = replace_values(next_steps(sequences), predicted.packed)
        if layout.n_timesteps is not None:
            layout = replace(layout, n_timesteps=layout.n_timesteps - 1)
        return layout.restore(predicted)

    def score_samples(self, X):
        """Return the negative mean squared error of each sequence: higher for sequences like the training set.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The negative `reconstruction_error(X)`; for `objective="prediction"`, the negative error of
            `predict_next(X)`.
        """
        sequences, _, x = self._read(X)
        Z = self._encode_latent(x)
        if "reconstruction" in self._fitted.architecture.heads:
            decoded = self._reconstruct(Z, sequences.lengths, np.float64)
        else:
            decoded = self._predict_next(Z, sequences.lengths, np.float64)
            sequences = next_steps(sequences)
        return -mean_by_sample(squared_errors(sequences, decoded, self._fitted.input.feature_std))

    def score(self, X, y=None, sample_weight=None):
        """Return the mean of `score_samples`.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        y : ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        score : float
            The score, at most 0. Higher is better.
        """
        return mean_score(self.score_samples(X), sample_weight)

    def _heads(self):
        return HEADS.get(self.objective, ())

    def _architecture_for(self, problem):
        sequences = problem.sequences
        targets = {head: next_steps(sequences) if head == "prediction" else sequences for head in self._heads()}
        if not targets[self._heads()[-1]].lengths.any():
            raise ValueError(
                f"objective={self.objective!r} needs a sequence of 2 timesteps or more, but the longest has "
                f"{sequences.lengths.max()}."
            )
        return self._recurrent_architecture(sequences, targets, target_names=["X"] * len(targets))

    def _training_targets(self, architecture, x, problem):
        reconstruction = reversed_in_time(x) if architecture.reverse else x
        targets = {head: next_steps(x) if head == "prediction" else reconstruction for head in architecture.heads}
        head_weights = dict.fromkeys(HEADS[self.objective], 1 / len(HEADS[self.objective]))
        crops = Crops(float(self.min_crop), MAX_CROP * architecture.patch_size) if self.min_crop < 1 else None
        return TrainingTargets(targets, head_weights, self.loss, self._routed, crops=crops)

    def _predict_next(self, Z, lengths, dtype):
        return self._fitted.input.scaling.undo(self._decode("prediction", Z, np.maximum(lengths - 1, 0)), dtype)

    def _lengths_to_decode(self, n_timesteps, n_samples):
        shortest, longest = self._fitted.input.length_range
        if n_timesteps is None and shortest != longest:
            raise ValueError(
                f"The training sequences had from {shortest} to {longest} timesteps: pass n_timesteps, an int or an "
                "array with one length for each row of Z."
            )
        return check_n_timesteps(longest if n_timesteps is None else n_timesteps, n_samples)
