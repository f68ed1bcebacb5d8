"""Visualisation of fitted estimators, in the style of scikit-learn's displays; it requires matplotlib.

Each display stores the data that it shows. `plot` draws them and can be called repeatedly; `from_estimator` computes
the data with a fitted estimator and draws them at once. Legends are placed beside the axes, so that they cover no data:
create your own figure with `layout="constrained"` to reserve space for them.
"""

from ._encoding import EncodingDisplay
from ._error_map import ErrorMapDisplay
from ._loss_curve import LossCurveDisplay
from ._network_diagram import plot_network
from ._reconstruction import ReconstructionDisplay

__all__ = ["EncodingDisplay", "ErrorMapDisplay", "LossCurveDisplay", "ReconstructionDisplay", "plot_network"]


def __dir__():
    """Return the public names of the module."""
    return __all__
