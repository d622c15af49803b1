"""Sizes of invented pages: from a distribution, or from a table of real ones."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
from numpy.random import Generator

from sim.core.errors import InputError

LARGEST = 2**53
"""Bytes; beyond it not every size is a float."""


def draw(rng: Generator, text: str, n: int) -> np.ndarray:
    """Draws n sizes in bytes, independently.

    Args:
        text: "lognormal:mean=4096,sigma=1.5", mean of the sizes and deviation of their logarithm, rounded and at least 1; or a
            text file with one size in each line, of which every draw takes one. Brackets around it are allowed.

    Returns:
        int64, shape (n,), at least 1.

    Raises:
        InputError: another form, parameters outside their range, or a line that is no size.
    """
    text = text.removeprefix("[").removesuffix("]")
    if text.startswith("lognormal"):
        return _lognormal(rng, text, n)
    return rng.choice(_table(Path(text)), n)


def _lognormal(rng: Generator, text: str, n: int) -> np.ndarray:
    match = re.fullmatch(r"lognormal:mean=([^,]+),sigma=([^,]+)", text.replace(" ", ""))
    try:
        mean, sigma = map(float, match.groups()) if match else (math.nan, math.nan)
    except ValueError:
        mean = sigma = math.nan
    if not (0 < mean < math.inf and 0 <= sigma < math.inf):
        raise InputError(
            f'sizes "{text}" is not understood; expected lognormal:mean=4096,sigma=1.5 with a mean above 0 and sigma at least 0'
        )
    drawn = rng.lognormal(math.log(mean) - sigma**2 / 2, sigma, n)
    if drawn.max(initial=0.0) > LARGEST:
        raise InputError(f'sizes "{text}" gives a page of more than 2^53 bytes; take a smaller mean or sigma')
    return np.maximum(1, np.rint(drawn)).astype(np.int64)


def _table(path: Path) -> np.ndarray:
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise InputError(f'sizes "{path}" is neither lognormal:mean=..,sigma=.. nor a file: {error.strerror}') from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file; expected one size per line, in bytes") from None
    for number, line in enumerate(lines, 1):
        if not re.fullmatch(r"\s*[0-9]+\s*", line) or not 1 <= int(line) <= LARGEST:
            raise InputError(
                f'{path}, line {number}: expected a size in bytes, a whole number from 1 to 2^53, got "{line}"'
            )
    if not lines:
        raise InputError(f"{path} has no sizes; expected one per line, in bytes")
    return np.array([int(line) for line in lines], np.int64)
