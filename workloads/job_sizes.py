"""Sizes of jobs: a law in a line of text, scaled to a mean."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.random import Generator

from sim.core.errors import InputError

LAWS: dict[str, dict[str, float]] = {
    "exponential": {},
    "deterministic": {},
    "uniform": {},
    "hyperexponential": {"cv2": 10.0},
    "weibull": {"shape": 0.5},
    "lognormal": {"sigma": 1.0},
    "pareto": {"alpha": 1.5, "low": 0.01, "high": 1000.0},
}
"""Law -> its parameters, as they are where none are given."""


def draw(rng: Generator, text: str, mean: float, n: int) -> np.ndarray:
    """Draws n sizes, float64, above 0.

    Args:
        text: "LAW" or "LAW:key=value,..." with a law of `LAWS`, or the path of a file with one size a line; perhaps in brackets,
            which keep its commas from parting the workload's parameters.
        mean: of the law; a file's sizes stay as they are.

    Raises:
        InputError: an unknown law or parameter, a value outside its range, a file without sizes.
    """
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1].strip()
    name, _, rest = text.partition(":")
    if name not in LAWS:
        if "/" in text or Path(text).is_file():
            return rng.choice(_table(Path(text)), n)
        raise InputError(f'sizes "{text}" names no law and no file; the laws are {", ".join(LAWS)}')
    given = dict(LAWS[name])
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if key not in given or not 0 < number < math.inf:
            allowed = " and ".join(LAWS[name]) or "no parameters"
            raise InputError(f'sizes "{text}" are not understood; {name} takes {allowed}, numbers above 0')
        given[key] = number
    return mean * np.maximum(_unit(rng, name, given, n), np.finfo(float).tiny)


def _unit(rng: Generator, name: str, given: dict[str, float], n: int) -> np.ndarray:
    """Sizes of mean 1."""
    if name == "deterministic":
        return np.ones(n)
    if name == "uniform":
        return 2 * (1 - rng.random(n))
    if name == "weibull":
        return rng.weibull(given["shape"], n) / math.gamma(1 + 1 / given["shape"])
    if name == "lognormal":
        return rng.lognormal(-(given["sigma"] ** 2) / 2, given["sigma"], n)
    if name == "hyperexponential":
        if given["cv2"] < 1:
            raise InputError(f"hyperexponential: cv2 must be at least 1, got {given['cv2']:g}")
        p = (1 + math.sqrt((given["cv2"] - 1) / (given["cv2"] + 1))) / 2
        return rng.exponential(1, n) / np.where(rng.random(n) < p, 2 * p, 2 * (1 - p))
    if name == "pareto":
        alpha, low, high = given["alpha"], given["low"], given["high"]
        if not low < high:
            raise InputError(f"pareto: low must be below high, got {low:g} and {high:g}")
        ratio = (low / high) ** alpha
        sizes = low * (1 - rng.random(n) * (1 - ratio)) ** (-1 / alpha)
        return sizes / pareto_moment(1, **given)
    return rng.exponential(1, n)


def pareto_moment(k: float, alpha: float, low: float, high: float) -> float:
    """The k-th moment of the Pareto law bounded to [low, high]."""
    scale = alpha * low**alpha / (1 - (low / high) ** alpha)
    if k == alpha:
        return scale * math.log(high / low)
    return scale * (high ** (k - alpha) - low ** (k - alpha)) / (k - alpha)


def _table(path: Path) -> np.ndarray:
    """The sizes in a file, one a line."""
    try:
        lines = path.read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"sizes: file {path} cannot be read: {getattr(error, 'strerror', None) or 'no text'}"
        ) from None
    sizes = np.empty(len(lines))
    for i, line in enumerate(lines):
        try:
            sizes[i] = float(line)
        except ValueError:
            sizes[i] = math.nan
        if not 0 < sizes[i] < math.inf:
            raise InputError(f'{path}, value {i + 1}: "{line}" is no size; expected a number above 0')
    if not len(sizes):
        raise InputError(f"sizes: file {path} holds none")
    return sizes
