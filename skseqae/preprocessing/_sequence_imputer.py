"""SequenceImputer: missing values filled by the reconstruction of an autoencoder."""

import numpy as np
from sklearn.base import OneToOneFeatureMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods

from ..data._missing import correlations, interpolate
from ..data._sequences import replace_values
from ._base import _SequenceOutputMixin, _SequenceTransformer


class SequenceImputer(_SequenceOutputMixin, OneToOneFeatureMixin, _SequenceTransformer, auto_wrap_output_keys=None):
    """Replace missing values (NaN) inside sequences, by the reconstruction of an autoencoder.

    The reconstruction is corrected by its errors at the last observed timestep before a missing value and the next one
    after it: the errors of a feature are taken for a first-order autoregressive process, whose expected value, given
    both, is added (simple kriging with an exponential covariance [1]_). Far from observed values, the reconstruction
    counts alone. Observed values stay as they are.

    Parameters
    ----------
    estimator : autoencoder with `missing="mask"`
        The autoencoder, such as `LSTMAutoencoderTransformer(missing="mask")`. It is cloned.
    padding_value : float, default=None
        Padding value of 2-D and 3-D arrays. Trailing timesteps whose features all equal this value are padding. If
        None, the padding value is NaN. Lists and `Sequences` have no padding.

    Attributes
    ----------
    estimator_ : autoencoder
        The fitted clone of `estimator`.
    correlations_ : ndarray of shape (n_features,)
        Correlation of the errors of consecutive timesteps in the training set, in [0, 1).
    n_features_in_ : int
        Number of features per timestep; for 2-D X, the number of columns.
    feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
        Names of the columns of X if it was a dataframe with string column names, or of the features of X if it had
        named features. Defined only in these cases.

    See Also
    --------
    PerTimestep : Apply `SimpleImputer` to each timestep.

    References
    ----------
    .. [1] Cressie, N. (1993). Statistics for Spatial Data. doi:10.1002/9781119115151.

    Examples
    --------
    >>> import numpy as np
    >>> from skseqae import LSTMAutoencoderTransformer
    >>> from skseqae.datasets import make_waves
    >>> from skseqae.preprocessing import SequenceImputer
    >>> X, _ = make_waves(40, lengths=(10, 20), random_state=0)
    >>> X[0][3:6] = np.nan
    >>> autoencoder = LSTMAutoencoderTransformer(epochs=2, missing="mask", random_state=0)
    >>> bool(np.isnan(SequenceImputer(autoencoder).fit_transform(X)[0]).any())
    False
    """

    _parameter_constraints: dict = {
        **_SequenceTransformer._parameter_constraints,
        "estimator": [HasMethods(["fit", "reconstruct"])],
    }

    def __init__(self, estimator, *, padding_value=None):
        self.estimator = estimator
        self.padding_value = padding_value

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Train the autoencoder on the observed values.

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
            If `estimator` does not have `missing="mask"`, if X does not contain sequences of numbers, or if all values
            of a feature are missing.
        """
        if getattr(self.estimator, "missing", None) != "mask":
            raise ValueError(f"estimator must be an autoencoder with missing='mask', got {self.estimator!r}.")
        return self._fit(X)

    def _fit_sequences(self, sequences):
        self.estimator_ = clone(self.estimator).fit(sequences)
        self.correlations_ = correlations(_errors(sequences, self.estimator_.reconstruct(sequences)))

    def transform(self, X):
        """Replace missing values.

        Parameters
        ----------
        X : sequences of shape (n_samples,)
            The sequences; see :ref:`sequences` for accepted containers.

        Returns
        -------
        filled : sequences of shape (n_samples,)
            The sequences without missing values, in the container type of X, with the same lengths and padding.

        Raises
        ------
        TypeError, ValueError
            If X does not contain sequences of numbers, or if their number of features differs from `fit`.
        """
        sequences, layout = self._check_fitted_input(X)
        decoded = self.estimator_.reconstruct(sequences)
        errors = interpolate(_errors(sequences, decoded), self.correlations_)
        filled = np.where(np.isnan(sequences.packed), decoded.packed + errors.packed, sequences.packed)
        return layout.restore(replace_values(sequences, filled))

    def __sklearn_tags__(self):
        """Return the estimator tags: values may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _accepts_missing(self, reset):
        return True


def _errors(sequences, decoded):
    """Return the errors of a reconstruction, NaN where a value is missing."""
    return replace_values(sequences, sequences.packed - decoded.packed)
