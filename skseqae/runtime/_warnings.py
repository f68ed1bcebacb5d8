"""Warnings that point at the line of the user."""

import sys
import warnings

OWN = {"skseqae", "sklearn", "joblib"}


def warn_user(message, category=UserWarning):
    """Warn with the location of the innermost call from outside this package and scikit-learn."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in OWN:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
