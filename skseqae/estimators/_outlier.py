"""SequenceOutlierDetector: outlier detection by the hidden states or by the error of an autoencoder."""

import copy
from numbers import Real

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, OutlierMixin, _fit_context, clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _num_samples, check_is_fitted, has_fit_parameter

from ..data._intervals import frame_of_intervals
from ..data._sequences import Windows
from ..data._tabular import check_sample_weight
from ..mixins._fit_callbacks import CallbackSupportMixin, FitTask
from ..mixins._pipelines import last_step
from ._autoencoder import LSTMAutoencoderTransformer
from ._counts import as_counts, quantile, value_at
from ._distance import Distance, held_out_distances

MAX_SAMPLES = 5000  # from which the covariance is computed
# The covariance is computed without samples farther out than the outer fence of a boxplot.
N_RANGES_TO_KEEP = 3.0


def _has_reconstruction_error(self):
    autoencoder, _ = last_step(getattr(self, "estimator_", self._unfitted()))
    return hasattr(autoencoder, "reconstruction_error")


class SequenceOutlierDetector(CallbackSupportMixin, OutlierMixin, BaseEstimator):
    """Detect outliers among sequences by the hidden states or by the error of an autoencoder.

    With default parameters, the score of a sequence is its distance from the training set, in the statistics of the
    encoder's hidden states: the features that `LSTMAutoencoderTransformer(latent_dim=None)` returns. Alternatively, the
    score is the reconstruction error, which is larger for sequences that differ from the training set [1]_. A sequence
    is an outlier if its distance or its error is above a threshold, which is computed from the training set.

    Parameters
    ----------
    estimator : estimator with `fit` and `transform` or `score_samples`, default=None
        The autoencoder, or a pipeline that ends in one; `fit` clones it. If None, `LSTMAutoencoderTransformer()`.
    method : {"distance", "error"}, default="distance"
        "distance": the squared Mahalanobis distance from the mean of the training set, with the covariance of the
        standardised statistics, shrunk so that fewer sequences than statistics suffice [2]_. For an estimator without
        `pooling`, the distance of the output of its `transform`. "error": the negative of the estimator's
        `score_samples`, for an autoencoder the mean squared reconstruction error. `error_map` shows its location.
    contamination : "auto" or float, default="auto"
        The proportion of outliers in the training set, in (0, 0.5]: the threshold is chosen such that this proportion
        of its sequences is above it. If "auto", the threshold is the upper fence of a boxplot: the third quartile of
        the distances or errors plus 1.5 times the difference between the third and the first quartile [3]_. Outliers
        hardly affect the quartiles if they are fewer than a quarter of the sequences.
    cv : int, cross-validation splitter or iterable, default=None
        Determines how the distances or errors of the training set are computed. If None, the autoencoder is trained
        once. The distance of a sequence is then computed with a mean and a covariance that it is held out of, in five
        folds; errors are those of the training set, which are usually smaller than on new sequences. Otherwise, one
        autoencoder is trained for each fold, and scores the sequences that were held out. For windows that overlap,
        pass a splitter that keeps neighbours together, such as `KFold(5)`.

    Attributes
    ----------
    estimator_ : estimator
        The autoencoder, fitted on the whole training set.
    offset_ : float
        The negative of the threshold. Sequences whose `score_samples` is below `offset_` are outliers.
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
    .. [2] Ledoit, O. and Wolf, M. (2004). A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices.
       Journal of Multivariate Analysis 88(2). doi:10.1016/S0047-259X(03)00096-4.
    .. [3] Tukey, J. W. (1977). Exploratory Data Analysis. Addison-Wesley.

    Examples
    --------
    >>> from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector
    >>> from skseqae.datasets import make_waves
    >>> X, y = make_waves(40, lengths=(10, 20), random_state=0)
    >>> X[7] = 5 - 10 * X[7]
    >>> detector = SequenceOutlierDetector(LSTMAutoencoderTransformer(epochs=2, random_state=0))
    >>> bool(detector.fit_predict(X)[7] == -1)
    True
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "transform"]), HasMethods(["fit", "score_samples"]), None],
        "method": [StrOptions({"distance", "error"})],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "cv": ["cv_object"],
    }

    def __init__(self, estimator=None, *, method="distance", contamination="auto", cv=None):
        self.estimator = estimator
        self.method = method
        self.contamination = contamination
        self.cv = cv

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None):
        """Train the autoencoder, and compute the threshold.

        With `method="distance"`, the mean and the covariance are computed from at most 5,000 sequences, and computed
        again without those that are far from the others: beyond three times the difference between the quartiles, or
        the proportion `contamination`.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.
        y : ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative sample weights. A weight of 0 is equivalent to removing the sample, and a weight of 2 to
            repeating it, in the mean, the covariance and the quartiles; but folds separate repeated samples. The
            weights are also passed to the `fit` of the estimator, for a pipeline to that of its last step. Weights
            below 1 on average are scaled to a mean of 1.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of finite numbers, if it has fewer than three sequences and the method is
            "distance", if a parameter is out of its range, or if the estimator does not accept `sample_weight`. The
            detector then keeps its previous state.
        """
        self._check_method()
        weights = None if sample_weight is None else check_sample_weight(sample_weight, _num_samples(X))
        folds = [] if self.cv is None else list(check_cv(self.cv).split(X))
        task = FitTask.begin(self, 1 + len(folds), X, y, sample_weight)
        fitted = copy.copy(self)
        estimator, X_fit, counts = self._fit_part("fit-estimator", task, X, weights)
        fitted.estimator_ = estimator
        fitted._distance, rows, row_counts, is_kept = self._fit_distance(estimator, X_fit, counts)
        if folds:
            fitted.offset_ = self._offset(*self._held_out_scores(X, weights, folds, task))
        elif fitted._distance is None:
            fitted.offset_ = self._offset(estimator.score_samples(X_fit), counts)
        else:
            fitted.offset_ = self._offset_of_distances(fitted._distance, rows, row_counts, is_kept)
        for name in ("n_features_in_", "feature_names_in_"):
            vars(fitted).pop(name, None)
            if hasattr(estimator, name):
                setattr(fitted, name, getattr(estimator, name))
        task.end(lambda: fitted)
        self.__dict__ = vars(fitted)  # by one update, so that a failure leaves everything as it was
        return self

    def score_samples(self, X):
        """Return the scores: higher for sequences like the training set.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for the accepted containers.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The negative squared distances or the negative mean squared errors, at most 0.
        """
        check_is_fitted(self)
        return _score(self.estimator_, self._distance, X)

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

    def outlier_intervals(self, X):
        """Return the intervals of outliers in long series, of which X holds windows.

        The score of a timestep is the mean of the scores of the windows that contain it. An interval is a maximal run
        of timesteps of one series whose score is below `offset_`.

        Parameters
        ----------
        X : Windows of shape (n_windows,)
            Windows, as `Sequences.windows` returns them. `fit` needs windows of the same size.

        Returns
        -------
        intervals : pandas.DataFrame of shape (n_intervals, 4)
            One row per interval, in the order of the series and of time. The columns are "sample", the id of the series
            or its number, "start" and "end", the first and the last time of the interval or, without times, the numbers
            of these timesteps, and "score", the lowest score of the interval.

        Raises
        ------
        ImportError
            If pandas is not installed.
        TypeError
            If X does not hold windows.

        Examples
        --------
        >>> import numpy as np
        >>> from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector, Sequences
        >>> x = np.sin(np.arange(400.0))
        >>> x[300:320] = 9.0
        >>> windows = Sequences.from_list([x], ids=["pump"]).windows(20, step=5)
        >>> detector = SequenceOutlierDetector(LSTMAutoencoderTransformer(4, epochs=2, random_state=0)).fit(windows)
        >>> intervals = detector.outlier_intervals(windows)
        >>> bool(intervals["start"][0] <= 300) and bool(intervals["end"][0] >= 319)
        True
        """
        check_is_fitted(self)
        if not isinstance(X, Windows):
            raise TypeError(
                f"Intervals are parts of the series of windows, but X is of type {type(X).__name__}: pass windows, "
                "such as Sequences.from_list([x]).windows(size, step). For other sequences, use predict."
            )
        return frame_of_intervals(X.stitch(self.score_samples(X)), self.offset_)

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
            With `method="error"`, their mean over a sequence is its negative score. For a pipeline, the errors of the
            input of its last step, in the container of that input.
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

    def _check_method(self):
        needed = "transform" if self.method == "distance" else "score_samples"
        if not hasattr(self._unfitted(), needed):
            raise ValueError(f"method={self.method!r} needs an estimator with `{needed}`, got {self.estimator!r}.")

    def _fit_part(self, name, task, X, weights, rows=None):
        """Return the estimator fitted on those of the rows of X whose weight is above 0, these rows, and their counts.

        `rows=None` are all rows. Without weights, the estimator is fitted without them.
        """
        estimator, fit_params = clone(self._unfitted()), {}
        if weights is not None:
            rows = np.flatnonzero(weights) if rows is None else rows[weights[rows] > 0]
            fit_params = _weight_for(estimator, weights[rows])
        X = X if rows is None else _take(X, rows)
        estimator = task.fit_part(name, estimator, X, **fit_params)  # the first to validate X
        return estimator, X, np.ones(_num_samples(X)) if weights is None else as_counts(weights[rows])

    def _held_out_scores(self, X, weights, folds, task):
        """Return the scores of each fold's test samples, by an estimator that is fitted on the others, and counts."""
        # not by cross_val_predict, which requires a `predict`
        scores, tested, every = [], [], np.arange(_num_samples(X))  # folds may be masks
        for train, test in folds:
            estimator, X_train, counts = self._fit_part("fit-fold", task, X, weights, every[train])
            distance, *_ = self._fit_distance(estimator, X_train, counts)
            test_weights = np.ones(len(every))[test] if weights is None else weights[test]
            test, test_weights = every[test][test_weights > 0], test_weights[test_weights > 0]
            if len(test):
                scores.append(_score(estimator, distance, _take(X, test)))
                tested.append(test_weights)
        return np.concatenate(scores), as_counts(np.concatenate(tested))

    def _fit_distance(self, estimator, X, counts):
        """Return the distance from a training set, the rows, their counts, and which it was computed from.

        With `method="error"`, all four are None.
        """
        if self.method == "error":
            return None, None, None, None
        spread = np.linspace(0, len(counts) - 1, min(len(counts), MAX_SAMPLES), dtype=int)
        rows, counts = _pool(estimator, _take(X, spread)), counts[spread]
        if counts.sum() < 3:
            raise ValueError(f"method='distance' needs at least 3 sequences, got n_samples={len(spread)}.")
        scores = -held_out_distances(rows, counts)
        is_kept = scores >= self._offset(scores, counts, n_ranges=N_RANGES_TO_KEEP)
        return Distance.fit(rows[is_kept], counts[is_kept]), rows, counts, is_kept

    def _offset_of_distances(self, distance, rows, counts, is_kept):
        """Return the offset, from the distances of rows that were held out."""
        own_scores = -distance.measure(rows)
        scores = own_scores.copy()
        scores[is_kept] = -held_out_distances(rows[is_kept], counts[is_kept])
        offset = self._offset(scores, counts)
        return offset if self.contamination == "auto" else _move_between(offset, own_scores, scores, counts)

    def _offset(self, scores, counts, n_ranges=1.5):
        if self.contamination != "auto":
            return quantile(scores, counts, self.contamination)
        low, high = quantile(scores, counts, 0.25), quantile(scores, counts, 0.75)
        return low - n_ranges * (high - low)


