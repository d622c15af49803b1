"""How good candidates are against how large: the front that no other is both smaller and better than."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from sim.adrs.ending import finder_of
from sim.adrs.figures.dress import OTHERS, counts, facts, folded, height_of, look_of, padded, percents, within
from sim.adrs.record import Entry, Record
from sim.adrs.wording import changed
from sim.study.figures import style
from sim.study.figures.gallery import Panel, Sheet, Unfit, counted

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
    return [
        Sheet(
            "What a candidate's size buys",
            said,
            [Panel(table, partial(draw, record=record))],
            width=9.6,
            height=height_of(_entries(table, record)),
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

TOLD = ("before", "winner", "simplified")
"""Kinds that are told with their policy."""

RING: dict[str, Any] = {
    "marker": "o",
    "markersize": 6,
    "markerfacecolor": "none",
    "color": style.GREY,
    "linestyle": "",
}
"""Around what is on the front."""


def draw(table: pd.DataFrame, axes: Axes, *, record: Record) -> None:
    """Draws a mark per candidate and the front as a line, numbered from the smallest on.

    Args:
        table: `policy`, `kind`, `size`, `value`, `is_front`.
    """
    front = _front(table)
    axes.plot(front["size"], front["value"], color=style.GREY, linewidth=1.1, drawstyle="steps-post", zorder=1)
    for zorder, kind in enumerate(MARKS, 2):
        some = table[table["kind"] == kind]
        if len(some):
            axes.plot(some["size"], some["value"], zorder=zorder, **_mark(kind, record))
    axes.plot(front["size"], front["value"], zorder=3, **RING)
    for i, row in enumerate(front.to_dict("records")[:MOST], 1):
        axes.annotate(
            str(i),
            (row["size"], row["value"]),
            xytext=(-8, -9),
            textcoords="offset points",
            fontsize=7,
            color=style.INK,
        )
    within(axes, table["value"], *_limits(table, record))
    axes.margins(x=0.04)
    counts(axes.xaxis, 8)
    percents(axes.yaxis)
    axes.set_xlabel("size (syntax nodes)")
    axes.set_ylabel(record.change_label)
    style.legend(axes, _entries(table, record))


def _front(table: pd.DataFrame) -> pd.DataFrame:
    """Its candidates, the smallest first; of several as large and as good the winner, or else the first."""
    found = table[table["is_front"]].sort_values("kind", key=lambda kind: ~kind.isin(TOLD), kind="stable")
    return found.drop_duplicates(["size", "value"]).sort_values("size")


def _mark(kind: str, record: Record) -> dict[str, Any]:
    marker, shade, size = MARKS[kind]
    shade = shade or look_of(record, record.champion)["color"]
    return {"marker": marker, "color": shade, "markersize": size, "linestyle": ""}


def _entries(table: pd.DataFrame, record: Record) -> list[tuple[str, dict[str, Any]]]:
    """Of the legend: the kinds, with the winner in full, then the front from the smallest on."""
    entries = []
    for kind in MARKS:
        some = table[table["kind"] == kind]
        if len(some):
            text = NAMES[kind]
            if kind in TOLD:
                text += (
                    f", {changed(some['value'].iloc[0])}\n{folded(some['policy'].iloc[0], is_full=kind != 'before')}"
                )
            entries.append((text, _mark(kind, record)))
    low, high = padded(*_limits(table, record))
    for i, row in enumerate(_front(table).to_dict("records")[:MOST], 1):
        text = f"{i}  {changed(row['value'])}"
        text += "" if low <= row["value"] <= high else ", outside the picture"
        text += f", {NAMES[row['kind']]}" if row["kind"] in TOLD else f"\n{folded(row['policy'])}"
        entries.append((text, RING))
    return entries


def _limits(table: pd.DataFrame, record: Record) -> tuple[float, float]:
    """Vertical ones: around the baseline, the best and the winner, so that a bad small candidate presses nothing flat."""
    best = table["value"].min() if record.metric.better == "lower" else table["value"].max()
    near = [*table.loc[table["kind"].isin(TOLD), "value"], best, 0.0]
    low, high = min(near), max(near)
    beside = 0.5 * max(high - low, 0.01)
    return max(min(*table["value"], 0.0), low - beside), min(max(*table["value"], 0.0), high + beside)
