"""How often a policy is within a factor of the best one on the same trace.

Reference: Dolan and Moré, "Benchmarking Optimization Software with Performance Profiles", Mathematical Programming 91, 2002,
section 2.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from sim.core.metric import Metric
from sim.study import paired
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet

FEWEST = 3
"""Traces, below which shares of them say nothing."""


def sheets(material: Material) -> list[Sheet]:
    """One file: every trace under every setting counts once; panels as `facets` cuts them."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit, counted, facets, ordered

    table = _table(material)
    n = len(table[["problem"]].drop_duplicates()) if len(table) else 0
    if n < FEWEST:
        raise Unfit(
            f"a performance profile needs {FEWEST} traces or settings that all policies have, with values above 0"
        )
    area = table.groupby("name", sort=False)["factor"].apply(lambda factors: np.log(factors).mean()).to_dict()
    most = float(np.quantile(table["factor"], 0.98)) * 1.02
    panels = [
        Panel(ordered(table, names), partial(draw, metric=material.metric, line=material.line, most=most), heading)
        for heading, names in facets(table, area)
    ]
    n_settings = table["setting"].nunique()
    facts = [
        f"{n} {material.paired}s"
        if n_settings == 1
        else f"{n} pairs of a {material.paired} and one of {n_settings} settings"
    ]
    facts[0] += f", means over {counted(table['n_seeds'].max(), 'seed')}"
    facts += [
        "the best: of all policies in this study but the clairvoyant",
        "in the order of the mean logarithm of the factor",
    ]
    width = 5.6 + style.width_of(table["name"])
    title = f"Performance profile by {material.metric.label}"
    return [Sheet(title, [*facts, *material.first_seed()], panels, width=width, height=3.1)]


def _table(material: Material) -> pd.DataFrame:
    rows = []
    for block in material.blocks():
        values = block.columns[material.metric.name]
        online = [i for i, who in enumerate(block.contenders) if not who.clairvoyant and not np.isnan(values[i]).all()]
        with_all = ~np.isnan(values[online]).all(axis=2).any(axis=0)
        if not with_all.any():
            continue
        means = np.nanmean(values[online][:, with_all], axis=2)  # (policies, traces)
        if not (means > 0).all():
            continue
        factors = means / means.min(axis=0) if material.metric.better == "lower" else means.max(axis=0) / means
        where = paired.settings(block.asked)
        for i, of_traces in zip(online, factors, strict=True):
            who = block.contenders[i]
            for trace, factor in zip(np.array(block.traces)[with_all], of_traces, strict=True):
                rows.append(
                    {
                        "policy": who.label,
                        "predictions": who.predictions,
                        "clairvoyant": who.clairvoyant,
                        "name": who.name,
                        "setting": where,
                        "trace": trace,
                        "problem": f"{trace}, {where}",
                        "factor": round(float(factor), 12),
                        "n_seeds": int((~np.isnan(values[i])).sum(axis=1).max()),
                    }
                )
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, axes: Axes, *, metric: Metric, line: Any, most: float) -> None:
    """Draws a staircase per policy: the share of traces on which it is within a factor of the best.

    Args:
        table: `policy`, `predictions`, `clairvoyant`, `name`, `factor`, a row per policy and trace.
        most: largest factor that is shown.
    """
    names = style.shortened(table["name"])
    lines: list[tuple[str, Any]] = []
    before: dict[str, int] = {}
    for name, some in table.groupby("name", sort=False):
        first = some.iloc[0]
        look = line(first, before.get(first["policy"], 0))
        before[first["policy"]] = before.get(first["policy"], 0) + 1
        factors = np.sort(some["factor"].to_numpy(float))
        share = np.arange(1, len(factors) + 1) / len(factors)
        x, y = np.concatenate([[1], factors, [max(most, factors[-1])]]), np.concatenate([[0], share, [1]])
        inside = max(1, int((x <= most).sum()))
        every = max(1, inside // 6)
        axes.plot(x, y, drawstyle="steps-post", markevery=(every // 2, every), **{"linewidth": 1.6, **look})
        lines.append((f"{np.mean(factors <= 1):5.0%}  {names[name]}", look))
    if style.is_wide([1, most]):
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlim(1 - 0.012 * (most - 1), most)
    axes.set_ylim(-0.02, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel(f"factor from the best {metric.label} on the trace")
    axes.set_ylabel("share of traces within it")
    style.legend(axes, lines, "best or equal on")
