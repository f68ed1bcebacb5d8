"""The container of X, and how outputs are restored to it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Layout:
    """The container of X, to which outputs are restored.

    Parameters
    ----------
    container : {"list", "padded", "table", "rows", "sequences"}
        A list of arrays, an array (N, T, F), an array or dataframe (N, T), an array (N, F) whose rows are single
        timesteps, or `Sequences`.
    n_timesteps : int, default=None
        T of the array, for "padded" and "table".
    univariate : bool, default=False
        Whether timesteps are numbers, not vectors: a list of arrays (T_i,), or an array (N, T).
    padding_value : float, default=None
        The value of padding, for "padded" and "table". None: NaN.
    feature_names : tuple of F str, default=None
        Names of the features, for "sequences".

    Examples
    --------
    >>> from skseqae.data._check_sequences import check_sequences
    >>> sequences, layout = check_sequences([[1.0, 2.0], [3.0, float("nan")]])
    >>> layout
    Layout(container='table', n_timesteps=2, univariate=True, padding_value=None, feature_names=None)
    >>> layout.restore(sequences)
    array([[ 1.,  2.],
           [ 3., nan]])
    """

    container: Literal["list", "padded", "table", "rows", "sequences"]
    n_timesteps: int | None = None
    univariate: bool = False
    padding_value: float | None = None
    feature_names: tuple[str, ...] | None = None

    def restore(self, sequences):
        """Return sequences in the container of X.

        Parameters
        ----------
        sequences : Sequences of shape (N,)
            Sequences of any lengths and any number of features F.

        Returns
        -------
        X : list of N ndarrays, ndarray or Sequences
            "list": copies of shape (T_i, F), or (T_i,) if univariate and F = 1. "padded": an array (N, T, F), where T
            is the maximum of `n_timesteps` and the longest length. "table": an array (N, T), or (N, T, F) if F is above
            1. "rows": an array (N, F). "sequences": the same object, or a view with `feature_names` if there are F
            names.

        Examples
        --------
        >>> from skseqae.data._layout import Layout
        >>> from skseqae.data._sequences import Sequences
        >>> sequences = Sequences.from_packed([1.0, 2.0, 3.0], lengths=[1, 2])
        >>> Layout("list", univariate=True).restore(sequences)
        [array([1.]), array([2., 3.])]
        """
        if self.container == "sequences":
            has_names = len(self.feature_names or ()) == sequences.n_features
            return sequences.with_names(self.feature_names) if has_names else sequences
        if self.container == "rows":
            return sequences.packed.copy()
        flat = self.univariate and sequences.n_features == 1
        if self.container == "list":
            return [values[:, 0].copy() if flat else values.copy() for values in sequences]
        n_timesteps = max(self.n_timesteps, sequences.lengths.max(initial=0))
        padded = sequences.to_padded(n_timesteps, self.padding_value)
        return padded[:, :, 0] if flat else padded
