"""The container of X, and how outputs are restored to it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Layout:
    """The kind of X that came in, so that outputs can be given back as the same kind.

    Parameters
    ----------
    kind : {"list", "padded", "table", "rows", "sequences"}
        A list of arrays, an array (N, T, F), an array or dataframe (N, T), or one (N, F) whose rows are single
        timesteps, or `Sequences`.
    n_timesteps : int, default=None
        T of the array, for "padded" and "table".
    univariate : bool, default=False
        Whether timesteps were numbers, not vectors: a list of arrays (T_i,), or an array (N, T).
    padding_value : float, default=None
        What padding is filled with, for "padded" and "table". None: NaN.
    feature_names : tuple of F str, default=None
        What the features are called, for "sequences".

    Examples
    --------
    >>> from skseqae._sequences import check_sequences
    >>> sequences, layout = check_sequences([[1.0, 2.0], [3.0, float("nan")]])
    >>> layout
    Layout(kind='table', n_timesteps=2, univariate=True, padding_value=None, feature_names=None)
    >>> layout.restore(sequences)
    array([[ 1.,  2.],
           [ 3., nan]])
    """

    kind: Literal["list", "padded", "table", "rows", "sequences"]
    n_timesteps: int | None = None
    univariate: bool = False
    padding_value: float | None = None
    feature_names: tuple[str, ...] | None = None

    def restore(self, sequences):
        """Give sequences back as the kind that came in.

        Parameters
        ----------
        sequences : Sequences of shape (N,)
            Of any lengths and any number of features, F.

        Returns
        -------
        X : list of N ndarrays, ndarray or Sequences
            "list": copies of shape (T_i, F), or (T_i,) where univariate and F = 1. "padded": an array (N, T, F), where
            T is `n_timesteps` or the longest length, whichever is more. "table": an array (N, T), or (N, T, F) where F
            is more than 1. "sequences": as they are, with the names of the features that came in where there are as
            many.

        Examples
        --------
        >>> from skseqae._sequences import Layout, Sequences
        >>> sequences = Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2])
        >>> Layout("list", univariate=True).restore(sequences)
        [array([1.]), array([2., 3.])]
        """
        if self.kind == "sequences":
            has_as_many = len(self.feature_names or ()) == sequences.n_features
            return sequences.with_names(self.feature_names) if has_as_many else sequences
        if self.kind == "rows":
            return sequences.packed.copy()
        flat = self.univariate and sequences.n_features == 1
        if self.kind == "list":
            return [values[:, 0].copy() if flat else values.copy() for values in sequences]
        n_timesteps = max(self.n_timesteps, sequences.lengths.max(initial=0))
        padded = sequences.to_padded(n_timesteps, self.padding_value)
        return padded[:, :, 0] if flat else padded
