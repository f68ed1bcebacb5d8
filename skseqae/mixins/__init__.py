"""Mixins for the scikit-learn contract: input checks, dataframe output, routed parameters, callbacks, pickling."""
