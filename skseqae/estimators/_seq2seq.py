"""Seq2SeqClassifier: a label, or a sequence of labels, for each sequence."""

from dataclasses import replace
from numbers import Integral

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, validate_data

from ..data._arrays import short_repr
from ..data._label_metrics import count_matches, exact_match, token_accuracy
from ..data._labels import class_weights, read_classes, read_labels
from ..data._layout import Layout
from ..data._scaling import Scaling
from ..data._sequences import Sequences
from ..data._tabular import check_sample_weight
from ..data._tokens import Tokens, indices_as_sequences, read_tokens, unique_tokens
from ..inference._label_search import beams, greedy, greedy_logits, label_logits
from ..networks._architectures import Seq2SeqArchitecture
from ._base import RECURRENT_CONSTRAINTS, BaseSequenceEstimator
from ._fitted_state import FittedLabels
from ._fitting import TrainingTargets
from ._pretrained_encoder import pretrained_state, recurrent_weights

HEADS = {"label": "label", "table": "sequence", "list": "sequence"}  # by the type of y
DEFAULT_UNITS = 128


def _predicts_sequences(self):
    """Return whether there are sequences of labels to search for, as `available_if` asks."""
    if hasattr(self, "_fitted") and self._fitted.target.label_type == "label":
        raise AttributeError(f"A {type(self).__name__} fitted on one label for each sample predicts no sequences.")
    return True


