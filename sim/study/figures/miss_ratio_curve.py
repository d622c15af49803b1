"""Miss-ratio curves: a ratio against the capacity, one line per policy, named where the lines are best told apart.

At its right end every curve comes down to the cold misses, so names at the ends of the lines would tell nothing. They stand in
the order of the lines at one capacity, with their values there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from sim.core.metric import Metric
from sim.study.figures import style

X = "system.capacity"
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (2, 1)), (0, (4, 1, 1, 1)))
DOTS: Any = (0, (1.5, 1.5))
MARKS = 5
"""Markers on a line, more would hide it."""


def draw(table: pd.DataFrame, axes: Axes, *, metric: Metric) -> None:
    """Draws one line per policy and predictor, a dotted level at the cold misses, and exact curves dashed behind sampled ones.

    Args:
        table: rows of one trace, with `label`, `predictions`, `clairvoyant`, `system.capacity`, `system.sized`, `requests`,
            `cold_misses` and the metric; `exact_miss_ratio` where samples are held against it.
    """
    means = style.estimates(table, ["label", "clairvoyant", "predictions", X], metric.name)
    means = means[means["mean"].notna()]
    several = table[table["predictions"] != "none"]["predictions"].nunique() > 1
    dashes = dict(zip(table["predictions"].unique(), DASHES * 9, strict=False))
    lines = []
    groups = list(means.groupby(["label", "predictions"], sort=False))
    for i, ((label, predictions), points) in enumerate(groups):
        points = points.sort_values(X)
        step = max(1, len(points) // MARKS)
        look: dict[str, Any] = {
            "color": style.colour(str(label)),
            "marker": style.marker(str(label)),
            "linestyle": dashes[predictions],
            "markevery": (i * step // len(groups), step),
        }
        if points["clairvoyant"].iloc[0]:
            look |= {"color": style.REFERENCE, "marker": "", "linestyle": DOTS}
        if _is_compared(table, metric):
            of_this = table[(table["label"] == label) & (table["predictions"] == predictions)]
            exact = of_this.groupby(X)["exact_miss_ratio"].mean().dropna()
            axes.plot(exact.index, exact, color=look["color"], linestyle=(0, (4, 2)), linewidth=1.1, alpha=0.75)
        style.draw_line(axes, points, X, str(label), **look)
        text = style.labelled(points.iloc[0]) + (f", {predictions}" if several and predictions != "none" else "")
        lines.append((points.set_index(X)["mean"], text, look))
    sized = bool(table["system.sized"].iloc[0])
    _scale(axes, table[X], sized)
    axes.set_xlabel("capacity (bytes)" if sized else "capacity (pages)")
    axes.set_ylabel(f"{metric.label}, {metric.better} is better")
    axes.set_ylim(0, min(axes.get_ylim()[1], 1.05))
    axes.margins(x=0.02)
    if metric.name == "miss_ratio":
        _level(axes, (table["cold_misses"] / table["requests"]).mean())
    _name(axes, lines, sized)


def _is_compared(table: pd.DataFrame, metric: Metric) -> bool:
    return metric.name == "miss_ratio" and "exact_miss_ratio" in table and bool(table["exact_miss_ratio"].notna().any())


def _scale(axes: Axes, capacities: pd.Series, sized: bool) -> None:
    if sized:
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_locator(LogLocator(base=2, numticks=8))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.set_xscale("log")
        narrow = capacities.max() < 50 * capacities.min()
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _size(value, sized)))


def _level(axes: Axes, cold: float) -> None:
    """The level that no capacity comes below."""
    axes.axhline(cold, color=style.GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.annotate(
        f"cold misses {cold:.2g}",
        (0, cold),
        xycoords=("axes fraction", "data"),
        xytext=(3, 2.5),
        textcoords="offset points",
        fontsize=7.5,
        color=style.GREY,
    )


def _name(axes: Axes, lines: list[tuple[pd.Series, str, dict[str, Any]]], sized: bool) -> None:
    """Writes the names right of the axes, in the order of the lines at the capacity where these are best told apart: where the
    gaps between them, each counted up to the height of a name, sum to the most."""
    together = pd.concat([line for line, _, _ in lines], axis=1).dropna()
    if together.empty:  # no capacity at which all were measured
        style.label_ends(axes, [(line.iloc[-1], text, look["color"]) for line, text, look in lines])
        return
    axes.get_ylim()  # settles the limits
    top = axes.get_ylim()[1]
    step = min(12.5 / (axes.get_window_extent().height * 72 / axes.figure.dpi), 1 / len(lines))
    heights = together.to_numpy() / top
    gaps = np.diff(np.sort(heights, axis=1), axis=1)
    row = int(np.argmax(np.minimum(gaps, step).sum(axis=1))) if len(lines) > 1 else len(heights) // 2
    at, values = float(together.index.to_numpy()[row]), together.to_numpy()[row].tolist()
    axes.axvline(at, color=style.GREY, linewidth=0.7, zorder=0.5)
    order = sorted(range(len(lines)), key=lambda i: values[i])
    places = style.apart([values[i] / top for i in order], step)
    places = [max(place, i * step) for i, place in enumerate(places)]
    for i, place in zip(order, places, strict=True):
        _, text, look = lines[i]
        swatch = {key: value for key, value in look.items() if key != "markevery"}
        axes.plot(
            [1.02, 1.045, 1.07],
            [place] * 3,
            transform=axes.transAxes,
            clip_on=False,
            linewidth=1.8,
            markersize=4.5,
            markevery=[1],
            **swatch,
        )
        axes.text(
            1.085,
            place,
            f"{values[i]:.3f}  {text}",
            transform=axes.transAxes,
            color=look["color"],
            va="center",
            fontsize=8.5,
        )
    axes.text(
        1.02,
        places[-1] + 1.35 * step,
        f"at {_size(at, sized)}{'' if sized else ' pages'}:",
        transform=axes.transAxes,
        color=style.GREY,
        va="center",
        fontsize=8,
    )


def _size(value: float, sized: bool) -> str:
    if not sized:
        return f"{value:,.0f}"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} TiB"
