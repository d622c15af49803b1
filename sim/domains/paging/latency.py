"""How long a fetch takes: a number of seconds, or a distribution in a line of text."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.core.errors import InputError

DISTRIBUTIONS = {
    "exponential": ("mean",),
    "lognormal": ("mean", "sigma"),
    "uniform": ("low", "high"),
}
"""Name -> its parameters in order. `mean` is the distribution's own mean in seconds, `sigma` the deviation of the logarithm."""

EXPECTED = 'expected seconds (0.01), "exponential:0.01", "lognormal:mean=0.01,sigma=1" or "uniform:0.005,0.02"'


def parse(text: str | float) -> tuple[str, dict[str, float]]:
    """Reads a latency: ("constant", {"mean": 0.01}) of 0.01, ("uniform", {"low": 1.0, "high": 2.0}) of "uniform:1,2".

    Raises:
        InputError: another form, a parameter that is missing, negative or not finite, bounds in the wrong order.
    """
    name, colon, rest = str(text).strip().lower().partition(":")
    if not colon:
        return "constant", {"mean": _number(name, text)}
    if name not in DISTRIBUTIONS:
        raise InputError(f'latency_s "{text}" names no known distribution; {EXPECTED}')
    known = DISTRIBUTIONS[name]
    found: dict[str, float] = {}
    for position, part in enumerate(rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            key, value = known[position] if position < len(known) else "", part
        if key.strip() not in known or key.strip() in found:
            raise InputError(f'latency_s "{text}" is not understood; {name} takes {" and ".join(known)}')
        found[key.strip()] = _number(value, text)
    missing = [key for key in known if key not in found]
    if missing:
        raise InputError(f'latency_s "{text}" lacks {missing[0]}; {EXPECTED}')
    if name == "uniform" and found["low"] > found["high"]:
        raise InputError(f'latency_s "{text}": low must not be above high')
    if name == "lognormal" and found["mean"] == 0:
        raise InputError(f'latency_s "{text}": the mean must be above 0')
    return name, found


def draw(text: str | float, n: int, rng: Any) -> np.ndarray:
    """Draws n latencies, float64, shape (n,); see `parse` for `text`."""
    name, given = parse(text)
    if name == "exponential":
        return rng.exponential(given["mean"], n)
    if name == "uniform":
        return rng.uniform(given["low"], given["high"], n)
    if name == "lognormal":
        return rng.lognormal(math.log(given["mean"]) - given["sigma"] ** 2 / 2, given["sigma"], n)
    return np.full(n, given["mean"])


def _number(value: str, text: str | float) -> float:
    try:
        number = float(value)
    except ValueError:
        raise InputError(f'latency_s "{text}" is not understood; {EXPECTED}') from None
    if not (math.isfinite(number) and number >= 0):
        raise InputError(f'latency_s "{text}" must be finite and at least 0 seconds')
    return number
