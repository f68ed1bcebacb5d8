"""SequenceOutlierDetector: outlier detection by the error of an autoencoder."""

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
    """Detect outliers among sequences by the error of an autoencoder.

    An autoencoder has larger errors on sequences that differ from its training set [1]_. A sequence is an outlier if
    its error is above a threshold, which is computed from the errors of the training set.

    Parameters
    ----------
    estimator : estimator with `fit` and `score_samples`, default=None
        The autoencoder, or a pipeline that ends in one; `fit` clones it. If None, `LSTMAutoencoderTransformer()`.
    contamination : "auto" or float, default="auto"
        The proportion of outliers in the training set, in (0, 0.5]: the threshold is chosen such that this proportion
        of its sequences has errors above it. If "auto", the threshold is the upper fence of a boxplot: the third
        quartile of the errors plus 1.5 times the difference between the third and the first quartile [2]_. Outliers
        hardly affect the quartiles if they are fewer than a quarter of the sequences.
    cv : int, cross-validation splitter or iterable, default=None
        Determines how the errors of the training set are computed. If None, the autoencoder scores its own training
        set. Its errors there are usually smaller than on new sequences. Otherwise, one autoencoder is trained for each
        fold and scores the sequences that were held out. The threshold is then valid for new sequences.

    Attributes
    ----------
    estimator_ : estimator
        The autoencoder, fitted on the whole training set.
    offset_ : float
        The negative of the error threshold. Sequences whose `score_samples` is below `offset_` are outliers.
    n_features_in_ : int
        Number of columns if X is 2-D. Otherwise, the number of features per timestep.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns of X if it was a dataframe with string column names, or of the features of X if it had
        named features. Defined only in these cases.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Outlier detection among rows of equal length.

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
        """Train the autoencoder, and compute the threshold from its errors.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        y : ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of finite numbers, or if a parameter is out of its range. The detector then
            keeps its previous state.
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
        """Return the scores of the autoencoder: higher for sequences like the training set.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The negative mean squared errors, at most 0.
        """
        check_is_fitted(self)
        return self.estimator_.score_samples(X)

    def decision_function(self, X):
        """Return the differences of the scores from the threshold.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.

        Returns
        -------
        decisions : ndarray of shape (n_samples,)
            `score_samples(X) - offset_`; below 0 for outliers.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Classify sequences as inliers or outliers.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.

        Returns
        -------
        is_inlier : ndarray of shape (n_samples,), int
            -1 for outliers, 1 for inliers.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    @available_if(_has_reconstruction_error)
    def error_map(self, X):
        """Return the error of each feature at each timestep.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.

        Returns
        -------
        errors : sequences of shape (n_samples,)
            The squared errors, in units of the variance of each feature in training, in the container of X.
            Their mean over a sequence is its negative score. For a pipeline, the errors of the input of its last step,
            in the container of that input.
        """
        check_is_fitted(self)
        autoencoder, X = last_step(self.estimator_, X)
        return autoencoder.reconstruction_error(X, reduction="none")

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: the input is that of the autoencoder."""
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._unfitted()).input_tags
        return tags

    def _unfitted(self):
        return LSTMAutoencoderTransformer() if self.estimator is None else self.estimator

    def _held_out_scores(self, X, folds, task):
        """Return the scores of each fold's test samples, by an estimator that is fitted on its training samples."""
        # not by cross_val_predict, which requires a `predict`
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
