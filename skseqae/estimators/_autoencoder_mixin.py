"""AutoencoderMixin: encodings, reconstructions and errors of autoencoders of sequences and of rows."""

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils.validation import check_is_fitted

from ..data._reconstruction_errors import squared_errors
from ..data._sequences import replace_values
from ..data._tabular import check_sample_weight, read_rows
from ..mixins._dataframe_output import FrameOutputMixin


class AutoencoderMixin(ClassNamePrefixFeaturesOutMixin, FrameOutputMixin):
    """Encode, reconstruct and compute errors; a subclass defines `_reconstruct` and the public methods."""

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: the output is float32 if X is."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def get_feature_names_out(self, input_features=None):
        """Return the names of the encodings, such as "lstmautoencodertransformer0".

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Used only to check the names of the features seen in `fit`. If X is a column of sequences, the name of the
            column.

        Returns
        -------
        names : ndarray of str of shape (n_encodings,)
        """
        check_is_fitted(self)
        return super().get_feature_names_out(self._names_in_column(input_features))

    @property
    def _n_features_out(self):
        return self._fitted.architecture.encoding_width

    def _transform(self, X):
        """Return the encodings of X."""
        sequences, _, x = self._read(X)
        return self._index_by_ids(self._encode(x).astype(sequences.dtype, copy=False), sequences)

    def _encode_and_reconstruct(self, X, dtype=None):
        """Return X and its reconstruction, with the ids and the times of X, as `Sequences`; and the layout of X."""
        sequences, layout, x = self._read(X)
        decoded = self._reconstruct(self._encode_latent(x), sequences.lengths, dtype or sequences.dtype)
        return sequences, replace_values(sequences, decoded.packed), layout

    def _squared_errors(self, X):
        """Return the squared error of each value of X as `Sequences`, and the layout of X."""
        sequences, decoded, layout = self._encode_and_reconstruct(X, np.float64)
        return squared_errors(sequences, decoded, self._fitted.input.feature_std), layout

    def _check_encodings(self, Z):
        """Return encodings as an array; raise an error for another number of columns."""
        check_is_fitted(self)
        Z = read_rows(Z, "Z")
        if Z.shape[1] != self._n_features_out:
            raise ValueError(f"Z has {Z.shape[1]} columns, but encodings have {self._n_features_out} columns.")
        return Z


def mean_score(scores, sample_weight):
    """Return the weighted mean of the scores of samples, a float."""
    return float(np.average(scores, weights=check_sample_weight(sample_weight, len(scores))))
