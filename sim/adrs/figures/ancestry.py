"""Where the winner came from: its line of first parents, among all that was tried."""

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
from sim.study.figures.gallery import Panel, Sheet, Unfit

MOST = 12
"""Ancestors that are named: the youngest, and the first of all."""

LETTERS = 46


def sheets(record: Record) -> list[Sheet]:
    """One file."""
    line = record.ancestors()
    if record.winner.loss is None:
        raise Unfit("the winner was tried on no training instance")
    table = _table(record, line)
    others = table[table["place"] == 0]
    without = sum(entry.loss is None for entry in record.finder.entries)
    by = finder_of(record.champion)
    said = [
        *facts(record),
        f"pale: {len(others):,} other candidates of {by}, each on the instances that it was tried on",
    ]
    said += [f"{without:,} have no score"] if without else []
    said += [f"the youngest {MOST - 1} of {len(line)} ancestors and the first are named"] if len(line) > MOST else []
    said += ["thin: second parents"] if table["is_second"].any() else []
    return [
        Sheet(
            f"Ancestry of the winner, found by {by}",
            said,
            [Panel(table, partial(draw, record=record))],
            width=9.6,
            height=max(3.8, 0.33 * min(len(line), MOST) + 1.0),
        )
    ]


def _table(record: Record, line: list[Entry]) -> pd.DataFrame:
    """All that has a loss: `number`, `generation`, `id`, `note`, `policy`, `value`, `n_instances`, `place` (in the line of
    ancestors, 1 the first of all; 0 for others), `child` (the place of which it is the second parent, 0 for none)."""
    places = {entry.id: place for place, entry in enumerate(reversed(line[1:]), 1)}
    children = {
        parent: len(line) - i for i, entry in enumerate(line) for parent in entry.parents[1:] if parent not in places
    }
    entries = list(record.finder.entries)
    if record.winner != record.before:
        entries.append(record.winner)
    rows = [
        {
            "number": entry.number,
            "generation": entry.generation,
            "id": entry.id,
            "note": _note(entry),
            "policy": entry.policy,
            "value": record.change(entry.loss),
            "n_instances": entry.n_instances,
            "place": len(line) if entry == record.winner else places.get(entry.id, 0),
            "child": children.get(entry.id, 0),
        }
        for entry in entries
        if entry.loss is not None
    ]
    table = pd.DataFrame(rows)
    return table.assign(is_second=table["child"] > 0)


def _note(entry: Entry) -> str:
    return f"begun with {entry.note}" if entry.generation == 0 and not entry.parents else entry.note or entry.proposer


def draw(table: pd.DataFrame, axes: Axes, *, record: Record) -> None:
    """Draws the line of ancestors, numbered, over pale dots of the others.

    Args:
        table: `number`, `note`, `policy`, `value`, `place`, `child`.
    """
    shade = look_of(record, record.champion)["color"]
    line = table[table["place"] > 0].sort_values("place")
    winner = int(line["place"].max())
    others = table[table["place"] == 0]
    axes.axhline(0, color=style.GREY, linewidth=1)
    axes.plot(others["number"], others["value"], ".", color=OTHERS, markersize=3.5, zorder=1)
    by_place = line.set_index("place")
    for row in others[others["child"] > 0].to_dict("records"):
        child = by_place.loc[row["child"]]
        axes.plot(
            [row["number"], child["number"]],
            [row["value"], child["value"]],
            color=shade,
            linewidth=0.7,
            alpha=0.6,
            zorder=2,
        )
    axes.plot(line["number"], line["value"], color=shade, linewidth=1.8, zorder=3)
    named = {int(line["place"].min()), *line["place"].iloc[-(MOST - 1) :]}
    entries = []
    for row in line.to_dict("records"):
        is_winner = row["place"] == winner
        mark: dict[str, Any] = {"marker": "*" if is_winner else "o", "color": shade, "linestyle": ""}
        axes.plot([row["number"]], [row["value"]], zorder=4, markersize=12 if is_winner else 5, **mark)
        if row["place"] in named:
            axes.annotate(
                str(row["place"]),
                (row["number"], row["value"]),
                xytext=(4, 4 if row["place"] % 2 else -10),
                textcoords="offset points",
                fontsize=7,
                color=style.INK,
                zorder=5,
            )
            text = f"{row['place']}  {row['note']}, {changed(row['value'])}\n{style.short(row['policy'], LETTERS)}"
            entries.append((text, {**mark, "markersize": 9 if is_winner else 5}))
    low, high = float(line["value"].min()), float(line["value"].max())
    near = max(2.0 * (high - low), abs(low), abs(high), 0.01)
    ends = [*others["value"], low, high, 0.0]
    within(axes, others["value"], max(min(ends), low - near), min(max(ends), high + near))
    axes.set_xlim(0, 1.03 * table["number"].max())
    counts(axes.xaxis)
    percents(axes.yaxis)
    axes.set_xlabel("evaluations (candidates tried)")
    axes.set_ylabel(record.change_label)
    style.legend(axes, entries[::-1])
