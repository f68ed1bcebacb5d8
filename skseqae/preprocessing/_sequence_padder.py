"""SequencePadder: sequences padded or truncated to one length."""

from numbers import Integral

from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..data._check_sequences import check_sequences
from ..data._sequences import truncate
from ._base import _SequenceOutputMixin, _SequenceTransformer


class SequencePadder(_SequenceOutputMixin, _SequenceTransformer, auto_wrap_output_keys=None):
    """Pad sequences at the end to one length, for estimators that read 3-D arrays with time on axis 1.

    The estimators of this package do not require padding.

    Parameters
    ----------
    n_timesteps : int, default=None
        Number of timesteps of the output array, at least 1. If None, the length of the longest sequence in `fit`.
    padding_value : float, default=None
        Padding value of the output array, and of 2-D and 3-D input arrays. Trailing timesteps whose features all equal
        this value are padding. If None, the padding value is NaN. If set, NaN is not padding. Lists and `Sequences`
        have no padding.
    too_long : {"error", "truncate"}, default="error"
        How to treat a sequence with more than `n_timesteps_` timesteps: raise an error, or remove the timesteps at its
        end.

    Attributes
    ----------
    n_timesteps_ : int
        Number of timesteps of the output array.
    n_features_in_ : int
        Number of features per timestep; for 2-D X, the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns of X if it was a dataframe with string column names, or of the features of X if it had
        named features. Defined only in these cases.

    See Also
    --------
    skseqae.Sequences.to_padded : The same conversion without a length from `fit`.

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
        """Store the length to pad to.

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
        self.n_timesteps_ = int(sequences.lengths.max() if self.n_timesteps is None else self.n_timesteps)

    def transform(self, X):
        """Pad the sequences.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for accepted containers.

        Returns
        -------
        padded : ndarray of shape (n_samples, `n_timesteps_`, n_features)

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of finite numbers, if their number of features differs from `fit`, or if a
            sequence is longer than `n_timesteps_` and `too_long="error"`.
        MemoryError
            If the array exceeds the free memory.
        """
        sequences, _ = self._check_fitted_input(X)
        longest = int(sequences.lengths.max())
        if longest > self.n_timesteps_ and self.too_long == "error":
            raise ValueError(
                f"X[{sequences.lengths.argmax()}] has {longest} timesteps, but n_timesteps_ is {self.n_timesteps_}: "
                "increase n_timesteps, or set too_long='truncate'."
            )
        return truncate(sequences, self.n_timesteps_).to_padded(self.n_timesteps_, self._padding_value)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features of a timestep, which do not change.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the features. If None, `feature_names_in_` or "x0", "x1", ... The column names of a 2-D X name
            timesteps and are not used.
            If X is a column of sequences, such as "ecg", the name of the column: features without names are called
            "ecg_x0", "ecg_x1", ...

        Returns
        -------
        names : ndarray of str of shape (n_features,)
        """
        return self._timestep_feature_names(input_features)

    def inverse_transform(self, X):
        """Remove the padding.

        Real timesteps at the end of a sequence whose features all equal `padding_value` are removed too. Choose a
        `padding_value` that does not occur in the data to avoid this.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features)
            Padded sequences, as returned by `transform`.

        Returns
        -------
        sequences : sequences of shape (n_samples,)
            The sequences without padding, in the container type that `fit` received.

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of finite numbers, or if their number of features differs from `fit`.
        """
        check_is_fitted(self)
        sequences, layout = check_sequences(X, padding_value=self._padding_value)
        self._check_n_features(sequences, layout)
        return self._layout.restore(sequences)
