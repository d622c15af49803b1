"""Formulas as a reader is told them."""

from __future__ import annotations

import itertools
import math

from sim.adrs import variation
from sim.adrs.expression import parse
from sim.core.formula import divide, log, sqrt
from sim.core.seeds import stream


def test_formulas_are_told_with_few_signs_and_have_the_same_value_to_the_last_bit():
    names = {"divide": divide, "log": log, "sqrt": sqrt, "min": min, "max": max}
    told = "gap * 0.04 + -total - -0.5 + --sqrt(gap)"
    assert str(parse(told, ("gap", "total")).plain) == "gap * 0.04 - total + 0.5 + sqrt(gap)"
    rng, values = stream(0, "formulas"), (0.0, -0.0, 0.1, -3.7, 1e308, math.inf, math.nan)
    n_shorter = 0
    for _ in range(2000):
        node = variation.ramped(rng, ("gap", "total"))
        plain = node.plain
        assert parse(str(plain), ("gap", "total")) == plain
        n_shorter += len(str(plain)) < len(str(node))
        for gap, total in itertools.product(values, values):
            one, other = (eval(str(each), {**names, "gap": gap, "total": total}) for each in (node, plain))
            assert repr(float(one)) == repr(float(other)), (str(node), str(plain))
    assert n_shorter > 50
