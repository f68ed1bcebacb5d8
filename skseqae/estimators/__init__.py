"""The estimators: fitting, the fitted state and the public classes."""
