"""A metric against the capacity, which grows by factors."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator

from sim.core.metric import Metric
from sim.study.figures import style


def draw(table: pd.DataFrame, axes: Axes, *, metric: Metric) -> None:
    """Draws one line per policy and predictor.

    Args:
        table: rows of one trace, with `label`, `predictions`, `clairvoyant`, `system.capacity`, `system.sized` and the metric.
    """
    x = "system.capacity"
    means = style.estimates(table, ["label", "clairvoyant", "predictions", x], metric.name)
    several = table[table["predictions"] != "none"]["predictions"].nunique() > 1
    ends = []
    dashes = dict(zip(table["predictions"].unique(), ["-", (0, (5, 1.5)), (0, (2, 1)), (0, (1, 1))] * 9, strict=False))
    for (label, predictions), points in means.groupby(["label", "predictions"], sort=False):
        is_reference = bool(points["clairvoyant"].iloc[0])
        shade = style.REFERENCE if is_reference else style.colour(str(label))
        look = {"linestyle": (0, (1.5, 1.5)), "marker": ""} if is_reference else {"linestyle": dashes[predictions]}
        style.draw_line(axes, points, x, str(label), color=shade, **look)
        last = points.sort_values(x).iloc[-1]
        text = style.labelled(last) + (f", {predictions}" if several and predictions != "none" else "")
        ends.append((last["mean"], text, shade))
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if table[x].max() < 200 * table[x].min() else (1.0,)))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    sized = bool(table["system.sized"].iloc[0]) if "system.sized" in table else False
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _bytes(value) if sized else f"{value:,.0f}"))
    axes.set_xlabel("capacity (bytes)" if sized else "capacity (pages)")
    axes.set_ylabel(f"{metric.label}, {metric.better} is better")
    axes.margins(x=0.02)
    style.label_ends(axes, ends)


def _bytes(value: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} TB"
