"""Cross-validation splits and scores for sequences of unequal length."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection._split import _BaseKFold
from sklearn.utils import check_consistent_length, check_random_state

from .data._arrays import short_repr
from .data._check_sequences import check_sequences
from .data._tabular import check_sample_weight
from .data._targets import next_steps
from .mixins._pipelines import last_step

__all__ = ["LengthStratifiedKFold", "TimestepScorer"]


def __dir__():
    """Return the public names of the module."""
    return __all__


class LengthStratifiedKFold(_BaseKFold):
    """Cross-validator whose folds have the distribution of sequence lengths of the whole data set.

    The samples are sorted by length and divided into groups of `n_splits` consecutive samples. Each sample of a group
    is assigned to a different fold. The sizes of the folds therefore differ by at most one sample, and the folds have
    nearly the same number of timesteps.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        Whether the assignment of samples of similar length to the folds is random.
    random_state : int, RandomState instance or None, default=None
        Random state of the assignment. Set it only with `shuffle=True`.
    padding_value : float, default=None
        Padding value of 2-D and 3-D arrays. Trailing timesteps whose features all equal this value are padding. If
        None, the padding value is NaN. If set, NaN is not padding. Lists and `Sequences` have no padding.

    See Also
    --------
    sklearn.model_selection.StratifiedKFold : Folds with the class frequencies of the whole data set.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae.model_selection import LengthStratifiedKFold
    >>> X = [np.ones(length) for length in (1, 2, 3, 20, 21, 22)]
    >>> for _, test in LengthStratifiedKFold(n_splits=3).split(X):
    ...     print([len(X[i]) for i in test])
    [1, 22]
    [2, 21]
    [3, 20]
    """

    def __init__(self, n_splits=5, *, shuffle=False, random_state=None, padding_value=None):
        super().__init__(n_splits, shuffle=shuffle, random_state=random_state)
        self.padding_value = padding_value

    def split(self, X, y=None, groups=None):
        """Generate indices to split the data into training and test set.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for accepted containers.
        y : ignored
            Not used, present for API consistency by convention.
        groups : ignored
            Not used, present for API consistency by convention.

        Yields
        ------
        train : ndarray of int
            The training set indices for that split, in ascending order.
        test : ndarray of int
            The test set indices for that split, in ascending order.

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of numbers, or fewer of them than folds.
        """
        return super().split(X, y, groups)

    def _iter_test_masks(self, X, y=None, groups=None):
        lengths = check_sequences(X, padding_value=self.padding_value, allow_missing=True)[0].lengths
        ranks, folds = np.arange(len(lengths)), np.arange(self.n_splits)
        if self.shuffle:
            random = check_random_state(self.random_state)
            ranks = random.permutation(ranks)
        ranks = ranks[np.argsort(lengths[ranks], kind="stable")]
        fold_of = np.empty(len(lengths), dtype=np.int64)
        for start in range(0, len(ranks), self.n_splits):
            # The order alternates; otherwise the first fold would receive the shortest sample of each group.
            folds = random.permutation(folds) if self.shuffle else folds[:: 1 if start == 0 else -1]
            fold_of[ranks[start : start + self.n_splits]] = folds[: len(ranks) - start]
        for fold in range(self.n_splits):
            yield fold_of == fold


@dataclass(frozen=True)
class TimestepScorer:
    """Scorer that evaluates a metric of arrays over the real timesteps of all sequences.

    The real timesteps of all sequences are concatenated, one row per timestep, and passed to the metric. Long
    sequences therefore have more influence than short ones, and padding has none.

    Parameters
    ----------
    metric : callable
        A regression metric of scikit-learn, or any function of (y_true, y_pred) that returns a number. Both arrays have
        one row per real timestep of all sequences, and one column per feature. If `sample_weight` is passed, the metric
        must accept `sample_weight` with one value per row.
    response : {"predict", "reconstruct", "predict_next"}, default="predict"
        The method to score: "predict" compares predictions with y, the others compare the output of an autoencoder
        with X. If y is None, "predict" compares the forecasts of a `CompositeSequenceRegressor` that was fitted with
        `horizon` with the last `horizon` timesteps of X, which it does not read. For a pipeline, this X is the output
        of the step before the last.
    greater_is_better : bool, default=True
        Whether a greater value of the metric is better. If False, the score is the negated metric.
    padding_value : float, default=None
        Padding value of 2-D and 3-D arrays. Trailing timesteps whose features all equal this value are padding. If
        None, the padding value is NaN. If set, NaN is not padding. Lists and `Sequences` have no padding.

    Examples
    --------
    >>> from sklearn.metrics import mean_absolute_error
    >>> from sklearn.model_selection import cross_val_score
    >>> from skseqae import LSTMAutoencoderTransformer
    >>> from skseqae.datasets import make_waves
    >>> from skseqae.model_selection import TimestepScorer
    >>> X, _ = make_waves(20, lengths=(5, 9), random_state=0)
    >>> scorer = TimestepScorer(mean_absolute_error, response="reconstruct", greater_is_better=False)
    >>> cross_val_score(LSTMAutoencoderTransformer(4, epochs=1, random_state=0), X, cv=2, scoring=scorer).shape
    (2,)
    """

    metric: Callable
    response: str = "predict"
    greater_is_better: bool = True
    padding_value: float | None = None

    def __post_init__(self):
        """Raise if the response or the metric is invalid."""
        if not isinstance(self.response, str) or self.response not in ("predict", "reconstruct", "predict_next"):
            raise ValueError(
                f"response must be 'predict', 'reconstruct' or 'predict_next', got {short_repr(self.response)}."
            )
        if not callable(self.metric):
            raise TypeError(f"metric must be a function of (y_true, y_pred), got {short_repr(self.metric)}.")

    def __call__(self, estimator, X, y=None, sample_weight=None):
        """Return the score of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator
            An estimator that has the method `response`.
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for accepted containers.
        y : sequences of shape (n_samples,), default=None
            The true values of the predictions. None for a forecaster that was fitted with `horizon`. Not used with
            another response than "predict".
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, which are repeated for each timestep of a sequence.

        Returns
        -------
        score : float

        Raises
        ------
        TypeError
            If the estimator has no such method.
        ValueError
            If y is None and `response="predict"`, except for a forecaster, or if the predictions and y differ in the
            number of samples or of timesteps.
        """
        if self.response != "predict" or y is None:
            estimator, X = last_step(getattr(estimator, "best_estimator_", estimator), X)
        if self.response == "predict":
            X, y_true = _hold_out_future(estimator, X) if y is None else (X, self._check_sequences(y, "y"))
        else:
            y_true = self._check_sequences(X, "X")
        if not hasattr(estimator, self.response):
            raise TypeError(f"response={self.response!r}, but {type(estimator).__name__} has no such method.")
        y_pred = self._check_sequences(getattr(estimator, self.response)(X), "y_pred")
        y_true = next_steps(y_true) if self.response == "predict_next" else y_true
        check_consistent_length(y_pred.lengths, y_true.lengths)
        wrong = np.flatnonzero(y_pred.lengths != y_true.lengths)
        if len(wrong):
            i = wrong[0]
            raise ValueError(f"y[{i}] has {y_true.lengths[i]} timesteps, but its prediction has {y_pred.lengths[i]}.")
        weights = {}
        if sample_weight is not None:
            weights["sample_weight"] = np.repeat(check_sample_weight(sample_weight, len(y_true)), y_true.lengths)
        score = self.metric(y_true.packed, y_pred.packed, **weights)
        return score if self.greater_is_better else -score

    def _check_sequences(self, sequences, name):
        return check_sequences(sequences, padding_value=self.padding_value, name=name)[0]


def _hold_out_future(estimator, X):
    """Return X without the timesteps that a forecaster predicts, and these timesteps, as `Sequences`."""
    if getattr(estimator, "horizon", None) is None:
        raise ValueError(
            "response='predict' compares predictions with y, but y is None: pass y, or set another response. Only the "
            "forecasts of a CompositeSequenceRegressor with horizon are compared with X."
        )
    return estimator._input_and_target(X)
