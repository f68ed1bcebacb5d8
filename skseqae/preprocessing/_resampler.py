"""Resampler: sequences resampled to rows of equal length."""

from numbers import Integral

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval

from ..runtime._memory import check_memory
from ._base import _SequenceTransformer


class Resampler(_SequenceTransformer):
    """Resample each sequence to `n_timesteps` timesteps and flatten it to one row.

    The values are interpolated linearly at `n_timesteps` evenly spaced points in time. The first point is the first
    timestep, and the last point is the last timestep. A sequence that already has `n_timesteps` timesteps is not
    changed. The output does not contain the original length. Nothing is trained, which makes the transformer a baseline
    for learned encodings.

    Parameters
    ----------
    n_timesteps : int, default=16
        Number of timesteps in each row, at least 2.
    padding_value : float, default=None
        Padding value of 2-D and 3-D arrays. Trailing timesteps whose features all equal this value are padding. If
        None, the padding value is NaN. If set, NaN is not padding. Lists and `Sequences` have no padding.

    Attributes
    ----------
    n_features_in_ : int
        Number of features per timestep; for 2-D X, the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns of X if it was a dataframe with string column names, or of the features of X if it had
        named features. Defined only in these cases.

    See Also
    --------
    skseqae.LSTMAutoencoderTransformer : Learned encodings of sequences.

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
        """Store the number of features and their names.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for accepted containers.
        y : ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of finite numbers.
        """
        return self._fit(X)

    def _fit_sequences(self, sequences):
        self._n_timesteps = self.n_timesteps

    def transform(self, X):
        """Resample the sequences and flatten them to rows.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for accepted containers.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_timesteps * n_features)
            The features of the first timestep, then those of the second, and so on; zeros for an empty sequence. The
            dtype is float32 if X is float32, else float64.

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of finite numbers, or if their number of features differs from `fit`.
        MemoryError
            If the rows exceed the free memory.
        """
        sequences, _ = self._check_fitted_input(X)
        values, lengths = sequences.packed, sequences.lengths
        check_memory(
            # Four 8-byte numbers per output feature, and four per output timestep.
            32 * len(lengths) * self._n_timesteps * (sequences.n_features + 1),
            f"{len(lengths)} rows of {self._n_timesteps} timesteps of {sequences.n_features} features",
            "Set a smaller n_timesteps, or transform fewer samples at a time.",
        )
        last = np.maximum(lengths - 1, 0)[:, None]
        # Integer positions: a point that coincides with a timestep is reproduced exactly, and the values after the last
        # timestep get a weight of exactly 0.
        before, remainder = np.divmod(np.arange(self._n_timesteps) * last, self._n_timesteps - 1)
        starts = (np.cumsum(lengths) - lengths)[:, None]
        low = values.take(starts + before, axis=0, mode="clip").astype(np.float64)
        high = values.take(starts + before + 1, axis=0, mode="clip")
        resampled = low + (remainder / (self._n_timesteps - 1))[:, :, None] * (high - low)
        resampled[lengths == 0] = 0
        rows = resampled.reshape(len(lengths), -1).astype(values.dtype, copy=False)
        return self._index_by_ids(rows, sequences)

    def get_feature_names_out(self, input_features=None):
        """Return the column names, such as "x0_t2" for feature "x0" at timestep 2.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the features. If None, `feature_names_in_` or "x0", "x1", ... The column names of a 2-D X name
            timesteps and are not used.
            If X is a column of sequences, such as "ecg", the name of the column: features without names are called
            "ecg_x0", "ecg_x1", ...

        Returns
        -------
        names : ndarray of str of shape (n_timesteps * n_features,)
        """
        features = self._timestep_feature_names(input_features)
        names = [f"{feature}_t{t}" for t in range(self._n_timesteps) for feature in features]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        """Return the estimator tags: float32 input gives float32 output."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
