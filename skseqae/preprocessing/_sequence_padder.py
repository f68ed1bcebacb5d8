"""SequencePadder: sequences padded or truncated to one length."""

from numbers import Integral

from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..data._check_sequences import check_sequences
from ..data._sequences import cut
from ._base import _SequenceOutputMixin, _SequenceTransformer


class SequencePadder(_SequenceOutputMixin, _SequenceTransformer, auto_wrap_output_keys=None):
    """Pad sequences to one length, for what reads arrays with time on axis 1.

    Estimators of this package need no padding.

    Parameters
    ----------
    n_timesteps : int, default=None
        T of the array, at least 1. None: the longest length in training.
    padding_value : float, default=None
        What padding is filled with at the end, and what arrays that come in are padded with. None: NaN.
    too_long : {"error", "truncate"}, default="error"
        Whether a sequence of more than T timesteps is refused, or loses those at its end.

    Attributes
    ----------
    n_timesteps_ : int
        T of the array.
    n_features_in_ : int
        Features per timestep; for 2-D X the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns, where X was a dataframe with string names, or of the features of named `Sequences`.

    See Also
    --------
    skseqae.Sequences.to_padded : The same without learning a length.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae.preprocessing import SequencePadder
    >>> padder = SequencePadder(padding_value=0.0)
    >>> padder.fit_transform([np.array([1.0, 2.0]), np.array([3.0])])[:, :, 0]
    array([[1., 2.],
           [3., 0.]])
    """

    _parameter_constraints: dict = {
        **_SequenceTransformer._parameter_constraints,
        "n_timesteps": [Interval(Integral, 1, None, closed="left"), None],
        "too_long": [StrOptions({"error", "truncate"})],
    }

    def __init__(self, n_timesteps=None, *, padding_value=None, too_long="error"):
        self.n_timesteps = n_timesteps
        self.padding_value = padding_value
        self.too_long = too_long

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Take the length to pad to.

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
        self.n_timesteps_ = int(sequences.lengths.max() if self.n_timesteps is None else self.n_timesteps)

    def transform(self, X):
        """Pad sequences.

        Parameters
        ----------
        X : sequences of N samples
            A list of arrays (T_i, F) or (T_i,), an array (N, T, F) or (N, T), a dataframe (N, T), or `Sequences`.

        Returns
        -------
        padded : ndarray of shape (N, `n_timesteps_`, F)

        Raises
        ------
        ValueError
            If a sequence is longer than `n_timesteps_` and `too_long="error"`.
        MemoryError
            If the array would not fit into the memory that is free.
        """
        sequences, _ = self._read(X)
        longest = int(sequences.lengths.max())
        if longest > self.n_timesteps_ and self.too_long == "error":
            raise ValueError(
                f"X[{sequences.lengths.argmax()}] has {longest} timesteps, but arrays have {self.n_timesteps_}: set "
                "n_timesteps to more, or too_long='truncate'."
            )
        return cut(sequences, self.n_timesteps_).to_padded(self.n_timesteps_, self._padding_value)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features of a timestep, which stay as they are.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the features. None: "x0", "x1" and so on. Those of the columns of a table name timesteps, and are
            not used.

        Returns
        -------
        names : ndarray of str of shape (F,)
        """
        return self._names_of_features(input_features)

    def inverse_transform(self, X):
        """Cut the padding off.

        Timesteps at the end of a sequence that are all `padding_value` are cut off too: with a value that the data
        never have there is none.

        Parameters
        ----------
        X : array-like of shape (N, T, F)
            As `transform` gives it.

        Returns
        -------
        sequences : sequences of N samples
            Of the kind that `fit` was given.

        Raises
        ------
        TypeError, ValueError
            If X is not sequences of finite numbers, of as many features as in training.
        """
        check_is_fitted(self)
        sequences, layout = check_sequences(X, padding_value=self._padding_value)
        self._check_n_features(sequences, layout)
        return self._layout.restore(sequences)
