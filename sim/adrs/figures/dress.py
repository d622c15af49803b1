"""What figures of a search share: how a contender looks, how axes are dressed, what a caption says."""

from __future__ import annotations

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


def within(axes: Axes, values: Iterable[float], low: float, high: float) -> None:
    """Sets the vertical limits, and says how many of the values are outside."""
    edge = 0.07 * (high - low) or 0.01
    low, high = low - edge, high + edge
    axes.set_ylim(low, high)
    hidden = sum(not low <= value <= high for value in values)
    if hidden:
        text = f"{hidden:,} outside the picture"
        axes.text(
            0.995, 0.985, text, transform=axes.transAxes, ha="right", va="top", fontsize=7.5, color=style.GREY, zorder=6
        )


def facts(record: Record) -> list[str]:
    """What every caption begins with."""
    return [record.problem.system, f"seed {record.wanted.seed}", counted(record.n_train, "training instance")]
