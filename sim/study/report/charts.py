"""The interactive figures of a report: the tables of the study's figures, drawn to be looked into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from bokeh.plotting import figure

from sim.study import paired
from sim.study.figures import gallery, parameter, style
from sim.study.figures.gallery import Material
from sim.study.ranking import Ranking
from sim.study.report import drawing
from sim.study.report.drawing import digits

MOST_ROWS = 300
"""Rows of a table beside a figure; a longer one is given by its quantiles."""


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure with what stands around it.

    Args:
        name: of the study's figure whose table is drawn.
        title: of its sheet.
        caption: what must be known to read it.
        plot: Bokeh's.
        entries: policies that can be hidden, with their look.
        predictions: that can be hidden; empty where there is no choice.
        table: what is drawn, as text.
    """

    name: str
    title: str
    caption: str
    plot: figure
    entries: Sequence[Mapping[str, Any]]
    predictions: Sequence[str]
    table: Ranking


def charts(material: Material) -> list[Chart]:
    """All that the study has material for."""
    found = []
    for name, draw in DRAWN.items():
        try:
            sheets = gallery.find([name])[name].sheets(material)
        except gallery.Unfit:
            continue
        for sheet in sheets:
            table = sheet.table().drop(columns="panel", errors="ignore").drop_duplicates(ignore_index=True)
            plot, notes = draw(material, table)
            found.append(
                Chart(
                    name,
                    sheet.title,
                    "; ".join([*(fact for fact in sheet.facts if not fact.startswith(ELSEWHERE)), *notes]),
                    plot,
                    _entries(material, table["policy"]),
                    _predictions(material, table["predictions"]) if name != "robustness" else [],
                    _as_text(table, sheet.title),
                )
            )
    return found


ELSEWHERE = ("left:", "in the order", "ringed:", "dashed:", "dotted:")
"""Beginnings of facts that hold for the figure on paper alone."""

Drawn = tuple[figure, Sequence[str]]
"""A figure, and what its caption must say of it."""


def _comparison(material: Material, table: pd.DataFrame) -> Drawn:
    """A row per contender: its change against the baseline, with the interval."""
    is_ratio = bool(table["is_ratio"].iloc[0])
    scale = 100 if is_ratio else 1
    unit = "%" if is_ratio else material.metric.unit
    change = f"{'change' if is_ratio else 'difference'}{f' ({unit})' if unit else ''}"
    less, more = ("better", "worse") if material.metric.better == "lower" else ("worse", "better")
    names = [drawing.plain(name) for name in table["name"]]
    plot = drawing.axes(f"← {less}    {change}    {more} →", None, height=110 + 24 * len(table), rows=names[::-1])
    plot.y_range.tags = [list(row) for row in zip(names, table["policy"], table["predictions"], strict=True)][::-1]
    drawing.rule(plot, 0)
    for name, row in zip(names, table.to_dict("records"), strict=True):
        look = drawing.look_of(material, row)
        middle = scale * row["change"]
        low, high = (middle if pd.isna(row[end]) else scale * row[end] for end in ("low", "high"))
        told = {
            "name": row["name"],
            "change": f"{_signed(middle)}{' %' if is_ratio else ''}",
            "interval": drawing.between(low, high),
            "traces": f"{row['wins']}/{row['ties']}/{row['losses']} of {row['n_traces']}",
            "verdict": row["verdict"] or "not tested",
        }
        drawing.bar(plot, name, low, high, look)
        is_shown = row["verdict"] in ("better", "worse") or row["clairvoyant"]
        drawing.marks(
            plot, {"x": [middle], "y": [name], **{key: [text] for key, text in told.items()}}, look, 9, is_shown
        )
    drawing.hover(plot, change="change", interval="95 % interval", traces="win/tie/loss", verdict="verdict")
    return plot, []


def _parameter(material: Material, table: pd.DataFrame) -> Drawn:
    """A line per contender over a setting or a parameter; a level for each that does not have it."""
    scale = parameter.Scale.of([value for value in table["asked_value"] if value is not None])
    places = sorted(scale.places.values())
    words = str(table["parameter"].iloc[0])
    is_log = scale.is_number and style.is_wide(places)
    plot = drawing.axes(words, material.value_label, is_log=is_log)
    if len(places) <= 12 or not scale.is_number:
        drawing.ticks(plot, {place: str(value) for value, place in scale.places.items()})
    for who, n_before, points in _contenders(table):
        look = drawing.look_of(material, who, n_before)
        points = points.assign(at=["any" if value is None else str(value) for value in points["asked_value"]])
        if points["x"].isna().all():
            _level(plot, points.iloc[0], (places[0], places[-1]), look)
        else:
            drawing.line(plot, points.sort_values("x"), look)
    drawing.hover(plot, at=words, told="value", interval="95 % interval", traces="traces")
    return plot, []