def _take(X, rows):
    """Return rows of X; X itself if all are taken in order."""
    return X if np.array_equal(rows, np.arange(_num_samples(X))) else _safe_indexing(X, rows)


def _weight_for(estimator, sample_weight):
    """Return the argument of the estimator's `fit` that passes sample weights to it, or to the last step of a pipeline.

    A frozen estimator needs none. With metadata routing, a pipeline passes them to the steps that request them.
    """
    step, name = estimator, "sample_weight"
    while isinstance(step, Pipeline) and not get_config()["enable_metadata_routing"]:
        step, name = step[-1], "__".join([*name.split("__")[:-1], step.steps[-1][0], "sample_weight"])
    if isinstance(step, FrozenEstimator):
        return {}
    if not (isinstance(step, Pipeline) or has_fit_parameter(step, "sample_weight")):
        raise ValueError(f"{type(step).__name__} does not accept sample_weight: omit it.")
    return {name: sample_weight}


def _pool(estimator, X):
    """Return the rows whose distances are computed: (n_samples, n_statistics)."""
    autoencoder, X = last_step(estimator, X)
    return np.asarray(getattr(autoencoder, "_pool", autoencoder.transform)(X), np.float64)


def _score(estimator, distance, X):
    return estimator.score_samples(X) if distance is None else -distance.measure(_pool(estimator, X))


def _move_between(offset, scores, held_out_scores, counts):
    """Return the number nearest to the offset that is above as many scores as the offset is above held-out scores."""
    n_below = counts[held_out_scores < offset].sum()
    lowest = np.nextafter(value_at(scores, counts, n_below, side="left"), 0) if n_below else -np.inf
    return float(np.clip(offset, lowest, value_at(scores, counts, n_below)))
