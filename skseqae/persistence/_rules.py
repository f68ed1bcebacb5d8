"""Rules that values in files must satisfy."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..exceptions import SkseqaeFormatError

MAX_INT = 2**31 - 1


@dataclass(frozen=True)
class Rule:
    """A requirement of values, in words and as a function that returns whether a value meets it."""

    requirement: str
    holds: Callable

    def check(self, value, path):
        """Refuse a value for which the rule does not hold."""
        if not self.holds(value):
            raise SkseqaeFormatError(f"{path} is {str(value)[:100]!r}, but must be {self.requirement}.")


def whole(least):
    """Return the rule for an int of at least `least`."""
    return Rule(f"an int of at least {least}", lambda value: type(value) is int and least <= value <= MAX_INT)


def real(least=-np.inf, below=np.inf):
    """Return the rule for a float, of at least `least` and less than `below`."""
    return Rule(f"a float in [{least}, {below})", lambda value: type(value) is float and least <= value < below)


def one_of(*options):
    """Return the rule for one of a few values."""
    return Rule(f"one of {options}", lambda value: any(_equals(value, option) for option in options))


def _equals(value, option):
    """Return whether a value equals an option and has its type; the result of == may be an array."""
    if type(value) is not type(option):
        return False
    if type(option) is tuple:
        return len(value) == len(option) and all(map(_equals, value, option))
    return value == option


def tuple_of(rule, lengths):
    """Return the rule for a tuple whose length is in a range."""
    return Rule(
        f"a tuple of {lengths.start} to {lengths.stop - 1}, each {rule.requirement}",
        lambda value: type(value) is tuple and len(value) in lengths and all(map(rule.holds, value)),
    )


def either(*rules):
    """Return the rule that holds if at least one of several rules holds."""
    requirement = ", or ".join(rule.requirement for rule in rules)
    return Rule(requirement, lambda value: any(rule.holds(value) for rule in rules))


def instance_of(cls):
    """Return the rule for a value of exactly this type."""
    return Rule(f"a {cls.__name__}", lambda value: type(value) is cls)


def is_token(value):
    """Return whether a value is a token that a file can hold."""
    return type(value) in (bool, int, float, str, bytes) or (type(value) is tuple and all(map(is_token, value)))


def are_tokens(value):
    """Return whether a value is an array of at least one token, without duplicates."""
    if not (type(value) is np.ndarray and value.ndim == 1 and len(value)):
        return False
    tokens = value.tolist()
    return all(map(is_token, tokens)) and len(set(tokens)) == len(tokens)
