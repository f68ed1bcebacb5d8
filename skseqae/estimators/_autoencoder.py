"""LSTMAutoencoderTransformer: encodings of variable-length sequences."""

from dataclasses import replace

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from ..data._reconstruction_errors import mean_by_sample, squared_errors
from ..data._targets import check_n_timesteps, next_steps, reversed_in_time
from ._autoencoder_mixin import mean_score
from ._fitting import TrainingTargets
from ._recurrent_autoencoder import BaseRecurrentAutoencoder, has_head

HEADS = {
    "reconstruction": ("reconstruction",),
    "prediction": ("prediction",),
    "composite": ("reconstruction", "prediction"),
}


class LSTMAutoencoderTransformer(BaseRecurrentAutoencoder):
    """Encode variable-length sequences as fixed-length vectors, by an LSTM autoencoder.

    An encoder reads each sequence into one vector, and a decoder says the sequence again from that vector alone. After
    training the encoder is kept: `transform` gives its vectors. Padding is never seen by the encoder and never counted
    in the loss, so that encodings do not depend on it.

    Parameters
    ----------
    latent_dim : int, default=32
        Columns L of `transform`, at least 1.
    objective : {"reconstruction", "prediction", "composite"}, default="reconstruction"
        What is said from the encoding: the sequence itself, each next timestep (the sequence shifted by one), or both,
        by two decoders.
    decoder : {"repeat", "conditional"} or callable, default="repeat"
        "repeat" reads the encoding at every timestep and nothing else. "conditional" also reads the timestep before:
        the true one in the training and validation loss, its own output everywhere else, zeros (in scaled units) at
        the first step. A function `(n_timesteps, latent_dim, n_features) -> keras.Model` makes a model from
        (B, latent_dim) to (B, n_timesteps, n_features) of any kind; it is called once a fit for each decoder, for the
        longest training length, and longer sequences are refused later. A module-level function can be pickled.
    reverse : bool, default=True
        Whether the reconstruction is said last timestep first, within each sequence's own length, which is easier to
        learn: what was read last is said first [1]_.
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
        Whether each feature is standardised over the real timesteps of the training set, which outputs undo.
    loss : str or callable, default="mse"
        A Keras loss by name, class or instance, or a function of (true, said), each (B, T, F), that gives (B, T). With
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
        Mean over real timesteps of each epoch's "loss", with early stopping "val_loss" too; with two decoders also
        that of each, such as "reconstruction_loss".
    n_iter_ : int
        Epochs run.
    n_features_in_ : int
        Features per timestep; for 2-D X the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names, or of the features of named `Sequences`.
    encoder_, decoder_, model_ : keras.Model
        The encoder, the decoder, and one after the other, built at each access from stock Keras layers; inputs are
        `[x, mask]`, arrays (B, T, F) in the data's own units and (B, T). A conditional decoder feeds its own output
        back, for which Keras has no layer: then `decoder_` and `model_` hold one of this package.

    See Also
    --------
    sklearn.decomposition.PCA : Encodings of rows of one length.

    References
    ----------
    .. [1] Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). Unsupervised Learning of Video Representations
       using LSTMs. arXiv:1502.04681.

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
    }

    def __init__(
        self,
        latent_dim=32,
        *,
        objective="reconstruction",
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
        self.objective = objective
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
        """Train the autoencoder on sequences.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : ignored
            Here for scikit-learn's sake.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts, at least 0; one of weight 0 is as good as absent.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of finite numbers, or a parameter is out of its range, or training
            diverged, or, with `warm_start`, the architecture changed. The
            estimator is then as it was before.
        """
        return self._fit(X, y, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for exactly one more epoch, the first time from scratch.

        The scaling is that of the first call. The optimizer's state is kept from call to call, and nothing is held out
        for validation.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : ignored
            Here for scikit-learn's sake.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts, at least 0; one of weight 0 is as good as absent.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of finite numbers, or a parameter is out of its range. The
            estimator is then as it was before.
        """
        return self._fit(X, y, sample_weight, partial=True)

    @available_if(has_head("reconstruction"))
    def inverse_transform(self, Z, n_timesteps=None):
        """Decode encodings into sequences of the kind that `fit` was given.

        Parameters
        ----------
        Z : array-like of shape (N, latent_dim)
            Encodings.
        n_timesteps : int or array-like of int of shape (N,), default=None
            Length of each sequence, at least 0. None: that of the training sequences, if they had one length.

        Returns
        -------
        X : sequences of N samples

        Raises
        ------
        ValueError
            If Z has another number of columns, or `n_timesteps` is needed or out of range.
        """
        Z = self._check_encodings(Z)
        lengths = self._lengths_to_decode(n_timesteps, len(Z))
        decoded = self._reconstruct(Z.astype(np.float32), lengths, Z.dtype)
        return replace(self._layout, n_timesteps=int(lengths.max())).restore(decoded)

    @available_if(has_head("prediction"))
    def predict_next(self, X):
        """Say each next timestep.

        The encoder has read all of X, those timesteps too, as in training: this is no forecast of what is not in X.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        predicted : sequences of N samples
            Of the kind of X, aligned with `x[1:]`: T_i - 1 timesteps each, none for a sequence of one timestep.
        """
        sequences, layout, x = self._read(X)
        predicted = self._predict_next(self._encode(x), sequences.lengths, sequences.dtype)
        if layout.n_timesteps is not None:
            layout = replace(layout, n_timesteps=layout.n_timesteps - 1)
        return layout.restore(predicted)

    def score_samples(self, X):
        """Return minus the mean squared error of each sequence: the higher, the more like the training set.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        scores : ndarray of shape (N,)
            Minus `reconstruction_error(X)`, or for `objective="prediction"` minus that of `predict_next(X)`.
        """
        sequences, _, x = self._read(X)
        Z = self._encode(x)
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
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : ignored
            Here for scikit-learn's sake.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts.

        Returns
        -------
        score : float
            At most 0, the best.
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
        return self._recurrent_architecture(sequences.n_features, targets, target_names=["X"] * len(targets))

    def _training_targets(self, architecture, x, problem):
        reconstruction = reversed_in_time(x) if architecture.reverse else x
        targets = {head: next_steps(x) if head == "prediction" else reconstruction for head in architecture.heads}
        head_weights = dict.fromkeys(HEADS[self.objective], 1 / len(HEADS[self.objective]))
        return TrainingTargets(targets, head_weights, self.loss, self._routed)

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
