"""What figures of a search share: how a contender looks, how axes are dressed, what a caption says."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.adrs.record import Record
from sim.study.figures import style
from sim.study.figures.gallery import counted

OTHERS = "#b9c2cc"
"""Candidates that nothing more is said of."""


LETTERS, LINES = 50, 3
"""A policy in a legend has lines of so many letters, and no more than so many of them where it is not told in full."""

LINE, GAP = 0.134, 0.056
"""Inches: a line of a legend, and what is between two entries."""


def look_of(record: Record, name: str) -> dict[str, Any]:
    """The line of a search, or the level of what was not searched for."""
    if any(line.is_bound for line in record.lines if line.name == name):
        return {"color": style.REFERENCE, "linestyle": (0, (1.5, 1.5)), "linewidth": 1.3}
    names = [run.name for run in record.runs]
    if name not in names:
        is_library = any(line.name == name for line in record.lines)
        return {"color": "#7a5c2e" if is_library else style.GREY, "linestyle": (0, (6, 2)), "linewidth": 1.3}
    place = names.index(name)
    shade = style.PALETTE[place % len(style.PALETTE)]
    return {"color": shade, "linestyle": "-", "linewidth": 1.5 if place else 2.4}


def percents(axis: Axis) -> None:
    """Writes shares at an axis in percent."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %".replace("-", "−")))


def counts(axis: Axis, n_ticks: int = 6) -> None:
    """Writes whole numbers at an axis."""
    axis.set_major_locator(MaxNLocator(n_ticks, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def folded(policy: str, *, is_full: bool = False) -> str:
    """A policy in lines that break between words."""
    return textwrap.fill(policy, LETTERS, max_lines=None if is_full else LINES, placeholder=" …")


def height_of(entries: Iterable[tuple[str, Any]]) -> float:
    """Inches of a panel that stands beside a legend of these entries."""
    return max(3.8, sum(LINE * len(text.splitlines()) + GAP for text, _ in entries) + 0.9)


def padded(low: float, high: float) -> tuple[float, float]:
    """Limits with a little room around."""
    edge = 0.07 * (high - low) or 0.01
    return low - edge, high + edge


def within(axes: Axes, values: Iterable[float], low: float, high: float) -> None:
    """Sets the vertical limits, and says above the axes how many of the values are outside."""
    low, high = padded(low, high)
    axes.set_ylim(low, high)
    hidden = sum(not low <= value <= high for value in values)
    if hidden:
        text = f"{hidden:,} outside the picture"
        axes.text(
            1.0, 1.01, text, transform=axes.transAxes, ha="right", va="bottom", fontsize=7.5, color=style.GREY, zorder=6
        )


def facts(record: Record) -> list[str]:
    """What every caption begins with."""
    return [record.problem.system, f"seed {record.wanted.seed}", counted(record.n_train, "training instance")]
