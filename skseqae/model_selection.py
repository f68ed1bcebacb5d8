"""Folds and scores for sequences of unequal length, in scikit-learn's searches and cross-validation."""

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


class LengthStratifiedKFold(_BaseKFold):
    """Cut samples into folds in which long and short sequences are as frequent as in all of them.

    Ranked by length, each `n_splits` samples in a row go to folds of their own. So folds have as many samples as one
    another, up to one, and nearly as many timesteps.

    Parameters
    ----------
    n_splits : int, default=5
        Folds, at least 2.
    shuffle : bool, default=False
        Whether it is drawn which sample of like length goes to which fold.
    random_state : int, RandomState instance or None, default=None
        Draws that. To be given with `shuffle` only.
    padding_value : float, default=None
        What arrays are padded with at the end, where that is not NaN.

    See Also
    --------
    sklearn.model_selection.StratifiedKFold : Folds in which classes are as frequent as in all samples.

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
        """Yield the samples to train on and those to test on, fold by fold.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.
        y : ignored
            Here for scikit-learn's sake.
        groups : ignored
            Here for scikit-learn's sake.

        Yields
        ------
        train : ndarray of int
            Numbers of the samples to train on, in order.
        test : ndarray of int
            Numbers of the samples to test on, in order.

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of numbers, or there are fewer of them than folds.
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
            # There and back again, otherwise the first fold would have the shortest of each row.
            folds = random.permutation(folds) if self.shuffle else folds[:: 1 if start == 0 else -1]
            fold_of[ranks[start : start + self.n_splits]] = folds[: len(ranks) - start]
        for fold in range(self.n_splits):
            yield fold_of == fold


@dataclass(frozen=True)
class TimestepScorer:
    """Score what an estimator says of sequences by a metric over all real timesteps.

    scikit-learn's metrics compare arrays; this joins the real timesteps of all sequences, a row each, so that long
    sequences count more than short ones and padding does not count.

    Parameters
    ----------
    metric : callable
        One of scikit-learn's metrics of regression, or any function of (true, said), arrays (S, F), that gives a
        number. With `sample_weight` it must take that too, an array (S,).
    response : {"predict", "reconstruct", "predict_next"}, default="predict"
        What is scored: predictions against y, or what an autoencoder says of X against X. Of a pipeline that ends in an
        autoencoder the X is what comes to it, after the steps before.
    greater_is_better : bool, default=True
        Whether more is better. Otherwise scores are minus the metric.
    padding_value : float, default=None
        What arrays are padded with at the end, where that is not NaN.

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
        """Refuse a response or a metric that is none."""
        if not isinstance(self.response, str) or self.response not in ("predict", "reconstruct", "predict_next"):
            raise ValueError(
                f"response must be 'predict', 'reconstruct' or 'predict_next', got {short_repr(self.response)}."
            )
        if not callable(self.metric):
            raise TypeError(f"metric must be a function of (true, said), got {short_repr(self.metric)}.")

    def __call__(self, estimator, X, y=None, sample_weight=None):
        """Return the score of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator
            With the verb that `response` names.
        X : sequences of N samples
            What it reads.
        y : sequences of N samples, default=None
            What it should predict; not looked at for other responses.
        sample_weight : array-like of shape (N,), default=None
            How much each timestep of a sequence counts.

        Returns
        -------
        score : float

        Raises
        ------
        TypeError
            If the estimator has no such verb.
        ValueError
            If there is no y where predictions are scored, or there are not as many predictions as y, of as many
            timesteps.
        """
        if self.response == "predict" and y is None:
            raise ValueError("Predictions are scored against y, which is None: give it, or name another response.")
        if self.response != "predict":
            estimator, X = last_step(estimator, X)
        if not hasattr(estimator, self.response):
            raise TypeError(f"response={self.response!r}, but {type(estimator).__name__} has no such verb.")
        said = self._read(getattr(estimator, self.response)(X), "said")
        true = self._read(y, "y") if self.response == "predict" else self._read(X, "X")
        true = next_steps(true) if self.response == "predict_next" else true
        check_consistent_length(said.lengths, true.lengths)
        wrong = np.flatnonzero(said.lengths != true.lengths)
        if len(wrong):
            i = wrong[0]
            raise ValueError(f"y[{i}] has {true.lengths[i]} timesteps, but its prediction has {said.lengths[i]}.")
        weights = {}
        if sample_weight is not None:
            weights["sample_weight"] = np.repeat(check_sample_weight(sample_weight, len(true)), true.lengths)
        score = self.metric(true.packed, said.packed, **weights)
        return score if self.greater_is_better else -score

    def _read(self, sequences, name):
        return check_sequences(sequences, padding_value=self.padding_value, name=name)[0]
