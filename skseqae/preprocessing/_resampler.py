"""Resampler: sequences as rows of equal length."""

from numbers import Integral

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval

from ..runtime._memory import check_memory
from ._base import _SequenceTransformer


class Resampler(_SequenceTransformer):
    """Resample each sequence to the same few timesteps, and write them in a row.

    Between timesteps lies a straight line: the first and the last of the `n_timesteps` are those of the sequence, the
    others are spread evenly between them. Where a sequence has `n_timesteps`, they are it. This forgets how long a
    sequence was and learns nothing; encodings that tell less are worth no training.

    Parameters
    ----------
    n_timesteps : int, default=16
        Timesteps of each row, at least 2.
    padding_value : float, default=None
        What 2-D and 3-D arrays are padded with at the end: trailing timesteps all equal to it are padding. None: NaN.

    Attributes
    ----------
    n_features_in_ : int
        Features per timestep; for 2-D X the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names, or of the features of named `Sequences`.

    See Also
    --------
    skseqae.LSTMAutoencoderTransformer : Encodings of sequences, learnt.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae.preprocessing import Resampler
    >>> resampler = Resampler(n_timesteps=3)
    >>> resampler.fit_transform([np.array([1.0, 2.0]), np.array([3.0]), np.array([0.0, 2.0, 4.0, 6.0])])
    array([[1. , 1.5, 2. ],
           [3. , 3. , 3. ],
           [0. , 3. , 6. ]])
    >>> resampler.get_feature_names_out()
    array(['x0_t0', 'x0_t1', 'x0_t2'], dtype=object)
    """

    _parameter_constraints: dict = {
        **_SequenceTransformer._parameter_constraints,
        "n_timesteps": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(self, n_timesteps=16, *, padding_value=None):
        self.n_timesteps = n_timesteps
        self.padding_value = padding_value

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Take the number of features.

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
            If X is not sequences of finite numbers.
        """
        return self._fit(X)

    def _learn(self, sequences):
        self._n_timesteps = self.n_timesteps

    def transform(self, X):
        """Resample sequences.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        rows : ndarray of shape (N, n_timesteps * F)
            The features of the first timestep, then those of the second, and so on; zeros for an empty sequence.
            float32 if X is, else float64.

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of as many features as in training.
        MemoryError
            If the rows would not fit into the memory that is free.
        """
        sequences, _ = self._read(X)
        values, lengths = sequences.packed, sequences.lengths
        check_memory(
            # four numbers of 8 bytes for each feature of what comes out, and as many for each of its timesteps
            32 * len(lengths) * self._n_timesteps * (sequences.n_features + 1),
            f"{len(lengths)} rows of {self._n_timesteps} timesteps of {sequences.n_features} features",
            "Take fewer n_timesteps, or fewer samples at a time.",
        )
        last = np.maximum(lengths - 1, 0)[:, None]
        # In integers, so that a place that is a timestep is exactly that one, and what follows the last has no share.
        before, beyond = np.divmod(np.arange(self._n_timesteps) * last, self._n_timesteps - 1)
        starts = (np.cumsum(lengths) - lengths)[:, None]
        low = values.take(starts + before, axis=0, mode="clip").astype(np.float64)
        high = values.take(starts + before + 1, axis=0, mode="clip")
        resampled = low + (beyond / (self._n_timesteps - 1))[:, :, None] * (high - low)
        resampled[lengths == 0] = 0
        return resampled.reshape(len(lengths), -1).astype(values.dtype, copy=False)

    def get_feature_names_out(self, input_features=None):
        """Return a name for each column: that of the feature, and the number of the timestep.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the features. None: "x0", "x1" and so on. Those of the columns of a table name timesteps, and are
            not used.

        Returns
        -------
        names : ndarray of str of shape (n_timesteps * F,)
        """
        features = self._names_of_features(input_features)
        names = [f"{feature}_t{t}" for t in range(self._n_timesteps) for feature in features]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: float32 comes out where it went in."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
