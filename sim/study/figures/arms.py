"""How a bandit uses its arms over a run, and what it believes of them: one panel per policy."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from sim.study import paired, spec
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet

WINDOWS = 50
"""Windows of a run in which pulls are counted together."""

IN_WINDOW = 5
"""Pulls in a window, on the average, at least."""

MOST = 6
"""Policies shown, the best ones and the clairvoyant reference last."""

HEADING = 44
"""Letters in a line of a panel's heading."""

PULLS, REWARD = "pulls_", "reward_"


def sheets(material: Material) -> list[Sheet]:
    """Two files per group of settings: shares of pulls, and mean rewards so far; the longest trace under its first seed."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit, at_least_error

    told = [(row, columns) for row, columns in material.timelines() if f"{PULLS}0" in columns]
    runs = [(row, columns) for row, columns in told if n_used(columns) > 1] or [
        (row, columns) for row, columns in told if n_used(columns)
    ]
    if not runs:
        raise Unfit("no run tells how often it pulled which arm")
    length = material.system.LENGTH
    longest = max(runs, key=lambda run: run[1]["row"][-1])[0]["trace"]
    frame = pd.DataFrame([row for row, _ in runs])
    kept = at_least_error(frame.loc[frame.index[(frame["trace"] == longest) & (frame["seed"] == frame["seed"].min())]])
    asked = [str(column) for column in kept if str(column).startswith(paired.ASKED)]
    found = []
    for values, some in kept.groupby(asked, sort=False, dropna=False) if asked else [((), kept)]:
        settings = paired.shown(dict(zip(asked, values, strict=True)))
        where = paired.settings(settings)
        sign = -1 if material.metric.better == "higher" else 1
        order = some.assign(score=sign * pd.to_numeric(some[material.metric.name], errors="coerce")).sort_values(
            ["clairvoyant", "score"], kind="stable"
        )
        shown = order.index[:MOST]
        facts = [f"trace {style.short(longest)}", f"one run, seed {int(frame['seed'].min())}"]
        facts += [f"the {MOST} best of {len(order)} policies"] if len(order) > MOST else []
        for what, make, draw, title in (
            ("use", use, draw_use, "Share of the pulls of each arm"),
            ("beliefs", beliefs, draw_beliefs, "Mean reward of each arm as far as it is known"),
        ):
            tables = [(runs[place][0], make(*runs[place])) for place in shown]
            if what == "beliefs" and any(table.empty for _, table in tables):
                continue
            panels = [
                Panel(table, partial(draw, length=length, names=_arm_names(*runs[place])), _folded(_name(row)))
                for place, (row, table) in zip(shown, tables, strict=True)
                if not table.empty
            ]
            width = (
                int(np.median(np.diff(tables[0][1]["row"].unique()))) if len(tables[0][1]["row"].unique()) > 1 else 0
            )
            notes = (
                [f"windows of about {width:,} {length}"]
                if what == "use"
                else ["shaded: 95 % interval of a mean of coins"]
            )
            found.append(
                Sheet(
                    f"{title}{', ' + where if where else ''}",
                    [*facts, *notes],
                    panels,
                    name="-".join(filter(None, (what, material.name_of(settings)))),
                    n_columns=2 if len(panels) > 1 else 1,
                    width=4.4,
                    height=2.6,
                )
            )
    return found


def _name(row: dict[str, Any]) -> str:
    return paired.Contender(row["label"], row["predictions"]).name


def _folded(name: str) -> str:
    """A long name on several lines, broken after commas."""
    return "\n".join(line.replace(", ", ",") for line in textwrap.wrap(name.replace(",", ", "), HEADING))


def _arm_names(row: dict[str, Any], columns: dict[str, np.ndarray]) -> list[str]:
    """What the arms are called: those that have names, and those of a policy that chooses among others; else nothing."""
    if "arm_names" in columns:
        return [str(name) for name in columns["arm_names"]]
    among = str(row.get("policy.of", ""))
    return spec.items(among) if among.startswith("[") else []


def _arms(columns: dict[str, np.ndarray], prefix: str) -> list[int]:
    return sorted(int(name.removeprefix(prefix)) for name in columns if name.startswith(prefix))


def n_used(columns: dict[str, np.ndarray]) -> int:
    """How many arms were pulled at all."""
    return sum(bool(np.any(columns[f"{PULLS}{arm}"])) for arm in _arms(columns, PULLS))


def use(row: dict[str, Any], columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Share of each arm's pulls in at most `WINDOWS` windows: `policy`, `row` (end of a window), `arm`, `value`.

    Where pulls are few, so are windows; those without a pull are left out.
    """
    ends = np.asarray(columns["row"])
    n_pulls = sum(float(np.sum(columns[f"{PULLS}{arm}"])) for arm in _arms(columns, PULLS))
    every = -(-len(ends) // int(np.clip(n_pulls // IN_WINDOW, 1, WINDOWS)))
    starts = np.arange(0, len(ends), every)
    lasts = np.minimum(starts + every, len(ends)) - 1
    arms = _arms(columns, PULLS)
    counts = np.stack([np.add.reduceat(np.asarray(columns[f"{PULLS}{arm}"], float), starts) for arm in arms])
    has_any = counts.sum(axis=0) > 0
    counts, lasts = counts[:, has_any], lasts[has_any]
    total = counts.sum(axis=0)
    return pd.concat(
        [
            pd.DataFrame({"policy": _name(row), "row": ends[lasts], "arm": arm, "value": counts[i] / total})
            for i, arm in enumerate(arms)
        ],
        ignore_index=True,
    )


def beliefs(row: dict[str, Any], columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Mean reward of each arm's pulls so far: `policy`, `row`, `arm`, `value`, `low`, `high`; none before its first pull.

    The interval is Wilson's for a share: it holds for rewards of 0 and 1, and is wide for others between them.
    """
    ends = np.asarray(columns["row"])
    parts = []
    for arm in _arms(columns, REWARD):
        n = np.cumsum(np.asarray(columns[f"{PULLS}{arm}"], float))
        earned = np.cumsum(np.asarray(columns[f"{REWARD}{arm}"], float))
        known = n > 0
        n, mean = n[known], earned[known] / n[known]
        centre = (mean + 1.92 / n) / (1 + 3.84 / n)
        half = 1.96 / (1 + 3.84 / n) * np.sqrt(np.maximum(mean * (1 - mean), 0) / n + 0.96 / (n * n))
        parts.append(
            pd.DataFrame(
                {
                    "policy": _name(row),
                    "row": ends[known],
                    "arm": arm,
                    "value": mean,
                    "low": centre - half,
                    "high": centre + half,
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"row": [], "arm": []})


def shades(n_arms: int) -> list[Any]:
    """A colour per arm: told apart where they are few, in order of their numbers where they are many."""
    if n_arms <= len(style.PALETTE):
        return list(style.PALETTE[:n_arms])
    return [colormaps["viridis"](k / (n_arms - 1)) for k in range(n_arms)]


def draw_use(table: pd.DataFrame, axes: Axes, *, length: str, names: Sequence[str] = ()) -> None:
    """Draws the shares on top of each other, arm 0 below.

    Args:
        table: `row`, `arm`, `value`.
        length: what the rows of a trace are.
        names: of the arms, where they have names.
    """
    wide = table.pivot(index="row", columns="arm", values="value")
    colours = shades(len(wide.columns))
    edges = np.concatenate([[0], wide.index.to_numpy()])
    values = np.vstack([wide.to_numpy()[:1], wide.to_numpy()])
    axes.stackplot(edges, values.T, colors=colours, step="pre", linewidth=0)
    axes.set_ylim(0, 1)
    axes.set_xlim(right=edges[-1])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_ylabel("share of pulls")
    _dress(axes, wide.columns, colours, length, names)


def draw_beliefs(table: pd.DataFrame, axes: Axes, *, length: str, names: Sequence[str] = ()) -> None:
    """Draws a line per arm with its interval.

    Args:
        table: `row`, `arm`, `value`, `low`, `high`.
        length: what the rows of a trace are.
        names: of the arms, where they have names.
    """
    arms = sorted(int(arm) for arm in table["arm"].unique())
    colours = shades(max(arms) + 1)
    for arm in arms:
        points = table[table["arm"] == arm]
        axes.plot(points["row"], points["value"], color=colours[arm], linewidth=1.4)
        axes.fill_between(points["row"], points["low"], points["high"], color=colours[arm], alpha=0.15, linewidth=0)
    axes.set_ylabel("mean reward so far")
    axes.set_xlim(right=table["row"].max())
    _dress(axes, arms, [colours[arm] for arm in arms], length, names)


def _dress(axes: Axes, arms: Any, colours: list[Any], length: str, names: Sequence[str]) -> None:
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel(length)
    entries = [
        (names[arm] if arm < len(names) else f"arm {arm}", {"color": colour, "linewidth": 4})
        for arm, colour in zip(arms, colours, strict=True)
    ]
    every = -(-len(entries) // len(style.PALETTE))
    style.legend(axes, entries[::-1][::every])
