"""The fitted state of an estimator: everything that training leaves, as one frozen record.

Persistence, export and pretrained encoders read this record alone. scikit-learn itself sets `n_features_in_` and
`feature_names_in_`, which therefore stand beside it.
"""

from dataclasses import dataclass

import numpy as np

from ..data._layout import Layout
from ..data._scaling import Scaling
from ..data._targets import TargetLayout
from ..networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture


@dataclass(frozen=True)
class FittedInput:
    """What X was in training; the first fit determines it.

    Attributes
    ----------
    layout : Layout
        The container of X.
    padding_value : float or None
    length_range : tuple of two int
        The shortest and the longest length.
    scaling : Scaling
        To scaled units.
    feature_std : array of shape (F,) or None
        Standard deviation of each feature, whether or not the scaling uses it. None: X is not reconstructed.
    vocabulary : array of shape (V,) or None
        The tokens of X. None: X holds real numbers.
    """

    layout: Layout
    padding_value: float | None
    length_range: tuple[int, int]
    scaling: Scaling
    feature_std: np.ndarray | None
    vocabulary: np.ndarray | None = None


@dataclass(frozen=True)
class FittedTarget:
    """What y of a regressor was in training: `horizon` timesteps of X where that is not None."""

    horizon: int | None
    layout: TargetLayout
    scaling: Scaling | None = None


@dataclass(frozen=True)
class FittedLabels:
    """What y of a classifier was in training.

    Attributes
    ----------
    label_type : {"label", "table", "list"}
        One label for each sample; as many labels for each sample; or sequences of labels.
    max_length : int
        Labels of the longest sequence.
    classes : array of shape (C,) or None
    """

    label_type: str
    max_length: int = 0
    classes: np.ndarray | None = None


@dataclass(frozen=True)
class FittedState:
    """Everything that training leaves on an estimator.

    Attributes
    ----------
    architecture : Architecture, Seq2SeqArchitecture or DenseArchitecture
    weights : dict of str to list of arrays
        By part of the network, in the order of the layer plan.
    optimizer_state : list of arrays
    history : dict of str to list of float
    generator : numpy.random.RandomState
        For further training.
    input : FittedInput
    target : FittedTarget, FittedLabels or None
        None: the target is X.
    """

    architecture: Architecture | Seq2SeqArchitecture | DenseArchitecture
    weights: dict[str, list]
    optimizer_state: list
    history: dict[str, list]
    generator: np.random.RandomState
    input: FittedInput
    target: FittedTarget | FittedLabels | None = None

    def output_scaling(self, head):
        """Return the scaling of a decoder's output, and the layout that gives its lengths."""
        if head == "prediction" and self.target is not None:
            return self.target.scaling, self.target.layout
        return self.input.scaling, TargetLayout("sequences", length_offset=-1 if head == "prediction" else 0)

    @property
    def tokens(self):
        """The arrays that give indices a meaning, by the name of the fitted attribute."""
        return {"classes_": getattr(self.target, "classes", None), "vocabulary_": self.input.vocabulary}
