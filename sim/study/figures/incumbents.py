"""How good the best point so far is as a search goes on: the gap to the best objective known over work, a panel per trace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from sim.study import bootstrap, paired
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet

POINTS = 300
"""Of a line."""

MOST = 6
"""Policies drawn, the best ones."""

LEAST = 1e-3
"""Below this gap the axis is linear, so that 0 can be shown."""


def sheets(material: Material) -> list[Sheet]:
    """One file per group of settings, a panel per trace; the policies that are best on the average over all traces."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit

    runs = [(row, columns) for row, columns in material.timelines() if "gap" in columns and "at" in columns]
    if not runs:
        raise Unfit("no run tells the gap of its best point over work")
    frame = pd.DataFrame([row for row, _ in runs])
    metric, length = material.metric, material.system.LENGTH
    asked = [str(column) for column in frame if str(column).startswith(paired.ASKED)]
    found = []
    for values, some in frame.groupby(asked, sort=False, dropna=False) if asked else [((), frame)]:
        settings = paired.shown(dict(zip(asked, values, strict=True)))
        where = material.name_of(settings)
        score = pd.to_numeric(some[metric.name], errors="coerce") * (-1 if metric.better == "higher" else 1)
        best = score.groupby(some["label"]).mean().sort_values(kind="stable").index[:MOST].tolist()
        n_policies, n_seeds = some["label"].nunique(), some["seed"].nunique()
        end = max(float(np.asarray(runs[place][1]["row"])[-1]) for place in some.index)
        panels = []
        for trace, of_trace in some[some["label"].isin(best)].groupby("trace", sort=False):
            table = pd.concat(
                [
                    over_work(label, [runs[place][1] for place in part.index], end, material.seed)
                    for label in best
                    if len(part := of_trace[of_trace["label"] == label])
                ],
                ignore_index=True,
            )
            heading = style.short(str(trace))
            panels.append(Panel(table.assign(trace=trace), partial(draw, material=material, length=length), heading))
        facts = [f"mean over {n_seeds} seeds, shaded: 95 % bootstrap interval"] * (n_seeds > 1) + material.first_seed()
        facts += [f"the {MOST} best of {n_policies} policies by {metric.name.replace('_', ' ')}"] * (n_policies > MOST)
        found.append(
            Sheet(
                f"Gap of the best point so far over {length}{', ' + where if where else ''}",
                [*facts, f"linear below {LEAST:g}"],
                panels,
                name=where,
                n_columns=min(len(panels), 2),
                width=4.6,
                height=2.8,
            )
        )
    return found


def over_work(label: str, runs: list[dict[str, Any]], end: float, seed: int) -> pd.DataFrame:
    """The mean gap of a policy's runs at equal distances: `policy`, `row`, `value`, `low`, `high`; 1 before the first point."""
    rows = np.linspace(0.0, end, POINTS)
    gaps = []
    for columns in runs:
        at, gap = np.asarray(columns["at"], float), np.asarray(columns["gap"], float)
        gaps.append(np.concatenate([[1.0], gap])[np.searchsorted(at, rows, side="right")])
    stacked = np.array(gaps)[None]
    mean = stacked[0].mean(axis=0)
    low, high = mean, mean
    if len(gaps) > 1:
        low, high = np.quantile(bootstrap.resampled_means(stacked, seed=seed), (0.025, 0.975), axis=0)
    return pd.DataFrame({"policy": label, "row": rows, "value": mean, "low": low, "high": high})


def draw(table: pd.DataFrame, axes: Axes, *, material: Material, length: str) -> None:
    """Draws a line of steps per policy, with a band where there are several seeds.

    Args:
        table: `policy`, `row`, `value`, `low`, `high`.
        axes: where to.
        material: gives each policy its look.
        length: what a row is.
    """
    entries = []
    for label, points in table.groupby("policy", sort=False):
        look = material.looks[label]
        axes.step(
            points["row"], points["value"], where="post", color=look.color, linestyle=look.linestyle, linewidth=1.5
        )
        if (points["high"] > points["low"]).any():
            axes.fill_between(
                points["row"], points["low"], points["high"], step="post", color=look.color, alpha=0.12, linewidth=0
            )
        entries.append((str(label), {"color": look.color, "linestyle": look.linestyle, "linewidth": 1.8}))
    axes.set_yscale("symlog", linthresh=LEAST)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_locator(FixedLocator([0, *np.geomspace(LEAST, 1, 4).tolist()]))
    axes.yaxis.set_minor_locator(FixedLocator([]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlim(0, table["row"].max())
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel(length)
    axes.set_ylabel("gap of the best point")
    style.legend(axes, entries)
