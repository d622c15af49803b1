"""Where the winner came from: its line of first parents, among all that was tried."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.adrs.ending import finder_of
from sim.adrs.figures.dress import OTHERS, counts, facts, folded, height_of, look_of, percents, within
from sim.adrs.record import Entry, Record
from sim.adrs.wording import changed
from sim.study.figures import style
from sim.study.figures.gallery import Panel, Sheet, Unfit, counted

MOST = 12
"""Ancestors that are named: the youngest, and the first of all."""

ROOM = 9.2
"""Points from the middle of a number to what is nearest to it."""

REACHES = (10.0, 18.0, 26.0, 34.0, 42.0, 50.0)
"""Points from a mark to where its number may stand: the first with room; from the second on a thin line leads there."""


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
        f"pale: {counted(len(others), 'other candidate')} of {by}, each on the instances that it was tried on",
    ]
    said += [f"{without:,} {'has' if without == 1 else 'have'} no score"] if without else []
    said += [f"the youngest {MOST - 1} of {len(line)} ancestors and the first are named"] if len(line) > MOST else []
    said += ["thin: second parents"] if table["is_second"].any() else []
    return [
        Sheet(
            f"Ancestry of the winner, found by {by}",
            said,
            [Panel(table, partial(draw, record=record))],
            width=9.6,
            height=height_of(_entries(table, record)),
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
    for row in line.to_dict("records"):
        axes.plot([row["number"]], [row["value"]], zorder=4, **_mark(line, row["place"], shade))
    low, high = float(line["value"].min()), float(line["value"].max())
    near = max(2.0 * (high - low), abs(low), abs(high), 0.01)
    ends = [*others["value"], low, high, 0.0]
    within(axes, others["value"], max(min(ends), low - near), min(max(ends), high + near))
    axes.set_xlim(0, 1.03 * table["number"].max())
    counts(axes.xaxis)
    percents(axes.yaxis)
    axes.set_xlabel("evaluations (candidates tried)")
    axes.set_ylabel(record.change_label)
    style.legend(axes, _entries(table, record)[::-1])
    _number(axes, line)


def _named(line: pd.DataFrame) -> pd.DataFrame:
    """Of the line of ancestors, from the first of all on."""
    return line[(line["place"] == line["place"].min()) | (line["place"] > line["place"].max() - (MOST - 1))]


def _mark(line: pd.DataFrame, place: int, shade: str) -> dict[str, Any]:
    is_winner = place == line["place"].max()
    return {
        "marker": "*" if is_winner else "o",
        "markersize": 12 if is_winner else 5,
        "color": shade,
        "linestyle": "",
    }


def _entries(table: pd.DataFrame, record: Record) -> list[tuple[str, dict[str, Any]]]:
    """Of the legend, from the first of all on; the winner is told in full."""
    line = table[table["place"] > 0].sort_values("place")
    shade = look_of(record, record.champion)["color"]
    entries = []
    for row in _named(line).to_dict("records"):
        policy = folded(row["policy"], is_full=row["place"] == line["place"].max())
        text = f"{row['place']}  {row['note']}, {changed(row['value'])}\n{policy}"
        entries.append((text, _mark(line, row["place"], shade)))
    return entries


def _number(axes: Axes, line: pd.DataFrame) -> None:
    """Writes the numbers of the line, the youngest first, each where the line and those written leave room."""
    figure = axes.figure
    figure.draw_without_rendering()  # type: ignore[union-attr]  # settles where everything is
    points = axes.transData.transform(line[["number", "value"]]) * 72 / figure.dpi
    edges = axes.bbox.get_points() * 72 / figure.dpi + [[5], [-5]]
    taken = np.concatenate([points[:1], *(np.linspace(a, b, 40) for a, b in itertools.pairwise(points))])
    named = set(_named(line)["place"])
    for point, row in reversed([*zip(points, line.to_dict("records"), strict=True)]):
        if row["place"] in named:
            aside = _aside(point, taken, edges)
            taken = np.concatenate([taken, [point + aside]])
            axes.annotate(
                str(row["place"]),
                (row["number"], row["value"]),
                xytext=tuple(aside),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=7,
                color=style.INK,
                zorder=5,
                arrowprops={"arrowstyle": "-", "color": style.GREY, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2}
                if np.hypot(*aside) > REACHES[0] + 1
                else None,
            )


def _aside(point: np.ndarray, taken: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """From a mark to its number, in points: straight up where all ways are as good, never beyond the edges."""
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    found = []
    for reach in REACHES:
        ways = reach * np.stack([np.sin(turns), np.cos(turns)], axis=1)
        places = point + ways
        room = np.hypot(*(places[:, None] - taken).transpose(2, 0, 1)).min(axis=1).round(3)
        room[((places < edges[0]) | (places > edges[1])).any(axis=1)] = 0
        found.append((float(room.max()), ways[room.argmax()]))
        if found[-1][0] >= ROOM:
            return found[-1][1]
    return max(found, key=lambda one: one[0])[1]
