"""A metric against the capacity, which grows by factors, trace by trace."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator

from sim.core.metric import Metric
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet

MOST_TRACES, MOST_LINES, MOST_BANDS = 8, 12, 8
"""Panels that still make a figure; lines of one that can be followed; bands that do not hide each other."""


def sheets(material: Material) -> list[Sheet]:
    """One file, a panel per trace."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit, at_least_error

    frame = material.frame
    x = "system.capacity"
    several = frame.groupby("trace", sort=False)[x].nunique() if x in frame else pd.Series(dtype=int)
    if not (several > 1).any():
        raise Unfit("no trace was run with two capacities or more")
    if len(several) > MOST_TRACES:
        raise Unfit(f"{len(several)} traces are more than {MOST_TRACES} panels; the figure parameter shows their mean")
    n_lines = frame.groupby(["label", "predictions"]).ngroups
    facts = ["means over seeds, 95 % intervals (Student's t)" if frame["seed"].nunique() > 1 else "one run each"]
    if n_lines > MOST_LINES:
        frame = at_least_error(frame)
        n_lines = frame["label"].nunique()
        facts += ["policies with predictions at their smallest error"] * bool((frame["predictions"] != "none").any())
    asked = [column for column in frame if str(column).startswith("asked.")]
    columns = ["trace", "label", "predictions", "clairvoyant", "seed", *asked, x, "system.sized", material.metric.name]
    rows = frame[[column for column in columns if column in frame]]
    panels = [
        Panel(some, partial(draw, metric=material.metric, looks=material.looks), style.short(str(trace)))
        for trace, some in rows.groupby("trace", sort=False)
    ]
    words = material.metric.label
    facts += material.first_seed() + ["* sees the future"] * bool(frame["clairvoyant"].any())
    names = [f"{label} with {of}" for label, of in zip(frame["label"], frame["predictions"], strict=True)]
    return [
        Sheet(
            f"{words[0].upper()}{words[1:]} against capacity",
            facts,
            panels,
            n_columns=2,
            width=4.2 + style.width_of(names),
            height=max(3.0, 0.175 * n_lines + 1.0),
        )
    ]


def draw(table: pd.DataFrame, axes: Axes, *, metric: Metric, looks: Mapping[str, style.Look] | None = None) -> None:
    """Draws one line per policy and predictor.

    Args:
        table: rows of one trace, with `label`, `predictions`, `clairvoyant`, `system.capacity`, `system.sized` and the metric.
        looks: of a study's policies; None: those that their names give them.
    """
    x = "system.capacity"
    means = style.estimates(table, ["label", "clairvoyant", "predictions", x], metric.name)
    several = table[table["predictions"] != "none"]["predictions"].nunique() > 1
    ends = []
    dashes = dict(zip(table["predictions"].unique(), ["-", (0, (5, 1.5)), (0, (2, 1)), (0, (1, 1))] * 9, strict=False))
    for (label, predictions), points in means.groupby(["label", "predictions"], sort=False):
        is_reference = bool(points["clairvoyant"].iloc[0])
        shade = looks[str(label)].color if looks else style.colour(str(label))
        mark = looks[str(label)].marker if looks else style.marker(str(label))
        look = {"color": shade, "marker": mark, "linestyle": dashes[predictions]}
        if is_reference:
            look = {"color": style.REFERENCE, "marker": "", "linestyle": (0, (1.5, 1.5))}
        style.draw_line(
            axes, points, x, str(label), bars=means.groupby(["label", "predictions"]).ngroups > MOST_BANDS, **look
        )
        last = points.sort_values(x).iloc[-1]
        text = style.short(style.labelled(last)) + (f" with {predictions}" if several and predictions != "none" else "")
        ends.append((last["mean"], text, look["color"]))
    axes.set_xscale("log")
    values = sorted(table[x].unique())
    if values[-1] < 5 * values[0]:  # too narrow for powers
        axes.xaxis.set_major_locator(FixedLocator(values[:: -(-len(values) // 8)]))
    else:
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if values[-1] < 200 * values[0] else (1.0,)))
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
