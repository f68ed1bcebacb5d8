"""The statistics of hidden states over time, which encodings and latent vectors are made of: their names and sizes.

Each backend has an entry for each name. `h` is a hidden state of one unit, over the real timesteps of a sequence.
"""

# Of its values on the training set, for each unit; the shares of timesteps beyond them are the proportions of positive
# values of Dempster et al. (2021), doi:10.1145/3447548.3467231, with recurrent units in the place of convolutions.
QUANTILES = (0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95)
# the number of values for each unit
SIZES = {
    "shares": len(QUANTILES),  # the shares of timesteps at which h exceeds each of its quantiles
    "max": 1,
    "min": 1,
    "mean_abs_change": 1,  # the mean of |h_t - h_(t-1)|
    "mean": 1,
    "std": 1,
    "last": 1,  # the state that was computed last: of a backward layer, the one at the first timestep
}
DEFAULT_STATISTICS = ("shares", "max", "min", "mean_abs_change")
# What a latent vector is made of: the shares have no gradient.
LATENT_STATISTICS = ("last", "mean", "std", "max", "min", "mean_abs_change")
MIN_VARIANCE = 1e-5  # added to variances: the gradient of a standard deviation grows without bound at 0


def n_statistics(names, width):
    """Return the number of statistics of `width` hidden states."""
    return width * sum(SIZES[name] for name in names)
