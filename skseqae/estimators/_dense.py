"""DenseAutoencoderTransformer: encodings of rows of equal length, such as images."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from ..data._check_sequences import warn_large_integers
from ..data._columns import open_column
from ..data._dataframes import has_columns
from ..data._layout import Layout
from ..data._reconstruction_errors import check_reduction, mean_by_feature, mean_by_sample
from ..data._sequences import rows_as_sequences
from ..data._tabular import read_rows
from ..networks._architectures import ACTIVATIONS, DenseArchitecture
from ._autoencoder_mixin import AutoencoderMixin, mean_score
from ._base import BaseSequenceEstimator, output_activation
from ._fitting import TrainingTargets


class DenseAutoencoderTransformer(AutoencoderMixin, BaseSequenceEstimator):
    """Encode rows of equal length as shorter vectors by a feed-forward autoencoder.

    The encoder, a stack of dense layers, compresses a row into a vector of `latent_dim` values, and the decoder, its
    mirror image, reconstructs the row from that vector [1]_. After fitting, `transform` returns the encodings. With
    `noise`, the network reads noisy rows in training and its targets are the clean rows [2]_: then `reconstruct`
    removes noise.

    Parameters
    ----------
    latent_dim : int, default=10
        Number of values in an encoding, at least 1.
    hidden_layer_sizes : tuple of int, default=(500,)
        Numbers of units of the layers between the row and the encoding, each at least 1. The decoder mirrors them.
    activation : {"relu", "tanh", "sigmoid", "linear"}, default="relu"
        Activation function of the hidden layers.
    latent_activation : {"relu", "tanh", "sigmoid", "linear"}, default="linear"
        Activation function of the encoding.
    noise : float, default=0.0
        Standard deviation of the normal noise that is added to rows in training, in [0, 1], in scaled units: with
        `scale="standard"`, as a multiple of the standard deviation of each feature.
    scale : {"standard", None}, default="standard"
        If "standard", each feature is standardised over the training set, and outputs are converted back to the units
        of X.
    loss : str or callable, default="mse"
        A Keras loss (name, class or instance), or a function of (y_true, y_pred). Both arguments have shape (n_samples,
        1, n_features), and the function returns an array of shape (n_samples, 1). With "binary_crossentropy", the
        output activation is a sigmoid; with "categorical_crossentropy" and "kl_divergence", a softmax; with "poisson",
        the exponential function; otherwise it is linear. All of these, and "mean_squared_logarithmic_error", require
        `scale=None` and values of at least 0; those with a sigmoid or a softmax, up to 1.
    optimizer : str, keras.optimizers.Optimizer or its class, default="adam"
        The Keras optimizer. If it is an instance, only its configuration is used, and `learning_rate` and `clipnorm`
        must keep their default values.
    learning_rate : float, default=1e-3
        Learning rate of the optimizer, above 0.
    clipnorm : float, default=1.0
        Maximum norm of the gradient of each weight array, above 0. If None, gradients are not clipped.
    epochs : int, default=100
        Number of passes over the training set, at least 1. With `early_stopping`, the maximum number.
    batch_size : int, default=32
        Number of rows per gradient step, at least 1.
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
        Determines the initial weights, the order of the samples, the validation split and the noise.
    **routed : dict
        Further arguments of the optimizer and the loss, as nested parameters such as `optimizer__beta_1=0.8` or
        `loss__delta=2.0` (SciKeras calls them routed parameters). Set the learning rate and the gradient norm by
        `learning_rate` and `clipnorm`.

    Attributes
    ----------
    history_ : dict of str to list of float
        The "loss" of each epoch, with early stopping also the "val_loss": means over rows, in scaled units.
    baseline_loss_ : float or None
        The loss of a prediction of the mean of the targets. The loss of a network that has learnt nothing is about the
        same. None in estimators that an earlier version saved.
    callbacks_ : list of keras.callbacks.Callback
        The copies of `callbacks` that the last training used, as training left them, without the network. Pickles, deep
        copies and files do not contain them: there, the list is empty.
    n_iter_ : int
        Number of epochs run.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns of X. Defined only if X was a dataframe with string column names.
    encoder_, decoder_, model_ : keras.Model
        The encoder, the decoder, and the encoder followed by the decoder, built from standard Keras layers at each
        access. They map arrays of shape (n_samples, n_features), in the units of the data, to encodings of shape
        (n_samples, latent_dim), and back.

    See Also
    --------
    sklearn.decomposition.PCA : The optimal linear encodings.
    LSTMAutoencoderTransformer : Encodings of sequences.

    References
    ----------
    .. [1] Hinton, G. E. and Salakhutdinov, R. R. (2006). Reducing the Dimensionality of Data with Neural Networks.
       Science 313(5786), 504-507. doi:10.1126/science.1127647.
    .. [2] Vincent, P., Larochelle, H., Bengio, Y. and Manzagol, P.-A. (2008). Extracting and Composing Robust Features
       with Denoising Autoencoders. ICML 2008, 1096-1103. doi:10.1145/1390156.1390294.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skseqae import DenseAutoencoderTransformer
    >>> X, _ = load_digits(return_X_y=True)
    >>> encoder = DenseAutoencoderTransformer(latent_dim=5, epochs=2, random_state=0)
    >>> encoder.fit_transform(X).shape
    (1797, 5)
    """

    _parameter_constraints: dict = {
        **BaseSequenceEstimator._parameter_constraints,
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "latent_activation": [StrOptions(set(ACTIVATIONS))],
        "noise": [Interval(Real, 0, 1, closed="both")],
        "loss": [str, callable],
    }

    def __init__(
        self,
        latent_dim=10,
        *,
        hidden_layer_sizes=(500,),
        activation="relu",
        latent_activation="linear",
        noise=0.0,
        scale="standard",
        loss="mse",
        optimizer="adam",
        learning_rate=1e-3,
        clipnorm=1.0,
        epochs=100,
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
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.latent_activation = latent_activation
        self.noise = noise
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
        """Train the autoencoder on rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
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
            If X is not an array of finite numbers, if a parameter is out of its range, if training diverges, or if the
            architecture changed with `warm_start=True`. The estimator then keeps its previous state.
        """
        return self._fit(X, y, sample_weight)

    def transform(self, X):
        """Encode rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        Z : ndarray of shape (n_samples, latent_dim)
            The encodings; float32 if X is, otherwise float64.

        Raises
        ------
        TypeError, ValueError
            If X is not an array of finite numbers with the number of columns seen in training.
        """
        return self._transform(X)

    def inverse_transform(self, Z):
        """Decode encodings into rows.

        Parameters
        ----------
        Z : array-like of shape (n_samples, latent_dim)
            The encodings.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The decoded rows, in the units of the training set.

        Raises
        ------
        ValueError
            If Z does not have `latent_dim` columns.
        """
        Z = self._check_encodings(Z)
        return self._layout.restore(self._reconstruct(Z.astype(np.float32), np.ones(len(Z), np.int64), Z.dtype))

    def reconstruct(self, X):
        """Encode rows and reconstruct them from the encodings; with `noise` in training, this removes noise.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        decoded : ndarray of shape (n_samples, n_features)
            The reconstructions, in the units of X.
        """
        _, decoded, layout = self._encode_and_reconstruct(X)
        return layout.restore(decoded)

    def reconstruction_error(self, X, reduction="sample"):
        """Return the mean squared difference of X and `reconstruct(X)`.

        Each feature is in units of its standard deviation in training, independent of `scale` and `loss`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        reduction : {"sample", "feature"}, default="sample"
            Determines which errors are returned. "sample": the mean over features, shape (n_samples,). "feature": no
            mean, shape (n_samples, n_features).

        Returns
        -------
        errors : ndarray of shape (n_samples,) or (n_samples, n_features)
            The errors, as `reduction` determines.
        """
        check_reduction(reduction, ("sample", "feature"))
        errors, _ = self._squared_errors(X)
        return mean_by_sample(errors) if reduction == "sample" else mean_by_feature(errors)

    def score(self, X, y=None, sample_weight=None):
        """Return the negative mean of `reconstruction_error`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        score : float
            The score, at most 0. Higher is better.
        """
        return -mean_score(self.reconstruction_error(X), sample_weight)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: X holds rows."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = False
        return tags

    def _check_input(self, X, *, reset=False, n_target_columns=0):
        """Return the rows of X as sequences of one timestep."""
        X = open_column(X)
        if has_columns(X):
            # before the values are read: an error about columns other than in `fit` is the more useful one
            validate_data(self, X, reset=reset, skip_check_array=True)
        rows = read_rows(X, "X")
        if not has_columns(X):
            validate_data(self, rows, reset=reset, skip_check_array=True)
        sequences = rows_as_sequences(rows)
        if np.asarray(X).dtype.kind in "iu":
            warn_large_integers(sequences, "X")
        return sequences, Layout("rows")

    def _architecture_for(self, problem):
        sizes = np.atleast_1d(np.asarray(self.hidden_layer_sizes, dtype=object))
        if sizes.ndim != 1 or not all(isinstance(size, Integral) and size >= 1 for size in sizes):
            raise ValueError(f"hidden_layer_sizes must be ints of at least 1, got {self.hidden_layer_sizes!r}.")
        return DenseArchitecture(
            n_features=problem.sequences.n_features,
            latent_dim=self.latent_dim,
            hidden_layer_sizes=tuple(int(size) for size in sizes),
            activation=self.activation,
            latent_activation=self.latent_activation,
            noise=float(self.noise),
            output_activation=output_activation(self.loss, self.scale, [("X", problem.sequences)]),
        )

    def _training_targets(self, architecture, x, problem):
        return TrainingTargets({"reconstruction": x}, {"reconstruction": 1.0}, self.loss, self._routed)

    def _reconstruct(self, Z, lengths, dtype):
        return self._fitted.input.scaling.undo(self._decode("reconstruction", Z, lengths), dtype)
