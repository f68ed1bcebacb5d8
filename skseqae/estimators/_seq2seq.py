"""Seq2SeqClassifier: a label, or a sequence of labels, for each sequence."""

from numbers import Integral, Real

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, validate_data

from ..data._arrays import short_repr
from ..data._label_metrics import count_matches, exact_match, token_accuracy
from ..data._labels import read_classes, read_labels
from ..data._layout import Layout
from ..data._scaling import Scaling
from ..data._tabular import check_sample_weight
from ..data._targets import reversed_in_time
from ..data._tokens import indices_as_sequences, read_tokens, unique_tokens
from ..inference._label_search import beams, greedy, greedy_logits, label_logits
from ._base import BaseSequenceEstimator
from ._fitted_state import FittedLabels
from ._fitting import TrainingTargets
from ._label_architectures import architecture_of_labels, defaults_for
from ._label_targets import describe_labels, encode_labels
from ._pretrained_encoder import pretrained_state, pretrained_weights
from ._recurrent_parameters import RecurrentParametersMixin


def _predicts_sequences(self):
    """Return whether the classifier predicts sequences of labels: a check for `available_if`."""
    if hasattr(self, "_fitted") and self._fitted.target.label_type == "label":
        raise AttributeError(
            f"{type(self).__name__} fitted on one label for each sample has no decoder of label sequences. Fit it on "
            "sequences of labels."
        )
    return True