def _robustness(material: Material, table: pd.DataFrame) -> Drawn:
    """Curves over the error of the predictions; levels for what has none; the proven bounds."""
    errors = {one.error_name for one in material.analysis.worths if one.label in set(table["policy"])}
    words = f"{errors.pop()} of the predictions" if len(errors) == 1 else "error of the predictions"
    plot = drawing.axes(words, material.value_label)
    curves = table[table["kind"] == "curve"]
    right = float(curves["error"].max())
    for row in table[table["kind"].isin(["level", "reference"])].to_dict("records"):
        look = drawing.look_of(material, row) | {"dash": [2, 2] if row["clairvoyant"] else [8, 4], "predictions": "*"}
        _level(plot, row | {"at": "none"}, (0.0, right), look)
    for kind in ("bound", "curve"):
        for policy, points in table[table["kind"] == kind].groupby("policy", sort=False):
            points = points.assign(x=points["error"], at=[digits(error) for error in points["error"]]).sort_values("x")
            look = drawing.look_of(material, points.iloc[0]) | {"predictions": "*"}
            if kind == "bound":
                points = points.assign(name=f"{policy}, its proven bound")
                drawing.line(plot, points, look | {"dash": [1, 4]}, size=0)
            else:
                drawing.line(plot, points, look | {"dash": "solid"})
    measured = table[table["kind"] != "bound"]
    low, high = float(measured["low"].min()), float(measured["high"].max())
    drawing.hover(plot, at="error", told="value", interval="95 % interval", traces="traces")
    notes = ["level lines: without predictions"]
    if (table["kind"] == "bound").any():
        notes.append("dotted: the proven bound of the policy of that colour")
    if table["value"].max() > high + 2 * (high - low):  # bounds far above would press the curves flat
        drawing.view(plot, low, high)
        notes.append("bounds above the picture show when zoomed out")
    return plot, notes


def _distribution(material: Material, table: pd.DataFrame) -> Drawn:
    """A staircase per contender: the share of traces up to each value."""
    is_log = style.is_wide(table["value"])
    plot = drawing.axes(material.value_label, "share of traces up to a value", is_log=is_log)
    drawing.percents(plot)
    for who, n_before, points in _contenders(table):
        points = points.sort_values("value")
        drawing.stairs(
            plot, points["value"].tolist(), points["trace"].tolist(), drawing.look_of(material, who, n_before)
        )
    drawing.hover(plot, trace="trace", told="value", share="share up to it")
    return plot, []


DRAWN: Mapping[str, Callable[[Material, pd.DataFrame], Drawn]] = {
    "comparison": _comparison,
    "parameter": _parameter,
    "robustness": _robustness,
    "distribution": _distribution,
}
"""The figures of a study that are drawn here."""


def _contenders(table: pd.DataFrame) -> Iterator[tuple[Any, int, pd.DataFrame]]:
    """Each contender, how many of the same policy stand before it, and its rows."""
    seen: dict[str, int] = {}
    by = ["name", "predictions"]
    for _, points in table.groupby(by, sort=False):
        who = points.iloc[0]
        n_before = seen.get(who["policy"], 0)
        seen[who["policy"]] = n_before + 1
        yield who, n_before, points


def _level(plot: figure, row: Any, ends: tuple[float, float], look: Mapping[str, Any]) -> None:
    """A level line between two places."""
    drawing.line(plot, pd.DataFrame([{**row, "x": x} for x in ends]), look, size=0)


def _entries(material: Material, policies: Iterable[str]) -> list[Mapping[str, Any]]:
    """The legend, in the order of the study."""
    wanted = set(policies)
    rows = material.frame.drop_duplicates("label").to_dict("records")
    return [
        drawing.look_of(material, {"policy": row["label"], "predictions": "*", "clairvoyant": bool(row["clairvoyant"])})
        for row in rows
        if row["label"] in wanted
    ]


def _predictions(material: Material, found: Iterable[str]) -> list[str]:
    """Those that are drawn, in the order of the study; none where there is no choice."""
    wanted = set(found)
    names = [name for name in dict.fromkeys(material.frame["predictions"].fillna("none")) if name in wanted]
    return names if len(names) > 2 else []


OMITTED = ("name", "baseline", "is_ratio", "x", "asked_value", "n_violated")
"""Columns that say nothing beside the others and the title."""


def _as_text(table: pd.DataFrame, title: str) -> Ranking:
    """A figure's table as text; of a long one the quantiles over traces."""
    caption = ""
    if len(table) > MOST_ROWS and "trace" in table:
        table = _quantiles(table)
        caption = "quantiles over traces"
    if "asked_value" in table:
        table = table.assign(**{str(table["parameter"].iloc[0]): table["asked_value"]}).drop(columns="parameter")
    asked = [column for column in table if str(column).startswith(paired.ASKED) and table[column].nunique() <= 1]
    table = table.drop(columns=[*asked, *(name for name in OMITTED if name in table)])
    columns, cells = [], []
    for name in map(str, table):
        is_number = pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
        heading = name.removeprefix(paired.ASKED).removeprefix("n_").replace("_", " ")
        columns.append((heading, "right" if is_number else "left"))
        cells.append([_cell(value) for value in table[name]])
    return Ranking(title, columns, [list(row) for row in zip(*cells, strict=True)], caption)


def _quantiles(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for who, _, points in _contenders(table):
        low, quarter, middle, three, high = np.quantile(points["value"], (0, 0.25, 0.5, 0.75, 1))
        rows.append(
            {
                "policy": who["policy"],
                "predictions": who["predictions"],
                "smallest": low,
                "quarter": quarter,
                "median": middle,
                "three quarters": three,
                "largest": high,
                "n_traces": len(points),
            }
        )
    return pd.DataFrame(rows)


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or value == "none" or value != value:
        return ""
    return digits(value) if isinstance(value, float) else str(value)


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{abs(value):.3g}"
