"""Gamma and Beta variates out of the draws that are the same interpreted and compiled: uniform and standard normal ones."""

from __future__ import annotations

import math


def log_gamma_variate(rng, shape):
    """Draws the logarithm of a Gamma(shape, 1) variate; logarithms, since for small shapes the variate itself underflows.

    Args:
        rng: gives about one normal and one uniform draw per variate, and one more uniform for a shape below 1.
        shape: above 0.

    Reference: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 2000; a shape below 1 by their
    section 6: a variate of shape + 1 times U^(1/shape).
    """
    boost = 0.0
    if shape < 1:
        boost = math.log(1 - rng.random()) / shape
        shape = shape + 1
    d = shape - 1 / 3
    c = 1 / math.sqrt(9 * d)
    while True:
        x = rng.standard_normal()
        v = 1 + c * x
        if v > 0:
            v = v * v * v
            u = 1 - rng.random()
            if math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
                return math.log(d) + math.log(v) + boost


def beta_variate(rng, a, b):
    """Draws a Beta(a, b) variate as x / (x + y) of two Gamma variates; a and b above 0."""
    x = log_gamma_variate(rng, a)
    y = log_gamma_variate(rng, b)
    return 1 / (1 + math.exp(y - x)) if y - x < 700 else 0.0
