"""By how much each policy differs from the baseline, with intervals and verdicts: a forest plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes

from sim.core.metric import Metric
from sim.study import paired, wording
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet
    from sim.study.stats import Comparison, Study


def sheets(material: Material) -> list[Sheet]:
    """One file per group of settings."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit, counted

    found = []
    for study in material.analysis.studies:
        compared = [one for one in study.comparisons if one.n]
        if study.metric != material.metric or study.baseline is None or not compared:
            continue
        table = _table(study, compared)
        where = paired.settings(study.asked)
        facts = [
            f"{'geometric mean of paired ratios' if compared[0].is_ratio else 'mean of paired differences'} over "
            f"{counted([one.n for one in compared], material.paired)}, "
            f"{counted(max(one.n_seeds for one in compared), 'seed')}",
            material.intervals if table["low"].notna().any() else "no intervals: one run each",
        ]
        if table["p_holm"].notna().any():
            is_shown = table["verdict"].isin(("better", "worse")).any()
            means = "filled: a difference is shown" if is_shown else "hollow: no difference is shown"
            facts.append(f"{means} (Wilcoxon signed rank, Holm, level {study.alpha:g})")
        facts += material.first_seed() + material.stars(table)
        words = study.metric.label
        title = f"{words[0].upper()}{words[1:]} against {study.baseline.name}"

        def drawing(table: pd.DataFrame, axes: Axes, study: Study = study) -> None:
            draw(table, axes, metric=study.metric, looks=material.looks)

        found.append(
            Sheet(
                f"{title}, {where}" if where else title,
                facts,
                [Panel(table, drawing)],
                name=material.name_of(study.asked),
                width=6.2 + style.width_of(table["name"]),
                height=max(2.2, 1.1 + 0.245 * len(table)),
            )
        )
    if not found:
        raise Unfit("no policy has a trace in common with a baseline")
    return found


def _table(study: Study, compared: list[Comparison]) -> pd.DataFrame:
    sign = -1 if study.metric.better == "higher" else 1
    return pd.DataFrame(
        [
            {
                "policy": one.policy.label,
                "predictions": one.policy.predictions,
                "clairvoyant": one.policy.clairvoyant,
                "name": one.policy.name,
                "baseline": one.baseline.name,
                **{f"{paired.ASKED}{name}": value for name, value in study.asked.items()},
                "is_ratio": one.is_ratio,
                "change": one.change,
                "low": one.interval[0] if one.interval else None,
                "high": one.interval[1] if one.interval else None,
                "n_traces": one.n,
                "n_seeds": one.n_seeds,
                "wins": one.wins,
                "ties": one.ties,
                "losses": one.losses,
                "p_holm": one.p_holm,
                "verdict": wording.VERDICTS[one.verdict],
            }
            for one in sorted(compared, key=lambda one: (sign * one.change, one.policy.name))
        ]
    )


def draw(table: pd.DataFrame, axes: Axes, *, metric: Metric, looks: Any) -> None:
    """Draws a line per policy, the best change on top; filled marks where a difference is shown.

    Args:
        table: `policy`, `name`, `clairvoyant`, `is_ratio`, `change`, `low`, `high`, `verdict`, a row per policy, in order.
    """
    is_ratio = bool(table["is_ratio"].iloc[0])
    scale = 100 if is_ratio else 1
    names = style.shortened(table["name"])
    axes.axvline(0, color=style.INK, linewidth=0.9)
    ends = table[["change", "low", "high"]].to_numpy(float) * scale
    for place, (row, (change, low, high)) in enumerate(zip(table.to_dict("records"), ends, strict=True)):
        look = looks[row["policy"]]
        shade = style.REFERENCE if row["clairvoyant"] else look.color
        is_shown = row["verdict"] in ("better", "worse") or row["clairvoyant"]
        if low == low:
            axes.plot([low, high], [place, place], color=shade, linewidth=1.6, solid_capstyle="butt")
        axes.plot(
            [change],
            [place],
            marker="*" if row["clairvoyant"] else look.marker,
            color=shade,
            markersize=7 if row["clairvoyant"] else 5.5,
            markerfacecolor=shade if is_shown else "white",
            linestyle="",
        )
        _beside(axes, place, _signed(change, is_ratio), 52, "right")
        _beside(axes, place, row["verdict"], 60, "left")
    axes.set_yticks(range(len(table)), [names[name] for name in table["name"]])
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.06)
    words = metric.name.removesuffix(f"_{metric.unit}").replace("_", " ")
    unit = "%" if is_ratio else metric.unit
    less = "better" if metric.better == "lower" else "worse"
    more = "worse" if metric.better == "lower" else "better"
    change = f"{'change' if is_ratio else 'difference'} of {words}" + (f" ({unit})" if unit else "")
    axes.set_xlabel(f"← {less}      {change} against {table['baseline'].iloc[0]}      {more} →")


def _beside(axes: Axes, place: float, text: str, points: float, side: Any) -> None:
    """Writes right of the axes, so many points away."""
    where: Any = axes.get_yaxis_transform()
    axes.annotate(
        text,
        (1, place),
        xycoords=where,
        xytext=(points, 0),
        textcoords="offset points",
        ha=side,
        va="center",
        fontsize=8,
    )


def _signed(value: float, is_ratio: bool) -> str:
    digits = f"{abs(value):.1f} %" if is_ratio else f"{abs(value):,.4g}"
    sign = "−" if value < 0 else "+"
    return f"{sign}{digits}" if float(digits.split()[0].replace(",", "")) else digits
