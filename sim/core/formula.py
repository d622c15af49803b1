"""The functions of evolved formulas beside Python's own: total, so that no formula fails, whatever its numbers are."""

from __future__ import annotations

import math


def divide(x, y):
    """x / y, and 1 where y is 0."""
    return x / y if y != 0.0 else 1.0


def log(x):
    """The natural logarithm of 1 + |x|: finite, and 0 at 0."""
    return math.log1p(abs(x))


def sqrt(x):
    """The square root of |x|."""
    return math.sqrt(abs(x))