class Seq2SeqClassifier(ClassifierMixin, BaseSequenceEstimator):
    """Say a label, or a sequence of labels, for each variable-length sequence, by an LSTM encoder-decoder.

    The encoder reads a sequence. For sequences of labels a decoder starts from the encoder's state and says one label
    after another, having read those before: the true ones in training (teacher forcing), its own afterwards [1]_. For
    one label a sample, a dense layer on the encoder's last state says it. Padding is never seen and never counted.

    Parameters
    ----------
    units : int or tuple of int, default=None
        Width of the recurrent layer, or of several stacked ones, each at least 1; the decoder mirrors them. None: 128,
        or those of the given `encoder`.
    tokens : bool, default=False
        Whether X holds symbols (strings or integers, or whatever else can be hashed) and not real numbers.
    handle_unknown : {"error", "ignore"}, default="error"
        What to do about a symbol in X that was not there in training: raise an error, or read it as none of them. With
        `tokens`.
    num_beams : int, default=1
        Sequences of labels that `predict` and `predict_beams` follow at a time, at least 1; 1 is greedy.
    max_length : int, default=None
        Longest sequence of labels to say, at least 1, where y is a list of sequences. None: the longest in training.
    encoder : fitted LSTMAutoencoderTransformer or CompositeSequenceRegressor, or FrozenEstimator of one, default=None
        Whose encoder's weights to start from [2]_: `units`, `cell`, `bidirectional`, `activation` and the scaling are
        then its. It is never changed. Only in a `sklearn.frozen.FrozenEstimator` does it stay fitted in `clone`, and so
        in cross-validation.
    freeze_encoder : bool, default=False
        Whether the weights of the given `encoder` stay as they are, and only the rest is trained.
    class_weight : dict of label to float, "balanced" or None, default=None
        How much each label counts, at least 0. "balanced": inversely to its frequency, in `partial_fit` to that in
        the call.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        The recurrent cell. "rnn" is the simple recurrent network of Elman (1990), doi:10.1207/s15516709cog1402_1.
    bidirectional : bool, default=False
        Whether each layer of the encoder reads both ways, which doubles its width.
    activation : {"tanh", "relu", "sigmoid", "linear"}, default="tanh"
        Activation of the cell.
    dropout : float, default=0.0
        Share of each recurrent layer's inputs dropped in training, in [0, 1), the same at every timestep of a sequence.
    padding_value : float, default=None
        What 2-D and 3-D arrays are padded with at the end: trailing timesteps all equal to it are padding. None: NaN.
    scale : {"standard", None}, default="standard"
        Whether each feature is standardised over the real timesteps of the training set. Not for symbols.
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
        More arguments for the optimizer under SciKeras' routed names, such as `optimizer__beta_1=0.8`.

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
        The labels: sorted, or where they have no order as they first appeared. Neither start nor end is among them.
    vocabulary_ : ndarray of shape (V,)
        With `tokens` the symbols of X, in the same manner.
    history_ : dict of str to list of float
        Mean cross-entropy over labels of each epoch, "loss", the end of a sequence included; with early stopping
        "val_loss" too.
    n_iter_ : int
        Epochs run.
    n_features_in_ : int
        Features per timestep, 1 for symbols; for 2-D X the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names, or of the features of named `Sequences`.
    encoder_, decoder_, model_ : keras.Model
        Built at each access from stock Keras layers. The encoder reads `[x, mask]`, arrays (B, T, F) in the data's own
        units (or (B, T, 1), places in `vocabulary_`) and (B, T); the model gives probabilities (B, C). For sequences of
        labels the encoder gives the states of all layers, and the decoder and the model also read `previous`, an array
        (B, H, 1) of places in `classes_`, each row C followed by the labels before; they give probabilities (B, H, C),
        of a list of sequences (B, H, C + 1), those of the end last.

    See Also
    --------
    LSTMAutoencoderTransformer : An encoder to start from.

    References
    ----------
    .. [1] Sutskever, I., Vinyals, O. and Le, Q. V. (2014). Sequence to Sequence Learning with Neural Networks.
       arXiv:1409.3215.
    .. [2] Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). Unsupervised Learning of Video Representations
       using LSTMs. arXiv:1502.04681.

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
        **RECURRENT_CONSTRAINTS,
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
        tokens=False,
        handle_unknown="error",
        num_beams=1,
        max_length=None,
        encoder=None,
        freeze_encoder=False,
        class_weight=None,
        cell="lstm",
        bidirectional=False,
        activation="tanh",
        dropout=0.0,
        padding_value=None,
        scale="standard",
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
        self.units = units
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
        self.scale = scale
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
    def fit(self, X, y, sample_weight=None):
        """Train the classifier.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`; with
            `tokens` a list of sequences of symbols, or an array (N, T) of them.
        y : array-like of shape (N,) or (N, H), or list of N sequences of labels
            One label a sample, H labels a sample, or a list, tuple or array of labels for each.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts, at least 0; one of weight 0 is as good as absent.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of finite numbers (or of symbols), or y not as many labels or sequences of labels, or
            the encoder given is not fitted on such sequences, or a parameter is out of its range, or training diverged,
            or, with `warm_start`, the architecture changed. The estimator is then as it was before.
        """
        return self._fit(X, y, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for exactly one more epoch, the first time from scratch.

        Classes, vocabulary and scaling are those of the first call. The optimizer's state is kept from call to call,
        and nothing is held out for validation.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`; with
            `tokens` a list of sequences of symbols, or an array (N, T) of them.
        y : array-like of shape (N,) or (N, H), or list of N sequences of labels
            One label a sample, H labels a sample, or a list, tuple or array of labels for each.
        classes : array-like of shape (C,), default=None
            All labels that any call will bring; for the first call. None: those in y.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts, at least 0; one of weight 0 is as good as absent.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As `fit`, and if y holds a label that is none of the classes. The estimator is then as it was before.
        """
        return self._fit(X, y, sample_weight, partial=True, classes=classes)

    def predict(self, X):
        """Say the label, or the sequence of labels, of each sequence.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`; with
            `tokens` a list of sequences of symbols, or an array (N, T) of them.

        Returns
        -------
        y : ndarray of shape (N,) or (N, H), or list of N ndarrays of shape (H_i,)
            As y was: one label each, H labels each, or sequences; the likeliest by greedy search, or with `num_beams`
            above 1 the best that was found by `predict_beams`.

        Raises
        ------
        TypeError, ValueError
            If X is not such sequences as in training.
        """
        _, _, x = self._read(X)
        if self._fitted.target.label_type == "label":
            logits = label_logits(self._fitted.architecture, self._fitted.weights, x)
            return self.classes_[logits.argmax(axis=1)]
        if self.num_beams > 1:
            class_indices, lengths, _ = self._search(beams, x, self.num_beams)
            return self._restore(class_indices[:, 0], lengths[:, 0])
        return self._restore(*self._search(greedy, x))

    def predict_proba(self, X):
        """Return the probability of each class, for sequences of labels at each step of the greedy path.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`; with
            `tokens` a list of sequences of symbols, or an array (N, T) of them.

        Returns
        -------
        probabilities : ndarray of shape (N, C) or (N, H, C), or list of N ndarrays of shape (H_i, C)
            In the order of `classes_`; each sums to 1. Where sequences say their end, its probability is left out, and
            the rest sums to 1.
        """
        _, _, x = self._read(X)
        label_type = self._fitted.target.label_type
        if label_type == "label":
            logits = label_logits(self._fitted.architecture, self._fitted.weights, x)
            return softmax(logits.astype(np.float64), axis=1)
        lengths, logits = self._search(greedy_logits, x)
        probabilities = softmax(logits[:, :, : len(self.classes_)].astype(np.float64), axis=2)
        if label_type == "table":
            return probabilities
        return [row[:length] for row, length in zip(probabilities, lengths, strict=True)]

    @available_if(_predicts_sequences)
    def predict_beams(self, X, num_beams=None):
        """Say several sequences of labels for each sequence, and how likely each is, by beam search.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`; with
            `tokens` a list of sequences of symbols, or an array (N, T) of them.
        num_beams : int, default=None
            Sequences that are followed at a time, and returned, at least 1. None: the parameter.

        Returns
        -------
        sequences : ndarray of shape (N, K, H), or list of N lists of K ndarrays of shape (H_k,)
            The best first. K is `num_beams`, or fewer where there are not so many sequences. The greedy one is always
            among the candidates.
        scores : ndarray of shape (N, K)
            Log-probability of each over its length, the end included, where sequences say it: one of `max_length`
            labels is ended there.
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
        """Return the share of sequences that are right: the accuracy, or for sequences of labels exact matches.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`; with
            `tokens` a list of sequences of symbols, or an array (N, T) of them.
        y : array-like of shape (N,) or (N, H), or list of N sequences of labels
            The true labels, as `fit` takes them.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts.

        Returns
        -------
        score : float
            From 0 to 1, the best.
        """
        counts = self._compare(X, y)
        return exact_match(*counts, check_sample_weight(sample_weight, len(counts[0])))

    def token_accuracy(self, X, y, sample_weight=None):
        """Return the share of labels that are right, each in its place; what is missing or too much is wrong.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`; with
            `tokens` a list of sequences of symbols, or an array (N, T) of them.
        y : array-like of shape (N,) or (N, H), or list of N sequences of labels
            The true labels, as `fit` takes them.
        sample_weight : array-like of shape (N,), default=None
            How much each sequence counts.

        Returns
        -------
        accuracy : float
            From 0 to 1, the best: right labels over labels, of the longer of the two sequences.
        """
        counts = self._compare(X, y)
        return token_accuracy(*counts, check_sample_weight(sample_weight, len(counts[0])))

    @property
    def classes_(self):
        """The labels."""
        return self._fitted.target.classes

    @property
    def vocabulary_(self):
        """The tokens of X."""
        if self._fitted.input.vocabulary is None:
            raise AttributeError(f"A {type(self).__name__} with tokens=False has no vocabulary_.")
        return self._fitted.input.vocabulary

    def _compare(self, X, y):
        """Return the numbers of correct, true and predicted labels of each sample."""
        predicted, labels = self.predict(X), read_labels(y, self)
        check_consistent_length(predicted, labels)
        self._check_label_type(labels.container == "label", self._fitted.target.label_type == "label")
        return count_matches(predicted, labels)

    def _check_label_type(self, label_type, fitted_type):
        if label_type != fitted_type:
            raise ValueError(f"y is of another type than the labels that {type(self).__name__} was fitted on.")

    def _check_input(self, X, *, reset=False):
        if not (self.tokens if reset else self._fitted.input.vocabulary is not None):
            return super()._check_input(X, reset=reset)
        tokens = read_tokens(X, self.padding_value if reset else self._padding_value)
        if tokens.container == "table" and (reset or self._layout.container == "table"):
            validate_data(self, X, reset=reset, skip_check_array=True)
        elif reset:
            self.n_features_in_ = 1
            self._set_feature_names(None)
        if reset:
            self._all_tokens = unique_tokens(tokens.values)
        vocabulary = self._all_tokens if reset else self.vocabulary_
        indices = tokens.indices_in(vocabulary)
        unknown = np.flatnonzero(indices == len(vocabulary))
        if len(unknown) and self.handle_unknown == "error":
            token, i, t = tokens.locate(unknown[0])
            raise ValueError(
                f"X[{i}] has {token!r} at timestep {t}, which was not in the training set. Set "
                "handle_unknown='ignore' to encode unknown tokens as all zeros."
            )
        return indices_as_sequences(indices, tokens.lengths), Layout(tokens.container, 0, univariate=True)

    def _describe_input(self, sequences, layout, sample_weight):
        pretrained = pretrained_state(self)
        if self.tokens:
            # again, of the samples of positive weight alone
            values = vars(self).pop("_all_tokens")[sequences.packed[:, 0].astype(np.int64)]
            tokens, vocabulary = Tokens("list", values, sequences.lengths), unique_tokens(values)
            sequences = indices_as_sequences(tokens.indices_in(vocabulary), tokens.lengths)
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
        labels = read_labels(y, self)
        check_consistent_length(sequences, labels)
        if classes is not None:
            classes = read_classes(classes)
            if continued and not np.array_equal(classes, continued.target.classes):
                raise ValueError(
                    f"classes are those of the first call of partial_fit: {continued.target.classes}, got "
                    f"{short_repr(classes)}."
                )
        return sequences, labels, FittedLabels(labels.container, classes=classes)

    def _describe_target(self, fitted_target, sequences, labels, sample_weight, continued):
        fitted = continued.target if continued else fitted_target
        if fitted.classes is None:
            fitted = replace(fitted, classes=unique_tokens(labels.values))
        if not len(fitted.classes):
            raise ValueError("All sequences of y with a sample_weight above zero are empty: one needs a label.")
        self._check_label_type(labels.container, fitted.label_type)
        if fitted.label_type == "table" and fitted.max_length not in (0, labels.lengths[0]):
            raise ValueError(
                f"y has {labels.lengths[0]} labels for each sample, but those before had {fitted.max_length}."
            )
        unknown = np.flatnonzero(labels.indices_in(fitted.classes) == len(fitted.classes))
        if len(unknown):
            label, i, _ = labels.locate(unknown[0])
            raise ValueError(
                f"y[{i}] has {label!r}, which is not one of the classes: {fitted.classes}. Pass all of them to the "
                "first call of partial_fit."
            )
        return replace(fitted, max_length=max(fitted.max_length, int(labels.lengths.max())))

    def _architecture_for(self, problem):
        pretrained, labels = pretrained_state(self), problem.fitted_target
        encoder = pretrained.architecture if pretrained else self
        return Seq2SeqArchitecture(
            n_features=problem.sequences.n_features,
            n_tokens=len(problem.fitted_input.vocabulary) if self.tokens else None,
            n_classes=len(labels.classes),
            units=pretrained.architecture.units if pretrained else self._check_units(DEFAULT_UNITS),
            cell=encoder.cell,
            activation=encoder.activation,
            bidirectional=bool(encoder.bidirectional),
            dropout=float(self.dropout),
            heads=(HEADS[labels.label_type],),
            has_end=labels.label_type == "list",
            frozen=("encoder",) if self.freeze_encoder else (),
        )

    def _training_targets(self, architecture, x, problem):
        labels, (head,) = problem.target, architecture.heads
        indices, lengths = labels.indices_in(problem.fitted_target.classes), labels.lengths
        if architecture.has_end:
            indices, lengths = np.insert(indices, np.cumsum(lengths), architecture.n_classes), lengths + 1
        step_weights = {}
        if self.class_weight is not None:
            weights = class_weights(self.class_weight, problem.fitted_target.classes, indices)
            weights = np.append(weights, 1.0)  # of the end token
            step_weights[head] = Sequences(weights[indices][:, None], lengths)
        pretrained = pretrained_state(self)
        return TrainingTargets(
            targets={head: indices_as_sequences(indices, lengths)},
            head_weights={head: 1.0},
            loss="sparse_categorical_crossentropy",
            routed=self._routed | {"loss__from_logits": True},
            step_weights=step_weights,
            pretrained_weights={"encoder": recurrent_weights(pretrained)} if pretrained else {},
        )

    @property
    def _n_steps(self):
        """Number of labels to predict; the largest number if there is an end token."""
        fitted = self._fitted.target
        return fitted.max_length if self.max_length is None or fitted.label_type == "table" else self.max_length

    def _search(self, search, x, *options):
        """Return the result of a label search."""
        return search(self._fitted.architecture, self._fitted.weights, x, self._n_steps, *options)

    def _restore(self, class_indices, lengths):
        """Return class indices (N, n_steps) as labels, in the container of y."""
        if self._fitted.target.label_type == "table":
            return self.classes_[class_indices]
        return [self.classes_[row[:length]] for row, length in zip(class_indices, lengths, strict=True)]
