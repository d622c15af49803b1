"""Two metrics against each other: which policies are not beaten in both."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from scipy.stats import spearmanr

from sim.core.metric import Metric
from sim.study import paired
from sim.study.figures import style
from sim.study.ranking import compact

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet
    from sim.study.paired import Block

SPEED = Metric("requests_per_s", "requests/s", "higher", "requests replayed per second, in the replay loop alone")
"""Every row of a sweep carries it, whatever the domain."""


def sheets(material: Material) -> list[Sheet]:
    """One file per other metric and group of settings; metrics that order the policies as the main one does are left out."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit

    main = material.metric
    others = [*(metric for metric in material.analysis.metrics[1:] if metric.better), SPEED]
    found = []
    for block in material.blocks(*(metric.name for metric in others)):
        for other in others:
            if other.name == main.name or other.name not in block.columns:
                continue
            table = _table(material, block, other)
            if len(table) < 3 or _is_same_order(block, main, other):
                continue
            where = paired.settings(block.asked)
            draws = partial(draw, material=material, other=other)
            facts = [fact for fact in material.facts(table) if "interval" not in fact]
            facts.append("bars: 95 % bootstrap intervals" if (table["high"] > table["low"]).any() else "no intervals")
            facts.append(f"{_label(other)}: geometric mean" if other is SPEED else f"{_label(other)}: mean")
            facts.append("line: not beaten in both, the clairvoyant aside")
            words = material.value_label.partition(",")[0]
            title = f"{words[0].upper()}{words[1:]} against {_words(other)}" + (f", {where}" if where else "")
            name = "-".join(filter(None, [other.name, material.name_of(block.asked)]))
            n = len(table)
            found.append(
                Sheet(
                    title,
                    facts,
                    [Panel(table, draws)],
                    name=name,
                    width=5.8 + style.width_of(table["name"]),
                    height=max(3.8, 0.165 * n + 1.0),
                )
            )
    if not found:
        raise Unfit("three policies and a second metric that orders them in another way are needed")
    return found


def _words(metric: Metric) -> str:
    return metric.name.removesuffix(f"_{metric.unit}").replace("_per_s", " per second").replace("_", " ")


def _label(metric: Metric) -> str:
    """What stands at an axis; a rate names its unit by itself."""
    return _words(metric) if metric is SPEED else metric.label


def _table(material: Material, block: Block, other: Metric) -> pd.DataFrame:
    """The means of both metrics, a row per policy, with whether it is on the front."""
    table = material.means(block)
    values = {who: block.columns[other.name][i] for i, who in enumerate(block.contenders)}
    of = {(who.label, who.predictions): one for who, one in values.items()}
    found = []
    for row in table.to_dict("records"):
        per_trace = of[row["policy"], row["predictions"]]
        known = per_trace[~np.isnan(per_trace).all(axis=1)]
        if not len(known):
            found.append(np.nan)
        elif other is SPEED:
            found.append(float(np.exp(np.nanmean(np.log(known), axis=1).mean())))
        else:
            found.append(float(np.nanmean(known, axis=1).mean()))
    names = [paired.Contender(*pair).name for pair in zip(table["policy"], table["predictions"], strict=True)]
    table = table.assign(name=names, other_metric=other.name, other=found)
    table = table[table["other"].notna()]
    y = table["value"].to_numpy() * (1 if material.metric.better == "lower" else -1)
    x = table["other"].to_numpy() * (1 if other.better == "lower" else -1)
    online = ~table["clairvoyant"].to_numpy(bool)
    beaten = [
        bool((online & (x <= x[i]) & (y <= y[i]) & ((x < x[i]) | (y < y[i]))).any()) or not online[i]
        for i in range(len(x))
    ]
    return table.assign(is_front=[not one for one in beaten]).reset_index(drop=True)


def _is_same_order(block: Block, main: Metric, other: Metric) -> bool:
    """Whether the other metric orders the policies on every trace as the main one does, so that no front is to be seen."""
    for trace in range(len(block.traces)):
        with np.errstate(invalid="ignore"):
            values = np.stack([_means(block.columns[metric.name][:, trace]) for metric in (main, other)])
        values = values[:, ~np.isnan(values).any(axis=0)]
        if values.shape[1] > 1 and (values != values[:, :1]).any(axis=1).all():
            agreement = float(spearmanr(*values).statistic)
            if agreement * (1 if main.better == other.better else -1) < 0.999:
                return False
    return True


def _means(values: np.ndarray) -> np.ndarray:
    """Means over the last axis of what is there; NaN where nothing is."""
    n = (~np.isnan(values)).sum(axis=-1)
    return np.where(n > 0, np.nansum(values, axis=-1) / np.maximum(n, 1), np.nan)


def draw(table: pd.DataFrame, axes: Axes, *, material: Material, other: Metric) -> None:
    """Draws a mark per policy, filled on the front, and the front as a line.

    Args:
        table: `policy`, `predictions`, `clairvoyant`, `name`, `value`, `low`, `high`, `other`, `is_front`.
        other: the metric on the horizontal axis.
    """
    front = table[table["is_front"]].sort_values("other")
    steps = "steps-post" if other.better == "lower" else "steps-pre"
    axes.plot(front["other"], front["value"], color=style.GREY, linewidth=1.1, zorder=1, drawstyle=steps)
    best_first = table.sort_values("value", ascending=material.metric.better == "lower", kind="stable")
    lines: list[tuple[str, Any]] = []
    names = style.shortened(table["name"])
    for row in best_first.to_dict("records"):
        look = material.line(row)
        shade = look["color"]
        if row["high"] > row["low"]:
            axes.plot([row["other"]] * 2, [row["low"], row["high"]], color=shade, linewidth=1, alpha=0.55, zorder=2)
        mark = {
            "color": shade,
            "marker": "*" if row["clairvoyant"] else look["marker"],
            "markersize": 9 if row["clairvoyant"] else 6,
            "markerfacecolor": shade if row["is_front"] or row["clairvoyant"] else "white",
            "linestyle": "",
        }
        axes.plot([row["other"]], [row["value"]], zorder=3, **mark)
        lines.append((names[row["name"]], mark))
    if table["other"].min() > 0 and table["other"].max() / table["other"].min() > 5:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value < 1000 else compact(value)))
    axes.margins(x=0.06, y=0.06)
    axes.set_xlabel(f"{_label(other)}, {other.better} is better")
    axes.set_ylabel(material.value_label)
    _number(axes, best_first)
    style.legend(axes, [(f"{i}  {text}", look) for i, (text, look) in enumerate(lines, 1)])


def _number(axes: Axes, best_first: pd.DataFrame) -> None:
    """Numbers beside the marks, those of the legend, so that marks of one policy are told apart."""
    for i, row in enumerate(best_first.to_dict("records"), 1):
        axes.annotate(
            str(i),
            (row["other"], row["value"]),
            xytext=(5, 2.5),
            textcoords="offset points",
            fontsize=6.5,
            color=style.INK,
        )
