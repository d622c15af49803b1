"""A metric against the error of the predictions, with what a policy without them and the optimum have, and proven bounds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.study import bootstrap, paired
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet
    from sim.study.paired import Block
    from sim.study.worth import Worth

MOST = 6
"""Policies with predictions in one pair of axes."""

MOST_LEVELS = 3
"""Policies without predictions beside them, the best."""


def sheets(material: Material) -> list[Sheet]:
    """One file per group of settings and kind of error; a panel for every `MOST` policies with predictions."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit, counted

    found = []
    worths = [one for one in material.analysis.worths if one.metric == material.metric]
    kinds = list(dict.fromkeys(one.error_name for one in worths))
    for block in material.blocks("bound", material.system.BOUNDED):
        for kind in kinds:
            some = [one for one in worths if one.error_name == kind and one.asked == block.asked]
            if not some:
                continue
            curves = pd.DataFrame([row for one in some for row in _curve(material, block, one)])
            levels = material.means(block)
            levels = levels[levels["predictions"] == "none"].assign(kind="level")
            levels.loc[levels["clairvoyant"].astype(bool), "kind"] = "reference"
            levels = _best(levels, material, [one.counterpart.label for one in some if one.counterpart])
            labels = list(curves["policy"].unique())
            parts = [labels[start : start + MOST] for start in range(0, len(labels), MOST)]
            where = paired.settings(block.asked)
            error = kind.replace("measured", "measured prediction") if kind.startswith("measured") else f"error: {kind}"
            panels = [
                Panel(
                    pd.concat([curves[curves["policy"].isin(part)], levels], ignore_index=True),
                    partial(draw, material=material, error=error),
                    f"policies {i + 1} of {len(parts)}" if len(parts) > 1 else "",
                )
                for i, part in enumerate(parts)
            ]
            facts = [
                f"mean over {counted([one.n for one in some], material.paired)}, "
                f"{counted(max(one.n_seeds for one in some), 'seed')}"
            ]
            if style.has_intervals(curves[curves["kind"] == "curve"]):
                facts.append(material.intervals)
            facts += ["dashed: without predictions, intervals at the right edge"]
            facts += (
                ["dotted: the proven bound of the policy of that colour"] if (curves["kind"] == "bound").any() else []
            )
            n_violated = int(curves["n_violated"].max()) if "n_violated" in curves else 0
            facts += ["ringed: above its bound on some trace"] if n_violated else []
            facts += material.first_seed() + material.stars(levels)
            words = material.value_label.partition(",")[0]
            title = f"{words[0].upper()}{words[1:]} against prediction error"
            title += f", {where}" if where else ""
            name = "-".join(filter(None, [kind if len(kinds) > 1 else "", material.name_of(block.asked)]))
            n_lines = MOST_LEVELS + 2 + min(len(labels), MOST)
            names = [*curves["policy"], *levels["policy"]]
            width = 5.4 + style.width_of(names)
            found.append(Sheet(title, facts, panels, name=name, width=width, height=max(3.6, 0.22 * n_lines + 1.6)))
    if not found:
        raise Unfit("no policy ran with predictions of two errors or more")
    return found


def _curve(material: Material, block: Block, one: Worth) -> list[dict[str, Any]]:
    """The points of a policy's curve, and of its bound where it has one."""
    about = {
        "policy": one.label,
        "clairvoyant": False,
        **{f"{paired.ASKED}{name}": value for name, value in one.asked.items()},
        "n_traces": one.n,
        "n_seeds": one.n_seeds,
    }
    values = material.values(block)
    rows = []
    for level in one.levels:
        i = next(
            i
            for i, who in enumerate(block.contenders)
            if (who.label, who.predictions) == (one.label, level.predictions)
        )
        stacked = values[i][..., None]
        # the curve of `worth` where its unit is this figure's, else the same traces in the figure's unit
        is_same = one.relative_to == material.relative_to
        value = level.value.value if is_same else float(bootstrap.mean(stacked)[0])
        interval = level.value.interval if is_same else None
        if not is_same:
            drawn = bootstrap.resampled_means(stacked, seed=material.seed)[:, 0]
            interval = bootstrap.interval(drawn, value, bootstrap.size_of(stacked))
        low, high = interval or (value, value)
        error = {"predictions": level.predictions, "error": level.error.value}
        violated = [
            check.trace
            for check in material.analysis.bounds
            if check.verdict == "violated"
            and check.asked == one.asked
            and (check.policy.label, check.policy.predictions) == (one.label, level.predictions)
        ]
        rows.append(
            {"kind": "curve", **about, **error, "value": value, "low": low, "high": high, "n_violated": len(violated)}
        )
        bound = _bound(material, block, i)
        if bound is not None:
            rows.append({"kind": "bound", **about, **error, "value": bound, "low": bound, "high": bound})
    return rows


