"""Pictures of what was learnt, in the manner of scikit-learn's displays; they need matplotlib.

Each display keeps what it shows and draws it by `plot`, as often as wanted; `from_estimator` asks a fitted estimator
for it and draws at once. Legends stand beside the axes, where they cover nothing: a figure of your own has room for
them if it is made with `layout="constrained"`.
"""

from ._encoding import EncodingDisplay
from ._error_map import ErrorMapDisplay
from ._loss_curve import LossCurveDisplay
from ._network_diagram import plot_network
from ._reconstruction import ReconstructionDisplay

__all__ = ["EncodingDisplay", "ErrorMapDisplay", "LossCurveDisplay", "ReconstructionDisplay", "plot_network"]
