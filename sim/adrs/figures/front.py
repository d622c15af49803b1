"""How good candidates are against how large: the front that no other is both smaller and better than."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from sim.adrs.ending import finder_of
from sim.adrs.figures.dress import OTHERS, counts, facts, look_of, percents, within
from sim.adrs.record import Entry, Record
from sim.adrs.wording import changed
from sim.study.figures import style
from sim.study.figures.gallery import Panel, Sheet, Unfit, counted

LETTERS = 46

MOST = 14
"""Candidates of the front that are named."""


def sheets(record: Record) -> list[Sheet]:
    """One file."""
    table = _table(record)
    if table.empty:
        raise Unfit("no candidate was tried on all training instances")
    n = int((table["kind"] != "simplified").sum())
    said = [*facts(record), f"{counted(n, 'candidate')} of {finder_of(record.champion)} tried on all of them"]
    said += ["means, no intervals"]
    said += ["the winner was chosen on validation, not here"]
    n_named = min(int(table["is_front"].sum()), MOST) + 1
    return [
        Sheet(
            "What a candidate's size buys",
            said,
            [Panel(table, partial(draw, record=record))],
            width=9.6,
            height=max(3.8, 0.33 * n_named + 1.0),
        )
    ]


def _table(record: Record) -> pd.DataFrame:
    """Candidates tried on all training instances: `id`, `policy`, `kind`, `size`, `value`, `is_front`."""
    entries = [*record.finder.entries, *([record.winner] if record.winner != record.before else [])]
    whole = [entry for entry in entries if entry.loss is not None and entry.n_instances == record.n_train]
    rows = [
        {
            "id": entry.id,
            "policy": entry.policy,
            "kind": _kind(record, entry),
            "size": entry.size,
            "value": record.change(entry.loss or 0.0),
            "is_front": not any(_beats(other, entry) for other in whole),
        }
        for entry in whole
    ]
    return pd.DataFrame(rows)


def _kind(record: Record, entry: Entry) -> str:
    if entry == record.winner:
        return "simplified" if record.winner != record.before else "winner"
    if entry.id == record.before.id:
        return "before"
    return "seed" if entry.generation == 0 else "candidate"


def _beats(one: Entry, other: Entry) -> bool:
    """Whether it is no larger and no worse, and one of them less so."""
    assert one.loss is not None and other.loss is not None
    return one.size <= other.size and one.loss <= other.loss and (one.size, one.loss) != (other.size, other.loss)


MARKS = {
    "candidate": (".", OTHERS, 4.0),
    "seed": ("s", style.INK, 3.5),
    "before": ("D", "", 6.0),
    "winner": ("*", "", 12.0),
    "simplified": ("*", "", 12.0),
}
"""Kind -> marker, colour (empty: that of the search that found the winner), size."""

NAMES = {
    "candidate": "candidates",
    "seed": "seeds",
    "before": "winner before it was simplified",
    "winner": "winner",
    "simplified": "winner, simplified",
}


def draw(table: pd.DataFrame, axes: Axes, *, record: Record) -> None:
    """Draws a mark per candidate and the front as a line, numbered from the smallest on.

    Args:
        table: `policy`, `kind`, `size`, `value`, `is_front`.
    """
    front = table[table["is_front"]].drop_duplicates(["size", "value"]).sort_values("size")
    axes.plot(front["size"], front["value"], color=style.GREY, linewidth=1.1, drawstyle="steps-post", zorder=1)
    entries, own = [], look_of(record, record.champion)["color"]
    for kind, (marker, shade, size) in MARKS.items():
        some = table[table["kind"] == kind]
        if len(some):
            mark: dict[str, Any] = {"marker": marker, "color": shade or own, "markersize": size, "linestyle": ""}
            axes.plot(some["size"], some["value"], zorder=2 + list(MARKS).index(kind), **mark)
            text = NAMES[kind]
            if kind in ("before", "winner", "simplified"):
                text += f", {changed(some['value'].iloc[0])}\n{style.short(some['policy'].iloc[0], LETTERS)}"
            entries.append((text, {**mark, "markersize": min(size, 9.0)}))
    axes.plot(front["size"], front["value"], "o", markersize=6, markerfacecolor="none", color=style.GREY, zorder=3)
    for i, row in enumerate(front.to_dict("records")[:MOST], 1):
        axes.annotate(
            str(i),
            (row["size"], row["value"]),
            xytext=(-8, -9),
            textcoords="offset points",
            fontsize=7,
            color=style.INK,
        )
        text = f"{i}  {changed(row['value'])}\n{style.short(row['policy'], LETTERS)}"
        entries.append((text, {"marker": "o", "color": style.GREY, "markerfacecolor": "none", "linestyle": ""}))
    told = table.loc[table["is_front"] | ~table["kind"].isin(["candidate", "seed"]), "value"]
    near = 0.5 * max(told.max() - told.min(), 0.01)
    ends = [*table["value"], 0.0]
    within(axes, table["value"], max(min(ends), told.min() - near), min(max(ends), max(told.max(), 0.0) + near))
    axes.margins(x=0.04)
    counts(axes.xaxis, 8)
    percents(axes.yaxis)
    axes.set_xlabel("size (syntax nodes)")
    axes.set_ylabel(record.change_label)
    style.legend(axes, entries)
