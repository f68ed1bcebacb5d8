"""DenseAutoencoderTransformer: encodings of rows of equal length, such as images."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from ..data._check_sequences import warn_large_integers
from ..data._dataframes import has_columns
from ..data._layout import Layout
from ..data._sequences import rows_as_sequences
from ..data._tabular import read_rows
from ..networks._architectures import DenseArchitecture
from ._autoencoder_mixin import AutoencoderMixin, mean_score
from ._base import BaseSequenceEstimator, output_activation
from ._fitting import TrainingTargets

ACTIVATIONS = StrOptions({"relu", "tanh", "sigmoid", "linear"})


class DenseAutoencoderTransformer(AutoencoderMixin, BaseSequenceEstimator):
    """Encode rows of one length as shorter vectors, by a feed-forward autoencoder.

    Dense layers narrow each row down to one vector, and their mirror image says the row again from that vector alone
    [1]_. With `noise` the network is given noisy rows and must say the clean ones [2]_: then `reconstruct` removes
    noise.

    Parameters
    ----------
    latent_dim : int, default=10
        Columns L of `transform`, at least 1.
    hidden_layer_sizes : tuple of int, default=(500,)
        Widths of the layers between row and encoding, each at least 1; the decoder mirrors them.
    activation : {"relu", "tanh", "sigmoid", "linear"}, default="relu"
        Activation of those layers.
    latent_activation : {"relu", "tanh", "sigmoid", "linear"}, default="linear"
        Activation of the encoding.
    noise : float, default=0.0
        Standard deviation of the normal noise that is added to rows in training, in [0, 1], in scaled units (with
        `scale="standard"` those of each feature's standard deviation).
    scale : {"standard", None}, default="standard"
        Whether each feature is standardised over the training set, which outputs undo.
    loss : str or callable, default="mse"
        A Keras loss by name, class or instance, or a function of (true, said), each (B, 1, F), that gives (B, 1). With
        "binary_crossentropy" outputs are sigmoid, with "categorical_crossentropy" softmax; both need `scale=None`.
    optimizer : str, keras.optimizers.Optimizer or its class, default="adam"
        The Keras optimizer. Of an instance the configuration is used; `learning_rate` and `clipnorm` must then be left
        at their defaults.
    learning_rate : float, default=1e-3
        Step size, above 0.
    clipnorm : float, default=1.0
        Largest norm of the gradient of one weight array, above 0. None: any.
    epochs : int, default=100
        Passes over the training set, at least 1; with `early_stopping`, at most so many.
    batch_size : int, default=32
        Rows per gradient step, at least 1.
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
        Draws the initial weights, the order of samples, the validation split and noise.
    **routed : dict
        More arguments for the optimizer and the loss under SciKeras' routed names, such as `optimizer__beta_1=0.8` or
        `loss__delta=2.0`.

    Attributes
    ----------
    history_ : dict of str to list of float
        Mean of each epoch's "loss" over rows, in scaled units; with early stopping "val_loss" too.
    n_iter_ : int
        Epochs run.
    n_features_in_ : int
        Columns F of X.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names.
    encoder_, decoder_, model_ : keras.Model
        The encoder, the decoder, and one after the other, built at each access from stock Keras layers: from rows
        (B, F) in the data's own units to encodings (B, L), and back.

    See Also
    --------
    sklearn.decomposition.PCA : The best linear encodings.
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
        "activation": [ACTIVATIONS],
        "latent_activation": [ACTIVATIONS],
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
        X : array-like of shape (N, F)
            A row for each sample.
        y : ignored
            Here for scikit-learn's sake.
        sample_weight : array-like of shape (N,), default=None
            How much each row counts, at least 0; one of weight 0 is as good as absent.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not an array of finite numbers, or a parameter is out of its range, or training diverged, or, with
            `warm_start`, the architecture changed. The estimator is then as it was before.
        """
        return self._fit(X, y, sample_weight)

    def transform(self, X):
        """Encode rows.

        Parameters
        ----------
        X : array-like of shape (N, F)
            A row for each sample.

        Returns
        -------
        Z : ndarray of shape (N, latent_dim)
            The encodings; float32 if X is, else float64.

        Raises
        ------
        TypeError, ValueError
            If X is not an array of as many columns as in training.
        """
        return self._transform(X)

    def inverse_transform(self, Z):
        """Decode encodings into rows.

        Parameters
        ----------
        Z : array-like of shape (N, latent_dim)
            Encodings.

        Returns
        -------
        X : ndarray of shape (N, F)

        Raises
        ------
        ValueError
            If Z has another number of columns.
        """
        Z = self._check_encodings(Z)
        return self._layout.restore(self._reconstruct(Z.astype(np.float32), np.ones(len(Z), np.int64), Z.dtype))

    def reconstruct(self, X):
        """Encode rows and decode them again; where `noise` was trained on, without it.

        Parameters
        ----------
        X : array-like of shape (N, F)
            A row for each sample.

        Returns
        -------
        decoded : ndarray of shape (N, F)
            In the units of X.
        """
        _, decoded, layout = self._encode_and_reconstruct(X)
        return layout.restore(decoded)

    def reconstruction_error(self, X, reduction="sample"):
        """Return the mean squared difference of X and `reconstruct(X)`.

        Each feature is in units of its standard deviation in training, whatever `scale` and `loss` are.

        Parameters
        ----------
        X : array-like of shape (N, F)
            A row for each sample.
        reduction : {"sample", "feature"}, default="sample"
            What is left after averaging.

        Returns
        -------
        errors : ndarray of shape (N,) or (N, F)
            For each sample, or for each sample and feature.
        """
        errors, _ = self._reconstruction_error(X, reduction, ("sample", "feature"))
        return errors

    def score(self, X, y=None, sample_weight=None):
        """Return minus the mean of `reconstruction_error`.

        Parameters
        ----------
        X : array-like of shape (N, F)
            A row for each sample.
        y : ignored
            Here for scikit-learn's sake.
        sample_weight : array-like of shape (N,), default=None
            How much each row counts.

        Returns
        -------
        score : float
            At most 0, the best.
        """
        return -mean_score(self.reconstruction_error(X), sample_weight)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: X holds rows."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = False
        return tags

    def _check_input(self, X, *, reset=False):
        """Return the rows of X as sequences of one timestep."""
        if has_columns(X):
            # before the values: columns that are not those of the fit are the better explanation
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
            output_activation=output_activation(self.loss, self.scale, {"X": problem.sequences}),
        )

    def _training_targets(self, architecture, x, problem):
        return TrainingTargets({"reconstruction": x}, {"reconstruction": 1.0}, self.loss, self._routed)

    def _reconstruct(self, Z, lengths, dtype):
        return self._fitted.input.scaling.undo(self._decode("reconstruction", Z, lengths), dtype)
