"""The configurations: functions without parameters that return digests, by name."""

from functools import partial

CONFIGURATIONS = {}


def configuration(function):
    """Add a function as a configuration of its own name."""
    _add(function.__name__, function)
    return function


def configurations(prefix, cases):
    """Return a decorator that adds a configuration for each case of a dict; the function receives the case."""

    def add_cases(function):
        for name, case in cases.items():
            _add(prefix + name, partial(function, case))
        return function

    return add_cases


def _add(name, function):
    if name in CONFIGURATIONS:
        raise ValueError(f"two configurations have the name {name!r}")
    CONFIGURATIONS[name] = function
