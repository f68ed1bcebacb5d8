"""The fitted state of an estimator: everything that fitting determines, as one frozen record.

Persistence, export and pretrained encoders read only this record. `n_features_in_` and `feature_names_in_` are not in
it: scikit-learn sets them as attributes of the estimator.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from ..data._layout import Layout
from ..data._scaling import Scaling
from ..data._targets import TargetLayout
from ..inference._network import Network
from ..networks._architectures import Architecture, DenseArchitecture, Seq2SeqArchitecture


@dataclass(frozen=True, eq=False)
class FittedInput:
    """The description of X, determined by `fit` or the first call of `partial_fit`.

    Attributes
    ----------
    layout : Layout
        The container of X.
    padding_value : float or None
    length_range : tuple of two int
        The shortest and the longest length.
    scaling : Scaling
        Converts to scaled units and back.
    feature_std : array of shape (F,) or None
        Standard deviation of each feature, also if the scaling does not use it. None: X holds tokens, or the scaling
        is that of a pretrained encoder.
    vocabulary : array of shape (V,) or None
        The tokens of X. None: X holds real numbers.
    missing : {"error", "mask"}
        Whether values inside sequences may be missing.
    """

    layout: Layout
    padding_value: float | None
    length_range: tuple[int, int]
    scaling: Scaling
    feature_std: np.ndarray | None
    vocabulary: np.ndarray | None = None
    missing: str = "error"


@dataclass(frozen=True, eq=False)
class FittedTarget:
    """The description of the target of a regressor.

    Attributes
    ----------
    horizon : int or None
        The number of last timesteps of X that are the target. None: the target is y.
    layout : TargetLayout
        The type and the lengths of the target.
    scaling : Scaling or None
        Converts the target to scaled units and back; None before it is known.
    """

    horizon: int | None
    layout: TargetLayout
    scaling: Scaling | None = None


@dataclass(frozen=True, eq=False)
class FittedLabels:
    """The description of the y of a classifier.

    Attributes
    ----------
    label_type : {"label", "table", "list"}
        One label per sample, the same number of labels per sample, or sequences of labels.
    max_length : int
        The largest number of labels of a sample.
    classes : array of shape (C,) or None
    """

    label_type: str
    max_length: int = 0
    classes: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class FittedState:
    """Everything that fitting determines.

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
    baseline_loss : float or None
        The loss of the mean of the targets. None: not known.
    """

    architecture: Architecture | Seq2SeqArchitecture | DenseArchitecture
    weights: dict[str, list]
    optimizer_state: list
    history: dict[str, list]
    generator: np.random.RandomState
    input: FittedInput
    target: FittedTarget | FittedLabels | None = None
    baseline_loss: float | None = None

    @cached_property
    def network(self):
        """The network that computes, with its sessions, which are not part of copies and pickles."""
        return Network(self.architecture, self.weights)

    @cached_property
    def unmapped(self):
        """The state whose encodings are the statistics of hidden states themselves; without pooling, this state."""
        if not getattr(self.architecture, "n_encodings", None):
            return self
        thresholds = self.weights["encoding"][: "shares" in self.architecture.pooling]
        architecture = replace(self.architecture, n_encodings=None)
        return replace(self, architecture=architecture, weights=self.weights | {"encoding": thresholds})

    def __getstate__(self):
        """Return the fields alone."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def output_scaling(self, head):
        """Return the scaling of the output of a decoder, and the layout that determines its lengths."""
        if head == "prediction" and self.target is not None:
            return self.target.scaling, self.target.layout
        return self.input.scaling, TargetLayout("sequences", length_offset=-1 if head == "prediction" else 0)

    @property
    def tokens(self):
        """The labels or tokens that indices refer to, by the name of the fitted attribute."""
        return {"classes_": getattr(self.target, "classes", None), "vocabulary_": self.input.vocabulary}
