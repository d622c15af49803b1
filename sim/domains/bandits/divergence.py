"""How far apart two coins are."""

from __future__ import annotations

import math


def bernoulli_kl(p, q):
    """The divergence `p ln(p / q) + (1 - p) ln((1 - p) / (1 - q))` of two chances in [0, 1], with 0 ln 0 = 0."""
    first = 0.0
    if p > 0:
        if q <= 0:
            return math.inf
        first = p * math.log(p / q)
    second = 0.0
    if p < 1:
        if q >= 1:
            return math.inf
        second = (1 - p) * math.log((1 - p) / (1 - q))
    return first + second
