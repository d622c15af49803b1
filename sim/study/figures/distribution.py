"""How a metric is distributed over traces: the share of traces up to each value, and the worst ones on a logarithmic scale."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from sim.study import paired
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet

FEWEST = 5
"""Traces, below which a distribution says nothing."""


def sheets(material: Material) -> list[Sheet]:
    """One file per group of settings; the whole and the tail side by side."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit, counted, facets, ordered

    found = []
    for block in material.blocks():
        table = _table(material, block)
        if table.empty or table.groupby("name")["trace"].nunique().max() < FEWEST:
            continue
        sign = -1 if material.metric.better == "higher" else 1
        medians = (sign * table.groupby("name", sort=False)["value"].median()).to_dict()
        panels = [
            Panel(
                ordered(table, names), partial(draw, material=material, is_tail=is_tail), heading if not is_tail else ""
            )
            for heading, names in facets(table, medians)
            for is_tail in (False, True)
        ]
        n, where = table["trace"].nunique(), paired.settings(block.asked)
        facts = [
            f"{counted(n, material.paired)}, means over {counted(table['n_seeds'].max(), 'seed')}",
            "left: share of traces up to a value; right: share at or beyond it",
            "in the order of the medians",
        ]
        facts += material.first_seed() + material.stars(table)
        words = material.value_label.partition(",")[0]
        title = f"{words[0].upper()}{words[1:]}, its distribution over traces"
        title += f", {where}" if where else ""
        wide = 5.0 + style.width_of(table["name"]) / 2
        found.append(
            Sheet(title, facts, panels, name=material.name_of(block.asked), n_columns=2, width=wide, height=3.0)
        )
    if not found:
        raise Unfit(f"a distribution needs {FEWEST} traces and more")
    return found


def _table(material: Material, block: Any) -> pd.DataFrame:
    rows = []
    for who, values in zip(block.contenders, material.values(block), strict=True):
        for trace, of_seeds in zip(block.traces, values, strict=True):
            known = of_seeds[~np.isnan(of_seeds)]
            if len(known):
                rows.append(
                    {
                        "policy": who.label,
                        "predictions": who.predictions,
                        "clairvoyant": who.clairvoyant,
                        "name": who.name,
                        **{f"{paired.ASKED}{name}": value for name, value in block.asked.items()},
                        "trace": trace,
                        "value": float(known.mean()),
                        "n_seeds": len(known),
                    }
                )
    table = pd.DataFrame(rows)
    if material.relative_to is not None and len(table):  # it is 1 everywhere
        table = table[~table["clairvoyant"].astype(bool)]
    return table


def draw(table: pd.DataFrame, axes: Axes, *, material: Material, is_tail: bool) -> None:
    """Draws a staircase per policy: the share of traces up to each value, or beyond it on a logarithmic scale.

    Args:
        table: `policy`, `predictions`, `clairvoyant`, `name`, `value`, a row per policy and trace.
        is_tail: draw the share of traces that are worse.
    """
    names = style.shortened(table["name"])
    lines: list[tuple[str, Any]] = []
    n_most = 1
    low, high = float(table["value"].min()), float(table["value"].max())
    better_low = material.metric.better == "lower"
    for name, some in table.groupby("name", sort=False):
        first = some.iloc[0]
        look = material.line(first, _n_before(table, first))
        values = np.sort(some["value"].to_numpy(float))
        n = len(values)
        n_most = max(n, n_most)
        up_to = np.arange(1, n + 1) / n
        every = max(1, n // 6)
        marks = list(range(len(lines) * every // 10 % every + (0 if is_tail else 2), n, every))
        look = {**look, "markevery": marks}
        if not is_tail:
            x, y = np.concatenate([[low, values[0]], values, [high]]), np.concatenate([[0, 0], up_to, [1]])
        elif better_low:
            x, y = values, 1 - np.arange(n) / n
        else:
            x, y = values, up_to
        axes.plot(
            x, y, drawstyle="steps-post" if better_low or not is_tail else "steps-pre", **{"linewidth": 1.5, **look}
        )
        lines.append((names[name], {key: value for key, value in look.items() if key != "markevery"}))
    if style.is_wide(table["value"]):
        axes.set_xscale("log")
    axes.set_xlabel(material.value_label)
    if is_tail:
        axes.set_yscale("log")
        axes.set_ylim(0.8 / n_most, 1.1)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if n_most < 50 else (1.0,)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel(f"share of traces at that value or {'above' if better_low else 'below'}")
        style.legend(axes, lines)
    else:
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylabel("share of traces up to a value")
    axes.margins(x=0.02)


def _n_before(table: pd.DataFrame, row: Any) -> int:
    """How many contenders of the same policy stand before this one."""
    names = table.loc[table["policy"] == row["policy"], "name"].drop_duplicates()
    return int((names == row["name"]).to_numpy().argmax())
