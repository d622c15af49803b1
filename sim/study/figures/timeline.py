"""A metric in windows of one run: when a policy gains and when it loses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from sim.core.metric import Metric
from sim.study import paired
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet

WINDOWS = 25
"""Windows drawn: more are put together, so that lines can be told apart."""


def sheets(material: Material) -> list[Sheet]:
    """One file per group of settings: the longest trace under its first seed, each policy at its smallest error."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit, at_least_error, facets, ordered

    known = {metric.name: metric for metric in material.system.METRICS}
    runs = [(row, columns) for row, columns in material.timelines() if len(columns.get("row", ())) > 1]
    counted = [name for name in (runs[0][1] if runs else ()) if name in known]
    if not counted:
        raise Unfit("no run has a timeline of a metric")
    counter = known[material.metric.name if material.metric.name in counted else counted[0]]
    length = material.system.LENGTH
    longest = max(runs, key=lambda run: run[1]["row"][-1])[0]["trace"]
    frame = pd.DataFrame([row for row, _ in runs])
    first = frame.index[(frame["trace"] == longest) & (frame["seed"] == frame["seed"].min())]
    kept = at_least_error(frame.loc[first])
    asked = [str(column) for column in kept if str(column).startswith(paired.ASKED)]
    found = []
    for values, some in kept.groupby(asked, sort=False, dropna=False) if asked else [((), kept)]:
        settings = paired.shown(dict(zip(asked, values, strict=True)))
        where = paired.settings(settings)
        table = pd.concat(
            [_windows(runs[place][0], runs[place][1], counter.name) for place in some.index], ignore_index=True
        )
        score = table.groupby("name", sort=False)["value"].mean() * (-1 if counter.better == "higher" else 1)
        unit = length.removesuffix("s")
        panels = [
            Panel(
                ordered(table, names),
                partial(draw, material=material, metric=counter, unit=unit, limits=(0.0, float(table["value"].max()))),
                heading,
            )
            for heading, names in facets(table, score.to_dict(), most=6)
        ]
        window = int(np.median(np.diff(np.unique(table["row"])))) if table["row"].nunique() > 1 else 0
        n_traces = frame["trace"].nunique()
        facts = [f"trace {style.short(longest)}" + (f", the longest of {n_traces}" if n_traces > 1 else "")]
        facts += [f"one run, seed {int(frame['seed'].min())}", f"windows of about {window:,} {length}"]
        if (table["predictions"] != "none").any():
            facts.append("policies with predictions at their smallest error")
        words = _words(counter)
        title = f"{words[0].upper()}{words[1:]} over time" + (f", {where}" if where else "")
        wide = 5.6 + style.width_of(table["name"])
        facts += material.stars(table)
        found.append(
            Sheet(
                title,
                facts,
                panels,
                name=material.name_of(settings),
                width=wide,
                height=2.7 if len(panels) > 1 else 3.4,
            )
        )
    return found


def _words(metric: Metric) -> str:
    return metric.name.removesuffix(f"_{metric.unit}").replace("_", " ")


def _windows(row: dict[str, Any], columns: dict[str, np.ndarray], counter: str) -> pd.DataFrame:
    """One run's counts per row of the trace, in at most `WINDOWS` windows."""
    ends = np.asarray(columns["row"])
    every = -(-len(ends) // WINDOWS)
    starts = np.arange(0, len(ends), every)
    lasts = np.minimum(starts + every, len(ends)) - 1
    totals = np.add.reduceat(np.asarray(columns[counter], float), starts)
    sizes = np.diff(np.concatenate([[0], ends[lasts]]))
    return pd.DataFrame(
        {
            "policy": row["label"],
            "predictions": row["predictions"],
            "clairvoyant": bool(row["clairvoyant"]),
            "name": paired.Contender(row["label"], row["predictions"]).name,
            **{key: value for key, value in row.items() if key.startswith(paired.ASKED)},
            "trace": row["trace"],
            "seed": row["seed"],
            "row": ends[lasts],
            "value": totals / sizes,
        }
    )


def draw(
    table: pd.DataFrame, axes: Axes, *, material: Material, metric: Metric, unit: str, limits: tuple[float, float]
) -> None:
    """Draws a line per policy over the trace.

    Args:
        table: `policy`, `predictions`, `clairvoyant`, `name`, `row` (end of a window), `value`.
        metric: what is counted.
        unit: what a row of the trace is, in the singular.
        limits: of the values in all panels.
    """
    names = style.shortened(table["name"])
    ends = []
    for i, (name, points) in enumerate(table.groupby("name", sort=False)):
        look = material.line(points.iloc[0])
        every = max(1, len(points) // 5)
        marks = (i * every // 6 % every, every)
        axes.plot(points["row"], points["value"], markevery=marks, **{"linewidth": 1.4, **look})
        ends.append((float(points["value"].iloc[-1]), names[name], look["color"]))
    axes.set_ylim(limits[0], limits[1] * 1.05 or 1)
    axes.set_xlim(left=0)
    axes.margins(x=0.01)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel(f"{unit} of the trace")
    better = f", {metric.better} is better" if metric.better else ""
    axes.set_ylabel(f"{_words(metric)} per {unit}{better}")
    style.label_ends(axes, ends)