def _bound(material: Material, block: Block, i: int) -> float | None:
    """The mean bound of a contender in the metric's unit; None without a bound, or where the metric does not grow with what is
    bounded."""
    bounded = block.columns.get(material.system.BOUNDED)
    bound = block.columns.get("bound")
    metric = block.columns[material.metric.name]
    if bounded is None or bound is None or np.isnan(bound[i]).all():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        per_unit = metric / bounded
    spread = np.nanmax(per_unit, axis=(0, 2)) - np.nanmin(per_unit, axis=(0, 2))
    if not (spread <= 1e-9 * np.nanmax(per_unit, axis=(0, 2))).all():
        return None
    scaled = bound[i] * material.values(block)[i] / bounded[i]
    return float(bootstrap.mean(scaled[..., None])[0]) if not np.isnan(scaled).all() else None


def _best(levels: pd.DataFrame, material: Material, kept: list[str]) -> pd.DataFrame:
    """The reference, and the best policies without predictions, among them those that curves are held against."""
    online = levels[levels["kind"] == "level"].sort_values("value", ascending=material.metric.better == "lower")
    best = online["policy"].head(MOST_LEVELS)
    return levels[(levels["kind"] == "reference") | levels["policy"].isin([*best, *kept])]


def draw(table: pd.DataFrame, axes: Axes, *, material: Material, error: str) -> None:
    """Draws policies with predictions as lines over their error, the others as levels, bounds as dotted lines.

    Args:
        table: `kind` ("curve", "bound", "level", "reference"), `policy`, `error`, `value`, `low`, `high`, and `n_violated` of
            curves.
        error: label of the horizontal axis.
    """
    names = style.shortened(table["policy"])
    ends: list[tuple[float, str, str]] = []
    for row in table[table["kind"].isin(("level", "reference"))].to_dict("records"):
        look = material.line(row)
        dashed = look if row["clairvoyant"] else {**look, "linestyle": (0, (6, 2))}
        style.draw_level(axes, row, dashed, len(ends))
        ends.append((row["value"], names[row["policy"]], look["color"]))
    curves = table[table["kind"] == "curve"]
    furthest = curves["error"].max()
    for policy, points in curves.groupby("policy", sort=False):
        points = points.sort_values("error")
        look = {**material.line(points.iloc[0]), "linestyle": "-"}
        style.draw_means(axes, points["error"], points, {**look, "zorder": 3})
        last = points.iloc[-1]
        if last["error"] >= 0.85 * furthest:
            ends.append((last["value"], names[policy], look["color"]))
        else:
            style.name_end(axes, last["error"], last["value"], names[policy], look["color"])
        violated = points[points["n_violated"] > 0]
        axes.plot(violated["error"], violated["value"], "o", markersize=11, fillstyle="none", color="#c00000", zorder=4)
    low, high = _limits(table)
    for policy, points in table[table["kind"] == "bound"].groupby("policy", sort=False):
        points = points.sort_values("error")
        shade = material.looks[policy].color
        axes.plot(points["error"], points["value"], color=shade, linestyle=(0, (1, 1.6)), linewidth=1.2, zorder=2)
    axes.set_ylim(low, high)
    axes.set_xlabel(error)
    axes.set_ylabel(material.value_label)
    axes.margins(x=0.02)
    style.label_ends(axes, ends)


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    """Limits that hold all that was measured, and bounds as far as they leave it readable."""
    measured = table[table["kind"] != "bound"]
    low, high = measured["low"].min(), measured["high"].max()
    room = (high - low) or abs(high) or 1.0
    bounds = table.loc[table["kind"] == "bound", "value"]
    top = min(max(high, bounds.max() if len(bounds) else high), high + 0.6 * room)
    return low - 0.05 * room, top + 0.05 * room