class Seq2SeqClassifier(ClassifierMixin, RecurrentParametersMixin, BaseSequenceEstimator):
    """Predict one label, or a sequence of labels, for each variable-length sequence by an LSTM encoder-decoder.

    The encoder reads a sequence. For sequences of labels, a decoder starts from the states of the encoder and outputs
    one label after another. At each step it reads the previous label: the true one in training (teacher forcing), the
    predicted one otherwise [1]_. Padding is neither read by the encoder nor counted in the loss.

    For one label per sample, the encoder is trained to reconstruct the sequence and to predict the label. `fit` then
    ends with a multinomial logistic regression of the label on statistics of the hidden states, as
    `LSTMAutoencoderTransformer` reads them. It replaces the label layer of training: it reads statistics that have no
    gradient, and does not overfit where samples are few. Its penalty is that of
    :class:`~sklearn.linear_model.LogisticRegression` with C=1 on standardised statistics. With `pooling="last"`, a
    dense layer that reads the last state is trained, and predicts.

    Parameters
    ----------
    units : int or tuple of int, default=None
        Number of units of the recurrent layer, or a tuple with the number of units of each of several stacked layers,
        each at least 1. For sequences of labels, the decoder has the same numbers of units in reverse order, with
        `bidirectional=True` twice as many, and each of its layers starts from the final state of the encoder layer that
        it mirrors. If None, one layer of 32 units for one label per sample, and of 128 units for sequences of labels,
        or the units of the given `encoder`.
    pooling : {"statistics", "last"} or tuple of str, default="statistics"
        What the label is predicted from, for one label per sample. "last" is the last hidden state. "statistics" are
        statistics of each hidden state over the real timesteps: the shares of timesteps at which it exceeds seven
        quantiles of its values on the training set [3]_, its maximum, its minimum and its mean absolute change. A tuple
        names the statistics: some of "shares", "max", "min", "mean_abs_change", "mean", "std" and "last".
    differences : bool, default=True
        Whether a second encoder of the same kind reads the first differences of the sequence, for one label per sample.
        Tokens have no differences.
    patch_size : int or "auto", default="auto"
        Number of timesteps that the encoder reads as one step, at least 1, for one label per sample. "auto" is the
        median length divided by 256, rounded up. Tokens are read one by one.
    reconstruction_weight : float, default=0.99
        Weight of the reconstruction of the sequence in the loss, in [0, 1), for one label per sample; the weight of the
        cross-entropy of the label is the rest. Labels of few samples make the encoder overfit. With a thousand samples
        or more, 0.5 may be better. Tokens are not reconstructed, nor are sequences with `freeze_encoder=True`.
    tokens : bool, default=False
        Whether X holds sequences of tokens (strings, integers or other hashable objects) instead of real numbers.
    handle_unknown : {"error", "ignore"}, default="error"
        How to treat tokens not seen during `fit`: raise an error, or encode them as all zeros. Used only with
        `tokens=True`.
    num_beams : int, default=1
        Number of sequences of labels that `predict` and `predict_beams` follow at the same time, at least 1. If 1,
        `predict` uses greedy search.
    max_length : int, default=None
        Maximum length of a predicted sequence of labels, at least 1, if y is a list of sequences. If None, the length
        of the longest one in training.
    encoder : fitted LSTMAutoencoderTransformer or CompositeSequenceRegressor, or FrozenEstimator of one, default=None
        A fitted autoencoder. Training starts from the weights of its encoder [2]_, which also determines `units`,
        `cell`, `bidirectional`, `activation`, `differences`, `patch_size` and the scaling. The autoencoder is never
        modified. Wrap it in `sklearn.frozen.FrozenEstimator` to keep it fitted in `clone`, and therefore in
        cross-validation.
    freeze_encoder : bool, default=False
        Whether to keep the weights of the given `encoder` and train only the rest of the network.
    class_weight : dict of label to float, "balanced" or None, default=None
        Weight of each label in the loss, at least 0. If "balanced", inversely proportional to its frequency in y; in
        `partial_fit`, in the y of the call. If None, 1.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        The recurrent cell. "rnn" is the simple recurrent network of Elman (1990), doi:10.1207/s15516709cog1402_1.
    bidirectional : bool, default=None
        Whether each layer of the encoder reads the sequence in both directions, which doubles the width of its output.
        If None, True for one label per sample, and False for sequences of labels.
    activation : {"tanh", "relu", "sigmoid", "linear"}, default="tanh"
        Activation function of the recurrent cell.
    dropout : float, default=0.0
        Fraction of the inputs of each recurrent layer that is dropped in training, in [0, 1). The same inputs are
        dropped at every timestep of a sequence.
    padding_value : float, default=None
        Padding value of 2-D and 3-D arrays. Trailing timesteps whose features all equal this value are padding. If
        None, the padding value is NaN. If set, NaN is not padding. Lists and `Sequences` have no padding. With
        `tokens=True`, trailing NaN and None of a 2-D array are always padding.
    missing : {"error", "mask"}, default="error"
        How to treat missing values (NaN) inside sequences. "error": raise an error. "mask": they are not observed. The
        network reads linearly interpolated values in their place (the mean of a feature of which a sequence has none).
        Labels of y that are None or NaN are not observed either. Scaling, loss and scores use the observed values and
        labels alone. Tokens cannot be missing. Trailing timesteps of an array whose features are all NaN are padding in
        any case.
    scale : {"standard", None}, default="standard"
        If "standard", each feature is standardised over the real timesteps of the training set. Not used with
        `tokens=True`.
    optimizer : str, keras.optimizers.Optimizer or its class, default="adam"
        The Keras optimizer. If it is an instance, only its configuration is used, and `learning_rate` and `clipnorm`
        must keep their default values.
    learning_rate : float, default=3e-3
        Learning rate of the optimizer, above 0.
    schedule : {"cosine", "constant"}, default="cosine"
        With "cosine", the learning rate rises to `learning_rate` in the first 5 % of the training steps and then falls
        to 0 by half a cosine [4]_. Callbacks that change the learning rate require "constant". `partial_fit`, and an
        optimizer that is an instance, always have a constant one.
    clipnorm : float, default=1.0
        Maximum norm of the gradient of each weight array, above 0. If None, gradients are not clipped.
    max_steps : int, default=None
        Number of gradient steps, at least 1, for any number of samples: `fit` runs as many epochs as they need, at
        least two. It ends before if the loss no longer falls. Not used if `epochs` is set. If None, 300 for one label
        per sample, and 3000 for sequences of labels.
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
        Further arguments of the optimizer, as nested parameters such as `optimizer__beta_1=0.8` (SciKeras calls them
        routed parameters). Set the learning rate and the gradient norm by `learning_rate` and `clipnorm`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted, or in order of first appearance if they cannot be sorted. Neither the start token nor the
        end token is among them.
    vocabulary_ : ndarray of shape (n_tokens,)
        The tokens of X, in the order described for `classes_`. Defined only with `tokens=True`.
    history_ : dict of str to list of float
        The "loss" of each epoch, with early stopping also the "val_loss": the mean cross-entropy over labels, including
        end tokens. Where sequences are reconstructed, the weighted sum of the "reconstruction_loss", the mean squared
        error in scaled units, and the "label_loss", the mean cross-entropy of the label layer of training.
    baseline_loss_ : float or None
        The loss of a prediction of the mean of the targets, for labels of their frequencies. The loss of a network that
        has learnt nothing is about the same. None in estimators that an earlier version saved.
    callbacks_ : list of keras.callbacks.Callback
        The copies of `callbacks` that the last training used, as training left them, without the network. Pickles, deep
        copies and files do not contain them: there, the list is empty.
    n_iter_ : int
        Number of epochs run.
    n_features_in_ : int
        Number of columns if X is 2-D. Otherwise, the number of features per timestep, which is 1 with `tokens=True`.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns of X if it was a dataframe with string column names, or of the features of X if it had
        named features. Defined only in these cases.
    encoder_, decoder_, model_ : keras.Model
        The encoder, the decoder, and the complete network, built from standard Keras layers at each access. `encoder_`
        and `model_` read `[x, mask]`. `x` has shape (n_samples, n_timesteps, n_features), in the units of the data.
        `mask` has shape (n_samples, n_timesteps) and is 1 for real timesteps and 0 for padding. With `tokens=True`, x
        has one feature, the index of each token in `vocabulary_`. For one label per sample, `encoder_` returns what the
        label is predicted from, and `model_` class probabilities of shape (n_samples, n_classes). For sequences of
        labels, `encoder_` returns the states of all layers, and `decoder_` and `model_` have one more input,
        `previous`: an array of shape (n_samples, n_labels, 1) of indices in `classes_`, in which each row begins with
        n_classes, the start token, followed by the previous labels. `model_` then returns probabilities of shape
        (n_samples, n_labels, n_classes), or (n_samples, n_labels, n_classes + 1) if y was a list of sequences, where
        the last class is the end token.

    See Also
    --------
    LSTMAutoencoderTransformer : An autoencoder, whose encoder can be the `encoder`.

    References
    ----------
    .. [1] Sutskever, I., Vinyals, O. and Le, Q. V. (2014). Sequence to Sequence Learning with Neural Networks.
       arXiv:1409.3215.
    .. [2] Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). Unsupervised Learning of Video Representations
       using LSTMs. arXiv:1502.04681.
    .. [3] Dempster, A., Schmidt, D. F. and Webb, G. I. (2021). MiniRocket: A Very Fast (Almost) Deterministic Transform
       for Time Series Classification. doi:10.1145/3447548.3467231.
    .. [4] Loshchilov, I. and Hutter, F. (2017). SGDR: Stochastic Gradient Descent with Warm Restarts. arXiv:1608.03983.

    Examples
    --------
    >>> from skseqae import Seq2SeqClassifier
    >>> X = [["a", "b"], ["b", "a", "c"], ["c"], ["a", "c", "b"]] * 5
    >>> y = [word[::-1] for word in X]
    >>> classifier = Seq2SeqClassifier(16, tokens=True, epochs=100, learning_rate=0.02, random_state=0).fit(X, y)
    >>> classifier.predict([["b", "a", "c"]])
    [array(['c', 'a', 'b'], dtype='<U1')]
    """

    _parameter_constraints: dict = {
        **BaseSequenceEstimator._parameter_constraints,
        **RecurrentParametersMixin._parameter_constraints,
        "bidirectional": ["boolean", None],
        "max_steps": [Interval(Integral, 1, None, closed="left"), None],
        "reconstruction_weight": [Interval(Real, 0, 1, closed="left")],
        "tokens": ["boolean"],
        "handle_unknown": [StrOptions({"error", "ignore"})],
        "num_beams": [Interval(Integral, 1, None, closed="left")],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "encoder": [HasMethods(["transform"]), None],
        "freeze_encoder": ["boolean"],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        units=None,
        *,
        pooling="statistics",
        differences=True,
        patch_size="auto",
        reconstruction_weight=0.99,
        tokens=False,
        handle_unknown="error",
        num_beams=1,
        max_length=None,
        encoder=None,
        freeze_encoder=False,
        class_weight=None,
        cell="lstm",
        bidirectional=None,
        activation="tanh",
        dropout=0.0,
        padding_value=None,
        missing="error",
        scale="standard",
        optimizer="adam",
        learning_rate=3e-3,
        schedule="cosine",
        clipnorm=1.0,
        max_steps=None,
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
        self.units = units
        self.pooling = pooling
        self.differences = differences
        self.patch_size = patch_size
        self.reconstruction_weight = reconstruction_weight
        self.tokens = tokens
        self.handle_unknown = handle_unknown
        self.num_beams = num_beams
        self.max_length = max_length
        self.encoder = encoder
        self.freeze_encoder = freeze_encoder
        self.class_weight = class_weight
        self.cell = cell
        self.bidirectional = bidirectional
        self.activation = activation
        self.dropout = dropout
        self.padding_value = padding_value
        self.missing = missing
        self.scale = scale
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
    def fit(self, X, y, sample_weight=None):
        """Train the classifier.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers; with `tokens=True`, sequences of tokens.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or list of n_samples sequences of labels
            One label per sample, a fixed number of labels per sample, or a list, tuple or array of labels per sample.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative sample weights. A weight of 0 is equivalent to removing the sample.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of finite numbers (or of tokens), if y does not contain a label or a
            sequence of labels for each of them, if `encoder` is not fitted or was fitted on another number of features,
            if a parameter is out of its range, if training diverges, or if the architecture changed with
            `warm_start=True`. The estimator then keeps its previous state.
        """
        return self._fit(X, y, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for exactly one epoch, from scratch in the first call.

        The first call determines the classes, the vocabulary and the scaling. The state of the optimizer is kept
        between calls, and no samples are held out for validation. For one label per sample, the quantiles of the shares
        are computed from the samples of this call alone: pass enough of them, of all classes. The logistic regression
        is fitted to them too, and stays near that of the call before.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers; with `tokens=True`, sequences of tokens.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or list of n_samples sequences of labels
            One label per sample, a fixed number of labels per sample, or a list, tuple or array of labels per sample.
        classes : array-like of shape (n_classes,), default=None
            All labels of the first and all later calls; used in the first call. If None, the labels in y.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative sample weights. A weight of 0 is equivalent to removing the sample.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As in `fit`, and if y contains a label that is not one of the classes. The estimator then keeps its previous
            state.
        """
        return self._fit(X, y, sample_weight, partial=True, classes=classes)

    def predict(self, X):
        """Predict the label, or the sequence of labels, of each sequence.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers; with `tokens=True`, sequences of tokens.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels), or list of n_samples ndarrays
            The labels, in the type of y. Sequences of labels are found by greedy search; with `num_beams` above 1, they
            are the best ones of `predict_beams`.

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of numbers or of tokens, as in training.
        """
        _, _, x = self._read(X)
        if self._fitted.target.label_type == "label":
            return self.classes_[label_logits(self._fitted.network, x).argmax(axis=1)]
        if self.num_beams > 1:
            class_indices, lengths, _ = self._search(beams, x, self.num_beams)
            return self._restore(class_indices[:, 0], lengths[:, 0])
        return self._restore(*self._search(greedy, x))

    def predict_proba(self, X):
        """Return the probability of each class; for sequences of labels, at each step of the greedy search.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers; with `tokens=True`, sequences of tokens.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels, n_classes), or list of ndarrays
            The probabilities, in the order of `classes_`; they sum to 1. If y was a list of sequences, one array of
            shape (n_labels_i, n_classes) for each sample; the probability of the end token is left out and the others
            are normalised. The probabilities are those of greedy search, also if `predict` uses beam search.
        """
        _, _, x = self._read(X)
        label_type = self._fitted.target.label_type
        if label_type == "label":
            logits = label_logits(self._fitted.network, x)
            return softmax(logits.astype(np.float64), axis=1)
        lengths, logits = self._search(greedy_logits, x)
        probabilities = softmax(logits[:, :, : len(self.classes_)].astype(np.float64), axis=2)
        if label_type == "table":
            return probabilities
        return [row[:length] for row, length in zip(probabilities, lengths, strict=True)]

    @available_if(_predicts_sequences)
    def predict_beams(self, X, num_beams=None):
        """Predict several sequences of labels for each sequence by beam search, and their scores.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers; with `tokens=True`, sequences of tokens.
        num_beams : int, default=None
            Number of sequences of labels that are followed at the same time and returned, at least 1. If None, the
            parameter `num_beams`.

        Returns
        -------
        sequences : ndarray of shape (n_samples, n_beams, n_labels), or list of n_samples lists of n_beams ndarrays
            The sequences of labels, the best first. n_beams is `num_beams`, or the number of possible sequences if it
            is smaller. The result of greedy search is always a candidate.
        scores : ndarray of shape (n_samples, n_beams)
            The log-probability of the sequence divided by its length. If y was a list of sequences, the end token
            counts in the log-probability and in the length, also for a sequence that is ended because it reaches
            `max_length`.
        """
        num_beams = self.num_beams if num_beams is None else num_beams
        if not isinstance(num_beams, Integral) or num_beams < 1:
            raise ValueError(f"num_beams must be an int of at least 1, got {short_repr(num_beams)}.")
        _, _, x = self._read(X)
        class_indices, lengths, scores = self._search(beams, x, int(num_beams))
        n_found = int(np.isfinite(scores).sum(axis=1).min())
        by_beam = [self._restore(class_indices[:, k], lengths[:, k]) for k in range(n_found)]
        is_table = self._fitted.target.label_type == "table"
        sequences = np.stack(by_beam, axis=1) if is_table else [list(row) for row in zip(*by_beam, strict=True)]
        return sequences, scores[:, :n_found].astype(np.float64)

    def score(self, X, y, sample_weight=None):
        """Return the accuracy; for sequences of labels, the fraction of completely correct sequences.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers; with `tokens=True`, sequences of tokens.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or list of n_samples sequences of labels
            The true labels, in the type of y in `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        score : float
            The score, in [0, 1]. Higher is better.
        """
        return exact_match(*self._compare(X, y, sample_weight))

    def token_accuracy(self, X, y, sample_weight=None):
        """Return the fraction of correct labels, compared position by position.

        (`token` in the name means a label of y.) Missing and additional labels are errors.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers; with `tokens=True`, sequences of tokens.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or list of n_samples sequences of labels
            The true labels, in the type of y in `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        accuracy : float
            The accuracy, in [0, 1]: the number of correct labels, summed over samples, divided by the summed length of
            the longer of the true and the predicted sequence.
        """
        return token_accuracy(*self._compare(X, y, sample_weight))

    @property
    def classes_(self):
        """The labels that can be predicted."""
        return self._state_for("classes_").target.classes

    @property
    def vocabulary_(self):
        """The tokens of X."""
        vocabulary = self._state_for("vocabulary_").input.vocabulary
        if vocabulary is None:
            raise AttributeError(f"{type(self).__name__} with tokens=False has no vocabulary_. Set tokens=True.")
        return vocabulary

    def _compare(self, X, y, sample_weight):
        """Return the numbers of correct, true and predicted labels of each sample, and its weight."""
        predicted, labels = self.predict(X), read_labels(y, self, allow_missing=self._accepts_missing(reset=False))
        check_consistent_length(predicted, labels)
        if (labels.container == "label") != (self._fitted.target.label_type == "label"):
            raise ValueError(f"y is of another type than the labels that {type(self).__name__} was fitted on.")
        n_matches, n_true, n_predicted = count_matches(predicted, labels)
        is_compared = (n_true > 0) | (labels.lengths == 0)  # the others have missing labels alone
        weights = check_sample_weight(sample_weight, len(labels)) * is_compared
        return n_matches, n_true, n_predicted, weights

    def _check_input(self, X, *, reset=False, n_target_columns=0):
        if not (self.tokens if reset else self._fitted.input.vocabulary is not None):
            return super()._check_input(X, reset=reset)
        tokens = read_tokens(X, self.padding_value if reset else self._padding_value)
        if tokens.container == "table" and (reset or self._layout.container == "table"):
            validate_data(self, X, reset=reset, skip_check_array=True)
        elif reset:
            self.n_features_in_ = 1
            self._set_feature_names(None)
        layout = Layout(tokens.container, 0, univariate=True)
        if reset:
            return tokens, layout  # which `_describe_input` turns into indices
        indices = tokens.indices_in(self.vocabulary_)
        unknown = np.flatnonzero(indices == len(self.vocabulary_))
        if len(unknown) and self.handle_unknown == "error":
            token, i, t = tokens.locate(unknown[0])
            raise ValueError(
                f"X[{i}] has {token!r} at timestep {t}, which was not in the training set. Set "
                "handle_unknown='ignore' to encode unknown tokens as all zeros."
            )
        return indices_as_sequences(indices, tokens.lengths), layout

    def _describe_input(self, sequences, layout, sample_weight):
        pretrained = pretrained_state(self)
        if self.tokens:
            vocabulary = unique_tokens(sequences.values)
            sequences = indices_as_sequences(sequences.indices_in(vocabulary), sequences.lengths)
            return sequences, self._fitted_input(sequences, layout, Scaling.identity(1), None, vocabulary)
        if pretrained is None:
            return super()._describe_input(sequences, layout, sample_weight)
        if pretrained.architecture.n_features != sequences.n_features:
            raise ValueError(
                f"X has {sequences.n_features} features per timestep, but encoder was fitted on "
                f"{pretrained.architecture.n_features}."
            )
        return sequences, self._fitted_input(sequences, layout, pretrained.input.scaling, None)

    def _read_target(self, sequences, y, continued, classes=None):
        labels = read_labels(y, self, allow_missing=self._accepts_missing(reset=continued is None))
        check_consistent_length(sequences, labels)
        known = None if classes is None else read_classes(classes)
        if continued and known is not None and not np.array_equal(known, continued.target.classes):
            raise ValueError(
                "classes must be the same as in the first call of partial_fit: expected "
                f"{continued.target.classes}, got {short_repr(classes)}."
            )
        return sequences, labels, FittedLabels(labels.container, classes=known)

    def _describe_target(self, fitted_target, sequences, labels, sample_weight, continued):
        return describe_labels(continued.target if continued else fitted_target, labels, type(self).__name__)

    def _architecture_for(self, problem):
        return architecture_of_labels(self, problem)

    def _training_targets(self, architecture, x, problem):
        targets, step_weights = encode_labels(architecture, problem.target, problem.fitted_target, self.class_weight)
        reconstructed = {"reconstruction": reversed_in_time(x)} if "reconstruction" in architecture.heads else {}
        weight = self.reconstruction_weight if reconstructed else 0.0
        return TrainingTargets(
            targets=reconstructed | targets,
            head_weights=dict.fromkeys(reconstructed, weight) | dict.fromkeys(targets, 1 - weight),
            loss="mse",  # of the reconstruction
            routed=self._routed,
            step_weights=step_weights,
            pretrained_weights=pretrained_weights(self),
            max_steps=self.max_steps or defaults_for(problem.fitted_target.label_type)["max_steps"],
        )

    @property
    def _n_steps(self):
        """Number of labels to predict; the maximum number if there is an end token."""
        fitted = self._fitted.target
        return fitted.max_length if self.max_length is None or fitted.label_type == "table" else self.max_length

    def _search(self, search, x, *options):
        """Return the result of a label search."""
        return search(self._fitted.network, x, self._n_steps, *options)

    def _restore(self, class_indices, lengths):
        """Return class indices (N, n_steps) as labels, in the container of y."""
        if self._fitted.target.label_type == "table":
            return self.classes_[class_indices]
        return [self.classes_[row[:length]] for row, length in zip(class_indices, lengths, strict=True)]
