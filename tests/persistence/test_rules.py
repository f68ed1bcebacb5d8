"""The rules from which the schema of files is built."""

import numpy as np
import pytest

from skseqae import SkseqaeFormatError
from skseqae.persistence._rules import (
    MAX_INT,
    Rule,
    are_tokens,
    either,
    instance_of,
    is_token,
    one_of,
    real,
    tuple_of,
    whole,
)

NAN, INFINITY = float("nan"), float("inf")


class Subclass(dict):
    pass


RULES = {  # a rule, its requirement, values for which it holds, others
    "whole": (lambda: whole(2), "an int of at least 2", [2, 3, MAX_INT], [1, MAX_INT + 1, 2.0, True, "2", None]),
    "whole, negative": (lambda: whole(-1), "an int of at least -1", [-1, 0], [-2, False, np.int64(0)]),
    "real": (lambda: real(), r"a float in \[-inf, inf\)", [-1e300, -INFINITY, 0.0], [INFINITY, NAN, 0, "0", None]),
    "real, with limits": (
        lambda: real(0.5, 1.0),
        r"a float in \[0.5, 1.0\)",
        [0.5, 0.999],
        [0.499, 1.0, 1.5, NAN, np.float64(0.5)],
    ),
    "one_of": (lambda: one_of("a", None, 1), r"one of \('a', None, 1\)", ["a", None, 1], ["b", True, 1.0, "", ["a"]]),
    "one_of, of booleans": (lambda: one_of(False, True), "one of", [False, True], [0, 1, None]),
    "one_of, of tuples": (
        lambda: one_of((), (1, "a")),
        "one of",
        [(), (1, "a")],
        [(1,), (1, "a", "a"), (True, "a"), [1, "a"], (1, np.ones(2)), np.ones(2), None],
    ),
    "tuple_of": (
        lambda: tuple_of(whole(1), range(1, 3)),
        "a tuple of 1 to 2, each an int of at least 1",
        [(1,), (1, 2)],
        [(), (1, 2, 3), (0,), (1, 0), [1], 1, None],
    ),
    "either": (
        lambda: either(whole(1), one_of(None)),
        r"an int of at least 1, or one of \(None,\)",
        [1, None],
        [0, "1", ()],
    ),
    "instance_of": (lambda: instance_of(dict), "a dict", [{}, {"a": 1}], [Subclass(), [], None]),
    "is_token": (
        lambda: Rule("a token", is_token),
        "a token",
        ["a", "", 1, 1.5, True, b"a", (), (1, ("a", b"b"))],
        [None, [1], (1, None), (1, [2]), np.int64(1), {}],
    ),
    "are_tokens": (
        lambda: Rule("tokens", are_tokens),
        "tokens",
        [np.array(["a"]), np.array([1, 2]), np.array([(1, 2), "a"], dtype=object)],
        [np.array([]), np.array([["a"]]), np.array([1, 1]), np.array([None]), ["a"], np.array(1), None],
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_holds_for_the_right_values_only(name):
    make, requirement, right, wrong = RULES[name]
    rule = make()
    for value in right:
        rule.check(value, "x")
    for value in wrong:
        with pytest.raises(SkseqaeFormatError, match=f"(?s)^x is .*, but must be {requirement}"):
            rule.check(value, "x")


def test_the_message_abbreviates_the_value_and_names_the_path():
    with pytest.raises(SkseqaeFormatError) as caught:
        whole(0).check("a" * 101, "estimator.epochs")
    assert str(caught.value) == f"estimator.epochs is '{'a' * 100}', but must be an int of at least 0."
