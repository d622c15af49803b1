"""How good the best was after how many evaluations, beside the controls; and what all came to on traces they had not seen."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sim.adrs.figures.dress import counts, facts, look_of, percents
from sim.adrs.instances import FOREIGN, HOLDOUT, TRAIN, VALIDATION
from sim.adrs.record import Record
from sim.adrs.wording import called, changed
from sim.study.figures import style
from sim.study.figures.gallery import Panel, Sheet, Unfit

FARTHEST = 3.0
"""A level that is so many times as far from the lines as they are from each other stands outside the picture."""

MARKS = {
    TRAIN: ("o", "white", -0.27),
    VALIDATION: ("D", "white", -0.1),
    HOLDOUT: ("o", "", 0.1),
    FOREIGN: ("^", "", 0.3),
}
"""Split -> marker, its filling (empty: the line's colour), and its place below the row's middle."""


def sheets(record: Record) -> list[Sheet]:
    """One file: the best so far on the left, what was judged on the right."""
    table = _progress(record)
    if table.empty:
        raise Unfit("no candidate was tried on all training instances")
    judged = _judged(record)
    said = [*facts(record), "left: mean over training instances", "right: mean over independent traces, 95 % intervals"]
    n = {split: int(rows["n"].max()) for split, rows in judged.groupby("split", sort=False)}
    said += [f"traces: {', '.join(f'{split} {n[split]}' for split in MARKS if split in n)}"]
    said += ["* sees the future"] if any(line.is_bound for line in record.lines) else []
    return [
        Sheet(
            "The best so far, and what it was worth on traces not seen before",
            said,
            [
                Panel(table, partial(draw, record=record), "while searching, on training instances"),
                Panel(judged, partial(draw_judged, record=record), "at the end"),
            ],
            n_columns=2,
            width=6.0,
            height=3.9,
        )
    ]


def _progress(record: Record) -> pd.DataFrame:
    """The steps of all searches, and as levels what was not searched for: `name`, `kind`, `evaluations`, `value`."""
    rows: list[dict[str, Any]] = [
        {"name": run.name, "kind": "search", "evaluations": step.evaluations, "value": record.change(step.best)}
        for run in record.runs
        for step in run.steps
        if np.isfinite(step.best)
    ]
    if not rows:
        return pd.DataFrame(rows)
    searched = {run.name for run in record.runs}
    rows += [
        {"name": line.name, "kind": "level", "evaluations": None, "value": record.change(line.effects[TRAIN].mean)}
        for line in record.lines
        if line.name not in searched and TRAIN in line.effects
    ]
    rows.append({"name": record.problem.baseline, "kind": "level", "evaluations": None, "value": 0.0})
    return pd.DataFrame(rows)


def _judged(record: Record) -> pd.DataFrame:
    """The table's lines by split: `name`, `split`, `value`, `low`, `high`, `n`."""
    rows = []
    for line in record.lines:
        for split in MARKS:
            effect = line.effects.get(split)
            if effect is not None:
                low, high = sorted(map(record.change, effect.interval or (effect.mean, effect.mean)))
                value = record.change(effect.mean)
                rows.append(
                    {"name": line.name, "split": split, "value": value, "low": low, "high": high, "n": effect.n}
                )
    return pd.DataFrame(rows, columns=["name", "split", "value", "low", "high", "n"])


def draw(table: pd.DataFrame, axes: Axes, *, record: Record) -> None:
    """Draws a line per search and a level for each of the others.

    Args:
        table: `name`, `kind`, `evaluations`, `value`.
    """
    searches = table[table["kind"] == "search"]
    last = searches.groupby("name", sort=False)["value"].last()
    right = float(searches["evaluations"].max())
    ends = []
    for name, points in searches.groupby("name", sort=False):
        look = look_of(record, str(name))
        x, y = [*points["evaluations"], right], [*points["value"], points["value"].iloc[-1]]
        axes.plot(x, y, drawstyle="steps-post", **look)
        axes.plot(
            points["evaluations"].iloc[:1], points["value"].iloc[:1], marker="o", markersize=3, color=look["color"]
        )
        ends.append((float(last[name]), f"{name} {changed(last[name])}", look["color"]))
    shown = [*last, 0.0]
    first = searches.groupby("name", sort=False)["value"].first()
    shown += [value for value in first if abs(value) <= FARTHEST * max(map(abs, shown))]
    span = max(shown) - min(shown) or 0.01
    for row in table[table["kind"] == "level"].to_dict("records"):
        look = look_of(record, row["name"])
        text = f"{called(record, row['name'])} {changed(row['value'])}"
        if min(shown) - FARTHEST * span <= row["value"] <= max(shown) + FARTHEST * span:
            axes.axhline(row["value"], **look)
            shown.append(row["value"])
        else:
            text = f"{text}, {'below' if row['value'] < min(shown) else 'above'}"
        ends.append((row["value"], text, look["color"]))
    low, high = min(shown), max(shown)
    axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    axes.set_xlim(0, right)
    counts(axes.xaxis, 5)
    percents(axes.yaxis)
    axes.set_xlabel("evaluations (candidates tried)")
    axes.set_ylabel(record.change_label)
    style.label_ends(axes, [(min(max(y, low), high), text, shade) for y, text, shade in ends])


def draw_judged(table: pd.DataFrame, axes: Axes, *, record: Record) -> None:
    """Draws a row for each line of the table, a mark for each split.

    Args:
        table: `name`, `split`, `value`, `low`, `high`, `n`.
    """
    names = [line.name for line in record.lines]
    axes.axvline(0, color=style.GREY, linewidth=1)
    for row in table.to_dict("records"):
        marker, filling, below = MARKS[row["split"]]
        shade = look_of(record, row["name"])["color"]
        y = names.index(row["name"]) + below
        if row["split"] in (HOLDOUT, FOREIGN) and row["high"] > row["low"]:
            axes.plot([row["low"], row["high"]], [y, y], color=shade, linewidth=1.6, alpha=0.55, solid_capstyle="butt")
        size = 6 if row["split"] == HOLDOUT else 4.5
        axes.plot([row["value"]], [y], marker=marker, color=shade, markerfacecolor=filling or shade, markersize=size)
    if HOLDOUT not in set(table.loc[table["name"] == names[0], "split"]):
        low, high = axes.get_xlim()
        is_right = high >= -low  # where there is more room
        axes.annotate(
            "holdout: kept back",
            (0, MARKS[HOLDOUT][2]),
            xytext=(4 if is_right else -4, 0),
            textcoords="offset points",
            ha="left" if is_right else "right",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(names)), [called(record, name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(6))
    percents(axes.xaxis)
    axes.set_xlabel(record.change_label)
    marks = [
        (
            split,
            {
                "marker": marker,
                "color": style.INK,
                "markerfacecolor": filling or style.INK,
                "linestyle": "",
                "markersize": 5,
            },
        )
        for split, (marker, filling, _) in MARKS.items()
        if split in set(table["split"])
    ]
    style.legend(axes, marks)
