"""SequenceOutlierDetector: sequences that an autoencoder cannot say again are unlike those that it learnt from."""

import copy
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, _fit_context, clone
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..mixins._fit_callbacks import CallbackSupportMixin, FitTask
from ..mixins._pipelines import last_step
from ._autoencoder import LSTMAutoencoderTransformer


def _has_reconstruction_error(self):
    autoencoder, _ = last_step(getattr(self, "estimator_", self._unfitted()))
    return hasattr(autoencoder, "reconstruction_error")


class SequenceOutlierDetector(CallbackSupportMixin, OutlierMixin, BaseEstimator):
    """Tell outliers among sequences by the error of an autoencoder.

    An autoencoder that says the training set again does worse on what is unlike it [1]_. A sequence is an outlier where
    its error is above a threshold, which comes from the errors of the training set itself.

    Parameters
    ----------
    estimator : estimator with `fit` and `score_samples`, default=None
        The autoencoder, or a pipeline that ends in one; it is cloned. None: `LSTMAutoencoderTransformer()`.
    contamination : "auto" or float, default="auto"
        The share of outliers in the training set, above 0 and up to 0.5: so many of its sequences lie above the
        threshold. "auto": the threshold is the upper fence of a boxplot, which lies above the third quartile of the
        errors by 1.5 times the distance between the first and the third [2]_. The quartiles do not move with the
        outliers until these are a quarter of all.
    cv : int, cross-validation splitter or iterable, default=None
        Where the errors of the training set come from. None: from the autoencoder that has learnt from all of them,
        whose errors on them are smaller than those on new ones. Otherwise each sequence is scored by an autoencoder
        that has not learnt from it, one for each fold, which makes a threshold that holds for new sequences.

    Attributes
    ----------
    estimator_ : estimator
        The autoencoder, fitted on the whole training set.
    offset_ : float
        The threshold, as a score: sequences of lower ones are outliers.
    n_features_in_ : int
        Features per timestep; for 2-D X the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names, or of the features of named `Sequences`.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Outliers among rows of one length.

    References
    ----------
    .. [1] Malhotra, P., Ramakrishnan, A., Anand, G., Vig, L., Agarwal, P. and Shroff, G. (2016). LSTM-based
       Encoder-Decoder for Multi-sensor Anomaly Detection. arXiv:1607.00148.
    .. [2] Tukey, J. W. (1977). Exploratory Data Analysis. Addison-Wesley.

    Examples
    --------
    >>> from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector
    >>> from skseqae.datasets import make_waves
    >>> X, y = make_waves(40, lengths=(10, 20), random_state=0)
    >>> X[7] = 5 - 10 * X[7]
    >>> detector = SequenceOutlierDetector(LSTMAutoencoderTransformer(latent_dim=8, epochs=2, random_state=0))
    >>> bool(detector.fit_predict(X)[7] == -1)
    True
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "score_samples"]), None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "cv": ["cv_object"],
    }

    def __init__(self, estimator=None, *, contamination="auto", cv=None):
        self.estimator = estimator
        self.contamination = contamination
        self.cv = cv

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Train the autoencoder, and take the threshold from its errors.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : ignored
            Here for scikit-learn's sake.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of finite numbers, or a parameter is out of its range. The detector is then as it was
            before.
        """
        folds = [] if self.cv is None else list(check_cv(self.cv).split(X))
        task = FitTask.begin(self, 1 + len(folds), X, y)
        fitted = copy.copy(self)
        fitted.estimator_ = estimator = task.fit_part("fit-estimator", clone(self._unfitted()), X)
        scores = estimator.score_samples(X) if self.cv is None else self._held_out_scores(X, folds, task)
        fitted.offset_ = self._offset(scores)
        for name in ("n_features_in_", "feature_names_in_"):
            vars(fitted).pop(name, None)
            if hasattr(estimator, name):
                setattr(fitted, name, getattr(estimator, name))
        task.end(lambda: fitted)
        self.__dict__ = vars(fitted)  # by one update, so that a failure leaves everything as it was
        return self

    def score_samples(self, X):
        """Return the autoencoder's scores: the higher, the more like the training set.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        scores : ndarray of shape (N,)
            Minus the mean squared errors, at most 0.
        """
        check_is_fitted(self)
        return self.estimator_.score_samples(X)

    def decision_function(self, X):
        """Return how far scores are above the threshold.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        decisions : ndarray of shape (N,)
            `score_samples(X) - offset_`; below 0 for outliers.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Tell outliers.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        is_inlier : ndarray of shape (N,), int
            -1 for outliers, 1 for all others.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    @available_if(_has_reconstruction_error)
    def error_map(self, X):
        """Return where in a sequence its error comes from.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        errors : sequences of N samples
            Of the kind of X: the squared error of each feature at each timestep, in units of the feature's standard
            deviation in training. Their mean over a sequence is minus its score. Of a pipeline those of the features
            that its last step reads, of the kind that comes to it.
        """
        check_is_fitted(self)
        autoencoder, X = last_step(self.estimator_, X)
        return autoencoder.reconstruction_error(X, reduction="none")

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: what comes in is what the autoencoder reads."""
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._unfitted()).input_tags
        return tags

    def _unfitted(self):
        return LSTMAutoencoderTransformer() if self.estimator is None else self.estimator

    def _held_out_scores(self, X, folds, task):
        """Return what each sequence scores whenever it is in the part of a fold that is not learnt from."""
        # not by cross_val_predict, which asks for a `predict`
        scores = []
        for train, test in folds:
            estimator = task.fit_part("fit-fold", clone(self._unfitted()), _safe_indexing(X, train))
            scores.append(estimator.score_samples(_safe_indexing(X, test)))
        return np.concatenate(scores)

    def _offset(self, scores):
        if self.contamination != "auto":
            return float(np.percentile(scores, 100 * self.contamination))
        low, high = np.percentile(scores, [25, 75])
        return float(low - 1.5 * (high - low))
