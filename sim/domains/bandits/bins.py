"""Equal bins of an interval."""

from __future__ import annotations

import math

from sim.core.errors import InputError
from sim.core.structures import Structure


class Bins(Structure):
    """The bins of [low, high], by their centres `low + (high - low)(i + 1/2) / n`.

    Args:
        n: bins.
        low, high: ends of the interval.

    Raises:
        InputError: the interval is empty or not finite.
    """

    def __init__(self, n: int, low: float, high: float):
        if not -math.inf < low < high < math.inf:
            raise InputError(f"bins need a range of contexts from a lower to a higher end, got {low:g} to {high:g}")
        self.n = n
        self.low = float(low)
        self.width = (high - low) / n

    def nearest(self, x):
        """The bin whose centre is nearest to x, the lower one of two; the outermost for an x outside."""
        place = math.ceil((x - self.low) / self.width) - 1
        return min(max(place, 0), self.n - 1)
