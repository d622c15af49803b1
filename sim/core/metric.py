"""A metric says what a number means: labels of axes and the order of rankings come from here alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """One measured figure.

    Args:
        name: its key in a result's row.
        unit: what it counts ("requests", "s"); empty for a plain ratio.
        better: whether a lower or a higher value is better; None for a count that ranks nothing.
        meaning: one sentence.
    """

    name: str
    unit: str
    better: Literal["lower", "higher"] | None
    meaning: str

    @property
    def label(self) -> str:
        """Axis label: the name in words, with its unit."""
        words = self.name.removesuffix(f"_{self.unit}").replace("_", " ")
        return f"{words} ({self.unit})" if self.unit else words
