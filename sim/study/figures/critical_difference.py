"""Mean ranks of many policies, and which of them are not told apart: a critical-difference diagram that is read downwards.

Reference: Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006, section 3.2.4, whose diagram
has names on both sides of a horizontal axis; a list has room for long ones.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sim.core.metric import Metric
from sim.study import paired, wording
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet
    from sim.study.stats import Ranks, Study


def sheets(material: Material) -> list[Sheet]:
    """One file per group of settings."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit

    found = []
    for study in material.analysis.studies:
        if study.metric != material.metric or study.ranks is None:
            continue
        table = _table(study, study.ranks)
        where = paired.settings(study.asked)
        words = study.metric.label
        title = f"Mean ranks by {words}"
        facts = [f"{study.ranks.n} {material.paired}s, means over seeds ranked, rank 1 is best", *_tests(study.ranks)]
        facts += material.first_seed()
        found.append(
            Sheet(
                f"{title}, {where}" if where else title,
                facts,
                [Panel(table, partial(draw, metric=study.metric, looks=material.looks))],
                name=material.name_of(study.asked),
                width=5.6 + style.width_of(table["name"]),
                height=max(2.4, 1.4 + 0.245 * len(table)),
            )
        )
    if not found:
        raise Unfit("ranks need three policies on two traces that all of them have")
    return found


def _tests(ranks: Ranks) -> list[str]:
    p = f"Friedman (Iman and Davenport) p {'< 0.001' if ranks.p < 0.001 else f'= {ranks.p:.2g}'}"
    if not ranks.can_differ:
        return [p, "too few traces to tell any two policies apart"]
    if ranks.p > ranks.alpha:
        return [p, "no difference is shown"]
    return [p, f"joined by a bar: not told apart (Nemenyi, level {ranks.alpha:g})"]


def _table(study: Study, ranks: Ranks) -> pd.DataFrame:
    letters = wording.ranks(ranks, study.metric).rows
    return pd.DataFrame(
        [
            {
                "policy": contender.label,
                "predictions": contender.predictions,
                "name": contender.name,
                **{f"{paired.ASKED}{name}": value for name, value in study.asked.items()},
                "mean_rank": mean,
                "critical_difference": ranks.critical_difference,
                "alike": letter,
                "n_traces": ranks.n,
            }
            for contender, mean, (*_, letter) in zip(ranks.contenders, ranks.mean_ranks, letters, strict=True)
        ]
    )


def draw(table: pd.DataFrame, axes: Axes, *, metric: Metric, looks: Any) -> None:
    """Draws a mark per policy at its mean rank, the best on top, a bar beside each group that is not told apart, and the critical
    difference as a scale.

    Args:
        table: `policy`, `name`, `mean_rank`, `critical_difference`, `alike` (a letter per group), a row per policy, best first.
    """
    n = len(table)
    groups = sorted(set("".join(table["alike"])))
    difference = float(table["critical_difference"].iloc[0])
    last = max(table["mean_rank"].max(), 1 + difference)
    span = last - 1
    right = last + span * (0.12 + 0.028 * len(groups))
    for place in range(0, n, 2):  # so that the eye keeps its row on the way to the bars
        axes.axhspan(place - 0.5, place + 0.5, color="#f3f3f3", zorder=0, linewidth=0)
    names = style.shortened(table["name"])
    for place, row in enumerate(table.to_dict("records")):
        look = looks[row["policy"]]
        axes.plot([1, row["mean_rank"]], [place, place], color=look.color, linewidth=1.0, alpha=0.55)
        axes.plot([row["mean_rank"]], [place], marker=look.marker, color=look.color, markersize=6, linestyle="")
        axes.annotate(
            f"{row['mean_rank']:.2f}",
            (row["mean_rank"], place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    for column, letter in enumerate(groups):
        members = [place for place, text in enumerate(table["alike"]) if letter in text]
        at = last + span * (0.12 + 0.028 * column)
        axes.plot([at, at], [members[0] - 0.3, members[-1] + 0.3], color=style.INK, linewidth=3, solid_capstyle="butt")
    axes.set_yticks(range(n), [names[name] for name in table["name"]])
    axes.set_ylim(n - 0.4, -1.9)
    axes.set_xlim(1 - 0.02 * span, right)
    axes.set_xticks(
        [
            1,
            *(
                tick
                for tick in MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]).tick_values(1, last)
                if 1 < tick <= last
            ),
        ]
    )
    axes.plot([1, 1 + difference], [-1, -1], color=style.INK, linewidth=1.4, marker="|", markersize=7)
    text = f"critical difference {difference:.2f}"
    axes.annotate(text, (1, -1), xytext=(0, 4), textcoords="offset points", va="bottom", fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(f"mean rank by {metric.label} ({metric.better} is better; rank 1 is best)")
